"""32 writers at once: none is refused because another one writes, and all that was answered is there."""

from __future__ import annotations

import pathlib
import subprocess
from collections import Counter

from storms import SECONDS, kept, noted, served, start

PROCESSES, THREADS, WRITES = 8, 4, 5


def test_32_writers_in_8_processes_on_one_file_lose_nothing(tmp_path: pathlib.Path) -> None:
    """Each process opens the file for itself, which none has made before."""
    database = tmp_path / "broker.sqlite3"
    holds(database, [start(database, client, THREADS, WRITES, notes(tmp_path, client)) for client in range(PROCESSES)])


def test_8_processes_with_32_connections_to_a_served_broker_lose_nothing(tmp_path: pathlib.Path) -> None:
    database = tmp_path / "broker.sqlite3"
    with served(database) as (address, _):
        holds(
            database, [start(address, client, THREADS, WRITES, notes(tmp_path, client)) for client in range(PROCESSES)]
        )


def notes(folder: pathlib.Path, client: int) -> pathlib.Path:
    return folder / f"notes-{client}"


def holds(database: pathlib.Path, writers: list[subprocess.Popen[bytes]]) -> None:
    for writer in writers:
        _, complaint = writer.communicate(timeout=SECONDS)
        assert (writer.returncode, complaint) == (0, b"")
    answered = [answer for client in range(PROCESSES) for answer in noted(notes(database.parent, client))]
    assert Counter(status for status, _, _ in answered) == {200: PROCESSES * THREADS * WRITES}
    assert kept(database) == {(consumer, version) for _, consumer, version in answered}
