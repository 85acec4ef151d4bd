"""The gate's answer as commit statuses: one for each integration, and one for all of them.

GitHub takes 255 characters for a context and 140 for a description
(https://docs.github.com/en/rest/commits/statuses#create-a-commit-status); both are shown as plain text.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from pact_gate.model.commit import short
from pact_gate.model.gate import Decision, Question, Result, Row, Target, TargetKind, Verdict
from pact_gate.model.override import Override
from pact_gate.report import words
from pact_gate.report.escape import line

State = Literal["pending", "success", "failure", "error"]

_OVERALL, _INTEGRATION = "pact-gate: ", "pact: "
_CONTEXT = 255
_DESCRIPTION = 140
_PLAIN = re.compile(r"[\w./@+-]+( [\w./@+-]+)*")  # holds nothing of what stands between names in a context
_NO_ANSWER = "The run ended without an answer for this integration. Run the gate again."


class Status(NamedTuple):
    """One commit status, as GitHub takes it."""

    context: str
    state: State
    description: str


def statuses(
    question: Question, decision: Decision, *, waiting: bool, override: Override | None = None
) -> tuple[Status, ...]:
    """Give the status of all first, then one for each integration in the order of their names.

    What is still unknown is pending while the gate is `waiting`, and a failure once it is not. An integration in
    several versions has the status of the worst.
    """
    worst: dict[tuple[str, str], Row] = {}
    for row in words.worst_rows_first(decision.rows):
        worst.setdefault((row.consumer, row.provider), row)
    ours = (_integration(worst[pair], question.target, waiting=waiting) for pair in sorted(worst))
    overall = _overall(question, decision, waiting=waiting)
    if override:
        said = f"Overridden by {override.approver} until {override.until:%Y-%m-%d}: {override.reason}"
        overall = overall._replace(state="success", description=_description(said, ""))
    return (overall, *ours)


def left_pending(shown: Iterable[Status], final: Iterable[Status]) -> tuple[Status, ...]:
    """Give an end to the statuses that a run has shown as pending, and of which its last answer says nothing.

    It may be that the broker could not be reached any more, or that an integration is gone.
    """
    answered = {status.context for status in final}
    waiting = {each.context: each for each in shown if each.state == "pending" and each.context not in answered}
    return tuple(each._replace(state="error", description=_NO_ANSWER) for each in waiting.values())


def asked_in(context: str, target: Target, known: Sequence[str]) -> tuple[str, ...]:
    """Name the services of a gate's status of all together: none where it has another target, or others are in it.

    A name may hold what stands between names, so the context must come out again.
    """
    listed = tuple(context.removeprefix(_OVERALL).removesuffix(_goal(target)).split(", "))
    candidates = [listed] if set(listed) <= set(known) else []
    candidates += [*((name,) for name in known), tuple(known)]
    return next((names for names in candidates if _overall_context(names, target) == context), ())


def unanswered(context: str) -> tuple[Status, ...]:
    """Give an end to a status that a gate left pending, nothing where the status is not a gate's."""
    return (Status(context, "error", _NO_ANSWER),) if context.startswith((_OVERALL, _INTEGRATION)) else ()


# --- all together


def _overall(question: Question, decision: Decision, *, waiting: bool) -> Status:
    names = [name for name, _ in question.asked]
    return Status(
        _overall_context(names, question.target),
        _verdict_state(decision.verdict, waiting=waiting),
        _description(*_said(decision, waiting=waiting)),
    )


def _overall_context(names: Sequence[str], target: Target) -> str:
    return _context(f"{_OVERALL}{', '.join(names)}{_goal(target)}", *names, target=target)


def _goal(target: Target) -> str:
    if target.kind is TargetKind.ENVIRONMENT:
        return f" to {target.name}" if target.name else ""
    return f" with {target}"


def _verdict_state(verdict: Verdict, *, waiting: bool) -> State:
    if verdict is Verdict.YES:
        return "success"
    if waiting and verdict in {Verdict.WAITING, Verdict.BROKER_ERROR}:
        return "pending"
    return "error" if verdict is Verdict.BROKER_ERROR else "failure"


def _said(decision: Decision, *, waiting: bool) -> tuple[str, str]:
    """Return what is wrong, or what is waited for, and the next step."""
    if waiting and decision.verdict is Verdict.WAITING:
        coming = (row for row in decision.rows if row.result is Result.NONE and not (row.run and row.run.hopeless))
        awaited = dict.fromkeys(map(_provider, coming))
        return f"Waiting for {', '.join(awaited) or 'results'} to be verified.", ""
    if not decision.reason:
        return "Waiting for the broker's answer." if waiting else "There is no answer from the broker.", ""
    return decision.reason, decision.next_step


# --- one integration


def _integration(row: Row, target: Target, *, waiting: bool) -> Status:
    state, wrong, next_step = _row(row, target, waiting=waiting)
    context = _context(f"{_INTEGRATION}{row.consumer} -> {row.provider}", row.consumer, row.provider)
    return Status(context, state, _description(wrong, next_step))


def _row(row: Row, target: Target, *, waiting: bool) -> tuple[State, str, str]:
    """Return the state, what is wrong, and the next step."""
    provider = _provider(row)
    match row.result:
        case Result.PASSED:
            return "success", f"{provider} honours it.", ""
        case Result.IGNORED:
            return "success", "Ignored: it takes no part in the answer.", ""
        case Result.FAILED:
            found = f": {row.failures[0].rstrip('.')}" if row.failures else ""
            return "failure", f"{provider} does not honour it{found}.", "Mend one of the two, and verify again."
        case Result.ABSENT:
            return "failure", f"{row.provider} is {words.row_result(row, target)}.", _bring(row, target)
        case Result.NONE:
            return _without_result(row, provider, waiting=waiting)


def _provider(row: Row) -> str:
    there = " and ".join(short(version) for version in words.provider_versions(row))
    return f"{row.provider} {there}".rstrip()


def _bring(row: Row, target: Target) -> str:
    known = short(row.verified_elsewhere[-1]) if row.verified_elsewhere else ""
    if target.kind is not TargetKind.ENVIRONMENT:
        return "Verify a version that is."
    return f"Deploy {known or 'a version that passes'} there, and record it."


def _without_result(row: Row, provider: str, *, waiting: bool) -> tuple[State, str, str]:
    run = row.run
    if run and run.problem:
        return "failure", f"Nobody was asked to verify {provider}: {run.problem}", run.next_step
    if run and run.ended:
        return "failure", f"The run that was to verify {provider} ended without a result.", f"Open {run.url}"
    if waiting:
        return "pending", f"Waiting for {provider} to be verified.", ""
    if row.causes:
        return "failure", row.causes[0].sentence, ""
    return "failure", f"{provider} is not verified.", "Run its verification (actions/verify), then this gate again."


# --- what GitHub takes


def _description(wrong: str, next_step: str) -> str:
    return line(f"{wrong} {next_step}".strip(), _DESCRIPTION)


def _context(context: str, *names: str, target: Target | None = None) -> str:
    """Keep every two contexts apart: what is too long, or could be read as other names, gets a hash.

    The hash is of these names alone, so that a context stays the same whatever else there is: it may be a required one.
    """
    goal = target.name if target else ""
    if len(context) <= _CONTEXT and all(map(_PLAIN.fullmatch, names)) and " " not in goal and line(goal) == goal:
        return context
    parts = [*names, target.kind, goal] if target else names
    digest = hashlib.sha256("\0".join(parts).encode(errors="surrogatepass")).hexdigest()[:12]
    return f"{line(context, _CONTEXT - len(digest) - 2)} #{digest}"
