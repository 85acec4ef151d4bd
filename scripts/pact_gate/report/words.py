"""How results are called, the same in every report. All of it is plain text that still has to be escaped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pact_gate.model.commit import short
from pact_gate.model.gate import Question, Result, Row, Target, TargetKind, Verdict
from pact_gate.model.outcome import ComparisonOutcome, GateOutcome, Outcome, TriggerOutcome, VerifyOutcome
from pact_gate.model.override import Overrides
from pact_gate.model.unknown import Explanation
from pact_gate.model.verification import Fate, InteractionResult, Mismatch, PactVerification
from pact_gate.report import override
from pact_gate.report.escape import cut

if TYPE_CHECKING:  # no step but `verify` has it
    from pact_gate.model.provider_states import StateFinding, StatesCheck

COMPARED = (
    "Compared, not run: two descriptions were held against each other. Whether the provider does what its document "
    "says is for its verification to show."
)

_SUBJECTS = 3  # named in a title
_A_WAIT = 5.0  # seconds; what is shorter was the broker's answer, not a wait
_VALUE = 300  # characters of an expected or received value in a sentence

_SYMBOLS = {
    Verdict.YES: "✅",
    Verdict.NOT_TESTED: "❌",
    Verdict.FAILED: "❌",
    Verdict.NO_SUCH_VERSION: "❓",
    Verdict.NOT_IN_ENVIRONMENT: "🚧",
    Verdict.STUCK: "🛑",
    Verdict.WAITING: "⏳",
    Verdict.BROKER_ERROR: "⚠️",
}
_ANSWERS = {
    Verdict.YES: "Yes",
    Verdict.NOT_TESTED: "No, the tests before it did not succeed",
    Verdict.FAILED: "No, a contract is broken",
    Verdict.NO_SUCH_VERSION: "No, the broker does not know this version",
    Verdict.NOT_IN_ENVIRONMENT: "No, a provider is not there yet",
    Verdict.STUCK: "No, a verification is missing",
    Verdict.WAITING: "Not yet, a verification is missing",
    Verdict.BROKER_ERROR: "No answer from the broker",
}
_ROW_ORDER = (Result.FAILED, Result.ABSENT, Result.NONE, Result.PASSED, Result.IGNORED)
_ROW_SYMBOLS = {
    Result.FAILED: "❌",
    Result.ABSENT: "🚧",
    Result.NONE: "⏳",
    Result.PASSED: "✅",
    Result.IGNORED: "⚪",
}
EXPLAINED = "Why the broker does not know"
"""What stands above the explanations."""

_FATE_ORDER = (Fate.FAILED, Fate.PENDING, Fate.PASSED)
_FATE_SYMBOLS = {Fate.FAILED: "❌", Fate.PENDING: "🟡", Fate.PASSED: "✅"}


def shortened(versions: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return those pairs of pacticipant and version whose version `short` shortens, each once."""
    return [(name, version) for name, version in dict.fromkeys(versions) if short(version) != version]


def versions_in(outcome: GateOutcome) -> Iterator[tuple[str, str]]:
    """Yield the pacticipants and versions that a gate's report shows, in its order."""
    yield from outcome.question.asked
    for row in worst_rows_first(outcome.decision.rows):
        yield row.consumer, row.consumer_version
        yield from ((row.provider, version) for version in (*provider_versions(row), *row.verified_elsewhere))


def versions_asked(outcome: TriggerOutcome) -> Iterator[tuple[str, str]]:
    """Yield the pacticipants and versions of what was asked for."""
    for each in outcome.triggered:
        yield each.consumer, each.consumer_version
        yield from ((each.provider, version.version) for version in each.versions)


def symbol(outcome: Outcome) -> str:
    """Return the one symbol of an outcome."""
    if isinstance(outcome, GateOutcome):
        return _gate_symbol(outcome)
    if outcome.exit_code:
        return "❌"
    if isinstance(outcome, VerifyOutcome):
        return _verify_symbol(outcome.verifications)
    if isinstance(outcome, ComparisonOutcome):
        return "✅" if outcome.outputs.get("result") == "compatible" else "⚠️"
    return "✅"


def title(outcome: Outcome) -> str:
    """Return what happened in one line, without its symbol."""
    if isinstance(outcome, GateOutcome):
        return _gate_title(outcome)
    if isinstance(outcome, VerifyOutcome) and outcome.verifications:
        return _verify_title(outcome)
    return outcome.headline


def reason(outcome: Outcome) -> str:
    """Return the sentence under a title: why the gate says so, or the first thing that a verification found wrong."""
    if isinstance(outcome, GateOutcome):
        return outcome.decision.reason or outcome.headline
    if isinstance(outcome, VerifyOutcome):
        return _first_failure(outcome)
    return COMPARED if isinstance(outcome, ComparisonOutcome) and outcome.comparisons else ""


def next_step(outcome: Outcome) -> str:
    """Return what the reader should do, empty where there is nothing to do."""
    if isinstance(outcome, GateOutcome):
        return outcome.decision.next_step or outcome.next_step
    return outcome.next_step


def remarks(outcome: GateOutcome) -> tuple[tuple[str, str], ...]:
    """Return what a reader must know to read a gate's answer right: pairs of a label and a sentence."""
    question = outcome.question
    found = []
    if outcome.dry_run:
        found.append(("Dry run", "This step passes whatever the answer is. Without `dry-run`, a no makes it fail."))
    if question.ignore:
        found.append(("Ignored", f"{', '.join(question.ignore)}: the input `ignore` takes them out of the answer."))
    if outcome.waited_seconds >= _A_WAIT and outcome.decision.verdict is not Verdict.STUCK:  # its reason says so
        found.append(("Waited", f"{duration(outcome.waited_seconds)} for results."))
    return (*_overrides(outcome.overrides), *found)


def _overrides(found: Overrides) -> Iterator[tuple[str, str]]:
    if found.granted:
        yield "Overridden", override.told(found.granted)
    if found.refused:
        yield "Not overridden", found.refused
    for each in found.still_open:
        yield "Overridden before", override.told_open(each, datetime.now(UTC))


def is_yes(outcome: GateOutcome) -> bool:
    """Say whether the verdict is yes, whatever it rests on."""
    return outcome.decision.verdict is Verdict.YES


def worst_rows_first(rows: Iterable[Row]) -> list[Row]:
    """Return the matrix in the order in which somebody has to act on it."""
    return sorted(rows, key=lambda row: (_ROW_ORDER.index(row.result), row.consumer, row.provider))


def row_symbol(row: Row) -> str:
    """Return the symbol of a row's result."""
    return _ROW_SYMBOLS[row.result]


def row_result(row: Row, target: Target) -> str:
    """Return a row's result in words."""
    return f"not {_at(target)}" if row.result is Result.ABSENT else str(row.result)


def provider_versions(row: Row) -> tuple[str, ...]:
    """Return the provider versions that a row is about: the verified one, or those that are where it matters."""
    return (row.provider_version,) if row.provider_version else row.candidates


def explanations(outcome: GateOutcome) -> Iterator[tuple[str, Explanation]]:
    """Return what was found out about versions, then about rows: each with what it is about, empty for versions."""
    yield from (("", each) for each in outcome.decision.causes)
    for row in worst_rows_first(outcome.decision.rows):
        there = " and ".join(map(short, provider_versions(row)))
        about = f"{row.consumer} {short(row.consumer_version)} → {row.provider} {there}".rstrip()
        yield from ((about, each) for each in row.causes)


def to_copy(explanation: Explanation) -> str:
    """Return the command that mends a cause, and where it is run."""
    return f"In a checkout of {explanation.of}:\n{explanation.command}" if explanation.of else explanation.command


def worst_pacts_first(verifications: Iterable[PactVerification]) -> list[PactVerification]:
    """Return failed pacts first, then pending ones."""
    return sorted(verifications, key=lambda each: (_FATE_ORDER.index(each.fate), each.result.consumer))


def fate_symbol(verification: PactVerification) -> str:
    """Return the symbol of a pact's fate."""
    return _FATE_SYMBOLS[verification.fate]


def fate(verification: PactVerification) -> str:
    """Return a pact's fate in words."""
    if verification.fate is Fate.PENDING:
        return "pending: failed, does not fail this build"
    return f"{verification.fate}, work in progress" if verification.wip else str(verification.fate)


def interactions(verification: PactVerification) -> str:
    """Return how many interactions of a pact passed."""
    if verification.held_back:
        return "not replayed"
    every = verification.result.interactions
    return f"{sum(each.passed for each in every)} of {len(every)} passed"


def failed_interactions(verification: PactVerification) -> list[InteractionResult]:
    """Return the interactions of a pact that were replayed and did not pass, pending ones last."""
    failed = [each for each in verification.result.interactions if not each.passed and not verification.held_back]
    return sorted(failed, key=lambda each: is_pending(verification, each))


def is_pending(verification: PactVerification, interaction: InteractionResult) -> bool:
    """Say whether an interaction may fail: because of its pact, or because its consumer marked it."""
    return verification.fate is Fate.PENDING or interaction.pending


def has_failures(verification: PactVerification) -> bool:
    """Say whether there is something to show beyond the pact's row. A passed pact may hold pending failures.

    Of a pact that was held back, the row and the table of the provider states say it all.
    """
    return not verification.held_back and bool(pact_error(verification) or failed_interactions(verification))


def pact_error(verification: PactVerification) -> str:
    """Return why a pact as a whole has no result, empty where it has one."""
    if verification.held_back:
        number = len(verification.result.interactions)
        needing = "one of its interactions needs" if number == 1 else f"{number:,} of its interactions need"
        return f"The pact was not replayed: {needing} a provider state that is not set up."
    if verification.result.error:
        return f"The pact could not be verified: {verification.result.error}"
    if not verification.result.interactions:
        return "No interaction of this pact was run, and that proves nothing."
    return ""


def findings(interaction: InteractionResult) -> Iterator[str]:
    """Yield what is wrong with an interaction as plain text, one sentence for each difference."""
    if interaction.error:
        yield f"Not compared: {interaction.error}"
    for each in interaction.mismatches:
        yield f"{place(each)}: {each.message}{_compared(each)}"


def place(mismatch: Mismatch) -> str:
    """Return where a difference is: `body $.price`, `status`."""
    name = mismatch.attribute
    return name if name == mismatch.place else f"{name} {mismatch.place}".strip()


def states(interaction: InteractionResult) -> str:
    """Return the provider states of an interaction."""
    return ", ".join(each for each in interaction.provider_states if each)


def state_symbol(finding: StateFinding) -> str:
    """Return the symbol of what was found about provider states."""
    if not finding.is_broken:
        return "⚪" if finding.was_enough else "⚠️"
    return "🟡" if finding.may_fail else "❌"


def state_result(finding: StateFinding) -> str:
    """Return what was found about provider states in words."""
    if finding.was_enough:
        return f"{finding.found}, which was enough"
    return f"{finding.found}, for a pending contract" if finding.is_broken and finding.may_fail else str(finding.found)


def state_names(finding: StateFinding) -> str:
    """Return the names of states, with their parameters."""
    return " and ".join(str(each) for each in finding.states)


def needed_by(finding: StateFinding) -> str:
    """Return the consumers that ask for states."""
    shown = ", ".join(finding.consumers[:_SUBJECTS])
    left = len(finding.consumers) - _SUBJECTS
    return f"{shown} and {left} more" if left > 0 else shown


def state_finding(finding: StateFinding) -> str:
    """Return one sentence about provider states."""
    near = f" The nearest known name is “{finding.nearest}”." if finding.nearest else ""
    body = f": {cut(finding.body.strip(), _VALUE)}" if finding.body.strip() else "."
    answer = f"{finding.url} {finding.answer}{body}" if finding.url else finding.answer
    return f"“{state_names(finding)}”, needed by {needed_by(finding)}: {state_result(finding)}.{near} {answer}"


def states_tried(check: StatesCheck) -> str:
    """Return how much of the provider states was tried, and what that leaves open."""
    told = [f"{counted(check.checked, 'set')} of provider states tried in {check.seconds:.1f} s."]
    if check.unchecked:
        told.append(f"{check.unchecked:,} more were not: there is an end to the number and to the time.")
    if check.refused:
        calls = counted(check.refused, "teardown")
        told.append(f"{calls} refused: what a state puts in place may still be there for the next one.")
    return " ".join(told)


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: `1 pact`, `2 pacts`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def duration(seconds: float) -> str:
    """Return a length of time as people say it: `2 min 10 s`."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def moment(iso: str | None) -> str:
    """Return an ISO 8601 time in UTC to the minute; what is no such time comes back as it is."""
    try:
        return datetime.fromisoformat(iso or "").astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    except ValueError:
        return iso or ""


def _compared(mismatch: Mismatch) -> str:
    """Return both values, unless the verifier's message quotes them already."""
    values = [value for value in (mismatch.expected, mismatch.actual) if value]
    if all(value in mismatch.message for value in values):
        return ""
    expected, actual = (cut(value, _VALUE) or "nothing" for value in (mismatch.expected, mismatch.actual))
    return f" (expected {expected}, received {actual})"


def _gate_symbol(outcome: GateOutcome) -> str:
    if outcome.overrides.granted:
        return "⚠️"
    if outcome.decision.compared_nothing:
        return "⚠️" if is_yes(outcome) else "❌"
    return _SYMBOLS[outcome.decision.verdict]


def _gate_title(outcome: GateOutcome) -> str:
    question, verdict = outcome.question, outcome.decision.verdict
    may = _may(question.target) if is_yes(outcome) else _may_not(question.target, verdict)
    ending = " (overridden)" if outcome.overrides.granted else " (dry run)" if outcome.dry_run else ""
    return f"{_answer(outcome)}: {_subjects(question)} {may}{ending}"


def _answer(outcome: GateOutcome) -> str:
    if outcome.decision.compared_nothing:
        return "Yes, but nothing was compared" if is_yes(outcome) else "No, nothing was compared"
    return _ANSWERS[outcome.decision.verdict]


def _subjects(question: Question) -> str:
    names = [f"{name} {short(version)}" for name, version in question.asked[:_SUBJECTS]]
    if len(question.asked) > _SUBJECTS:
        names.append(f"{len(question.asked) - _SUBJECTS} more")
    return listed(names) if names else "this version"


def listed(names: Sequence[str]) -> str:
    """Return names as a sentence has them: `a, b and c`."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _may(target: Target) -> str:
    if target.kind is TargetKind.ENVIRONMENT:
        return f"may be deployed to {target}" if target.name else "may be deployed"
    return f"works with {target}"


def _may_not(target: Target, verdict: Verdict) -> str:
    if target.kind is TargetKind.ENVIRONMENT:
        return f"must not be deployed to {target}" if target.name else "must not be deployed"
    return f"does not work with {target}" if verdict is Verdict.FAILED else f"is not known to work with {target}"


def _at(target: Target) -> str:
    if target.kind is TargetKind.ENVIRONMENT:
        return f"in {target}" if target.name else "there"
    return f"on {target}"


def _verify_symbol(verifications: Sequence[PactVerification]) -> str:
    if not verifications or any(each.fate is Fate.FAILED for each in verifications):
        return "⚠️"
    return "✅"


def _verify_title(outcome: VerifyOutcome) -> str:
    fates = [each.fate for each in outcome.verifications]
    name = f"{outcome.provider} {short(outcome.version)}".strip()
    failed, pending = fates.count(Fate.FAILED), fates.count(Fate.PENDING)
    held_back = sum(each.held_back and each.fate is Fate.FAILED for each in outcome.verifications)
    if held_back and outcome.states:
        broken = f"{counted(len(outcome.states.fails), 'provider state')} not set up"
        also = f" breaks {counted(failed - held_back, 'pact')};" if failed > held_back else ""
        return f"{name}{also or ':'} {broken}, {held_back:,} of {counted(len(fates), 'pact')} not replayed"
    if failed:
        return f"{name} breaks {failed:,} of {counted(len(fates), 'pact')}"
    if outcome.exit_code:
        return outcome.headline
    if pending:
        whose = "which is pending" if pending == 1 else "which are pending"
        return f"{name} does not honour {pending:,} of {counted(len(fates), 'pact')} yet, {whose}: this build may pass"
    return f"{name} honours {_every(len(fates))}"


def _first_failure(outcome: VerifyOutcome) -> str:
    if outcome.states and outcome.states.fails:
        return state_finding(outcome.states.fails[0])
    for verification in worst_pacts_first(outcome.verifications):
        for interaction in failed_interactions(verification):
            if not is_pending(verification, interaction):
                found = next(findings(interaction), "failed")
                return f"{verification.result.consumer}, {interaction.description}: {found}"
    return ""


def _every(number: int) -> str:
    return "its one pact" if number == 1 else f"all {number:,} pacts"
