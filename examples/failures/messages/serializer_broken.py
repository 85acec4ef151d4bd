"""What the producer is given: `default=str` keeps it from raising, and makes text of an amount."""

from __future__ import annotations

import json
from dataclasses import asdict

from orders import OrderPlaced


def serialize(event: OrderPlaced) -> bytes:
    """Return the message as it goes over the wire."""
    return json.dumps(asdict(event), default=str).encode()
