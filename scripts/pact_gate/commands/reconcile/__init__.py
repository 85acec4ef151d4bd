"""Find what no push puts right, and put right what can be: for the services of one repository, on a schedule."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from pact_gate.commands.reconcile.as_consumer import unverified
from pact_gate.commands.reconcile.as_provider import due
from pact_gate.commands.reconcile.branches import gone
from pact_gate.commands.reconcile.estate import survey
from pact_gate.commands.reconcile.gates import old_answers
from pact_gate.commands.step import Step
from pact_gate.model.errors import InputError, PactGateError
from pact_gate.model.gate import TargetKind
from pact_gate.model.outcome import Annotation, ReconcileOutcome
from pact_gate.model.reconcile import Due, GoneBranch, Hopeless, OldAnswer
from pact_gate.report.words import counted
from pact_gate.settings.inputs import Inputs
from pact_gate.settings.trigger import reconcile_settings

_MOST_WORK = 200  # jobs of one matrix; GitHub takes 256 (https://docs.github.com/en/actions/reference/limits)
_Found = TypeVar("_Found")


def run(inputs: Inputs, step: Step) -> ReconcileOutcome:
    """Look at verifications, gates and branches. Where GitHub fails for one part, the others are told even so."""
    settings = reconcile_settings(inputs)
    repository = settings.repository
    if repository is None:
        raise InputError("Which repository is meant is not known outside of GitHub Actions.", "Use it in a workflow.")
    if settings.target.kind is TargetKind.ENVIRONMENT:
        step.broker.environment(settings.target.name)
    estate = survey(step.broker, settings.pacticipants)
    missing = [
        each for name in estate.services for each in due(step.broker, name, estate, branches=settings.consumer_branches)
    ]
    hopeless = [each for each in missing if isinstance(each, Hopeless)]
    hopeless += [each for name in estate.services for each in unverified(step.broker, name, estate)]
    problems: list[PactGateError] = []
    gates = tuple(_until_it_fails(old_answers(settings, repository, step), problems))
    branches = tuple(_until_it_fails(gone(settings, repository, estate, step), problems))
    work = [each for each in missing if isinstance(each, Due)]
    return _outcome(work, tuple(hopeless), gates, branches, problems)


def _until_it_fails(found: Iterator[_Found], problems: list[PactGateError]) -> Iterator[_Found]:
    """Give what is found before anything goes wrong, which is kept as one of the problems."""
    try:
        yield from found
    except PactGateError as error:
        problems.append(error)


def _outcome(
    work: Sequence[Due],
    hopeless: tuple[Hopeless, ...],
    gates: tuple[OldAnswer, ...],
    branches: tuple[GoneBranch, ...],
    problems: Sequence[PactGateError],
) -> ReconcileOutcome:
    shown = tuple(work[:_MOST_WORK])
    todo = [*_failed(problems, gates), *((each.cause, each.next_step) for each in hopeless)]
    code = max([0, *(each.exit_code for each in problems), *(each.exit_code for each in gates)])
    return ReconcileOutcome(
        headline=f"Not all of it could be done. {todo[0][0]}" if code else _headline(work, hopeless, gates, branches),
        next_step=todo[0][1] if todo else "",
        exit_code=code,
        outputs={"work": json.dumps(list(map(_row, shown))), "count": str(len(shown))},
        annotations=tuple(Annotation("warning", "\n".join(each), "To be looked after") for each in todo),
        work=shown,
        left_out=len(work) - len(shown),
        hopeless=hopeless,
        gates=gates,
        branches=branches,
    )


def _failed(problems: Iterable[PactGateError], gates: Iterable[OldAnswer]) -> list[tuple[str, str]]:
    """Give what went wrong and what to do about it, the worst first."""
    failed = [(each.exit_code, each.cause, each.next_step) for each in problems]
    failed += [
        (each.exit_code, f"The gate of #{each.pull_request} was not run again: {each.problem}", each.next_step)
        for each in gates
        if each.problem
    ]
    return [each[1:] for each in sorted(failed, key=lambda each: -each[0])]


def _headline(
    work: Sequence[Due], hopeless: Sequence[Hopeless], gates: Sequence[OldAnswer], branches: Sequence[GoneBranch]
) -> str:
    again = sum(each.was_run for each in gates)
    told = (
        (len(work), "verification", "to be made"),
        (len(hopeless), "pact", "that nobody verifies"),
        (again, "gate", "run again"),
        (len(gates) - again, "gate", "with an old answer"),
        (len(branches), "name", "of branches that are gone"),
    )
    parts = [f"{counted(number, noun)} {what}" for number, noun, what in told if number]
    return f"Found: {', '.join(parts)}." if parts else "Nothing is missing, and nothing is old."


def _row(each: Due) -> dict[str, str]:
    """Give a row for a job's `strategy.matrix.include`, as actions/trigger-verification gives them."""
    return {
        "consumer": each.consumer,
        "provider": each.provider,
        "provider-version": each.version.version,
        "pact-url": each.pact_url,
    }
