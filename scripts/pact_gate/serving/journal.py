"""The log: one JSON object a line, ASCII alone, so that nothing which a caller sends can begin a line or a colour.

A request is logged by its path without the query, and without headers and bodies, which may hold secrets.
"""

from __future__ import annotations

import datetime
import json
import logging
import re
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TextIO

from pact_gate.serving.wsgi import Application, Environ, Headers, StartResponse, refuse

_LOG = logging.getLogger(__name__)
_ID = re.compile(r"[A-Za-z0-9._\-]{1,128}")
_ID_HEADER = "X-Request-Id"
_LONGEST_PATH = 2_000


class JsonLines(logging.Formatter):
    """A log record as one line of JSON: its time in UTC, its level, what happened, and the fields of that."""

    def format(self, record: logging.LogRecord) -> str:
        """Give the line."""
        moment = datetime.datetime.fromtimestamp(record.created, datetime.UTC)
        told = {"time": moment.isoformat(timespec="milliseconds"), "level": record.levelname.lower()}
        fields = getattr(record, "fields", None)
        if fields is None:
            fields = {"logger": record.name, "message": record.getMessage()}
        if record.exc_info:
            fields = {**fields, "trace": self.formatException(record.exc_info)}
        return json.dumps({**told, **fields})


@contextmanager
def writing(stream: TextIO) -> Iterator[None]:
    """Write what is logged meanwhile to `stream`."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    root, queue = logging.getLogger(), logging.getLogger("waitress.queue")
    level, queue_level = root.level, queue.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    queue.setLevel(logging.ERROR)  # it warns whenever a request has to wait a moment
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
        queue.setLevel(queue_level)


def request_id(said: str | None) -> str:
    """Give the caller's name for a request if it is a plain word, else a new one."""
    return said if said and _ID.fullmatch(said) else uuid.uuid4().hex


def plain_path(target: str) -> str:
    """Give the path of a request's target: no query, and nothing of a whole address but its path (RFC 9112, 3.2.2)."""
    path = target.partition("?")[0]
    return path if path.startswith("/") else "/" + path.partition("://")[2].partition("/")[2]


def log_request(name: str, method: str, path: str, status: int, **more: float) -> None:
    """Log one request."""
    fields = {"event": "request", "id": name, "method": method, "path": path[:_LONGEST_PATH], "status": status, **more}
    _LOG.info("request", extra={"fields": fields})


class Journal:
    """Logs each request, answers its id as a header, and turns what breaks into a sentence.

    A request is logged once its answer is on its way: no caller waits for the log. `ms` is the time until the whole
    answer was made; how long the caller takes to fetch it is not in it.
    """

    def __init__(self, application: Application) -> None:
        self._application = application

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request (PEP 3333)."""
        began = time.perf_counter()
        name = request_id(environ.get("HTTP_X_REQUEST_ID"))
        path = plain_path(str(environ.get("REQUEST_URI") or environ.get("PATH_INFO", "")))
        sent: list[tuple[str, Headers]] = []
        try:
            answer = self._application(environ, lambda status, headers, _=None: sent.append((status, headers)))
            body = b"".join(answer)
        except Exception:
            _LOG.exception("broke", extra={"fields": {"event": "broke", "id": name}})
            sentence = f"The broker broke at this request. Its log holds the cause, under the id {name}."
            body = b"".join(refuse(lambda status, headers: sent.append((status, headers)), 500, sentence))
        if environ["REQUEST_METHOD"] == "HEAD":  # what refuses does not ask for the method
            body = b""
        status, headers = sent[-1]
        start_response(status, [*headers, (_ID_HEADER, name)])
        taken = round((time.perf_counter() - began) * 1000, 1)
        return _Sent(
            body,
            lambda: log_request(name, environ["REQUEST_METHOD"], path, int(status[:3]), ms=taken, bytes=len(body)),
        )


class _Sent(list[bytes]):
    """A body; `close` is what the server calls when it is sent, or cannot be (PEP 3333)."""

    def __init__(self, body: bytes, close: Callable[[], None]) -> None:
        super().__init__([body])
        self.close = close
