"""Environments, deployments and releases."""

from __future__ import annotations

import sqlite3
import uuid
from typing import Any

from pact_gate.embedded import deployments, documents, estate, rows
from pact_gate.embedded.checks import Checks, no_spaces, one_line, short
from pact_gate.embedded.contents import dumps
from pact_gate.embedded.exchange import MERGE_PATCH, Answer, Call, Refusal, not_found
from pact_gate.embedded.routes.versions import required as required_version
from pact_gate.embedded.routing import Route, delete, get, patch, post, put
from pact_gate.embedded.store import now
from pact_gate.embedded.urls import at


def _list(call: Call) -> Answer:
    name = call.parameter("name")
    only, values = ("WHERE name = ?", (name,)) if name else ("", ())
    found = call.db.execute(f"SELECT * FROM environments {only} ORDER BY lower(display_name)", values).fetchall()
    links = {
        "pb:environments": [
            documents.link("Environment", at(call.base, "environments", row["uuid"]), row["name"]) for row in found
        ]
    }
    items = (documents.environment(call.base, row) for row in found)
    return Answer(200, documents.listed("environments", items, call.url, "Environments", **links))


def _create(call: Call) -> Answer:
    body = call.object()
    new = str(uuid.uuid4())
    _check(call.db, body, new)
    time = now()
    rows.insert(
        call.db, "INSERT", "environments", {"uuid": new, **_columns(body), "created_at": time, "updated_at": time}
    )
    headers = {"Location": at(call.base, "environments", new)}
    return Answer(201, _document(call, new), headers=headers)


def _show(call: Call) -> Answer:
    return Answer(200, documents.environment(call.base, deployments.required_environment(call)))


def _replace(call: Call) -> Answer:
    body = call.object()
    known = deployments.required_environment(call)
    _check(call.db, body, known["uuid"])
    query = """UPDATE environments SET name = :name, display_name = :display_name, production = :production,
               contacts = :contacts, updated_at = :now WHERE id = :id"""
    call.db.execute(query, {**_columns(body), "now": now(), "id": known["id"]})
    return Answer(200, _document(call, known["uuid"]))


def _delete(call: Call) -> Answer:
    call.db.execute("DELETE FROM environments WHERE id = ?", (deployments.required_environment(call)["id"],))
    return Answer(204)


def _document(call: Call, environment_uuid: str) -> documents.Document:
    return documents.environment(call.base, rows.required(deployments.environment(call.db, environment_uuid)))


def _check(db: sqlite3.Connection, body: dict[str, Any], own_uuid: str) -> None:
    checks = Checks(body)
    checks.text("name", one_line, no_spaces, short, required=True)
    checks.text("displayName", one_line, short)
    checks.flag("production", required=True)
    for index, contact in enumerate(checks.list_of_objects("contacts")):
        if not isinstance(contact.get("name"), str) or not contact["name"] or "\n" in contact["name"]:
            checks.add("contacts", f"name must be one line of text (at index {index})")
        if not isinstance(contact.get("details", {}), dict):
            checks.add("contacts", f"details must be an object (at index {index})")
    if "name" not in checks.errors:
        known = deployments.environment_named(db, body["name"])
        if known and known["uuid"] != own_uuid:
            checks.add("name", f"{body['name']!r} is the name of another environment")
    checks.refuse()


def _columns(body: dict[str, Any]) -> dict[str, Any]:
    shown = body.get("displayName")
    contacts = body.get("contacts")
    return {
        "name": body["name"],
        "display_name": shown if shown and shown.strip() else estate.display_name(body["name"]),
        "production": body["production"],
        "contacts": dumps(contacts) if contacts is not None else None,
    }


def _deploy(call: Call) -> Answer:
    body = call.object()
    made, place = required_version(call), deployments.required_environment(call)
    given = (body.get(key) for key in ("applicationInstance", "target"))  # its name, and what it was called before
    named = next((name for name in given if name is not None), None)
    row = deployments.deploy(call.db, made, place, None if named is None else str(named))
    headers = {"Location": at(call.base, "deployed-versions", row["uuid"])}
    return Answer(201, documents.deployment(call.db, call.base, row), headers=headers)


def _list_deployments(call: Call) -> Answer:
    made, place = required_version(call), deployments.required_environment(call)
    query = "SELECT * FROM deployments WHERE version_id = ? AND environment_id = ? ORDER BY id DESC"
    found = call.db.execute(query, (made["id"], place["id"])).fetchall()
    title = f"Deployments of {call.path['pacticipant']} {made['number']} to {place['display_name']}"
    return _deployments(call, found, title)


def _list_deployed(call: Call) -> Answer:
    place = deployments.required_environment(call)
    wanted = call.parameters()
    values = {"place": place["id"], "name": call.parameter("pacticipant") or None, "instance": None}
    only = (
        "AND d.pacticipant_id = (SELECT id FROM pacticipants WHERE name = :name)" if values["name"] is not None else ""
    )
    for key in ("applicationInstance", "target"):
        if isinstance(wanted.get(key), str):
            values["instance"] = wanted[key].strip() or None
            only += " AND d.instance IS :instance"
            break
    query = f"SELECT d.* FROM deployments d WHERE d.environment_id = :place AND d.current = 1 {only} ORDER BY d.id DESC"
    return _deployments(call, call.db.execute(query, values).fetchall(), f"What is deployed to {place['display_name']}")


def _deployments(call: Call, found: list[sqlite3.Row], title: str) -> Answer:
    items = (documents.deployment(call.db, call.base, row, whole=False) for row in found)
    return Answer(200, documents.listed("deployedVersions", items, call.full_url, title))


def _show_deployment(call: Call) -> Answer:
    return Answer(200, documents.deployment(call.db, call.base, _required_deployment(call)))


def _change_deployment(call: Call) -> Answer:
    row, flag = _required_deployment(call), call.object().get("currentlyDeployed")
    if flag is True:
        raise _cannot_go_back("currentlyDeployed", "deployment")
    if flag is False:
        row = deployments.undeploy(call.db, row)
    return Answer(200, documents.deployment(call.db, call.base, row))


def _required_deployment(call: Call) -> sqlite3.Row:
    known = deployments.deployment(call.db, call.path["uuid"])
    if known is None:
        raise not_found()
    return known


def _release(call: Call) -> Answer:
    call.object()
    made, place = required_version(call), deployments.required_environment(call)
    row, is_new = deployments.release_version(call.db, made, place)
    headers = {"Location": at(call.base, "released-versions", row["uuid"])}
    return Answer(201 if is_new else 200, documents.release(call.db, call.base, row), headers=headers)


def _list_releases(call: Call) -> Answer:
    made, place = required_version(call), deployments.required_environment(call)
    query = "SELECT * FROM releases WHERE version_id = ? AND environment_id = ?"
    found = call.db.execute(query, (made["id"], place["id"])).fetchall()
    title = f"Releases of {call.path['pacticipant']} {made['number']} in {place['display_name']}"
    return _releases(call, found, title)


def _list_supported(call: Call) -> Answer:
    place = deployments.required_environment(call)
    name, number = call.parameter("pacticipant"), call.parameter("version")
    only = "AND r.pacticipant_id = (SELECT id FROM pacticipants WHERE name = :name)" if name else ""
    only += " AND v.number = :number" if number else ""
    query = f"""SELECT r.* FROM releases r JOIN versions v ON v.id = r.version_id
                WHERE r.environment_id = :place AND r.support_ended_at IS NULL {only} ORDER BY r.id"""
    found = call.db.execute(query, {"place": place["id"], "name": name, "number": number}).fetchall()
    return _releases(call, found, f"What is released and supported in {place['display_name']}")


def _releases(call: Call, found: list[sqlite3.Row], title: str) -> Answer:
    items = (documents.release(call.db, call.base, row, whole=False) for row in found)
    return Answer(200, documents.listed("releasedVersions", items, call.full_url, title))


def _show_release(call: Call) -> Answer:
    return Answer(200, documents.release(call.db, call.base, _required_release(call)))


def _change_release(call: Call) -> Answer:
    row, flag = _required_release(call), call.object().get("currentlySupported")
    if flag is True:
        raise _cannot_go_back("currentlySupported", "release")
    if flag is False:
        row = deployments.end_support(call.db, row)
    return Answer(200, documents.release(call.db, call.base, row))


def _required_release(call: Call) -> sqlite3.Row:
    known = deployments.release(call.db, call.path["uuid"])
    if known is None:
        raise not_found()
    return known


def _cannot_go_back(key: str, what: str) -> Refusal:
    return Refusal(Answer(422, {"errors": {key: [f"cannot be set to true again: record a new {what}"]}}))


_ENVIRONMENT = "/environments/<environment>"
_VERSION = "/pacticipants/<pacticipant>/versions/<version>"

ROUTES: tuple[Route, ...] = (
    get("/environments", _list),
    post("/environments", _create),
    get(_ENVIRONMENT, _show),
    put(_ENVIRONMENT, _replace),
    delete(_ENVIRONMENT, _delete),
    get(f"{_ENVIRONMENT}/deployed-versions/currently-deployed", _list_deployed),
    get(f"{_ENVIRONMENT}/released-versions/currently-supported", _list_supported),
    get(f"{_VERSION}/deployed-versions/environment/<environment>", _list_deployments),
    post(f"{_VERSION}/deployed-versions/environment/<environment>", _deploy),
    get(f"{_VERSION}/released-versions/environment/<environment>", _list_releases),
    post(f"{_VERSION}/released-versions/environment/<environment>", _release),
    get("/deployed-versions/<uuid>", _show_deployment),
    patch("/deployed-versions/<uuid>", _change_deployment, MERGE_PATCH),
    get("/released-versions/<uuid>", _show_release),
    patch("/released-versions/<uuid>", _change_release, MERGE_PATCH),
)
