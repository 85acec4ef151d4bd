"""Which files the event's commits changed, so that a monorepo's job works for those alone whom it concerns.

What each event's payload holds: https://docs.github.com/webhooks/webhook-events-and-payloads
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from pact_gate.github.event import Payload, read_payload

_SECONDS = 60
_DEEPER = "Give actions/checkout `fetch-depth: 0`."


class Changes(NamedTuple):
    """The files by git's names, from the repository's root; a renamed one under both of its names.

    `files` is None where nobody can tell, which means that anything may have changed; `unknown` says why, and
    `next_step` what to do about it, where something can be done.
    """

    files: tuple[str, ...] | None
    unknown: str = ""
    next_step: str = ""


class _UnknownError(Exception):
    """Why nobody can tell, in a sentence, and what to do about it, where something can be done."""

    def __init__(self, cause: str, next_step: str = "") -> None:
        super().__init__(cause)
        self.cause = cause
        self.next_step = next_step


def changed_files(folder: Path, environment: Mapping[str, str]) -> Changes:
    """Compare, in the git checkout in `folder`, the two commits that the event is about."""
    if environment.get("GITHUB_ACTIONS") != "true":
        return Changes(None, "This is no GitHub run: no event says which files changed.")
    event = environment.get("GITHUB_EVENT_NAME", "")
    if event not in _RANGES:
        return Changes(None, f"The event {event} does not say which files changed.")
    try:
        before, after = _RANGES[event](read_payload(environment.get("GITHUB_EVENT_PATH", "")), folder)
        return Changes(_between(before, after, folder))
    except _UnknownError as error:
        return Changes(None, error.cause, error.next_step)
    except (KeyError, TypeError, AttributeError):
        return Changes(None, f"The payload of this run ({event}) does not say which commits it is about.")


def _of_pull_request(payload: Payload, folder: Path) -> tuple[str, str]:
    """What its head has that was not there where it left its base; what the base got since then is not its own."""
    pull_request = payload["pull_request"]
    base, head = _sha(pull_request["base"]["sha"]), _sha(pull_request["head"]["sha"])
    if _git(folder, "rev-parse", "--is-shallow-repository").strip() == b"true":
        raise _UnknownError("This checkout is shallow: git cannot tell where the pull request began.", _DEEPER)
    _present(folder, base, head)
    began = _git(folder, "merge-base", "--all", base, head, fine=(0, 1)).decode().split()
    if len(began) != 1:
        raise _UnknownError(f"The pull request and its base have {len(began)} newest common commits, not one.")
    return began[0], head


def _of_push(payload: Payload, _: Path) -> tuple[str, str]:
    """What the branch has that it had not before."""
    before, after = _sha(payload["before"]), _sha(payload["after"])
    if not before.strip("0"):
        raise _UnknownError("The branch or tag is new: there is nothing to compare it with.")
    if payload.get("forced"):
        raise _UnknownError("The push was forced: what was there before is no part of the branch.")
    return before, after


def _of_merge_group(payload: Payload, _: Path) -> tuple[str, str]:
    """What a merge queue adds to its base."""
    group = payload["merge_group"]
    return _sha(group["base_sha"]), _sha(group["head_sha"])


_RANGES: Mapping[str, Callable[[Payload, Path], tuple[str, str]]] = {
    "pull_request": _of_pull_request,
    "pull_request_target": _of_pull_request,
    "pull_request_review": _of_pull_request,
    "pull_request_review_comment": _of_pull_request,
    "push": _of_push,
    "merge_group": _of_merge_group,
}


def _sha(value: str) -> str:
    """Check a commit's name: what goes to git's command line is no option, and no branch either."""
    if not re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", value):
        raise _UnknownError("The payload of this run names a commit that is no full SHA.")
    return value


def _between(before: str, after: str, folder: Path) -> tuple[str, ...]:
    """Compare two trees by plumbing, which the user's settings for diffs do not reach."""
    _present(folder, before, after)
    words = ("-r", "-z", "--name-only", "--ignore-submodules=none")
    listed = _git(folder, "diff-tree", *words, before, after, "--")
    return tuple(os.fsdecode(name) for name in listed.split(b"\0") if name)


def _present(folder: Path, *commits: str) -> None:
    asked = "".join(f"{commit}^{{commit}}\n" for commit in commits).encode()
    for answer, commit in zip(
        _git(folder, "cat-file", "--batch-check", given=asked).splitlines(), commits, strict=True
    ):
        if answer.endswith(b" missing"):
            raise _UnknownError(f"The commit {commit} is not in this checkout.", _DEEPER)


def _git(folder: Path, *words: str, given: bytes | None = None, fine: tuple[int, ...] = (0,)) -> bytes:
    try:
        done = subprocess.run(  # noqa: S603
            ["git", "-C", str(folder), *words],  # noqa: S607
            input=given,
            capture_output=True,
            env={**os.environ, "GIT_TERMINAL_PROMPT": "0"},
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _UnknownError(f"git {words[0]} cannot be run: {type(error).__name__}.") from error
    if done.returncode not in fine:
        told = re.sub(r"//[^/\s]+@", "//***@", done.stderr.decode(errors="replace")).strip()
        raise _UnknownError(f"git {words[0]} says: {told or done.returncode}")
    return done.stdout
