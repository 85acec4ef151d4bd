"""The endpoints that pact-gate calls, and what GitHub refuses there.

What each takes, needs and answers: https://docs.github.com/rest.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from tests.github.calls import Call, Refusal, endpoint, invalid, not_found, route
from tests.github.state import Answer, Artifact, Comment, Deployment, Issue, Job, PullRequest, Run, Status, Workflow

_LONGEST_BODY = 65_536  # characters
_LONGEST_DESCRIPTION = 140
_LONGEST_CONTEXT = 255
_MOST_STATUSES = 1000  # for a commit and context
_MOST_INPUTS = 25
_MOST_KEYS = 10
_LARGEST_PAYLOAD = 64 * 1024


@endpoint("GET", "/user")
def get_user(call: Call) -> Answer:
    if call.login.endswith("[bot]"):  # the token of a run or an app is nobody's
        raise Refusal(403, "Resource not accessible by integration")
    return Answer(200, call.documents.whole_user(call.login))


# --- the repository ---------------------------------------------------------------------------------------------


@route("GET", "")
def get_repository(call: Call) -> Answer:
    return Answer(200, call.documents.repository(call.repository))


@route("GET", "/branches", contents="read")
def list_branches(call: Call) -> Answer:
    names, links = call.page(sorted(call.repository.branches))
    return Answer(200, [call.documents.short_branch(call.repository, name) for name in names], links)


@route("GET", "/branches/{branch}", contents="read")
def get_branch(call: Call) -> Answer:
    if call.named["branch"] not in call.repository.branches:
        raise Refusal(404, "Branch not found")
    return Answer(200, call.documents.branch(call.repository, call.named["branch"]))


@route("GET", "/environments/{environment}", actions="read")
def get_environment(call: Call) -> Answer:
    environment = call.repository.environments.get(call.named["environment"])
    if not environment:
        raise not_found()
    return Answer(200, call.documents.environment(call.repository, environment))


# --- starting workflows -----------------------------------------------------------------------------------------


@route("POST", "/actions/workflows/{workflow}/dispatches", actions="write")
def dispatch_workflow(call: Call) -> Answer:
    workflow = _workflow(call)
    ref, inputs = call.body.get("ref"), call.body.get("inputs") or {}
    if not isinstance(ref, str):
        raise Refusal(422, 'Invalid request.\n\n"ref" wasn\'t supplied.')
    if not (call.repository.branches.keys() | call.repository.tags.keys()) & {ref, re.sub(r"^refs/\w+/", "", ref)}:
        raise Refusal(422, f"No ref found for: {ref}")
    if "workflow_dispatch" not in workflow.on:
        raise Refusal(422, "Workflow does not have 'workflow_dispatch' trigger")
    if workflow.state != "active":
        raise Refusal(422, "Cannot trigger a 'workflow_dispatch' on a disabled workflow")
    given = _inputs(workflow, inputs)
    title = workflow.title({f"inputs.{name}": value for name, value in given.items()}, workflow.name)
    branch = re.sub(r"^refs/\w+/", "", ref)
    run = call.repository.run(workflow, "workflow_dispatch", branch, given=given, display_title=title, actor=call.login)
    call.github.start(run, call.github.on_dispatch)
    if not call.body.get("return_run_details"):
        return Answer(204)
    told = call.documents.run(call.repository, run)
    return Answer(200, {"workflow_run_id": run.id, "run_url": told["url"], "html_url": told["html_url"]})


def _workflow(call: Call) -> Workflow:
    wanted = call.named["workflow"]
    for workflow in call.repository.workflows:
        if wanted in (workflow.file, str(workflow.id)):
            return workflow
    raise not_found()


def _inputs(workflow: Workflow, inputs: dict[str, Any]) -> dict[str, Any]:
    """Check inputs against what the workflow declares, and fill in its defaults."""
    if len(inputs) > _MOST_INPUTS:
        raise Refusal(
            422, f"Invalid request.\n\nNo more than {_MOST_INPUTS} properties are allowed; {len(inputs)} were supplied."
        )
    unknown = [name for name in inputs if name not in workflow.inputs]
    if unknown:
        raise Refusal(422, f"Unexpected inputs provided: {json.dumps(unknown)}")
    given = {name: inputs.get(name, told.get("default", "")) for name, told in workflow.inputs.items()}
    for name, told in workflow.inputs.items():
        if told.get("required") and given[name] in ("", None):
            raise Refusal(422, f"Required input '{name}' not provided")
        if told.get("type") == "choice" and given[name] and given[name] not in told["options"]:
            raise Refusal(422, f"Provided value '{given[name]}' for input '{name}' not in the list of allowed values")
    return given


@route("POST", "/dispatches", contents="write")
def dispatch_repository(call: Call) -> Answer:
    event_type, payload = call.body.get("event_type"), call.body.get("client_payload") or {}
    if not isinstance(event_type, str) or not event_type:
        raise Refusal(422, 'Invalid request.\n\n"event_type" wasn\'t supplied.')
    if len(event_type) > 100:
        raise Refusal(422, "Invalid request.\n\nevent_type is too long (maximum is 100 characters).")
    if len(payload) > _MOST_KEYS:
        raise Refusal(
            422, f"Invalid request.\n\nNo more than {_MOST_KEYS} properties are allowed; {len(payload)} were supplied."
        )
    if len(json.dumps(payload).encode()) >= _LARGEST_PAYLOAD:
        raise Refusal(422, "client_payload is too large.")
    values = {f"github.event.client_payload.{name}": value for name, value in payload.items()}
    for workflow in call.repository.workflows:
        if workflow.state == "active" and workflow.hears(event_type):
            title = workflow.title(values | {"github.event.action": event_type}, event_type)
            branch = call.repository.default_branch
            told = {"given": payload, "display_title": title, "actor": call.login}
            run = call.repository.run(workflow, "repository_dispatch", branch, **told)
            call.github.start(run, call.github.on_dispatch)
    return Answer(204)


# --- runs -------------------------------------------------------------------------------------------------------


@route("GET", "/actions/runs", actions="read")
def list_runs(call: Call) -> Answer:
    return _runs(call, call.repository.runs)


@route("GET", "/actions/workflows/{workflow}/runs", actions="read")
def list_workflow_runs(call: Call) -> Answer:
    workflow = _workflow(call)
    return _runs(call, [run for run in call.repository.runs if run.workflow is workflow])


def _runs(call: Call, runs: list[Run]) -> Answer:
    """List the runs that the query asks for, the newest first."""
    wanted = [run for run in reversed(runs) if all(test(run, call.query) for test in _RUN_FILTERS)]
    page, links = call.page(wanted)
    listed = [call.documents.run(call.repository, run) for run in page]
    return Answer(200, {"total_count": len(wanted), "workflow_runs": listed}, links)


def _same(name: str, of: Callable[[Run], Any]) -> Callable[[Run, dict[str, str]], bool]:
    return lambda run, query: name not in query or query[name] in of(run)


_RUN_FILTERS = (
    _same("event", lambda run: (run.event,)),
    _same("status", lambda run: (run.status, run.conclusion)),
    _same("head_sha", lambda run: (run.head_sha,)),
    _same("branch", lambda run: (run.head_branch,)),
    _same("actor", lambda run: (run.actor,)),
    lambda run, query: _within(run.created_at, query.get("created", "*")),
)


def _within(when: datetime, range_: str) -> bool:
    """Take a range as GitHub's search does: >=x, <x, x..y (either may be *), or a day.

    https://docs.github.com/search-github/getting-started-with-searching-on-github/understanding-the-search-syntax
    """
    compared = re.fullmatch(r"(>=|<=|>|<)(.+)", range_)
    if compared:
        other = _time(compared[2])
        return {">=": when >= other, "<=": when <= other, ">": when > other, "<": when < other}[compared[1]]
    first, _, last = range_.partition("..")
    if not last:
        return first == "*" or when.isoformat().startswith(first[:19].removesuffix("Z"))
    return (first == "*" or when >= _time(first)) and (last == "*" or when <= _time(last))


def _time(text: str) -> datetime:
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise Refusal(422, f"Invalid date: {text}") from None
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def _run(call: Call) -> Run:
    run: Run = call.pick(call.repository.runs, "run")
    return run


@route("GET", "/actions/runs/{run}", actions="read")
def get_run(call: Call) -> Answer:
    return Answer(200, call.documents.run(call.repository, _run(call)))


@route("GET", "/actions/runs/{run}/jobs", actions="read")
def list_jobs(call: Call) -> Answer:
    run = _run(call)
    call.github.identify(run.jobs)
    wanted = run.jobs if call.query.get("filter") == "all" else run.latest_jobs
    page, links = call.page(wanted)
    jobs = [call.documents.job(call.repository, run, job) for job in page]
    return Answer(200, {"total_count": len(wanted), "jobs": jobs}, links)


@route("GET", "/actions/jobs/{job}/logs", public=False, actions="read")
def download_log(call: Call) -> Answer:
    job: Job = call.pick((job for run in call.repository.runs for job in run.jobs), "job")
    if not job.conclusion:
        raise not_found()
    if job.log is None:
        raise Refusal(410, "Server Error")  # GitHub's own words for a log that it no longer keeps
    return Answer(302, None, {"Location": call.github.store(job.log.encode(), "text/plain; charset=utf-8")})


@route("POST", "/actions/runs/{run}/rerun-failed-jobs", actions="write")
def rerun_failed_jobs(call: Call) -> Answer:
    run = _run(call)
    if run.status != "completed":
        raise Refusal(403, "This workflow is already running")
    if not run.failed_jobs:
        raise Refusal(403, "This workflow run cannot be retried")
    run.rerun()
    call.github.start(run, call.github.on_rerun)
    return Answer(201, {})


@route("GET", "/actions/runs/{run}/approvals", actions="read")
def list_approvals(call: Call) -> Answer:
    return Answer(200, call.documents.approvals(call.repository, _run(call)))


@route("GET", "/actions/runs/{run}/artifacts", actions="read")
def list_artifacts(call: Call) -> Answer:
    run = _run(call)
    call.github.identify(run.artifacts)
    wanted = [each for each in run.artifacts if call.query.get("name") in (None, each.name)]
    page, links = call.page(wanted)
    listed = [call.documents.artifact(call.repository, run, artifact) for artifact in page]
    return Answer(200, {"total_count": len(wanted), "artifacts": listed}, links)


@route("GET", "/actions/artifacts/{artifact}/{archive_format}", public=False, actions="read")
def download_artifact(call: Call) -> Answer:
    artifact: Artifact = call.pick((each for run in call.repository.runs for each in run.artifacts), "artifact")
    if call.named["archive_format"] != "zip":
        raise not_found()
    if artifact.expired:
        raise Refusal(410, "Artifact has expired")
    return Answer(302, None, {"Location": call.github.store(artifact.content, "application/zip")})


# --- commits ----------------------------------------------------------------------------------------------------


@route("POST", "/statuses/{sha}", statuses="write")
def create_status(call: Call) -> Answer:
    commit, body = call.named["sha"], call.body
    if commit not in call.repository.known_commits:
        raise Refusal(422, f"No commit found for SHA: {commit}")
    context, description, url = body.get("context") or "default", body.get("description"), body.get("target_url")
    if body.get("state") not in ("error", "failure", "pending", "success"):
        raise invalid("Status", "state", "state is not included in the list")
    for name, text, longest in (
        ("description", description, _LONGEST_DESCRIPTION),
        ("context", context, _LONGEST_CONTEXT),
    ):
        if len(text or "") > longest:
            raise invalid("Status", name, f"{name} is too long (maximum is {longest} characters)")
    if url and not re.match(r"https?://", url):
        raise invalid("Status", "target_url", "target_url must use http(s) scheme")
    known = [each for each in call.repository.statuses if (each.sha, each.context.lower()) == (commit, context.lower())]
    if len(known) >= _MOST_STATUSES:
        raise invalid("Status", "base", "This SHA and context has reached the maximum number of statuses.")
    made = Status(
        call.github.next_id(), commit, body["state"], context, description, url, call.login, call.github.now()
    )
    call.repository.statuses.append(made)
    document = call.documents.status(call.repository, made)
    return Answer(201, document, {"Location": document["url"]})


def _statuses(call: Call) -> tuple[str, list[Status]]:
    """Give the commit that the path names, and its statuses, the newest first."""
    commit = call.repository.commit(call.named["ref"])
    if not commit:
        raise not_found()
    return commit, [status for status in reversed(call.repository.statuses) if status.sha == commit]


@route("GET", "/commits/{ref}/status", statuses="read")
def get_combined_status(call: Call) -> Answer:
    commit, statuses = _statuses(call)
    latest = list({status.context.lower(): status for status in reversed(statuses)}.values())
    page, links = call.page(latest)
    together = call.documents.combined_status(call.repository, commit, latest)
    together["statuses"] = [call.documents.status(call.repository, status) for status in page]
    return Answer(200, together, links)


@route("GET", "/commits/{ref}/statuses", statuses="read")
def list_statuses(call: Call) -> Answer:
    page, links = call.page(_statuses(call)[1])
    return Answer(200, [call.documents.status(call.repository, status) for status in page], links)


@route("GET", "/commits/{ref}/check-runs", checks="read")
def list_check_runs(call: Call) -> Answer:
    commit, name = call.repository.commit(call.named["ref"]), call.query.get("check_name")
    if not commit:
        raise Refusal(422, f"No commit found for SHA: {call.named['ref']}")
    here = [run for run in call.repository.runs if run.head_sha == commit]
    found = [(run, job) for run in here for job in run.latest_jobs if name in (None, job.name)]
    page, links = call.page(found)
    listed = [call.documents.check_run(call.repository, run, job) for run, job in page]
    return Answer(200, {"total_count": len(found), "check_runs": listed}, links)


@route("GET", "/deployments", deployments="read")
def list_deployments(call: Call) -> Answer:
    wanted = {name: call.query[name] for name in ("sha", "environment") if name in call.query}
    found = [each for each in call.repository.deployments if wanted.items() <= vars(each).items()]
    page, links = call.page(found[::-1])
    return Answer(200, [call.documents.deployment(call.repository, each) for each in page], links)


@route("GET", "/deployments/{deployment}/statuses", deployments="read")
def list_deployment_statuses(call: Call) -> Answer:
    deployment: Deployment = call.pick(call.repository.deployments, "deployment")
    page, links = call.page([*reversed(range(len(deployment.states)))])
    return Answer(200, [call.documents.deployment_state(call.repository, deployment, each) for each in page], links)


@route("GET", "/commits/{sha}/pulls", pull_requests="read")
def list_pulls_of_commit(call: Call) -> Answer:
    commit = call.named["sha"]
    if commit not in call.repository.known_commits:
        raise Refusal(422, f"No commit found for SHA: {commit}")
    page, links = call.page(
        [pull for pull in call.repository.pulls if commit in (pull.head_sha, pull.merge_commit_sha)]
    )
    return Answer(200, [call.documents.pull(call.repository, pull) for pull in page], links)


# --- issues, pull requests and comments -------------------------------------------------------------------------


@route("GET", "/issues", issues="read")
def list_issues(call: Call) -> Answer:
    labels = {name for name in call.query.get("labels", "").split(",") if name}
    state = call.query.get("state", "open")
    # Pull requests are issues too, and among them.
    found = [
        each for each in call.repository.issues.values() if state in (each.state, "all") and labels <= {*each.labels}
    ]
    page, links = call.page(found if call.query.get("direction") == "asc" else found[::-1])
    return Answer(200, [call.documents.issue(call.repository, issue) for issue in page], links)


@route("POST", "/issues", issues="write")
def create_issue(call: Call) -> Answer:
    title = call.body.get("title")
    if not isinstance(title, str) or not title.strip():
        raise invalid("Issue", "title", "title can't be blank", "missing_field")
    _check_body(call, "Issue")
    issue = call.repository.issue(
        title, user=call.login, body=call.body.get("body"), labels=list(call.body.get("labels") or [])
    )
    document = call.documents.issue(call.repository, issue)
    return Answer(201, document, {"Location": document["url"]})


def _issue(call: Call) -> Issue:
    issue = call.repository.issues.get(call.number("number"))
    if not issue:
        raise not_found()
    return issue


@route("GET", "/issues/{number}", issues="read", pull_requests="read")
def get_issue(call: Call) -> Answer:
    return Answer(200, call.documents.issue(call.repository, _issue(call)))


@route("PATCH", "/issues/{number}", issues="write", pull_requests="write")
def update_issue(call: Call) -> Answer:
    issue = _issue(call)
    _check_body(call, "Issue")
    state = call.body.get("state", issue.state)
    if state not in ("open", "closed"):
        raise invalid("Issue", "state", "state is not included in the list", "invalid")
    if state != issue.state:
        reason = "completed" if state == "closed" else "reopened"
        issue.state, issue.state_reason = state, call.body.get("state_reason") or reason
        issue.closed_at = call.github.now() if state == "closed" else None
    for name in ("title", "body", "labels"):
        if name in call.body:
            setattr(issue, name, call.body[name])
    return Answer(200, call.documents.issue(call.repository, issue))


def _check_body(call: Call, resource: str) -> None:
    if len(call.body.get("body") or "") > _LONGEST_BODY:
        raise invalid(resource, "body", f"body is too long (maximum is {_LONGEST_BODY} characters)")


@route("GET", "/issues/{number}/comments", issues="read", pull_requests="read")
def list_comments(call: Call) -> Answer:
    issue = _issue(call)
    page, links = call.page([comment for comment in call.repository.comments if comment.issue == issue.number])
    return Answer(200, [call.documents.comment(call.repository, comment) for comment in page], links)


@route("POST", "/issues/{number}/comments", issues="write", pull_requests="write")
def create_comment(call: Call) -> Answer:
    issue = _issue(call)
    comment = call.repository.comment(issue.number, _comment_body(call), call.login)
    document = call.documents.comment(call.repository, comment)
    return Answer(201, document, {"Location": document["url"]})


@route("PATCH", "/issues/comments/{comment}", issues="write", pull_requests="write")
def update_comment(call: Call) -> Answer:
    comment: Comment = call.pick(call.repository.comments, "comment")
    comment.body, comment.updated_at = _comment_body(call), call.github.now()
    return Answer(200, call.documents.comment(call.repository, comment))


def _comment_body(call: Call) -> str:
    body = call.body.get("body")
    if not isinstance(body, str) or not body.strip():
        raise invalid("IssueComment", "body", "body can't be blank", "missing_field")
    _check_body(call, "IssueComment")
    return body


@route("GET", "/pulls", pull_requests="read")
def list_pulls(call: Call) -> Answer:
    query, state = call.query, call.query.get("state", "open")

    def wanted(pull: PullRequest) -> bool:
        base = query.get("base", pull.base_branch) == pull.base_branch
        owner = (pull.head_repository or call.repository.full_name).split("/")[0]
        return state in (pull.state, "all") and base and query.get("head") in (None, f"{owner}:{pull.head_branch}")

    page, links = call.page([pull for pull in reversed(call.repository.pulls) if wanted(pull)])
    return Answer(200, [call.documents.pull(call.repository, pull) for pull in page], links)


@route("GET", "/pulls/{number}", pull_requests="read")
def get_pull(call: Call) -> Answer:
    pull = _issue(call)
    if not isinstance(pull, PullRequest):
        raise not_found()
    return Answer(200, call.documents.whole_pull(call.repository, pull))
