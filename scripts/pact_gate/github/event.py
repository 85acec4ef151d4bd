"""One version: which commit an event is about.

What each event's variables and payload hold: https://docs.github.com/actions/reference/events-that-trigger-workflows
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pact_gate.model.commit import Commit

Payload = Mapping[str, Any]
Head = tuple[str, str | None]  # a commit's SHA and its branch

_BRANCH_PREFIX = "refs/heads/"


def commit(environment: Mapping[str, str], folder: Path) -> Commit:
    """Give the commit of the event that started this run; outside of GitHub, of the git checkout in `folder`."""
    if environment.get("GITHUB_ACTIONS") != "true":
        return _from_git(folder)
    event = environment.get("GITHUB_EVENT_NAME", "")
    payload = read_payload(environment.get("GITHUB_EVENT_PATH", ""))
    try:
        version, branch = _HEADS.get(event, _of_ref)(payload, environment)
    except (KeyError, TypeError, AttributeError):
        version, branch = "", None
    return Commit(
        version=version or None,
        branch=branch or None,
        branches=_branches(payload, environment),
        pull_request=_pull_request(payload).get("number"),
        build_url=_build_url(environment),
        checked_out=(_git(folder, "rev-parse", "--verify", "-q", "HEAD") or None)
        if "pull_request" in payload or event == "workflow_run"
        else None,
        ended=_ended(payload) if event == "workflow_run" else None,
        without_secrets=event == "pull_request" and _has_no_secrets(payload),
        unknown=f"Neither the payload nor the variables of this run ({event}) say which commit it is about.",
    )


def ended_run(name: str, payload_path: str) -> int | None:
    """Give the id of the run whose end is the event (`workflow_run`), None for any other event."""
    run = read_payload(payload_path).get("workflow_run") if name == "workflow_run" else None
    found = run.get("id") if isinstance(run, dict) else None
    return found if isinstance(found, int) else None


def _of_ref(payload: Payload, environment: Mapping[str, str]) -> Head:
    """Most events: the commit and the ref that the run was started for; a tag is on no branch, unless it says so."""
    if environment.get("GITHUB_REF_TYPE") == "tag":
        return environment.get("GITHUB_SHA", ""), _branch(payload.get("base_ref"))
    return environment.get("GITHUB_SHA", ""), _branch(environment.get("GITHUB_REF"))


def _of_pull_request(payload: Payload, _: Mapping[str, str]) -> Head:
    """A pull request's head: GITHUB_SHA is a merge commit that will never be deployed, or the base."""
    head = payload["pull_request"]["head"]
    base = payload["pull_request"]["base"]
    # A fork that was deleted has no repository any more.
    own = (head.get("repo") or {}).get("full_name") == base["repo"]["full_name"]
    return head["sha"], from_fork(head["ref"], None if own else _login(head["user"]))


def _of_merge_group(payload: Payload, _: Mapping[str, str]) -> Head:
    """A merge queue's commit, on the branch that the queue made for it."""
    group = payload["merge_group"]
    return group["head_sha"], _branch(group["head_ref"])


def _of_workflow_run(payload: Payload, _: Mapping[str, str]) -> Head:
    """The run that ended, not this one, which is on the default branch."""
    run = payload["workflow_run"]
    repository = run["head_repository"] or {}  # none where the fork was deleted
    own = repository.get("full_name") == payload["repository"]["full_name"]
    return run["head_sha"], from_fork(run["head_branch"], None if own else _login(repository.get("owner")))


def _ended(payload: Payload) -> tuple[str, str] | None:
    run = payload.get("workflow_run")
    return (str(run.get("name") or "The run"), str(run.get("conclusion"))) if isinstance(run, dict) else None


def _has_no_secrets(payload: Payload) -> bool:
    """Say whether a pull request is one of a fork or of Dependabot: its runs get no secrets."""
    pull = _pull_request(payload)
    ends = (pull.get("head") or {}, pull.get("base") or {})
    head, base = ((each.get("repo") or {}).get("full_name") for each in ends)
    return head != base or (pull.get("user") or {}).get("login") == "dependabot[bot]"


def _of_deployment(payload: Payload, _: Mapping[str, str]) -> Head:
    """The commit that is deployed; its ref may be a branch, a tag or a SHA, and nobody says which."""
    return payload["deployment"]["sha"], None


_HEADS: Mapping[str, Callable[[Payload, Mapping[str, str]], Head]] = {
    "pull_request": _of_pull_request,
    "pull_request_target": _of_pull_request,
    "pull_request_review": _of_pull_request,
    "pull_request_review_comment": _of_pull_request,
    "merge_group": _of_merge_group,
    "workflow_run": _of_workflow_run,
    "deployment": _of_deployment,
    "deployment_status": _of_deployment,
}


def _branch(ref: str | None) -> str | None:
    return ref.removeprefix(_BRANCH_PREFIX) if ref and ref.startswith(_BRANCH_PREFIX) else None


def from_fork(branch: str | None, owner: str | None) -> str | None:
    """Name a fork's branch as GitHub does, `owner:branch`: no branch of this repository can have a colon."""
    return f"{owner}:{branch}" if branch and owner else branch


def _login(user: Payload | None) -> str:
    """Name a user; GitHub's own name for one who deleted their account is ghost."""
    return str(user["login"]) if user else "ghost"


def _branches(payload: Payload, environment: Mapping[str, str]) -> frozenset[str]:
    """Collect the branch names that the event mentions, so that none of them is taken for a version."""
    named = {
        environment.get("GITHUB_HEAD_REF"),
        environment.get("GITHUB_BASE_REF"),
        _branch(environment.get("GITHUB_REF")),
    }
    repository = payload.get("repository")
    named.add(repository.get("default_branch") if isinstance(repository, dict) else None)
    return frozenset(name for name in named if name)


def _pull_request(payload: Payload) -> Payload:
    found = payload.get("pull_request")
    if not found and isinstance(payload.get("workflow_run"), dict):
        listed = payload["workflow_run"].get("pull_requests")
        found = listed[0] if isinstance(listed, list) and listed else None
    return found if isinstance(found, dict) else {}


def read_payload(path: str) -> Payload:
    """Read the event's payload; one that cannot be read says nothing."""
    try:
        found = json.loads(Path(path).read_text(encoding="utf-8")) if path else {}
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _build_url(environment: Mapping[str, str]) -> str | None:
    repository, run = _repository_url(environment), environment.get("GITHUB_RUN_ID")
    return f"{repository}/actions/runs/{run}" if repository and run else None


def _repository_url(environment: Mapping[str, str]) -> str | None:
    name = environment.get("GITHUB_REPOSITORY")
    return f"{environment.get('GITHUB_SERVER_URL') or 'https://github.com'}/{name}" if name else None


def _from_git(folder: Path) -> Commit:
    branch = _git(folder, "symbolic-ref", "--short", "-q", "HEAD") or None
    return Commit(
        version=_git(folder, "rev-parse", "--verify", "-q", "HEAD") or None,
        branch=branch,
        branches=frozenset({branch} if branch else ()),
        unknown="This is no GitHub run, and no git checkout with a commit: there is no version to speak of.",
    )


def _git(folder: Path, *words: str) -> str:
    try:
        done = subprocess.run(["git", "-C", str(folder), *words], capture_output=True, text=True, check=False)  # noqa: S603, S607
    except FileNotFoundError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
