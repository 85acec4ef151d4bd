"""The embedded broker's file: what is refused, what survives, and that no question walks through a whole table."""

from __future__ import annotations

import html
import http.client
import itertools
import os
import pathlib
import re
import sqlite3
from typing import Any

import golden
import pytest
from in_process import call
from tests.conformance.conftest import HOOK_HOSTS, served

from pact_gate import embedded
from pact_gate.embedded import schema, store
from pact_gate.model.errors import InputError

HERE = pathlib.Path(__file__).parent
for file in ("scenarios.py", "questions.py"):
    golden.load(str(HERE / file))
NOBODY = 65534
LOOKED_AT = 250  # pages
NOT_LOOKED_AT = {"webhook-asks-for-verification", "metrics"}  # one only waits, the other counts all that there is
BIG = {"publications", "results", "contents", "versions", "branch_versions", "tags", "deployments", "releases"}


def another_programs(path: pathlib.Path) -> None:
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE theirs (id INTEGER)")
    other.close()


def newer(path: pathlib.Path) -> None:
    embedded.application(path).close()
    with sqlite3.connect(path) as other:
        other.execute(f"PRAGMA user_version = {len(schema.MIGRATIONS) + 1}")
    other.close()


def with_a_trigger(path: pathlib.Path) -> None:
    embedded.application(path).close()
    with sqlite3.connect(path) as other:
        other.execute(
            "CREATE TRIGGER all_is_well AFTER INSERT ON results BEGIN "
            "UPDATE results SET success = 1 WHERE id = new.id; END"
        )
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    other.close()


def damaged(path: pathlib.Path) -> None:
    embedded.application(path).close()
    content = bytearray(path.read_bytes())
    content[100:4096] = bytes(3996)
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda path: path.write_bytes(b"not a database" * 100), "is not a SQLite file"),
        (another_programs, "belongs to another program"),
        (newer, "was made by a newer version"),
        (with_a_trigger, "holds triggers or views"),
        (damaged, "is damaged"),
    ],
    ids=["no SQLite", "another program's", "newer", "with a trigger", "damaged"],
)
def test_a_file_that_is_not_ours_is_refused_and_left_as_it_was(
    tmp_path: pathlib.Path, make: Any, sentence: str
) -> None:
    path = tmp_path / "broker.sqlite3"
    make(path)
    before = path.read_bytes()
    with pytest.raises(InputError, match=sentence) as refused:
        embedded.application(path)
    assert str(path) in refused.value.cause
    assert refused.value.next_step
    assert path.read_bytes() == before


def test_its_folder_is_made(tmp_path: pathlib.Path) -> None:
    embedded.application(tmp_path / "a" / "b" / "broker.sqlite3").close()
    assert (tmp_path / "a" / "b" / "broker.sqlite3").is_file()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: pathlib.Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be opened or made"):
        embedded.application(tmp_path / "file" / "broker.sqlite3")


def test_a_file_without_write_permission_is_refused_at_once(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "broker.sqlite3"
    embedded.application(path).close()
    path.chmod(0o444)
    tmp_path.chmod(0o555)
    for folder in tmp_path.parents[:3]:
        folder.chmod(folder.stat().st_mode | 0o555)
    own = os.geteuid()
    os.seteuid(NOBODY if own == 0 else own)  # root may write everywhere
    try:
        with pytest.raises(InputError, match="cannot be written"):
            embedded.application(path)
    finally:
        os.seteuid(own)
        tmp_path.chmod(0o755)


def test_a_full_disk_is_answered_with_a_sentence_and_changes_nothing(tmp_path: pathlib.Path) -> None:
    application = embedded.application(tmp_path / "broker.sqlite3")
    with application._store._connection() as connection:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")
    status, said = call(application, "POST", "/pacticipants", {"name": "orders", "repositoryUrl": "x" * 100_000})
    assert (status, "full" in said["error"]) == (507, True)
    assert call(application, "GET", "/pacticipants/orders")[0] == 404
    with application._store._connection() as connection:
        connection.execute("PRAGMA max_page_count = 1000000")
    assert call(application, "POST", "/pacticipants", {"name": "orders"})[0] == 201
    application.close()


def test_no_question_walks_through_a_whole_table(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The plan of each statement that scenarios and pages cause: a table that grows is always searched by an index."""
    statements: set[str] = set()
    opened = store.Store._opened

    def traced(self: store.Store) -> sqlite3.Connection:
        connection = opened(self)
        connection.set_trace_callback(statements.add)
        return connection

    embedded.application(tmp_path / "broker.sqlite3").close()  # making the tables is no question
    monkeypatch.setattr(store.Store, "_opened", traced)
    with served(tmp_path, HOOK_HOSTS) as address:
        for name in sorted(set(golden.SCENARIOS) - NOT_LOOKED_AT):
            golden.run(address, name)
        statuses = look_around(address)
    monkeypatch.undo()
    connection = sqlite3.connect(tmp_path / "broker.sqlite3")
    scans = set()
    for statement in statements:
        if statement.lstrip().upper().startswith(("SELECT", "UPDATE", "DELETE")):
            for *_, step in connection.execute(f"EXPLAIN QUERY PLAN {statement}"):
                words = step.split()
                table = aliases(statement).get(words[1], words[1]) if len(words) > 1 else ""
                if words[0] == "SCAN" and table in BIG and "CONSTANT" not in step:
                    scans.add(f"{step}: {' '.join(statement.split())[:300]}")
    connection.close()
    assert len(statements) > 100
    assert len(statuses) == LOOKED_AT
    assert [path for path, status in statuses.items() if status != 200] == []
    assert scans == set()


def look_around(address: str) -> dict[str, int]:
    """Look at as many pages as a browser is led to by links; answers the status of each."""
    connection = http.client.HTTPConnection(address.removeprefix("http://"))
    statuses: dict[str, int] = {}
    waiting = ["/"]
    while waiting and len(statuses) < LOOKED_AT:
        path = waiting.pop(0)
        if path in statuses:
            continue
        connection.request("GET", path, headers={"Accept": "text/html"})
        answer = connection.getresponse()
        links = re.findall(r'href="(/[^"#]*)', answer.read().decode())
        statuses[path] = answer.status
        waiting = (waiting + [html.unescape(link) for link in links])[: 20 * LOOKED_AT]
    connection.close()
    return statuses


def aliases(statement: str) -> dict[str, str]:
    """What each short name in a statement stands for."""
    words = statement.replace(",", " ").replace("(", " ").replace(")", " ").split()
    return {alias: table for table, alias in itertools.pairwise(words) if table in BIG and alias.islower()}
