"""Branches that the broker still has, and the repository has not."""

from __future__ import annotations

from collections.abc import Iterator

from pact_gate.broker.client import Branch, Pacticipant
from pact_gate.commands.reconcile.estate import Estate, main_branch
from pact_gate.commands.step import Step
from pact_gate.model.errors import InputError
from pact_gate.model.reconcile import GoneBranch
from pact_gate.model.repository import repository_at
from pact_gate.settings.trigger import ReconcileSettings

_MOST = 100  # in one run; the next one finds the rest


def gone(settings: ReconcileSettings, repository: str, estate: Estate, step: Step) -> Iterator[GoneBranch]:
    """Give the branches that are gone, deleted in the broker where the settings want it.

    GitHub's list only narrows the choice, for it may be incomplete: each branch is asked for by its name before it is
    said to be gone. To GitHub one request for each hundred branches, and one for each that is gone. To the broker one
    for each service, and one for each branch that is deleted.

    Raises:
        InputError: the services are not this repository's, as far as can be seen.
    """
    there = step.github.branches(repository)
    left = _MOST
    for name, about in estate.services.items():
        _check(about, there, repository, settings)
        for branch in step.broker.branches(name):
            if left and branch.name not in there and _is_gone(branch, repository, step):
                left -= 1
                if settings.delete_branches:
                    step.broker.delete_branch(branch)
                yield GoneBranch(name, branch.name, was_deleted=settings.delete_branches)


def _check(about: Pacticipant, there: set[str], repository: str, settings: ReconcileSettings) -> None:
    """Make sure that the lists belong together, and that the main branch is none of those that are gone."""
    name, url, main = about.name, about.repository_url, main_branch(about)
    lives_at = repository_at(url, settings.server_url) if url else None
    if url and (lives_at or "").lower() != repository.lower():
        raise InputError(
            f"The broker says that {name} lives at {url}, so its branches are not compared with those of {repository}.",
            "Reconcile each service in its own repository, or correct its repository's address in the broker.",
        )
    if main not in there:
        raise InputError(
            f"The main branch of {name}, {main}, is not one of the branches that GitHub gives of {repository}: its "
            "branches are not compared.",
            f"Tell the broker which it is: pact broker create-or-update-pacticipant --name {name} --main-branch ….",
        )


def _is_gone(branch: Branch, repository: str, step: Step) -> bool:
    """Ask GitHub about one branch; the one of a fork, `owner:branch`, is there as long as its pull request is open."""
    if ":" in branch.name:  # no branch of git has one
        return not any(step.github.pull_requests(repository, head=branch.name))
    return not step.github.has_branch(repository, branch.name)
