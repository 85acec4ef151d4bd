"""Write the table of docs/messages.md: what each serializer makes of a value, measured. Run it with `make docs`."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.schema_registry.json_schema import JSONDeserializer, JSONSerializer
from confluent_kafka.schema_registry.protobuf import ProtobufDeserializer, ProtobufSerializer
from google.protobuf import timestamp_pb2
from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "scripts"))

from pact_gate.messages import MessageError, Produced, Topic  # noqa: E402 (it is found from now on)
from pact_gate.messages.values import plain  # noqa: E402

PAGE = ROOT / "docs" / "messages.md"
TABLE = re.compile(r"(?<=<!-- measured by docs/make_messages.py -->\n).*?(?=<!-- end -->)", re.DOTALL)

NOTHING = object()
NO_SUCH_TYPE = "(no such type)"
AT = datetime(2026, 11, 27, 1, 2, 3, 456789, tzinfo=UTC)


class Row(NamedTuple):
    """A value for the field `f`, and the field in each schema; None where the schema has no such type."""

    what: str
    value: object
    json_schema: dict[str, Any] | None
    avro: dict[str, Any] | None
    protobuf: dict[str, Any] | None


TEXT = {"type": FieldDescriptorProto.TYPE_STRING}
DOUBLE = {"type": FieldDescriptorProto.TYPE_DOUBLE}
OPTIONAL = {"type": ["null", "string"], "default": None}
DECIMAL = {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}
STATUS = {"type": "enum", "name": "Status", "symbols": ["UNKNOWN", "PAID"], "default": "UNKNOWN"}
ROWS = (
    Row("nothing, in an optional field", NOTHING, {}, OPTIONAL, {**TEXT, "proto3_optional": True}),
    Row("`None`, in an optional field", None, {}, OPTIONAL, {**TEXT, "proto3_optional": True}),
    Row("nothing, in a required field", NOTHING, {"required": True}, {"type": "string"}, TEXT),
    Row("`60`, in a field for fractions", 60, {"type": "number"}, {"type": "double"}, DOUBLE),
    Row("`59.98`, in one of 32 bits", 59.98, None, {"type": "float"}, {"type": FieldDescriptorProto.TYPE_FLOAT}),
    Row('`"59.98"`, in a field for fractions', "59.98", {"type": "number"}, {"type": "double"}, DOUBLE),
    Row('`Decimal("59.98")`, in the same', Decimal("59.98"), {"type": "number"}, {"type": "double"}, DOUBLE),
    Row("the same, in the schema's own type for it", Decimal("59.98"), None, {"type": DECIMAL}, None),
    Row("`5.7`, in a field for whole numbers", 5.7, {"type": "integer"}, {"type": "long"}, {"type": 3}),
    Row("`NaN`, in a field for fractions", float("nan"), {"type": "number"}, {"type": "double"}, DOUBLE),
    Row(
        "a time in UTC with microseconds",
        AT,
        {"type": "string"},
        {"type": {"type": "long", "logicalType": "timestamp-millis"}},
        {"type": FieldDescriptorProto.TYPE_MESSAGE, "type_name": ".google.protobuf.Timestamp"},
    ),
    Row(
        "an enum's symbol that the schema does not have",
        "LOST",
        {"enum": ["UNKNOWN", "PAID"]},
        {"type": STATUS},
        {"type": FieldDescriptorProto.TYPE_ENUM, "type_name": ".Status"},
    ),
    Row(
        "a field that the schema does not have",
        "x",
        {"name": "other"},
        {"name": "other", **OPTIONAL},
        {"name": "other"},
    ),
)


def table() -> str:
    """Give the table: a row for each value, a column for each serializer, and in it what a consumer's code gets."""
    lines = ["| production hands over | `json.dumps` | `JSONSerializer` | `AvroSerializer` | `ProtobufSerializer` |"]
    lines.append("|---|---|---|---|---|")
    for number, row in enumerate(ROWS):
        ways = (_plain_json(), _json_schema(row), _avro(row), _protobuf(row, number))
        lines.append(" | ".join([f"| {row.what}", *(_measured(way, row.value) for way in ways)]) + " |")
    return "\n".join(lines) + "\n"


def page() -> str:
    """Give the page with the table as it is measured now."""
    return TABLE.sub(lambda _: table(), PAGE.read_text(encoding="utf-8"))


Way = tuple[Topic, Callable[..., Any]]


def _measured(way: Way | None, value: object) -> str:
    if way is None:
        return NO_SUCH_TYPE
    topic, event = way
    try:
        made = event() if value is NOTHING else event(f=value)
        read: Any = topic.read(topic.write(Produced(made)))
    except MessageError as error:
        return "refused" if error.__cause__ is None else f"refused: {type(error.__cause__).__name__}"
    except (TypeError, ValueError) as error:
        return f"refused: {type(error).__name__}"
    got = plain(read)
    if "f" not in got:
        return "no such field"
    if got["f"] is None:
        return "`null`"
    kind = type(read["f"] if isinstance(read, dict) else read.f).__name__
    return f"{kind} `{got['f']!r}`" if isinstance(got["f"], str) else f"{kind} `{got['f']}`"


def _plain_json() -> Way:
    return Topic("t", lambda event: json.dumps(event).encode(), event=dict, deserializer=json.loads), dict


def _json_schema(row: Row) -> Way | None:
    if row.json_schema is None:
        return None
    field = dict(row.json_schema)
    required, name = field.pop("required", False), field.pop("name", "f")
    schema = {"title": "T", "type": "object", "properties": {name: field}, "required": [name] if required else []}
    serializer = JSONSerializer(json.dumps(schema), _registry())
    return Topic("t", serializer, event=dict, deserializer=JSONDeserializer(json.dumps(schema))), dict


def _avro(row: Row) -> Way | None:
    if row.avro is None:
        return None
    schema = json.dumps({"type": "record", "name": "T", "fields": [{"name": "f", **row.avro}]})
    registry = _registry()
    return Topic("t", AvroSerializer(registry, schema), event=dict, deserializer=AvroDeserializer(registry)), dict


def _protobuf(row: Row, number: int) -> Way | None:
    if row.protobuf is None:
        return None
    file = FileDescriptorProto(name=f"t{number}.proto", syntax="proto3", dependency=["google/protobuf/timestamp.proto"])
    status = file.enum_type.add(name="Status")
    for value, symbol in enumerate(STATUS["symbols"]):
        status.value.add(name=symbol, number=value)
    message = file.message_type.add(name="T")
    message.field.add(**{"name": "f", "number": 1, "label": 1, "type": TEXT["type"], **row.protobuf})
    if row.protobuf.get("proto3_optional"):
        message.oneof_decl.add(name="_f")
        message.field[0].oneof_index = 0
    pool = DescriptorPool()
    pool.AddSerializedFile(timestamp_pb2.DESCRIPTOR.serialized_pb)
    pool.Add(file)
    kind: Any = GetMessageClass(pool.FindMessageTypeByName("T"))
    registry = _registry()
    deserializer = ProtobufDeserializer(kind, {}, registry)
    return Topic("t", ProtobufSerializer(kind, registry), event=kind, deserializer=deserializer), kind


def _registry() -> SchemaRegistryClient:
    return SchemaRegistryClient.new_client({"url": "mock://"})


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
