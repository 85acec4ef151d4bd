"""A message verified against a dict made by hand, as most examples show it. verify_message.py PACT_FILE"""

from __future__ import annotations

import sys

from pact import Verifier
from pact.types import Message


def order_placed(**_: object) -> Message:
    """Return what the author believes is sent."""
    contents = b'{"event_type": "order.placed", "order_id": "ord-001", "total": 59.98}'
    return Message(contents=contents, metadata=None, content_type="application/json")


verifier = Verifier("orders").add_source(sys.argv[1]).message_handler({"an order.placed event": order_placed})
verifier.set_coloured_output(enabled=False)
try:
    verifier.verify()
except RuntimeError:
    sys.exit(1)
