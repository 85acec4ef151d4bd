"""What a gate's answer says nothing about, with the team's own checks of it, as Markdown and as lines for the log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pact_gate.model.others import CheckResult, CheckState, Uncovered
from pact_gate.report.escape import is_web_address, link, markdown, prose

_WORDS = {
    Uncovered.PERFORMANCE: ("Performance", "how long an answer takes, and how many there may be at a time"),
    Uncovered.AUTHORISATION: ("Authorisation", "who may do what: a contract compares shapes alone"),
    Uncovered.BUSINESS_RULES: ("Business rules", "whether what the provider answers is right"),
    Uncovered.NETWORK: ("The network", "timeouts, retries, and whatever stands in between"),
}
_SYMBOLS = {
    CheckState.PASSED: "✅",
    CheckState.FAILED: "❌",
    CheckState.RUNNING: "⏳",
    CheckState.NOT_RUN: "⚪",
    CheckState.NOT_KNOWN: "❔",
}
_TITLE = "What this answer says nothing about"
_MOST = 20  # checks of one thing that are shown


def section(checks: Sequence[CheckResult]) -> str:
    """Return a heading and a table as Markdown."""
    rows = (
        f"| **{name}**: {what} | {'<br>'.join(map(_cell, found[:_MOST])) or 'no check is named'} |"
        for name, what, found in _parts(checks)
    )
    table = "\n".join(["| No contract covers | The team's own checks of this commit |", "| --- | --- |", *rows])
    return f"### {_TITLE}\n\n{table}"


def lines(checks: Sequence[CheckResult]) -> Iterator[str]:
    """Yield the same as lines."""
    yield from ("", f"{_TITLE}:")
    for name, what, found in _parts(checks):
        yield f"  {name}: {what}"
        yield from (f"    {each.check.name}: {_told(each)} {each.url}".rstrip() for each in found[:_MOST])


def _parts(checks: Sequence[CheckResult]) -> Iterator[tuple[str, str, list[CheckResult]]]:
    """Give each thing with its checks; the last row is for those that do not say what they look at."""
    for uncovered, (name, what) in _WORDS.items():
        yield name, what, [each for each in checks if uncovered in each.check.covers]
    besides = [each for each in checks if not each.check.covers]
    if besides:
        yield "Besides", "what the team looks at in other ways", besides


def _cell(result: CheckResult) -> str:
    name = markdown(result.check.name)
    named = link(result.check.name, result.url) if is_web_address(result.url) else name
    return f"{_SYMBOLS[result.state]} {named}: {prose(_told(result))}"


def _told(result: CheckResult) -> str:
    return f"{result.state}, {result.why}" if result.why else str(result.state)
