"""Which broker, and how to serve one."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from pathlib import Path

from pact_gate.model.errors import InputError
from pact_gate.settings.inputs import UNBROKEN, Inputs, is_http, no_token, wrong

_LAST_PORT = 65_535
_MAKE_ONE = "Make one: openssl rand -hex 32"
_SHORTEST_SECRET = 12  # characters; nothing here slows guessing down

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


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


@dataclass(frozen=True)
class BackupSettings:
    """`pact-gate broker backup PATH`: which file to copy to where, and whether a file that is there may be replaced."""

    database: str
    path: str
    overwrite: bool = False


def backup_settings(inputs: Inputs) -> BackupSettings:
    """Read the words of `broker backup`."""
    path = inputs.text("path")
    if path is None:
        raise InputError("`broker backup` is not told where to.", "Write: pact-gate broker backup PATH")
    return BackupSettings(inputs.text("database") or ServeSettings.database, path, inputs.flag("overwrite"))


def check_settings(inputs: Inputs) -> str:
    """Read the path of the file that `broker check` is to look at: PATH, else `database` and its default."""
    return inputs.text("path") or inputs.text("database") or ServeSettings.database


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


@dataclass(frozen=True)
class AccessSettings:
    """What `broker serve` alone is told: where it listens, who may in, and which proxies stand before it.

    A user is `NAME:PASSWORD`. Those under `reader_…` may change nothing. Without any of them everyone may in, which is
    taken for a loopback address alone.
    """

    host: str = "127.0.0.1"
    tokens: tuple[str, ...] = field(default=(), repr=False)
    users: tuple[str, ...] = field(default=(), repr=False)
    reader_tokens: tuple[str, ...] = field(default=(), repr=False)
    reader_users: tuple[str, ...] = field(default=(), repr=False)
    trusted_proxies: tuple[Network, ...] = ()


def access_settings(inputs: Inputs) -> AccessSettings:
    """Read what `broker serve` alone is told. Secrets come from files or the environment, never from a command line."""
    address = _listening(inputs.text("host") or AccessSettings.host)
    settings = AccessSettings(
        str(address),
        _secrets(inputs, "token"),
        _secrets(inputs, "user"),
        _secrets(inputs, "read-only-token"),
        _secrets(inputs, "read-only-user"),
        tuple(_network(name) for name in inputs.names("trusted-proxy")),
    )
    everyone = AccessSettings(settings.host, trusted_proxies=settings.trusted_proxies)
    if settings == everyone and not address.is_loopback:
        raise InputError(
            f"At {address} everyone who reaches this machine could change what is kept.",
            "Say who may in: --token-file or --user-file (or PACT_GATE_SERVE_TOKEN, PACT_GATE_SERVE_USER).",
        )
    return settings


def _listening(host: str) -> Address:
    try:
        return ipaddress.ip_address("127.0.0.1" if host == "localhost" else host.strip("[]"))
    except ValueError as error:
        raise wrong(
            "host", host, "is no address to listen on", "Write an address of this machine, or 0.0.0.0 for all."
        ) from error


def _network(name: str) -> Network:
    try:
        return ipaddress.ip_network(name, strict=False)
    except ValueError as error:
        next_step = "Write the proxy's own address, as 10.0.0.5 or 10.0.0.0/24."
        raise wrong("trusted-proxy", name, "is no address", next_step) from error


def _secrets(inputs: Inputs, kind: str) -> tuple[str, ...]:
    """Give the tokens or users of a kind, one a line: several, while one takes the place of another."""
    name, variable = f"{kind}-file", f"PACT_GATE_SERVE_{kind.upper().replace('-', '_')}"
    path, said, source = inputs.text(name), inputs.variable(variable), f"variable `{variable}`"
    if path:
        try:
            said, source = Path(path).read_text(encoding="utf-8-sig"), f"file {path} (`{name}`)"
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", None) or "it is no UTF-8"
            raise InputError(f"The file {path} (`{name}`) cannot be read: {why}.", "Name another file.") from error
    found = tuple(line.strip() for line in (said or "").splitlines() if line.strip())
    if path and not found:
        raise InputError(f"The {source} is empty.", "Write the secret into it, alone on a line.")
    for secret in found:
        _check_secret(secret, kind, source)
    return found


def _check_secret(secret: str, kind: str, source: str) -> None:
    name, colon, password = secret.partition(":")
    if kind.endswith("user") and not (name and colon):
        raise InputError(f"The {source} holds what is no user.", "Write NAME:PASSWORD on a line.")
    if kind.endswith("token") and not re.fullmatch(UNBROKEN, secret):
        raise InputError(f"The {source} holds what no token does: a space or a letter with an accent.", _MAKE_ONE)
    if len(password if colon and kind.endswith("user") else secret) < _SHORTEST_SECRET:
        raise InputError(f"The {source} holds a secret of less than {_SHORTEST_SECRET} characters.", _MAKE_ONE)
