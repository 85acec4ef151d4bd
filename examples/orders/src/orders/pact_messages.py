"""The messages of this service, for Pact's verifier.

It posts `{"description": "...", "providerStates": [...]}` for each message in a consumer's pact and compares the answer
with what the consumer needs. The message is made by the code that makes the real one, down to its bytes; only the
catalogue is a stand-in.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable

from fastapi import APIRouter, HTTPException
from fastapi.responses import Response
from pydantic import BaseModel

from orders.clients import Product
from orders.events import CONTENT_TYPE, Item, OrderPlaced, serialize
from orders.placing import place


def _order_placed() -> OrderPlaced:
    widget = Product(id="prod-001", name="Widget Pro", price=29.99, in_stock=True, category="electronics")
    return place([Item(widget.id, quantity=2)], {widget.id: widget}.get)


MESSAGES: dict[str, Callable[[], OrderPlaced]] = {"an order.placed event": _order_placed}


class Wanted(BaseModel):
    """The message that the verifier wants, by the description it has in the pact."""

    description: str


router = APIRouter()


@router.post("/_pact/messages")
def message(wanted: Wanted) -> Response:
    """Answer with the message's bytes; its metadata goes into a header, as Pact's verifier reads it."""
    make = MESSAGES.get(wanted.description)
    if make is None:
        raise HTTPException(404, f"No message {wanted.description!r}; add it to MESSAGES in {__name__}.")
    metadata = b64encode(json.dumps({"contentType": CONTENT_TYPE}).encode()).decode()
    return Response(serialize(make()), media_type=CONTENT_TYPE, headers={"Pact-Message-Metadata": metadata})
