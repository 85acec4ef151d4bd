"""Nested query strings: `q[][pacticipant]=A&q[][version]=1&q[][pacticipant]=B`.

Every Pact client writes them in Rack's notation: a repeated key starts the next element of a list, and other parameters
may stand between. Older ones leave the inner brackets out (`q[]pacticipant=A`), and elements with a number
(`q[0][pacticipant]=A`) are read as well.
"""

from __future__ import annotations

import functools
import re
import urllib.parse
from typing import Any

_PART = re.compile(r"\[([^\[\]]*)\]")
_BARE_FIELD = re.compile(r"\[\]([^\[\]]+)")
_MOST_PARAMETERS = 10_000


def parse(query: str) -> dict[str, Any]:
    """The parameters of a query string: text, lists of text, or lists of objects of text.

    Raises ValueError where it is no UTF-8 or has too many parameters.
    """
    pairs = urllib.parse.parse_qsl(query, keep_blank_values=True, errors="strict", max_num_fields=_MOST_PARAMETERS)
    found: dict[str, Any] = {}
    for key, value in pairs:
        name = key.partition("[")[0]
        _add(found, name, _parts(key[len(name) :]), value)
    return found


def build(parameters: dict[str, Any]) -> str:
    """The query string that `parse` reads back; True and False are written as words, None is left out."""
    pairs: list[tuple[str, Any]] = []
    for name, value in parameters.items():
        if isinstance(value, list):
            pairs += [pair for item in value for pair in _list_pairs(name, item)]
        else:
            pairs.append((name, value))
    return "&".join(f"{_quoted(name)}={_quoted(_word(value))}" for name, value in pairs if value is not None)


class _Elements(list[Any]):
    """The elements of a list, and those with a number by that: a query may hold thousands."""

    def __init__(self) -> None:
        super().__init__()
        self.numbered: dict[str, dict[str, str]] = {}


_quoted = functools.lru_cache(maxsize=1024)(urllib.parse.quote_plus)


def _parts(brackets: str) -> list[str]:
    bare = _BARE_FIELD.fullmatch(brackets)
    return ["", bare[1]] if bare else _PART.findall(brackets)


def _list_pairs(name: str, item: Any) -> list[tuple[str, Any]]:
    if isinstance(item, dict):
        return [(f"{name}[][{key}]", value) for key, value in item.items()]
    return [(f"{name}[]", item)]


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _add(found: dict[str, Any], name: str, parts: list[str], value: str) -> None:
    if not parts:
        found[name] = value
        return
    items = found.setdefault(name, _Elements())
    if not isinstance(items, _Elements):  # `q=1&q[]=2`: the plain one was nonsense
        items = found[name] = _Elements()
    if len(parts) == 1 and not parts[0]:
        items.append(value)
    elif len(parts) == 1:
        _add_field(items, parts[0], value)
    elif parts[0]:
        _add_numbered(items, parts[0], parts[1], value)
    else:
        _add_field(items, parts[1], value)


def _add_field(items: list[Any], field: str, value: str) -> None:
    if not items or not isinstance(items[-1], dict) or field in items[-1]:
        items.append({})
    items[-1][field] = value


def _add_numbered(items: _Elements, number: str, field: str, value: str) -> None:
    if number not in items.numbered:
        items.numbered[number] = {"#": number}
        items.append(items.numbered[number])
    items.numbered[number][field] = value
