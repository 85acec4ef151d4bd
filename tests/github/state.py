"""What a GitHub keeps, as plain data that a test reads and sets.

Identifiers count up from `github.next_id()`; times are aware datetimes; a permission is "read" or "write".
"""

from __future__ import annotations

import hashlib
import io
import itertools
import re
import secrets
import threading
import zipfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

import yaml

_EXPRESSION = re.compile(r"\$\{\{\s*([\w.-]+(?:\s*\|\|\s*[\w.-]+)*)\s*\}\}")  # names, the first that is not empty
_FAILED = frozenset({"failure", "cancelled", "timed_out", "startup_failure"})


def sha(of: str) -> str:
    """Give a commit's SHA, the same for the same word."""
    return hashlib.sha1(of.encode(), usedforsecurity=False).hexdigest()


def zipped(files: Mapping[str, str | bytes]) -> bytes:
    """Pack files as upload-artifact does."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


@dataclass
class Token:
    """Who a token speaks for, and per repository what it may do: `{"acme/orders": {"actions": "write"}}`."""

    permissions: dict[str, dict[str, str]]
    login: str = "github-actions[bot]"


@dataclass
class Workflow:
    """A workflow file. `on` is its triggers, `run_name` its `run-name`, in which inputs and payloads are filled in."""

    id: int
    path: str
    name: str
    on: dict[str, Any]
    run_name: str = ""
    state: str = "active"

    @property
    def file(self) -> str:
        return self.path.rsplit("/", 1)[-1]

    @property
    def inputs(self) -> dict[str, dict[str, Any]]:
        """What `workflow_dispatch` declares."""
        declared = (self.on.get("workflow_dispatch") or {}).get("inputs") or {}
        return {name: told or {} for name, told in declared.items()}

    def hears(self, event_type: str) -> bool:
        """Say whether a repository_dispatch of this type starts it."""
        types = (self.on.get("repository_dispatch") or {}).get("types") or event_type
        return "repository_dispatch" in self.on and event_type in ([types] if isinstance(types, str) else types)

    def title(self, values: Mapping[str, Any], otherwise: str) -> str:
        """Fill in `run-name`; `values` has the expressions' names, as `inputs.key`."""

        def filled(found: re.Match[str]) -> str:
            return next((str(values[name]) for name in re.split(r"\s*\|\|\s*", found[1]) if values.get(name)), "")

        return _EXPRESSION.sub(filled, self.run_name) or otherwise


@dataclass
class Step:
    name: str
    conclusion: str | None = "success"

    @property
    def status(self) -> str:
        return "completed" if self.conclusion else "in_progress"


@dataclass
class Job:
    """A job of a run. Its log is the text that GitHub sends, as a rule with times; None where it is kept no more."""

    name: str
    conclusion: str | None = "success"
    steps: list[Step] = field(default_factory=list)
    log: str | None = ""
    run_attempt: int = 1
    id: int = 0
    completed_at: datetime | None = None

    @property
    def status(self) -> str:
        return "completed" if self.conclusion else "in_progress"


@dataclass
class Artifact:
    """What a run uploaded: the bytes of a zip file."""

    name: str
    content: bytes
    expired: bool = False
    id: int = 0


@dataclass
class Approval:
    """What a reviewer of environments said: `state` is approved or rejected."""

    environments: list[str]
    user: str
    state: str = "approved"
    comment: str = ""


@dataclass
class Run:
    """A run of a workflow. `given` is its inputs, or the client_payload that it was started with."""

    id: int
    repository: str
    workflow: Workflow
    event: str
    head_sha: str
    head_branch: str | None
    display_title: str
    created_at: datetime
    run_number: int = 1
    run_attempt: int = 1
    status: str = "queued"
    conclusion: str | None = None
    actor: str = "github-actions[bot]"
    head_repository: str | None = ""  # "": the same; None: a fork that is gone
    given: dict[str, Any] = field(default_factory=dict)
    pull_requests: list[int] = field(default_factory=list)
    jobs: list[Job] = field(default_factory=list)
    artifacts: list[Artifact] = field(default_factory=list)
    approvals: list[Approval] = field(default_factory=list)

    def rerun(self) -> None:
        """Queue a new attempt of the jobs that failed."""
        self.run_attempt += 1
        self.status, self.conclusion = "queued", None
        self.jobs.extend([Job(job.name, conclusion=None, run_attempt=self.run_attempt) for job in self.failed_jobs])

    def finish(self, conclusion: str, *jobs: Job) -> None:
        """End the run, with these jobs of its latest attempt."""
        for job in jobs:
            job.run_attempt = self.run_attempt
        self.jobs.extend(jobs)
        for job in self.latest_jobs:
            job.conclusion = job.conclusion or conclusion
        self.conclusion = conclusion
        self.status = "completed"

    @property
    def latest_jobs(self) -> list[Job]:
        """Give each job as its latest attempt left it."""
        return list({job.name: job for job in sorted(self.jobs, key=lambda job: job.run_attempt)}.values())

    @property
    def failed_jobs(self) -> list[Job]:
        return [job for job in self.latest_jobs if job.conclusion in _FAILED]


@dataclass
class Status:
    """A commit status; the context is compared without case."""

    id: int
    sha: str
    state: str
    context: str
    description: str | None
    target_url: str | None
    creator: str
    created_at: datetime


@dataclass
class Comment:
    id: int
    issue: int
    user: str
    body: str
    created_at: datetime
    updated_at: datetime


@dataclass
class Issue:
    id: int
    number: int
    title: str
    user: str
    created_at: datetime
    body: str | None = None
    labels: list[str] = field(default_factory=list)
    state: str = "open"
    state_reason: str | None = None
    closed_at: datetime | None = None


@dataclass
class PullRequest(Issue):
    """A pull request, which for GitHub is an issue too. `head_repository` is None where the fork is gone."""

    head_sha: str = ""
    head_branch: str = ""
    head_repository: str | None = ""
    base_branch: str = "main"
    draft: bool = False
    merged: bool = False
    merge_commit_sha: str | None = None


_Numbered = TypeVar("_Numbered", bound=Issue)


@dataclass
class Environment:
    """An environment; with `reviewers` (logins), one of them must let a job in."""

    name: str
    reviewers: list[str] = field(default_factory=list)
    prevent_self_review: bool = False
    wait_minutes: int = 0
    protected_branches: bool = False


@dataclass
class Deployment:
    """A commit's deployment to an environment: `states` in the order in which they were told, the last one counts."""

    id: int
    sha: str
    environment: str
    created_at: datetime
    states: list[str] = field(default_factory=list)
    log_url: str = ""


class Repository:
    """A repository: branches and tags with the SHAs that they are at, and what happened in it."""

    def __init__(self, github: GitHub, name: str, *, private: bool, fork: bool) -> None:
        self._github = github
        self.id = github.next_id()
        self.full_name = name
        self.private = private
        self.fork = fork
        self.archived = False
        self.default_branch = "main"
        self.branches = {"main": sha(f"{name} main")}
        self.tags: dict[str, str] = {}
        self.commits: set[str] = set()  # besides those that branches, tags, runs and pull requests name
        self.workflows: list[Workflow] = []
        self.runs: list[Run] = []
        self.statuses: list[Status] = []
        self.issues: dict[int, Issue] = {}
        self.comments: list[Comment] = []
        self.environments: dict[str, Environment] = {}
        self.deployments: list[Deployment] = []

    @property
    def owner(self) -> str:
        return self.full_name.split("/")[0]

    @property
    def pulls(self) -> list[PullRequest]:
        return [issue for issue in self.issues.values() if isinstance(issue, PullRequest)]

    def workflow(self, file: str, text: str) -> Workflow:
        """Add a workflow by its file's name and text, as it is on the default branch."""
        read = yaml.safe_load(text)
        on = read[True] if True in read else read["on"]  # YAML 1.1 takes `on` for true
        triggers = {on: None} if isinstance(on, str) else dict.fromkeys(on) if isinstance(on, list) else dict(on)
        path = f".github/workflows/{file}"
        made = Workflow(self._github.next_id(), path, str(read.get("name", path)), triggers, read.get("run-name", ""))
        self.workflows.append(made)
        return made

    def run(self, workflow: Workflow, event: str, ref: str, **more: Any) -> Run:
        """Add a run of a workflow at a branch or tag; `more` are fields of Run."""
        numbered = sum(each.workflow is workflow for each in self.runs) + 1
        told = {
            "head_sha": self.commit(ref),
            "head_branch": ref,
            "display_title": workflow.name,
            "created_at": self._github.now(),
            "run_number": numbered,
        } | more
        made = Run(self._github.next_id(), self.full_name, workflow, event, **told)
        self.runs.append(made)
        return made

    def issue(self, title: str, **more: Any) -> Issue:
        """Open an issue; `more` are fields of Issue."""
        return self._numbered(Issue, title=title, **more)

    def pull_request(self, head_branch: str, head_sha: str, **more: Any) -> PullRequest:
        """Open a pull request, of this repository's branch or, with `head_repository`, of a fork's."""
        if "head_repository" not in more:
            self.branches[head_branch] = head_sha
        given = {"title": head_branch, "head_branch": head_branch, "head_sha": head_sha, **more}
        return self._numbered(PullRequest, **given)

    def _numbered(self, kind: type[_Numbered], **fields: Any) -> _Numbered:
        number = len(self.issues) + 1
        told: dict[str, Any] = {"user": "octocat", "created_at": self._github.now()} | fields
        made = kind(id=self._github.next_id(), number=number, **told)
        self.issues[number] = made
        return made

    def comment(self, issue: int, body: str, user: str = "octocat") -> Comment:
        """Add a comment to an issue or a pull request."""
        now = self._github.now()
        self.comments.append(Comment(self._github.next_id(), issue, user, body, now, now))
        return self.comments[-1]

    def environment(self, name: str, **more: Any) -> Environment:
        """Add an environment; `more` are fields of Environment."""
        self.environments[name] = Environment(name, **more)
        return self.environments[name]

    def deployment(self, sha: str, environment: str, *states: str, log_url: str = "") -> Deployment:
        """Add a deployment that went through these states."""
        made = Deployment(self._github.next_id(), sha, environment, self._github.now(), list(states), log_url)
        self.deployments.append(made)
        return made

    def commit(self, ref: str) -> str | None:
        """Give the SHA that a branch, a tag or a known SHA stands for."""
        bare = re.sub(r"^(refs/)?(heads|tags)/", "", ref)
        named = self.branches.get(bare) or self.tags.get(bare)
        return named or (ref if ref in self.known_commits else None)

    @property
    def known_commits(self) -> set[str]:
        heads = {head for pull in self.pulls for head in (pull.head_sha, pull.merge_commit_sha) if head}
        named = {*self.branches.values(), *self.tags.values(), *(run.head_sha for run in self.runs)}
        return self.commits | heads | named


@dataclass(frozen=True)
class Answer:
    """An answer of the API. A `body` of bytes goes out as it is; None is an empty one."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


SLOW = Answer(0)


@dataclass
class Trouble:
    """What comes in the place of the next `times` answers to requests of this method on paths that match.

    The answer comes after `seconds`; None drops the connection, and SLOW is the right answer. Where it `took_effect`,
    the request did what it asks for, and only its answer is lost.
    """

    answer: Answer | None
    times: int = 1
    method: str | None = None
    path: str = ""
    seconds: float = 0
    took_effect: bool = False

    def meets(self, method: str, path: str) -> bool:
        """Say whether it comes now."""
        return self.times > 0 and self.method in (None, method) and re.search(self.path, path) is not None


@dataclass(frozen=True)
class Request:
    """A request that was made, and what was answered (0: nothing). The path comes without its query."""

    method: str
    path: str
    query: str
    status: int
    token: str | None
    body: Any


class GitHub:
    """A whole GitHub. `url` is its API's address, as callers know it.

    `on_dispatch` and `on_rerun` get a run that is to start, in a thread of its own: they may really run it, and
    `run.finish(...)` it. Without them a run stays queued until the test goes on with it. What they raise, `end` raises.
    """

    def __init__(self, url: str, storage_url: str) -> None:
        self.url = url
        self.stored: dict[str, tuple[bytes, str]] = {}  # by path at storage_url: content and type
        self.storage_url = storage_url
        self.server_url = "https://github.com"
        self.repositories: dict[str, Repository] = {}
        self.tokens: dict[str, Token] = {}
        self.troubles: list[Trouble] = []
        self.requests: list[Request] = []
        self.failures: list[Exception] = []
        self.on_dispatch: Callable[[Run], None] | None = None
        self.on_rerun: Callable[[Run], None] | None = None
        self.now: Callable[[], datetime] = lambda: datetime.now(UTC).replace(microsecond=0)
        self.lock = threading.RLock()
        self._ids = itertools.count(1001)
        self._threads: list[threading.Thread] = []

    def next_id(self) -> int:
        """Give an id that nothing has yet."""
        return next(self._ids)

    def repository(self, name: str, *, private: bool = True, fork: bool = False) -> Repository:
        """Add a repository, `owner/name`, with a branch main."""
        self.repositories[name] = Repository(self, name, private=private, fork=fork)
        return self.repositories[name]

    def find(self, name: str) -> Repository | None:
        """Find a repository; GitHub does not mind the case of its name."""
        return next((each for each in self.repositories.values() if each.full_name.lower() == name.lower()), None)

    def token(self, secret: str, repository: str, login: str = "github-actions[bot]", **permissions: str) -> str:
        """Let a token do something in a repository; more than once for several repositories."""
        self.tokens.setdefault(secret, Token({}, login)).permissions[repository] = permissions
        return secret

    def trouble(self, answer: Answer | None, **when: Any) -> Trouble:
        """Make trouble; see `Trouble` and the answers in trouble.py."""
        self.troubles.append(Trouble(answer, **when))
        return self.troubles[-1]

    def asked(self, method: str, path: str = "") -> list[Request]:
        """Give the requests of a method on paths that match."""
        return [each for each in self.requests if each.method == method and re.search(path, each.path)]

    def start(self, run: Run, how: Callable[[Run], None] | None) -> None:
        """Let a run go its way."""
        if how is None:
            return
        thread = threading.Thread(target=self._go, args=(run, how), daemon=True)
        self._threads.append(thread)
        thread.start()

    def _go(self, run: Run, how: Callable[[Run], None]) -> None:
        run.status = "in_progress"
        try:
            how(run)
        except Exception as failure:
            self.failures.append(failure)
            run.finish("failure")

    def end(self, seconds: float = 60) -> None:
        """Wait for the runs that were started, and raise what went wrong in one."""
        for thread in self._threads:
            thread.join(seconds)
        if self.failures:
            raise self.failures[0]

    def store(self, content: bytes, kind: str) -> str:
        """Put a download where nobody needs a token, and give its address."""
        path = f"/downloads/{self.next_id()}?sig={secrets.token_urlsafe()}"
        self.stored[path] = content, kind
        return f"{self.storage_url}{path}"

    def identify(self, things: Iterable[Any]) -> None:
        """Give ids to jobs and artifacts that have none yet."""
        for thing in things:
            thing.id = thing.id or self.next_id()
