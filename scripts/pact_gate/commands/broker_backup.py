"""Copy the embedded broker's file, also while it is served: `broker backup PATH`."""

from __future__ import annotations

from pathlib import Path

from pact_gate.commands.step import Step
from pact_gate.model.outcome import Outcome
from pact_gate.settings.broker import backup_settings
from pact_gate.settings.inputs import Inputs


def run(inputs: Inputs, _step: Step) -> Outcome:
    """Copy the file; it is checked before it gets its name."""
    from pact_gate.embedded.backup import backup  # noqa: PLC0415 - the other words of `broker` need none of it

    settings = backup_settings(inputs)
    target = Path(settings.path)
    found = backup(Path(settings.database), target, overwrite=settings.overwrite)
    return Outcome(
        f"{settings.database} was copied to {target}, and the copy is sound.",
        facts=(("size", f"{target.stat().st_size:,} bytes"), *((name, f"{count:,}") for name, count in found.counts)),
    )
