"""Finding out why a row has no result: a few questions to the broker, never many, and only after a no."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property

from pact_gate.broker.client import Broker, Pacticipant, content_of
from pact_gate.model import explaining, selectors
from pact_gate.model.commit import Commit, is_branch_name, is_full_sha
from pact_gate.model.explaining import Facts, Selected
from pact_gate.model.gate import Question, Result, Row
from pact_gate.model.unknown import Explanation, is_same_name, is_same_version

MOST_REQUESTS = 6
"""To the broker, for one row. The list of its pacticipants is one more, for all of them."""

_MOST = 2  # versions: each is a request, and no more is said of the others
_NEWEST = 100  # versions among which another spelling is looked for
_MOST_CONSUMERS = 5
_LONG_AGO = "2000-01-01"  # since which a pact may be work in progress


class Explainer:
    """What the broker knows around the rows of one question. What several rows have in common is asked once.

    Every method raises `BrokerError` when the broker cannot be reached or refuses.
    """

    def __init__(self, broker: Broker, question: Question, commit: Commit | None) -> None:
        self._broker = broker
        self._question = question
        self._commit = commit
        self._providers: dict[str, Pacticipant | None] = {}

    def explain(self, row: Row, there: Mapping[str, Collection[str]]) -> Row:
        """Add to a row without a result who has one, and why none counts. `there` are the services in the target."""
        results = self._broker.results_of(row.consumer, row.consumer_version, row.provider)
        passed = tuple(each.provider_version or "" for each in results if each.result is Result.PASSED)
        if any(each.provider_version in row.candidates for each in results):  # it came while we were asking
            return replace(row, verified_elsewhere=passed)
        about = self._about(row.provider)
        facts = Facts(
            results=results,
            pact_url=self._content(row, results),
            repository_url=about and about.repository_url,
            main_branch=about and about.main_branch,
            checked_out=self._commit and self._commit.checked_out,
        )
        if row.result is Result.ABSENT:
            facts = self._of_absent(row, facts, there)
        elif results:
            facts = replace(facts, branches=frozenset(self._branches_among(row, results)))
        else:
            facts = self._of_unverified(row, facts)
        asked = row.provider in dict(self._question.asked)
        causes = explaining.explain(row, self._question.target, facts, is_asked=asked)
        return replace(row, verified_elsewhere=passed, causes=causes)

    def _about(self, provider: str) -> Pacticipant | None:
        if provider not in self._providers:
            self._providers[provider] = self._broker.pacticipant(provider)
        return self._providers[provider]

    def _content(self, row: Row, results: Iterable[Row]) -> str:
        url = next((each.result_url for each in results if each.result_url), None)
        return content_of(url) if url else self._broker.content_url(row.consumer, row.provider, row.consumer_version)

    # --- no provider version is there

    def _of_absent(self, row: Row, facts: Facts, there: Mapping[str, Collection[str]]) -> Facts:
        near = self._near(row.provider, there)
        if near or facts.results:
            return replace(facts, near_names=(near,) if near else ())
        return replace(facts, of_provider=self._broker.results_by(row.provider))

    def _near(self, name: str, there: Mapping[str, Collection[str]]) -> str:
        """Name the pacticipant that is meant by a name which is spelled nearly like its own, empty where there is none.

        A pact has made the name, so it has no versions; or it has those that verified, and was deployed under the
        other name, which has no pacts. Two services with pacts of their own are two, however much alike they are.
        """
        alike = [other for other in self._pacticipants if is_same_name(name, other)]
        likely = next((other for other in alike if other in there), next(iter(alike), ""))
        if not likely:
            return ""
        if self._broker.has_versions(name):
            meant = likely in there and not self._broker.consumers_of(likely)
        else:
            meant = self._broker.has_versions(likely)
        return likely if meant else ""

    @cached_property
    def _pacticipants(self) -> list[str]:
        return self._broker.pacticipants()

    # --- this content has results, of other versions

    def _branches_among(self, row: Row, results: Iterable[Row]) -> Iterator[str]:
        """Name the results' versions that are names of the provider's branches."""
        versions = dict.fromkeys(each.provider_version or "" for each in results)
        odd = [
            each
            for each in versions
            if not is_full_sha(each) and not any(is_same_version(each, counts) for counts in row.candidates)
        ]
        yield from (each for each in odd[:_MOST] if self._broker.has_branch(row.provider, each))

    # --- this content has no result

    def _of_unverified(self, row: Row, facts: Facts) -> Facts:
        rows = [each for version in row.candidates[:_MOST] for each in self._broker.results_by(row.provider, version)]
        if not rows:
            return replace(facts, of_provider=self._broker.results_by(row.provider))
        selected = self._selected(row, rows, facts)
        return replace(facts, at_candidates=tuple(rows), selected=selected)

    def _selected(self, row: Row, rows: Iterable[Row], facts: Facts) -> Selected:
        """Find out whether a verification of the version that counts takes this content in."""
        branch = next((name for each in rows for name in each.provider_branches), facts.main_branch)
        since = _LONG_AGO if branch else None  # without a branch the broker knows no work in progress
        usual = selectors.for_branch(selectors.DEFAULT, branch)  # as actions/verify has them
        pacts = self._broker.pacts_for_verification(
            row.provider, usual, branch=branch, pending=bool(branch), wip_since=since
        )
        found = [each for each in pacts if each.content_url == facts.pact_url]
        if not found:
            return Selected.NOT
        return Selected.WORK_IN_PROGRESS if all(each.wip for each in found) else Selected.USUAL

    # --- versions, of which no row tells

    def unknown_versions(self) -> Iterator[Explanation]:
        """Say of each version in question that the broker does not know how it is known there: two requests each."""
        for name, version in self._question.asked:
            if self._broker.version(name, version) is None:
                yield from self._known_as(name, version)

    def _known_as(self, name: str, version: str) -> Iterator[Explanation]:
        commit, target = self._commit, self._question.target
        ours = commit if commit and commit.version == version else None
        for known in self._broker.newest_versions(name, _NEWEST):
            if is_same_version(version, known):
                yield explaining.spelled_otherwise(name, version, known, target)
            elif ours and known == ours.checked_out:
                yield explaining.published_by_merge(name, version, known)
            elif is_branch_name(known) or (ours and known == ours.branch):
                yield explaining.published_by_branch(name, version, known)

    def without_pacts(self) -> Iterator[Explanation]:
        """Name those in question that have no pacts and had some under other versions: two requests each, at most."""
        for name, version in self._question.asked:
            document = self._broker.version(name, version)
            if document is not None and not self._broker.has_pacts(document):
                known = self._with_pacts(name)
                if known:
                    yield explaining.without_pacts(name, version, known, self._question.target, is_there=False)

    def unseen(self, rows: Iterable[Row], inside: Callable[[], Mapping[str, Collection[str]]]) -> Iterator[Explanation]:
        """Name the consumers of those in question that are in the environment under versions without pacts.

        One request for each service in question; where it has consumers, those of `inside`, which tells what is there;
        and two for each consumer that is there and has no row, of which `_MOST_CONSUMERS` are looked at.
        """
        asked = dict(self._question.asked)
        consumers = {name for provider in asked for name in self._broker.consumers_of(provider)} - asked.keys()
        if not consumers:
            return
        shown = {(row.consumer, row.consumer_version) for row in rows}
        there = [(name, version) for name in sorted(consumers) for version in sorted(inside().get(name, ()))]
        for name, version in [each for each in there if each not in shown][:_MOST_CONSUMERS]:
            document = self._broker.version(name, version)
            if document is not None and not self._broker.has_pacts(document):
                known = self._with_pacts(name)
                yield explaining.without_pacts(name, version, known, self._question.target, is_there=True)

    def _with_pacts(self, consumer: str) -> list[str]:
        return [version for version, some in self._broker.newest_versions(consumer, _NEWEST).items() if some]
