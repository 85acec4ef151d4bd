"""One HTTP request to the provider's side, as the verifier itself would send it.

The provider's addresses are called with what pact-python's verifier uses too: the proxies and the certificates of the
environment, except that a proxy is never asked for this machine's own addresses.
"""

from __future__ import annotations

import functools
import http.client
import ipaddress
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO
from urllib.parse import SplitResult, urlsplit

from pact_gate.model.errors import InputError

LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class Answer:
    """What came back. `headers` are those that say how to read the body."""

    status: int
    body: bytes
    headers: Mapping[str, str]


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect is an answer: following it could carry the request's headers to another host."""

    def redirect_request(
        self,
        req: urllib.request.Request,  # noqa: ARG002
        fp: IO[bytes],  # noqa: ARG002
        code: int,  # noqa: ARG002
        msg: str,  # noqa: ARG002
        headers: http.client.HTTPMessage,  # noqa: ARG002
        newurl: str,  # noqa: ARG002
    ) -> None:
        """Follow none."""
        return


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


@functools.cache
def _opener(*, direct: bool) -> urllib.request.OpenerDirector:
    return urllib.request.build_opener(urllib.request.ProxyHandler({} if direct else None), _NoRedirect)


def send(url: str, *, timeout: float, body: bytes | None = None, headers: Mapping[str, str] | None = None) -> Answer:
    """Send one GET, or a POST where there is a body, and return the answer whatever its status.

    Args:
        url: As `checked_url` accepts it.
        timeout: Seconds for the connection and for each read.
        body: What to POST.
        headers: The request's.

    Raises:
        OSError: There was no answer.
    """
    opener = _opener(direct=is_loopback(urlsplit(url).hostname or ""))
    request = urllib.request.Request(url, data=body, headers=dict(headers or {}))  # noqa: S310 - checked_url
    try:
        with opener.open(request, timeout=timeout) as response:
            return Answer(response.status, response.read(), dict(response.headers))
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, error.read(), dict(error.headers))
    except http.client.HTTPException as error:
        raise OSError(f"no answer in HTTP ({type(error).__name__})") from error


def reason(error: OSError, timeout: float) -> str:
    """Say in a few words why there was no answer."""
    if isinstance(error, urllib.error.URLError) and isinstance(error.reason, OSError):
        error = error.reason
    if isinstance(error, TimeoutError):
        return f"no answer within {timeout:g} s"
    return error.strerror or str(error)
