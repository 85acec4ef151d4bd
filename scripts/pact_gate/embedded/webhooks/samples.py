"""What a webhook is tried out with: the newest pact that it is for, and a result; made up where there is none."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping
from typing import Any

from pact_gate.embedded import pacts, results
from pact_gate.embedded.urls import content_at, result_at
from pact_gate.embedded.webhooks import triggers
from pact_gate.embedded.webhooks.triggers import Parameters

# What a Pact Broker sends where there is nothing to send yet, so that who tries one out on either sees the same.
_CONSUMER, _PROVIDER = "placeholder-consumer", "placeholder-provider"
_CONSUMER_VERSION = "gggghhhhjjjjkkkkllll66667777888899990000"
_PROVIDER_VERSION = "aaaabbbbccccddddeeeeffff1111222233334444"
_SHA = "5d445a4612743728dfd99ccd4210423c052bb9db"
_CONSUMER_TAG, _PROVIDER_TAG = "dev", "master"

# `consumer_id`, `consumer_label`, `provider_id` and `provider_label`, each None where any will do.
Scope = Mapping[str, Any]


def parameters(db: sqlite3.Connection, base: str, scope: Scope, events: Collection[str]) -> Parameters:
    """Parameters for trying a webhook out. One that is told of every result is tried with the newest one."""
    pact = _newest_pact(db, scope)
    context = triggers.Context(base)
    found = triggers.parameters(db, pact, None, "test", context) if pact else _made_up(db, base)
    if triggers.VERIFIED in events:
        result = _newest_result(db, scope)
        found |= triggers.result_parameters(db, base, result) if result else _made_up_result(base)
    return found


# A condition on the column of the order has SQLite go down its index instead of sorting all (`> 0` holds for each row).
def _newest_pact(db: sqlite3.Connection, scope: Scope) -> sqlite3.Row | None:
    query = f"""SELECT p.id FROM publications p WHERE p.version_id > 0 AND p.current = 1 AND {_within("p", scope)}
                ORDER BY p.version_id DESC LIMIT 1"""
    row = db.execute(query, dict(scope)).fetchone()
    return pacts.by_id(db, row["id"]) if row else None


def _newest_result(db: sqlite3.Connection, scope: Scope) -> sqlite3.Row | None:
    query = f"SELECT max(r.id) AS id FROM results r WHERE r.id > 0 AND {_within('r', scope)}"
    row = db.execute(query, dict(scope)).fetchone()
    return results.by_id(db, row["id"]) if row["id"] else None


def _within(table: str, scope: Scope) -> str:
    conditions = ["true"]
    for role in ("consumer", "provider"):
        if scope[f"{role}_id"] is not None:
            conditions.append(f"{table}.{role}_id = :{role}_id")
        elif scope[f"{role}_label"] is not None:
            labelled = f"SELECT pacticipant_id FROM labels WHERE name = :{role}_label"
            conditions.append(f"{table}.{role}_id IN ({labelled})")
    return " AND ".join(conditions)


def _made_up(db: sqlite3.Connection, base: str) -> Parameters:
    metadata = {"cvn": _CONSUMER_VERSION, "cvt": [_CONSUMER_TAG], "w": "true"}
    return {
        **triggers.result_parameters(db, base, None),
        "pactUrl": content_at(base, _PROVIDER, _CONSUMER, _SHA, metadata),
        "consumerName": _CONSUMER,
        "consumerVersionNumber": _CONSUMER_VERSION,
        "consumerVersionTags": _CONSUMER_TAG,
        "consumerVersionBranch": "main",
        "consumerLabels": f"{_CONSUMER}-label",
        "providerName": _PROVIDER,
        "providerLabels": f"{_PROVIDER}-label",
        "providerVersionDescriptions": "",
        "currentlyDeployedProviderVersionNumber": "",
        "eventName": "test",
        "buildUrl": "",
    }


def _made_up_result(base: str) -> Parameters:
    return {
        **triggers.statuses(success=True),
        "verificationResultUrl": result_at(base, _PROVIDER, _CONSUMER, _SHA, 1),
        "providerVersionNumber": _PROVIDER_VERSION,
        "providerVersionTags": _PROVIDER_TAG,
        "providerVersionBranch": "",
    }
