"""The trial of provider states before a verification: against real servers on loopback, good and bad ones."""

from __future__ import annotations

import json
import sys
import threading
import time as clock
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

pytest.importorskip("pact_ffi", reason="the verify tier is not installed")

from pact_gate.commands import publish, verify
from pact_gate.model.errors import InputError, ProviderError
from pact_gate.model.outcome import VerifyOutcome
from pact_gate.model.provider_states import Found, Need, State, asking, needs
from pact_gate.report.annotations import annotations
from pact_gate.report.junit import junit
from pact_gate.report.summary import summary
from pact_gate.report.text import text
from pact_gate.settings.inputs import Inputs
from pact_gate.verifier import states as trial
from pact_gate.verifier.pacts import Filters, ProviderAddress
from pact_gate.verifier.states import check_states, looker

OTHER = "b" * 40


def interaction(description="a product", *states, **more):
    named = [{"name": each} if isinstance(each, str) else each for each in states]
    return {
        "type": "Synchronous/HTTP",
        "description": description,
        "providerStates": named,
        "request": {"method": "GET", "path": "/product"},
        "response": {"status": 200},
        **more,
    }


def document(*interactions, consumer="orders", version="4.0"):
    return {
        "consumer": {"name": consumer},
        "provider": {"name": "products"},
        "interactions": list(interactions),
        "metadata": {"pactSpecification": {"version": version}},
    }


@pytest.fixture
def provider(serve, http):
    """Serve a provider whose states' endpoint answers what a function of the asked JSON says (a status, or bytes)."""

    def start(states=lambda asked: 200, names=None):
        def answer(request):
            if request.path == "/states" and request.method == "GET":
                return http(200, {"states": names}) if names is not None else http(404)
            if not request.path.startswith("/states"):
                return http(200)
            found = states(json.loads(request.body))
            return http(found, {"detail": "no"} if found >= 400 else {}) if isinstance(found, int) else found

        return serve(answer)

    return start


@pytest.fixture
def run(local, tmp_path):
    """Verify pact files against a provider, by default the pacts of these documents."""

    def verified(server, *documents, **given):
        folder = tmp_path / "pacts"
        folder.mkdir(exist_ok=True)
        for number, each in enumerate(documents):
            (folder / f"{number}.json").write_text(json.dumps(each))
        inputs = {"provider": "products", "provider-url": server.url, "pacts": "pacts/*.json"}
        inputs |= {"provider-states-url": f"{server.url}/states"} | given
        return verify.run(Inputs(inputs, {}), local.step(tmp_path, version=OTHER))

    return verified


def calls(server):
    """Which states were asked for, as `setup NAME`; an interaction's own request as its path."""
    return [
        f"{json.loads(each.body)['action']} {json.loads(each.body)['state']}" if each.method == "POST" else each.path
        for each in server.requests
        if (each.method, each.path) != ("GET", "/")
    ]


# --- what is asked


def test_each_distinct_list_is_set_up_and_torn_down_once_before_anything_is_replayed(provider, run) -> None:
    server = provider()
    first = document(interaction("one", "a", {"name": "b", "params": {"id": 1}}), interaction("two", "a"))
    second = document(interaction("one", "a"), interaction("three"), consumer="web")
    outcome = run(server, first, second)
    assert outcome.exit_code == 0
    assert calls(server)[:6] == ["setup a", "setup b", "teardown a", "teardown b", "setup a", "teardown a"]
    assert calls(server)[6:] == [
        "setup a",
        "setup b",
        "/product",
        "setup a",
        "/product",
        "setup a",
        "/product",
        "/product",
    ]
    assert (outcome.states.checked, outcome.states.requests, outcome.states.findings) == (2, 6, ())


def test_the_calls_are_those_of_the_verifier(provider, run) -> None:
    """The same body, the same headers that a handler reads, and the headers of the user's."""
    server = provider()
    state = {"name": 'größer\n"x"', "params": {"z": [1, 1.0, True, None], "a": {"ü": "\u2028"}}}
    run(server, document(interaction("one", state)), **{"request-headers": "Authorization: Bearer t"})
    tried, _, verified = (each for each in server.requests if each.path == "/states")
    assert tried.body == verified.body
    for name in ("content-type", "accept", "authorization"):
        assert tried.headers[name] == verified.headers[name]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"filter-state": "^a"}, ["a"]),
        ({"filter-description": "two"}, ["b"]),
        ({"filter-no-state": "true"}, []),
        ({"filter-consumers": "web"}, ["c"]),
        ({"filter-description": "o", "filter-state": "b|c"}, ["b", "c"]),
        ({"check-states": "false"}, []),
    ],
)
def test_only_the_states_of_what_is_verified_are_tried(provider, run, given, expected) -> None:
    server = provider()
    pacts = [
        document(interaction("one", "a"), interaction("two", "b")),
        document(interaction("too", "c"), consumer="web"),
    ]
    run(server, *pacts, **given)
    tried = [call.removeprefix("teardown ") for call in calls(server) if call.startswith("teardown")]
    assert tried == expected


def test_states_of_every_version_of_the_specification_and_of_messages_are_found() -> None:
    old = [{"description": "x", "providerState": "one"}, {"description": "x", "provider_state": "two"}]
    message = {"type": "Asynchronous/Messages", "description": "x", "providerStates": [{"name": "three"}]}
    found = [each.states for each in asking([*old, message], lambda *_: True)]
    assert found == [(State("one"),), (State("two"),), (State("three"),)]


@pytest.mark.parametrize(
    "states",
    [
        7,
        [7],
        [None],
        [{"name": 7}],
        [{"name": ""}],
        [{"name": "\ud800"}],
        [{"name": "x", "params": {"a": float("nan")}}],
    ],
)
def test_what_no_verifier_could_send_is_left_to_it(states) -> None:
    assert list(asking([{"description": "x", "providerStates": states}], lambda *_: True)) == []


def test_params_that_are_no_object_are_sent_as_none() -> None:
    (found,) = asking([{"providerStates": [{"name": "x", "params": [1]}]}], lambda *_: True)
    assert found.states == (State("x", "{}"),)


def test_a_need_is_pending_only_where_all_who_have_it_are() -> None:
    one = list(asking([interaction("x", "a", pending=True), interaction("y", "b")], lambda *_: True))
    two = list(asking([interaction("x", "a"), interaction("y", "b")], lambda *_: True))
    found = needs([("orders", False, one), ("web", True, two), ("orders", True, two)])
    assert [(each.states[0].name, each.consumers, each.may_fail) for each in found] == [
        ("a", ("orders", "web"), True),
        ("b", ("orders", "web"), False),
    ]


# --- what is missing


def test_a_missing_state_is_one_row_and_nothing_of_its_pact_is_replayed(provider, run) -> None:
    server = provider(lambda asked: 404 if "999" in asked["state"] else 200)
    missing = [interaction(f"number {number}", "product 999 exists") for number in range(30)]
    outcome = run(
        server, document(*missing, interaction("x", "product 99 exists")), document(interaction("y"), consumer="web")
    )
    assert outcome.exit_code == 1
    assert calls(server).count("/product") == 1  # web's
    (finding,) = outcome.states.findings
    assert (finding.found, finding.states, finding.nearest) == (
        Found.UNKNOWN,
        (State("product 999 exists"),),
        "product 99 exists",
    )
    assert (outcome.outputs["failed"], outcome.outputs["result"]) == ("1", "failed")
    page = summary(outcome)
    assert page.startswith(
        "## ❌ products: 1 provider state not set up, 1 of 2 pacts not replayed\n\n“product 999 exists”, needed by "
        "orders: unknown. The nearest known name is “product 99 exists”. "
    ), page
    assert "| ❌&nbsp;unknown | product 999 exists | orders | answered 404 after " in page
    assert page.index("product 999 exists") < page.index("| Result | Consumer")
    (error,) = [each for each in annotations(outcome) if each.level == "error"]
    assert "product 99 exists" in error.message
    assert "number 1" not in page + text(outcome) + str(annotations(outcome))


def test_names_that_the_endpoint_lists_are_known_too(provider, run) -> None:
    """As `pact_gate.states` does; it is asked only where a name is unknown."""
    server = provider(lambda asked: 404, names=["product 1 exists", 7])
    outcome = run(server, document(interaction("x", "Product 1 exist")))
    assert outcome.states.findings[0].nearest == "product 1 exists"


@pytest.mark.parametrize(
    ("status", "found"),
    [
        (404, Found.UNKNOWN),
        (400, Found.UNKNOWN),
        (422, Found.FAILED),
        (401, Found.FAILED),
        (500, Found.FAILED),
        (302, Found.FAILED),
    ],
)
def test_a_state_that_is_refused_is_asked_for_once(provider, run, status, found) -> None:
    server = provider(lambda asked: status)
    outcome = run(
        server, document(interaction("one", "a", "b"), interaction("two", "a"), interaction("three", "b", "a"))
    )
    assert calls(server) == ["setup a", "setup b"] + (["/states"] if found is Found.UNKNOWN else [])
    assert [each.found for each in outcome.states.findings] == [found, found]
    assert f"answered {status} after " in outcome.states.findings[0].answer
    assert outcome.states.findings[0].body == ('{"detail": "no"}' if status >= 400 else "{}")


def test_a_pending_pact_and_a_pending_interaction_may_ask_for_what_is_not_there(provider, run) -> None:
    server = provider(lambda asked: 404 if asked["state"] == "a" else 200)
    outcome = run(server, document(interaction("one", "a", pending=True), interaction("two", "b")))
    assert outcome.exit_code == 0
    assert not outcome.verifications[0].held_back
    assert [each.passed for each in outcome.verifications[0].result.interactions] == [False, True]
    assert "🟡&nbsp;unknown, for a pending contract" in summary(outcome)
    assert [each.level for each in annotations(outcome)] == ["warning", "warning"]


def test_a_pending_pact_is_published_as_failed_and_fails_nothing(provider, local, write_pact, tmp_path) -> None:
    results, outcome = published(provider(lambda asked: 404), local, write_pact, tmp_path, enable_pending="true")
    assert outcome.exit_code == 0, outcome
    assert outcome.outputs["pending"] == "1"
    assert results["success"] is False


def test_a_broken_state_is_published_with_its_reason(provider, local, write_pact, tmp_path) -> None:
    """As every verifier of Pact does. Nobody waits for a result that does not come."""
    results, outcome = published(provider(lambda asked: 404), local, write_pact, tmp_path)
    assert outcome.exit_code == 1
    assert outcome.verifications[0].published
    assert results["success"] is False
    (test,) = results["testResults"]
    assert (test["success"], test["interactionDescription"]) == (False, "a product")
    assert "The provider state 'a' was not set up: POST http" in test["exceptions"][0]["message"]


def published(server, local, write_pact, tmp_path, **given):
    """Publish the pact of orders, with a state, and the result of its verification; give what the broker got."""
    path = write_pact("orders", "products")
    pact = json.loads(path.read_text())
    pact["interactions"][0]["providerState"] = "a"
    path.write_text(json.dumps(pact))
    publish.run(
        Inputs({"pacticipant": "orders", "pacts": "pacts/*.json", "version": OTHER, "branch": "main"}, {}),
        local.step(tmp_path),
    )
    sent = []
    step = local.step(tmp_path, version=OTHER)
    broker = step.broker
    real = broker.publish_result
    broker.publish_result = lambda url, result: (sent.append(result), real(url, result))[1]
    inputs = {"provider": "products", "provider-url": server.url, "provider-states-url": f"{server.url}/states"}
    inputs |= {"publish-results": "true", "branch": "main", "selectors": '[{"branch": "main"}]'}
    inputs |= {name.replace("_", "-"): value for name, value in given.items()}
    outcome = verify.run(Inputs(inputs, {}), step)
    return sent[0], outcome


# --- a bad endpoint


def test_an_endpoint_that_nobody_listens_at_is_no_consumers_failure(provider, run) -> None:
    server = provider()
    with pytest.raises(ProviderError, match=r"cannot be reached \(Connection refused\)\. Nothing was verified"):
        run(
            server,
            document(interaction("one", "a")),
            **{"provider-states-url": "http://127.0.0.1:9/states?token=s3cret"},
        )


def address(server, **more):
    return ProviderAddress("products", server.url, f"{server.url}/states", **more)


def need(*names, **more):
    return Need(tuple(map(State, names)), ("orders",), **more)


def test_an_endpoint_that_hangs_is_left_after_its_time(serve) -> None:
    released = threading.Event()

    def hang(_):
        released.wait(5)
        return b""

    server = serve(hang)
    found = check_states([need("a")], address(server, timeout=0.1))
    released.set()
    assert found.findings[0].answer == "no answer within 0.1 s"
    assert found.findings[0].found is Found.FAILED


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (b"", "no answer in HTTP (RemoteDisconnected)"),
        (b"SSH-2.0-x\r\n", "no answer in HTTP (BadStatusLine)"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{", "no answer in HTTP (IncompleteRead)"),
    ],
)
def test_an_endpoint_that_speaks_no_http_fails_its_states(serve, answer, expected) -> None:
    found = check_states([need("a")], address(serve(lambda _: answer)))
    assert [each.answer for each in found.findings] == [expected]


def test_an_answer_without_end_is_not_read_to_its_end(serve) -> None:
    sent = []

    def endless(_):
        yield b"HTTP/1.1 200 OK\r\n\r\n"
        for _ in range(1600):
            sent.append(1)
            yield b"x" * 65_536

    found = check_states([need("a")], address(serve(endless), timeout=30))
    assert found.findings[0].answer == "the answer has more than 16,777,216 bytes"
    assert len(sent) < 1000  # 100 MB would be 1600


def test_a_redirect_is_not_followed(serve, http) -> None:
    server = serve(lambda request: http(302, Location="/elsewhere"))
    found = check_states([need("a")], address(server))
    assert found.findings[0].answer.endswith(", a redirect, which is not followed")
    assert server.paths == ["POST /states"]


@pytest.mark.parametrize("body", [b"{", b"[1]", b'"x"', b"\xff", b"[" * 100_000, b""])
def test_an_answer_that_is_no_json_object_is_one_to_the_verifier(serve, http, body) -> None:
    assert check_states([need("a")], address(serve(lambda _: http(200, body)))).findings == ()


def test_a_value_that_is_taken_from_an_answer_without_it_is_told(provider, run) -> None:
    taking = interaction("one", "a")
    taking["request"] |= {"generators": {"path": {"type": "ProviderState", "expression": "/product/${id}/${size}"}}}
    outcome = run(provider(lambda _: http_json({"id": 1})), document(taking))
    (finding,) = outcome.states.findings
    assert (finding.found, finding.answer) == (Found.NO_VALUES, "The answer has no size: the pact's example is sent.")


def http_json(value):
    body = json.dumps(value).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


def test_a_handler_that_refuses_teardown_is_no_failure(provider, run) -> None:
    server = provider(lambda asked: 200 if asked["action"] == "setup" else 501)
    outcome = run(server, document(interaction("one", "a"), interaction("two", "b")))
    assert outcome.exit_code == 0
    assert (outcome.states.refused, outcome.states.findings) == (2, ())
    assert "2 teardowns refused" in summary(outcome)
    assert annotations(outcome) == ()


def test_a_teardown_that_hangs_is_asked_for_once(serve, http) -> None:
    def answer(request):
        if b"teardown" in request.body:
            clock.sleep(0.5)
            return b""
        return http(200)

    server = serve(answer)
    found = check_states([need("a"), need("b"), need("c")], address(server, timeout=0.1))
    assert (found.checked, found.refused, found.requests) == (3, 1, 4)


def test_there_is_an_end_to_the_number_and_to_the_time(serve, http, monkeypatch) -> None:
    monkeypatch.setattr(trial, "MOST", 3)
    server = serve(lambda _: http(200))
    found = check_states([need(str(number)) for number in range(5)], address(server))
    assert (found.checked, found.unchecked) == (3, 2)
    times = iter([0.0, 0.0, 31.0, 31.0])
    found = check_states([need("a"), need("b"), need("c")], address(server), now=lambda: next(times))
    assert (found.checked, found.unchecked) == (1, 2)


def test_a_broken_state_is_also_that_of_lists_that_were_not_tried(serve, http, monkeypatch) -> None:
    """Else a pact would fail for a state that the table calls a pending one's."""
    monkeypatch.setattr(trial, "MOST", 1)
    lists = [need("a", may_fail=True), need("b", "a")._replace(consumers=("web",))]
    found = check_states(lists, address(serve(lambda _: http(404))))
    assert [(each.consumers, each.may_fail) for each in found.findings] == [(("orders", "web"), False)]


def test_what_is_slow_is_told_in_the_table_alone(serve, http, monkeypatch) -> None:
    monkeypatch.setattr(trial, "SLOW", 0.0)
    found = check_states([need("a")], address(serve(lambda _: http(200))))
    assert [each.found for each in found.findings] == [Found.SLOW]
    outcome = VerifyOutcome("x", provider="products", states=found)
    assert annotations(outcome) == ()
    assert "⚠️&nbsp;slow" in summary(outcome)


def test_a_state_that_can_be_set_up_only_once_is_explained(provider, run) -> None:
    """An INSERT that is no INSERT OR REPLACE: the trial takes the only time."""
    done = set()

    def states(asked):
        status = 409 if asked["state"] in done else 200
        done.add(asked["state"])
        return status

    outcome = run(provider(states), document(interaction("one", "a")))
    assert outcome.exit_code == 1
    assert "set up more than once" in outcome.next_step
    assert "check-states: false" in outcome.next_step


def test_a_provider_that_a_state_ends_is_the_news(local, tmp_path) -> None:
    (tmp_path / "pact.json").write_text(json.dumps(document(interaction("one", "a"))))
    (tmp_path / "provider.py").write_text(
        "import os, sys\n"
        "from http.server import *\n"
        "class H(BaseHTTPRequestHandler):\n"
        "    def do_GET(self): self.send_response(200); self.end_headers()\n"
        "    def do_POST(self): print('out of memory', flush=True); os._exit(3)\n"
        "server = HTTPServer(('127.0.0.1', int(sys.argv[1])), H)\n"
        "server.serve_forever()\n"
    )
    import socket  # noqa: PLC0415

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    inputs = {"provider": "products", "provider-url": url, "provider-states-url": f"{url}/states", "pacts": "pact.json"}
    inputs["start"] = f"cd '{tmp_path}' && exec '{sys.executable}' provider.py {port}"
    with pytest.raises(ProviderError, match="The provider ended with exit code 3") as caught:
        verify.run(Inputs(inputs, {}), local.step(tmp_path))
    assert "out of memory" in caught.value.cause


# --- state-check


def test_a_state_that_changes_nothing_is_told(provider, run, serve, http) -> None:
    """The handler answers 200 to a name that it does not know, as many do."""
    rows = []

    def states(asked):
        if asked["state"] == "a product exists" and asked["action"] == "setup":
            rows.append(1)
        elif asked["action"] == "teardown":
            rows.clear()
        return 200

    look = serve(lambda _: http(200, {"rows": rows}))
    pact = document(interaction("one", "a product exists"), interaction("two", "a product exist"))
    outcome = run(provider(states), pact, **{"state-check": look.url})
    (finding,) = outcome.states.findings
    assert (finding.found, finding.states) == (Found.UNCHANGED, (State("a product exist"),))
    assert outcome.exit_code == 0
    assert not annotations(outcome), "whoever asks for it is content"
    assert "⚪&nbsp;changed nothing, which was enough" in summary(outcome)
    assert len(look.requests) == 4


def test_a_state_that_changes_nothing_is_what_to_look_at_where_an_interaction_fails(provider, run, serve, http) -> None:
    look = serve(lambda _: http(200, {"rows": []}))
    fails = interaction("one", "a product exists", response={"status": 418})
    outcome = run(
        provider(lambda _: 200), document(fails, interaction("two", "no product")), **{"state-check": look.url}
    )
    assert [each.was_enough for each in outcome.states.findings] == [False, True]
    assert outcome.next_step.startswith("Look first at the provider states in the table that changed nothing")
    warnings = [each.title for each in annotations(outcome) if each.level == "warning"]
    assert warnings == ["Provider state changed nothing"]


def test_a_command_may_say_what_is_there(provider, run, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    data = tmp_path / "data"
    data.write_text("")

    def states(asked):
        if asked["state"] == "a":
            data.write_text("a" if asked["action"] == "setup" else "")
        return 200

    outcome = run(
        provider(states), document(interaction("one", "a"), interaction("two", "b")), **{"state-check": "cat data"}
    )
    assert [(each.found, each.states[0].name) for each in outcome.states.findings] == [(Found.UNCHANGED, "b")]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("echo no database >&2; exit 3", r"ended with exit code 3: no database"),
        (
            "http://127.0.0.1:9/dump?token=s3cret",
            r"http://127.0.0.1:9/dump, does not tell what is there: Connection refused",
        ),
        ("http://me:s3cret@127.0.0.1:9/", "holds a user name or password"),
    ],
)
def test_a_state_check_that_cannot_look_is_a_wrong_input(provider, run, given, sentence) -> None:
    with pytest.raises(InputError, match=sentence) as caught:
        run(provider(), document(interaction("one", "a")), **{"state-check": given})
    assert "s3cret" not in str(caught.value)


def test_a_state_check_that_does_not_end_is_ended(monkeypatch) -> None:
    monkeypatch.setattr(trial, "_LOOK", 0.2)
    with pytest.raises(InputError, match="did not end within"):
        looker("sleep 60 & sleep 60", ProviderAddress("products", "http://127.0.0.1:9"))()


def test_the_headers_of_requests_go_to_the_providers_own_hosts_alone(serve, http) -> None:
    server, stranger = serve(lambda _: http(200)), serve(lambda _: http(200))
    where = address(server, request_headers=(("Authorization", "Bearer s3cret"),))
    looker(f"{server.url}/dump", where)()
    looker(f"{stranger.url}/dump", where)()
    assert server.requests[0].headers["authorization"] == "Bearer s3cret"
    assert "authorization" not in stranger.requests[0].headers


@pytest.mark.parametrize("without", [{"provider-states-url": ""}, {"check-states": "false"}])
def test_a_state_check_without_a_trial_is_a_wrong_input(provider, run, without) -> None:
    with pytest.raises(InputError, match="`state-check` is given"):
        run(provider(), document(interaction("one", "a")), **{"state-check": "true"}, **without)


# --- reports

HOSTILE = "x|y\n::error::owned `rm` <img src=x> @all \x1b[31m"


def test_hostile_names_and_answers_stay_data(provider, run) -> None:
    body = b"<script>\n::error::owned\n| a | b |"
    server = provider(lambda _: b"HTTP/1.1 404 -\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
    outcome = run(server, document(interaction("one", HOSTILE), consumer=HOSTILE), junit="report.xml")
    page = summary(outcome)
    assert "<img" not in page
    assert "<script" not in page.replace("<code>", "").replace("`<script", "")
    row = next(line for line in page.splitlines() if line.startswith("| ❌&nbsp;unknown"))
    assert row.count(" | ") == 4
    assert not [line for line in text(outcome).splitlines() if line.lstrip().startswith("::")]
    ET.fromstring(junit(outcome))


def test_junit_has_the_states_first_and_counts_a_pact_that_was_not_replayed_once(provider, run) -> None:
    server = provider(lambda asked: 404 if asked["state"] == "a" else 200)
    outcome = run(server, document(interaction("one", "a"), interaction("two", "a"), interaction("three", "b")))
    root = ET.fromstring(junit(outcome))
    assert [(suite.get("name"), suite.get("tests"), suite.get("errors")) for suite in root] == [
        ("provider states of products", "1", "1"),
        ("orders → products", "1", "1"),
    ]
    assert "2 of its interactions need a provider state" in str(root[1][0][0].text)


def test_filters_read_patterns_as_the_verifier_does() -> None:
    assert Filters(description="b", state="^s").take("abc", ["x", "s1"])
    assert not Filters(description="b", state="^s").take("abc", ["xs"])
    assert Filters(no_state=True).take("abc", [])
    assert replace(Filters(), state="x").take("", ["x"])
