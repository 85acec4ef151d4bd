"""Webhooks and their last executions. What a webhook sends may hold secrets: none of it is shown but the host."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

from pact_gate.embedded.exchange import Answer, Call, not_found
from pact_gate.embedded.pages import parts
from pact_gate.embedded.pages.frame import Page, answer, prefix_of
from pact_gate.embedded.pages.html import Html, Part, joined, name, tag
from pact_gate.embedded.rows import one, required
from pact_gate.embedded.store import now
from pact_gate.embedded.urls import at, pair_at
from pact_gate.embedded.webhooks import delivery, outgoing
from pact_gate.embedded.webhooks.sending import is_allowed_name
from pact_gate.model.commit import short
from pact_gate.model.plain import line

_EXECUTIONS = 25  # on one page
_LOG = 2_000  # characters
_COUNTED = 100  # executions of which it is told how many failed
_STATUSES = {
    "success": ("sent", "✓", "good"),
    "failure": ("failed", "✗", "bad"),
    "retrying": ("failed, trying again", "…", "warn"),
    "not_run": ("not sent yet", "…", "open"),
}
_STARTED = """SELECT t.*, c.name AS consumer, p.name AS provider, v.number AS version,
        (SELECT e.log FROM webhook_executions e WHERE e.triggered_id = t.id ORDER BY e.id DESC LIMIT 1) AS log
    FROM triggered_webhooks t JOIN pacticipants c ON c.id = t.consumer_id JOIN pacticipants p ON p.id = t.provider_id
    JOIN publications x ON x.id = t.publication_id JOIN versions v ON v.id = x.version_id"""


def page(call: Call) -> Answer:
    """All webhooks, each with its last execution."""
    db, prefix = call.db, prefix_of(call)
    part = parts.slice_of(call, db.execute("SELECT count(*) FROM webhooks").fetchone()[0])
    found = db.execute("SELECT * FROM webhooks ORDER BY id LIMIT :limit OFFSET :offset", part.limits).fetchall()
    columns = ("Webhook", "For", "Events", "Last execution")
    content = (
        parts.table("Webhooks", columns, (_line(call, prefix, row) for row in found))
        if found
        else parts.none("There is no webhook. ", tag("code", "pact broker create-webhook"), " makes one."),
        part.links(call, prefix),
        None if call.hosts or not found else _closed(),
    )
    return answer(prefix, Page("Webhooks", "/webhooks", content))


def one_page(call: Call) -> Answer:
    """One webhook with its executions. Raises Refusal (404)."""
    db, prefix = call.db, prefix_of(call)
    row = one(db, "SELECT * FROM webhooks WHERE uuid = ?", call.path["uuid"])
    if row is None:
        raise not_found("There is no such webhook.")
    request = json.loads(row["request"])
    headers = [tag("code", name(key)) for key in list(request.get("headers", {}))[:_EXECUTIONS]]
    total = db.execute("SELECT count(*) FROM triggered_webhooks WHERE webhook_id = ?", (row["id"],)).fetchone()[0]
    part = parts.slice_of(call, total, _EXECUTIONS)
    query = f"{_STARTED} WHERE t.webhook_id = :id ORDER BY t.id DESC LIMIT :limit OFFSET :offset"
    found = db.execute(query, {"id": row["id"], **part.limits}).fetchall()
    columns = ("When", "Event", "Pact", "Status", "What came of it")
    content = (
        parts.facts(
            ("State", _enabled(row)),
            ("Calls", tag("code", name(outgoing.description(request)))),
            ("For", _scope(db, prefix, row)),
            ("Events", _events(row)),
            ("Sends", [(each, " ") for each in headers]),
            ("Kept since", parts.moment(row["created_at"])),
        ),
        tag(
            "p",
            "Its address, the values of its headers and its body may hold secrets, and are not shown.",
            class_="soft",
        ),
        None if call.hosts else _closed(),
        tag("h2", "Executions"),
        parts.table("Executions", columns, (_execution(call, row, it) for it in found))
        if found
        else parts.none("Nothing has started it yet."),
        part.links(call, prefix),
    )
    return answer(prefix, Page(_title(row), "/webhooks", content, (("Webhooks", f"{prefix}/webhooks"),)))


def waiting(db: sqlite3.Connection) -> list[Html]:
    """How many executions have failed and are tried again, and how many are to be sent for the first time."""
    query = "SELECT attempts > 0 AS tried, count(*) FROM triggered_webhooks WHERE due_at IS NOT NULL GROUP BY tried"
    numbers = dict(map(tuple, db.execute(query)))
    retrying, new = _STATUSES["retrying"], _STATUSES["not_run"]
    shown = ((numbers.get(1), *retrying), (numbers.get(0), "to be sent", *new[1:]))
    return [parts.badge(f"{number:,} {words}", sign, colour) for number, words, sign, colour in shown if number]


def _closed() -> Html:
    return parts.none(
        "Webhooks are not sent from here: the broker was started without ", tag("code", "--webhook-hosts"), "."
    )


def _title(row: sqlite3.Row) -> str:
    return (row["description"] or "").strip() or outgoing.description(json.loads(row["request"]))


def _line(call: Call, prefix: str, row: sqlite3.Row) -> Sequence[Part]:
    called = tag("small", name(outgoing.description(json.loads(row["request"]))))
    return (
        (
            tag("a", name(_title(row)), href=at(prefix, "webhooks", row["uuid"])),
            called,
            None if row["enabled"] else _enabled(row),
        ),
        _scope(call.db, prefix, row),
        _events(row),
        _last(call, row),
    )


def _last(call: Call, hook: sqlite3.Row) -> Part:
    """What came of the last execution, why, and whether that is how it mostly goes."""
    last = one(call.db, f"{_STARTED} WHERE t.webhook_id = ? ORDER BY t.id DESC LIMIT 1", hook["id"])
    if last is None:
        return "never started"
    why = None if last["status"] == "success" else _outcome(last["log"] or "", "Trying again")
    state = parts.badge(*_STATUSES[last["status"]]), tag("small", parts.moment(last["created_at"]))
    return joined(state, why, _next(call, hook, last), _failures(call.db, hook))


def _next(call: Call, hook: sqlite3.Row, started: sqlite3.Row) -> Html | None:
    """When it is tried next, if it is."""
    if started["due_at"] is None:
        return None
    host = outgoing.host_of(json.loads(hook["request"])["url"]) or ""
    if not is_allowed_name(host, call.hosts):
        return tag("small", "waits for a broker with ", tag("code", "--webhook-hosts ", name(host)))
    if started["due_at"] <= now():
        return tag("small", "next try: now")
    return tag("small", "next try: ", parts.moment(started["due_at"]))


def _failures(db: sqlite3.Connection, hook: sqlite3.Row) -> Html | None:
    query = """SELECT count(*) AS every, total(status IN ('failure', 'retrying')) AS failed FROM
               (SELECT status FROM triggered_webhooks WHERE webhook_id = ? ORDER BY id DESC LIMIT ?)"""
    found = required(one(db, query, hook["id"], _COUNTED))
    if not found["failed"] or found["every"] == 1:
        return None
    return tag("small", f"{int(found['failed']):,} of the last {found['every']:,} failed")


def _enabled(row: sqlite3.Row) -> Html:
    return parts.badge("enabled", "✓", "good") if row["enabled"] else parts.badge("not enabled", "—", "open")


def _events(row: sqlite3.Row) -> list[Html]:
    return [tag("div", str(event).replace("_", " ")) for event in dict.fromkeys(json.loads(row["events"]))]


def _scope(db: sqlite3.Connection, prefix: str, row: sqlite3.Row) -> Part:
    found = [_party(db, prefix, row, role) for role in ("consumer", "provider")]
    return [tag("div", each) for each in found if each is not None] or "all pacts"


def _party(db: sqlite3.Connection, prefix: str, row: sqlite3.Row, role: str) -> Part:
    known = one(db, "SELECT name FROM pacticipants WHERE id = ?", row[f"{role}_id"])
    if known is not None:
        return f"{role} ", parts.pacticipant(prefix, known["name"])
    label = row[f"{role}_label"]
    return (f"{role}s labelled ", parts.chip(label)) if label else None


def _execution(call: Call, hook: sqlite3.Row, row: sqlite3.Row) -> Sequence[Part]:
    href = pair_at(prefix_of(call), row["provider"], row["consumer"], "version", row["version"])
    attempts = f"{row['attempts']} of {delivery.ATTEMPTS} tries" if row["attempts"] else None
    return (
        parts.moment(row["created_at"]),
        row["event"].replace("_", " "),
        tag("a", name(row["consumer"]), " ", name(short(row["version"])), " → ", name(row["provider"]), href=href),
        (parts.badge(*_STATUSES[row["status"]]), tag("small", attempts), _next(call, hook, row)),
        _outcome(row["log"] or "") or "—",
    )


def _outcome(log: str, but: str = "://") -> Html | None:
    """What a log says, but for the address, which may hold a secret, and lines that have `but` in them."""
    said = [each for each in log.splitlines() if "://" not in each and but not in each]
    return joined(tag("div", line(each, _LOG)) for each in said) if said else None
