"""The matrix of two pacticipants, and its rows wherever they are shown."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from pact_gate.embedded import pact_documents, pacts
from pact_gate.embedded.exchange import Answer, Call, not_found
from pact_gate.embedded.matrix import Question, Row, Selector, Summary
from pact_gate.embedded.matrix import answer as matrix_answer
from pact_gate.embedded.pages import parts
from pact_gate.embedded.pages.frame import Page, answer, prefix_of
from pact_gate.embedded.pages.html import Html, Part, tag
from pact_gate.embedded.urls import content_at, pair_at
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
    shown = rows[part.offset : part.offset + part.size]
    content = (
        tag(
            "p",
            tag("a", "Read the newest pact", href=pair_at(prefix, provider, consumer, "latest")),
            " · ",
            parts.pacticipant(prefix, consumer),
            " · ",
            parts.pacticipant(prefix, provider),
        ),
        rows_of(call.db, prefix, replace(summary, rows=shown))
        if shown
        else parts.none("There is no pact between the two."),
        part.links(call, prefix),
    )
    trail = (("Integrations", f"{prefix}/integrations"),)
    lead = tag("p", "Each version of the consumer that has a pact, with each version of the provider that verified it.")
    return answer(prefix, Page(f"{consumer} → {provider}", "/integrations", content, trail, lead))


def rows_of(db: sqlite3.Connection, prefix: str, summary: Summary) -> Html:
    """The rows of a matrix as a table: those of `summary`, which must be few."""
    listed = [(row, False) for row in summary.rows] + [(row, True) for row in summary.ignored_rows]
    whole = replace(summary, question=replace(summary.question, limit=str(max(1, len(listed)))))
    documents = pact_documents.matrix(db, prefix, whole)["matrix"]
    lines = (
        _line(prefix, row, document, is_ignored=is_ignored)
        for (row, is_ignored), document in zip(listed, documents, strict=True)
    )
    return parts.table("The matrix", ("Consumer", "Provider", "Result", "Pact"), lines)


def _line(prefix: str, row: Row, document: dict[str, Any], *, is_ignored: bool) -> Sequence[Part]:
    return (
        _party(prefix, row.consumer, document["consumer"]["version"]),
        _party(prefix, row.provider, document["provider"]["version"]),
        _result(prefix, row, is_ignored=is_ignored),
        _pact(prefix, row),
    )


def _party(prefix: str, owner: str, version: dict[str, Any] | None) -> Part:
    named = parts.pacticipant(prefix, owner)
    if version is None:
        return named, tag("small", "no version that verified it")
    return (
        named,
        " ",
        parts.version(prefix, owner, version["number"]),
        tag("div", _marks(version)) if _marks(version) else None,
    )


def _marks(version: dict[str, Any]) -> list[Html]:
    """Where a version stands: its branches, tags and environments."""
    return [
        parts.chip(each[key], kind)
        for kind, found, key in (
            ("", version["branches"], "name"),
            ("tag", version["tags"], "name"),
            ("in", version["environments"], "displayName"),
        )
        for each in found[:_SELECTED]
    ]


def _result(prefix: str, row: Row, *, is_ignored: bool) -> Part:
    ignored = parts.badge("ignored", "—", "open") if is_ignored else None
    if row.result_id is None:
        return parts.result_badge(None), ignored
    href = f"{content_at(prefix, row.provider, row.consumer, row.sha)}/verification-results/{row.result_id}"
    when = tag("small", tag("a", "Result of ", parts.moment(row.verified_at), href=href))
    return parts.result_badge(row.success), ignored, when


def _pact(prefix: str, row: Row) -> Part:
    href = pair_at(prefix, row.provider, row.consumer, "version", row.consumer_version)
    label = tag("span", f" of {row.consumer} {short(row.consumer_version)}", class_="hidden")
    return tag("a", "Read the pact", label, href=href), tag("small", parts.moment(row.pact_created_at))
