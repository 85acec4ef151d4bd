"""The gate's question as a form, and its answer; where the version is not known, those that may be meant."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import replace

from pact_gate.embedded import standings
from pact_gate.embedded.exchange import Answer, Call
from pact_gate.embedded.matrix import reasons as matrix_reasons
from pact_gate.embedded.matrix.answer import answer as matrix_answer
from pact_gate.embedded.pages import form, matrix, meant, parts, verdict
from pact_gate.embedded.pages.form import Asked
from pact_gate.embedded.pages.frame import Page, answer, prefix_of
from pact_gate.embedded.pages.html import Html, Part, joined, name, tag
from pact_gate.embedded.pages.meant import Meant


def page(call: Call) -> Answer:
    """The form, and the answer to what it asks: 400 where it cannot be asked so."""
    prefix, asked = prefix_of(call), form.read(call)
    shown: Part = None
    if asked.is_whole and not asked.wrong:
        asked, shown = _found(call, prefix, asked)
    elif asked.pacticipant and not asked.version and "pacticipant" not in asked.wrong:
        shown = _listed(call.db, prefix, asked, "Its newest versions", meant.newest(call.db, asked.pacticipant))
    lead = tag("p", "May this version go there? It may, if it works with everything that it meets.")
    content = (tag("div", form.form(call.db, prefix, asked), class_="card"), shown)
    title = f"Can I deploy {asked.pacticipant}?" if asked.pacticipant else "Can I deploy?"
    return answer(prefix, Page(title, "/can-i-deploy", content, lead=lead, status=400 if asked.wrong else 200))


def _found(call: Call, prefix: str, asked: Asked) -> tuple[Asked, Html]:
    """The answer, and what was asked with the version's whole number."""
    found = meant.version(call.db, asked.pacticipant, asked.version)
    if found.number is None:
        return asked, _unknown(call.db, prefix, asked, found)
    whole = replace(asked, version=found.number)
    return whole, joined(_taken(asked, found.number), verdict.shown(call, prefix, whole))


def _taken(asked: Asked, number: str) -> Html | None:
    """Which version the answer is about, where that is not what was typed."""
    if number == asked.version:
        return None
    known = "is the only version of ", name(asked.pacticipant), " that begins with "
    return parts.none(tag("code", name(number)), " ", known, tag("code", name(asked.version)), ": it is meant here.")


def _unknown(db: sqlite3.Connection, prefix: str, asked: Asked, found: Meant) -> Html:
    """No answer: which version is meant is not known. It must not look like a contract that is broken."""
    if found.is_cut and len(found.fitting) > 1:
        several = "Several versions of ", name(asked.pacticipant), " begin with ", tag("code", name(asked.version)), "."
        listed = _listed(db, prefix, asked, "Choose the one that you mean", found.fitting)
        return joined(_nothing_said("Which version?", [tag("p", several)]), listed)
    told = [tag("p", parts.prose(reason.text)) for reason in matrix_reasons.reasons(matrix_answer(db, asked.question))]
    told.append(tag("p", "Nothing failed: there is nothing to ask about. No gate lets through what is not known."))
    title, offered = "Its newest versions", meant.newest(db, asked.pacticipant)
    if found.fitting:
        title, offered = "Versions that begin so", found.fitting
    return joined(
        _nothing_said("No such version", told),
        _listed(db, prefix, asked, title, offered),
        tag("h2", "What to do next"),
        tag("ul", tag("li", _publish()), class_="next"),
    )


def _nothing_said(words: str, told: Part) -> Html:
    title = tag("h2", tag("span", "? ", aria_hidden="true"), words, id="answer")
    return tag("section", title, told, class_="verdict open", aria_labelledby="answer")


def _publish() -> Part:
    return (
        "If this is its number: publish the pacts of this commit (",
        tag("code", "actions/publish"),
        "; ",
        tag("code", "actions/create-version"),
        " for a service that only provides) under exactly this version, then ask again.",
    )


def _listed(db: sqlite3.Connection, prefix: str, asked: Asked, title: str, rows: Sequence[sqlite3.Row]) -> Html:
    """Versions, to be asked about."""
    if not rows:
        return parts.none("There is no version of it yet.")
    known = standings.of(db, [row["id"] for row in rows])
    items = (
        tag(
            "li",
            _choose(prefix, asked, row["number"]),
            " ",
            tag("span", parts.moment(row["created_at"]), class_="soft"),
            " ",
            matrix.marks(known[row["id"]]),
        )
        for row in rows
    )
    return joined(tag("h2", title), tag("ul", items))


def _choose(prefix: str, asked: Asked, number: str) -> Html:
    href = parts.ask_at(prefix, asked.pacticipant, number, asked.environment)
    return tag("a", tag("code", name(number)), href=href)
