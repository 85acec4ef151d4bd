"""Messages through the serializers and deserializers of `confluent-kafka`, with its in-memory schema registry."""

from __future__ import annotations

import json
import runpy
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("confluent_kafka", reason="confluent-kafka is not installed")

from confluent_kafka.schema_registry import SchemaRegistryClient, header_schema_id_serializer
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.schema_registry.json_schema import JSONDeserializer, JSONSerializer
from confluent_kafka.schema_registry.protobuf import ProtobufDeserializer, ProtobufSerializer
from confluent_kafka.serialization import StringSerializer
from google.protobuf import timestamp_pb2
from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from tests.unit.test_messages import asked, by_type, metadata, pact, service, verified

from pact_gate.messages import MessageError, Messages, Produced, Topic
from pact_gate.messages.consumer import deliver
from pact_gate.messages.events import avro_event, protobuf_event

AVRO = json.dumps(
    {
        "type": "record",
        "name": "OrderPlaced",
        "namespace": "shop",
        "fields": [
            {"name": "order_id", "type": "string"},
            {"name": "total", "type": {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}},
            {"name": "placed_at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
            {"name": "note", "type": ["null", "string"], "default": None},
            {
                "name": "items",
                "type": {
                    "type": "array",
                    "items": {
                        "type": "record",
                        "name": "Item",
                        "fields": [{"name": "id", "type": "string"}, {"name": "weight", "type": "float"}],
                    },
                },
            },
        ],
    }
)
JSON_SCHEMA = json.dumps(
    {
        "title": "OrderPlaced",
        "type": "object",
        "properties": {"order_id": {"type": "string"}, "total": {"type": "number"}},
        "required": ["order_id", "total"],
    }
)
AT = datetime(2026, 11, 27, 1, 2, 3, 456000, tzinfo=UTC)


@dataclass(frozen=True)
class Item:
    id: str
    weight: float


@dataclass(frozen=True)
class OrderPlaced:
    order_id: str = "o1"
    total: Any = Decimal("59.98")
    placed_at: Any = AT
    note: str | None = None
    items: tuple[Item, ...] = (Item("pen", 0.5),)


def _fields(event: OrderPlaced, _: object) -> dict[str, Any]:
    return asdict(event)


@pytest.fixture
def registry() -> SchemaRegistryClient:
    return SchemaRegistryClient.new_client({"url": "mock://"})


@pytest.fixture
def avro(registry: SchemaRegistryClient) -> Topic:
    serializer = AvroSerializer(registry, AVRO, _fields)
    return Topic("orders", serializer, event=OrderPlaced, deserializer=AvroDeserializer(registry))


def _message_class() -> Any:
    """Make the class of a Protobuf message as protoc's generated module would."""
    kinds = FieldDescriptorProto
    file = FileDescriptorProto(
        name="order_placed.proto", package="shop", syntax="proto3", dependency=["google/protobuf/timestamp.proto"]
    )
    status = file.enum_type.add(name="Status")
    for number, name in enumerate(("UNKNOWN", "PAID")):
        status.value.add(name=name, number=number)
    message = file.message_type.add(name="OrderPlaced")
    fields: list[tuple[str, dict[str, Any]]] = [
        ("order_id", {"type": kinds.TYPE_STRING}),
        ("total", {"type": kinds.TYPE_DOUBLE}),
        ("count", {"type": kinds.TYPE_INT64}),
        ("status", {"type": kinds.TYPE_ENUM, "type_name": ".shop.Status"}),
        ("placed_at", {"type": kinds.TYPE_MESSAGE, "type_name": ".google.protobuf.Timestamp"}),
        ("tags", {"type": kinds.TYPE_STRING, "label": kinds.LABEL_REPEATED}),
        ("note", {"type": kinds.TYPE_STRING, "proto3_optional": True, "oneof_index": 0}),
        ("weights", {"type": kinds.TYPE_MESSAGE, "type_name": ".shop.OrderPlaced.WeightsEntry", "label": 3}),
    ]
    for number, (name, more) in enumerate(fields, 1):
        message.field.add(**{"name": name, "number": number, "label": kinds.LABEL_OPTIONAL, **more})
    message.oneof_decl.add(name="_note")
    entry = message.nested_type.add(name="WeightsEntry")
    entry.options.map_entry = True
    entry.field.add(name="key", number=1, type=kinds.TYPE_STRING, label=kinds.LABEL_OPTIONAL)
    entry.field.add(name="value", number=2, type=kinds.TYPE_DOUBLE, label=kinds.LABEL_OPTIONAL)
    pool = DescriptorPool()
    pool.AddSerializedFile(timestamp_pb2.DESCRIPTOR.serialized_pb)
    pool.Add(file)
    return GetMessageClass(pool.FindMessageTypeByName("shop.OrderPlaced"))


OrderPlacedMessage = _message_class()


@pytest.fixture
def protobuf(registry: SchemaRegistryClient) -> Topic:
    serializer = ProtobufSerializer(OrderPlacedMessage, registry)
    deserializer = ProtobufDeserializer(OrderPlacedMessage, {}, registry)
    return Topic("orders", serializer, event=OrderPlacedMessage, deserializer=deserializer)


def test_an_avro_message_is_compared_as_its_consumer_reads_it(avro: Topic) -> None:
    answer = asked(service(Produced(OrderPlaced(), key="o1"), avro))
    assert json.loads(answer.body) == {
        "order_id": "o1",
        "total": 59.98,
        "placed_at": "2026-11-27T01:02:03.456000+00:00",
        "note": None,
        "items": [{"id": "pen", "weight": 0.5}],
    }
    assert metadata(answer) == {"contentType": "application/json", "topic": "orders", "key": "o1", "schemaId": 1}


def test_the_verifier_compares_the_round_trip(avro: Topic) -> None:
    """A consumer that bears no null: `absent` is what its author wrote down, and what Avro never sends."""
    wanted = {"order_id": "o1", "total": 1.5, "items": [{"weight": 1.5}]}
    matchers = by_type("$.order_id", "$.total", "$.items")
    assert verified(service(OrderPlaced(), avro), pact(wanted, matchers=matchers)).passed
    result = verified(service(OrderPlaced(), avro), pact({**wanted, "note": "x"}, matchers=matchers))
    assert [each.place for each in result.mismatches] == ["$.note"]


@pytest.mark.parametrize(
    ("event", "sentence"),
    [
        (OrderPlaced(total=59.98), "raised TypeError: a bytes-like object is required, not 'float' on field total."),
        (OrderPlaced(total=Decimal("59.985")), "raised ValueError: Scale provided in schema does not match the"),
        (OrderPlaced(order_id=None), "raised TypeError: must be string on field order_id."),  # type: ignore[arg-type]
        ({"order_id": "o1"}, "'orders' got a value of type dict where production sends OrderPlaced"),
    ],
)
def test_what_avro_refuses_is_refused_here(avro: Topic, event: Any, sentence: str) -> None:
    answer = asked(service(event, avro))
    assert answer.status == 422
    assert sentence in answer.body.decode()


def test_the_hand_made_dict_passes_where_the_serializer_finds_a_null_and_a_coerced_total(
    registry: SchemaRegistryClient,
) -> None:
    """Both shown: the plain dict says yes, the message as production sends it says no, twice."""
    schema = json.loads(AVRO)
    schema["fields"][1]["type"] = "double"
    broken = AvroSerializer(registry, json.dumps(schema), lambda event, _: asdict(event) | {"total": int(event.total)})
    reads = {"order_id": "o1", "note": "ring twice", "total": 59.98}
    wanted = pact(reads, matchers=by_type("$.order_id", "$.note"))

    by_hand = Topic("orders", lambda made: json.dumps(made).encode(), event=dict)
    assert verified(service(reads, by_hand), wanted).passed

    through = Topic("orders", broken, event=OrderPlaced, deserializer=AvroDeserializer(registry))
    result = verified(service(OrderPlaced(), through), wanted)
    assert {(each.place, each.actual) for each in result.mismatches} == {("$.note", "null"), ("$.total", "59.0")}


def test_a_json_schema_message_is_framed_and_read_back(registry: SchemaRegistryClient) -> None:
    serializer = JSONSerializer(JSON_SCHEMA, registry)
    orders = Topic("orders", serializer, event=dict, deserializer=JSONDeserializer(JSON_SCHEMA))
    answer = asked(service({"order_id": "o1", "total": 5, "note": None}, orders))
    assert json.loads(answer.body) == {"order_id": "o1", "total": 5, "note": None}
    assert orders.write(Produced({"order_id": "o1", "total": 5})).data == b'\0\0\0\0\1{"order_id":"o1","total":5}'
    refused = asked(service({"order_id": "o1", "total": "5"}, orders))
    assert "JSONSerializer raised SerializationError" in refused.body.decode()
    assert (
        "cannot stand in a pact: TypeError: $.total is nan"
        in asked(service({"order_id": "o1", "total": float("nan")}, orders)).body.decode()
    )


def test_a_protobuf_message_has_what_a_consumers_code_can_read(protobuf: Topic) -> None:
    event = OrderPlacedMessage(order_id="o1", count=2**60, weights={"pen": 0.5})
    event.placed_at.FromDatetime(AT)
    assert json.loads(asked(service(event, protobuf)).body) == {
        "order_id": "o1",
        "total": 0.0,
        "count": 2**60,
        "status": "UNKNOWN",
        "placed_at": "2026-11-27T01:02:03.456Z",
        "tags": [],
        "weights": {"pen": 0.5},
    }
    assert json.loads(asked(service(OrderPlacedMessage(note=""), protobuf)).body)["note"] == ""


def test_a_schema_id_in_a_header_is_sent_as_one(registry: SchemaRegistryClient) -> None:
    serializer = AvroSerializer(registry, AVRO, _fields, {"schema.id.serializer": header_schema_id_serializer})
    orders = Topic("orders", serializer, event=OrderPlaced, deserializer=AvroDeserializer(registry))
    found = metadata(asked(service(Produced(OrderPlaced(), headers={"trace": "abc"}), orders)))
    assert list(found["headers"]) == ["trace", "__value_schema_id"]
    assert "schemaId" not in found


def test_the_key_goes_through_its_own_serializer(avro: Topic) -> None:
    orders = Topic("orders", avro.serializer, OrderPlaced, avro.deserializer, key_serializer=StringSerializer("utf_16"))
    assert orders.write(Produced(OrderPlaced(), key="o1")).key == "o1".encode("utf-16")


def test_a_consumer_that_cannot_read_it_is_found_on_the_producers_side(registry: SchemaRegistryClient) -> None:
    """The consumer's own schema of reading has a field without a default that nobody sends."""
    reader = json.loads(AVRO)
    reader["fields"].append({"name": "currency", "type": "string"})
    orders = Topic(
        "orders",
        AvroSerializer(registry, AVRO, _fields),
        OrderPlaced,
        AvroDeserializer(registry, json.dumps(reader)),
    )
    sentence = asked(service(OrderPlaced(), orders)).body.decode()
    assert sentence.startswith(
        "Consumers cannot read what AvroSerializer wrote for 'orders': AvroDeserializer raised SchemaResolutionError"
    )


def test_a_registry_that_does_not_know_the_schema_is_no_server_error(registry: SchemaRegistryClient) -> None:
    conf = {"auto.register.schemas": False, "use.latest.version": True}
    serializer = AvroSerializer(registry, AVRO, _fields, conf)
    orders = Topic("orders", serializer, event=OrderPlaced, deserializer=AvroDeserializer(registry))
    answer = asked(service(OrderPlaced(), orders))
    assert answer.status == 422
    assert "AvroSerializer raised SchemaRegistryError" in answer.body.decode()


def test_a_serializer_of_confluents_needs_the_deserializer(registry: SchemaRegistryClient) -> None:
    with pytest.raises(TypeError, match="AvroSerializer writes bytes that no pact can hold: give the topic 'orders'"):
        Topic("orders", AvroSerializer(registry, AVRO), event=dict)


CONTRACT = {
    "order_id": "o1",
    "total": 60,
    "placed_at": "2026-11-27T01:02:03.456789Z",
    "items": [{"id": "pen", "weight": 0.1}],
    "voucher": "X",
}


def delivered(registry: SchemaRegistryClient, contract: Any = CONTRACT, reader: str | None = None, **meta: Any) -> Any:
    topic = Topic("orders", AvroSerializer(registry, AVRO), event=dict, deserializer=AvroDeserializer(registry, reader))
    return deliver(json.dumps(contract), meta, by=topic, event=avro_event(AVRO))


def test_a_consumer_gets_the_contracts_message_off_the_wire(registry: SchemaRegistryClient) -> None:
    got = delivered(registry, key="o1", headers={"trace": "abc"}, contentType="application/json")
    message = got.message
    assert (message.topic(), message.key(), message.headers()) == ("orders", b"o1", [("trace", b"abc")])
    assert message.value() == got.value
    assert got.value["total"] == Decimal("60.00")
    assert got.sent.data.startswith(b"\0\0\0\0\1")


def test_what_avro_makes_of_a_contract_is_told_per_field(registry: SchemaRegistryClient) -> None:
    got = delivered(registry)
    assert {each.place: each.kind for each in got.differences} == {
        "$.total": "type",
        "$.placed_at": "type",
        "$.items[0].weight": "value",
        "$.note": "null",
        "$.voucher": "absent",
    }
    assert got.report == (
        "Through AvroSerializer and AvroDeserializer, the consumer of 'orders' does not get what the contract says:\n"
        "  $.total: the contract has int 60, the consumer gets Decimal 60.00\n"
        "  $.placed_at: the contract has str '2026-11-27T01:02:03.456789Z', the consumer gets datetime 2026-11-27 "
        "01:02:03.456000+00:00\n"
        "  $.items[0].weight: the contract has float 0.1, the consumer gets float 0.10000000149011612\n"
        "  $.voucher: the contract has str 'X', the consumer gets no such field\n"
        "  $.note: the contract has no such field, the consumer gets null"
    )
    with pytest.raises(AssertionError, match="does not get what the contract says"):
        got.assert_unchanged(but=["$.total"])
    got.assert_unchanged(but=[each.place for each in got.differences])
    with pytest.raises(AssertionError, match=r"Not different any more, take it out of `but`: \$\.order_id"):
        got.assert_unchanged(but=["$.order_id", *(each.place for each in got.differences)])


def test_a_contract_in_the_schemas_own_terms_comes_through_unchanged(registry: SchemaRegistryClient) -> None:
    contract = {"order_id": "o1", "note": None, "items": [{"id": "pen", "weight": 0.5}]}
    got = delivered(registry, {**contract, "total": 59.98, "placed_at": "2026-11-27T01:02:03Z"})
    got.assert_unchanged(but=["$.total", "$.placed_at"])


def test_a_default_of_the_readers_schema_is_told(registry: SchemaRegistryClient) -> None:
    reader = json.loads(AVRO)
    reader["fields"].append({"name": "currency", "type": "string", "default": "EUR"})
    found = {each.place: str(each) for each in delivered(registry, reader=json.dumps(reader)).differences}
    assert found["$.currency"] == "$.currency: the contract has no such field, the consumer gets str 'EUR'"


def test_an_enums_default_of_the_readers_schema_is_told(registry: SchemaRegistryClient) -> None:
    def schema(*symbols: str) -> str:
        status = {"type": "enum", "name": "Status", "symbols": symbols, "default": "UNKNOWN"}
        return json.dumps({"type": "record", "name": "Paid", "fields": [{"name": "status", "type": status}]})

    written, read = schema("UNKNOWN", "PAID", "REFUNDED"), schema("UNKNOWN", "PAID")
    topic = Topic("paid", AvroSerializer(registry, written), event=dict, deserializer=AvroDeserializer(registry, read))
    deliver('{"status": "PAID"}', by=topic, event=avro_event(written)).assert_unchanged()
    (found,) = deliver('{"status": "REFUNDED"}', by=topic, event=avro_event(written)).differences
    assert str(found) == "$.status: the contract has str 'REFUNDED', the consumer gets str 'UNKNOWN'"


def test_what_the_producer_could_not_send_is_no_contract(registry: SchemaRegistryClient) -> None:
    with pytest.raises(MessageError, match="AvroSerializer raised TypeError: must be string on field order_id"):
        delivered(registry, {**CONTRACT, "order_id": None})
    with pytest.raises(MessageError, match="AvroSerializer raised ValueError"):
        delivered(registry, {"order_id": "o1"})


def test_a_protobuf_contract_comes_back_with_its_defaults(protobuf: Topic) -> None:
    contract = {"order_id": "o1", "total": 5, "status": "PAID", "placed_at": "2026-11-27T01:02:03Z", "note": None}
    got = deliver(json.dumps(contract), by=protobuf, event=protobuf_event(OrderPlacedMessage))
    assert got.value.status == 1
    assert {each.place: each.kind for each in got.differences} == {
        "$.total": "type",
        "$.note": "null",
        "$.count": "added",
        "$.tags": "added",
        "$.weights": "added",
    }
    with pytest.raises(MessageError, match="is no event of 'orders'"):
        deliver('{"voucher": "X"}', by=protobuf, event=protobuf_event(OrderPlacedMessage))
    with pytest.raises(MessageError, match="is no event of 'orders'"):
        deliver('{"status": "LOST"}', by=protobuf, event=protobuf_event(OrderPlacedMessage))


def test_one_service_has_all_of_them(avro: Topic, protobuf: Topic) -> None:
    messages = Messages()
    messages.produces("by avro", to=avro)(OrderPlaced)
    messages.produces("by protobuf", to=protobuf)(lambda: OrderPlacedMessage(order_id="o1"))
    assert {asked(messages, each).status for each in ("by avro", "by protobuf")} == {200}


def test_what_the_page_says_of_the_wire_is_measured() -> None:
    docs = Path(__file__).parents[2] / "docs"
    page = runpy.run_path(str(docs / "make_messages.py"))["page"]()
    assert (docs / "messages.md").read_text("utf-8") == page, "run `make docs`"
