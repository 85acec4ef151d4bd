"""What an interaction sends in path, query, headers and cookies, against an operation's parameters."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pact_gate.model.comparison import Kind
from pact_gate.openapi.bodies import read_as
from pact_gate.openapi.context import Context, Notes
from pact_gate.openapi.document import Location, mapping
from pact_gate.openapi.exchange import Exchange
from pact_gate.openapi.headers import OF_HTTP
from pact_gate.openapi.paths import PathMatch, described_parameters
from pact_gate.openapi.usage import parameter_key

_SEPARATORS = {"spaceDelimited": " ", "pipeDelimited": "|"}
_DEEP = re.compile(r"([^\[\]]+)\[([^\[\]]+)\]")

_Described = Mapping[tuple[str, str], Location]
_Values = Mapping[str, tuple[str, ...]]  # by the name under which they are sent


def compare_parameters(context: Context, asked: Exchange, place: Location, found: PathMatch, notes: Notes) -> None:
    """Compare the parameters of a request with those of the operation at `place`."""
    _Parameters(context, asked, notes).run(place, found)


class _Parameters:
    def __init__(self, context: Context, asked: Exchange, notes: Notes) -> None:
        self._context, self._asked, self._notes = context, asked, notes
        self._documents = context.documents
        self._shapes = context.requests.shapes

    def run(self, place: Location, found: PathMatch) -> None:
        described = described_parameters(self._documents, place)
        known: set[str] = set()
        for (kind, name), where in described.items():
            about = mapping(self._documents.at(where))
            values = self._sent(kind, name, about, found)
            if values is None:
                self._missing(kind, name, about, where)
                continue
            self._context.usage.mark(place, parameter_key(kind, name))
            known |= values.keys() if kind == "query" else set()
            self._compare(
                f"request {kind} {name}",
                where,
                about,
                value_of(about, name, values, is_list=self._shapes.is_list(where / "schema")),
            )
        self._unknown_query(described, [name for name in self._asked.query if name not in known], place)
        self._unknown_headers(described, place)

    def _sent(self, kind: str, name: str, about: Mapping[str, Any], found: PathMatch) -> _Values | None:
        """Give what is sent of a parameter; None where nothing is."""
        match kind:
            case "path":
                return {name: (found.values[name],)} if name in found.values else {}
            case "header":
                values = self._asked.request.headers.get(name.lower())
                return None if values is None else {name: values}
            case "cookie":
                return _cookie(self._asked.request.headers.get("cookie", ()), name)
            case "query":
                return self._sent_in_query(name, about)
        return {}

    def _sent_in_query(self, name: str, about: Mapping[str, Any]) -> _Values | None:
        query = self._asked.query
        if name in query:
            return {name: query[name]}
        if about.get("style") == "deepObject":
            return {key: values for key, values in query.items() if key.startswith(f"{name}[")} or None
        return None

    def _missing(self, kind: str, name: str, about: Mapping[str, Any], where: Location) -> None:
        if about.get("required") is True and not self._is_spread(where):
            self._notes.add(Kind.PARAMETER_MISSING, f"request {kind}", f"`{name}` is not sent, and is required", where)

    def _is_spread(self, where: Location) -> bool:
        """Say whether a parameter is an object whose fields are parameters of their own."""
        about = mapping(self._documents.at(where))
        if about.get("in") != "query" or about.get("style", "form") != "form" or about.get("explode") is False:
            return False
        return any("object" in (self._shapes.types(each) or ()) for each in self._shapes.variants(where / "schema"))

    def _compare(self, told: str, where: Location, about: Mapping[str, Any], value: Any) -> None:
        schema = where / "schema"
        is_empty = value == [] or (value == "" and about.get("allowEmptyValue") is True)
        if is_empty or not isinstance(about.get("schema"), dict):
            return
        value = read_as(self._shapes, self._shapes.variants(schema), value)
        for fault in self._context.requests.schemas.faults(schema, value):
            self._notes.add(Kind.PARAMETER_WRONG, told, fault.message, fault.place)

    def _unknown_query(self, described: _Described, names: Sequence[str], place: Location) -> None:
        spread = [
            variant
            for where in described.values()
            if self._is_spread(where)
            for variant in self._shapes.variants(where / "schema")
        ]
        for name in names:
            fields = [self._shapes.field(each, name) for each in spread]
            if ("query", name) not in self._context.keys and not any(each.described or each.free for each in fields):
                self._notes.add(Kind.QUERY_UNKNOWN, "request query", f"`{name}` is not described", place)

    def _unknown_headers(self, described: _Described, place: Location) -> None:
        known = OF_HTTP | {name.lower() for kind, name in (*described, *self._context.keys) if kind == "header"}
        for name in self._asked.request.headers:
            if name not in known:
                self._notes.add(Kind.HEADER_UNKNOWN, "request header", f"`{name}` is not described", place)


def value_of(about: Mapping[str, Any], name: str, values: _Values, *, is_list: bool) -> Any:
    """Put a value together, as its style has it (https://spec.openapis.org/oas/v3.1.0#style-values)."""
    if about.get("style") == "deepObject":
        pairs = ((_DEEP.fullmatch(key), each) for key, each in values.items())
        return {found[2]: each[0] if len(each) == 1 else list(each) for found, each in pairs if found and each}
    found = list(values.get(name, ()))
    separator = _SEPARATORS.get(str(about.get("style")), ",")
    exploded = about.get("explode", about.get("in") in ("query", "cookie"))
    if is_list and (not exploded or separator != ",") and len(found) == 1:
        return found[0].split(separator)
    return found[0] if len(found) == 1 and not is_list else found


def _cookie(headers: Sequence[str], name: str) -> _Values | None:
    pairs = (part.strip().partition("=") for header in headers for part in header.split(";"))
    return next(({name: (value,)} for key, _, value in pairs if key == name), None)
