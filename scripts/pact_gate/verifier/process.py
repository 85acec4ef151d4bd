"""The provider's process: started, waited for, watched, and ended with all of its children."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType, TracebackType
from typing import IO, NoReturn, Self

from pact_gate.model.errors import ProviderError
from pact_gate.settings.inputs import environment_of_others
from pact_gate.verifier.web import checked_url, reason, send, shown_url

_PAUSE = 0.1  # seconds between two questions whether it is ready
_ANSWER = 2.0  # seconds that one such answer may take
_SETTLE = 0.2  # seconds in which a process that broke off its connections is gone as well
_SIGKILL = getattr(signal, "SIGKILL", signal.SIGTERM)  # Windows has none and needs none
_TAIL = 64 * 1024  # bytes of the log's end that are looked at
_LINES_TOLD = 20  # lines of the log in an error


class ProviderProcess:
    """Runs the provider while it is entered. Entering waits until `ready_url` answers with a status below 500.

    The command may stay, as a server does, or start something in the background and exit with 0. Its processes are
    one process group, which is ended at the end; what leaves that group (a daemon, a container) stays. Without a
    command the provider is somebody else's: entering only waits for it.

    Args:
        command: What the user's shell runs in the working directory, as a `run:` step would; or None.
        ready_url: Where to ask.
        ready_timeout: Seconds until it has to answer.
        grace: Seconds between asking the processes to end (SIGTERM) and ending them (SIGKILL).

    Raises:
        InputError: `ready_url` is no URL.
    """

    def __init__(self, command: str | None, ready_url: str, ready_timeout: float, *, grace: float = 5.0) -> None:
        checked_url(ready_url, "ready-url")
        self._command = command
        self._ready_url = ready_url
        self._ready_timeout = ready_timeout
        self._grace = grace
        self._process: subprocess.Popen[bytes] | None = None
        self._watched = False
        self._log: Path | None = None

    def __enter__(self) -> Self:
        """Start the provider and wait for it.

        Raises:
            ProviderError: It could not be started, ended or did not answer in time, or another process answers there.
        """
        with contextlib.ExitStack() as undo:
            if self._command:
                self._refuse_another()
                folder = undo.enter_context(
                    tempfile.TemporaryDirectory(prefix="pact-gate-", ignore_cleanup_errors=True)
                )
                self._log = Path(folder, "provider.log")
                undo.enter_context(_sigterm_unwinds())
                undo.callback(self._end)
                self._start(self._command)
            self._wait()
            self._watched = self._runs()
            self._undo = undo.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End the provider, whatever happened."""
        self._undo.close()

    def alive(self) -> bool:
        """Say whether the provider still runs. One that was not started here, or left its group, is taken to."""
        return self._runs() if self._watched else True

    def ensure_alive(self) -> None:
        """Ask after a failed verification: the provider's end is then the news, not each connection that failed.

        Raises:
            ProviderError: It ended.
        """
        until = time.monotonic() + _SETTLE
        while self.alive():
            if time.monotonic() >= until:
                return
            time.sleep(_SETTLE / 10)
        self._raise(f"The provider ended{self._exit()} while it was verified.", "Find out from its log what ended it.")

    def log_tail(self, lines: int = 50) -> str:
        """Return the last lines that the processes wrote, nothing in them escaped; none when it is not entered."""
        if self._log is None or not self._log.exists():
            return ""
        with self._log.open("rb") as log:
            return _end(log, lines)

    def _refuse_another(self) -> None:
        with contextlib.suppress(OSError):
            status = send(self._ready_url, timeout=_ANSWER).status
            raise ProviderError(
                f"{shown_url(self._ready_url)} answered {status} before the provider was started: "
                "another process would be verified in its place.",
                "End what listens there, or leave `start` out to verify the provider that runs there.",
            )

    def _start(self, command: str) -> None:
        assert self._log is not None  # noqa: S101 - set by __enter__
        try:
            with self._log.open("ab") as log:
                self._process = subprocess.Popen(  # noqa: S603 - the user's own command is what is asked for
                    _shell(command),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    env=environment_of_others(os.environ),
                    start_new_session=True,
                )
        except OSError as error:
            raise ProviderError(
                f"The provider could not be started: {error.strerror or error}.", "Mend the command in `start`."
            ) from error

    def _wait(self) -> None:
        until = time.monotonic() + self._ready_timeout
        while True:
            heard = self._ask()
            code = self._process.poll() if self._process else None
            if code:
                self._raise(
                    f"The provider ended{self._exit()} before {shown_url(self._ready_url)} answered.",
                    "Mend the command in `start`, which runs in the working directory of the step.",
                )
            if heard is None:
                return
            if time.monotonic() >= until:
                self._raise(
                    f"The provider was not ready within {self._ready_timeout:g} s: "
                    f"{shown_url(self._ready_url)}: {heard}.",
                    "Check `ready-url` (without it `provider-url` is asked), or give it more time with `ready-timeout`."
                    if self._process
                    else "Start the provider before this step, or give the command that starts it as `start`.",
                )
            time.sleep(_PAUSE)

    def _ask(self) -> str | None:
        """Return why the provider is not ready, or None."""
        try:
            status = send(self._ready_url, timeout=_ANSWER).status
        except OSError as error:
            return reason(error, _ANSWER)
        return f"it answered {status}" if status >= 500 else None  # noqa: PLR2004 - the server errors

    def _exit(self) -> str:
        code = self._process.poll() if self._process else None
        if code is None:
            return ""
        return f" with exit code {code}" if code >= 0 else f" by signal {-code}"

    def _raise(self, cause: str, next_step: str) -> NoReturn:
        tail = self.log_tail(_LINES_TOLD)
        raise ProviderError(f"{cause} Its last lines:\n{tail}\n" if tail else cause, next_step)

    def _runs(self) -> bool:
        if self._process is None:
            return False
        return self._process.poll() is None or _group_runs(self._process.pid)

    def _end(self) -> None:
        if self._process is None:
            return
        try:
            if self._runs():
                _signal_group(self._process.pid, signal.SIGTERM)
            until = time.monotonic() + self._grace
            while self._runs() and time.monotonic() < until:
                time.sleep(_PAUSE / 5)
        finally:
            if self._runs():
                _signal_group(self._process.pid, _SIGKILL)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(self._grace)


def output_of(command: str, seconds: float) -> tuple[int | None, bytes, str]:
    """Run a command of the user's in the working directory, and end it with its children after its time.

    Returns:
        Its exit code (None where it did not end in time), what it printed, and the end of what it said on standard
        error.
    """
    with tempfile.TemporaryFile() as printed, tempfile.TemporaryFile() as said:
        code = _run_to_end(command, seconds, None, printed, said)
        printed.seek(0)
        return code, printed.read(), _end(said, _LINES_TOLD)


def run_to_end(command: str, seconds: float, folder: Path) -> tuple[int | None, str]:
    """Run a command of the user's in a folder, and end it with its children after its time.

    Returns:
        Its exit code (negative for the signal that ended it, None where it did not end in time), and the end of what
        it wrote.

    Raises:
        OSError: it could not be started.
    """
    with tempfile.TemporaryFile() as written:
        return _run_to_end(command, seconds, folder, written, subprocess.STDOUT), _end(written, _LINES_TOLD)


def _run_to_end(
    command: str, seconds: float, folder: Path | None, stdout: IO[bytes], stderr: IO[bytes] | int
) -> int | None:
    with _sigterm_unwinds():
        process = subprocess.Popen(  # noqa: S603 - the user's own command is what is asked for
            _shell(command),
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            cwd=folder,
            env=environment_of_others(os.environ),
            start_new_session=True,
        )
        try:
            with contextlib.suppress(subprocess.TimeoutExpired):
                return process.wait(seconds)
            return None
        finally:
            _signal_group(process.pid, _SIGKILL)
            process.wait()


def _end(log: IO[bytes], lines: int) -> str:
    """Return the last lines of a log, nothing in them escaped."""
    log.seek(max(0, log.seek(0, os.SEEK_END) - _TAIL))
    return "\n".join(log.read().decode(errors="replace").splitlines()[-lines:])


def _group_runs(group: int) -> bool:
    """Say whether a process of the group runs, other than one that ended and was not collected.

    In a job's container nobody collects what lost its parent, so that a signal would find it for ever.
    """
    if sys.platform == "win32":
        return False  # there are no groups: its children count as its own only while it runs
    if not Path("/proc/self/stat").exists():  # macOS
        return _signal_group(group, 0)
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it ended meanwhile
            # "pid (command) state parent group ..." (proc_pid_stat(5)); the command may hold anything.
            state, _, its_group = stat.read_text(errors="replace").rpartition(")")[2].split()[:3]
            if int(its_group) == group and state not in "ZX":
                return True
    return False


def _signal_group(group: int, number: int) -> bool:
    """Send a signal to all processes of the group and say whether there were any."""
    if sys.platform == "win32":
        kill = ["taskkill", "/T", "/F", "/PID", str(group)]
        return subprocess.run(kill, capture_output=True, check=False).returncode == 0  # noqa: S603 - no text of others
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return False
    except PermissionError:  # there are, under another user
        return True
    return True


def _shell(command: str) -> list[str]:
    """Return what runs a command as a `run:` step with `shell: bash` does: it ends at the first that fails.

    Source: https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idstepsshell
    """
    bash = shutil.which("bash")
    if bash:
        return [bash, "-e", "-o", "pipefail", "-c", command]
    return ["cmd", "/D", "/S", "/C", command] if sys.platform == "win32" else ["sh", "-e", "-c", command]


@contextlib.contextmanager
def _sigterm_unwinds() -> Iterator[None]:
    """Let SIGTERM (a cancelled job) end this process as Ctrl-C does: through every `finally`."""
    in_main = threading.current_thread() is threading.main_thread()
    if not in_main or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, _unwind)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _unwind(number: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(128 + number)
