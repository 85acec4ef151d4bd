"""What fulfilment needs of a message. Running this test writes pacts/fulfilment-service-orders-service.json."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from confluent_kafka import Consumer
from pact import Pact, match
from pact_gate.messages import Topic
from pact_gate.messages.consumer import deliver
from pact_gate.messages.topic import Sent

from fulfilment.consumer import TOPIC, handle_next
from fulfilment.handler import Fulfilment, OrderPlaced, OrderPlacedHandler

# orders writes JSON; this service reads it with its own model.
ORDERS = Topic(
    TOPIC,
    lambda event: json.dumps(event).encode(),
    event=dict,
    deserializer=OrderPlaced.model_validate_json,
)


def test_order_placed_event_contract(pacts: Path, kafka: Callable[[Sent], Consumer]) -> None:
    pact = Pact("fulfilment-service", "orders-service")
    (
        pact.upon_receiving("an order.placed event", "Async")
        .given("an order has been placed")
        .with_body(
            {
                "event_type": match.str("order.placed"),
                "order_id": match.str("ord-001"),
                "items": match.each_like({"product_id": match.str("prod-001"), "quantity": match.int(2)}, min=1),
                "total": match.number(59.98),
            },
            content_type="application/json",
        )
    )
    handled: list[Fulfilment] = []

    def consume(message: str | bytes | None, metadata: dict[str, object]) -> None:
        delivered = deliver(message, metadata, by=ORDERS)
        delivered.assert_unchanged()  # the model reads each field as the contract has it, and leaves none out
        fulfilment = handle_next(kafka(delivered.sent), OrderPlacedHandler(), wait=10)
        assert fulfilment is not None
        handled.append(fulfilment)

    pact.verify(consume, kind="Async")

    assert [(fulfilment.order_id, fulfilment.pieces) for fulfilment in handled] == [("ord-001", 2)]
    assert handled[0].fulfilment_id
    pact.write_file(pacts)
