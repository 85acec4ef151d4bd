"""Say whether the embedded broker's file is sound, without a change to it: `broker check PATH`."""

from __future__ import annotations

from pathlib import Path

from pact_gate.commands.step import Step
from pact_gate.model.outcome import Annotation, Outcome
from pact_gate.settings.broker import check_settings
from pact_gate.settings.inputs import Inputs


def run(inputs: Inputs, _step: Step) -> Outcome:
    """Look at every page and row."""
    from pact_gate.embedded.soundness import check  # noqa: PLC0415 - the other words of `broker` need none of it

    path = check_settings(inputs)
    found = check(Path(path))
    if found.problems:
        return Outcome(
            f"{path} is not sound: {found.problems[0]}",
            "Keep the file as it is, and restore the last copy that `pact-gate broker backup` made.",
            exit_code=1,
            annotations=tuple(
                Annotation("error", problem, "The broker's file is damaged") for problem in found.problems
            ),
            facts=tuple((f"problem {number}", each) for number, each in enumerate(found.problems, start=1)),
        )
    state = f"{found.version}" if found.is_current else f"{found.version}; a newer one when a broker opens it next"
    return Outcome(
        f"{path} is sound.", facts=(("schema", state), *((name, f"{count:,}") for name, count in found.counts))
    )
