"""The team's own checks of what contracts do not cover: what became of them on the commit in question."""

from __future__ import annotations

from collections.abc import Iterable

from pact_gate.commands.step import Step
from pact_gate.config import FILE, load
from pact_gate.model.errors import GitHubError, InputError
from pact_gate.model.gate import Question
from pact_gate.model.others import CheckResult, CheckState, OtherCheck
from pact_gate.model.runs import CheckRun
from pact_gate.settings.gate import NotCoveredSettings

# The first that holds for any of a check's runs holds for the check.
_WORST_FIRST = (CheckState.FAILED, CheckState.RUNNING, CheckState.NOT_RUN, CheckState.PASSED)
# https://docs.github.com/rest/checks/runs: what is neither here nor a success has failed.
_CONCLUSIONS = {
    "success": CheckState.PASSED,
    "neutral": CheckState.NOT_RUN,
    "skipped": CheckState.NOT_RUN,
    "stale": CheckState.NOT_RUN,
}


class OtherChecks:
    """The checks that `pact-gate.yml` names. They change no answer.

    Raises:
        InputError: the file is wrong, or named and not there.
    """

    def __init__(self, settings: NotCoveredSettings, step: Step) -> None:
        path = step.folder / (settings.config or FILE)
        self._checks = load(path).checks if settings.config or path.exists() else ()
        self._repository = settings.repository
        self._step = step

    def of(self, question: Question) -> tuple[CheckResult, ...]:
        """Look at them on the commit that is asked about: one request for each check run, two for an environment."""
        return tuple(self._looked_at(check, question.commit) for check in self._checks)

    def _looked_at(self, check: OtherCheck, sha: str) -> CheckResult:
        if self._repository is None or not sha:
            return CheckResult(check, CheckState.NOT_KNOWN, why="for there is no commit on GitHub to look at")
        try:
            return _worst(check, _runs(check, self._repository, sha, self._step))
        except (GitHubError, InputError) as error:  # the latter: there is no token
            return CheckResult(check, CheckState.NOT_KNOWN, why=f"{error.cause} {error.next_step}")


def _runs(check: OtherCheck, repository: str, sha: str, step: Step) -> list[CheckRun]:
    if check.check_run:
        return step.github.check_runs(repository, sha, check.check_run)
    deployed = step.github.deployed(repository, sha, check.environment or "")
    return [deployed] if deployed else []


def _worst(check: OtherCheck, runs: Iterable[CheckRun]) -> CheckResult:
    found = [CheckResult(check, _state(run), run.url) for run in runs]
    return min(found, key=lambda each: _WORST_FIRST.index(each.state), default=CheckResult(check, CheckState.NOT_RUN))


def _state(run: CheckRun) -> CheckState:
    if run.status != "completed":
        return CheckState.RUNNING
    return _CONCLUSIONS.get(run.conclusion or "", CheckState.FAILED)
