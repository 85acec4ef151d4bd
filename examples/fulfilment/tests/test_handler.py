from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from fulfilment.handler import OrderPlacedHandler

MESSAGE = {
    "event_type": "order.placed",
    "order_id": "ord-7",
    "items": [{"product_id": "pen", "quantity": 2}, {"product_id": "ink", "quantity": 1}],
    "total": 9.7,
}


def test_every_piece_is_packed() -> None:
    assert OrderPlacedHandler().handle(json.dumps(MESSAGE).encode()).pieces == 3


def test_fields_that_fulfilment_does_not_read_do_not_matter() -> None:
    assert OrderPlacedHandler().handle(json.dumps({**MESSAGE, "voucher": None}).encode()).order_id == "ord-7"


@pytest.mark.parametrize("missing", MESSAGE)
def test_a_message_without_what_it_reads_is_refused_by_the_fields_name(missing: str) -> None:
    cut = {key: value for key, value in MESSAGE.items() if key != missing}

    with pytest.raises(ValidationError, match=missing):
        OrderPlacedHandler().handle(json.dumps(cut).encode())


def test_a_number_that_is_sent_as_text_is_refused() -> None:
    with pytest.raises(ValidationError, match="total"):
        OrderPlacedHandler().handle(json.dumps({**MESSAGE, "total": "9.7"}).encode())
