"""A pact's matching rules: for each place in a body, whether its example stands for more than itself.

V2 writes `{"$.body.id": {"match": "type"}}`, V3 and V4 `{"body": {"$.id": {"matchers": [{"match": "type"}]}}}`. Which
rule counts where several do: https://github.com/pact-foundation/pact-specification/tree/version-3#matcher-path-expressions
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

_PART = re.compile(r"\.([^.\[\]]+)|\[(?:'([^']*)'|\"([^\"]*)\"|([0-9]+|\*))\]")
_TEXTS = frozenset(("regex", "date", "time", "timestamp", "datetime", "include", "semver"))
_PASSED_ON = frozenset(("type", "each-value", "values", "array-contains", "not-empty"))
_OPEN_KEYS = frozenset(("values", "each-key", "each-value"))
_EXACT, _WILD = 2, 1  # weights of a name and of a `*` in a rule's path
_NAMES = {
    "eachkey": "each-key",
    "eachvalue": "each-value",
    "arraycontains": "array-contains",
    "notempty": "not-empty",
    "equality": "",
}
_MOST_RULES = 20_000


class Match(NamedTuple):
    """What stands for more than its example at a place: the kinds of the matchers, none for an exact value."""

    kinds: frozenset[str] = frozenset()
    pattern: str | None = None

    @property
    def is_exact(self) -> bool:
        """Say whether the example must be met as it stands."""
        return not self.kinds

    @property
    def is_number(self) -> bool:
        """Say whether any number will do: then it does not count that the example is whole or is not."""
        return "number" in self.kinds or (bool(self.kinds) and self.kinds <= _PASSED_ON)

    @property
    def has_open_keys(self) -> bool:
        """Say whether an object's keys are examples, too."""
        return bool(self.kinds & _OPEN_KEYS)

    @property
    def only_text(self) -> bool:
        """Say whether only text will do, whatever the type of the example."""
        return bool(self.kinds & _TEXTS)


class _Rule:
    """A node of the tree of all rules' paths."""

    def __init__(self) -> None:
        self.match: Match | None = None
        self.below: dict[str, _Rule] = {}


class Rules:
    """The rules as they look from one place in a body; `below` goes on to a place in it."""

    def __init__(self, active: tuple[tuple[_Rule, int], ...] = (), around: tuple[int, Match] = (0, Match())) -> None:
        self._active = active
        own = [(weight, rule.match) for rule, weight in active if rule.match is not None]
        passed = Match(around[1].kinds & _PASSED_ON)
        self._best = max([(around[0], passed), *own], key=lambda each: each[0])

    @property
    def match(self) -> Match:
        """What counts here."""
        return self._best[1]

    def below(self, key: str | int) -> Rules:
        """Give the rules as they look from a key or an item of this place."""
        found = []
        for rule, weight in self._active:
            for name, factor in ((str(key), _EXACT), ("*", _WILD)):
                if name in rule.below:
                    found.append((rule.below[name], weight * factor))
        if not found and not self._best[0]:
            return _NONE
        return Rules(tuple(found), self._best)


_NONE = Rules()


def rules_of(message: Mapping[str, Any], category: str) -> Rules:
    """Give the rules of a request or a response for its `body`, or another category (`header`, `query`, `path`)."""
    root = _Rule()
    found = message.get("matchingRules")
    for number, (path, matchers) in enumerate(_of_category(found if isinstance(found, dict) else {}, category)):
        if number >= _MOST_RULES:
            break
        _enter(root, path, matchers)
    return Rules(((root, _EXACT),))


def _of_category(found: Mapping[str, Any], category: str) -> Iterator[tuple[tuple[str, ...], list[Any]]]:
    for key, rule in found.items():
        if key.startswith("$") and isinstance(rule, dict):  # V2
            place, *path = _path(key) or ("",)
            if place in (category, f"{category}s"):
                yield tuple(path), [rule]
    inside = found.get(category)
    if not isinstance(inside, dict):
        return
    if "matchers" in inside:  # of a path, which has no places in it
        yield (), _matchers(inside)
        return
    for key, rule in inside.items():
        yield (_path(key) if key.startswith("$") else (key,)), _matchers(rule)


def _matchers(rule: Any) -> list[Any]:
    found = rule.get("matchers") if isinstance(rule, dict) else None
    return found if isinstance(found, list) else []


def _path(text: str) -> tuple[str, ...]:
    return tuple(next(part for part in found.groups("") if part or found[2] == "") for found in _PART.finditer(text))


def _enter(root: _Rule, path: tuple[str, ...], matchers: list[Any]) -> None:
    node = root
    for part in path:
        node = node.below.setdefault(part, _Rule())
    known = [each for each in matchers if isinstance(each, dict)]
    kinds = frozenset(filter(None, map(_kind, known)))
    pattern = next((each["regex"] for each in known if isinstance(each.get("regex"), str)), None)
    node.match = Match(kinds, pattern)
    for each in known:
        variants = each.get("variants")
        for variant in variants if isinstance(variants, list) else ():
            _enter_variant(root, path, variant)


def _enter_variant(root: _Rule, path: tuple[str, ...], variant: Any) -> None:
    """Enter the rules for one of the items that an array must contain, which have the item for their root."""
    if not isinstance(variant, dict) or not isinstance(variant.get("rules"), dict):
        return
    for key, rule in variant["rules"].items():
        _enter(root, (*path, str(variant.get("index", 0)), *_path(key)), _matchers(rule))


def _kind(matcher: Mapping[str, Any]) -> str:
    """Name a matcher; V2 leaves `match` out of a regular expression and of an array's least length."""
    named = matcher.get("match")
    if isinstance(named, str):
        return _NAMES.get(named.lower(), named)
    return "regex" if "regex" in matcher else "type"
