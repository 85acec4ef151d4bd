"""A service that tells others of an order. Which serializer its producer is given is the difference here."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class OrderPlaced:
    """An order was placed. `total` is money, and so no float."""

    order_id: str
    total: Decimal
    event_type: str = "order.placed"


def place() -> OrderPlaced:
    """Place an order, as production's own code does."""
    return OrderPlaced("ord-001", Decimal("59.98"))
