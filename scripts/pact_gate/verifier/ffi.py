"""pact-python's verifier, run without a trace: no telemetry, nothing in the step's log, no thread left waiting.

The verifier is a Rust library (the FFI) that writes its progress, with the pact's own texts, straight to the process's
standard output. In GitHub Actions that would let a pact's description give commands to the runner.
"""

from __future__ import annotations

import logging
import os
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pact_gate.verifier.web import LOOPBACK

if TYPE_CHECKING:
    from pact import Verifier

_TOLD = 2_000  # characters of what the FFI said about its own failure


@dataclass(frozen=True)
class Replay:
    """What one run found: the verifier's own results document, and why there is none to go by, or nothing."""

    results: dict[str, Any]
    failure: str = ""


class _Messages(logging.Handler):
    """Keeps the FFI's error messages, which say why it broke, and keeps all others from the log."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno >= logging.ERROR:
            self.texts.append(record.getMessage())


_messages = _Messages()


def new_verifier(provider: str, host: str) -> Verifier:
    """Return a verifier that reports nothing to anyone (https://docs.pact.io/telemetry).

    It is imported here, so that only those who verify need pact-python.
    """
    os.environ["PACT_DO_NOT_TRACK"] = "true"
    log = logging.getLogger("pact")
    if _messages not in log.handlers:
        log.addHandler(_messages)
        log.propagate = False
        # The FFI forwards at the level that this logger has when the first verifier is made.
        logging.getLogger("pact.ffi").setLevel(logging.ERROR)
    from pact import Verifier  # noqa: PLC0415

    return Verifier(provider, host=host).set_coloured_output(enabled=False)


def replay(verifier: Verifier) -> Replay:
    """Run `verifier` to its end. Only one may run at a time: standard output and environment are the process's."""
    _messages.texts.clear()
    with tempfile.TemporaryFile() as spill:
        with _spilling_into(spill.fileno()), _loopback_without_proxy():
            broken = _in_a_thread(verifier.verify)
        spill.seek(0)
        written = spill.read(_TOLD).decode(errors="replace").strip()
    results: dict[str, Any] = verifier.results
    if broken is not None and not results.get("errors"):
        # A panic in the FFI leaves the results of nothing, and they say that all is well.
        return Replay({}, _messages.texts[-1] if _messages.texts else written or str(broken))
    return Replay(results)


def _in_a_thread(run: Callable[[], object]) -> RuntimeError | None:
    """Run it where Ctrl-C and SIGTERM need not wait for it: Python handles signals between calls into the FFI only."""
    raised: list[RuntimeError] = []

    def work() -> None:
        try:
            run()
        except RuntimeError as error:  # pact-python raises this for failed interactions and for everything else
            raised.append(error)

    thread = threading.Thread(target=work, name="pact-gate verifier", daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(0.2)
    return raised[0] if raised else None


@contextmanager
def _spilling_into(file: int) -> Iterator[None]:
    """Let standard output and error go to `file`, for everything in this process."""
    sys.stdout.flush()
    sys.stderr.flush()
    kept = [(number, os.dup(number)) for number in (1, 2)]
    try:
        for number, _ in kept:
            os.dup2(file, number)
        yield
    finally:
        for number, copy in kept:
            os.dup2(copy, number)
            os.close(copy)


@contextmanager
def _loopback_without_proxy() -> Iterator[None]:
    """The FFI would ask the environment's proxy even for this machine's own addresses."""
    before = {name: os.environ.get(name) for name in ("NO_PROXY", "no_proxy")}
    listed = before["no_proxy"] or before["NO_PROXY"]
    os.environ.update(dict.fromkeys(before, ",".join([*filter(None, [listed]), *LOOPBACK])))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
