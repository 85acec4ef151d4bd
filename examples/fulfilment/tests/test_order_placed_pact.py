"""What fulfilment needs of a message. Running this test writes pacts/fulfilment-service-orders-service.json."""

from __future__ import annotations

from pathlib import Path

from pact import Pact, match

from fulfilment.handler import Fulfilment, OrderPlacedHandler


def test_order_placed_event_contract(pacts: Path) -> None:
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

    def consume(message: str | bytes | None, _metadata: dict[str, object]) -> None:
        assert message is not None
        handled.append(OrderPlacedHandler().handle(message.encode() if isinstance(message, str) else message))

    pact.verify(consume, kind="Async")

    assert [(fulfilment.order_id, fulfilment.pieces) for fulfilment in handled] == [("ord-001", 2)]
    assert handled[0].fulfilment_id
    pact.write_file(pacts)
