"""The fake GitHub answers as GitHub's own OpenAPI document says, refuses what GitHub refuses, and remembers."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from tests.github.calls import ROUTES, find
from tests.github.fake import FakeGitHub
from tests.github.prism import Prism
from tests.github.state import SLOW, Approval, Artifact, GitHub, Job, Run, Step, sha, zipped
from tests.github.trouble import DROPPED, NOT_JSON, broken, moved, rate_limited, too_fast

EVERYTHING = dict.fromkeys(
    ("actions", "checks", "contents", "deployments", "issues", "pull_requests", "statuses"), "write"
)
ORDERS = "/repos/acme/orders"
HEAD = sha("the head of the pull request")
USER = "/user"
MAIN = sha("acme/orders main")
NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
WORKFLOW = """
name: Verify
run-name: "Verify ${{ inputs.key }}${{ github.event.client_payload.key }} (${{ github.event.action }})"
on:
  workflow_dispatch:
    inputs:
      key: {required: true}
      how: {type: choice, options: [fast, slow], default: fast}
  repository_dispatch: {types: [pact-changed]}
"""


def populate(github: GitHub) -> GitHub:
    """Put one of everything into acme/orders; its ids are WORKFLOW 1002, RUN 1003, PULL 1, ISSUE 2."""
    github.now = lambda: NOON
    orders = github.repository("acme/orders")
    github.token("t0ken", "acme/orders", **EVERYTHING)
    github.token("reader", "acme/orders", **dict.fromkeys(EVERYTHING, "read"))
    github.token("elsewhere", "acme/other", **EVERYTHING)
    workflow = orders.workflow("verify.yml", WORKFLOW)
    orders.workflow("push.yml", "on: push\n")
    orders.pull_request("feat/x", HEAD, title="A new need")
    orders.issue("A broken provider", labels=["pact-gate"], body="Since yesterday")
    orders.comment(1, "Hello")
    orders.environment("production", reviewers=["alice"], wait_minutes=5, protected_branches=True)
    run = orders.run(workflow, "pull_request", "feat/x", pull_requests=[1])
    failed = Job("verify", conclusion="failure", steps=[Step("run", "failure")], log="last words")
    run.finish("failure", Job("lint"), failed)
    run.artifacts.append(Artifact("pacts", zipped({"orders.json": "{}"})))
    run.approvals.append(Approval(["production"], "alice", comment="go"))
    orders.deployment(HEAD, "production", "in_progress", "success", log_url="https://example.org/log")
    github.identify([*run.jobs, *run.artifacts])
    return github


@pytest.fixture
def full(checked_github: GitHub) -> GitHub:
    """One of everything, behind GitHub's document."""
    return populate(checked_github)


@pytest.fixture
def bare(github: GitHub) -> GitHub:
    """The same without the document before it."""
    return populate(github)


@pytest.fixture
def guarded(github_proxy: tuple[FakeGitHub, Prism]) -> Iterator[tuple[GitHub, Prism]]:
    """The same behind the document, which may be violated."""
    fake, proxy = github_proxy
    yield populate(fake.new(proxy.url)), proxy
    proxy.violations()


def ask(github: GitHub, method: str, path: str, body: Any = None, token: str | None = "t0ken") -> requests.Response:
    """Ask as one who leaves redirects alone. In a path, RUN and the like are ids."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return requests.request(
        method, address(github, path), json=body, headers=headers, allow_redirects=False, timeout=10
    )


def address(github: GitHub, path: str) -> str:
    if path.startswith("http"):
        return path
    return f"{github.url}{path}" if path == USER else f"{github.url}{ORDERS}{named(github, path)}"


def named(github: GitHub, path: str) -> str:
    orders = github.repositories["acme/orders"]
    run = orders.runs[0]
    ids = {"RUN": run.id, "JOB": run.jobs[1].id, "ARTIFACT": run.artifacts[0].id, "COMMENT": orders.comments[0].id}
    ids["DEPLOYMENT"] = orders.deployments[0].id
    for name, value in {**ids, "WORKFLOW": orders.workflows[0].id}.items():
        path = path.replace(name, str(value))
    return path


DISPATCH = {"ref": "main", "inputs": {"key": "k1"}}
GREEN = {"state": "success", "context": "pact: orders", "description": "All good", "target_url": "https://example.org"}
CALLS: list[tuple[str, str, Any, int]] = [
    ("GET", "", None, 200),
    ("GET", "/branches", None, 200),
    ("GET", "/branches/feat%2Fx", None, 200),
    ("GET", "/environments/production", None, 200),
    ("POST", "/actions/workflows/verify.yml/dispatches", {**DISPATCH, "return_run_details": True}, 200),
    ("POST", "/actions/workflows/WORKFLOW/dispatches", DISPATCH, 204),
    ("POST", "/dispatches", {"event_type": "pact-changed", "client_payload": {"key": "k2"}}, 204),
    ("GET", "/actions/runs?event=pull_request&status=failure&created=>=2026-01-01T00:00:00Z&per_page=100", None, 200),
    ("GET", "/actions/workflows/verify.yml/runs?branch=feat/x", None, 200),
    ("GET", "/actions/runs/RUN", None, 200),
    ("GET", "/actions/runs/RUN/jobs?filter=all", None, 200),
    ("GET", "/actions/jobs/JOB/logs", None, 302),
    ("POST", "/actions/runs/RUN/rerun-failed-jobs", {}, 201),
    ("GET", "/actions/runs/RUN/approvals", None, 200),
    ("GET", "/actions/runs/RUN/artifacts?name=pacts", None, 200),
    ("GET", "/actions/artifacts/ARTIFACT/zip", None, 302),
    ("POST", f"/statuses/{HEAD}", GREEN, 201),
    ("GET", f"/commits/{HEAD}/status", None, 200),
    ("GET", "/commits/feat%2Fx/statuses", None, 200),
    ("GET", f"/commits/{HEAD}/pulls", None, 200),
    ("GET", f"/commits/{HEAD}/check-runs?check_name=verify", None, 200),
    ("GET", f"/deployments?sha={HEAD}&environment=production", None, 200),
    ("GET", "/deployments/DEPLOYMENT/statuses", None, 200),
    ("GET", "/issues?labels=pact-gate&state=all", None, 200),
    ("POST", "/issues", {"title": "An override", "body": "Why", "labels": ["pact-gate"]}, 201),
    ("GET", "/issues/2", None, 200),
    ("PATCH", "/issues/2", {"state": "closed", "state_reason": "completed"}, 200),
    ("GET", "/issues/1/comments", None, 200),
    ("POST", "/issues/1/comments", {"body": "yes"}, 201),
    ("PATCH", "/issues/comments/COMMENT", {"body": "no"}, 200),
    ("GET", "/pulls?state=open&head=acme:feat/x", None, 200),
    ("GET", "/pulls/1", None, 200),
]


@pytest.mark.parametrize(("method", "path", "body", "status"), CALLS)
def test_each_endpoint_is_asked_and_answers_as_githubs_document_says(full, method, path, body, status) -> None:
    ask(full, "POST", f"/statuses/{HEAD}", GREEN)
    assert ask(full, method, path, body).status_code == status


def test_every_endpoint_is_in_that_table(bare) -> None:
    called = {
        id(find(method, urlsplit(address(bare, path)).path)[0]) for method, path, _, _ in [*CALLS, ("GET", USER, 0, 0)]
    }
    assert called == {id(route) for route in ROUTES}


def test_a_person_has_a_name_and_a_run_has_none(full) -> None:
    full.token("persons", "acme/orders", login="alice")
    assert ask(full, "GET", USER, token="persons").json()["login"] == "alice"
    assert ask(full, "GET", USER).status_code == 403
    assert ask(full, "GET", USER, token=None).status_code == 401


def test_an_answer_that_is_not_as_the_document_says_is_found(guarded) -> None:
    github, proxy = guarded
    github.repositories["acme/orders"].runs[0].display_title = None
    assert ask(github, "GET", "/actions/runs/RUN").status_code == 500
    assert "display_title must be string" in proxy.violations()[0]
    assert proxy.violations() == []


# --- what GitHub refuses ----------------------------------------------------------------------------------------

OF_THE_DOCUMENT: list[tuple[str, str, Any, str]] = [
    ("POST", "/actions/workflows/verify.yml/dispatches", {"inputs": {}}, "required property 'ref'"),
    (
        "POST",
        "/actions/workflows/verify.yml/dispatches",
        {**DISPATCH, "inputs": dict.fromkeys(map(str, range(26)))},
        "25",
    ),
    ("POST", "/dispatches", {"client_payload": {}}, "required property 'event_type'"),
    ("POST", "/dispatches", {"event_type": "x" * 101}, "100"),
    ("POST", "/dispatches", {"event_type": "x", "client_payload": dict.fromkeys(map(str, range(11)))}, "10"),
    ("GET", "/actions/runs?status=finished", None, "allowed values"),
    ("GET", "/actions/runs/newest", None, "integer"),
    ("POST", f"/statuses/{HEAD}", {"state": "green"}, "allowed values"),
    ("POST", f"/statuses/{HEAD}", {"state": "success", "description": 1}, "string"),
    ("POST", "/issues", {"body": "without a title"}, "required property 'title'"),
    ("PATCH", "/issues/2", {"state": "done"}, "allowed values"),
    ("POST", "/issues/1/comments", {"text": "yes"}, "required property 'body'"),
    ("GET", "/branches/feat/x", None, "no path matched"),
    ("DELETE", "/issues/1/comments", None, "NO_METHOD_MATCHED"),
]


@pytest.mark.parametrize(("method", "path", "body", "why"), OF_THE_DOCUMENT)
def test_what_the_document_does_not_allow_does_not_reach_the_fake(guarded, method, path, body, why) -> None:
    github, proxy = guarded
    assert ask(github, method, path, body).status_code in (404, 405, 422)
    assert github.requests == []
    (violation,) = proxy.violations()
    assert why in violation
    assert violation.startswith(f"{method.lower()} {ORDERS}{path.split('?')[0]}: ")


LONG = "x" * 65_537
OF_GITHUB: list[tuple[str, str, Any, int, str]] = [
    ("POST", "/actions/workflows/none.yml/dispatches", DISPATCH, 404, "Not Found"),
    ("POST", "/actions/workflows/push.yml/dispatches", DISPATCH, 422, "'workflow_dispatch' trigger"),
    ("POST", "/actions/workflows/verify.yml/dispatches", {**DISPATCH, "ref": "gone"}, 422, "No ref found for: gone"),
    ("POST", "/actions/workflows/verify.yml/dispatches", {**DISPATCH, "ref": MAIN}, 422, "No ref found"),
    ("POST", "/actions/workflows/verify.yml/dispatches", {"ref": "main"}, 422, "Required input 'key' not provided"),
    (
        "POST",
        "/actions/workflows/verify.yml/dispatches",
        {"ref": "main", "inputs": {"key": "k", "x": "y"}},
        422,
        'Unexpected inputs provided: ["x"]',
    ),
    (
        "POST",
        "/actions/workflows/verify.yml/dispatches",
        {"ref": "main", "inputs": {"key": "k", "how": "loud"}},
        422,
        "not in the list of allowed values",
    ),
    ("POST", "/dispatches", {"event_type": "x", "client_payload": {"key": LONG}}, 422, "too large"),
    ("GET", "/actions/runs/1", None, 404, "Not Found"),
    ("GET", "/actions/runs?created=>=yesterday", None, 422, "Invalid date"),
    ("GET", "/actions/artifacts/ARTIFACT/tar", None, 404, "Not Found"),
    ("GET", "/branches/gone", None, 404, "Branch not found"),
    ("GET", "/environments/nowhere", None, 404, "Not Found"),
    ("POST", f"/statuses/{sha('nobody')}", GREEN, 422, "No commit found for SHA"),
    ("POST", f"/statuses/{HEAD}", {**GREEN, "description": "x" * 141}, 422, "Validation Failed"),
    ("POST", f"/statuses/{HEAD}", {**GREEN, "context": "x" * 256}, 422, "Validation Failed"),
    ("POST", f"/statuses/{HEAD}", {**GREEN, "target_url": "ftp://example.org"}, 422, "Validation Failed"),
    ("GET", f"/commits/{sha('nobody')}/status", None, 404, "Not Found"),
    ("GET", f"/commits/{sha('nobody')}/pulls", None, 422, "No commit found for SHA"),
    ("GET", f"/commits/{sha('nobody')}/check-runs", None, 422, "No commit found for SHA"),
    ("GET", "/deployments/1/statuses", None, 404, "Not Found"),
    ("POST", "/issues", {"title": " "}, 422, "Validation Failed"),
    ("POST", "/issues", {"title": "x", "body": LONG}, 422, "Validation Failed"),
    ("POST", "/issues/1/comments", {"body": LONG}, 422, "Validation Failed"),
    ("POST", "/issues/1/comments", {"body": ""}, 422, "Validation Failed"),
    ("PATCH", "/issues/comments/COMMENT", {"body": LONG}, 422, "Validation Failed"),
    ("POST", "/issues/99/comments", {"body": "x"}, 404, "Not Found"),
    ("GET", "/pulls/2", None, 404, "Not Found"),
]


@pytest.mark.parametrize(("method", "path", "body", "status", "message"), OF_GITHUB)
def test_what_only_github_itself_can_know_is_refused_by_the_fake(full, method, path, body, status, message) -> None:
    answer = ask(full, method, path, body)
    assert (answer.status_code, message in answer.json()["message"]) == (status, True), answer.text
    assert not full.repositories["acme/orders"].statuses


def test_a_disabled_workflow_an_archived_repository_and_a_thousand_statuses_refuse_one_more(full) -> None:
    orders = full.repositories["acme/orders"]
    orders.workflows[0].state = "disabled_manually"
    assert "disabled" in ask(full, "POST", "/actions/workflows/verify.yml/dispatches", DISPATCH).json()["message"]
    ask(full, "POST", f"/statuses/{HEAD}", GREEN)
    orders.statuses *= 1000
    assert ask(full, "POST", f"/statuses/{HEAD}", {**GREEN, "context": "PACT: orders"}).status_code == 422
    orders.archived = True
    assert ask(full, "POST", "/issues", {"title": "x"}).status_code == 403
    assert ask(full, "GET", "/issues").status_code == 200


@pytest.mark.parametrize("fault", ["{", "[1]"])
def test_a_body_that_is_no_json_object_is_refused(bare, fault) -> None:
    answer = requests.post(
        f"{bare.url}{ORDERS}/dispatches", fault, headers={"Authorization": "token t0ken"}, timeout=10
    )
    assert answer.status_code == 400


# --- who may ----------------------------------------------------------------------------------------------------

SIGHT = {("GET", "")}  # a token that reaches a repository sees it
ROWS = [(method, path, body) for method, path, body, _ in CALLS]


@pytest.mark.parametrize(("method", "path", "body"), ROWS)
def test_a_token_needs_the_permission_and_the_repository(bare, method, path, body) -> None:
    bare.token("bound", "acme/orders", metadata="read")
    least = "reader" if method in ("POST", "PATCH") else "bound"
    refused = ask(bare, method, path, body, token=least)
    if (method, path) not in SIGHT:
        assert (refused.status_code, refused.json()["message"]) == (403, "Resource not accessible by integration")
        assert refused.headers["X-Accepted-GitHub-Permissions"]
    assert ask(bare, method, path, body, token="elsewhere").status_code == 404
    assert ask(bare, method, path, body, token="unknown").json()["message"] == "Bad credentials"
    assert ask(bare, method, path, body, token=None).status_code == 404


@pytest.mark.parametrize(("method", "path", "body"), ROWS)
def test_anyone_may_read_in_a_public_repository_but_no_logs_and_no_artifacts(bare, method, path, body) -> None:
    bare.repositories["acme/orders"].private = False
    mine = method == "GET" and not path.endswith(("/logs", "/zip"))
    assert ask(bare, method, path, body, token=None).status_code == (200 if mine else 401)
    assert ask(bare, method, path, body, token="elsewhere").status_code == (200 if mine else 403)


ENOUGH = [
    ("POST", "/actions/workflows/verify.yml/dispatches", DISPATCH, {"actions": "write"}),
    ("POST", "/dispatches", {"event_type": "x"}, {"contents": "write"}),
    ("POST", f"/statuses/{HEAD}", GREEN, {"statuses": "write"}),
    ("POST", "/issues/1/comments", {"body": "x"}, {"issues": "write"}),
    ("POST", "/issues/1/comments", {"body": "x"}, {"pull_requests": "write"}),
    ("GET", "/environments/production", None, {"actions": "read"}),
    ("GET", f"/commits/{HEAD}/pulls", None, {"pull_requests": "read"}),
]


@pytest.mark.parametrize(("method", "path", "body", "permission"), ENOUGH)
def test_one_permission_is_enough(bare, method, path, body, permission) -> None:
    bare.token("least", "acme/orders", **permission)
    assert ask(bare, method, path, body, token="least").ok


# --- what it remembers ------------------------------------------------------------------------------------------


def test_a_dispatched_workflow_really_runs_and_its_run_can_be_followed(full) -> None:
    def verify(run: Run) -> None:
        assert (run.status, run.given) == ("in_progress", {"key": "k1", "how": "fast"})
        run.finish("success", Job("verify"))

    full.on_dispatch = verify
    told = ask(
        full, "POST", "/actions/workflows/verify.yml/dispatches", {**DISPATCH, "return_run_details": True}
    ).json()
    full.end()
    run = ask(full, "GET", told["run_url"]).json()
    assert (run["id"], run["html_url"]) == (told["workflow_run_id"], told["html_url"])
    assert (run["status"], run["conclusion"], run["event"]) == ("completed", "success", "workflow_dispatch")
    assert (run["display_title"], run["head_sha"], run["head_branch"]) == ("Verify k1 ()", MAIN, "main")


def test_without_somebody_who_runs_it_a_run_waits(full) -> None:
    ask(full, "POST", "/actions/workflows/verify.yml/dispatches", DISPATCH)
    (waiting,) = ask(full, "GET", "/actions/runs?status=queued").json()["workflow_runs"]
    assert waiting["conclusion"] is None


def test_what_goes_wrong_while_a_workflow_runs_fails_the_run_and_the_test(bare) -> None:
    bare.on_dispatch = lambda _: 1 / 0
    ask(bare, "POST", "/actions/workflows/verify.yml/dispatches", DISPATCH)
    with pytest.raises(ZeroDivisionError):
        bare.end()
    assert bare.repositories["acme/orders"].runs[-1].conclusion == "failure"
    bare.failures.clear()


def test_a_repository_dispatch_starts_the_workflows_that_hear_its_type(full) -> None:
    for event_type in ("something-else", "pact-changed"):
        body = {"event_type": event_type, "client_payload": {"key": "k2"}}
        assert ask(full, "POST", "/dispatches", body).status_code == 204
    (run,) = ask(full, "GET", "/actions/runs?event=repository_dispatch").json()["workflow_runs"]
    assert run["display_title"] == "Verify k2 (pact-changed)"


def test_failed_jobs_run_again_as_a_new_attempt(full) -> None:
    full.on_rerun = lambda run: run.finish("success", Job("verify"))
    assert ask(full, "POST", "/actions/runs/RUN/rerun-failed-jobs").status_code == 201
    full.end()
    run = ask(full, "GET", "/actions/runs/RUN").json()
    assert (run["run_attempt"], run["conclusion"]) == (2, "success")
    latest, every = (ask(full, "GET", f"/actions/runs/RUN/jobs?filter={each}").json() for each in ("latest", "all"))
    assert {(job["name"], job["conclusion"], job["run_attempt"]) for job in latest["jobs"]} == {
        ("lint", "success", 1),
        ("verify", "success", 2),
    }
    assert every["total_count"] > latest["total_count"]
    assert ask(full, "POST", "/actions/runs/RUN/rerun-failed-jobs").status_code == 403, "nothing is left that failed"


def test_a_run_that_goes_on_is_not_run_again(full) -> None:
    full.repositories["acme/orders"].runs[0].status = "in_progress"
    assert ask(full, "POST", "/actions/runs/RUN/rerun-failed-jobs").status_code == 403


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("event=pull_request", 1),
        ("event=push", 0),
        ("status=completed", 1),
        ("status=success", 0),
        (f"head_sha={HEAD}", 1),
        (f"head_sha={MAIN}", 0),
        ("branch=feat/x", 1),
        ("actor=nobody", 0),
        ("created=>=2026-07-01T12:00:00Z", 1),
        ("created=>2026-07-01T12:00:00Z", 0),
        ("created=<=2026-07-01T11:59:59Z", 0),
        ("created=2026-06-30..2026-07-02", 1),
        ("created=2026-07-02..*", 0),
        ("created=2026-07-01", 1),
    ],
)
def test_runs_are_found_by_what_is_asked_for(full, query, found) -> None:
    assert ask(full, "GET", f"/actions/runs?{query}").json()["total_count"] == found


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("/actions/jobs/JOB/logs", lambda got: got == b"last words"),
        ("/actions/artifacts/ARTIFACT/zip", lambda got: zipfile.ZipFile(io.BytesIO(got)).namelist() == ["orders.json"]),
    ],
)
def test_a_download_is_elsewhere_and_takes_no_token(full, path, content: Callable[[bytes], bool]) -> None:
    elsewhere = ask(full, "GET", path).headers["Location"]
    assert not elsewhere.startswith(full.url)
    assert content(ask(full, "GET", elsewhere, token=None).content)
    assert ask(full, "GET", elsewhere).status_code == 400
    assert ask(full, "GET", f"{elsewhere}x", token=None).status_code == 404


def test_what_is_kept_no_more_is_gone(full) -> None:
    run = full.repositories["acme/orders"].runs[0]
    run.artifacts[0].expired, run.jobs[1].log = True, None
    assert ask(full, "GET", "/actions/artifacts/ARTIFACT/zip").status_code == 410
    assert ask(full, "GET", "/actions/jobs/JOB/logs").status_code == 410
    run.jobs[1].conclusion = None
    assert ask(full, "GET", "/actions/jobs/JOB/logs").status_code == 404, "a job that runs has no log yet"


@pytest.mark.parametrize(
    ("said", "together"),
    [
        ([], "pending"),
        (["a success"], "success"),
        (["a success", "b pending"], "pending"),
        (["a failure", "b pending"], "failure"),
        (["a error", "A success"], "success"),
    ],
)
def test_the_latest_status_of_each_context_counts(full, said, together) -> None:
    for context, state in (each.split() for each in said):
        ask(full, "POST", f"/statuses/{HEAD}", {"state": state, "context": context})
    combined = ask(full, "GET", "/commits/feat%2Fx/status").json()
    assert (combined["state"], combined["sha"]) == (together, HEAD)
    assert len(ask(full, "GET", f"/commits/{HEAD}/statuses").json()) == len(said)


def test_comments_come_in_pages_that_name_the_next(full) -> None:
    for number in range(64):
        full.repositories["acme/orders"].comment(1, str(number))
    bodies, sizes, url = [], [], "/issues/1/comments"
    while url:
        answer = ask(full, "GET", url)
        bodies += [comment["body"] for comment in answer.json()]
        sizes.append(len(answer.json()))
        url = answer.links.get("next", {}).get("url")
    assert bodies == ["Hello", *map(str, range(64))]
    assert sizes == [30, 30, 5]
    last = ask(full, "GET", "/issues/1/comments?per_page=1000&page=2")
    assert last.json() == []
    assert last.links["first"]["url"].startswith(full.url)


def test_a_comment_is_updated_in_place_and_says_who_wrote_it(full) -> None:
    made = ask(full, "POST", "/issues/1/comments", {"body": "first"}).json()
    assert made["user"]["login"] == "github-actions[bot]"
    ask(full, "PATCH", f"/issues/comments/{made['id']}", {"body": "second"})
    assert [each["body"] for each in ask(full, "GET", "/issues/1/comments").json()] == ["Hello", "second"]


def test_pull_requests_are_issues_too_and_labels_tell_them_apart(full) -> None:
    assert [("pull_request" in each) for each in ask(full, "GET", "/issues").json()] == [False, True]
    assert [each["number"] for each in ask(full, "GET", "/issues?labels=pact-gate").json()] == [2]
    ask(full, "PATCH", "/issues/2", {"state": "closed"})
    assert ask(full, "GET", "/issues?labels=pact-gate").json() == []
    (closed,) = ask(full, "GET", "/issues?labels=pact-gate&state=closed").json()
    assert (closed["state_reason"], closed["closed_at"]) == ("completed", "2026-07-01T12:00:00Z")


def test_a_pull_request_of_a_fork_is_named_by_its_owner_and_may_outlive_the_fork(full) -> None:
    orders = full.repositories["acme/orders"]
    full.repository("mallory/orders", fork=True)
    head = sha("a fork's head")
    pull = orders.pull_request("main", head, head_repository="mallory/orders", user="mallory")
    (found,) = ask(full, "GET", "/pulls?head=mallory:main").json()
    assert (found["number"], found["head"]["repo"]["full_name"], found["head"]["sha"]) == (3, "mallory/orders", head)
    assert [each["number"] for each in ask(full, "GET", f"/commits/{head}/pulls").json()] == [3]
    assert orders.branches["main"] == MAIN, "a fork's branch is none of the repository"
    pull.state = "closed"
    assert ask(full, "GET", "/pulls?head=mallory:main").json() == []
    assert len(ask(full, "GET", "/pulls?state=all").json()) == 2


def test_of_a_fork_that_is_gone_only_names_are_left(bare) -> None:
    """GitHub's document knows no such null; GitHub gives it."""
    orders = bare.repositories["acme/orders"]
    pull = orders.pull_request("main", sha("gone"), head_repository=None)
    orders.runs[0].head_repository = None
    assert ask(bare, "GET", f"/pulls/{pull.number}").json()["head"]["repo"] is None
    assert ask(bare, "GET", "/actions/runs/RUN").json()["head_repository"] is None


def test_who_let_a_run_in_and_who_may_is_told(full) -> None:
    (approval,) = ask(full, "GET", "/actions/runs/RUN/approvals").json()
    assert (approval["user"]["login"], approval["environments"][0]["name"]) == ("alice", "production")
    rules = ask(full, "GET", "/environments/production").json()["protection_rules"]
    assert [rule["type"] for rule in rules] == ["required_reviewers", "wait_timer", "branch_policy"]
    assert rules[0]["reviewers"][0]["reviewer"]["login"] == "alice"


# --- trouble ----------------------------------------------------------------------------------------------------

LATER = NOON + timedelta(hours=1)


@pytest.mark.parametrize(
    ("trouble", "status", "headers"),
    [
        (rate_limited(LATER), 403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(LATER.timestamp()))}),
        (rate_limited(LATER, 429), 429, {"x-ratelimit-remaining": "0"}),
        (too_fast(7), 403, {"Retry-After": "7", "x-ratelimit-remaining": "4999"}),
        (too_fast(None, 429), 429, {}),
        (broken(), 502, {"Content-Type": "application/json; charset=utf-8"}),
        (moved("https://api.github.com/repositories/1"), 301, {"Location": "https://api.github.com/repositories/1"}),
        (NOT_JSON, 200, {"Content-Type": "text/html; charset=utf-8"}),
    ],
)
def test_trouble_comes_as_often_as_ordered_and_where_it_was_ordered(bare, trouble, status, headers) -> None:
    bare.trouble(trouble, times=2, method="GET", path="/pulls$")
    assert ask(bare, "GET", "/issues").status_code == 200
    for _ in range(2):
        answer = ask(bare, "GET", "/pulls")
        assert answer.status_code == status
        assert headers.items() <= answer.headers.items()
    assert ask(bare, "GET", "/pulls").headers["x-ratelimit-remaining"] == "4999"


@pytest.mark.parametrize(("took_effect", "comments"), [(False, 1), (True, 2)])
def test_a_connection_is_dropped_before_or_after_what_was_asked_for_is_done(bare, took_effect, comments) -> None:
    bare.trouble(DROPPED, took_effect=took_effect)
    with pytest.raises(requests.ConnectionError):
        ask(bare, "POST", "/issues/1/comments", {"body": "x"})
    assert len(bare.repositories["acme/orders"].comments) == comments
    assert [each.status for each in bare.asked("POST", "/comments")] == [0]


def test_a_slow_answer_is_late_and_right(bare) -> None:
    bare.trouble(SLOW, seconds=0.3)
    answer = ask(bare, "GET", "/issues/2")
    assert answer.elapsed >= timedelta(seconds=0.3)
    assert answer.json()["title"] == "A broken provider"


def test_every_request_is_written_down(bare) -> None:
    ask(bare, "POST", "/issues/1/comments", {"body": "x"})
    ask(bare, "GET", "/branches?page=2", token=None)
    (posted,) = bare.asked("POST")
    assert (posted.path, posted.status, posted.token, posted.body) == (
        f"{ORDERS}/issues/1/comments",
        201,
        "t0ken",
        {"body": "x"},
    )
    (read,) = bare.asked("GET", "/branches$")
    assert (read.query, read.status, read.token) == ("page=2", 404, None)
