"""32 writers at once: none is refused because another one writes, and all that was answered is there."""

from __future__ import annotations

import contextlib
import pathlib
import sqlite3
import subprocess
from collections import Counter

import pytest
from fuzz import Request, send
from storms import SECONDS, kept, noted, served, start

from pact_gate import embedded
from pact_gate.embedded import store

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


@pytest.mark.parametrize("other", ["process", "thread"])
def test_who_waits_too_long_is_told_to_try_again(tmp_path: pathlib.Path, monkeypatch, other: str) -> None:
    """Not after a second or two, as here, but after a minute: 503, when to come back, and nothing is changed."""
    monkeypatch.setattr(store, "_BUSY_SECONDS", 0.2)
    application = embedded.application(tmp_path / "broker.sqlite3")
    with contextlib.ExitStack() as holding:
        if other == "process":
            connection = holding.enter_context(
                contextlib.closing(sqlite3.connect(tmp_path / "broker.sqlite3", isolation_level=None))
            )
            connection.execute("BEGIN IMMEDIATE")
        else:
            holding.enter_context(application._store.writing())
        request = Request("POST", "/pacticipants", {"CONTENT_TYPE": "application/json"}, b'{"name": "late"}')
        status, headers, body = send(application, request)
        assert (status, dict(headers)["Retry-After"]) == (503, "5")
        assert b"The broker is busy: try again. Nothing was changed." in body
        read = Request("GET", "/pacticipants", {}, b"")
        assert send(application, read)[0] == 200, "who reads waits for nobody"
    assert send(application, request)[0] == 201
    application.close()
