"""What a rule may know beside the interaction that it looks at."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property, lru_cache
from typing import Any
from urllib.parse import parse_qsl, unquote

from pact_gate.lint.document import Document, Way
from pact_gate.lint.interaction import Interaction, ids_in
from pact_gate.lint.patterns import backtracks
from pact_gate.lint.rules.words import as_text

# Python's engine goes fast over what none of the alternatives can begin with, if it sees that at once.
LONG_NUMBER = re.compile(r"[\dA-Z](?:(?<=\d)[\d -]{11}|(?<=[A-Z])[A-Z]\d\d[ \dA-Z]{11})")
_WORD = re.compile(r"\w[\w.@+-]*")
_MOST_PATTERNS = 500
_MOST_VALUES = 20_000  # of one interaction that are looked at


@dataclass(frozen=True)
class Context:
    """The pact around an interaction, the day on which it is looked at, and what the consumer reads (a JSON Schema)."""

    document: Document
    every: Sequence[Interaction]
    today: date
    reads: Any = None
    judged: dict[str, bool] = field(default_factory=dict)

    @cached_property
    def freed(self) -> frozenset[tuple[str, ...]]:
        """The fields that a matcher frees in some interaction, by the names on their way."""
        return frozenset(
            field_of(leaf.way)
            for each in self.every
            for part in each.provided
            for leaf in part.leaves
            if leaf.matcher is not None and not leaf.matcher.exact
        )

    def is_slow(self, pattern: str) -> bool:
        """Say whether a pattern can backtrack for ever; only so many of a file's are looked at that closely."""
        if pattern not in self.judged and len(self.judged) < _MOST_PATTERNS:
            self.judged[pattern] = backtracks(pattern)
        return self.judged.get(pattern, False)

    @cached_property
    def has_patterns(self) -> bool:
        """Say whether the file holds the word under which patterns stand."""
        return '"regex"' in self.document.text or self.has_ruby

    @cached_property
    def has_ruby(self) -> bool:
        """Say whether the file holds the word under which Ruby's own patterns stand."""
        return '"Regexp"' in self.document.text

    def is_elsewhere(self, text: str, interaction: Interaction) -> bool:
        """Say whether another interaction of the pact, or this one's states or request, hold a text as well."""
        there = self._ids[text]  # counted once for all: a file may hold very many
        return there > 1 and there > sum(part.ids[text] for part in interaction.provided)  # it is there once itself

    @cached_property
    def _ids(self) -> Counter[str]:
        return ids_in(self.document.text)


@lru_cache(4096)
def field_of(way: Way) -> tuple[str, ...]:
    """Give what names a field wherever it stands: its name, and that of what it is in."""
    names = [part for part in way if isinstance(part, str) and part not in ("response", "body", "content", "contents")]
    return tuple(names[-2:])


@dataclass(frozen=True)
class Said:
    """What an interaction's request and states say, so that its response may repeat it.

    `tokens` are single values, `named` those by their field's name, `prose` are the states' names; all in lower case.
    """

    tokens: frozenset[str]
    named: Mapping[str, frozenset[str]]
    prose: str

    def repeats(self, value: Any, key: str, *, anywhere: bool) -> bool:
        """Say whether a value was said before: by the same name, or `anywhere`."""
        text = as_text(value)
        if text in self.named.get(key.lower(), ()):
            return True
        if not anywhere:
            return False
        return text in self.tokens or (isinstance(value, str) and len(text) > 2 and text in self.prose)  # noqa: PLR2004


def said(interaction: Interaction) -> Said:
    """Gather what an interaction's request and states say."""
    tokens: set[str] = set()
    named: dict[str, set[str]] = {}
    for key, value in _values(interaction):
        text = as_text(value)
        tokens.add(text)
        named.setdefault(key.lower(), set()).add(text)
    prose = "\n".join(each.name for each in interaction.states).lower()
    tokens.update(found.rstrip(".-") for found in _WORD.findall(prose))
    return Said(frozenset(tokens), {key: frozenset(values) for key, values in named.items()}, prose)


def _values(interaction: Interaction) -> Iterator[tuple[str, Any]]:
    for state in interaction.states:
        yield from scalars(state.params)
    request = interaction.request
    if request is None:
        return
    path = request.raw.get("path")
    if isinstance(path, str):
        yield from (("", unquote(part)) for part in re.split(r"[/:,;.]", path) if part)
        yield from (("", unquote(part)) for part in path.split("/") if part)
    query = request.raw.get("query")
    if isinstance(query, str):
        yield from parse_qsl(query)[:_MOST_VALUES]
    else:
        yield from scalars(query)
    yield from ((leaf.key, leaf.value) for leaf in request.leaves[:_MOST_VALUES])


def scalars(value: Any) -> Iterator[tuple[str, Any]]:
    """Give what holds no other values, each with its name."""
    waiting = [("", value)]
    while waiting:
        name, each = waiting.pop()
        if isinstance(each, dict):
            waiting += [(str(inner), item) for inner, item in each.items()]
        elif isinstance(each, list):
            waiting += [(name, item) for item in each]
        elif each is not None:
            yield name, each
