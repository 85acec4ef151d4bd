"""Bodies that are empty, hold what nobody reads, are written ambiguously, or matched by dangerous patterns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from pact_gate.lint.document import Document, Way
from pact_gate.lint.found import Found, Placed
from pact_gate.lint.interaction import Interaction, Part
from pact_gate.lint.rules.context import Context

_MOST_RULES = 10_000


def empty_body(interaction: Interaction, context: Context) -> Iterator[Found]:
    """Find bodies that are named and empty, where a content type says that there is something."""
    for part in interaction.parts:
        if part.content_type and part.body_key and (part.body is None or part.body == ""):
            message = (
                f"The content type is `{part.content_type}`, and the body is empty: the contract says nothing of what "
                "is in it. Say what the consumer needs of it, or leave the content type out."
            )
            yield Found("empty-body", part.body_way, message)


def unread_field(interaction: Interaction, context: Context) -> Iterator[Found]:
    """Find fields that the schema of what the consumer reads does not have."""
    if not isinstance(context.reads, dict):
        return
    for part in interaction.provided:
        seen: set[Way] = set()
        for way in _unread(part, context.reads):
            name = tuple("*" if isinstance(step, int) else step for step in way)
            if name not in seen:
                seen.add(name)
                message = (
                    f"The consumer does not read `{way[-1]}`, by its schema, and this contract keeps the provider from "
                    "changing it. Leave it out."
                )
                yield Found("unread-field", (*part.body_way, *way), message)


def _unread(part: Part, schema: Any) -> Iterator[Way]:
    waiting: list[tuple[Way, Any, list[dict[str, Any]]]] = [((), part.body, _resolved(schema, schema))]
    while waiting:
        way, value, schemas = waiting.pop()
        if isinstance(value, list):
            inner = [each for found in schemas for each in _resolved(found.get("items"), schema)]
            waiting += [((*way, number), item, inner) for number, item in reversed([*enumerate(value)]) if inner]
        elif isinstance(value, dict) and any("properties" in each for each in schemas):
            for key, item in reversed(value.items()):
                known = _member(key, schemas, schema)
                if known is None:
                    yield (*way, key)
                elif known:
                    waiting.append(((*way, key), item, known))


def _member(key: str, schemas: Sequence[dict[str, Any]], root: Any) -> list[dict[str, Any]] | None:
    """Give what the schemas say of a member; None where none of them has it."""
    found = [each["properties"][key] for each in schemas if key in _mapping(each.get("properties"))]
    open_ = [each["additionalProperties"] for each in schemas if each.get("additionalProperties") not in (None, False)]
    if not found and not open_ and not any(each.get("patternProperties") for each in schemas):
        return None
    return [each for one in found or open_ for each in _resolved(one, root)]


def _resolved(schema: Any, root: Any) -> list[dict[str, Any]]:
    """Give a schema, what its reference leads to within the same document, and the parts that it is made of."""
    found: list[dict[str, Any]] = []
    waiting, seen = [schema], 0
    while waiting and seen < 100:  # noqa: PLR2004 - a reference may lead to itself
        each, seen = waiting.pop(), seen + 1
        if not isinstance(each, dict) or any(each is other for other in found):
            continue
        found.append(each)
        if isinstance(each.get("$ref"), str) and each["$ref"].startswith("#"):
            waiting.append(_pointed(each["$ref"], root))
        for word in ("allOf", "anyOf", "oneOf"):
            waiting += each[word] if isinstance(each.get(word), list) else []
    return found


def _pointed(reference: str, root: Any) -> Any:
    for step in reference.lstrip("#").strip("/").split("/"):
        name = step.replace("~1", "/").replace("~0", "~")
        if step:
            root = root.get(name) if isinstance(root, dict) else None
    return root


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def slow_pattern(interaction: Interaction, context: Context) -> Iterator[Found]:
    """Find patterns of matchers that may try more ways than there is time for."""
    if not context.has_patterns:
        return
    for way, pattern in _patterns(interaction, ruby=context.has_ruby):
        if context.is_slow(pattern):
            message = (
                "This pattern can match one text in more ways than anybody has time to try: a text that nearly matches "
                "stops the verification. Take out the repetition within a repetition."
            )
            yield Found("slow-pattern", way, message)


def _patterns(interaction: Interaction, *, ruby: bool) -> Iterator[tuple[Way, str]]:
    for part in interaction.parts:
        waiting: list[tuple[Way, Any]] = [((*part.way, "matchingRules"), part.rules)]
        if ruby:
            waiting.append((part.body_way, part.body))
        left = _MOST_RULES
        while waiting and left:
            way, value = waiting.pop()
            left -= 1
            if isinstance(value, dict):
                if isinstance(value.get("regex"), str):
                    yield (*way, "regex"), value["regex"]
                if value.get("json_class") == "Regexp" and isinstance(value.get("s"), str):
                    yield (*way, "s"), value["s"]
                waiting += [((*way, key), each) for key, each in value.items() if isinstance(each, dict | list)]
            elif isinstance(value, list):
                waiting += [((*way, number), each) for number, each in enumerate(value)]


def duplicate_key(document: Document, every: Sequence[Interaction]) -> Iterator[Placed]:
    """Find keys that an object has twice: some readers take the first, some the last."""
    whole = {each.way: each for each in every}
    for way, _ in document.keys_twice():
        interaction = whole.get(way[:2])
        inner = way[2:] if interaction is not None and len(way) > 2 else way  # noqa: PLR2004
        message = (
            f"The key `{way[-1]}` stands in this object twice: one reader takes the first, another the last. Keep one."
        )
        yield interaction if inner is not way else None, Found("duplicate-key", inner, message)
