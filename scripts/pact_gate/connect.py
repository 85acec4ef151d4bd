"""Which broker an address means (one behind HTTP, or the embedded one on a file or on a branch), and which GitHub."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import requests

from pact_gate import VERSION
from pact_gate.broker.client import Broker
from pact_gate.broker.http import Http, authentication
from pact_gate.broker.wsgi import Application, WsgiAdapter
from pact_gate.model.errors import InputError
from pact_gate.settings.broker import BrokerSettings
from pact_gate.settings.github import GitHubSettings
from pact_gate.transport import BearerAuth

if TYPE_CHECKING:
    from pact_gate.github.api import GitHub

# The embedded broker needs a base address for its links. `.invalid` can belong to nobody (RFC 6761).
_EMBEDDED = "http://embedded-broker.invalid"
_ENVIRONMENTS = ("test", "production")
_SECONDS = 60.0


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
            "git:BRANCH or sqlite:PATH for the embedded one.",
        )
    scheme, _, place = address.partition(":")
    if scheme in ("sqlite", "git"):
        return _in_process(_embedded(scheme, place), address, settings.broker_timeout)
    session = _session()
    session.auth = authentication(settings.broker_token, settings.broker_username, settings.broker_password)
    return Broker(Http(address, session, timeout=settings.broker_timeout))


def connect_github(settings: GitHubSettings, token: str | None = None) -> GitHub:
    """Make the client for GitHub's API, for the settings' token or another one.

    Raises:
        InputError: there is no token.
    """
    from pact_gate.github.api import GitHub  # noqa: PLC0415 - most steps need no API

    token = token or settings.github_token
    if token is None:
        raise InputError(
            "No token for GitHub is given.",
            "Set the input `github-token`, to `${{ github.token }}` or to an app's token from a secret.",
        )
    session = _session()
    session.auth = BearerAuth(token)
    return GitHub(settings.api_url, session, timeout=_SECONDS)


def _session() -> requests.Session:
    session = requests.Session()
    session.headers["User-Agent"] = f"pact-gate/{VERSION}"
    return session


def _in_process(application: Application, name: str, timeout: float) -> Broker:
    session = requests.Session()
    session.trust_env = False  # no proxy stands before a call within this process
    session.mount(_EMBEDDED, WsgiAdapter(application))
    return Broker(Http(_EMBEDDED, session, timeout=timeout, name=name))


def _embedded(scheme: str, place: str) -> Application:
    # Imported here: who asks a broker over HTTP needs none of it.
    from pact_gate.embedded.git_branch import GitBranch  # noqa: PLC0415

    return _on_file(Path(place)) if scheme == "sqlite" else GitBranch(place, Path.cwd(), _on_file)


def _on_file(database: Path) -> Application:
    """Open the broker on a file. A new one knows where services go: the first gate would ask for an unknown place."""
    from pact_gate.embedded import application  # noqa: PLC0415

    new = not database.exists()
    serving = application(database)
    if new:
        broker = _in_process(serving, str(database), _SECONDS)
        for name in _ENVIRONMENTS:
            with suppress(InputError):  # another step was faster
                broker.create_environment(name)
    return serving
