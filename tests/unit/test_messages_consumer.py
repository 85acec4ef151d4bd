"""A contract's message on its way to the consumer's code, in plain JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from pact_gate.messages import MessageError, Topic
from pact_gate.messages.consumer import deliver
from pact_gate.messages.differences import differences
from pact_gate.messages.events import avro_event
from pact_gate.messages.values import as_json, plain

fractions = some.floats(allow_nan=False, allow_infinity=False).map(
    lambda number: number + 0.0
)  # no -0.0: it equals 0.0
json_values = some.recursive(
    some.none() | some.booleans() | some.integers() | some.text() | fractions,
    lambda inner: some.lists(inner) | some.dictionaries(some.text(), inner),
    max_leaves=20,
)


@dataclass
class Order:
    order_id: str
    total: float
    note: str | None = None


def read(data: bytes) -> Order:
    found = json.loads(data)
    return Order(found["order_id"], float(found["total"]), found.get("note"))


def without_nulls(event: dict[str, Any]) -> bytes:
    return json.dumps({name: value for name, value in event.items() if value is not None}).encode()


def test_without_a_deserializer_the_consumer_gets_the_bytes() -> None:
    got = deliver('{"order_id": "o1", "total": 5}', by=Topic("orders", without_nulls, event=dict))
    assert got.value == b'{"order_id": "o1", "total": 5}'
    got.assert_unchanged()
    assert got.report == "The consumer of 'orders' gets what the contract says."


def test_what_the_producers_serializer_leaves_out_is_told() -> None:
    got = deliver(b'{"order_id": "o1", "note": null}', by=Topic("orders", without_nulls, event=dict))
    assert [(each.place, each.kind) for each in got.differences] == [("$.note", "null")]
    assert "$.note: the contract has null, the consumer gets no such field" in got.report


def test_what_the_consumers_own_model_makes_of_it_is_told() -> None:
    topic = Topic("orders", without_nulls, event=dict, deserializer=read)
    got = deliver('{"order_id": "o1", "total": "59.98", "more": 1}', by=topic)
    assert got.value == Order("o1", 59.98)
    assert {each.place: each.kind for each in got.differences} == {
        "$.total": "type",
        "$.more": "absent",
        "$.note": "null",
    }
    assert got.report.startswith("Through without_nulls and read, the consumer of 'orders'")


@pytest.mark.parametrize(
    ("contract", "received", "kinds"),
    [
        ([1, 2], [1], [("$[1]", "absent")]),
        ([1], [1, None], [("$[1]", "null")]),
        ({"a": {"b": [1]}}, {"a": {"b": [1.0]}}, [("$.a.b[0]", "type")]),
        ({"a": True}, {"a": 1}, [("$.a", "type")]),
        ({"a": "x"}, {"a": "y"}, [("$.a", "value")]),
        ({"a": {}}, {"a": []}, [("$.a", "type")]),
        (None, None, []),
        (5, 5, []),
    ],
)
def test_each_kind_of_difference(contract: Any, received: Any, kinds: list[tuple[str, str]]) -> None:
    topic = Topic("t", lambda _: b"{}", event=object, deserializer=lambda _: received)  # type: ignore[arg-type]
    found = deliver(json.dumps(contract), by=topic).differences if contract is not None else ()
    assert [(each.place, each.kind) for each in found] == kinds


def test_a_long_report_is_cut() -> None:
    topic = Topic("t", lambda _: b"{}", event=list, deserializer=lambda _: [])
    report = deliver(json.dumps(["x" * 1_000] * 200), by=topic).report
    assert len(report.splitlines()) == 52
    assert report.endswith("  and 150 more")
    assert len(report) < 10_000


@pytest.mark.parametrize("contents", ["{", b"\xff", "[" * 100_000])
def test_a_contract_that_is_no_json_is_told(contents: str | bytes) -> None:
    with pytest.raises(MessageError, match="The contract's message for 'orders' is no JSON"):
        deliver(contents, by=Topic("orders", without_nulls, event=dict))


@pytest.mark.parametrize("written", [b"{", b"\xff", b'{"total": NaN}', b""])
def test_bytes_that_are_no_json_are_the_producers_and_not_the_contracts(written: bytes) -> None:
    with pytest.raises(MessageError, match="The message of 'orders' is no JSON"):
        deliver("{}", by=Topic("orders", lambda _: written, event=dict))


def test_deep_nesting_ends_in_a_sentence() -> None:
    topic = Topic("t", lambda _: b"{}", event=list, deserializer=lambda _: json.loads("[" * 900 + "]" * 900))
    with pytest.raises(MessageError, match="nested too deeply"):
        deliver("[" * 900 + "]" * 900, by=topic)


def test_an_event_that_the_contract_does_not_make_is_told() -> None:
    with pytest.raises(MessageError, match="is no event of 'orders': <lambda> raised TypeError"):
        deliver("{}", by=Topic("orders", without_nulls, event=Order), event=lambda found: Order(**found))


SCHEMA = json.dumps(
    {
        "type": "record",
        "name": "shop.Event",
        "fields": [
            {"name": "id", "type": {"type": "string", "logicalType": "uuid"}},
            {"name": "day", "type": ["null", {"type": "int", "logicalType": "date"}]},
            {"name": "raw", "type": "bytes"},
            {"name": "mark", "type": {"type": "fixed", "name": "Mark", "size": 1}},
            {"name": "sums", "type": {"type": "map", "values": {"type": "bytes", "logicalType": "decimal"}}},
            {
                "name": "first",
                "type": ["null", {"type": "record", "name": "Line", "fields": [{"name": "b", "type": "bytes"}]}],
            },
            {"name": "more", "type": {"type": "array", "items": "Line"}},
            {"name": "any", "type": ["boolean", "long", "string"]},
        ],
    }
)


def test_an_avro_event_holds_what_the_schema_says() -> None:
    event = avro_event(SCHEMA)(
        {
            "id": "00000000-0000-0000-0000-000000000007",
            "day": "2026-11-27",
            "raw": "AAE=",
            "mark": "/w==",
            "sums": {"a": 1.5, "b": "2.50"},
            "first": {"b": "AA=="},
            "more": [{"b": "AQ=="}],
            "any": True,
            "unknown": {"x": 1},
        }
    )
    assert {name: repr(value) for name, value in event.items()} == {
        "id": "UUID('00000000-0000-0000-0000-000000000007')",
        "day": "datetime.date(2026, 11, 27)",
        "raw": "b'\\x00\\x01'",
        "mark": "b'\\xff'",
        "sums": "{'a': Decimal('1.5'), 'b': Decimal('2.50')}",
        "first": "{'b': b'\\x00'}",
        "more": "[{'b': b'\\x01'}]",
        "any": "True",
        "unknown": "{'x': 1}",
    }


@pytest.mark.parametrize("value", [None, 7, "x", [], {"raw": 5, "day": "someday", "sums": [], "more": {}, "any": {}}])
def test_what_an_avro_schema_cannot_hold_stays_as_it_is(value: Any) -> None:
    assert avro_event(SCHEMA)(value) == value


@given(json_values)
def test_no_contract_breaks_it(value: Any) -> None:
    assert as_json(plain(value)) == value
    assert list(differences(value, json.loads(json.dumps(value)))) == []
    avro_event(SCHEMA)(value)


@given(json_values, json_values)
def test_differences_are_none_only_between_the_same(one: Any, other: Any) -> None:
    assert bool(list(differences(one, other))) == (json.dumps(one, sort_keys=True) != json.dumps(other, sort_keys=True))
