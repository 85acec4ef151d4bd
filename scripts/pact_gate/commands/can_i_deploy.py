"""The gate: may these versions go there?"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, replace
from functools import cached_property
from typing import TYPE_CHECKING

from pact_gate.broker.client import Broker, unknown
from pact_gate.commands.files import write_json
from pact_gate.commands.following import Following
from pact_gate.commands.step import Step
from pact_gate.model.commit import chosen_version
from pact_gate.model.decision import decide, explained, needed, overlooked
from pact_gate.model.errors import BrokerError, InputError, PactGateError
from pact_gate.model.gate import Decision, Matrix, Question, Result, Row, TargetKind, Verdict
from pact_gate.model.outcome import GateOutcome
from pact_gate.model.unknown import Explanation
from pact_gate.settings.gate import GateSettings, can_i_deploy_settings
from pact_gate.settings.inputs import Inputs

if TYPE_CHECKING:
    from pact_gate.commands.announcing import Announcement
    from pact_gate.commands.explaining import Explainer
    from pact_gate.model.others import CheckResult

_BAD_REQUEST = 400

# A person reads the first few; each costs requests.
_MOST_EXPLAINED = 5
_MOST_WHERE_ASKED_FOR = 50
_EXPLAINED = {
    Verdict.FAILED: Result.FAILED,
    Verdict.NOT_IN_ENVIRONMENT: Result.ABSENT,
    Verdict.STUCK: Result.NONE,
    Verdict.WAITING: Result.NONE,
}
_PLAIN = (Verdict.FAILED, Verdict.BROKER_ERROR)  # with these nobody has to look for more


def run(inputs: Inputs, step: Step) -> GateOutcome:
    """Read the inputs of the action, and answer."""
    settings = can_i_deploy_settings(inputs)
    look = _other_checks(settings, step)
    outcome = answer(settings, step)
    outcome = replace(outcome, other_checks=look(outcome.question))
    overridden = outcome.overrides.granted is not None
    return replace(outcome, outputs={**outcome.outputs, "overridden": str(overridden).lower()})


def _other_checks(settings: GateSettings, step: Step) -> Callable[[Question], tuple[CheckResult, ...] | None]:
    """Give what looks at the team's own checks, once there is an answer. The file is read, and refused, before that."""
    if settings.not_covered is None:
        return lambda _: None
    from pact_gate.commands.others import OtherChecks  # noqa: PLC0415 - few gates are asked for them

    return OtherChecks(settings.not_covered, step).of


def answer(settings: GateSettings, step: Step) -> GateOutcome:
    """Ask once, or until nothing is open any more, and say yes or no."""
    question = question_of(settings, step)
    announcement = _announcement(settings, question, step)
    try:
        decision, waited = _Gate(settings, question, step, announcement).answer()
    except BrokerError as error:
        decision, waited = Decision(Verdict.BROKER_ERROR, error.cause, error.next_step), 0.0
    except PactGateError as error:
        announcement.broke(error)
        raise
    outcome = outcome_of(settings, question, decision, waited, step)
    return announcement.answered(_overridden(settings, outcome, step))


class _Silence:
    """What a gate has in the place of an `Announcement` where nobody is to be told."""

    def waiting(self, decision: Decision) -> None:
        """Say nothing."""

    def answered(self, outcome: GateOutcome) -> GateOutcome:
        """Say nothing; the outcome stays as it is."""
        return outcome

    def broke(self, error: PactGateError) -> None:
        """Say nothing."""


def _announcement(settings: GateSettings, question: Question, step: Step) -> Announcement | _Silence:
    if not settings.announce.wanted:
        return _Silence()
    from pact_gate.commands.announcing import Announcement  # noqa: PLC0415 - most gates tell nobody

    return Announcement(settings.announce, question, step)


def _overridden(settings: GateSettings, outcome: GateOutcome, step: Step) -> GateOutcome:
    """Let a no pass that somebody who may has let pass. The verdict, and `deployable`, stay what they are."""
    if settings.override is None:
        return outcome
    from pact_gate.commands.overriding import overrides  # noqa: PLC0415 - few gates can be overridden

    found = overrides(settings.override, outcome.question, outcome.decision, step)
    return replace(outcome, overrides=found, exit_code=0 if found.granted else outcome.exit_code)


def question_of(settings: GateSettings, step: Step) -> Question:
    """Give the question that the settings ask."""
    asked = []
    for name, version in settings.pacticipants:
        asked.append((name, chosen_version(version or settings.version, settings.branch, step.commit)))
    return Question(tuple(asked), settings.target, settings.ignore)


class _Gate:
    """One question, asked until it is answered or its time is over.

    A look is one request. The first one that finds a row without a result asks where its provider is, unless those who
    asked for its verification have told; a yes to a consumer's deployment asks what is there, so that no provider
    version is overlooked; and a no ends with what explains it. It ends as soon as a run that was asked has ended.
    """

    def __init__(
        self, settings: GateSettings, question: Question, step: Step, announcement: Announcement | _Silence
    ) -> None:
        self._settings = settings
        self._question = question
        self._announcement = announcement
        self._broker = step.broker
        self._clock = step.clock
        self._log = step.log
        self._step = step
        self._following = Following(settings.triggered, lambda: step.github_as(settings.runs_token), step.log)
        self._heads: dict[str, tuple[str, ...]] = {}
        self._inside: Mapping[str, Collection[str]] | None = None

    def answer(self) -> tuple[Decision, float]:
        """Give the decision, and for how many seconds it was waited."""
        start = self._clock.now()
        while True:
            matrix = self._look()
            decision = self._decide(matrix)
            waited = self._clock.now() - start if self._settings.timeout else 0.0
            pause = min(self._settings.interval, self._settings.timeout - waited)
            if decision.verdict is not Verdict.WAITING or pause <= 0:
                break
            self._log(f"{decision.reason} Looking again in {pause:.0f} s.")
            self._tell_runs(matrix.rows)
            self._announcement.waiting(decision)
            self._clock.sleep(pause)
        if decision.verdict in _EXPLAINED:
            matrix = replace(matrix, rows=tuple(self._explained(matrix, _EXPLAINED[decision.verdict])))
        return explained(self._decide(matrix, waited), self._about_versions(matrix, decision)), waited

    def _tell_runs(self, rows: Iterable[Row]) -> None:
        for run in dict.fromkeys(row.run for row in rows if row.run and row.result is Result.NONE):
            self._log(f"  {run.url} ({run.state or 'not looked at yet'})")

    def _decide(self, matrix: Matrix, waited: float = 0) -> Decision:
        return decide(self._question, matrix, fail_if_empty=self._settings.on_empty == "fail", waited_seconds=waited)

    def _look(self) -> Matrix:
        self._following.look()
        matrix = self._ask()
        rows = tuple(self._located(row, matrix) if row.result is Result.NONE else row for row in matrix.rows)
        rows = tuple(map(self._following.attached, rows))
        if matrix.deployable is True and matrix.environment_url and needed(self._question, rows):
            self._inside = self._broker.versions_in(matrix.environment_url)
            rows += tuple(map(self._following.attached, overlooked(self._question, rows, self._inside)))
        return replace(matrix, rows=rows)

    def _ask(self) -> Matrix:
        try:
            return self._broker.matrix(self._question)
        except BrokerError as error:
            if error.status == _BAD_REQUEST:
                raise _unknown_name(self._question, self._broker, error) from error
            raise

    def _located(self, row: Row, matrix: Matrix) -> Row:
        """Find out why a row has no result: the provider's version has none, or there is no such version."""
        asked = dict(self._question.asked)
        there = (asked[row.provider],) if row.provider in asked else self._versions_there(row.provider, matrix)
        # A provider that has no version yet was asked to verify the head of its default branch: it will have one.
        coming = self._question.target.kind is TargetKind.MAIN_BRANCH and self._following.is_first(row)
        return replace(row, candidates=there, result=Result.NONE if there or coming else Result.ABSENT)

    def _versions_there(self, provider: str, matrix: Matrix) -> tuple[str, ...]:
        target = self._question.target
        told = self._following.versions_at(target, provider)
        if told:
            return told
        if target.kind is not TargetKind.ENVIRONMENT:
            if provider not in self._heads:
                head = self._broker.head(target, provider)
                self._heads[provider] = (head,) if head else ()
            return self._heads[provider]
        return tuple(sorted(self._in_environment(matrix).get(provider, ())))

    def _in_environment(self, matrix: Matrix) -> Mapping[str, Collection[str]]:
        """Give what is in the environment in question, as the first look that needs it finds it; nothing elsewhere."""
        if self._question.target.kind is not TargetKind.ENVIRONMENT:
            return {}
        if self._inside is None:
            url = matrix.environment_url or self._broker.environment(self._question.target.name).url
            self._inside = self._broker.versions_in(url)
        return self._inside

    # --- why

    @cached_property
    def _explainer(self) -> Explainer:
        from pact_gate.commands.explaining import Explainer  # noqa: PLC0415 - a plain yes needs no explanation

        return Explainer(self._broker, self._question, self._step.commit)

    def _explained(self, matrix: Matrix, result: Result) -> Iterator[Row]:
        """Add to the first rows with that result why it is so. The answer stands without it."""
        every = self._settings.explains_all
        left = _MOST_WHERE_ASKED_FOR if every else _MOST_EXPLAINED
        only = frozenset(self._settings.only)
        for row in matrix.rows:
            concerned = row.result in _EXPLAINED.values() if every else row.result is result
            if not concerned or not left or (only and only.isdisjoint((row.consumer, row.provider))):
                yield row
                continue
            left -= 1
            try:
                yield self._explain(row, matrix)
            except PactGateError as error:
                self._log(f"Why it is so for {row.consumer} and {row.provider} is not known: {error.cause}")
                yield row

    def _explain(self, row: Row, matrix: Matrix) -> Row:
        if row.result is Result.FAILED:
            return replace(row, failures=self._broker.failures(row.result_url) if row.result_url else ())
        row = self._following.with_last_words(row)
        if row.run and not row.run.hopeless:  # that run is why, and its result may still come
            elsewhere = self._broker.results_elsewhere(row.consumer, row.consumer_version, row.provider)
            return replace(row, verified_elsewhere=elsewhere)
        return self._explainer.explain(row, self._in_environment(matrix))

    def _about_versions(self, matrix: Matrix, decision: Decision) -> tuple[Explanation, ...]:
        """Find out what no row tells of: a version that is not known, a version without pacts."""
        try:
            if decision.verdict is Verdict.NO_SUCH_VERSION:
                return tuple(self._explainer.unknown_versions())
            found = tuple(self._explainer.without_pacts()) if decision.compared_nothing else ()
            if not self._looks_for_unseen(decision):
                return found
            return found + tuple(self._explainer.unseen(matrix.rows, lambda: self._in_environment(matrix)))
        except PactGateError as error:
            self._log(f"Whether all versions have their pacts is not known: {error.cause}")
            return ()

    def _looks_for_unseen(self, decision: Decision) -> bool:
        """Say whether to look for consumers without pacts: it costs four requests, which a plain yes is not to cost."""
        if self._question.target.kind is not TargetKind.ENVIRONMENT:
            return False
        plain_yes = decision.verdict is Verdict.YES and not decision.compared_nothing
        return self._settings.explains_all or not (plain_yes or decision.verdict in _PLAIN)


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


def outcome_of(
    settings: GateSettings, question: Question, decision: Decision, waited: float, step: Step
) -> GateOutcome:
    """Put together what the gate answers."""
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
