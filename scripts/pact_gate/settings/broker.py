"""Which broker, and how to serve one."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from pact_gate.model.errors import InputError
from pact_gate.settings.inputs import UNBROKEN, Inputs, is_http, no_token, wrong

_LAST_PORT = 65_535


@dataclass(frozen=True)
class BrokerSettings:
    """Which broker, who we are there, and how long all attempts at one request may take together (seconds)."""

    broker_url: str | None = None
    broker_token: str | None = field(default=None, repr=False)
    broker_username: str | None = None
    broker_password: str | None = field(default=None, repr=False)
    broker_timeout: float = 60

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must never be printed."""
        return tuple(secret for secret in (self.broker_token, self.broker_password) if secret)


def broker_settings(inputs: Inputs) -> BrokerSettings:
    """Read the broker's address and credentials; Pact's usual variables stand behind the inputs."""
    url = inputs.text("broker-url", variable="PACT_BROKER_BASE_URL")
    token = inputs.text("broker-token", variable="PACT_BROKER_TOKEN")
    username = inputs.text("broker-username", variable="PACT_BROKER_USERNAME")
    password = inputs.text("broker-password", variable="PACT_BROKER_PASSWORD")
    if token and username:
        raise InputError(
            "Both a token and a username are given for the broker.",
            "PactFlow takes `broker-token`, a Pact Broker mostly a name and a password: leave the other out.",
        )
    if token and not re.fullmatch(UNBROKEN, token):
        raise no_token("broker-token")
    return BrokerSettings(url and _broker_url(url), token, username, password, inputs.number("broker-timeout", 60))


def _broker_url(url: str) -> str:
    scheme, _, rest = url.partition(":")
    if _holds_credentials(scheme, url):
        raise InputError(
            "The input `broker-url` holds a user name or a password, which would be shown wherever the address is.",
            "Give them as `broker-username` and `broker-password`, from a secret (for git: let git know them).",
        )
    if scheme in ("sqlite", "git"):
        if not rest:
            raise InputError(
                f"The input `broker-url` is {url!r}: it names no {'file' if scheme == 'sqlite' else 'branch'}.",
                "Write for example sqlite:.pact/broker.sqlite3 or git:pact-broker.",
            )
        return url
    if not is_http(url) or re.search(r"[?#\s]", url):
        raise InputError(
            f"The input `broker-url` is {url!r}, which is no address of a broker.",
            "Write https://… for a Pact Broker or PactFlow, or git:BRANCH or sqlite:PATH for the embedded broker.",
        )
    return url.rstrip("/")


def _holds_credentials(scheme: str, url: str) -> bool:
    """Say whether a URL names somebody. A path of a file may have an @, a git branch too; ssh's user is no secret."""
    if scheme == "git":
        return bool(re.search(r"(?<!ssh:)//[^@#]*@|//[^@#/]*:[^@#]*@", url))
    return scheme != "sqlite" and "@" in url


@dataclass(frozen=True)
class ServeSettings:
    """`actions/broker` and `pact-gate broker serve`.

    Port 0 is any free one. Webhooks may call only `webhook_hosts`.
    """

    database: str = ".pact-gate/broker.sqlite3"
    port: int = 9292
    webhook_hosts: tuple[str, ...] = ()


def serve_settings(inputs: Inputs, *, default_port: str = "9292") -> ServeSettings:
    """Read the inputs of `actions/broker`. A person gets a port to remember; a job any free one."""
    port = inputs.text("port") or default_port
    if not re.fullmatch(r"[0-9]{1,5}", port) or int(port) > _LAST_PORT:
        raise wrong("port", port, "is no port", "Write a number from 0 (any free one) to 65535.")
    return ServeSettings(
        inputs.text("database") or ServeSettings.database,
        int(port),
        inputs.names("webhook-hosts"),
    )
