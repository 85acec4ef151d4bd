"""Which commit a command speaks of."""

from __future__ import annotations

import re
from typing import NamedTuple

from pact_gate.model.errors import InputError

_SHA = re.compile(r"[0-9a-f]{40}")
_NEVER_A_VERSION = frozenset({"HEAD", "main", "master", "trunk", "develop", "development", "latest"})


class Commit(NamedTuple):
    """The commit that an event is about.

    `version` is its full SHA, None where there is none to be known, and `unknown` says why. `branch` is None where the
    event belongs to none (a tag, a release, a detached HEAD). `branches` are all branch names that the event knows, so
    that none of them is taken for a version. `build_url` leads to the run. `checked_out` is what the job of a pull
    request, or of a run that follows another, works on, where that is known. `ended` is the run that this one follows
    (`workflow_run`): the name of its workflow and its conclusion. `without_secrets` is a pull request of a fork or of
    Dependabot, which GitHub gives none.
    """

    version: str | None
    branch: str | None = None
    branches: frozenset[str] = frozenset()
    pull_request: int | None = None
    build_url: str | None = None
    unknown: str = ""
    checked_out: str | None = None
    ended: tuple[str, str] | None = None
    without_secrets: bool = False


def chosen_version(version: str | None, branch: str | None, commit: Commit) -> str:
    """Return the version to speak of: the input where it is given, the commit otherwise.

    Raises:
        InputError: there is neither, or the input is the name of a branch. A branch moves on, and results under its
            name would then answer for commits that nobody verified
            (https://docs.pact.io/getting_started/versioning_in_the_pact_broker).
    """
    if version is None:
        if commit.version is None:
            raise InputError(commit.unknown, "Give the inputs `version` and `branch`.")
        return commit.version
    names = commit.branches | _NEVER_A_VERSION | {name for name in (branch, commit.branch) if name}
    if version.removeprefix("refs/heads/") in names or version.startswith("refs/"):
        raise InputError(
            f"The version {version!r} is the name of a branch. A branch moves on, so a result that is stored under its "
            "name would answer for commits that nobody verified.",
            "Leave the input `version` out (the commit's SHA is taken), or give a SHA.",
        )
    return version


def chosen_branch(version: str | None, branch: str | None, commit: Commit) -> str | None:
    """Return the branch to speak of: the input where it is given, that of the event otherwise.

    A version that is another commit's SHA is not on the branch that this event is about: said to be, it would become
    that branch's head, and gates would ask about it.
    """
    if branch is None and version is not None and is_full_sha(version) and version != commit.version:
        return None
    return branch or commit.branch


def another_commit(version: str, commit: Commit) -> str:
    """Say so where a job works on another commit than its results are kept under, else nothing.

    actions/checkout takes the merge of a pull request with its base, unless it is told which commit; in a run that
    follows another one, the newest commit of the default branch.
    """
    if commit.checked_out in (None, version):
        return ""
    if commit.ended:
        return (
            f"What was tested is {short(commit.checked_out or '')}; what is recorded is {short(version)}, the commit "
            "of the run that this one follows. Give the input `version` the commit that was checked out: "
            "${{ github.sha }}, where actions/checkout was not told another one."
        )
    return (
        f"What was tested is {short(commit.checked_out or '')}; what is recorded is the head of this pull request, "
        f"{short(version)}. They differ by what the base has that the head has not. To test what is recorded, give "
        "actions/checkout the head, but never on pull_request_target, where a stranger's code would get secrets: "
        "ref: ${{ github.event.pull_request.head.sha }}."
    )


def is_full_sha(version: str) -> bool:
    """Say whether a version is a commit's full SHA."""
    return _SHA.fullmatch(version) is not None


def is_branch_name(version: str) -> bool:
    """Say whether a version is a name that branches have everywhere, or a reference of git."""
    return version in _NEVER_A_VERSION or version.startswith("refs/heads/")


def short(version: str) -> str:
    """Shorten a full SHA for a sentence; anything else is a name that somebody gave, and stays."""
    return version[:10] if is_full_sha(version) else version
