"""The matrix of two pacticipants, and its rows wherever they are shown."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence

from pact_gate.embedded import pacts, standings
from pact_gate.embedded.exchange import Answer, Call, not_found
from pact_gate.embedded.matrix import Question, Row, Selector
from pact_gate.embedded.matrix import answer as matrix_answer
from pact_gate.embedded.pages import parts
from pact_gate.embedded.pages.frame import Page, answer, prefix_of
from pact_gate.embedded.pages.html import Html, Part, tag
from pact_gate.embedded.standings import Standing
from pact_gate.embedded.urls import pair_at, result_at
from pact_gate.model.commit import short

_SELECTED = 3  # branches, tags or environments that are shown of a version


def page(call: Call) -> Answer:
    """What is known of every pact between the two, the newest first. Raises Refusal (404)."""
    consumer, provider = call.path["consumer"], call.path["provider"]
    if pacts.pair_of(call.db, consumer, provider) is None:
        raise not_found("There is no such consumer or provider.")
    prefix = prefix_of(call)
    summary = matrix_answer(call.db, Question((Selector(consumer), Selector(provider)), latestby="cvpv"))
    rows = [row for row in summary.rows if (row.consumer, row.provider) == (consumer, provider)]
    part = parts.slice_of(call, len(rows))
    shown = part.of(rows)
    content = (
        tag(
            "p",
            tag("a", "Read the newest pact", href=pair_at(prefix, provider, consumer, "latest")),
            " · ",
            parts.pacticipant(prefix, consumer),
            " · ",
            parts.pacticipant(prefix, provider),
        ),
        rows_of(call.db, prefix, shown) if shown else parts.none("There is no pact between the two."),
        part.links(call, prefix),
    )
    trail = (("Integrations", f"{prefix}/integrations"),)
    lead = tag("p", "Each version of the consumer that has a pact, with each version of the provider that verified it.")
    return answer(prefix, Page(f"{consumer} → {provider}", "/integrations", content, trail, lead))


def rows_of(
    db: sqlite3.Connection, prefix: str, rows: Sequence[Row], there: Mapping[str, Sequence[str]] | None = None
) -> Html:
    """Rows of a matrix as a table; they must be few.

    `there` are the versions of each pacticipant that count, where not all of them do: a provider that has no result
    is named with them.
    """
    versions = [each for row in rows for each in (row.consumer_version_id, row.provider_version_id) if each is not None]
    known = standings.of(db, versions)
    lines = ((*_parties(prefix, row, known, there), _result(prefix, row), _pact(prefix, row)) for row in rows)
    return parts.table("The matrix", ("Consumer", "Provider", "Result", "Pact"), lines)


def _parties(
    prefix: str, row: Row, known: dict[int, Standing], there: Mapping[str, Sequence[str]] | None
) -> tuple[Part, Part]:
    consumer = _party(prefix, row.consumer, row.consumer_version, known[row.consumer_version_id])
    if row.provider_version_id is None or row.provider_version is None:
        return consumer, (parts.pacticipant(prefix, row.provider), _unverified(prefix, row.provider, there))
    return consumer, _party(prefix, row.provider, row.provider_version, known[row.provider_version_id])


def _unverified(prefix: str, provider: str, there: Mapping[str, Sequence[str]] | None) -> Part:
    if there is None:
        return tag("small", "no version has verified it")
    found = there.get(provider, ())
    if not found:
        return tag("small", "no version is there")
    more = f" and {len(found) - _SELECTED:,} more" if len(found) > _SELECTED else None
    return [(" ", parts.version(prefix, provider, number)) for number in found[:_SELECTED]], more


def _party(prefix: str, owner: str, number: str, standing: Standing) -> Part:
    marks = _marks(standing)
    named = parts.pacticipant(prefix, owner), " ", parts.version(prefix, owner, number)
    return named, tag("div", marks) if marks else None


def _marks(standing: Standing) -> list[Html]:
    """Where a version stands: its branches, tags and environments."""
    return [
        parts.chip(each[key], kind)
        for kind, found, key in (
            ("", standing.branches, "name"),
            ("tag", standing.tags, "name"),
            ("in", standing.environments, "display_name"),
        )
        for each in found[:_SELECTED]
    ]


def _result(prefix: str, row: Row) -> Part:
    if row.result_id is None:
        return parts.result_badge(None)
    href = result_at(prefix, row.provider, row.consumer, row.sha, row.result_id)
    when = tag("small", tag("a", "Result of ", parts.moment(row.verified_at), href=href))
    return parts.result_badge(row.success), when


def _pact(prefix: str, row: Row) -> Part:
    href = pair_at(prefix, row.provider, row.consumer, "version", row.consumer_version)
    label = tag("span", f" of {row.consumer} {short(row.consumer_version)}", class_="hidden")
    return tag("a", "Read the pact", label, href=href), tag("small", parts.moment(row.pact_created_at))
