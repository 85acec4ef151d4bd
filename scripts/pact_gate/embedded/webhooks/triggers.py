"""Events, and which webhooks they start.

What is to be sent is kept in the transaction that caused it, so a webhook is neither lost nor sent for something that
was taken back; `delivery` sends it afterwards. Events and parameters: docs.pact.io/pact_broker/webhooks.
"""

from __future__ import annotations

import itertools
import json
import sqlite3
import uuid
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from pact_gate.embedded import estate, pacts, results
from pact_gate.embedded.contents import dumps
from pact_gate.embedded.exchange import Call
from pact_gate.embedded.rows import insert, one
from pact_gate.embedded.store import now
from pact_gate.embedded.urls import content_at, result_at

PUBLISHED = "contract_published"
CHANGED = "contract_content_changed"
REQUIRING_VERIFICATION = "contract_requiring_verification_published"
VERIFIED = "provider_verification_published"
PASSED = "provider_verification_succeeded"
FAILED = "provider_verification_failed"
EVENTS = (PUBLISHED, CHANGED, VERIFIED, PASSED, FAILED, REQUIRING_VERIFICATION)

Parameters = dict[str, str]

# How each service calls: passed, failed, not known.
_STATUS_WORDS = {
    "githubVerificationStatus": ("success", "failure", "pending"),
    "bitbucketVerificationStatus": ("SUCCESSFUL", "FAILED", "INPROGRESS"),
    "azureDevOpsVerificationStatus": ("succeeded", "failed", "pending"),
    "gitlabVerificationStatus": ("success", "failed", "pending"),
}
_OF_A_RESULT = ("verificationResultUrl", "providerVersionNumber", "providerVersionTags", "providerVersionBranch")


class Context(NamedTuple):
    """Where an event happened. `branch` is what the publisher said ("" for none); None where it was not asked."""

    base: str
    branch: str | None = None
    build_url: str | None = None


def pact_published(call: Call, pact: sqlite3.Row, known: sqlite3.Row | None, context: Context) -> list[str]:
    """Start what a publication starts; `known` is the version's pact before it. Answers the names of the events."""
    db = call.db
    wanted = list(_versions_without_result(db, pact))
    changed = known["sha"] != pact["sha"] if known else _is_new_content(db, pact)
    events = [PUBLISHED, *([REQUIRING_VERIFICATION] if wanted else []), *([CHANGED] if changed else [])]
    main = results.latest_from_main_branch(db, pact["content_id"])
    for event in events:
        result = None if event == REQUIRING_VERIFICATION else main
        for hook in _hooks(db, pact["consumer_id"], pact["provider_id"], event):
            told = parameters(db, pact, result, event, context)
            for extra in wanted if event == REQUIRING_VERIFICATION else [{}]:
                _keep(call, hook, event, pact, result, {**told, **extra})
    return events


def result_published(
    call: Call, pact: sqlite3.Row, result: sqlite3.Row, metadata: Mapping[str, Any], context: Context
) -> None:
    """Start what a verification result starts: once for each consumer version for which it was asked."""
    db = call.db
    for event in (VERIFIED, PASSED if result["success"] else FAILED):
        for hook in _hooks(db, pact["consumer_id"], pact["provider_id"], event):
            for published, tags in _pacts_of_metadata(db, pact, metadata):
                told = parameters(db, published, result, event, context)
                if tags is not None:
                    told["consumerVersionTags"] = ", ".join(tags)
                _keep(call, hook, event, published, result, told)


def newest(db: sqlite3.Connection) -> int:
    """A mark for `started`: the number of what was started last."""
    (number,) = db.execute("SELECT ifnull(max(id), 0) FROM triggered_webhooks").fetchone()
    return int(number)


def started(db: sqlite3.Connection, publication_id: int, mark: int) -> list[sqlite3.Row]:
    """What was started for a publication after the mark, with each webhook's description."""
    query = """SELECT t.uuid, t.event, t.webhook_uuid, w.description FROM triggered_webhooks t
               JOIN webhooks w ON w.id = t.webhook_id WHERE t.publication_id = ? AND t.id > ? ORDER BY t.id"""
    return db.execute(query, (publication_id, mark)).fetchall()


def has_webhooks(db: sqlite3.Connection, consumer_id: int, provider_id: int) -> bool:
    """Whether any webhook, enabled or not, is for the two."""
    return next(_matching(db, consumer_id, provider_id), None) is not None


def parameters(
    db: sqlite3.Connection, pact: sqlite3.Row, result: sqlite3.Row | None, event: str, context: Context
) -> Parameters:
    """The values of `${pactbroker.NAME}`, by NAME."""
    result = result or results.latest_of_content(db, pact["content_id"])
    tags = estate.tags_of(db, pact["version_id"])
    metadata = {"cvn": pact["version"], "cvt": tags, "w": "true"}
    branch = context.branch if context.branch is not None else _last(estate.branches_of(db, pact["version_id"]))
    return {
        "pactUrl": content_at(context.base, pact["provider"], pact["consumer"], pact["sha"], metadata),
        "consumerName": pact["consumer"],
        "consumerVersionNumber": pact["version"],
        "consumerVersionTags": ", ".join(tags),
        "consumerVersionBranch": branch,
        "consumerLabels": ", ".join(estate.labels_of(db, pact["consumer_id"])),
        "providerName": pact["provider"],
        "providerLabels": ", ".join(estate.labels_of(db, pact["provider_id"])),
        **result_parameters(db, context.base, result),
        "providerVersionDescriptions": "",
        "currentlyDeployedProviderVersionNumber": "",
        "eventName": event,
        "buildUrl": context.build_url or "",
    }


def result_parameters(db: sqlite3.Connection, base: str, result: sqlite3.Row | None) -> Parameters:
    """Those of them that a result gives."""
    if result is None:
        return {**dict.fromkeys(_OF_A_RESULT, ""), **statuses(success=None)}
    version_id = result["provider_version_id"]
    found = (
        result_at(base, result["provider"], result["consumer"], result["sha"], result["id"]),
        result["provider_version"],
        ", ".join(estate.tags_of(db, version_id)),
        _last(estate.branches_of(db, version_id)),
    )
    return {**dict(zip(_OF_A_RESULT, found, strict=True)), **statuses(success=bool(result["success"]))}


def told_now(db: sqlite3.Connection, started: sqlite3.Row) -> Parameters:
    """What a webhook that was started is told when it is sent.

    One that was started without a result is told the newest: a commit that has one by then must not be pending again.
    """
    told: Parameters = json.loads(started["context"])
    pact = pacts.by_id(db, started["publication_id"])
    if started["result_id"] is not None or pact is None:
        return told
    base = told["pactUrl"].partition("/pacts/provider/")[0]
    newest = result_parameters(db, base, results.latest_of_content(db, pact["content_id"]))
    if started["event"] == REQUIRING_VERIFICATION:  # it names the version that is to verify
        newest |= {name: told[name] for name in ("providerVersionNumber", "providerVersionBranch")}
    return {**told, **newest}


def statuses(*, success: bool | None) -> Parameters:
    """What each service calls a result; None: there is none."""
    index = 2 if success is None else 0 if success else 1
    return {name: words[index] for name, words in _STATUS_WORDS.items()}


def _versions_without_result(db: sqlite3.Connection, pact: sqlite3.Row) -> Iterator[Parameters]:
    """The provider's main, deployed and released versions that have no result for this content."""
    found: dict[int, list[str]] = {}
    owner = one(db, "SELECT * FROM pacticipants WHERE id = ?", pact["provider_id"])
    head = estate.latest_main_version(db, owner) if owner else None
    if head:
        found.setdefault(head["id"], []).append("latest from main branch")
    query = """SELECT d.version_id, 'deployed in ' || e.name AS place FROM deployments d
               JOIN environments e ON e.id = d.environment_id WHERE d.pacticipant_id = :id AND d.current = 1
               UNION ALL SELECT r.version_id, 'released in ' || e.name FROM releases r
               JOIN environments e ON e.id = r.environment_id
               WHERE r.pacticipant_id = :id AND r.support_ended_at IS NULL"""
    for row in db.execute(query, {"id": pact["provider_id"]}):
        found.setdefault(row["version_id"], []).append(row["place"])
    for version_id, places in found.items():
        known = "SELECT 1 FROM results WHERE content_id = ? AND provider_version_id = ? LIMIT 1"
        if one(db, known, pact["content_id"], version_id) is None:
            yield _wanted(db, owner, head, version_id, places)


def _wanted(
    db: sqlite3.Connection, owner: sqlite3.Row | None, head: sqlite3.Row | None, version_id: int, places: list[str]
) -> Parameters:
    number = one(db, "SELECT number FROM versions WHERE id = ?", version_id)
    is_head = head is not None and head["id"] == version_id
    branch = owner["main_branch"] if owner and is_head else _last(estate.branches_of(db, version_id))
    return {
        "providerVersionNumber": number["number"] if number else "",
        "providerVersionBranch": branch or "",
        "providerVersionDescriptions": ", ".join(dict.fromkeys(places)),
    }


def _is_new_content(db: sqlite3.Connection, pact: sqlite3.Row) -> bool:
    """Whether any of the version's tags (or, without one, the untagged versions) had another pact before."""
    tags = estate.tags_of(db, pact["version_id"])
    query = """SELECT p.content_id FROM publications p
               WHERE p.provider_id = ? AND p.consumer_id = ? AND p.version_id < ? AND p.current = 1 AND {}
               ORDER BY p.version_id DESC LIMIT 1"""
    before = (pact["provider_id"], pact["consumer_id"], pact["version_id"])
    if tags:
        tagged = "EXISTS (SELECT 1 FROM tags t WHERE t.version_id = p.version_id AND t.name = ?)"
        previous = [one(db, query.format(tagged), *before, tag) for tag in tags]
    else:
        untagged = "NOT EXISTS (SELECT 1 FROM tags t WHERE t.version_id = p.version_id)"
        previous = [one(db, query.format(untagged), *before)]
    return any(row is None or row["content_id"] != pact["content_id"] for row in previous)


def _pacts_of_metadata(
    db: sqlite3.Connection, pact: sqlite3.Row, metadata: Mapping[str, Any]
) -> list[tuple[sqlite3.Row, list[str] | None]]:
    """The pacts of the versions that the selectors found, each with the tags by which they did.

    Versions that are gone are told of once, whatever their number is.
    """
    selectors = metadata.get("s")
    if not isinstance(selectors, list):
        return [(pact, None)]
    named = [item for item in selectors if isinstance(item, dict) and str(item.get("cv", "")).isdecimal()]
    named.sort(key=lambda item: str(item["cv"]))
    found: dict[int | None, tuple[sqlite3.Row, list[str]]] = {}
    for version_id, items in itertools.groupby(named, key=lambda item: str(item["cv"])):
        number = one(db, "SELECT number FROM versions WHERE id = CAST(? AS INTEGER)", version_id)
        pair = pacts.Pair(pact["consumer_id"], pact["provider_id"])
        published = pacts.of_version(db, pair, number["number"]) if number else None
        _, tags = found.setdefault(published["id"] if published else None, (published or pact, []))
        tags += [item["t"] for item in items if isinstance(item.get("t"), str)]
    return [(told, list(dict.fromkeys(tags))) for told, tags in found.values()] or [(pact, None)]


def _hooks(db: sqlite3.Connection, consumer_id: int, provider_id: int, event: str) -> list[sqlite3.Row]:
    found = _matching(db, consumer_id, provider_id)
    return [hook for hook in found if hook["enabled"] and event in json.loads(hook["events"])]


def _matching(db: sqlite3.Connection, consumer_id: int, provider_id: int) -> Iterator[sqlite3.Row]:
    """The webhooks for a consumer and a provider: each named, by label, or any."""
    query = """SELECT * FROM webhooks w WHERE
        (w.consumer_id = :consumer OR (w.consumer_id IS NULL AND (w.consumer_label IS NULL OR w.consumer_label IN
            (SELECT name FROM labels WHERE pacticipant_id = :consumer))))
        AND (w.provider_id = :provider OR (w.provider_id IS NULL AND (w.provider_label IS NULL OR w.provider_label IN
            (SELECT name FROM labels WHERE pacticipant_id = :provider)))) ORDER BY w.id"""
    yield from db.execute(query, {"consumer": consumer_id, "provider": provider_id}).fetchall()


def _keep(
    call: Call, hook: sqlite3.Row, event: str, pact: sqlite3.Row, result: sqlite3.Row | None, told: Parameters
) -> None:
    time = now()
    insert(
        call.db,
        "INSERT",
        "triggered_webhooks",
        {
            "uuid": str(uuid.uuid4()),
            "webhook_id": hook["id"],
            "webhook_uuid": hook["uuid"],
            "publication_id": pact["id"],
            "result_id": result["id"] if result else None,
            "consumer_id": pact["consumer_id"],
            "provider_id": pact["provider_id"],
            "event": event,
            "context": dumps(told),
            "status": "not_run",
            "attempts": 0,
            "due_at": time,
            "created_at": time,
        },
    )
    call.has_triggered = True


def _last(names: list[str]) -> str:
    return names[-1] if names else ""
