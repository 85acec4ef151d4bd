"""The provider states as they are often written: three mistakes, and every one is answered with 200."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment


def endpoint(
    database: sqlite3.Connection, answer: Callable[[StartResponse, str, object], Iterable[bytes]]
) -> WSGIApplication:
    """Return what listens at /_pact/states."""

    def set_up(environment: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        wanted = json.loads(environment["wsgi.input"].read(int(environment["CONTENT_LENGTH"])))
        state = wanted.get("state")
        if state == "product prod-001 exists":
            database.execute("INSERT OR REPLACE INTO products VALUES ('prod-001', 'Widget Pro', 29.99, 1)")
            # 1. nobody commits
        elif state == "product prod-002 out of stock":  # 2. the pact says: product prod-002 is out of stock
            database.execute("INSERT OR REPLACE INTO products VALUES ('prod-002', 'Widget', 9.99, 0)")
            database.commit()
        elif state == "product prod-999 does not exist":
            database.execute("DELETE FROM products WHERE id = 'prod-999'")
            database.commit()
        return answer(start, "200 OK", {"result": "setup complete"})  # 3. also for a name that nobody knows

    return set_up
