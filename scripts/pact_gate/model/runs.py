"""Runs of GitHub Actions, as the commands know them."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

from pact_gate.model.missing import CountingVersion


class WorkflowRun(NamedTuple):
    """One run: `status` and `conclusion` in GitHub's words (`conclusion` is None until it ended), `url` for people.

    `name` is what the run is called in lists: its `run-name`, where the workflow gives it one. `attempt` counts from 1.
    """

    id: int
    url: str
    status: str
    conclusion: str | None = None
    name: str = ""
    attempt: int = 1

    @property
    def ended(self) -> bool:
        """Say whether nothing more will come of it."""
        return self.status == "completed"


class RunOrigin(NamedTuple):
    """Where a run comes from, as GitHub's API says: the `event`, the file of its `workflow`, its `head` (a SHA).

    `branch` is in `head_repository` (`owner/name`), which is None where a fork was deleted.
    """

    event: str
    workflow: str
    head: str
    branch: str | None
    head_repository: str | None


class PullRequest(NamedTuple):
    """An open pull request: its number, and the head's SHA and branch."""

    number: int
    head: str
    branch: str


class Comment(NamedTuple):
    """A comment on a pull request, with its author's login and whether that is a program."""

    id: int
    body: str
    author: str
    by_bot: bool


class Artifact(NamedTuple):
    """Files that a run kept, as a zip file of `size` bytes."""

    id: int
    name: str
    size: int
    expired: bool


class Issue(NamedTuple):
    """An issue of a repository, and whether a program has written it."""

    number: int
    title: str
    body: str
    url: str
    by_bot: bool


class CheckRun(NamedTuple):
    """A check of a commit as GitHub has it: `conclusion` is None until `status` is completed."""

    status: str
    conclusion: str | None
    url: str


class Environment(NamedTuple):
    """An environment of a repository, by the name that GitHub gives it, and whether somebody must let a job in."""

    name: str
    has_reviewers: bool


class Review(NamedTuple):
    """What somebody said of a run's jobs that wait for these environments: `state` is approved or rejected.

    GitHub tells neither when it was nor of which attempt.
    """

    login: str
    by_person: bool
    state: str
    environments: tuple[str, ...]


class Triggered(NamedTuple):
    """A provider's verification that was asked for, and the run that makes it.

    `versions` are the provider's versions; none is the head of its default branch. `run_id` is None where nobody tells
    which run it is, and `problem` (with its `next_step` and `exit_code`) is set where it could not be asked for.
    """

    consumer: str
    consumer_version: str
    provider: str
    versions: tuple[CountingVersion, ...]
    repository: str = ""
    run_id: int | None = None
    url: str = ""
    problem: str = ""
    next_step: str = ""
    exit_code: int = 0

    def covers(self, provider_versions: Collection[str]) -> bool:
        """Say whether what was asked for is the verification of one of these."""
        return not self.versions or any(each.version in provider_versions for each in self.versions)

    def versions_at(self, place: str) -> tuple[str, ...]:
        """Name the versions that count because they are there."""
        return tuple(each.version for each in self.versions if place in each.places)


def to_json(triggered: Iterable[Triggered]) -> str:
    """Write them for the step that follows the runs."""
    return json.dumps([each._asdict() for each in triggered])


def from_json(text: str) -> tuple[Triggered, ...]:
    """Read what `to_json` has written.

    Raises:
        ValueError: it has not written this.
    """
    try:
        found = json.loads(text)
        return tuple(map(_triggered, found if isinstance(found, list) else [found]))
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError("These are no runs.") from error


def _triggered(document: Mapping[str, Any]) -> Triggered:
    versions = tuple(CountingVersion(str(version), tuple(map(str, places))) for version, places in document["versions"])
    run_id = document["run_id"]
    texts = ("consumer", "consumer_version", "provider", "repository", "url", "problem", "next_step")
    known = {name: str(document[name]) for name in texts}
    return Triggered(
        **known, versions=versions, run_id=None if run_id is None else int(run_id), exit_code=int(document["exit_code"])
    )
