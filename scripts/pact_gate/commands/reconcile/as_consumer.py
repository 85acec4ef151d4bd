"""Which of a consumer's pacts nobody has verified, at no version of their provider."""

from __future__ import annotations

from collections.abc import Iterator

from pact_gate.broker.client import Broker
from pact_gate.commands.reconcile.estate import Estate
from pact_gate.model.commit import short
from pact_gate.model.gate import Result
from pact_gate.model.reconcile import Hopeless


def unverified(broker: Broker, consumer: str, estate: Estate) -> Iterator[Hopeless]:
    """Give the pacts of the versions that count which have no result at all, and say why that is so.

    A provider that is reconciled as well finds them by itself. One request for each version of the consumer, and one
    for each provider of such a pact.
    """
    if not estate.is_consumer(consumer):
        return
    heard_of: dict[str, bool] = {}
    for version in estate.counting[consumer]:
        for row in broker.results(consumer, version.version):
            if row.result is not Result.NONE or row.provider in estate.services:
                continue
            if row.provider not in heard_of:
                heard_of[row.provider] = broker.has_versions(row.provider)
            told = _told(consumer, short(version.version), row.provider, heard_of=heard_of[row.provider])
            yield Hopeless(consumer, row.provider, version, *told)


def _told(consumer: str, version: str, provider: str, *, heard_of: bool) -> tuple[str, str]:
    if heard_of:
        cause = f"No version of {provider} has ever verified what {consumer} {version} needs."
        next_step = (
            f"Run the verification of {provider} (verify-provider.yml, or its own reconcile.yml); where it has "
            f"`selectors`, they must take in {consumer}."
        )
    else:
        cause = f"The broker has never heard from {provider}, so nobody verifies what {consumer} {version} needs."
        next_step = (
            f"Check the name of the provider in the pact, {provider}. If it is right, its team must set up the "
            "verification (verify-provider.yml)."
        )
    return cause, next_step
