from __future__ import annotations

import pytest

from orders.clients import Product
from orders.events import Item
from orders.placing import CannotBeOrderedError, place

CATALOGUE = {
    "pen": Product("pen", "Pen", 1.1, in_stock=True, category="office"),
    "ink": Product("ink", "Ink", 7.5, in_stock=False, category="office"),
}


def test_the_total_is_what_products_asks_for_now() -> None:
    assert place([Item("pen", 3)], CATALOGUE.get).total == 3.3


@pytest.mark.parametrize("missing", ["ink", "paper"])
def test_what_is_sold_out_or_unknown_cannot_be_ordered(missing: str) -> None:
    with pytest.raises(CannotBeOrderedError, match=missing):
        place([Item("pen", 1), Item(missing, 1)], CATALOGUE.get)
