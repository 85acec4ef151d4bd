"""A GitHub on loopback: its REST API with state, and the storage that it sends its callers to."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from tests.github import endpoints  # noqa: F401 - registers the routes
from tests.github.calls import Call, Refusal, admit, find
from tests.github.state import SLOW, Answer, Artifact, GitHub, Request

_RATE = {"x-ratelimit-limit": "5000", "x-ratelimit-remaining": "4999", "x-ratelimit-used": "1"}
_HOUR = 3600


class FakeGitHub:
    """Serves a GitHub; `github` may be changed for another between two tests."""

    def __init__(self) -> None:
        self._api = _Server(_Api)
        self._storage = _Server(_Storage)
        self._api.fake = self._storage.fake = self
        self.url = f"http://127.0.0.1:{self._api.server_port}"
        self.storage_url = f"http://127.0.0.1:{self._storage.server_port}"
        self.github = self.new()
        for server in (self._api, self._storage):
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def new(self, url: str | None = None) -> GitHub:
        """Start again with an empty GitHub; `url` is where callers ask it, if not here."""
        self.github = GitHub(url or self.url, self.storage_url)
        return self.github

    def close(self) -> None:
        """End it."""
        for server in (self._api, self._storage):
            server.shutdown()
            server.server_close()


@contextmanager
def fake_github() -> Iterator[GitHub]:
    """Serve a new GitHub for a while; what its workflows raised comes out at the end."""
    fake = FakeGitHub()
    try:
        yield fake.github
        fake.github.end()
    finally:
        fake.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    fake: FakeGitHub

    def __init__(self, handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(("127.0.0.1", 0), handler)

    def handle_error(self, *_: Any) -> None:
        """Say nothing of callers that hang up."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # an answer is sent as one piece
    server: _Server

    def log_message(self, *_: Any) -> None:
        """Say nothing; what was asked is in `GitHub.requests`."""

    def send(self, answer: Answer) -> None:
        raw = isinstance(answer.body, bytes)
        content = answer.body if raw else b"" if answer.body is None else json.dumps(answer.body).encode()
        self.send_response(answer.status)
        given = {"Content-Type": "application/json; charset=utf-8"} if not raw and content else {}
        if answer.status != 204:
            given["Content-Length"] = str(len(content))
        for name, value in (given | dict(answer.headers)).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


class _Api(_Handler):
    def answer(self) -> None:
        """Answer a request, or make the trouble that was ordered for it."""
        github = self.server.fake.github
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = urlsplit(self.path).path
        with github.lock:
            trouble = next((each for each in github.troubles if each.meets(self.command, path)), None)
            if trouble:
                trouble.times -= 1
            untroubled = not trouble or trouble.took_effect or trouble.answer is SLOW
            answer = self._answer(github, body) if untroubled else None
        if trouble:
            time.sleep(trouble.seconds)
            answer = answer if trouble.answer is SLOW else trouble.answer
        self._log(github, body, answer)
        if answer:
            self.send(Answer(answer.status, answer.body, _rate(answer)))
        else:
            self._drop()

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = answer  # noqa: N815 - http.server's names

    def _secret(self) -> str | None:
        kind, _, secret = self.headers.get("Authorization", "").partition(" ")
        return secret if kind.lower() in ("bearer", "token") else kind or None

    def _answer(self, github: GitHub, body: bytes) -> Answer:
        try:
            return self._call(github, body)
        except Refusal as refusal:
            return refusal.answer

    def _call(self, github: GitHub, body: bytes) -> Answer:
        parts = urlsplit(self.path)
        if not self.headers.get("User-Agent"):
            raise Refusal(403, "Request forbidden by administrative rules. Please set a User-Agent header.")
        found = find(self.command, parts.path)
        if not found:
            raise Refusal(501, f"The fake GitHub knows no {self.command} {parts.path}: add it to endpoints.py.")
        route, named = found
        repository, token = admit(github, route, named, self._secret())
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        return route.handler(Call(github, repository, token, parts.path, named, query, _json(body)))

    def _log(self, github: GitHub, body: bytes, answer: Answer | None) -> None:
        parts = urlsplit(self.path)
        read: Any = None
        with suppress(ValueError):
            read = json.loads(body) if body else None
        status = answer.status if answer else 0
        github.requests.append(Request(self.command, parts.path, parts.query, status, self._secret(), read))

    def _drop(self) -> None:
        self.close_connection = True
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)


def _json(body: bytes) -> dict[str, Any]:
    try:
        read = json.loads(body) if body else {}
    except ValueError:
        raise Refusal(400, "Problems parsing JSON") from None
    if read is not None and not isinstance(read, dict):
        raise Refusal(400, "Body should be a JSON object")
    return read or {}


def _rate(answer: Answer) -> dict[str, str]:
    return _RATE | {"x-ratelimit-reset": str(int(time.time()) + _HOUR)} | dict(answer.headers)


class _Storage(_Handler):
    """Another host, with addresses that hold their own permission: a token sent there is refused, as Azure does."""

    def do_PUT(self) -> None:
        """Keep an artifact at /runs/ID/artifacts/NAME. How a runner uploads one is no part of the API."""
        _, _, run_id, _, name = self.path.split("/")
        content = self.rfile.read(int(self.headers["Content-Length"]))
        github = self.server.fake.github
        with github.lock:
            runs = [run for each in github.repositories.values() for run in each.runs if run.id == int(run_id)]
            runs[0].artifacts.append(Artifact(unquote(name), content, id=github.next_id()))
        self.send(Answer(204))

    def do_GET(self) -> None:
        stored = self.server.fake.github.stored.get(self.path)
        if self.headers.get("Authorization"):
            self.send(
                Answer(
                    400, b"<Error><Code>InvalidAuthenticationInfo</Code></Error>", {"Content-Type": "application/xml"}
                )
            )
        elif not stored:
            self.send(Answer(404, b"<Error><Code>BlobNotFound</Code></Error>", {"Content-Type": "application/xml"}))
        else:
            self.send(Answer(200, stored[0], {"Content-Type": stored[1]}))
