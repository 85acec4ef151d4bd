"""The rows of the matrix: pacts between versions, each with the results for what it says."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from typing import Any

from pact_gate.embedded.matrix.terms import NOTHING, Question, Resolved, Row
from pact_gate.embedded.rows import ids


def between(db: sqlite3.Connection, question: Question, resolved: list[Resolved]) -> list[Row]:
    """Give the rows of the resolved versions, the newest first; of each group one, where the question says so."""
    rows = _one_sided(db, question, resolved[0]) if len(resolved) == 1 else _two_sided(db, question, resolved)
    rows.sort(key=lambda row: (row.acted_at, row.publication_id, row.result_id or 0), reverse=True)
    if question.only_browses:
        rows = rows[: question.listed]
    if question.latestby == "cp":
        rows = _as_first_verified(db, rows)
    if question.latestby in _GROUPS:
        rows = _latest(rows, _GROUPS[question.latestby])
    return [row for row in rows if question.success is None or row.success in question.success]


def _as_first_verified(db: sqlite3.Connection, rows: list[Row]) -> list[Row]:
    """The newest first, where who verifies again does not make a row newer: of a pair's results the first counts.

    It makes a difference only where the rows of several consumer versions are held against one another.
    """
    query = """SELECT p.id, r.provider_version_id, max(cv.created_at, min(r.created_at))
        FROM json_each(?) asked CROSS JOIN publications p ON p.id = asked.value
        JOIN versions cv ON cv.id = p.version_id JOIN results r ON r.content_id = p.content_id
        GROUP BY p.id, r.provider_version_id"""
    found = db.execute(query, (ids({row.publication_id for row in rows}),))
    first = {(publication_id, version_id): acted_at for publication_id, version_id, acted_at in found}

    def key(row: Row) -> tuple[int, int, int]:
        acted_at = first.get((row.publication_id, row.provider_version_id or NOTHING), row.acted_at)
        return (acted_at, row.publication_id, row.result_id or 0)

    return sorted(rows, key=key, reverse=True)


_GROUPS: dict[str, Callable[[Row], tuple[Any, ...]]] = {
    "cvpv": lambda row: (row.consumer_id, row.consumer_version_id, row.provider_id, row.provider_version_id),
    "cvp": lambda row: (row.consumer_id, row.consumer_version_id, row.provider_id),
    "cp": lambda row: (row.consumer_id, row.provider_id),
}

LATEST_BY = tuple(_GROUPS)


def _latest(rows: list[Row], group: Callable[[Row], tuple[Any, ...]]) -> list[Row]:
    """Of each group the row of the newest provider version; the newest row, if that one has no result."""
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(group(row), []).append(row)
    return [_latest_of(members) for members in groups.values()]


def _latest_of(rows: list[Row]) -> Row:
    if rows[0].provider_version_id is None:
        return rows[0]
    return max(reversed(rows), key=lambda row: row.provider_version_id or 0)


# A row's columns, in its order: those of the pact (`_of_pact` adds one), and those of a result for what it says.
_OF_PACT = """p.consumer_id, consumer.name, p.version_id, cv.number, p.provider_id, provider.name,
    p.id AS publication_id, p.revision, k.sha, p.created_at"""
_OF_RESULT = "pv.id, pv.number, r.id AS result_id, r.success, r.created_at"
_PACT_COLUMNS, _RESULT_COLUMNS = slice(11), slice(5)
_NAMES = """JOIN pacticipants consumer ON consumer.id = p.consumer_id
    JOIN pacticipants provider ON provider.id = p.provider_id
    JOIN versions cv ON cv.id = p.version_id JOIN contents k ON k.id = p.content_id"""


def _of_pact(question: Question) -> str:
    """The columns of a pact, and last when that counts as published."""
    return f"{_OF_PACT}, {'cv' if question.latestby else 'p'}.created_at AS published_at"


def _one_sided(db: sqlite3.Connection, question: Question, one: Resolved) -> list[Row]:
    """The pacts of one selector as consumer, verified by anyone or no one, and the results of it as provider."""
    current = "AND {}.current = 1" if question.latestby else ""
    own, made = (
        ("p.version_id", "r.provider_version_id") if one.version_id is not None else ("p.consumer_id", "r.provider_id")
    )
    value = one.version_id if one.version_id is not None else one.pacticipant_id
    select = f"SELECT {_OF_RESULT}, {_of_pact(question)}"
    names = f"{_NAMES} LEFT JOIN versions pv ON pv.id = r.provider_version_id"
    as_consumer = f"""{select} FROM publications p
                      LEFT JOIN results r ON r.content_id = p.content_id {current.format("r")}
                      {names} WHERE {own} = ? {current.format("p")}"""
    as_provider = f"""{select} FROM results r JOIN publications p ON p.content_id = r.content_id {current.format("p")}
                      {names} WHERE {made} = ? {current.format("r")}"""
    found = {
        (row["publication_id"], row["result_id"]): row
        for query in (as_consumer, as_provider)
        for row in db.execute(query, (value,))
    }
    return [_row(row[_RESULT_COLUMNS.stop :], row if row["result_id"] is not None else None) for row in found.values()]


def _two_sided(db: sqlite3.Connection, question: Question, resolved: list[Resolved]) -> list[Row]:
    """The pacts between the resolved versions, each with the results by those of them that are providers."""
    pacticipants = {one.pacticipant_id for one in resolved}
    specified = {one.pacticipant_id for one in resolved if one.specified}
    any_version = {one.pacticipant_id for one in resolved if one.version_id is None}
    versions = {one.version_id for one in resolved if one.version_id is not None}
    published = _published(db, question, any_version, versions, pacticipants)
    if question.only_browses:
        published = sorted(published, key=lambda pact: int(pact["published_at"]), reverse=True)[: question.listed]
    results = _results(db, question, published, resolved)
    rows: list[Row] = []
    for pact in published:
        if pact["consumer_id"] in specified or pact["provider_id"] in specified:
            rows += [_row(pact, result) for result in results.get(pact["content_id"], (None,))]
    return rows


def _published(
    db: sqlite3.Connection, question: Question, any_version: set[int], versions: set[int], providers: set[int]
) -> list[sqlite3.Row]:
    current = "AND p.current = 1" if question.latestby else ""
    query = f"""SELECT {_of_pact(question)}, p.content_id
        FROM publications p {_NAMES}
        WHERE p.{{by}} IN (SELECT value FROM json_each(?)) AND {{of}} IN (SELECT value FROM json_each(?)) {current}"""
    found: dict[int, sqlite3.Row] = {}
    # The + keeps SQLite from trying each version with each provider (sqlite.org/optoverview.html#uplus).
    for by, of, values in (("consumer_id", "p.provider_id", any_version), ("version_id", "+p.provider_id", versions)):
        if values:
            rows = db.execute(query.format(by=by, of=of), (ids(values), ids(providers)))
            found.update((row["publication_id"], row) for row in rows)
    return list(found.values())


def _results(
    db: sqlite3.Connection, question: Question, published: list[sqlite3.Row], resolved: list[Resolved]
) -> dict[int, list[sqlite3.Row | None]]:
    """Results for the pacts' contents by the resolved versions of their providers, by content."""
    versions: dict[int, set[int | None]] = {}
    for one in resolved:
        versions.setdefault(one.pacticipant_id, set()).add(one.version_id)
    asked = {(row["content_id"], version) for row in published for version in versions.get(row["provider_id"], ())}
    current = "AND r.current = 1" if question.latestby else ""
    query = f"""SELECT {_OF_RESULT}, r.content_id
        FROM json_each(?) asked CROSS JOIN results r ON r.content_id = json_extract(asked.value, '$[0]') {current}
        JOIN versions pv ON pv.id = r.provider_version_id"""
    of_any = [pair for pair in asked if pair[1] is None]
    of_one = [pair for pair in asked if pair[1] is not None]
    rows = db.execute(query, (json.dumps(of_any),)).fetchall()
    rows += db.execute(
        f"{query} WHERE r.provider_version_id = json_extract(asked.value, '$[1]')", (json.dumps(of_one),)
    )
    found: dict[int, dict[int, sqlite3.Row | None]] = {}
    for row in rows:
        found.setdefault(row["content_id"], {})[row["result_id"]] = row
    return {content_id: list(by_id.values()) for content_id, by_id in found.items()}


def _row(pact: Sequence[Any], result: Sequence[Any] | None) -> Row:
    """A row of what begins with the columns of a pact, and of a result."""
    *of_pact, published_at = pact[_PACT_COLUMNS]
    if result is None:
        return Row._make((*of_pact, None, None, None, None, None, published_at))
    version_id, number, result_id, success, verified_at = result[_RESULT_COLUMNS]
    acted_at = max(published_at, verified_at)
    return Row._make((*of_pact, version_id, number, result_id, bool(success), verified_at, acted_at))


def order(row: Row) -> tuple[Any, ...]:
    """By consumer and provider, the newest versions first, and rows without a result before those with one."""
    unverified = row.provider_version_id is None
    return (
        row.consumer,
        -row.consumer_version_id,
        -row.revision,
        row.provider,
        not unverified,
        -(row.provider_version_id or 0),
        -(row.result_id or 0),
    )
