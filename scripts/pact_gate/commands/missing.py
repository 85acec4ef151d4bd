"""Finding the verifications that are missing, by what the broker knows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pact_gate.broker.client import Broker
from pact_gate.model.gate import Target, TargetKind
from pact_gate.model.missing import CountingVersion, MissingResult, counting_versions, missing_results


def missing_for_consumers(broker: Broker, asked: Iterable[tuple[str, str]]) -> tuple[MissingResult, ...]:
    """Give what is missing of consumer versions' pacts (pairs of consumer and version), with each content's address.

    One request for the results of each; where there are pacts, two for each environment and two for each provider; one
    more for each pact that lacks a result.
    """
    rows = {pair: broker.results(*pair) for pair in asked}
    providers = {row.provider for found in rows.values() for row in found}
    counting = where_they_count(broker, providers) if providers else {}
    return tuple(
        each._replace(pact_url=broker.content_url(consumer, each.provider, version))
        for (consumer, version), found in rows.items()
        for each in missing_results(found, counting)
    )


def where_they_count(broker: Broker, providers: Iterable[str]) -> Mapping[str, tuple[CountingVersion, ...]]:
    """Give the versions of each provider that are at the head of its main branch, deployed or released."""
    inside = {name: broker.versions_in(place.url) for name, place in broker.environments().items()}
    main = Target(TargetKind.MAIN_BRANCH)
    return {
        name: counting_versions(
            broker.head(main, name), {place: sorted(there.get(name, ())) for place, there in inside.items()}
        )
        for name in sorted(providers)
    }
