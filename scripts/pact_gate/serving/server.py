"""waitress in one process: with limits that are answered in a sentence, and an end that leaves no request half-done.

What waitress gives is kept (its parser, its threads, its loop); what it answers in plain text, leaves open for ever or
cuts off is done here, in the classes that it lets one replace.
"""

from __future__ import annotations

import contextlib
import gc
import re
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import waitress
from waitress import utilities, wasyncore
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.task import ErrorTask

from pact_gate.serving import journal
from pact_gate.serving.wsgi import HOST, MEDIA, Application, Denial, Environ, error_body

_TURN = 1.0  # seconds that the loop sleeps at most
_BACKLOG = 1024  # callers whom the system lets wait
# What waitress's own expressions would look through again from each of its characters: for minutes, if it is long.
_FIRST_LINE = re.compile(rb"[^ \r\n]+ [^ \r\n]+(?: HTTP/[0-9]\.[0-9])?[ \t]*\r\n")
_BLANKS = re.compile(rb"[ \t]{100}")
_LONGEST_CHUNK_LINE = 1_024  # bytes: a size, and extensions that nobody uses
_RESERVE = 50  # connections above the limit that are told so; more wait unanswered


@dataclass(frozen=True)
class Limits:
    """What one caller may take: bytes, seconds, connections. A Pact Broker's own server takes targets of 12 KiB."""

    body: int = 20 << 20
    head: int = 64 << 10
    target: int = 32 << 10
    request_seconds: float = 60.0
    idle_seconds: int = 60
    connections: int = 200
    parting_seconds: float = 30.0
    lingering_seconds: float = 5.0  # without a byte from one who is still sending and was refused


Guard = Callable[[Environ], Denial | None]


def everyone(_environ: Environ) -> None:
    """A guard that lets everyone in."""


class Server:
    """Serves an application at an address (numeric) and a port (0: any free one). Raises OSError where it cannot.

    `guard` is asked before a body is received, with no more than the method, the target and the credentials.
    """

    def __init__(self, application: Application, host: str, port: int, limits: Limits, guard: Guard = everyone) -> None:
        self._limits = limits
        self.is_ending = False  # whether `end` was called
        self._map: dict[int, Any] = {}
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._server = waitress.create_server(
            journal.Journal(application),
            map=self._map,
            sockets=[socket.create_server((host, port), family=family, backlog=_BACKLOG)],
            threads=8,  # a webhook that is tried out holds one for up to ten seconds
            ident="pact-gate",
            max_request_header_size=limits.head,
            max_request_body_size=limits.body + 1,  # it refuses what has just this size
            channel_timeout=limits.idle_seconds,
            cleanup_interval=min(30, limits.idle_seconds),
            connection_limit=limits.connections + _RESERVE,
            clear_untrusted_proxy_headers=False,  # `forwarded` does
            log_socket_errors=False,
        )
        self._server.channel_class = _Channel
        self._server.adj.limits, self._server.adj.guard = limits, guard
        shown = f"[{host}]" if ":" in host else host
        self.url = f"http://{shown}:{self._server.effective_port}"

    def run(self) -> None:
        """Serve until `end` is called; then answer what is under way."""
        gc.freeze()  # what was loaded stays: looking through it for garbage doubled the time of the slowest answers
        while not self.is_ending:
            self._turn(_TURN)
        wasyncore.dispatcher.close(self._server)  # nobody new
        until = time.monotonic() + self._limits.parting_seconds
        while self._server.active_channels and time.monotonic() < until:
            for channel in list(self._server.active_channels.values()):
                if channel.is_idle:
                    channel.will_close = True
            self._turn(_TURN / 20)
        self._server.task_dispatcher.shutdown(timeout=1)
        wasyncore.close_all(self._map)

    def end(self) -> None:
        """Stop; may be called by a signal's handler, and again."""
        if not self.is_ending:
            self.is_ending = True
            self._server.pull_trigger()

    def _turn(self, seconds: float) -> None:
        wasyncore.loop(timeout=seconds, use_poll=True, map=self._map, count=1)


class _TooLong(utilities.BadRequest):  # type: ignore[misc]
    code, reason = 414, "URI Too Long"


class _TooSlow(utilities.BadRequest):  # type: ignore[misc]
    code, reason = 408, "Request Timeout"


class _Denied(utilities.BadRequest):  # type: ignore[misc]
    def __init__(self, denial: Denial) -> None:
        super().__init__(denial.sentence)
        self.code, self.reason, self.headers = denial.status, HTTPStatus(denial.status).phrase, denial.headers


class _NoRoom(utilities.BadRequest):  # type: ignore[misc]
    code, reason = 507, "Insufficient Storage"


class _TooMany(utilities.BadRequest):  # type: ignore[misc]
    code, reason = 503, "Service Unavailable"


def _sentence(error: Any, limits: Limits) -> str:
    if isinstance(error, _Denied):
        return str(error.body)
    return {
        408: f"The request was not there in whole after {limits.request_seconds:g} seconds.",
        413: f"The body is larger than {limits.body} bytes, which is the most that this broker takes.",
        414: f"The address is longer than {limits.target} bytes, which is the most that this broker takes.",
        431: f"The headers are larger than {limits.head} bytes together, which is the most that this broker takes.",
        501: "The body has a Transfer-Encoding other than chunked.",
        503: f"{limits.connections} connections are open, which is the most that this broker takes. Try again.",
        507: "The temporary folder of this broker's machine takes no more. Free some space there, then try again.",
    }.get(error.code, f"The request is no HTTP: {error.body}.")


class _Parser(HTTPRequestParser):  # type: ignore[misc]
    """Tells an address that is too long from headers that are, and refuses what waitress takes or breaks at."""

    error: Any
    completed: bool
    _is_judged = False

    def __init__(self, adj: Any) -> None:
        super().__init__(adj)
        self.began = time.monotonic()

    def received(self, data: bytes) -> int:
        try:
            consumed: int = super().received(data)
        except OSError:  # what is too long for memory is kept there
            consumed, self.error = len(data), _NoRoom("")
        is_awaiting = self.headers_finished and consumed == len(data) and not self.completed
        self.error = self._more_exactly(data) if self.error else self._wrong_so_far(is_awaiting=is_awaiting)
        if self.error:
            self.completed, self.expect_continue = True, False  # no 100 for a body that nobody will read
        return consumed

    def close(self) -> None:
        with contextlib.suppress(OSError):  # what the folder did not take is written once more before it is thrown away
            super().close()

    def parse_header(self, header_plus: bytes) -> None:
        if not _FIRST_LINE.match(header_plus) or _BLANKS.search(header_plus):
            raise ParsingError("its first line is none, or it holds a long row of blanks")
        try:
            super().parse_header(header_plus)
        except ValueError as error:  # thousands of digits, or an address with a bracket too few
            raise ParsingError("its Content-Length or its address cannot be read") from error
        if wrong := _wrong_with_head(self.version, self.headers, is_chunked=self.chunked):
            raise ParsingError(wrong)

    def _more_exactly(self, data: bytes) -> Any:
        if self.error.code != utilities.RequestHeaderFieldsTooLarge.code or self.headers_finished:
            return self.error
        self.command = "-"  # waitress takes what it could not read for GET /
        target = (self.header_plus + data).lstrip().partition(b"\r\n")[0].partition(b" ")[2]
        return _TooLong("") if len(target) > self.adj.limits.target else self.error

    def _wrong_so_far(self, *, is_awaiting: bool) -> Any:
        if len(getattr(self, "request_uri", "")) > self.adj.limits.target:
            return _TooLong("")
        if is_awaiting and not self._is_judged:
            self._is_judged = True
            if denial := self.adj.guard(self._head()):
                return _Denied(denial)
        return _wrong_with_chunks(self.body_rcv, self.adj.limits) if self.chunked else None

    def _head(self) -> Environ:
        said = self.headers.get("AUTHORIZATION", "")
        return {"REQUEST_METHOD": self.command, "REQUEST_URI": self.request_uri, "HTTP_AUTHORIZATION": said}


def _wrong_with_head(version: str, headers: Mapping[str, str], *, is_chunked: bool) -> str:
    """What RFC 9112 (3.2, 6.1 and 6.3) does not allow: where a body ends and whom it is for must not be in doubt."""
    if "TRANSFER_ENCODING" in headers or (is_chunked and "CONTENT_LENGTH" in headers):
        return "its body has two lengths, or a Transfer-Encoding that its version does not know"
    if "HOST" not in headers:
        return "it names no Host" if version == "1.1" else ""
    return "" if HOST.fullmatch(headers["HOST"]) else "its Host is none"


def _wrong_with_chunks(receiver: Any, limits: Limits) -> Any:
    """What waitress keeps until a line of them ends, and looks through again with each part that arrives."""
    if len(receiver.control_line) > _LONGEST_CHUNK_LINE:
        return utilities.BadRequest("the size of a chunk, with its extensions, is too long")
    return utilities.RequestHeaderFieldsTooLarge("") if len(receiver.trailer) > limits.head else None


class _Refusal(ErrorTask):  # type: ignore[misc]
    """An answer to what is no request for the application, as JSON and in the log."""

    def execute(self) -> None:
        request, error = self.request, self.request.error
        body = error_body(_sentence(error, self.channel.adj.limits))
        name = journal.request_id(request.headers.get("X_REQUEST_ID"))
        self.status = f"{error.code} {error.reason}"
        self.response_headers += [("Content-Type", MEDIA), ("X-Request-Id", name)]
        self.response_headers += getattr(error, "headers", ())
        if error.code == _TooMany.code:
            self.response_headers.append(("Retry-After", "5"))
        self.set_close_on_finish()
        self.content_length = len(body)
        method = getattr(request, "command", "-")
        path = journal.plain_path(getattr(request, "request_uri", "/"))
        taken = round((time.monotonic() - request.began) * 1000, 1)
        body = b"" if method == "HEAD" else body
        journal.log_request(name, method, path, error.code, ms=taken, bytes=len(body))
        self.channel.lingers = True
        self.write(body)


class _Channel(HTTPChannel):  # type: ignore[misc]
    """A connection: a request must be there within its time, an answer be fetched, a refusal be readable."""

    parser_class = _Parser
    error_task_class = _Refusal
    request: Any
    close_when_flushed: bool
    lingers = False  # what it still sends is thrown away for a while after our answer
    _lingers_until = 0.0
    _lingers_at_most = 0.0

    def __init__(self, server: Any, sock: socket.socket, *more: Any, **options: Any) -> None:
        super().__init__(server, sock, *more, **options)
        if len(server.active_channels) > self.adj.limits.connections:
            self._refuse(_TooMany(""))

    @property
    def is_idle(self) -> bool:
        """Whether nothing is being received, answered or sent."""
        return not (self.requests or self.request or self.total_outbufs_len or self.close_when_flushed)

    def readable(self) -> bool:
        """Say whether to look for more; waitress asks each connection at every turn of its loop."""
        now, limits = time.time(), self.adj.limits
        if self.request is not None and time.monotonic() - self.request.began > limits.request_seconds:
            self._refuse(_TooSlow(""))
        is_lazy = self.total_outbufs_len and now - self.last_activity > limits.idle_seconds
        if is_lazy or 0 < self._lingers_until < now:
            # Not by `will_close`, which is looked at when more can be sent: to one who fetches nothing, never.
            self.handle_close()
            self.close_when_flushed = self.will_close = False  # the loop asks the rest of this turn
            return False
        return bool(self._lingers_until or super().readable())

    def handle_read(self) -> None:
        """Read, or throw away what comes after a refusal: closing on it would take our answer from the caller."""
        if not self._lingers_until:
            super().handle_read()
            return
        try:
            if self.recv(self.adj.recv_bytes):  # closes at the end
                self._linger()
        except OSError:
            self.handle_close()

    def handle_write(self) -> None:
        """Send; after a refusal, say that no more will come and wait for the caller to close."""
        if not (self.lingers and self.close_when_flushed):
            super().handle_write()
            return
        self._flush_exception(self._flush_some)
        if self.will_close:
            self.handle_close()
        elif not self.total_outbufs_len:
            self.close_when_flushed = False
            self._lingers_at_most = time.time() + self.adj.limits.request_seconds
            self._linger()
            try:
                self.socket.shutdown(socket.SHUT_WR)
            except OSError:
                self.handle_close()

    def _linger(self) -> None:
        self._lingers_until = min(time.time() + self.adj.limits.lingering_seconds, self._lingers_at_most)

    def _refuse(self, error: Any) -> None:
        with self.requests_lock:
            request, self.request = self.request or self.parser_class(self.adj), None
            request.error, request.completed = error, True
            self.requests.append(request)
            if len(self.requests) == 1:
                self.server.add_task(self)
