"""The messages of this service, for Pact's verifier.

For each message in a consumer's pact it posts the states that it needs, `{"state": "...", "action": "setup"}`, then
`{"description": "..."}`, and compares the answer with what the consumer needs. The message is made by the code that makes
the real one, down to its bytes; only the catalogue is a stand-in.
"""

from __future__ import annotations

from typing import Literal

from fastapi import FastAPI, HTTPException
from pact_gate.messages import Messages, Produced, Topic
from pydantic import BaseModel
from starlette.routing import Route

from orders.clients import Product
from orders.events import HEADERS, TOPIC, Item, OrderPlaced, serialize
from orders.placing import place

WIDGET = Product(id="prod-001", name="Widget Pro", price=29.99, in_stock=True, category="electronics")


class ProviderState(BaseModel):
    """A state that one message needs, before it (`setup`) or after it (`teardown`)."""

    state: str | None = None
    action: Literal["setup", "teardown"] = "setup"


def add_to(app: FastAPI) -> None:
    """Add both endpoints, which share what was sent."""
    messages = Messages()
    sent: list[OrderPlaced] = []

    @messages.produces("an order.placed event", to=Topic(TOPIC, serialize, event=OrderPlaced))
    def order_placed() -> Produced:
        if not sent:
            raise LookupError("no order was placed in the states before it")
        return Produced(sent[-1], key=sent[-1].order_id, headers=HEADERS)

    @app.post("/_pact/provider_states")
    def change(wanted: ProviderState) -> dict[str, str]:
        if wanted.state == "an order has been placed":
            sent.append(place([Item(WIDGET.id, quantity=2)], {WIDGET.id: WIDGET}.get))
        elif wanted.state:
            # A 4xx fails the verification at once; after a 5xx the verifier tries again for two minutes.
            raise HTTPException(404, f"No provider state {wanted.state!r}; add it to {__name__}.")
        return {"result": f"{wanted.action} complete"}

    app.router.routes.append(Route("/_pact/messages", messages))
