"""`broker backup` and `broker check`: a copy of one moment while others write, and damage that is found, not made."""

from __future__ import annotations

import contextlib
import os
import pathlib
import sqlite3
from collections.abc import Callable

import pytest
from storm import in_process, publication
from storms import SECONDS, kept, noted, served, start
from tests.durability.people import as_nobody

from pact_gate import embedded
from pact_gate.__main__ import main
from pact_gate.embedded import schema

Log = Callable[[], str]


@pytest.fixture
def read_log(capfd: pytest.CaptureFixture[str]) -> Log:
    return lambda: "".join(capfd.readouterr())


@pytest.fixture
def database(tmp_path: pathlib.Path) -> pathlib.Path:
    """The file of a broker with some of everything, closed."""
    path = tmp_path / "broker.sqlite3"
    application = embedded.application(path)
    ask = in_process(application)
    for version in range(3):
        assert ask("POST", "/contracts/publish", publication("consumer", version))[0] == 200
        pact = ask("GET", f"/pacts/provider/provider/consumer/consumer/version/{version}", None)[1]
        publish = pact["_links"]["pb:publish-verification-results"]["href"].partition("embedded.invalid")[2]
        result = {"success": version != 1, "providerApplicationVersion": "9"}
        assert ask("POST", publish, result)[0] == 201
    assert ask("PUT", "/pacticipants/provider/branches/main/versions/9", {})[0] == 201
    made = ask("POST", "/environments", {"name": "test", "displayName": "Test", "production": False})
    uuid = made[1]["uuid"]
    where = f"/pacticipants/consumer/versions/2/deployed-versions/environment/{uuid}"
    assert ask("POST", where, {})[0] == 201
    application.close()
    return path


def everything(folder: pathlib.Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def change(path: pathlib.Path, *statements: str) -> None:
    """Do to a file what no broker does."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


# --- backup ---------------------------------------------------------------------------------------------------


def test_a_copy_taken_while_others_write_holds_all_that_was_answered_before(tmp_path, read_log) -> None:
    """Several copies in the middle of a storm: each sound, and each with every write that was answered before it."""
    path, notes = tmp_path / "broker.sqlite3", tmp_path / "notes"
    with served(path) as (address, _):
        storm = start(address, 0, 4, 40, notes)
        copies = 0
        while storm.poll() is None:
            before = {(consumer, version) for _, consumer, version in noted(notes)}
            copy = tmp_path / f"copy-{copies}"
            if path.exists():
                assert main(["broker", "backup", str(copy), "--database", str(path)]) == 0, read_log()
                assert main(["broker", "check", str(copy)]) == 0, read_log()
                assert before <= kept(copy)
                copies += 1
        storm.communicate(timeout=SECONDS)
    assert copies >= 2
    assert {status for status, _, _ in noted(notes)} == {200}


def test_a_copy_answers_as_the_broker_did(tmp_path, database) -> None:
    assert main(["broker", "backup", str(tmp_path / "new" / "copy"), "--database", str(database)]) == 0
    question = "/can-i-deploy?pacticipant=consumer&version=2&environment=test"
    answers = []
    for path in (database, tmp_path / "new" / "copy"):
        application = embedded.application(path)
        answers.append(in_process(application)("GET", question, None))
        application.close()
    assert answers[0] == answers[1]
    assert answers[0][0] == 200


def test_a_backup_leaves_no_trace_but_the_copy(tmp_path, database) -> None:
    before = everything(tmp_path)
    database.chmod(0o640)
    assert main(["broker", "backup", str(tmp_path / "copy"), "--database", str(database)]) == 0
    after = everything(tmp_path)
    assert {name: after[name] for name in before} == before
    assert after.keys() - before.keys() == {"copy"}
    assert (tmp_path / "copy").stat().st_mode & 0o777 == 0o640, "the secrets of webhooks are in it"


def test_a_file_that_is_there_is_replaced_only_when_asked(tmp_path, database, read_log) -> None:
    copy = tmp_path / "copy"
    copy.write_text("precious")
    words = ["broker", "backup", str(copy), "--database", str(database)]
    assert main(words) == 2
    assert "exists already" in read_log()
    assert copy.read_text() == "precious"
    assert main([*words, "--overwrite"]) == 0
    assert main(["broker", "check", str(copy)]) == 0


def test_a_backup_that_cannot_be_keeps_the_one_before(tmp_path, database, read_log) -> None:
    """Neither of what is no broker's file, nor of one that is damaged, nor onto itself, nor to where nothing can be."""
    copy = tmp_path / "copy"
    copy.write_text("precious")
    (tmp_path / "text").write_text("no database" * 100)
    broken = tmp_path / "broken"
    broken.write_bytes(database.read_bytes())
    change(broken, "UPDATE publications SET current = 0")
    names = sorted(everything(tmp_path))
    for source, sentence in (
        ("text", "is not a SQLite file"),
        ("broken", "is not sound"),
        ("none", "cannot be read"),
    ):
        assert main(["broker", "backup", str(copy), "--database", str(tmp_path / source), "--overwrite"]) == 2
        assert sentence in read_log()
    assert main(["broker", "backup", str(database), "--database", str(database), "--overwrite"]) == 2
    assert "is the broker's file itself" in read_log()
    assert main(["broker", "backup", str(tmp_path / "text" / "copy"), "--database", str(database)]) == 2
    assert "cannot be made" in read_log()
    assert main(["broker", "backup", str(tmp_path), "--database", str(database)]) == 2
    assert "is a folder" in read_log()
    assert main(["broker", "backup"]) == 2
    assert copy.read_text() == "precious"
    assert sorted(everything(tmp_path)) == names


# --- check ----------------------------------------------------------------------------------------------------


def test_a_sound_file_is_called_so_and_left_as_it_was(tmp_path, database, read_log) -> None:
    before = everything(tmp_path)
    assert main(["broker", "check", str(database)]) == 0
    said = read_log()
    assert "is sound" in said
    assert "pacts: 3" in said
    assert everything(tmp_path) == before


def test_a_file_that_is_in_use_is_checked_as_well(tmp_path) -> None:
    path, notes = tmp_path / "broker.sqlite3", tmp_path / "notes"
    with served(path) as (address, _):
        storm = start(address, 0, 4, 20, notes)
        while storm.poll() is None:
            assert main(["broker", "check", str(path)]) == 0
        storm.communicate(timeout=SECONDS)


@pytest.mark.parametrize(
    ("statements", "sentence"),
    [
        (["PRAGMA foreign_keys = OFF", "DELETE FROM contents WHERE id = 1"], "Rows of publications refer to rows of"),
        (["UPDATE contents SET packed = '{}' WHERE id = 1"], "content is no JSON (1)"),
        (["UPDATE contents SET packed = substr(packed, 1, 90) WHERE id = 1"], "content is no JSON (1)"),
        (["UPDATE publications SET current = 0 WHERE version_id = 1"], "without a revision that counts (1)"),
        (["UPDATE publications SET version_id = (SELECT id FROM versions WHERE number = '9') WHERE id = 1"],
         "pacts whose version is that of another pacticipant (1)"),
        (["UPDATE contents SET consumer_id = provider_id WHERE id = 1"], "another consumer or provider"),
        (["UPDATE results SET provider_version_id = 1 WHERE id = 1"], "results of a version of another"),
        (["DELETE FROM branch_versions"], "branches whose head is not on them (2)"),
        (["UPDATE branch_versions SET version_id = 1 WHERE version_id = (SELECT id FROM versions WHERE number = '9')"],
         "hold a version of another"),
        (["UPDATE tags SET pacticipant_id = 2 WHERE id = 1"], "tags of a version of another"),
        (["UPDATE deployments SET pacticipant_id = 2"], "deployments of a version of another pacticipant (1)"),
        (["DELETE FROM integrations"], "pacts between two that have no integration (3)"),
        (["DROP INDEX publications_current"], "The table or index publications_current is not as this version"),
        (["ALTER TABLE tags ADD COLUMN more TEXT"], "The table or index tags is not as this version"),
        (["CREATE TRIGGER t AFTER INSERT ON results BEGIN DELETE FROM results; END"], "triggers or views"),
    ],
    ids=lambda value: value[-1][:40] if isinstance(value, list) else "",
)  # fmt: skip
def test_what_no_broker_writes_is_found(database, read_log, statements, sentence) -> None:
    change(database, *statements)
    before = database.read_bytes()
    assert main(["broker", "check", str(database)]) == 1
    assert sentence in read_log()
    assert database.read_bytes() == before


def test_damaged_pages_are_found(database, read_log) -> None:
    """Each page in turn overwritten: found, or it held nothing; never a traceback, and the file stays as it is."""
    sound = database.read_bytes()
    size = 4096
    ended = []
    for page in range(1, len(sound) // size):
        damaged = sound[: page * size] + b"\xa5" * size + sound[(page + 1) * size :]
        database.write_bytes(damaged)
        ended.append(main(["broker", "check", str(database)]))
        assert database.read_bytes() == damaged
    assert set(ended) <= {0, 1}
    assert ended.count(1) >= len(ended) - 3, "some pages are free"
    assert "Traceback" not in read_log()


def test_a_file_that_is_cut_off_is_found(database, read_log) -> None:
    database.write_bytes(database.read_bytes()[: 4096 * 20])
    assert main(["broker", "check", str(database)]) == 1
    assert "is not sound" in read_log()


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda path: path.unlink(), "cannot be read"),
        (lambda path: path.write_bytes(b""), "is empty"),
        (lambda path: path.write_bytes(b"no database" * 100), "is not a SQLite file"),
        (lambda path: change(path, "PRAGMA application_id = 7"), "belongs to another program"),
        (lambda path: change(path, f"PRAGMA user_version = {len(schema.MIGRATIONS) + 1}"), "by a newer version"),
    ],
    ids=["none", "empty", "text", "another program's", "newer"],
)
def test_what_is_no_brokers_file_here_ends_with_2(tmp_path, database, read_log, make, sentence) -> None:
    make(database)
    before = everything(tmp_path)
    assert main(["broker", "check", str(database)]) == 2
    assert sentence in read_log()
    assert everything(tmp_path) == before


def test_what_a_killed_broker_left_behind_is_checked_where_nothing_can_be_written(tmp_path, database) -> None:
    """The file with what stands beside it, in a folder where the reader may not write."""
    folder = tmp_path / "left"
    folder.mkdir()
    with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("UPDATE publications SET current = 0 WHERE version_id = 1")
        for suffix in ("", "-wal"):
            (folder / f"b{suffix}").write_bytes(pathlib.Path(f"{database}{suffix}").read_bytes())
    before = everything(folder)
    with as_nobody(folder):
        assert main(["broker", "check", str(folder / "b")]) == 1, "the change is in what stands beside the file alone"
        assert os.access(folder / "b", os.R_OK)
    assert everything(folder) == before
