"""Record what a Pact Broker answers, and replay the same requests against another one.

A scenario is a function that drives a broker over HTTP through `Broker`. Recording stores every answer,
normalised, as one JSON file per scenario; replaying runs the same function against another base URL and
compares answer by answer.

    python3 golden.py record --base-url http://127.0.0.1:9292 --scenarios scenarios.py --into recordings
    python3 golden.py replay --base-url http://127.0.0.1:9393 --scenarios scenarios.py --recordings recordings

Standard library only. The target must start empty: scenarios prefix their pacticipants with their own name.

Two things are compared at every step:
- decision: the facts that a client acts on (status code, deployable, matrix rows, pending and wip flags, ...),
  which must be equal;
- shape: every key, link and value of the recorded body that is not volatile must be in the answer too
  (the answer may hold more). Sentences are never compared, only that there is one.
"""

from __future__ import annotations

import argparse
import base64
import http.client
import http.server
import importlib.util
import json
import pathlib
import re
import sys
import threading
import time
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)")
DAY = re.compile(r"\b\d\d/\d\d/\d{4}\b")
SHA = re.compile(r"\b[0-9a-f]{40}\b")
WEBHOOK = re.compile(r"(?<=/webhooks/)[A-Za-z0-9_-]{22}(?![A-Za-z0-9_-])")
METADATA = re.compile(r"/metadata/[A-Za-z0-9_=-]+")
RESULT_NUMBER = re.compile(r"/verification-results/\d+")
SENTENCE_KEYS = {
    "text",
    "message",
    "reason",
    "title",
    "shortDescription",
    "displayName",
    "description",
    "error",
    "detail",
    "deprecationWarning",
}
VOLATILE_KEYS = {
    "number",
    "id",
    "createdAt",
    "updatedAt",
    "deployedAt",
    "releasedAt",
    "undeployedAt",
    "supportEndedAt",
    "publishedAt",
    "verifiedAt",
    "curies",
    "reference",
}
OPTIONAL_LINKS = {
    "curies",
    "pb:ui",
    "z:pact-ui",
    "pb:relationships",
    "pb:dashboard",
    "pb:diff-previous-distinct",
    "pb:previous-distinct",
    "pb:diff-with-previous-distinct",
    "pb:metrics",
    "pb:api-specification",
}

SCENARIOS: dict[str, Callable[[Broker], None]] = {}


def scenario(function: Callable[[Broker], None]) -> Callable[[Broker], None]:
    """Register a scenario under its function's name, with dashes."""
    SCENARIOS[function.__name__.replace("_", "-")] = function
    return function


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: Any

    def link(self, relation: str, name: str | None = None) -> str:
        found = self.body["_links"][relation]
        if isinstance(found, list):
            found = next(item for item in found if name is None or item.get("name") == name)
        return found["href"]


@dataclass
class Broker:
    """Drives one broker for one scenario and keeps every exchange, normalised."""

    base_url: str
    prefix: str
    steps: list[dict[str, Any]] = field(default_factory=list)
    seen: dict[str, dict[str, str]] = field(default_factory=dict)
    answers: list[Answer] = field(default_factory=list)

    # --- one exchange ---------------------------------------------------------------------------------

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        label: str = "",
        content_type: str = "application/json",
        accept: str = "application/hal+json",
        record: bool = True,
        raw: bytes | None = None,
    ) -> Answer:
        url = path if path.startswith("http") else self.base_url.rstrip("/") + path
        parts = urllib.parse.urlsplit(url)
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=60)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        headers = {"Accept": accept}
        payload = raw if raw is not None else (None if body is None else json.dumps(body).encode())
        if payload is not None:
            headers["Content-Type"] = content_type
        connection.request(method, target, payload, headers)
        response = connection.getresponse()
        text = response.read().decode("utf-8", "replace")
        got = {name.lower(): value for name, value in response.getheaders()}
        connection.close()
        media = got.get("content-type", "").split(";")[0]
        parsed: Any = text
        if media.endswith("json") and text:
            try:
                parsed = json.loads(text)
            except ValueError:
                parsed = text
        answer = Answer(response.status, got, parsed)
        self.answers.append(answer)
        if record:
            self.steps.append(
                {
                    "label": label or f"{method} {self._text(target)}",
                    "request": {
                        "method": method,
                        "path": self._text(target),
                        "contentType": headers.get("Content-Type"),
                        "body": self.normalise(body) if raw is None else raw.decode("utf-8", "replace"),
                    },
                    "status": answer.status,
                    "media": media if answer.status < 300 else "",
                    "decision": self.normalise_decision(decision(target, answer)),
                    "body": self.normalise(parsed) if isinstance(parsed, (dict, list)) else None,
                }
            )
        return answer

    # --- normalisation --------------------------------------------------------------------------------

    def _number(self, kind: str, value: str) -> str:
        known = self.seen.setdefault(kind, {})
        return known.setdefault(value, f"{{{kind}{len(known) + 1}}}")

    def _text(self, value: str) -> str:
        value = value.replace(self.base_url.rstrip("/"), "{base}")
        value = METADATA.sub("/metadata/{metadata}", value)
        value = RESULT_NUMBER.sub("/verification-results/{n}", value)
        value = UUID.sub(lambda match: self._number("uuid", match.group()), value)
        value = WEBHOOK.sub(lambda match: self._number("uuid", match.group()), value)
        value = DAY.sub("{day}", TIME.sub("{time}", value))
        return SHA.sub(lambda match: self._number("sha", match.group()), value)

    def normalise(self, value: Any, key: str = "") -> Any:
        if key in VOLATILE_KEYS and not isinstance(value, (dict, list)):
            return "{volatile}" if value is not None else None
        if key == "errors":  # which field is wrong is a fact; how it is said is not
            return {name: ["{sentence}"] for name in value} if isinstance(value, dict) else ["{sentence}"]
        if isinstance(value, dict):
            return {name: self.normalise(item, name) for name, item in value.items() if name != "logs"}
        if isinstance(value, list):
            if key in ("pb:record-deployment", "pb:record-release"):  # one link for every environment of the broker
                value = [item for item in value if str(item.get("name", "")).startswith(self.prefix)]
            return [self.normalise(item, key) for item in value]
        if key == "uuid" and isinstance(value, str):
            return self._number("uuid", value)
        if isinstance(value, str):
            told = key in SENTENCE_KEYS or (key == "name" and value.startswith("Verification result "))
            return "{sentence}" if told and value else self._text(value)
        return value

    def normalise_decision(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: self.normalise_decision(item) for name, item in value.items()}
        if isinstance(value, list):
            return [self.normalise_decision(item) for item in value]
        return self._text(value) if isinstance(value, str) else value

    # --- the verbs that scenarios speak ---------------------------------------------------------------

    def name(self, pacticipant: str) -> str:
        """A pacticipant's or environment's name, unique to this scenario."""
        return f"{self.prefix}-{pacticipant}"

    def contract(self, consumer: str, provider: str, content: str, *, states: tuple[str, ...] = ()) -> dict[str, Any]:
        pact = pact_file(self.name(consumer), self.name(provider), content, states)
        return {
            "consumerName": self.name(consumer),
            "providerName": self.name(provider),
            "specification": "pact",
            "contentType": "application/json",
            "content": base64.b64encode(json.dumps(pact).encode()).decode(),
        }

    def publish(
        self,
        consumer: str,
        version: str,
        *providers: str,
        content: str = "a",
        branch: str | None = None,
        tags: list[str] | None = None,
        build_url: str | None = None,
        **extra: Any,
    ) -> Answer:
        body = {
            "pacticipantName": self.name(consumer),
            "pacticipantVersionNumber": version,
            "contracts": [{**self.contract(consumer, provider, content), **extra} for provider in providers],
        }
        body |= {k: v for k, v in {"branch": branch, "tags": tags, "buildUrl": build_url}.items() if v is not None}
        return self.call(
            "POST", "/contracts/publish", body, label=f"publish {consumer} {version} -> {', '.join(providers)}"
        )

    def for_verification(
        self,
        provider: str,
        *selectors: dict[str, Any],
        branch: str | None = None,
        tags: list[str] | None = None,
        pending: bool | None = None,
        wip_since: str | None = None,
    ) -> Answer:
        body = {
            "providerVersionBranch": branch,
            "providerVersionTags": tags,
            "includePendingStatus": pending,
            "includeWipPactsSince": wip_since,
            "consumerVersionSelectors": list(selectors) or None,
        }
        for item in body["consumerVersionSelectors"] or []:
            if "consumer" in item:
                item["consumer"] = self.name(item["consumer"])
            if "environment" in item:
                item["environment"] = self.name(item["environment"])
        path = f"/pacts/provider/{quote(self.name(provider))}/for-verification"
        return self.call(
            "POST",
            path,
            {k: v for k, v in body.items() if v is not None},
            label=f"pacts for {provider} to verify: {json.dumps({k: v for k, v in body.items() if v is not None})}",
        )

    def verify(
        self,
        consumer: str,
        version: str,
        provider: str,
        provider_version: str,
        *,
        success: bool = True,
        branch: str | None = None,
        tags: tuple[str, ...] = (),
    ) -> Answer:
        """Publish a verification result for the pact of one consumer version, as a verifier would."""
        for tag in tags:
            self.tag(provider, provider_version, tag)
        if branch:
            self.branch(provider, provider_version, branch)
        pact = self.pact(consumer, version, provider, record=False)
        return self.publish_result(pact, provider_version, success)

    def verify_selected(
        self,
        selected: Answer,
        provider: str,
        provider_version: str,
        *,
        index: int = 0,
        success: bool = True,
        branch: str | None = None,
    ) -> Answer:
        """Publish a result for one of the pacts that `for_verification` answered, through its own metadata link."""
        if branch:
            self.branch(provider, provider_version, branch)
        href = selected.body["_embedded"]["pacts"][index]["_links"]["self"]["href"]
        return self.publish_result(self.call("GET", href, record=False), provider_version, success)

    def publish_result(self, pact: Answer, provider_version: str, success: bool) -> Answer:
        body = {
            "success": success,
            "providerApplicationVersion": provider_version,
            "verifiedBy": {"implementation": "golden", "version": "1"},
            "testResults": [],
        }
        return self.call(
            "POST",
            pact.link("pb:publish-verification-results"),
            body,
            label=f"result of provider version {provider_version}: {'pass' if success else 'fail'}",
        )

    def pact(self, consumer: str, version: str, provider: str, *, record: bool = True) -> Answer:
        return self.call(
            "GET",
            f"/pacts/provider/{quote(self.name(provider))}/consumer/{quote(self.name(consumer))}"
            f"/version/{quote(version)}",
            record=record,
        )

    def pacticipant(self, name: str, *, main_branch: str | None = None) -> Answer:
        body = {"name": self.name(name)} | ({"mainBranch": main_branch} if main_branch else {})
        return self.call("POST", "/pacticipants", body, label=f"create pacticipant {name}")

    def branch(self, pacticipant: str, version: str, branch: str) -> Answer:
        return self.call(
            "PUT",
            f"/pacticipants/{quote(self.name(pacticipant))}/branches/{quote(branch)}/versions/{quote(version)}",
            {},
            label=f"{pacticipant} {version} is on branch {branch}",
        )

    def tag(self, pacticipant: str, version: str, tag: str) -> Answer:
        return self.call(
            "PUT",
            f"/pacticipants/{quote(self.name(pacticipant))}/versions/{quote(version)}/tags/{quote(tag)}",
            {},
            label=f"tag {pacticipant} {version} {tag}",
        )

    def environment(self, name: str, *, production: bool = False) -> Answer:
        return self.call(
            "POST",
            "/environments",
            {"name": self.name(name), "displayName": name, "production": production},
            label=f"create environment {name}",
        )

    def deploy(self, pacticipant: str, version: str, environment: str, *, instance: str | None = None) -> Answer:
        return self._record(
            "pb:record-deployment",
            pacticipant,
            version,
            environment,
            {"applicationInstance": instance} if instance else {},
        )

    def release(self, pacticipant: str, version: str, environment: str) -> Answer:
        return self._record("pb:record-release", pacticipant, version, environment, {})

    def _record(self, relation: str, pacticipant: str, version: str, environment: str, body: dict[str, Any]) -> Answer:
        path = f"/pacticipants/{quote(self.name(pacticipant))}/versions/{quote(version)}"
        known = self.call("GET", path, record=False)
        if known.status == 404:
            known = self.call("PUT", path, {}, record=False)
        href = known.link(relation, self.name(environment))
        return self.call(
            "POST", href, body, label=f"{relation.removeprefix('pb:')} {pacticipant} {version} in {environment}"
        )

    def can_i_deploy(
        self, pacticipant: str, version: str, environment: str, *, ignore: tuple[str, ...] = (), latestby: str = "cvpv"
    ) -> Answer:
        """The matrix query that can-i-deploy sends for one pacticipant and one environment."""
        query = [
            ("q[][pacticipant]", self.name(pacticipant)),
            ("q[][version]", version),
            ("latestby", latestby),
            ("environment", self.name(environment)),
        ] + [("ignore[][pacticipant]", self.name(item)) for item in ignore]
        return self.matrix(
            query,
            label=f"can {pacticipant} {version} be deployed to {environment}"
            + (f" ignoring {', '.join(ignore)}" if ignore else ""),
        )

    def can_i_merge(self, pacticipant: str, version: str) -> Answer:
        return self.matrix(
            [
                ("q[][pacticipant]", self.name(pacticipant)),
                ("q[][version]", version),
                ("latestby", "cvp"),
                ("latest", "true"),
                ("mainBranch", "true"),
            ],
            label=f"can {pacticipant} {version} be merged",
        )

    def matrix(self, query: list[tuple[str, str]], *, label: str = "") -> Answer:
        text = "&".join(f"{key}={urllib.parse.quote(value, safe='')}" for key, value in query)
        return self.call("GET", f"/matrix?{text}", label=label or f"matrix {text}")


def quote(value: str) -> str:
    return urllib.parse.quote(value, safe="")


def pact_file(consumer: str, provider: str, content: str, states: tuple[str, ...] = ()) -> dict[str, Any]:
    """A small, valid pact whose interactions differ with `content`."""
    interaction: dict[str, Any] = {
        "description": f"a request for {content}",
        "request": {"method": "GET", "path": f"/{content}"},
        "response": {"status": 200, "headers": {"Content-Type": "application/json"}, "body": {"id": content}},
    }
    if states:
        interaction["providerStates"] = [{"name": state} for state in states]
    return {
        "consumer": {"name": consumer},
        "provider": {"name": provider},
        "interactions": [interaction],
        "metadata": {"pactSpecification": {"version": "3.0.0"}},
    }


def decision(path: str, answer: Answer) -> Any:
    """The facts of an answer that a client acts on."""
    body = answer.body
    if not isinstance(body, dict) or answer.status >= 400:
        return {"status": answer.status}
    if path.startswith("/matrix") or re.search(r"/can-i-deploy(/|\?|$)", path):
        rows = [
            [
                row["consumer"]["name"],
                row["consumer"]["version"]["number"],
                row["provider"]["name"],
                (row["provider"].get("version") or {}).get("number"),
                (row.get("verificationResult") or {}).get("success"),
                bool(row.get("ignored")),
            ]
            for row in body.get("matrix", [])
        ]
        summary = {
            k: body["summary"].get(k)
            for k in ("deployable", "success", "failed", "unknown", "ignored")
            if k in body["summary"]
        }
        return {
            "status": answer.status,
            "summary": summary,
            "rows": sorted(rows, key=str),
            "notices": kinds(body, "type"),
        }
    if path.endswith("/for-verification") or "/for-verification?" in path:
        pacts = []
        for item in body["_embedded"]["pacts"]:
            found = re.search(
                r"/provider/([^/]+)/consumer/([^/]+)/pact-version/([0-9a-f]+)", item["_links"]["self"]["href"]
            )
            flags = item.get("verificationProperties", {})
            pacts.append(
                {
                    "consumer": urllib.parse.unquote(found.group(2)),
                    "sha": found.group(3),
                    "pending": flags.get("pending"),
                    "wip": flags.get("wip"),
                    "notices": kinds(flags, "when"),
                }
            )
        return {"status": answer.status, "pacts": pacts}
    if path.startswith("/contracts/publish"):
        return {"status": answer.status, "notices": kinds(body, "type")}
    facts = {
        key: body[key]
        for key in (
            "name",
            "mainBranch",
            "production",
            "currentlyDeployed",
            "currentlySupported",
            "applicationInstance",
            "success",
            "providerApplicationVersion",
        )
        if key in body
    }
    return {"status": answer.status, **facts}


def kinds(body: dict[str, Any], key: str) -> list[str]:
    """The kinds of notices that a client may act on; how many there are, and the chatty ones, are the broker's own."""
    return sorted({item[key] for item in body.get("notices", [])} - {"debug", "info", "prompt"})


def differences(expected: Any, actual: Any, where: str = "") -> list[str]:
    """What of `expected` is missing from `actual` or differs there; `actual` may hold more."""
    if isinstance(expected, dict):
        if not isinstance(actual, dict):
            return [f"{where}: expected an object, got {brief(actual)}"]
        found = []
        for key, value in expected.items():
            if where.endswith("_links") and key in OPTIONAL_LINKS:
                continue
            if key == "title" or key in ("curies", "reference"):
                continue
            if key == "notices" and where.startswith(
                "body"
            ):  # what they say is compared as a decision; here, that they are notices
                wrong = [item for item in actual.get(key) or [{}] if "text" not in item]
                found += [f"{where}.notices: {brief(wrong)}"] if wrong and value else []
                continue
            if key not in actual:
                found.append(f"{where}.{key}: missing")
            else:
                found += differences(value, actual[key], f"{where}.{key}")
        return found
    if isinstance(expected, list):
        if not isinstance(actual, list):
            return [f"{where}: expected a list, got {brief(actual)}"]
        if len(expected) != len(actual):
            return [f"{where}: expected {len(expected)} items, got {len(actual)}"]
        return [
            line
            for index, (one, other) in enumerate(zip(expected, actual, strict=False))
            for line in differences(one, other, f"{where}[{index}]")
        ]
    return [] if expected == actual else [f"{where}: expected {brief(expected)}, got {brief(actual)}"]


def brief(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) < 200 else text[:197] + "..."


# All that a webhook can say of what started it: `${pactbroker.NAME}`.
PARAMETERS = (
    "pactUrl",
    "verificationResultUrl",
    "consumerName",
    "consumerVersionNumber",
    "consumerVersionBranch",
    "consumerVersionTags",
    "consumerLabels",
    "providerName",
    "providerVersionNumber",
    "providerVersionBranch",
    "providerVersionTags",
    "providerVersionDescriptions",
    "providerLabels",
    "githubVerificationStatus",
    "bitbucketVerificationStatus",
    "azureDevOpsVerificationStatus",
    "gitlabVerificationStatus",
    "currentlyDeployedProviderVersionNumber",
    "eventName",
    "buildUrl",
)


class Receiver:
    """A loopback HTTP server that keeps what webhooks send it."""

    def __init__(self, status: int = 200) -> None:
        received: list[dict[str, Any]] = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                size = int(self.headers.get("content-length", 0))
                received.append(
                    {
                        "path": self.path,
                        "headers": {k.lower(): v for k, v in self.headers.items()},
                        "body": self.rfile.read(size).decode(),
                    }
                )
                self.send_response(status)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.received = received
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def wait(self, count: int, seconds: float = 15) -> list[dict[str, Any]]:
        end = time.monotonic() + seconds
        while len(self.received) < count and time.monotonic() < end:
            time.sleep(0.1)
        return self.received


def load(path: str) -> None:
    sys.modules.setdefault("golden", sys.modules[__name__])
    spec = importlib.util.spec_from_file_location(pathlib.Path(path).stem, path)
    spec.loader.exec_module(importlib.util.module_from_spec(spec))


def run(base_url: str, name: str) -> tuple[list[dict[str, Any]], str]:
    broker = Broker(base_url, name)
    try:
        SCENARIOS[name](broker)
        return broker.steps, ""
    except Exception as error:  # a scenario that cannot go on is itself a finding
        return broker.steps, f"{type(error).__name__}: {error}"


def record(options: argparse.Namespace) -> int:
    into = pathlib.Path(options.into)
    into.mkdir(parents=True, exist_ok=True)
    broken = 0
    for name in chosen(options):
        steps, error = run(options.base_url, name)
        broken += bool(error)
        print(f"{name}: {len(steps)} steps" + (f" STOPPED: {error}" if error else ""))
        (into / f"{name}.json").write_text(json.dumps({"scenario": name, "steps": steps}, indent=1) + "\n")
    return 1 if broken else 0


def compare(expected: dict[str, Any], actual: dict[str, Any]) -> tuple[list[str], list[str]]:
    """What differs between a recorded step and an answered one: in the decision, and in the shape."""
    wrong = differences(expected["decision"], actual["decision"], "decision")
    wrong += differences(actual["decision"], expected["decision"], "decision") if not wrong else []
    shape = differences(expected["body"], actual["body"], "body") if expected["body"] is not None else []
    return wrong, shape + differences(expected["media"], actual["media"], "media")


def recorded(folder: pathlib.Path, name: str) -> list[dict[str, Any]]:
    """The recorded steps of a scenario."""
    return json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))["steps"]


def replay(options: argparse.Namespace) -> int:
    totals = {"decisions": [0, 0], "shapes": [0, 0], "scenarios": [0, 0]}
    for name in chosen(options):
        expected = recorded(pathlib.Path(options.recordings), name)
        actual, error = run(options.base_url, name)
        lines, decided = [], True
        for index, step in enumerate(expected):
            totals["decisions"][1] += 1
            totals["shapes"][1] += 1
            if index >= len(actual):
                decided = False
                continue
            wrong, shape = compare(step, actual[index])
            totals["decisions"][0] += not wrong
            totals["shapes"][0] += not shape
            decided = decided and not wrong
            if wrong or (shape and options.shapes):
                lines.append(f"  {index + 1}. {step['label']}")
                lines += [f"       {line}" for line in (wrong + (shape if options.shapes else []))[: options.most]]
        if error:
            lines.append(f"  stopped after {len(actual)} of {len(expected)} steps: {error}")
        totals["scenarios"][1] += 1
        totals["scenarios"][0] += decided
        if lines:
            print(f"{name}\n" + "\n".join(lines))
    print("; ".join(f"{what} {good} of {every}" for what, (good, every) in totals.items()))
    return 0 if totals["decisions"][0] == totals["decisions"][1] else 1


def chosen(options: argparse.Namespace) -> list[str]:
    load(options.scenarios)
    return [name for name in SCENARIOS if not options.only or name in options.only]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=("record", "replay"))
    parser.add_argument("--base-url", required=True)
    parser.add_argument("--scenarios", required=True, help="a Python file that defines scenarios")
    parser.add_argument("--into", default="recordings")
    parser.add_argument("--recordings", default="recordings")
    parser.add_argument("--only", nargs="*", help="just these scenarios")
    parser.add_argument("--shapes", action="store_true", help="print differences of shape as well")
    parser.add_argument("--most", type=int, default=8, help="differences printed for one step at the most")
    options = parser.parse_args()
    return record(options) if options.action == "record" else replay(options)


if __name__ == "__main__":
    sys.exit(main())
