"""One version: which commit, branch, pull request and build each event is about.

The payloads hold what GitHub documents for them, cut to what could matter:
https://docs.github.com/webhooks/webhook-events-and-payloads
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from pact_gate.github import event
from pact_gate.model.commit import Commit, another_commit, chosen_version, short
from pact_gate.model.errors import InputError

MERGE, HEAD, BASE = "a" * 40, "b" * 40, "c" * 40
REPOSITORY = {"full_name": "shop/orders", "default_branch": "main", "owner": {"login": "shop"}}
FORK = {"full_name": "jane/orders", "owner": {"login": "jane"}}


def on(name: str, ref: str, **more: str) -> dict[str, str]:
    """The variables of a run; GITHUB_SHA is a commit that a pull request must never be published under."""
    kind = "tag" if ref.startswith("refs/tags/") else "branch"
    return {
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_NAME": name,
        "GITHUB_SHA": MERGE,
        "GITHUB_REF": ref,
        "GITHUB_REF_TYPE": kind,
        "GITHUB_REF_NAME": ref.removeprefix("refs/heads/").removeprefix("refs/tags/"),
        "GITHUB_REPOSITORY": "shop/orders",
        "GITHUB_RUN_ID": "17",
    } | more


def pull(
    repository: dict[str, Any] | None = REPOSITORY, user: dict[str, Any] | None = REPOSITORY["owner"]
) -> dict[str, Any]:
    head = {"sha": HEAD, "ref": "feat/price", "repo": repository, "user": user, "label": "x:feat/price"}
    base = {"sha": BASE, "ref": "main", "repo": REPOSITORY, "user": REPOSITORY["owner"]}
    return {"repository": REPOSITORY, "pull_request": {"number": 7, "head": head, "base": base}}


def run_of(repository: dict[str, Any] | None, pulls: list[Any], branch: str = "feat/price") -> dict[str, Any]:
    run = {
        "head_sha": HEAD,
        "head_branch": branch,
        "head_repository": repository,
        "pull_requests": pulls,
        "event": "push",
    }
    return {"repository": REPOSITORY, "workflow_run": run}


MERGED = on("pull_request", "refs/pull/7/merge", GITHUB_HEAD_REF="feat/price", GITHUB_BASE_REF="main")
TARGET = on("pull_request_target", "refs/heads/main", GITHUB_HEAD_REF="feat/price", GITHUB_BASE_REF="main")
QUEUED = "refs/heads/gh-readonly-queue/main/pr-7-" + BASE
DEFAULT = "refs/heads/main"

EVENTS: dict[str, tuple[dict[str, str], dict[str, Any], tuple[str | None, str | None, int | None]]] = {
    "push": (
        on("push", "refs/heads/feat/price"),
        {"ref": "refs/heads/feat/price", "base_ref": None},
        (MERGE, "feat/price", None),
    ),
    "pull_request": (MERGED, pull(), (HEAD, "feat/price", 7)),
    "pull_request from a fork": (MERGED, pull(FORK, FORK["owner"]), (HEAD, "jane:feat/price", 7)),
    "pull_request from a deleted fork": (MERGED, pull(None, FORK["owner"]), (HEAD, "jane:feat/price", 7)),
    "pull_request of a deleted account": (MERGED, pull(None, None), (HEAD, "ghost:feat/price", 7)),
    "pull_request_target": (TARGET, pull(), (HEAD, "feat/price", 7)),
    "pull_request_target from a fork": (TARGET, pull(FORK, FORK["owner"]), (HEAD, "jane:feat/price", 7)),
    "pull_request_review": (MERGED | {"GITHUB_EVENT_NAME": "pull_request_review"}, pull(), (HEAD, "feat/price", 7)),
    "pull_request_review_comment": (
        MERGED | {"GITHUB_EVENT_NAME": "pull_request_review_comment"},
        pull(),
        (HEAD, "feat/price", 7),
    ),
    "merge_group": (
        on("merge_group", QUEUED),
        {"merge_group": {"head_sha": HEAD, "head_ref": QUEUED, "base_sha": BASE, "base_ref": DEFAULT}},
        (HEAD, QUEUED.removeprefix("refs/heads/"), None),
    ),
    "tag": (on("push", "refs/tags/v1"), {"ref": "refs/tags/v1", "base_ref": None}, (MERGE, None, None)),
    "tag on a branch": (on("push", "refs/tags/v1"), {"base_ref": DEFAULT}, (MERGE, "main", None)),
    "tag named as a branch": (on("push", "refs/tags/heads/main"), {"base_ref": None}, (MERGE, None, None)),
    "release": (
        on("release", "refs/tags/v1"),
        {"release": {"tag_name": "v1", "target_commitish": "main"}, "repository": REPOSITORY},
        (MERGE, None, None),
    ),
    "workflow_dispatch": (
        on("workflow_dispatch", "refs/heads/feat/price"),
        {"inputs": None},
        (MERGE, "feat/price", None),
    ),
    "workflow_dispatch on a tag": (on("workflow_dispatch", "refs/tags/v1"), {"inputs": {}}, (MERGE, None, None)),
    "repository_dispatch": (
        on("repository_dispatch", DEFAULT),
        {"action": "contract_changed", "client_payload": {"sha": HEAD, "branch": "evil"}, "branch": "main"},
        (MERGE, "main", None),
    ),
    "workflow_run": (on("workflow_run", DEFAULT), run_of(REPOSITORY, [{"number": 7}]), (HEAD, "feat/price", 7)),
    "workflow_run of a fork": (on("workflow_run", DEFAULT), run_of(FORK, []), (HEAD, "jane:feat/price", None)),
    "workflow_run of a fork's main": (on("workflow_run", DEFAULT), run_of(FORK, [], "main"), (HEAD, "jane:main", None)),
    "workflow_run of a deleted fork": (on("workflow_run", DEFAULT), run_of(None, []), (HEAD, "ghost:feat/price", None)),
    "schedule": (on("schedule", DEFAULT), {"schedule": "0 3 * * *"}, (MERGE, "main", None)),
    "deployment": (
        on("deployment", ""),
        {"deployment": {"sha": HEAD, "ref": "main", "environment": "production"}},
        (HEAD, None, None),
    ),
    "deployment_status": (on("deployment_status", ""), {"deployment": {"sha": HEAD, "ref": HEAD}}, (HEAD, None, None)),
    "an event of tomorrow": (on("something_new", DEFAULT), {}, (MERGE, "main", None)),
}


@pytest.mark.parametrize(("environment", "payload", "expected"), EVENTS.values(), ids=EVENTS)
def test_each_event(tmp_path, environment, payload, expected) -> None:
    path = tmp_path / "event.json"
    path.write_text(json.dumps(payload))
    found = event.commit(environment | {"GITHUB_EVENT_PATH": str(path)}, tmp_path)
    assert (found.version, found.branch, found.pull_request) == expected
    assert found.build_url == "https://github.com/shop/orders/actions/runs/17"
    assert chosen_version(None, None, found) == expected[0]


def test_the_build_of_another_server() -> None:
    environment = on("push", DEFAULT, GITHUB_SERVER_URL="https://git.example")
    assert event.commit(environment, Path()).build_url == "https://git.example/shop/orders/actions/runs/17"
    del environment["GITHUB_RUN_ID"]
    assert event.commit(environment, Path()).build_url is None


FOREIGN = {
    "no JSON": b"{",
    "no UTF-8": b"\xff\xfe",
    "too deep": b"[" * 100_000,
    "a list": b"[1]",
    "no pull request": b"{}",
    "a wrong pull request": b'{"pull_request": [1]}',
    "no head": b'{"pull_request": {"base": {}}, "workflow_run": {"pull_requests": 5}}',
    "null": b'{"pull_request": {"head": null, "base": null}}',
}


@pytest.mark.parametrize("name", ["pull_request", "merge_group", "workflow_run", "deployment"])
@pytest.mark.parametrize("payload", FOREIGN.values(), ids=FOREIGN)
def test_a_payload_that_does_not_say_is_a_sentence_and_never_the_merge_commit(tmp_path, name, payload) -> None:
    path = tmp_path / "event.json"
    path.write_bytes(payload)
    found = event.commit(on(name, "refs/pull/7/merge", GITHUB_EVENT_PATH=str(path)), tmp_path)
    with pytest.raises(InputError) as caught:
        chosen_version(None, None, found)
    assert name in caught.value.cause
    assert "`version`" in caught.value.next_step
    assert chosen_version("1.2.3", None, found) == "1.2.3", "what the next step says helps"


def test_a_payload_that_is_not_there(tmp_path) -> None:
    found = event.commit(on("pull_request", DEFAULT, GITHUB_EVENT_PATH=str(tmp_path / "none.json")), tmp_path)
    assert found.version is None


# --- without GitHub -------------------------------------------------------------------------------------------


def git(folder: Path, *words: str) -> str:
    own = ["-c", "user.name=A", "-c", "user.email=a@b.example", "-c", "init.defaultBranch=feat/price"]
    done = subprocess.run(["git", *own, *words], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def checkout(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    git(tmp_path, "init")
    return tmp_path


def test_a_checkout_without_github(checkout) -> None:
    git(checkout, "commit", "--allow-empty", "-m", "x")
    sha = git(checkout, "rev-parse", "HEAD")
    (checkout / "sub").mkdir()
    assert event.commit({}, checkout / "sub") == event.commit({}, checkout)
    found = event.commit({}, checkout)
    assert (found.version, found.branch, found.build_url) == (sha, "feat/price", None)
    with pytest.raises(InputError, match="name of a branch"):
        chosen_version("feat/price", None, found)


@pytest.mark.parametrize(("name", "told"), [("pull_request", True), ("workflow_run", True), ("push", False)])
def test_a_job_that_works_on_another_commit_than_its_event_is_about_knows_it(checkout, name, told) -> None:
    """On these events actions/checkout takes another commit, unless it is told which."""
    git(checkout, "commit", "--allow-empty", "-m", "x")
    environment, payload, _ = EVENTS[name]
    path = checkout / "event.json"
    path.write_text(json.dumps(payload))
    found = event.commit(environment | {"GITHUB_EVENT_PATH": str(path)}, checkout)
    assert found.checked_out == (git(checkout, "rev-parse", "HEAD") if told else None)


def test_a_detached_checkout_is_on_no_branch(checkout) -> None:
    git(checkout, "commit", "--allow-empty", "-m", "x")
    git(checkout, "checkout", "--detach")
    assert event.commit({}, checkout).branch is None
    assert event.commit({}, checkout).version == git(checkout, "rev-parse", "HEAD")


def test_an_empty_repository_has_no_version(checkout) -> None:
    with pytest.raises(InputError, match="no git checkout with a commit"):
        chosen_version(None, None, event.commit({}, checkout))


@pytest.mark.parametrize("path", ["", "/none"])
def test_no_repository_or_no_git_is_a_sentence(tmp_path, monkeypatch, path) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    if path:
        monkeypatch.setenv("PATH", path)
    found = event.commit({}, tmp_path)
    with pytest.raises(InputError, match="no git checkout"):
        chosen_version(None, None, found)
    assert chosen_version("1.2.3", "main", found) == "1.2.3"


# --- the inputs win -------------------------------------------------------------------------------------------

COMMIT = Commit(HEAD, branch="feat/price", branches=frozenset({"release/1", "develop-2"}))


@pytest.mark.parametrize("version", ["1.2.3", MERGE, "feat/price-2", "v1", "mainframe", "1.0.0+main"])
def test_a_version_that_is_given_wins(version) -> None:
    assert chosen_version(version, None, COMMIT) == version


@pytest.mark.parametrize(
    ("version", "branch"),
    [
        ("feat/price", None),
        ("release/1", None),
        ("develop-2", None),
        ("mine", "mine"),
        ("main", None),
        ("master", None),
        ("HEAD", None),
        ("latest", None),
        ("refs/heads/feat/price", None),
        ("refs/heads/other", None),
        ("refs/pull/7/merge", None),
    ],
)
def test_a_version_that_names_a_branch_is_refused(version, branch) -> None:
    with pytest.raises(InputError) as caught:
        chosen_version(version, branch, COMMIT)
    assert f"{version!r} is the name of a branch" in caught.value.cause
    assert "SHA" in caught.value.next_step


def test_the_branches_of_a_pull_request_are_no_versions(tmp_path) -> None:
    found = event.commit(MERGED | {"GITHUB_EVENT_PATH": ""}, tmp_path)
    assert found.branches == {"feat/price", "main"}


def test_a_sha_is_shortened_and_a_name_is_not() -> None:
    assert [short(HEAD), short("1.2.3-a-long-name"), short("B" * 40)] == ["b" * 10, "1.2.3-a-long-name", "B" * 40]


@pytest.mark.parametrize(
    ("checked_out", "version", "told"),
    [(None, "a" * 40, False), ("a" * 40, "a" * 40, False), ("b" * 40, "a" * 40, True), ("b" * 40, "b" * 40, False)],
)
def test_who_tests_another_commit_than_is_recorded_is_told(checked_out, version, told) -> None:
    sentence = another_commit(version, Commit(version="a" * 40, checked_out=checked_out))
    assert bool(sentence) is told
    words = ("bbbbbbbbbb", "github.event.pull_request.head.sha", "never on pull_request_target")
    assert not told or all(word in sentence for word in words)
    followed = another_commit(version, Commit(version="a" * 40, checked_out=checked_out, ended=("CI", "success")))
    assert bool(followed) is told
    assert "head.sha" not in followed, "a stranger's commit is not to be checked out there"
