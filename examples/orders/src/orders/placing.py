"""Placing an order: the service's one piece of business."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import uuid4

from orders.clients import Product
from orders.events import Item, OrderPlaced


class CannotBeOrderedError(Exception):
    """A product does not exist, or is not in stock."""


def place(items: Sequence[Item], find_product: Callable[[str], Product | None]) -> OrderPlaced:
    """Price the items with what products says now.

    Raises:
        CannotBeOrderedError: with the product that is missing or sold out.
    """
    total = 0.0
    for item in items:
        product = find_product(item.product_id)
        if product is None or not product.in_stock:
            raise CannotBeOrderedError(f"{item.product_id} cannot be ordered")
        total += product.price * item.quantity
    return OrderPlaced(order_id=f"ord-{uuid4()}", items=tuple(items), total=round(total, 2))
