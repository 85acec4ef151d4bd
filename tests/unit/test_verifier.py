"""The verification of one pact, with the real verifier against real servers on loopback."""

from __future__ import annotations

import base64
import json
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest

pytest.importorskip("pact_ffi", reason="the verify tier is not installed")

from pact_gate.model.errors import InputError
from pact_gate.verifier.pacts import Filters, ProviderAddress, verify_pact
from pact_gate.verifier.relay import Relay
from pact_gate.verifier.web import send

JSON = {"Content-Type": "application/json"}


@dataclass
class Service:
    """A provider on loopback: what it answers by path, and what it was asked."""

    answers: dict[str, Any]
    asked: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def bodies(self, path: str) -> list[Any]:
        return [json.loads(body) for _, asked, _, body in self.asked if asked == path]


class _Handler(BaseHTTPRequestHandler):
    def answer(self) -> None:
        service: Service = self.server.service  # type: ignore[attr-defined]
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        service.asked.append((self.command, self.path, dict(self.headers), body))
        found = service.answers.get(self.path.partition("?")[0], (404, JSON, b'{"detail": "no such path"}'))
        status, headers, content = found(json.loads(body or b"null")) if callable(found) else found
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = answer  # noqa: N815 - the base's names

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving(answers: dict[str, Any]) -> Iterator[Service]:
    service = Service(answers)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    server.service = service  # type: ignore[attr-defined]
    service.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def request(description: str = "a product", *, states: tuple[str, ...] = (), path: str = "/product", **response: Any):
    """An HTTP interaction of a V4 pact."""
    return {
        "type": "Synchronous/HTTP",
        "description": description,
        "providerStates": [{"name": name} for name in states],
        "request": {"method": "GET", "path": path},
        "response": {"status": 200, **response},
    }


def body(content: object) -> dict[str, Any]:
    return {"contentType": "application/json", "encoded": False, "content": content}


def message(description: str = "an event", *, states: tuple[str, ...] = (), content: object = None, **metadata: str):
    return {
        "type": "Asynchronous/Messages",
        "description": description,
        "providerStates": [{"name": name} for name in states],
        "contents": body(content),
        "metadata": metadata,
    }


def pact(*interactions: dict[str, Any], version: str = "4.0", provider: str = "products") -> bytes:
    document = {
        "consumer": {"name": "orders"},
        "provider": {"name": provider},
        "interactions": interactions,
        "metadata": {"pactSpecification": {"version": version}},
    }
    return json.dumps(document).encode()


def at(service: Service, **more: Any) -> ProviderAddress:
    return ProviderAddress("products", url=service.url, **more)


PRODUCT = (200, JSON, b'{"id": "p1", "price": 9.5}')


def test_a_provider_that_answers_as_expected_passes() -> None:
    with serving({"/product": PRODUCT}) as service:
        result = verify_pact(pact(request(body=body({"id": "p1"}))), at(service))
    assert result.passed
    assert (result.consumer, result.provider) == ("orders", "products")
    assert [each.description for each in result.interactions] == ["a product"]
    assert result.interactions[0].seconds > 0


def test_a_renamed_field_is_named_by_its_path() -> None:
    """A nested field, and a name that needs quotes, are named as well."""
    answer = json.dumps({"id": "p1", "cost": 9.5, "maker": {"full name": "x"}}).encode()
    expected = {"id": "p1", "price": 9.5, "maker": {"whole name": "x"}}
    with serving({"/product": (200, JSON, answer)}) as service:
        result = verify_pact(pact(request(body=body(expected))), at(service))
    assert not result.passed
    price, name = sorted(result.interactions[0].mismatches, key=lambda each: len(each.place))
    assert (price.kind, price.place, price.expected) == ("BodyMismatch", "$.price", "price")
    assert json.loads(price.actual) == ["cost", "id", "maker"]
    assert name.place == "$.maker['whole name']"


def test_each_kind_of_difference_says_where_and_what() -> None:
    expected = request(status=201, body=body({"id": "p2"}), headers={"X-Version": ["2"]})
    with serving({"/product": (200, {**JSON, "X-Version": "1"}, b'{"id": "p1"}')}) as service:
        result = verify_pact(pact(expected), at(service))
    found = {each.kind: (each.place, each.expected, each.actual) for each in result.interactions[0].mismatches}
    assert found == {
        "StatusMismatch": ("status", "201", "200"),
        "HeaderMismatch": ("X-Version", "2", "1"),
        "BodyMismatch": ("$.id", '"p2"', '"p1"'),
    }


@pytest.mark.parametrize("version", ["1.0.0", "2.0.0", "3.0.0"])
def test_older_pacts_are_verified_with_their_states(version: str) -> None:
    interaction = {
        "description": "a product",
        "providerState": "there is one",
        "request": {"method": "get", "path": "/product"},
        "response": {"status": 200, "body": {"id": "p1", "price": 9.5}},
    }
    content = pact(interaction, version=version)
    with serving({"/product": PRODUCT, "/states": (200, JSON, b"{}")}) as service:
        result = verify_pact(content, at(service, states_url=f"{service.url}/states"))
    assert result.passed
    assert [each["state"] for each in service.bodies("/states")] == ["there is one"]


def test_a_pact_for_another_provider_is_not_verified() -> None:
    with serving({"/product": PRODUCT}) as service:
        result = verify_pact(pact(request(), provider="prices"), at(service))
    assert not result.passed
    assert "'prices'" in result.error
    assert service.asked == []


@pytest.mark.parametrize("content", [b"{", b"[]", b"{}", b'{"consumer": "orders"}', b"\xff", b"[" * 99999, pact(1)])
def test_what_is_no_pact_is_an_error(content: bytes) -> None:
    result = verify_pact(content, ProviderAddress("products", url="http://127.0.0.1:1"))
    assert not result.passed
    assert "no pact" in result.error


def test_an_interaction_that_the_verifier_cannot_read_is_an_error() -> None:
    """The verifier's sentence is kept without the name of the temporary folder."""
    with serving({}) as service:
        result = verify_pact(pact({"type": "Telepathy", "description": "x"}), at(service))
    assert not result.passed
    assert "incorrect type attribute" in result.error
    assert "/pact.json" not in result.error


def test_a_verifier_that_breaks_is_never_a_pass() -> None:
    """A pact that needs a plugin ends the verifier without results, and its results document says that all is well."""
    document = json.loads(pact(request()))
    document["metadata"]["plugins"] = [{"name": "none-such", "version": "1", "configuration": {}}]
    with serving({"/product": PRODUCT}) as service:
        result = verify_pact(json.dumps(document).encode(), at(service))
    assert not result.passed
    assert "plugin" in result.error.lower()


def with_plugins(plugins: object) -> bytes:
    document = json.loads(pact(request(body=body({"id": "p1"}))))
    document["metadata"]["plugins"] = plugins
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    "plugins",
    [[{"name": "evil", "version": "1.0.0"}], [{"name": "csv", "version": "0.0.2"}], [{"name": "csv"}], {"name": "csv"}],
)
def test_a_plugin_that_is_not_installed_is_not_fetched(
    plugins: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The verifier would download and run what a pact names."""
    installed(tmp_path, monkeypatch)
    for name in ("https_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")  # where this test fails, it fetches nothing either
    with serving({"/product": PRODUCT}) as service:
        result = verify_pact(with_plugins(plugins), at(service))
    assert not result.passed
    assert "is not installed here, and none is fetched" in result.error
    assert service.asked == []


def test_a_plugin_that_is_installed_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed(tmp_path, monkeypatch)
    with serving({"/product": PRODUCT}) as service:
        result = verify_pact(with_plugins([{"name": "csv", "version": "0.0.1"}]), at(service))
    assert "is not installed here" not in result.error
    assert (tmp_path / "ran").exists()


def installed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install the plugin csv 0.0.1, which does nothing but leave a file that says that it ran."""
    home = folder / "csv-0.0.1"
    home.mkdir()
    program = home / "plugin"
    program.write_text(f"#!/bin/sh\ntouch '{folder}/ran'\n")
    program.chmod(0o755)
    manifest = {"manifestVersion": 1, "pluginInterfaceVersion": 1, "name": "csv", "version": "0.0.1"}
    manifest |= {"executableType": "exec", "entryPoint": "plugin"}
    (home / "pact-plugin.json").write_text(json.dumps(manifest))
    monkeypatch.setenv("PACT_PLUGIN_DIR", str(folder))


def test_an_interaction_that_the_consumer_marks_as_pending_may_fail() -> None:
    with serving({"/product": PRODUCT}) as service:
        result = verify_pact(pact({**request(status=201), "pending": True}, request("another")), at(service))
    assert result.passed
    assert [(each.passed, each.pending) for each in result.interactions] == [(False, True), (True, False)]


def test_the_brokers_id_of_an_interaction_is_kept() -> None:
    """Results are published with it."""
    with serving({"/product": PRODUCT}) as service:
        result = verify_pact(pact({**request(), "_id": "f" * 40}), at(service))
    assert result.interactions[0].interaction_id == "f" * 40


def test_a_provider_that_is_not_there_is_an_error_of_each_interaction() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    result = verify_pact(pact(request("one"), request("two")), ProviderAddress("products", f"http://127.0.0.1:{port}"))
    assert not result.passed
    told = f"The provider at http://127.0.0.1:{port} did not answer: Connection refused."
    assert [each.error for each in result.interactions] == [told, told]


def test_a_provider_that_hangs_is_left_after_its_time() -> None:
    release = threading.Event()

    def hang(_: object) -> Any:
        release.wait(5)
        return PRODUCT

    with serving({"/product": hang}) as service:
        result = verify_pact(pact(request()), at(service, timeout=0.1))
        release.set()
    assert result.interactions[0].error.endswith("did not answer: no answer within 0.1 s.")


def test_request_headers_go_to_the_provider_and_to_its_states_and_are_not_shown() -> None:
    with serving({"/product": PRODUCT, "/states": (200, JSON, b"{}")}) as service:
        address = at(service, states_url=f"{service.url}/states", request_headers=(("Authorization", "Bearer s3cret"),))
        assert verify_pact(pact(request(states=("one",))), address).passed
    assert [headers.get("authorization") or headers.get("Authorization") for _, _, headers, _ in service.asked] == [
        "Bearer s3cret",
        "Bearer s3cret",
    ]
    assert "s3cret" not in repr(address)


# Filters


def test_filters_choose_among_interactions() -> None:
    content = pact(request("a red one", states=("red",)), request("a blue one", states=("blue",)), request("plain"))
    with serving({"/product": PRODUCT}) as service:

        def ran(**filters: Any) -> list[str]:
            result = verify_pact(content, at(service, filters=Filters(**filters)))
            return [each.description for each in result.interactions]

        assert ran(description="^a .* one$") == ["a red one", "a blue one"]
        assert ran(state="blue") == ["a blue one"]
        assert ran(no_state=True) == ["plain"]
        assert ran(description="one", state="red") == ["a red one"]


def test_a_filter_that_matches_nothing_is_no_pass() -> None:
    with serving({"/product": PRODUCT}) as service:
        result = verify_pact(pact(request()), at(service, filters=Filters(description="none")))
    assert (result.interactions, result.error, result.passed) == ((), "", False)


def test_a_filter_that_is_no_regular_expression_is_an_input_error() -> None:
    with serving({}) as service, pytest.raises(InputError, match=r"unclosed group.*'\(zz'") as caught:
        verify_pact(pact(request()), at(service, filters=Filters(description="(zz")))
    assert "filter-description" in caught.value.next_step


# Provider states


def states_of(service: Service, **more: Any) -> ProviderAddress:
    return at(service, states_url=f"{service.url}/states", **more)


def test_states_are_set_up_before_each_interaction_with_their_parameters() -> None:
    """An interaction without a state asks nothing of the provider's handler."""
    with_parameters = request("one")
    with_parameters["providerStates"] = [{"name": "a product", "params": {"id": 7}}, {"name": "in stock"}]
    with serving({"/product": PRODUCT, "/states": (200, JSON, b"{}")}) as service:
        result = verify_pact(pact(with_parameters, request("two")), states_of(service))
    assert result.passed
    assert service.bodies("/states") == [
        {"action": "setup", "state": "a product", "params": {"id": 7}},
        {"action": "setup", "state": "in stock", "params": {}},
    ]


def test_what_a_state_answers_is_put_into_the_request() -> None:
    """A request may take values from the provider's state (a generator of Pact's specification, version 3)."""
    interaction = request(states=("a product",))
    interaction["request"]["generators"] = {"path": {"type": "ProviderState", "expression": "/product/${id}"}}
    with serving({"/states": (200, JSON, b'{"id": 42}'), "/product/42": PRODUCT}) as service:
        assert verify_pact(pact(interaction), states_of(service)).passed


@pytest.mark.parametrize("status", [404, 500, 503, 302])
def test_a_state_that_is_refused_is_told_at_once(status: int) -> None:
    """The verifier alone would try 8 times over two minutes after a 5xx, and never tell what came back."""

    def states(asked: dict[str, Any]) -> Any:
        ok = asked["state"] != "bad"
        return (200, JSON, b"{}") if ok else (status, {"Content-Type": "text/plain"}, b"table `products` is missing\n")

    content = pact(request("one", states=("good", "bad")), request("two", states=("good",)), request("three"))
    started = time.monotonic()
    with serving({"/product": PRODUCT, "/states": states}) as service:
        result = verify_pact(content, states_of(service))
    assert time.monotonic() - started < 5
    assert [each.passed for each in result.interactions] == [False, True, True]
    assert result.interactions[0].error == (
        f"The provider state 'bad' was not set up: POST {service.url}/states answered {status}: "
        "table `products` is missing\n"
    )


def test_a_states_address_that_is_not_there_is_told_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        states_url = f"http://127.0.0.1:{server.getsockname()[1]}/states"
    with serving({"/product": PRODUCT}) as service:
        result = verify_pact(pact(request(states=("one",))), at(service, states_url=f"{states_url}?token=s3cret"))
    assert result.interactions[0].error == (
        f"The provider state 'one' was not set up: POST {states_url}: Connection refused."
    )


def test_a_states_address_that_hangs_is_left_after_its_time() -> None:
    release = threading.Event()

    def hang(_: object) -> Any:
        release.wait(5)
        return 200, JSON, b"{}"

    with serving({"/product": PRODUCT, "/states": hang}) as service:
        result = verify_pact(pact(request(states=("one",))), states_of(service, timeout=0.1))
        release.set()
    assert result.interactions[0].error.endswith("/states: no answer within 0.1 s.")


@contextmanager
def writing(first: bytes, *more: bytes) -> Iterator[str]:
    """Something that answers one request piece by piece, a twentieth of a second apart."""

    def answer() -> None:
        connection, _ = server.accept()
        with connection, suppress(OSError):
            connection.recv(10_000)
            connection.sendall(first)
            for piece in more:
                time.sleep(0.05)
                connection.sendall(piece)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=answer)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"
        thread.join()


def test_an_answer_that_drips_is_left_after_its_time() -> None:
    """Else a provider whose ready-url is a stream would be waited for as long as the job may run."""
    with writing(b"HTTP/1.1 200 OK\r\n\r\n", *[b" "] * 20) as url, pytest.raises(TimeoutError):
        send(url, timeout=0.2)


def test_an_answer_that_was_cut_is_none() -> None:
    with writing(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}") as url, pytest.raises(OSError, match="IncompleteR"):
        send(url, timeout=5)


def test_another_program_of_this_machine_is_not_taken_for_the_verifier() -> None:
    question = {"body": b'{"state": "one"}', "timeout": 5}
    with (
        serving({"/states": (200, JSON, b"{}")}) as service,
        Relay(f"{service.url}/states", 5) as relay,
    ):
        with pytest.raises(OSError, match=r"no answer|reset"):
            send(urljoin(relay.url, "/"), **question)
        assert send(relay.url, **question).status == 200
    assert len(relay.calls) == len(service.asked) == 1


# Messages

EVENT = {"order_id": "o1"}


def event(content: object = None, status: int = 200, **metadata: str) -> Callable[[object], Any]:
    encoded = base64.b64encode(json.dumps(metadata).encode()).decode()
    headers = {**JSON, "Pact-Message-Metadata": encoded} if metadata else JSON
    return lambda _: (status, headers, json.dumps(content or EVENT).encode())


def test_messages_and_requests_of_one_pact_are_verified_together() -> None:
    """Each at its own address, even where the two name different hosts, and with states for both."""
    content = pact(message(states=("placed",), content=EVENT, topic="orders"), request(states=("one",)))
    answers = {"/product": PRODUCT, "/events": event(topic="orders"), "/states": (200, JSON, b"{}")}
    with serving(answers) as service:
        messages_url = f"http://localhost:{service.port}/events"
        result = verify_pact(content, states_of(service, messages_url=messages_url))
    assert result.passed, result
    assert [each.description for each in result.interactions] == ["a product", "an event"]
    assert service.bodies("/events") == [{"description": "an event", "providerStates": [{"name": "placed"}]}]
    assert {each["state"] for each in service.bodies("/states")} == {"placed", "one"}


def test_a_message_that_differs_names_the_field_and_the_metadata() -> None:
    content = pact(message(content={"order_id": "o1", "total": 5}, topic="orders"))
    with serving({"/events": event({"order_id": "o2", "sum": 5}, topic="returns")}) as service:
        result = verify_pact(content, ProviderAddress("products", messages_url=f"{service.url}/events"))
    assert not result.passed
    places = {(each.kind, each.place) for each in result.interactions[0].mismatches}
    assert places == {("BodyMismatch", "$.total"), ("BodyMismatch", "$.order_id"), ("MetadataMismatch", "topic")}


def test_messages_of_version_3_are_verified() -> None:
    document = json.loads(pact(version="3.0.0"))
    del document["interactions"]
    document["messages"] = [
        {"description": "an event", "contents": EVENT, "metaData": {"contentType": "application/json"}}
    ]
    with serving({"/events": event()}) as service:
        address = ProviderAddress("products", messages_url=f"{service.url}/events")
        assert verify_pact(json.dumps(document).encode(), address).passed
        document["messages"][0]["contents"] = {"order_id": "other"}
        assert not verify_pact(json.dumps(document).encode(), address).passed


def test_a_pact_of_version_3_with_both_lists_runs_both() -> None:
    document = json.loads(pact(request(status=201), version="3.0.0"))
    document["messages"] = [{"description": "an event", "contents": EVENT, "metaData": {}}]
    with serving({"/product": PRODUCT, "/events": event()}) as service:
        result = verify_pact(json.dumps(document).encode(), at(service, messages_url=f"{service.url}/events"))
    assert [(each.description, each.passed) for each in result.interactions] == [
        ("a product", False),
        ("an event", True),
    ]


def test_an_answer_that_is_no_message_fails_even_if_its_body_matches() -> None:
    """The verifier compares the body of any answer, a 500's as well."""
    content = pact(message("broken", content=EVENT), message("fine", content=EVENT))

    def events(asked: dict[str, Any]) -> Any:
        return event(status=500 if asked["description"] == "broken" else 200)(asked)

    with serving({"/events": events}) as service:
        result = verify_pact(content, ProviderAddress("products", messages_url=f"{service.url}/events"))
    assert [each.passed for each in result.interactions] == [False, True]
    assert result.interactions[0].error == (
        f'The provider gave no message: POST {service.url}/events answered 500: {{"order_id": "o1"}}'
    )


def test_a_state_that_fails_before_a_message_is_told_of_that_message() -> None:
    """The message after it keeps its own answer."""
    content = pact(message("one", states=("bad",), content=EVENT), message("two", content=EVENT))
    with serving({"/events": event(), "/states": (404, JSON, b"")}) as service:
        address = ProviderAddress("products", messages_url=f"{service.url}/events", states_url=f"{service.url}/states")
        result = verify_pact(content, address)
    assert [each.passed for each in result.interactions] == [False, True]
    assert "'bad'" in result.interactions[0].error


def test_messages_without_an_address_are_an_error_and_the_requests_are_still_verified() -> None:
    """The verifier alone would send them to the root of the provider's URL."""
    with serving({"/product": PRODUCT, "/": event()}) as service:
        result = verify_pact(pact(request(), message(content=EVENT)), at(service))
    assert not result.passed
    assert "messages-url" in result.error
    assert [each.passed for each in result.interactions] == [True]


def test_requests_without_an_address_are_an_error() -> None:
    with serving({"/events": event()}) as service:
        address = ProviderAddress("products", messages_url=f"{service.url}/events")
        result = verify_pact(pact(request(), message(content=EVENT)), address)
    assert not result.passed
    assert "provider-url" in result.error
    assert [each.passed for each in result.interactions] == [True]


# What others wrote, and what is left behind


def test_hostile_texts_stay_data_and_never_reach_the_log(capfd: pytest.CaptureFixture[str]) -> None:
    """The verifier prints descriptions to the process's own output, where a runner would obey them."""
    hostile = "x\n::error::owned\n`rm` <b>\x1b[31m"
    with serving({"/product": PRODUCT}) as service:
        result = verify_pact(pact(request(hostile, states=(hostile,), status=201)), at(service))
    assert result.interactions[0].description == hostile
    assert result.interactions[0].provider_states == (hostile,)
    assert "".join(capfd.readouterr()) == ""


def test_output_and_environment_are_as_before(capfd: pytest.CaptureFixture[str]) -> None:
    before = {name: value for name, value in os.environ.items() if name != "PACT_DO_NOT_TRACK"}
    threads = set(threading.enumerate())
    with serving({"/product": PRODUCT, "/states": (500, JSON, b"")}) as service:
        verify_pact(pact(request(states=("one",))), states_of(service))
    os.write(1, b"here again")
    assert capfd.readouterr().out == "here again"
    assert {name: value for name, value in os.environ.items() if name != "PACT_DO_NOT_TRACK"} == before
    assert os.environ["PACT_DO_NOT_TRACK"] == "true"
    assert set(threading.enumerate()) == threads


def test_a_proxy_is_not_asked_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """The verifier sends even loopback requests to the environment's proxy."""
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "intranet.example")
    with serving({"/product": PRODUCT, "/states": (200, JSON, b"{}")}) as service:
        result = verify_pact(pact(request(states=("one",))), states_of(service))
    assert result.passed, result
    assert os.environ["NO_PROXY"] == "intranet.example"


@pytest.mark.parametrize(
    "url", ["", "127.0.0.1:8000", "ftp://host", "http://", "http://host:x", "http://host/a b", "http://host/\n"]
)
@pytest.mark.parametrize("name", ["url", "states_url", "messages_url"])
def test_an_address_that_is_no_url_is_refused(name: str, url: str) -> None:
    with pytest.raises(InputError, match="-url is not the URL of a provider"):
        ProviderAddress("products", **{name: url})


def test_an_address_with_a_password_is_refused_without_showing_it() -> None:
    with pytest.raises(InputError) as caught:
        replace(ProviderAddress("products"), url="http://me:s3cret@host")
    assert "s3cret" not in str(caught.value)
