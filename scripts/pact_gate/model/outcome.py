"""What a command found, as plain data: `report` makes sentences, tables and pictures of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

from pact_gate.model.gate import Decision, Question
from pact_gate.model.override import Overrides
from pact_gate.model.verification import PactVerification

if TYPE_CHECKING:  # no step has all of them
    from pact_gate.model.changes import ContractChange
    from pact_gate.model.comparison import PactComparison, Unused
    from pact_gate.model.finding import LintResult
    from pact_gate.model.others import CheckResult
    from pact_gate.model.plan import Concerned
    from pact_gate.model.provider_states import StatesCheck
    from pact_gate.model.reconcile import Due, GoneBranch, Hopeless, OldAnswer
    from pact_gate.model.runs import Triggered


@dataclass(frozen=True)
class Annotation:
    """One line that GitHub shows beside the run, and on a file where `path` is given (relative to the workspace)."""

    level: Literal["error", "warning", "notice"]
    message: str
    title: str = ""
    path: str | None = None
    line: int | None = None
    column: int | None = None


@dataclass(frozen=True)
class Outcome:
    """How a command ended.

    `headline` is one sentence, `next_step` what the reader should do now (empty where nothing is to be done),
    `outputs` the action's outputs by name, `facts` pairs of a label and a value for the summary.
    """

    headline: str
    next_step: str = ""
    exit_code: int = 0
    outputs: Mapping[str, str] = field(default_factory=dict)
    annotations: tuple[Annotation, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()


class PublishedPact(NamedTuple):
    """A pact that is now in the broker."""

    consumer: str
    provider: str
    version: str
    url: str | None
    interactions: int
    paths: tuple[str, ...]


@dataclass(frozen=True)
class PublishOutcome(Outcome):
    """Pacts were published. `notices` are the broker's own words."""

    pacts: tuple[PublishedPact, ...] = ()
    notices: tuple[str, ...] = ()


@dataclass(frozen=True)
class VerifyOutcome(Outcome):
    """A provider was verified. `provider_log` is the end of its output, only where something failed.

    `states` is what the trial of the provider states found, None where there was none.
    """

    provider: str = ""
    version: str = ""
    verifications: tuple[PactVerification, ...] = ()
    provider_log: str = ""
    states: StatesCheck | None = None


@dataclass(frozen=True)
class TriggerOutcome(Outcome):
    """Verifications were asked for, one for each that was missing."""

    triggered: tuple[Triggered, ...] = ()


@dataclass(frozen=True)
class PlanOutcome(Outcome):
    """What a run has to do was found out."""

    concerned: tuple[Concerned, ...] = ()


@dataclass(frozen=True)
class ReconcileOutcome(Outcome):
    """What no push puts right was found. `left_out` is how much more work there is than `work` holds."""

    work: tuple[Due, ...] = ()
    left_out: int = 0
    hopeless: tuple[Hopeless, ...] = ()
    gates: tuple[OldAnswer, ...] = ()
    branches: tuple[GoneBranch, ...] = ()


@dataclass(frozen=True)
class ComparisonOutcome(Outcome):
    """Pacts were compared with an OpenAPI document. `strict` is where a warning is a no as well."""

    provider: str = ""
    document: str = ""
    comparisons: tuple[PactComparison, ...] = ()
    unused: tuple[Unused, ...] = ()
    patterns_left_out: tuple[str, ...] = ()
    strict: bool = False


@dataclass(frozen=True)
class GateOutcome(Outcome):
    """The gate answered. `changes` are those of the contracts against the main branch's, where a comment tells them.

    `other_checks` are the team's own, of what contracts do not cover; None where nobody asked what a yes leaves open.
    """

    question: Question = field(default_factory=Question)
    decision: Decision = field(default_factory=Decision)
    dry_run: bool = False
    waited_seconds: float = 0.0
    changes: tuple[ContractChange, ...] = ()
    overrides: Overrides = field(default_factory=Overrides)
    other_checks: tuple[CheckResult, ...] | None = None


@dataclass(frozen=True)
class LintOutcome(Outcome):
    """Pact files were looked through."""

    lint: LintResult | None = None
