"""Published pacts: finding them and keeping them. A row that a function here answers has the columns of `_COLUMNS`."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Any, NamedTuple

from pact_gate.embedded import contents
from pact_gate.embedded.rows import ids, insert, one, required
from pact_gate.embedded.store import now

_COLUMNS = """p.id, p.revision, p.created_at, p.consumer_id, p.provider_id, p.version_id, p.content_id,
    v.number AS version, consumer.name AS consumer, provider.name AS provider, k.sha"""
_JOINS = """JOIN versions v ON v.id = p.version_id
    JOIN pacticipants consumer ON consumer.id = p.consumer_id
    JOIN pacticipants provider ON provider.id = p.provider_id
    JOIN contents k ON k.id = p.content_id"""
_FROM = f"SELECT {_COLUMNS} FROM publications p {_JOINS}"

# Who made the version that a list is about, and how it was chosen: `more` is joined, `condition` filters.
_TAGGED = "JOIN tags t ON t.version_id = p.version_id AND t.name = :tag"
_ON_BRANCH = """JOIN branch_versions bv ON bv.version_id = p.version_id
    JOIN branches b ON b.id = bv.branch_id AND b.name = :branch"""
_HEAD_OF_BRANCH = "JOIN branches b ON b.head_version_id = p.version_id AND b.name = :branch"
_ON_MAIN = """JOIN branch_versions bv ON bv.version_id = p.version_id
    JOIN branches b ON b.id = bv.branch_id AND b.name = consumer.main_branch"""
_HEAD_OF_MAIN = "JOIN branches b ON b.head_version_id = p.version_id AND b.name = consumer.main_branch"


class Pair(NamedTuple):
    """A consumer and a provider, by id."""

    consumer_id: int
    provider_id: int


def pair_of(db: sqlite3.Connection, consumer: str, provider: str) -> Pair | None:
    """The ids behind two names, if both are known."""
    query = """SELECT c.id AS consumer_id, p.id AS provider_id FROM pacticipants c, pacticipants p
               WHERE c.name = ? AND p.name = ?"""
    row = one(db, query, consumer, provider)
    return Pair(row["consumer_id"], row["provider_id"]) if row else None


def of_version(db: sqlite3.Connection, pair: Pair, number: str) -> sqlite3.Row | None:
    """The pact that one consumer version published for the provider."""
    query = f"""{_FROM} WHERE p.version_id = (SELECT id FROM versions WHERE pacticipant_id = ? AND number = ?)
                AND p.provider_id = ? AND p.current = 1"""
    return one(db, query, pair.consumer_id, number, pair.provider_id)


def of_content(db: sqlite3.Connection, pair: Pair, sha: str) -> sqlite3.Row | None:
    """The newest pact with this content."""
    query = f"""{_FROM} WHERE p.content_id =
                (SELECT id FROM contents WHERE provider_id = ? AND consumer_id = ? AND sha = ?)
                ORDER BY p.version_id DESC, p.revision DESC LIMIT 1"""
    return one(db, query, pair.provider_id, pair.consumer_id, sha)


def of_version_or_content(db: sqlite3.Connection, pair: Pair, number: str | None, sha: str) -> sqlite3.Row | None:
    """The pact of the version if it has this content, else the newest one that has it."""
    published = of_version(db, pair, number) if number is not None else None
    return published if published and published["sha"] == sha else of_content(db, pair, sha)


def latest(
    db: sqlite3.Connection, pair: Pair, *, tag: str | None = None, branch: str | None = None, untagged: bool = False
) -> sqlite3.Row | None:
    """The pact of the newest consumer version: of all, of those with a tag, on a branch, or without any tag."""
    more = _TAGGED if tag is not None else _ON_BRANCH if branch is not None else ""
    unmarked = "AND NOT EXISTS (SELECT 1 FROM tags t WHERE t.version_id = p.version_id)" if untagged else ""
    query = f"""{_FROM} {more} WHERE p.provider_id = :provider AND p.consumer_id = :consumer AND p.current = 1
                {unmarked} ORDER BY p.version_id DESC LIMIT 1"""
    found = db.execute(
        query, {"provider": pair.provider_id, "consumer": pair.consumer_id, "tag": tag, "branch": branch}
    )
    row: sqlite3.Row | None = found.fetchone()
    return row


def previous_distinct(db: sqlite3.Connection, pact: sqlite3.Row) -> sqlite3.Row | None:
    """The newest older pact of the pair with another content."""
    query = f"""{_FROM} WHERE p.provider_id = ? AND p.consumer_id = ? AND p.version_id < ? AND p.content_id <> ?
                ORDER BY p.version_id DESC, p.revision DESC LIMIT 1"""
    return one(db, query, pact["provider_id"], pact["consumer_id"], pact["version_id"], pact["content_id"])


def between(db: sqlite3.Connection, pair: Pair, *, tag: str | None = None) -> list[sqlite3.Row]:
    """The pacts of every consumer version, newest first; or those with a tag."""
    more = _TAGGED if tag is not None else ""
    query = f"""{_FROM} {more} WHERE p.provider_id = :provider AND p.consumer_id = :consumer AND p.current = 1
                ORDER BY p.version_id DESC"""
    values = {"provider": pair.provider_id, "consumer": pair.consumer_id, "tag": tag}
    return db.execute(query, values).fetchall()


def for_provider(db: sqlite3.Connection, provider_id: int, *, tag: str | None = None) -> list[sqlite3.Row]:
    """Every pact of a provider, by consumer and age; or those whose consumer version has a tag."""
    more = _TAGGED if tag is not None else ""
    query = f"""{_FROM} {more} WHERE p.provider_id = :provider AND p.current = 1
                ORDER BY lower(consumer.name), p.version_id"""
    return db.execute(query, {"provider": provider_id, "tag": tag}).fetchall()


def latest_for_provider(db: sqlite3.Connection, provider_id: int, *, tag: str | None = None) -> list[sqlite3.Row]:
    """The newest pact of each of a provider's consumers; or the newest whose consumer version has a tag."""
    query = f"""SELECT {_COLUMNS} FROM integrations i
                CROSS JOIN publications p ON p.id = {newest(tagged=tag is not None)} {_JOINS}
                WHERE i.provider_id = :provider ORDER BY lower(consumer.name)"""
    return db.execute(query, {"provider": provider_id, "tag": tag}).fetchall()


def latest_of_all(db: sqlite3.Connection) -> list[sqlite3.Row]:
    """The newest pact of every integration."""
    query = f"""SELECT {_COLUMNS} FROM integrations i CROSS JOIN publications p ON p.id = {newest(tagged=False)}
                {_JOINS} ORDER BY lower(consumer.name), lower(provider.name)"""
    return db.execute(query).fetchall()


def newest(*, tagged: bool) -> str:
    """SQL: the id of the newest pact of integration `i`, or of the newest whose consumer version has the tag `:tag`."""
    marked = "JOIN tags t ON t.version_id = x.version_id AND t.name = :tag" if tagged else ""
    return f"""(SELECT x.id FROM publications x {marked} WHERE x.provider_id = i.provider_id
                AND x.consumer_id = i.consumer_id AND x.current = 1 ORDER BY x.version_id DESC LIMIT 1)"""


def on_branch(
    db: sqlite3.Connection, provider_id: int, branch: str | None, *, heads: bool, consumer_id: int | None = None
) -> list[sqlite3.Row]:
    """The pacts of consumer versions on a branch (None: each consumer's main branch), or of its head alone."""
    of_heads, of_all = (_HEAD_OF_MAIN, _ON_MAIN) if branch is None else (_HEAD_OF_BRANCH, _ON_BRANCH)
    more = of_heads if heads else of_all
    only = "AND p.consumer_id = :consumer" if consumer_id is not None else ""
    query = f"""{_FROM} {more} WHERE p.provider_id = :provider {only} AND p.current = 1
                ORDER BY lower(consumer.name), p.version_id"""
    return db.execute(query, {"provider": provider_id, "branch": branch, "consumer": consumer_id}).fetchall()


def in_environment(db: sqlite3.Connection, provider_id: int, environment: str) -> list[sqlite3.Row]:
    """The pacts of consumer versions that are deployed or supported in an environment, given by its uuid or name."""
    query = f"""{_FROM} WHERE p.provider_id = :provider AND p.current = 1 AND p.version_id IN (
        SELECT d.version_id FROM environments e JOIN deployments d ON d.environment_id = e.id AND d.current = 1
        WHERE :place IN (e.uuid, e.name)
        UNION SELECT r.version_id FROM environments e
        JOIN releases r ON r.environment_id = e.id AND r.support_ended_at IS NULL
        WHERE :place IN (e.uuid, e.name))"""
    return db.execute(query, {"provider": provider_id, "place": environment}).fetchall()


def content(db: sqlite3.Connection, content_id: int) -> Any:
    """What a pact says, as JSON values."""
    row = required(one(db, "SELECT packed FROM contents WHERE id = ?", content_id))
    return contents.unpacked(row["packed"])


def publish(db: sqlite3.Connection, pair: Pair, version_id: int, pact: Any) -> sqlite3.Row:
    """Keep a pact of a consumer version; another content for the same version becomes its next revision."""
    content_id = _ensure_content(db, pair, pact)
    query = "SELECT * FROM publications WHERE version_id = ? AND provider_id = ? AND current = 1"
    known = one(db, query, version_id, pair.provider_id)
    if known is None or known["content_id"] != content_id:
        db.execute(
            "UPDATE publications SET current = 0 WHERE version_id = ? AND provider_id = ? AND current = 1",
            (version_id, pair.provider_id),
        )
        columns = {
            "consumer_id": pair.consumer_id,
            "provider_id": pair.provider_id,
            "version_id": version_id,
            "content_id": content_id,
            "revision": known["revision"] + 1 if known else 1,
            "current": 1,
            "created_at": now(),
        }
        publication_id = insert(db, "INSERT", "publications", columns)
    else:
        publication_id = known["id"]
    touch_integration(db, pair)
    return required(by_id(db, publication_id))


def by_id(db: sqlite3.Connection, publication_id: int) -> sqlite3.Row | None:
    """The pact with this id."""
    return one(db, f"{_FROM} WHERE p.id = ?", publication_id)


def by_ids(db: sqlite3.Connection, publication_ids: Iterable[int]) -> dict[int, sqlite3.Row]:
    """The pacts with these ids, by id."""
    query = f"{_FROM} WHERE p.id IN (SELECT value FROM json_each(?))"
    return {row["id"]: row for row in db.execute(query, (ids(publication_ids),))}


def touch_integration(db: sqlite3.Connection, *pairs: Pair) -> None:
    """Note that each two have something to do with each other, and that it changed now: at one moment for all."""
    moment = now()
    db.executemany(
        """INSERT INTO integrations (consumer_id, provider_id, created_at, changed_at)
           VALUES (:consumer, :provider, :now, :now)
           ON CONFLICT (provider_id, consumer_id) DO UPDATE SET changed_at = :now""",
        ({"consumer": pair.consumer_id, "provider": pair.provider_id, "now": moment} for pair in pairs),
    )


def delete(db: sqlite3.Connection, pair: Pair, version_id: int) -> None:
    """Delete every revision of one version's pact. What was verified stays known: it belongs to the content."""
    query = "DELETE FROM publications WHERE version_id = ? AND consumer_id = ? AND provider_id = ?"
    db.execute(query, (version_id, pair.consumer_id, pair.provider_id))


def delete_between(db: sqlite3.Connection, pair: Pair, *, tag: str | None = None, branch: str | None = None) -> None:
    """Delete the pacts of every version of the pair; of those with a tag; or of those on a branch."""
    condition = ""
    if tag is not None:
        condition = "AND version_id IN (SELECT version_id FROM tags WHERE pacticipant_id = :consumer AND name = :tag)"
    if branch is not None:
        condition = """AND version_id IN (SELECT bv.version_id FROM branches b
                       JOIN branch_versions bv ON bv.branch_id = b.id
                       WHERE b.pacticipant_id = :consumer AND b.name = :branch)"""
    db.execute(
        f"DELETE FROM publications WHERE provider_id = :provider AND consumer_id = :consumer {condition}",
        {"provider": pair.provider_id, "consumer": pair.consumer_id, "tag": tag, "branch": branch},
    )


def delete_integration(db: sqlite3.Connection, pair: Pair) -> None:
    """Delete all that two pacticipants have between them, and what is left of either that nothing else needs."""
    for table in ("publications", "results", "contents", "webhooks", "triggered_webhooks"):
        db.execute(
            f"DELETE FROM {table} WHERE provider_id = ? AND consumer_id = ?", (pair.provider_id, pair.consumer_id)
        )
    db.execute(
        "DELETE FROM integrations WHERE provider_id = ? AND consumer_id = ?", (pair.provider_id, pair.consumer_id)
    )
    for pacticipant_id in {pair.consumer_id, pair.provider_id}:
        _delete_orphans(db, pacticipant_id)


def _delete_orphans(db: sqlite3.Connection, pacticipant_id: int) -> None:
    db.execute(
        """DELETE FROM versions WHERE pacticipant_id = ?
           AND NOT EXISTS (SELECT 1 FROM publications p WHERE p.version_id = versions.id)
           AND NOT EXISTS (SELECT 1 FROM results r WHERE r.provider_version_id = versions.id)""",
        (pacticipant_id,),
    )
    db.execute(
        """DELETE FROM pacticipants WHERE id = ?
           AND NOT EXISTS (SELECT 1 FROM versions x WHERE x.pacticipant_id = pacticipants.id)
           AND NOT EXISTS (SELECT 1 FROM contents x WHERE x.consumer_id = pacticipants.id)
           AND NOT EXISTS (SELECT 1 FROM contents x WHERE x.provider_id = pacticipants.id)
           AND NOT EXISTS (SELECT 1 FROM webhooks x WHERE x.consumer_id = pacticipants.id)
           AND NOT EXISTS (SELECT 1 FROM webhooks x WHERE x.provider_id = pacticipants.id)""",
        (pacticipant_id,),
    )


def _ensure_content(db: sqlite3.Connection, pair: Pair, pact: Any) -> int:
    sha = contents.sha(pact)
    query = "SELECT id FROM contents WHERE provider_id = ? AND consumer_id = ? AND sha = ?"
    known = one(db, query, pair.provider_id, pair.consumer_id, sha)
    if known:
        return int(known["id"])
    columns = {
        "consumer_id": pair.consumer_id,
        "provider_id": pair.provider_id,
        "sha": sha,
        "created_at": now(),
        "packed": contents.packed(pact),
    }
    return insert(db, "INSERT", "contents", columns)
