"""Secrets in an address or a body: finding them by their names, stars instead of them, and the secrets again.

A place is named by the keys and names that lead to it, such as ("body", "variables", "token"). Several places may have
one name: entries of a list, or fields of a form. They are told apart by their order.
"""

from __future__ import annotations

import re
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from typing import Any

STARS = "**********"
PARAMETER = re.compile(r"\$\{pactbroker\.([A-Za-z]+)\}")
_NAME = re.compile(r"token|secret|passw|credential|signature|(?:api|private)[-_]?key", re.IGNORECASE)
_LITERAL = re.compile(re.escape(STARS))
# A name in an address or a form, and what ends its value; so does the end of a text in JSON that holds an address.
_FIELD = re.compile(r"([^?&=#\s]+)(=?)")
_FIELD_END = re.compile(r'[&#\s]|(?<!\\)\\*"\s*(?:[],:}]|$)')
# Where in JSON that was given as text a name ends and text begins; in text within such text quotes are escaped.
_SEAM = re.compile(r'"\s*:\s*(\\*)"')
_BETWEEN = '?&=#":,{}[]\\ \t\r\n'  # what stands around a name

Place = tuple[str, ...]
Span = tuple[int, int]
Put = Callable[[Place, str], str]


def hidden(value: Any) -> Any:
    """The value with stars for each secret, unless it is yet to be filled in."""
    return _replaced(value, lambda _, __: STARS)


def restored(value: Any, known: Any) -> Any:
    """The value with the secrets that are `known`, instead of stars in the same places."""
    left = {place: deque(secrets) for place, secrets in _secrets(known).items()}

    def put(place: Place, found: str) -> str:
        secrets = left.get(place)
        if not secrets:
            return found
        secret = secrets.popleft() if len(secrets) > 1 else secrets[0]
        return secret + found[len(STARS) :] if found.startswith(STARS) else found

    return _replaced(value, put)


def mixed(value: Any, known: Any) -> list[Place]:
    """Places of which it cannot be said which of several secrets the stars stand for."""
    before = _secrets(known)
    return [
        place
        for place, found in _secrets(value).items()
        if len(set(before.get(place, ()))) > 1
        and len(found) != len(before[place])
        and any(each.startswith(STARS) for each in found)
    ]


def _secrets(value: Any) -> dict[Place, list[str]]:
    found: dict[Place, list[str]] = defaultdict(list)

    def put(place: Place, secret: str) -> str:
        found[place].append(secret)
        return secret

    _replaced(value, put)
    return found


def _replaced(value: Any, put: Put, place: Place = ()) -> Any:
    """The value with what `put` gives for each secret, and for stars, which may stand for one."""
    if isinstance(value, dict):
        return {key: _replaced(item, put, (*place, key)) for key, item in value.items()}
    if isinstance(value, list):
        return [_replaced(item, put, place) for item in value]
    if not isinstance(value, str):
        return value
    if place and _NAME.search(place[-1]):
        return value if PARAMETER.search(value) else put(place, value)
    pieces, end = [], 0
    for start, stop in _spans(value):
        before = value[end:start]
        pieces += [before, put((*place, _last_name(before)), value[start:stop])]
        end = stop
    return "".join([*pieces, value[end:]])


def _in_form(text: str) -> Iterator[Span]:
    end = 0
    for match in _FIELD.finditer(text):
        if match.start() >= end and match[2] and _NAME.search(match[1]):
            end = _end(_FIELD_END, text, match.end())
            yield match.end(), end


def _in_json(text: str) -> Iterator[Span]:
    end = 0
    for match in _SEAM.finditer(text):
        name = text[text.rfind('"', 0, match.start()) + 1 : match.start()]
        if match.start() >= end and _NAME.search(name):
            end = _end(_escaped_end(match[1]), text, match.end())
            yield match.end(), end


def _stars(text: str) -> Iterator[Span]:
    return (match.span() for match in _LITERAL.finditer(text))


def _end(pattern: re.Pattern[str], text: str, start: int) -> int:
    """Where a value ends that starts there; one that does not end reaches to the end of the text."""
    found = pattern.search(text, start)
    return found.start() if found else len(text)


def _escaped_end(escape: str) -> re.Pattern[str]:
    return re.compile(rf'(?<!\\){re.escape(escape)}"' if escape else r'(?<!\\)(?=(?:\\\\)*")')


def _spans(text: str) -> list[Span]:
    """From where to where the secrets are, and stars. Where two readings of a text overlap, all of both is secret."""
    found: list[Span] = []
    for start, stop in sorted([*_in_form(text), *_in_json(text), *_stars(text)]):
        if start == stop or PARAMETER.search(text, start, stop):
            continue
        first, last = found.pop() if found and start <= found[-1][1] else (start, stop)
        found.append((first, max(last, stop)))
    return found


def _last_name(text: str) -> str:
    stem = text.rstrip(_BETWEEN)
    return stem[max(stem.rfind(each) for each in _BETWEEN) + 1 :]
