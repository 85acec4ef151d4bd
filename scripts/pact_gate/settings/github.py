"""GitHub: whose token, what a pull request is told, whose artifact is taken."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from pact_gate.settings.inputs import UNBROKEN, Inputs, OnEmpty, no_token, wrong


@dataclass(frozen=True)
class GitHubSettings:
    """GitHub's API, who we are there, and the repository (`owner/name`) that this run belongs to."""

    github_token: str | None = field(default=None, repr=False)
    api_url: str = "https://api.github.com"
    server_url: str = "https://github.com"
    repository: str | None = None


def github_settings(inputs: Inputs) -> GitHubSettings:
    """Read the token; where the API is, the runner says in its variables."""
    return GitHubSettings(
        token_input(inputs, "github-token", variable="GITHUB_TOKEN"),
        inputs.variable("GITHUB_API_URL") or GitHubSettings.api_url,
        inputs.variable("GITHUB_SERVER_URL") or GitHubSettings.server_url,
        inputs.variable("GITHUB_REPOSITORY"),
    )


def token_input(inputs: Inputs, name: str, *, variable: str = "") -> str | None:
    """Read a token, and refuse what no header takes."""
    token = inputs.text(name, variable=variable)
    if token and not re.fullmatch(UNBROKEN, token):
        raise no_token(name)
    return token


CommentMode = Literal["never", "on-change", "always"]


class AnnounceSettings(NamedTuple):
    """What a pull request is told of the gate, in which `repository`."""

    statuses: bool = False
    comment: CommentMode = "never"
    repository: str | None = None

    @property
    def wanted(self) -> bool:
        """Say whether anything is to be told."""
        return self.statuses or self.comment != "never"


def announce_settings(inputs: Inputs) -> AnnounceSettings:
    """Read what is to be told."""
    return AnnounceSettings(
        statuses=inputs.flag("statuses"),
        comment=inputs.choice("comment", "never", "on-change", "always"),  # type: ignore[arg-type]
        repository=inputs.variable("GITHUB_REPOSITORY"),
    )


class FetchSettings(NamedTuple):
    """`actions/fetch-pacts`. `run_id` is None for the run that the event is about; `pacticipants` may be consumers."""

    pacticipants: tuple[str, ...]
    artifact: str = "pacts"
    run_id: int | None = None
    workflow: str | None = None
    folder: str = "pacts"
    on_empty: OnEmpty = "fail"
    repository: str | None = None
    this_run: int | None = None
    event: str = ""
    event_path: str = ""


def fetch_settings(inputs: Inputs) -> FetchSettings:
    """Read the inputs of `actions/fetch-pacts`, and what the runner says of this run."""
    inputs.required("pacticipant", "whose pacts may be taken")
    run_id = inputs.text("run-id")
    if run_id and not re.fullmatch(r"[0-9]{1,18}", run_id):
        raise wrong("run-id", run_id, "is no run's id", "Write the number in the run's address: …/actions/runs/123.")
    return FetchSettings(
        pacticipants=inputs.lines("pacticipant"),
        artifact=inputs.text("artifact") or "pacts",
        run_id=int(run_id) if run_id else None,
        workflow=inputs.text("workflow"),
        folder=inputs.text("folder") or "pacts",
        on_empty=inputs.choice("on-empty", "fail", "pass"),  # type: ignore[arg-type]
        **this_run(inputs),
    )


def this_run(inputs: Inputs) -> dict[str, Any]:
    """Give what the runner says of this run, as the settings that need it name it."""
    this_run = inputs.variable("GITHUB_RUN_ID") or ""
    return {
        "repository": inputs.variable("GITHUB_REPOSITORY"),
        "this_run": int(this_run) if this_run.isdecimal() else None,
        "event": inputs.variable("GITHUB_EVENT_NAME") or "",
        "event_path": inputs.variable("GITHUB_EVENT_PATH") or "",
    }
