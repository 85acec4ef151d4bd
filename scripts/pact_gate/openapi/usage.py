"""What of the document the compared pacts use, and what none of them does."""

from __future__ import annotations

from collections.abc import Iterator

from pact_gate.model.comparison import Unused
from pact_gate.model.errors import InputError
from pact_gate.openapi.document import Documents, Location, mapping
from pact_gate.openapi.paths import Paths, described_parameters
from pact_gate.openapi.shapes import Shapes

_DEEPEST = 10  # levels of a response's fields
_MOST = 5_000
_MOST_STEPS = 200_000


class Usage:
    """What was used: operations and responses by their places, parameters by theirs, and fields by their paths."""

    def __init__(self) -> None:
        self._used: set[tuple[Location, str]] = set()

    def mark(self, place: Location, field: str = "") -> None:
        """Note that something is used; a field by its response's place and its path (`$.items[*].name`)."""
        self._used.add((place, field))

    def has(self, place: Location, field: str = "") -> bool:
        """Say whether something was used."""
        return (place, field) in self._used


def unused(documents: Documents, paths: Paths, shapes: Shapes, usage: Usage) -> tuple[Unused, ...]:
    """List what no pact uses, at most some thousands: whole operations, then the parts of those that are used."""
    walk = _Walk(documents, shapes, usage)
    whole: list[Unused] = []
    parts: list[Unused] = []
    for method, path, place in paths.operations():
        if len(whole) + len(parts) >= _MOST:
            break
        if usage.has(place):
            parts += [Unused(method, path, what, documents.spot(where)) for what, where in walk.of_operation(place)]
        else:
            whole.append(Unused(method, path, "", documents.spot(place)))
    return (*whole, *parts)[:_MOST]


class _Walk:
    """Goes through what an operation describes. A reference that leads nowhere ends the way, not the walk."""

    def __init__(self, documents: Documents, shapes: Shapes, usage: Usage) -> None:
        self._documents, self._shapes, self._usage = documents, shapes, usage
        self._steps = _MOST_STEPS

    def of_operation(self, place: Location) -> Iterator[tuple[str, Location]]:
        yield from self._parameters(place)
        operation = mapping(self._documents.at(place))
        for status in mapping(operation.get("responses")):
            response = self._followed(place / "responses" / status)
            if response is None:
                continue
            if not self._usage.has(place / "responses" / status):
                yield status, response
                continue
            yield from self._response(status, place / "responses" / status, response)

    def _parameters(self, place: Location) -> Iterator[tuple[str, Location]]:
        for (kind, name), where in described_parameters(self._documents, place).items():
            if kind in ("query", "header", "cookie") and not self._usage.has(place, parameter_key(kind, name)):
                yield f"{kind} {name}", where

    def _response(self, status: str, mark: Location, response: Location) -> Iterator[tuple[str, Location]]:
        seen = set()
        for content_type, about in mapping(mapping(self._documents.at(response)).get("content")).items():
            if not isinstance(mapping(about).get("schema"), dict):
                continue
            schema = response / "content" / content_type / "schema"
            for field, where in self._fields((schema,), "$", mark, ()):
                if field not in seen:
                    seen.add(field)
                    yield f"{status} {field}", where

    def _fields(
        self, parts: tuple[Location, ...], path: str, mark: Location, around: tuple[tuple[Location, ...], ...]
    ) -> Iterator[tuple[str, Location]]:
        self._steps -= 1
        if self._steps < 0 or parts in around or len(around) > _DEEPEST:
            return
        try:
            variants = self._shapes.together(parts)
        except InputError:
            return
        for variant in variants:
            yield from self._of_variant(variant.parts, path, mark, (*around, parts))

    def _of_variant(
        self, parts: tuple[Location, ...], path: str, mark: Location, around: tuple[tuple[Location, ...], ...]
    ) -> Iterator[tuple[str, Location]]:
        for place in parts:
            node = mapping(self._documents.at(place))
            for name in mapping(node.get("properties")):
                field = f"{path}.{name}"
                if not self._usage.has(mark, field):
                    yield field, place / "properties" / name
                else:
                    yield from self._fields((place / "properties" / name,), field, mark, around)
            for key, step in (("items", "[*]"), ("additionalProperties", ".*")):
                if isinstance(node.get(key), dict):
                    yield from self._fields((place / key,), f"{path}{step}", mark, around)

    def _followed(self, place: Location) -> Location | None:
        try:
            return self._documents.followed(place)
        except InputError:
            return None


def parameter_key(kind: str, name: str) -> str:
    """Give the name under which the use of a parameter is noted with its operation; headers' case does not count."""
    return f"{kind} {name.lower() if kind == 'header' else name}"
