"""Whatever part of a broker's answers is not as a Pact Broker's: an outcome or a sentence, and never a traceback."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from pact_gate.commands import can_i_deploy, create_version, publish, record_deployment
from pact_gate.commands.reconcile.as_consumer import unverified
from pact_gate.commands.reconcile.as_provider import due
from pact_gate.commands.reconcile.estate import survey
from pact_gate.commands.step import Step
from pact_gate.model.errors import BrokerError, PactGateError
from pact_gate.settings.inputs import Inputs

SHA, OTHER = "a" * 40, "b" * 40
JUNK: tuple[Any, ...] = (None, [], {}, "x", 7, [1], {"a": 1}, True)
CASES = 25  # of some two thousand for each command
Place = tuple[str | int, ...]


def inputs(**given: str) -> Inputs:
    return Inputs({name.replace("_", "-"): value for name, value in given.items()}, {})


def places(document: Any, place: Place = ()) -> Iterator[Place]:
    """Name every place in a JSON document, the document itself first."""
    yield place
    inside = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    for key, value in inside:
        yield from places(value, (*place, key))


def changed(document: Any, place: Place, junk: Any) -> Any:
    if not place:
        return junk
    found = copy.deepcopy(document)
    inner = found
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = junk
    return found


class Meddler:
    """Stands before a broker and replaces one place in one of its answers."""

    def __init__(self, application: Any) -> None:
        self.application = application
        self.answers: list[Any] = []
        self.plan: tuple[int, Place, Any] | None = None

    def __call__(self, environ: Mapping[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        started: list[Any] = []
        body = b"".join(self.application(environ, lambda *words: started.append(words)))
        document = json.loads(body) if body else None
        if self.plan and self.plan[0] == len(self.answers):
            document = changed(document, *self.plan[1:])
            body = json.dumps(document).encode()
        self.answers.append(document)
        headers = [pair for pair in started[-1][1] if pair[0].lower() != "content-length"]
        start_response(started[-1][0], headers)
        return [body]


def selected(step: Step) -> None:
    for found in step.broker.pacts_for_verification("products", [{"branch": "feat/x"}], branch="main"):
        url = step.broker.pact(found.url).results_url
        if url:
            step.broker.publish_result(url, {"providerApplicationVersion": OTHER, "success": True, "testResults": []})


def reconciled(step: Step) -> None:
    """What reconcile asks the broker, and nothing of GitHub."""
    estate = survey(step.broker, ["orders", "products"])
    list(due(step.broker, "products", estate, branches=True))
    list(unverified(step.broker, "orders", estate))
    step.broker.has_versions("products")


COMMANDS: dict[str, Callable[[Step], Any]] = {
    "gate": lambda step: can_i_deploy.run(inputs(pacticipant="orders", to_environment="production"), step),
    "merge": lambda step: can_i_deploy.run(inputs(pacticipant="orders", to_branch="main"), step),
    "unknown": lambda step: can_i_deploy.run(inputs(pacticipant="ordrs", to_environment="production"), step),
    "publish": lambda step: publish.run(inputs(), step),
    "conflict": lambda step: publish.run(inputs(pacts="other/*.json"), step),
    "record": lambda step: record_deployment.run(inputs(pacticipant="orders", environment="production"), step),
    "end": lambda step: record_deployment.run(
        inputs(pacticipant="products", environment="production", state="undeployed"), step
    ),
    "verify": selected,
    "reconcile": reconciled,
}


@pytest.fixture
def meddler(local, write_pact, tmp_path) -> Meddler:
    write_pact("orders", "products")
    write_pact("orders", "products", path="../other/a.json", description="other")
    publish.run(inputs(), local.step(tmp_path))
    provider = local.step(tmp_path, version=OTHER, branch="main")
    create_version.run(inputs(pacticipant="products"), provider)
    record_deployment.run(inputs(pacticipant="products", environment="production", create_environment="true"), provider)
    local.application, found = Meddler(local.application), local.application
    local.application.close = found.close
    return local.application


@pytest.mark.parametrize("command", COMMANDS)
def test_no_place_of_any_answer_ends_in_a_traceback(meddler, local, tmp_path: Path, command) -> None:
    def run() -> None:
        meddler.answers.clear()
        try:
            COMMANDS[command](local.step(tmp_path))
        except PactGateError as error:
            assert error.exit_code in (2, 3)  # noqa: PT017 - an outcome is as good

    run()
    plans = [
        (number, place, junk)
        for number, answer in enumerate(meddler.answers)
        for place in places(answer)
        if "_links" not in place[:-2] or number == 0
        for junk in JUNK
    ]
    for meddler.plan in random.Random(command).sample(plans, CASES):
        run()


def test_pages_that_lead_in_a_circle_end(local) -> None:
    index = {"_links": {"pb:pacticipants": {"href": "/pacticipants"}}}
    page = {"_embedded": {"pacticipants": [{"name": "a"}]}, "_links": {"next": {"href": "/pacticipants?page=2"}}}
    local.application, found = Pages(index, page), local.application
    with pytest.raises(BrokerError, match="not as a Pact Broker does"):
        local.client.pacticipants()
    local.application = found


class Pages:
    def __init__(self, index: Any, page: Any) -> None:
        self.index, self.page = index, page

    def __call__(self, environ: Mapping[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "application/hal+json")])
        return [json.dumps(self.index if environ["PATH_INFO"] == "/" else self.page).encode()]
