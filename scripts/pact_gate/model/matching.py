"""Which of a pact's matching rules counts for a value, and what it frees from being compared exactly.

As the specification has it (https://github.com/pact-foundation/pact-specification, versions 2 to 4): of all rules whose
path fits a value or something that the value is in, the one with the greatest weight decides, of several with the same
weight the longest. A name or an index that is written out weighs 2, a wildcard 1; a path's weight is their product.
A rule for something that the value is in cascades to the value, except those that speak of keys or of each value.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

_PART = re.compile(
    r"""
    \.(?P<name>[^.\[\]'"\s]+)
    | \[\s*'(?P<single>(?:[^'\\]++|\\.)*+)'\s*\]
    | \[\s*"(?P<double>(?:[^"\\]++|\\.)*+)"\s*\]
    | \[\s*(?P<index>\d{1,9}|\*)\s*\]
    """,
    re.VERBOSE | re.DOTALL,
)
_ANY = "*"
_STAR = ("*",)  # a wildcard in a path, which no key or index is equal to
_MOST_STATES = 64  # paths that are followed at once; more than a handful fit one value in no pact that anybody wrote
_EQUAL = frozenset(("equality", "equal"))
_OF_KEYS = frozenset(("values", "eachKey"))
_SPELLED = {each.lower(): each for each in ("eachKey", "eachValue", "arrayContains", "notEmpty")}

Token = str | int | tuple[str]


class Matcher(NamedTuple):
    """One thing that a rule asks of a value: what kind of matcher it is, and all that its definition says."""

    kind: str
    definition: Mapping[str, Any]

    @property
    def exact(self) -> bool:
        """Say whether it compares the value exactly, as the consumer asked for."""
        return self.kind in _EQUAL


class Rule(NamedTuple):
    """A path and its matchers."""

    path: tuple[Token, ...]
    matchers: tuple[Matcher, ...]


_TYPE = Rule((), (Matcher("type", {}),))


class _Node:
    """A step of the rules' paths, and the steps from there."""

    __slots__ = ("named", "rule", "star")

    def __init__(self) -> None:
        self.named: dict[str | int, _Node] = {}
        self.star: _Node | None = None
        self.rule: Rule | None = None


class _Best(NamedTuple):
    weight: int = 0
    length: int = 0
    rule: Rule | None = None


_NOTHING = _Best()


class Matching:
    """What the rules say of one value, and a way to go on to what is in it."""

    __slots__ = ("_best", "_depth", "_into", "_other", "_states", "matchers")

    def __init__(self, states: tuple[tuple[_Node, int], ...] = (), best: _Best = _NOTHING, depth: int = 0) -> None:
        self._states = states
        self._best = best
        self._depth = depth
        self._into: dict[str | int, Matching] = {}
        self._other: Matching | None = None
        self.matchers = _decided(best, depth)
        """The matchers of the rule that decides on this value; none where it is compared exactly."""

    @property
    def matcher(self) -> Matcher | None:
        """The first of the matchers; None where the value is compared exactly."""
        return self.matchers[0] if self.matchers else None

    def into(self, part: str | int) -> Matching:
        """Go on to a member of this value. Items of a list that no rule speaks of by number are alike."""
        if not self._states:
            self._other = self._other or Matching((), self._best, self._depth + 1)
            return self._other
        if isinstance(part, int) and not any(part in node.named for node, _ in self._states):
            part = -1
        known = self._into.get(part)
        if known is None:
            known = self._into[part] = self._member(part)
        return known

    def _member(self, part: str | int) -> Matching:
        depth = self._depth + 1
        states = tuple(_steps(self._states, part))[:_MOST_STATES]
        if not states:  # nothing speaks of it: it is as all others of which nothing does
            self._other = self._other or Matching((), self._best, depth)
            return self._other
        best = self._best
        for node, weight in states:
            if node.rule is not None and (weight, depth) >= (best.weight, best.length):
                best = _Best(weight, depth, node.rule)
        return Matching(states, best, depth)

    def freed(self) -> Matching:
        """Give the same value, matched by its type with all that is in it."""
        return Matching((), _Best(1, self._depth, _TYPE), self._depth)


def _decided(best: _Best, depth: int) -> tuple[Matcher, ...]:
    if best.rule is None:
        return ()
    if best.length == depth:
        return best.rule.matchers
    # A rule that speaks of keys alone leaves the values as they are, and what they hold.
    return tuple(each for each in best.rule.matchers if each.kind not in _OF_KEYS)


def _steps(states: Iterable[tuple[_Node, int]], part: str | int) -> Iterator[tuple[_Node, int]]:
    for node, weight in states:
        named = node.named.get(part)
        if named is not None:
            yield named, weight * 2
        if node.star is not None:
            yield node.star, weight


def matching(rules: Iterable[Rule]) -> Matching:
    """Give what the rules say of the root."""
    root = _Node()
    for rule in rules:
        _add(root, rule)
    return Matching(((root, 2),), _Best(2, 0, root.rule) if root.rule else _NOTHING)


def _add(root: _Node, rule: Rule) -> None:
    node = root
    for token in rule.path:
        if isinstance(token, tuple):
            node.star = node = node.star or _Node()
        else:
            node = node.named.setdefault(token, _Node())
    node.rule = rule


def freeing(matchers: Iterable[Matcher]) -> frozenset[str]:
    """Name the matchers by which others than the example will do; none where it must be met as it stands."""
    return frozenset(each.kind for each in matchers if not each.exact)


# --- where a pact keeps them


def body_rules(matching_rules: Any) -> list[Rule]:
    """Read the rules for a body: V2's have `$.body…` for a key, V3's and V4's stand under `body`."""
    if not isinstance(matching_rules, dict):
        return []
    found = [
        each
        for key, value in matching_rules.items()
        if key.startswith(("$.body", "$['body']"))
        for each in _rule(key, value, drop=1)
    ]
    for category in ("body", "content"):
        listed = matching_rules.get(category)
        if isinstance(listed, dict):
            for key, value in listed.items():
                found += _rule(key, value, drop=0)
    return found


def named_rules(matching_rules: Any, *categories: str) -> dict[str, Rule]:
    """Read the rules for headers or metadata by name, in lower case; `categories` are spellings of one category."""
    found: dict[str, Rule] = {}
    if not isinstance(matching_rules, dict):
        return found
    for key, value in matching_rules.items():
        tokens = path(key) or ()
        if len(tokens) == 2 and tokens[0] in categories:  # noqa: PLR2004 - $.headers.NAME
            for each in _rule(key, value, drop=2):
                found[str(tokens[1]).lower()] = each
    for category in categories:
        listed = matching_rules.get(category)
        for key, value in listed.items() if isinstance(listed, dict) else ():
            matchers = _matchers(value)
            if matchers:
                named = path(key) or (key,)
                found[str(named[-1]).lower()] = Rule((), matchers)
    return found


def _rule(key: str, value: Any, *, drop: int) -> list[Rule]:
    tokens = path(key)
    matchers = _matchers(value)
    if tokens is None or not matchers:
        return []
    tokens = tokens[drop:]
    rules = [Rule(tokens, matchers)]
    for each in matchers:
        if each.kind == "arrayContains":
            rules += _variants(each, tokens)
        elif each.kind == "eachValue":
            rules.append(Rule((*tokens, _STAR), _each_value(each)))
    return rules


def _matchers(value: Any) -> tuple[Matcher, ...]:
    """Read V2's one definition, or V3's list of them."""
    if not isinstance(value, dict):
        return ()
    listed = value["matchers"] if isinstance(value.get("matchers"), list) else [value]
    return tuple(Matcher(_kind(each), each) for each in listed if isinstance(each, dict) and each)


def _kind(definition: Mapping[str, Any]) -> str:
    """Name a matcher; V2 leaves it to its other keys where there is no `match`. Some libraries write `each-key`."""
    named = definition.get("match")
    if isinstance(named, str):
        return _SPELLED.get(named.replace("-", "").lower(), named)
    keys = ("regex", "min", "max", "date", "time", "timestamp")
    return next((key if key not in ("min", "max") else "type" for key in keys if key in definition), "unknown")


def _each_value(each: Matcher) -> tuple[Matcher, ...]:
    listed = each.definition.get("rules")
    inner = [rule for rule in listed if isinstance(rule, dict)] if isinstance(listed, list) else []
    return tuple(Matcher(_kind(rule), rule) for rule in inner) or (Matcher("type", {}),)


def _variants(each: Matcher, tokens: tuple[Token, ...]) -> Iterator[Rule]:
    """Give the rules for the variants of an array that must contain them: each is one item of the example."""
    listed = each.definition.get("variants")
    for number, variant in enumerate(listed if isinstance(listed, list) else ()):
        index = variant.get("index", number) if isinstance(variant, dict) else None
        rules = variant.get("rules") if isinstance(variant, dict) else None
        if not isinstance(index, int) or not isinstance(rules, dict):
            continue
        item = (*tokens, index)
        # What no rule of the variant frees is what an item is known by: it stays exact.
        yield Rule(item, (Matcher("equality", {}),))
        for key, value in rules.items():
            inner, matchers = path(key), _matchers(value)
            if inner is not None and matchers:
                yield Rule((*item, *inner), matchers)


@lru_cache(4096)
def path(expression: str) -> tuple[Token, ...] | None:
    """Read a path expression such as `$.items[*]['a b'].id`; None where it is none."""
    if not expression.startswith("$"):
        return None
    tokens: list[Token] = []
    at = 1
    while at < len(expression):
        found = _PART.match(expression, at)
        if found is None:
            return None
        tokens.append(_token(found))
        at = found.end()
    return tuple(tokens)


def _token(found: re.Match[str]) -> Token:
    name, index = found["name"], found["index"]
    if _ANY in (name, index):
        return _STAR
    if index is not None:
        return int(index)
    if name is not None:
        return name
    return re.sub(r"\\(.)", r"\1", found["single"] if found["single"] is not None else found["double"])
