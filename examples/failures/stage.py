"""What the cases are played on: commands run for real, each held against what it must answer."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

HERE = Path(__file__).resolve().parent
PACT_GATE = HERE.parents[1] / "scripts" / "pact-gate"
_WIDTH = 110
_READY = 20  # seconds


class OtherwiseError(Exception):
    """A command answered something else than it must."""


@dataclass
class Stage:
    """A folder that all happens in. Every answer that is printed was read from the command's own output."""

    folder: Path
    played: int = 0

    def case(self, title: str, what: str) -> None:
        """Begin a case: its title as the document of failures has it, and what is broken here."""
        self.played += 1
        print()
        _say(f"{self.played}. {title}")
        _say(what, indent=3)

    def plain(self, what: str, command: Sequence[str | Path], *, code: int, says: Sequence[str]) -> None:
        """Run what a team has without this project."""
        self._run(f"Plain Pact, {what}", command, code=code, says=says)

    def real(self, what: str, command: Sequence[str | Path], *, code: int, says: Sequence[str]) -> None:
        """Run what production runs."""
        self._run(f"In production, {what}", command, code=code, says=says)

    def ours(self, what: str, *words: str | Path, code: int, says: Sequence[str]) -> None:
        """Run a command of this project."""
        self._run(f"pact-gate, {what}", [PACT_GATE, *words], code=code, says=says)

    def mended(self, what: str, *words: str | Path, code: int = 0, says: Sequence[str]) -> None:
        """Run a command of this project on what was mended."""
        self._run(f"Mended, {what}", [PACT_GATE, *words], code=code, says=says)

    def prepare(self, *command: str | Path) -> None:
        """Run what has to be there before; it is not told."""
        self._run("", command, code=0, says=[])

    def _run(self, title: str, command: Sequence[str | Path], *, code: int, says: Sequence[str]) -> None:
        done = subprocess.run(  # noqa: S603
            command, cwd=self.folder, env=_environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
        )
        said = done.stdout.decode(errors="replace")
        missing = [text for text in says if text not in said]
        if done.returncode != code or missing:
            raise OtherwiseError(
                f"{title}: exit code {done.returncode}, expected {code}; not said: {missing}.\n"
                f"{' '.join(map(str, command))}\n{said}"
            )
        if not title:
            return
        _say(f"{title} (exit code {done.returncode}){':' if says else ''}", indent=3)
        for line in dict.fromkeys(next(line for line in said.splitlines() if text in line) for text in says):
            print(textwrap.indent(textwrap.fill(line.strip(), _WIDTH - 8), "      | "), flush=True)

    def port(self) -> int:
        """Give a port of this machine that nobody listens on."""
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            return int(listener.getsockname()[1])

    @contextmanager
    def served(self, *command: str | Path, url: str) -> Iterator[None]:
        """Run a service as long as it is needed; it is ready when it listens at `url`."""
        quiet = subprocess.DEVNULL
        with subprocess.Popen([*command], cwd=self.folder, env=_environment(), stdout=quiet, stderr=quiet) as process:  # noqa: S603
            try:
                _wait_for(url, process)
                yield
            finally:
                process.terminate()


def python(script: str) -> list[str | Path]:
    """Give the beginning of a command that runs a script of these examples with this Python."""
    return [sys.executable, HERE / script]


def _environment() -> dict[str, str]:
    """Give what a shell has, without what CI would have set, and with what the services' tests import."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GITHUB_", "PACT_"))}
    return {**kept, "PACT_DO_NOT_TRACK": "true", "PYTHONPATH": str(HERE.parents[1] / "scripts")}


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    parts = urlsplit(url)
    address = (parts.hostname or "", parts.port or 0)
    until = time.monotonic() + _READY
    while process.poll() is None and time.monotonic() < until:
        with suppress(OSError), socket.create_connection(address, timeout=1):
            return
        time.sleep(0.05)
    raise OtherwiseError(f"Nothing answers at {url}.")


def _say(text: str, *, indent: int = 0) -> None:
    print(textwrap.indent(textwrap.fill(text, _WIDTH - indent), " " * indent), flush=True)
