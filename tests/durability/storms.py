"""Starting storms, and holding a file against what they were answered."""

from __future__ import annotations

import contextlib
import os
import pathlib
import re
import subprocess
import sys
import time
from collections.abc import Iterator

from storm import in_process

from pact_gate import embedded
from pact_gate.embedded import soundness

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parents[1]
SECONDS = 120.0


def start(place: object, client: object, threads: int, writes: int, notes: pathlib.Path) -> subprocess.Popen[bytes]:
    """Start one process of a storm."""
    return subprocess.Popen(
        [sys.executable, str(HERE / "storm.py"), str(place), str(client), str(threads), str(writes), str(notes)],
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'scripts'}{os.pathsep}{ROOT}"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


@contextlib.contextmanager
def served(database: pathlib.Path, **environment: str) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """`pact-gate broker serve` as a process of its own: its address and the process."""
    log = database.with_suffix(".log")
    words = [sys.executable, "-I", str(ROOT / "scripts" / "pact-gate"), "broker", "serve"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*words, "--database", str(database), "--port", "0"],
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PACT_GATE_PYTHON": sys.executable, **environment},
        )
    try:
        yield _address(process, log), process
    finally:
        process.terminate()
        process.wait(SECONDS)


def _address(process: subprocess.Popen[bytes], log: pathlib.Path) -> str:
    end = time.monotonic() + SECONDS
    while time.monotonic() < end and process.poll() is None:
        found = re.search(r"http://127\.0\.0\.1:\d+", log.read_text(errors="replace"))
        if found:
            return found[0]
        time.sleep(0.02)
    raise AssertionError(log.read_text(errors="replace"))


def noted(notes: pathlib.Path) -> list[tuple[int, str, str]]:
    """What was answered: status, consumer, version. A line that was cut off was not noted."""
    lines = notes.read_text().splitlines(keepends=True) if notes.exists() else []
    answered = [line.split() for line in lines if line.endswith("\n")]
    return [(int(status), consumer, version) for status, consumer, version in answered]


def kept(database: pathlib.Path) -> set[tuple[str, str]]:
    """The consumer versions of which the file has a pact, as its broker tells, after it was found sound."""
    found = soundness.check(database)
    assert found.problems == ()
    application = embedded.application(database)
    ask = in_process(application)
    _, document = ask("GET", "/pacts/provider/provider/tag/dev", None)
    application.close()
    links = document["_links"]["pb:pacts"] if document and "_links" in document else []
    parsed = (re.search(r"/consumer/([^/]+)/version/([^/]+)$", link["href"]) for link in links)
    return {(one[1], one[2]) for one in parsed if one}
