"""A body of a pact against a schema of the document, in either direction."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from pact_gate.model.comparison import Kind
from pact_gate.model.matching import Matching, freeing
from pact_gate.openapi.document import Location
from pact_gate.openapi.exchange import Body
from pact_gate.openapi.schemas import ABOUT_VALUES, Fault, Path, Schemas
from pact_gate.openapi.shapes import Field, Shapes, Variant, is_number, json_type

_DEEPEST = 100
_MOST_PLACES = 20_000  # of one body
_OTHERS = ("additionalProperties", "unevaluatedProperties")
_ANY_OF_ITS_TYPE = frozenset(("type", "eachValue", "values", "arrayContains", "notEmpty"))
_OPEN_KEYS = frozenset(("values", "eachKey", "eachValue"))


class Difference(NamedTuple):
    """One difference in a body: `where` is a path such as `$.items[0].id`."""

    kind: Kind
    where: str
    message: str
    place: Location


Mark = Callable[[str], None]


def request_body(schemas: Schemas, shapes: Shapes, place: Location, body: Body) -> list[Difference]:
    """Hold what a consumer sends to a schema: the example is what is sent, whatever the pact's matchers are."""
    value = body.value if body.is_json else read_as(shapes, shapes.variants(place), body.value)
    found = [
        Difference(Kind.REQUEST_BODY_WRONG, written((*fault.path, *extra)), message, fault.place)
        for fault in schemas.faults(place, value)
        for extra, message in _each(fault)
    ]
    walk = _Walk(shapes, response=False, mark=lambda _: None)
    walk.go(value, shapes.variants(place), body.rules, ())
    known = {each.where for each in found}
    return found + [each for each in walk.found if each.where not in known]


def response_body(schemas: Schemas, shapes: Shapes, place: Location, body: Body, mark: Mark) -> list[Difference]:
    """Hold what a consumer needs of an answer to a schema."""
    found = []
    for fault in schemas.faults(place, _of_any_number(body.value, body.rules, 0)):
        soft = fault.keyword in ABOUT_VALUES and freeing(_rules_at(body.rules, fault.path).matchers)
        kind = Kind.RESPONSE_EXAMPLE_WRONG if soft else Kind.RESPONSE_BODY_WRONG
        for extra, message in _each(fault):
            named = Kind.RESPONSE_FIELD_UNKNOWN if extra else kind
            found.append(Difference(named, written((*fault.path, *extra)), message, fault.place))
    walk = _Walk(shapes, response=True, mark=mark)
    walk.go(body.value, shapes.variants(place), body.rules, ())
    known = {each.where for each in found}
    return found + [each for each in walk.found if each.where not in known]


def _each(fault: Fault) -> Iterator[tuple[Path, str]]:
    """Split a fault about several fields that are too many."""
    if fault.keyword in _OTHERS:
        yield from (((name,), fault.message) for name in fault.extra)
    else:
        yield (), fault.message


def _rules_at(rules: Matching, path: Path) -> Matching:
    for key in path:
        rules = rules.into(key)
    return rules


def _is_any_number(rules: Matching) -> bool:
    """Say whether any number will do: then it does not count that the example is whole or is not."""
    kinds = freeing(rules.matchers)
    return "number" in kinds or (bool(kinds) and kinds <= _ANY_OF_ITS_TYPE)


def _of_any_number(value: Any, rules: Matching, depth: int) -> Any:
    """Let a number that stands for any number be a whole one, which every schema for numbers takes."""
    if isinstance(value, float) and _is_any_number(rules):
        return int(value)
    if depth > _DEEPEST:
        return value
    if isinstance(value, dict):
        return {name: _of_any_number(each, rules.into(name), depth + 1) for name, each in value.items()}
    if isinstance(value, list):
        return [_of_any_number(each, rules.into(number), depth + 1) for number, each in enumerate(value)]
    return value


def read_as(shapes: Shapes, variants: Sequence[Variant], value: Any) -> Any:
    """Read text as what a schema says that it is: a number, a boolean, a list of them, or an object's fields."""
    if isinstance(value, dict):
        return {
            name: read_as(shapes, shapes.either(shapes.field(one, name).parts for one in variants), each)
            for name, each in value.items()
        }
    types = _types(shapes, variants)
    if not isinstance(value, list) and ("string" in types or "array" not in types):
        return _scalar(value, types)
    inner = _types(shapes, shapes.either(shapes.items(one, 0) for one in variants))
    return [_scalar(each, inner) for each in (value if isinstance(value, list) else [value])]


def _types(shapes: Shapes, variants: Sequence[Variant]) -> frozenset[str]:
    return frozenset(name for each in variants for name in shapes.types(each) or ("string",))


def _scalar(text: str, types: frozenset[str]) -> Any:
    if "string" in types:
        return text
    if types & {"integer", "number"}:
        try:
            return int(text) if text.lstrip("-").isdecimal() and len(text) < 18 else float(text)  # noqa: PLR2004
        except ValueError:
            pass
    if "boolean" in types and text in ("true", "false"):
        return text == "true"
    return None if "null" in types and text in ("", "null") else text


def written(path: Path) -> str:
    """Write a path as Pact does: `$.items[0].id`."""
    return "$" + "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path)


class _Walk:
    """Goes through a value and the variants of its schema side by side."""

    def __init__(self, shapes: Shapes, *, response: bool, mark: Mark) -> None:
        self._shapes, self._response, self._mark = shapes, response, mark
        self._left = _MOST_PLACES
        self.found: list[Difference] = []

    def go(self, value: Any, variants: Sequence[Variant], rules: Matching, path: Path, used: str = "$") -> None:
        """Compare a value; `used` is its path with `[*]` for every item."""
        self._left -= 1
        if self._left < 0 or len(path) > _DEEPEST or not any(each.parts for each in variants):
            return
        if not any(self._shapes.admits(each, value) for each in variants):
            return  # the validator said so
        if self._response:
            self._other_types(value, variants, rules, path)
        fitting = self._shapes.fitting(variants, value)
        if isinstance(value, dict):
            self._object(value, fitting, rules, path, used)
        elif isinstance(value, list):
            for number, each in enumerate(value):
                items = self._shapes.either(self._shapes.items(one, number) for one in fitting)
                self.go(each, items, rules.into(number), (*path, number), f"{used}[*]")

    def _object(
        self, value: dict[str, Any], fitting: Sequence[Variant], rules: Matching, path: Path, used: str
    ) -> None:
        nearest = self._shapes.nearest(fitting, value)
        for name, each in value.items():
            fields = [self._shapes.field(one, name) for one in nearest]
            others = [self._shapes.field(one, name) for one in fitting if one not in nearest]
            here = (*path, name)
            is_named = any(field.parts and field.parts[0].keys[-2:-1] == ("properties",) for field in fields)
            below = f"{used}.{name}" if is_named else f"{used}.*"
            if any(field.described for field in fields):
                self._mark(below)
                self._described(fields, others, here)
                inner = self._shapes.either(field.parts for field in fields)
                self.go(each, inner, rules.into(name), here, below)
            elif not freeing(rules.matchers) & _OPEN_KEYS:
                self._undescribed(fields, nearest, here)

    def _described(self, fields: Sequence[Field], others: Sequence[Field], path: Path) -> None:
        place = next(field.parts[0] for field in fields if field.parts)
        if not self._response:
            if all(field.read_only for field in fields):
                self._add(Kind.REQUEST_FIELD_READ_ONLY, path, "is `readOnly`: the provider need not take it", place)
        elif all(field.write_only for field in fields):
            self._add(Kind.RESPONSE_FIELD_WRITE_ONLY, path, "is `writeOnly`: the provider never sends it", place)
        elif any(not field.described for field in (*fields, *others)):
            said = "is in some of the alternatives only: the provider may send one without it"
            self._add(Kind.RESPONSE_FIELD_OPTIONAL, path, said, place)
        elif not all(field.required for field in fields):
            self._add(Kind.RESPONSE_FIELD_OPTIONAL, path, "is not `required`: the provider may leave it out", place)

    def _undescribed(self, fields: Sequence[Field], nearest: Sequence[Variant], path: Path) -> None:
        place = next((part for one in nearest for part in one.parts), None)
        if place is None:
            return
        free = any(field.free for field in fields)
        if not self._response:
            if not free:
                said = "is not described: the provider may ignore it, or refuse it"
                self._add(Kind.REQUEST_FIELD_UNKNOWN, path, said, place)
        elif free:
            said = "may be there, for other fields are allowed, but is not described"
            self._add(Kind.RESPONSE_UNDESCRIBED, path, said, place)
        else:
            self._add(Kind.RESPONSE_FIELD_UNKNOWN, path, "is not described", place)

    def _other_types(self, value: Any, variants: Sequence[Variant], rules: Matching, path: Path) -> None:
        """Say which other types an answer may have here. An exact value is a matter of the provider's state."""
        named = [self._shapes.types(each) for each in variants]
        types = {name for each in named if each for name in each}
        place = next(part for one in variants for part in one.parts)
        if value is None or not types:
            return
        if "null" in types:
            self._add(Kind.RESPONSE_FIELD_NULLABLE, path, "may be null", place)
        kinds = freeing(rules.matchers)
        if not kinds:
            return
        wanted = {json_type(value), "null"}
        if is_number(value) and "integer" not in kinds:
            wanted |= {"integer", "number"}
        others = sorted(types - wanted)
        if others and (types - {"null", *others} or others == ["number"]):
            said = f"may be {' or '.join(others)} as well; the consumer takes {json_type(value)} alone"
            self._add(Kind.RESPONSE_FIELD_OTHER_TYPE, path, said, place)

    def _add(self, kind: Kind, path: Path, message: str, place: Location) -> None:
        self.found.append(Difference(kind, written(path), message, place))
