"""`pact_gate.states`: what a provider's tests install. It is asked as Pact's verifier asks."""

from __future__ import annotations

import asyncio
import json
import logging
import subprocess
import sys
import threading
from datetime import date
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any, Literal
from urllib.request import Request, urlopen
from uuid import UUID

import pytest
from tests.unit.loopback import served

from pact_gate import states as module
from pact_gate.states import States


class Colour(Enum):
    RED = "red"


@pytest.fixture
def states() -> States:
    return States()


def ask(states: States, name: object = "a", action: object = "setup", **params: Any) -> tuple[int, dict[str, Any]]:
    status, body = states.answer("POST", json.dumps({"state": name, "action": action, "params": params}).encode())
    return status, json.loads(body)


def test_a_state_is_set_up_with_its_parameters_and_gives_values(states: States) -> None:
    @states.state("a product exists")
    def product(sku: str, price: float = 9.5) -> dict[str, object]:
        return {"sku": sku, "price": price}

    assert ask(states, "a product exists", sku="x") == (200, {"sku": "x", "price": 9.5})
    assert product("y") == {"sku": "y", "price": 9.5}  # the function stays what it is
    assert ask(states, "a product exists", "teardown", sku="x") == (200, {})


def test_a_function_may_have_several_names_and_a_teardown(states: States) -> None:
    called = []

    @states.state("a")
    @states.state("b")
    def both() -> None:
        called.append("set up")

    @states.teardown("a")
    async def away() -> None:
        called.append("away")

    for name in ("a", "b"):
        assert ask(states, name) == (200, {})
        assert ask(states, name, "teardown") == (200, {})
    assert called == ["set up", "away", "set up"]
    assert states.names == ("b", "a")


def test_an_unknown_name_is_told_with_the_nearest_one(states: States) -> None:
    states.state("product 1 exists")(lambda: None)
    status, answer = ask(states, "Product 1 exist")
    assert (status, answer["nearest"]) == (404, "product 1 exists")
    assert answer["error"] == (
        "No provider state has the name 'Product 1 exist'. The nearest known one is 'product 1 exists'."
    )
    assert ask(states, "x")[1] == {"error": "No provider state has the name 'x'."}
    assert ask(states, "Product 1 exist", "teardown")[0] == 404


def test_all_names_can_be_asked_for(states: States) -> None:
    states.state("a")(lambda: None)
    assert states.answer("GET", b"") == (200, b'{"states": ["a"]}')


@pytest.mark.parametrize("nothing", ["", None])
def test_an_interaction_without_a_state_is_fine(states: States, nothing: str | None) -> None:
    assert ask(states, nothing) == (200, {})


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (ValueError("no table"), "The setup of the provider state 'a' raised ValueError: no table"),
        (NotImplementedError(), "The setup of the provider state 'a' raised NotImplementedError: "),
    ],
)
def test_a_handler_that_raises_is_a_4xx_with_a_sentence_and_a_traceback_in_the_log(
    states: States, error: Exception, sentence: str, caplog: pytest.LogCaptureFixture
) -> None:
    """After a 5xx Pact's verifiers try again for two minutes."""

    @states.state("a")
    def broken() -> None:
        raise error

    with caplog.at_level(logging.ERROR, "pact_gate.states"):
        assert ask(states) == (424, {"error": sentence})
    assert caplog.records[0].exc_info


@pytest.mark.parametrize("value", [[1], "x", 7, {"a": object()}, {"a": float("nan")}, {1: {2}}])
def test_what_is_no_json_object_is_refused(states: States, value: object) -> None:
    states.state("a")(lambda: value)
    status, answer = ask(states)
    assert status == 424
    assert "'a'" in answer["error"]


@pytest.mark.parametrize(
    ("wanted", "given", "taken"),
    [
        (str, "x", "x"),
        (int, 1, 1),
        (float, 1, 1.0),
        (bool, True, True),
        (list, [1], [1]),
        (list[int], [1, 2], [1, 2]),
        (dict[str, int], {"a": 1}, {"a": 1}),
        (int | None, None, None),
        (Decimal, 9.5, Decimal("9.5")),
        (Decimal | str, "9.50", "9.50"),
        (date, "2026-11-27", date(2026, 11, 27)),
        (UUID, "12345678-1234-5678-1234-567812345678", UUID("12345678-1234-5678-1234-567812345678")),
        (Literal["a", 1], 1, 1),
        (Colour, "red", Colour.RED),
        (list[Colour], ["red"], [Colour.RED]),
        (Any, {"x": [1]}, {"x": [1]}),
        (Path, "x", "x"),
    ],
)
def test_a_parameter_has_the_type_of_the_signature(states: States, wanted: Any, given: object, taken: object) -> None:
    got = []

    def handler(value) -> None:
        got.append(value)

    handler.__annotations__ = {"value": wanted}
    states.state("a")(handler)
    assert ask(states, value=given)[0] == 200
    assert got == [taken]
    assert type(got[0]) is type(taken)


@pytest.mark.parametrize(
    ("wanted", "given"),
    [
        (str, 1),
        (int, "1"),
        (int, True),
        (int, 1.5),
        (bool, 1),
        (float, "1"),
        (list[int], "12"),
        (list[int], ["1"]),
        (Decimal, "x"),
        (date, "tomorrow"),
        (date, 7),
        (UUID, 7),
        (Literal["a", 1], True),
        (Colour, "blue"),
        (int | str, 1.5),
    ],
)
def test_a_parameter_of_another_type_is_refused(states: States, wanted: Any, given: object) -> None:
    def handler(value) -> None:
        raise AssertionError

    handler.__annotations__ = {"value": wanted}
    states.state("a")(handler)
    status, answer = ask(states, value=given)
    assert status == 422
    assert answer["error"].startswith(
        f"The parameters of the state 'a' do not fit: value is {json.dumps(given)}, and not"
    )


def test_too_much_and_too_little_are_refused(states: States) -> None:
    @states.state("a")
    def handler(sku: int, *, name: str = "") -> None:
        raise AssertionError

    @states.state("b")
    def takes_all(**rest: object) -> dict[str, object]:
        return rest

    @states.state("c")
    def takes_none() -> None:
        raise AssertionError

    assert ask(states)[1]["error"] == "The parameters of the state 'a' do not fit: sku is missing."
    assert ask(states, sku=1, colour=2)[1]["error"].endswith("has no parameter 'colour'; it takes sku, name.")
    assert ask(states, "b", id=1) == (200, {"id": 1})
    assert ask(states, "c", id=1)[1]["error"].endswith("has no parameter 'id'; it takes none.")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"[" * 100_000,
        b"\xff",
        b'{"state": 7}',
        b'{"state": "a", "action": "explode"}',
        b'{"state": "a", "params": [1]}',
        b" " * 1_000_001,
    ],
)
def test_what_is_no_request_of_a_verifiers_is_refused(states: States, body: bytes) -> None:
    states.state("a")(lambda: None)
    status, answer = states.answer("POST", body)
    assert status == 400
    assert json.loads(answer)["error"].endswith(".")
    assert states.answer("DELETE", b"").status == 405


def test_names_are_given_once_and_parameters_have_names(states: States) -> None:
    states.state("a")(lambda: None)
    with pytest.raises(ValueError, match="'a' has a handler already"):
        states.state("a")
    with pytest.raises(ValueError, match="needs a name"):
        states.state("")
    with pytest.raises(ValueError, match="no name to be given by"):
        states.state("b")(lambda *rest: None)


def test_a_type_that_only_a_checker_sees_is_no_obstacle(states: States) -> None:
    def handler(value: Unknown) -> None:  # noqa: F821
        pass

    states.state("a")(handler)
    assert ask(states, value=1)[0] == 200


# --- as applications


@pytest.fixture
def serving(states: States):
    """Serve the WSGI application on loopback."""

    with served(states.wsgi) as url:
        yield f"{url}/states"


def test_wsgi(states: States, serving: str) -> None:
    states.state("a")(lambda: {"id": "ü"})
    with urlopen(Request(serving, data=b'{"state": "a"}')) as answer:
        assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
        assert json.loads(answer.read()) == {"id": "ü"}
    with urlopen(serving) as answer:
        assert json.loads(answer.read()) == {"states": ["a"]}


def asgi(states: States, method: str, *pieces: bytes) -> tuple[int, dict[bytes, bytes], bytes]:
    """Ask the application as a server does."""
    messages = [{"type": "http.request", "body": each, "more_body": True} for each in pieces] + [
        {"type": "http.request"}
    ]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return messages.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(states.asgi({"type": "http", "method": method}, receive, send))
    start, body = sent
    return start["status"], dict(start["headers"]), body["body"]


def test_asgi(states: States) -> None:
    """Handlers that wait do not keep the server from answering: one that is not `async` runs in a thread."""
    threads = []

    @states.state("sync")
    def sync() -> None:
        threads.append(threading.current_thread())

    @states.state("async")
    async def waits(sku: int) -> dict[str, int]:
        await asyncio.sleep(0)
        return {"id": sku}

    status, headers, body = asgi(states, "POST", b'{"state": "async", ', b'"params": {"sku": 7}}')
    assert (status, body) == (200, b'{"id": 7}')
    assert headers == {b"content-type": b"application/json", b"content-length": b"9"}
    assert asgi(states, "POST", b'{"state": "sync"}')[0] == 200
    assert threads[0] is not threading.main_thread()
    assert asgi(states, "POST", b'{"state": "async", "params": {"sku": "x"}}')[0] == 422
    assert asgi(states, "POST", b'{"state": "none"}')[0] == 404
    states.state("wrapped")(lambda: waits(7))
    assert asgi(states, "POST", b'{"state": "wrapped"}')[2] == body, "a function may also return what is to be awaited"
    assert asgi(states, "GET")[2] == b'{"states": ["sync", "async", "wrapped"]}'
    assert asgi(states, "POST", *[b"x" * 600_000] * 3)[0] == 400


def test_an_asgi_server_may_start_and_end_it(states: States) -> None:
    messages = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    sent = []

    async def receive() -> Any:
        return messages.pop(0)

    async def send(message: Any) -> None:
        sent.append(message["type"])

    asyncio.run(states.asgi({"type": "lifespan"}, receive, send))
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


def test_pacts_verifier_takes_what_it_answers(states: States, serving: str, serve, http) -> None:
    """A value goes into the request; what is unknown or raises is told at once, without the verifier's tries."""
    pytest.importorskip("pact_ffi", reason="the verify tier is not installed")
    from pact_gate.verifier.pacts import ProviderAddress, verify_pact  # noqa: PLC0415

    states.state("a product exists")(lambda name: {"id": f"{name}-7"})
    states.state("broken")(lambda: 1 / 0)
    taking = {"path": {"type": "ProviderState", "expression": "/products/${id}"}}
    document = {
        "consumer": {"name": "orders"},
        "provider": {"name": "products"},
        "interactions": [
            {
                "type": "Synchronous/HTTP",
                "description": name,
                "providerStates": [{"name": name, "params": params}],
                "request": {"method": "GET", "path": "/products/1", "generators": taking},
                "response": {"status": 200},
            }
            for name, params in (("a product exists", {"name": "x"}), ("broken", {}), ("unknown", {}))
        ],
        "metadata": {"pactSpecification": {"version": "4.0"}},
    }
    provider = serve(lambda _: http(200))
    found = verify_pact(json.dumps(document).encode(), ProviderAddress("products", provider.url, serving))
    assert provider.paths == ["GET /products/x-7"]
    assert [each.passed for each in found.interactions] == [True, False, False]
    assert "raised ZeroDivisionError: division by zero" in found.interactions[1].error
    assert "No provider state has the name 'unknown'" in found.interactions[2].error


def test_it_needs_nothing_but_the_standard_library() -> None:
    """It is installed beside a service's own packages."""
    code = (
        "import sys; before = set(sys.modules); import pact_gate.states; "
        "print(*sorted({name.partition('.')[0] for name in set(sys.modules) - before} - sys.stdlib_module_names))"
    )
    source = Path(module.__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(source)!r}); {code}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["pact_gate"]
