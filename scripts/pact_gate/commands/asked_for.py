"""A pact that somebody else asks to be verified: its address comes from an event's payload, and is not trusted."""

from __future__ import annotations

from pact_gate.broker.client import Broker, PactDocument
from pact_gate.model.errors import InputError
from pact_gate.model.pact import Pact, parse


def requested_pact(broker: Broker, url: str, provider: str) -> tuple[PactDocument, Pact]:
    """Fetch a pact by its address, if it lies under this broker and is one with this provider.

    Raises:
        InputError: it does not, or is not.
    """
    if not broker.owns(url):
        raise InputError(
            f"The pact's address {url} does not lie under the broker {broker.address}: it was not followed, for the "
            "broker's credentials would go with it.",
            "Check who asks, and that consumer and provider have the same `broker-url`.",
        )
    document = broker.pact(url)
    pact = parse(document.body, url)
    if pact.provider != provider:
        raise InputError(
            f"The pact {url} is one with {pact.provider}, not with {provider}.",
            "Check `provider` and `pact-url`: the result would be stored for the other provider.",
        )
    return document, pact
