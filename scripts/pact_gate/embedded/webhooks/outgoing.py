"""A webhook's request as it is kept, as it is shown, and as it is sent."""

from __future__ import annotations

import base64
import re
import urllib.parse
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from pact_gate.embedded.contents import dumps
from pact_gate.embedded.webhooks import hiding
from pact_gate.embedded.webhooks.harmless import PARAMETER, STARS, is_harmless, is_harmless_header

_ADDRESS_IN_LOG = re.compile(r"([A-Z]+) (https?://.*)")
# What belongs to the connection and not to the request; the sender sets it.
_OF_THE_CONNECTION = frozenset(
    ("connection", "content-length", "expect", "host", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade")
)


class Prepared(NamedTuple):
    """A request that is ready to be sent. `told` says where it goes, without what may be secret."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes
    told: str


def kept(request: Mapping[str, Any], known: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What is stored of a request.

    Stars, or a password left out, stand for the secret that is `known`, if the request goes to where it went.
    """
    headers = {str(name).lower(): value for name, value in (request.get("headers") or {}).items()}
    before = known if known is not None and origin(known["url"]) == origin(request["url"]) else {}
    old = before.get("headers", {})
    password = request.get("password")
    if before.get("password") is not None and (password is None or _is_stars(password)):
        password = before["password"]
    found = {
        "method": request["method"],
        **hiding.restored(_open(request), _open(before)),
        "headers": {name: old.get(name, value) if _is_stars(value) else value for name, value in headers.items()},
        "password": password,
    }
    return {name: value for name, value in found.items() if value is not None}


def shown(request: Mapping[str, Any]) -> dict[str, Any]:
    """What is shown of a request: what is known to be no secret, parameters that will be filled in among it."""
    headers = {
        name: value if is_harmless_header(name, str(value)) else STARS
        for name, value in request.get("headers", {}).items()
    }
    found = {**request, **hiding.hidden(_open(request)), "headers": headers or None}
    password = request.get("password")
    if password is not None:
        found["password"] = password if is_harmless(("password",), password) else STARS
    return {name: value for name, value in found.items() if value is not None}


def loses_secrets(request: Mapping[str, Any], known: Mapping[str, Any]) -> bool:
    """Whether stars in a request stand for secrets of the `known` one that it would carry to somebody else."""
    hides = STARS in dumps([request.get(name) for name in ("url", "headers", "body", "username", "password")])
    return hides and origin(known["url"]) != origin(request["url"])


def mixed_secrets(request: Mapping[str, Any], known: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Fields with a name under which there are other secrets than there were: stars could stand for any of them."""
    found = hiding.mixed(_open(request), _open(known))
    return sorted({(place[0], place[-1]) for place in found})


def stray_stars(request: Mapping[str, Any], known: Mapping[str, Any]) -> list[str]:
    """Fields with stars that stand for nothing of the `known` request: they would be sent as they are."""
    fields = {place[0] for place in hiding.strays(_open(request), _open(known))}
    old = known.get("headers", {})
    for name, value in (request.get("headers") or {}).items():
        if STARS in value and not (_is_stars(value) and name.lower() in old):
            fields.add("headers")
    password = request.get("password") or ""
    if STARS in password and not (_is_stars(password) and known.get("password") is not None):
        fields.add("password")
    return sorted(fields)


def shown_address(url: str) -> str:
    """Where an address leads: no query, and of the path what is known to be no secret."""
    hidden: str = hiding.hidden({"url": url})["url"]
    return hidden.partition("#")[0].partition("?")[0]


def shown_log(log: str) -> str:
    """The log of an execution as it may be shown: older ones hold the whole path."""
    first, end, rest = log.partition("\n")
    found = _ADDRESS_IN_LOG.fullmatch(first)
    return f"{found[1]} {shown_address(found[2])}{end}{rest}" if found else log


def _open(request: Mapping[str, Any]) -> dict[str, Any]:
    """What of a request is shown, but for the secrets within."""
    return {field: request[field] for field in ("url", "body", "username") if request.get(field) is not None}


def origin(url: str) -> tuple[str, str, int | None]:
    """Whom an address leads to: scheme, host and port."""
    parts = urllib.parse.urlsplit(PARAMETER.sub("placeholder", url))
    return parts.scheme, parts.hostname or "", parts.port


def description(request: Mapping[str, Any]) -> str:
    """The request in a few words."""
    return f"{request['method'].upper()} {host_of(request['url'])}"


def host_of(url: str, filler: str = "placeholder") -> str | None:
    """The host of an address in which every parameter is replaced by `filler`; None if it is no address."""
    try:
        parts = urllib.parse.urlsplit(PARAMETER.sub(filler, url))
        is_usable = parts.scheme in ("http", "https") and parts.port != 0
    except ValueError:
        return None
    return parts.hostname if is_usable else None


def prepare(request: Mapping[str, Any], parameters: Mapping[str, str]) -> Prepared:
    """Make a request ready, with its parameters filled in and the headers that a Pact Broker adds."""
    given = filled(request, parameters)
    body = given.get("body")
    text = body if isinstance(body, str) else "" if body is None else dumps(body)
    kind = {} if body is None else {"content-type": "application/x-www-form-urlencoded"}
    defaults = {"accept": "*/*", **kind}
    sent = {name: value for name, value in given["headers"].items() if name not in _OF_THE_CONNECTION}
    headers = {**defaults, **sent}
    if given.get("username"):
        pair = f"{given['username']}:{given.get('password', '')}"
        headers["authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    method = given["method"].upper()
    return Prepared(method, given["url"], headers, text.encode(), f"{method} {shown_address(request['url'])}")


def filled(request: Mapping[str, Any], parameters: Mapping[str, str]) -> dict[str, Any]:
    """Fill in the parameters: escaped in the address, as JSON where the body is JSON, on one line in a header."""

    def plain(value: str) -> str:
        return _filled(value, parameters, str)

    found = {
        **_filled_json({name: request.get(name) for name in ("method", "username", "password")}, plain),
        "url": _filled(request["url"], parameters, urllib.parse.quote_plus),
        "headers": {name: _one_line(plain(str(value))) for name, value in request.get("headers", {}).items()},
        "body": _filled_json(request.get("body"), plain),
    }
    return {name: value for name, value in found.items() if value is not None}


def _filled(template: str, parameters: Mapping[str, str], escape: Callable[[str], str]) -> str:
    return PARAMETER.sub(lambda match: escape(parameters[match[1]]) if match[1] in parameters else match[0], template)


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
