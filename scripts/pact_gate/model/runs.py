"""Runs of GitHub Actions, as the commands know them."""

from __future__ import annotations

from typing import NamedTuple


class WorkflowRun(NamedTuple):
    """One run: `status` and `conclusion` in GitHub's words (`conclusion` is None until it ended), `url` for people.

    `name` is what the run is called in lists: its `run-name`, where the workflow gives it one.
    """

    id: int
    url: str
    status: str
    conclusion: str | None = None
    name: str = ""

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
    """A comment on a pull request, with its author's login."""

    id: int
    body: str
    author: str


class Artifact(NamedTuple):
    """Files that a run kept, as a zip file of `size` bytes."""

    id: int
    name: str
    size: int
    expired: bool


class Issue(NamedTuple):
    """An issue of a repository."""

    number: int
    title: str
    body: str
    url: str
