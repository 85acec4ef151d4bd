"""The document's schemas as JSON Schema 2020-12, one set for requests and one for responses, and values held to them.

The validator is jsonschema-rs: its regular expressions take linear time, and those that look ahead or behind a bounded
number of steps, whatever the document's `pattern` is. Each schema becomes an entry of `$defs`, so that an error's
address says which schema of the document it is about.

For a request the schema stays as it is, but for `readOnly` fields, which need not be sent. For a response it is what an
answer may look like of which a pact tells only a part: nothing is required, and one of `oneOf` may look like another.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from pact_gate.model.errors import InputError, Place
from pact_gate.model.plain import cut
from pact_gate.openapi.document import Documents, Location, listed, mapping
from pact_gate.openapi.effort import Effort

_MOST_SCHEMAS = 100_000
_REGEX_SIZE = 2_000_000  # bytes of a compiled regular expression
_REGEX_STEPS = 100_000  # back, of one that cannot run in linear time
_NO_ANSWER = ("BacktrackLimitExceeded", "RegexEngineFailure")
_INT32 = 2**31
_MOST_SHOWN = 60  # characters of a value
_ONE = ("not", "items", "additionalProperties", "propertyNames", "contains", "if", "then", "else", "unevaluatedItems",
        "unevaluatedProperties")  # fmt: skip
_LISTS = ("allOf", "anyOf", "oneOf", "prefixItems")
_MAPS = ("properties", "patternProperties", "dependentSchemas")
_PLAIN = ("type", "enum", "const", "multipleOf", "maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum",
          "maxLength", "minLength", "pattern", "maxItems", "minItems", "uniqueItems", "maxContains", "minContains",
          "maxProperties", "minProperties", "required", "dependentRequired", "format")  # fmt: skip
_PARTIAL = ("required", "dependentRequired", "minProperties", "contains", "maxContains", "minContains")
_SIMPLE = frozenset(("type", "enum", "const", "pattern", "format"))

_VALUES = """
    enum const format pattern minLength maxLength minimum maximum exclusiveMinimum exclusiveMaximum multipleOf minItems
    maxItems uniqueItems
"""
ABOUT_VALUES = frozenset(_VALUES.split())
"""Keywords that speak of one value among those of its type: a matcher for the type does not ask for this value."""

Path = tuple[str | int, ...]


class Fault(NamedTuple):
    """One way in which a value does not fit: where in it, by which keyword of which schema.

    `extra` are the fields that are too many or too few.
    """

    path: Path
    keyword: str
    place: Location
    message: str
    extra: tuple[str, ...] = ()


class Alternative(NamedTuple):
    """A schema of `oneOf` or `anyOf` with the values of the discriminator that it has, if there is one."""

    place: Location
    key: str = ""
    names: tuple[str, ...] = ()


class Patterns:
    """Regular expressions of a document, run within bounds; one that cannot be is as if it were not there."""

    def __init__(self) -> None:
        self._known: dict[str, Any] = {}
        self.left_out: set[str] = set()

    def usable(self, pattern: Any) -> bool:
        """Say whether the engine takes a pattern: none that is no regular expression, or that grows too large."""
        return isinstance(pattern, str) and self._validator(pattern) is not None

    def matches(self, pattern: str, text: str) -> bool:
        """Say whether a pattern is found in a text; True where that cannot be told."""
        validator = self._validator(pattern)
        faults = [] if validator is None else list(validator.iter_errors(text))
        has_no_answer = any(type(each.kind).__name__ in _NO_ANSWER for each in faults)
        if has_no_answer:
            self.left_out.add(pattern)
        return has_no_answer or not faults

    def _validator(self, pattern: str) -> Any:
        if pattern not in self._known:
            try:
                self._known[pattern] = _validator({"pattern": pattern})
            except ValueError:
                self._known[pattern] = None
                self.left_out.add(pattern)
        return self._known[pattern]


def _validator(schema: Mapping[str, Any]) -> Any:
    """Compile a schema. What it refers to elsewhere is never fetched."""
    import jsonschema_rs  # noqa: PLC0415 - 15 MB, and only this command has them

    return jsonschema_rs.Draft202012Validator(
        dict(schema),
        validate_formats=True,
        offline=True,
        pattern_options=jsonschema_rs.FancyRegexOptions(_REGEX_STEPS, _REGEX_SIZE, _REGEX_SIZE),
    )


class Schemas:
    """The schemas for one direction."""

    def __init__(self, documents: Documents, patterns: Patterns, *, response: bool) -> None:
        self.documents, self.patterns, self.response = documents, patterns, response
        self._numbers: dict[tuple[Location, bool], int] = {}
        self._places: list[tuple[Location, bool]] = []
        self._derived: dict[int, Any] = {}
        self._validators: dict[int, Any] = {}
        self._effort = Effort(self._derived)

    # --- values ----------------------------------------------------------------------------------------------

    def faults(self, place: Location, value: Any) -> list[Fault]:
        """Say in which ways a value does not fit the schema at a place.

        Raises:
            InputError: the schema is none, or its alternatives would take more steps than there is time for.
        """
        compiled = self._compiled(place)
        if not self._effort.is_bounded(self._number(place), value):
            raise InputError(
                f"The schema at {place.file}#{place.pointer} leads to the same schemas by too many ways to hold a body "
                "to it: each `allOf`, `anyOf` or `oneOf` on the way multiplies them.",
                "Let fewer of its alternatives lead to the same schema.",
                places=(Place(place.file, self.documents.line(place)),),
            )
        return _flat([list(compiled.iter_errors(value))], self)

    def _compiled(self, place: Location) -> Any:
        number = self._number(place)
        if number not in self._validators:
            reached = self._reached(number)
            definitions = {str(each): self._derived[each] for each in reached}
            try:
                self._validators[number] = _validator({"$ref": f"#/$defs/{number}", "$defs": definitions})
            except ValueError as error:
                raise self._not_a_schema(error) from error
        return self._validators[number]

    def _not_a_schema(self, error: Any) -> InputError:
        path = [*getattr(error, "instance_path", ()), "", ""]
        known = str(path[1]).isdecimal() and int(path[1]) < len(self._places)
        place = self.place(int(path[1])) if known else self.documents.root
        key = f"/{path[2]}" if path[2] else ""
        why = str(getattr(error, "message", error))[:200]
        return InputError(
            f"The schema at {place.file}#{place.pointer}{key} is no JSON Schema: {why}.",
            "Mend the document.",
            places=(Place(place.file, self.documents.line(place)),),
        )

    def place(self, number: int) -> Location:
        """Say where in the document a schema of `$defs` stands."""
        return self._places[number][0]

    def _reached(self, number: int) -> list[int]:
        """Give the numbers of all schemas that one leads to, and derive those that are new."""
        seen, waiting = {number}, [number]
        while waiting:
            current = waiting.pop()
            if current not in self._derived:
                place, plain = self._places[current]
                self._derived[current] = self._derive(place, plain=plain)
            for each in _references(self._derived[current]):
                if each not in seen:
                    seen.add(each)
                    waiting.append(each)
        return sorted(seen)

    def _number(self, place: Location, *, plain: bool = False) -> int:
        key = (place, plain)
        if key not in self._numbers:
            if len(self._places) >= _MOST_SCHEMAS:
                raise InputError(
                    f"The document's schemas are too many to be compared: more than {_MOST_SCHEMAS:,}.",
                    "Compare with a part of the document.",
                )
            self._numbers[key] = len(self._places)
            self._places.append(key)
        return self._numbers[key]

    def _to(self, place: Location, *, plain: bool = False) -> dict[str, str]:
        return {"$ref": f"#/$defs/{self._number(place, plain=plain)}"}

    # --- one schema ------------------------------------------------------------------------------------------

    def _derive(self, place: Location, *, plain: bool) -> Any:
        node = self.documents.at(place)
        if not isinstance(node, dict):
            return node if isinstance(node, bool) else {}
        found: dict[str, Any] = {}
        if isinstance(node.get("$ref"), str):
            found = self._to(self.documents.target(place, node["$ref"]), plain=plain)
            if self.documents.is_3_0:  # what stands beside a reference does not count there
                return found
        found |= {key: node[key] for key in _PLAIN if key in node}
        found |= {key: self._to(place / key) for key in _ONE if isinstance(node.get(key), dict)}
        found |= {key: node[key] for key in _ONE if isinstance(node.get(key), bool)}
        for key in _LISTS:
            items = enumerate(listed(node.get(key)))
            plainly = key == "allOf"  # a child of a discriminated parent means the parent itself, not all its children
            found |= _if_any(key, [self._to(place / key / number, plain=plainly) for number, _ in items])
        for key in _MAPS:
            found |= _if_any(key, {name: self._to(place / key / name) for name in mapping(node.get(key))})
        self._mend_patterns(found)
        alternatives = self.alternatives(place, node, plain=plain)
        if any(each.key for each in alternatives):
            self._discriminate(found, alternatives)
        if self.documents.is_3_0:
            found = _as_3_1(found, node)
        return self._of_an_answer(found) if self.response else self._of_a_request(found, node, place)

    def _mend_patterns(self, found: dict[str, Any]) -> None:
        """Leave out the patterns that do not run in linear time."""
        if "pattern" in found and not self.patterns.usable(found["pattern"]):
            del found["pattern"]
        if "patternProperties" in found:
            usable = {name: each for name, each in found["patternProperties"].items() if self.patterns.usable(name)}
            if len(usable) < len(found["patternProperties"]):
                found.pop("additionalProperties", None)  # it may not be told any more which fields are additional
            found["patternProperties"] = usable

    def _discriminate(self, found: dict[str, Any], alternatives: Sequence[Alternative]) -> None:
        """Write out what a discriminator means, which JSON Schema does not know."""
        found.pop("oneOf", None)
        found["anyOf"] = [
            {
                "properties": {each.key: {"enum": list(each.names)}},
                "allOf": [self._to(each.place, plain=True)],
                **({} if self.response else {"required": [each.key]}),
            }
            if each.key
            else self._to(each.place, plain=True)
            for each in alternatives
        ]

    def _of_an_answer(self, found: dict[str, Any]) -> dict[str, Any]:
        for key in _PARTIAL:
            found.pop(key, None)
        either = [found.pop(key) for key in ("then", "else") if key in found]
        if "if" in found and len(either) > 1:
            found["allOf"] = [*found.get("allOf", ()), {"anyOf": either}]
        found.pop("if", None)
        if "oneOf" in found:
            one = found.pop("oneOf")
            if "anyOf" in found:
                found["allOf"] = [*found.get("allOf", ()), {"anyOf": one}]
            else:
                found["anyOf"] = one
        if "not" in found and not self._is_simple(found["not"]):
            del found["not"]
        return found

    def _is_simple(self, reference: Mapping[str, str]) -> bool:
        node = self.documents.at(self.place(_number_of(reference)))
        return isinstance(node, dict) and node.keys() <= _SIMPLE

    def _of_a_request(self, found: dict[str, Any], node: Mapping[str, Any], place: Location) -> dict[str, Any]:
        if isinstance(found.get("required"), list):
            found["required"] = [
                name
                for name in dict.fromkeys(found["required"])
                if not self.has_flag(node, place, str(name), "readOnly")
            ]
        return found

    def has_flag(self, node: Mapping[str, Any], place: Location, name: str, flag: str) -> bool:
        """Say whether a schema's own property is `readOnly` or `writeOnly`."""
        if name not in mapping(node.get("properties")):
            return False
        inner = place / "properties" / name
        return any(
            mapping(self.documents.at(each)).get(flag) is True for each in (inner, self.documents.followed(inner))
        )

    # --- alternatives ----------------------------------------------------------------------------------------

    def alternatives(self, place: Location, node: Mapping[str, Any], *, plain: bool) -> list[Alternative]:
        """Give what a schema may be one of: its `oneOf` or `anyOf`, or a discriminated parent's children."""
        key = next((each for each in ("oneOf", "anyOf") if listed(node.get(each))), "")
        discriminator = mapping(node.get("discriminator"))
        name = discriminator.get("propertyName")
        if not key:
            children = [] if plain or not isinstance(name, str) else self._children.get(place, [])
            return [Alternative(place), *map(Alternative, children)] if children else []
        found = [place / key / number for number, _ in enumerate(node[key])]
        if not isinstance(name, str):
            return [Alternative(each) for each in found]
        return [Alternative(each, name, names) if (names := self._names(each, discriminator)) else Alternative(each)
                for each in found]  # fmt: skip

    def _names(self, place: Location, discriminator: Mapping[str, Any]) -> tuple[str, ...]:
        """Give the values of a discriminator that stand for an alternative: mapped ones, and its schema's name."""
        reference = mapping(self.documents.at(place)).get("$ref")
        if not isinstance(reference, str):
            return ()
        target = self.documents.target(place, reference)
        mapped = mapping(discriminator.get("mapping")).items()
        names = [name for name, to in mapped if isinstance(to, str) and self._is_mapped(place, to, target)]
        return (*names, target.keys[-1]) if target.keys else tuple(names)

    def _is_mapped(self, place: Location, to: str, target: Location) -> bool:
        if "/" in to or "#" in to or "." in to:
            try:
                return self.documents.target(place, to) == target
            except InputError:
                return False
        return bool(target.keys) and target.keys[-1] == to

    @cached_property
    def _children(self) -> dict[Location, list[Location]]:
        """The schemas of the document that have another in their `allOf`, by that other."""
        found: dict[Location, list[Location]] = {}
        named = self.documents.root / "components" / "schemas"
        for name, schema in mapping(self.documents.at(named)).items():
            for number, part in enumerate(listed(mapping(schema).get("allOf"))):
                reference = mapping(part).get("$ref")
                if isinstance(reference, str):
                    target = self.documents.target(named / name / "allOf" / number, reference)
                    found.setdefault(target, []).append(named / name)
        return found


def _as_3_1(found: dict[str, Any], node: Mapping[str, Any]) -> dict[str, Any]:
    """Write a schema of OpenAPI 3.0 as JSON Schema (https://spec.openapis.org/oas/v3.0.3#schema-object)."""
    for key, other in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if isinstance(found.get(key), bool):
            exclusive = found.pop(key)
            if exclusive and other in found:
                found[key] = found.pop(other)
    if found.get("format") == "int32":
        found.setdefault("minimum", -_INT32)
        found.setdefault("maximum", _INT32 - 1)
    if node.get("nullable") is not True:
        return found
    if isinstance(found.get("type"), str):
        found["type"] = [found["type"], "null"]
        if isinstance(found.get("enum"), list) and None not in found["enum"]:
            found["enum"] = [*found["enum"], None]
        return found
    return {"anyOf": [{"type": "null"}, found]} if found else found


def _if_any(key: str, value: Any) -> dict[str, Any]:
    return {key: value} if value else {}


def _number_of(reference: Mapping[str, str]) -> int:
    return int(reference["$ref"].rpartition("/")[2])


def _references(value: Any) -> Iterator[int]:
    """Give the numbers to which a derived schema leads. It is never deep: what it holds is a reference already."""
    waiting = [value]
    while waiting:
        current = waiting.pop()
        if isinstance(current, dict):
            reference = current.get("$ref")
            if isinstance(reference, str) and reference.startswith("#/$defs/"):
                yield int(reference.rpartition("/")[2])
            waiting += [each for key, each in current.items() if key not in ("enum", "const")]
        elif isinstance(current, list):
            waiting += current


# --- what the validator says ------------------------------------------------------------------------------------


def _flat(branches: Iterable[Sequence[Any]], schemas: Schemas, depth: int = 0) -> list[Fault]:
    """Give the faults of the branch that is nearest to fitting a value, which stands at this depth."""
    found = [[fault for error in branch for fault in _of(error, schemas)] for branch in branches]
    return min(found, key=lambda faults: (sum(_is_another(each, depth) for each in faults), len(faults)), default=[])


def _is_another(fault: Fault, depth: int) -> bool:
    """Say whether a fault means that another alternative is meant: the value itself is not of this kind."""
    return len(fault.path) <= depth or (fault.keyword in ("const", "enum") and len(fault.path) == depth + 1)


def _of(error: Any, schemas: Schemas) -> list[Fault]:
    if type(error.kind).__name__ in _NO_ANSWER:
        number, keyword, *name = error.schema_path[1:]
        node = mapping(schemas.documents.at(schemas.place(int(number))))
        schemas.patterns.left_out.add(str(name[0] if keyword == "patternProperties" else node.get("pattern")))
        return []
    keyword, about = str(error.kind.name), error.kind.as_dict()
    if "context" in about and type(error.kind).__name__ != "OneOfMultipleValid":
        nearest = _flat(about["context"], schemas, len(error.instance_path))
        if nearest:
            return nearest
    path = tuple(error.instance_path)
    if keyword == "falseSchema" and path:  # `additionalProperties: false` of an object that has no others
        about, path, keyword = {"unexpected": [path[-1]]}, path[:-1], "additionalProperties"
    number = next((int(each) for each in error.schema_path[1:2]), 0)
    extra = about.get("unexpected") or [about.get("property", "")]
    return [Fault(path, keyword, schemas.place(number), _said(keyword, about, error.instance), tuple(map(str, extra)))]


def _said(keyword: str, about: Mapping[str, Any], value: Any) -> str:  # noqa: C901, PLR0911 - one for each keyword
    """Say what is wrong with a value; the validator's own words quote all of it."""
    match keyword:
        case "type":
            return f"is {told_type(value)}, not {' or '.join(about['types'])}"
        case "required":
            return f"lacks the field `{_cut(about['property'])}`, which is required"
        case "additionalProperties" | "unevaluatedProperties":
            return "is not described, and no other fields are allowed"
        case "enum":
            return f"is {shown(value)}, none of {shown(about['options'])}"
        case "const":
            return f"is {shown(value)}, not {shown(about['expected_value'])}"
        case "format":
            return f"is {shown(value)}, which is no {about['format']}"
        case "pattern":
            return f"is {shown(value)}, which does not match `{_cut(about['pattern'])}`"
        case "oneOf":
            return "fits more than one schema of `oneOf`"
    limit = next((f": {shown(each)[1:-1]}" for each in about.values() if isinstance(each, (int, float, str))), "")
    return f"is {shown(value)}, which does not fit `{keyword}{limit}`"


def told_type(value: Any) -> str:
    """Name the type of a value with its article."""
    names = {
        bool: "a boolean",
        int: "an integer",
        float: "a number",
        str: "a string",
        list: "an array",
        dict: "an object",
    }
    return "null" if value is None else names.get(type(value), "a number")


def shown(value: Any) -> str:
    """Write a value for a sentence, cut where it is long."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return f"`{_cut(text)}`"


def _cut(text: str) -> str:
    return cut(text.replace("`", "'"), _MOST_SHOWN)
