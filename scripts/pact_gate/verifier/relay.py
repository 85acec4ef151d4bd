"""A server on loopback between the verifier and an address of the provider's.

The verifier tells nothing of what came back from the provider states' address, calls it 8 times with growing pauses
(127 s an interaction) when it answers 5xx or is not there, and takes a message for good whatever its status. So both
addresses are called through a relay, which knows what came back and answers the verifier at once.
"""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from pact_gate.verifier.web import Answer, reason, send, shown_url

BODY_KEPT = 2_000  # characters of an answer that are kept to be shown

# Those that belong to one connection, or that are set anew (https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1).
_NOT_PASSED_ON = frozenset(
    ("accept-encoding", "connection", "content-length", "date", "host", "keep-alive", "server", "transfer-encoding")
)


@dataclass
class Call:
    """One request through the relay. `failure` is empty when the address answered 2xx."""

    request: dict[str, Any]
    failure: str
    seconds: float = 0.0
    status: int | None = None
    body: str = ""


class Relay:
    """Passes each POST on to `url` while it is entered, and keeps a `Call` of each, in their order.

    Args:
        url: Where to.
        timeout: Seconds that an answer may take.
        is_local: Says of a request's JSON whether it is answered 200 here, without being passed on.
    """

    def __init__(self, url: str, timeout: float, *, is_local: Callable[[dict[str, Any]], bool] | None = None) -> None:
        self.calls: list[Call] = []
        self._target = url
        self._timeout = timeout
        self._is_local = is_local

    def __enter__(self) -> Self:
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve, name="pact-gate relay", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.end()
        self._thread.join()
        self._server.server_close()

    @property
    def url(self) -> str:
        """Where the verifier has to send its requests."""
        return f"http://127.0.0.1:{self._server.server_port}/"

    def pass_on(self, body: bytes, headers: dict[str, str]) -> Answer:
        """Pass a request on and return what the verifier gets: the answer, or 424 where it was not 2xx."""
        request = json.loads(body)
        # Until an answer is there, the call counts as one without: the verifier may be done waiting first.
        call = Call(request, failure=f"POST {shown_url(self._target)}: no answer within {self._timeout:g} s")
        self.calls.append(call)
        if self._is_local is not None and self._is_local(request):
            call.failure = ""
            return Answer(HTTPStatus.OK, b"{}", {"Content-Type": "application/json"})
        started = time.monotonic()
        try:
            answer = send(self._target, timeout=self._timeout, body=body, headers=headers)
        except OSError as error:
            call.failure = f"POST {shown_url(self._target)}: {reason(error, self._timeout)}"
            return Answer(HTTPStatus.FAILED_DEPENDENCY, b"", {})
        finally:
            call.seconds = time.monotonic() - started
        return self._kept(call, answer)

    def _kept(self, call: Call, answer: Answer) -> Answer:
        call.status = answer.status
        call.body = answer.body[: 4 * BODY_KEPT].decode(errors="replace")[:BODY_KEPT]
        if HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
            call.failure = ""
            return answer
        call.failure = f"POST {shown_url(self._target)} answered {answer.status}"
        return Answer(HTTPStatus.FAILED_DEPENDENCY, b"", {})


class _Server(ThreadingHTTPServer):
    daemon_threads = True  # a handler that still waits for its answer holds nobody up

    def __init__(self, relay: Relay) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.relay = relay
        self._ended = False

    def serve(self) -> None:
        while not self._ended:
            self.handle_request()

    def end(self) -> None:
        """End `serve` at once: a connection wakes it, where `shutdown` would wait for a polling interval."""
        self._ended = True
        socket.create_connection(("127.0.0.1", self.server_port)).close()

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of a verifier that hung up: its result tells."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _NOT_PASSED_ON}
        answer = self.server.relay.pass_on(body, headers)
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            if name.lower() not in _NOT_PASSED_ON:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Log nothing: the step's log is the report's."""
