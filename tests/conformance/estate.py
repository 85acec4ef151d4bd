"""Services around one broker, whose builds are the commands as an action runs them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import quote

from pact_gate.__main__ import main
from pact_gate.broker.client import Broker
from pact_gate.connect import connect
from pact_gate.settings.broker import BrokerSettings


@dataclass(frozen=True)
class Ended:
    """How a command ended: its exit code, the step's outputs and what it wrote."""

    code: int
    outputs: dict[str, str]
    summary: str
    log: str


@dataclass
class Estate:
    """Services around one broker. A service is called by a short name; in the broker it has one of this test's own."""

    url: str
    prefix: str
    folder: Path
    read_log: Callable[[], str]
    credentials: dict[str, str] = field(default_factory=dict)

    def name(self, service: str) -> str:
        return f"{service}.{self.prefix}"

    @property
    def environment(self) -> str:
        return self.name("production").replace(" ", "-")  # a broker takes no spaces here

    @property
    def broker(self) -> Broker:
        return connect(BrokerSettings(self.url, **{f"broker_{key}": value for key, value in self.credentials.items()}))

    # --- commands, as actions run them -------------------------------------------------------------------

    def act(self, command: str, **inputs: str | bool) -> Ended:
        """Run a command in this process, as on GitHub, with no more in its environment than an action gives it."""
        output, summary = self.folder / "output", self.folder / "summary"
        output.write_text("")
        summary.write_text("")
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "GITHUB_ACTIONS": "true",
            "GITHUB_OUTPUT": str(output),
            "GITHUB_STEP_SUMMARY": str(summary),
            "RUNNER_TEMP": str(self.folder),
            "PACT_GATE_BROKER_URL": self.url,
            "PACT_DO_NOT_TRACK": "true",
        }
        environment |= {f"PACT_GATE_BROKER_{key.upper()}": value for key, value in self.credentials.items()}
        given = {key: str(value).lower() if isinstance(value, bool) else value for key, value in inputs.items()}
        environment |= {f"PACT_GATE_{key.upper()}": value for key, value in given.items()}
        self.read_log()
        with mock.patch.dict(os.environ, environment, clear=True):
            code = main([command])
        return Ended(code, _outputs(output.read_text(encoding="utf-8")), summary.read_text("utf-8"), self.read_log())

    def publish(
        self, consumer: str, version: str, *providers: str, content: str = "it", code: int = 0, **inputs: Any
    ) -> Ended:
        """Publish pacts of a consumer; `content` tells one content from another."""
        return self.publish_pacts(
            version, [self.pact(consumer, provider, content) for provider in providers], code, **inputs
        )

    def publish_pacts(self, version: str, pacts: list[dict[str, Any]], code: int = 0, **inputs: Any) -> Ended:
        folder = self.folder / "pacts"
        folder.mkdir(exist_ok=True)
        files = [folder / f"{number}.json" for number in range(len(pacts))]
        for path, pact in zip(files, pacts, strict=True):
            path.write_text(json.dumps(pact), encoding="utf-8")
        ended = self.act("publish", version=version, pacts=str(folder), **inputs)
        for path in files:
            path.unlink()
        assert ended.code == code, ended.log
        return ended

    def pact(self, consumer: str, provider: str, content: str = "it", status: int = 200) -> dict[str, Any]:
        """A pact of one interaction."""
        interaction = {
            "description": f"a request for {content}",
            "request": {"method": "GET", "path": f"/{quote(content, safe='')}"},
            "response": {"status": status},
        }
        return {
            "consumer": {"name": self.name(consumer)},
            "provider": {"name": self.name(provider)},
            "interactions": [interaction],
            "metadata": {"pactSpecification": {"version": "3.0.0"}},
        }

    def create_version(self, service: str, version: str, **inputs: Any) -> None:
        ended = self.act("create-version", pacticipant=self.name(service), version=version, **inputs)
        assert ended.code == 0, ended.log

    def record(self, service: str, version: str = "", state: str = "deployed", code: int = 0, **inputs: Any) -> Ended:
        """Record what happened in this test's environment, which the first record makes."""
        given = {"environment": self.environment, "create_environment": True} | inputs
        ended = self.act("record-deployment", pacticipant=self.name(service), version=version, state=state, **given)
        assert ended.code == code, ended.log
        return ended

    # --- what a provider's build does, without its minutes ------------------------------------------------

    def verified(self, consumer: str, version: str, provider: str, by: str, *, passed: bool = True) -> None:
        """Publish the result of a verification that took place elsewhere."""
        broker = self.broker
        pact = broker.published_pact(self.name(consumer), self.name(provider), version)
        result = {"success": passed, "providerApplicationVersion": by}
        broker.publish_result(pact["_links"]["pb:publish-verification-results"]["href"], result)

    # --- the question -------------------------------------------------------------------------------------

    def gate(self, *asked: str, **inputs: Any) -> Ended:
        """Ask the gate about `service@version`, to this test's environment unless a target is given."""
        return self._ask("can-i-deploy", *asked, **inputs)

    def explain(self, *asked: str, **inputs: Any) -> Ended:
        """Have the same question explained."""
        return self._ask("explain", *asked, **inputs)

    def _ask(self, command: str, *asked: str, **inputs: Any) -> Ended:
        target = {} if any(key.startswith("to_") for key in inputs) else {"to_environment": self.environment}
        if "ignore" in inputs:
            inputs["ignore"] = self.name(inputs["ignore"])
        pairs = [one.rpartition("@") for one in asked]
        lines = "\n".join(f"{self.name(service)}@{version}" for service, _, version in pairs)
        return self.act(command, pacticipant=lines, **target, **inputs)

    def answers(self, *asked: str, **inputs: Any) -> tuple[str, bool | None]:
        """The gate's verdict and the broker's own `deployable` to the same question."""
        ended = self.gate(*asked, **inputs)
        assert ended.outputs["deployable"] == str(ended.outputs["verdict"] == "yes").lower()
        assert ended.code == (0 if ended.outputs["verdict"] == "yes" else 1), ended.log
        return ended.outputs["verdict"], self.deployable(*asked, **inputs)

    def deployable(self, *asked: str, limit: str = "&limit=1000", **inputs: str) -> bool | None:
        """The broker's own answer, asked as Pact's clients ask."""
        query = ""
        for service, _, version in (one.rpartition("@") for one in asked):
            query += f"&q[][pacticipant]={quote(self.name(service), safe='')}&q[][version]={quote(version, safe='')}"
        if "to_main_branch" in inputs:
            query += "&latest=true&mainBranch=true"
        elif "to_tag" in inputs:
            query += f"&latest=true&tag={quote(inputs['to_tag'], safe='')}"
        elif "to_branch" not in inputs:
            query += f"&environment={quote(self.environment, safe='')}"
        if "ignore" in inputs:
            query += f"&ignore[][pacticipant]={quote(self.name(inputs['ignore']), safe='')}"
        answer = self.broker._http.get(f"/matrix?{query[1:]}&latestby=cvpv{limit}")
        deployable: bool | None = answer["summary"]["deployable"]
        return deployable


def _outputs(text: str) -> dict[str, str]:
    """Read GITHUB_OUTPUT as the runner does: `name<<mark`, lines, `mark`."""
    found: dict[str, str] = {}
    lines = iter(text.splitlines())
    for line in lines:
        name, _, mark = line.partition("<<")
        found[name] = "\n".join(iter(lambda: next(lines), mark))
    return found
