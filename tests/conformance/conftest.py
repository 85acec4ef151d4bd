"""Brokers to ask over HTTP: the embedded one, and a real one where a command is named that starts one."""

from __future__ import annotations

import contextlib
import pathlib
import socketserver
import sys
import threading
import wsgiref.simple_server
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from tests.conformance import brokers
from tests.conformance.brokers import answering, best_database, pact_broker
from tests.conformance.estate import Estate

from pact_gate import embedded

sys.path.insert(0, str(pathlib.Path(__file__).parent))  # golden.py and its scenarios are a tool of their own as well

HOOK_HOSTS = frozenset({"127.0.0.1", "localhost", "example.org"})  # those that the recorded broker allowed


class _Server(socketserver.ThreadingMixIn, wsgiref.simple_server.WSGIServer):
    daemon_threads = True


class _Handler(wsgiref.simple_server.WSGIRequestHandler):
    def get_environ(self) -> dict[str, object]:
        sent = {"REQUEST_URI": self.path, "CONTENT_TYPE": self.headers.get("Content-Type", "")}
        return {**super().get_environ(), **sent}  # what wsgiref alone leaves out, and what it makes up

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def embedded_broker(tmp_path: pathlib.Path) -> Iterator[str]:
    """The address of an embedded broker on a new file."""
    with served(tmp_path, HOOK_HOSTS) as address:
        yield address


@pytest.fixture
def closed_broker(tmp_path: pathlib.Path) -> Iterator[str]:
    """The same without a host that webhooks may call."""
    with served(tmp_path, frozenset()) as address:
        yield address


@contextlib.contextmanager
def served(folder: pathlib.Path, hosts: frozenset[str]) -> Iterator[str]:
    """Serve an embedded broker on a new file in a folder, and give its address."""
    application = embedded.application(folder / "broker.sqlite3", webhook_hosts=hosts)
    server = wsgiref.simple_server.make_server("127.0.0.1", 0, application, _Server, _Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:  # else a test that fails would leave a thread behind that the run waits for
        server.shutdown()
        server.server_close()
        thread.join()
        application.close()


@pytest.fixture(scope="session")
def real_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real Pact Broker, one for all tests: each scenario has names of its own.

    On SQLite it mixes up documents now and then, and is locked for whoever comes second.
    """
    with best_database() as database, pact_broker(tmp_path_factory.mktemp("pact-broker"), database) as address:
        yield address


@pytest.fixture(scope="module", params=["embedded", "pact-broker"])
def broker_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of each broker in turn, as an input of an action takes it."""
    folder = tmp_path_factory.mktemp("broker")
    if request.param == "embedded":
        yield brokers.embedded_broker(folder)
    else:
        with pact_broker(folder) as url:
            yield url


@pytest.fixture
def read_log(capfd: pytest.CaptureFixture[str]) -> Callable[[], str]:
    """Reads what was written since the last time."""
    return lambda: "".join(capfd.readouterr())


@pytest.fixture
def estate(
    broker_url: str, request: pytest.FixtureRequest, tmp_path: pathlib.Path, read_log: Callable[[], str]
) -> Estate:
    """One test's services at each broker."""
    name = request.node.originalname.removeprefix("test_")
    return Estate(broker_url, name, tmp_path, read_log)


class _Provider(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(self.server.status)  # type: ignore[attr-defined]
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def provider() -> Iterator[ThreadingHTTPServer]:
    """A service that gives each request the status `status`."""
    with answering(_Provider) as server:
        server.status = 200  # type: ignore[attr-defined]
        yield server


class _Keeping(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = b'{"id": "a"}'
        self.send_response(200 if self.path == "/a" else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def keeping_provider() -> Iterator[str]:
    """The address of a provider that keeps the contracts whose content is `a` and no other."""
    with answering(_Keeping) as server:
        yield f"http://127.0.0.1:{server.server_port}"
