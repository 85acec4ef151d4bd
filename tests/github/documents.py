"""GitHub's documents: what is kept, in the shapes of its REST API.

The shapes are those of https://github.com/github/rest-api-description; what is required there is here.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from tests.github.state import (
    Artifact,
    Comment,
    Deployment,
    Environment,
    GitHub,
    Issue,
    Job,
    PullRequest,
    Repository,
    Run,
    Status,
)

Document = dict[str, Any]

_USER_LINKS = ("followers", "subscriptions", "organizations", "repos", "received_events")
_REPOSITORY_LINKS = {
    "archive_url": "{archive_format}{/ref}",
    "assignees_url": "assignees{/user}",
    "blobs_url": "git/blobs{/sha}",
    "branches_url": "branches{/branch}",
    "collaborators_url": "collaborators{/collaborator}",
    "comments_url": "comments{/number}",
    "commits_url": "commits{/sha}",
    "compare_url": "compare/{base}...{head}",
    "contents_url": "contents/{+path}",
    "contributors_url": "contributors",
    "deployments_url": "deployments",
    "downloads_url": "downloads",
    "events_url": "events",
    "forks_url": "forks",
    "git_commits_url": "git/commits{/sha}",
    "git_refs_url": "git/refs{/sha}",
    "git_tags_url": "git/tags{/sha}",
    "hooks_url": "hooks",
    "issue_comment_url": "issues/comments{/number}",
    "issue_events_url": "issues/events{/number}",
    "issues_url": "issues{/number}",
    "keys_url": "keys{/key_id}",
    "labels_url": "labels{/name}",
    "languages_url": "languages",
    "merges_url": "merges",
    "milestones_url": "milestones{/number}",
    "notifications_url": "notifications{?since,all,participating}",
    "pulls_url": "pulls{/number}",
    "releases_url": "releases{/id}",
    "stargazers_url": "stargazers",
    "statuses_url": "statuses/{sha}",
    "subscribers_url": "subscribers",
    "subscription_url": "subscription",
    "tags_url": "tags",
    "teams_url": "teams",
    "trees_url": "git/trees{/sha}",
}
_COUNTS = ("forks", "forks_count", "open_issues", "open_issues_count", "size", "stargazers_count", "watchers")
_MORE_COUNTS = ("watchers_count", "network_count", "subscribers_count")
_FOUNDED = "2026-01-01T00:00:00Z"


def time(when: datetime | None) -> str | None:
    """Write a time as GitHub does: to the second, in UTC."""
    return when.strftime("%Y-%m-%dT%H:%M:%SZ") if when else None


class Documents:
    """Makes the documents of one GitHub."""

    def __init__(self, github: GitHub) -> None:
        self._github = github

    def api(self, repository: Repository) -> str:
        """Give a repository's address in the API."""
        return f"{self._github.url}/repos/{repository.full_name}"

    def html(self, repository: Repository) -> str:
        """Give a repository's address for people."""
        return f"{self._github.server_url}/{repository.full_name}"

    def user(self, login: str) -> Document:
        """Somebody; an app's login ends in [bot]."""
        url = f"{self._github.url}/users/{quote(login)}"
        page = f"apps/{login.removesuffix('[bot]')}" if login.endswith("[bot]") else login
        number = int(hashlib.sha256(login.encode()).hexdigest()[:6], 16)
        return {
            "login": login,
            "id": number,
            "node_id": f"U_{number}",
            "avatar_url": f"https://avatars.githubusercontent.com/u/{number}",
            "gravatar_id": "",
            "url": url,
            "html_url": f"{self._github.server_url}/{page}",
            "following_url": f"{url}/following{{/other_user}}",
            "gists_url": f"{url}/gists{{/gist_id}}",
            "starred_url": f"{url}/starred{{/owner}}{{/repo}}",
            "events_url": f"{url}/events{{/privacy}}",
            "type": "Bot" if login.endswith("[bot]") else "User",
            "site_admin": False,
        } | {f"{name}_url": f"{url}/{name}" for name in _USER_LINKS}

    def whole_user(self, login: str) -> Document:
        """Make somebody as they see themselves."""
        counts = dict.fromkeys(("public_repos", "public_gists", "followers", "following"), 0)
        names = dict.fromkeys(("name", "company", "location", "email", "hireable", "bio"))
        times = {"created_at": _FOUNDED, "updated_at": _FOUNDED}
        return {**self.user(login), **names, **counts, **times, "blog": "", "user_view_type": "public"}

    def minimal_repository(self, repository: Repository) -> Document:
        """Make a repository as other documents hold it."""
        url = self.api(repository)
        return {
            "id": repository.id,
            "node_id": f"R_{repository.id}",
            "name": repository.full_name.split("/")[1],
            "full_name": repository.full_name,
            "owner": self.user(repository.owner),
            "private": repository.private,
            "html_url": self.html(repository),
            "description": None,
            "fork": repository.fork,
            "url": url,
        } | {name: f"{url}/{path}" for name, path in _REPOSITORY_LINKS.items()}

    def repository(self, repository: Repository) -> Document:
        """Make a repository as it is asked for by name."""
        html = self.html(repository)
        return {
            **self.minimal_repository(repository),
            **dict.fromkeys(_COUNTS + _MORE_COUNTS, 0),
            "clone_url": f"{html}.git",
            "git_url": f"git:{html.removeprefix('https:')}.git",
            "ssh_url": f"git@github.com:{repository.full_name}.git",
            "svn_url": html,
            "default_branch": repository.default_branch,
            "visibility": "private" if repository.private else "public",
            "has_issues": True,
            "has_projects": False,
            "has_wiki": False,
            "has_pages": False,
            "has_discussions": False,
            "has_downloads": False,
            "homepage": None,
            "language": None,
            "license": None,
            "mirror_url": None,
            "archived": repository.archived,
            "disabled": False,
            "pushed_at": _FOUNDED,
            "created_at": _FOUNDED,
            "updated_at": _FOUNDED,
        }

    def short_branch(self, repository: Repository, name: str) -> Document:
        """Make a branch as a list holds it."""
        head = repository.branches[name]
        commit = {"sha": head, "url": f"{self.api(repository)}/commits/{head}"}
        return {"name": name, "commit": commit, "protected": False}

    def branch(self, repository: Repository, name: str) -> Document:
        """Make a branch with its head's commit."""
        url, html, head = self.api(repository), self.html(repository), repository.branches[name]
        person = {"name": "octocat", "email": "octocat@example.org", "date": _FOUNDED}
        verification = {"verified": False, "reason": "unsigned", "signature": None, "payload": None}
        commit = {
            "sha": head,
            "node_id": f"C_{head}",
            "url": f"{url}/commits/{head}",
            "html_url": f"{html}/commit/{head}",
            "comments_url": f"{url}/commits/{head}/comments",
            "author": self.user("octocat"),
            "committer": self.user("octocat"),
            "parents": [],
            "commit": {
                "url": f"{url}/git/commits/{head}",
                "author": person,
                "committer": person,
                "message": "A commit",
                "comment_count": 0,
                "tree": {"sha": head, "url": f"{url}/git/trees/{head}"},
                "verification": verification | {"verified_at": None},
            },
        }
        return {
            "name": name,
            "commit": commit,
            "_links": {"self": f"{url}/branches/{name}", "html": f"{html}/tree/{name}"},
            "protected": False,
            "protection": {"enabled": False},
            "protection_url": f"{url}/branches/{name}/protection",
        }

    def run(self, repository: Repository, run: Run) -> Document:
        """Make a workflow run."""
        url, html = f"{self.api(repository)}/actions/runs/{run.id}", f"{self.html(repository)}/actions/runs/{run.id}"
        head = repository if run.head_repository == "" else self._github.repositories.get(run.head_repository or "")
        person = {"name": run.actor, "email": "octocat@example.org"}
        return {
            "id": run.id,
            "node_id": f"WFR_{run.id}",
            "name": run.workflow.name,
            "display_title": run.display_title,
            "path": run.workflow.path,
            "event": run.event,
            "status": run.status,
            "conclusion": run.conclusion,
            "head_branch": run.head_branch,
            "head_sha": run.head_sha,
            "run_number": run.run_number,
            "run_attempt": run.run_attempt,
            "workflow_id": run.workflow.id,
            "check_suite_id": run.id,
            "check_suite_node_id": f"CS_{run.id}",
            "pull_requests": [self._named_pull(repository, number) for number in run.pull_requests],
            "actor": self.user(run.actor),
            "triggering_actor": self.user(run.actor),
            "created_at": time(run.created_at),
            "updated_at": time(self._github.now()),
            "run_started_at": time(run.created_at),
            "url": url,
            "html_url": html,
            "jobs_url": f"{url}/jobs",
            "logs_url": f"{url}/logs",
            "artifacts_url": f"{url}/artifacts",
            "cancel_url": f"{url}/cancel",
            "rerun_url": f"{url}/rerun",
            "previous_attempt_url": f"{url}/attempts/{run.run_attempt - 1}" if run.run_attempt > 1 else None,
            "check_suite_url": f"{self.api(repository)}/check-suites/{run.id}",
            "workflow_url": f"{self.api(repository)}/actions/workflows/{run.workflow.id}",
            "referenced_workflows": [],
            "head_commit": {
                "id": run.head_sha,
                "tree_id": run.head_sha,
                "message": "A commit",
                "timestamp": time(run.created_at),
                "author": person,
                "committer": person,
            },
            "repository": self.minimal_repository(repository),
            # GitHub's document calls it required; of a fork that is gone GitHub gives null.
            "head_repository": self.minimal_repository(head) if head else None,
        }

    def _named_pull(self, repository: Repository, number: int) -> Document:
        """Make a pull request as a run names it."""
        pull = repository.issues[number]
        assert isinstance(pull, PullRequest)
        place = {"id": repository.id, "url": self.api(repository), "name": repository.full_name.split("/")[1]}
        base = {"ref": pull.base_branch, "sha": repository.branches[pull.base_branch], "repo": place}
        head = {"ref": pull.head_branch, "sha": pull.head_sha, "repo": place}
        url = f"{self.api(repository)}/pulls/{number}"
        return {"id": pull.id, "number": number, "url": url, "head": head, "base": base}

    def job(self, repository: Repository, run: Run, job: Job) -> Document:
        """Make a job of a run."""
        url, html = self.api(repository), self.html(repository)
        started, ended = time(run.created_at), time(job.completed_at or run.created_at) if job.conclusion else None
        steps = [
            {
                "name": step.name,
                "number": number,
                "status": step.status,
                "conclusion": step.conclusion,
                "started_at": started,
                "completed_at": started if step.conclusion else None,
            }
            for number, step in enumerate(job.steps, start=1)
        ]
        return {
            "id": job.id,
            "node_id": f"CR_{job.id}",
            "run_id": run.id,
            "run_url": f"{url}/actions/runs/{run.id}",
            "run_attempt": job.run_attempt,
            "head_sha": run.head_sha,
            "head_branch": run.head_branch,
            "workflow_name": run.workflow.name,
            "name": job.name,
            "status": job.status,
            "conclusion": job.conclusion,
            "created_at": started,
            "started_at": started,
            "completed_at": ended,
            "steps": steps,
            "url": f"{url}/actions/jobs/{job.id}",
            "html_url": f"{html}/actions/runs/{run.id}/job/{job.id}",
            "check_run_url": f"{url}/check-runs/{job.id}",
            "labels": ["ubuntu-latest"],
            "runner_id": 1,
            "runner_name": "GitHub Actions 1",
            "runner_group_id": 0,
            "runner_group_name": "GitHub Actions",
        }

    def check_run(self, repository: Repository, run: Run, job: Job) -> Document:
        """Make the check run that a job is."""
        told, app = self.job(repository, run, job), None
        output = {"title": None, "summary": None, "text": None, "annotations_count": 0}
        kept = ("id", "node_id", "head_sha", "name", "html_url", "status", "conclusion", "started_at", "completed_at")
        return {name: told[name] for name in kept} | {
            "url": told["check_run_url"],
            "external_id": "",
            "details_url": told["html_url"],
            "output": output | {"annotations_url": f"{told['check_run_url']}/annotations"},
            "check_suite": {"id": run.id},
            "app": app,
            "pull_requests": [],
        }

    def deployment(self, repository: Repository, deployment: Deployment) -> Document:
        """Make a deployment, without its states."""
        url = f"{self.api(repository)}/deployments/{deployment.id}"
        return {
            "url": url,
            "id": deployment.id,
            "node_id": f"DE_{deployment.id}",
            "sha": deployment.sha,
            "ref": deployment.sha,
            "task": "deploy",
            "payload": {},
            "environment": deployment.environment,
            "description": None,
            "creator": self.user("github-actions[bot]"),
            "created_at": time(deployment.created_at),
            "updated_at": time(deployment.created_at),
            "statuses_url": f"{url}/statuses",
            "repository_url": self.api(repository),
        }

    def deployment_state(self, repository: Repository, deployment: Deployment, number: int) -> Document:
        """Make one of the states that a deployment went through."""
        url = f"{self.api(repository)}/deployments/{deployment.id}"
        return {
            "url": f"{url}/statuses/{number}",
            "id": number,
            "node_id": f"DES_{number}",
            "state": deployment.states[number],
            "creator": self.user("github-actions[bot]"),
            "description": "",
            "environment": deployment.environment,
            "target_url": deployment.log_url,
            "log_url": deployment.log_url,
            "created_at": time(deployment.created_at),
            "updated_at": time(deployment.created_at),
            "deployment_url": url,
            "repository_url": self.api(repository),
        }

    def artifact(self, repository: Repository, run: Run, artifact: Artifact) -> Document:
        """Make an artifact of a run; GitHub keeps it for 90 days."""
        url = f"{self.api(repository)}/actions/artifacts/{artifact.id}"
        return {
            "id": artifact.id,
            "node_id": f"A_{artifact.id}",
            "name": artifact.name,
            "size_in_bytes": len(artifact.content),
            "digest": f"sha256:{hashlib.sha256(artifact.content).hexdigest()}",
            "url": url,
            "archive_download_url": f"{url}/zip",
            "expired": artifact.expired,
            "created_at": time(run.created_at),
            "updated_at": time(run.created_at),
            "expires_at": time(run.created_at + timedelta(days=90)),
            "workflow_run": {
                "id": run.id,
                "repository_id": repository.id,
                "head_repository_id": repository.id,
                "head_branch": run.head_branch or "",
                "head_sha": run.head_sha,
            },
        }

    def approvals(self, repository: Repository, run: Run) -> list[Document]:
        """Make the history of a run's reviews."""
        return [
            {
                "state": approval.state,
                "comment": approval.comment,
                "user": self.user(approval.user),
                "environments": [self._named_environment(repository, name) for name in approval.environments],
            }
            for approval in run.approvals
        ]

    def _named_environment(self, repository: Repository, name: str) -> Document:
        number = int(hashlib.sha256(name.encode()).hexdigest()[:6], 16)
        return {
            "id": number,
            "node_id": f"EN_{number}",
            "name": name,
            "url": f"{self.api(repository)}/environments/{name}",
            "html_url": f"{self.html(repository)}/deployments/activity_log?environments_filter={name}",
            "created_at": _FOUNDED,
            "updated_at": _FOUNDED,
        }

    def environment(self, repository: Repository, environment: Environment) -> Document:
        """Make an environment with its protection rules."""
        rules: list[Document] = []
        if environment.reviewers:
            reviewers = [{"type": "User", "reviewer": self.user(login)} for login in environment.reviewers]
            about = {"prevent_self_review": environment.prevent_self_review, "reviewers": reviewers}
            rules.append({"id": 1, "node_id": "GA_1", "type": "required_reviewers", **about})
        if environment.wait_minutes:
            rules.append({"id": 2, "node_id": "GA_2", "type": "wait_timer", "wait_timer": environment.wait_minutes})
        if environment.protected_branches:
            rules.append({"id": 3, "node_id": "GA_3", "type": "branch_policy"})
        policy = {"protected_branches": True, "custom_branch_policies": False}
        return self._named_environment(repository, environment.name) | {
            "protection_rules": rules,
            "deployment_branch_policy": policy if environment.protected_branches else None,
        }

    def status(self, repository: Repository, status: Status) -> Document:
        """Make a commit status."""
        creator = self.user(status.creator)
        return {
            "url": f"{self.api(repository)}/statuses/{status.sha}",
            "avatar_url": creator["avatar_url"],
            "id": status.id,
            "node_id": f"SC_{status.id}",
            "state": status.state,
            "description": status.description,
            "target_url": status.target_url,
            "context": status.context,
            "created_at": time(status.created_at),
            "updated_at": time(status.created_at),
            "creator": creator,
        }

    def combined_status(self, repository: Repository, commit: str, latest: list[Status]) -> Document:
        """Make a commit's status: the latest of each context, and what they come to."""
        states = {status.state for status in latest}
        together = "failure" if states & {"failure", "error"} else "success" if states == {"success"} else "pending"
        url = self.api(repository)
        return {
            "state": together,
            "sha": commit,
            "total_count": len(latest),
            "repository": self.minimal_repository(repository),
            "commit_url": f"{url}/commits/{commit}",
            "url": f"{url}/commits/{commit}/status",
        }

    def comment(self, repository: Repository, comment: Comment) -> Document:
        """Make a comment on an issue or a pull request."""
        kind = "pull" if isinstance(repository.issues.get(comment.issue), PullRequest) else "issues"
        url = self.api(repository)
        return {
            "id": comment.id,
            "node_id": f"IC_{comment.id}",
            "url": f"{url}/issues/comments/{comment.id}",
            "html_url": f"{self.html(repository)}/{kind}/{comment.issue}#issuecomment-{comment.id}",
            "issue_url": f"{url}/issues/{comment.issue}",
            "user": self.user(comment.user),
            "body": comment.body,
            "author_association": "NONE",
            "created_at": time(comment.created_at),
            "updated_at": time(comment.updated_at),
        }

    def issue(self, repository: Repository, issue: Issue) -> Document:
        """Make an issue; a pull request is one too."""
        url = f"{self.api(repository)}/issues/{issue.number}"
        comments = sum(comment.issue == issue.number for comment in repository.comments)
        made = self._in_common(repository, issue) | {
            "url": url,
            "html_url": f"{self.html(repository)}/issues/{issue.number}",
            "repository_url": self.api(repository),
            "comments": comments,
            "comments_url": f"{url}/comments",
            "events_url": f"{url}/events",
            "labels_url": f"{url}/labels{{/name}}",
            "state_reason": issue.state_reason,
        }
        if isinstance(issue, PullRequest):
            made["html_url"] = f"{self.html(repository)}/pull/{issue.number}"
            links = {"url": f"{self.api(repository)}/pulls/{issue.number}", "html_url": made["html_url"]}
            patches = {"diff_url": f"{made['html_url']}.diff", "patch_url": f"{made['html_url']}.patch"}
            made["pull_request"] = links | patches
        return made

    def _in_common(self, repository: Repository, issue: Issue) -> Document:
        """Make what issues and pull requests share."""
        return {
            "id": issue.id,
            "node_id": f"I_{issue.id}",
            "number": issue.number,
            "title": issue.title,
            "body": issue.body,
            "user": self.user(issue.user),
            "labels": [self._label(repository, name) for name in issue.labels],
            "state": issue.state,
            "locked": False,
            "active_lock_reason": None,
            "assignee": None,
            "assignees": [],
            "milestone": None,
            "author_association": "NONE",
            "created_at": time(issue.created_at),
            "updated_at": time(issue.created_at),
            "closed_at": time(issue.closed_at),
        }

    def _label(self, repository: Repository, name: str) -> Document:
        number = int(hashlib.sha256(name.encode()).hexdigest()[:6], 16)
        url = f"{self.api(repository)}/labels/{name}"
        about = {"name": name, "description": "", "color": "ededed", "default": False}
        return {"id": number, "node_id": f"LA_{number}", "url": url, **about}

    def pull(self, repository: Repository, pull: PullRequest) -> Document:
        """Make a pull request as a list holds it."""
        html, url = f"{self.html(repository)}/pull/{pull.number}", f"{self.api(repository)}/pulls/{pull.number}"
        issue = f"{self.api(repository)}/issues/{pull.number}"
        head = repository if pull.head_repository == "" else self._github.repositories.get(pull.head_repository or "")
        links = {
            "self": url,
            "html": html,
            "issue": issue,
            "comments": f"{issue}/comments",
            "commits": f"{url}/commits",
            "statuses": f"{self.api(repository)}/statuses/{pull.head_sha}",
            "review_comments": f"{url}/comments",
            "review_comment": f"{self.api(repository)}/pulls/comments{{/number}}",
        }
        named = {f"{name}_url": link for name, link in links.items() if name not in ("self", "html")}
        return (
            self._in_common(repository, pull)
            | named
            | {
                "url": url,
                "html_url": html,
                "diff_url": f"{html}.diff",
                "patch_url": f"{html}.patch",
                "_links": {name: {"href": link} for name, link in links.items()},
                "draft": pull.draft,
                "merged_at": time(pull.closed_at) if pull.merged else None,
                "merge_commit_sha": pull.merge_commit_sha,
                "auto_merge": None,
                "requested_reviewers": [],
                "requested_teams": [],
                "head": self._end(head, pull.head_branch, pull.head_sha),
                "base": self._end(repository, pull.base_branch, repository.branches[pull.base_branch]),
            }
        )

    def _end(self, repository: Repository | None, ref: str, commit: str) -> Document:
        """Make one end of a pull request; of a fork that is gone only the names are left."""
        owner = repository.owner if repository else "unknown"
        return {
            "label": f"{owner}:{ref}",
            "ref": ref,
            "sha": commit,
            "user": self.user(owner) if repository else None,
            "repo": self.repository(repository) if repository else None,
        }

    def whole_pull(self, repository: Repository, pull: PullRequest) -> Document:
        """Make a pull request as it is asked for by number."""
        counts = ("additions", "changed_files", "commits", "deletions", "review_comments")
        comments = sum(comment.issue == pull.number for comment in repository.comments)
        return {
            **self.pull(repository, pull),
            **dict.fromkeys(counts, 0),
            "comments": comments,
            "merged": pull.merged,
            "merged_by": self.user("octocat") if pull.merged else None,
            "mergeable": None if pull.merged else True,
            "mergeable_state": "unknown" if pull.merged else "clean",
            "maintainer_can_modify": False,
            "rebaseable": None,
        }
