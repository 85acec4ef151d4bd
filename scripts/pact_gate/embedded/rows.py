"""The few things that every room does with rows."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping


def one(db: sqlite3.Connection, query: str, *values: object) -> sqlite3.Row | None:
    """The first row of a query, if there is one."""
    row: sqlite3.Row | None = db.execute(query, values).fetchone()
    return row


def insert(db: sqlite3.Connection, verb: str, table: str, columns: Mapping[str, object]) -> int:
    """Insert one row and answer its id. `verb` is INSERT or INSERT OR IGNORE; the names are ours, never a caller's."""
    names = ", ".join(columns)
    values = ", ".join(f":{name}" for name in columns)
    return db.execute(f"{verb} INTO {table} ({names}) VALUES ({values})", columns).lastrowid or 0


def required(row: sqlite3.Row | None) -> sqlite3.Row:
    """A row that must be there, because it was just written or a foreign key says so."""
    if row is None:
        raise LookupError("a row that must be there is not")
    return row


def ids(values: Iterable[int]) -> str:
    """Ids as `IN (SELECT value FROM json_each(?))` reads them, the smallest first."""
    return json.dumps(sorted(values))
