"""What the linter finds in pact files, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, NamedTuple

from pact_gate.model.errors import InputError, Place

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


@dataclass(frozen=True)
class Ignore:
    """Findings that `pact-gate.yml` accepts, at this line and column of it. What is empty fits all; `*` is any text."""

    rule: str
    reason: str
    consumer: str = ""
    provider: str = ""
    interaction: str = ""
    where: str = ""
    line: int = 1
    column: int = 1


@dataclass(frozen=True)
class LintConfig:
    """What `pact-gate.yml` says about linting. `reads` names a JSON Schema's file for a provider.

    `language` is the one that the consumer's tests are written in, where their pacts do not say it.
    """

    levels: Mapping[str, Level] = field(default_factory=dict)
    ignore: tuple[Ignore, ...] = ()
    reads: Mapping[str, str] = field(default_factory=dict)
    language: str = ""


class Suppressed(NamedTuple):
    """A finding that somebody accepted: for a `reason`, and in the pact itself or in `pact-gate.yml`."""

    finding: Finding
    reason: str
    in_source: bool


@dataclass(frozen=True)
class LintResult:
    """What was found in all files.

    `known` are findings that the baseline has, `fixed` those that were mended in the files,
    `unreadable` says which files could not be read, each by its error, `doubts`
    suppressions that suppress nothing, with what is wrong with each.
    """

    files: int = 0
    interactions: int = 0
    findings: tuple[Finding, ...] = ()
    known: tuple[Finding, ...] = ()
    suppressed: tuple[Suppressed, ...] = ()
    fixed: tuple[Finding, ...] = ()
    unreadable: tuple[InputError, ...] = ()
    doubts: tuple[Place, ...] = ()

    @property
    def worst_first(self) -> list[Finding]:
        """The new findings: errors first, of them what is one by itself, else in the files' order."""
        order = list(Level)
        return sorted(self.findings, key=lambda each: (order.index(each.level), order.index(RULES[each.rule][0])))

    def count(self, level: Level) -> int:
        """Say how many new findings have this level."""
        return sum(each.level is level for each in self.findings)
