"""What a value of a pact makes use of in a schema, and what the schema leaves open.

The validator says what a schema forbids. This says what it does not describe, what it only may send, and which of its
fields a pact uses. For that, a schema is taken apart into variants: each is what one choice of every `oneOf` and
`anyOf` comes to, as the schemas that then hold together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import product
from typing import Any, NamedTuple

from pact_gate.openapi.document import Documents, Location, listed, mapping
from pact_gate.openapi.schemas import Patterns, Schemas

_MOST_VARIANTS = 64
_MOST_NESTED = 64  # schemas in one another's `allOf`, `anyOf` and `oneOf`
_LOOK_AHEAD = 2  # levels of a value that tell which variant it is
_MOST_KEYS = 200  # of them, in one object
_MOST_LOOKS = 20_000
_REMEMBERED = 50_000

Tag = tuple[str, tuple[str, ...]]  # a discriminator, and what it says in this variant


class Variant(NamedTuple):
    """Schemas that hold together, and what the discriminators are then. `is_null` is null and nothing else."""

    parts: tuple[Location, ...] = ()
    tags: tuple[Tag, ...] = ()
    is_null: bool = False

    def __add__(self, other: Variant) -> Variant:  # type: ignore[override]
        """Let both hold together."""
        return Variant(
            tuple(dict.fromkeys((*self.parts, *other.parts))), (*self.tags, *other.tags), self.is_null or other.is_null
        )


_ANYTHING = [Variant()]


class Field(NamedTuple):
    """What a variant says of one field. `free` where it allows the field without describing it."""

    parts: tuple[Location, ...] = ()
    described: bool = False
    free: bool = False
    required: bool = False
    read_only: bool = False
    write_only: bool = False


class Shapes:
    """The variants of the document's schemas."""

    def __init__(self, schemas: Schemas) -> None:
        self._schemas = schemas
        self.documents: Documents = schemas.documents
        self._patterns: Patterns = schemas.patterns
        self._expansions: dict[tuple[Location, bool], list[Variant]] = {}
        self._nested = 0
        self._left = 0
        # Many interactions ask the same of the same schemas.
        self.types: Callable[[Variant], frozenset[str] | None] = lru_cache(_REMEMBERED)(self._types)
        self.field: Callable[[Variant, str], Field] = lru_cache(_REMEMBERED)(self._field)

    def variants(self, place: Location) -> list[Variant]:
        """Give the variants of a schema, `_MOST_VARIANTS` at most."""
        return self._expanded(place, plain=False)

    def together(self, places: Iterable[Location]) -> list[Variant]:
        """Give the variants of schemas that hold together."""
        found = _ANYTHING
        for place in places:
            found = _both(found, self.variants(place))
        return found

    def either(self, groups: Iterable[tuple[Location, ...]]) -> list[Variant]:
        """Give the variants of groups of schemas: those of a group hold together, and one group does."""
        return list(dict.fromkeys(each for places in groups if places for each in self.together(places)))

    def is_list(self, place: Location) -> bool:
        """Say whether all that fits a schema is a list, but for null."""
        types = [self.types(each) or frozenset() for each in self.variants(place)]
        return all(each <= {"array", "null"} for each in types) and any("array" in each for each in types)

    def _expanded(self, place: Location, *, plain: bool) -> list[Variant]:
        """Take a schema apart, once for each: one that leads back to itself is anything there."""
        key = (place, plain)
        if key not in self._expansions:
            if self._nested > _MOST_NESTED:
                return _ANYTHING
            self._nested += 1
            self._expansions[key] = _ANYTHING
            try:
                self._expansions[key] = self._taken_apart(place, plain=plain)
            finally:
                self._nested -= 1
        return self._expansions[key]

    def _taken_apart(self, place: Location, *, plain: bool) -> list[Variant]:
        node = self.documents.at(place)
        if not isinstance(node, dict):
            return _ANYTHING
        found = [Variant((place,))]
        if isinstance(node.get("$ref"), str):
            target = self._expanded(self.documents.target(place, node["$ref"]), plain=plain)
            if self.documents.is_3_0:
                return target
            found = _both(found, target)
        for number, _ in enumerate(listed(node.get("allOf"))):
            found = _both(found, self._expanded(place / "allOf" / number, plain=True))
        for choice in self._choices(place, node, plain=plain):
            found = _both(found, choice)
        if self.documents.is_3_0 and node.get("nullable") is True and "type" not in node:
            found = [*found, Variant(is_null=True)]  # beside `allOf`: not what 3.0.3 says, but what is meant by it
        return found

    def _choices(self, place: Location, node: Mapping[str, Any], *, plain: bool) -> Iterable[list[Variant]]:
        alternatives = self._schemas.alternatives(place, node, plain=plain)
        if alternatives:
            yield [
                variant + Variant((), ((each.key, each.names),) if each.key else ())
                for each in alternatives
                for variant in (self._expanded(each.place, plain=True) if each.place != place else _ANYTHING)
            ][:_MOST_VARIANTS]
        if listed(node.get("oneOf")) and listed(node.get("anyOf")):
            yield [
                variant
                for number, _ in enumerate(node["anyOf"])
                for variant in self._expanded(place / "anyOf" / number, plain=True)
            ][:_MOST_VARIANTS]
        either = [self._expanded(place / key, plain=True) for key in ("then", "else") if key in node]
        if either:
            yield [*(variant for each in either for variant in each), *(_ANYTHING if len(either) == 1 else ())]

    # --- what a variant says -------------------------------------------------------------------------------------

    def _types(self, variant: Variant) -> frozenset[str] | None:
        """Give the JSON types that a variant allows; None where it names none."""
        if variant.is_null:
            return frozenset(("null",))
        found: frozenset[str] | None = None
        for place in variant.parts:
            own = _types(self.documents.at(place), is_3_0=self.documents.is_3_0)
            if own is not None:
                found = own if found is None else _common(found, own)
        return found

    def admits(self, variant: Variant, value: Any) -> bool:
        """Say whether a value is of a type that a variant allows."""
        types = self.types(variant)
        return types is None or json_type(value) in types or (is_number(value) and "number" in types)

    def _field(self, variant: Variant, name: str) -> Field:
        """Give what a variant says of a field."""
        parts: list[Location] = []
        flags: set[str] = set()
        required = free = False
        named = False
        for place in variant.parts:
            node = mapping(self.documents.at(place))
            named = named or bool(node.get("properties")) or node.get("additionalProperties") is False
            required = required or name in listed(node.get("required"))
            own = self._own(place, node, name)
            parts += own
            free = free or (not own and _is_free(node))
            flags |= {flag for flag in ("readOnly", "writeOnly") if self._schemas.has_flag(node, place, name, flag)}
        return Field(
            tuple(parts),
            described=bool(parts),
            free=free or not named,
            required=required,
            read_only="readOnly" in flags,
            write_only="writeOnly" in flags,
        )

    def _own(self, place: Location, node: Mapping[str, Any], name: str) -> list[Location]:
        if name in mapping(node.get("properties")):
            return [place / "properties" / name]
        by_pattern = [
            place / "patternProperties" / pattern
            for pattern in mapping(node.get("patternProperties"))
            if self._patterns.usable(pattern) and self._patterns.matches(pattern, name)
        ]
        if by_pattern:
            return by_pattern
        for key in ("additionalProperties", "unevaluatedProperties"):
            if isinstance(node.get(key), dict):
                return [place / key]
        return []

    def items(self, variant: Variant, number: int) -> tuple[Location, ...]:
        """Give the schemas of an array's item."""
        found = []
        for place in variant.parts:
            node = mapping(self.documents.at(place))
            before = listed(node.get("prefixItems"))
            if number < len(before):
                found.append(place / "prefixItems" / number)
            elif isinstance(node.get("items"), dict):
                found.append(place / "items")
        return tuple(found)

    # --- which variant -------------------------------------------------------------------------------------------

    def fitting(self, variants: Sequence[Variant], value: Any) -> list[Variant]:
        """Give the variants that a value may be of: those that it contradicts least."""
        if len(variants) == 1:
            return list(variants)
        self._left = _MOST_LOOKS
        scores = [self._contradictions(each, value, _LOOK_AHEAD) for each in variants]
        return [each for each, score in zip(variants, scores, strict=True) if score == min(scores)]

    def nearest(self, variants: Sequence[Variant], value: Mapping[str, Any]) -> list[Variant]:
        """Give those variants that describe most of an object's fields."""
        if len(variants) == 1:
            return list(variants)
        missing = [sum(not self.field(each, name).described for name in list(value)[:_MOST_KEYS]) for each in variants]
        return [each for each, number in zip(variants, missing, strict=True) if number == min(missing)]

    def _contradictions(self, variant: Variant, value: Any, depth: int) -> int:
        self._left -= 1
        if self._left < 0:
            return 0
        if not self.admits(variant, value):
            return 10
        found = sum(not _is_one_of(mapping(self.documents.at(place)), value) for place in variant.parts)
        if isinstance(value, dict):
            found += sum(5 for key, names in variant.tags if key in value and value[key] not in names)
            if depth:
                found += sum(
                    self._within(self.field(variant, name).parts, each, depth)
                    for name, each in list(value.items())[:_MOST_KEYS]
                )
        elif isinstance(value, list) and value and depth:
            found += self._within(self.items(variant, 0), value[0], depth)
        return found

    def _within(self, parts: tuple[Location, ...], value: Any, depth: int) -> int:
        return min((self._contradictions(each, value, depth - 1) for each in self.together(parts)), default=0)


def json_type(value: Any) -> str:
    """Name a value's type as JSON Schema does; a number without a fraction is an integer."""
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, float) and value.is_integer():
        return "integer"
    names = {int: "integer", float: "number", str: "string", list: "array", dict: "object"}
    return names.get(type(value), "null")


def is_number(value: Any) -> bool:
    """Say whether a value is a number."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _both(one: Sequence[Variant], other: Sequence[Variant]) -> list[Variant]:
    """Let each of some variants hold together with each of others."""
    found = []
    for first, second in product(one, other):
        found.append(first + second)
        if len(found) == _MOST_VARIANTS:
            break
    return found


def _types(node: Any, *, is_3_0: bool) -> frozenset[str] | None:
    node = mapping(node)
    named = node.get("type")
    types = frozenset(map(str, named)) if isinstance(named, list) else frozenset((str(named),)) if named else None
    if types is None:
        values = [node["const"]] if "const" in node else node.get("enum")
        types = frozenset(map(json_type, values)) if isinstance(values, list) and values else None
    if is_3_0 and node.get("nullable") is True and types is not None:
        types |= {"null"}
    return types


def _common(one: frozenset[str], other: frozenset[str]) -> frozenset[str]:
    both = one & other
    return both | {"integer"} if "integer" in one | other and "number" in one | other else both


def _is_free(node: Mapping[str, Any]) -> bool:
    """Say whether a schema allows fields that it does not describe, and says so."""
    return node.get("additionalProperties") is True or node.get("unevaluatedProperties") is True


def _is_one_of(node: Mapping[str, Any], value: Any) -> bool:
    if "const" in node:
        return bool(node["const"] == value)
    return not isinstance(node.get("enum"), list) or value in node["enum"]
