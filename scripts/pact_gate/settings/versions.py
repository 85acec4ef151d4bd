"""Versions: published, created, recorded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pact_gate.settings.inputs import Inputs, OnEmpty


@dataclass(frozen=True)
class VersionSettings:
    """Which version of what, where it is not the event's commit."""

    version: str | None = None
    branch: str | None = None
    tags: tuple[str, ...] = ()
    build_url: str | None = None


def version_settings(inputs: Inputs) -> VersionSettings:
    """Read what says which version is meant."""
    return VersionSettings(
        inputs.text("version"), inputs.text("branch"), inputs.names("tags"), inputs.text("build-url")
    )


@dataclass(frozen=True)
class PublishSettings(VersionSettings):
    """`actions/publish`. `pacts` are globs; `pacticipant` is the only consumer allowed, where one is named."""

    pacticipant: str | None = None
    pacts: tuple[str, ...] = ("pacts/*.json",)
    tag_with_branch: bool = False
    on_conflict: Literal["fail", "merge"] = "fail"
    on_empty: OnEmpty = "fail"


def publish_settings(inputs: Inputs) -> PublishSettings:
    """Read the inputs of `actions/publish`."""
    return PublishSettings(
        **vars(version_settings(inputs)),
        pacticipant=inputs.text("pacticipant"),
        pacts=inputs.lines("pacts") or PublishSettings.pacts,
        tag_with_branch=inputs.flag("tag-with-branch"),
        on_conflict=inputs.choice("on-conflict", "fail", "merge"),  # type: ignore[arg-type]
        on_empty=inputs.choice("on-empty", "fail", "pass"),  # type: ignore[arg-type]
    )


State = Literal["deployed", "undeployed", "released", "support-ended"]


@dataclass(frozen=True)
class RecordSettings:
    """`actions/record-deployment`."""

    pacticipant: str
    environment: str
    state: State = "deployed"
    version: str | None = None
    branch: str | None = None
    application_instance: str | None = None
    create_environment: bool = False
    allow_without_contracts: bool = False


def record_settings(inputs: Inputs) -> RecordSettings:
    """Read the inputs of `actions/record-deployment`."""
    return RecordSettings(
        pacticipant=inputs.required("pacticipant", "what was deployed"),
        environment=inputs.required("environment", "where it was deployed to"),
        state=inputs.choice("state", "deployed", "undeployed", "released", "support-ended"),  # type: ignore[arg-type]
        version=inputs.text("version"),
        branch=inputs.text("branch"),
        application_instance=inputs.text("application-instance"),
        create_environment=inputs.flag("create-environment"),
        allow_without_contracts=inputs.flag("allow-without-contracts"),
    )


@dataclass(frozen=True)
class CreateVersionSettings(VersionSettings):
    """`actions/create-version`."""

    pacticipant: str = ""
    tag_with_branch: bool = False


def create_version_settings(inputs: Inputs) -> CreateVersionSettings:
    """Read the inputs of `actions/create-version`."""
    return CreateVersionSettings(
        **vars(version_settings(inputs)),
        pacticipant=inputs.required("pacticipant", "whose version is created"),
        tag_with_branch=inputs.flag("tag-with-branch"),
    )
