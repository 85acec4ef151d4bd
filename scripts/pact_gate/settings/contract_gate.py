"""The gate of a pull request, which is made of several commands."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from pact_gate.model.errors import InputError
from pact_gate.settings.gate import GateSettings, gate_settings
from pact_gate.settings.github import FetchSettings, announce_settings, this_run, token_input
from pact_gate.settings.inputs import Inputs, OnEmpty
from pact_gate.settings.trigger import TriggerSettings, trigger_settings
from pact_gate.settings.versions import PublishSettings


class ContractGateSettings(NamedTuple):
    """`actions/contract-gate`: the settings of its parts, and the results of the jobs before it by their ids.

    Without an artifact there is nothing to `fetch`, and nothing to publish. `this_run` is a repository and a run's id.
    """

    gate: GateSettings
    publish: PublishSettings
    trigger: TriggerSettings
    fetch: FetchSettings | None = None
    needs: Mapping[str, str] = {}
    this_run: tuple[str, int] | None = None


def contract_gate_settings(inputs: Inputs) -> ContractGateSettings:
    """Read the inputs of `actions/contract-gate`. The providers' repositories may need a token of their own."""
    trigger, needs, run = trigger_settings(inputs), _needs(inputs), this_run(inputs)
    return ContractGateSettings(
        gate=replace(gate_settings(inputs), announce=announce_settings(inputs)),
        publish=PublishSettings(
            inputs.text("version"), inputs.text("branch"), tags=inputs.names("tags"), on_empty="pass"
        ),
        trigger=replace(trigger, github_token=token_input(inputs, "trigger-token") or trigger.github_token),
        fetch=_fetch_settings(inputs, trigger.pacticipants, needs),
        needs=needs,
        this_run=(run["repository"], run["this_run"]) if run["repository"] and run["this_run"] else None,
    )


def _fetch_settings(inputs: Inputs, pacticipants: tuple[str, ...], needs: Mapping[str, str]) -> FetchSettings | None:
    """Read what is taken from the jobs before: nothing without an artifact, and maybe nothing where one was skipped."""
    artifact, workflow = inputs.text("artifact"), inputs.text("artifact-workflow")
    if artifact is None:
        return None
    run = this_run(inputs)
    if run["event"] == "workflow_run" and (inputs.text("version") or inputs.text("branch")):
        raise InputError(
            "The inputs `version` and `branch` are not for the pacts of a run that this one follows: GitHub says which "
            "commit and branch they belong to.",
            "Leave both out.",
        )
    on_empty: OnEmpty = "pass" if "skipped" in needs.values() else "fail"
    return FetchSettings(pacticipants, artifact, workflow=workflow, on_empty=on_empty, **run)


def _needs(inputs: Inputs) -> Mapping[str, str]:
    """Read `toJSON(needs)`: https://docs.github.com/en/actions/reference/workflows-and-actions/contexts#needs-context."""
    try:
        return {str(name): str(job["result"]) for name, job in json.loads(inputs.text("needs") or "{}").items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(
            "The input `needs` does not hold the jobs before this one and their results.",
            "Write needs: ${{ toJSON(needs) }}.",
        ) from error
