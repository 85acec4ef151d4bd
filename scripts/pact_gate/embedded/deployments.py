"""Environments, and which versions are deployed to or released in them: reading and writing the rows."""

from __future__ import annotations

import sqlite3
import uuid

from pact_gate.embedded.exchange import Call, not_found
from pact_gate.embedded.rows import insert, one, required
from pact_gate.embedded.store import now


def environment(db: sqlite3.Connection, environment_uuid: str) -> sqlite3.Row | None:
    """The environment with this uuid."""
    return one(db, "SELECT * FROM environments WHERE uuid = ?", environment_uuid)


def environment_named(db: sqlite3.Connection, name: str) -> sqlite3.Row | None:
    """The environment with this name."""
    return one(db, "SELECT * FROM environments WHERE name = ?", name)


def required_environment(call: Call) -> sqlite3.Row:
    """The environment that the path names. Raises Refusal (404)."""
    known = environment(call.db, call.path["environment"])
    if known is None:
        raise not_found("There is no environment with this uuid.")
    return known


def deployment(db: sqlite3.Connection, deployment_uuid: str) -> sqlite3.Row | None:
    """The deployment with this uuid."""
    return one(db, "SELECT * FROM deployments WHERE uuid = ?", deployment_uuid)


def release(db: sqlite3.Connection, release_uuid: str) -> sqlite3.Row | None:
    """The release with this uuid."""
    return one(db, "SELECT * FROM releases WHERE uuid = ?", release_uuid)


def deploy(db: sqlite3.Connection, made: sqlite3.Row, place: sqlite3.Row, instance: str | None) -> sqlite3.Row:
    """Record a deployment; it replaces that of another version to the same application instance.

    No instance and one with an empty name are the same, though each is shown as it was given.
    """
    same = "environment_id = ? AND pacticipant_id = ? AND ifnull(instance, '') = ifnull(?, '') AND current = 1"
    where = (place["id"], made["pacticipant_id"], instance)
    query = f"SELECT * FROM deployments WHERE {same} AND version_id = ? AND instance IS ?"
    known = one(db, query, *where, made["id"], instance)
    if known:
        return known
    time = now()
    db.execute(
        f"UPDATE deployments SET current = 0, undeployed_at = ?, updated_at = ? WHERE {same}", (time, time, *where)
    )
    columns = {
        "uuid": str(uuid.uuid4()),
        "environment_id": place["id"],
        "pacticipant_id": made["pacticipant_id"],
        "version_id": made["id"],
        "instance": instance,
        "current": 1,
        "created_at": time,
        "updated_at": time,
    }
    return required(one(db, "SELECT * FROM deployments WHERE id = ?", insert(db, "INSERT", "deployments", columns)))


def undeploy(db: sqlite3.Connection, row: sqlite3.Row) -> sqlite3.Row:
    """Record that a version is no longer deployed."""
    time = now()
    query = "UPDATE deployments SET current = 0, undeployed_at = ifnull(undeployed_at, ?), updated_at = ? WHERE id = ?"
    db.execute(query, (time, time, row["id"]))
    return required(one(db, "SELECT * FROM deployments WHERE id = ?", row["id"]))


def release_version(db: sqlite3.Connection, made: sqlite3.Row, place: sqlite3.Row) -> tuple[sqlite3.Row, bool]:
    """Record a release, or that one is supported again. The flag says whether it is new."""
    query = "SELECT * FROM releases WHERE version_id = ? AND environment_id = ?"
    known = one(db, query, made["id"], place["id"])
    time = now()
    if known is None:
        columns = {
            "uuid": str(uuid.uuid4()),
            "environment_id": place["id"],
            "pacticipant_id": made["pacticipant_id"],
            "version_id": made["id"],
            "created_at": time,
            "updated_at": time,
        }
        insert(db, "INSERT", "releases", columns)
    elif known["support_ended_at"] is not None:
        db.execute("UPDATE releases SET support_ended_at = NULL, updated_at = ? WHERE id = ?", (time, known["id"]))
    return required(one(db, query, made["id"], place["id"])), known is None


def end_support(db: sqlite3.Connection, row: sqlite3.Row) -> sqlite3.Row:
    """Record that a released version is no longer supported."""
    time = now()
    query = "UPDATE releases SET support_ended_at = ifnull(support_ended_at, ?), updated_at = ? WHERE id = ?"
    db.execute(query, (time, time, row["id"]))
    return required(one(db, "SELECT * FROM releases WHERE id = ?", row["id"]))
