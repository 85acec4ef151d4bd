"""Where versions stand: their branches, tags and environments, of many versions at once."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field

from pact_gate.embedded.rows import ids

_BRANCHES = """SELECT bv.version_id, b.id, b.name, b.head_version_id = bv.version_id AS latest
    FROM branch_versions bv JOIN branches b ON b.id = bv.branch_id
    WHERE bv.version_id IN (SELECT value FROM json_each(:ids)) ORDER BY bv.id"""
_TAGS = """SELECT t.version_id, t.name, NOT EXISTS (SELECT 1 FROM tags x WHERE x.pacticipant_id = t.pacticipant_id
        AND x.name = t.name AND x.version_id > t.version_id) AS latest
    FROM tags t WHERE t.version_id IN (SELECT value FROM json_each(:ids)) ORDER BY t.created_at, t.id"""
_ENVIRONMENTS = """SELECT d.version_id, e.*, d.created_at AS since FROM deployments d
        JOIN environments e ON e.id = d.environment_id
        WHERE d.current = 1 AND d.version_id IN (SELECT value FROM json_each(:ids))
    UNION ALL SELECT r.version_id, e.*, r.created_at AS since FROM releases r
        JOIN environments e ON e.id = r.environment_id
        WHERE r.support_ended_at IS NULL AND r.version_id IN (SELECT value FROM json_each(:ids)) ORDER BY since"""


@dataclass
class Standing:
    """One version's branches, tags and environments.

    Of a branch and a tag there are the `name` and `latest`, whether it is their newest version; of a branch its `id`.
    """

    branches: list[sqlite3.Row] = field(default_factory=list)
    tags: list[sqlite3.Row] = field(default_factory=list)
    environments: list[sqlite3.Row] = field(default_factory=list)


def of(db: sqlite3.Connection, version_ids: Iterable[int]) -> dict[int, Standing]:
    """Each version's standing by its id: three queries, however many versions."""
    found = {version_id: Standing() for version_id in version_ids}
    values = {"ids": ids(found)}
    for row in db.execute(_BRANCHES, values):
        found[row["version_id"]].branches.append(row)
    for row in db.execute(_TAGS, values):
        found[row["version_id"]].tags.append(row)
    for row in db.execute(_ENVIRONMENTS, values):
        places = found[row["version_id"]].environments
        if all(place["uuid"] != row["uuid"] for place in places):  # deployed and released there is one place
            places.append(row)
    return found
