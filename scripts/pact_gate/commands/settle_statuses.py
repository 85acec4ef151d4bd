"""End the commit statuses that a gate has left pending: its job was cancelled, or its runner went away."""

from __future__ import annotations

from pact_gate.commands.step import Step
from pact_gate.model.commit import chosen_version, short
from pact_gate.model.errors import InputError
from pact_gate.model.outcome import Outcome
from pact_gate.report.statuses import unanswered
from pact_gate.settings.github import github_settings
from pact_gate.settings.inputs import Inputs


def run(inputs: Inputs, step: Step) -> Outcome:
    """Find those that lead to this run and are pending, and say that it has ended. Two requests, and one for each."""
    settings = github_settings(inputs)
    if settings.repository is None or not step.commit.build_url:
        raise InputError("Which run is meant is not known outside of GitHub Actions.", "Use it in a workflow.")
    sha = chosen_version(None, None, step.commit)
    left = [
        status
        for each in step.github.statuses(settings.repository, sha)
        if each.get("state") == "pending" and each.get("target_url") == step.commit.build_url
        for status in unanswered(str(each.get("context")))
    ]
    for status in left:
        step.github.set_status(settings.repository, sha, **status._asdict(), url=step.commit.build_url)
    return Outcome(
        headline=f"{len(left) or 'No'} commit status{'es' if len(left) != 1 else ''} of {short(sha)} had to be ended.",
        facts=tuple(("ended", status.context) for status in left),
    )
