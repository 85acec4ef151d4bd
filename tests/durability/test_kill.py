"""`kill -9` in the middle of a storm: the file opens, is sound, and holds all that was answered.

A storm publishes as fast as it can and notes every answer down in a file of its own before it goes on. It is killed
when it has noted a random number of answers and a random moment has passed after that, so that the kill falls anywhere
in the next write. Each storm goes on with the file that the one before it left behind.
"""

from __future__ import annotations

import concurrent.futures
import pathlib
import random
import subprocess
import time

import pytest
from storms import SECONDS, kept, noted, served, start

FILES, KILLS = 5, 9  # that many storms on each file, one after another, in-process
SERVED = 5  # that many on one file, served: the server is killed, its clients are not
MOST_NOTES = 12
WRITE_SECONDS = 0.03  # about as long as a write takes
THREADS = 2
UNENDING = 100_000


def test_kills_in_process_lose_nothing_that_was_answered(tmp_path: pathlib.Path) -> None:
    chance = random.Random()  # other moments in each run; what counts holds at all of them
    with concurrent.futures.ThreadPoolExecutor(FILES) as pool:
        plans = [[(chance.randrange(1, MOST_NOTES), chance.random()) for _ in range(KILLS)] for _ in range(FILES)]
        killed = list(pool.map(lambda number: storms(tmp_path / str(number), plans[number]), range(FILES)))
    assert killed == [KILLS] * FILES


def storms(folder: pathlib.Path, plan: list[tuple[int, float]]) -> int:
    """Kill one process after another that writes to one file; how many were killed while they wrote."""
    folder.mkdir()
    database, killed = folder / "broker.sqlite3", 0
    answered: set[tuple[str, str]] = set()
    for storm, (count, moment) in enumerate(plan):
        notes = folder / f"notes-{storm}"
        killed += kill_after(start(database, storm, THREADS, UNENDING, notes), notes, count, moment)
        answered |= accepted(notes)
        assert answered <= kept(database)
    return killed


def test_kills_of_a_served_broker_lose_nothing_that_was_answered(tmp_path: pathlib.Path) -> None:
    chance = random.Random()
    database = tmp_path / "broker.sqlite3"
    answered: set[tuple[str, str]] = set()
    for storm in range(SERVED):
        notes = tmp_path / f"notes-{storm}"
        with served(database) as (address, server):
            client = start(address, storm, THREADS, UNENDING, notes)
            assert kill_after(server, notes, chance.randrange(1, MOST_NOTES), chance.random()) == 1
        client.communicate(timeout=SECONDS)  # it ends when its connections do
        answered |= accepted(notes)
        assert answered <= kept(database)


def kill_after(process: subprocess.Popen[bytes], notes: pathlib.Path, count: int, moment: float) -> int:
    """Kill a process that has noted `count` answers, a part of a write later. 1 if that was what ended it."""
    end = time.monotonic() + SECONDS
    while len(noted(notes)) < count:
        if process.poll() is not None or time.monotonic() > end:
            pytest.fail(f"the storm did not begin: {process.stderr.read().decode() if process.stderr else ''}")
        time.sleep(0.001)
    time.sleep(moment * WRITE_SECONDS)
    process.kill()
    process.communicate(timeout=SECONDS)
    return int(process.returncode == -9)


def accepted(notes: pathlib.Path) -> set[tuple[str, str]]:
    answers = noted(notes)
    assert {status for status, _, _ in answers} == {200}
    return {(consumer, version) for _, consumer, version in answers}
