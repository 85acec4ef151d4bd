"""Everything that pact-gate asks of GitHub's API is as GitHub's own document says, and is understood."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.github.state import Approval, Artifact, GitHub, Job, Run, sha, zipped

from pact_gate.connect import connect_github
from pact_gate.github.api import GitHub as Api
from pact_gate.model.runs import CheckRun, Review
from pact_gate.settings.github import GitHubSettings

PERMISSIONS = {
    "actions": "write",
    "checks": "read",
    "contents": "write",
    "deployments": "read",
    "issues": "write",
    "pull_requests": "write",
    "statuses": "write",
}
HEAD = sha("head")
ORDERS = "acme/orders"
OF_THE_TRANSPORT = {"close", "unreachable", "too_long", "redirected", "refused", "pause"}
STATUS = {"context": "pact: orders", "state": "failure", "description": "Not yet", "url": "https://example.org/1"}

# As the runner sends it: with a byte order mark, and the time before each line.
LOG = "\ufeff" + "".join(f"2026-07-01T12:00:0{n}.1234567Z {line}\n" for n, line in enumerate(("one", "two", "three")))

Call = Callable[[Api, Run], Any]
CALLS: dict[str, tuple[Call, Callable[[Any], Any], Any]] = {
    "login": (lambda api, _: api.login(), str, "alice"),
    "default_branch": (lambda api, _: api.default_branch(ORDERS), str, "main"),
    "branches": (lambda api, _: api.branches(ORDERS), sorted, ["feat/x", "main"]),
    "has_branch": (lambda api, _: [api.has_branch(ORDERS, name) for name in ("feat/x", "feat")], list, [True, False]),
    "dispatch_workflow": (
        lambda api, _: api.dispatch_workflow(ORDERS, "verify.yml", "main", {"key": "k"}),
        lambda run: (run.status, run.ended),
        ("queued", False),
    ),
    "dispatch_event": (lambda api, _: api.dispatch_event(ORDERS, "pact-changed", {"key": "k"}), bool, False),
    "runs": (
        lambda api, _: api.runs(ORDERS, event="pull_request", workflow="verify.yml", since="2026-01-01T00:00:00Z"),
        lambda runs: [run.conclusion for run in runs],
        ["failure"],
    ),
    "run": (lambda api, run: api.run(ORDERS, run.id), lambda run: (run.conclusion, run.name), ("failure", "Verify")),
    "origin": (
        lambda api, run: api.origin(ORDERS, run.id),
        lambda origin: (origin.workflow, origin.head, origin.branch, origin.head_repository),
        ("verify.yml", HEAD, "feat/x", ORDERS),
    ),
    "last_words": (lambda api, run: api.last_words(ORDERS, run.id, 2), str, "two\nthree"),
    "failed_jobs": (lambda api, run: api.failed_jobs(ORDERS, run.id), dict, {"verify": "failure"}),
    "rerun_failed_jobs": (lambda api, run: api.rerun_failed_jobs(ORDERS, run.id), bool, False),
    "reviews": (
        lambda api, run: api.reviews(ORDERS, run.id),
        list,
        [Review("alice", by_person=True, state="approved", environments=("eu/production",))],
    ),
    "environment": (
        lambda api, _: api.environment(ORDERS, "eu/production"),
        tuple,
        ("eu/production", True),
    ),
    "check_runs": (
        lambda api, _: api.check_runs(ORDERS, HEAD, "verify"),
        lambda runs: [(run.status, run.conclusion) for run in runs],
        [("completed", "failure")],
    ),
    "deployed": (
        lambda api, _: [api.deployed(ORDERS, HEAD, name) for name in ("eu/production", "nowhere")],
        list,
        [CheckRun("completed", "success", "https://example.org/log"), None],
    ),
    "artifacts": (
        lambda api, run: api.artifacts(ORDERS, run.id),
        lambda artifacts: [(artifact.name, artifact.expired) for artifact in artifacts],
        [("pacts", False)],
    ),
    "download": (
        lambda api, run: api.download(ORDERS, api.artifacts(ORDERS, run.id)[0], 10_000),
        lambda content: content[:2],
        b"PK",
    ),
    "set_status": (lambda api, _: api.set_status(ORDERS, HEAD, **STATUS), bool, False),
    "statuses": (lambda api, _: api.statuses(ORDERS, HEAD), lambda all_: [each["state"] for each in all_], ["pending"]),
    "comments": (
        lambda api, _: api.comments(ORDERS, 1),
        lambda all_: [(c.body, c.author) for c in all_],
        [("Hi", "bob")],
    ),
    "comment": (lambda api, _: api.comment(ORDERS, 1, "yes"), bool, False),
    "edit_comment": (lambda api, _: api.edit_comment(ORDERS, next(api.comments(ORDERS, 1)).id, "no"), bool, False),
    "pull_requests": (
        lambda api, _: api.pull_requests(ORDERS, "acme:feat/x"),
        lambda pulls: [(pull.number, pull.head, pull.branch) for pull in pulls],
        [(1, HEAD, "feat/x")],
    ),
    "open_issues": (
        lambda api, _: api.open_issues(ORDERS, "pact-gate"),
        lambda all_: [i.title for i in all_],
        ["Overridden"],
    ),
    "open_issue": (lambda api, _: api.open_issue(ORDERS, "Title", "Body", "pact-gate"), lambda issue: issue.number, 3),
}


@pytest.fixture
def run(checked_github: GitHub) -> Run:
    """A run that failed, in a repository with one of everything."""
    orders = checked_github.repository(ORDERS)
    checked_github.token("t0ken", ORDERS, "alice", **PERMISSIONS)
    orders.pull_request("feat/x", HEAD)
    orders.comment(1, "Hi", "bob")
    orders.issue("Overridden", labels=["pact-gate"])
    orders.environment("eu/production", reviewers=["alice"])
    told = "name: Verify\non: {workflow_dispatch: {inputs: {key: {}}}, repository_dispatch: {types: pact-changed}}"
    orders.deployment(HEAD, "eu/production", "in_progress", "success", "inactive", log_url="https://example.org/log")
    made = orders.run(orders.workflow("verify.yml", told), "pull_request", "feat/x")
    made.finish("failure", Job("verify", "failure", log=LOG))
    made.approvals.append(Approval(["eu/production"], "alice"))
    made.artifacts.append(Artifact("pacts", zipped({"orders.json": "{}"})))
    return made


@pytest.mark.parametrize("name", CALLS)
def test_github_takes_what_is_asked_and_its_answer_is_understood(checked_github, run, name) -> None:
    call, of, answer = CALLS[name]
    api = connect_github(GitHubSettings("t0ken", checked_github.url))
    if name == "statuses":
        api.set_status(ORDERS, HEAD, **{**STATUS, "state": "pending"})
    assert of(call(api, run)) == answer
    refused = {404} if name == "has_branch" else set()  # of one that is not there
    assert {each.status for each in checked_github.requests} <= {200, 201, 204, 302} | refused


def test_everything_that_can_be_asked_is_in_that_table() -> None:
    assert {name for name in vars(Api) if not name.startswith("_")} - OF_THE_TRANSPORT == set(CALLS)


def test_lists_are_read_to_their_end(checked_github, run) -> None:
    for number in range(250):
        checked_github.repositories[ORDERS].comment(1, str(number))
    api = connect_github(GitHubSettings("t0ken", checked_github.url))
    assert [comment.body for comment in api.comments(ORDERS, 1)] == ["Hi", *map(str, range(250))]
    assert len(checked_github.requests) == 3
