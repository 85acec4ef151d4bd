"""GitHub's REST API: the one place that speaks it.

Shapes and limits: https://docs.github.com/en/rest

Not by PyGithub, which actions-toolkit names as its dependency: it brings 28 MB for what is a dozen requests, and knows
neither `return_run_details` nor one deadline for all attempts.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote, urlsplit

import requests

from pact_gate.model.errors import GitHubError
from pact_gate.model.runs import (
    Artifact,
    CheckRun,
    Comment,
    Environment,
    Issue,
    PullRequest,
    Review,
    RunOrigin,
    WorkflowRun,
)
from pact_gate.transport import Clock, Failure, Transport, check, retry_after, why_unreachable

Json = Mapping[str, Any]

_API_VERSION = "2022-11-28"
_PAGE = 100
_MOST_PAGES = 50
_LOG_BYTES = 32 * 1024 * 1024
_LIMITED_SECONDS = 60.0  # GitHub's own least, where a limit does not say how long
_ADDRESS = "GITHUB_API_URL"
_UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND, _UNPROCESSABLE, _TOO_MANY = 401, 403, 404, 422, 429
_DETAILS = "return_run_details"
_WORTH_A_RETRY = frozenset({500, 502, 503, 504})
_TIMESTAMP = re.compile(r"^\ufeff?\d{4}-\d\d-\d\dT[\d:.]+Z ", re.MULTILINE)
_DEPLOYED = {"success": "success", "failure": "failure", "error": "failure"}  # the states in which it has ended
_FAILED = frozenset({"failure", "timed_out", "cancelled", "startup_failure"})


class GitHub:
    """GitHub as one token sees it. Repositories are `owner/name`.

    Every method raises `GitHubError` when GitHub cannot be reached, refuses or gives an answer that is none; `status`
    tells which.
    """

    def __init__(self, api_url: str, session: requests.Session, *, timeout: float, clock: Clock | None = None) -> None:
        self._base = api_url.rstrip("/")
        self._session = session
        self._transport = Transport(session, self, timeout=timeout, clock=clock or Clock())
        self._session.headers.update({"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": _API_VERSION})

    def close(self) -> None:
        """Give back the connections."""
        self._session.close()

    # --- runs --------------------------------------------------------------------------------------------

    def dispatch_workflow(
        self, repository: str, workflow: str, ref: str, inputs: Mapping[str, str]
    ) -> WorkflowRun | None:
        """Start a workflow by its file's name, and give its run; None where this server does not tell which it is."""
        body = {"ref": ref, "inputs": dict(inputs)}
        path = _in(repository, f"actions/workflows/{quote(workflow, safe='')}/dispatches")
        try:
            answer = self._send("POST", path, {**body, _DETAILS: True}, may_repeat=False)
        except GitHubError as error:
            # GitHub Enterprise Server up to 3.19 at least does not know the key, and then starts nothing.
            if error.status != _UNPROCESSABLE or _DETAILS not in error.cause:
                raise
            answer = self._send("POST", path, body, may_repeat=False)
        if not answer:
            return None
        with self._understood():
            return WorkflowRun(int(answer["workflow_run_id"]), str(answer["html_url"]), "queued")

    def dispatch_event(self, repository: str, event_type: str, payload: Json) -> None:
        """Start what a repository runs on `repository_dispatch` with this type."""
        body = {"event_type": event_type, "client_payload": dict(payload)}
        self._send("POST", _in(repository, "dispatches"), body, may_repeat=False)

    def runs(self, repository: str, *, event: str, workflow: str = "", since: str = "") -> Iterator[WorkflowRun]:
        """Give the newest hundred runs of an event, of one workflow where it is named; `since` is ISO 8601."""
        where = f"actions/workflows/{quote(workflow, safe='')}/runs" if workflow else "actions/runs"
        query = {"event": event, "per_page": str(_PAGE)} | ({"created": f">={since}"} if since else {})
        with self._understood():
            yield from map(_run, self._get(_in(repository, where), **query)["workflow_runs"])

    def run(self, repository: str, run_id: int) -> WorkflowRun:
        """Give a run as it stands."""
        with self._understood():
            return _run(self._get(_in(repository, f"actions/runs/{run_id}")))

    def origin(self, repository: str, run_id: int) -> RunOrigin:
        """Say where a run comes from."""
        with self._understood():
            return _origin(self._get(_in(repository, f"actions/runs/{run_id}")))

    def last_words(self, repository: str, run_id: int, lines: int) -> str:
        """Give the last lines of the log of a run's first job that failed, without their times; empty without one."""
        with self._understood():
            failed = next((job for job in self._jobs(repository, run_id) if job.get("conclusion") in _FAILED), None)
            if failed is None:
                return ""
            path = _in(repository, f"actions/jobs/{int(failed['id'])}/logs")
        log = self._request("GET", path, most_bytes=_LOG_BYTES).content.decode("utf-8", errors="replace")
        return "\n".join(_TIMESTAMP.sub("", log).rstrip().splitlines()[-lines:])

    def failed_jobs(self, repository: str, run_id: int) -> dict[str, str]:
        """Give the jobs of a run's latest attempt that failed or were cancelled: each one's conclusion by its name."""
        with self._understood():
            jobs = self._jobs(repository, run_id)
            return {str(job["name"]): str(job["conclusion"]) for job in jobs if job.get("conclusion") in _FAILED}

    def _jobs(self, repository: str, run_id: int) -> Iterator[Json]:
        return self._paged(_in(repository, f"actions/runs/{run_id}/jobs"), "jobs")

    def rerun_failed_jobs(self, repository: str, run_id: int) -> None:
        """Start a run's failed jobs again, and what needs them."""
        self._send("POST", _in(repository, f"actions/runs/{run_id}/rerun-failed-jobs"), {}, may_repeat=False)

    def reviews(self, repository: str, run_id: int) -> list[Review]:
        """Give who let the jobs of a run go on that wait for an environment, and who did not."""
        with self._understood():
            return [_review(each) for each in self._get(_in(repository, f"actions/runs/{run_id}/approvals"))]

    def environment(self, repository: str, name: str) -> Environment | None:
        """Give an environment of a repository, None where there is none."""
        found = self._found(_in(repository, f"environments/{quote(name, safe='')}"))
        if found is None:
            return None
        with self._understood():
            return Environment(str(found["name"]), any(map(_is_reviewed, found.get("protection_rules") or ())))

    # --- a commit's checks -------------------------------------------------------------------------------

    def check_runs(self, repository: str, sha: str, name: str) -> list[CheckRun]:
        """Give the newest check runs of a name on a commit: one of each app and suite that has one."""
        with self._understood():
            found = self._paged(_in(repository, f"commits/{sha}/check-runs"), "check_runs", check_name=name)
            return [
                CheckRun(str(each["status"]), each.get("conclusion"), str(each.get("html_url") or "")) for each in found
            ]

    def deployed(self, repository: str, sha: str, environment: str) -> CheckRun | None:
        """Give what became of a commit's newest deployment to an environment, None where there is none."""
        query = {"sha": sha, "environment": environment, "per_page": "1"}
        with self._understood():
            newest = next(iter(self._get(_in(repository, "deployments"), **query)), None)
            if newest is None:
                return None
            states = self._get(_in(repository, f"deployments/{int(newest['id'])}/statuses"), per_page=str(_PAGE))
            # A later deployment makes this one inactive, whatever became of it.
            told = next((each for each in states if each["state"] != "inactive"), None)
            if told is None:
                return CheckRun("queued", None, "")
            url = str(told.get("log_url") or told.get("target_url") or "")
            ended = _DEPLOYED.get(str(told["state"]))
            return CheckRun("completed" if ended else "in_progress", ended, url)

    # --- artifacts ---------------------------------------------------------------------------------------

    def artifacts(self, repository: str, run_id: int) -> list[Artifact]:
        """Give what a run has kept."""
        with self._understood():
            found = self._paged(_in(repository, f"actions/runs/{run_id}/artifacts"), "artifacts")
            return [
                Artifact(int(each["id"]), str(each["name"]), int(each["size_in_bytes"]), bool(each["expired"]))
                for each in found
            ]

    def download(self, repository: str, artifact: Artifact, most_bytes: int) -> bytes:
        """Give an artifact's zip file, no more than so many bytes of it: a larger one is an error."""
        path = _in(repository, f"actions/artifacts/{artifact.id}/zip")
        return self._request("GET", path, most_bytes=most_bytes).content

    # --- pull requests -----------------------------------------------------------------------------------

    def set_status(self, repository: str, sha: str, *, context: str, state: str, description: str, url: str) -> None:
        """Set a commit status; the newest of a context counts."""
        body = {"state": state, "context": context, "description": description} | ({"target_url": url} if url else {})
        self._send("POST", _in(repository, f"statuses/{sha}"), body)

    def statuses(self, repository: str, sha: str) -> list[Json]:
        """Give the newest status of each context of a commit, with `context`, `state`, `description`, `target_url`."""
        with self._understood():
            return list(self._paged(_in(repository, f"commits/{sha}/status"), "statuses"))

    def comments(self, repository: str, number: int) -> Iterator[Comment]:
        """Give the comments on a pull request or an issue, the oldest first."""
        with self._understood():
            for each in self._paged(_in(repository, f"issues/{number}/comments")):
                author = each.get("user") or {}  # none where the account is gone
                login, is_bot = str(author.get("login", "")), author.get("type") == "Bot"
                yield Comment(int(each["id"]), str(each.get("body") or ""), login, is_bot)

    def comment(self, repository: str, number: int, body: str) -> None:
        """Write a new comment."""
        self._send("POST", _in(repository, f"issues/{number}/comments"), {"body": body}, may_repeat=False)

    def login(self) -> str | None:
        """Name the user whose token this is; None for the token of a run or an app, which is nobody's."""
        found = self._found("/user", _FORBIDDEN, _NOT_FOUND)
        with self._understood():
            return None if found is None else str(found["login"])

    def edit_comment(self, repository: str, comment_id: int, body: str) -> None:
        """Write a comment anew."""
        self._send("PATCH", _in(repository, f"issues/comments/{comment_id}"), {"body": body})

    def pull_requests(self, repository: str, head: str = "") -> Iterator[PullRequest]:
        """Give the open pull requests, those of one head (`owner:branch`) where it is named."""
        query = {"state": "open"} | ({"head": head} if head else {})
        with self._understood():
            for each in self._paged(_in(repository, "pulls"), **query):
                yield PullRequest(int(each["number"]), str(each["head"]["sha"]), str(each["head"]["ref"]))

    # --- the repository ----------------------------------------------------------------------------------

    def default_branch(self, repository: str) -> str:
        """Name the branch that a repository's dispatches start from."""
        with self._understood():
            return str(self._get(_in(repository, ""))["default_branch"])

    def branches(self, repository: str) -> set[str]:
        """Name all branches."""
        with self._understood():
            return {str(each["name"]) for each in self._paged(_in(repository, "branches"))}

    def has_branch(self, repository: str, name: str) -> bool:
        """Say whether there is a branch of this name, or was one that has another name now."""
        return self._found(_in(repository, f"branches/{quote(name, safe='')}")) is not None

    def open_issues(self, repository: str, label: str) -> list[Issue]:
        """Give the open issues with a label."""
        with self._understood():
            return [_issue(each) for each in self._paged(_in(repository, "issues"), state="open", labels=label)]

    def open_issue(self, repository: str, title: str, body: str, label: str) -> Issue:
        """Open an issue."""
        document = {"title": title, "body": body, "labels": [label]}
        answer = self._send("POST", _in(repository, "issues"), document, may_repeat=False)
        with self._understood():
            return _issue(answer)

    # --- requests ----------------------------------------------------------------------------------------

    def _request(self, method: str, path: str, **options: Any) -> requests.Response:
        return self._transport.request(method, f"{self._base}{path}", **options)

    def _get(self, path: str, **query: str) -> Any:
        return self._decoded(self._request("GET", path, params=query))

    def _found(self, path: str, *nothing: int) -> Any:
        """Read a document, None where GitHub answers with one of these statuses: that there is none, unless others."""
        try:
            return self._get(path)
        except GitHubError as error:
            if error.status in (nothing or (_NOT_FOUND,)):
                return None
            raise

    def _send(self, method: str, path: str, body: Json, *, may_repeat: bool = True) -> Any:
        response = self._request(method, path, json=body, may_repeat=may_repeat)
        return self._decoded(response) if response.content else None

    def _paged(self, path: str, key: str = "", **query: str) -> Iterator[Json]:
        """Give the items of a list, page by page, as far as the links to the next page lead within this API."""
        response = self._request("GET", path, params={"per_page": str(_PAGE), **query})
        for _ in range(_MOST_PAGES):
            page = self._decoded(response)
            yield from page[key] if key else page
            following = response.links.get("next", {}).get("url")
            if not following:
                return
            if urlsplit(following)[:2] != urlsplit(self._base)[:2]:
                raise self._not_understood()
            response = self._transport.request("GET", following)

    def _decoded(self, response: requests.Response) -> Any:
        try:
            return response.json()
        except (ValueError, RecursionError) as error:
            raise self._not_understood() from error

    @contextmanager
    def _understood(self) -> Iterator[None]:
        try:
            yield
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise self._not_understood() from error

    def _not_understood(self) -> GitHubError:
        return GitHubError(
            f"What answers at {self._base} does not speak as GitHub does.",
            f"Check {_ADDRESS} (the runner sets it), and whether a proxy answers in GitHub's place.",
        )

    # --- as a `Peer` of the transport

    def unreachable(self, error: Failure) -> GitHubError:
        """Say why GitHub gave no answer."""
        reason, next_step = why_unreachable(error, address=_ADDRESS)
        return GitHubError(f"GitHub at {self._base} could not be reached: {reason}.", next_step)

    def too_long(self, most_bytes: int) -> GitHubError:
        """Say that the answer has no end."""
        return GitHubError(f"GitHub at {self._base} sent more than {most_bytes:,} bytes.", check(_ADDRESS))

    def redirected(self, response: requests.Response) -> GitHubError:
        """A repository that was renamed redirects, and a write would become a read."""
        return GitHubError(
            f"GitHub redirects to {response.url.split('?')[0]}, where a write does not arrive.",
            "The repository was renamed or moved: name it as it is called now.",
        )

    def refused(self, response: requests.Response) -> GitHubError:
        """Say what GitHub's no means, in its own words as well."""
        status = response.status_code
        cause, next_step = self._why_refused(response)
        told = _told(response)
        path = urlsplit(response.request.url or "").path.removeprefix(urlsplit(self._base).path)
        words = f" ({response.request.method} {path}: {status}{f', {told}' if told else ''})"
        return GitHubError(f"GitHub {cause}{words}.", next_step, status=status)

    def pause(self, response: requests.Response) -> float | None:
        """Wait as long as a limit says; otherwise ask again after what may pass.

        https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api
        """
        if _is_limited(response):
            reset = response.headers.get("x-ratelimit-reset", "")
            if _is_spent(response) and reset.isascii() and reset.isdigit():
                return retry_after(response) or max(float(reset) - time.time(), 0.0)
            return retry_after(response) or _LIMITED_SECONDS
        return retry_after(response) if response.status_code in _WORTH_A_RETRY else None

    def _why_refused(self, response: requests.Response) -> tuple[str, str]:
        status = response.status_code
        if _is_limited(response):
            return "is asked too often", "Try again later; a GitHub App's token has limits of its own."
        if status == _UNAUTHORIZED:
            return "does not accept the token", "Check the secret behind `github-token`: it may have expired."
        if status == _FORBIDDEN:
            return "does not allow this to the token", _permission(response)
        if status == _NOT_FOUND:
            return (
                "does not know this, or the token must not see it",
                "Check the names (repository, workflow file), and that the token reaches this repository.",
            )
        if status >= min(_WORTH_A_RETRY):
            return "is broken or overloaded", "Try again; https://www.githubstatus.com tells whether others see it too."
        return "refused the request", "GitHub's own words say why."


def _in(repository: str, path: str) -> str:
    owner, _, name = repository.partition("/")
    return f"/repos/{quote(owner, safe='')}/{quote(name, safe='')}{f'/{path}' if path else ''}"


def _run(document: Json) -> WorkflowRun:
    return WorkflowRun(
        id=int(document["id"]),
        url=str(document["html_url"]),
        status=str(document["status"]),
        conclusion=document.get("conclusion"),
        name=str(document.get("display_title") or document.get("name") or ""),
        attempt=int(document.get("run_attempt") or 1),
    )


def _origin(document: Json) -> RunOrigin:
    head = document["head_repository"]
    return RunOrigin(
        event=str(document["event"]),
        # The path may name the ref as well that the file was taken from: .github/workflows/test.yml@main
        workflow=str(document["path"]).partition("@")[0].rpartition("/")[2],
        head=str(document["head_sha"]),
        branch=document["head_branch"],
        head_repository=str(head["full_name"]) if head else None,
    )


def _review(document: Json) -> Review:
    author = document.get("user") or {}  # none where the account is gone
    return Review(
        login=str(author.get("login", "")),
        by_person=author.get("type") == "User",
        state=str(document["state"]),
        environments=tuple(str(each["name"]) for each in document["environments"]),
    )


def _is_reviewed(rule: Json) -> bool:
    """Say whether a protection rule names at least one person or team."""
    return rule["type"] == "required_reviewers" and len(rule.get("reviewers") or ()) > 0


def _issue(document: Json) -> Issue:
    return Issue(
        number=int(document["number"]),
        title=str(document["title"]),
        body=str(document.get("body") or ""),
        url=str(document["html_url"]),
        by_bot=(document.get("user") or {}).get("type") == "Bot",
    )


def _is_limited(response: requests.Response) -> bool:
    """Say whether a limit was met: the primary one has nothing left, the secondary one may tell it in words alone.

    https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit
    """
    if response.status_code not in (_FORBIDDEN, _TOO_MANY):
        return False
    named = "Retry-After" in response.headers or "rate limit" in _told(response).lower()
    return response.status_code == _TOO_MANY or _is_spent(response) or named


def _is_spent(response: requests.Response) -> bool:
    return response.headers.get("x-ratelimit-remaining") == "0"


def _permission(response: requests.Response) -> str:
    """GitHub names what would have been accepted in a header."""
    accepted = response.headers.get("X-Accepted-GitHub-Permissions", "")
    named = f" ({accepted.replace('=', ': ')})" if re.fullmatch(r"[\w=;, ]{1,200}", accepted) else ""
    return f"Give the job, or the app whose token this is, the permission that is needed{named}."


def _told(response: requests.Response) -> str:
    """Give GitHub's own words for an error: its message, and what is wrong with which field."""
    try:
        document = response.json()
        errors = document.get("errors", [])
        told = [document.get("message"), *(each.get("message") if isinstance(each, dict) else each for each in errors)]
    except (ValueError, RecursionError, AttributeError, TypeError):
        return ""
    return "; ".join(str(each) for each in told if each)[:300]
