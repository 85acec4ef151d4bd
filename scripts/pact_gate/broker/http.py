"""Requests to a broker: retried within one deadline, with one sentence for each way to fail."""

from __future__ import annotations

import io
import random
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple
from urllib.parse import unquote, urljoin, urlsplit

import requests
from requests.auth import AuthBase, HTTPBasicAuth
from urllib3.exceptions import HTTPError, ReadTimeoutError

from pact_gate.model.errors import BrokerError

_ATTEMPT_SECONDS = 30.0
_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 10.0
_PIECE_BYTES = 65_536
_MOST_BYTES = 128 * 1024 * 1024  # of one answer, unpacked: a hundred thousand rows of a matrix
# 500 is here because a Pact Broker on SQLite answers it while another request writes.
_WORTH_A_RETRY = frozenset({429, 500, 502, 503, 504})
_FIRST_ERROR, _UNAUTHORIZED, _FIRST_SERVER_ERROR = 400, 401, 500


class BearerAuth(AuthBase):
    """A token in the Authorization header. `requests` drops it on a redirect to another origin."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Sign one request."""
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def authentication(token: str | None, username: str | None, password: str | None) -> AuthBase | None:
    """Choose how to say who we are."""
    if token:
        return BearerAuth(token)
    # As bytes: `requests` refuses a text that is not Latin-1.
    return HTTPBasicAuth(username.encode(), (password or "").encode()) if username else None


class Clock(NamedTuple):
    """Time, given from outside so that a test need not wait."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


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
        self._timeout = timeout
        self._clock = clock or Clock()

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
        address = self.address(url)
        options["headers"] = {"Accept": "application/hal+json, application/json", **options.get("headers", {})}
        deadline = self._clock.now() + self._timeout
        attempt = 0
        while True:
            end = min(deadline, self._clock.now() + _ATTEMPT_SECONDS)
            try:
                response = self._attempt(method, address, end, options)
            except (OSError, HTTPError) as error:
                problem, pause, again = self._unreachable(error), _backoff(attempt), _may_pass(error)
            else:
                kept = response.request.method == method
                if kept and response.status_code < _FIRST_ERROR:
                    return response
                problem = self._refused(response) if kept else self._redirected(response)
                pause, again = _retry_after(response) or _backoff(attempt), response.status_code in _WORTH_A_RETRY
            if not again or self._clock.now() + pause >= deadline:
                raise problem
            self._clock.sleep(pause)
            attempt += 1

    def _attempt(self, method: str, address: str, end: float, options: dict[str, Any]) -> requests.Response:
        def read(response: requests.Response, *_: Any, **__: Any) -> None:
            """Read the body in pieces: the timeout of `requests` begins again with every byte that comes.

            A few packed bytes may hold more than this machine's memory.
            """
            body = io.BytesIO()
            while piece := response.raw.read1(_PIECE_BYTES, decode_content=True):
                body.write(piece)
                if self._clock.now() > end:
                    response.close()
                    raise ReadTimeoutError(None, address, "Read timed out.")  # type: ignore[arg-type]
                if body.tell() > _MOST_BYTES:
                    response.close()
                    raise BrokerError(f"The broker at {self.name} sent more than {_MOST_BYTES:,} bytes.", _CHECK)
            body.seek(0)
            response.raw = body

        timeout = max(end - self._clock.now(), 0.1)
        return self._session.request(method, address, timeout=timeout, hooks={"response": read}, **options)

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

    def _redirected(self, response: requests.Response) -> BrokerError:
        """A redirect by 301, 302 or 303 turns a write into a read (RFC 9110, 15.4): what was to be written is lost."""
        target = response.url.split("?")[0]
        return BrokerError(
            f"The broker at {self.name} redirects writes to {target}, where only a read arrives.",
            "Set `broker-url` to the address that it redirects to (https instead of http?).",
        )

    def _unreachable(self, error: OSError | HTTPError) -> BrokerError:
        reason, next_step = _why(error)
        return BrokerError(f"The broker at {self.name} could not be reached: {reason}.", next_step)

    def _refused(self, response: requests.Response) -> BrokerError:
        status = response.status_code
        cause, next_step = _why_refused(status, authenticated=self._session.auth is not None)
        told = _told(response)
        return BrokerError(
            f"The broker at {self.name} {cause} ({status}{f': {told}' if told else ''}).", next_step, status=status
        )


def _backoff(attempt: int) -> float:
    """Double the pause each time, and spread it, so that many steps do not come back at once."""
    return min(_FIRST_PAUSE_SECONDS * 2.0**attempt, _LONGEST_PAUSE_SECONDS) * random.uniform(0.5, 1)  # noqa: S311


def _retry_after(response: requests.Response) -> float:
    """Read Retry-After: seconds or a date (RFC 9110, 10.2.3); 0 where there is none to be read."""
    value = response.headers.get("Retry-After", "")
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except ValueError:
        return 0.0


def _lies_under(base: str, path: str) -> bool:
    """Say whether a path begins with the broker's own, and does not go up again, in whatever spelling."""
    return f"{path}/".startswith(f"{base}/") and not {".", ".."} & set(unquote(path).split("/"))


def _may_pass(error: OSError | HTTPError) -> bool:
    """Say whether another attempt makes sense: not for a certificate, an address that is none, a missing CA file."""
    known = isinstance(error, (requests.RequestException, HTTPError))
    return known and not isinstance(error, (requests.exceptions.SSLError, ValueError))


_CHECK = "Check `broker-url`, and whether a firewall or a proxy (HTTPS_PROXY, NO_PROXY) stands between."

# Kinds of failure, told by their type or by a word in their text: the most special first.
_UNREACHABLE: tuple[tuple[type[Exception], str, str, str], ...] = (
    (
        requests.exceptions.SSLError,
        "CERTIFICATE",
        "its certificate is not trusted",
        "Set REQUESTS_CA_BUNDLE to the file of the certificate authority that signed it.",
    ),
    (requests.exceptions.SSLError, "", "no secure connection came about", f"{_CHECK} Does it speak http, not https?"),
    (requests.exceptions.ProxyError, "", "the proxy refused", "Check HTTPS_PROXY, HTTP_PROXY and NO_PROXY."),
    (requests.Timeout, "", "it did not answer in time", f"{_CHECK} `broker-timeout` sets how long to try."),
    (requests.TooManyRedirects, "", "it redirects in a circle", _CHECK),
    (requests.ConnectionError, "NameResolutionError", "its name is not known", _CHECK),
    (requests.ConnectionError, "refused", "the connection was refused", _CHECK),
    (HTTPError, "Read timed out", "it did not answer in time", f"{_CHECK} `broker-timeout` sets how long to try."),
    (HTTPError, "IncompleteRead", "its answer was cut off", _CHECK),
    (ValueError, "", "the address cannot be used", "Check `broker-url`."),
)

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


def _why(error: OSError | HTTPError) -> tuple[str, str]:
    for kind, word, reason, next_step in _UNREACHABLE:
        if isinstance(error, kind) and word in str(error):
            return reason, next_step
    if not isinstance(error, (requests.RequestException, HTTPError)):
        return str(error), "Check REQUESTS_CA_BUNDLE."
    return f"the connection failed ({type(error).__name__})", _CHECK


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
