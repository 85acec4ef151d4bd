"""The provider's message for Pact, by the code and the serializer of production. `endpoint.py PORT broken|mended`"""

from __future__ import annotations

import sys
from importlib import import_module
from wsgiref.simple_server import make_server

from orders import OrderPlaced, place

from pact_gate.messages import Messages, Produced, Topic

serialize = import_module(f"serializer_{sys.argv[2]}").serialize
messages = Messages()


@messages.produces("an order.placed event", to=Topic("orders", serialize, event=OrderPlaced))
def order_placed() -> Produced:
    """Place an order."""
    event = place()
    return Produced(event, key=event.order_id)


make_server("127.0.0.1", int(sys.argv[1]), messages.wsgi).serve_forever()
