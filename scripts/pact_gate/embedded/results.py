"""Verification results. They belong to a pact's content, so the same content needs no second verification."""

from __future__ import annotations

import json
import sqlite3
from typing import Any, NamedTuple

from pact_gate.embedded import estate
from pact_gate.embedded.contents import dumps
from pact_gate.embedded.pacts import Pair
from pact_gate.embedded.rows import insert, one, required
from pact_gate.embedded.store import now

_COLUMNS = """r.id, r.content_id, r.consumer_id, r.provider_id, r.provider_version_id, r.success, r.wip, r.pending,
    r.created_at, r.build_url, r.verified_by, r.test_results, v.number AS provider_version, consumer.name AS consumer,
    provider.name AS provider, k.sha"""
_FROM = f"""SELECT {_COLUMNS} FROM results r JOIN versions v ON v.id = r.provider_version_id
    JOIN pacticipants consumer ON consumer.id = r.consumer_id
    JOIN pacticipants provider ON provider.id = r.provider_id
    JOIN contents k ON k.id = r.content_id"""


class Outcome(NamedTuple):
    """What a verifier says about a pact."""

    success: bool
    provider_version: str
    wip: bool = False
    pending: bool = False
    build_url: str | None = None
    verified_by: dict[str, Any] | None = None
    test_results: Any = None


def record(db: sqlite3.Connection, pact: sqlite3.Row, outcome: Outcome) -> sqlite3.Row:
    """Keep a result; it is from now on the one that counts for this content and provider version."""
    provider_version = estate.ensure_version(db, pact["provider_id"], outcome.provider_version)
    db.execute(
        "UPDATE results SET current = 0 WHERE content_id = ? AND provider_version_id = ? AND current = 1",
        (pact["content_id"], provider_version["id"]),
    )
    time = now()
    result_id = insert(
        db,
        "INSERT",
        "results",
        {
            "content_id": pact["content_id"],
            "consumer_id": pact["consumer_id"],
            "provider_id": pact["provider_id"],
            "provider_version_id": provider_version["id"],
            "success": outcome.success,
            "wip": outcome.wip,
            "pending": outcome.pending,
            "current": 1,
            "created_at": time,
            "build_url": outcome.build_url,
            "verified_by": dumps(outcome.verified_by) if outcome.verified_by else None,
            "test_results": None if outcome.test_results is None else dumps(outcome.test_results),
        },
    )
    for tag in estate.tags_of(db, provider_version["id"]) if outcome.success else ():
        columns = {"content_id": pact["content_id"], "tag": tag, "wip": outcome.wip, "created_at": time}
        insert(db, "INSERT OR IGNORE", "result_tags", columns)
    return required(by_id(db, result_id))


def by_id(db: sqlite3.Connection, result_id: int) -> sqlite3.Row | None:
    """The result with this number."""
    return one(db, f"{_FROM} WHERE r.id = ?", result_id)


def find(db: sqlite3.Connection, consumer: str, provider: str, sha: str, result_id: int) -> sqlite3.Row | None:
    """The result with this number, if it belongs to the pact; a pact that no version publishes any more has none."""
    found = by_id(db, result_id)
    if found is None or (found["consumer"], found["provider"], found["sha"]) != (consumer, provider, sha):
        return None
    published = one(db, "SELECT 1 FROM publications WHERE content_id = ? LIMIT 1", found["content_id"])
    return found if published else None


def latest_of_content(db: sqlite3.Connection, content_id: int) -> sqlite3.Row | None:
    """The newest result of a content, whatever the provider version."""
    return one(db, f"{_FROM} WHERE r.content_id = ? AND r.current = 1 ORDER BY r.id DESC LIMIT 1", content_id)


def left_of_content(db: sqlite3.Connection, content_id: int) -> sqlite3.Row | None:
    """The same, or what is left where those that counted were deleted: in summaries an older result takes their place.

    So on a Pact Broker, which answers neither the matrix nor `verification-results/latest` with it.
    """
    return one(db, f"{_FROM} WHERE r.content_id = ? ORDER BY r.current DESC, r.id DESC LIMIT 1", content_id)


def latest_from_main_branch(db: sqlite3.Connection, content_id: int) -> sqlite3.Row | None:
    """The newest result of a content by a version on the provider's main branch."""
    query = f"""{_FROM} JOIN branch_versions bv ON bv.version_id = r.provider_version_id
                JOIN branches b ON b.id = bv.branch_id AND b.name = provider.main_branch
                WHERE r.content_id = ? AND r.current = 1 ORDER BY r.id DESC LIMIT 1"""
    return one(db, query, content_id)


def latest_of_version(db: sqlite3.Connection, version_id: int) -> list[sqlite3.Row]:
    """The newest result of each pact of a consumer version, by provider."""
    query = "SELECT content_id FROM publications WHERE version_id = ? AND current = 1"
    found = [left_of_content(db, row["content_id"]) for row in db.execute(query, (version_id,)).fetchall()]
    return sorted((row for row in found if row), key=lambda row: str(row["provider"]).lower())


def latest_of_pair(db: sqlite3.Connection, pair: Pair, *, tag: str | None, untagged: bool) -> sqlite3.Row | None:
    """The newest result of the newest pact that has any: of all, of those with the tag, or of those without any."""
    marked = "JOIN tags t ON t.version_id = p.version_id AND t.name = :tag" if tag is not None else ""
    bare = "AND NOT EXISTS (SELECT 1 FROM tags WHERE version_id = p.version_id)" if untagged else ""
    query = f"""SELECT max(r.id) AS id FROM publications p {marked} JOIN results r ON r.content_id = p.content_id
                WHERE p.provider_id = :provider AND p.consumer_id = :consumer AND p.current = 1 AND r.current = 1 {bare}
                GROUP BY p.version_id ORDER BY p.version_id DESC LIMIT 1"""
    row = db.execute(query, {"provider": pair.provider_id, "consumer": pair.consumer_id, "tag": tag}).fetchone()
    return by_id(db, row["id"]) if row else None


def latest_of_tags(
    db: sqlite3.Connection, consumer_id: int, provider_id: int, tags: tuple[str, str]
) -> sqlite3.Row | None:
    """The newest result between versions tagged: (the consumer's tag, the provider's tag)."""
    query = """SELECT r.id FROM publications p JOIN tags ct ON ct.version_id = p.version_id AND ct.name = ?
               JOIN results r ON r.content_id = p.content_id AND r.current = 1
               JOIN tags pt ON pt.version_id = r.provider_version_id AND pt.name = ?
               WHERE p.provider_id = ? AND p.consumer_id = ? AND p.current = 1
               ORDER BY p.version_id DESC, r.provider_version_id DESC, r.id DESC LIMIT 1"""
    row = one(db, query, *tags, provider_id, consumer_id)
    return by_id(db, row["id"]) if row else None


def any_between(db: sqlite3.Connection, consumer_id: int, provider_id: int) -> bool:
    """Whether anything was ever verified between the two."""
    query = "SELECT 1 FROM results WHERE provider_id = ? AND consumer_id = ? LIMIT 1"
    return one(db, query, provider_id, consumer_id) is not None


def verified_by(row: sqlite3.Row) -> dict[str, Any]:
    """What the result says about the tool that verified."""
    known: dict[str, Any] = json.loads(row["verified_by"]) if row["verified_by"] else {}
    return known
