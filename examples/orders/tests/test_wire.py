"""The message on the wire, with Kafka's own client on both ends, is the message that is verified."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Iterator

import pytest
from confluent_kafka import Consumer, Message, Producer, TopicPartition
from fastapi.testclient import TestClient

from orders.app import create_app
from orders.clients import Product
from orders.events import TOPIC, Item, OrderPlaced
from orders.kafka import OrderEvents
from orders.pact_messages import WIDGET
from orders.placing import place


@pytest.fixture
def kafka() -> Iterator[str]:
    """Where a Kafka listens that librdkafka makes in this process, on loopback."""
    first = Producer({"test.mock.num.brokers": 1, "log_level": 2})
    yield ",".join(f"{broker.host}:{broker.port}" for broker in first.list_topics(timeout=10).brokers.values())
    first.close()


def received(kafka: str) -> Message:
    consumer = Consumer({"bootstrap.servers": kafka, "group.id": "test", "auto.offset.reset": "earliest"})
    partitions = consumer.list_topics(TOPIC, timeout=10).topics[TOPIC].partitions
    consumer.assign([TopicPartition(TOPIC, partition, 0) for partition in partitions])
    try:
        message = consumer.poll(10)
    finally:
        consumer.close()
    assert message is not None
    assert message.error() is None
    return message


def test_what_is_verified_is_what_is_sent(kafka: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDERS_PACT_MESSAGES", "1")
    verified = TestClient(create_app())
    verified.post("/_pact/provider_states", json={"state": "an order has been placed", "action": "setup"})
    answer = verified.post("/_pact/messages", json={"description": "an order.placed event"})
    metadata = json.loads(b64decode(answer.headers["Pact-Message-Metadata"]))
    order = answer.json()
    event = OrderPlaced(order["order_id"], tuple(Item(**item) for item in order["items"]), order["total"])

    events = OrderEvents(kafka)
    events.publish(event)
    events.close()
    message = received(kafka)

    assert message.value() == answer.content
    assert (message.topic(), message.key()) == (metadata["topic"], metadata["key"].encode())
    assert dict(message.headers() or ()) == {name: value.encode() for name, value in metadata["headers"].items()}


def test_an_order_reaches_kafka(kafka: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_SERVERS", kafka)
    catalogue: dict[str, Product] = {WIDGET.id: WIDGET}
    monkeypatch.setattr("orders.clients.ProductClient.get_product", lambda _, product: catalogue.get(product))

    with TestClient(create_app()) as orders:
        placed = orders.post("/api/orders", json=[{"product_id": WIDGET.id, "quantity": 2}])

    assert placed.status_code == 201
    sent = json.loads(received(kafka).value() or b"")
    assert sent["order_id"] == placed.json()["order_id"]
    assert sent["total"] == place([Item(WIDGET.id, 2)], catalogue.get).total
