"""The matrix of two pacticipants, and its rows wherever they are shown."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence

from pact_gate.embedded import pacts, standings
from pact_gate.embedded.exchange import Answer, Call, not_found
from pact_gate.embedded.matrix.answer import answer as matrix_answer
from pact_gate.embedded.matrix.terms import Question, Row, Selector
from pact_gate.embedded.pages import integrations, parts
from pact_gate.embedded.pages.frame import Page, answer, prefix_of
from pact_gate.embedded.pages.html import Html, Part, tag
from pact_gate.embedded.standings import Standing
from pact_gate.embedded.urls import pair_at, result_at
from pact_gate.model.commit import short

_SELECTED = 3  # branches, tags or environments that are shown of a version


def page(call: Call) -> Answer:
    """What is known of every pact between the two, the newest first. Raises Refusal (404)."""
    consumer, provider = call.path["consumer"], call.path["provider"]
    pair = pacts.pair_of(call.db, consumer, provider)
    if pair is None:
        raise not_found("There is no such consumer or provider.")
    prefix = prefix_of(call)
    summary = matrix_answer(call.db, Question((Selector(consumer), Selector(provider)), latestby="cvpv"))
    rows = [row for row in summary.rows if (row.consumer, row.provider) == (consumer, provider)]
    part = parts.slice_of(call, len(rows))
    shown = part.of(rows)
    between = "i.consumer_id = :consumer AND i.provider_id = :provider"
    known = integrations.find(call.db, between, consumer=pair.consumer_id, provider=pair.provider_id)
    content = (
        [integrations.standing(call.db, prefix, one) for one in known],
        tag(
            "p",
            tag("a", "Read the newest pact", href=pair_at(prefix, provider, consumer, "latest")),
            " · ",
            parts.pacticipant(prefix, consumer),
            " · ",
            parts.pacticipant(prefix, provider),
        ),
        tag("h2", "Who has verified what"),
        tag(
            "p",
            "Each version of the consumer that has a pact, with each version of the provider that verified it.",
            class_="soft",
        ),
        rows_of(call.db, prefix, shown) if shown else parts.none("There is no pact between the two."),
        part.links(call, prefix),
    )
    trail = (("Integrations", f"{prefix}/integrations"),)
    return answer(prefix, Page(f"{consumer} → {provider}", "/integrations", content, trail))


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
    found = marks(standing)
    named = parts.pacticipant(prefix, owner), " ", parts.version(prefix, owner, number)
    return named, tag("div", found) if found else None


def marks(standing: Standing) -> list[Html]:
    """Where a version stands: its branches, its tags but those that only name such a branch, its environments."""
    branches = {each["name"] for each in standing.branches}
    tags = [each["name"] for each in standing.tags if each["name"] not in branches]
    return [
        *(parts.chip(each["name"], "head of" if each["latest"] else "") for each in standing.branches[:_SELECTED]),
        *(parts.chip(each, "tag") for each in tags[:_SELECTED]),
        *(parts.chip(each["display_name"], "in") for each in standing.environments[:_SELECTED]),
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
