"""A service that answers what a product is. `products.py PORT broken|mended` says which provider states it has."""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Iterable
from importlib import import_module
from wsgiref.simple_server import WSGIRequestHandler, make_server
from wsgiref.types import StartResponse, WSGIEnvironment

DATABASE = sqlite3.connect(":memory:")
DATABASE.execute("CREATE TABLE products (id TEXT PRIMARY KEY, name TEXT, price REAL, in_stock INTEGER)")
DATABASE.commit()


def products(environment: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
    """Answer `GET /api/products/ID`, and `GET /_pact/there` with everything that is there."""
    path = environment["PATH_INFO"]
    if path == "/_pact/states":
        return states(environment, start)
    # Each request begins anew, as with a pool of connections: what was not committed is not seen by others.
    DATABASE.rollback()
    rows = [
        {"id": row[0], "name": row[1], "price": row[2], "in_stock": bool(row[3])}
        for row in DATABASE.execute("SELECT * FROM products ORDER BY id")
    ]
    if path == "/_pact/there":
        return answer(start, "200 OK", rows)
    found = next((row for row in rows if path == f"/api/products/{row['id']}"), None)
    return answer(start, "200 OK", found) if found else answer(start, "404 Not Found", {"error": "no such product"})


def answer(start: StartResponse, status: str, body: object) -> Iterable[bytes]:
    """Send JSON."""
    start(status, [("Content-Type", "application/json")])
    return [json.dumps(body).encode()]


class Quiet(WSGIRequestHandler):
    """Writes no line for each request."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


if __name__ == "__main__":
    states = import_module(f"states_{sys.argv[2]}").endpoint(DATABASE, answer)
    make_server("127.0.0.1", int(sys.argv[1]), products, handler_class=Quiet).serve_forever()
