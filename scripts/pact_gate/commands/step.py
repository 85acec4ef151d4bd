"""What every command is given beside its settings: the broker, the commit and the runner of this step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from pact_gate.broker.client import Broker
from pact_gate.github.runner import Runner
from pact_gate.model.commit import Commit
from pact_gate.report.escape import log_line
from pact_gate.transport import Clock

if TYPE_CHECKING:  # most steps need no API
    from pact_gate.github.api import GitHub


@dataclass(frozen=True)
class Step:
    """One step of a job. Broker, commit and GitHub come into being when a command first needs them.

    `folder` is where relative paths of the inputs start from.
    """

    runner: Runner
    connect: Callable[[], Broker]
    connect_github: Callable[[str | None], GitHub]
    find_commit: Callable[[], Commit]
    folder: Path = field(default_factory=Path)
    clock: Clock = field(default_factory=Clock)

    @cached_property
    def broker(self) -> Broker:
        """The broker that the settings name."""
        return self.connect()

    @cached_property
    def github(self) -> GitHub:
        """GitHub, as the token of the settings sees it."""
        return self.github_as(None)

    def github_as(self, token: str | None) -> GitHub:
        """Give GitHub as another token sees it."""
        return self.connect_github(token)

    @cached_property
    def commit(self) -> Commit:
        """The commit that the event is about."""
        return self.find_commit()

    def log(self, text: str) -> None:
        """Tell the reader of the log what is going on. No line of it is taken for a workflow command."""
        self.runner.log("\n".join(log_line(line) for line in text.splitlines()))
