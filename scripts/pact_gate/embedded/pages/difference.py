"""What changed between two pacts: in words, and line by line."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from typing import Any

from pact_gate.embedded import contents, pacts
from pact_gate.embedded.exchange import Answer, Call
from pact_gate.embedded.pages import parts
from pact_gate.embedded.pages.frame import Page, answer, prefix_of
from pact_gate.embedded.pages.html import Html, Part, joined, name, tag
from pact_gate.embedded.routes import diffs
from pact_gate.embedded.urls import pair_at
from pact_gate.model.changes import changed
from pact_gate.model.commit import short
from pact_gate.model.plain import line

_CHANGES = 50  # that are told
_WORDS = 500  # characters of one
_LINES = 400  # of the comparison, and
_LINE = 300  # characters of one
_HEAD = 2  # lines with the versions' names
_QUOTED = re.compile("`([^`]+)`")
_KINDS = {"+": "added", "-": "removed", "@": "soft"}


def since_previous_distinct_page(call: Call) -> Answer:
    """What changed since the pact before it that said something else. Raises Refusal (404)."""
    return _page(call, *diffs.since_previous_distinct(call))


def since_version_page(call: Call) -> Answer:
    """What changed since another version. Raises Refusal (404)."""
    return _page(call, *diffs.since_version(call))


def since_content_page(call: Call) -> Answer:
    """What changed since another content. Raises Refusal (404)."""
    return _page(call, *diffs.since_content(call))


def _page(call: Call, old: sqlite3.Row | None, new: sqlite3.Row) -> Answer:
    prefix, consumer, provider = prefix_of(call), new["consumer"], new["provider"]
    content = (
        parts.facts(("From", _pact(prefix, old) if old else None), ("To", _pact(prefix, new))),
        _compared(call.db, old, new) if old else parts.none("There is no pact to compare it with."),
    )
    title = f"What changed in the pact of {consumer} {short(new['version'])} with {provider}"
    return answer(prefix, Page(title, "/integrations", content, parts.trail_of_pair(prefix, consumer, provider)))


def _pact(prefix: str, row: sqlite3.Row) -> Part:
    href = pair_at(prefix, row["provider"], row["consumer"], "version", row["version"])
    label = "the pact of ", name(row["consumer"]), " ", parts.number(row["version"])
    return tag("a", label, href=href), tag("span", ", ", parts.moment(row["created_at"]), class_="soft")


def _compared(db: sqlite3.Connection, old: sqlite3.Row, new: sqlite3.Row) -> Html:
    said, says = (pacts.content(db, row["content_id"]) for row in (old, new))
    return joined(tag("h2", "In words"), _words(said, says), tag("h2", "Line by line"), _lines(said, says))


def _words(said: Any, says: Any) -> Html:
    told = changed(said, says) if isinstance(said, dict) and isinstance(says, dict) else ()
    if not told:
        return parts.none("They need the same.")
    more = tag("p", f"and {len(told) - _CHANGES:,} more", class_="soft") if len(told) > _CHANGES else None
    return joined(tag("ul", (tag("li", _sentence(line(each, _WORDS))) for each in told[:_CHANGES])), more)


def _sentence(text: str) -> list[Part]:
    """A sentence in which what others wrote stands in backticks."""
    return [tag("code", part) if number % 2 else part for number, part in enumerate(_QUOTED.split(text))]


def _lines(said: Any, says: Any) -> Html:
    found = contents.difference(said, says, ("", "")).split("\n")
    shown = found[_HEAD:] if found[0].startswith("---") else found
    if shown == [""]:
        return parts.none("They say the same.")
    more = tag("p", f"The first {_LINES:,} lines.", class_="soft") if len(shown) > _LINES else None
    return joined(tag("pre", _marked(shown[:_LINES]), tabindex="0"), more)


def _marked(lines: Sequence[str]) -> list[Part]:
    return [
        (tag("span", line(each, _LINE), class_=_KINDS[each[0]]) if each[:1] in _KINDS else line(each, _LINE), "\n")
        for each in lines
    ]
