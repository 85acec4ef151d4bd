"""A service that packs what was ordered: its real consumer's code."""

from __future__ import annotations

import json


def handle(message: bytes) -> str:
    """Read a message as it comes from the topic, and say what will be insured."""
    order = json.loads(message)
    return f"order {order['order_id']}: insured for {order['total'] * 2:.2f}"
