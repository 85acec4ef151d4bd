"""What pages are put together from: states, versions, times, tables and pages of a list."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from pact_gate.embedded import nested, paging
from pact_gate.embedded.exchange import Call
from pact_gate.embedded.pages.html import Html, Part, joined, name, tag
from pact_gate.embedded.paging import Entry
from pact_gate.embedded.urls import at, branch_at, matrix_at, version_at
from pact_gate.model.commit import is_full_sha, short

_SHA = re.compile(r"\b([0-9a-f]{40})\b")
SIZE = 50  # entries of a list on one page


class State(Enum):
    """What is known of a pact: its words, its sign, and its colour. The colour says nothing that the words do not."""

    FAILED = ("failed", "✗", "bad")
    PENDING = ("failed, pending", "✗", "warn")
    CHANGED = ("changed, not verified", "!", "warn")
    UNVERIFIED = ("never verified", "?", "open")
    NONE = ("no pact", "—", "open")
    VERIFIED = ("verified", "✓", "good")

    @property
    def badge(self) -> Html:
        """The state as it is shown."""
        return badge(*self.value)


def badge(words: str, sign: str, colour: str) -> Html:
    """A state in words, with a sign that only eyes read."""
    return tag("span", tag("span", sign, aria_hidden="true"), words, class_=f"state {colour}")


def result_badge(success: object, *, pending: object = False) -> Html:
    """What became of a verification; `success` None: there is none."""
    if success is None:
        return badge("no result", "?", "open")
    state = State.VERIFIED if success else State.PENDING if pending else State.FAILED
    return state.badge


def moment(microseconds: int | None) -> Html:
    """A time, to the minute; microseconds since 1970."""
    if microseconds is None:
        return joined("—")
    time = datetime.datetime.fromtimestamp(microseconds // 1_000_000, datetime.UTC)
    words = f"{time.day} {time:%b %Y, %H:%M}"
    return tag("time", words, datetime=time.isoformat())


def pacticipant(prefix: str, owner: str) -> Html:
    """A link to a pacticipant."""
    return tag("a", name(owner), href=at(prefix, "pacticipants", owner))


def number(whole: str) -> Html:
    """A version's number; a commit's SHA is cut, and then told whole to whoever points at it."""
    shown = short(whole)
    return tag("code", name(shown), title=None if shown == whole else whole)


def prose(text: str) -> list[Part]:
    """A sentence with the commits in it cut."""
    return [number(part) if is_full_sha(part) else part for part in _SHA.split(text)]


def version(prefix: str, owner: str, whole: str) -> Html:
    """A link to a version."""
    return tag("a", number(whole), href=version_at(prefix, owner, whole))


def pair(prefix: str, consumer: str, provider: str) -> Html:
    """A link to the matrix of two pacticipants."""
    arrow = tag("span", " needs ", class_="hidden"), tag("span", " → ", aria_hidden="true")
    return tag("a", name(consumer), arrow, name(provider), href=matrix_at(prefix, provider, consumer))


def trail_of_pair(prefix: str, consumer: str, provider: str) -> tuple[tuple[str, str], ...]:
    """What leads to a page about something between two pacticipants."""
    matrix = (f"{consumer} → {provider}", matrix_at(prefix, provider, consumer))
    return ("Integrations", f"{prefix}/integrations"), matrix


def ask_at(prefix: str, owner: str, number: str | None = None, environment: str | None = None) -> str:
    """The address of the gate's form with these fields filled in, and of its answer where all of them are."""
    asked = {"pacticipant": owner, "version": number, "environment": environment}
    return f"{prefix}/can-i-deploy?{nested.build({key: text for key, text in asked.items() if text is not None})}"


def chip(text: str, kind: str = "") -> Html:
    """A short name, such as a branch's; `kind` says of what."""
    return tag("span", tag("small", f"{kind} ") if kind else None, name(text), class_="chip")


def branch(prefix: str, owner: str, text: str) -> Html:
    """A branch, with a link to its head."""
    href = branch_at(prefix, owner, text, "latest-version")
    return tag("a", tag("small", "branch "), name(text), class_="chip", href=href)


def none(*sentence: Part) -> Html:
    """What stands where there is nothing yet."""
    return tag("p", sentence, class_="none")


def likely(links: Sequence[tuple[str, str]]) -> Part:
    """A question for what may be meant instead, as names with addresses; nothing where nothing may."""
    if not links:
        return None
    linked = [tag("a", name(label), href=href) for label, href in links]
    return " Is it ", [(" or " if number else None, each) for number, each in enumerate(linked)], "?"


def facts(*pairs: tuple[str, Part]) -> Html:
    """Labels with what they name; a pair without anything is left out."""
    items = ((tag("dt", label), tag("dd", what)) for label, what in pairs if what not in (None, "", [], ()))
    return tag("dl", items, class_="facts")


def table(caption: str, columns: Sequence[str], lines: Iterable[Sequence[Part]]) -> Html:
    """A table that becomes a list of cards where the window is narrow.

    The roles stand there because a table that is laid out otherwise is none any more for whoever listens to it.
    """
    head = tag("tr", (tag("th", text, scope="col", role="columnheader") for text in columns), role="row")
    body = (
        tag(
            "tr",
            (
                tag("td", tag("div", cell), role="cell", data_label=label)
                for label, cell in zip(columns, cells, strict=True)
            ),
            role="row",
        )
        for cells in lines
    )
    inside = (
        tag("caption", caption, class_="hidden"),
        tag("thead", head, role="rowgroup"),
        tag("tbody", body, role="rowgroup"),
    )
    return tag("div", tag("table", inside, role="table"), class_="table")


@dataclass(frozen=True)
class Slice:
    """One page of a list with so many entries in all."""

    page: paging.Page
    total: int

    def of(self, entries: Sequence[Entry]) -> Sequence[Entry]:
        """Those of the whole list that stand on this page."""
        return self.page.of(entries)

    @property
    def limits(self) -> dict[str, int]:
        """For SQL."""
        return {"limit": self.page.limit, "offset": self.page.offset}

    def links(self, call: Call, prefix: str) -> Html | None:
        """Where in the list one is, and the way to the pages around; nothing where one page holds all."""
        number, last = self.page.number, self.page.pages(self.total)
        if number == last == 1:
            return None
        first, end = self.page.offset + 1, min(self.page.offset + self.page.limit, self.total)
        where = f"{first:,} to {end:,} of {self.total:,}" if number <= last else f"There are {last:,} pages."
        before = min(number - 1, last)
        around = (
            tag("a", "← Previous", href=self._at(call, prefix, before), rel="prev") if before else None,
            tag("span", where, class_="number"),
            tag("a", "Next →", href=self._at(call, prefix, number + 1), rel="next") if number < last else None,
        )
        return tag("nav", around, class_="pages", aria_label="Pages of this list")

    @staticmethod
    def _at(call: Call, prefix: str, number: int) -> str:
        kept = {key: value for key, value in call.parameters().items() if isinstance(value, str)}
        return f"{at(prefix, *call.segments)}?{nested.build({**kept, 'page': number})}"


def slice_of(call: Call, total: int, size: int = SIZE) -> Slice:
    """The page that `page` in the query asks for. Raises Refusal (400) for what is no positive number."""
    return Slice(paging.Page(paging.page_of(call).number, size), total)


def search(prefix: str, path: str, label: str, value: str) -> Html:
    """A form that looks for names."""
    field = tag("input", type="search", id="q", name="q", value=value, autocomplete="off")
    return tag(
        "form",
        tag("p", tag("label", label, for_="q"), field),
        tag("p", tag("button", "Search"), class_="act"),
        action=f"{prefix}{path}",
        role="search",
    )


def counted(number: int, one: str) -> str:
    """A number with its noun, which takes an s."""
    return f"{number:,} {one}{'' if number == 1 else 's'}"
