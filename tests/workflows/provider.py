"""A provider of products, as small as one can be: `provider.py PORT [FIELD]`.

A product has its price in FIELD (`price`, unless it was renamed). It is there once the provider state says so.
"""

import json
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

FIELD = sys.argv[2] if len(sys.argv) > 2 else "price"
products = set()


class Provider(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/health":
            self.answer(200, {})
        elif self.path in products:
            self.answer(200, {"id": 1, "name": "a chair", FIELD: 49.5})
        else:
            self.answer(404, {"error": f"There is no {self.path}"})

    def do_POST(self):
        """Put a provider state in place."""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if asked["state"] == "product 1 exists":
            products.add("/products/1")
        self.answer(200, {})

    def answer(self, status, document):
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


HTTPServer(("127.0.0.1", int(sys.argv[1])), Provider).serve_forever()
