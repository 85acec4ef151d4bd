"""The WSGI application: from a request to a route and back, each request in one transaction.

PEP 3333 and no framework: every step of a workflow that uses a file as its broker would pay for importing one. Paths
are matched as they were sent, before percent signs are decoded: a branch may be named `feat/x` (`feat%2Fx`).
"""

from __future__ import annotations

import logging
import re
import sqlite3
import urllib.parse
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any

from pact_gate.embedded.checks import short
from pact_gate.embedded.contents import dumps
from pact_gate.embedded.exchange import (
    ANY_JSON,
    HAL,
    HTML,
    JSON,
    PROBLEM,
    SVG,
    Answer,
    Call,
    Refusal,
    malformed,
    not_found,
)
from pact_gate.embedded.routes import resource
from pact_gate.embedded.routing import Route, chosen_media, prefers_html
from pact_gate.embedded.store import MovedError, Store
from pact_gate.embedded.webhooks.delivery import Delivery

_LOG = logging.getLogger(__name__)
_ERROR = 400
_METADATA = "metadata"  # the one variable part of a path that is no name
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"})
_BREAK = re.compile("%0[9a]", re.IGNORECASE)
_PATH = re.compile(r"/|(?:/(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})+)+")  # RFC 3986, without empty segments
_PROBLEMS = {404: ("Not found", "not-found")}
_NOTHING = not_found().answer
# What a Pact Broker says to a path with a tab or a line's end: a name was cut out of a file too generously.
_BROKEN = Answer(
    422,
    {
        "title": "Unprocessable",
        "type": "/problem/invalid-request-parameter-value",
        "detail": "The path holds a tab or the end of a line. Is there one in a name that it was made of?",
        "status": 422,
    },
    media=PROBLEM,
)
_NO_PATH = Answer(
    404,
    {
        "title": "Not Found",
        "type": "/problem/not-found",
        "detail": "The path has an empty part, or a character that is to be written with a percent sign.",
        "status": 404,
    },
    media=PROBLEM,
)

_BUGS = (sqlite3.IntegrityError, sqlite3.ProgrammingError, sqlite3.InternalError, sqlite3.NotSupportedError)
_UNAVAILABLE: tuple[tuple[str, int, str], ...] = (
    ("SQLITE_FULL", 507, "The disk of the broker is full: free some space, then try again"),
    ("SQLITE_TOOBIG", 413, "The request holds more than one row of the database can"),
    ("SQLITE_READONLY", 503, "The file of the broker cannot be written"),
    ("SQLITE_BUSY", 503, "The broker is busy: try again"),
    ("SQLITE_CORRUPT", 503, "The file of the broker is damaged: restore it from a backup"),
    ("SQLITE_NOTADB", 503, "The file of the broker is damaged: restore it from a backup"),
    ("SQLITE_IOERR", 503, "The disk of the broker cannot be read or written"),
)

Environ = dict[str, Any]
StartResponse = Callable[..., Any]


class Application:
    """The embedded broker as a WSGI callable. Threads may share it; `close` ends it."""

    def __init__(self, store: Store, webhook_hosts: frozenset[str] = frozenset()) -> None:
        self._store = store
        self._hosts = frozenset(host.lower() for host in webhook_hosts)
        self._delivery = Delivery(store, self._hosts)
        self._delivery.resume()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request (PEP 3333)."""
        asked = {**environ, "PATH_INFO": raw_path(environ)}
        answer = self._respond(asked)
        media, text = _content(answer, asked)
        headers = [(name, _header(value)) for name, value in _headers(answer).items()]
        if media:
            headers.append(("Content-Type", f"{media};charset=utf-8"))
        if answer.status != HTTPStatus.NO_CONTENT:
            headers.append(("Content-Length", str(len(text))))
        start_response(f"{answer.status} {HTTPStatus(answer.status).phrase}", headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [text]

    def close(self) -> None:
        """Send the webhooks that are due and close the file."""
        self._delivery.close()
        self._store.close()

    def _respond(self, environ: Environ) -> Answer:
        path = environ["PATH_INFO"]
        if environ["REQUEST_METHOD"] not in _METHODS:
            return Answer(501)
        if _BREAK.search(path):
            return _BROKEN
        if not _PATH.fullmatch(path):
            return _NO_PATH
        found = resource(path)
        page = self._page(environ, path, is_known=found is not None) if _is_browsing(environ) else None
        if page is not None:
            return page
        return self._answered(environ, *found) if found else _NOTHING

    def _page(self, environ: Environ, path: str, *, is_known: bool) -> Answer | None:
        """What a browser is shown; None where it gets what everyone gets."""
        from pact_gate.embedded import pages  # noqa: PLC0415 - no step of a workflow looks at one

        found = pages.resource(path)
        if found is None:
            return None if is_known else pages.finished(_NOTHING, _base(environ))
        methods, named = found
        return pages.finished(self._handled(environ, methods["GET"], named, HTML), _base(environ))

    def _answered(self, environ: Environ, methods: Mapping[str, Route], path: Mapping[str, str]) -> Answer:
        method = environ["REQUEST_METHOD"]
        allowed = ", ".join([*methods, "OPTIONS"])
        if method == "OPTIONS":
            return Answer(200, headers={"Access-Control-Allow-Methods": allowed})
        route = methods.get("GET" if method == "HEAD" else method)
        if route is None:
            return Answer(405, headers={"Allow": allowed})
        media = chosen_media(_accepted(environ), route.produces)
        if media is None:
            return Answer(406)
        return self._handled(environ, route, path, media) if _is_consumed(environ, route) else Answer(415)

    def _handled(self, environ: Environ, route: Route, path: Mapping[str, str], media: str) -> Answer:
        try:
            return self._in_transaction(environ, route, path, media)
        except Refusal as refusal:
            return refusal.answer
        except (UnicodeError, OverflowError) as error:
            _LOG.info("refused: %s", error)
            return Answer(_ERROR, {"error": "The request holds a name or a number that cannot be kept."})
        except _BUGS:
            raise
        except sqlite3.DatabaseError as error:
            return _unavailable(error)

    def _in_transaction(self, environ: Environ, route: Route, path: Mapping[str, str], media: str) -> Answer:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)) if route.consumes else b""
        segments = tuple(_decoded(part) for part in environ["PATH_INFO"].split("/")[1:] if part)
        named = {name: _decoded(value) for name, value in path.items()}
        if wrong := next((sentence for name in named if name != _METADATA and (sentence := short(named[name]))), None):
            raise malformed(f"A name in the address {wrong}.")
        transaction = self._store.writing() if route.writes else self._store.reading()
        with transaction as db:
            call = Call(
                db=db,
                method=environ["REQUEST_METHOD"],
                base=_base(environ),
                segments=segments,
                path=named,
                query=environ.get("QUERY_STRING", ""),
                raw=body,
                media=media,
                hosts=self._hosts,
            )
            answer = route.handler(call)
        if call.has_triggered:
            self._delivery.wake()
        return answer


def raw_path(environ: Environ) -> str:
    """Give the path under SCRIPT_NAME as it was sent; from a server that does not tell it, no name has a slash."""
    sent = environ.get("REQUEST_URI") or environ.get("RAW_URI")
    if not sent:
        path = urllib.parse.quote(str(environ.get("PATH_INFO", "")).encode("latin-1"), safe="/")
    else:
        path = sent.partition("?")[0]
        if "://" in path and not path.startswith("/"):  # a whole address
            path = "/" + path.partition("://")[2].partition("/")[2]
        path = path.removeprefix(urllib.parse.quote(str(environ.get("SCRIPT_NAME", "")).encode("latin-1"), safe="/"))
    return path.removesuffix("/") or "/"


def _decoded(segment: str) -> str:
    return urllib.parse.unquote(segment, errors="strict")


def _base(environ: Environ) -> str:
    """The address under which the caller reached us: the links in our answers start with it."""
    host = environ.get("HTTP_HOST") or f"{environ['SERVER_NAME']}:{environ['SERVER_PORT']}"
    prefix = urllib.parse.quote(str(environ.get("SCRIPT_NAME", "")).encode("latin-1"), safe="/")
    return f"{environ['wsgi.url_scheme']}://{host}{prefix}".rstrip("/")


def _is_browsing(environ: Environ) -> bool:
    return environ["REQUEST_METHOD"] in ("GET", "HEAD") and prefers_html(environ.get("HTTP_ACCEPT"))


def _accepted(environ: Environ) -> str | None:
    return SVG if environ["PATH_INFO"].endswith(".svg") else environ.get("HTTP_ACCEPT")


def _is_consumed(environ: Environ, route: Route) -> bool:
    """Whether a body has a type that the route takes; where there is no body there need be no type."""
    if not route.consumes:
        return True
    media = str(environ.get("CONTENT_TYPE") or "").partition(";")[0].strip().lower()
    if not media:
        return environ.get("CONTENT_LENGTH") in (None, "", "0") and "HTTP_TRANSFER_ENCODING" not in environ
    return media in route.consumes or (ANY_JSON in route.consumes and "json" in media)


def _unavailable(error: sqlite3.DatabaseError) -> Answer:
    name = getattr(error, "sqlite_errorname", type(error).__name__)
    _LOG.error("the database refused: %s (%s)", name, error)
    if isinstance(error, MovedError):
        return _refused(503, "The broker's file was moved, replaced or changed by a newer version: start it again")
    known = ((status, cause) for prefix, status, cause in _UNAVAILABLE if name.startswith(prefix))
    status, cause = next(known, (503, "The file of the broker cannot be used now"))
    return _refused(status, cause, {"Retry-After": "5"} if name.startswith("SQLITE_BUSY") else {})


def _refused(status: int, cause: str, headers: Mapping[str, str] | None = None) -> Answer:
    return Answer(status, {"error": f"{cause}. Nothing was changed."}, headers=headers or {})


def _headers(answer: Answer) -> dict[str, str]:
    """An answer's own, and those of all: at one address are a page and JSON, which a cache must not take for one."""
    return {"Cache-Control": "no-cache", **answer.headers, "Vary": "Accept"}


def _content(answer: Answer, environ: Environ) -> tuple[str, bytes]:
    """The media type and the text of an answer, both empty where it has none."""
    if answer.body is None:
        return "", b""
    body, media = answer.body, answer.media
    is_plain = answer.media == HAL or (answer.media == JSON and answer.status == _NOTHING.status)  # no list of notices
    if is_plain and answer.status >= _ERROR and PROBLEM in environ.get("HTTP_ACCEPT", ""):
        body, media = _problem(answer, environ), PROBLEM
    text = body if isinstance(body, str) and "json" not in media else dumps(body)
    return media, text.encode()


def _header(value: str) -> str:
    """A header's value: one line of ASCII, whatever the name that it carries."""
    return urllib.parse.quote(value, safe="!#$%&'()*+,-./:;<=>?@[]_~ ")


def _problem(answer: Answer, environ: Environ) -> dict[str, Any]:
    """An error as application/problem+json (RFC 9457), for those who ask for it."""
    said = answer.body if isinstance(answer.body, dict) else {"error": str(answer.body)}
    base = _base(environ)
    if "errors" in said:
        errors = said["errors"] if isinstance(said["errors"], dict) else {None: said["errors"]}
        listed = [_wrong(base, key, sentence) for key, sentences in errors.items() for sentence in sentences]
        facts = {"title": "Validation errors", "type": f"{base}/problems/validation-error", "instance": "/"}
        return {**facts, "status": answer.status, "errors": listed}
    title, kind = _PROBLEMS.get(answer.status, ("Error", "error"))
    where = base if answer.media == HAL else ""  # as a Pact Broker has it
    return {"title": title, "type": f"{where}/problem/{kind}", "status": answer.status, "detail": said.get("error", "")}


def _wrong(base: str, key: str | None, sentence: str) -> dict[str, str]:
    """One thing that is wrong; `key` is the field, with dots, or None where it is about no one field."""
    kind = "missing-body-property" if "missing" in sentence else "invalid-body-property-value"
    where = {"pointer": "/" + key.replace(".", "/")} if key is not None else {}
    return {"type": f"{base}/problems/{kind}", "title": "Invalid value", "detail": sentence, **where}
