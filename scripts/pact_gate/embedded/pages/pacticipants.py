"""Pacticipants, and one of them: with whom it has to do, its branches, its versions."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from pact_gate.embedded import estate
from pact_gate.embedded.exchange import Answer, Call
from pact_gate.embedded.pages import integrations, meant, parts
from pact_gate.embedded.pages.frame import Page, answer, prefix_of
from pact_gate.embedded.pages.html import Html, Part, joined, name, outside, tag
from pact_gate.embedded.pages.versions import marks
from pact_gate.embedded.urls import at

_SHOWN = 25  # integrations and branches of one pacticipant
_FOUND = "(:q = '' OR instr(lower(p.name), lower(:q)))"


def page(call: Call) -> Answer:
    """All pacticipants, or those whose names contain a text."""
    db, prefix, wanted = call.db, prefix_of(call), call.parameter("q") or ""
    total = db.execute(f"SELECT count(*) FROM pacticipants p WHERE {_FOUND}", {"q": wanted}).fetchone()[0]
    part = parts.slice_of(call, total)
    query = f"SELECT p.* FROM pacticipants p WHERE {_FOUND} ORDER BY lower(p.name) LIMIT :limit OFFSET :offset"
    found = db.execute(query, {"q": wanted, **part.limits}).fetchall()
    columns = ("Name", "Newest version", "Main branch", "Repository")
    content = (
        parts.search(prefix, "/pacticipants", "Name", wanted),
        parts.table("Pacticipants", columns, (_line(db, prefix, row) for row in found))
        if found
        else _nothing(db, prefix, wanted),
        part.links(call, prefix),
    )
    return answer(prefix, Page("Pacticipants", "/pacticipants", content))


def _line(db: sqlite3.Connection, prefix: str, row: sqlite3.Row) -> Sequence[Part]:
    newest = estate.latest_version(db, row["id"])
    version: Part = "—"
    if newest:
        when = tag("small", parts.moment(newest["created_at"]))
        version = (parts.version(prefix, row["name"], newest["number"]), when)
    branch = parts.chip(row["main_branch"]) if row["main_branch"] else "—"
    return parts.pacticipant(prefix, row["name"]), version, branch, _repository(row) or "—"


def _repository(row: sqlite3.Row) -> Part:
    return (
        outside(row["repository_url"], row["repository_name"] or row["repository_url"])
        if row["repository_url"]
        else None
    )


def _nothing(db: sqlite3.Connection, prefix: str, wanted: str) -> Html:
    if wanted:
        return parts.none("No name contains that.", _likely(db, prefix, wanted))
    return parts.none("There is none yet. A pacticipant is made when it first publishes a pact or a version.")


def _likely(db: sqlite3.Connection, prefix: str, wanted: str) -> Part:
    return parts.likely([(each, at(prefix, "pacticipants", each)) for each in meant.names(db, wanted)])


def one_page(call: Call) -> Answer:
    """One pacticipant; 404 where there is none, with those that may be meant."""
    db, prefix, wanted = call.db, prefix_of(call), call.path["pacticipant"]
    trail = (("Pacticipants", f"{prefix}/pacticipants"),)
    row = estate.pacticipant(db, wanted)
    if row is None:
        told = tag("p", "There is no pacticipant ", name(wanted), ".", _likely(db, prefix, wanted))
        return answer(prefix, Page("There is nothing here", "/pacticipants", told, trail, status=404))
    content = (
        _facts(db, prefix, row),
        tag("p", tag("a", "Can I deploy it?", href=parts.ask_at(prefix, row["name"]))),
        _integrations(db, prefix, row, "consumer", "What it needs", "It has published no pact as a consumer."),
        _integrations(db, prefix, row, "provider", "Who needs it", "No consumer has published a pact with it."),
        _branches(db, prefix, row),
        _versions(call, prefix, row),
    )
    return answer(prefix, Page(row["name"], "/pacticipants", content, trail))


def _facts(db: sqlite3.Connection, prefix: str, row: sqlite3.Row) -> Html:
    labels = [parts.chip(label) for label in estate.labels_of(db, row["id"])[:_SHOWN]]
    query = """SELECT e.uuid, e.display_name, v.number, d.instance, d.created_at FROM deployments d
               JOIN environments e ON e.id = d.environment_id JOIN versions v ON v.id = d.version_id
               WHERE d.pacticipant_id = :id AND d.current = 1
               UNION ALL SELECT e.uuid, e.display_name, v.number, NULL, r.created_at FROM releases r
               JOIN environments e ON e.id = r.environment_id JOIN versions v ON v.id = r.version_id
               WHERE r.pacticipant_id = :id AND r.support_ended_at IS NULL ORDER BY 5 DESC LIMIT :limit"""
    present = [
        tag(
            "li",
            tag("a", name(it["display_name"]), href=at(prefix, "environments", it["uuid"])),
            ": ",
            parts.version(prefix, row["name"], it["number"]),
            (" ", parts.chip(it["instance"], "instance")) if it["instance"] else None,
            tag("span", " since ", parts.moment(it["created_at"]), class_="soft"),
        )
        for it in db.execute(query, {"id": row["id"], "limit": _SHOWN})
    ]
    return parts.facts(
        ("Is in", tag("ul", present) if present else "no environment, as far as was recorded"),
        ("Main branch", parts.chip(row["main_branch"]) if row["main_branch"] else None),
        ("Repository", _repository(row)),
        ("Labels", labels),
        ("Known since", parts.moment(row["created_at"])),
    )


def _integrations(db: sqlite3.Connection, prefix: str, row: sqlite3.Row, role: str, title: str, nothing: str) -> Html:
    found = integrations.find(db, f"i.{role}_id = :id", id=row["id"])
    if not found:
        return joined(tag("h2", title), tag("p", nothing, class_="soft"))
    more = tag(
        "p",
        f"and {len(found) - _SHOWN:,} more, all of them under ",
        tag("a", "Integrations", href=f"{prefix}/integrations"),
        ".",
    )
    shown = integrations.listed(db, prefix, found[:_SHOWN])
    return joined(tag("h2", title), shown, more if len(found) > _SHOWN else None)


def _branches(db: sqlite3.Connection, prefix: str, row: sqlite3.Row) -> Html | None:
    query = """SELECT b.name, b.updated_at, v.number FROM branches b LEFT JOIN versions v ON v.id = b.head_version_id
               WHERE b.pacticipant_id = ? ORDER BY b.name = ? DESC, b.updated_at DESC LIMIT ?"""
    found = db.execute(query, (row["id"], row["main_branch"], _SHOWN)).fetchall()
    if not found:
        return None
    lines = (
        (
            (name(it["name"]), tag("small", "the main branch") if it["name"] == row["main_branch"] else None),
            parts.version(prefix, row["name"], it["number"]) if it["number"] else "—",
            parts.moment(it["updated_at"]),
        )
        for it in found
    )
    title = "Branches" if len(found) < _SHOWN else f"Branches, the {_SHOWN} newest"
    return joined(tag("h2", title), parts.table("Branches", ("Branch", "Head", "Changed"), lines))


def _versions(call: Call, prefix: str, row: sqlite3.Row) -> Html:
    db = call.db
    total = db.execute("SELECT count(*) FROM versions WHERE pacticipant_id = ?", (row["id"],)).fetchone()[0]
    part = parts.slice_of(call, total)
    query = "SELECT * FROM versions WHERE pacticipant_id = :id ORDER BY id DESC LIMIT :limit OFFSET :offset"
    found = db.execute(query, {"id": row["id"], **part.limits}).fetchall()
    lines = (
        (
            parts.version(prefix, row["name"], it["number"]),
            marks(db, prefix, row["name"], it["id"]) or "—",
            parts.moment(it["created_at"]),
        )
        for it in found
    )
    shown = parts.table("Versions", ("Version", "Branches, tags, environments", "Since"), lines)
    return joined(
        tag("h2", "Versions"), shown if found else tag("p", "There is none.", class_="soft"), part.links(call, prefix)
    )
