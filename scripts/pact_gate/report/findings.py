"""What the linter found: for code scanning (SARIF 2.1.0), as JSON, and as sections of a summary."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from urllib.parse import quote

from pact_gate import VERSION
from pact_gate.model.errors import Place
from pact_gate.model.finding import RULES, Finding, Level, LintResult, Suppressed
from pact_gate.report.escape import code, line, markdown, prose

PAGES = "https://github.com/pact-gate/pact-gate/blob/v1/docs/rules"

_SARIF_LEVELS = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTE: "note", Level.OFF: "none"}
_SYMBOLS = {Level.ERROR: "❌", Level.WARNING: "⚠️", Level.NOTE: "🔹", Level.OFF: ""}
_MOST_RESULTS = 5_000  # GitHub shows as many of one upload, and takes 25,000
_ROWS = 50  # of one rule
_MESSAGE = 600


# --- for programs


def as_json(result: LintResult) -> dict[str, Any]:
    """Return all facts, for a JSON file: there, text of others is escaped. Nothing repeats a secret."""
    return {
        "version": 1,
        "files": result.files,
        "interactions": result.interactions,
        "findings": [_plain(each) for each in result.findings],
        "known": [_plain(each) for each in result.known],
        "suppressed": [
            {**_plain(each.finding), "reason": each.reason, "inSource": each.in_source} for each in result.suppressed
        ],
        "fixed": [_plain(each) for each in result.fixed],
        "unreadable": [
            {**_place(each.places[0]), "cause": each.cause, "nextStep": each.next_step} for each in result.unreadable
        ],
        "doubts": [{**_place(each), "message": each.detail} for each in result.doubts],
    }


def _plain(finding: Finding) -> dict[str, Any]:
    return dict(vars(finding))


def _place(place: Place) -> dict[str, Any]:
    return {"path": place.path, "line": place.line, "column": place.column}


def sarif(result: LintResult) -> dict[str, Any]:
    """Return a SARIF log (https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html), for code scanning."""
    ids = list(RULES)
    compared = bool(result.known)  # a state is for who compares with a baseline
    results = [_result(each, ids, "new" if compared else "") for each in result.worst_first]
    results += [_result(each, ids, "unchanged") for each in result.known]
    results += [_result(each.finding, ids, suppressed=each) for each in result.suppressed]
    return {
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "pact-gate lint",
                        "version": VERSION,
                        "informationUri": f"{PAGES}/README.md",
                        "rules": [_rule(each) for each in ids],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "invocations": [
                    {
                        "executionSuccessful": not result.unreadable,
                        "toolExecutionNotifications": [
                            _notification(each.cause, each.places) for each in result.unreadable
                        ],
                    }
                ],
                "results": results[:_MOST_RESULTS],
            }
        ],
    }


def _rule(rule: str) -> dict[str, Any]:
    level, sentence = RULES[rule]
    return {
        "id": rule,
        "name": "".join(word.capitalize() for word in rule.split("-")),
        "shortDescription": {"text": sentence},
        "helpUri": f"{PAGES}/{rule}.md",
        "help": {"text": f"{sentence} See {PAGES}/{rule}.md"},
        "defaultConfiguration": {"level": _SARIF_LEVELS[level]},
    }


def _result(
    finding: Finding, ids: Sequence[str], state: str = "", suppressed: Suppressed | None = None
) -> dict[str, Any]:
    instead = f" Instead: {finding.instead}" if finding.instead else ""
    found = {
        "ruleId": finding.rule,
        "ruleIndex": ids.index(finding.rule),
        "level": _SARIF_LEVELS[finding.level],
        "message": {"text": line(f"{_at(finding)}{finding.message}{instead}", 2_000)},
        "locations": [
            {
                "physicalLocation": _physical(finding.path, finding.line, finding.column),
                "logicalLocations": [{"fullyQualifiedName": line(_where(finding), 1_000), "kind": "object"}],
            }
        ],
        "partialFingerprints": {"pactGateFinding/v1": finding.fingerprint},
        **({"baselineState": state} if state else {}),
    }
    if suppressed is not None:
        kind = "inSource" if suppressed.in_source else "external"
        found["suppressions"] = [{"kind": kind, "justification": line(suppressed.reason, 1_000)}]
    return found


def _physical(path: str, at: int | None, column: int | None) -> dict[str, Any]:
    location: dict[str, Any] = {"artifactLocation": {"uri": quote(line(path, 1_000)), "uriBaseId": "%SRCROOT%"}}
    if at is not None:
        location["region"] = {"startLine": at, **({"startColumn": column} if column else {})}
    return location


def _notification(cause: str, places: Iterable[Place]) -> dict[str, Any]:
    return {
        "level": "error",
        "message": {"text": line(cause, 1_000)},
        "locations": [{"physicalLocation": _physical(each.path, each.line, each.column)} for each in places],
    }


def _where(finding: Finding) -> str:
    inside = f"{finding.listed}[{finding.index}]" if finding.index is not None else ""
    return f"{inside}{finding.where[1:]}".removeprefix(".") or "$"


def _at(finding: Finding) -> str:
    return f"“{finding.interaction}”, {finding.where}: " if finding.index is not None else ""


# --- for people


def sections(result: LintResult) -> Iterator[tuple[str, Sequence[str], list[tuple[str, ...]], int]]:
    """Yield the parts of a summary: what stands above a table, the table's header, its rows, and how many there are."""
    if result.unreadable:
        rows: list[tuple[str, ...]] = [
            (code(str(each.places[0])), prose(each.cause)) for each in result.unreadable[:_ROWS]
        ]
        yield "### ❌ Files that cannot be read", ("Where", "What is wrong"), rows, len(result.unreadable)
    by_rule: dict[str, list[Finding]] = {}
    for each in result.worst_first:
        by_rule.setdefault(each.rule, []).append(each)
    for rule, found in by_rule.items():
        symbol = _SYMBOLS[found[0].level]
        head = f"### {symbol} {rule} ({len(found)})\n\n{RULES[rule][1]} [Why, and what to do]({PAGES}/{rule}.md)"
        yield (
            head,
            ("Where", "Interaction", "What is wrong", "Instead"),
            [_row(each) for each in found[:_ROWS]],
            len(found),
        )
    if result.doubts:
        rows = [(code(str(each._replace(detail=""))), prose(each.detail)) for each in result.doubts[:_ROWS]]
        yield "### Suppressions that suppress nothing", ("Where", "What is wrong"), rows, len(result.doubts)


def _row(finding: Finding) -> tuple[str, ...]:
    place = ":".join(str(part) for part in (finding.path, finding.line) if part)
    return (
        f"{code(place)}<br>{code(finding.where, 200)}",
        markdown(finding.interaction) or "–",  # noqa: RUF001
        prose(finding.message, _MESSAGE),
        code(finding.instead, 200) if finding.instead else "–",  # noqa: RUF001
    )


def lines(result: LintResult) -> Iterator[str]:
    """Yield the findings as compilers write them, one or two lines each."""
    for each in result.worst_first:
        place = Place(each.path, each.line, each.column)
        yield f"{place}: {each.level} [{each.rule}] {_at(each)}{each.message}"
        if each.instead:
            yield f"    instead: {each.instead}"
    for error in result.unreadable:
        yield f"{error.places[0]}: {error.cause} {error.next_step}"
    for doubt in result.doubts:
        yield f"{doubt._replace(detail='')}: {doubt.detail}"


def accepted(result: LintResult) -> tuple[tuple[str, str], ...]:
    """Return how many findings are not told, and why, as pairs of a label and a number."""
    several = (
        ("Mended in the files", len(result.fixed)),
        ("Known by the baseline", len(result.known)),
        ("Accepted with a reason", len(result.suppressed)),
    )
    return tuple((label, str(number)) for label, number in several if number)
