"""What a deserializer gave, as JSON: a pact holds JSON of what the consumer reads."""

from __future__ import annotations

import math
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

Json = dict[str, Any] | list[Any] | str | int | float | bool | None


def plain(value: object) -> Any:
    """Return dictionaries and lists in the place of whatever holds fields or items; single values stay as they are.

    Dataclasses, Pydantic's models, mappings, sequences and Protobuf's messages are known. Of a Protobuf message there
    are the fields that a consumer's code can read: those without presence also where nobody set them, an enum under
    its name, and Google's own types (Timestamp, Duration, the wrappers) as their JSON.
    """
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(each) for each in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: plain(getattr(value, each.name)) for each in fields(value)}
    model_fields = getattr(type(value), "model_fields", None)
    if isinstance(model_fields, Mapping):
        return {name: plain(getattr(value, name)) for name in model_fields}
    if hasattr(value, "DESCRIPTOR") and hasattr(value, "ListFields"):
        return _of_protobuf(value)
    return value


def as_json(value: object, place: str = "$") -> Json:
    """Return JSON's own types for what `plain` gave.

    A decimal becomes a number, dates and times ISO 8601, an enum its value, bytes base64 as in Protobuf's JSON.

    Raises:
        TypeError: a value has no JSON; the message names its place.
    """
    if isinstance(value, dict):
        return {key: as_json(each, f"{place}.{key}") for key, each in value.items()}
    if isinstance(value, list):
        return [as_json(each, f"{place}[{index}]") for index, each in enumerate(value)]
    if isinstance(value, Enum):
        return as_json(value.value, place)
    if value is None or isinstance(value, str | bool | int):
        return value
    for kinds, write in _WRITTEN:
        if isinstance(value, kinds):
            return write(value)
    number = float(value) if isinstance(value, Decimal) else value
    if isinstance(number, float) and math.isfinite(number):
        return number
    shown = repr(number) if isinstance(number, float) else f"of type {type(value).__name__}"
    raise TypeError(f"{place} is {shown}, which JSON cannot hold")


_WRITTEN: tuple[tuple[type | tuple[type, ...], Callable[[Any], Json]], ...] = (
    ((datetime, date, time), lambda value: value.isoformat()),
    (UUID, str),
    ((bytes, bytearray), lambda value: b64encode(value).decode()),
)


def _of_protobuf(message: Any) -> Any:
    if message.DESCRIPTOR.full_name.startswith("google.protobuf."):
        from google.protobuf.json_format import MessageToDict  # noqa: PLC0415 - it is here where a message is

        return MessageToDict(message)
    found = {}
    for each in message.DESCRIPTOR.fields:
        if each.has_presence and not message.HasField(each.name):
            continue
        value = getattr(message, each.name)
        found[each.name] = _of_field(each, value)
    return found


def _of_field(field: Any, value: Any) -> Any:
    if not field.is_repeated:
        return _of_single(field, value)
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        values = field.message_type.fields_by_name["value"]
        return {str(key): _of_single(values, value[key]) for key in value}
    return [_of_single(field, each) for each in value]


def _of_single(field: Any, value: Any) -> Any:
    if field.enum_type is None:
        return plain(value)
    named = field.enum_type.values_by_number.get(value)
    return value if named is None else named.name
