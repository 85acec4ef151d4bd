"""A service that answers what a product is. `products.py PORT DATA` serves the product of that JSON file."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, make_server
from wsgiref.types import StartResponse, WSGIEnvironment


def products(environment: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
    """Answer `GET /api/products/featured`; whatever else is asked for is what the tests of Pact ask for."""
    start("200 OK", [("Content-Type", "application/json")])
    return [PRODUCT if environment["PATH_INFO"] == "/api/products/featured" else b"{}"]


class Quiet(WSGIRequestHandler):
    """Writes no line for each request."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


if __name__ == "__main__":
    PRODUCT = json.dumps(json.loads(Path(sys.argv[2]).read_bytes())).encode()
    make_server("127.0.0.1", int(sys.argv[1]), products, handler_class=Quiet).serve_forever()
