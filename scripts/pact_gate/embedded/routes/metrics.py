"""How much the broker holds: counts for whoever watches it."""

from __future__ import annotations

import sqlite3
from typing import Any

from pact_gate.embedded import pacts
from pact_gate.embedded.documents import Document, moment
from pact_gate.embedded.exchange import Answer, Call
from pact_gate.embedded.routing import Route, get

_NEWEST_CONTENTS = f"""SELECT DISTINCT p.content_id FROM integrations i
    CROSS JOIN publications p ON p.id = {pacts.newest(tagged=False)}"""
_REVISIONS = "SELECT count(*) AS n FROM publications GROUP BY version_id, provider_id"
_RESULTS = "SELECT count(*) AS n FROM results GROUP BY content_id"
_DISTINCT_RESULTS = "SELECT DISTINCT provider_version_id, content_id, success FROM results"
_NOT_COUNTED = -1  # as on a Pact Broker: the rows of the matrix would take too long to count


def _show(call: Call) -> Answer:
    db = call.db
    with_branch = _count(db, "SELECT DISTINCT version_id FROM branch_versions")
    return Answer(
        200,
        {
            "interactions": _interactions(db),
            "pacticipants": {
                "count": _count(db, "SELECT 1 FROM pacticipants"),
                "withMainBranchSetCount": _count(db, "SELECT 1 FROM pacticipants WHERE main_branch IS NOT NULL"),
            },
            "integrations": {"count": _count(db, "SELECT DISTINCT consumer_id, provider_id FROM publications")},
            "pactPublications": {"count": _count(db, "SELECT 1 FROM publications"), **_span(db, "publications")},
            "pactVersions": {"count": _count(db, "SELECT 1 FROM contents")},
            "pactRevisionsPerConsumerVersion": {"distribution": _distribution(db, _REVISIONS)},
            "verificationResults": {
                "count": _count(db, "SELECT 1 FROM results"),
                "successCount": _count(db, "SELECT 1 FROM results WHERE success = 1"),
                "failureCount": _count(db, "SELECT 1 FROM results WHERE success = 0"),
                "distinctCount": _count(db, _DISTINCT_RESULTS),
                **_span(db, "results"),
            },
            "verificationResultsPerPactVersion": {"distribution": _distribution(db, _RESULTS)},
            "pacticipantVersions": {
                "count": _count(db, "SELECT 1 FROM versions"),
                "withUserCreatedBranchCount": with_branch,
                "withBranchCount": with_branch,
                "withBranchSetCount": with_branch,
            },
            "webhooks": {"count": _count(db, "SELECT 1 FROM webhooks")},
            "tags": {
                "count": _count(db, "SELECT 1 FROM tags"),
                "distinctCount": _count(db, "SELECT DISTINCT name FROM tags"),
                "distinctWithPacticipantCount": _count(db, "SELECT DISTINCT name, pacticipant_id FROM tags"),
            },
            "triggeredWebhooks": {"count": _count(db, "SELECT 1 FROM triggered_webhooks")},
            "webhookExecutions": {"count": _count(db, "SELECT 1 FROM webhook_executions")},
            "matrix": {"count": _NOT_COUNTED},
            "environments": {"count": _count(db, "SELECT 1 FROM environments")},
            "deployedVersions": {
                "count": _count(db, "SELECT 1 FROM deployments"),
                "userCreatedCount": _count(db, "SELECT 1 FROM deployments"),
                "currentlyDeployedCount": _count(db, "SELECT 1 FROM deployments WHERE current = 1"),
            },
            "releasedVersions": {
                "count": _count(db, "SELECT 1 FROM releases"),
                "currentlySupportedCount": _count(db, "SELECT 1 FROM releases WHERE support_ended_at IS NULL"),
            },
        },
    )


def _count(db: sqlite3.Connection, query: str) -> int:
    (number,) = db.execute(f"SELECT count(*) FROM ({query})").fetchone()
    return int(number)


def _span(db: sqlite3.Connection, table: str) -> Document:
    """When the first and the last row were made."""
    first, last = db.execute(f"SELECT min(created_at), max(created_at) FROM {table}").fetchone()
    return {name: moment(time) if time is not None else None for name, time in (("first", first), ("last", last))}


def _distribution(db: sqlite3.Connection, query: str) -> dict[str, int]:
    """How often there are how many."""
    rows = db.execute(f"SELECT n, count(*) FROM ({query}) GROUP BY n ORDER BY n")
    return {str(size): times for size, times in rows}


def _interactions(db: sqlite3.Connection) -> Document:
    """How many interactions and messages the newest pacts hold."""
    says = [pacts.content(db, content_id) for (content_id,) in db.execute(_NEWEST_CONTENTS).fetchall()]
    interactions, messages = (sum(_length(pact, key) for pact in says) for key in ("interactions", "messages"))
    return {
        "latestInteractionsCount": interactions,
        "latestMessagesCount": messages,
        "latestInteractionsAndMessagesCount": interactions + messages,
    }


def _length(pact: Any, key: str) -> int:
    items = pact.get(key) if isinstance(pact, dict) else None
    return len(items) if isinstance(items, list) else 0


ROUTES: tuple[Route, ...] = (get("/metrics", _show),)
