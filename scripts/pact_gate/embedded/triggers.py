"""Events, and which webhooks they start. (docs.pact.io/pact_broker/webhooks)"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Any

from pact_gate.embedded.exchange import Call


@dataclass(frozen=True)
class Context:
    """What an event tells a webhook beside the pact and the result."""

    base: str
    branch: str | None = None
    build_url: str | None = None


def pact_published(call: Call, pact: sqlite3.Row, known: sqlite3.Row | None, context: Context) -> list[str]:
    return []


def result_published(
    call: Call, pact: sqlite3.Row, row: sqlite3.Row, metadata: dict[str, Any], context: Context
) -> None:
    return None


def has_webhooks(db: sqlite3.Connection, consumer_id: int, provider_id: int) -> bool:
    return False
