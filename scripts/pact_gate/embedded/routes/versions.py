"""Versions of a pacticipant, its branches and its tags."""

from __future__ import annotations

import sqlite3
from typing import Any

from pact_gate.embedded import deployments, documents, estate, rows
from pact_gate.embedded.checks import MOST_ITEMS, Checks, one_line, short
from pact_gate.embedded.exchange import MERGE_PATCH, Answer, Call, malformed, not_found
from pact_gate.embedded.paging import Page, page_of
from pact_gate.embedded.routes.pacticipants import required as required_pacticipant
from pact_gate.embedded.routing import Route, delete, get, patch, put
from pact_gate.embedded.urls import at, branch_at, version_at


def required(call: Call) -> sqlite3.Row:
    """The version that the path names. Raises Refusal (404)."""
    name, number = call.path["pacticipant"], call.path["version"]
    known = estate.version_of(call.db, name, number)
    if known is None:
        raise not_found(f"There is no version {number!r} of {name!r}.")
    return known


def _show(call: Call) -> Answer:
    return Answer(200, documents.version(call.db, call.base, call.path["pacticipant"], required(call)))


def _latest(call: Call) -> Answer:
    owner = estate.pacticipant(call.db, call.path["pacticipant"])
    found = (
        estate.latest_version(call.db, owner["id"], tag=call.path.get("tag"), branch=call.path.get("branch"))
        if owner
        else None
    )
    if owner is None or found is None:
        raise not_found()
    return Answer(200, documents.version(call.db, call.base, owner["name"], found, own=call.url))


def _replace(call: Call) -> Answer:
    return _write(call, overwrite=True)


def _change(call: Call) -> Answer:
    return _write(call, overwrite=False)


def _write(call: Call, *, overwrite: bool) -> Answer:
    body = call.object()
    tags = _tag_names(body)
    checks = Checks(body)
    checks.text("buildUrl", one_line)
    checks.refuse()
    name, number = call.path["pacticipant"], call.path["version"]
    owner = estate.ensure_pacticipant(call.db, name)
    known = estate.version(call.db, owner["id"], number)
    made = estate.ensure_version(call.db, owner["id"], number, in_passing=False)
    if "buildUrl" in body or (overwrite and known):
        estate.set_build_url(call.db, made["id"], body.get("buildUrl"))
    if tags is not None:
        call.db.execute("DELETE FROM tags WHERE version_id = ?", (made["id"],))
        for tag in tags:
            estate.attach_tag(call.db, made, tag)
    row = rows.required(estate.version(call.db, owner["id"], number))
    return Answer(200 if known else 201, documents.version(call.db, call.base, name, row))


def _tag_names(body: dict[str, Any]) -> list[str] | None:
    tags = body.get("tags")
    if tags is None:
        return None
    if not isinstance(tags, list) or not all(
        isinstance(tag, dict) and isinstance(tag.get("name"), str) for tag in tags
    ):
        raise malformed("tags must be a list of objects with a name.")
    names = list(dict.fromkeys(tag["name"] for tag in tags))
    if len(names) > MOST_ITEMS:
        raise malformed(f"A version cannot be given more than {MOST_ITEMS} tags at once.")
    if wrong := next(filter(None, map(short, names)), None):
        raise malformed(f"The name of a tag {wrong}.")
    return names


def _delete(call: Call) -> Answer:
    estate.delete_version(call.db, required(call)["id"])
    return Answer(204)


def _list(call: Call) -> Answer:
    owner = required_pacticipant(call)
    query = "FROM versions v WHERE v.pacticipant_id = ?"
    return _listing(call, owner["name"], f"All versions of {owner['name']}", query, [owner["id"]])


def _list_on_branch(call: Call) -> Answer:
    branch, name = _required_branch(call), call.path["pacticipant"]
    query = "FROM branch_versions bv JOIN versions v ON v.id = bv.version_id WHERE bv.branch_id = ?"
    return _listing(call, name, f"Versions of {name} on branch {branch['name']}", query, [branch["id"]])


def _list_tagged(call: Call) -> Answer:
    name, tag = call.path["pacticipant"], call.path["tag"]
    owner = estate.pacticipant(call.db, name)
    query = "FROM tags t JOIN versions v ON v.id = t.version_id WHERE t.pacticipant_id = ? AND t.name = ?"
    values = [owner["id"] if owner else 0, tag]
    if rows.one(call.db, f"SELECT 1 {query} LIMIT 1", *values) is None:
        raise not_found()
    return _listing(call, name, f"Versions of {name} tagged {tag}", query, values)


def _list_in_environment(call: Call) -> Answer:
    place = deployments.required_environment(call)
    owner = required_pacticipant(call)
    query = """FROM versions v WHERE v.pacticipant_id = ? AND v.id IN (
        SELECT version_id FROM deployments WHERE environment_id = ? AND pacticipant_id = ?
        UNION SELECT version_id FROM releases WHERE environment_id = ? AND pacticipant_id = ?)"""
    values = [owner["id"], place["id"], owner["id"], place["id"], owner["id"]]
    title = f"Versions of {owner['name']} in {place['display_name']}"
    return _listing(call, owner["name"], title, query, values)


def _list_anywhere(call: Call) -> Answer:
    owner = required_pacticipant(call)
    query = """FROM versions v WHERE v.pacticipant_id = ? AND v.id IN (
        SELECT version_id FROM deployments WHERE pacticipant_id = ?
        UNION SELECT version_id FROM releases WHERE pacticipant_id = ?)"""
    title = f"Deployed or released versions of {owner['name']}"
    return _listing(call, owner["name"], title, query, [owner["id"]] * 3)


def _listing(call: Call, name: str, title: str, query: str, values: list[Any]) -> Answer:
    page = page_of(call)
    total = rows.required(rows.one(call.db, f"SELECT count(*) AS n {query}", *values))["n"]
    found = call.db.execute(
        f"SELECT v.* {query} ORDER BY v.id DESC LIMIT ? OFFSET ?", (*values, page.limit, page.offset)
    ).fetchall()
    items = [documents.version(call.db, call.base, name, row, recording=False) for row in found]
    whose = at(call.base, "pacticipants", name)
    links = {
        "pb:pacticipant": {"href": whose, "title": name},
        "pb:versions": [
            {"href": version_at(call.base, name, row["number"]), "title": f"Version {row['number']}"} for row in found
        ],
        "pacticipant": {"href": whose, "title": "Deprecated: use pb:pacticipant"},
        "versions": [
            {"href": version_at(call.base, name, row["number"]), "title": "Deprecated: use pb:versions"}
            for row in found
        ],
        **page.links(call, total),
    }
    return Answer(200, {**page.facts(total), **documents.listed("versions", items, call.full_url, title, **links)})


def _required_branch(call: Call) -> sqlite3.Row:
    owner = estate.pacticipant(call.db, call.path["pacticipant"])
    known = estate.branch(call.db, owner["id"], call.path["branch"]) if owner else None
    if known is None:
        raise not_found(f"There is no branch {call.path['branch']!r} of {call.path['pacticipant']!r}.")
    return known


def _list_branches(call: Call) -> Answer:
    owner = required_pacticipant(call)
    page = page_of(call, Page(1, 100))
    wanted = call.parameter("q") or ""
    query = "FROM branches WHERE pacticipant_id = ? AND instr(lower(name), lower(?)) > 0"
    total = rows.required(rows.one(call.db, f"SELECT count(*) AS n {query}", owner["id"], wanted))["n"]
    found = call.db.execute(
        f"SELECT * {query} ORDER BY updated_at DESC, id DESC LIMIT ? OFFSET ?",
        (owner["id"], wanted, page.limit, page.offset),
    ).fetchall()
    name = owner["name"]
    items = [documents.branch(call.base, name, row) for row in found]
    links = {
        "pb:branches": [{"name": row["name"], "href": branch_at(call.base, name, row["name"])} for row in found],
        **page.links(call, total),
    }
    document = documents.listed("branches", items, call.full_url, f"Branches of {name}", **links)
    return Answer(200, {**page.facts(total), **document})


def _delete_branches(call: Call) -> Answer:
    """Delete all branches but the main one and those that `exclude[]` names."""
    owner = required_pacticipant(call)
    excluded = call.parameters().get("exclude", [])
    kept = {name for name in excluded if isinstance(name, str)} if isinstance(excluded, list) else set()
    kept.add(owner["main_branch"] or "")
    known = call.db.execute("SELECT id, name FROM branches WHERE pacticipant_id = ?", (owner["id"],)).fetchall()
    gone = [row["id"] for row in known if row["name"] not in kept]
    call.db.executemany("DELETE FROM branches WHERE id = ?", ((branch_id,) for branch_id in gone))
    left = ", ".join(row["name"] for row in known if row["name"] in kept)
    text = f"Deleted {len(gone)} branches of {owner['name']}. Left: {left or 'none'}."
    return Answer(202, {"notices": [{"type": "success", "text": text}]})


def _show_branch(call: Call) -> Answer:
    return Answer(200, documents.branch(call.base, call.path["pacticipant"], _required_branch(call)))


def _delete_branch(call: Call) -> Answer:
    call.db.execute("DELETE FROM branches WHERE id = ?", (_required_branch(call)["id"],))
    return Answer(204)


def _branch_version(call: Call) -> sqlite3.Row | None:
    made = estate.version_of(call.db, call.path["pacticipant"], call.path["version"])
    branch = estate.branch(call.db, made["pacticipant_id"], call.path["branch"]) if made else None
    return estate.branch_version(call.db, branch["id"], made["id"]) if made and branch else None


def _show_branch_version(call: Call) -> Answer:
    known = _branch_version(call)
    if known is None:
        raise not_found()
    return Answer(200, _branch_version_document(call, known))


def _put_branch_version(call: Call) -> Answer:
    call.object()
    known = _branch_version(call)
    owner = estate.ensure_pacticipant(call.db, call.path["pacticipant"])
    made = estate.ensure_version(call.db, owner["id"], call.path["version"])
    estate.put_on_branch(call.db, made, call.path["branch"])
    headers = {} if known else {"Location": call.url}
    return Answer(
        200 if known else 201, _branch_version_document(call, rows.required(_branch_version(call))), headers=headers
    )


def _delete_branch_version(call: Call) -> Answer:
    known = _branch_version(call)
    if known is None:
        raise not_found()
    estate.take_off_branch(call.db, known["branch_id"], known["version_id"])
    return Answer(204)


def _branch_version_document(call: Call, row: sqlite3.Row) -> documents.Document:
    path = call.path
    return documents.branch_version(call.base, path["pacticipant"], path["branch"], path["version"], row)


def _tag(call: Call) -> sqlite3.Row | None:
    made = estate.version_of(call.db, call.path["pacticipant"], call.path["version"])
    return estate.tag(call.db, made, call.path["tag"]) if made else None


def _show_tag(call: Call) -> Answer:
    known = _tag(call)
    if known is None:
        raise not_found()
    return Answer(200, documents.tag(call.base, call.path["pacticipant"], call.path["version"], known))


def _put_tag(call: Call) -> Answer:
    """Tag a version. A tag with the name of an environment records a deployment there, as on a Pact Broker."""
    call.object()
    known = _tag(call)
    owner = estate.ensure_pacticipant(call.db, call.path["pacticipant"])
    made = estate.ensure_version(call.db, owner["id"], call.path["version"])
    row = known or estate.put_tag(call.db, made, call.path["tag"])
    place = deployments.environment_named(call.db, call.path["tag"])
    if place:
        deployments.deploy(call.db, made, place, None)
    headers = {} if known else {"Location": call.url}
    document = documents.tag(call.base, call.path["pacticipant"], call.path["version"], row)
    return Answer(200 if known else 201, document, headers=headers)


def _delete_tag(call: Call) -> Answer:
    known = _tag(call)
    if known is None:
        raise not_found()
    call.db.execute("DELETE FROM tags WHERE id = ?", (known["id"],))
    return Answer(204)


_OWNER = "/pacticipants/<pacticipant>"
_VERSION = f"{_OWNER}/versions/<version>"
_BRANCH = f"{_OWNER}/branches/<branch>"

ROUTES: tuple[Route, ...] = (
    get(f"{_OWNER}/versions", _list),
    get(f"{_OWNER}/deployed-or-released/versions", _list_anywhere),
    get(f"{_OWNER}/environments/<environment>/versions", _list_in_environment),
    get(f"{_OWNER}/tags/<tag>/versions", _list_tagged),
    get(f"{_OWNER}/latest-version", _latest),
    get(f"{_OWNER}/latest-version/<tag>", _latest),
    get(_VERSION, _show),
    put(_VERSION, _replace),
    patch(_VERSION, _change, MERGE_PATCH),
    delete(_VERSION, _delete),
    get(f"{_VERSION}/tags/<tag>", _show_tag),
    put(f"{_VERSION}/tags/<tag>", _put_tag),
    delete(f"{_VERSION}/tags/<tag>", _delete_tag),
    get(f"{_OWNER}/branches", _list_branches),
    delete(f"{_OWNER}/branches", _delete_branches),
    get(_BRANCH, _show_branch),
    delete(_BRANCH, _delete_branch),
    get(f"{_BRANCH}/versions", _list_on_branch),
    get(f"{_BRANCH}/latest-version", _latest),
    get(f"{_BRANCH}/versions/<version>", _show_branch_version),
    put(f"{_BRANCH}/versions/<version>", _put_branch_version),
    delete(f"{_BRANCH}/versions/<version>", _delete_branch_version),
)
