"""Which of a pact's matching rules counts for a value, and what it frees from being compared exactly.

As the specification has it (https://github.com/pact-foundation/pact-specification, versions 2 to 4): of all rules whose
path fits a value or something that the value is in, the one with the greatest weight decides, of several with the same
weight the longest. Of those it says no more; here the one that is written last decides. A name or an index that is
written out weighs 2, a wildcard 1; a path's weight is their product. A rule for something that the value is in cascades
to the value, except those that speak of keys or of each value.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
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
_NO_NAME = -1  # an index that no path has
_STAR = ("*",)  # a wildcard in a path, which no key or index is equal to
_MOST_STATES = 64  # paths that are followed at once; more than a handful fit one value in no pact that anybody wrote
_EQUAL = frozenset(("equality", "equal"))
_OF_KEYS = frozenset(("values", "eachKey"))
_SPELLED = {
    "each-key": "eachKey",
    "each-value": "eachValue",
    "array-contains": "arrayContains",
    "not-empty": "notEmpty",
}

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


_Node = dict[Any, Any]  # a step of the rules' paths: the steps from there by name, index or `_STAR`, and its rule
_HERE = None  # the key under which a node has its rule, and which place it has among the rules
_Best = tuple[int, int, int, Rule | None]  # a weight, a length, a place among the rules, and the rule that has them


class Matching:
    """What the rules say of one value, and a way to go on to what is in it."""

    __slots__ = ("_best", "_depth", "_into", "_other", "_states", "matcher", "matchers")

    def __init__(self, states: Sequence[tuple[_Node, int]] = (), best: _Best = (0, 0, 0, None), depth: int = 0) -> None:
        self._states = states
        self._best = best
        self._depth = depth
        self._into: dict[str | int, Matching] = {}
        self._other: Matching | None = None
        self.matchers = _decided(best[-1], cascaded=best[1] < depth)
        """The matchers of the rule that decides on this value; none where it is compared exactly."""
        self.matcher = self.matchers[0] if self.matchers else None
        """The first of the matchers; None where the value is compared exactly."""

    def into(self, part: str | int) -> Matching:
        """Go on to a member of this value. Those of which no rule speaks by name or number are alike."""
        if not self._states and self._best[1] < self._depth:
            return self  # no rule speaks of what is in it, and what cascades to that has cascaded to itself
        known = self._into.get(part)
        if known is not None:
            return known
        for node, _ in self._states:
            if part in node:
                known = self._into[part] = self._member(part)
                return known
        if self._other is None:
            self._other = self._member(_NO_NAME)
        return self._other

    def _member(self, part: str | int) -> Matching:
        depth, best, states = self._depth + 1, self._best, []
        for node, weight in self._states:
            if part in node:
                states.append((node[part], weight * 2))
            if _STAR in node:
                states.append((node[_STAR], weight))
        for node, weight in states[:_MOST_STATES]:
            if _HERE in node and (weight, depth, node[_HERE][0]) >= best[:3]:
                best = weight, depth, *node[_HERE]
        return Matching(states[:_MOST_STATES], best, depth)

    def freed(self) -> Matching:
        """Give the same value, matched by its type with all that is in it."""
        return Matching((), (1, self._depth, 0, _TYPE), self._depth)


def _decided(rule: Rule | None, *, cascaded: bool) -> tuple[Matcher, ...]:
    if rule is None:
        return ()
    # A rule that speaks of keys alone leaves the values as they are, and what they hold.
    return tuple(each for each in rule.matchers if each.kind not in _OF_KEYS) if cascaded else rule.matchers


def matching(rules: Iterable[Rule]) -> Matching:
    """Give what the rules say of the root."""
    root: _Node = {}
    for place, rule in enumerate(rules):
        node = root
        for token in rule.path:
            node = node.setdefault(token, {})
        node[_HERE] = place, rule
    return Matching(((root, 2),), (2, 0, *root[_HERE]) if _HERE in root else (0, 0, 0, None))


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
    """Read the rules for headers or metadata by name, in lower case; `categories` are spellings of one category.

    V2 may speak of one of several values (`$.headers.X[0]`): its name is what counts here.
    """
    if not isinstance(matching_rules, dict):
        return {}
    ways = ((path(key) or (), value) for key, value in matching_rules.items())
    found = [(way[1], value) for way, value in ways if len(way) > 1 and way[0] in categories]
    for category in categories:
        listed = matching_rules.get(category)
        if isinstance(listed, dict):
            found += [((path(key) or (key,))[0], value) for key, value in listed.items()]
    return {str(name).lower(): Rule((), matchers) for name, value in found if (matchers := _matchers(value))}


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
    listed = value.get("matchers")
    if not isinstance(listed, list):
        listed = [value]
    return tuple([Matcher(_kind(each), each) for each in listed if isinstance(each, dict) and each])


def _kind(definition: Mapping[str, Any]) -> str:
    """Name a matcher; V2 leaves it to its other keys where there is no `match`. Some libraries write `each-key`."""
    named = definition.get("match")
    if isinstance(named, str):
        return _SPELLED.get(named, named)
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
