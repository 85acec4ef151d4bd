"""Findings that somebody accepted: in the pact itself, in `pact-gate.yml`, or by a baseline of what was there."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from pact_gate.lint.document import Document, Spot, Way
from pact_gate.lint.interaction import Interaction, interactions
from pact_gate.lint.rules.secrets import redacted
from pact_gate.model.errors import InputError, Place
from pact_gate.model.finding import RULES, Finding, Ignore, Suppressed

_COMMENT = re.compile(
    r"\s*pact-gate:\s*ignore\b\s*(?P<rule>[^\s:]*)\s*(?P<where>\$.*?)?\s*(?::\s+(?P<reason>\S.*))?", re.DOTALL
)
_BEGINS = re.compile(r"\s*pact-gate\s*:")
_VERSION = 1
_MOST_COMMENTS = 1_000


class Comment(NamedTuple):
    """A suppression that an interaction carries: a line of its comments (V4), which a test can write.

    `problem` says what is wrong with it; it suppresses nothing then.
    """

    interaction: Interaction
    way: Way
    rule: str = ""
    where: str = ""
    reason: str = ""
    problem: str = ""


class Accepted(NamedTuple):
    """What is left of findings, and what is not; `used` are the entries that a finding fits."""

    findings: list[Finding]
    suppressed: list[Suppressed]
    used: set[Ignore]
    doubts: list[Place]


def accepted(document: Document, findings: Sequence[Finding], entries: Collection[Ignore]) -> Accepted:
    """Part the findings of one pact by what its comments and the entries of `pact-gate.yml` say."""
    comments = list(_comments(document))
    by_place: dict[tuple[str, int | None, str], list[Comment]] = defaultdict(list)
    for comment in comments:
        by_place[comment.interaction.listed, comment.interaction.index, comment.rule].append(comment)
    found = Accepted([], [], set(), [])
    busy: set[Way] = set()
    for finding in findings:
        here = by_place.get((finding.listed, finding.index, finding.rule), ())
        said = [each for each in here if not each.where or _matches(each.where, finding.where)]
        meant = [each for each in entries if fits(each, finding)]
        busy.update(each.way for each in said)
        found.used.update(meant)
        if said:
            found.suppressed.append(Suppressed(finding, redacted(said[0].reason), in_source=True))
        elif meant:
            found.suppressed.append(Suppressed(finding, meant[0].reason, in_source=False))
        else:
            found.findings.append(finding)
    found.doubts.extend(_doubts(document, [each for each in comments if each.way not in busy]))
    return found


def fits(entry: Ignore, finding: Finding) -> bool:
    """Say whether an entry of `pact-gate.yml` means a finding."""
    return entry.rule == finding.rule and all(
        not pattern or _matches(pattern, text)
        for pattern, text in (
            (entry.consumer, finding.consumer),
            (entry.provider, finding.provider),
            (entry.interaction, finding.interaction),
            (entry.where, finding.where),
        )
    )


def _matches(pattern: str, text: str) -> bool:
    """Say whether a text fits, in which `*` stands for any other; each piece is looked for once, from the left."""
    first, *others = pattern.split("*")
    if not others:
        return pattern == text
    if not text.startswith(first):
        return False
    at, end = len(first), len(text) - len(others[-1])
    for piece in others[:-1]:
        found = text.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    return at <= end and text.endswith(others[-1])


def _comments(document: Document) -> Iterator[Comment]:
    for interaction in interactions(document):
        comments = interaction.raw.get("comments")
        texts = comments.get("text") if isinstance(comments, dict) else None
        for number, text in enumerate(texts[:_MOST_COMMENTS] if isinstance(texts, list) else ()):
            if isinstance(text, str) and _BEGINS.match(text):
                yield _comment(interaction, (*interaction.way, "comments", "text", number), text)


def _comment(interaction: Interaction, way: Way, text: str) -> Comment:
    found = _COMMENT.fullmatch(text.strip())
    if found is None:
        return Comment(interaction, way, problem="cannot be read: write `pact-gate: ignore RULE: reason`")
    rule, where, reason = found["rule"], found["where"] or "", found["reason"] or ""
    if rule not in RULES:
        return Comment(interaction, way, problem="names no rule that there is")
    if not reason:
        return Comment(interaction, way, problem="gives no reason: write it behind a colon")
    return Comment(interaction, way, rule, where, reason)


def _doubts(document: Document, idle: Sequence[Comment]) -> Iterator[Place]:
    spots: Mapping[Way, Spot] = document.spots([each.way for each in idle]) if idle else {}
    for each in idle:
        spot = spots.get(each.way)
        problem = each.problem or "fits no finding any more: take it out"
        detail = f"A comment that begins with `pact-gate:` {problem}."
        yield Place(document.path, spot.line if spot else None, spot.column if spot else None, detail)


def unused(entries: Iterable[Ignore], used: Collection[Ignore], path: str) -> Iterator[Place]:
    """Tell of the entries of `pact-gate.yml` that no finding fits."""
    for each in entries:
        if each not in used:
            detail = f"This entry of `lint.ignore` (`{each.rule}`) fits no finding any more: take it out."
            yield Place(path, each.line, each.column, detail)


# --- the baseline


def baseline_of(findings: Iterable[Finding]) -> str:
    """Write a baseline: what is known by name, one a line, so that a change of it can be reviewed."""
    known = {
        each.fingerprint: f"{each.rule}: {each.consumer} with {each.provider}, {each.interaction} {each.where}".strip()
        for each in findings
    }
    return json.dumps({"version": _VERSION, "findings": dict(sorted(known.items()))}, indent=1) + "\n"


def read_baseline(content: bytes, path: str) -> frozenset[str]:
    """Read the fingerprints of a baseline.

    Raises:
        InputError: it is none.
    """
    try:
        found: Any = json.loads(content)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or found.get("version") != _VERSION or not isinstance(found.get("findings"), dict):
        raise InputError(
            f"The file {path} is no baseline of actions/lint.",
            "Write it anew with update-baseline: true, and look at what it holds.",
            places=(Place(path),),
        )
    return frozenset(found["findings"])
