"""The messages of this service, for Pact's verifier.

For each message in a consumer's pact it posts the states that it needs, `{"state": "...", "action": "setup"}`, then
`{"description": "..."}`, and compares the answer with what the consumer needs. The message is made by the code that makes
the real one, down to its bytes; only the catalogue is a stand-in.
"""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Literal

from fastapi import APIRouter, HTTPException
from fastapi.responses import Response
from pydantic import BaseModel

from orders.clients import Product
from orders.events import CONTENT_TYPE, Item, OrderPlaced, serialize
from orders.placing import place

WIDGET = Product(id="prod-001", name="Widget Pro", price=29.99, in_stock=True, category="electronics")


class ProviderState(BaseModel):
    """A state that one message needs, before it (`setup`) or after it (`teardown`)."""

    state: str | None = None
    action: Literal["setup", "teardown"] = "setup"


class Message(BaseModel):
    """The message that is wanted, by the description it has in the pact."""

    description: str


def router() -> APIRouter:
    """Return both endpoints, which share what was sent."""
    routes = APIRouter()
    sent: dict[str, OrderPlaced] = {}

    @routes.post("/_pact/provider_states")
    def change(wanted: ProviderState) -> dict[str, str]:
        if wanted.state == "an order has been placed":
            sent["an order.placed event"] = place([Item(WIDGET.id, quantity=2)], {WIDGET.id: WIDGET}.get)
        elif wanted.state:
            # A 4xx fails the verification at once; after a 5xx the verifier tries again for two minutes.
            raise HTTPException(404, f"No provider state {wanted.state!r}; add it to {__name__}.")
        return {"result": f"{wanted.action} complete"}

    @routes.post("/_pact/messages")
    def message(wanted: Message) -> Response:
        event = sent.get(wanted.description)
        if event is None:
            raise HTTPException(404, f"No message {wanted.description!r} was sent in the states before it.")
        # Pact's verifier reads a message's metadata from this header.
        metadata = b64encode(json.dumps({"contentType": CONTENT_TYPE}).encode()).decode()
        return Response(serialize(event), media_type=CONTENT_TYPE, headers={"Pact-Message-Metadata": metadata})

    return routes
