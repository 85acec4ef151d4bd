"""The gate's question as a form, and its answer; where the version is not known, those that may be meant."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import replace

from pact_gate.embedded import matrix_reasons, standings
from pact_gate.embedded.exchange import Answer, Call
from pact_gate.embedded.matrix import answer as matrix_answer
from pact_gate.embedded.pages import form, matrix, meant, parts, verdict
from pact_gate.embedded.pages.form import Asked
from pact_gate.embedded.pages.frame import Page, answer, prefix_of
from pact_gate.embedded.pages.html import Html, Part, joined, name, tag

_RECENT = 10  # versions to choose from


def page(call: Call) -> Answer:
    """The form, and the answer to what it asks: 400 where it cannot be asked so."""
    prefix, asked = prefix_of(call), form.read(call)
    shown: Part = None
    if asked.is_whole and not asked.wrong:
        asked, shown = _found(call, prefix, asked)
    elif asked.pacticipant and not asked.version and "pacticipant" not in asked.wrong:
        shown = _recent(call.db, prefix, asked)
    lead = tag("p", "May this version go there? It may, if it works with everything that it meets.")
    content = (tag("div", form.form(call.db, prefix, asked), class_="card"), shown)
    title = f"Can I deploy {asked.pacticipant}?" if asked.pacticipant else "Can I deploy?"
    return answer(prefix, Page(title, "/can-i-deploy", content, lead=lead, status=400 if asked.wrong else 200))


def _found(call: Call, prefix: str, asked: Asked) -> tuple[Asked, Html]:
    """The answer, and what was asked with the version's whole number."""
    found = meant.version(call.db, asked.pacticipant, asked.version)
    if found.number is None:
        return asked, _unknown(call.db, prefix, asked, found.fitting)
    whole = replace(asked, version=found.number)
    return whole, joined(_taken(asked, found.number), verdict.shown(call, prefix, whole))


def _taken(asked: Asked, number: str) -> Html | None:
    """Which version the answer is about, where that is not what was typed."""
    if number == asked.version:
        return None
    known = "is the only version of ", name(asked.pacticipant), " that begins with "
    return parts.none(tag("code", name(number)), " ", known, tag("code", name(asked.version)), ": it is meant here.")


def _unknown(db: sqlite3.Connection, prefix: str, asked: Asked, fitting: Sequence[str]) -> Html:
    """No answer: which version is meant is not known. It must not look like a contract that is broken."""
    told = matrix_reasons.reasons(matrix_answer(db, asked.question))
    several = joined(tag("h2", "Versions that begin so"), _links(prefix, asked, fitting)) if fitting else None
    return joined(
        tag(
            "section",
            tag("h2", tag("span", "? ", aria_hidden="true"), "No such version", id="answer"),
            (tag("p", parts.prose(reason.text)) for reason in told),
            tag("p", "Nothing failed: there is nothing to ask about. No gate lets through what is not known."),
            class_="verdict open",
            aria_labelledby="answer",
        ),
        several or _recent(db, prefix, asked),
        tag("h2", "What to do next"),
        tag("ul", tag("li", _publish()), class_="next"),
    )


def _links(prefix: str, asked: Asked, numbers: Iterable[str]) -> Html:
    """The same question about other versions."""
    return tag("ul", (tag("li", _choose(prefix, asked, number)) for number in numbers))


def _publish() -> Part:
    return (
        "If this is its number: publish the pacts of this commit (",
        tag("code", "actions/publish"),
        "; ",
        tag("code", "actions/create-version"),
        " for a service that only provides) under exactly this version, then ask again.",
    )


def _recent(db: sqlite3.Connection, prefix: str, asked: Asked) -> Html:
    """The newest versions, to be asked about."""
    query = """SELECT v.id, v.number, v.created_at FROM versions v JOIN pacticipants p ON p.id = v.pacticipant_id
               WHERE p.name = ? ORDER BY v.id DESC LIMIT ?"""
    found = db.execute(query, (asked.pacticipant, _RECENT)).fetchall()
    if not found:
        return parts.none("There is no version of it yet.")
    known = standings.of(db, [row["id"] for row in found])
    items = (
        tag(
            "li",
            _choose(prefix, asked, row["number"]),
            " ",
            tag("span", parts.moment(row["created_at"]), class_="soft"),
            " ",
            matrix.marks(known[row["id"]]),
        )
        for row in found
    )
    return joined(tag("h2", "Its newest versions"), tag("ul", items))


def _choose(prefix: str, asked: Asked, number: str) -> Html:
    href = parts.ask_at(prefix, asked.pacticipant, number, asked.environment)
    return tag("a", tag("code", name(number)), href=href)
