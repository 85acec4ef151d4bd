"""Which broker an address means: one behind HTTP, or the embedded one on a file or on a branch."""

from __future__ import annotations

from pathlib import Path

import requests

from pact_gate.broker.client import Broker
from pact_gate.broker.http import Http, authentication
from pact_gate.model.errors import InputError
from pact_gate.settings import BrokerSettings

# The embedded broker needs a base address for its links. `.invalid` can belong to nobody (RFC 6761).
_EMBEDDED = "http://embedded-broker.invalid"


def connect(settings: BrokerSettings) -> Broker:
    """Make the client for the broker that the settings name.

    Raises:
        InputError: they name none.
    """
    address = settings.broker_url
    if address is None:
        raise InputError(
            "No broker is named.",
            "Set the input `broker-url` (or the variable PACT_BROKER_BASE_URL) to a Pact Broker's address, or to "
            "sqlite:PATH for the embedded one.",
        )
    session = requests.Session()
    session.auth = authentication(settings.broker_token, settings.broker_username, settings.broker_password)
    scheme, _, rest = address.partition(":")
    if scheme in ("sqlite", "git"):
        _mount_embedded(session, scheme, rest)
        address = _EMBEDDED
    return Broker(Http(address, session, timeout=settings.broker_timeout, name=settings.broker_url))


def _mount_embedded(session: requests.Session, scheme: str, place: str) -> None:
    # Imported here: only the broker tier has what the embedded broker serves with.
    from pact_gate.broker.wsgi import WsgiAdapter  # noqa: PLC0415
    from pact_gate.embedded import application  # noqa: PLC0415
    from pact_gate.embedded.git_branch import GitBranch  # noqa: PLC0415

    serving = application(Path(place)) if scheme == "sqlite" else GitBranch(place, Path.cwd(), application)
    session.trust_env = False  # no proxy stands before a call within this process
    session.mount(_EMBEDDED, WsgiAdapter(serving))
