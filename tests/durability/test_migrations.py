"""Files of every earlier version are brought up to date with all that is in them, or are left as they were.

`files/` has one file for each earlier version, as SQL: what that version's broker had written. A new migration needs
the one before it there: make a file with the broker of that version, then `sqlite3 FILE .dump`, with `PRAGMA
application_id` and `PRAGMA user_version` as the first lines.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import pathlib
import sqlite3
import zlib
from typing import Any

import pytest
from storm import in_process, publication
from storms import SECONDS, noted, start

from pact_gate import embedded
from pact_gate.__main__ import main
from pact_gate.embedded import schema, soundness

FILES = sorted(pathlib.Path(__file__).parent.joinpath("files").glob("*.sql"))
OPENINGS = 8
MIGRATED = {"result_tags": "content_id, tag, wip, created_at"}  # what of a table is the same before and after


def made(tmp_path: pathlib.Path, dump: pathlib.Path) -> pathlib.Path:
    """The file that a dump was made of, as its broker left it."""
    path = tmp_path / "broker.sqlite3"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.executescript(dump.read_text())
        connection.execute("PRAGMA journal_mode = WAL")
    return path


def rows(path: pathlib.Path) -> dict[str, list[Any]]:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        query = "SELECT name FROM sqlite_schema WHERE type = 'table'"
        tables = [name for (name,) in connection.execute(query)]
        columns = {name: MIGRATED.get(name, "*") for name in tables}
        return {
            name: sorted(tuple(map(plain, row)) for row in connection.execute(f"SELECT {columns[name]} FROM {name}"))
            for name in tables
        }


def plain(value: Any) -> Any:
    """What pacts say was stored as text before version 3, and compressed since."""
    return zlib.decompress(value).decode() if isinstance(value, bytes) else value


def version(path: pathlib.Path) -> int:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


def test_there_is_a_file_of_every_earlier_version() -> None:
    assert {int(path.stem.partition("-")[0]) for path in FILES} == set(range(1, len(schema.MIGRATIONS)))


@pytest.mark.parametrize("dump", FILES, ids=lambda path: path.stem)
def test_a_file_of_an_earlier_version_keeps_all_that_is_in_it(tmp_path, capfd, dump) -> None:
    path = made(tmp_path, dump)
    before, content = rows(path), path.read_bytes()
    assert main(["broker", "check", str(path)]) == 0, "it is sound before, in its own version"
    assert path.read_bytes() == content
    application = embedded.application(path)
    ask = in_process(application)
    question = "/can-i-deploy?pacticipant=consumer&version={}&environment=test"
    answers = [ask("GET", question.format(number), None)[1]["summary"]["deployable"] for number in (0, 1)]
    assert answers == [False, True]
    assert rows(path) == before
    assert ask("POST", "/contracts/publish", publication("consumer", 2))[0] == 200
    result = ask("GET", "/pacts/provider/provider/consumer/consumer/latest", None)[1]["_links"]
    target = result["pb:publish-verification-results"]["href"].partition("embedded.invalid")[2]
    assert ask("POST", target, {"success": True, "providerApplicationVersion": "9"})[0] == 201
    application.close()
    assert version(path) == len(schema.MIGRATIONS)
    found = soundness.check(path)
    assert (found.problems, found.is_current) == ((), True)


@pytest.mark.parametrize("dump", FILES, ids=lambda path: path.stem)
def test_8_who_open_it_at_once_bring_it_up_to_date_once(tmp_path, dump) -> None:
    path = made(tmp_path, dump)
    notes = [tmp_path / f"notes-{number}" for number in range(OPENINGS)]
    for writer in [start(path, number, 1, 1, notes[number]) for number in range(OPENINGS)]:
        _, complaint = writer.communicate(timeout=SECONDS)
        assert (writer.returncode, complaint) == (0, b"")
    assert [status for note in notes for status, _, _ in noted(note)] == [200] * OPENINGS
    assert soundness.check(path).problems == ()


def test_a_copy_of_an_earlier_version_can_be_taken(tmp_path) -> None:
    """Before a new version is put into service, by that new version."""
    path, copy = made(tmp_path, FILES[0]), tmp_path / "copy"
    assert main(["broker", "backup", str(copy), "--database", str(path)]) == 0
    assert version(copy) == version(path) == 1
    assert rows(copy) == rows(path)


def test_a_migration_that_fails_changes_nothing(tmp_path, monkeypatch) -> None:
    path = made(tmp_path, FILES[0])
    before = rows(path)
    broken = (*schema.MIGRATIONS[:1], "DROP TABLE tags;\nCREATE TABLE more (id INTEGER);\n", "CREATE TABLE tags (;\n")
    monkeypatch.setattr(schema, "MIGRATIONS", broken)
    with pytest.raises(Exception, match="cannot be used"):
        embedded.application(path)
    monkeypatch.undo()
    assert rows(path) == before
    assert version(path) == 1
    assert soundness.check(path).problems == ()


def test_a_file_that_a_newer_version_changes_while_it_is_served_is_written_no_more(tmp_path) -> None:
    path = tmp_path / "broker.sqlite3"
    application = embedded.application(path)
    ask = in_process(application)
    assert ask("POST", "/pacticipants", {"name": "before"})[0] == 201
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as newer:
        newer.execute(f"PRAGMA user_version = {len(schema.MIGRATIONS) + 1}")
    with concurrent.futures.ThreadPoolExecutor(1) as pool:  # a thread that has no connection yet has the same answer
        status, said = pool.submit(ask, "POST", "/pacticipants", {"name": "after"}).result()
    assert (status, "start it again" in said["error"]) == (503, True)
    assert ask("GET", "/pacticipants/after", None)[0] == 404
    application.close()
