"""What the parts of a reconciliation have in common: what the broker knows of the services in question."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from pact_gate.broker.client import Broker, Pacticipant, unknown
from pact_gate.model.gate import Target, TargetKind
from pact_gate.model.missing import CountingVersion, counting_versions


class Estate(NamedTuple):
    """The services in question by name, their versions that count, and all pairs of consumer and provider."""

    services: Mapping[str, Pacticipant]
    counting: Mapping[str, tuple[CountingVersion, ...]]
    integrations: tuple[tuple[str, str], ...]

    def consumers_of(self, provider: str) -> list[str]:
        """Name those who have, or had, a contract with a provider."""
        return sorted(consumer for consumer, of in self.integrations if of == provider)

    def is_consumer(self, name: str) -> bool:
        """Say whether a service has, or had, a contract with a provider."""
        return any(consumer == name for consumer, _ in self.integrations)


def survey(broker: Broker, names: Iterable[str]) -> Estate:
    """Ask for all of it: two requests, two for each environment and two for each service.

    Raises:
        InputError: the broker does not know one of the services.
    """
    services = {name: _service(broker, name) for name in names}
    inside = {name: broker.versions_in(place.url) for name, place in broker.environments().items()}
    counting = {
        name: counting_versions(
            broker.head(Target(TargetKind.BRANCH, main_branch(about)), name),
            {place: sorted(there.get(name, ())) for place, there in inside.items()},
        )
        for name, about in services.items()
    }
    return Estate(services, counting, tuple(broker.integrations()))


def main_branch(about: Pacticipant) -> str:
    """Name the main branch of a service; the broker's own default is main."""
    return about.main_branch or "main"


def _service(broker: Broker, name: str) -> Pacticipant:
    known = broker.pacticipant(name)
    if known is None:
        raise unknown("pacticipant", name, broker.pacticipants())
    return known
