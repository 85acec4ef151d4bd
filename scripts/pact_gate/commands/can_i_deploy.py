"""The gate: may these versions go there?"""

from __future__ import annotations

from dataclasses import asdict, replace

from pact_gate.broker.client import Broker, unknown
from pact_gate.commands.files import write_json
from pact_gate.commands.step import Step
from pact_gate.model.commit import chosen_version
from pact_gate.model.decision import decide, overlooked
from pact_gate.model.errors import BrokerError, InputError
from pact_gate.model.gate import Decision, Matrix, Question, Result, Row, TargetKind, Verdict
from pact_gate.model.outcome import GateOutcome
from pact_gate.settings import GateSettings, Inputs, gate_settings

_BAD_REQUEST = 400


def run(inputs: Inputs, step: Step) -> GateOutcome:
    """Ask once, or until nothing is open any more, and say yes or no."""
    settings = gate_settings(inputs)
    question = _question(settings, step)
    try:
        decision, waited = _Gate(settings, question, step).answer()
    except BrokerError as error:
        decision, waited = Decision(Verdict.BROKER_ERROR, error.cause, error.next_step), 0.0
    return _outcome(settings, question, decision, waited, step)


def _question(settings: GateSettings, step: Step) -> Question:
    asked = []
    for name, version in settings.pacticipants:
        asked.append((name, chosen_version(version or settings.version, settings.branch, step.commit)))
    return Question(tuple(asked), settings.target, settings.ignore)


class _Gate:
    """One question, asked until it is answered or its time is over.

    A no at the first look costs one request, and a few more to explain it; while waiting, each look costs one. A yes to
    an environment costs two more: what is there, so that no provider version is overlooked.
    """

    def __init__(self, settings: GateSettings, question: Question, step: Step) -> None:
        self._settings = settings
        self._question = question
        self._broker = step.broker
        self._clock = step.clock
        self._log = step.log
        self._there: dict[str, tuple[str, ...]] = {}

    def answer(self) -> tuple[Decision, float]:
        """Give the decision, and for how many seconds it was waited."""
        start = self._clock.now()
        while True:
            decision = self._look(waited=0)
            waited = self._clock.now() - start if self._settings.timeout else 0.0
            pause = min(self._settings.interval, self._settings.timeout - waited)
            if decision.verdict is not Verdict.WAITING or pause <= 0:
                break
            self._log(f"{decision.reason} Looking again in {pause:.0f} s.")
            self._clock.sleep(pause)
        if decision.verdict in (Verdict.WAITING, Verdict.NOT_IN_ENVIRONMENT) and not decision.compared_nothing:
            decision = self._look(waited=waited, explain=True)
        return decision, waited

    def _look(self, *, waited: float, explain: bool = False) -> Decision:
        matrix = self._ask()
        if explain:
            self._there.clear()
        located = tuple(
            self._located(row, explain=explain) if row.result is Result.NONE else row for row in matrix.rows
        )
        if matrix.deployable is True and matrix.environment_url:
            located += tuple(overlooked(self._question, located, self._broker.versions_in(matrix.environment_url)))
        return decide(
            self._question,
            replace(matrix, rows=located),
            fail_if_empty=self._settings.on_empty == "fail",
            waited_seconds=waited,
        )

    def _ask(self) -> Matrix:
        try:
            return self._broker.matrix(self._question)
        except BrokerError as error:
            if error.status == _BAD_REQUEST:
                raise _unknown_name(self._question, self._broker, error) from error
            raise

    def _located(self, row: Row, *, explain: bool) -> Row:
        """Find out why a row has no result: the provider's version has none, or there is no such version."""
        asked = dict(self._question.asked)
        there = (asked[row.provider],) if row.provider in asked else self._versions_there(row.provider)
        found = replace(row, candidates=there, result=Result.NONE if there else Result.ABSENT)
        if explain:
            elsewhere = self._broker.results_elsewhere(row.consumer, row.consumer_version, row.provider)
            found = replace(found, verified_elsewhere=elsewhere)
        return found

    def _versions_there(self, provider: str) -> tuple[str, ...]:
        if provider not in self._there:
            self._there[provider] = self._broker.versions_at(self._question.target, provider)
        return self._there[provider]


def _unknown_name(question: Question, broker: Broker, error: BrokerError) -> InputError:
    """Find out which name the broker does not know: it says so in a sentence only."""
    target = question.target
    if target.kind is TargetKind.ENVIRONMENT:
        environments = broker.environments()
        if target.name not in environments:
            return unknown("environment", target.name, environments)
    known = broker.pacticipants()
    for name, _ in question.asked:
        if name not in known:
            return unknown("pacticipant", name, known)
    return InputError(error.cause, "Check the gate's inputs.")


def _outcome(settings: GateSettings, question: Question, decision: Decision, waited: float, step: Step) -> GateOutcome:
    deployable = decision.verdict is Verdict.YES
    names = " and ".join(name for name, _ in question.asked)
    headline = f"{names} can {'' if deployable else 'not '}be deployed to {question.target}."
    code = 0 if deployable or settings.dry_run else 3 if decision.verdict is Verdict.BROKER_ERROR else 1
    return GateOutcome(
        headline=headline,
        next_step=decision.next_step,
        exit_code=code,
        outputs={
            "verdict": decision.verdict.value,
            "deployable": str(deployable).lower(),
            "reason": decision.reason,
            "next-step": decision.next_step,
            "matrix": _facts(question, decision, step) if step.runner.on_github else "",
        },
        question=question,
        decision=decision,
        dry_run=settings.dry_run,
        waited_seconds=waited,
    )


def _facts(question: Question, decision: Decision, step: Step) -> str:
    return write_json("matrix", {"question": asdict(question), **asdict(decision)}, step.runner.temporary_folder)
