"""Integrations and what is known of each: its pact at the consumer's main branch, and that pact's newest result."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pact_gate.embedded import pacts
from pact_gate.embedded.exchange import Answer, Call
from pact_gate.embedded.pages import parts
from pact_gate.embedded.pages.frame import Page, answer, prefix_of
from pact_gate.embedded.pages.html import Html, Part, name, tag
from pact_gate.embedded.pages.parts import State
from pact_gate.embedded.urls import pair_at, result_at

_ORDER = tuple(State)  # what somebody has to act on first, first
_SLUGS = {state.name.lower(): state for state in State}

# Which pact an integration is judged by: that of the main branch's head; where that one has none, the newest.
_CHOSEN = f"""ifnull(
    (SELECT x.id FROM branches b JOIN publications x ON x.version_id = b.head_version_id AND x.current = 1
     WHERE b.pacticipant_id = c.id AND b.name = c.main_branch AND x.provider_id = i.provider_id),
    {pacts.newest(tagged=False)})"""
_STATES = f"""SELECT i.consumer_id, i.provider_id, c.name AS consumer, p.name AS provider, i.changed_at,
        x.id AS publication_id, r.id AS result_id, r.success, r.pending,
        EXISTS (SELECT 1 FROM results o WHERE o.provider_id = i.provider_id AND o.consumer_id = i.consumer_id) AS ever
    FROM integrations i
    JOIN pacticipants c ON c.id = i.consumer_id JOIN pacticipants p ON p.id = i.provider_id
    LEFT JOIN publications x ON x.id = {_CHOSEN}
    LEFT JOIN results r ON r.id =
        (SELECT max(n.id) FROM results n WHERE n.content_id = x.content_id AND n.current = 1)
    WHERE {{where}} ORDER BY i.changed_at DESC, i.created_at"""
_PACTS = """SELECT x.id, x.created_at, v.id AS version_id, v.number AS version, k.sha,
        (SELECT b.name FROM branch_versions bv JOIN branches b ON b.id = bv.branch_id
         WHERE bv.version_id = v.id ORDER BY bv.id DESC LIMIT 1) AS branch
    FROM publications x JOIN versions v ON v.id = x.version_id JOIN contents k ON k.id = x.content_id
    WHERE x.id IN (SELECT value FROM json_each(?))"""
_RESULTS = """SELECT r.id, r.created_at, v.number AS version FROM results r
    JOIN versions v ON v.id = r.provider_version_id WHERE r.id IN (SELECT value FROM json_each(?))"""
_COLUMNS = ("Integration", "State", "Pact of", "Result by")


@dataclass(frozen=True)
class Integration:
    """A consumer and a provider, and what is known of them."""

    row: sqlite3.Row
    state: State


def find(db: sqlite3.Connection, where: str = "1", **values: object) -> list[Integration]:
    """Integrations, what to act on first, first. `where` is a condition on `i`, `c` and `p`: ours, never a caller's."""
    found = [Integration(row, _state(row)) for row in db.execute(_STATES.format(where=where), values)]
    return sorted(found, key=lambda one: _ORDER.index(one.state))


def _state(row: sqlite3.Row) -> State:
    if row["publication_id"] is None:
        return State.NONE
    if row["result_id"] is None:
        return State.CHANGED if row["ever"] else State.UNVERIFIED
    if row["success"]:
        return State.VERIFIED
    return State.PENDING if row["pending"] else State.FAILED


def listed(db: sqlite3.Connection, prefix: str, found: Sequence[Integration]) -> Html:
    """A table of integrations."""
    pacts = _by_id(db, _PACTS, (one.row["publication_id"] for one in found))
    results = _by_id(db, _RESULTS, (one.row["result_id"] for one in found))

    def line(one: Integration) -> Sequence[Part]:
        row = one.row
        consumer, provider = row["consumer"], row["provider"]
        pact, result = pacts.get(row["publication_id"]), results.get(row["result_id"])
        return (
            parts.pair(prefix, consumer, provider),
            one.state.badge,
            _pact(prefix, row, pact) if pact else "—",
            _result(prefix, row, pact, result) if pact and result else "—",
        )

    return parts.table("Integrations and their state", _COLUMNS, map(line, found))


def standing(db: sqlite3.Connection, prefix: str, one: Integration) -> Html:
    """The state of one integration, which pact and which result it is judged by, and what to do."""
    row = one.row
    pact = _by_id(db, _PACTS, (row["publication_id"],)).get(row["publication_id"])
    result = _by_id(db, _RESULTS, (row["result_id"],)).get(row["result_id"])
    return parts.facts(
        ("State", (one.state.badge, " ", _to_do(prefix, row, one.state, pact, result))),
        ("Pact of", _pact(prefix, row, pact) if pact else None),
        ("Result by", _result(prefix, row, pact, result) if pact and result else None),
    )


def _to_do(prefix: str, row: sqlite3.Row, state: State, pact: sqlite3.Row | None, result: sqlite3.Row | None) -> Part:
    consumer, provider = name(row["consumer"]), name(row["provider"])
    verify = ". Run its verification (", tag("code", "actions/verify"), ")."
    href = result_at(prefix, row["provider"], row["consumer"], pact["sha"], result["id"]) if pact and result else None
    mend = tag("a", "Open the result", href=href), ", then mend ", provider, " or change what ", consumer, " expects."
    told: dict[State, Part] = {
        State.FAILED: mend,
        State.PENDING: ("It does not stop ", provider, " yet. ", mend),
        State.CHANGED: ("No version of ", provider, " has verified the newest contract", verify),
        State.UNVERIFIED: ("No version of ", provider, " has ever verified what ", consumer, " needs", verify),
    }
    return told.get(state)


def _pact(prefix: str, row: sqlite3.Row, pact: sqlite3.Row) -> Part:
    href = pair_at(prefix, row["provider"], row["consumer"], "version", pact["version"])
    shown = tag("a", parts.number(pact["version"]), href=href)
    return (
        shown,
        " ",
        parts.chip(pact["branch"]) if pact["branch"] else None,
        " ",
        tag("small", parts.moment(pact["created_at"])),
    )


def _result(prefix: str, row: sqlite3.Row, pact: sqlite3.Row, result: sqlite3.Row) -> Part:
    href = result_at(prefix, row["provider"], row["consumer"], pact["sha"], result["id"])
    shown = tag("a", parts.number(result["version"]), href=href)
    return shown, " ", tag("small", parts.moment(result["created_at"]))


def _by_id(db: sqlite3.Connection, query: str, ids: Iterable[int | None]) -> dict[int, sqlite3.Row]:
    wanted = json.dumps([one for one in ids if one is not None])
    return {row["id"]: row for row in db.execute(query, (wanted,))}


def counts(prefix: str, found: Iterable[Integration]) -> list[tuple[State, int, str]]:
    """How many integrations are in each state that occurs, with the address of a list of them."""
    numbers = Counter(one.state for one in found)
    return [
        (state, numbers[state], f"{prefix}/integrations?state={state.name.lower()}")
        for state in _ORDER
        if numbers[state]
    ]


def page(call: Call) -> Answer:
    """All integrations, those that contain a text, or those in one state."""
    prefix, wanted, slug = prefix_of(call), call.parameter("q") or "", call.parameter("state") or ""
    found = find(call.db, "(:q = '' OR instr(lower(c.name), lower(:q)) OR instr(lower(p.name), lower(:q)))", q=wanted)
    tallied = counts(prefix, found)
    if slug in _SLUGS:
        found = [one for one in found if one.state is _SLUGS[slug]]
    part = parts.slice_of(call, len(found))
    shown = part.of(found)
    states = tag(
        "ul",
        (tag("li", tag("a", state.badge, href=href), f" {number:,}") for state, number, href in tallied),
        class_="states",
        aria_label="Show one state alone",
    )
    content = (
        parts.search(prefix, "/integrations", "Name of a consumer or a provider", wanted),
        states if tallied else None,
        tag("p", tag("a", "Show all states", href=f"{prefix}/integrations")) if slug else None,
        listed(call.db, prefix, shown) if shown else _nothing(wanted or slug),
        part.links(call, prefix),
    )
    lead = tag(
        "p",
        "A consumer and a provider with a contract between them, judged by the pact of the consumer's main "
        "branch (the newest pact, where that has none) and its newest result.",
    )
    return answer(prefix, Page("Integrations", "/integrations", content, lead=lead))


def _nothing(looked_for: str) -> Html:
    if looked_for:
        return parts.none("No integration is like that.")
    return parts.none(
        "There is none yet. One begins when a consumer publishes its first pact: ", tag("code", "actions/publish"), "."
    )
