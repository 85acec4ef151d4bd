"""Gates of pull requests that said no, and would say yes now."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pact_gate.commands import can_i_deploy
from pact_gate.commands.step import Step
from pact_gate.github.api import GitHub
from pact_gate.model.errors import GitHubError
from pact_gate.model.gate import Question, Target
from pact_gate.model.reconcile import OldAnswer
from pact_gate.report.statuses import asked_in
from pact_gate.settings.gate import GateSettings
from pact_gate.settings.trigger import ReconcileSettings

_MOST_ATTEMPTS = 5  # a gate that asks something else than we do says no again, night after night
_BY_HAND = "Run the gate of this pull request again by hand."


def old_answers(settings: ReconcileSettings, repository: str, step: Step) -> Iterator[OldAnswer]:
    """Ask again for each open pull request whose gate said no, and run it again where the answer is yes now.

    To GitHub one request for each hundred open pull requests, one for each of them, three for each run that is started
    again. To the broker one for each gate that said no, and up to three more for a yes.
    """
    for pull in step.github.pull_requests(repository):
        for status in step.github.statuses(repository, pull.head):
            context, url = str(status.get("context")), str(status.get("target_url") or "")
            names = asked_in(context, settings.target, settings.pacticipants)
            if status.get("state") not in ("failure", "error") or not names:
                continue
            if _is_yes(tuple((name, pull.head) for name in names), settings.target, step):
                yield _run_again(OldAnswer(pull.number, context, url), pull.head, settings, step)


def _is_yes(asked: tuple[tuple[str, str], ...], target: Target, step: Step) -> bool:
    """Ask the broker. A yes that compared nothing is none here: the gate may have been told to take it for a no."""
    if step.broker.matrix(Question(asked, target)).deployable is not True:
        return False  # what would explain it costs more requests
    answer = can_i_deploy.answer(GateSettings(asked, target), step)
    return answer.exit_code == 0 and not answer.decision.compared_nothing


def _run_again(old: OldAnswer, head: str, settings: ReconcileSettings, step: Step) -> OldAnswer:
    """Start the failed jobs of the run that has set this status; what stands against it becomes the `problem`."""
    if not settings.rerun:
        return old._replace(next_step=_BY_HAND)
    try:
        return _started(old, head, settings, step.github)
    except GitHubError as error:
        return old._replace(problem=error.cause, next_step=error.next_step, exit_code=error.exit_code)


def _started(old: OldAnswer, head: str, settings: ReconcileSettings, github: GitHub) -> OldAnswer:
    repository = settings.repository or ""
    run_id = _run_of(old, head, settings, github)
    if run_id is None:
        return old._replace(problem="Its status does not lead to a run of this pull request.", next_step=_BY_HAND)
    run = github.run(repository, run_id)
    if not run.ended:
        return old._replace(state="is running")
    if run.attempt >= _MOST_ATTEMPTS:
        return old._replace(
            problem=f"It said no in {run.attempt} attempts, and is not run again.",
            next_step="Open its run: it fails for another reason, or asks about something else than we did.",
        )
    github.rerun_failed_jobs(repository, run_id)
    return old._replace(state="was run again")


def _run_of(old: OldAnswer, head: str, settings: ReconcileSettings, github: GitHub) -> int | None:
    """Take the run out of the status' address. Whoever may set a status chooses that, and may not choose a deployment.

    A run that follows the one of a fork (`workflow_run`) has the head of the default branch.
    """
    runs = re.escape(f"{settings.server_url}/{settings.repository}/actions/runs/")
    found = re.fullmatch(rf"{runs}([0-9]{{1,18}})(?:[/?#].*)?", old.run_url)
    if not found:
        return None
    origin = github.origin(settings.repository or "", int(found[1]))
    return int(found[1]) if origin.head == head or origin.event == "workflow_run" else None
