"""What an interaction of a pact needs, place by place: its examples with the matching rules that hold for them.

Pact's own rules of which rule holds where: https://github.com/pact-foundation/pact-specification (versions 2 to 4).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import parse_qs

Json = Mapping[str, Any]
Place = tuple[str | int, ...]
"""A part (`request`, `response`, `message`), what of it (`status`, `header`, `body` …), and the way into it.

An element of a list is a number, `ANY` where one rule holds for all of them.
"""

ANY = -1
_ANY_NAME = "*"
_DEEPEST = 60  # what lies deeper is compared as a whole
_SHOWN = 80  # characters of a value in a sentence
_NO_EXAMPLE = object()

_TOKENS = re.compile(r"\.?([^.\[\]]+)|\[(\d+|\*)\]|\['((?:[^'\\]|\\.)*)'\]|\[\"((?:[^\"\\]|\\.)*)\"\]")
_CATEGORIES = {"headers": "header", "contents": "body", "content": "body", "metaData": "metadata"}
_GROUPS = frozenset({"query", "header", "metadata"})
_NESTED = frozenset({"eachValue", "eachKey"})  # rules with rules of their own
_WITH_ANY_NAMES = _NESTED | {"values"}


class Need(NamedTuple):
    """What must be at a place.

    `ask` is equal where the same values fit, and `words` says so for people. `example` is the one in the pact as JSON:
    empty for what holds others, None where a rule is about a place that the example has not.
    """

    ask: str
    words: str
    example: str | None


class _Rule(NamedTuple):
    matchers: tuple[Json, ...]
    combine: str = "AND"


@dataclass
class _Rules:
    """The rules of one part as a tree, by the tokens of their paths."""

    rule: _Rule | None = None
    children: dict[str, _Rules] = field(default_factory=dict)

    def add(self, tokens: Iterable[str], rule: _Rule) -> None:
        node = self
        for token in tokens:
            node = node.children.setdefault(token, _Rules())
        node.rule = rule


class _Spot(NamedTuple):
    """A value on the way through an example; `nodes` are the rules whose paths lead here, each with its weight."""

    place: Place
    value: Any
    nodes: tuple[tuple[int, _Rules], ...]
    inherited: _Rule | None


def needs(interaction: Json) -> dict[Place, Need]:
    """Give what an interaction or message asks for at each place, in an order that is not the file's.

    The consumer sends a `request`, and needs the rest.
    """
    found: dict[Place, Need] = {}
    for name, part in parts(interaction):
        rules = _rules(part.get("matchingRules"))
        found |= _walked(name, _tree(part, v4="type" in interaction), rules)
    return found


def shown(value: Any, *, bare: bool = False) -> str:
    """Write a value as code in a sentence; a bare text goes without its quotes."""
    text = json.dumps(value, ensure_ascii=False).replace("`", "'")
    if bare and isinstance(value, str) and value.strip():
        text = text[1:-1].replace("\\\\", "\\").replace('\\"', '"')
    return f"`{text if len(text) <= _SHOWN else text[: _SHOWN - 1] + '…'}`"


# --- the shapes of the specification's versions


def parts(interaction: Json) -> Iterator[tuple[str, Json]]:
    """Give what is sent and received: V4 may have several responses, and a message is a part by itself."""
    if "request" not in interaction and "response" not in interaction:
        yield "message", interaction
        return
    yield "request", _object(interaction.get("request"))
    responses = interaction.get("response")
    for number, response in enumerate(responses if isinstance(responses, list) else [responses], 1):
        yield "response" if number == 1 else f"response {number}", _object(response)


def _tree(part: Json, *, v4: bool) -> Json:
    tree: dict[str, Any] = {key: part[key] for key in ("method", "path", "status") if key in part}
    if isinstance(tree.get("method"), str):
        tree["method"] = tree["method"].upper()
    tree["query"] = _query(part.get("query"))
    headers = _object(part.get("headers"))
    tree["header"] = {header(name): _single(value) for name, value in headers.items()}
    tree["metadata"] = _object(part.get("metadata", part.get("metaData")))
    for key in ("body", "contents"):
        if key in part:
            tree |= _contents(part[key]) if v4 else {"body": part[key]}
    if "Content-Type" in tree["header"] or "contentType" in tree["metadata"]:
        tree.pop("content type", None)
    return tree


def _contents(body: Any) -> Json:
    """Unpack V4's bodies, which say what they are."""
    if not isinstance(body, dict):
        return {"body": body}
    names = {"content": "body", "contentType": "content type"}
    return {name: body[key] for key, name in names.items() if key in body}


def _query(query: Any) -> Json:
    """V1 and V2 have a query string."""
    if isinstance(query, str):
        query = parse_qs(query.removeprefix("?"), keep_blank_values=True)
    return {name: _single(value) for name, value in _object(query).items()}


def header(name: str) -> str:
    """Write a header's name the one way, since its case does not count."""
    return "-".join(each.capitalize() for each in name.split("-"))


def _single(value: Any) -> Any:
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _object(value: Any) -> Json:
    return value if isinstance(value, dict) else {}


# --- matching rules


def _rules(listed: Any) -> _Rules:
    """Read V2's rules (`$.body.id: {match}`), and V3's (`body: {$.id: {matchers}}`, `path: {matchers}`)."""
    rules = _Rules()
    for key, value in _object(listed).items():
        if key.startswith("$"):
            category, *tokens = _tokens(key) or [key]
            rules.add(_normal(category, tokens), _rule(value))
        elif isinstance(value, dict) and "matchers" in value:
            rules.add((key,), _rule(value))
        else:
            for path, rule in _object(value).items():
                rules.add(_normal(key, _way(key, path)), _rule(rule))
    return rules


def _normal(category: str, tokens: list[str]) -> list[str]:
    category = _CATEGORIES.get(category, category)
    if category == "header" and tokens:
        tokens = [header(tokens[0]), *tokens[1:]]
    return [category, *tokens]


def _way(category: str, path: str) -> list[str]:
    """A query parameter and a header may stand there by name alone."""
    return _tokens(path) if path.startswith("$") or _CATEGORIES.get(category, category) not in _GROUPS else [path]


def _tokens(path: str) -> list[str]:
    return [next(filter(None, found), "") for found in _TOKENS.findall(path.removeprefix("$"))]


def _rule(value: Any) -> _Rule:
    listed = value.get("matchers") if isinstance(value, dict) else value
    if not isinstance(listed, list):
        listed = [value]
    combine = str(_object(value).get("combine", "AND")).upper()
    return _Rule(tuple(_matcher(each) for each in listed if isinstance(each, dict)), combine)


def _matcher(matcher: Json) -> Json:
    """Say the same in one way: V2's bare `min` is a type; the example that V4's rules carry is none of the need."""
    name = str(matcher.get("match", "regex" if "regex" in matcher else "type"))
    dropped = "value" if name in _NESTED else ""
    return {key: value for key, value in matcher.items() if key != dropped} | {"match": name}


def _cascaded(rule: _Rule | None) -> _Rule | None:
    """Give what a rule says of what is inside: a type holds all the way down, until a rule of its own is there."""
    if rule is None:
        return None
    for matcher in rule.matchers:
        if matcher["match"] == "eachValue":
            return _rule(matcher.get("rules"))
        if matcher["match"] == "type":
            return _Rule(({"match": "type"},))
    return None


def _is(rule: _Rule | None, names: Iterable[str]) -> bool:
    return rule is not None and any(matcher["match"] in names for matcher in rule.matchers)


# --- the way through an example


def _walked(name: str, tree: Json, rules: _Rules) -> dict[Place, Need]:
    found: dict[Place, Need] = {}
    used: set[int] = set()
    spots = [_Spot((name,), tree, ((1, rules),), None)]
    while spots:
        spot = spots.pop()
        own = max((pair for pair in spot.nodes if pair[1].rule), key=lambda pair: pair[0], default=None)
        rule = own[1].rule if own else spot.inherited
        if _counts(spot.place):
            used |= {id(node) for _, node in spot.nodes}
            found.setdefault(spot.place, _need(spot, rule))
        spots += reversed([*_inside(spot, rule)])
    return found | {place: _asked(rule, _NO_EXAMPLE) for place, rule in _unused((name,), rules, used)}


def _counts(place: Place) -> bool:
    """Say whether a place is one that people name: a group of headers is none."""
    return len(place) != len(("part", "group")) or place[1] not in _GROUPS


def _inside(spot: _Spot, rule: _Rule | None) -> Iterator[_Spot]:
    if len(spot.place) > _DEEPEST:
        return
    cascaded = _cascaded(rule)
    if isinstance(spot.value, dict):
        alike = _is(rule, _WITH_ANY_NAMES)
        for name in sorted(spot.value):
            yield _spot(spot, ANY if alike else name, name, spot.value[name], cascaded)
    elif isinstance(spot.value, list):
        alike = _is(rule, ("type",))
        for number, element in enumerate(spot.value):
            yield _spot(spot, ANY if alike else number, str(number), element, cascaded)


def _spot(parent: _Spot, token: str | int, name: str, value: Any, inherited: _Rule | None) -> _Spot:
    nodes = [(2 * weight, node.children.get(name)) for weight, node in parent.nodes]
    nodes += [(weight, node.children.get(_ANY_NAME)) for weight, node in parent.nodes if name != _ANY_NAME]
    leading = tuple((weight, node) for weight, node in nodes if node)
    return _Spot((*parent.place, token), value, leading, inherited)


def _unused(place: Place, rules: _Rules, used: set[int]) -> Iterator[tuple[Place, _Rule]]:
    """Find the rules for which the example has no place, as those of an XML body."""
    nodes = [(place, rules)]
    while nodes:
        place, node = nodes.pop()
        if node.rule and node.rule.matchers and id(node) not in used:
            yield place, node.rule
        nodes += [((*place, ANY if name == _ANY_NAME else name), child) for name, child in node.children.items()]


# --- a need in words


def _need(spot: _Spot, rule: _Rule | None) -> Need:
    if len(spot.place) == 1:
        return Need("", "", "")
    if len(spot.place) > _DEEPEST and isinstance(spot.value, dict | list):
        whole = json.dumps(spot.value, sort_keys=True)
        return Need(whole, "what its example holds", whole)
    return _asked(rule, spot.value, bare=spot.place[1] != "body")


def _asked(rule: _Rule | None, value: Any, *, bare: bool = False) -> Need:
    if value is _NO_EXAMPLE:
        kind, example = "", None
    else:
        kind, example = _kind(value), "" if isinstance(value, dict | list) else json.dumps(value)
    if not rule or not rule.matchers:
        words = _exactly(value, bare=bare)
        return Need(example or words, words, example)
    by_kind = kind if _is(rule, ("type",)) else ""
    by_value = "" if all(matcher["match"] in _WORDS for matcher in rule.matchers) else example
    ask = json.dumps([rule, by_kind, by_value], sort_keys=True)
    joint = " or " if rule.combine == "OR" else " and "
    return Need(ask, joint.join(_in_words(matcher, value, bare=bare) for matcher in rule.matchers), example)


def _kind(value: Any) -> str:
    kinds = ((bool, "boolean"), (str, "text"), (int | float, "number"), (list, "list"), (dict, "object"))
    if value is None:
        return "null"
    return next((name for kind, name in kinds if isinstance(value, kind)), "")


def _exactly(value: Any, *, bare: bool) -> str:
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return f"a list of exactly {len(value)}" if value else "an empty list"
    return shown(value, bare=bare)


def _in_words(matcher: Json, value: Any, *, bare: bool) -> str:
    name = matcher["match"]
    if name == "type":
        return _of_its_type(matcher, value)
    if name == "equality" and value is not _NO_EXAMPLE:
        return _exactly(value, bare=bare)
    if name not in _WORDS:
        return f"what the rule {shown(name, bare=True)} says"
    return re.sub(r"{(\w+)}", lambda found: _filled(found[1], matcher), _WORDS[name])


def _of_its_type(matcher: Json, value: Any) -> str:
    bounds = (("at least", matcher.get("min")), ("at most", matcher.get("max")))
    sizes = [f"{word} {size}" for word, size in bounds if isinstance(size, int)]
    plain = {"text": "any text", "number": "any number", "boolean": "true or false", "null": "null", "": "any"}
    kind = _kind(value)
    if kind == "object":
        return "an object"
    if sizes:
        return f"a list of {' and '.join(sizes)}"
    return plain.get(kind, "a list")


_WORDS = {
    "type": "",
    "regex": "text that matches {regex}",
    "integer": "a whole number",
    "decimal": "a decimal number",
    "number": "a number",
    "boolean": "true or false",
    "null": "null",
    "date": "a date like {format}",
    "time": "a time like {format}",
    "datetime": "a date and time like {format}",
    "timestamp": "a date and time like {format}",
    "include": "text that holds {value}",
    "notEmpty": "anything but empty",
    "semver": "a semantic version",
    "contentType": "content of the type {value}",
    "statusCode": "a status of the kind {status}",
    "arrayContains": "a list that holds each of {variants}",
    "eachKey": "an object whose names are {rules}",
    "eachValue": "an object whose values are {rules}",
    "values": "an object with any names",
}


def _filled(key: str, matcher: Json) -> str:
    value = matcher.get(key)
    if key == "rules":
        inner = _rule(value).matchers
        return (
            " and ".join(_in_words(each, "", bare=False) for each in inner if each["match"] not in _NESTED) or "given"
        )
    if key == "variants":
        return f"{len(value) if isinstance(value, list) else 0} examples"
    return shown(value or matcher.get(matcher["match"]), bare=True)  # V2 has a date's format under `date`
