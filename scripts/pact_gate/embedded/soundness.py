"""Is a broker's file sound? What SQLite can tell, and what this broker's own rows must fulfil. Nothing is changed."""

from __future__ import annotations

import contextlib
import pathlib
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from pact_gate.embedded import contents, schema, store
from pact_gate.embedded.reader import read
from pact_gate.embedded.rows import one, required
from pact_gate.model.errors import InputError

_MOST_PROBLEMS = 20  # of one kind

# What holds in every file, whatever was published, verified, deployed and deleted: the rows for which it does not.
_INVARIANTS: tuple[tuple[str, str], ...] = (
    ("pacts whose content is no JSON", "contents WHERE NOT is_pact(packed)"),
    (
        "pacts whose content is that of another consumer or provider",
        """publications p JOIN contents k ON k.id = p.content_id
           WHERE (k.consumer_id, k.provider_id) <> (p.consumer_id, p.provider_id)""",
    ),
    (
        "pacts whose version is that of another pacticipant",
        "publications p JOIN versions v ON v.id = p.version_id WHERE v.pacticipant_id <> p.consumer_id",
    ),
    (
        "pacts without a revision that counts",
        "(SELECT 1 FROM publications GROUP BY version_id, provider_id HAVING max(current) <> 1)",
    ),
    (
        "pacts between two that have no integration",
        """publications p LEFT JOIN integrations i ON i.provider_id = p.provider_id AND i.consumer_id = p.consumer_id
           WHERE i.provider_id IS NULL""",
    ),
    (
        "results for the content of another consumer or provider",
        """results r JOIN contents k ON k.id = r.content_id
           WHERE (k.consumer_id, k.provider_id) <> (r.consumer_id, r.provider_id)""",
    ),
    (
        "results of a version of another pacticipant",
        "results r JOIN versions v ON v.id = r.provider_version_id WHERE v.pacticipant_id <> r.provider_id",
    ),
    (
        "branches whose head is not on them",
        """branches b WHERE b.head_version_id IS NOT NULL AND NOT EXISTS
           (SELECT 1 FROM branch_versions x WHERE x.branch_id = b.id AND x.version_id = b.head_version_id)""",
    ),
    (
        "branches that hold a version of another pacticipant",
        """branch_versions x JOIN branches b ON b.id = x.branch_id JOIN versions v ON v.id = x.version_id
           WHERE v.pacticipant_id <> b.pacticipant_id""",
    ),
    *(
        (
            f"{table} of a version of another pacticipant",
            f"{table} x JOIN versions v ON v.id = x.version_id WHERE v.pacticipant_id <> x.pacticipant_id",
        )
        for table in ("tags", "deployments", "releases")
    ),
)
_COUNTED = (
    ("pacticipants", "pacticipants"),
    ("versions", "versions"),
    ("pacts", "publications"),
    ("verification results", "results"),
)


@dataclass(frozen=True)
class Soundness:
    """What was found: each problem is one sentence. `counts` are what there is of each kind.

    `version` is that of the schema, `is_current` whether this program's is the same.
    """

    version: int
    is_current: bool
    problems: tuple[str, ...]
    counts: tuple[tuple[str, int], ...]


def check(path: pathlib.Path) -> Soundness:
    """Look at every page and row of the file.

    Raises InputError where it is no file of an embedded broker, or one of a newer version, BrokerError where it cannot
    be read now.
    """
    return read(path, lambda db: _checked(db, path))


def _checked(db: sqlite3.Connection, path: pathlib.Path) -> Soundness:
    db.execute("BEGIN")  # one snapshot for all questions
    problems: list[str] = []
    counts: list[tuple[str, int]] = []
    version = 0
    with _damage(problems):
        version = store.recognised(db, path)
        if version == 0:
            raise InputError(f"{path} is empty: no broker has used it yet.", "Name the file of an embedded broker.")
        problems += _damaged_pages(db) or _broken_references(db)
    with _damage(problems):
        if not problems:
            problems += _own_problems(db, path, version)
            counts = [(name, _count(db, table)) for name, table in _COUNTED]
    return Soundness(version, version == len(schema.MIGRATIONS), tuple(problems), tuple(counts))


@contextlib.contextmanager
def _damage(problems: list[str]) -> Iterator[None]:
    """Take what SQLite stumbles over for a problem of the file."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        if not getattr(error, "sqlite_errorname", "").startswith("SQLITE_CORRUPT"):
            raise
        problems.append(f"A page is damaged: {error}.")


def _damaged_pages(db: sqlite3.Connection) -> list[str]:
    told = [str(row[0]) for row in db.execute(f"PRAGMA integrity_check({_MOST_PROBLEMS})")]
    return [] if told == ["ok"] else [f"SQLite finds damage: {' '.join(line.split())}." for line in told]


def _broken_references(db: sqlite3.Connection) -> list[str]:
    found = {(row["table"], row["parent"]) for row in db.execute("PRAGMA foreign_key_check")}
    return [f"Rows of {table} refer to rows of {parent} that are not there." for table, parent in sorted(found)]


def _own_problems(db: sqlite3.Connection, path: pathlib.Path, version: int) -> list[str]:
    if store.has_programs(db):
        return ["It holds triggers or views, which pact-gate never makes: they change what is read and written."]
    if version == len(schema.MIGRATIONS):
        return _wrong_tables(db) or _broken_invariants(db)
    # What an older version has made is brought up to date when a broker opens it; here a copy is.
    with contextlib.closing(sqlite3.connect("", isolation_level=None)) as copy:  # a temporary file of SQLite's own
        copy.row_factory = sqlite3.Row
        db.execute("COMMIT")
        db.backup(copy)
        store.migrate(copy, path)
        return _wrong_tables(copy) or _broken_invariants(copy)


def _wrong_tables(db: sqlite3.Connection) -> list[str]:
    with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as new:
        store.migrate(new, pathlib.Path())
        wanted, there = _tables(new), _tables(db)
    names = sorted({name for _, name, _ in wanted ^ there})
    return [f"The table or index {name} is not as this version makes it." for name in names[:_MOST_PROBLEMS]]


def _tables(db: sqlite3.Connection) -> set[tuple[str, str, str]]:
    query = "SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'"
    return {(kind, name, " ".join(sql.split())) for kind, name, sql in map(tuple, db.execute(query))}


def _broken_invariants(db: sqlite3.Connection) -> list[str]:
    db.create_function("is_pact", 1, _is_pact)
    found = ((sentence, _count(db, rows)) for sentence, rows in _INVARIANTS)
    return [f"There are {sentence} ({count})." for sentence, count in found if count]


def _is_pact(stored: bytes) -> bool:
    try:
        contents.unpacked(stored)
    except ValueError:
        return False
    return True


def _count(db: sqlite3.Connection, rows: str) -> int:
    return int(required(one(db, f"SELECT count(*) AS n FROM {rows}"))["n"])
