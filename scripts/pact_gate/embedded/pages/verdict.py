"""The gate's answer, that of /can-i-deploy and /matrix, as one verdict: why, and what to do next."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from pact_gate.embedded.exchange import Call
from pact_gate.embedded.matrix import reasons as matrix_reasons
from pact_gate.embedded.matrix.answer import answer as matrix_answer
from pact_gate.embedded.matrix.reasons import Kind
from pact_gate.embedded.matrix.terms import Row, Summary
from pact_gate.embedded.pages import matrix, parts
from pact_gate.embedded.pages.form import Asked
from pact_gate.embedded.pages.html import Html, Part, joined, name, tag
from pact_gate.embedded.urls import result_at

_REASONS = 20
_NAMED = 3  # pacticipants or versions in one sentence
_KINDS = {  # what stands first is told first
    Kind.FAILED: ("failed", "✗", "bad"),
    Kind.ABSENT: ("not there", "?", "warn"),
    Kind.MISSING: ("no result", "?", "warn"),
    Kind.WARNING: ("to know", "!", "warn"),
    Kind.PASSED: ("verified", "✓", "good"),
    Kind.NOTHING: ("nothing compared", "!", "warn"),
}
_ORDER = tuple(_KINDS)
# The newest result of the same content, by whatever version of the provider.
_ELSEWHERE = """SELECT x.id AS publication_id, r.id, r.success, r.created_at, v.number FROM json_each(?) asked
    JOIN publications x ON x.id = asked.value
    JOIN results r ON r.id = (SELECT max(n.id) FROM results n WHERE n.content_id = x.content_id AND n.current = 1)
    JOIN versions v ON v.id = r.provider_version_id"""

_Elsewhere = Mapping[int, sqlite3.Row]  # by the pact's id


def shown(call: Call, prefix: str, asked: Asked) -> Html:
    """The verdict on a version that is known."""
    summary = _complete(asked, matrix_answer(call.db, asked.question))
    part = parts.slice_of(call, len(summary.rows))
    elsewhere = _elsewhere(call.db, asked, summary)
    table = matrix.rows_of(call.db, prefix, part.of(summary.rows), _there(summary)) if summary.rows else None
    return joined(
        _verdict(prefix, asked, summary),
        tag("h2", "Why"),
        tag("ul", _reasons(summary), _others(prefix, summary, elsewhere), class_="reasons"),
        tag("h2", "What to do next"),
        tag("ul", (tag("li", step) for step in _next_steps(prefix, asked, summary, elsewhere)), class_="next"),
        (tag("h2", "What it meets"), table, part.links(call, prefix)) if table else None,
    )


def _complete(asked: Asked, summary: Summary) -> Summary:
    """An answer with a row for each provider version that is there and has no result for what is asked about.

    To a Pact Broker it is enough that one of several versions, of application instances or releases, has verified a
    pact; the gate asks for all of them, and a page must not say yes where it says not yet.
    """
    known = {(row.provider, row.provider_version) for row in summary.rows}
    needed = {row.provider: row for row in summary.rows if row.success and row.consumer == asked.pacticipant}
    rows = [
        row._replace(provider_version_id=one.version_id, provider_version=one.number, result_id=None, success=None)
        for row in needed.values()
        for one in summary.resolved
        if one.name == row.provider and not one.specified and one.number and (one.name, one.number) not in known
    ]
    return replace(summary, rows=[*summary.rows, *rows])


def _verdict(prefix: str, asked: Asked, summary: Summary) -> Html:
    words, sign, colour, meaning = _told(summary)
    version = parts.version(prefix, asked.pacticipant, asked.version)
    return tag(
        "section",
        tag("h2", tag("span", f"{sign} ", aria_hidden="true"), words, id="answer"),
        tag("p", tag("strong", meaning)),
        tag("p", version, " of ", name(asked.pacticipant), " to ", asked.place, ": ", _counts(summary)),
        class_=f"verdict {colour}",
        aria_labelledby="answer",
    )


def _told(summary: Summary) -> tuple[str, str, str, str]:
    """The verdict's words, sign and colour, and what it means for whoever wants to deploy.

    What failed comes before what is not known: a Pact Broker has it the other way round, but waiting mends nothing.
    """
    if any(row.success is False for row in summary.rows):
        return "No", "✗", "bad", "Do not deploy it. Waiting does not help: a contract is broken."
    if summary.deployable is None:
        return "Not yet", "?", "warn", "Do not deploy it now: a result is missing."
    if not summary.rows:
        return "Yes", "✓", "warn", "It may be deployed, but nothing was compared."
    return "Yes", "✓", "good", "It may be deployed: it works with everything that it meets."


def _counts(summary: Summary) -> str:
    counts = summary.counts
    return f"{counts['success']:,} verified, {counts['failed']:,} failed, {counts['unknown']:,} without a result"


def _elsewhere(db: sqlite3.Connection, asked: Asked, summary: Summary) -> _Elsewhere:
    """What provider versions that do not count found of pacts that have no result in those that do.

    That one of them passed is of no use to a provider's version that is asked about itself.
    """
    there = _there(summary)
    rows = {row.publication_id: row for row in _open(summary)[:_REASONS]}
    found = {}
    for other in db.execute(_ELSEWHERE, (json.dumps(list(rows)),)):
        row = rows[other["publication_id"]]
        counts = other["number"] in there.get(row.provider, [])
        is_of_no_use = other["success"] and row.provider == asked.pacticipant
        if not counts and not is_of_no_use:
            found[row.publication_id] = other
    return found


def _reasons(summary: Summary) -> Iterator[Html]:
    found = sorted(matrix_reasons.reasons(summary), key=lambda reason: _ORDER.index(reason.kind))
    for reason in found[:_REASONS]:
        yield tag("li", parts.badge(*_KINDS[reason.kind]), " ", parts.prose(reason.text))
    if len(found) > _REASONS:
        yield tag("li", f"and {len(found) - _REASONS:,} more")


def _others(prefix: str, summary: Summary, elsewhere: _Elsewhere) -> Iterator[Html]:
    for row in _open(summary):
        if row.publication_id in elsewhere:
            found = elsewhere[row.publication_id]
            badge = ("verified elsewhere", "✓", "open") if found["success"] else ("failed elsewhere", "✗", "warn")
            yield tag("li", parts.badge(*badge), " ", _other(prefix, row, found))


def _other(prefix: str, row: Row, found: sqlite3.Row) -> Part:
    href = result_at(prefix, row.provider, row.consumer, row.sha, found["id"])
    return (
        "Another version of ",
        name(row.provider),
        ", ",
        parts.version(prefix, row.provider, found["number"]),
        ", has verified" if found["success"] else ", failed",
        " this very pact of ",
        name(row.consumer),
        ": ",
        tag("a", "result of ", parts.moment(found["created_at"]), href=href),
        ".",
    )


def _next_steps(prefix: str, asked: Asked, summary: Summary, elsewhere: _Elsewhere) -> Iterator[Part]:
    """What a person can do, what to act on first, first."""
    failed = [row for row in summary.rows if row.success is False]
    if failed:
        yield _mend(prefix, failed)
    yield from _missing(prefix, asked, summary, elsewhere)
    if summary.deployable and summary.rows:
        yield (
            "Deploy it, and record it (",
            tag("code", "actions/record-deployment"),
            "), so that others are asked against it.",
        )
    elif summary.deployable:
        yield (
            "Nothing was compared. If contracts were expected: check that this version's pacts were published, and "
            "that what runs there was recorded under versions that have pacts."
        )


def _mend(prefix: str, failed: Sequence[Row]) -> Part:
    row = failed[0]
    href = result_at(prefix, row.provider, row.consumer, row.sha, row.result_id)
    more = f" (and {len(failed) - 1:,} more)" if len(failed) > 1 else ""
    return (
        tag("a", "Open the result", href=href),
        f" to see which interaction fails{more}. Mend ",
        name(row.provider),
        ", or change what ",
        name(row.consumer),
        " expects, and verify again.",
    )


def _there(summary: Summary) -> dict[str, list[str]]:
    """The versions that count of each pacticipant."""
    there: dict[str, list[str]] = {}
    for one in summary.resolved:
        if one.exists and one.number is not None:
            there.setdefault(one.name, []).append(one.number)
    return there


def _missing(prefix: str, asked: Asked, summary: Summary, elsewhere: _Elsewhere) -> Iterator[Part]:
    """What to do about each provider of which a result is missing, in the versions that are there, if any is."""
    open_rows = _open(summary)
    others = {row.provider: elsewhere[row.publication_id] for row in open_rows if row.publication_id in elsewhere}
    lacking: dict[str, list[str]] = {}
    alone: dict[str, list[str]] = {}  # versions without a result beside one that has one
    for one in summary.missing:
        lacking.setdefault(one.provider, []).append(one.consumer)
    for row in open_rows:
        lacking.setdefault(row.provider, []).append(row.consumer)
        if row.provider_version is not None:
            alone.setdefault(row.provider, []).append(row.provider_version)
    versions = _there(summary) | alone
    for provider, consumers in list(lacking.items())[:_REASONS]:
        known = _and([parts.number(number) for number in dict.fromkeys(versions.get(provider, []))])
        needing = _and([name(consumer) for consumer in dict.fromkeys(consumers)])
        other = others.get(provider)
        if other and not other["success"]:
            yield _first(prefix, provider, other)
        yield _verify(provider, known, needing) if known else _bring(provider, needing, asked.place)
        if other and other["success"]:
            yield _instead(prefix, provider, other, asked.place)


def _open(summary: Summary) -> list[Row]:
    return [row for row in summary.rows if row.success is None]


def _verify(provider: str, known: Part, needing: Part) -> Part:
    how = (" (", tag("code", "actions/verify"), "; its selectors must take in ", needing, "), then ask again.")
    return "Run the verification of ", name(provider), " at ", known, how


def _bring(provider: str, needing: Part, place: Part) -> Part:
    there = (
        "No version of ",
        name(provider),
        " is there. Bring one that has verified what ",
        needing,
        " needs to ",
        place,
    )
    return there, ", and record it (", tag("code", "actions/record-deployment"), ")."


def _first(prefix: str, provider: str, other: sqlite3.Row) -> Part:
    version = parts.version(prefix, provider, other["number"])
    return "Look at why ", version, " of ", name(provider), " failed: a version like it will fail, too."


def _instead(prefix: str, provider: str, other: sqlite3.Row, place: Part) -> Part:
    version = parts.version(prefix, provider, other["number"])
    return "Or bring ", version, " of ", name(provider), ", which has verified it, to ", place, " first."


def _and(words: Sequence[Html]) -> Part:
    """A few words as a list in a sentence; of many the first ones."""
    listed: list[Part] = []
    for word in words[:_NAMED]:
        listed += [", ", word] if listed else [word]
    return [*listed, f" and {len(words) - _NAMED:,} more"] if len(words) > _NAMED else listed
