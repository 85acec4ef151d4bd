"""From a question to its answer."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from pact_gate.embedded.matrix import rows
from pact_gate.embedded.matrix.terms import NOTHING, Integration, Question, Resolved, Row, Selector, Summary
from pact_gate.embedded.matrix.versions import resolve, resolve_of
from pact_gate.embedded.rows import ids


def answer(db: sqlite3.Connection, question: Question) -> Summary:
    """Answer a question that was checked."""
    ignored = [one for selector in question.ignored for one in resolve(db, selector, specified=False)]
    specified = [
        _ignoring(ignored, one) for selector in question.selectors for one in resolve(db, selector, specified=True)
    ]
    pairs = (_involving if question.has_destination or len(specified) == 1 else _between)(db, specified)
    owners = _owners(db, pairs)
    integrations = _integrations(pairs, owners)
    resolved = specified + _inferred(db, question, specified, integrations, owners, ignored)
    found = rows.between(db, question, resolved)
    kept = [row for row in found if not _is_ignored(ignored, row)]
    passed_over = [row for row in found if _is_ignored(ignored, row)]
    there = {(row.consumer_id, row.provider_id) for row in found}
    missing = [one for one in integrations if one.required and (one.consumer_id, one.provider_id) not in there]
    kept.sort(key=rows.order)
    passed_over.sort(key=rows.order)
    return Summary(question, kept, passed_over, resolved, ignored, integrations, missing)


def _ignoring(ignored: Sequence[Resolved], one: Resolved) -> Resolved:
    hit = ignored and any(_covers(other, one.pacticipant_id, one.version_id) for other in ignored)
    return one._replace(ignored=True) if hit and one.pacticipant_id != NOTHING else one


def _covers(ignored: Resolved, pacticipant_id: int, version_id: int | None) -> bool:
    """Whether a version is to be ignored; of two that are not there, neither stands for the other."""
    if ignored.pacticipant_id != pacticipant_id:
        return False
    return ignored.asked.is_name_only or ignored.version_id == version_id != NOTHING


def _is_ignored(ignored: Sequence[Resolved], row: Row) -> bool:
    return any(
        _covers(one, row.consumer_id, row.consumer_version_id) or _covers(one, row.provider_id, row.provider_version_id)
        for one in ignored
    )


_Pairs = dict[tuple[int, int], bool]  # a consumer's and a provider's id: whether the consumer cannot go without


def _owners(db: sqlite3.Connection, pairs: _Pairs) -> dict[int, sqlite3.Row]:
    query = "SELECT * FROM pacticipants WHERE id IN (SELECT value FROM json_each(?))"
    return {row["id"]: row for row in db.execute(query, (ids({one for pair in pairs for one in pair}),))}


def _integrations(pairs: _Pairs, owners: dict[int, sqlite3.Row]) -> list[Integration]:
    names = {owner_id: owner["name"] for owner_id, owner in owners.items()}
    made = [Integration(one, names[one], other, names[other], required) for (one, other), required in pairs.items()]
    return sorted(made, key=lambda one: (one.consumer, one.provider))


def _involving(db: sqlite3.Connection, specified: list[Resolved]) -> _Pairs:
    """The integrations of the specified versions as consumers (required), and of the pacticipants as providers."""
    found: _Pairs = {}
    for one in specified:
        for row in db.execute(
            "SELECT consumer_id, provider_id FROM integrations WHERE provider_id = ?", (one.pacticipant_id,)
        ):
            found.setdefault((row["consumer_id"], row["provider_id"]), False)
        if one.version_id is None:
            query, value = (
                "SELECT DISTINCT provider_id FROM publications WHERE consumer_id = ? AND current = 1",
                one.pacticipant_id,
            )
        else:
            query, value = (
                "SELECT DISTINCT provider_id FROM publications WHERE version_id = ? AND current = 1",
                one.version_id,
            )
        for row in db.execute(query, (value,)):
            found[one.pacticipant_id, row["provider_id"]] = True
    return found


def _between(db: sqlite3.Connection, specified: list[Resolved]) -> _Pairs:
    """The integrations among the specified: all are required."""
    providers = ids({one.pacticipant_id for one in specified})
    found: _Pairs = {}
    for one in specified:
        column, value = (
            ("version_id", one.version_id) if one.version_id is not None else ("consumer_id", one.pacticipant_id)
        )
        query = f"""SELECT DISTINCT provider_id FROM publications WHERE {column} = ? AND current = 1
                    AND provider_id IN (SELECT value FROM json_each(?))"""
        for row in db.execute(query, (value, providers)):
            found[one.pacticipant_id, row["provider_id"]] = True
    return found


def _inferred(
    db: sqlite3.Connection,
    question: Question,
    specified: list[Resolved],
    integrations: list[Integration],
    owners: dict[int, sqlite3.Row],
    ignored: list[Resolved],
) -> list[Resolved]:
    """The other pacticipants of the integrations, in the versions that are at the destination."""
    if not question.has_destination:
        return []
    known = {one.pacticipant_id for one in specified}
    pacticipants = dict.fromkeys(each for one in integrations for each in (one.consumer_id, one.provider_id))
    there = Selector(
        None,
        latest=question.latest,
        tag=question.tag,
        main_branch=bool(question.main_branch),
        environment=question.environment,
    )
    found = resolve_of(db, [owners[each] for each in pacticipants if each not in known], there, specified=False)
    return [_ignoring(ignored, one) for one in found]
