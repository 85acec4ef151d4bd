"""Take the pact files out of an artifact that a run kept, as data of somebody who is not trusted.

A pull request from a fork runs without secrets, so another run, which has them, publishes its pacts. Whoever wrote the
pull request decides what the artifact holds. Which commit and which branch that is, GitHub alone says here.
"""

from __future__ import annotations

import glob
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from pact_gate.commands.step import Step
from pact_gate.github import event
from pact_gate.model import archive
from pact_gate.model.commit import chosen_version, short
from pact_gate.model.errors import GitHubError, InputError
from pact_gate.model.outcome import Outcome
from pact_gate.model.pact import parse
from pact_gate.model.runs import Artifact, RunOrigin
from pact_gate.settings.github import FetchSettings, fetch_settings
from pact_gate.settings.inputs import Inputs

_NOT_FOUND = 404
_MEND_THE_TESTS = (
    "The artifact must hold this service's own pact files alone: mend what the consumer's tests write, or what the job "
    "uploads."
)
_OURS_FIRST = "Publish what is your own repository's in its own run, with actions/publish."


class _File(NamedTuple):
    """A pact file as the artifact holds it, and whose it is."""

    consumer: str
    provider: str
    interactions: int
    body: bytes


class _Source(NamedTuple):
    """A run of a repository, and the commit and the branch that its pacts belong to."""

    repository: str
    run_id: int
    head: str
    branch: str


def run(inputs: Inputs, step: Step) -> Outcome:
    """Read the inputs of the action, and take the pacts."""
    return fetch(fetch_settings(inputs), step)


def fetch(settings: FetchSettings, step: Step) -> Outcome:
    """Find out whose run it is, check all that it kept, and write the pact files under names of our own."""
    folder = _new_folder(step.folder, settings.folder)
    source = _source(settings, step)
    found = _artifact(settings, source, step)
    packed = step.github.download(source.repository, found, archive.MOST_PACKED_BYTES) if found else None
    files = _files(packed, settings.pacticipants) if packed is not None else []
    if not files and settings.on_empty == "fail":
        raise InputError(
            f"Run {source.run_id} has no artifact {settings.artifact!r} with pact files.",
            "Check the input `artifact` and the step that uploads it; on-empty: pass where there may be none.",
        )
    _write(files, folder)
    return _outcome(files, settings.folder, source)


def _new_folder(base: Path, name: str) -> Path:
    folder = base / name
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(
            f"{name} is there, and not an empty folder: what is in it would be taken for the artifact's.",
            "Name a new folder by the input `folder`.",
        )
    return folder


# --- whose run it is


def _source(settings: FetchSettings, step: Step) -> _Source:
    ended = event.ended_run(settings.event, settings.event_path)
    run_id = settings.run_id or ended or settings.this_run
    if run_id is None or settings.repository is None:
        raise InputError("Which run is meant is not known outside of GitHub Actions.", "Use it in a workflow.")
    if run_id == settings.this_run:
        head = chosen_version(None, None, step.commit)
        return _Source(settings.repository, run_id, head, step.commit.branch or "")
    origin = _origin(settings.repository, run_id, step)
    _check_kind(origin, run_id, settings)
    if run_id == ended and origin.head != step.commit.version:
        raise InputError(
            f"The event says that run {run_id} is of {step.commit.version}, GitHub says {origin.head}.",
            "Let the run of the pull request run again; if it comes back, please report it.",
        )
    _check_pull_request(origin, run_id, settings.repository, step)
    return _Source(settings.repository, run_id, origin.head, _branch(origin, settings.repository))


def _origin(repository: str, run_id: int, step: Step) -> RunOrigin:
    try:
        return step.github.origin(repository, run_id)
    except GitHubError as error:
        if error.status == _NOT_FOUND:
            raise InputError(
                f"{repository} has no run {run_id}, or the token must not see it.",
                "Name a run of this repository, and give the job the permission actions: read.",
            ) from error
        raise


def _check_kind(origin: RunOrigin, run_id: int, settings: FetchSettings) -> None:
    if origin.event != "pull_request":
        raise InputError(f"Run {run_id} is one of {origin.event}, not of pull_request.", _OURS_FIRST)
    if settings.workflow and origin.workflow != settings.workflow:
        raise InputError(
            f"Run {run_id} is one of {archive.shown(origin.workflow)}, not of {settings.workflow}.",
            "Check the input `workflow`, and which workflows `on: workflow_run` names.",
        )


def _check_pull_request(origin: RunOrigin, run_id: int, repository: str, step: Step) -> None:
    """Let nothing in but the head of an open pull request.

    A commit that is there no more would become the newest of its branch in the broker.
    """
    owner = (origin.head_repository or "").partition("/")[0]
    if not owner or not origin.branch:
        raise InputError(
            f"The fork that run {run_id} was for is gone.", "Nothing can be published for it: close its pull request."
        )
    pulls = step.github.pull_requests(repository, head=f"{owner}:{origin.branch}")
    if not any(each.head == origin.head for each in pulls):
        raise InputError(
            f"Run {run_id} is of {short(origin.head)}, which is not the head of an open pull request.",
            "Nothing is to be done where the pull request was closed, or has a newer commit: that one has its own run.",
        )


def _branch(origin: RunOrigin, repository: str) -> str:
    head = origin.head_repository or ""
    own = head.lower() == repository.lower()
    return event.from_fork(origin.branch, None if own else head.partition("/")[0]) or ""


# --- what it kept


def _artifact(settings: FetchSettings, source: _Source, step: Step) -> Artifact | None:
    """Give the run's newest artifact of the name; a run that was started again has several."""
    listed = step.github.artifacts(source.repository, source.run_id)
    named = [each for each in listed if each.name == settings.artifact]
    if not named:
        return None
    newest = max(named, key=lambda each: each.id)
    if newest.expired:
        raise InputError(
            f"The artifact {settings.artifact!r} of run {source.run_id} has expired: GitHub keeps it no more.",
            "Let that run run again.",
        )
    if newest.size > archive.MOST_PACKED_BYTES:
        raise InputError(
            f"The artifact {settings.artifact!r} of run {source.run_id} has {newest.size:,} bytes; at most "
            f"{archive.MOST_PACKED_BYTES:,} are taken. It was not downloaded.",
            "Let the job upload the pact files alone: path: pacts/*.json.",
        )
    return newest


def _files(packed: bytes, allowed: Sequence[str]) -> list[_File]:
    return [_checked(entry, allowed) for entry in archive.unpacked(packed)]


def _checked(entry: archive.Entry, allowed: Sequence[str]) -> _File:
    """Take an entry for a pact, if it is one of a consumer that is allowed here."""
    try:
        pact = parse(entry.body, entry.shown)
    except InputError as error:
        raise InputError(f"{error.cause} Nothing of the artifact was taken.", _MEND_THE_TESTS) from error
    if pact.twice:
        raise _refused(entry, "says a key twice: one reader may take it for another pact than the next one does")
    if pact.consumer not in allowed:
        raise _refused(entry, f"is a pact of {archive.shown(pact.consumer)}, not of {' or '.join(allowed)}")
    if not archive.plain(pact.provider):
        raise _refused(entry, f"names a provider that no service is called: {archive.shown(pact.provider)}")
    return _File(pact.consumer, pact.provider, len(pact.interactions), entry.body)


def _refused(entry: archive.Entry, what: str) -> InputError:
    return InputError(f"The file {entry.shown} {what}. Nothing of the artifact was taken.", _MEND_THE_TESTS)


# --- what becomes of it


def _write(files: Sequence[_File], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number, each in enumerate(files, start=1):
        (folder / f"{number}.json").write_bytes(each.body)


def _outcome(files: Sequence[_File], folder: str, source: _Source) -> Outcome:
    count = f"{len(files)} pact file{'' if len(files) == 1 else 's'}"
    where = f" of branch {source.branch}" if source.branch else ""
    return Outcome(
        headline=f"Took {count} of {short(source.head)}{where} out of run {source.run_id}.",
        outputs={
            "pacts": f"{glob.escape(folder.rstrip('/'))}/*.json",
            "count": str(len(files)),
            "head": source.head,
            "branch": source.branch,
        },
        facts=tuple(
            (f"{number}.json", f"{each.consumer} with {each.provider}, interactions: {each.interactions}")
            for number, each in enumerate(files, start=1)
        ),
    )
