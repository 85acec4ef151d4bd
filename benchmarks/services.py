"""What the benchmarks talk to: the embedded broker, a provider that does nothing, a proxy that counts, pacts."""

from __future__ import annotations

import http.client
import http.server
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.message import Message
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from tests.conformance.brokers import free_port, started

LAUNCHER = ("sh", str(Path(__file__).resolve().parent.parent / "scripts" / "pact-gate"))


@contextmanager
def embedded_broker(database: Path, environment: Mapping[str, str]) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Serve the embedded broker as its users do; give its address and its process."""
    port = free_port()
    command = [*LAUNCHER, "broker", "serve", "--database", str(database), "--port", str(port)]
    with started(command, port, database.with_suffix(".log"), environment) as process:
        yield f"http://127.0.0.1:{port}", process


def pact(consumer: str, provider_name: str, interactions: int) -> dict[str, Any]:
    """Make a pact of a number of interactions that `provider` honours."""
    return {
        "consumer": {"name": consumer},
        "provider": {"name": provider_name},
        "interactions": [
            {
                "description": f"request {number}",
                "request": {"method": "GET", "path": f"/things/{number}"},
                "response": {"status": 200, "headers": {"Content-Type": "application/json"}, "body": {"id": 1}},
            }
            for number in range(interactions)
        ],
        "metadata": {"pactSpecification": {"version": "3.0.0"}},
    }


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class _Provider(_Handler):
    def do_GET(self) -> None:
        """Answer everything alike."""
        body = b'{"id": 1}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def provider() -> Iterator[str]:
    """Serve the provider and give its address."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Provider)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def _joined(headers: Message) -> dict[str, str]:
    """Make one line of several of a name, as of the two Accept lines that Pact's verifier sends."""
    return {name: ", ".join(headers.get_all(name, [])) for name in headers}


class CountingProxy:
    """Passes requests on to a broker. `count` is how many it was sent; set it to 0 to begin anew."""

    def __init__(self, broker_url: str) -> None:
        self.count = 0
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler(urlsplit(broker_url).netloc))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        """Serve."""
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        """End."""
        self._server.shutdown()
        self._server.server_close()

    def _handler(self, broker: str) -> type[_Handler]:
        proxy = self

        class Handler(_Handler):
            def do_GET(self) -> None:
                proxy.count += 1
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                connection = http.client.HTTPConnection(broker, timeout=60)
                # With the Host header as it came, the broker's links lead back to here.
                connection.request(self.command, self.path, body or None, _joined(self.headers))
                answer = connection.getresponse()
                content = answer.read()
                connection.close()
                self.send_response(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                        self.send_header(name, value)
                if answer.status != http.HTTPStatus.NO_CONTENT:
                    self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_POST = do_PUT = do_PATCH = do_GET  # noqa: N815 - the names that http.server calls

        return Handler
