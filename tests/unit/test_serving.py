"""Serving to others: who may in, what a proxy may say, the log, limits that are answered, an end without losses."""

from __future__ import annotations

import base64
import http.client
import io
import ipaddress
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from tests.unit.chromium import browser

from pact_gate import embedded
from pact_gate.embedded import estate, nested, routes
from pact_gate.embedded.app import raw_path
from pact_gate.model.errors import InputError
from pact_gate.serving import journal
from pact_gate.serving.access import Access, Credentials
from pact_gate.serving.browsers import Browsers
from pact_gate.serving.forwarded import Forwarded
from pact_gate.serving.server import Limits, Server, everyone
from pact_gate.settings.broker import AccessSettings, access_settings
from pact_gate.settings.inputs import Inputs
from pact_gate.settings.known import SERVE

TOKEN, READER = "t0ken-of-a-writer", "t0ken-of-a-reader"
USER, READING_USER = "ann:pa:ss wörd 12", "bob:another-pass"
WHO = Credentials((TOKEN, "an-0lder-token"), (USER,), (READER,), (READING_USER,))
HEARTBEAT = "/diagnostic/status/heartbeat"
SECONDS = 20


def basic(user: str) -> str:
    return f"Basic {base64.b64encode(user.encode()).decode()}"


def ask(application: Any, method: str = "GET", path: str = "/", **environ: Any) -> tuple[int, dict[str, str], bytes]:
    """Call a WSGI application as waitress does."""
    given: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "REQUEST_URI": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "waitress.invalid",
        "SERVER_PORT": "9292",
        "REMOTE_ADDR": "10.0.0.5",
        "HTTP_HOST": "10.0.0.9:9292",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
    }
    started: list[Any] = []
    answer = application(given | environ, lambda *said: started.append(said))
    body = b"".join(answer)
    if hasattr(answer, "close"):  # PEP 3333
        answer.close()
    return int(started[-1][0][:3]), dict(started[-1][1]), body


def hello(environ: Any, start: Any) -> list[bytes]:
    """Say who asked, if the application learns it."""
    start("200 OK", [("Content-Type", "text/plain")])
    return [environ.get("HTTP_AUTHORIZATION", "hello").encode()]


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Any]:
    application = embedded.application(tmp_path / "broker.sqlite3")
    yield application
    application.close()


# --- who may in -----------------------------------------------------------------------------------------------

WRITERS = [f"Bearer {TOKEN}", f"bearer  {TOKEN}", "Bearer an-0lder-token", basic(USER)]
READERS = [f"Bearer {READER}", basic(READING_USER)]
STRANGERS = [
    "",
    TOKEN,
    "Bearer",
    "Bearer ",
    f"Basic {TOKEN}",
    f"Bearer {TOKEN}x",
    f"Bearer {USER}",
    f"Bearer {READING_USER}",
    f"Digest {TOKEN}",
    basic("ann:"),
    basic("ann:pa"),
    basic(":pa:ss wörd 12"),
    basic(TOKEN),
    "Basic %%%",
    "Bearer \xff",
]
READING = [("GET", "/pacts/latest"), ("HEAD", "/"), ("OPTIONS", "/pacticipants")]
READING_BY_POST = [("POST", "/pacts/provider/a%2Fb/for-verification")]
WRITING = [
    ("POST", "/pacticipants"),
    ("PUT", "/pacticipants/a"),
    ("PATCH", "/pacticipants/a"),
    ("DELETE", "/integrations"),
    ("POST", "/webhooks/abcdefghijklmnop/execute"),  # it changes nothing here, but elsewhere
    ("POST", "/webhooks/execute"),
    ("POST", "/pacts/provider/a/for-verification/x"),
    ("POST", "/x/pacts/provider/a/for-verification"),
    ("BREW", "/"),
]


@pytest.mark.parametrize(("method", "path"), [*READING, *READING_BY_POST, *WRITING])
def test_a_writer_may_do_all_and_a_reader_reads(method: str, path: str) -> None:
    guarded = Access(hello, WHO, raw_path)
    for said in WRITERS:
        assert ask(guarded, method, path, HTTP_AUTHORIZATION=said)[0] == 200, said
    for said in READERS:
        status = ask(guarded, method, path, HTTP_AUTHORIZATION=said)[0]
        assert status == (403 if (method, path) in WRITING else 200), said


@pytest.mark.parametrize("said", STRANGERS)
def test_a_stranger_gets_nothing_but_the_heartbeat(said: str) -> None:
    guarded = Access(hello, WHO, raw_path)
    for method, path in (*READING, *READING_BY_POST, *WRITING, ("POST", HEARTBEAT), ("GET", f"{HEARTBEAT}/..")):
        status, headers, body = ask(guarded, method, path, HTTP_AUTHORIZATION=said)
        assert (status, b"hello" in body) == (401, False)
        assert headers["WWW-Authenticate"].startswith(("Basic realm=", "Bearer realm="))
    assert ask(guarded, "GET", HEARTBEAT, HTTP_AUTHORIZATION=said)[0] == 200


def test_what_is_asked_for_is_what_can_be_given() -> None:
    schemes = [
        name for name, value in Access(hello, Credentials(users=(USER,)), raw_path)._asks for name in [value.split()[0]]
    ]
    assert schemes == ["Basic"]
    assert [value.split()[0] for _, value in Access(hello, WHO, raw_path)._asks] == ["Basic", "Bearer"]


def test_the_broker_does_not_see_credentials_and_nobody_sees_them_printed() -> None:
    assert ask(Access(hello, WHO, raw_path), HTTP_AUTHORIZATION=f"Bearer {TOKEN}")[2] == b"hello"
    assert "t0ken" not in repr(WHO)
    assert "pass" not in repr(WHO)


def test_every_route_that_posts_is_either_a_question_or_needs_a_writer() -> None:
    """A new route with POST is a writer's, unless this test is changed with it."""
    guarded = Access(hello, Credentials(reader_tokens=(READER,)), raw_path)
    posts = [route.pattern for route in routes.ROUTES if route.method == "POST"]
    assert len(posts) > 10
    allowed = [path for path in posts if ask(guarded, "POST", path, HTTP_AUTHORIZATION=f"Bearer {READER}")[0] == 200]
    assert allowed == ["/pacts/provider/<provider>/for-verification"]


# --- browsers -------------------------------------------------------------------------------------------------

OWN = {"HTTP_HOST": "127.0.0.1:9292"}
CROSS = {"HTTP_SEC_FETCH_SITE": "cross-site"}


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({}, 200),
        ({"HTTP_SEC_FETCH_SITE": "none"}, 200),
        ({"HTTP_SEC_FETCH_SITE": "same-origin", "HTTP_ORIGIN": "http://127.0.0.1:9292"}, 200),
        ({"HTTP_ORIGIN": "http://LOCALHOST", "HTTP_HOST": "localhost:80"}, 200),
        ({"HTTP_ORIGIN": "http://[::1]:9292", "HTTP_HOST": "[::1]:9292"}, 200),
        ({"HTTP_ORIGIN": "https://a.example", "HTTP_HOST": "a.example:443", "wsgi.url_scheme": "https"}, 200),
        (CROSS, 403),
        ({"HTTP_SEC_FETCH_SITE": "same-site"}, 403),
        ({"HTTP_ORIGIN": "http://evil.example"}, 403),
        ({"HTTP_ORIGIN": "null"}, 403),
        ({"HTTP_ORIGIN": "http://127.0.0.1:8000"}, 403),
        ({"HTTP_ORIGIN": "http://127.0.0.1"}, 403),
        ({"HTTP_ORIGIN": "https://127.0.0.1:9292"}, 403),
        ({"HTTP_ORIGIN": "http://localhost:9292"}, 403),
        ({"HTTP_SEC_FETCH_SITE": "same-origin", "HTTP_ORIGIN": "http://evil.example"}, 403),
    ],
)
def test_a_page_of_another_site_changes_nothing(said: dict[str, str], status: int) -> None:
    """Also with the password that the browser remembers. What it may look at, it may look at."""
    for application in (hello, Access(hello, WHO, raw_path)):
        guarded = Browsers(application, only_here=False)
        for method in ("POST", "PUT", "PATCH", "DELETE", "BREW"):
            given = {**OWN, "HTTP_AUTHORIZATION": basic(USER), **said}
            assert ask(guarded, method, "/environments", **given)[0] == status, method
        for method in ("GET", "HEAD", "OPTIONS"):
            assert ask(guarded, method, "/environments", **{**OWN, "HTTP_AUTHORIZATION": basic(USER), **said})[0] == 200


def test_the_own_address_is_the_one_that_the_proxy_tells() -> None:
    guarded = Forwarded(Browsers(hello, only_here=False), PROXIES)
    for origin, status, of_others in (("https://contracts.example.org", 200, 403), ("http://10.0.0.9:9292", 403, 200)):
        assert ask(guarded, "POST", HTTP_ORIGIN=origin, **SAID)[0] == status
        assert ask(guarded, "POST", HTTP_ORIGIN=origin, REMOTE_ADDR="10.0.0.6", **SAID)[0] == of_others


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1:9292",
        "127.8.8.8",
        "host.docker.internal:9292",
        "[::1]:9292",
        "localhost",
        "LOCALHOST:1",
        "a.localhost.",
        "172.17.0.1:9292",
    ],
)
def test_this_machine_is_called_by_its_own_names(host: str) -> None:
    assert ask(Browsers(hello, only_here=True), HTTP_HOST=host)[0] == 200


@pytest.mark.parametrize(
    "host", ["evil.example:9292", "127.0.0.1.evil.example", "localhost.evil.example", "notlocalhost"]
)
def test_a_name_that_leads_to_this_machine_is_none_of_its_own(host: str) -> None:
    """Whoever has a name can lead it here, and a browser then takes their page for one of ours (DNS rebinding)."""
    status, _, said = ask(Browsers(hello, only_here=True), HTTP_HOST=host)
    assert (status, host in json.loads(said)["error"]) == (421, True)
    assert ask(Browsers(hello, only_here=False), HTTP_HOST=host)[0] == 200


# --- behind a proxy -------------------------------------------------------------------------------------------

PROXIES = (ipaddress.ip_network("10.0.0.5"), ipaddress.ip_network("fd00::/8"))
SAID = {
    "HTTP_X_FORWARDED_PROTO": "https",
    "HTTP_X_FORWARDED_HOST": "contracts.example.org",
    "HTTP_X_FORWARDED_PREFIX": "/broker/",
}


def index(broker: Any, path: str = "/", **environ: str) -> str:
    status, _, body = ask(Forwarded(broker, PROXIES), "GET", path, **environ)
    assert status == 200, body
    return str(json.loads(body)["_links"]["self"]["href"])


@pytest.mark.parametrize(
    ("said", "address"),
    [
        ({}, "http://10.0.0.9:9292"),
        (SAID, "https://contracts.example.org/broker"),
        ({**SAID, "HTTP_X_FORWARDED_PORT": "443"}, "https://contracts.example.org/broker"),
        ({**SAID, "HTTP_X_FORWARDED_PORT": "8443"}, "https://contracts.example.org:8443/broker"),
        ({**SAID, "HTTP_X_FORWARDED_HOST": "[fd00::1]", "HTTP_X_FORWARDED_PORT": "80"}, "https://[fd00::1]:80/broker"),
        ({**SAID, "HTTP_X_FORWARDED_HOST": "inner, contracts.example.org:1"}, "https://contracts.example.org:1/broker"),
        ({"HTTP_X_FORWARDED_PROTO": "HTTPS", "HTTP_HOST": "contracts.example.org"}, "https://contracts.example.org"),
        ({"HTTP_FORWARDED": 'for=1.1.1.1;host="a.example:81";proto=https'}, "https://a.example:81"),
        ({"HTTP_FORWARDED": "host=evil.example, for=1.1.1.1;Host=a.example"}, "http://a.example"),
        # A caller's own Forwarded, which a proxy that speaks X-Forwarded passes on.
        ({**SAID, "HTTP_FORWARDED": "host=evil.example;proto=http"}, "https://contracts.example.org/broker"),
        ({"HTTP_X_FORWARDED_PREFIX": "/a/b-c"}, "http://10.0.0.9:9292/a/b-c"),
    ],
)
def test_links_are_those_of_the_address_that_the_proxy_tells(broker: Any, said: dict[str, str], address: str) -> None:
    assert index(broker, **said) == address
    assert index(broker, "/pacticipants", **said) == f"{address}/pacticipants"
    assert index(broker, REMOTE_ADDR="::ffff:10.0.0.5", **said) == address
    assert index(broker, REMOTE_ADDR="fd00::7", **said) == address


@pytest.mark.parametrize("address", ["10.0.0.6", "127.0.0.1", "::1", "", "localhost", "fe80::1"])
def test_nobody_else_is_believed(broker: Any, address: str) -> None:
    said = {**SAID, "HTTP_X_FORWARDED_PORT": "1", "HTTP_FORWARDED": "host=evil.example;proto=https"}
    assert index(broker, REMOTE_ADDR=address, **said) == "http://10.0.0.9:9292"


def test_a_word_without_an_end_is_looked_through_once() -> None:
    """By anyone, before they said who they are: 64 KiB of it took eleven seconds."""
    began = time.monotonic()
    for said in ("a", 'a="', "a=", "a1"):
        assert ask(Forwarded(hello, PROXIES), HTTP_FORWARDED=said * (60_000 // len(said)))[0] in (200, 400)
    assert time.monotonic() - began < 3


def test_a_prefix_is_taken_off_once(broker: Any) -> None:
    """A prefix that is named like a resource: the proxy has taken off its own, what is left is the resource's."""
    said = {"HTTP_X_FORWARDED_PREFIX": "/pacticipants"}
    assert index(broker, "/pacticipants", **said) == "http://10.0.0.9:9292/pacticipants/pacticipants"
    guarded = Forwarded(Access(broker, WHO, raw_path), PROXIES)
    assert ask(guarded, "GET", HEARTBEAT, **said)[0] == 200
    assert ask(guarded, "GET", "/pacticipants", HTTP_X_FORWARDED_PREFIX="/diagnostic")[0] == 401


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PROTO", "javascript"),
        ("HOST", "a.example/x"),
        ("HOST", "user@a.example"),
        ("HOST", 'a"><script>'),
        ("HOST", "a.example:port"),
        ("PORT", "80/x"),
        ("PORT", "65536"),
        ("HOST", "a.example:65536"),
        ("PREFIX", "/a/.."),
        ("PREFIX", "/../a"),
        ("PREFIX", "/./a"),
        ("PREFIX", "broker"),
        ("PREFIX", "//evil.example"),
        ("PREFIX", "/a/../b?c"),
        ("PREFIX", "/" + "a" * 101),
    ],
)
def test_what_a_proxy_says_must_be_what_it_is_called(broker: Any, name: str, value: str) -> None:
    status, _, body = ask(Forwarded(broker, PROXIES), **{f"HTTP_X_FORWARDED_{name}": value})
    assert (status, name.capitalize() in json.loads(body)["error"]) == (400, True)


# --- the log --------------------------------------------------------------------------------------------------


@contextmanager
def logged() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    stream = io.StringIO()
    with journal.writing(stream):
        yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    assert stream.getvalue().isascii()
    assert TOKEN not in stream.getvalue()


def test_a_request_is_one_line_and_holds_no_secret() -> None:
    application = journal.Journal(Access(hello, WHO, raw_path))
    with logged() as lines:
        said = {"HTTP_AUTHORIZATION": f"Bearer {TOKEN}", "HTTP_X_REQUEST_ID": "job-7.a_B"}
        uri = '/pacts/\n{"event":"x"}\u2028\x1b[31m?token=secret'
        _, headers, _ = ask(application, "POST", REQUEST_URI=uri, QUERY_STRING="token=secret", **said)
        assert headers["X-Request-Id"] == "job-7.a_B"
        [line] = lines()
        assert "secret" not in str(line)
        assert line.keys() == {"time", "level", "event", "id", "method", "path", "status", "ms", "bytes"}
        assert (line["id"], line["method"], line["status"], line["bytes"]) == ("job-7.a_B", "POST", 200, 5)
        assert line["path"].startswith("/pacts/\n{")


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("/pacts?token=secret", "/pacts"),
        ("http://ann:secret@broker.example/pacts/latest?x", "/pacts/latest"),
        ("/pacts/http://x", "/pacts/http://x"),
        ("http://ann:secret@broker.example", "/"),
        ("secret", "/"),
    ],
)
def test_of_a_target_the_path_is_logged(target: str, path: str) -> None:
    assert journal.plain_path(target) == path


@pytest.mark.parametrize("said", [None, "", "a b", "a\n", "a" * 129, "<script>", "ä", '"'])
def test_an_id_that_is_no_plain_word_is_replaced(said: str | None) -> None:
    assert len(journal.request_id(said)) == 32
    assert journal.request_id(said) != journal.request_id(said)


def test_what_breaks_is_a_sentence_for_the_caller_and_a_trace_in_the_log() -> None:
    def broken(_environ: Any, _start: Any) -> Any:
        raise RuntimeError("not for\nthe caller")

    with logged() as lines:
        status, headers, body = ask(journal.Journal(broken))
        [trace, line] = lines()
    assert (status, headers["X-Request-Id"] in json.loads(body)["error"], b"not for" in body) == (500, True, False)
    assert "not for\nthe caller" in trace["trace"]
    assert trace["id"] == line["id"] == headers["X-Request-Id"]


@pytest.mark.parametrize("is_guarded", [True, False])
def test_a_browser_says_whose_page_it_shows(broker: Any, is_guarded: bool) -> None:
    """A real one; and that page would record a deployment otherwise."""
    assert sent(broker, "PUT", "/pacts/provider/b/consumer/a/version/1", {})[0] == 201
    status, said = sent(broker, "POST", "/environments", {"name": "production", "production": True})
    assert status == 201
    environment = f"environment/{json.loads(said)['uuid']}"
    limits = Limits(request_seconds=SECONDS, parting_seconds=SECONDS)
    with served(Browsers(broker, only_here=True) if is_guarded else broker, limits) as server, browser() as tab:
        to = f"{server.url}/pacticipants/a/versions/1/deployed-versions/{environment}"
        page = (
            f"<script>fetch({to!r}, {{method: 'POST', mode: 'no-cors'}}).then(() => document.title = 'sent')</script>"
        )
        with served(lambda _, start: start("200 OK", [("Content-Type", "text/html")]) or [page.encode()]) as evil:
            tab.open(evil.url)
            until = time.monotonic() + SECONDS
            while tab.run("document.title") != "sent" and time.monotonic() < until:
                time.sleep(0.02)
    _, _, listed = ask(
        broker, path=f"/environments/{environment.partition('/')[2]}/deployed-versions/currently-deployed"
    )
    assert len(json.loads(listed)["_embedded"]["deployedVersions"]) == (0 if is_guarded else 1)


# --- limits and the end ---------------------------------------------------------------------------------------

SMALL = Limits(body=1_000, head=2_000, target=500, request_seconds=SECONDS, connections=3, parting_seconds=SECONDS)
IMPATIENT = replace(SMALL, request_seconds=0.2)


@contextmanager
def served(application: Any, limits: Limits = SMALL, guard: Any = everyone) -> Iterator[Server]:
    server = Server(application, "127.0.0.1", 0, limits, guard)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield server
    finally:
        server.end()
        thread.join(SECONDS)
        assert not thread.is_alive()


def connected(server: Server) -> socket.socket:
    return socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2])), timeout=SECONDS)


def answer(connection: socket.socket) -> tuple[int, dict[str, Any]]:
    response = http.client.HTTPResponse(connection)
    response.begin()
    return response.status, json.loads(response.read())


@pytest.mark.parametrize(
    ("request_", "status", "word"),
    [
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n", 413, "1000 bytes"),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5dc\r\n" + b"x" * 1500, 413, "1000 bytes"),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 90000000\r\n\r\n" + b"x" * 4_000_000, 413, "1000 bytes"),
        (b"GET /" + b"a" * 501 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414, "500 bytes"),
        (b"GET /" + b"a" * 9_000_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414, "500 bytes"),
        (b"GET / HTTP/1.1\r\nX: " + b"a" * 2000 + b"\r\n\r\n", 431, "2000 bytes"),
        (b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 400_000 + b"\r\n", 431, "2000 bytes"),
        (b"nonsense\r\n\r\n", 400, "no HTTP"),
        (b"GET / HTTP/1.1\r\nno header\r\n\r\n", 400, "no HTTP"),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400, "no HTTP"),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 501, "chunked"),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + b"9" * 1_500 + b"\r\n\r\n", 413, "1000 bytes"),
        (b"GET / HTTP/1.1\r\n\r\n", 400, "names no Host"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, "its Host is none"),
        (b"GET / HTTP/1.0\r\nHost: a/b?c\r\n\r\n", 400, "its Host is none"),
        (b'GET / HTTP/1.1\r\nHost: a"><script>\r\n\r\n', 400, "its Host is none"),
        (b"GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n", 400, "its Host is none"),
        (b"GET http://[ HTTP/1.1\r\nHost: a\r\n\r\n", 400, "its address cannot be read"),
        (b"GET / HTTP/1.1\r\nHost: a\r\n", 408, "0.2 seconds"),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nab", 408, "0.2 seconds"),
    ],
)
def test_a_limit_is_a_sentence_that_arrives(request_: bytes, status: int, word: str) -> None:
    """Also to one who sends on and on before it reads: the connection is closed, not torn down."""
    limits = IMPATIENT if status == 408 else SMALL
    with logged() as lines, served(hello, limits) as server, connected(server) as connection:
        connection.sendall(request_)
        answered, body = answer(connection)
        assert (answered, word in body["error"]) == (status, True)
        [line] = lines()
        assert line["status"] == status
        assert line.keys() == {"time", "level", "event", "id", "method", "path", "status", "ms", "bytes"}
        assert (line["ms"] >= 200) == (status == 408)


@pytest.mark.parametrize(
    ("chunks", "status", "word"),
    [
        (b"1;" + b"a" * 9_000_000, 400, "size of a chunk"),
        (b"1\r\na\r\n" + b"0" * 9_000_000, 400, "size of a chunk"),
        (b"0\r\nX: " + b"a" * 9_000_000, 431, "2000 bytes"),
        (b"0\r\n" + b"a: b\r\n" * 1_500_000, 431, "2000 bytes"),
    ],
)
def test_what_stands_beside_a_bodys_chunks_is_limited_as_well(chunks: bytes, status: int, word: str) -> None:
    """It was looked through from its beginning with each part that arrived."""
    with served(hello, replace(SMALL, body=20_000_000)) as server, connected(server) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks)
        answered, body = answer(connection)
        assert (answered, word in body["error"]) == (status, True)


@pytest.mark.parametrize(("said", "status"), [("", 401), ("Bearer x", 401), (f"Bearer {READER}", 403)])
@pytest.mark.parametrize("body", [b"Content-Length: 1000", b"Transfer-Encoding: chunked"])
def test_who_may_not_send_a_body_is_told_so_before_it_is_there(said: str, status: int, body: bytes) -> None:
    guarded = Access(hello, WHO, raw_path)
    with served(guarded, guard=guarded.denial) as server, connected(server) as connection:
        head = f"POST /pacticipants HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nAuthorization: {said}\r\n".encode()
        connection.sendall(head + body + b"\r\n\r\n")
        response = http.client.HTTPResponse(connection)
        response.begin()
        assert (response.status, "error" in json.loads(response.read())) == (status, True)
        assert bool(response.headers.get_all("WWW-Authenticate")) == (status == 401)
        assert connection.recv(1) == b""


@pytest.mark.parametrize("host", ["a", "a/b"])
def test_who_is_refused_at_head_gets_no_body(host: str) -> None:
    """It would be taken for the next answer."""
    with served(Access(hello, WHO, raw_path)) as server, connected(server) as connection:
        connection.sendall(f"HEAD / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        head, _, rest = b"".join(iter(lambda: connection.recv(65536), b"")).partition(b"\r\n\r\n")
    assert int(http.client.parse_headers(io.BytesIO(head.partition(b"\r\n")[2]))["Content-Length"]) > 0
    assert rest == b"" if host == "a/b" else rest.startswith(b"HTTP/1.1 401 ")


def test_who_sent_a_short_body_may_ask_again_on_the_same_connection() -> None:
    guarded = Access(hello, WHO, raw_path)
    with served(guarded, guard=guarded.denial) as server, connected(server) as connection:
        for said, status in (("Bearer x", 401), (f"Bearer {TOKEN}", 200)):
            head = f"POST / HTTP/1.1\r\nHost: a\r\nAuthorization: {said}\r\nContent-Length: 2\r\n\r\n"
            connection.sendall(head.encode() + b"{}")
            response = http.client.HTTPResponse(connection)
            response.begin()
            assert (response.status, response.will_close) == (status, False)
            response.read()


def test_who_sends_slowly_can_read_why_it_was_refused() -> None:
    with served(hello, replace(SMALL, lingering_seconds=0.3)) as server, connected(server) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000\r\n\r\n")
        for _ in range(10):
            time.sleep(0.1)
            connection.sendall(b"x" * 1_000)
        assert answer(connection)[0] == 413


def test_who_never_stops_sending_is_let_go() -> None:
    limits = replace(SMALL, lingering_seconds=0.3, request_seconds=1)
    with served(hello, limits) as server, connected(server) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000\r\n\r\n")
        began = time.monotonic()
        with suppress(ConnectionError):
            while time.monotonic() - began < SECONDS:
                time.sleep(0.05)
                connection.sendall(b"x" * 1_000)
        assert 0.9 < time.monotonic() - began < SECONDS


def test_who_may_send_a_body_is_asked_for_it() -> None:
    guarded = Access(hello, WHO, raw_path)
    with served(guarded, guard=guarded.denial) as server, connected(server) as connection:
        head = b"POST /pacticipants HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n"
        connection.sendall(head + f"Authorization: Bearer {TOKEN}\r\n\r\n".encode())
        assert connection.recv(25) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"{}")
        assert connection.recv(15) == b"HTTP/1.1 200 OK"


def test_a_body_that_is_too_long_is_not_asked_for() -> None:
    with served(hello) as server, connected(server) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1001\r\n\r\n")
        assert answer(connection)[0] == 413


def test_an_address_with_another_in_it_is_read(broker: Any) -> None:
    for path in ("//[://", "/a://[", "/pacticipants/http://[x"):
        assert ask(broker, path=path, REQUEST_URI=path)[0] == 404, path


@pytest.mark.parametrize(
    "head",
    [
        b"GET a://" + b"9" * 30_000 + b" x HTTP/1.1\r\nHost: a",
        b"GET a://" + b"9" * 60_000 + b" HTTP/1.1 \r\nHost: a",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b" " * 60_000 + b"x",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: a" + b"\t" * 60_000 + b"\x01",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: " + (b" " * 99 + b"x") * 600 + b"\x01",
    ],
)
def test_a_head_is_read_in_a_time_that_grows_as_it_does(head: bytes) -> None:
    """waitress alone reads nothing else meanwhile, for a minute or four, before anybody said who they are."""
    began = time.monotonic()
    with served(hello, Limits()) as server, connected(server) as connection:
        connection.sendall(head + b"\r\n\r\n")
        assert answer(connection)[0] in (400, 414)
    assert time.monotonic() - began < 3


def test_a_number_of_thousands_of_digits_is_none() -> None:
    with logged() as lines, served(hello, Limits()) as server, connected(server) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + b"9" * 5_000 + b"\r\n\r\n")
        assert answer(connection)[0] == 400
        assert [line["event"] for line in lines()] == ["request"]


@pytest.mark.parametrize("version", [b"1.1", b"1.0"])
def test_a_body_of_two_lengths_is_refused_and_nothing_after_it_is_read(version: bytes) -> None:
    """A proxy that takes the one length, where we take the other, would pass on what it has not seen."""
    head = b"POST / HTTP/" + version + b"\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
    with served(hello) as server, connected(server) as connection:
        connection.sendall(head + b"0\r\n\r\n" + b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        status, body = answer(connection)
        assert (status, "two lengths" in body["error"]) == (400, True)
        assert connection.recv(1) == b""


@pytest.mark.parametrize("host", [b"a", b"a_b.example:9292", b"[::1]:9292", b"127.0.0.1:65535", b"EXAMPLE.org."])
def test_every_host_that_there_can_be_is_taken(host: bytes) -> None:
    with served(hello) as server, connected(server) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: " + host + b"\r\n\r\n")
        assert connection.recv(15) == b"HTTP/1.1 200 OK"


def test_what_is_just_within_the_limits_is_taken() -> None:
    whole = b"POST /" + b"a" * 499 + b" HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n" + b"x" * 1000
    with served(hello) as server, connected(server) as connection:
        connection.sendall(whole)
        assert connection.recv(15) == b"HTTP/1.1 200 OK"


def test_nobody_keeps_a_connection_for_nothing() -> None:
    """One that is idle, and one whose answer is not fetched, which would keep it in memory."""
    large = b"x" * 50_000_000

    def answering(environ: Any, start: Any) -> list[bytes]:
        body = large if environ["PATH_INFO"] == "/large" else b"hello"
        start("200 OK", [("Content-Length", str(len(body)))])
        return [body]

    with served(answering, replace(SMALL, idle_seconds=1)) as server:
        with connected(server) as idle:
            idle.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            while idle.recv(1000):
                pass  # until it is closed
        with connected(server) as lazy:
            lazy.sendall(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
            assert lazy.recv(1, socket.MSG_PEEK) == b"H"
            until = time.monotonic() + SECONDS
            while server._server.active_channels and time.monotonic() < until:
                time.sleep(0.05)
            got = 0
            with suppress(ConnectionResetError):
                while piece := lazy.recv(1 << 20):
                    got += len(piece)
            assert got < len(large)


def test_one_connection_too_many_is_told_so_and_the_next_gets_in() -> None:
    with served(hello) as server:
        open_ones = [connected(server) for _ in range(3)]
        for connection in open_ones:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            assert connection.recv(15) == b"HTTP/1.1 200 OK"
        with connected(server) as late:
            status, body = answer(late)
            assert (status, "3 connections" in body["error"]) == (503, True)
            assert late.recv(1) == b""
        open_ones.pop().close()
        status = 503
        while status == 503:  # until it has seen that one is gone
            with connected(server) as later:
                later.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                status = int(later.recv(12)[9:])
        assert status == 200
        for connection in open_ones:
            connection.close()


def test_what_is_under_way_at_the_end_is_answered_and_nothing_new_is_taken() -> None:
    """A request that is being answered, one with a large answer that nobody fetches yet, one that is half there."""
    began, may_go_on = threading.Event(), threading.Event()
    large = b"x" * 20_000_000

    def slow(environ: Any, start: Any) -> list[bytes]:
        if environ["PATH_INFO"] == "/slow":
            began.set()
            assert may_go_on.wait(SECONDS)
        body = large if environ["PATH_INFO"] == "/large" else environ["wsgi.input"].read() or b"done"
        start("200 OK", [("Content-Length", str(len(body)))])
        return [body]

    limits = Limits(request_seconds=SECONDS, parting_seconds=SECONDS)
    with served(slow, limits) as server:
        idle, waiting, half, fetching = (connected(server) for _ in range(4))
        idle.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert idle.recv(15) == b"HTTP/1.1 200 OK"
        half.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n")
        assert half.recv(25) == b"HTTP/1.1 100 Continue\r\n\r\n"
        half.sendall(b"ab")
        fetching.sendall(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
        assert fetching.recv(1, socket.MSG_PEEK) == b"H"
        waiting.sendall(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
        assert began.wait(SECONDS)
        server.end()
        while idle.recv(1000):
            pass  # until it is closed
        with pytest.raises(OSError, match="refused"):
            connected(server).close()
        may_go_on.set()
        half.sendall(b"cd")
        for connection, body in ((waiting, b"done"), (half, b"abcd"), (fetching, large)):
            response = http.client.HTTPResponse(connection)
            response.begin()
            assert response.read() == body
        for connection in (idle, waiting, half, fetching):
            connection.close()


def test_one_who_never_finishes_does_not_hold_up_the_end() -> None:
    with served(hello, Limits(request_seconds=SECONDS, parting_seconds=0.2)) as server, connected(server) as half:
        half.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n")
        assert half.recv(25) == b"HTTP/1.1 100 Continue\r\n\r\n"
        server.end()
        assert half.recv(1) == b""


LONG_NAME = "ä" * 1_001
CONTRACT = {"consumerName": "a", "providerName": "b", "content": "e30=", "contentType": "application/json"}
PUBLISHED = {
    "pacticipantName": "a",
    "pacticipantVersionNumber": "1",
    "contracts": [CONTRACT | {"specification": "pact"}],
}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/pacticipants", {"name": LONG_NAME}),
        ("POST", "/pacticipants", {"name": "a", "mainBranch": LONG_NAME}),
        ("PUT", f"/pacticipants/{quote(LONG_NAME)}", {}),
        ("PUT", f"/pacticipants/a/versions/{quote(LONG_NAME)}", {}),
        ("PUT", "/pacticipants/a/versions/1", {"tags": [{"name": LONG_NAME}]}),
        ("PUT", f"/pacticipants/a/branches/{quote(LONG_NAME)}/versions/1", {}),
        ("PUT", f"/pacticipants/a/versions/1/tags/{quote(LONG_NAME)}", {}),
        ("PUT", f"/pacticipants/a/labels/{quote(LONG_NAME)}", {}),
        ("PUT", f"/pacts/provider/b/consumer/a/version/{quote(LONG_NAME)}", {}),
        ("POST", "/environments", {"name": LONG_NAME, "production": True}),
        ("POST", "/contracts/publish", PUBLISHED | {"pacticipantVersionNumber": LONG_NAME}),
        ("POST", "/contracts/publish", PUBLISHED | {"branch": LONG_NAME}),
        ("POST", "/contracts/publish", PUBLISHED | {"tags": ["a", LONG_NAME]}),
        ("POST", "/contracts/publish", PUBLISHED | {"contracts": [CONTRACT | {"providerName": LONG_NAME}]}),
        ("POST", "/pacts/provider/b/for-verification", {"providerVersionBranch": LONG_NAME}),
        ("POST", "/pacts/provider/b/for-verification", {"providerVersionTags": ["a", LONG_NAME]}),
        *(
            ("POST", "/pacts/provider/b/for-verification", {"consumerVersionSelectors": [{"latest": True, **names}]})
            for names in (
                {"consumer": LONG_NAME},
                {"branch": LONG_NAME},
                {"tag": LONG_NAME},
                {"environment": LONG_NAME},
                {"branch": "a", "fallbackBranch": LONG_NAME},
                {"tag": "a", "fallbackTag": LONG_NAME},
            )
        ),
    ],
)
def test_a_name_that_is_too_long_is_refused_by_a_sentence(broker: Any, method: str, path: str, body: object) -> None:
    status, said = sent(broker, method, path, body)
    assert (status, b"longer than 1000 characters" in said) == (400, True), said


def sent(broker: Any, method: str, path: str, body: object) -> tuple[int, bytes]:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    given = {"CONTENT_TYPE": "application/json", "CONTENT_LENGTH": str(len(content)), "wsgi.input": io.BytesIO(content)}
    status, _, said = ask(broker, method, path, **given)
    return status, said


def test_what_is_asked_a_thousand_times_is_looked_up_once(broker: Any) -> None:
    """By a reader: 200,000 selectors took a minute, and most of a gigabyte."""
    assert sent(broker, "PUT", "/pacts/provider/b/consumer/a/version/1", {})[0] == 201
    statements: list[str] = []
    with broker._store.reading() as connection:
        connection.set_trace_callback(statements.append)
    for number in (1, 1_000):
        for selector in ({"latest": True}, {"environment": "test"}, {"tag": "a", "fallbackTag": "b", "latest": True}):
            body = {"consumerVersionSelectors": [selector] * number, "providerVersionTags": ["main"] * number}
            sent(broker, "POST", "/pacts/provider/b/for-verification", body)
        ask(broker, "GET", "/can-i-deploy", QUERY_STRING="pacticipant=a&version=1&to=b" + "&ignore[]=c" * number)
        statements.append("")
    once, often = (text.count("\n") for text in "\n".join(statements).split("\n\n"))
    assert once == often


def test_who_may_only_read_sends_no_long_questions_and_gets_no_longer_answers(broker: Any) -> None:
    assert sent(broker, "PUT", "/pacts/provider/b/consumer/a/version/1", {})[0] == 201
    for number, status in ((9_000, 400), (700_000, 413)):
        answered, said = sent(
            broker, "POST", "/pacts/provider/b/for-verification", {"consumerVersionSelectors": [1] * number}
        )
        assert (answered, len(said) < 50_000) == (status, True)


def test_the_matrix_is_asked_about_a_thousand_selectors_at_most(broker: Any) -> None:
    assert sent(broker, "PUT", "/pacts/provider/b/consumer/a/version/1", {})[0] == 201
    for name in ("q", "ignore"):
        many = "".join(f"&{name}[]pacticipant=a&{name}[]version={number}" for number in range(1_001))
        status, _, said = ask(broker, path="/matrix", QUERY_STRING="q[]pacticipant=a" + many)
        assert (status, b"More than 1000" in said) == (400, True)


def test_more_values_than_fit_into_memory_are_refused_by_a_sentence(broker: Any) -> None:
    many = b'{"interactions":[' + b"{}," * 300_000 + b"{}]}"
    for method, path in (("PUT", "/pacts/provider/b/consumer/a/version/1"), ("POST", "/pacticipants")):
        status, said = sent(broker, method, path, many)
        assert (status, b"500,000 JSON values" in said) == (413, True)
    content = base64.b64encode(b'{"interactions":[' + b"{}," * 100_000 + b"{}]}").decode()
    contract = PUBLISHED["contracts"][0] | {"content": content}
    for number, status in ((2, 200), (3, 400)):
        contracts = [contract | {"providerName": f"b{index}"} for index in range(number)]
        answered, said = sent(broker, "POST", "/contracts/publish", PUBLISHED | {"contracts": contracts})
        assert (answered, b"500,000 JSON values" in said) == (status, status == 400), said


@pytest.mark.parametrize(
    ("one", "other"), [("{}", '{"interactions":[]}'), ('{"interactions":[1]}', '{"interactions":[]}')]
)
def test_two_contracts_of_a_publication_that_cannot_be_merged_are_refused(broker: Any, one: str, other: str) -> None:
    for first, second in ((one, other), (other, one)):
        contents = [base64.b64encode(text.encode()).decode() for text in (first, second)]
        contracts = [
            PUBLISHED["contracts"][0] | {"content": content, "onConflict": how}
            for content, how in zip(contents, ("overwrite", "merge"), strict=True)
        ]
        status, said = sent(broker, "POST", "/contracts/publish", PUBLISHED | {"contracts": contracts})
        assert (status, b"cannot be merged" in said) == (400, True)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("HTMLTool", ["html", "tool"]),
        ("orderService2API", ["order", "service2", "api"]),
        ("ABc_d-E f", ["a", "bc", "d", "e", "f"]),
        ("A" * 60_000, ["a" * 60_000]),
    ],
)
def test_a_names_words_are_found_in_a_time_that_grows_as_it_does(name: str, words: list[str]) -> None:
    """A publication may hold a thousand names of a thousand capitals, and nobody else can write meanwhile."""
    began = time.monotonic()
    assert estate.words(name) == words
    assert time.monotonic() - began < 5


def test_elements_with_a_number_are_read_in_a_time_that_grows_as_they_do() -> None:
    query = "&".join(f"q[{number}][a]=1&q[{number}][b]=2" for number in range(5_000))
    began = time.process_time()
    assert nested.parse(query)["q"] == [{"#": str(number), "a": "1", "b": "2"} for number in range(5_000)]
    assert nested.parse("q[0][a]=1&q[1][a]=2&q[0][b]=3&q=4&q[0][c]=5") == {"q": [{"#": "0", "c": "5"}]}
    assert time.process_time() - began < 0.5


def test_several_conflicts_are_not_compared_for_longer_than_one(broker: Any) -> None:
    """Nobody else can write meanwhile."""

    def publication(number: int, word: str) -> dict[str, Any]:
        pact = json.dumps({"interactions": [{"x": [f"{word}{line}" for line in range(6_000)]}]}).encode()
        contract = CONTRACT | {"specification": "pact", "content": base64.b64encode(pact).decode()}
        return PUBLISHED | {"contracts": [contract | {"providerName": f"b{index}"} for index in range(number)]}

    assert sent(broker, "POST", "/contracts/publish", publication(16, "a"))[0] == 200
    for number, is_too_long in ((2, False), (16, True)):
        status, said = sent(broker, "POST", "/contracts/publish", publication(number, "b"))
        assert (status, b"too long to be compared" in said) == (409, is_too_long)


def test_a_pact_does_not_grow_beyond_what_can_be_sent_at_once(broker: Any) -> None:
    """Whoever reads it would have the broker keep it in memory."""
    path = "/pacts/provider/b/consumer/a/version/"
    for version, filling in (("1", b"{}," * 100_000 + b"{}"), ("2", b'"' + b"x" * (11 << 20) + b'"')):
        parts = [b'{"interactions":[{"description":"%d","x":[' % number + filling + b"]}]}" for number in range(3)]
        answers = [sent(broker, "PATCH", path + version, part) for part in parts]
        taken = [status for status, _ in answers if status != 413]
        assert taken in ([201], [201, 200])
        assert all(b"merged pact would" in said for status, said in answers[len(taken) :])


def test_a_publication_has_at_most_a_thousand_contracts_and_tags(broker: Any) -> None:
    for more in ({"contracts": [CONTRACT] * 1_001}, {"tags": [f"t{number}" for number in range(1_001)]}):
        status, said = sent(broker, "POST", "/contracts/publish", PUBLISHED | more)
        assert (status, b"more than 1000" in said) == (400, True)


# --- what `broker serve` is told ------------------------------------------------------------------------------

LONG = "0123456789abcdef"


def told(given: dict[str, str] | None = None, **environment: str) -> AccessSettings:
    return access_settings(Inputs(given or {}, environment))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "[::1]", "localhost"])
def test_on_this_machine_alone_nobody_need_say_who_they_are(host: str) -> None:
    assert told({"host": host}).host in ("127.0.0.1", "127.8.8.8", "::1")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "192.168.1.1", "2001:db8::1"])
def test_anywhere_else_somebody_must_be_named(host: str) -> None:
    with pytest.raises(InputError, match="everyone who reaches this machine"):
        told({"host": host, "trusted-proxy": "10.0.0.5"})
    for kind in ("TOKEN", "USER", "READ_ONLY_TOKEN", "READ_ONLY_USER"):
        secret = f"ann:{LONG}" if kind.endswith("USER") else LONG
        assert told({"host": host}, **{f"PACT_GATE_SERVE_{kind}": secret}).host == host


def test_a_file_of_secrets_may_hold_several_while_one_takes_the_place_of_another(tmp_path: Path) -> None:
    (tmp_path / "tokens").write_text(f"{LONG}\n\n  {LONG}2\n")
    settings = told({"token-file": str(tmp_path / "tokens")}, PACT_GATE_SERVE_TOKEN="not-this-one-here")
    assert settings.tokens == (LONG, f"{LONG}2")
    assert LONG not in repr(settings)


def test_a_file_of_secrets_may_begin_as_windows_begins_a_file(tmp_path: Path) -> None:
    (tmp_path / "tokens").write_bytes(b"\xef\xbb\xbf" + LONG.encode())
    assert told({"token-file": str(tmp_path / "tokens")}).tokens == (LONG,)


@pytest.mark.parametrize(
    ("given", "environment", "sentence"),
    [
        ({"host": "broker.example.org"}, {}, "no address to listen on"),
        ({"trusted-proxy": "10.0.0.5, nginx"}, {}, "'nginx', which is no address"),
        ({"token-file": "nowhere"}, {}, "nowhere .* cannot be read: No such file"),
        ({"token-file": "binary"}, {}, "binary .* cannot be read: it is no UTF-8"),
        ({"user-file": "empty"}, {}, "empty .* is empty"),
        ({"token-file": "short"}, {}, "less than 12 characters"),
        ({}, {"PACT_GATE_SERVE_TOKEN": "two words are no token"}, "PACT_GATE_SERVE_TOKEN.* a space"),
        ({}, {"PACT_GATE_SERVE_USER": "ann"}, "holds what is no user"),
        ({}, {"PACT_GATE_SERVE_USER": f":{LONG}"}, "holds what is no user"),
        ({}, {"PACT_GATE_SERVE_READ_ONLY_USER": "a-very-long-name:short"}, "less than 12 characters"),
    ],
)
def test_what_is_wrong_with_it_is_said_without_the_secret(
    tmp_path: Path, monkeypatch: Any, given: dict[str, str], environment: dict[str, str], sentence: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "short").write_text("short-one")
    with pytest.raises(InputError, match=sentence) as refused:
        told(given, **environment)
    assert not any(secret in str(refused.value) for secret in ("short-one", "two words", ":short", LONG))


@pytest.mark.parametrize(
    "words", [["serve", "--token", LONG], ["start", "--host", "0.0.0.0"], ["start", "--user-file=x"]]
)
def test_a_secret_stands_on_no_command_line_and_a_jobs_broker_listens_to_that_job(
    pact_gate: Any, words: list[str]
) -> None:
    ended = pact_gate("broker", *words)
    assert (ended.code, "knows no input" in ended.text) == (2, True)


def test_an_address_that_cannot_be_used_is_a_sentence(pact_gate: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ended = pact_gate("broker", "serve", "--port", str(taken.getsockname()[1]))
    assert (ended.code, "cannot be used: " in ended.text) == (2, True)
    ended = pact_gate("broker", "serve", "--host", "192.0.2.1", PACT_GATE_SERVE_TOKEN=LONG)
    assert (ended.code, "192.0.2.1 or its port" in ended.text) == (2, True)


def test_help_and_the_page_name_every_input(pact_gate: Any) -> None:
    page = (Path(__file__).parents[2] / "docs" / "broker.md").read_text("utf-8")
    shown = pact_gate("broker", "--help").text
    for name in SERVE:
        assert f"--{name}" in shown
        assert f"`--{name}`" in page
