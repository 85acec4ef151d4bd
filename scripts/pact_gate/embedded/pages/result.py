"""One verification result: what the verifier found in each interaction."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from typing import Any

from pact_gate.embedded import pacts, results
from pact_gate.embedded.exchange import Answer, Call
from pact_gate.embedded.pages import pact, parts
from pact_gate.embedded.pages.frame import Page, answer, prefix_of
from pact_gate.embedded.pages.html import Html, Part, joined, name, outside, tag
from pact_gate.embedded.routes.verification import required_latest_result, required_result
from pact_gate.embedded.rows import required
from pact_gate.embedded.urls import content_at
from pact_gate.model.commit import short
from pact_gate.model.plain import line

_SIZE = 25  # interactions on one page
_FOUND = 10  # mismatches of one interaction
_SENTENCE = 1_000  # characters


def page(call: Call) -> Answer:
    """The result with a number. Raises Refusal (404)."""
    return _shown(call, required_result(call))


def latest_page(call: Call) -> Answer:
    """The newest result of a content. Raises Refusal (404)."""
    return _shown(call, required_latest_result(call)[0])


def _shown(call: Call, row: sqlite3.Row) -> Answer:
    prefix, consumer, provider = prefix_of(call), row["consumer"], row["provider"]
    by = results.verified_by(row)
    published = required(pacts.of_content(call.db, pacts.Pair(row["consumer_id"], row["provider_id"]), row["sha"]))
    tool = " ".join(str(by[key]) for key in ("implementation", "version") if key in by)
    content = (
        parts.facts(
            ("Result", parts.result_badge(row["success"], pending=row["pending"])),
            (
                "Provider",
                (parts.pacticipant(prefix, provider), " ", parts.version(prefix, provider, row["provider_version"])),
            ),
            ("Pact", _pact(prefix, published)),
            ("Before it", pact.before(call.db, prefix, published)),
            ("When", parts.moment(row["created_at"])),
            ("Build", outside(row["build_url"], row["build_url"]) if row["build_url"] else None),
            ("Verified with", name(tool) if tool else None),
        ),
        tag("h2", "Interactions"),
        _tests(call, prefix, json.loads(row["test_results"]) if row["test_results"] else None),
    )
    title = f"{provider} {short(row['provider_version'])} against the pact of {consumer}"
    return answer(prefix, Page(title, "/integrations", content, parts.trail_of_pair(prefix, consumer, provider)))


def _pact(prefix: str, published: sqlite3.Row) -> Html:
    """The way to what was verified, by the newest version that says so."""
    href = content_at(prefix, published["provider"], published["consumer"], published["sha"])
    return tag(
        "a", "Read the pact of ", name(published["consumer"]), " ", parts.number(published["version"]), href=href
    )


def _tests(call: Call, prefix: str, told: Any) -> Html:
    """What the verifier told of each interaction, failed ones first: verifiers agree on a few keys alone."""
    found = told.get("tests", told) if isinstance(told, dict) else told
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        return parts.none("The verifier told nothing.") if told is None else pact.block(told)
    tests = sorted(found, key=_has_passed)
    part = parts.slice_of(call, len(tests), _SIZE)
    shown = [_test(each) for each in part.of(tests)]
    return joined(shown or parts.none("The verifier told of no interaction."), part.links(call, prefix))


def _has_passed(test: Mapping[str, Any]) -> bool:
    return bool(test.get("success", not (test.get("mismatches") or test.get("exceptions"))))


def _test(test: Mapping[str, Any]) -> Html:
    described = test.get("interactionDescription") or test.get("testDescription") or test.get("interactionId")
    passed = _has_passed(test)
    found = list(_findings(test))
    head = tag("summary", parts.result_badge(passed), " ", tag("strong", name(str(described or "an interaction"))))
    items = tag("ul", (tag("li", each) for each in found[:_FOUND]))
    more = tag("p", f"and {len(found) - _FOUND:,} more", class_="soft") if len(found) > _FOUND else None
    inside = (items, more) if found else tag("p", "Nothing was found." if passed else "It says no more.", class_="soft")
    return tag("details", head, tag("div", inside, class_="inside"), open=not passed)


def _findings(test: Mapping[str, Any]) -> Iterator[Part]:
    """What is wrong with an interaction, as each verifier spells it."""
    for key in ("mismatches", "exceptions"):
        told = test.get(key)
        for each in told if isinstance(told, list) else ():
            yield _finding(each) if isinstance(each, dict) else line(str(each), _SENTENCE)
    if isinstance(test.get("exception"), dict):
        yield _finding(test["exception"])


def _finding(each: Mapping[str, Any]) -> Part:
    where = " ".join(str(each.get(key) or "") for key in ("attribute", "identifier")).strip()
    said = next((str(each[key]) for key in ("description", "message", "mismatch") if each.get(key)), "")
    diff = each.get("diff")
    return (
        (tag("code", line(where)), ": ") if where else None,
        line(said, _SENTENCE),
        tag("div", pact.block(diff, _SENTENCE)) if isinstance(diff, str) and diff else None,
    )
