"""A webhook's request as it is kept, as it is shown, and as it is sent."""

from __future__ import annotations

import base64
import re
import urllib.parse
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pact_gate.embedded.contents import dumps

STARS = "**********"
_PARAMETER = re.compile(r"\$\{pactbroker\.([A-Za-z]+)\}")
_SECRET_HEADER = re.compile(r"authorization|token|cookie|secret|key", re.IGNORECASE)


@dataclass(frozen=True)
class Prepared:
    """A request that is ready to be sent."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes

    @property
    def shown_url(self) -> str:
        """The address without what may be secret in it: user, password and query."""
        parts = urllib.parse.urlsplit(self.url)
        return urllib.parse.urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def kept(request: Mapping[str, Any], known: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What is stored of a request. Stars, or a password left out, stand for the secret that is `known`."""
    headers = {str(name).lower(): value for name, value in (request.get("headers") or {}).items()}
    before = known or {}
    old = before.get("headers", {})
    password = request.get("password")
    if before.get("password") is not None and (password is None or _is_stars(password)):
        password = before["password"]
    found = {
        "method": request["method"],
        "url": request["url"],
        "headers": {name: old.get(name, value) if _is_stars(value) else value for name, value in headers.items()},
        "body": request.get("body"),
        "username": request.get("username"),
        "password": password,
    }
    return {name: value for name, value in found.items() if value is not None}


def shown(request: Mapping[str, Any]) -> dict[str, Any]:
    """What is shown of a request: no secret, but the names of parameters that will be filled in."""
    headers = {name: STARS if _is_secret(name, value) else value for name, value in request.get("headers", {}).items()}
    found = {**request, "headers": headers or None}
    if request.get("password") is not None:
        found["password"] = request["password"] if _PARAMETER.search(request["password"]) else STARS
    return {name: value for name, value in found.items() if value is not None}


def description(request: Mapping[str, Any]) -> str:
    """The request in a few words."""
    return f"{request['method'].upper()} {host_of(request['url'])}"


def host_of(url: str, filler: str = "placeholder") -> str | None:
    """The host of an address in which every parameter is replaced by `filler`; None if it is no address."""
    try:
        parts = urllib.parse.urlsplit(_PARAMETER.sub(filler, url))
        is_usable = parts.scheme in ("http", "https") and parts.port != 0
    except ValueError:
        return None
    return parts.hostname if is_usable else None


def prepare(request: Mapping[str, Any], parameters: Mapping[str, str]) -> Prepared:
    """Fill in the parameters: escaped in the address, as JSON where the body is JSON."""

    def plain(value: str) -> str:
        return _filled(value, parameters, str)

    body = request.get("body")
    text = plain(body) if isinstance(body, str) else "" if body is None else dumps(_filled_json(body, plain))
    headers = {name: _one_line(plain(str(value))) for name, value in request.get("headers", {}).items()}
    if request.get("username") is not None:
        pair = f"{plain(request['username'])}:{plain(request.get('password', ''))}"
        headers["authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    url = _filled(request["url"], parameters, urllib.parse.quote_plus)
    return Prepared(request["method"].upper(), url, headers, text.encode())


def _filled(template: str, parameters: Mapping[str, str], escape: Callable[[str], str]) -> str:
    return _PARAMETER.sub(lambda match: escape(parameters[match[1]]) if match[1] in parameters else match[0], template)


def _filled_json(value: Any, fill: Callable[[str], str]) -> Any:
    if isinstance(value, dict):
        return {fill(key): _filled_json(item, fill) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled_json(item, fill) for item in value]
    return fill(value) if isinstance(value, str) else value


def _one_line(value: str) -> str:
    return " ".join(value.splitlines())


def _is_stars(value: object) -> bool:
    return isinstance(value, str) and not value.strip("*")


def _is_secret(name: str, value: object) -> bool:
    return bool(_SECRET_HEADER.search(name)) and not _PARAMETER.search(str(value))
