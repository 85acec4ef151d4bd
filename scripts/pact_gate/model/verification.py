"""What the verification of one pact found."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum

_CAPITAL = re.compile(r"([A-Z])")


@dataclass(frozen=True)
class Mismatch:
    """One difference between what the consumer expects and what the provider did.

    `place` says where, as Pact does: `$.price` in a body, a header's or a query parameter's name, `status`; it is
    empty where the difference has none. `expected` and `actual` are texts as the verifier gave them, or empty.
    """

    kind: str
    place: str
    expected: str
    actual: str
    message: str

    @property
    def attribute(self) -> str:
        """What of a message differs, in the words of Pact's results: `body` for the verifier's `BodyMismatch`."""
        return _CAPITAL.sub(r" \1", self.kind.removesuffix("Mismatch")).strip().lower()


@dataclass(frozen=True)
class InteractionResult:
    """One interaction, replayed. `error` is set where no comparison came about (no connection, a state that failed).

    `pending` is the consumer's own mark in a V4 pact: the interaction may fail without failing its pact.
    """

    description: str
    provider_states: tuple[str, ...]
    passed: bool
    seconds: float = 0.0
    interaction_id: str | None = None
    mismatches: tuple[Mismatch, ...] = ()
    error: str = ""
    pending: bool = False


@dataclass(frozen=True)
class PactResult:
    """One pact, verified. It passed when at least one interaction ran and all that ran passed or are pending."""

    consumer: str
    provider: str
    interactions: tuple[InteractionResult, ...]
    error: str = ""

    @property
    def passed(self) -> bool:
        """Say whether the provider honours the pact: a verification that ran nothing proves nothing."""
        return (
            not self.error
            and bool(self.interactions)
            and all(each.passed or each.pending for each in self.interactions)
        )


class Fate(StrEnum):
    """What the result of one pact means for the provider's build."""

    PASSED = "passed"
    FAILED = "failed"
    PENDING = "pending"  # failed, but this branch has never honoured it: it does not fail the build


@dataclass(frozen=True)
class PactVerification:
    """The result of one pact with what the broker said of it.

    `consumer_versions` are those whose pact this is, as far as the broker tells; `published` whether the result is in
    the broker, and `result_url` where. `held_back` says that nothing was replayed, because provider states that it
    needs could not be set up: its result has just the interactions that ask for them.
    """

    result: PactResult
    pending: bool = False
    wip: bool = False
    url: str | None = None
    result_url: str | None = None
    published: bool = False
    reasons: tuple[str, ...] = field(default=())
    consumer_versions: tuple[str, ...] = ()
    held_back: bool = False

    @property
    def fate(self) -> Fate:
        """Pending pacts may fail without failing the build (https://docs.pact.io/pending)."""
        if self.result.passed:
            return Fate.PASSED
        return Fate.PENDING if self.pending else Fate.FAILED
