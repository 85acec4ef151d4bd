"""Which verifications are missing, and how they come about."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from pact_gate.model.errors import InputError
from pact_gate.model.gate import Target, TargetKind
from pact_gate.model.plan import Work, work_from_json
from pact_gate.model.repository import is_repository
from pact_gate.settings.github import GitHubSettings, github_settings
from pact_gate.settings.inputs import _EVENT, Inputs, url_input, wrong

_MAIN_BRANCHES = Target(TargetKind.MAIN_BRANCH)
Via = Literal["dispatch", "webhook", "call", "pull"]


@dataclass(frozen=True)
class TriggerSettings(GitHubSettings):
    """`actions/trigger-verification`.

    `repositories` are pairs of a provider and `owner/name`; an empty `ref` is the default branch. Only `providers` are
    asked, where some are named.
    """

    pacticipants: tuple[str, ...] = ()
    version: str | None = None
    branch: str | None = None
    via: Via = "dispatch"
    event: Literal["workflow_dispatch", "repository_dispatch"] = "workflow_dispatch"
    workflow: str = ""
    ref: str = ""
    repositories: tuple[tuple[str, str], ...] = ()
    providers: tuple[str, ...] = ()


def trigger_settings(inputs: Inputs) -> TriggerSettings:
    """Read the inputs of `actions/trigger-verification`."""
    settings = TriggerSettings(
        **vars(github_settings(inputs)),
        pacticipants=inputs.required_lines("pacticipant", "whose pacts are to be verified"),
        version=inputs.text("version"),
        branch=inputs.text("branch"),
        via=inputs.choice("via", "dispatch", "webhook", "call", "pull"),  # type: ignore[arg-type]
        event=inputs.choice("event", "workflow_dispatch", "repository_dispatch"),  # type: ignore[arg-type]
        workflow=inputs.text("workflow") or "contract-requested.yml",
        ref=inputs.text("ref") or "",
        repositories=tuple(map(_provider_repository, inputs.lines("repositories"))),
        providers=inputs.lines("providers"),
    )
    if not re.fullmatch(r"[\w.-]+\.ya?ml|[0-9]+", settings.workflow, re.ASCII):
        raise wrong(
            "workflow",
            settings.workflow,
            "is no workflow's file",
            "Write its file's name alone: contract-requested.yml.",
        )
    return settings


def _provider_repository(line: str) -> tuple[str, str]:
    provider, _, repository = (part.strip() for part in line.rpartition("="))
    if not provider or not is_repository(repository):
        raise wrong(
            "repositories", line, "names no provider and repository", "Write one a line: products=acme/products."
        )
    return provider, repository


@dataclass(frozen=True)
class RequestedSettings:
    """`actions/requested-versions`.

    No version is the commit of this run. `again` is a run that somebody has started anew.
    """

    provider: str
    pact_url: str
    provider_versions: tuple[str, ...] = ()
    again: bool = False


def requested_settings(inputs: Inputs) -> RequestedSettings:
    """Read the inputs of `actions/requested-versions`."""
    inputs.required("pact-url", "which pact is to be verified")
    return RequestedSettings(
        provider=inputs.required("provider", "which provider is verified"),
        pact_url=url_input(inputs, "pact-url") or "",
        provider_versions=inputs.names("provider-versions"),
        again=(inputs.variable("GITHUB_RUN_ATTEMPT") or "1") != "1",
    )


@dataclass(frozen=True)
class ReconcileSettings(GitHubSettings):
    """`actions/reconcile`. `target` is what the gates of pull requests ask about."""

    pacticipants: tuple[str, ...] = ()
    target: Target = _MAIN_BRANCHES
    consumer_branches: bool = False
    rerun: bool = True
    delete_branches: bool = False


def reconcile_settings(inputs: Inputs) -> ReconcileSettings:
    """Read the inputs of `actions/reconcile`."""
    environment = inputs.text("to-environment")
    return ReconcileSettings(
        **vars(github_settings(inputs)),
        pacticipants=inputs.required_lines("pacticipant", "which services are to be looked after"),
        target=Target(TargetKind.ENVIRONMENT, environment) if environment else _MAIN_BRANCHES,
        consumer_branches=inputs.flag("consumer-branches"),
        rerun=inputs.flag("rerun") if inputs.text("rerun") else True,
        delete_branches=inputs.flag("delete-branches"),
    )


@dataclass(frozen=True)
class PlanSettings:
    """`actions/plan`.

    `work` is what actions/trigger-verification gives, `event` the runner's variables that say what this run is about.
    """

    config: str = "pact-gate.yml"
    all: bool = False
    environment: str | None = None
    work: tuple[Work, ...] = ()
    event: Mapping[str, str] = field(default_factory=dict)


def plan_settings(inputs: Inputs) -> PlanSettings:
    """Read the inputs of `actions/plan`, and which event this run is about."""
    try:
        work = work_from_json(inputs.text("work") or "[]")
    except ValueError as error:
        raise InputError(
            "The input `work` does not hold what actions/trigger-verification gives.",
            "Write work: ${{ steps.ID.outputs.work }}, with the id of its step.",
        ) from error
    return PlanSettings(
        config=inputs.text("config") or PlanSettings.config,
        all=inputs.flag("all"),
        environment=inputs.text("environment"),
        work=work,
        event={name: inputs.variable(name) or "" for name in _EVENT},
    )
