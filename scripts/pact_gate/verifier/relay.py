"""A server on loopback between the verifier and an address of the provider's.

The verifier tells nothing of what came back from the provider states' address, calls it 8 times with growing pauses
(127 s an interaction) when it answers 5xx or is not there, and takes a message for good whatever its status. So both
addresses are called through a relay, which knows what came back and answers the verifier at once.
"""

from __future__ import annotations

import json
import secrets
import socket
import socketserver
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self

from pact_gate.verifier.web import Answer, reason, send, shown_url

BODY_KEPT = 2_000  # characters of an answer that are kept to be shown

# What is sent anew on the way there (the connection's own), and what the verifier reads of an answer.
_NOT_PASSED_ON = frozenset(("accept-encoding", "connection", "content-length", "host"))
_READ = frozenset(("content-type", "pact-message-metadata"))


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
        most: Bytes that an answer may have; any number by default.
        is_local: Says of a request's JSON whether it is answered 200 here, without being passed on.
    """

    def __init__(
        self,
        url: str,
        timeout: float,
        *,
        most: int | None = None,
        is_local: Callable[[dict[str, Any]], bool] | None = None,
    ) -> None:
        self.calls: list[Call] = []
        self._target = url
        self._timeout = timeout
        self._most = most
        self._is_local = is_local
        # Whoever else runs on this machine could call a port, and be taken for the verifier.
        self._path = f"/{secrets.token_urlsafe()}"

    def __enter__(self) -> Self:
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve, name="pact-gate relay", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.end()
        self._thread.join(1.0)  # it may wait for an answer that nobody wants any more, when the step is cancelled
        self._server.server_close()

    @property
    def url(self) -> str:
        """Where the verifier has to send its requests."""
        return f"http://127.0.0.1:{self._server.port}{self._path}"

    def is_meant(self, request_line: str) -> bool:
        """Say whether a request is for `url`."""
        return request_line.split(" ")[1:2] == [self._path]

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
            answer = send(self._target, timeout=self._timeout, body=body, headers=headers, most=self._most)
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


class _Server(socketserver.TCPServer):
    """Serves one request after the other: the verifier sends no two at a time."""

    def __init__(self, relay: Relay) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.relay = relay
        self.port: int = self.server_address[1]
        self._ended = False

    def serve(self) -> None:
        while not self._ended:
            self.handle_request()

    def end(self) -> None:
        """End `serve` at once: a connection wakes it, where `shutdown` would wait for a polling interval."""
        self._ended = True
        socket.create_connection(("127.0.0.1", self.port)).close()

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of a verifier that hung up: its result tells."""


class _Handler(socketserver.StreamRequestHandler):
    """Reads a request as the verifier sends it, with a Content-Length: `http.server` takes much of a call's time."""

    server: _Server

    def handle(self) -> None:
        if not self.server.relay.is_meant(self.rfile.readline().decode("latin-1")):
            return  # a stranger's, or only woken
        headers = {}
        while line := self.rfile.readline().decode("latin-1").strip():
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        body = self.rfile.read(int(headers.get("content-length", 0)))
        sent = {name: value for name, value in headers.items() if name not in _NOT_PASSED_ON}
        answer = self.server.relay.pass_on(body, sent)
        read = [f"{name}: {' '.join(value.split())}" for name, value in answer.headers.items() if name.lower() in _READ]
        length = f"Content-Length: {len(answer.body)}"
        head = "\r\n".join([f"HTTP/1.1 {answer.status} ", *read, length, "Connection: close", "", ""])
        self.wfile.write(head.encode("latin-1") + answer.body)
