"""A command's outcome as plain text for the step's log: the same facts as in the summary, without colour or markup."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from pact_gate.model.commit import short
from pact_gate.model.errors import PactGateError
from pact_gate.model.gate import Row
from pact_gate.model.outcome import (
    ComparisonOutcome,
    GateOutcome,
    LintOutcome,
    Outcome,
    PlanOutcome,
    PublishOutcome,
    ReconcileOutcome,
    TriggerOutcome,
    VerifyOutcome,
)
from pact_gate.model.verification import InteractionResult, PactVerification
from pact_gate.report import comparison, words
from pact_gate.report.escape import cut, line, log_line, visible

if TYPE_CHECKING:
    from pact_gate.model.plan import Concerned
    from pact_gate.model.provider_states import StateFinding

_EMPTY_LINES = re.compile(r"\n{3,}")
_WIDTH = 120
_ROWS = 200
_INTERACTIONS = 1_000
_FINDINGS = 20
_FINDING = 1_000  # characters
_LINE = 4_000
_LOG = 20_000


def text(outcome: Outcome) -> str:
    """Return an outcome as lines for the log, none of which the runner takes for a command."""
    return _joined(_outcome(outcome))


def error_text(error: PactGateError) -> str:
    """Return an error as lines for the log."""
    places = (f"  at {place}{f': {place.detail}' if place.detail else ''}" for place in error.places)
    return _joined([f"Error: {error.cause}", *places, f"What to do next: {error.next_step}"])


def _joined(lines: Iterable[str]) -> str:
    every = "\n".join(log_line(cut(each, _LINE)).rstrip() for part in lines for each in visible(part).split("\n"))
    return _EMPTY_LINES.sub("\n\n", every)


def _outcome(outcome: Outcome) -> Iterator[str]:  # noqa: C901 - one for each kind
    yield from filter(None, (words.title(outcome), words.reason(outcome)))
    match outcome:
        case GateOutcome():
            yield from _gate(outcome)
        case VerifyOutcome():
            yield from _verification(outcome)
        case ComparisonOutcome():
            yield from _comparison(outcome)
        case PublishOutcome():
            yield from _publication(outcome)
        case TriggerOutcome():
            yield from _triggering(outcome)
        case PlanOutcome():
            yield from _plan(outcome)
        case LintOutcome():
            yield from _lint(outcome)
        case ReconcileOutcome():
            yield from _reconciliation(outcome)
    yield from (f"{label}: {value}" for label, value in outcome.facts)
    if words.next_step(outcome):
        yield from ["", f"What to do next: {words.next_step(outcome)}"]


def _gate(outcome: GateOutcome) -> Iterator[str]:
    yield from (f"{label}: {sentence}" for label, sentence in words.remarks(outcome))
    rows = words.worst_rows_first(outcome.decision.rows)
    cells = [_integration(row, words.row_result(row, outcome.question.target)) for row in rows[:_ROWS]]
    yield from _table(("RESULT", "CONSUMER", "PROVIDER", "VERIFIED"), cells)
    yield from _more(len(rows) - _ROWS, "integration")
    if outcome.other_checks is not None:
        from pact_gate.report.others import lines  # noqa: PLC0415 - few gates are asked for it

        yield from lines(outcome.other_checks)
    yield from _explained(outcome)
    for row in rows:
        if row.run and row.run.last_words:
            yield from ["", f"How the log of {row.run.url} ends:"]
            yield from (f"  | {each}" for each in visible(row.run.last_words).split("\n"))


def _explained(outcome: GateOutcome) -> Iterator[str]:
    about = None
    for index, (row, each) in enumerate(words.explanations(outcome)):
        if not index:
            yield f"{words.EXPLAINED}:"
        if row and row != about:
            yield f"  {row}"
        where = f" In a checkout of {each.of}:" if each.of else ""
        yield f"    {each.sentence} {each.mend}{where}"
        yield from (f"      {part}" for part in each.command.splitlines())
        about = row
    if about is not None:
        yield ""


def _integration(row: Row, result: str) -> tuple[str, ...]:
    there = " ".join(short(version) for version in words.provider_versions(row)[:3])
    elsewhere = " ".join(short(version) for version in row.verified_elsewhere[:3])
    return (
        result,
        f"{row.consumer} {short(row.consumer_version)}",
        f"{row.provider} {there or '(no version)'}",
        words.moment(row.verified_at) or (f"by {elsewhere} only" if elsewhere else "never"),
    )


def _lint(outcome: LintOutcome) -> Iterator[str]:
    from pact_gate.report.findings import accepted, lines  # noqa: PLC0415 - no other step shows any

    if outcome.lint is not None:
        found = list(lines(outcome.lint))
        yield from found[:_INTERACTIONS]
        yield from _more(len(found) - _INTERACTIONS, "line")
        yield from (f"{label}: {value}" for label, value in accepted(outcome.lint))


def _verification(outcome: VerifyOutcome) -> Iterator[str]:
    if outcome.states:
        found = outcome.states.findings
        yield from _table(
            ("IT IS", "PROVIDER STATE", "NEEDED BY", "NEAREST KNOWN NAME"), list(map(_state, found[:_ROWS]))
        )
        yield from _more(len(found) - _ROWS, "provider state")
        yield from (f"  - {line(words.state_finding(each), _FINDING)}" for each in outcome.states.broken[:_ROWS])
        yield words.states_tried(outcome.states)
    pacts = words.worst_pacts_first(outcome.verifications)
    yield from _table(("RESULT", "CONSUMER", "INTERACTIONS", "PUBLISHED"), [_pact(each) for each in pacts[:_ROWS]])
    yield from _more(len(pacts) - _ROWS, "pact")
    failed = [(pact, each) for pact in pacts for each in words.failed_interactions(pact)]
    yield from (
        f"{each.result.consumer}: {words.pact_error(each)}"
        for each in pacts
        if words.has_failures(each) and words.pact_error(each)
    )
    for pact, interaction in failed[:_INTERACTIONS]:
        yield from _failure(pact, interaction)
    yield from _more(len(failed) - _INTERACTIONS, "failed interaction")
    if outcome.provider_log:
        yield from ["", "The end of the provider's log:"]
        yield from (f"  | {each}" for each in visible(outcome.provider_log[-_LOG:]).split("\n"))
        yield ""


def _state(finding: StateFinding) -> tuple[str, ...]:
    near = finding.nearest or "–"  # noqa: RUF001
    return (words.state_result(finding), words.state_names(finding), words.needed_by(finding), near)


def _pact(verification: PactVerification) -> tuple[str, ...]:
    published = "yes" if verification.published else "no"
    return (words.fate(verification), verification.result.consumer, words.interactions(verification), published)


def _failure(verification: PactVerification, interaction: InteractionResult) -> Iterator[str]:
    given = words.states(interaction)
    yield ""
    fate = "PENDING" if words.is_pending(verification, interaction) else "FAILED"
    yield f"{fate} {verification.result.consumer}: {line(interaction.description, 500)}"
    if given:
        yield f"  given {line(given, 500)}"
    findings = list(words.findings(interaction))
    yield from (f"  - {line(each, _FINDING)}" for each in findings[:_FINDINGS])
    yield from _more(len(findings) - _FINDINGS, "difference")


def _comparison(outcome: ComparisonOutcome) -> Iterator[str]:
    pacts = comparison.worst_first(outcome.comparisons)
    rows = [
        (comparison.result(each, strict=outcome.strict)[1], each.consumer, str(len(each.interactions)), each.pact)
        for each in pacts[:_ROWS]
    ]
    yield from _table(("RESULT", "CONSUMER", "INTERACTIONS", "PACT"), rows)
    yield from _more(len(pacts) - _ROWS, "pact")
    for each in pacts:
        groups = comparison.grouped(each.findings)
        for group in groups[:_ROWS]:
            named = line(group.interactions[0], 300)
            more = f" and {len(group.interactions) - 1} more" if len(group.interactions) > 1 else ""
            yield f"{group.level}: {each.consumer}, {group.where}: {line(group.message, _FINDING)}"
            yield f"  in {named}{more}; {group.place}"
        yield from _more(len(groups) - _ROWS, "finding")
    yield from (f"not compared: {what}" for each in pacts for what in each.skipped[:_ROWS])
    parts = [f"{each.method} {each.path} {each.what}".strip() for each in outcome.unused]
    if parts:
        yield from ["", "What no compared pact uses:", *(f"  {each}" for each in parts[:_ROWS])]
        yield from _more(len(parts) - _ROWS, "part")


def _publication(outcome: PublishOutcome) -> Iterator[str]:
    header = ("CONSUMER", "PROVIDER", "VERSION", "INTERACTIONS")
    rows = [
        (pact.consumer, pact.provider, short(pact.version), str(pact.interactions)) for pact in outcome.pacts[:_ROWS]
    ]
    yield from _table(header, rows)
    yield from _more(len(outcome.pacts) - _ROWS, "pact")
    yield from outcome.notices


def _triggering(outcome: TriggerOutcome) -> Iterator[str]:
    rows = [
        (each.provider, " ".join(short(version.version) for version in each.versions) or "(head)", each.url or "–")  # noqa: RUF001
        for each in outcome.triggered[:_ROWS]
    ]
    yield from _table(("PROVIDER", "VERSIONS", "RUN"), rows)
    yield from _more(len(outcome.triggered) - _ROWS, "verification")
    yield from (f"{each.provider} was not asked: {each.problem}" for each in outcome.triggered if each.problem)


def _plan(outcome: PlanOutcome) -> Iterator[str]:
    header = ("PACTICIPANT", "CONSUMER", "PROVIDER", "ASKED", "BECAUSE OF")
    yield from _table(header, [_planned(each) for each in outcome.concerned[:_ROWS]])
    yield from _more(len(outcome.concerned) - _ROWS, "pacticipant")


def _planned(concerned: Concerned) -> tuple[str, ...]:
    flags = (concerned.is_consumer, concerned.is_provider, concerned.is_asked)
    more = f" and {len(concerned.files) - 1} more" if len(concerned.files) > 1 else ""
    why = f"{concerned.files[0]}{more}" if concerned.files else "–"  # noqa: RUF001
    return (concerned.name, *("yes" if flag else "no" for flag in flags), why)


def _reconciliation(outcome: ReconcileOutcome) -> Iterator[str]:
    work = [(each.consumer, each.provider, short(each.version.version)) for each in outcome.work[:_ROWS]]
    yield from _table(("CONSUMER", "PROVIDER", "TO BE VERIFIED AT"), work)
    yield from _more(len(outcome.work) + outcome.left_out - len(work), "verification")
    yield from (f"{each.cause} {each.next_step}" for each in outcome.hopeless[:_ROWS])
    yield from (f"#{each.pull_request} {each.context}: {each.problem or each.state}" for each in outcome.gates[:_ROWS])
    yield from (
        f"{each.pacticipant} has no branch {each.name} any more: {'deleted' if each.was_deleted else 'left as it is'}"
        for each in outcome.branches[:_ROWS]
    )


def _more(number: int, noun: str) -> Iterator[str]:
    if number > 0:
        yield f"  and {words.counted(number, f'more {noun}')}"


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield aligned lines of at most `_WIDTH` columns; the widest columns are cut where it takes that."""
    if not rows:
        return
    cells = [[line(cell) for cell in row] for row in [header, *rows]]
    widths = _fitting([max(map(_width, column)) for column in zip(*cells, strict=True)])
    yield ""
    for row in cells:
        yield "  " + "  ".join(_padded(cell, width) for cell, width in zip(row, widths, strict=True))
    yield ""


def _fitting(widths: list[int]) -> list[int]:
    while sum(widths) + 2 * len(widths) > _WIDTH:
        widest = widths.index(max(widths))
        widths[widest] -= 1
    return widths


def _padded(cell: str, width: int) -> str:
    shown = cell
    while _width(shown) > width:
        shown = cut(shown, len(shown) - 1)
    return shown + " " * (width - _width(shown))


def _width(shown: str) -> int:
    """Return how many columns a terminal takes for a text: East Asian characters take two, accents none."""
    return sum(
        0 if unicodedata.combining(each) else 2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in shown
    )
