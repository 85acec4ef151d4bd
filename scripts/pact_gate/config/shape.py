"""A tree held against the JSON Schema of `pact-gate.yml`, so that every mistake has its place and a sentence.

These are the schema's words that are understood here; it uses no others: `$ref`, `type`, `enum`, `minimum`, `pattern`,
`items`, `minItems`, `uniqueItems`, `properties`, `additionalProperties`, `propertyNames`, `minProperties`, `required`.
`patternErrorMessage` is what editors show (https://code.visualstudio.com/docs/languages/json); its second half, after
the semicolon, says what to do.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from itertools import takewhile
from typing import Any

from pact_gate.config.tree import Mark, Node, Problem, shown

Schema = Mapping[str, Any]
Way = tuple[str | int, ...]  # from the file to a value: keys, and the numbers of items, which count from 1

_KINDS = {
    "object": "a mapping",
    "array": "a list",
    "string": "text",
    "integer": "a number",
    "number": "a number",
    "boolean": "true or false",
    "null": "empty",
}
_READERS: Mapping[str, Callable[[str], Any]] = {
    "string": str,
    "integer": int,
    "number": float,
    "boolean": lambda text: text.lower() == "true",
    "null": lambda _: None,
}


def check(node: Node, schema: Schema, root: Schema, way: Way = ()) -> Iterator[Problem]:
    """Say what is wrong with a value and everything in it. `root` is the whole schema, to which references lead."""
    own = resolved(schema, root)
    if not _has_type(node, own):
        yield _wrong_type(node, own, way)
    elif "enum" in own and plain(node) not in own["enum"]:
        options = [json.dumps(option) for option in own["enum"]]
        yield Problem(node.mark, f"{_said(way)} is `{shown(node.text)}`.", f"Write {' or '.join(options)}.")
    elif node.kind == "object":
        yield from _object(node, own, root, way)
    elif node.kind == "array":
        yield from _array(node, own, root, way)
    elif node.kind == "string":
        yield from _pattern(node.text, node.mark, own, way)
    elif "minimum" in own and plain(node) < own["minimum"]:
        yield Problem(node.mark, f"{_said(way)} is less than {own['minimum']}.", f"Write {own['minimum']} or more.")


def plain(node: Node) -> Any:
    """Give a value as JSON has it."""
    if node.kind == "object":
        return {key: plain(value) for key, value in node.entries.items()}
    if node.kind == "array":
        return [plain(item) for item in node.items]
    return _READERS[node.kind](node.text)


def resolved(schema: Schema, root: Schema) -> dict[str, Any]:
    """Give a schema with what its reference, `#/$defs/NAME`, leads to; its own words come first."""
    if "$ref" not in schema:
        return dict(schema)
    name = schema["$ref"].rpartition("/")[2]
    return resolved(root["$defs"][name], root) | {word: value for word, value in schema.items() if word != "$ref"}


def near(word: str, options: Sequence[str], otherwise: str) -> str:
    """Give the next step for a word that is none of the options."""
    found = get_close_matches(word[:100], options, 1, 0.5)
    return f"Did you mean `{shown(found[0])}`?" if found else otherwise


def _has_type(node: Node, schema: Schema) -> bool:
    types = _types(schema)
    return node.kind in types or (node.kind == "integer" and "number" in types)


def _types(schema: Schema) -> list[str]:
    return [schema["type"]] if isinstance(schema["type"], str) else schema["type"]


def _wrong_type(node: Node, schema: Schema, way: Way) -> Problem:
    example = next(iter(schema.get("examples", ())), None)
    if node.kind == "null":
        next_step = "Give it a value, or leave the key out."
    elif node.kind in _READERS and "string" in _types(schema):
        next_step = f'Put it into quotes: "{shown(node.text)}".'
    elif example is not None and isinstance(way[-1], str):
        next_step = f"Write for example `{shown(way[-1])}: {json.dumps(example)}`."
    else:
        next_step = (
            "Write true or false." if schema["type"] == "boolean" else "Mind the indentation, dashes and colons."
        )
    wanted = " or ".join(_KINDS[kind] for kind in _types(schema))
    return Problem(node.mark, f"{_said(way)} is {_KINDS[node.kind]}; it must be {wanted}.", next_step)


def _object(node: Node, schema: Schema, root: Schema, way: Way) -> Iterator[Problem]:
    known, others = schema.get("properties", {}), schema["additionalProperties"]
    for key in schema.get("required", ()):
        if key not in node.entries:
            yield Problem(node.mark, f"{_said(way)} has no `{key}`.", f"Add `{key}`.")
    if len(node.entries) < schema.get("minProperties", 0):
        yield Problem(node.mark, f"{_said(way)} is empty.", "Add to it, or leave the key out.")
    for key, value in node.entries.items():
        if key not in known and not others:
            yield _unknown(key, node.keys[key], sorted(known), way)
        else:
            yield from _pattern(key, node.keys[key], resolved(schema.get("propertyNames", {}), root), (*way, key))
            yield from check(value, known.get(key, others), root, (*way, key))


def _unknown(key: str, mark: Mark, known: Sequence[str], way: Way) -> Problem:
    listed = ", ".join(f"`{each}`" for each in known)
    return Problem(mark, f"{_said(way)} knows no key `{shown(key)}`.", near(key, known, f"Its keys are: {listed}."))


def _array(node: Node, schema: Schema, root: Schema, way: Way) -> Iterator[Problem]:
    if len(node.items) < schema.get("minItems", 0):
        yield Problem(node.mark, f"{_said(way)} is empty.", "Add to it, or leave the key out.")
    seen = set()
    for number, item in enumerate(node.items, 1):
        yield from check(item, schema["items"], root, (*way, number))
        if schema.get("uniqueItems") and item.kind == "string":
            if item.text in seen:
                yield Problem(item.mark, f"{_said(way)} names `{shown(item.text)}` twice.", "Name it once.")
            seen.add(item.text)


def _pattern(text: str, mark: Mark, schema: Schema, way: Way) -> Iterator[Problem]:
    if "pattern" in schema and not re.fullmatch(schema["pattern"], text):
        cause, _, next_step = schema["patternErrorMessage"].partition("; ")
        yield Problem(mark, f"{_said(way)} {cause}.", f"{next_step[0].upper()}{next_step[1:]}.")


def _said(way: Way) -> str:
    """Name a value at the beginning of a sentence: `pacticipants.orders.paths`, or item 2 of it."""
    name = _named(way)
    return name[0].upper() + name[1:]


def _named(way: Way) -> str:
    if not way:
        return "the file"
    if isinstance(way[-1], int):
        return f"item {way[-1]} of {_named(way[:-1])}"
    keys = [*takewhile(lambda part: isinstance(part, str), reversed(way))][::-1]
    before = way[: len(way) - len(keys)]
    return f"`{'.'.join(shown(str(key)) for key in keys)}`" + (f" of {_named(before)}" if before else "")
