"""Webhooks: keeping them, trying them out, and what became of those that were started."""

from __future__ import annotations

import json
import re
import secrets
import sqlite3
import urllib.parse
from typing import Any

from pact_gate.embedded import documents, estate, pact_documents, pacts, results, rows
from pact_gate.embedded.checks import Checks, a_url
from pact_gate.embedded.contents import dumps
from pact_gate.embedded.documents import Document, link, moment
from pact_gate.embedded.exchange import HAL, TEXT, Answer, Call, Refusal, nobody, not_found
from pact_gate.embedded.routes.pacticipants import required_pair
from pact_gate.embedded.routes.publishing import required as required_pact
from pact_gate.embedded.routing import Route, delete, get, post, put
from pact_gate.embedded.store import now
from pact_gate.embedded.urls import at, pair_at
from pact_gate.embedded.webhooks import delivery, outgoing, samples, sending, triggers
from pact_gate.embedded.webhooks.harmless import PARAMETER

_UUID = re.compile(r"[A-Za-z0-9_\-]{16,}")
_WRONG_UUID = "must be 16 or more of A-Z, a-z, 0-9, _ and -"
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~\-]+")
_METHODS = ("POST",)
_SCOPE = ("consumer_id", "consumer_label", "provider_id", "provider_label")
_MOST_DIGITS = 16  # of an id
_LONGEST = 128 << 10  # bytes: it is looked through for secrets while nobody else can write, and whenever it is shown


def _list(call: Call) -> Answer:
    return _listing(call, call.db.execute("SELECT * FROM webhooks ORDER BY id").fetchall())


def _list_scoped(call: Call) -> Answer:
    consumer, provider = _party(call, "consumer"), _party(call, "provider")
    query = "SELECT * FROM webhooks WHERE consumer_id IS ? AND provider_id IS ? ORDER BY id"
    return _listing(call, call.db.execute(query, (consumer, provider)).fetchall())


def _listing(call: Call, found: list[sqlite3.Row]) -> Answer:
    def entry(row: sqlite3.Row) -> Document:
        names = _names(call.db, row)
        return {"title": _scope(names), "name": _described(row), "href": at(call.base, "webhooks", row["uuid"])}

    return Answer(
        200,
        {
            "_links": {
                "self": link("Webhooks", call.url),
                "pb:create": link("POST here to make one", call.url),
                "pb:webhooks": [entry(row) for row in found],
                "curies": [{"name": "pb", "href": f"{call.base}/doc/webhooks-{{rel}}", "templated": True}],
            }
        },
    )


def _create(call: Call) -> Answer:
    body = _given(call)
    _check(call, body)
    return _made(call, secrets.token_urlsafe(16), _columns(call.db, body))


def _create_scoped(call: Call) -> Answer:
    """Make a webhook for the consumer and provider of the path, unless the body names others."""
    body = _given(call)
    scope = {"consumer_id": _party(call, "consumer"), "provider_id": _party(call, "provider")}
    _check(call, body)
    _check_scope(call, body)
    columns = _columns(call.db, body)
    chosen = {key: columns[key] if columns[key] is not None else value for key, value in scope.items()}
    return _made(call, secrets.token_urlsafe(16), {**columns, **chosen})


def _put(call: Call) -> Answer:
    body = _given(call)
    known = _webhook(call)
    _check(call, body, call.path["uuid"], json.loads(known["request"]) if known else None)
    if known is None:
        return _made(call, call.path["uuid"], _columns(call.db, body))
    columns = _columns(call.db, body, json.loads(known["request"]))
    if "description" not in body:
        del columns["description"]  # it keeps the one it has
    settings = ", ".join(f"{column} = :{column}" for column in [*columns, "updated_at"])
    call.db.execute(
        f"UPDATE webhooks SET {settings} WHERE id = :id", {**columns, "updated_at": now(), "id": known["id"]}
    )
    return Answer(200, _document(call, rows.required(_webhook(call))))


def _made(call: Call, uuid: str, columns: dict[str, Any]) -> Answer:
    time = now()
    rows.insert(call.db, "INSERT", "webhooks", {"uuid": uuid, **columns, "created_at": time, "updated_at": time})
    row = rows.required(rows.one(call.db, "SELECT * FROM webhooks WHERE uuid = ?", uuid))
    return Answer(201, _document(call, row), headers={"Location": at(call.base, "webhooks", uuid)})


def _show(call: Call) -> Answer:
    return Answer(200, _document(call, _required(call)))


def _delete(call: Call) -> Answer:
    call.db.execute("DELETE FROM webhooks WHERE id = ?", (_required(call)["id"],))
    return Answer(204)


def _execute(call: Call) -> Answer:
    known = _required(call)
    return _executed(call, json.loads(known["request"]), known)


def _execute_unsaved(call: Call) -> Answer:
    body = _given(call)
    _check(call, body)
    columns = _columns(call.db, body)
    return _executed(call, json.loads(columns["request"]), columns)


def _executed(call: Call, request: dict[str, Any], hook: sqlite3.Row | dict[str, Any]) -> Answer:
    """Send a webhook now, with the newest pact that it is for; nothing of it is kept."""
    scope = {column: hook[column] for column in _SCOPE}
    parameters = samples.parameters(call.db, call.base, scope, json.loads(hook["events"]))
    sent = sending.send(outgoing.prepare(request, parameters), call.hosts)
    links: Document = {"try-again": link("Send it again", call.url)}
    if "uuid" in hook.keys():  # noqa: SIM118 - `in` looks at the values of a row
        links["webhook"] = {"href": at(call.base, "webhooks", hook["uuid"])}
    known = outgoing.filled(outgoing.shown(request), parameters)
    shown = {"headers": known.get("headers", {}), "body": known.get("body"), "url": known["url"]}
    response = {"response": {"status": sent.status}} if sent.status is not None else {"error": {"message": sent.log}}
    return Answer(200, {"request": shown, **response, "logs": sent.log, "success": sent.success, "_links": links})


def _triggered_by_pact(call: Call) -> Answer:
    return _triggered(call, "publication_id", required_pact(call)["id"])


def _triggered_by_result(call: Call) -> Answer:
    path = call.path
    number = int(path["number"]) if path["number"].isdecimal() and len(path["number"]) < _MOST_DIGITS else 0
    result = results.find(call.db, path["consumer"], path["provider"], path["sha"], number)
    if result is None:
        raise not_found("There is no such result.")
    return _triggered(call, "result_id", result["id"])


def _triggered(call: Call, column: str, value: int) -> Answer:
    query = f"""SELECT t.*, w.request FROM triggered_webhooks t LEFT JOIN webhooks w ON w.id = t.webhook_id
                WHERE t.{column} = ? ORDER BY t.id DESC"""
    found = (_started(call.base, row) for row in call.db.execute(query, (value,)))
    return Answer(200, documents.listed("triggeredWebhooks", found, call.url, "Webhooks that were started"))


def _status(call: Call) -> Answer:
    """What became of the webhooks between two pacticipants: the last start of each webhook and event."""
    path, pair = call.path, required_pair(call)
    query = """SELECT t.*, w.request FROM triggered_webhooks t JOIN webhooks w ON w.id = t.webhook_id WHERE t.id IN (
               SELECT max(id) FROM triggered_webhooks WHERE consumer_id = ? AND provider_id = ?
               GROUP BY webhook_uuid, event) ORDER BY t.id"""
    found = call.db.execute(query, (pair.consumer_id, pair.provider_id)).fetchall()
    counts = {
        word: sum(row["status"] == status for row in found)
        for word, status in (
            ("successful", "success"),
            ("failed", "failure"),
            ("retrying", "retrying"),
            ("notRun", "not_run"),
        )
    }
    newest = pacts.by_id(call.db, found[0]["publication_id"]) if found else None
    links = {
        "pb:error-logs": [
            link("Log", at(call.base, "triggered-webhooks", row["uuid"], "logs"), _what(row))
            for row in found
            if row["status"] in ("failure", "retrying")
        ],
        "pb:pact-webhooks": link(
            "Webhooks of the two", pair_at(call.base, path["provider"], path["consumer"], "webhooks")
        ),
        "pb:consumer": link("Consumer", at(call.base, "pacticipants", path["consumer"]), path["consumer"]),
        "pb:provider": link("Provider", at(call.base, "pacticipants", path["provider"]), path["provider"]),
    }
    if newest is not None:
        links["pb:pact-version"] = link("Pact", pact_documents.pact_at(call.base, newest), pact_documents.name(newest))
    summary = {word: count for word, count in counts.items() if count or word in ("successful", "failed")}
    items = (_started(call.base, row) for row in found)
    return Answer(
        200, {"summary": summary, **documents.listed("triggeredWebhooks", items, call.url, "Webhooks status", **links)}
    )


def _started(base: str, row: sqlite3.Row) -> Document:
    log = at(base, "triggered-webhooks", row["uuid"], "logs")
    done = row["status"] in ("success", "failure")
    links = {"pb:logs": link("Log", log, _what(row)), "logs": link("Deprecated: use pb:logs", log, _what(row))}
    if row["request"] is not None:
        links["pb:webhook"] = link("Webhook", at(base, "webhooks", row["webhook_uuid"]), _what(row))
    return {
        "name": _what(row),
        "status": row["status"],
        "attemptsMade": row["attempts"],
        "attemptsRemaining": 0 if done else delivery.ATTEMPTS - row["attempts"],
        "triggerType": "resource_creation",
        "eventName": row["event"],
        "triggeredAt": moment(row["created_at"]),
        "_links": links,
    }


def _what(row: sqlite3.Row) -> str:
    return outgoing.description(json.loads(row["request"])) if row["request"] else "a webhook that was deleted"


def _log(call: Call) -> Answer:
    row = rows.one(call.db, "SELECT * FROM triggered_webhooks WHERE uuid = ?", call.path["uuid"])
    if row is None:
        raise not_found()
    query = "SELECT * FROM webhook_executions WHERE triggered_id = ? ORDER BY id"
    done = call.db.execute(query, (row["id"],)).fetchall()
    logs = [outgoing.shown_log(one["log"]) for one in done]
    if call.media == TEXT:
        return Answer(200, "\n".join(logs) or _waiting(call, row), media=TEXT)
    executions = [
        {"success": bool(one["success"]), "logs": log, "createdAt": moment(one["created_at"])}
        for one, log in zip(done, logs, strict=True)
    ]
    names = _names(call.db, row)
    links = {"self": link("Log", call.url)}
    if row["webhook_id"] is not None:
        links["pb:webhook"] = link("Webhook", at(call.base, "webhooks", row["webhook_uuid"]))
    return Answer(
        200,
        {
            "eventName": row["event"],
            "consumerName": names["consumer"],
            "providerName": names["provider"],
            "executions": executions,
            "_embedded": {"triggeredWebhook": {"uuid": row["uuid"]}},
            "_links": links,
        },
    )


def _waiting(call: Call, row: sqlite3.Row) -> str:
    hook = rows.one(call.db, "SELECT request FROM webhooks WHERE id = ?", row["webhook_id"])
    host = outgoing.host_of(json.loads(hook["request"])["url"]) if hook else None
    if host is not None and not sending.is_allowed_name(host, call.hosts):
        return f"The webhook was not sent yet: it waits for a broker with --webhook-hosts {host}."
    return "The webhook was not sent yet: look again in a few seconds."


def _webhook(call: Call) -> sqlite3.Row | None:
    return rows.one(call.db, "SELECT * FROM webhooks WHERE uuid = ?", call.path["uuid"])


def _required(call: Call) -> sqlite3.Row:
    known = _webhook(call)
    if known is None:
        raise not_found("There is no such webhook.")
    return known


def _party(call: Call, role: str) -> int | None:
    """The id of the consumer or provider in the path, None where the path names none. Raises Refusal (404)."""
    if role not in call.path:
        return None
    known = estate.pacticipant(call.db, call.path[role])
    if known is None:
        raise nobody(f"There is no {role} named {call.path[role]!r}.")
    return int(known["id"])


def _given(call: Call) -> dict[str, Any]:
    """The webhook in the body. Raises Refusal: 413 if it is too long, 400 if it is no object."""
    if len(call.raw) > _LONGEST:
        raise Refusal(Answer(413, {"error": f"A webhook may have at most {_LONGEST} bytes."}))
    return call.object()


def _check(call: Call, body: dict[str, Any], uuid: str | None = None, known: dict[str, Any] | None = None) -> None:
    """Refuse a webhook that is none. `known` is the request that it has until now."""
    checks = Checks({"uuid": uuid, **body})
    checks.text("uuid", lambda value: None if _UUID.fullmatch(value) else _WRONG_UUID)
    checks.text("description")
    for role in ("consumer", "provider"):
        _check_party(call.db, checks, role)
    checks.flag("enabled")
    events = body.get("events")
    if events is not None and (not isinstance(events, list) or not events):
        checks.add("events", "must hold at least one event")
    for index, event in enumerate(events if isinstance(events, list) else []):
        if not isinstance(event, dict) or event.get("name") not in triggers.EVENTS:
            checks.add("events", f"name must be one of: {', '.join(triggers.EVENTS)} (at index {index})")
    _check_request(checks, call.hosts, known)
    checks.refuse()


def _check_scope(call: Call, body: dict[str, Any]) -> None:
    """Refuse a webhook for a label whose address names another consumer or provider."""
    checks = Checks(body)
    for role in ("consumer", "provider"):
        if role in call.path and (body.get(role) or {}).get("label"):
            checks.add(f"{role}.label", "cannot be given at an address that names one")
    checks.refuse()


def _check_party(db: sqlite3.Connection, checks: Checks, role: str) -> None:
    party = checks.body.get(role)
    if party is None:
        return
    if not isinstance(party, dict):
        checks.add(role, "must be an object")
        return
    own = Checks(party)
    for key in ("name", "label"):
        own.text(key)
    name, label = (str(party.get(key) or "").strip() for key in ("name", "label"))
    if not name and not label:
        own.add("name", "is missing, and so is a label")
    elif name and label:
        own.add("label", "cannot be given with a name")
    elif name and not own.errors and estate.pacticipant(db, party["name"]) is None:
        own.add("name", "is not the name of a pacticipant")
    checks.within(role, own)


def _check_request(checks: Checks, hosts: frozenset[str], known: dict[str, Any] | None) -> None:
    request = checks.body.get("request")
    if not isinstance(request, dict) or not request:
        checks.add("request", "is missing" if request is None else "must be an object")
        return
    own = Checks(request)
    own.text(
        "method", lambda value: None if value.upper() in _METHODS else f"must be {', '.join(_METHODS)}", required=True
    )
    own.text("url", lambda value: _wrong_url(value, hosts), required=True)
    own.text("username")
    own.text("password")
    headers = request.get("headers")
    if headers is not None and not (
        isinstance(headers, dict) and all(isinstance(value, str) for value in headers.values())
    ):
        own.add("headers", "must be an object of text")
    elif headers and not all(_HEADER.fullmatch(name) for name in headers):
        own.add("headers", "has a name that is none")
    if not own.errors:
        _check_secrets(own, request, known or {})
    checks.within("request", own)


def _check_secrets(own: Checks, request: dict[str, Any], known: dict[str, Any]) -> None:
    """Stars must stand for one secret, and it goes where it went."""
    if known and outgoing.loses_secrets(request, known):
        own.add("url", "leads to another place than before: give the secrets that were hidden again")
        return
    for field, name in outgoing.mixed_secrets(request, known):
        own.add(field, f"has more or fewer values named {name!r} than before: give those that were hidden again")
    if not own.errors:
        for field in outgoing.stray_stars(request, known):
            own.add(field, "has stars where no secret was hidden: give the value itself")


def _wrong_url(url: str, hosts: frozenset[str]) -> str | None:
    host = outgoing.host_of(url)
    if not host:
        return "is not an address: http(s)://HOST/..."
    wrong = a_url(PARAMETER.sub("placeholder", url))
    if wrong:
        return wrong
    if "@" in urllib.parse.urlsplit(url).netloc:
        return "holds a user or a password, which would be shown: give username and password"
    if host != outgoing.host_of(url, "other"):
        return "cannot have a parameter in the host"
    if hosts and not sending.is_allowed_name(host, hosts):
        return "has a host that webhooks may not call here"
    return None


def _columns(db: sqlite3.Connection, body: dict[str, Any], known: dict[str, Any] | None = None) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    for role in ("consumer", "provider"):
        party = body.get(role) or {}
        owner = estate.pacticipant(db, party["name"]) if party.get("name") else None
        columns[f"{role}_id"] = owner["id"] if owner else None
        columns[f"{role}_label"] = party.get("label") or None
    events = [event["name"] for event in body.get("events") or [{"name": triggers.CHANGED}]]
    return {
        **columns,
        "description": body.get("description"),
        "enabled": body.get("enabled", True),
        "events": dumps(events),
        "request": dumps(outgoing.kept(body["request"], known)),
    }


def _names(db: sqlite3.Connection, row: sqlite3.Row) -> dict[str, str | None]:
    """The names of a webhook's consumer and provider."""
    query = "SELECT name FROM pacticipants WHERE id = ?"
    found = {role: rows.one(db, query, row[f"{role}_id"]) for role in ("consumer", "provider")}
    return {role: owner["name"] if owner else None for role, owner in found.items()}


def _scope(names: dict[str, str | None]) -> str:
    parties = [f"{role} {name}" for role, name in names.items() if name]
    return f"A webhook for {' and '.join(parties)}" if parties else "A webhook for all pacts"


def _described(row: sqlite3.Row) -> str:
    given = (row["description"] or "").strip()
    return given or outgoing.description(json.loads(row["request"]))


def _document(call: Call, row: sqlite3.Row) -> Document:
    names, base = _names(call.db, row), call.base
    own = at(base, "webhooks", row["uuid"])
    links = {"self": link(_described(row), own), "pb:execute": link("POST here to try it out", f"{own}/execute")}
    parties: Document = {}
    for role in ("consumer", "provider"):
        name, label = names[role], row[f"{role}_label"]
        if name:
            parties[role] = {"name": name}
            links[f"pb:{role}"] = link(role.capitalize(), at(base, "pacticipants", name), name)
        elif label:
            parties[role] = {"label": label}
            links[f"pb:{role}s"] = link(
                f"{role.capitalize()}s by label", at(base, "pacticipants", "label", label), label
            )
    if names["consumer"] and names["provider"]:
        href = at(base, "webhooks", "provider", names["provider"], "consumer", names["consumer"])
        links["pb:pact-webhooks"] = link("All webhooks of the two", href)
    links["pb:webhooks"] = link("All webhooks", f"{base}/webhooks")
    return {
        "uuid": row["uuid"],
        "description": _described(row),
        **parties,
        "enabled": bool(row["enabled"]),
        "request": outgoing.shown(json.loads(row["request"])),
        "events": [{"name": event} for event in json.loads(row["events"])],
        **documents.times(row),
        "_links": links,
    }


_PAIR = "/pacts/provider/<provider>/consumer/<consumer>"
_SCOPES = (
    "/webhooks/provider/<provider>/consumer/<consumer>",
    "/webhooks/provider/<provider>",
    "/webhooks/consumer/<consumer>",
    f"{_PAIR}/webhooks",
)

ROUTES: tuple[Route, ...] = (
    get("/webhooks", _list),
    post("/webhooks", _create),
    post("/webhooks/execute", _execute_unsaved, writes=False),
    *(route for pattern in _SCOPES for route in (get(pattern, _list_scoped), post(pattern, _create_scoped))),
    get(f"{_PAIR}/webhooks/status", _status),
    get(f"{_PAIR}/version/<version>/triggered-webhooks", _triggered_by_pact),
    get(f"{_PAIR}/pact-version/<sha>/verification-results/<number>/triggered-webhooks", _triggered_by_result),
    get("/webhooks/<uuid>", _show),
    put("/webhooks/<uuid>", _put),
    delete("/webhooks/<uuid>", _delete),
    Route("POST", "/webhooks/<uuid>/execute", _execute),  # of any type: a body says nothing
    get("/triggered-webhooks/<uuid>/logs", _log, TEXT, HAL),
)
