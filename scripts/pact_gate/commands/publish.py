"""Publish the pacts of a commit."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from itertools import groupby
from pathlib import Path

from pact_gate.broker.client import Broker, PublishAnswer
from pact_gate.commands.files import matching, pact_files, read
from pact_gate.commands.step import Step
from pact_gate.commands.versions import doubts
from pact_gate.model.commit import Commit, chosen_branch, chosen_version, short
from pact_gate.model.errors import ConflictError, InputError, PactGateError, Place
from pact_gate.model.outcome import PublishedPact, PublishOutcome
from pact_gate.model.pact import Pact, differences, merged, parse
from pact_gate.settings.inputs import Inputs
from pact_gate.settings.versions import PublishSettings, publish_settings

_TOLD_CHANGES = 5


def run(inputs: Inputs, step: Step) -> PublishOutcome:
    """Find the pact files, check all of them, then publish those of each consumer in one request."""
    return publish(publish_settings(inputs), step)


def publish_if_any(inputs: Inputs, step: Step) -> PublishOutcome:
    """Do the same for a service that may have no pacts of its own."""
    return publish(replace(publish_settings(inputs), on_empty="pass"), step)


def publish(settings: PublishSettings, step: Step) -> PublishOutcome:
    """Publish what the settings name."""
    pacts = _pacts(settings, step.folder)
    version = chosen_version(settings.version, settings.branch, step.commit)
    branch = chosen_branch(settings.version, settings.branch, step.commit)
    published: list[PublishedPact] = []
    notices: list[str] = []
    for _, group in groupby(pacts, key=lambda pact: pact.consumer):
        ours = list(group)
        try:
            answer = _publish_one_consumer(ours, version, branch, settings, step)
        except PactGateError as error:
            error.cause += _before_that(published)
            raise
        published += [_published(pact, version, answer.urls.get(pact.provider)) for pact in ours]
        notices += answer.notices
    return _outcome(published, notices, version, branch, step.commit)


def _publish_one_consumer(
    pacts: list[Pact], version: str, branch: str | None, settings: PublishSettings, step: Step
) -> PublishAnswer:
    try:
        return step.broker.publish(
            pacts,
            version=version,
            branch=branch,
            tags=_tags(settings, branch),
            build_url=settings.build_url or step.commit.build_url,
            merge=settings.on_conflict == "merge",
        )
    except ConflictError as error:
        raise _conflict(step.broker, pacts, version, error) from error


def _before_that(published: Iterable[PublishedPact]) -> str:
    """A broker takes the pacts of one consumer at a time: say what it has already."""
    consumers = ", ".join(dict.fromkeys(pact.consumer for pact in published))
    return f" The pacts of {consumers} are published; publishing them again changes nothing." if consumers else ""


def _pacts(settings: PublishSettings, folder: Path) -> list[Pact]:
    paths = (
        matching(settings.pacts, folder)
        if settings.on_empty == "pass"
        else pact_files(
            settings.pacts,
            folder,
            "Check the input `pacts`, and that the consumer's tests ran before this step, in this job (or that their "
            "pacts were downloaded into it).",
        )
    )
    pacts = merged(parse(read(folder / path), path) for path in paths)
    for pact in pacts:
        if settings.pacticipant and pact.consumer != settings.pacticipant:
            raise InputError(
                f"{', '.join(pact.paths)} is a pact of {pact.consumer}, not of {settings.pacticipant}.",
                "Narrow the input `pacts` to this service's own pacts, or leave `pacticipant` out to publish all.",
                places=tuple(Place(path) for path in pact.paths),
            )
    return pacts


def _tags(settings: PublishSettings, branch: str | None) -> Iterable[str]:
    tags = [*settings.tags, *([branch] if settings.tag_with_branch and branch else [])]
    return dict.fromkeys(tags)


def _published(pact: Pact, version: str, url: str | None) -> PublishedPact:
    return PublishedPact(pact.consumer, pact.provider, version, url, len(pact.interactions), pact.paths)


def _conflict(broker: Broker, pacts: list[Pact], version: str, error: ConflictError) -> ConflictError:
    """Say what differs between what the broker has under this version and what was to be published."""
    for pact in pacts:
        there = broker.published_pact(pact.consumer, pact.provider, version)
        changes = differences(there, pact.document) if there else []
        if changes:
            told = "; ".join(changes[:_TOLD_CHANGES]) + (" …" if len(changes) > _TOLD_CHANGES else "")
            return ConflictError(
                f"The broker has another pact of {pact.consumer} with {pact.provider} under {version}: {told}.",
                "A version must be one commit, and its tests must write the same pact each time: look for random "
                "values or dates in examples. Where several jobs publish parts under one commit: on-conflict: merge.",
                places=tuple(Place(path) for path in pact.paths),
            )
    return error


def _outcome(
    pacts: list[PublishedPact], notices: list[str], version: str, branch: str | None, commit: Commit
) -> PublishOutcome:
    listed = [
        {"consumer": pact.consumer, "provider": pact.provider, "version": version, "url": pact.url} for pact in pacts
    ]
    count = f"{len(pacts)} pact{'' if len(pacts) == 1 else 's'}"
    where = f"version {short(version)}" + (f" on branch {branch}" if branch else "")
    headline = f"Published {count} under {where}." if pacts else "There are no pacts to publish."
    return PublishOutcome(
        headline=headline,
        outputs={"published": json.dumps(listed), "version": version, "branch": branch or ""},
        # In a run that follows another one, pacts are what that one kept.
        annotations=doubts(version, commit) if pacts and not commit.ended else (),
        pacts=tuple(pacts),
        notices=tuple(notices),
    )
