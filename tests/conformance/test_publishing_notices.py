"""Who publishes is told which webhooks that started, and where to look at their logs: on both brokers."""

from __future__ import annotations

import re

import pytest
from golden import Answer, Broker, Receiver

BOTH = [pytest.param("embedded_broker", id="embedded"), pytest.param("real_broker", id="real")]
LOG = re.compile(r"http://\S+/triggered-webhooks/[^/\s]+/logs")


@pytest.fixture
def asked(request: pytest.FixtureRequest) -> Broker:
    """A broker with two pacticipants of this test's own."""
    b = Broker(request.getfixturevalue(request.param), request.node.originalname.removeprefix("test_"))
    b.pacticipant("orders")
    b.pacticipant("products")
    return b


def webhook(b: Broker, receiver: Receiver, *events: str) -> Answer:
    body = {
        "description": "start the build",
        "consumer": {"name": b.name("orders")},
        "events": [{"name": event} for event in events],
        "request": {"method": "POST", "url": receiver.url},
    }
    return b.call("POST", "/webhooks", body)


def told(answer: Answer) -> str:
    return "\n".join(notice["text"] for notice in answer.body["notices"])


@pytest.mark.parametrize("asked", BOTH, indirect=True)
def test_each_started_webhook_is_told_with_its_log(asked: Broker) -> None:
    receiver = Receiver()
    webhook(asked, receiver, "contract_published", "contract_content_changed")
    first = told(asked.publish("orders", "1", "products"))
    assert first.count("start the build") == len(LOG.findall(first)) == 2
    assert len(LOG.findall(told(asked.publish("orders", "1", "products")))) == 1  # it says the same, for the same tags
    receiver.wait(3)
    log = asked.call("GET", LOG.findall(first)[0], accept="text/plain")
    assert log.status == 200


@pytest.mark.parametrize("asked", BOTH, indirect=True)
def test_that_no_webhook_was_started_is_told_where_there_is_one(asked: Broker) -> None:
    without = told(asked.publish("orders", "1", "products"))
    webhook(asked, Receiver(), "provider_verification_published")
    with_one = told(asked.publish("orders", "2", "products", content="b"))
    assert LOG.findall(without + with_one) == []
    assert "o webhook" in with_one or "o enabled webhook" in with_one
