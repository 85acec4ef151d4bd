"""The gate's rules: from the broker's matrix to one verdict, with its reason and the next step."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from pact_gate.model.commit import short
from pact_gate.model.gate import (
    MATRIX_LIMIT,
    Decision,
    Matrix,
    Question,
    Result,
    Row,
    Target,
    TargetKind,
    Verdict,
    Verifying,
)
from pact_gate.model.unknown import Cause, Explanation

Rows = tuple[Row, ...]
Told = tuple[str, str]  # a reason and the next step
_KEPT_ELSEWHERE = (Cause.VERSION_SPELLING, Cause.BRANCH_AS_VERSION, Cause.MERGE_COMMIT)


def decide(question: Question, matrix: Matrix, *, fail_if_empty: bool = False, waited_seconds: float = 0) -> Decision:
    """Answer the question from what the broker said, its rows without a result located.

    Yes needs both: the broker's own yes (for a branch, of which it has no question, no objection) and, for every pair,
    a row that passed or is ignored. Where several verdicts hold, it is the one that a person must act on first, in the
    order of `Verdict`; an unknown row never hides a failed one, as it does in the broker's own summary. Who waited in
    vain is `STUCK`, and so is who would wait for a run that has ended without a result, or was never started.
    """
    rows = matrix.rows
    objection = next(_objections(question, matrix), None)
    if objection:
        verdict, found = objection
        if verdict is Verdict.WAITING and waited_seconds > 0:
            verdict = Verdict.STUCK
        reason, next_step = _TOLD[verdict](question, found)
        return Decision(verdict, _waited(reason, verdict, waited_seconds), next_step, rows)
    if not any(row.result is Result.PASSED for row in rows):
        return _nothing_compared(question, rows, fail=fail_if_empty)
    return Decision(Verdict.YES, _passed(rows), "", rows)


def explained(decision: Decision, causes: tuple[Explanation, ...]) -> Decision:
    """Add what was found out about versions: why one is not known, or not compared. The verdict stays."""
    if not causes:
        return decision
    found = replace(decision, causes=causes)
    if decision.verdict is not Verdict.NO_SUCH_VERSION and not decision.compared_nothing:
        return found
    return replace(found, reason=f"{decision.reason} {causes[0].sentence}", next_step=causes[0].mend)


def needed(question: Question, rows: Rows) -> Rows:
    """Give one passed row for each provider, not in question itself, that a version in question needs."""
    asked = dict(question.asked)
    passed = {(row.consumer, row.provider): row for row in rows if row.result is Result.PASSED}
    return tuple(row for row in passed.values() if row.consumer in asked and row.provider not in asked)


def overlooked(question: Question, rows: Rows, there: Mapping[str, Collection[str]]) -> Iterator[Row]:
    """Give a row for each provider version that is there and has no result for what a version in question needs.

    A provider may be in an environment in several versions: in application instances, or released. The Pact Broker's
    matrix joins pacts with results, so the pact that one of them has verified has a row, and the others have none: its
    answer is yes. `there` are the versions of each pacticipant in the environment.
    """
    known = {(row.consumer, row.provider, row.provider_version) for row in rows}
    for row in needed(question, rows):
        missing = replace(row, provider_version=None, result=Result.NONE, verified_at=None, result_url=None)
        for version in sorted(there.get(row.provider, ())):
            if (row.consumer, row.provider, version) not in known:
                yield replace(missing, candidates=(version,))


def _objections(question: Question, matrix: Matrix) -> Iterator[tuple[Verdict, Rows]]:
    """Give what stands against a yes, what to act on first, first."""
    by_result = {result: tuple(row for row in matrix.rows if row.result is result) for result in Result}
    if by_result[Result.FAILED]:
        yield Verdict.FAILED, by_result[Result.FAILED]
    if matrix.cut:
        yield Verdict.BROKER_ERROR, ()
    # The broker's `false` without a failed row is its answer to a version that it does not know.
    if matrix.deployable is False and not by_result[Result.FAILED]:
        yield Verdict.NO_SUCH_VERSION, ()
    if by_result[Result.ABSENT]:
        yield Verdict.NOT_IN_ENVIRONMENT, by_result[Result.ABSENT]
    hopeless = tuple(row for row in by_result[Result.NONE] if row.run and row.run.hopeless)
    if hopeless:
        yield Verdict.STUCK, hopeless
    of_no_use = matrix.deployable is None and question.target.kind is TargetKind.BRANCH
    if by_result[Result.NONE] or not (matrix.deployable is True or of_no_use):
        yield Verdict.WAITING, by_result[Result.NONE]


def _told_cut(_: Question, __: Rows) -> Told:
    return (
        f"The broker's answer holds {MATRIX_LIMIT} rows, as many as were asked for: some may be missing.",
        "Delete what is no longer needed from the broker (old branches, pacticipants that are gone).",
    )


def _told_failed(_: Question, rows: Rows) -> Told:
    row = rows[0]
    why = f" {row.failures[0]}{_others(row.failures)}." if row.failures else ""
    find = "" if why else "Open the result to see which interaction fails. "
    run = f" The run that found it: {row.run.url}" if row.run and row.run.url else ""
    next_step = f"{find}Mend {row.provider}, or change what {row.consumer} expects, and verify again.{run}"
    return f"{_provider(row)} does not honour what {_consumer(row)} needs{_others(rows)}.{why}", next_step


def _told_no_such_version(question: Question, _: Rows) -> Told:
    named = " or ".join(f"{short(version)} of {name}" for name, version in question.asked)
    next_step = (
        "Publish the pacts of this commit before the gate asks (actions/publish; actions/create-version for a service "
        "that only provides), under the same version: the commit's full SHA."
    )
    return f"The broker knows no version {named}.", next_step


def _told_absent(question: Question, rows: Rows) -> Told:
    row = rows[0]
    lacks = f"{row.provider} is not there: no version of it is {question.target.place}{_others(rows)}."
    if row.causes and row.causes[0].cause is not Cause.NOT_THERE:
        return f"{lacks} {row.causes[0].sentence}", row.causes[0].mend
    known = row.verified_elsewhere[-1] if row.verified_elsewhere else None
    if known:
        reason = f"{lacks} Its version {short(known)} honours what {_consumer(row)} needs."
    else:
        reason = f"{lacks} Nor has any version of it verified what {_consumer(row)} needs."
    return reason, _bring(question.target, row.provider, known)


def _bring(target: Target, provider: str, known: str | None) -> str:
    """Say how a provider gets to the target, where `known` is a version of it that passes."""
    if target.kind is not TargetKind.ENVIRONMENT:
        return f"Run the verification of {provider} at a version that is {target.place} (actions/verify)."
    record = f"record it (actions/record-deployment with environment: {target})"
    if known:
        return f"Deploy {short(known)} of {provider} to {target} first, and {record}."
    return (
        f"Run the verification of {provider} (actions/verify), deploy a version that passes to {target}, and {record}."
    )


def _told_waiting(question: Question, rows: Rows) -> Told:
    return _told_missing(question, rows, "With `timeout` the gate waits for it.")


def _told_stuck(question: Question, rows: Rows) -> Told:
    run = rows[0].run if rows else None
    if run and run.hopeless:
        return _told_hopeless(rows, run)
    return _told_missing(question, rows, "Where that takes longer than the gate waited, raise `timeout`.")


def _told_hopeless(rows: Rows, run: Verifying) -> Told:
    row = rows[0]
    there = " and ".join(short(version) for version in row.candidates) or "the version in question"
    what = f"{row.provider} {there} for what {_consumer(row)} needs{_others(rows)}"
    if run.problem:
        return f"Nobody was asked to verify {what}: {run.problem}", run.next_step
    if run.state == "success":  # it may have done its work, at a version that is the newest no more
        ended = f"The run that was to verify {what} has ended (success), and no version that counts has a result"
        kept_elsewhere = next((each for each in row.causes if each.cause in _KEPT_ELSEWHERE), None)
        if kept_elsewhere:
            return f"{ended}: {run.url} {kept_elsewhere.sentence}", kept_elsewhere.mend
        again = f"Run this gate again: what {row.provider} has there by now is verified then"
        return f"{ended}: {run.url}", f"{again}. If it comes to this again, open {run.url} and see what it verified."
    return (
        f"The run that was to verify {what} has ended ({run.state}) and published no result: {run.url}",
        f"Open {run.url}, mend what it stopped at, and run it again; then run this gate again.",
    )


def _told_missing(question: Question, rows: Rows, about_waiting: str) -> Told:
    if not rows:
        return f"The broker does not know yet whether it works with what is in {question.target}.", "Ask again later."
    row = rows[0]
    there = " and ".join(short(version) for version in row.candidates) or "the version in question"
    reason = f"There is no result of {row.provider} {there} for what {_consumer(row)} needs{_others(rows)}."
    if row.causes:
        return f"{reason} {row.causes[0].sentence}", f"{row.causes[0].mend} Then ask again. {about_waiting}"
    next_step = (
        f"Run the verification of {row.provider} at {there} and publish its result (actions/verify; its `selectors` "
        f"must take in {_consumer(row)}), then ask again. {about_waiting}"
    )
    elsewhere = ", ".join(short(version) for version in row.verified_elsewhere[-3:])
    passed = f" It is verified by {elsewhere}, which is not the version that counts." if elsewhere else ""
    return f"{reason}{passed}", next_step


_TOLD: dict[Verdict, Callable[[Question, Rows], Told]] = {
    Verdict.FAILED: _told_failed,
    Verdict.BROKER_ERROR: _told_cut,
    Verdict.NO_SUCH_VERSION: _told_no_such_version,
    Verdict.NOT_IN_ENVIRONMENT: _told_absent,
    Verdict.WAITING: _told_waiting,
    Verdict.STUCK: _told_stuck,
}


def _waited(reason: str, verdict: Verdict, seconds: float) -> str:
    return f"{reason} The gate waited {seconds:.0f} seconds for it." if verdict is Verdict.STUCK and seconds else reason


def _nothing_compared(question: Question, rows: Rows, *, fail: bool) -> Decision:
    """A yes that rests on nothing says so, and is none where the caller wants to be sure."""
    ignored = (
        "all that it would meet is ignored" if rows else f"nothing that it has a contract with is in {question.target}"
    )
    verdict = Verdict.NOT_IN_ENVIRONMENT if fail else Verdict.YES
    return Decision(
        verdict,
        f"Nothing was compared: {ignored}, or it has no contracts at all.",
        "If contracts were expected: check that this version's pacts were published, and that what runs in "
        f"{question.target} was recorded under versions that have pacts.",
        rows,
        compared_nothing=True,
    )


def _passed(rows: Rows) -> str:
    count = sum(row.result is Result.PASSED for row in rows)
    ignored = len(rows) - count
    return f"{count} integration{'s are' if count > 1 else ' is'} verified, none is failed or open" + (
        f"; {ignored} {'are' if ignored > 1 else 'is'} ignored." if ignored else "."
    )


def _consumer(row: Row) -> str:
    return f"{row.consumer} {short(row.consumer_version)}"


def _provider(row: Row) -> str:
    return f"{row.provider} {short(row.provider_version or '')}".rstrip()


def _others(all_of_them: Sequence[object]) -> str:
    return f" (and {len(all_of_them) - 1} more)" if len(all_of_them) > 1 else ""
