"""The provider's process, with real processes: how it gets ready, how it fails, and that nothing of it stays."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from pact_gate.model.errors import InputError, ProviderError
from pact_gate.verifier.process import ProviderProcess

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="its processes are ended by signals")

# A provider: answers each request with the status of its second argument, and writes its process id.
SERVER = """
import http.server, os, signal, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/die":
            os._exit(7)
        self.send_response(int(sys.argv[2])); self.end_headers()
if len(sys.argv) > 3:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("pid", os.getpid(), flush=True)
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@pytest.fixture
def server(tmp_path: Path, port: int) -> Callable[..., str]:
    """The command of a provider."""
    script = tmp_path / "server.py"
    script.write_text(SERVER)

    def command(status: int = 200, *more: str) -> str:
        return shlex.join([sys.executable, "-S", str(script), str(port), str(status), *more])

    return command


def listens(port: int) -> bool:
    with contextlib.suppress(OSError):
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    return False


def gone(pid: int) -> bool:
    """Say within two seconds whether a process has ended, even if nobody has collected its exit code yet."""
    for _ in range(100):
        asked = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
        if asked.stdout.strip()[:1] in ("", "Z"):
            return True
        time.sleep(0.02)
    return False


def test_a_provider_is_ready_when_it_answers_and_gone_afterwards(server: Callable[..., str], port: int) -> None:
    with ProviderProcess(server(404), f"http://127.0.0.1:{port}/", 10) as provider:
        assert listens(port)
        assert provider.alive()
        provider.ensure_alive()
        assert provider.log_tail().startswith("pid ")
    assert not listens(port)


def test_what_is_left_out_is_waited_for_and_left_running(port: int) -> None:
    """Without a command the provider may become ready while it is waited for; it is nobody's to end."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200 if len(asked) > 2 else 503)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        with ProviderProcess(None, f"http://127.0.0.1:{port}/ready", 10) as provider:
            assert len(asked) == 3
            assert provider.alive()
            assert provider.log_tail() == ""
        assert listens(port)
        running.shutdown()
        thread.join()


def test_a_provider_that_is_never_ready_is_given_up_with_its_log(server: Callable[..., str], port: int) -> None:
    url = f"http://127.0.0.1:{port}/"
    with (
        pytest.raises(ProviderError, match=r"not ready within 0\.5 s") as caught,
        ProviderProcess(server(503), url, 0.5),
    ):
        pass
    assert caught.value.exit_code == 2
    assert f"{url}: " in caught.value.cause
    assert "ready-timeout" in caught.value.next_step
    assert not listens(port)


def test_a_provider_that_ends_at_once_is_told_at_once_with_its_last_lines(port: int) -> None:
    command = "seq 100 | sed 's/^/line /'; echo 'no \"DATABASE_URL\"' >&2; exit 3"
    started = time.monotonic()
    with pytest.raises(ProviderError, match="exit code 3") as caught:
        ProviderProcess(command, f"http://127.0.0.1:{port}/", 30).__enter__()
    assert time.monotonic() - started < 5
    assert caught.value.cause.endswith('line 100\nno "DATABASE_URL"\n')
    assert "line 80\n" not in caught.value.cause


def test_the_command_runs_like_a_run_step(port: int) -> None:
    """It ends at the first command that fails, in a pipe as well."""
    with pytest.raises(ProviderError, match="exit code 1") as caught:
        ProviderProcess("echo first\nfalse | cat\necho second", f"http://127.0.0.1:{port}/", 30).__enter__()
    assert "first" in caught.value.cause
    assert "second" not in caught.value.cause


def test_another_process_is_not_taken_for_the_provider(server: Callable[..., str], port: int, tmp_path: Path) -> None:
    with (
        running(server(500), port),
        pytest.raises(ProviderError, match=r"answered 500 before the provider was started") as caught,
    ):
        ProviderProcess(f"touch {tmp_path}/started", f"http://127.0.0.1:{port}/?token=s3cret", 5).__enter__()
    assert "s3cret" not in str(caught.value)
    assert not (tmp_path / "started").exists()


@contextlib.contextmanager
def running(command: str, port: int) -> Iterator[None]:
    with subprocess.Popen(shlex.split(command), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while not listens(port):
            time.sleep(0.02)
        yield
        process.kill()


def test_a_provider_that_ends_while_it_is_verified_is_told(server: Callable[..., str], port: int) -> None:
    with ProviderProcess(server(), f"http://127.0.0.1:{port}/", 10) as provider:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(b"GET /die HTTP/1.0\r\n\r\n")
            client.recv(1)
        with pytest.raises(ProviderError, match="ended with exit code 7 while it was verified") as caught:
            provider.ensure_alive()
        assert not provider.alive()
    assert "pid " in caught.value.cause


def test_children_and_grandchildren_end_with_the_provider(server: Callable[..., str], port: int) -> None:
    command = f"(sleep 60 & echo child $!; exec sleep 60) & {server()}; true"
    with ProviderProcess(command, f"http://127.0.0.1:{port}/", 10) as provider:
        pids = [int(word) for word in provider.log_tail().split() if word.isdigit()][:2]
        assert len(pids) == 2
    assert all(gone(pid) for pid in pids)


def test_a_provider_started_in_the_background_is_watched_and_ended(server: Callable[..., str], port: int) -> None:
    with ProviderProcess(f"{server()} &", f"http://127.0.0.1:{port}/", 10) as provider:
        assert provider.alive()
        pid = int(provider.log_tail().split()[1])
    assert gone(pid)


def test_a_provider_that_ignores_sigterm_is_killed(server: Callable[..., str], port: int) -> None:
    with ProviderProcess(server(200, "stubborn"), f"http://127.0.0.1:{port}/", 10, grace=0.2) as provider:
        pid = int(provider.log_tail().split()[1])
    assert gone(pid)


def test_a_provider_may_end_in_peace(port: int, tmp_path: Path, server: Callable[..., str]) -> None:
    """SIGTERM comes first, and what the provider does then is waited for."""
    command = f"trap 'sleep 0.1; touch {tmp_path}/closed; exit 0' TERM; {server()} & wait"
    with ProviderProcess(command, f"http://127.0.0.1:{port}/", 10):
        pass
    assert (tmp_path / "closed").exists()


def test_what_is_this_steps_is_not_given_to_the_provider(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither its inputs, nor who it is at the broker, nor how it speaks to the runner."""
    names = ("PACT_GATE_BROKER_TOKEN", "PACT_BROKER_TOKEN", "PACT_BROKER_PASSWORD", "GITHUB_OUTPUT", "GITHUB_ENV")
    for name in names:
        monkeypatch.setenv(name, "s3cret")
    monkeypatch.setenv("SOMETHING_ELSE", "kept")
    with pytest.raises(ProviderError) as caught:
        ProviderProcess("env | grep -e s3cret -e ^SOME; exit 1", f"http://127.0.0.1:{port}/", 10).__enter__()
    assert "SOMETHING_ELSE=kept" in caught.value.cause
    assert "s3cret" not in caught.value.cause


def test_the_log_is_bounded_and_keeps_what_is_no_text(port: int, server: Callable[..., str]) -> None:
    command = f"head -c 300000 /dev/zero | tr '\\0' x; printf '\\n\\377 ::error::x\\n'; {server()}"
    with ProviderProcess(command, f"http://127.0.0.1:{port}/", 10) as provider:
        told = provider.log_tail(4)
    assert "\n\ufffd ::error::x\npid " in told
    assert len(told) < 70_000


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_nothing_stays_when_the_step_is_cancelled(
    number: signal.Signals, server: Callable[..., str], port: int, tmp_path: Path
) -> None:
    """Even while the verifier waits for an answer, which Python alone cannot interrupt."""
    pytest.importorskip("pact_ffi", reason="the verify tier is not installed")
    step = tmp_path / "step.py"
    step.write_text(STEP)
    scripts = Path(__file__).parents[2] / "scripts"
    command = [sys.executable, str(step), server(), str(port)]
    with subprocess.Popen(
        command, env={**os.environ, "PYTHONPATH": str(scripts)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        pid = int(process.stdout.readline())
        assert process.stdout.readline() == b"asked\n"
        process.send_signal(number)
        process.communicate(timeout=10)
    assert process.returncode in (143, 130, -signal.SIGINT)
    assert gone(pid)


# A step that verifies a provider which hangs; it says when the verifier has sent its request.
STEP = """
import json, os, socket, sys, threading
from pact_gate.verifier.pacts import ProviderAddress, verify_pact
from pact_gate.verifier.process import ProviderProcess
hanging = socket.create_server(("127.0.0.1", 0))
said = os.fdopen(os.dup(1), "w", buffering=1)
def wait():
    client, _ = hanging.accept()
    said.write("asked\\n")
    threading.Event().wait(20)
threading.Thread(target=wait, daemon=True).start()
pact = {"consumer": {"name": "c"}, "provider": {"name": "p"}, "metadata": {"pactSpecification": {"version": "4.0"}},
        "interactions": [{"type": "Synchronous/HTTP", "description": "d", "request": {"method": "GET", "path": "/"},
                          "response": {"status": 200}}]}
with ProviderProcess(sys.argv[1], "http://127.0.0.1:" + sys.argv[2], 10) as provider:
    said.write(provider.log_tail().split()[1] + "\\n")
    url = "http://127.0.0.1:%d" % hanging.getsockname()[1]
    verify_pact(json.dumps(pact).encode(), ProviderAddress("p", url=url, timeout=30))
"""


def test_a_ready_url_that_is_none_is_refused() -> None:
    with pytest.raises(InputError, match="ready-url"):
        ProviderProcess(None, "localhost:8000", 1)
