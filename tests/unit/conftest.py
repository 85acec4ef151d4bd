"""What several unit tests share: a clock that nobody waits for, servers that may misbehave, the command line."""

from __future__ import annotations

import json
import os
import socketserver
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests

from pact_gate.__main__ import main
from pact_gate.broker.client import Broker
from pact_gate.broker.http import Http
from pact_gate.broker.wsgi import WsgiAdapter
from pact_gate.commands.step import Step
from pact_gate.connect import connect_github
from pact_gate.github.runner import Runner
from pact_gate.model.commit import Commit
from pact_gate.settings.github import GitHubSettings
from pact_gate.transport import Clock


@dataclass
class FakeTime:
    """Time that passes only where somebody sleeps. `slept` are the pauses, in seconds."""

    now: float = 0.0
    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    @property
    def clock(self) -> Clock:
        return Clock(now=lambda: self.now, sleep=self.sleep)


@pytest.fixture
def time() -> FakeTime:
    return FakeTime()


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


Answer = bytes | Iterable[bytes]


class Server(socketserver.ThreadingTCPServer):
    """A server on loopback that sends the bytes it is told to, well-formed or not, and keeps what it was asked."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, answer: Callable[[Request], Answer]) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.answer = answer
        self.requests: list[Request] = []
        self.ended = threading.Event()

    @property
    def port(self) -> int:
        return self.server_address[1]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def paths(self) -> list[str]:
        return [f"{request.method} {request.path}" for request in self.requests]

    def handle_error(self, *_: object) -> None:
        """A client that hangs up early is what many of these tests are about."""


class _Connection(socketserver.StreamRequestHandler):
    server: Server

    def handle(self) -> None:
        method, path, _ = self.rfile.readline().decode().split(" ", 2)
        headers = {}
        while line := self.rfile.readline().strip().decode():
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        request = Request(method, path, headers, self.rfile.read(int(headers.get("content-length", 0))))
        self.server.requests.append(request)
        answer = self.server.answer(request)
        for piece in (answer,) if isinstance(answer, bytes) else answer:
            self.wfile.write(piece)


@pytest.fixture
def serve() -> Iterator[Callable[[Callable[[Request], Answer]], Server]]:
    """Start servers; all of them end with the test."""
    servers: list[Server] = []

    def start(answer: Callable[[Request], Answer]) -> Server:
        server = Server(answer)
        servers.append(server)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return server

    yield start
    for server in servers:
        server.ended.set()
        server.shutdown()
        server.server_close()


def _http(status: int = 200, body: object = b"", **headers: str) -> bytes:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    kind = {} if isinstance(body, bytes) else {"Content-Type": "application/hal+json"}
    named = {"Content-Length": str(len(content)), "Connection": "close"} | kind
    named |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"HTTP/1.1 {status} -", *(f"{name}: {value}" for name, value in named.items() if value), "", ""]
    return "\r\n".join(lines).encode() + content


@pytest.fixture
def http() -> Callable[..., bytes]:
    """Make an answer: `http(status, body, Header_Name="value")`; an empty value leaves the header out."""
    return _http


@dataclass(frozen=True)
class Ended:
    """How a command line ended: its exit code, what it printed, and its step's outputs."""

    code: int
    text: str
    outputs: dict[str, str]
    summary: str


@pytest.fixture
def pact_gate(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> Callable[..., Ended]:
    """Run a command line in an empty folder, in an environment that holds no more than is named."""
    for name in [*os.environ]:
        if name.startswith(("PACT_", "GITHUB_", "RUNNER_", "INPUT_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    files = {"GITHUB_OUTPUT": tmp_path / ".output", "GITHUB_STEP_SUMMARY": tmp_path / ".summary"}

    def run(*words: str, **environment: str) -> Ended:
        for name, value in ({name: str(path) for name, path in files.items()} | environment).items():
            monkeypatch.setenv(name, value)
        for path in files.values():
            path.write_bytes(b"")
        capfd.readouterr()
        code = main(words)
        printed = capfd.readouterr()
        return Ended(
            code,
            printed.out + printed.err,
            _outputs(files["GITHUB_OUTPUT"]),
            files["GITHUB_STEP_SUMMARY"].read_text("utf-8"),
        )

    return run


def _outputs(path: Path) -> dict[str, str]:
    """Read GITHUB_OUTPUT as the runner does: `name<<mark`, lines, `mark`."""
    found: dict[str, str] = {}
    lines = iter(path.read_text(encoding="utf-8").splitlines())
    for line in lines:
        name, _, mark = line.partition("<<")
        value = []
        while (line := next(lines)) != mark:
            value.append(line)
        found[name] = "\n".join(value)
    return found


SHA = "a" * 40


@dataclass
class Local:
    """The embedded broker in this process, which counts what it is asked."""

    database: Path
    clock: Clock
    requests: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        from pact_gate.embedded import application  # noqa: PLC0415 - only these tests need its tier

        self.application = application(self.database)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        self.requests.append(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}")
        return self.application(environ, start_response)

    @property
    def client(self) -> Broker:
        """A new client, as each step has its own."""
        session = requests.Session()
        session.mount("http://local.invalid", WsgiAdapter(self))
        return Broker(Http("http://local.invalid", session, timeout=5, clock=self.clock))

    def step(self, folder: Path, *, version: str = SHA, branch: str | None = "feat/x") -> Step:
        commit = Commit(version, branch, build_url="https://ci.example/1")
        return Step(
            Runner({}),
            connect=lambda: self.client,
            connect_github=lambda _: connect_github(GitHubSettings()),
            find_commit=lambda: commit,
            folder=folder,
            clock=self.clock,
        )


@pytest.fixture
def local(tmp_path: Path, time: FakeTime) -> Iterator[Local]:
    broker = Local(tmp_path / "broker.sqlite3", time.clock)
    yield broker
    broker.application.close()


@pytest.fixture
def write_pact(tmp_path: Path) -> Callable[..., Path]:
    """Write a pact file: `write_pact("orders", "products", description=..., path=...)`."""

    def write(consumer: str, provider: str, *, path: str = "", description: str = "a product", **response: Any) -> Path:
        file = tmp_path / "pacts" / (path or f"{consumer}-{provider}.json")
        file.parent.mkdir(exist_ok=True)
        file.write_text(
            json.dumps(
                {
                    "consumer": {"name": consumer},
                    "provider": {"name": provider},
                    "interactions": [
                        {
                            "description": description,
                            "request": {"method": "GET", "path": "/products/1"},
                            "response": {"status": 200} | response,
                        }
                    ],
                    "metadata": {"pactSpecification": {"version": "2.0.0"}},
                }
            )
        )
        return file

    return write
