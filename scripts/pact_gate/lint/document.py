"""A pact file that was read once, and where in it something stands.

The values come from Python's own reader, which is fast. Places are looked up afterwards, in one more pass over the
text and only where there is something to show: nearly all values of nearly all files are fine.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import accumulate
from typing import Any, NamedTuple, cast

from pact_gate.model.errors import InputError, Place
from pact_gate.model.pact import Pact, parse

Way = tuple[str | int, ...]
"""The way from a document, or from an interaction, to a value: keys, and the numbers of items from 0."""

DEEPEST = 100

_NARROW = "The input `pacts` must match pact files alone: narrow it, or mend the consumer's test that wrote this file."
_NEITHER_BRACKETS_NOR_QUOTES = bytes(set(range(256)) - set(b'[]{}"'))
_STEPS = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}
_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+"|[{}\[\],:]|[^\s{}\[\],:"]+', re.DOTALL)
_DECODER: Any = json.JSONDecoder(strict=False)
_scan: Callable[[str, int], tuple[Any, int]] = _DECODER.scan_once  # gives a value, and the offset behind it
# The text was read as JSON before: there is something wherever something is looked for.
_gap: Callable[[str, int], Any] = re.compile(r"[ \t\n\r]*+,?[ \t\n\r]*+").match
_key = re.compile(r'[ \t\n\r]*+,?[ \t\n\r]*+("(?:[^"\\]++|\\.)*+")[ \t\n\r]*+:[ \t\n\r]*+').match
_PLAIN_KEY = re.compile(r"[A-Za-z_@$][\w@$]*")


class Spot(NamedTuple):
    """Where a value stands: line and column from 1, columns in characters; `start` and `end` are offsets in the text.

    `key` is the offset of the key before it, None where it has none.
    """

    line: int
    column: int
    start: int
    end: int
    key: int | None = None


@dataclass(frozen=True)
class Document:
    """A pact file. `path` is its name as the reader of a report knows it."""

    pact: Pact
    path: str

    @cached_property
    def text(self) -> str:
        """The file's text, in which offsets count; without a byte order mark."""
        return self.pact.body.decode("utf-8-sig")

    def spots(self, ways: Collection[Way]) -> dict[Way, Spot]:
        """Say where these values stand. One pass, however many they are; what is not there is left out."""
        return _Search(self.text, ways, twice=self.pact.twice).found

    def keys_twice(self) -> list[tuple[Way, Spot]]:
        """Give every key that its object has already had: the way to it, and its place."""
        return list(_repeated(self.text)) if self.pact.twice else []


def read(body: bytes, path: str) -> Document:
    """Read a pact file.

    Raises:
        InputError: it is nested too deeply, no JSON or no pact; with its place.
    """
    if _depth(body) > DEEPEST:
        _refuse(path, f"is nested deeper than {DEEPEST} levels")
    return Document(parse(body, path), path)


def shown(way: Way) -> str:
    """Write a way as a path: `$.response.body.items[0].id`. A key that is no plain name stands in `['…']`."""
    return "$" + "".join(_step(part) for part in way)


def _refuse(path: str, what: str) -> None:
    raise InputError(f"The file {path} {what}.", _NARROW, places=(Place(path),))


def _depth(body: bytes) -> int:
    """Say how deeply a text is nested, whether or not it is JSON. Strings are left out: they may hold brackets."""
    if b"\\" in body:
        body = body.replace(b"\\\\", b"").replace(b'\\"', b"")
    kept = body.translate(None, _NEITHER_BRACKETS_NOR_QUOTES)
    brackets = b"".join(kept.replace(b'""', b"").split(b'"')[::2])  # two quotes at once: nothing of a string is left
    return max(accumulate(map(_STEPS.__getitem__, brackets)), default=0)


@lru_cache(4096)
def _step(part: str | int) -> str:
    if isinstance(part, int):
        return f"[{part}]"
    if _PLAIN_KEY.fullmatch(part):
        return f".{part}"
    return "['" + part.replace("\\", "\\\\").replace("'", "\\'") + "']"


class _Lines:
    """Turns offsets into lines and columns, in the text's order."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = self._begin = 0
        self._line = 1

    def at(self, offset: int) -> tuple[int, int]:
        self._line += self._text.count("\n", self._at, offset)
        self._begin = max(self._begin, self._text.rfind("\n", self._at, offset) + 1)
        self._at = offset
        return self._line, offset - self._begin + 1


def _name(token: str) -> str:
    """Read a key. Most have no escapes in them."""
    return json.loads(token, strict=False) if "\\" in token else token[1:-1]


_Trie = dict[Any, Any]
_HERE = None  # the key under which a trie's node has the way that ends there


def _trie(ways: Collection[Way]) -> _Trie:
    root: _Trie = {}
    for way in ways:
        node = root
        for part in way:
            node = node.setdefault(part, {})
        node[_HERE] = way
    return root


class _Search:
    """Walks over the text, into what is wanted and no further than to the last of it.

    Past what is not wanted goes Python's own reader, which is much faster. The walk is as deep as what is wanted, which
    is at most `DEEPEST`.
    """

    def __init__(self, text: str, ways: Collection[Way], *, twice: bool) -> None:
        self.found: dict[Way, Spot] = {}
        self._most = len(text) if twice else len(set(ways))  # of two keys the last one counts, so all must be seen
        self._text = text
        self._lines = _Lines(text)
        self._value(_gap(text, 0).end(), _trie(ways), None)

    def _value(self, start: int, wanted: _Trie, key: int | None) -> int:
        """Go over a value, and give the offset behind it."""
        place = self._lines.at(start) if _HERE in wanted else None
        kind = self._text[start] if len(wanted) > (_HERE in wanted) else ""
        if kind == "{":
            end = self._object(start + 1, wanted)
        elif kind == "[":
            end = self._array(start + 1, wanted)
        else:
            end = _scan(self._text, start)[1]
        if place:
            self.found[wanted[_HERE]] = Spot(*place, start, end, key)
        return end

    def _object(self, at: int, wanted: _Trie) -> int:
        text = self._text
        while len(self.found) < self._most and (key := _key(text, at)):
            inner, start = wanted.get(_name(key[1])), key.end()
            at = _scan(text, start)[1] if inner is None else self._value(start, inner, key.start(1))
        return cast("int", _gap(text, at).end()) + 1

    def _array(self, at: int, wanted: _Trie) -> int:
        text, index, at = self._text, 0, _gap(self._text, at).end()
        while text[at] != "]" and len(self.found) < self._most:
            inner = wanted.get(index)
            end = _scan(text, at)[1] if inner is None else self._value(at, inner, None)
            index, at = index + 1, _gap(text, end).end()
        return at + 1


def _repeated(text: str) -> Iterator[tuple[Way, Spot]]:
    """Find the keys that an object has twice, in one pass."""
    lines = _Lines(text)
    way: list[str | int] = []
    keys: list[set[str] | None] = []  # those of each object that is open; None for an array
    expect_key = False
    for token in _TOKEN.finditer(text):
        match token[0]:
            case "{" | "[" as bracket:
                keys.append(set() if bracket == "{" else None)
                way.append("" if bracket == "{" else 0)
                expect_key = bracket == "{"
            case "}" | "]":
                keys.pop()
                way.pop()
                expect_key = False
            case ",":
                expect_key = keys[-1] is not None
                if not expect_key:
                    way[-1] = cast("int", way[-1]) + 1
            case name if expect_key:
                expect_key = False
                seen = cast("set[str]", keys[-1])
                way[-1] = key = _name(name)
                if key in seen:
                    yield tuple(way), Spot(*lines.at(token.start()), token.start(), token.end(), token.start())
                seen.add(key)
