"""What the verifier is given must be what the queue gets."""

from __future__ import annotations

import json
from base64 import b64decode

import pytest
from fastapi.testclient import TestClient

from orders.app import create_app


@pytest.fixture
def messages(monkeypatch: pytest.MonkeyPatch) -> TestClient:
    monkeypatch.setenv("ORDERS_PACT_MESSAGES", "1")
    return TestClient(create_app())


def test_a_message_comes_as_the_queue_gets_it(messages: TestClient) -> None:
    answer = messages.post("/_pact/messages", json={"description": "an order.placed event", "providerStates": []})

    assert answer.json() | {"order_id": "any"} == {
        "event_type": "order.placed",
        "order_id": "any",
        "items": [{"product_id": "prod-001", "quantity": 2}],
        "total": 59.98,
    }
    assert json.loads(b64decode(answer.headers["Pact-Message-Metadata"])) == {"contentType": "application/json"}


def test_an_unknown_message_is_refused_by_its_name(messages: TestClient) -> None:
    answer = messages.post("/_pact/messages", json={"description": "an order.lost event"})

    assert answer.status_code == 404
    assert "an order.lost event" in answer.json()["detail"]


def test_a_normal_run_has_no_messages_endpoint() -> None:
    answer = TestClient(create_app()).post("/_pact/messages", json={"description": "an order.placed event"})

    assert answer.status_code == 404
