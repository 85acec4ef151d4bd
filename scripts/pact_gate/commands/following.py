"""Following the runs that were asked to verify what a gate waits for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from pact_gate.model.errors import GitHubError
from pact_gate.model.gate import HEAD_OF_MAIN, Result, Row, Target, TargetKind, Verifying

if TYPE_CHECKING:
    from pact_gate.github.api import GitHub
    from pact_gate.model.runs import Triggered

_LAST_LINES = 20
_FOR_GOOD = (401, 403, 404)  # what a token must not see, it sees no better at the next look
_CONCERNED = (Result.NONE, Result.FAILED)


class Following:
    """What became of the verifications that were asked for.

    GitHub only tells how a run goes. Where it cannot be asked, the gate goes on without: the broker has the results.
    """

    def __init__(
        self, triggered: Sequence[Triggered], github: Callable[[], GitHub], log: Callable[[str], None]
    ) -> None:
        self._triggered = triggered
        self._connect = github
        self._log = log
        self._out_of_sight: set[Triggered] = set()
        self._known = {
            each: Verifying(each.url, "", problem=each.problem, next_step=each.next_step) for each in triggered
        }

    @cached_property
    def _github(self) -> GitHub:
        return self._connect()

    def look(self) -> None:
        """See how the runs stand that have not ended: one request each.

        Look before asking the broker: what a run has published by its end is there then.
        """
        for each, known in self._known.items():
            if each.run_id is None or known.hopeless or each in self._out_of_sight:
                continue
            try:
                run = self._github.run(each.repository, each.run_id)
            except GitHubError as error:
                self._log(f"How {each.url} goes is not known: {error.cause} {error.next_step}")
                if error.status in _FOR_GOOD:
                    self._out_of_sight.add(each)
                continue
            self._known[each] = known._replace(state=run.conclusion or run.status, ended=run.ended)

    def versions_at(self, target: Target, provider: str) -> tuple[str, ...]:
        """Name the versions of a provider that are at the target, where their verification was asked for."""
        place = HEAD_OF_MAIN if target.kind is TargetKind.MAIN_BRANCH else target.name
        return tuple(
            version for each in self._triggered if each.provider == provider for version in each.versions_at(place)
        )

    def attached(self, row: Row) -> Row:
        """Give a row with the run that verifies it, where that is known."""
        if row.result not in _CONCERNED:
            return row
        versions = (row.provider_version,) if row.provider_version else row.candidates
        asked = next((each for each in self._asked_for(row) if each.covers(versions)), None)
        return replace(row, run=self._known[asked]) if asked else row

    def is_first(self, row: Row) -> bool:
        """Say whether the verification of a row's pact was asked for at the first version of its provider."""
        return any(not each.versions and not each.problem for each in self._asked_for(row))

    def _asked_for(self, row: Row) -> Iterator[Triggered]:
        pact = (row.consumer, row.consumer_version, row.provider)
        return (each for each in self._triggered if (each.consumer, each.consumer_version, each.provider) == pact)

    def with_last_words(self, row: Row) -> Row:
        """Add how the log of a row's run ended, where the run did."""
        asked = next((each for each, known in self._known.items() if known is row.run), None)
        if row.run is None or not row.run.ended or asked is None or asked.run_id is None:
            return row
        try:
            words = self._github.last_words(asked.repository, asked.run_id, _LAST_LINES)
        except GitHubError as error:
            self._log(f"The log of {asked.url} cannot be read: {error.cause}")
            return row
        return replace(row, run=row.run._replace(last_words=words))
