"""Messages as production writes them, asked for by the real verifier. No `confluent-kafka` is needed here."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
from base64 import b64decode
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID

import pytest
from tests.unit.loopback import served

from pact_gate.messages import MessageError, Messages, Produced, Topic
from pact_gate.messages.values import as_json, plain
from pact_gate.states import States


@dataclass(frozen=True)
class OrderPlaced:
    order_id: str = "o1"
    total: Any = 59.98
    note: str | None = None


def as_bytes(event: Any) -> bytes:
    return json.dumps(asdict(event)).encode()


def topic(serializer: Callable[..., Any] = as_bytes, **more: Any) -> Topic:
    return Topic("orders", serializer, **{"event": OrderPlaced} | more)


def service(made: object = None, on: Topic | None = None, *, description: str = "an event") -> Messages:
    """Messages with one handler, which returns `made` or raises it."""
    messages = Messages()

    @messages.produces(description, to=on or topic())
    def handler() -> object:
        if isinstance(made, Exception):
            raise made
        return OrderPlaced() if made is None else made

    return messages


def asked(messages: Messages, description: str = "an event", **more: Any) -> Any:
    return messages.answer(json.dumps({"description": description, "providerStates": [], **more}).encode())


def metadata(answer: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(b64decode(dict(answer.headers)["Pact-Message-Metadata"]))
    return found


def pact(
    contents: Any, *, matchers: dict[str, Any] | None = None, states: Sequence[dict[str, Any]] = (), **meta: Any
) -> bytes:
    message = {
        "type": "Asynchronous/Messages",
        "description": "an event",
        "providerStates": list(states),
        "contents": {"contentType": "application/json", "content": contents},
        "metadata": meta,
        "matchingRules": {"body": matchers or {}},
    }
    parties = {"consumer": {"name": "fulfilment"}, "provider": {"name": "orders"}}
    return json.dumps(
        {**parties, "interactions": [message], "metadata": {"pactSpecification": {"version": "4.0"}}}
    ).encode()


def by_type(*paths: str) -> dict[str, Any]:
    return {path: {"combine": "AND", "matchers": [{"match": "type"}]} for path in paths}


def verified(messages: Messages, content: bytes, *, timeout: float = 5) -> Any:
    pytest.importorskip("pact_ffi", reason="the verify tier is not installed")
    from pact_gate.verifier.pacts import ProviderAddress, verify_pact  # noqa: PLC0415

    with served(messages.wsgi) as url:
        address = ProviderAddress(
            "orders", messages_url=f"{url}/messages", states_url=f"{url}/provider_states", timeout=timeout
        )
        result = verify_pact(content, address)
    assert not result.error, result.error
    (interaction,) = result.interactions
    return interaction


def test_the_verifier_gets_the_bytes_that_the_serializer_made() -> None:
    result = verified(service(), pact({"order_id": "any", "total": 1.5}, matchers=by_type("$.order_id", "$.total")))
    assert result.passed, result


def test_what_the_serializer_coerces_is_found_and_the_hand_made_dict_hid_it() -> None:
    """The case of the document: the same pact, the same event; only the one that goes through the serializer fails."""
    wanted = pact({"order_id": "o1", "total": 59.98}, matchers=by_type("$.order_id", "$.total"))
    event = OrderPlaced(total=Decimal("59.98"))

    by_hand = Topic("orders", lambda made: json.dumps(made).encode(), event=dict)
    assert verified(service({"order_id": "o1", "total": 59.98}, by_hand), wanted).passed

    result = verified(service(event, topic(lambda made: json.dumps(asdict(made), default=str).encode())), wanted)
    assert not result.passed
    assert [(each.place, each.actual) for each in result.mismatches] == [("$.total", '"59.98"')]


def test_key_headers_and_topic_are_part_of_the_contract() -> None:
    made = Produced(OrderPlaced(), key="o1", headers={"trace": "abc"})
    expected = {"order_id": "o1"}
    good = {"topic": "orders", "key": "o1", "headers": {"trace": "abc"}}
    assert verified(service(made), pact(expected, **good)).passed
    for wrong in ({"topic": "payments"}, {"key": "o2"}, {"headers": {"trace": "other"}}, {"headers": {"absent": "x"}}):
        result = verified(service(made), pact(expected, **good | wrong))
        assert not result.passed, wrong
        assert [each.kind for each in result.mismatches] == ["MetadataMismatch"]


def test_long_headers_come_through() -> None:
    made = Produced(OrderPlaced(), headers={"trace": "x" * 44_000})
    assert verified(service(made), pact({"order_id": "o1"}, headers={"trace": "x" * 44_000})).passed


def test_a_handler_that_hangs_ends_with_the_verifiers_timeout() -> None:
    ended = threading.Event()
    messages = Messages()
    messages.produces("an event", to=topic())(lambda: ended.wait(30))
    timer = threading.Timer(0.6, ended.set)
    timer.start()
    result = verified(messages, pact({}), timeout=0.3)
    timer.join()
    assert "no answer within 0.3 s" in result.error


class Weird:
    """What JSON cannot hold."""


class Broken:
    """What cannot even be looked at."""

    model_fields: ClassVar = {"total": None}

    @property
    def total(self) -> float:
        return 1 / 0


async def asynchronous(_: object) -> bytes:
    return b"{}"


def raising(_: object) -> bytes:
    raise KeyError("currency")


@pytest.mark.parametrize(
    ("made", "on", "sentence"),
    [
        (
            {"order_id": "o1"},
            topic(),
            "'orders' got a value of type dict where production sends OrderPlaced: give the event that production",
        ),
        (b"{}", topic(), "'orders' got a value of type bytes where production sends OrderPlaced"),
        (None, topic(raising), "Production could not send this OrderPlaced to 'orders': raising raised KeyError: "),
        (None, topic(str), "str made str of this OrderPlaced, and a producer takes bytes: let the serializer return "),
        (
            None,
            topic(lambda _: None),
            "made nothing of this OrderPlaced: production would send a message without a value",
        ),
        (None, topic(lambda _: b"{\xff}"), "The message of 'orders' is no JSON: UnicodeDecodeError: 'utf-8' codec"),
        (None, topic(lambda _: b"<order/>"), "The message of 'orders' is no JSON: JSONDecodeError: Expecting value"),
        (OrderPlaced(total=float("nan")), topic(), "The message of 'orders' is no JSON: ValueError: it holds NaN."),
        (None, topic(lambda _: b"[" * 100_000), "The message of 'orders' is no JSON: RecursionError"),
        (
            None,
            topic(lambda _: b'"' + b"x" * 100_000_000 + b'"'),
            "The message of 'orders' has 100,000,002 bytes, and production sends no more than 1,000,000.",
        ),
        (ValueError("no\n such\n order"), topic(), "The handler of 'an event' raised ValueError: no such order."),
        (Produced(OrderPlaced(), key=7), topic(), "The key of 'orders' is of type int, which nothing makes bytes of"),
        (Produced(OrderPlaced(), headers={"x": "y" * 45_000}), topic(), "The headers of 'an event' are too long"),
        (Produced(OrderPlaced(), headers={"x": 7}), topic(), "is 'x' with a value of type int: Kafka's headers are"),  # type: ignore[dict-item]
        (Produced(OrderPlaced(), headers=["x"]), topic(), "The headers of 'orders' are no pairs of a name and a"),  # type: ignore[list-item]
        (None, topic(asynchronous), "asynchronous raised TypeError: it is async; give its form without async"),
        (None, topic(deserializer=lambda _: Broken()), "cannot stand in a pact: ZeroDivisionError: division by zero"),
        (
            None,
            topic(deserializer=lambda _: Weird()),
            "cannot stand in a pact: TypeError: $ is of type Weird, which JSON",
        ),
        (None, topic(deserializer=raising), "Consumers cannot read what as_bytes wrote for 'orders': raising raised"),
    ],
)
def test_what_production_could_not_send_is_refused_with_one_sentence(made: Any, on: Topic, sentence: str) -> None:
    answer = asked(service(made, on))
    assert answer.status == 422
    body = answer.body.decode()
    assert sentence in body
    assert body.endswith((".", ")."))
    assert "\n" not in body
    assert len(body) < 1_000


def test_the_sentence_reaches_who_reads_the_verification() -> None:
    result = verified(service({"order_id": "o1"}), pact({"order_id": "o1"}))
    assert "answered 422: 'orders' got a value of type dict where production sends OrderPlaced" in result.error


def test_a_handler_that_forgets_its_event_sends_no_tombstone() -> None:
    messages = Messages()
    messages.produces("nothing", to=topic())(lambda: None)
    messages.produces("a tombstone", to=topic())(lambda: Produced(None, key="o1"))
    assert "returned nothing" in asked(messages, "nothing").body.decode()
    answer = asked(messages, "a tombstone")
    assert (answer.status, answer.body, metadata(answer)["key"]) == (200, b"", "o1")


def test_an_unknown_description_is_told_the_nearest() -> None:
    answer = asked(service(description="an order.placed event"), "an order placed event")
    assert answer.status == 404
    assert answer.body.decode() == (
        "No handler makes the message 'an order placed event'; the nearest is 'an order.placed event'. Register one, "
        "or agree with the consumer on the spelling."
    )
    assert "or any: import the module that registers them" in asked(Messages()).body.decode()


def test_a_handler_may_take_the_states() -> None:
    messages = Messages()
    messages.produces("an event", to=topic())(lambda states: OrderPlaced(order_id=states["an order"]["id"]))
    states = [{"name": "an order", "params": {"id": "o7"}}, {"name": "a customer", "params": None}]
    assert json.loads(asked(messages, providerStates=states).body)["order_id"] == "o7"


def test_a_handler_is_refused_where_it_is_registered() -> None:
    async def late() -> None: ...

    messages = service()
    with pytest.raises(ValueError, match="two handlers of the message 'an event'"):
        messages.produces("an event", to=topic())(lambda: None)
    with pytest.raises(TypeError, match="is async"):
        messages.produces("another", to=topic())(late)
    with pytest.raises(TypeError, match="takes 2 arguments"):
        messages.produces("another", to=topic())(lambda states, more: None)


@pytest.mark.parametrize(
    "request_",
    [b"", b"{", b"[]", b"null", b'{"description": 7}', b'{"description": "x", "providerStates": 7}', b"\xff"],
)
def test_what_is_no_verifiers_request_is_refused(request_: bytes) -> None:
    answer = service().answer(request_)
    assert answer.status == 422
    assert b"no verifier's request" in answer.body


def test_bytes_that_are_no_text_are_shown_as_base64() -> None:
    made = Produced(OrderPlaced(), key=b"\xff\x00", headers=[("trace", b"\xfe"), ("none", None)])
    found = metadata(asked(service(made)))
    assert found == {
        "contentType": "application/json",
        "topic": "orders",
        "key": "/wA=",
        "headers": {"trace": "/g==", "none": None},
    }


def test_other_bytes_than_json_go_as_they_are() -> None:
    answer = asked(service(None, topic(lambda _: b"<order/>", content_type="application/xml")))
    assert (answer.body, metadata(answer)["contentType"]) == (b"<order/>", "application/xml")


def called(messages: Messages, method: str, *pieces: bytes, path: str = "/") -> tuple[int, bytes]:
    """Ask the ASGI application in one request, its body in pieces."""
    sent: list[dict[str, Any]] = []
    parts = iter([{"type": "http.request", "body": each, "more_body": True} for each in pieces])

    async def receive() -> Any:
        return next(parts, {"type": "http.request"})

    async def send(part: dict[str, Any]) -> None:
        sent.append(part)

    asyncio.run(messages.asgi({"type": "http", "method": method, "path": path}, receive, send))
    return sent[0]["status"], sent[1]["body"]


def test_it_is_an_asgi_application_too() -> None:
    status, body = called(service(), "POST", b'{"description": ', b'"an event"}')
    assert (status, json.loads(body)["order_id"]) == (200, "o1")
    assert called(service(), "GET")[0] == 405
    assert called(service(), "POST", *[b" " * 300_000] * 4)[0] == 413


def test_states_and_messages_are_one_application() -> None:
    states = States()
    placed: list[str] = []
    states.state("an order")(lambda **parameters: placed.append(parameters["id"]))
    messages = Messages(states)
    messages.produces("an event", to=topic())(lambda: OrderPlaced(order_id=placed[-1]))

    state = json.dumps({"state": "an order", "params": {"id": "o7"}, "action": "setup"}).encode()
    assert called(messages, "POST", state, path="/_pact/provider_states")[0] == 200
    assert (
        json.loads(called(messages, "POST", b'{"description": "an event"}', path="/_pact/messages")[1])["order_id"]
        == "o7"
    )

    wanted = pact({"order_id": "o9"}, states=[{"name": "an order", "params": {"id": "o9"}}])
    assert verified(messages, wanted).passed


def test_it_starts_and_stops_with_its_server() -> None:
    sent: list[str] = []

    async def receive() -> Any:
        return {}

    async def send(part: Any) -> None:
        sent.append(part["type"])

    asyncio.run(service().asgi({"type": "lifespan"}, receive, send))
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


def test_the_wsgi_application_refuses_the_same() -> None:
    def status(**environ: Any) -> str:
        statuses: list[str] = []
        list(service().wsgi(environ, lambda line, _: statuses.append(line)))
        return statuses[0]

    assert status(REQUEST_METHOD="GET") == "405 Method Not Allowed"
    assert status(REQUEST_METHOD="POST", CONTENT_LENGTH="2000000").startswith("413")


class Status(Enum):
    PAID = "paid"


@dataclass
class Everything:
    price: Decimal = Decimal("59.90")
    at: datetime = datetime(2026, 11, 27, 1, 2, 3, tzinfo=UTC)
    day: date = date(2026, 11, 27)
    order: UUID = field(default_factory=lambda: UUID(int=7))
    raw: bytes = b"\x00"
    status: Status = Status.PAID
    lines: tuple[int, ...] = (1, 2)
    rest: dict[str, Any] = field(default_factory=lambda: {"none": None, "yes": True})


def test_values_are_written_as_the_json_that_a_pact_holds() -> None:
    assert as_json(plain(Everything())) == {
        "price": 59.9,
        "at": "2026-11-27T01:02:03+00:00",
        "day": "2026-11-27",
        "order": "00000000-0000-0000-0000-000000000007",
        "raw": "AA==",
        "status": "paid",
        "lines": [1, 2],
        "rest": {"none": None, "yes": True},
    }


@pytest.mark.parametrize("value", [float("inf"), float("nan"), Decimal("NaN"), object()])
def test_what_json_cannot_hold_is_named_by_its_place(value: object) -> None:
    for nested, place in ((value, r"\$"), ({"deep": [value]}, r"\$\.deep\[0\]")):
        with pytest.raises(TypeError, match=rf"^{place} is .*, which JSON cannot hold"):
            as_json(plain(nested))


def test_an_error_keeps_its_cause_for_the_log(caplog: pytest.LogCaptureFixture) -> None:
    asked(service(None, topic(raising)))
    assert "Traceback" in caplog.text
    with pytest.raises(MessageError) as error:
        topic(raising).write(Produced(OrderPlaced()))
    assert isinstance(error.value.__cause__, KeyError)


def test_it_needs_the_standard_library_alone() -> None:
    scripts = Path(__file__).parents[2] / "scripts"
    modules = ", ".join(
        f"pact_gate.messages.{each.stem}" for each in (scripts / "pact_gate" / "messages").glob("[a-z]*.py")
    )
    code = f"import sys; sys.path.insert(0, {str(scripts)!r}); import {modules}"
    subprocess.run([sys.executable, "-I", "-S", "-c", code], check=True)
