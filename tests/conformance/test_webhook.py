"""`via: webhook`: the broker itself starts the provider's workflow, and the gate finds the run that it started."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from tests.github.state import GitHub, Repository

from pact_gate.commands import trigger_verification
from pact_gate.commands.step import Step
from pact_gate.connect import connect, connect_github
from pact_gate.github.runner import Runner
from pact_gate.model.commit import Commit
from pact_gate.model.pact import parse
from pact_gate.settings.broker import BrokerSettings
from pact_gate.settings.github import GitHubSettings
from pact_gate.settings.inputs import Inputs

TOKEN = "t0ken-that-the-broker-keeps"
TEMPLATE = (Path(__file__).parents[2] / "workflows" / "contract-requested.yml").read_text(encoding="utf-8")
P1 = "1" * 40
SECONDS = 30


def publish(broker: Any, version: str, description: str) -> None:
    interaction = {"description": description, "request": {"path": "/"}, "response": {"status": 200}}
    body = {"consumer": {"name": "orders"}, "provider": {"name": "products"}, "interactions": [interaction]}
    pact = parse(json.dumps(body).encode(), "orders.json")
    broker.publish([pact], version=version, branch="feat/x", tags=(), build_url=None, merge=False)


def started(products: Repository, number: int) -> None:
    """Wait until so many runs have been started: a broker sends its webhooks when it has answered."""
    end = time.monotonic() + SECONDS
    while len(products.runs) < number and time.monotonic() < end:
        time.sleep(0.1)
    assert len(products.runs) == number


@pytest.mark.parametrize("which", ["embedded_broker", "real_broker"])
def test_the_broker_starts_the_providers_workflow(which: str, request: Any, github: GitHub, tmp_path: Path) -> None:
    """The first time we ask, for the webhook is new; from then on the broker does, at the publication, with the keys
    that the workflow to copy takes. The token is in no answer of ours."""
    broker = connect(BrokerSettings(request.getfixturevalue(which)))
    products = github.repository("acme/products")
    products.workflow("contract-requested.yml", TEMPLATE)
    github.token(TOKEN, "acme/products", actions="write")

    def trigger(version: str) -> dict[str, Any]:
        step = Step(
            Runner({}),
            connect=lambda: broker,
            connect_github=lambda _: connect_github(GitHubSettings(TOKEN, github.url)),
            find_commit=lambda: Commit(version),
        )
        given = {"pacticipant": "orders", "via": "webhook", "repositories": "products=acme/products"}
        inputs = Inputs({**given, "github-token": TOKEN}, {"GITHUB_API_URL": github.url})
        outcome = trigger_verification.run(inputs, step)
        assert TOKEN not in str(outcome)
        [asked] = json.loads(outcome.outputs["runs"])
        return asked

    publish(broker, "o1", "a product")
    broker.put_branch("products", P1, "main")
    first = trigger("o1")
    started(products, 1)
    assert first["run_id"] == products.runs[0].id

    publish(broker, "o2", "a product and its price")
    started(products, 2)
    [_, by_broker] = products.runs
    assert by_broker.given["provider-versions"] == P1
    assert by_broker.given["consumer"] == "orders"
    assert broker.owns(by_broker.given["pact-url"])
    assert broker.pact(by_broker.given["pact-url"]).consumer_version == "o2"
    assert trigger("o2")["run_id"] == by_broker.id
    assert len(products.runs) == 2
    broker.close()
