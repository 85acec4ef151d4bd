"""One version of a pacticipant: where it is, its pacts, and what it has verified."""

from __future__ import annotations

import sqlite3

from pact_gate.embedded import estate
from pact_gate.embedded.exchange import HTML, Answer, Call, not_found
from pact_gate.embedded.matrix.answer import answer as matrix_answer
from pact_gate.embedded.matrix.terms import Question, Selector
from pact_gate.embedded.pages import matrix, meant, parts
from pact_gate.embedded.pages.frame import Page, answer, prefix_of
from pact_gate.embedded.pages.html import Html, Part, joined, name, outside, tag
from pact_gate.embedded.rows import required
from pact_gate.embedded.urls import at, version_at
from pact_gate.model.commit import short

_SHOWN = 12  # branches, tags or environments of one version


def page(call: Call) -> Answer:
    """One version; a cut SHA leads to the whole one. Raises Refusal (404)."""
    owner, typed = call.path["pacticipant"], call.path["version"]
    found = meant.version(call.db, owner, typed).number
    if found is None:
        raise not_found("There is no such version.")
    if found != typed:
        return Answer(303, media=HTML, headers={"Location": version_at(prefix_of(call), owner, found)})
    return _shown(call, owner, required(estate.version_of(call.db, owner, found)))


def head_page(call: Call) -> Answer:
    """The head of a branch. Raises Refusal (404)."""
    owner = estate.pacticipant(call.db, call.path["pacticipant"])
    row = estate.latest_version(call.db, owner["id"], branch=call.path["branch"]) if owner else None
    if row is None:
        raise not_found("There is no version on this branch.")
    return _shown(call, call.path["pacticipant"], row)


def _shown(call: Call, owner: str, row: sqlite3.Row) -> Answer:
    db, prefix = call.db, prefix_of(call)
    summary = matrix_answer(db, Question((Selector(owner, row["number"]),), latestby="cvpv"))
    part = parts.slice_of(call, len(summary.rows))
    shown = part.of(summary.rows)
    content = (
        parts.facts(
            ("Version", tag("code", name(row["number"]))),
            ("Known as", marks(db, prefix, owner, row["id"])),
            ("Build", outside(row["build_url"], row["build_url"]) if row["build_url"] else None),
            ("Known since", parts.moment(row["created_at"])),
        ),
        _asks(db, prefix, owner, row["number"]),
        tag("h2", "What it was held against"),
        matrix.rows_of(db, prefix, shown) if shown else parts.none("It has published no pact, and has verified none."),
        part.links(call, prefix),
    )
    trail = (("Pacticipants", f"{prefix}/pacticipants"), (owner, at(prefix, "pacticipants", owner)))
    return answer(prefix, Page(f"{owner} {short(row['number'])}", "/pacticipants", content, trail))


def _asks(db: sqlite3.Connection, prefix: str, owner: str, number: str) -> Html:
    known = db.execute(
        "SELECT name, display_name FROM environments ORDER BY production DESC, lower(name) LIMIT ?", (_SHOWN,)
    ).fetchall()
    choices = [(row["name"], row["display_name"]) for row in known] + [("", "the main branches")]
    items = (
        tag(
            "li",
            tag(
                "a",
                "to ",
                name(label),
                href=parts.ask_at(prefix, owner, number, place),
            ),
        )
        for place, label in choices
    )
    return joined(tag("h2", "Can I deploy it?"), tag("ul", items))


def marks(db: sqlite3.Connection, prefix: str, owner: str, version_id: int) -> list[Part]:
    """The branches, tags and environments of a version."""
    found: list[Part] = [parts.branch(prefix, owner, each) for each in estate.branches_of(db, version_id)[:_SHOWN]]
    found += [parts.chip(each, "tag") for each in estate.tags_of(db, version_id)[:_SHOWN]]
    query = """SELECT e.uuid, e.display_name FROM deployments d JOIN environments e ON e.id = d.environment_id
               WHERE d.version_id = :id AND d.current = 1
               UNION SELECT e.uuid, e.display_name FROM releases r JOIN environments e ON e.id = r.environment_id
               WHERE r.version_id = :id AND r.support_ended_at IS NULL LIMIT :limit"""
    for row in db.execute(query, {"id": version_id, "limit": _SHOWN}):
        shown = tag("small", "in "), name(row["display_name"])
        found.append(tag("a", shown, class_="chip", href=at(prefix, "environments", row["uuid"])))
    return found
