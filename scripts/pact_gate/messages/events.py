"""What a producer's serializer takes, made of a contract's JSON: an Avro record, a Protobuf message.

What the schema cannot hold stays as it is in the contract, for the serializer to refuse as it would in production.
"""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

_CONVERSIONS: Mapping[str, Callable[[Any], object]] = {
    "bytes": b64decode,
    "fixed": b64decode,
    "decimal": lambda value: Decimal(str(value)),
    "uuid": UUID,
    "date": date.fromisoformat,
    "time-millis": time.fromisoformat,
    "time-micros": time.fromisoformat,
    "timestamp-millis": datetime.fromisoformat,
    "timestamp-micros": datetime.fromisoformat,
    "local-timestamp-millis": datetime.fromisoformat,
    "local-timestamp-micros": datetime.fromisoformat,
}
_FITTING: Mapping[str, type | tuple[type, ...]] = {
    "null": type(None),
    "boolean": bool,
    "int": int,
    "long": int,
    "float": (int, float),
    "double": (int, float),
    "string": str,
    "enum": str,
    "bytes": str,
    "fixed": str,
    "array": list,
    "map": dict,
    "record": dict,
}


def avro_event(schema: str) -> Callable[[Any], Any]:
    """Return what makes a record of a contract's JSON: decimals, dates and times, UUIDs and bytes (from base64).

    Args:
        schema: The schema that the producer writes with, as JSON, without references to other subjects.

    Raises:
        ValueError: it is no JSON.
    """
    return _Avro(json.loads(schema)).event


def protobuf_event(message_type: Any) -> Callable[[Any], Any]:
    """Return what makes a message of that type of a contract's JSON, by Protobuf's own mapping.

    A field that the type does not have raises `google.protobuf.json_format.ParseError` when it is called.
    """
    from google.protobuf.json_format import ParseDict  # noqa: PLC0415 - who calls it has Protobuf

    return lambda contract: ParseDict(contract, message_type())


class _Avro:
    """A schema with the names that it defines (https://avro.apache.org/docs/1.12.0/specification/)."""

    def __init__(self, schema: Any) -> None:
        self._named: dict[str, Any] = {}
        self._schema = schema
        self._find_names(schema, "")

    def event(self, contract: Any) -> Any:
        return self._made(self._schema, contract)

    def _find_names(self, schema: Any, namespace: str) -> None:
        if isinstance(schema, list):
            for each in schema:
                self._find_names(each, namespace)
        if not isinstance(schema, dict):
            return
        if "name" in schema and schema.get("type") in ("record", "error", "enum", "fixed"):
            name = str(schema["name"])
            namespace = name.rpartition(".")[0] or str(schema.get("namespace", namespace))
            self._named |= dict.fromkeys((name, f"{namespace}.{name.rpartition('.')[2]}"), schema)
        inner = [each.get("type") for each in schema.get("fields", ())]
        for each in (*inner, schema.get("items"), schema.get("values"), schema.get("type")):
            self._find_names(each, namespace)

    def _made(self, schema: Any, value: Any) -> Any:
        schema = self._chosen(schema, value)
        return self._nested(schema, value) if isinstance(value, dict | list) else _converted(_kind(schema), value)

    def _nested(self, schema: Any, value: Any) -> Any:
        match _kind(schema), value:
            case (("record" | "error"), dict()):
                types = {each["name"]: each["type"] for each in schema["fields"]}
                return {name: self._made(types[name], each) if name in types else each for name, each in value.items()}
            case "array", list():
                return [self._made(schema["items"], each) for each in value]
            case "map", dict():
                return {name: self._made(schema["values"], each) for name, each in value.items()}
        return value

    def _chosen(self, schema: Any, value: Any) -> Any:
        """Return the schema itself, with a name and a union resolved: of a union the first branch that could fit."""
        if isinstance(schema, list):
            return next((each for each in map(self._named_or, schema) if self._fits(each, value)), "null")
        found = self._named_or(schema)
        is_wrapped = isinstance(found, dict) and not isinstance(found["type"], str)
        return self._chosen(found["type"], value) if is_wrapped else found

    def _named_or(self, schema: Any) -> Any:
        return self._named.get(schema, schema) if isinstance(schema, str) else schema

    def _fits(self, schema: Any, value: Any) -> bool:
        kind = _kind(schema)
        if isinstance(schema, dict) and kind == schema.get("logicalType"):
            return value is not None and not isinstance(value, dict | list | bool)
        fitting = _FITTING.get(kind, object)
        return isinstance(value, fitting) and (kind == "boolean" or not isinstance(value, bool))


def _kind(schema: Any) -> str:
    """Return the name of a type: the logical one where there is a conversion to it."""
    if not isinstance(schema, dict):
        return str(schema)
    logical = schema.get("logicalType")
    return str(logical if logical in _CONVERSIONS else schema["type"])


def _converted(kind: str, value: Any) -> Any:
    convert = _CONVERSIONS.get(kind)
    if convert is None:
        return value
    try:
        return convert(value)
    except (ValueError, TypeError, ArithmeticError, AttributeError):
        return value
