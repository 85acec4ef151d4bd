"""The messages of this service, for Pact's verifier.

For each message in a consumer's pact it posts the states that it needs to `/_pact/provider_states`, then the message's
description to `/_pact/messages`, and compares the answer with what the consumer needs. The message is made by the code
that makes the real one, down to its bytes; only the catalogue is a stand-in.
"""

from __future__ import annotations

from fastapi import FastAPI
from pact_gate.messages import Messages, Produced, Topic
from pact_gate.states import States

from orders.clients import Product
from orders.events import HEADERS, TOPIC, Item, OrderPlaced, serialize
from orders.placing import place

WIDGET = Product(id="prod-001", name="Widget Pro", price=29.99, in_stock=True, category="electronics")


def add_to(app: FastAPI) -> None:
    """Add both endpoints, which share what was sent."""
    states = States()
    messages = Messages(states)
    sent: list[OrderPlaced] = []

    @states.state("an order has been placed")
    def an_order() -> None:
        sent.append(place([Item(WIDGET.id, quantity=2)], {WIDGET.id: WIDGET}.get))

    @messages.produces("an order.placed event", to=Topic(TOPIC, serialize, event=OrderPlaced))
    def order_placed() -> Produced:
        if not sent:
            raise LookupError("no order was placed in the states before it")
        return Produced(sent[-1], key=sent[-1].order_id, headers=HEADERS)

    app.mount("/_pact", messages.asgi)
