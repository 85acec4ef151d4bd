"""Verifications that are missing: which provider versions count for a pact, and have no result for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import NamedTuple

from pact_gate.model.gate import HEAD_OF_MAIN, Row


class CountingVersion(NamedTuple):
    """A provider version that a consumer will meet, and where: on the main branch, in an environment."""

    version: str
    places: tuple[str, ...]


class MissingResult(NamedTuple):
    """What nobody has verified yet: the pact of a consumer version, at versions of its provider.

    `pact_url` leads to the pact's content, whichever version published it. Without `versions` the provider has none
    that counts: the head of its repository's default branch is meant.
    """

    consumer: str
    consumer_version: str
    provider: str
    versions: tuple[CountingVersion, ...]
    pact_url: str = ""

    @property
    def key(self) -> str:
        """Give what two requests for the same verification have in common."""
        meant = "\n".join([self.pact_url, *sorted(each.version for each in self.versions)])
        return sha256(meant.encode()).hexdigest()[:16]

    @property
    def version_numbers(self) -> tuple[str, ...]:
        """Name the versions alone."""
        return tuple(each.version for each in self.versions)


def counting_versions(head: str | None, there: Mapping[str, Iterable[str]]) -> tuple[CountingVersion, ...]:
    """Put together where a provider's versions are: `head` is on its main branch, `there` by environment.

    They are those for which the Pact Broker sends `contract_requiring_verification_published`
    (https://docs.pact.io/pact_broker/webhooks).
    """
    places: dict[str, list[str]] = {head: [HEAD_OF_MAIN]} if head else {}
    for environment, versions in there.items():
        for version in versions:
            places.setdefault(version, []).append(environment)
    return tuple(CountingVersion(version, tuple(named)) for version, named in places.items())


def missing_results(
    rows: Sequence[Row], counting: Mapping[str, Sequence[CountingVersion]]
) -> tuple[MissingResult, ...]:
    """Give what is missing for one consumer version, from all results of its pacts and each provider's versions.

    A version that failed has a result: to ask again would bring the same.
    """
    known = {(row.provider, row.provider_version) for row in rows}
    found = []
    for row in {row.provider: row for row in rows}.values():
        versions = counting.get(row.provider, ())
        open_ones = tuple(each for each in versions if (row.provider, each.version) not in known)
        if open_ones or (not versions and (row.provider, None) in known):
            found.append(MissingResult(row.consumer, row.consumer_version, row.provider, open_ones))
    return tuple(sorted(found, key=lambda each: each.provider))
