"""Requests to a broker, with one sentence for each way to fail."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

import requests
from requests.auth import AuthBase, HTTPBasicAuth

from pact_gate.model.errors import BrokerError
from pact_gate.transport import BearerAuth, Clock, Failure, Transport, check, retry_after, why_unreachable

# 500 is here because a Pact Broker on SQLite answers it while another request writes.
_WORTH_A_RETRY = frozenset({429, 500, 502, 503, 504})
_UNAUTHORIZED, _FIRST_SERVER_ERROR = 401, 500
_ADDRESS = "`broker-url`"


def authentication(token: str | None, username: str | None, password: str | None) -> AuthBase | None:
    """Choose how to say who we are."""
    if token:
        return BearerAuth(token)
    # As bytes: `requests` refuses a text that is not Latin-1.
    return HTTPBasicAuth(username.encode(), (password or "").encode()) if username else None


class Http:
    """One broker, spoken to in JSON.

    Every request here may be repeated: the broker's writes either name what they write (PUT) or answer the same to the
    same (publishing equal content, recording a deployment that is recorded). A result that is published twice counts
    as one, the later. `name` is what errors call it, where its base address says nothing to the reader.
    """

    def __init__(
        self,
        base_url: str,
        session: requests.Session,
        *,
        timeout: float,
        clock: Clock | None = None,
        name: str | None = None,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self.name = name or self.base_url
        self._session = session
        self._transport = Transport(session, self, timeout=timeout, clock=clock or Clock())

    def close(self) -> None:
        """Give back the connections, and what stands in for them where the broker is in this process."""
        self._session.close()

    def get(self, url: str, **query: str) -> Any:
        """Read a JSON document."""
        return self.decode(self.request("GET", url, params=query))

    def send(self, method: str, url: str, body: Any, *, content_type: str = "application/json") -> Any:
        """Write a JSON document and give the answer, None where it is empty."""
        response = self.request(method, url, json=body, headers={"Content-Type": content_type})
        return self.decode(response) if response.content else None

    def request(self, method: str, url: str, **options: Any) -> requests.Response:
        """Give the broker's answer, whatever `_WORTH_A_RETRY` says tried again until the deadline.

        Raises:
            BrokerError: no answer in time, or one that says no (status 400 and above); `status` tells which.
        """
        options["headers"] = {"Accept": "application/hal+json, application/json", **options.get("headers", {})}
        return self._transport.request(method, self.address(url), **options)

    def address(self, url: str) -> str:
        """Turn a path or a link into an address under the broker.

        A broker behind a proxy may not know its own scheme or port, and then gives links with others: those are
        followed to where the broker was found. A link to another host, or out of the broker's path, is not followed:
        a token would go with it.
        """
        base = urlsplit(self.base_url)
        try:
            found = urlsplit(self.base_url + url if url.startswith("/") else urljoin(self.base_url + "/", url))
        except (ValueError, AttributeError) as error:
            raise self._led_astray(f"gives a link that is none, {url!r}") from error
        if found.hostname != base.hostname:
            raise self._led_astray(f"leads to another host, {found.hostname}, which is not followed")
        if not _lies_under(base.path, found.path):
            raise self._led_astray(f"leads outside of itself, to {found.path or '/'}, which is not followed")
        return found._replace(scheme=base.scheme, netloc=base.netloc).geturl()

    def decode(self, response: requests.Response) -> Any:
        """Read the JSON of an answer."""
        try:
            return response.json()
        except (ValueError, RecursionError) as error:  # no JSON, or more than Python takes: digits, depth
            kind = response.headers.get("Content-Type", "no content type").split(";")[0]
            raise BrokerError(
                f"What answers at {response.url.split('?')[0]} is no Pact Broker: it sent {kind}, not JSON.",
                "Check `broker-url`: is it the broker's own address, and no login page or proxy in front of it?",
                status=response.status_code,
            ) from error

    def _led_astray(self, what: str) -> BrokerError:
        return BrokerError(
            f"The broker at {self.name} {what}.",
            "Set the broker's own base URL (PACT_BROKER_BASE_URL in its environment) to the address it is used by.",
        )

    # --- as a `Peer` of the transport

    def unreachable(self, error: Failure) -> BrokerError:
        """Say why the broker gave no answer."""
        reason, next_step = why_unreachable(error, address=_ADDRESS, timeout="`broker-timeout` sets how long to try.")
        return BrokerError(f"The broker at {self.name} could not be reached: {reason}.", next_step)

    def too_long(self, most_bytes: int) -> BrokerError:
        """Say that the answer has no end."""
        return BrokerError(f"The broker at {self.name} sent more than {most_bytes:,} bytes.", check(_ADDRESS))

    def redirected(self, response: requests.Response) -> BrokerError:
        """A redirect by 301, 302 or 303 turns a write into a read (RFC 9110, 15.4): what was to be written is lost."""
        target = response.url.split("?")[0]
        return BrokerError(
            f"The broker at {self.name} redirects writes to {target}, where only a read arrives.",
            "Set `broker-url` to the address that it redirects to (https instead of http?).",
        )

    def refused(self, response: requests.Response) -> BrokerError:
        """Say what the broker's no means, in its own words as well."""
        status = response.status_code
        cause, next_step = _why_refused(status, authenticated=self._session.auth is not None)
        told = _told(response)
        return BrokerError(
            f"The broker at {self.name} {cause} ({status}{f': {told}' if told else ''}).", next_step, status=status
        )

    def pause(self, response: requests.Response) -> float | None:
        """Say whether to ask again: after what may pass."""
        return retry_after(response) if response.status_code in _WORTH_A_RETRY else None


def _lies_under(base: str, path: str) -> bool:
    """Say whether a path begins with the broker's own, and does not go up again, in whatever spelling."""
    return f"{path}/".startswith(f"{base}/") and not {".", ".."} & set(unquote(path).split("/"))


_REFUSED: dict[int, tuple[str, str]] = {
    401: ("does not accept the credentials", "Check the secret behind `broker-token` or `broker-password`."),
    403: (
        "does not allow this to these credentials",
        "Use credentials that may write (PactFlow: a CI token with a role that may).",
    ),
    404: (
        "does not know this address",
        "Check `broker-url`: the broker's base address, without /ui or /pacts behind it.",
    ),
    429: ("is asked too often", "Try again later, or raise `broker-timeout`."),
    507: ("has no space left", "Free some space on the disk that holds it, and try again."),
}
_NOBODY = (
    "wants to know who is asking, and no credentials were given",
    "Set `broker-token`, or `broker-username` and `broker-password`, from secrets (forks and Dependabot get none).",
)
_BROKEN = ("is broken or overloaded", "Try again; if it stays so, look into the broker's own log.")


def _why_refused(status: int, *, authenticated: bool) -> tuple[str, str]:
    if status == _UNAUTHORIZED and not authenticated:
        return _NOBODY
    if status in _REFUSED:
        return _REFUSED[status]
    return _BROKEN if status >= _FIRST_SERVER_ERROR else ("refused the request", "The broker's own words say why.")


def _told(response: requests.Response) -> str:
    """Give the broker's own words for an error: a list, a mapping of lists, or one text."""
    try:
        document = response.json()
        errors = document.get("errors", document.get("error", "")) if isinstance(document, dict) else ""
        told = "; ".join(_texts(errors))
    except (ValueError, RecursionError):
        return ""
    credentials = str(response.request.headers.get("Authorization", "")).partition(" ")[2]
    return (told.replace(credentials, "***") if credentials else told)[:500]


def _texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        value = [value["message"]] if "message" in value else list(value.values())
    if isinstance(value, list):
        return [text for item in value for text in _texts(item)]
    return [str(value)] if value else []
