"""Webhooks: where they may go, what they take along, what of them is never shown again, when they are tried again."""

from __future__ import annotations

import base64
import io
import ipaddress
import json
import socket
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as st
from tests.conformance.in_process import call

from pact_gate import embedded
from pact_gate.embedded import schema
from pact_gate.embedded.contents import dumps
from pact_gate.embedded.rows import insert
from pact_gate.embedded.store import Store, now
from pact_gate.embedded.webhooks import delivery, harmless, hiding, outgoing, sending
from pact_gate.embedded.webhooks.sending import NotAllowedError, checked_addresses, send

SECRET = "s3cret-of-the-team"
STARS = harmless.STARS
HOSTS = frozenset({"127.0.0.1"})


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Any]:
    application = embedded.application(tmp_path / "broker.sqlite3", webhook_hosts=HOSTS)
    yield application
    application.close()


@pytest.fixture
def server(serve: Any, http: Any) -> Any:
    """Somebody who takes every webhook."""
    return serve(lambda _: http(200, {}))


def request(url: str, **more: Any) -> dict[str, Any]:
    return {"method": "POST", "url": url, **more}


# --- where they may go ----------------------------------------------------------------------------------------


def resolving(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Let names lead to the addresses that are given, one list after the other, the last one for ever."""
    asked: list[str] = []
    left, numeric = list(answers), socket.getaddrinfo

    def resolved(host: str, port: int, *more: Any, **named: Any) -> list[Any]:
        with suppress(ValueError):
            if ipaddress.ip_address(host) and asked:
                return numeric(host, port, *more, **named)
        asked.append(host)
        found = left.pop(0) if len(left) > 1 else left[0]
        return [(0, 0, 0, "", (address, port)) for address in found]

    monkeypatch.setattr(socket, "getaddrinfo", resolved)
    return asked


INSIDE = [
    "127.0.0.1",
    "127.9.9.9",
    "0.0.0.0",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "fd00:ec2::254",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::a00:1",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
    "::ffff:0:127.0.0.1",
    "::ffff:0:10.0.0.1",
    "fec0::1",
]


@pytest.mark.parametrize("address", INSIDE)
def test_a_name_that_leads_inside_is_not_called(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    resolving(monkeypatch, [address])
    with pytest.raises(NotAllowedError, match="not public and not named"):
        checked_addresses("hook.example.org", 443, frozenset({"hook.example.org"}))


def test_one_address_inside_among_others_is_enough_to_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, ["93.184.215.14", "10.0.0.1"])
    with pytest.raises(NotAllowedError, match=r"10\.0\.0\.1"):
        checked_addresses("hook.example.org", 443, frozenset({"hook.example.org"}))


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "::ffff:8.8.8.8"])
def test_a_public_address_is_called(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    resolving(monkeypatch, [address])
    assert len(checked_addresses("hook.example.org", 443, frozenset({"*.example.org"}))) == 1


@pytest.mark.parametrize(
    ("host", "addresses", "named"),
    [
        ("hook.internal", ["10.1.2.3"], {"hook.internal", "10.0.0.0/8"}),
        ("hook.internal", ["10.1.2.3"], {"hook.internal", "10.1.2.3"}),
        ("10.1.2.3", ["10.1.2.3"], {"10.0.0.0/8"}),
        ("localhost", ["127.0.0.1", "::1"], {"localhost"}),
        ("fd00::1", ["fd00::1"], {"fd00::/8"}),
    ],
)
def test_an_address_inside_is_called_if_it_is_named(
    monkeypatch: pytest.MonkeyPatch, host: str, addresses: list[str], named: set[str]
) -> None:
    resolving(monkeypatch, addresses)
    assert [str(each) for each in checked_addresses(host, 80, frozenset(named))] == addresses


@pytest.mark.parametrize(
    ("host", "named"),
    [
        ("evil.example", {"example.org"}),
        ("example.org.evil.example", {"example.org", "*.example.org"}),
        ("evilexample.org", {"*.example.org"}),
        ("example.org", {"*.example.org"}),
        ("127.0.0.1", {"example.org"}),
        ("2130706433", {"127.0.0.1"}),
        ("hook.example.org", set()),
        ("hook.example.org", {"*"}),
        ("localhost", {"127.0.0.1"}),
    ],
)
def test_what_is_not_named_is_not_even_looked_up(monkeypatch: pytest.MonkeyPatch, host: str, named: set[str]) -> None:
    asked = resolving(monkeypatch, ["93.184.215.14"])
    with pytest.raises(NotAllowedError, match="not among those"):
        checked_addresses(host, 80, frozenset(named))
    assert asked == []


def test_the_address_that_was_checked_is_the_one_that_is_called(
    monkeypatch: pytest.MonkeyPatch, serve: Any, http: Any
) -> None:
    """A name that leads elsewhere a moment later (DNS rebinding): it is looked up once, and that is called."""
    server = serve(lambda _: http(200, {}))
    asked = resolving(monkeypatch, ["127.0.0.1"], ["127.0.0.2"])
    named = frozenset({"hook.example.org", "127.0.0.1"})
    prepared = outgoing.prepare(request(f"http://hook.example.org:{server.port}/x?a=b"), {})
    assert send(prepared, named).success
    assert asked == ["hook.example.org"]
    assert server.requests[0].headers["host"] == f"hook.example.org:{server.port}"
    assert not send(prepared, named).success  # the second time it leads to where nothing may go


def test_where_one_address_is_away_the_next_is_called(monkeypatch: pytest.MonkeyPatch, serve: Any, http: Any) -> None:
    server = serve(lambda _: http(200, {}))
    resolving(monkeypatch, ["127.0.0.3", "127.0.0.1"])
    named = frozenset({"hook.example.org", "127.0.0.0/8"})
    assert send(outgoing.prepare(request(f"http://hook.example.org:{server.port}/"), {}), named).success


@pytest.fixture
def silent() -> Iterator[int]:
    """A port at which every address of this machine lets callers wait: as many wait as the system lets."""
    with socket.create_server(("", 0), backlog=0) as listening, ExitStack() as waiting:
        port = listening.getsockname()[1]
        for _ in range(3):
            caller = waiting.enter_context(socket.socket())
            caller.setblocking(False)
            caller.connect_ex(("127.0.0.1", port))
        yield port


def test_a_request_has_its_time_in_whole_however_many_addresses_let_it_wait(
    monkeypatch: pytest.MonkeyPatch, silent: int
) -> None:
    monkeypatch.setattr(sending, "SECONDS", 0.4)
    resolving(monkeypatch, [f"127.0.0.{number}" for number in range(1, 6)])
    prepared = outgoing.prepare(request(f"http://hook.example.org:{silent}/"), {})
    begun = time.monotonic()
    sent = send(prepared, frozenset({"hook.example.org", "127.0.0.0/8"}))
    assert sent == sending.Sent(success=False, status=None, log=sent.log)
    assert 0.3 < time.monotonic() - begun < 0.8


def test_an_address_that_says_nothing_leaves_time_for_the_next(
    monkeypatch: pytest.MonkeyPatch, silent: int, server: Any
) -> None:
    monkeypatch.setattr(sending, "SECONDS", 1.0)
    connect = sending._connection
    ports = {"127.0.0.3": silent, "127.0.0.1": server.port}
    monkeypatch.setattr(sending, "_connection", lambda *given: connect(given[0], given[1], ports[str(given[1])], ""))
    resolving(monkeypatch, list(ports))
    named = frozenset({"hook.example.org", "127.0.0.0/8"})
    assert send(outgoing.prepare(request("http://hook.example.org/"), {}), named).success


@pytest.mark.parametrize("answer", [b"HTTP/1.1 200 " + b"x" * 500, b"H"], ids=["a byte at a time", "nothing more"])
def test_an_answer_that_does_not_end_is_not_waited_for(monkeypatch: pytest.MonkeyPatch, answer: bytes) -> None:
    monkeypatch.setattr(sending, "SECONDS", 0.4)

    def drip(listening: socket.socket) -> None:
        with suppress(OSError), listening.accept()[0] as caller:
            for byte in answer:
                caller.sendall(bytes([byte]))
                time.sleep(0.02)
            caller.recv(1 << 20)
            caller.recv(1)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        answering = threading.Thread(target=drip, args=(listening,))
        answering.start()
        begun = time.monotonic()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        sent = send(outgoing.prepare(request(url), {}), HOSTS)
        assert 0.3 < time.monotonic() - begun < 1.5
        answering.join()
    assert (sent.status, sent.log) == (None, f"POST {url}\nNo answer: TimeoutError\n")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(serve: Any, http: Any, status: int) -> None:
    elsewhere = serve(lambda _: http(200, {}))
    server = serve(lambda _: http(status, b"", Location=f"{elsewhere.url}/"))
    sent = send(outgoing.prepare(request(f"{server.url}/"), {}), HOSTS)
    assert (sent.success, sent.status) == (False, status)
    assert elsewhere.requests == []


def test_no_proxy_is_asked_to_call(monkeypatch: pytest.MonkeyPatch, serve: Any, http: Any) -> None:
    proxy, server = serve(lambda _: http(200, {})), serve(lambda _: http(200, {}))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, proxy.url)
    assert send(outgoing.prepare(request(f"{server.url}/"), {}), HOSTS).success
    assert proxy.requests == []


@pytest.mark.parametrize(
    "url",
    [
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "//127.0.0.1/",
        "http://",
        "http://${pactbroker.consumerName}/",
        "http://127.0.0.1:${pactbroker.consumerName}/",
        "http://127.0.0.1@evil.example/",
        f"http://ann:{SECRET}@127.0.0.1/",
        "http://127.0.0.1\\@evil.example/",
        "http://evil.example#@127.0.0.1/",
    ],
)
def test_an_address_that_could_lead_elsewhere_is_refused(broker: Any, url: str) -> None:
    status, said = call(broker, "POST", "/webhooks", {"request": request(url)})
    assert (status, list(said["errors"])) == (400, ["request.url"])
    assert SECRET not in json.dumps(said)


@pytest.mark.parametrize(
    ("name", "value"), [("Host", "evil.example"), ("Content-Length", "1"), ("Transfer-Encoding", "chunked")]
)
def test_a_header_cannot_turn_one_request_into_another(serve: Any, http: Any, name: str, value: str) -> None:
    server = serve(lambda _: http(200, {}))
    given = outgoing.kept(request(f"{server.url}/", headers={name: value, "User-Agent": "ours"}, body="text"))
    assert send(outgoing.prepare(given, {}), HOSTS).success
    [got] = server.requests
    assert (got.body, got.headers["host"]) == (b"text", f"127.0.0.1:{server.port}")
    assert (got.headers["content-length"], got.headers["user-agent"]) == ("4", "ours")
    assert "transfer-encoding" not in got.headers


@pytest.mark.parametrize("name", ["", "a b", "a:b", "a\r\nb", "ä"])
def test_a_header_has_a_name_that_is_one(broker: Any, name: str) -> None:
    status, said = call(broker, "POST", "/webhooks", {"request": request("http://127.0.0.1/", headers={name: "x"})})
    assert (status, list(said["errors"])) == (400, ["request.headers"])


def test_what_a_pact_broker_adds_is_added(serve: Any, http: Any) -> None:
    """A form without a Content-Type, as GitLab's triggers take it, is a form there: Ruby says so by itself."""
    server = serve(lambda _: http(200, {}))
    for given in ({"body": "token=x&ref=main"}, {"body": "{}", "headers": {"content-type": "application/json"}}, {}):
        assert send(outgoing.prepare(outgoing.kept(request(f"{server.url}/", **given)), {}), HOSTS).success
    kinds = [got.headers.get("content-type") for got in server.requests]
    assert kinds == ["application/x-www-form-urlencoded", "application/json", None]
    assert {got.headers["accept"] for got in server.requests} == {"*/*"}


def test_trying_one_out_shows_what_was_sent(broker: Any, serve: Any, http: Any) -> None:
    server = serve(lambda _: http(200, {}))
    published(broker, "1%2F2")
    given = request(f"{server.url}/?v=${{pactbroker.consumerVersionNumber}}", body={"e": "${pactbroker.eventName}"})
    said = call(broker, "POST", "/webhooks/execute", {"request": given})[1]
    assert (said["request"]["url"], said["request"]["body"]) == (f"{server.url}/?v=1%2F2", {"e": "test"})
    assert server.requests[0].path == "/?v=1%2F2"


def test_parameters_cannot_break_out(serve: Any, http: Any) -> None:
    """What somebody named a branch: in the address it is one value, in a header one line, in JSON one text."""
    server = serve(lambda _: http(200, {}))
    name = 'a/../b?c=d&e#f\r\nX-Evil: 1 "}'
    template = request(
        f"{server.url}/x/${{pactbroker.branch}}?b=${{pactbroker.branch}}",
        headers={"X-Branch": "${pactbroker.branch}"},
        body={"${pactbroker.branch}": ["${pactbroker.branch}"]},
        username="${pactbroker.branch}",
        password="p",
    )
    assert send(outgoing.prepare(outgoing.kept(template), {"branch": name}), HOSTS).success
    [got] = server.requests
    escaped = "a%2F..%2Fb%3Fc%3Dd%26e%23f%0D%0AX-Evil%3A+1+%22%7D"
    assert got.path == f"/x/{escaped}?b={escaped}"
    assert "x-evil" not in got.headers
    assert json.loads(got.body) == {name: [name]}
    assert base64.b64decode(got.headers["authorization"].split()[1]).decode() == f"{name}:p"


def test_a_header_is_sent_whatever_a_branch_is_called(serve: Any, http: Any) -> None:
    """In UTF-8, as a Pact Broker sends it."""
    server = serve(lambda _: http(200, {}))
    template = request(f"{server.url}/", headers={"X-Branch": "${pactbroker.branch}", "User-Agent": "☃"})
    assert send(outgoing.prepare(outgoing.kept(template), {"branch": "br☃ä"}), HOSTS).success
    [got] = server.requests
    assert (got.headers["x-branch"], got.headers["user-agent"]) == ("br☃ä", "☃")


# --- what is never shown again --------------------------------------------------------------------------------

HIDDEN = {
    "headers": {
        "Authorization": f"Bearer {SECRET} ${{pactbroker.none}}",
        "X-Api-Key": SECRET,
        "Cookie": f"a={SECRET}",
        "X-Auth": SECRET,
        "X-Whatever": SECRET,
        "X-GitHub-Api-Version": "shown",
        "X-Event": "${pactbroker.none}",
    },
    "username": "ann",
    "password": SECRET,
    "body": {
        "ref": "main",
        "token": SECRET,
        "variables": [{"API_KEY": SECRET}, {"deep": {"client_secret": SECRET, "passwords": [SECRET]}}],
        "form": f"ref=main&token={SECRET}",
    },
}
TEXTS = [
    f"ref=main&token={SECRET}&x=1",
    f'{{"ref": "main", "token": "{SECRET}", "a": {{"password":"{SECRET}"}}}}',
    f'{{"password":"{SECRET}&token={SECRET}"}}',
    f'{{"form":"ref=main&token={SECRET}","ref":"${{pactbroker.none}}"}}',
    f'{{"payload":"{{\\"token\\": \\"{SECRET}\\"}}"}}',
    f"a=token={SECRET}&token={SECRET}2&u=http://x?token={SECRET}3",
    "a=" * 10_000 + f"b&token={SECRET}",
]


@pytest.mark.parametrize("body", [HIDDEN["body"], *TEXTS])
def test_a_secret_is_sent_and_never_shown_again(broker: Any, serve: Any, http: Any, body: Any) -> None:
    """Not by any answer, nor in a log; and whoever puts back what was shown keeps it."""
    server = serve(lambda _: http(500, SECRET.encode()))
    given = request(f"{server.url}/hook/{SECRET}/x?token={SECRET}&ref=main", **HIDDEN | {"body": body})
    status, made = call(broker, "POST", "/webhooks", {"request": given, "events": [{"name": "contract_published"}]})
    assert status == 201
    path = f"/webhooks/{made['uuid']}"
    answers = [made, call(broker, "GET", path)[1], call(broker, "GET", "/webhooks")[1]]
    shown = {key: answers[1][key] for key in ("request", "events", "enabled")}
    assert [shown["request"]["headers"][name] for name in ("x-github-api-version", "x-event")] == [
        "shown",
        "${pactbroker.none}",
    ]
    assert shown["request"]["url"] == f"{server.url}/hook/{STARS}?token={STARS}&ref=main"
    answers += [call(broker, "PUT", path, {**shown, "description": "again"})[1], call(broker, "GET", path)[1]]
    answers += [call(broker, "POST", f"{path}/execute", {})[1]]
    answers += [call(broker, "POST", "/webhooks/execute", {"request": given})[1]]
    assert SECRET not in json.dumps(answers)
    for got in server.requests:
        assert got.path == f"/hook/{SECRET}/x?token={SECRET}&ref=main"
        assert got.headers["x-api-key"] == SECRET
        assert got.body == (body if isinstance(body, str) else json.dumps(body, separators=(",", ":"))).encode()
        assert base64.b64decode(got.headers["authorization"].split()[1]).decode() == f"ann:{SECRET}"
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    "part",
    [
        {"url": "https://hooks.slack.com/services/T0/B0/REAL"},
        {"url": "https://hooks.slack.com/services/T01234567/B01234567/abcdefghREALijklmnop"},
        {"url": "https://acme.webhook.office.com/webhookb2/1f-REAL@2e/IncomingWebhook/REAL/3d"},
        {"url": "https://discord.com/api/webhooks/123456789012345678/REAL-x"},
        {"url": "https://mattermost.example.org/hooks/realreal"},
        {"url": "https://api.telegram.org/bot12345:REAL/sendMessage"},
        {"url": "https://x.example.org/with/key/realreal"},
        {"url": "https://x.example.org/ci/real2"},
        {"url": "https://x.example.org/?key=REAL&sig=REAL&code=REAL&auth=REAL&pwd=REAL&access_key=REAL&a=realreal"},
        {"url": "https://x.example.org/?realreal"},
        {"url": "https://x.example.org/?cmVhbHJlYWw="},
        {"url": "https://x.example.org/?ref=main&realreal#REAL"},
        {"url": "https://x.example.org/?token=${pactbroker.eventName}REAL"},
        *(
            {"headers": {name: "realreal"}}
            for name in ("X-Password", "X-Pass", "X-Auth", "X-Credential", "X-Signature", "X-Anything")
        ),
        {"headers": {"Authorization": "Bearer ghp_REAL ${pactbroker.eventName}"}},
        {"headers": {"Authorization": "realreal ${pactbroker.eventName}"}},
        {"username": "ghp_REAL0123456789"},
        {"username": "a", "password": "realreal ${pactbroker.eventName}"},
        {"body": "key=REAL&sig=REAL&code=REAL&auth=REAL&pwd=REAL&passphrase=REAL&access_key=REAL&a=realreal"},
        {"body": "realreal"},
        {"body": "cmVhbHJlYWw=="},
        {"body": "password=p&realreal"},
        {"body": "<token>realreal</token>"},
        {"body": '{"token": realreal}'},
        {"body": {"passphrase": "REAL", "access_key": "REAL", "sig": "real", "anything": "realreal"}},
        {"body": {"token": 4242, "pin": 4242, "anything": 42424}},
        {"body": {"secret": {"value": "real", "name": "real", "list": ["real", 4242]}}},
        {"body": {"password": "x ${pactbroker.eventName} REALPW"}},
        {"body": {"text": "the token is ghp_REAL1"}},
        {"body": {"text": "see https://x.example.org/?t=0realreal"}},
        {"body": ["realreal"]},
        {"body": '{"secret": {"value": "real", "list": ["real", 4242]}, "token": 4242, "a": "realreal"}'},
        {"body": '{"password": "x ${pactbroker.eventName} REALPW"}'},
        {"body": '{"text": "{\\"token\\": \\"real\\"}", "a": "key=real&x=real0"}'},
        {"body": '["realreal", {"a": "\\u0072ealreal"}]'},
    ],
    ids=str,
)
def test_what_is_not_known_to_be_harmless_is_hidden(broker: Any, part: dict[str, Any]) -> None:
    """And comes back whole with the stars that stand for it."""
    given = {**request("https://x.example.org/"), **part}
    kept = outgoing.kept(given)
    shown = outgoing.shown(kept)
    told = json.dumps(shown) + outgoing.prepare(kept, {}).told
    assert not [real for real in ("real", "eal", "cmVhb", "4242") if real in told.lower()], told
    assert outgoing.kept(shown, kept) == kept
    assert outgoing.mixed_secrets(shown, kept) == outgoing.stray_stars(shown, kept) == []


@pytest.mark.parametrize(
    "part",
    [
        {"url": "https://api.github.com/repos/acme2/orders-2/dispatches"},
        {"url": "https://api.github.com/repos/acme/products/actions/workflows/contract-requested.yml/dispatches"},
        {"url": "https://api.github.com/repos/acme/products/statuses/${pactbroker.consumerVersionNumber}"},
        {"url": "https://gitlab.example.org/api/v4/projects/12345678/trigger/pipeline?ref=main"},
        {
            "url": "https://gitlab.example.org/api/v4/projects/acme%2Fproducts/statuses/${pactbroker.consumerVersionNumber}"
        },
        {"url": "https://ci.example.org/job/Orders/buildWithParameters?PACT_URL=${pactbroker.pactUrl}"},
        {"url": "https://dev.azure.com/acme/shop/_apis/pipelines/12/runs?event=${pactbroker.eventName}"},
        {"url": "http://127.0.0.1:8000/hook"},
        {"url": "https://ci.example.org/in/opensesame"},  # what looks like a word is taken for one; broker.md says so
        {"headers": {"accept": "application/vnd.github+json", "authorization": "Bearer ${pactbroker.eventName}"}},
        {"username": "ann.b@example.org", "password": "${pactbroker.consumerVersionNumber}"},
        {
            "body": {
                "event_type": "pact_changed",
                "client_payload": {"url": "${pactbroker.pactUrl}", "n": 12, "f": True},
            }
        },
        {"body": {"ref": "main", "inputs": {"key": "${pactbroker.consumerName}-${pactbroker.providerName}"}}},
        {"body": {"text": "Pact of *${pactbroker.consumerName}* geändert: ${pactbroker.pactUrl}", "channel": "#team"}},
        {"body": '{"state": "${pactbroker.githubVerificationStatus}", "context": "pact/verify", "a": ["b", null]}'},
        {"body": "ref=feat%2Fx&variables[PACT_URL]=${pactbroker.pactUrl}&empty="},
        {"body": "a=b&variables%5BPACT_URL%5D=${pactbroker.pactUrl}&inputs%5Bref%5D=main"},
        {"body": "text ${pactbroker.pactUrl}"},
    ],
    ids=str,
)
def test_what_is_known_to_be_harmless_is_shown(part: dict[str, Any]) -> None:
    """So that a webhook is known again."""
    given = {**request("https://x.example.org/"), **part}
    assert outgoing.shown(given) == given


@hypothesis.given(
    st.lists(
        st.sampled_from([*'=&":\\* ,{}[]?#/\n', "token", "ref", "a", "A0", STARS, "${pactbroker.x}"]), max_size=15
    ).map("".join)
)
def test_whoever_puts_back_what_was_shown_changes_nothing(text: str) -> None:
    for body in (text, [text, {"token": [text, text], "ref": text}], json.dumps({"a": text, text: [text, 1]})):
        known = {"url": f"http://x/{text}", "body": body, "username": text}
        shown = hiding.hidden(known)
        assert hiding.restored(shown, known) == known
        assert hiding.hidden(shown) == shown
        assert hiding.mixed(shown, known) == hiding.strays(shown, known) == []


def test_secrets_of_one_name_are_told_apart_by_their_order(broker: Any) -> None:
    """Where there are more or fewer of them than before, nobody can tell: it is asked, not guessed."""
    given = request("http://127.0.0.1/", body="token=one&token=two", headers={"X": "a"})
    _, made = call(broker, "POST", "/webhooks", {"request": given})
    path, stars = f"/webhooks/{made['uuid']}", STARS

    def put(body: object) -> tuple[int, Any]:
        status, said = call(broker, "PUT", path, {"request": {**given, "body": body}})
        with broker._store.reading() as db:
            kept = json.loads(db.execute("SELECT request FROM webhooks").fetchone()["request"])["body"]
        return status, kept if status == 200 else said["errors"]

    assert put(f"token={stars}&token={stars}") == (200, "token=one&token=two")
    assert put(f"token=new&token={stars}&x=1") == (200, "token=new&token=two&x=1")
    for body in (f"token={stars}", [f"token={stars}"] * 3):
        status, errors = put(body)
        assert (status, list(errors)) == (400, ["request.body"])
        assert "more or fewer values named 'token'" in errors["request.body"][0]
    assert put("token=three") == (200, "token=three")
    assert put({"token": stars, "more": {"a": 1}}) == (200, {"token": "three", "more": {"a": 1}})


STRAYS = [
    {"url": f"http://127.0.0.1/{STARS}"},
    {"url": f"http://127.0.0.1/hook/{STARS}/x"},
    {"url": f"http://127.0.0.1/?b={STARS}"},
    {"headers": {"X-B": STARS}},
    {"headers": {"X-A": f"Bearer {STARS}"}},
    {"username": STARS},
    {"username": "a", "password": f"x{STARS}"},
    {"body": {"a": STARS}},
    {"body": {"token": {"token": STARS}}},
    {"body": {"token": f"x{STARS}"}},
    {"body": f"text {STARS}"},
]


@pytest.mark.parametrize("part", STRAYS, ids=str)
def test_stars_that_stand_for_nothing_are_not_kept(broker: Any, part: dict[str, Any]) -> None:
    """They would be sent as they are, and nobody would know why the other side refuses them."""
    known = request("http://127.0.0.1/hook/A0", headers={"X-A": SECRET}, body={"token": SECRET}, password=SECRET)
    _, made = call(broker, "POST", "/webhooks", {"request": known})
    wrong = {**known, **part}
    for method, path in (
        ("POST", "/webhooks"),
        ("PUT", f"/webhooks/{made['uuid']}"),
        ("PUT", "/webhooks/of-ones-own-choice"),
        ("POST", "/webhooks/execute"),
    ):
        status, said = call(broker, method, path, {"request": wrong})
        assert (status, list(said["errors"])) == (400, [f"request.{[*part][-1]}"]), (method, path)
        assert "stars where no secret was hidden" in next(iter(said["errors"].values()))[0]


def test_a_log_of_an_earlier_version_is_shown_without_the_secrets_in_its_path(broker: Any) -> None:
    hook = {"request": request(f"http://127.0.0.1:9/services/{SECRET}"), "events": [{"name": "contract_published"}]}
    call(broker, "POST", "/webhooks", hook)
    published(broker, "1")
    ended(broker)
    with broker._store.writing() as db:
        log = f"POST http://127.0.0.1:9/services/{SECRET}\nNo answer: ConnectionError\n"
        db.execute("UPDATE webhook_executions SET log = ?", (log,))
        uuid = db.execute("SELECT uuid FROM triggered_webhooks").fetchone()["uuid"]
    _, told = call(broker, "GET", f"/triggered-webhooks/{uuid}/logs", accept="application/hal+json")
    assert told["executions"][0]["logs"] == f"POST http://127.0.0.1:9/services/{STARS}\nNo answer: ConnectionError\n"


def test_a_secret_does_not_follow_to_another_place(broker: Any) -> None:
    """Whoever may change a webhook, and does not know its secret, cannot have it sent to themselves."""
    given = request("http://127.0.0.1:8000/", **HIDDEN)
    _, made = call(broker, "POST", "/webhooks", {"request": given})
    for url in ("http://127.0.0.1:8001/", "https://127.0.0.1:8000/"):
        shown = {**made["request"], "url": url}
        status, said = call(broker, "PUT", f"/webhooks/{made['uuid']}", {"request": shown})
        assert (status, "secrets" in said["errors"]["request.url"][0]) == (400, True)
    moved = request("http://127.0.0.1:8001/", username="ann")
    assert call(broker, "PUT", f"/webhooks/{made['uuid']}", {"request": moved})[0] == 200
    with broker._store.reading() as db:
        assert SECRET not in db.execute("SELECT request FROM webhooks").fetchone()["request"]


def test_a_parameter_is_no_secret(broker: Any) -> None:
    given = request("http://127.0.0.1/?token=${pactbroker.consumerName}", body={"token": "${pactbroker.eventName}"})
    _, made = call(broker, "POST", "/webhooks", {"request": given})
    assert (made["request"]["url"], made["request"]["body"]) == (given["url"], given["body"])


# --- when they are sent ---------------------------------------------------------------------------------------


def published(broker: Any, version: str, content: str = "a") -> None:
    pact = {"consumer": {"name": "a"}, "provider": {"name": "b"}, "interactions": [{"description": content}]}
    assert call(broker, "PUT", f"/pacts/provider/b/consumer/a/version/{version}", pact)[0] in (200, 201)


def ended(broker: Any) -> list[tuple[str, int, int | None]]:
    """Wait until nothing is due now; each start's status, attempts and seconds until the next."""
    broker._delivery.close()
    with broker._store.reading() as db:
        rows = db.execute("SELECT * FROM triggered_webhooks ORDER BY id").fetchall()
        sent = {row["triggered_id"]: row["created_at"] for row in db.execute("SELECT * FROM webhook_executions")}
    return [
        (row["status"], row["attempts"], row["due_at"] and round((row["due_at"] - sent[row["id"]]) / 1_000_000))
        for row in rows
    ]


def test_one_that_fails_is_tried_again_with_growing_pauses_and_then_no_more(
    tmp_path: Path, serve: Any, http: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(lambda _: http(503, {}))
    moment = [1_000_000_000_000_000]
    monkeypatch.setattr(delivery, "now", lambda: moment[0])
    store = Store(tmp_path / "b.sqlite3")
    broker = embedded.application(tmp_path / "b.sqlite3", webhook_hosts=HOSTS)
    hook = {"request": request(f"{server.url}/"), "events": [{"name": "contract_published"}]}
    call(broker, "POST", "/webhooks", hook)
    monkeypatch.setattr("pact_gate.embedded.webhooks.triggers.now", lambda: moment[0])
    published(broker, "1")
    assert ended(broker) == [("retrying", 1, 10)]
    broker.close()
    pauses = [10]
    for attempt in range(2, 8):
        moment[0] += pauses[-1] * 1_000_000 - 1
        courier = delivery.Delivery(store, HOSTS)
        courier.wake()
        courier.close()
        assert len(server.requests) == attempt - 1  # not before its time
        moment[0] += 1
        courier = delivery.Delivery(store, HOSTS)
        courier.wake()
        courier.close()
        assert len(server.requests) == attempt
        with store.reading() as db:
            row = db.execute("SELECT * FROM triggered_webhooks").fetchone()
        if row["due_at"]:
            pauses.append((row["due_at"] - moment[0]) // 1_000_000)
    assert pauses == [10, 60, 120, 300, 600, 1200]
    assert (row["status"], row["attempts"]) == ("failure", 7)
    moment[0] += 10**12
    courier = delivery.Delivery(store, HOSTS)
    courier.wake()
    courier.close()
    assert len(server.requests) == 7
    store.close()


def test_one_that_is_disabled_is_not_sent_and_can_be_tried_out(broker: Any, serve: Any, http: Any) -> None:
    server = serve(lambda _: http(200, {}))
    hook = {"request": request(f"{server.url}/"), "events": [{"name": "contract_published"}], "enabled": False}
    _, made = call(broker, "POST", "/webhooks", hook)
    published(broker, "1")
    assert ended(broker) == []
    assert call(broker, "POST", f"/webhooks/{made['uuid']}/execute", {})[1]["success"] is True
    assert len(server.requests) == 1


def hook_to(broker: Any, url: str, **more: Any) -> str:
    made = call(
        broker, "POST", "/webhooks", {"request": request(url), "events": [{"name": "contract_published"}], **more}
    )
    assert made[0] == 201
    return str(made[1]["uuid"])


def statuses(broker: Any) -> list[tuple[str, int]]:
    with broker._store.reading() as db:
        rows = db.execute("SELECT status, attempts FROM triggered_webhooks ORDER BY id").fetchall()
    return [(row["status"], row["attempts"]) for row in rows]


def until(condition: Callable[[], object], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    assert condition()


@pytest.mark.parametrize("hosts", [(), ("example.org", "10.0.0.0/8")])
def test_who_may_not_send_leaves_it_to_who_may(tmp_path: Path, server: Any, hosts: tuple[str, ...]) -> None:
    """A step that publishes to a served file, or a broker that names other hosts, uses up no try."""
    other = embedded.application(tmp_path / "b.sqlite3", webhook_hosts=frozenset(hosts))
    hook = {"request": dumps(request(f"{server.url}/")), "events": dumps(["contract_published"]), "uuid": "x" * 16}
    with other._store.writing() as db:
        insert(db, "INSERT", "webhooks", {**hook, "enabled": 1, "created_at": 0, "updated_at": 0})
    published(other, "1")
    with other._store.reading() as db:
        uuid = db.execute("SELECT uuid FROM triggered_webhooks").fetchone()["uuid"]
    told = texts(other, f"/triggered-webhooks/{uuid}/logs")
    assert told == "The webhook was not sent yet: it waits for a broker with --webhook-hosts 127.0.0.1."
    other._delivery.close()
    assert statuses(other) == [("not_run", 0)]
    other.close()
    broker = embedded.application(tmp_path / "b.sqlite3", webhook_hosts=HOSTS)
    broker._delivery.close()
    assert statuses(broker) == [("success", 1)]
    broker.close()
    assert len(server.requests) == 1


def texts(broker: Any, path: str) -> str:
    """An answer in plain text."""
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path,
        "REQUEST_URI": path,
        "HTTP_HOST": "x",
        "wsgi.url_scheme": "http",
    }
    return b"".join(broker({**environ, "wsgi.input": io.BytesIO()}, lambda *_: None)).decode()


def test_what_another_process_leaves_is_noticed(tmp_path: Path, server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "_LOOK", 0.1)
    broker = embedded.application(tmp_path / "b.sqlite3", webhook_hosts=HOSTS)
    hook_to(broker, f"{server.url}/")
    time.sleep(0.2)
    step = embedded.application(tmp_path / "b.sqlite3")
    published(step, "1")
    step.close()
    until(lambda: server.requests)
    broker.close()


def test_what_nobody_could_send_for_a_day_is_given_up(
    broker: Any, server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broker._delivery, "wake", lambda: None)
    hook_to(broker, f"{server.url}/")
    for version, hours in (("1", 25), ("2", 23)):
        published(broker, version)
        with broker._store.writing() as db:
            query = "UPDATE triggered_webhooks SET due_at = due_at - ? WHERE id = ?"
            db.execute(query, (hours * 3_600_000_000, int(version)))
    courier = delivery.Delivery(broker._store, HOSTS)
    courier.resume()
    courier.close()
    assert statuses(broker) == [("failure", 0), ("success", 1)]
    with broker._store.reading() as db:
        log = db.execute("SELECT log FROM webhook_executions WHERE triggered_id = 1").fetchone()["log"]
    assert log == "Not sent: for a day no broker that may call its host was there.\n"


def test_a_slow_host_holds_up_nobody_else(tmp_path: Path, serve: Any, http: Any, server: Any) -> None:
    """To one host goes one request after the other."""
    going, most = threading.Semaphore(0), []
    called: list[int] = []

    def slow(_: Any) -> Any:
        called.append(1)
        most.append(len(called))
        going.acquire(timeout=10)
        called.pop()
        return http(200, {})

    held = serve(slow)
    broker = embedded.application(tmp_path / "b.sqlite3", webhook_hosts=frozenset({"127.0.0.1", "localhost"}))
    hook_to(broker, f"{held.url}/")
    hook_to(broker, f"{server.url}/".replace("127.0.0.1", "localhost"))
    for version in ("1", "2", "3"):
        published(broker, version)
    until(lambda: len(server.requests) == 3)
    assert len(held.requests) == 1
    for _ in range(3):
        going.release()
    broker.close()
    assert (len(held.requests), most) == (3, [1, 1, 1])


def hosts_of(requests: list[Any]) -> list[str]:
    return [got.headers["host"].partition(":")[0] for got in requests]


def test_slow_hosts_have_a_part_of_the_senders_and_no_more(
    tmp_path: Path, serve: Any, http: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many hosts hang, and however much waits for them, another gets through."""
    monkeypatch.setattr(delivery, "_AT_ONCE", 4)
    monkeypatch.setattr(delivery, "_SLOW_AT_ONCE", 2)
    monkeypatch.setattr(delivery, "_SLOW", 0.1)
    resolving(monkeypatch, ["127.0.0.1"])
    hanging, ended = [f"h{number}.example" for number in range(6)], threading.Event()
    first: set[str] = set()

    def answered(got: Any) -> Any:
        [host] = hosts_of([got])
        if host in first:
            ended.wait(10)
        elif host in hanging:
            first.add(host)
            time.sleep(0.2)
        return http(200, {})

    server = serve(answered)
    broker = embedded.application(tmp_path / "b.sqlite3", webhook_hosts=frozenset({"127.0.0.1", "*.example"}))
    for host in hanging:
        hook_to(broker, f"http://{host}:{server.port}/")
    for version in ("1", "2", "3"):
        published(broker, version)
    until(lambda: len(server.requests) == 6 + 2)  # each is known to be slow, and two of them hang for good
    hook_to(broker, f"http://quick.example:{server.port}/")
    published(broker, "4")
    until(lambda: "quick.example" in hosts_of(server.requests), seconds=4)
    assert len(server.requests) == 6 + 2 + 1
    ended.set()
    broker.close()
    assert len(server.requests) == 6 * 4 + 1


def test_hosts_take_turns(broker: Any, serve: Any, http: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits for one host, however long it is, comes after what nobody has been told yet."""
    monkeypatch.setattr(delivery, "_AT_ONCE", 1)
    resolving(monkeypatch, ["127.0.0.1"])
    server = serve(lambda _: http(200, {}))
    monkeypatch.setattr(broker._delivery, "wake", lambda: None)  # nothing is sent meanwhile
    monkeypatch.setattr("pact_gate.embedded.routes.webhooks.sending.is_allowed_name", lambda *_: True)
    hook_to(broker, f"http://busy.example:{server.port}/")
    for version in ("1", "2", "3"):
        published(broker, version)
    hook_to(broker, f"http://other.example:{server.port}/")
    published(broker, "4")
    courier = delivery.Delivery(broker._store, HOSTS | {"*.example"})
    courier.wake()
    courier.close()
    assert hosts_of(server.requests) == [f"{name}.example" for name in ("busy", "other", "busy", "busy", "busy")]


def test_webhooks_for_which_nothing_waits_are_not_read(broker: Any, server: Any) -> None:
    """Neither at each look nor for each request: those that are kept here could not be read."""
    other = {"events": dumps(["contract_published"]), "enabled": 0, "created_at": 0, "updated_at": 0}
    with broker._store.writing() as db:
        for number in range(20):
            insert(db, "INSERT", "webhooks", {**other, "uuid": f"{number:016}", "request": "no JSON"})
    uuid = hook_to(broker, f"{server.url}/old")
    published(broker, "1")
    until(lambda: server.requests)
    body = {"request": request(f"{server.url}/new"), "events": [{"name": "contract_published"}]}
    assert call(broker, "PUT", f"/webhooks/{uuid}", body)[0] == 200
    published(broker, "2")
    assert ended(broker) == [("success", 1, None)] * 2
    assert [got.path for got in server.requests] == ["/old", "/new"]


def test_one_that_goes_to_another_host_since_is_sent_there(
    broker: Any, serve: Any, http: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a webhook goes is remembered as long as it was not changed."""
    monkeypatch.setattr(broker._delivery, "_hosts", frozenset({"127.0.0.1"}))
    server = serve(lambda _: http(200, {}))
    uuid = hook_to(broker, f"{server.url}/")
    published(broker, "1")
    until(lambda: server.requests)
    monkeypatch.setattr("pact_gate.embedded.routes.webhooks.sending.is_allowed_name", lambda *_: True)
    body = {"request": request("http://elsewhere.example/"), "events": [{"name": "contract_published"}]}
    assert call(broker, "PUT", f"/webhooks/{uuid}", body)[0] == 200
    published(broker, "2")
    broker._delivery.close()
    assert statuses(broker) == [("success", 1), ("not_run", 0)]  # it waits for a broker that may


def test_one_that_is_deleted_while_it_waits_is_given_up(
    broker: Any, server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broker._delivery, "wake", lambda: None)  # nothing is sent meanwhile
    uuid = hook_to(broker, f"{server.url}/")
    published(broker, "1")
    assert call(broker, "DELETE", f"/webhooks/{uuid}")[0] == 204
    courier = delivery.Delivery(broker._store, HOSTS)
    courier.wake()
    courier.close()
    assert statuses(broker) == [("failure", 0)]
    with broker._store.reading() as db:
        [row] = db.execute("SELECT log FROM webhook_executions").fetchall()
    assert (row["log"], server.requests) == ("The webhook was deleted.\n", [])


def test_one_that_is_disabled_while_it_waits_is_not_tried_again(broker: Any, serve: Any, http: Any) -> None:
    server = serve(lambda _: http(500, {}))
    uuid = hook_to(broker, f"{server.url}/")
    published(broker, "1")
    until(lambda: statuses(broker) == [("retrying", 1)])
    body = {"request": request(f"{server.url}/"), "events": [{"name": "contract_published"}], "enabled": False}
    assert call(broker, "PUT", f"/webhooks/{uuid}", body)[0] == 200
    with broker._store.writing() as db:
        db.execute("UPDATE triggered_webhooks SET due_at = 1 + ?", (now(),))
    broker._delivery.wake()
    until(lambda: statuses(broker)[0][0] == "failure")
    with broker._store.reading() as db:
        logs = [row["log"] for row in db.execute("SELECT log FROM webhook_executions ORDER BY id")]
    assert (logs[-1], len(server.requests)) == ("The webhook was disabled.\n", 1)


def test_the_end_begins_nothing_that_it_could_not_finish(
    broker: Any, serve: Any, http: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is due then is kept for the next start, untouched."""
    server = serve(lambda _: http(200, {}))
    monkeypatch.setattr(broker._delivery, "wake", lambda: None)  # nothing is sent meanwhile
    hook = {"request": request(f"{server.url}/"), "events": [{"name": "contract_published"}]}
    call(broker, "POST", "/webhooks", hook)
    published(broker, "1")
    courier = delivery.Delivery(broker._store, HOSTS)
    courier._last_start = 0.0
    courier._ending.set()
    courier._work()
    assert server.requests == []
    with broker._store.reading() as db:
        row = db.execute("SELECT * FROM triggered_webhooks").fetchone()
    assert (row["status"], row["attempts"]) == ("not_run", 0)


@pytest.mark.parametrize("trouble", ["moved", "newer"])
def test_where_the_file_cannot_be_used_it_pauses_and_goes_on(
    broker: Any,
    server: Any,
    trouble: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It tries once and says so, neither at every turn nor never again."""
    courier = delivery.Delivery(broker._store, HOSTS)
    monkeypatch.setattr(broker._delivery, "wake", lambda: None)  # ours alone sends
    call(
        broker, "POST", "/webhooks", {"request": request(f"{server.url}/"), "events": [{"name": "contract_published"}]}
    )
    published(broker, "1")
    monkeypatch.setattr(delivery, "_PAUSE", 0.5)
    mended = _spoiled(tmp_path / "broker.sqlite3", trouble)
    courier.wake()
    time.sleep(0.25)
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    mended()
    until = time.monotonic() + 10
    while not server.requests and time.monotonic() < until:
        time.sleep(0.02)
    courier.close()
    assert len(server.requests) == 1


def test_where_no_thread_can_be_started_it_pauses_and_goes_on(
    broker: Any, server: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """As in a container with few of them: what was begun has its lease, and nothing is lost."""
    monkeypatch.setattr(broker._delivery, "wake", lambda: None)  # ours alone sends
    hook_to(broker, f"{server.url}/")
    published(broker, "1")
    courier = delivery.Delivery(broker._store, HOSTS)
    with no_threads():
        assert courier._begin_all() == delivery._PAUSE
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    with broker._store.writing() as db:
        db.execute("UPDATE triggered_webhooks SET due_at = due_at - ?", (delivery._LEASE,))
    courier.wake()
    courier.close()
    assert (statuses(broker), len(server.requests)) == ([("success", 1)], 1)


def test_one_that_could_not_be_cut_off_is_not_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening, no_threads():
        prepared = outgoing.prepare(request(f"http://127.0.0.1:{listening.getsockname()[1]}/", headers={}), {})
        assert sending.send(prepared, HOSTS).log.endswith("No answer: RuntimeError\n")
        connection, _ = listening.accept()
        with connection:
            assert connection.recv(1) == b""


@contextmanager
def no_threads() -> Iterator[None]:
    """No thread can be started, for want of room for its stack."""
    before = threading.stack_size(1 << 46)
    try:
        yield
    finally:
        threading.stack_size(before)


def _spoiled(path: Path, trouble: str) -> Callable[[], object]:
    """Make a broker's file one that cannot be used at all ("moved") or only be read ("newer"); gives what mends it."""
    if trouble == "moved":
        away = path.rename(path.with_suffix(".away"))
        return lambda: away.rename(path)
    number = len(schema.MIGRATIONS)
    _set_version(path, number + 1)
    return lambda: _set_version(path, number)


def _set_version(path: Path, number: int) -> None:
    with closing(sqlite3.connect(path)) as other:
        other.execute(f"PRAGMA user_version = {number}")
