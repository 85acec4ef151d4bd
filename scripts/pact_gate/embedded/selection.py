"""Which pacts a provider should verify: consumer version selectors, pending and work in progress.

The rules are those of docs.pact.io/pact_broker/advanced_topics/consumer_version_selectors, .../pending_pacts and
.../wip_pacts, as a Pact Broker 2.122 applies them.
"""

from __future__ import annotations

import datetime
import sqlite3
from collections.abc import Iterable
from typing import Any, NamedTuple

from pact_gate.embedded import estate, pacts
from pact_gate.embedded.rows import one
from pact_gate.embedded.store import now

_LOOK_BACK = datetime.timedelta(days=30) // datetime.timedelta(microseconds=1)

# CROSS JOIN keeps SQLite to this order (sqlite.org/optoverview.html#crossjoin), from the heads to their pacts: else it
# would begin with all pacts that the provider ever had.
_PACT = "CROSS JOIN publications p ON p.provider_id = i.provider_id AND p.current = 1 AND p.version_id"
_DEPLOYED = f"""SELECT p.id, e.name AS environment FROM integrations i
    JOIN deployments d ON d.pacticipant_id = i.consumer_id AND d.current = 1
    JOIN environments e ON e.id = d.environment_id AND (:environment IS NULL OR e.name = :environment)
    {_PACT} = d.version_id"""
_RELEASED = f"""SELECT p.id, e.name AS environment FROM integrations i
    JOIN releases r ON r.pacticipant_id = i.consumer_id AND r.support_ended_at IS NULL
    JOIN environments e ON e.id = r.environment_id AND (:environment IS NULL OR e.name = :environment)
    {_PACT} = r.version_id"""
_MAIN_HEADS = f"""SELECT p.id, b.name AS branch FROM integrations i JOIN pacticipants c ON c.id = i.consumer_id
    JOIN branches b ON b.pacticipant_id = c.id AND b.name = c.main_branch {_PACT} = b.head_version_id"""
_BRANCH_HEADS = f"""SELECT p.id, b.name AS branch FROM integrations i
    JOIN branches b ON b.pacticipant_id = i.consumer_id AND b.name = :branch {_PACT} = b.head_version_id"""
_ALL_BRANCH_HEADS = f"""SELECT p.id, b.name AS branch FROM integrations i
    JOIN branches b ON b.pacticipant_id = i.consumer_id {_PACT} = b.head_version_id"""
_TAGGED = f"""SELECT p.id FROM integrations i JOIN tags t ON t.pacticipant_id = i.consumer_id AND t.name = :tag
    {_PACT} = t.version_id"""
_TAG_HEADS = f"""SELECT p.id FROM integrations i
    {_PACT} = (SELECT max(t.version_id) FROM tags t WHERE t.pacticipant_id = i.consumer_id AND t.name = :tag)"""
# Each name of a tag is looked up once, not each of the versions that have it.
_ALL_TAG_HEADS = f"""WITH RECURSIVE names (consumer_id, tag) AS (
        SELECT consumer_id, (SELECT min(name) FROM tags WHERE pacticipant_id = consumer_id)
        FROM integrations WHERE provider_id = :provider
        UNION ALL SELECT consumer_id, (SELECT min(name) FROM tags WHERE pacticipant_id = consumer_id AND name > tag)
        FROM names WHERE tag IS NOT NULL)
    SELECT p.id, i.tag FROM (SELECT *, :provider AS provider_id FROM names WHERE tag IS NOT NULL) i
    {_PACT} = (SELECT max(version_id) FROM tags WHERE pacticipant_id = i.consumer_id AND name = i.tag)"""
_NEWEST = f"SELECT p.id FROM integrations i CROSS JOIN publications p ON p.id = {pacts.newest(tagged=False)}"

# Passed by a version of the branch `:own`, or, before a moment, by one of any branch.
_PASSED_ON = """SELECT 1 FROM results r WHERE r.content_id = {content} AND r.success = 1 AND (
    EXISTS (SELECT 1 FROM branch_versions WHERE branch_id = :own AND version_id = r.provider_version_id)
    OR (:before IS NULL OR r.created_at < :before)
    AND EXISTS (SELECT 1 FROM branch_versions WHERE version_id = r.provider_version_id))"""
_PASSED_TAGGED = """SELECT 1 FROM results r JOIN tags t ON t.version_id = r.provider_version_id
    WHERE r.content_id = :content AND r.success = 1"""


class Selector(NamedTuple):
    """One consumer version selector. `branch` True is every branch; the flags are as in the request."""

    consumer: str | None = None
    main_branch: bool = False
    matching_branch: bool = False
    branch: str | bool | None = None
    tag: str | None = None
    fallback_tag: str | None = None
    latest: bool = False
    deployed: bool = False
    released: bool = False
    environment: str | None = None


class Match(NamedTuple):
    """Why a pact was chosen: a selector, and the consumer version that it found."""

    selector: Selector
    version: str
    version_id: int
    environment: str | None = None
    branch: str | None = None
    fallback: bool = False


class Choice(NamedTuple):
    """A pact to be verified. `pending` is None where the provider did not ask for it."""

    pact: sqlite3.Row
    matches: tuple[Match, ...]
    pending: bool | None = None
    wip: bool = False
    provider_branch: str | None = None
    pending_tags: tuple[str, ...] = ()
    other_tags: tuple[str, ...] = ()


class Question(NamedTuple):
    """What a provider asks with: `for-verification` as a request body, read and checked."""

    selectors: tuple[Selector, ...]
    branch: str | None
    tags: tuple[str, ...]
    include_pending: bool
    wip_since: int | None


def choose(db: sqlite3.Connection, provider: sqlite3.Row, question: Question) -> list[Choice]:
    """The pacts to verify: those that were asked for, then the work in progress."""
    selectors = question.selectors or _defaults(db, provider["id"])
    asked = _merged(_selected(db, provider["id"], selectors))
    own = estate.branch(db, provider["id"], question.branch) if question.branch else None
    if question.include_pending:
        asked = [_with_pending(db, provider["id"], choice, question, own) for choice in asked]
    return asked + _work_in_progress(db, provider["id"], question, asked, own)


def _selected(db: sqlite3.Connection, provider_id: int, selectors: Iterable[Selector]) -> list[Choice]:
    """What the selectors find, and what is the newest of their fallback tags where no pact is the newest of a tag.

    That is asked of all consumers together, and of what the tags themselves found: each selector falls back by itself.
    """
    found = _choices(db, provider_id, selectors)
    latest = {match.selector.tag for choice in found for match in choice.matches if match.selector.latest}
    missed = [selector for selector in selectors if selector.fallback_tag and selector.tag not in latest]
    return found + [choice for selector in missed for choice in _fallen_back(db, provider_id, selector)]


def _fallen_back(db: sqlite3.Connection, provider_id: int, selector: Selector) -> list[Choice]:
    instead = selector._replace(tag=selector.fallback_tag, latest=True)
    return [
        choice._replace(matches=tuple(match._replace(selector=selector, fallback=True) for match in choice.matches))
        for choice in _choices(db, provider_id, [instead])
    ]


def _choices(db: sqlite3.Connection, provider_id: int, selectors: Iterable[Selector]) -> list[Choice]:
    rows = [
        (selector, row)
        for selector in selectors
        for query in _queries(selector)
        for row in _rows(db, query, provider_id, selector)
    ]
    chosen = pacts.by_ids(db, {row["id"] for _, row in rows})
    return [_choice(chosen[row["id"]], selector, row) for selector, row in rows]


def _choice(pact: sqlite3.Row, selector: Selector, row: sqlite3.Row) -> Choice:
    where = {key: row[key] for key in ("environment", "branch") if key in row.keys()}  # noqa: SIM118 - a Row is no dict
    return Choice(pact, (Match(selector, pact["version"], pact["version_id"], **where),))


def _rows(db: sqlite3.Connection, query: str, provider_id: int, selector: Selector) -> list[sqlite3.Row]:
    values: dict[str, Any] = {
        "provider": provider_id,
        "environment": selector.environment,
        "branch": selector.branch,
        "tag": selector.tag,
        "consumer": selector.consumer,
    }
    only = "AND i.consumer_id = (SELECT id FROM pacticipants WHERE name = :consumer)" if selector.consumer else ""
    return db.execute(f"{query} WHERE i.provider_id = :provider {only}", values).fetchall()


def _queries(selector: Selector) -> list[str]:
    if selector.deployed or selector.released or selector.environment:
        both = selector.deployed == selector.released
        return [
            query
            for query, wanted in ((_DEPLOYED, selector.deployed), (_RELEASED, selector.released))
            if wanted or both
        ]
    if selector.main_branch:
        return [_MAIN_HEADS]
    if selector.branch is not None:
        return [_ALL_BRANCH_HEADS if selector.branch is True else _BRANCH_HEADS]
    if selector.tag is not None:
        return [_TAG_HEADS if selector.latest else _TAGGED]
    return [_NEWEST]


def _merged(choices: list[Choice]) -> list[Choice]:
    """One choice for each content, with every reason for it; the pact is that of the newest of its versions."""
    groups: dict[tuple[int, str], list[Choice]] = {}
    for choice in choices:
        groups.setdefault((choice.pact["consumer_id"], choice.pact["sha"]), []).append(choice)
    merged = [
        max(group, key=lambda choice: int(choice.pact["version_id"]))._replace(
            matches=tuple(dict.fromkeys(match for choice in group for match in choice.matches))
        )
        for group in groups.values()
    ]
    return sorted(merged, key=lambda choice: (str(choice.pact["consumer"]).lower(), int(choice.pact["version_id"])))


def _defaults(db: sqlite3.Connection, provider_id: int) -> list[Selector]:
    """Without selectors: each consumer's main branch, or its newest version; and all that is deployed or released."""
    query = """SELECT c.* FROM integrations i JOIN pacticipants c ON c.id = i.consumer_id
               WHERE i.provider_id = ? ORDER BY c.name"""
    found = [_default(db, consumer) for consumer in db.execute(query, (provider_id,)).fetchall()]
    return [*found, Selector(deployed=True), Selector(released=True)]


def _default(db: sqlite3.Connection, consumer: sqlite3.Row) -> Selector:
    main = consumer["main_branch"]
    if main and estate.latest_version(db, consumer["id"], branch=main):
        return Selector(consumer=consumer["name"], main_branch=True, latest=True)
    if main and estate.latest_version(db, consumer["id"], tag=main):
        return Selector(consumer=consumer["name"], tag=main, latest=True)
    return Selector(consumer=consumer["name"], latest=True)


def _with_pending(
    db: sqlite3.Connection, provider_id: int, choice: Choice, question: Question, own: sqlite3.Row | None
) -> Choice:
    """Say of a pact whether it is pending; `own` is the branch that the provider asks for, if it is there."""
    content_id = choice.pact["content_id"]
    if question.branch:
        pending = _is_pending_for_branch(db, content_id, own)
        return choice._replace(pending=pending, provider_branch=question.branch, other_tags=question.tags)
    if question.tags:
        waiting = tuple(tag for tag in question.tags if _is_pending_for_tag(db, provider_id, content_id, tag))
        others = tuple(tag for tag in question.tags if tag not in waiting)
        return choice._replace(pending=bool(waiting), pending_tags=waiting, other_tags=others)
    passed = one(db, "SELECT 1 FROM results WHERE content_id = ? AND success = 1 LIMIT 1", content_id)
    return choice._replace(pending=passed is None)


def _is_pending_for_branch(db: sqlite3.Connection, content_id: int, branch: sqlite3.Row | None) -> bool:
    """Pending until a version of the branch passes, or, before there was such a branch, one of any other."""
    own, before = (branch["id"], branch["created_at"]) if branch else (None, None)
    query = f"{_PASSED_ON.format(content=':content')} LIMIT 1"
    return db.execute(query, {"content": content_id, "own": own, "before": before}).fetchone() is None


def _is_pending_for_tag(db: sqlite3.Connection, provider_id: int, content_id: int, tag: str) -> bool:
    values = {"content": content_id, "tag": tag, "before": _first_tagged(db, provider_id, tag)}
    query = f"{_PASSED_TAGGED} AND (t.name = :tag OR :before IS NULL OR r.created_at < :before) LIMIT 1"
    return db.execute(query, values).fetchone() is None


def _first_tagged(db: sqlite3.Connection, provider_id: int, tag: str) -> int | None:
    row = one(db, "SELECT min(created_at) AS first FROM tags WHERE pacticipant_id = ? AND name = ?", provider_id, tag)
    return row["first"] if row else None


def _work_in_progress(
    db: sqlite3.Connection, provider_id: int, question: Question, asked: list[Choice], own: sqlite3.Row | None
) -> list[Choice]:
    """Heads of branches and tags that this provider branch (or tags) has not passed when it asked for them."""
    if question.wip_since is None:
        return []
    if question.branch:
        found = [
            choice._replace(provider_branch=question.branch)
            for choice in _wip_for_branch(db, provider_id, own, question.wip_since)
        ]
    else:
        found = [choice for tag in question.tags for choice in _wip_for_tag(db, provider_id, tag, question.wip_since)]
    known = {(choice.pact["consumer_id"], choice.pact["sha"]) for choice in asked}
    new = [choice for choice in found if (choice.pact["consumer_id"], choice.pact["sha"]) not in known]
    tags = _pending_tags(new)
    merged = [choice._replace(pending_tags=tags[choice.pact["content_id"]]) for choice in _merged(new)]
    return sorted(merged, key=lambda choice: (str(choice.pact["consumer"]), int(choice.pact["version_id"])))


def _pending_tags(choices: list[Choice]) -> dict[int, tuple[str, ...]]:
    tags: dict[int, tuple[str, ...]] = {}
    for choice in choices:
        content_id = choice.pact["content_id"]
        tags[content_id] = tuple(dict.fromkeys((*tags.get(content_id, ()), *choice.pending_tags)))
    return tags


def _wip_for_branch(db: sqlite3.Connection, provider_id: int, branch: sqlite3.Row | None, since: int) -> list[Choice]:
    passed = f"{_PASSED_ON.format(content='p.content_id')} AND r.wip = 0 AND r.created_at >= :cutoff"
    values = {
        "provider": provider_id,
        "since": since,
        "own": branch["id"] if branch else None,
        "cutoff": now() - _LOOK_BACK,
        "before": _first_version_made(db, branch["id"]) if branch else None,
    }
    return _unpassed_heads(db, passed, values)


def _wip_for_tag(db: sqlite3.Connection, provider_id: int, tag: str, since: int) -> list[Choice]:
    passed = """SELECT 1 FROM result_tags rt WHERE rt.content_id = p.content_id AND rt.wip = 0
                AND (rt.tag = :own OR :before IS NULL OR rt.created_at < :before)"""
    values = {"provider": provider_id, "since": since, "own": tag, "before": _first_tagged(db, provider_id, tag)}
    return [choice._replace(pending_tags=(tag,)) for choice in _unpassed_heads(db, passed, values)]


def _unpassed_heads(db: sqlite3.Connection, passed: str, values: dict[str, Any]) -> list[Choice]:
    """The pacts of all heads of consumer branches and tags, newer than `since`, for which nothing has `passed`."""
    only = f"WHERE i.provider_id = :provider AND p.created_at > :since AND NOT EXISTS ({passed})"
    tagged = db.execute(f"{_ALL_TAG_HEADS} {only}", values).fetchall()
    on_branch = db.execute(f"{_ALL_BRANCH_HEADS} {only}", values).fetchall()
    chosen = pacts.by_ids(db, (row["id"] for row in (*tagged, *on_branch)))
    reasons = [(row["id"], Selector(latest=True, tag=row["tag"])) for row in tagged]
    reasons += [(row["id"], Selector(latest=True, branch=row["branch"])) for row in on_branch]
    return [_work(chosen[publication_id], selector) for publication_id, selector in reasons]


def _work(pact: sqlite3.Row, selector: Selector) -> Choice:
    return Choice(pact, (Match(selector, pact["version"], pact["version_id"]),), pending=True, wip=True)


def _first_version_made(db: sqlite3.Connection, branch_id: int) -> int | None:
    """When the first version that was put on a branch was made."""
    query = """SELECT v.created_at FROM branch_versions bv JOIN versions v ON v.id = bv.version_id
               WHERE bv.branch_id = ? ORDER BY bv.id LIMIT 1"""
    row = one(db, query, branch_id)
    return row["created_at"] if row else None
