"""The first page: what there is, what somebody has to act on, and the gate's question."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable

from pact_gate.embedded.exchange import Answer, Call
from pact_gate.embedded.pages import form, integrations, parts, webhooks
from pact_gate.embedded.pages.environments import places
from pact_gate.embedded.pages.frame import Page, answer, prefix_of
from pact_gate.embedded.pages.html import Html, Part, joined, tag
from pact_gate.embedded.pages.parts import State

_SHOWN = 15  # integrations
_FAILED, _PENDING, _VERIFIED = State.FAILED.value, State.PENDING.value, State.VERIFIED.value
_WAITING = ("waiting for a result", "?", "warn")
_TOLD = {
    State.FAILED: _FAILED,
    State.PENDING: _PENDING,
    State.CHANGED: _WAITING,
    State.UNVERIFIED: _WAITING,
    State.VERIFIED: _VERIFIED,
}
_COUNTED = ("pacticipants", "environments", "webhooks")


def page(call: Call) -> Answer:
    """The overview."""
    db, prefix = call.db, prefix_of(call)
    found = integrations.find(db)
    content = (
        _tiles(db, prefix, found),
        tag(
            "section",
            tag("h2", "Can I deploy?", id="ask"),
            tag("div", form.form(db, prefix), class_="card"),
            aria_labelledby="ask",
        ),
        _integrations(db, prefix, found),
        tag("section", tag("h2", "What is where", id="where"), places(db, prefix), aria_labelledby="where"),
    )
    lead = tag("p", "Who has verified whose contract, and what may go where.")
    return answer(prefix, Page("Overview", "", content, lead=lead))


def _tiles(db: sqlite3.Connection, prefix: str, found: list[integrations.Integration]) -> Html:
    numbers = {table: db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in _COUNTED}
    tiles = (
        ("pacticipants", numbers["pacticipants"], "pacticipant", None),
        ("integrations", len(found), "integration", _standing(found)),
        ("environments", numbers["environments"], "environment", None),
        ("webhooks", numbers["webhooks"], "webhook", webhooks.waiting(db)),
    )
    return tag("ul", (_tile(prefix, *tile) for tile in tiles), class_="tiles")


def _standing(found: Iterable[integrations.Integration]) -> list[Html]:
    """How many integrations somebody has to mend, and how many only wait: what failed must not look like what waits."""
    numbers = Counter(_TOLD[one.state] for one in found if one.state in _TOLD)
    shown = (_FAILED, _PENDING, _WAITING) if set(numbers) != {_VERIFIED} else (_VERIFIED,)
    return [parts.badge(f"{numbers[each]:,} {each[0]}", *each[1:]) for each in shown if numbers[each]]


def _tile(prefix: str, path: str, number: int, noun: str, told: Part) -> Html:
    words = noun if number == 1 else f"{noun}s"
    inside: Part = (tag("strong", f"{number:,}", class_="number"), " ", words, " ", told)
    return tag("li", tag("a", inside, href=f"{prefix}/{path}"))


def _integrations(db: sqlite3.Connection, prefix: str, found: list[integrations.Integration]) -> Html:
    if not found:
        shown: Part = parts.none(
            "There is no pact yet. In a consumer's workflow, after its tests: ", tag("code", "actions/publish"), "."
        )
    else:
        more = tag("p", tag("a", f"All {len(found):,} integrations", href=f"{prefix}/integrations"))
        shown = joined(integrations.listed(db, prefix, found[:_SHOWN]), more)
    return tag("section", tag("h2", "Integrations", id="pairs"), shown, aria_labelledby="pairs")
