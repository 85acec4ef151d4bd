"""How many steps a validator takes for a value, before it is let loose on it.

Validators follow every branch of `allOf`, `anyOf` and `oneOf` anew, at every level of a value. A schema that leads back
to itself twice doubles the work with each level, and a few lines of a document could keep a step busy for years. Here
the same ways are counted instead of gone: linear in the value and in the schemas that it meets.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

_FREE = 20_000  # steps that nobody minds, some seconds at worst
_AGAIN = 20  # times that one schema may be gone through for one place
_MOST_TOGETHER = 5_000  # schemas that hold for one place

_HERE = ("allOf", "anyOf", "oneOf", "not", "if", "then", "else")
_ANY_KEY = ("patternProperties", "additionalProperties", "unevaluatedProperties", "propertyNames")
_ITEMS = ("prefixItems", "items", "unevaluatedItems", "contains")

Counts = dict[int, float]  # how often each schema is gone through; numbers of `$defs`


class _Leads(NamedTuple):
    """Where a schema leads: for the same value, for one field, for any field, and for items."""

    here: tuple[int, ...]
    by_name: Mapping[str, tuple[int, ...]]
    any_name: tuple[int, ...]
    items: tuple[int, ...]


class Effort:
    """Counts the steps for the schemas of one set of `$defs`, which may still grow."""

    def __init__(self, definitions: Mapping[int, Any]) -> None:
        self._definitions = definitions
        self._leads: dict[int, _Leads] = {}
        self._closed: dict[int, Counts] = {}

    def is_bounded(self, number: int, value: Any) -> bool:
        """Say whether a value can be held to a schema in a number of steps that grows with both alone."""
        steps, places = 0.0, 0
        waiting: list[tuple[Any, Counts]] = [(value, {number: 1.0})]
        while waiting:
            current, asked = waiting.pop()
            here = self._together(asked)
            places += len(here)
            steps += sum(here.values())
            if len(here) > _MOST_TOGETHER or steps > _FREE + _AGAIN * places:
                return False
            if here:
                waiting += self._below(current, here)
        return True

    def _together(self, asked: Counts) -> Counts:
        """Give all schemas that hold for a value: those asked for, and those to which they lead on the same level."""
        found: Counts = {}
        for number, times in asked.items():
            for each, more in self._closure(number).items():
                found[each] = found.get(each, 0.0) + times * more
        return found

    def _closure(self, number: int) -> Counts:
        """Do so for one schema, without recursion: a schema is counted when all to which it leads are."""
        waiting = [number]
        open_: set[int] = set()
        while waiting:
            current = waiting[-1]
            if current in self._closed:
                waiting.pop()
            elif current in open_:
                waiting.pop()
                self._closed[current] = self._counted(current)
            else:
                open_.add(current)
                waiting += [each for each in self._of(current).here if each not in open_]
        return self._closed[number]

    def _counted(self, number: int) -> Counts:
        found: Counts = {number: 1.0}
        for each in self._of(number).here:
            for inner, times in self._closed.get(each, {}).items():  # none where it leads in a circle
                found[inner] = min(found.get(inner, 0.0) + times, 1e12)
        if len(found) > _MOST_TOGETHER:
            return {number: 1e12}
        return found

    def _below(self, value: Any, here: Counts) -> Iterator[tuple[Any, Counts]]:
        if isinstance(value, dict):
            for name, each in value.items():
                yield each, self._next(here, name)
        elif isinstance(value, list) and value:
            asked = self._next(here, None)
            yield from ((each, asked) for each in value)

    def _next(self, here: Counts, name: str | None) -> Counts:
        found: Counts = {}
        for number, times in here.items():
            leads = self._of(number)
            named = leads.items if name is None else (*leads.by_name.get(name, ()), *leads.any_name)
            for each in named:
                found[each] = found.get(each, 0.0) + times
        return found

    def _of(self, number: int) -> _Leads:
        if number not in self._leads:
            self._leads[number] = _read(self._definitions[number])
        return self._leads[number]


def _read(definition: Any) -> _Leads:
    """Read where a derived schema leads; what stands in it without a `$defs` entry of its own is read with it."""
    here: list[int] = []
    by_name: dict[str, tuple[int, ...]] = {}
    any_name: list[int] = []
    items: list[int] = []
    waiting = [definition]
    while waiting:
        current = waiting.pop()
        if isinstance(current, list):
            waiting += current
        elif isinstance(current, dict):
            here += _numbers(current)
            waiting += [current[key] for key in _HERE if key in current]
            waiting += list(current.get("dependentSchemas", {}).values())
            for name, each in current.get("properties", {}).items():
                by_name[name] = (*by_name.get(name, ()), *_numbers(each))
            any_name += [number for key in _ANY_KEY for number in _all(current.get(key))]
            items += [number for key in _ITEMS for number in _all(current.get(key))]
    return _Leads(tuple(here), by_name, tuple(any_name), tuple(items))


def _numbers(schema: Any) -> list[int]:
    reference = schema.get("$ref") if isinstance(schema, dict) else None
    return [int(reference.rpartition("/")[2])] if isinstance(reference, str) else []


def _all(value: Any) -> list[int]:
    """Give the numbers of the schemas in a value: one, a list of them, or an object of them."""
    if isinstance(value, list):
        return [number for each in value for number in _numbers(each)]
    if isinstance(value, dict) and "$ref" not in value:
        return [number for each in value.values() for number in _numbers(each)]
    return _numbers(value)
