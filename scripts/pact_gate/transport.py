"""Floor 1: requests over HTTP, tried again within one deadline. What a refusal means, says the room that asks."""

from __future__ import annotations

import io
import random
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple, Protocol

import requests
from requests.auth import AuthBase
from urllib3.exceptions import HTTPError, ReadTimeoutError

from pact_gate.model.errors import PactGateError

_ATTEMPT_SECONDS = 30.0
_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 10.0
_PIECE_BYTES = 65_536
_MOST_BYTES = 128 * 1024 * 1024  # of one answer, unpacked: a hundred thousand rows of a matrix
_FIRST_ERROR, _FIRST_SERVER_ERROR = 400, 500

Failure = OSError | HTTPError


class Clock(NamedTuple):
    """Time, given from outside so that a test need not wait."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


class BearerAuth(AuthBase):
    """A token in the Authorization header. `requests` drops it on a redirect to another origin."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Sign one request."""
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class Peer(Protocol):
    """Who is asked. It has the sentence for each way in which that may fail."""

    def unreachable(self, error: Failure) -> PactGateError:
        """Say why no answer came about."""

    def too_long(self, most_bytes: int) -> PactGateError:
        """Say that the answer has no end."""

    def refused(self, response: requests.Response) -> PactGateError:
        """Say what an answer means that says no."""

    def redirected(self, response: requests.Response) -> PactGateError:
        """Say where a write was redirected to, so that it became a read and what was to be written is lost."""

    def pause(self, response: requests.Response) -> float | None:
        """Give the seconds to wait before such an answer is worth another attempt (0: as ever); None: it is not."""


class Transport:
    """Sends requests to a peer, each until its deadline, `timeout` seconds for all attempts together."""

    def __init__(self, session: requests.Session, peer: Peer, *, timeout: float, clock: Clock) -> None:
        self._session = session
        self._peer = peer
        self._timeout = timeout
        self._clock = clock

    def request(self, method: str, address: str, **options: Any) -> requests.Response:
        """Give the answer.

        `may_repeat=False` is for what is not the same when it is done twice: it is tried again only where the peer says
        that nothing was done.

        Raises:
            PactGateError: what the peer calls it that there was no answer in time, or one that says no.
        """
        may_repeat = options.pop("may_repeat", True)
        most_bytes = options.pop("most_bytes", _MOST_BYTES)
        deadline = self._clock.now() + self._timeout
        attempt = 0
        while True:
            end = min(deadline, self._clock.now() + _ATTEMPT_SECONDS)
            pause: float | None
            try:
                response = self._attempt(method, address, end, most_bytes, options)
            except (OSError, HTTPError) as error:
                problem, pause = self._peer.unreachable(error), 0.0 if may_repeat and _may_pass(error) else None
            else:
                kept = response.request.method == method
                if kept and response.status_code < _FIRST_ERROR:
                    return response
                problem = self._peer.refused(response) if kept else self._peer.redirected(response)
                pause = self._peer.pause(response)
                if not may_repeat and response.status_code >= _FIRST_SERVER_ERROR:  # it may have been done
                    pause = None
            pause = None if pause is None else pause or _backoff(attempt)
            if pause is None or self._clock.now() + pause >= deadline:
                raise problem
            self._clock.sleep(pause)
            attempt += 1

    def _attempt(
        self, method: str, address: str, end: float, most_bytes: int, options: dict[str, Any]
    ) -> requests.Response:
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
                if body.tell() > most_bytes:
                    response.close()
                    raise self._peer.too_long(most_bytes)
            body.seek(0)
            response.raw = body

        timeout = max(end - self._clock.now(), 0.1)
        return self._session.request(method, address, timeout=timeout, hooks={"response": read}, **options)


def retry_after(response: requests.Response) -> float:
    """Read Retry-After: seconds or a date (RFC 9110, 10.2.3); 0 where there is none to be read."""
    value = response.headers.get("Retry-After", "")
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except ValueError:
        return 0.0


def _backoff(attempt: int) -> float:
    """Double the pause each time, and spread it, so that many steps do not come back at once."""
    return min(_FIRST_PAUSE_SECONDS * 2.0**attempt, _LONGEST_PAUSE_SECONDS) * random.uniform(0.5, 1)  # noqa: S311


def _may_pass(error: Failure) -> bool:
    """Say whether another attempt makes sense: not for a certificate, an address that is none, a missing CA file."""
    known = isinstance(error, (requests.RequestException, HTTPError))
    return known and not isinstance(error, (requests.exceptions.SSLError, ValueError))


_CHECK = "Check {address}, and whether a firewall or a proxy (HTTPS_PROXY, NO_PROXY) stands between."

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
    (requests.Timeout, "", "it did not answer in time", f"{_CHECK}{{timeout}}"),
    (requests.TooManyRedirects, "", "it redirects in a circle", _CHECK),
    (requests.ConnectionError, "NameResolutionError", "its name is not known", _CHECK),
    (requests.ConnectionError, "refused", "the connection was refused", _CHECK),
    (HTTPError, "Read timed out", "it did not answer in time", f"{_CHECK}{{timeout}}"),
    (HTTPError, "IncompleteRead", "its answer was cut off", _CHECK),
    (ValueError, "", "the address cannot be used", "Check {address}."),
)


def why_unreachable(error: Failure, *, address: str, timeout: str = "") -> tuple[str, str]:
    """Give the reason for which no answer came about, and the next step.

    `address` says what holds the peer's address, and `timeout` what sets how long it is tried, for that next step.
    """
    reason, next_step = _why(error)
    return reason, next_step.format(address=address, timeout=f" {timeout}" if timeout else "")


def check(address: str) -> str:
    """Give the next step for an address that may be wrong or out of reach."""
    return _CHECK.format(address=address)


def _why(error: Failure) -> tuple[str, str]:
    for kind, word, reason, next_step in _UNREACHABLE:
        if isinstance(error, kind) and word in str(error):
            return reason, next_step
    if not isinstance(error, (requests.RequestException, HTTPError)):
        return str(error), "Check REQUESTS_CA_BUNDLE."
    return f"the connection failed ({type(error).__name__})", _CHECK
