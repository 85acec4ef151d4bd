"""Which versions a selector means."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from pact_gate.embedded import estate
from pact_gate.embedded.matrix.terms import NOTHING, Resolved, Selector
from pact_gate.embedded.rows import ids


def resolve(db: sqlite3.Connection, selector: Selector, *, specified: bool) -> list[Resolved]:
    """Find the versions that a selector means: at least one entry, which says so where there is none."""
    name = selector.pacticipant or ""
    owner = estate.pacticipant(db, name)
    if owner is None:
        return [Resolved(selector, NOTHING, name, specified)]
    return resolve_of(db, [owner], selector, specified=specified)


def resolve_of(
    db: sqlite3.Connection, owners: Sequence[sqlite3.Row], selector: Selector, *, specified: bool
) -> list[Resolved]:
    """The versions of each owner that a selector finds, whichever pacticipant that names."""
    if selector.is_name_only:
        return [Resolved(selector, owner["id"], owner["name"], specified) for owner in owners]
    found = _versions(db, owners, selector)
    resolved: list[Resolved] = []
    for owner in owners:
        one = (selector, owner["id"], owner["name"], specified)
        versions = found.get(owner["id"], [])
        if not versions:
            resolved.append(Resolved(*one, NOTHING, selector.version, selector.branch))
        branch = selector.branch or (owner["main_branch"] if selector.main_branch else None)
        many = len(versions) > 1
        resolved += [Resolved(*one, row["id"], row["number"], branch, one_of_many=many) for row in versions]
    return resolved


def _versions(
    db: sqlite3.Connection, owners: Sequence[sqlite3.Row], selector: Selector
) -> dict[int, list[sqlite3.Row]]:
    """The versions that meet every condition of a selector, by the pacticipant whose they are.

    Each condition but the number's finds versions of the pacticipant alone; with that asked as well, SQLite would walk
    through all of them. A tag's versions are walked through from the newest, the others are few.
    """
    values = {
        "owners": ids(owner["id"] for owner in owners),
        "number": selector.version,
        "tag": selector.tag,
        "environment": selector.environment,
        "branch": selector.branch,
    }
    on_branch = "x.id IN (SELECT head_version_id FROM branches WHERE pacticipant_id = owner.id AND name = {})"
    if not selector.latest:
        on_branch = """x.id IN (SELECT bv.version_id FROM branches b JOIN branch_versions bv ON bv.branch_id = b.id
                                WHERE b.pacticipant_id = owner.id AND b.name = {})"""
    conditions = {
        "x.pacticipant_id = owner.id AND x.number = :number": selector.version,
        "t.pacticipant_id = owner.id AND t.name = :tag": selector.tag,
        _IN_ENVIRONMENT: selector.environment,
        on_branch.format(":branch"): selector.branch,
        on_branch.format("owner.main_branch"): selector.main_branch,
    }
    where = " AND ".join(text for text, wanted in conditions.items() if wanted) or "x.pacticipant_id = owner.id"
    tagged = "tags t CROSS JOIN versions x ON x.id = t.version_id" if selector.tag else "versions x"
    newest = f"ORDER BY {'t.version_id' if selector.tag else 'x.id'} DESC LIMIT 1" if selector.latest else ""
    query = f"""SELECT owner.id AS owner, v.id, v.number FROM pacticipants owner CROSS JOIN versions v
                ON v.id IN (SELECT x.id FROM {tagged} WHERE {where} {newest})
                WHERE owner.id IN (SELECT value FROM json_each(:owners)) ORDER BY v.id"""
    found: dict[int, list[sqlite3.Row]] = {}
    for row in db.execute(query, values):
        found.setdefault(row["owner"], []).append(row)
    return found


_PLACE = "(SELECT id FROM environments WHERE name = :environment)"
_IN_ENVIRONMENT = f"""x.id IN (
    SELECT d.version_id FROM deployments d
    WHERE d.environment_id = {_PLACE} AND d.pacticipant_id = owner.id AND d.current = 1
    UNION ALL SELECT r.version_id FROM releases r
    WHERE r.environment_id = {_PLACE} AND r.pacticipant_id = owner.id AND r.support_ended_at IS NULL)"""
