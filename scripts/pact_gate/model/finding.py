"""What the linter finds in pact files, as plain data."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, NamedTuple

Listed = Literal["interactions", "messages"]


class Level(StrEnum):
    """How much a rule's findings weigh. What is `off` is not looked for."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"
    OFF = "off"


RULES: dict[str, tuple[Level, str]] = {
    "exact-value": (Level.WARNING, "An exact value stands where a type or a pattern was meant."),
    "volatile-value": (Level.WARNING, "A value changes by itself, and makes a new contract on every run."),
    "changes-between-runs": (Level.ERROR, "Two runs of the consumer's tests wrote different contracts."),
    "secret": (Level.ERROR, "A pact holds what looks like a password, a token or a key."),
    "personal-data": (Level.ERROR, "A pact holds what looks like a person's data."),
    "state-without-data": (Level.WARNING, "A provider state names data that its interaction never uses."),
    "state-spelling": (Level.WARNING, "A provider state is written in two spellings."),
    "indistinguishable": (Level.ERROR, "Two interactions cannot be told apart."),
    "description-reused": (Level.NOTE, "One description stands for different requests."),
    "long-description": (Level.NOTE, "A description is too long to be a name."),
    "random-description": (Level.WARNING, "A description holds what changes from run to run."),
    "empty-body": (Level.WARNING, "A content type is named, but there is no body."),
    "unread-field": (Level.WARNING, "A field is asserted that the consumer does not read."),
    "slow-pattern": (Level.WARNING, "A matcher's pattern can backtrack for ever."),
    "duplicate-key": (Level.WARNING, "A key stands in one JSON object twice."),
}
"""Every rule by its id: the level behind it, and what it finds."""


@dataclass(frozen=True)
class Finding:
    """One thing that should be otherwise, and where.

    `index` counts from 0 within the list that `listed` names; it is None where the file as a whole is meant, and
    `interaction`, which is the description, is empty then. `where` is a path such as `$.response.body.items[0].id`,
    seen from the interaction (else from the file). `instead` is the line to write, empty where there is none.
    `fingerprint` stays the same when lines move and other values change; it holds no value, not even as a hash.
    Nothing here repeats a secret: what looks like one is cut out of names as well.
    """

    rule: str
    level: Level
    path: str
    line: int | None
    column: int | None
    consumer: str
    provider: str
    interaction: str
    index: int | None
    where: str
    message: str
    instead: str = ""
    fingerprint: str = ""
    listed: Listed = "interactions"


class Suppressed(NamedTuple):
    """A finding that somebody accepted: for a `reason`, and in the pact itself or in `pact-gate.yml`."""

    finding: Finding
    reason: str
    in_source: bool


class Unreadable(NamedTuple):
    """A file that could not be read, and why; the others were."""

    path: str
    line: int | None
    cause: str
    next_step: str


@dataclass(frozen=True)
class LintResult:
    """What was found in all files. `known` are findings that the baseline has."""

    files: int = 0
    interactions: int = 0
    findings: tuple[Finding, ...] = ()
    known: tuple[Finding, ...] = ()
    suppressed: tuple[Suppressed, ...] = ()
    unreadable: tuple[Unreadable, ...] = field(default=())

    def count(self, level: Level) -> int:
        """Say how many new findings have this level."""
        return sum(each.level is level for each in self.findings)
