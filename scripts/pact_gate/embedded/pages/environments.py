"""Environments, and which versions are in them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

from pact_gate.embedded import deployments, paging
from pact_gate.embedded.exchange import Answer, Call
from pact_gate.embedded.pages import parts
from pact_gate.embedded.pages.frame import Page, answer, prefix_of
from pact_gate.embedded.pages.html import Html, Part, joined, name, outside, tag
from pact_gate.embedded.rows import one, required
from pact_gate.embedded.urls import at
from pact_gate.model.plain import line

_COLUMNS = 5  # environments beside one another; more are only listed
_ROWS = 20  # pacticipants on the overview
_HERE = 20  # versions of one pacticipant in one cell; contacts, and details of one
_PRESENT = """SELECT d.environment_id, d.pacticipant_id, d.version_id, d.instance, d.created_at, 'deployed' AS how
        FROM deployments d WHERE d.current = 1 AND {condition}
    UNION ALL SELECT r.environment_id, r.pacticipant_id, r.version_id, NULL, r.created_at, 'released'
        FROM releases r WHERE r.support_ended_at IS NULL AND {condition}"""
_SOMEWHERE = """SELECT d.pacticipant_id FROM environments e
        CROSS JOIN deployments d ON d.environment_id = e.id AND d.current = 1
    UNION SELECT r.pacticipant_id FROM environments e
        CROSS JOIN releases r ON r.environment_id = e.id AND r.support_ended_at IS NULL"""
_NAMED = """SELECT x.*, p.name AS owner, v.number FROM ({present}) x
    JOIN pacticipants p ON p.id = x.pacticipant_id JOIN versions v ON v.id = x.version_id"""


def page(call: Call) -> Answer:
    """All environments, and what is where."""
    prefix, known = prefix_of(call), _all(call.db)
    content = (
        parts.table("Environments", ("Environment", "Kind", "In it"), (_line(call.db, prefix, row) for row in known))
        if known
        else _no_environment(),
        tag("h2", "What is where"),
        places(call.db, prefix, call),
    )
    return answer(prefix, Page("Environments", "/environments", content))


def one_page(call: Call) -> Answer:
    """One environment with everything that is in it. Raises Refusal (404)."""
    db, prefix, row = call.db, prefix_of(call), deployments.required_environment(call)
    condition = "environment_id = :place"
    values: dict[str, object] = {"place": row["id"]}
    present = _PRESENT.format(condition=condition)
    part = parts.slice_of(call, db.execute(f"SELECT count(*) FROM ({present})", values).fetchone()[0])
    query = f"{_NAMED.format(present=present)} ORDER BY lower(p.name), x.created_at DESC LIMIT :limit OFFSET :offset"
    found = db.execute(query, {**values, **part.limits}).fetchall()
    lines = (
        (
            parts.pacticipant(prefix, it["owner"]),
            parts.version(prefix, it["owner"], it["number"]),
            (it["how"], parts.chip(it["instance"], "instance") if it["instance"] else None),
            parts.moment(it["created_at"]),
        )
        for it in found
    )
    content = (
        parts.facts(("Name", tag("code", name(row["name"]))), ("Kind", _kind(row)), ("Contacts", _contacts(row))),
        tag("h2", "What is in it"),
        parts.table("Versions in this environment", ("Pacticipant", "Version", "How", "Since"), lines)
        if found
        else parts.none("Nothing is recorded as deployed or released here: ", tag("code", "actions/record-deployment")),
        part.links(call, prefix),
    )
    trail = (("Environments", f"{prefix}/environments"),)
    return answer(prefix, Page(row["display_name"], "/environments", content, trail))


def places(db: sqlite3.Connection, prefix: str, call: Call | None = None) -> Html:
    """Which version of whom is in which environment: all of it in pages for `call`, the first lines without one."""
    known = _all(db)
    if not known:
        return _no_environment()
    total = db.execute(f"SELECT count(*) FROM ({_SOMEWHERE})").fetchone()[0]
    if not total:
        return parts.none(
            "Nothing is recorded yet. After a deploy: ",
            tag("code", "actions/record-deployment"),
            " says what is where.",
        )
    part = parts.slice_of(call, total) if call else parts.Slice(paging.Page(1, _ROWS), total)
    query = (
        f"SELECT id, name FROM pacticipants WHERE id IN ({_SOMEWHERE}) ORDER BY lower(name) LIMIT :limit OFFSET :offset"
    )
    owners = db.execute(query, part.limits).fetchall()
    shown = _grid(db, prefix, known, owners)
    if call:
        return joined(shown, part.links(call, prefix))
    more = tag("p", tag("a", f"All {total:,} pacticipants that are somewhere", href=f"{prefix}/environments"))
    return joined(shown, more if total > _ROWS else None)


def _grid(db: sqlite3.Connection, prefix: str, known: Sequence[sqlite3.Row], owners: Sequence[sqlite3.Row]) -> Html:
    present = _PRESENT.format(condition="pacticipant_id IN (SELECT value FROM json_each(:ids))")
    query = f"{_NAMED.format(present=present)} ORDER BY x.created_at DESC"
    cells: dict[tuple[int, int], list[sqlite3.Row]] = {}
    for row in db.execute(query, {"ids": json.dumps([owner["id"] for owner in owners])}):
        cells.setdefault((row["pacticipant_id"], row["environment_id"]), []).append(row)
    if len(known) > _COLUMNS:
        lines = (
            (
                parts.pacticipant(prefix, owner["name"]),
                [
                    tag(
                        "div",
                        parts.chip(place["display_name"]),
                        tag("div", _versions(prefix, cells[owner["id"], place["id"]])),
                        class_="place",
                    )
                    for place in known
                    if (owner["id"], place["id"]) in cells
                ],
            )
            for owner in owners
        )
        return parts.table("What is where", ("Pacticipant", "Where"), lines)
    columns = ("Pacticipant", *(line(place["display_name"], 40) for place in known))
    lines_by_place = (
        (
            parts.pacticipant(prefix, owner["name"]),
            *(_versions(prefix, cells.get((owner["id"], place["id"]), [])) for place in known),
        )
        for owner in owners
    )
    return parts.table("What is where", columns, lines_by_place)


def _versions(prefix: str, found: Sequence[sqlite3.Row]) -> Part:
    if not found:
        return tag("span", "—", class_="soft")
    more = tag("small", f"and {len(found) - _HERE:,} more") if len(found) > _HERE else None
    return [
        tag(
            "div",
            parts.version(prefix, row["owner"], row["number"]),
            " ",
            parts.chip(row["instance"], "instance") if row["instance"] else None,
            tag("small", "released " if row["how"] == "released" else "since ", parts.moment(row["created_at"])),
        )
        for row in found[:_HERE]
    ] + [joined(more)]


def _all(db: sqlite3.Connection) -> list[sqlite3.Row]:
    return db.execute("SELECT * FROM environments ORDER BY production, lower(display_name) LIMIT 1000").fetchall()


def _line(db: sqlite3.Connection, prefix: str, row: sqlite3.Row) -> Sequence[Part]:
    query = f"SELECT count(DISTINCT pacticipant_id) AS n FROM ({_PRESENT.format(condition='environment_id = ?1')})"
    number = required(one(db, query, row["id"]))["n"]
    label = tag("a", name(row["display_name"]), href=at(prefix, "environments", row["uuid"]))
    return label, _kind(row), parts.counted(number, "pacticipant")


def _kind(row: sqlite3.Row) -> str:
    return "production" if row["production"] else "before production"


def _contacts(row: sqlite3.Row) -> Part:
    contacts = json.loads(row["contacts"]) if row["contacts"] else []
    return tag("ul", (tag("li", _contact(each)) for each in contacts[:_HERE])) if contacts else None


def _contact(each: object) -> Part:
    if not isinstance(each, dict):
        return name(str(each))
    details = each.get("details")
    known = list(details.items())[:_HERE] if isinstance(details, dict) else []
    return [
        name(str(each.get("name", ""))),
        *(("; ", name(str(key)), ": ", outside(str(value), str(value))) for key, value in known),
    ]


def _no_environment() -> Html:
    return parts.none(
        "There is no environment yet. ",
        tag("code", "actions/record-deployment"),
        " with ",
        tag("code", "create-environment: true"),
        " makes one.",
    )
