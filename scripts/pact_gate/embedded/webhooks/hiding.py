"""Secrets in a webhook's address, user and body: stars instead of what is not known to be harmless, and back again.

A place is named by the keys and names that lead to it, such as ("body", "variables", "token"). Several places may have
one name: entries of a list, or fields of a form. They are told apart by their order.
"""

from __future__ import annotations

import json
import re
import urllib.parse
from collections import defaultdict, deque
from collections.abc import Callable
from typing import Any

from pact_gate.embedded.webhooks.harmless import (
    STARS,
    harmless_segments,
    is_field_name,
    is_harmless,
    is_secret_name,
)

_URL = re.compile(r"((?:[^/?#]*:)?//[^/?#]*)?([^?#]*)(\?[^#]*)?(#.*)?", re.DOTALL)
_TOKEN = re.compile(r'(?P<text>"[^"\\]*(?:\\.[^"\\]*)*")(?P<is_key>\s*:)?|[{}\[\]]|[^\s{}\[\]:,"]+')
_STARRED = json.dumps(STARS)

Place = tuple[str, ...]
# What to put in the place of a secret. Both are JSON, so that a number stays one, and a text as it was written.
Put = Callable[[Place, str], str]


def hidden(request: dict[str, Any]) -> dict[str, Any]:
    """The request with stars for each secret."""
    return _replaced(request, lambda _, __: _STARRED)


def restored(request: dict[str, Any], known: dict[str, Any]) -> dict[str, Any]:
    """The request with the secrets that are `known`, instead of stars in the same places."""
    left = {place: deque(secrets) for place, secrets in _secrets(known).items()}

    def put(place: Place, found: str) -> str:
        secrets = left.get(place)
        if not secrets:
            return found
        secret = secrets.popleft() if len(secrets) > 1 else secrets[0]
        return secret if found == _STARRED else found

    return _replaced(request, put)


def mixed(request: dict[str, Any], known: dict[str, Any]) -> list[Place]:
    """Places of which it cannot be said which of several secrets the stars stand for."""
    before = _secrets(known)
    return [
        place
        for place, found in _secrets(request).items()
        if len(set(before.get(place, ()))) > 1 and len(found) != len(before[place]) and _STARRED in found
    ]


def strays(request: dict[str, Any], known: dict[str, Any]) -> list[Place]:
    """Places with stars that stand for no secret that is `known`."""
    before = _secrets(known)
    return [
        place
        for place, found in _secrets(request).items()
        if any(STARS in each and (each != _STARRED or place not in before) for each in found)
    ]


def _secrets(request: dict[str, Any]) -> dict[Place, list[str]]:
    found: dict[Place, list[str]] = defaultdict(list)

    def put(place: Place, secret: str) -> str:
        found[place].append(secret)
        return secret

    _replaced(request, put)
    return found


def _replaced(request: dict[str, Any], put: Put) -> dict[str, Any]:
    """The request with what `put` gives for each secret, and for stars, which may stand for one."""
    ways: dict[str, Callable[[Place, Any, Put], Any]] = {"url": _in_address, "body": _in_value, "username": _in_user}
    return {field: ways[field]((field,), value, put) for field, value in request.items()}


def _in_value(place: Place, value: Any, put: Put) -> Any:
    if isinstance(value, dict):
        return {key: _in_value((*place, key), item, put) for key, item in value.items()}
    if isinstance(value, list):
        return [_in_value(place, item, put) for item in value]
    within = _within(place, value, put) if isinstance(value, str) else None
    return _in_leaf(place, value, put) if within is None else within


def _within(place: Place, text: str, put: Put) -> str | None:
    """A text that holds values under names, as JSON or as a form; None where it holds none."""
    if is_secret_name(place[1:]):
        return None
    return _in_json(place, text, put) if _is_json(text) else _in_form(place, text, put)


def _in_user(place: Place, value: str, put: Put) -> str:
    return _text(_in_leaf((*place, "username"), value, put))


def _in_leaf(place: Place, value: Any, put: Put) -> Any:
    return json.loads(_in_token(place, value, json.dumps(value), put))


def _in_token(place: Place, value: Any, token: str, put: Put) -> str:
    """A value that holds no others, as JSON; `token` is how it was written."""
    is_open = value is None or isinstance(value, bool) or is_harmless(place[1:], _text(value))
    return token if is_open else put(place, token)


def _in_json(place: Place, text: str, put: Put) -> str:
    """JSON that was given as text, which stays as it was written but for its secrets."""
    outer: list[Place] = []
    here = place

    def replaced(match: re.Match[str]) -> str:
        nonlocal here
        found = match[0]
        if found in "{[":
            outer.append(here)
        elif found in "}]":
            here = outer.pop()
        elif match["is_key"]:
            here = (*outer[-1], json.loads(match["text"]))
        else:
            return _in_written(here, found, put)
        return found

    return _TOKEN.sub(replaced, text)


def _in_written(place: Place, token: str, put: Put) -> str:
    value = json.loads(token)
    if isinstance(value, str) and _written(value) == token:  # else it could not be written again as it was
        within = _within(place, value, put)
        if within is not None:
            return _written(within)
    return _in_token(place, value, token, put)


def _in_form(place: Place, text: str, put: Put) -> str | None:
    """Fields with a name and a value, as in a query; None where there is no such field."""
    pieces = [piece.partition("=") for piece in text.split("&")]
    named = [bool(equals) and is_field_name(_decoded(name), value) for name, equals, value in pieces]
    if not any(named):
        return None
    return "&".join(
        f"{name}={_in_field((*place, _decoded(name)), value, put)}"
        if is_named
        else _in_field((*place, ""), f"{name}{equals}{value}", put)
        for (name, equals, value), is_named in zip(pieces, named, strict=True)
    )


def _in_field(place: Place, value: str, put: Put) -> str:
    if STARS not in value and is_harmless(place[1:], _decoded(value)):
        return value
    return _text(json.loads(put(place, json.dumps(value))))


def _decoded(text: str) -> str:
    return urllib.parse.unquote_plus(text)


def _in_address(place: Place, url: str, put: Put) -> str:
    match = _URL.fullmatch(url)
    origin, path, query, fragment = match.groups("") if match else ("", "", "", f"#{url}")
    if query:
        found = _in_form(place, query[1:], put)
        query = f"?{_in_field((*place, ''), query[1:], put) if found is None else found}"
    if fragment:
        fragment = f"#{_in_field((*place, '#'), fragment[1:], put)}"
    return f"{origin}{_in_path(place, path, put)}{query}{fragment}"


def _in_path(place: Place, path: str, put: Put) -> str:
    segments = path.split("/")
    count = harmless_segments([urllib.parse.unquote(segment) for segment in segments])
    if count == len(segments):
        return path
    start = "".join(f"{segment}/" for segment in segments[:count])
    return start + _text(json.loads(put((*place, start), json.dumps("/".join(segments[count:])))))


def _is_json(text: str) -> bool:
    if not text.lstrip().startswith(("{", "[")):
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):  # what is too deep to be read is not looked into
        return False
    return True


def _written(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
