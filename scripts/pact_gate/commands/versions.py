"""Making a version known to the broker."""

from __future__ import annotations

from collections.abc import Sequence

from pact_gate.broker.client import Broker
from pact_gate.commands.step import Step
from pact_gate.model.commit import Commit, another_commit, chosen_branch, chosen_version
from pact_gate.model.outcome import Annotation
from pact_gate.settings.versions import VersionSettings


def announce(
    broker: Broker, pacticipant: str, version: str, *, branch: str | None, tags: Sequence[str], build_url: str | None
) -> None:
    """Create a version, or add to it: its branch, its build's address and its tags.

    The branch first: a version's first tag would become its branch as well. A version that is written without its
    build's address loses it, so that is done only where nothing else makes the version known.
    """
    if branch:
        broker.put_branch(pacticipant, version, branch)
    if build_url or not (branch or tags):
        broker.put_version(pacticipant, version, build_url)
    for tag in tags:
        broker.put_tag(pacticipant, version, tag)


def announce_results(step: Step, provider: str, settings: VersionSettings) -> tuple[str, str | None]:
    """Make the version known under which results are published. Gives it, and the address of its build."""
    version = chosen_version(settings.version, settings.branch, step.commit)
    branch = chosen_branch(settings.version, settings.branch, step.commit)
    if branch or settings.tags:  # else the results make the version known
        announce(step.broker, provider, version, branch=branch, tags=settings.tags, build_url=None)
    return version, settings.build_url or step.commit.build_url


def doubts(version: str, commit: Commit) -> tuple[Annotation, ...]:
    """Warn where what is recorded under a version was found out on another commit."""
    sentence = another_commit(version, commit)
    return (Annotation("warning", sentence, title="Another commit was tested"),) if sentence else ()
