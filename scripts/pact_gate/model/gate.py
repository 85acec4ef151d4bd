"""The gate: which question is asked, what the broker's matrix says, and what follows from it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from pact_gate.model.commit import is_full_sha
from pact_gate.model.unknown import Explanation

# The Pact Broker looks at 100 publications unless told otherwise, before it joins them with results; a failed row
# behind them is not seen, and its answer is yes. It knows no upper bound. No estate comes near this number.
MATRIX_LIMIT = 1_000_000
HEAD_OF_MAIN = "head of the main branch"  # a place where a version counts, beside the environments by their names


class Verdict(StrEnum):
    """The gate's answer. Only `YES` lets a deploy go on."""

    YES = "yes"
    FAILED = "failed"
    NOT_TESTED = "not-tested"
    NO_SUCH_VERSION = "no-such-version"
    NOT_IN_ENVIRONMENT = "not-in-environment"
    STUCK = "stuck"
    WAITING = "waiting"
    BROKER_ERROR = "broker-error"


class TargetKind(StrEnum):
    """With which versions of the others a version must work."""

    ENVIRONMENT = "environment"
    MAIN_BRANCH = "main-branch"
    BRANCH = "branch"
    TAG = "tag"


@dataclass(frozen=True)
class Target:
    """Where the version is to go. `name` is empty for the main branches, which each pacticipant names itself."""

    kind: TargetKind = TargetKind.ENVIRONMENT
    name: str = ""

    def __str__(self) -> str:
        return {
            TargetKind.ENVIRONMENT: self.name,
            TargetKind.MAIN_BRANCH: "the main branches",
            TargetKind.BRANCH: f"branch {self.name}",
            TargetKind.TAG: f"tag {self.name}",
        }[self.kind]

    @property
    def place(self) -> str:
        """Say of a version that it counts: it is in the environment, on the branch, or has the tag."""
        return {
            TargetKind.ENVIRONMENT: f"deployed or released in {self.name}",
            TargetKind.MAIN_BRANCH: "on its main branch",
            TargetKind.BRANCH: f"on the branch {self.name}",
            TargetKind.TAG: f"tagged {self.name}",
        }[self.kind]


@dataclass(frozen=True)
class Question:
    """May these versions, together, go there? `asked` are pairs of pacticipant and version."""

    asked: tuple[tuple[str, str], ...] = ()
    target: Target = Target()
    ignore: tuple[str, ...] = ()

    @property
    def commit(self) -> str:
        """The commit that is asked about; a version that is none has no checks and no statuses."""
        return next((version for _, version in self.asked if is_full_sha(version)), "")


class Result(StrEnum):
    """What is known of one consumer version and one provider version."""

    PASSED = "passed"
    FAILED = "failed"
    NONE = "no result"  # the provider version that counts has no result for this pact
    ABSENT = "not there"  # there is no provider version where the question points to
    IGNORED = "ignored"


class Verifying(NamedTuple):
    """The run that was asked to verify a row, as far as it is known: `url` and `state` in GitHub's words.

    `state` is empty where the run is not known, and the conclusion once it ended. `problem` says why nobody was asked,
    `last_words` how the log of a run ended that did not do its work.
    """

    url: str = ""
    state: str = ""
    ended: bool = False
    problem: str = ""
    next_step: str = ""
    last_words: str = ""

    @property
    def hopeless(self) -> bool:
        """Say whether no result can come of it any more."""
        return self.ended or bool(self.problem)


@dataclass(frozen=True)
class Row:
    """One row of the matrix: a consumer version and a provider version that must work together.

    `provider_version` is None where there is no result; then `result` says which of the two reasons holds once
    `located` has told, and `candidates` are the provider versions that are there. `verified_at` is ISO 8601.
    `verified_elsewhere` are provider versions outside of the question that have passed this pact; `failures` say what
    a failed result found. `run` is what was asked to verify it, where it is known. `provider_branches` are those of the
    provider version, and `causes` say why there is no result, what to act on first, first.
    """

    consumer: str
    consumer_version: str
    provider: str
    provider_version: str | None
    result: Result
    verified_at: str | None = None
    result_url: str | None = None
    pact_url: str | None = None
    candidates: tuple[str, ...] = ()
    verified_elsewhere: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()
    run: Verifying | None = None
    provider_branches: tuple[str, ...] = ()
    causes: tuple[Explanation, ...] = ()


@dataclass(frozen=True)
class Matrix:
    """The broker's answer: its own word (`deployable` is None where it does not know) and its rows.

    It is `cut` where it holds as many rows as were asked for: some may be missing. `environment_url` leads to the
    environment in question, where a row tells.
    """

    deployable: bool | None
    rows: tuple[Row, ...]
    cut: bool = False
    environment_url: str | None = None


@dataclass(frozen=True)
class Decision:
    """The verdict with the facts it rests on.

    `causes` are about versions rather than rows: how one that the broker does not know is spelled there, and which are
    there without pacts, so that no row tells of them.
    """

    verdict: Verdict = Verdict.BROKER_ERROR
    reason: str = ""
    next_step: str = ""
    rows: tuple[Row, ...] = ()
    compared_nothing: bool = False
    causes: tuple[Explanation, ...] = ()
