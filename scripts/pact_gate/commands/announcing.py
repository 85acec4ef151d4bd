"""Telling a pull request what the gate says: commit statuses while it waits and when it answers, and one comment."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import TypeVar

from pact_gate.commands.step import Step
from pact_gate.model.changes import ContractChange, changed
from pact_gate.model.errors import GitHubError, PactGateError
from pact_gate.model.gate import Decision, Question, Target, TargetKind, Verdict
from pact_gate.model.outcome import GateOutcome
from pact_gate.model.override import Override
from pact_gate.report.comment import comment, key, marker, says
from pact_gate.report.statuses import Status, left_pending, statuses
from pact_gate.settings.github import AnnounceSettings

# GitHub lets a token create 80 things a minute (its secondary limits).
_MOST_STATUSES = 60
_Told = TypeVar("_Told")


class Announcement:
    """What the pull request of one question is told.

    It is told as far as the token may. The gate's answer does not hang on it: what cannot be told is logged.
    """

    def __init__(self, settings: AnnounceSettings, question: Question, step: Step) -> None:
        self._settings = settings
        self._question = question
        self._step = step
        self._details = step.commit.build_url or ""
        self._shown: dict[str, Status] = {}

    def waiting(self, decision: Decision) -> None:
        """Say which integrations are awaited."""
        self._set(statuses(self._question, decision, waiting=True))

    def answered(self, outcome: GateOutcome) -> GateOutcome:
        """Say what the answer is. Nothing that was shown as pending stays so.

        Gives the outcome with what changed in the contracts, where a comment tells it.
        """
        self._decided(outcome.decision, outcome.overrides.granted)
        number = None if self._settings.comment == "never" else self._tried("The comment", self._pull_request)
        if number is None:
            return outcome
        try:
            outcome = replace(outcome, changes=tuple(self._changes()))
        except PactGateError as error:  # the answer stands without
            self._step.log(f"What changed in the contracts is not known: {error.cause}")
        self._tried("The comment", lambda: self._comment(number, outcome))
        return outcome

    def broke(self, error: PactGateError) -> None:
        """Say that there is no answer, and why."""
        self._decided(Decision(Verdict.BROKER_ERROR, error.cause, error.next_step))

    def _decided(self, decision: Decision, override: Override | None = None) -> None:
        final = statuses(self._question, decision, waiting=False, override=override)
        self._set((*final, *left_pending(self._shown.values(), final)))

    def _tried(self, what: str, tell: Callable[[], _Told]) -> _Told | None:
        try:
            return tell()
        except GitHubError as error:
            self._step.log(f"{what} could not be written: {error.cause} {error.next_step}")
            return None

    # --- commit statuses

    def _set(self, wanted: tuple[Status, ...]) -> None:
        """Set those that are not as they were set before; of too many, the first and the worst.

        What is left out must be no yes: a success that the commit has of an earlier run would go on to be believed.
        """
        sha = self._question.commit
        if not (self._settings.statuses and self._settings.repository and sha):
            return
        worst_first = [*wanted[:1], *sorted(wanted[1:], key=self._rank)][:_MOST_STATUSES]
        new = [each for each in worst_first if self._shown.get(each.context) != each]
        self._tried("The commit statuses", lambda: self._set_all(sha, new))

    def _rank(self, status: Status) -> tuple[bool, bool]:
        """Put what is wrong first, and what was shown otherwise before what was not shown."""
        return status.state not in ("failure", "error"), status.context not in self._shown

    def _set_all(self, sha: str, new: Iterable[Status]) -> None:
        for each in new:
            self._step.github.set_status(self._settings.repository or "", sha, **each._asdict(), url=self._details)
            self._shown[each.context] = each

    # --- the comment

    def _comment(self, number: int, outcome: GateOutcome) -> None:
        body = comment(outcome, details=self._details)
        if not self._edited(number, body) and (self._settings.comment == "always" or says(outcome)):
            self._step.github.comment(self._settings.repository or "", number, body)

    def _pull_request(self) -> int | None:
        """Give the number of the pull request; of a fork's, the event that is about its run does not tell."""
        commit = self._step.commit
        repository = self._settings.repository
        if repository is None or commit.pull_request is not None or ":" not in (commit.branch or ""):
            return commit.pull_request if repository else None
        found = self._step.github.pull_requests(repository, head=commit.branch or "")
        return next((each.number for each in found if each.head == commit.version), None)

    def _edited(self, number: int, body: str) -> bool:
        """Write the comment anew that is there.

        Anybody can begin a comment as ours does, and change their own afterwards: theirs is left alone.
        """
        repository = self._settings.repository or ""
        ours = marker(key(self._question))
        found = [each for each in self._step.github.comments(repository, number) if each.body.startswith(ours)]
        by_bots = [each for each in found if each.by_bot]
        login = self._step.github.login() if found and not by_bots else None
        mine = by_bots or [each for each in found if login and each.author == login]
        if mine:
            self._step.github.edit_comment(repository, mine[0].id, body)
        return bool(mine)

    def _changes(self) -> Iterator[ContractChange]:
        """Compare each contract of the versions in question with that of the consumer's main branch."""
        broker = self._step.broker
        for consumer, version in self._question.asked:
            providers = broker.providers_of(consumer, version)
            main = broker.head(Target(TargetKind.MAIN_BRANCH), consumer) if providers else None
            for provider in providers:
                before = broker.published_pact(consumer, provider, main) if main else None
                after = broker.published_pact(consumer, provider, version) or {}
                yield ContractChange(consumer, provider, changed(before, after), main if before else None)
