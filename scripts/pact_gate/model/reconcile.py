"""What no push puts right: verifications that nobody asked for, gates with an old answer, branches that are gone."""

from __future__ import annotations

from typing import Literal, NamedTuple

from pact_gate.model.missing import CountingVersion


class Due(NamedTuple):
    """A verification to be made: of a consumer's pact, at one version of its provider."""

    consumer: str
    provider: str
    version: CountingVersion
    pact_url: str


class Hopeless(NamedTuple):
    """What nobody will ever verify as things are: why it is so, and what is to be done.

    `provider` is the service whose verification is missing, `where` the version that it is missing for or of.
    """

    consumer: str
    provider: str
    where: CountingVersion
    cause: str
    next_step: str


class OldAnswer(NamedTuple):
    """A gate that said no to a pull request, and would say yes now: which run, and what became of it.

    `problem` (with its `next_step`; an `exit_code` where GitHub refused) is set where it was not run again.
    """

    pull_request: int
    context: str
    run_url: str
    state: Literal["would say yes now", "is running", "was run again"] = "would say yes now"
    problem: str = ""
    next_step: str = ""
    exit_code: int = 0

    @property
    def was_run(self) -> bool:
        """Say whether its answer comes anew."""
        return self.state == "was run again"


class GoneBranch(NamedTuple):
    """A branch that the broker has and the repository has not. Where it `was_deleted`, neither has."""

    pacticipant: str
    name: str
    was_deleted: bool = False
