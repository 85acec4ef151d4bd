"""Which provider versions a consumer's request means: checked, and without those that have a result already."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache

from pact_gate.broker.client import Broker
from pact_gate.commands.asked_for import requested_pact
from pact_gate.commands.missing import where_they_count
from pact_gate.commands.step import Step
from pact_gate.model.commit import chosen_version, is_full_sha, short
from pact_gate.model.errors import InputError
from pact_gate.model.gate import Result
from pact_gate.model.outcome import Outcome
from pact_gate.settings.inputs import Inputs
from pact_gate.settings.trigger import RequestedSettings, requested_settings

_MOST = 256  # jobs of one matrix (https://docs.github.com/en/actions/reference/limits)


def run(inputs: Inputs, step: Step) -> Outcome:
    """Give the versions as rows for jobs that check each of them out.

    Two requests to the broker, and one for each version; where one is on no branch of ours, two for each environment.

    Another run may have verified them since this one was asked for: two who ask for the same make one verification. Who
    runs a run again wants what failed to be verified again.
    """
    settings = requested_settings(inputs)
    document, pact = requested_pact(step.broker, settings.pact_url, settings.provider)
    wanted = _wanted(settings, step)
    rows = step.broker.results(pact.consumer, document.consumer_version)
    known = {
        row.provider_version
        for row in rows
        if row.provider == settings.provider and not (settings.again and row.result is Result.FAILED)
    }
    versions = [version for version in wanted if version not in known]
    named = " and ".join(short(version) for version in versions)
    return Outcome(
        headline=(
            f"{settings.provider} is to be verified at {named} for {pact.consumer}."
            if versions
            else f"There is nothing to verify: the pact of {pact.consumer} has a result at every version asked for."
        ),
        facts=(("pact", settings.pact_url), *(("version", version) for version in versions)),
        outputs={"versions": json.dumps(versions), "any": str(bool(versions)).lower()},
    )


def _wanted(settings: RequestedSettings, step: Step) -> tuple[str, ...]:
    """Give the versions that were asked for, each a commit of the provider's own; without one, this run's.

    One that is on a fork's branch alone, or on none (any more), counts where it is in an environment: somebody has
    deployed it, or released it by a tag.
    """
    if len(settings.provider_versions) > _MOST:
        raise InputError(
            f"{len(settings.provider_versions)} versions were asked for: more than {_MOST} jobs are not started.",
            "Record in the broker what is no longer deployed or supported.",
        )
    in_use = cache(lambda: _in_use(settings.provider, step.broker))
    for version in settings.provider_versions:
        if not is_full_sha(version):
            raise InputError(
                f"The version {version!r} of {settings.provider} is no commit's full SHA, so it cannot be checked out "
                "and verified.",
                "Publish results and record deployments under the commit's full SHA, as the actions do by default.",
            )
        branches = step.broker.branches_of(settings.provider, version)
        if not (_has_own(branches) or (branches is not None and version in in_use())):
            raise InputError(
                f"The broker knows no version {version} of {settings.provider} of its own repository, so it is not "
                "checked out: GitHub gives a stranger's commit as well, out of a fork.",
                "Ask for versions that the broker knows: the head of the main branch, what is deployed or released.",
            )
    return settings.provider_versions or (chosen_version(None, None, step.commit),)


def _in_use(provider: str, broker: Broker) -> set[str]:
    return {each.version for each in where_they_count(broker, [provider])[provider]}


def _has_own(branches: Sequence[str] | None) -> bool:
    """Say whether a version is on a branch of the provider's own repository; `owner:branch` is a fork's."""
    return branches is not None and any(":" not in branch for branch in branches)
