"""Pacticipants and their labels."""

from __future__ import annotations

import sqlite3

from pact_gate.embedded import documents, estate, pacts, rows
from pact_gate.embedded.checks import Checks, no_spaces, not_blank, one_line, short
from pact_gate.embedded.exchange import JSON, MERGE_PATCH, Answer, Call, nobody, not_found
from pact_gate.embedded.pacts import Pair
from pact_gate.embedded.paging import Page, page_of
from pact_gate.embedded.routing import Route, delete, get, patch, post, put
from pact_gate.embedded.store import now
from pact_gate.embedded.urls import at

_DEPRECATED = "DEPRECATED - please use pb:pacticipants"  # a name that a Pact Broker gives links; clients may know it
_COLUMNS = {
    "displayName": "display_name",
    "repositoryUrl": "repository_url",
    "repositoryName": "repository_name",
    "repositoryNamespace": "repository_namespace",
    "mainBranch": "main_branch",
}


def required(call: Call, role: str = "pacticipant") -> sqlite3.Row:
    """The pacticipant that the path names in a role. Raises Refusal (404)."""
    name = call.path[role]
    known = estate.pacticipant(call.db, name)
    if known is None:
        raise nobody(f"There is no {role} named {name!r}.")
    return known


def required_pair(call: Call) -> Pair:
    """The consumer and the provider that the path names. Raises Refusal (404)."""
    pair = pacts.pair_of(call.db, call.path["consumer"], call.path["provider"])
    if pair is None:
        raise nobody("There is no such consumer or provider.")
    return pair


def _list(call: Call) -> Answer:
    return _listing(call, "1", [])


def _list_labelled(call: Call) -> Answer:
    query = "id IN (SELECT pacticipant_id FROM labels WHERE name = ?)"
    return _listing(call, query, [call.path["label"]])


def _listing(call: Call, condition: str, values: list[str]) -> Answer:
    """Those for which the condition holds, and in whose name is what the query looks for."""
    page = page_of(call)
    wanted = call.parameter("q")
    if wanted is not None:
        condition, values = f"{condition} AND name LIKE ? ESCAPE '\\'", [*values, f"%{_escaped(wanted)}%"]
    total = rows.required(rows.one(call.db, f"SELECT count(*) AS n FROM pacticipants WHERE {condition}", *values))["n"]
    query = f"SELECT * FROM pacticipants WHERE {condition} ORDER BY lower(name) LIMIT ? OFFSET ?"
    found = call.db.execute(query, (*values, page.limit, page.offset)).fetchall()
    return Answer(200, _document(call, found, page, total))


def _document(call: Call, found: list[sqlite3.Row], page: Page, total: int) -> documents.Document:
    base = call.base
    items = [documents.pacticipant(call.db, base, row, with_deployments=False) for row in found]
    links = {
        "self": {"href": f"{base}/pacticipants"},
        "pb:pacticipants-with-label": documents.template("Those with a label", f"{base}/pacticipants/label/{{label}}"),
        "pb:pacticipants": [
            documents.link("Pacticipant", at(base, "pacticipants", row["name"]), row["name"]) for row in found
        ],
        "pacticipants": [
            documents.link(row["name"], at(base, "pacticipants", row["name"]), _DEPRECATED) for row in found
        ],
        **page.links(call, total),
    }
    deprecated = [{**item, "title": "Deprecated: use the embedded ones"} for item in items]
    return {**page.facts(total), "_embedded": {"pacticipants": items}, "pacticipants": deprecated, "_links": links}


def _create(call: Call) -> Answer:
    body = call.object()
    _check(body, name_required=True)
    row = estate.create_pacticipant(call.db, body["name"], _fields(body))
    location = at(call.base, "pacticipants", row["name"])
    return Answer(
        201, documents.pacticipant(call.db, call.base, row, with_deployments=False), headers={"Location": location}
    )


def _show(call: Call) -> Answer:
    return Answer(200, documents.pacticipant(call.db, call.base, required(call)))


def _replace(call: Call) -> Answer:
    body = call.object()
    _check(body)
    known = required(call)
    row = estate.update_pacticipant(call.db, known["id"], {**dict.fromkeys(_COLUMNS.values()), **_fields(body)})
    return Answer(200, documents.pacticipant(call.db, call.base, row))


def _change(call: Call) -> Answer:
    body = call.object()
    _check(body)
    known = estate.pacticipant(call.db, call.path["pacticipant"])
    if known:
        row = estate.update_pacticipant(call.db, known["id"], _fields(body))
        return Answer(200, documents.pacticipant(call.db, call.base, row))
    row = estate.create_pacticipant(call.db, call.path["pacticipant"], _fields(body))
    headers = {"Location": at(call.base, "pacticipants", row["name"])}
    return Answer(201, documents.pacticipant(call.db, call.base, row), headers=headers)


def _delete(call: Call) -> Answer:
    call.db.execute("DELETE FROM pacticipants WHERE id = ?", (required(call)["id"],))
    return Answer(204)


def _label(call: Call) -> sqlite3.Row | None:
    query = "SELECT l.* FROM labels l JOIN pacticipants p ON p.id = l.pacticipant_id WHERE p.name = ? AND l.name = ?"
    return rows.one(call.db, query, call.path["pacticipant"], call.path["label"])


def _show_label(call: Call) -> Answer:
    known = _label(call)
    if known is None:
        raise not_found()
    return Answer(200, documents.label(call.base, call.path["pacticipant"], known))


def _put_label(call: Call) -> Answer:
    call.object()
    name, label = call.path["pacticipant"], call.path["label"]
    known = _label(call)
    if known is None:
        owner = estate.ensure_pacticipant(call.db, name)
        rows.insert(call.db, "INSERT", "labels", {"pacticipant_id": owner["id"], "name": label, "created_at": now()})
    row = rows.required(_label(call))
    headers = {} if known else {"Location": at(call.base, "pacticipants", name, "labels", label)}
    return Answer(200 if known else 201, documents.label(call.base, name, row), headers=headers)


def _delete_label(call: Call) -> Answer:
    known = _label(call)
    if known is None:
        raise not_found()
    call.db.execute(
        "DELETE FROM labels WHERE pacticipant_id = ? AND name = ?", (known["pacticipant_id"], known["name"])
    )
    return Answer(204)


def _list_labels(call: Call) -> Answer:
    page = page_of(call)
    total = rows.required(rows.one(call.db, "SELECT count(DISTINCT name) AS n FROM labels"))["n"]
    query = "SELECT name, min(created_at) AS created_at FROM labels GROUP BY name ORDER BY name LIMIT ? OFFSET ?"
    items = [
        {"name": row["name"], "createdAt": documents.moment(row["created_at"])}
        for row in call.db.execute(query, (page.limit, page.offset))
    ]
    return Answer(
        200, {**page.facts(total), **documents.listed("labels", items, call.url, "Labels", **page.links(call, total))}
    )


def _check(body: dict[str, object], *, name_required: bool = False) -> None:
    checks = Checks(body)
    checks.text("name", not_blank, one_line, short, required=name_required, nullable=False)
    checks.text("displayName", one_line, not_blank, short)
    checks.text("mainBranch", one_line, no_spaces, not_blank, short)
    for key in ("repositoryUrl", "repositoryName", "repositoryNamespace"):
        checks.text(key, one_line)
    checks.refuse()


def _fields(body: dict[str, str | None]) -> dict[str, str | None]:
    return {column: body[key] for key, column in _COLUMNS.items() if key in body}


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


ROUTES: tuple[Route, ...] = (
    get("/pacticipants", _list),
    post("/pacticipants", _create),
    get("/pacticipants/label/<label>", _list_labelled),
    get("/pacticipants/<pacticipant>", _show),
    put("/pacticipants/<pacticipant>", _replace),
    patch("/pacticipants/<pacticipant>", _change, JSON, MERGE_PATCH),
    delete("/pacticipants/<pacticipant>", _delete),
    get("/pacticipants/<pacticipant>/labels/<label>", _show_label),
    put("/pacticipants/<pacticipant>/labels/<label>", _put_label),
    delete("/pacticipants/<pacticipant>/labels/<label>", _delete_label),
    get("/labels", _list_labels),
)
