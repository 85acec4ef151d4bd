"""One HTTP request to the provider's side, as the verifier itself would send it.

The provider's addresses are called with what pact-python's verifier uses too: the proxies and the certificates of the
environment, except that a proxy is never asked for this machine's own addresses.
"""

from __future__ import annotations

import http.client
import ipaddress
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from pact_gate.model.errors import InputError

MOST_OF_A_STATE = 16 * 1024 * 1024
"""Bytes of an answer to a provider state: it holds a few values for requests, if anything."""

_PIECE = 65_536  # bytes

LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class Answer:
    """What came back. `headers` are those that say how to read the body."""

    status: int
    body: bytes
    headers: Mapping[str, str]


def _opener(proxies: dict[str, str] | None) -> urllib.request.OpenerDirector:
    """Return what sends requests by these proxies, or by the environment's.

    It lacks the usual handlers that make an error of a status, or follow a redirect, which could carry the request's
    headers to another host: whatever comes back is the answer.
    """
    opener = urllib.request.OpenerDirector()
    for handler in (urllib.request.ProxyHandler(proxies), urllib.request.HTTPHandler(), urllib.request.HTTPSHandler()):
        opener.add_handler(handler)
    return opener


# Made once: a provider's state is asked for before every interaction, and making one takes as long as the request.
_DIRECT = _opener({})


def checked_url(url: str, name: str) -> SplitResult:
    """Return the parts of `url`.

    Args:
        url: An http or https URL with a host. It is shown in reports, so it may hold no user name or password.
        name: The input that holds it, for the error.

    Raises:
        InputError: It is none of that.
    """
    next_step = f"Set {name} to a URL like http://127.0.0.1:8000."
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        usable = usable and url.isascii() and url.isprintable() and " " not in url
    except ValueError:
        usable = False
    if not usable:
        raise InputError(f"{name} is not the URL of a provider: {url!r}.", next_step)
    if parts.username is not None:
        raise InputError(f"{name} holds a user name or password.", "Send them with request-headers (Authorization).")
    return parts


def shown_url(url: str) -> str:
    """Return `url` without its query, which may hold a token."""
    return urlsplit(url)._replace(query="", fragment="").geturl()


def is_loopback(host: str) -> bool:
    """Say whether `host` is this machine under one of its own addresses."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def send(
    url: str,
    *,
    timeout: float,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    most: int | None = None,
) -> Answer:
    """Send one GET, or a POST where there is a body, and return the answer whatever its status.

    Args:
        url: As `checked_url` accepts it.
        timeout: Seconds for the connection, and for the answer.
        body: What to POST.
        headers: The request's.
        most: Bytes that the answer may have.

    Raises:
        OSError: There was no answer.
    """
    opener = _DIRECT if is_loopback(urlsplit(url).hostname or "") else _opener(None)
    request = urllib.request.Request(url, data=body, headers=dict(headers or {}))  # noqa: S310 - checked_url
    try:
        with opener.open(request, timeout=timeout) as response:
            return Answer(response.status, _body(response, timeout, most), dict(response.headers))
    except http.client.HTTPException as error:
        raise OSError(f"no answer in HTTP ({type(error).__name__})") from error


def _body(response: http.client.HTTPResponse, timeout: float, most: int | None) -> bytes:
    """Read all of it, within `timeout` seconds: a socket's own timeout begins again with every byte that comes."""
    until = time.monotonic() + timeout
    body = bytearray()
    while piece := response.read1(_PIECE):
        body += piece
        if most is not None and len(body) > most:
            raise OSError(f"the answer has more than {most:,} bytes")
        if time.monotonic() > until:
            raise TimeoutError
    if response.length:  # `read1` does not tell of an answer that was cut
        raise http.client.IncompleteRead(bytes(body), response.length)
    return bytes(body)


def reason(error: OSError, timeout: float) -> str:
    """Say in a few words why there was no answer."""
    if isinstance(error, urllib.error.URLError) and isinstance(error.reason, OSError):
        error = error.reason
    if isinstance(error, TimeoutError):
        return f"no answer within {timeout:g} s"
    return error.strerror or str(error)
