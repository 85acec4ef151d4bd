"""The same with `pact_gate.states`: an unknown name is a 404 that names the nearest one, and each state commits."""

from __future__ import annotations

import sqlite3
from wsgiref.types import WSGIApplication

from pact_gate.states import States


def endpoint(database: sqlite3.Connection, _: object) -> WSGIApplication:
    """Return what listens at /_pact/states."""
    states = States()

    def put(*product: object) -> None:
        with database:  # commits
            database.execute("INSERT OR REPLACE INTO products VALUES (?, ?, ?, ?)", product)

    @states.state("product prod-001 exists")
    def in_stock() -> None:
        put("prod-001", "Widget Pro", 29.99, 1)

    @states.state("product prod-002 is out of stock")
    def out_of_stock() -> None:
        put("prod-002", "Widget", 9.99, 0)

    @states.state("product prod-999 does not exist")
    def missing() -> None:
        with database:
            database.execute("DELETE FROM products WHERE id = 'prod-999'")

    return states.wsgi
