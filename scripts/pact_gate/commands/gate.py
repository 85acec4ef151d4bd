"""All of it for one service: publish this commit's pacts if there are any, then ask whether it may be deployed."""

from __future__ import annotations

from collections.abc import Iterator

from pact_gate.commands import can_i_deploy, publish
from pact_gate.commands.step import Step
from pact_gate.model.outcome import Outcome
from pact_gate.settings.gate import gate_settings
from pact_gate.settings.inputs import Inputs


def run(inputs: Inputs, step: Step) -> Iterator[Outcome]:
    """Give both outcomes as they come. The gate's inputs are checked before anything is published."""
    settings = gate_settings(inputs)
    yield publish.publish_if_any(inputs, step)
    yield can_i_deploy.answer(settings, step)
