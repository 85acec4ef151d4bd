"""The orders example with a broken serializer, over Kafka's own client: who finds it, and who does not."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

pytest.importorskip("confluent_kafka", reason="confluent-kafka is not installed")

from confluent_kafka import Consumer, Producer, TopicPartition
from tests.unit.test_messages import pact, service, verified

from pact_gate.messages import Messages, Produced, Topic

EXAMPLE = Path(__file__).parents[2] / "examples" / "orders" / "src"
CONTRACT = {
    "event_type": "order.placed",
    "order_id": "ord-001",
    "items": [{"product_id": "prod-001", "quantity": 2}],
    "total": 59.98,
}
# What fulfilment's test writes into its pact, in the words of version 4.
MATCHERS = {
    "$.event_type": {"combine": "AND", "matchers": [{"match": "type"}]},
    "$.order_id": {"combine": "AND", "matchers": [{"match": "type"}]},
    "$.items": {"combine": "AND", "matchers": [{"match": "type", "min": 1}]},
    "$.items[*].product_id": {"combine": "AND", "matchers": [{"match": "type"}]},
    "$.items[*].quantity": {"combine": "AND", "matchers": [{"match": "integer"}]},
    "$.total": {"combine": "AND", "matchers": [{"match": "number"}]},
}


@pytest.fixture
def orders(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], ModuleType]]:
    """Import a module of the example."""
    monkeypatch.syspath_prepend(str(EXAMPLE))
    yield lambda name: importlib.import_module(f"orders.{name}")
    for name in [each for each in sys.modules if each == "orders" or each.startswith("orders.")]:
        del sys.modules[name]


def consume(message: bytes) -> tuple[int, int]:
    """What a consumer does with a message: pieces to pack, and cents to insure."""
    order = json.loads(message)
    return sum(item["quantity"] for item in order["items"]), round(order["total"] * 100)


def over_kafka(orders: Callable[[str], ModuleType], event: Any) -> bytes:
    """Return the bytes that a consumer polls after the example's own producer sent the event."""
    first = Producer({"test.mock.num.brokers": 1, "log_level": 2})
    described = first.list_topics("orders", timeout=10)
    servers = ",".join(f"{each.host}:{each.port}" for each in described.brokers.values())
    events = orders("kafka").OrderEvents(servers)
    events.publish(event)
    events.close()
    consumer = Consumer({"bootstrap.servers": servers, "group.id": "test", "auto.offset.reset": "earliest"})
    consumer.assign([TopicPartition("orders", each, 0) for each in described.topics["orders"].partitions])
    message = consumer.poll(10)
    consumer.close()
    first.close()
    assert message is not None
    value: bytes = message.value()
    return value


BROKEN: dict[str, tuple[dict[str, Any], str]] = {
    "a coerced type": ({"total": "59.98"}, "$.total"),
    "a null": ({"items": None}, "$.items"),
}


@pytest.mark.parametrize("broken", [None, *BROKEN])
def test_the_plain_dict_passes_whatever_the_serializer_does(
    broken: str | None, orders: Callable[[str], ModuleType], monkeypatch: pytest.MonkeyPatch
) -> None:
    events, placing, clients = orders("events"), orders("placing"), orders("clients")
    changes, place = BROKEN[broken] if broken else ({}, "")
    serialize = events.serialize if broken is None else lambda event: json.dumps(asdict(event) | changes).encode()
    monkeypatch.setattr(orders("kafka"), "serialize", serialize)
    widget = clients.Product("prod-001", "Widget Pro", 29.99, in_stock=True, category="electronics")
    event = placing.place([events.Item("prod-001", 2)], {"prod-001": widget}.get)
    contract = pact(CONTRACT, matchers=MATCHERS)

    by_hand = service(CONTRACT, Topic("orders", lambda made: json.dumps(made).encode(), event=dict))
    assert verified(by_hand, contract).passed

    through = Messages()
    made = Produced(event, key=event.order_id, headers=events.HEADERS)
    through.produces("an event", to=Topic(events.TOPIC, serialize, event=events.OrderPlaced))(lambda: made)
    result = verified(through, contract)
    sent = over_kafka(orders, event)

    if broken is None:
        assert result.passed
        assert consume(sent) == (2, 5998)
    else:
        assert [each.place for each in result.mismatches] == [place]
        with pytest.raises(TypeError):
            consume(sent)
