"""Why there is no result: the gate's question, asked once, of which every row without a result is explained."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, replace

from pact_gate.commands import can_i_deploy
from pact_gate.commands.step import Step
from pact_gate.model.gate import Decision, Verdict
from pact_gate.model.outcome import GateOutcome
from pact_gate.model.unknown import Explanation
from pact_gate.settings.gate import explain_settings
from pact_gate.settings.inputs import Inputs


def run(inputs: Inputs, step: Step) -> GateOutcome:
    """Read the inputs of the action, ask, and explain. Whatever the answer is, it was explained: exit code 0."""
    outcome = can_i_deploy.answer(explain_settings(inputs), step)
    return replace(
        outcome,
        exit_code=outcome.exit_code if outcome.decision.verdict is Verdict.BROKER_ERROR else 0,
        outputs={
            "verdict": outcome.outputs["verdict"],
            "causes": json.dumps(list(_causes(outcome.decision))),
            "matrix": outcome.outputs["matrix"],
        },
    )


def _causes(decision: Decision) -> Iterator[dict[str, object]]:
    """Give each cause with the row that it is about; what is about a version alone names none."""
    yield from map(_told, decision.causes)
    for row in decision.rows:
        about = {
            "consumer": row.consumer,
            "consumer-version": row.consumer_version,
            "provider": row.provider,
            "provider-versions": list(row.candidates),
        }
        yield from (about | _told(each) for each in row.causes)


def _told(explanation: Explanation) -> dict[str, object]:
    return asdict(explanation)
