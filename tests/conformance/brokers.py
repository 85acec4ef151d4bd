"""Brokers for tests: the embedded one, and a real Pact Broker where a command is named that starts one.

`PACT_BROKER_START` names the command. It takes a port and, where a test has a database for it, that one's address;
serves `http://127.0.0.1:PORT` in the foreground until it is ended, starts empty, and takes what it should ask of its
callers from its environment: PACT_BROKER_BASIC_AUTH_USERNAME with PACT_BROKER_BASIC_AUTH_PASSWORD, or
PACT_BROKER_TEST_TOKEN.
"""

from __future__ import annotations

import http.client
import http.server
import os
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

_START_SECONDS = 60.0
_END_SECONDS = 10.0
_LOOK_SECONDS = 0.1


def embedded_broker(folder: Path) -> str:
    """Give the address of an embedded broker of its own."""
    return f"sqlite:{folder / 'broker.sqlite3'}"


@contextmanager
def pact_broker(folder: Path, database: str = "", **credentials: str) -> Iterator[str]:
    """Start a real Pact Broker and give its address; the test is skipped where nothing can start one."""
    command = os.environ.get("PACT_BROKER_START")
    if not command:
        pytest.skip("PACT_BROKER_START names no command that starts a Pact Broker")
    port = free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PACT_")} | credentials
    words = [*shlex.split(command), str(port), *([database] if database else [])]
    with started(words, port, folder / f"pact-broker-{port}.log", environment):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def started(
    command: Sequence[str], port: int, log: Path, environment: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """Start a broker, wait until it answers at its port, and end it with all that it started."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
            start_new_session=True,
        )
    try:
        _await(process, port, log)
        yield process
    finally:
        _end(process)


@contextmanager
def postgresql() -> Iterator[str]:
    """Start an empty PostgreSQL and give the address of its database; the test is skipped where there is none."""
    if not _has_postgresql():
        pytest.skip("a Pact Broker needs PostgreSQL here (no initdb and pg_ctl): on SQLite it mixes up documents")
    user = "postgres" if os.geteuid() == 0 else None  # PostgreSQL refuses to run as root
    port = free_port()

    def run(*command: str) -> None:
        subprocess.run(command, check=True, cwd="/", user=user, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        if user:
            shutil.chown(folder, user)
        run("initdb", "--auth=trust", "--username=postgres", f"--pgdata={folder}/data")
        options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        run("pg_ctl", f"--pgdata={folder}/data", f"--options={options}", f"--log={folder}/log", "--wait", "start")
        try:
            yield f"postgres://postgres@127.0.0.1:{port}/postgres"
        finally:
            run("pg_ctl", f"--pgdata={folder}/data", "--mode=immediate", "stop")


@contextmanager
def best_database() -> Iterator[str]:
    """Start an empty PostgreSQL where there is one; else give no address: a Pact Broker makes a SQLite file then."""
    if _has_postgresql():
        with postgresql() as address:
            yield address
    else:
        yield ""


def _has_postgresql() -> bool:
    return all(map(shutil.which, ("initdb", "pg_ctl")))


@contextmanager
def reverse_proxy(broker_url: str, prefix: str) -> Iterator[str]:
    """Put a broker under a path, as a proxy does that serves several tools; give the address it has there."""
    with answering(_Proxy) as server:
        server.broker, server.prefix = urlsplit(broker_url), prefix  # type: ignore[attr-defined]
        yield f"http://127.0.0.1:{server.server_port}{prefix}"


@contextmanager
def answering(handler: type[http.server.BaseHTTPRequestHandler]) -> Iterator[http.server.ThreadingHTTPServer]:
    """Answer requests at a free port of this machine."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


class _Proxy(http.server.BaseHTTPRequestHandler):
    """Passes a request on without the prefix, and says in the usual headers what it was sent to."""

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        broker, prefix = self.server.broker, self.server.prefix  # type: ignore[attr-defined]
        if not self.path.startswith(prefix):
            self.send_error(404)
            return
        headers = {name: ", ".join(self.headers.get_all(name, [])) for name in self.headers}
        headers |= {"X-Forwarded-Script-Name": prefix, "X-Script-Name": prefix}
        connection = http.client.HTTPConnection(broker.hostname, broker.port, timeout=60)
        connection.request(self.command, self.path.removeprefix(prefix) or "/", body or None, headers)
        answer = connection.getresponse()
        content = answer.read().replace(
            f"http://{self.headers['Host']}/".encode(), f"http://{self.headers['Host']}{prefix}/".encode()
        )
        connection.close()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("content-length", "transfer-encoding", "connection", "date", "server"):
                self.send_header(name, value)
        if answer.status != 204:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815 - the names that http.server calls

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def free_port() -> int:
    """Give a port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _await(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Wait until the broker answers, whatever it says: one that wants to know who is asking is there as well."""
    end = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < end:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_START_SECONDS)
        try:
            connection.request("GET", "/", headers={"Accept": "application/hal+json"})
            connection.getresponse()
        except OSError:
            time.sleep(_LOOK_SECONDS)
        else:
            return
        finally:
            connection.close()
    pytest.fail(f"The broker did not start:\n{log.read_text(errors='replace')[-2000:]}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End it with all that it started."""
    os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(_END_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(_END_SECONDS)
