"""Which pact files are looked through, and what becomes of what is found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pact_gate.model.errors import InputError
from pact_gate.model.finding import Level
from pact_gate.settings.inputs import Inputs

FailOn = Literal["error", "warning", "note", "never"]


@dataclass(frozen=True)
class LintSettings:
    """`actions/lint`. `config` is None where the file is read if it is there; `twice` is a command."""

    pacts: tuple[str, ...] = ()
    config: str | None = None
    baseline: str | None = None
    update_baseline: bool = False
    fix: bool = False
    twice: str | None = None
    sarif: str | None = None
    json: str | None = None
    fail_on: FailOn = "error"

    def fails(self, level: Level) -> bool:
        """Say whether a finding of this level makes the step fail."""
        levels = [Level.ERROR, Level.WARNING, Level.NOTE]
        return self.fail_on != "never" and level in levels[: levels.index(Level(self.fail_on)) + 1]


def lint_settings(inputs: Inputs) -> LintSettings:
    """Read the inputs of `actions/lint`."""
    settings = LintSettings(
        pacts=inputs.lines("pacts") or ("pacts/*.json",),
        config=inputs.text("config"),
        baseline=inputs.text("baseline"),
        update_baseline=inputs.flag("update-baseline"),
        fix=inputs.flag("fix"),
        twice=inputs.text("twice"),
        sarif=inputs.text("sarif"),
        json=inputs.text("json"),
        fail_on=inputs.choice("fail-on", "error", "warning", "note", "never"),  # type: ignore[arg-type]
    )
    if settings.update_baseline and settings.baseline is None:
        raise InputError("`update-baseline` is given, and no file for it.", "Name the file by the input `baseline`.")
    return settings
