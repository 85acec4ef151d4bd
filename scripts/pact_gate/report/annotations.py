"""A command's outcome as the lines that GitHub shows beside the run and on files."""

# No `from __future__ import annotations` here: the module's own function has that name.
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Literal

from pact_gate.model.errors import PactGateError
from pact_gate.model.finding import Level
from pact_gate.model.outcome import Annotation, ComparisonOutcome, GateOutcome, LintOutcome, Outcome, VerifyOutcome
from pact_gate.model.verification import Fate, InteractionResult, PactVerification
from pact_gate.report import comparison, words
from pact_gate.report.escape import cut, line, visible

_SHOWN = 10  # of a level in one step (https://docs.github.com/en/rest/checks/runs); the rest is dropped unseen
_LEVELS: tuple[Literal["error", "warning", "notice"], ...] = ("error", "warning", "notice")
_EXPLAINED = 5  # causes told beside the verdict; a message ends after `_MESSAGE` characters
_FINDINGS = 5  # of one interaction
_OF_FINDINGS: dict[Level, Literal["error", "warning", "notice"]] = {
    Level.ERROR: "error",
    Level.WARNING: "warning",
    Level.NOTE: "notice",
}
_TITLE = 120
_MESSAGE = 2_000


def annotations(outcome: Outcome) -> tuple[Annotation, ...]:
    """Return what GitHub will show: the command's own annotations, then what follows from its facts."""
    match outcome:
        case GateOutcome():
            found = _gate(outcome)
        case VerifyOutcome():
            found = _verification(outcome)
        case ComparisonOutcome():
            found = _comparison(outcome)
        case LintOutcome():
            found = _lint(outcome)
        case _:
            found = _simple(outcome)
    return _as_many_as_are_shown([*outcome.annotations, *found])


def error_annotations(error: PactGateError) -> tuple[Annotation, ...]:
    """Return one annotation for each place that caused an error, or one for the run."""
    message = f"{error.cause}\n{error.next_step}".strip()
    places = [
        Annotation("error", place.detail or message, "pact-gate", place.path, place.line, place.column)
        for place in error.places
    ]
    return _as_many_as_are_shown(places or [Annotation("error", message, "pact-gate")])


def _gate(outcome: GateOutcome) -> Iterator[Annotation]:
    fine = words.is_yes(outcome) and not outcome.decision.compared_nothing
    told = list(dict.fromkeys(each for _, each in words.explanations(outcome)))[:_EXPLAINED]
    if outcome.exit_code or not fine or told:
        about = [f"{label}: {sentence}" for label, sentence in words.remarks(outcome) if "verridden" in label]
        in_reason = [each for each in told if each.sentence in words.reason(outcome)]
        to_copy = [words.to_copy(each) for each in in_reason]
        why = [f"{each.sentence}\n{words.to_copy(each)}" for each in told if each not in in_reason]
        message = "\n".join(filter(None, (words.reason(outcome), words.next_step(outcome), *to_copy, *why, *about)))
        yield Annotation("error" if outcome.exit_code else "warning", message, words.title(outcome))


def _simple(outcome: Outcome) -> Iterator[Annotation]:
    if outcome.exit_code:
        yield Annotation("error", f"{outcome.headline}\n{outcome.next_step}".strip(), "pact-gate")


def _lint(outcome: LintOutcome) -> Iterator[Annotation]:
    if outcome.lint is None:
        return
    for error in outcome.lint.unreadable:
        message = f"{error.cause}\n{error.next_step}"
        yield from (Annotation("error", message, "pact-gate", each.path, each.line) for each in error.places[:1])
    for each in outcome.lint.worst_first:
        level: Literal["error", "warning", "notice"] = _OF_FINDINGS[each.level]
        instead = f"\nInstead: {each.instead}" if each.instead else ""
        message = f"“{each.interaction}”, {each.where}\n{each.message}{instead}"
        yield Annotation(level, message, f"pact-gate lint: {each.rule}", each.path, each.line, each.column)
    for doubt in outcome.lint.doubts:
        yield Annotation("notice", doubt.detail, "pact-gate lint", doubt.path, doubt.line, doubt.column)


def _verification(outcome: VerifyOutcome) -> Iterator[Annotation]:
    for finding in outcome.states.findings if outcome.states else ():
        if finding.is_warned_of:
            level: Literal["error", "warning"] = "error" if finding.is_broken and not finding.may_fail else "warning"
            yield Annotation(level, words.state_finding(finding), f"Provider state {words.state_result(finding)}")
    broken = [each for each in words.worst_pacts_first(outcome.verifications) if words.has_failures(each)]
    for verification in broken:
        if words.pact_error(verification):
            yield _broken(verification, words.pact_error(verification), pending=verification.fate is Fate.PENDING)
        for interaction in words.failed_interactions(verification):
            pending = words.is_pending(verification, interaction)
            yield _broken(verification, _interaction(interaction), pending=pending)
    if not broken and not (outcome.states and outcome.states.fails):
        yield from _simple(outcome)


def _comparison(outcome: ComparisonOutcome) -> Iterator[Annotation]:
    """Put each finding on its line of the document, which is where it can be mended."""
    yield from _simple(outcome)
    for each in outcome.comparisons:
        for group in comparison.grouped(each.findings):
            message = f"{group.where}: {group.message} ({group.interactions[0]})"
            title = f"The pact of {each.consumer}"
            level: Literal["error", "warning"] = "error" if group.level == "error" else "warning"
            yield Annotation(level, message, title, group.spot.file, group.spot.line)


def _broken(verification: PactVerification, message: str, *, pending: bool) -> Annotation:
    result = verification.result
    title = f"{result.provider} breaks the pact of {result.consumer}"
    if pending:
        return Annotation("warning", message, f"{title} (pending)")
    return Annotation("error", message, title)


def _interaction(interaction: InteractionResult) -> str:
    given = f" given {words.states(interaction)}" if words.states(interaction) else ""
    return "\n".join([f"{interaction.description}{given}", *islice(words.findings(interaction), _FINDINGS)])


def _as_many_as_are_shown(found: Sequence[Annotation]) -> tuple[Annotation, ...]:
    """Return the first ones of each level; the last one says how many more there are."""
    shown: list[Annotation] = []
    for level in _LEVELS:
        of_level = [each for each in found if each.level == level]
        shown += [_harmless(each) for each in of_level[:_SHOWN]]
        if len(of_level) > _SHOWN:
            more = f"and {words.counted(len(of_level) - _SHOWN + 1, f'more {level}')}; the job summary has the details"
            shown[-1] = Annotation(level, more, "pact-gate")
    return tuple(shown)


def _harmless(annotation: Annotation) -> Annotation:
    message = cut(visible(cut(annotation.message, _MESSAGE)), _MESSAGE)
    return replace(annotation, message=message, title=line(annotation.title, _TITLE))
