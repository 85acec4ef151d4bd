"""What contracts do not cover, and the team's own checks of it. They decide nothing: a person looks at them."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Uncovered(StrEnum):
    """What a gate's yes says nothing about."""

    PERFORMANCE = "performance"
    AUTHORISATION = "authorisation"
    BUSINESS_RULES = "business-rules"
    NETWORK = "network"


class CheckState(StrEnum):
    """What became of a check on one commit."""

    PASSED = "passed"
    FAILED = "failed"
    RUNNING = "running"
    NOT_RUN = "not run"
    NOT_KNOWN = "not known"


class OtherCheck(NamedTuple):
    """A check of the team's own: a check run of that name, or a deployment to that GitHub environment."""

    name: str
    covers: tuple[Uncovered, ...] = ()
    check_run: str | None = None
    environment: str | None = None


class CheckResult(NamedTuple):
    """What became of a check on the commit that the gate was asked about. `why` says why it is not known."""

    check: OtherCheck
    state: CheckState
    url: str = ""
    why: str = ""
