"""What the verifier is given must be what the queue gets."""

from __future__ import annotations

import json
from base64 import b64decode

import pytest
from fastapi.testclient import TestClient

from orders.app import create_app

EVENT = {"description": "an order.placed event"}


@pytest.fixture
def verified(monkeypatch: pytest.MonkeyPatch) -> TestClient:
    monkeypatch.setenv("ORDERS_PACT_MESSAGES", "1")
    return TestClient(create_app())


def test_a_message_comes_as_the_queue_gets_it(verified: TestClient) -> None:
    verified.post("/_pact/provider_states", json={"state": "an order has been placed", "action": "setup"})

    answer = verified.post("/_pact/messages", json=EVENT)

    assert answer.json() | {"order_id": "any"} == {
        "event_type": "order.placed",
        "order_id": "any",
        "items": [{"product_id": "prod-001", "quantity": 2}],
        "total": 59.98,
    }
    assert json.loads(b64decode(answer.headers["Pact-Message-Metadata"])) == {
        "contentType": "application/json",
        "topic": "orders",
        "key": answer.json()["order_id"],
        "headers": {"content-type": "application/json"},
    }


def test_no_message_comes_before_its_state(verified: TestClient) -> None:
    answer = verified.post("/_pact/messages", json=EVENT)

    assert answer.status_code == 422
    assert "no order was placed in the states before it" in answer.text


def test_an_unknown_state_is_refused_by_its_name(verified: TestClient) -> None:
    answer = verified.post("/_pact/provider_states", json={"state": "an order has been lost"})

    assert answer.status_code == 404
    assert "an order has been lost" in answer.json()["error"]


@pytest.mark.parametrize("path", ["/_pact/messages", "/_pact/provider_states"])
def test_a_normal_run_has_no_such_endpoints(path: str) -> None:
    assert TestClient(create_app()).post(path, json=EVENT).status_code == 404
