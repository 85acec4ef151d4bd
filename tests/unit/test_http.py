"""What a client does with a broker that misbehaves, or with something that is no broker, on real sockets."""

from __future__ import annotations

import gzip
import json
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from pact_gate.broker.http import Http, authentication
from pact_gate.model.errors import BrokerError
from pact_gate.transport import BearerAuth, Clock

TOKEN = "t0ken-of-nobody"
NO_HOST = "broker.invalid"


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "http_proxy",
        "https_proxy",
        "all_proxy",
        "NO_PROXY",
        "no_proxy",
    ):
        monkeypatch.delenv(name, raising=False)


def client(url: str, clock: Clock, *, token: str | None = TOKEN, timeout: float = 60) -> Http:
    session = requests.Session()
    session.auth = authentication(token, None, None)
    return Http(url, session, timeout=timeout, clock=clock)


def refused(http: Http, url: str = "/", method: str = "GET") -> BrokerError:
    """Ask, and give the error that comes of it, which may hold no token."""
    with pytest.raises(BrokerError) as caught:
        http.get(url) if method == "GET" else http.send(method, url, {})
    shown = f"{caught.value!r} {caught.value} {caught.value.cause} {caught.value.next_step}"
    assert TOKEN not in shown
    return caught.value


# --- what a status means --------------------------------------------------------------------------------------

STATUSES = [
    (400, "Bad selectors", "refused the request (400: Bad selectors)"),
    (401, "", "does not accept the credentials (401)"),
    (403, "", "does not allow this to these credentials (403)"),
    (404, "", "does not know this address (404)"),
    (409, {"pacts": ["differs"]}, "refused the request (409: differs)"),
    (429, "", "is asked too often (429)"),
    (500, {"message": "database is locked"}, "is broken or overloaded (500: database is locked)"),
    (503, "", "is broken or overloaded (503)"),
    (507, "", "has no space left (507)"),
]


@pytest.mark.parametrize(("status", "errors", "sentence"), STATUSES)
def test_each_refusal_has_its_sentence(serve, http, time, status, errors, sentence) -> None:
    server = serve(lambda _: http(status, {"errors": errors}))
    error = refused(client(server.url, time.clock))
    assert sentence in error.cause
    assert server.url in error.cause
    assert error.next_step
    assert (error.status, error.exit_code) == (status, 3)
    assert (len(server.requests) > 1) == (status in (429, 500, 503)), "only what may pass is tried again"
    assert sum(time.slept) <= 60


def test_no_credentials_were_given(serve, http, time) -> None:
    server = serve(lambda _: http(401))
    error = refused(client(server.url, time.clock, token=None))
    assert "no credentials were given" in error.cause
    assert "broker-token" in error.next_step


@pytest.mark.parametrize(
    "body", [b"[" * 100_000, b"[1, 2", b'{"errors": ' + b'{"a":' * 900 + b"1" + b"}" * 901, b"[1]"]
)
def test_a_refusal_in_strange_json_is_a_refusal(serve, http, time, body) -> None:
    server = serve(lambda _: http(400, body, Content_Type="application/json"))
    assert "refused the request (400" in refused(client(server.url, time.clock)).cause


def test_an_echo_of_the_request_does_not_show_the_token(serve, http, time) -> None:
    server = serve(lambda request: http(400, {"errors": [request.headers["authorization"]]}))
    assert "Bearer ***" in refused(client(server.url, time.clock)).cause


# --- retries and the deadline ---------------------------------------------------------------------------------


def test_what_passes_is_tried_again(serve, http, time) -> None:
    answers = iter([http(500), http(503), http(200, {"fine": True})])
    server = serve(lambda _: next(answers))
    assert client(server.url, time.clock).get("/") == {"fine": True}
    assert [0.25 <= time.slept[0] <= 0.5, 0.5 <= time.slept[1] <= 1.0] == [True, True]


def _in(seconds: int) -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize(("header", "least", "most"), [("7", 7, 7), (40, 20, 40), ("0", 0.25, 0.5)])
def test_retry_after_is_kept(serve, http, time, header, least, most) -> None:
    when = _in(header) if isinstance(header, int) else header
    answers = iter([http(429, Retry_After=when), http(200, {})])
    server = serve(lambda _: next(answers))
    client(server.url, time.clock).get("/")
    assert least <= time.slept[0] <= most


@pytest.mark.parametrize("header", ["3600", _in(3600), "9" * 400])
def test_a_retry_after_the_deadline_ends_it_at_once(serve, http, time, header) -> None:
    server = serve(lambda _: http(429, Retry_After=header))
    assert "asked too often" in refused(client(server.url, time.clock)).cause
    assert (len(server.requests), time.slept) == (1, [])


@pytest.mark.parametrize(
    "header", ["soon", "-5", "٣", "Mon, 01 Jan 0001 00:00:00 GMT", "Mon, 99 Foo 2020 00:00:00 GMT", "1e3"]
)
def test_a_retry_after_that_means_nothing_is_passed_over(serve, http, time, header) -> None:
    answers = iter([http(429, Retry_After=header.encode().decode("latin-1")), http(200, {})])
    server = serve(lambda _: next(answers))
    client(server.url, time.clock).get("/")
    assert time.slept[0] <= 0.5


def test_all_attempts_together_end_at_the_deadline(serve, http, time) -> None:
    server = serve(lambda _: http(503))
    refused(client(server.url, time.clock, timeout=20))
    assert 10 < time.now <= 20


# --- no answer, or half of one --------------------------------------------------------------------------------


def test_nobody_listens(time) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        error = refused(client(f"http://127.0.0.1:{taken.getsockname()[1]}", time.clock))
    assert "could not be reached: the connection was refused" in error.cause
    assert time.slept, "it may be restarting"


def test_a_name_that_nobody_has(time) -> None:
    assert "its name is not known" in refused(client(f"http://{NO_HOST}", time.clock, timeout=1)).cause


def test_an_answer_that_does_not_come(serve, time) -> None:
    server = serve(lambda _: iter(lambda: server.ended.wait(5) and b"", b""))
    error = refused(client(server.url, time.clock, timeout=0.2))
    assert "it did not answer in time" in error.cause
    assert "broker-timeout" in error.next_step


def _dripping(server: Any, start: bytes) -> Iterator[bytes]:
    yield start
    for _ in range(100):
        server.ended.wait(0.05)
        yield b" "


@pytest.mark.parametrize(
    "start", [b"HTTP/1.1 200 -\r\nContent-Length: 9999\r\n\r\n", b"HTTP/1.1 200 -\r\n\r\n"], ids=["length", "no-length"]
)
def test_an_answer_that_drips_does_not_outlast_the_deadline(serve, start) -> None:
    server = serve(lambda _: _dripping(server, start))
    error = refused(client(server.url, Clock(), timeout=0.5))
    assert "it did not answer in time" in error.cause


def test_a_body_that_stops_coming(serve, time) -> None:
    def answer(_: object) -> Iterator[bytes]:
        yield b"HTTP/1.1 200 -\r\nContent-Length: 9\r\n\r\n{"
        server.ended.wait(5)

    server = serve(answer)
    assert "it did not answer in time" in refused(client(server.url, time.clock, timeout=0.2)).cause


CUT = {
    "length": b"HTTP/1.1 200 -\r\nContent-Length: 999\r\n\r\n{}",
    "chunked": b"HTTP/1.1 200 -\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
    "chunk": b"HTTP/1.1 200 -\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{}",
}


@pytest.mark.parametrize("body", CUT.values(), ids=CUT)
def test_a_cut_body_is_no_answer(serve, http, time, body) -> None:
    """The half that came is a whole JSON document: taken for the answer, it could be a wrong yes."""
    server = serve(lambda _: body)
    error = refused(client(server.url, time.clock, timeout=1))
    assert "its answer was cut off" in error.cause
    assert len(server.requests) > 1


NOT_HTTP = {"nothing": b"", "no HTTP": b"220 mail.example ESMTP\r\n", "half a head": b"HTTP/1.1 200"}


@pytest.mark.parametrize("answer", NOT_HTTP.values(), ids=NOT_HTTP)
def test_something_that_is_no_web_server(serve, time, answer) -> None:
    server = serve(lambda _: answer)
    assert refused(client(server.url, time.clock, timeout=1)).exit_code == 3


# --- no broker ------------------------------------------------------------------------------------------------

NO_JSON = {
    "html": (b"<html>Log in</html>", "text/html; charset=utf-8", "text/html, not JSON"),
    "half": (b'{"_links": ', "application/hal+json", "application/hal+json, not JSON"),
    "deep": (b"[" * 100_000, "application/json", "not JSON"),
    "huge number": (b"[" + b"9" * 5_000 + b"]", "application/json", "not JSON"),
    "binary": (b"\xff\xfe\x00\xd8", "application/octet-stream", "not JSON"),
    "empty": (b"", "", "no content type, not JSON"),
}


@pytest.mark.parametrize(("body", "kind", "sentence"), NO_JSON.values(), ids=NO_JSON)
def test_what_is_no_json_is_no_broker(serve, http, time, body, kind, sentence) -> None:
    server = serve(lambda _: http(200, body, Content_Type=kind))
    error = refused(client(server.url, time.clock))
    assert "is no Pact Broker" in error.cause
    assert sentence in error.cause


def test_a_broken_encoding_is_no_answer(serve, http, time) -> None:
    server = serve(lambda _: http(200, b"not gzip", Content_Encoding="gzip"))
    assert refused(client(server.url, time.clock, timeout=1)).exit_code == 3


def test_a_small_answer_that_unpacks_to_more_than_a_machine_holds(serve, http, time) -> None:
    packed = gzip.compress(bytes(512 * 1024)) * 300
    server = serve(lambda _: http(200, packed, Content_Encoding="gzip"))
    assert "sent more than 134,217,728 bytes" in refused(client(server.url, time.clock)).cause
    assert len(server.requests) == 1, "it would be no smaller the next time"


def test_a_packed_answer_is_read(serve, http, time) -> None:
    packed = gzip.compress(json.dumps({"fine": True}).encode())
    server = serve(lambda _: http(200, packed, Content_Encoding="gzip"))
    assert client(server.url, time.clock).get("/") == {"fine": True}


# --- where the token goes -------------------------------------------------------------------------------------


def test_credentials_are_sent(serve, http, time) -> None:
    server = serve(lambda _: http(200, {}))
    client(server.url, time.clock).get("/")
    assert server.requests[0].headers["authorization"] == f"Bearer {TOKEN}"
    session = requests.Session()
    session.auth = authentication(None, "Jürgen", "pässwörd €")
    Http(server.url, session, timeout=1, clock=time.clock).get("/")
    assert server.requests[1].headers["authorization"] == "Basic SsO8cmdlbjpww6Rzc3fDtnJkIOKCrA=="


def test_credentials_are_not_in_a_repr() -> None:
    assert TOKEN not in repr(BearerAuth(TOKEN))
    assert TOKEN not in repr(vars(requests.Request("GET", "http://x", auth=BearerAuth(TOKEN))))


def test_a_redirect_within_the_broker_is_followed_with_the_token(serve, http, time) -> None:
    server = serve(lambda request: http(302, Location="/pacts") if request.path == "/" else http(200, {"fine": True}))
    assert client(server.url, time.clock).get("/") == {"fine": True}
    assert server.requests[1].headers["authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_redirect_to_another_origin_carries_no_token(serve, http, time, host) -> None:
    other = serve(lambda _: http(200, {}))
    server = serve(lambda _: http(302, Location=f"http://{host}:{other.port}/"))
    client(server.url, time.clock).get("/")
    assert "authorization" not in other.requests[0].headers


@pytest.mark.parametrize("status", [301, 302, 303])
def test_a_write_that_a_redirect_turns_into_a_read_is_no_success(serve, http, time, status) -> None:
    """From http to https, say: the write would be lost, and the read that comes of it answers 200."""
    server = serve(lambda request: http(status, Location="/elsewhere") if request.method != "GET" else http(200, {}))
    error = refused(client(server.url, time.clock), method="POST")
    assert "redirects" in error.cause
    assert f"{server.url}/elsewhere" in error.cause
    assert "broker-url" in error.next_step


@pytest.mark.parametrize("status", [307, 308])
def test_a_redirect_that_keeps_the_write_is_followed(serve, http, time, status) -> None:
    server = serve(
        lambda request: http(200, {"took": request.method}) if request.path == "/new" else http(status, Location="/new")
    )
    assert client(server.url, time.clock).send("PUT", "/old", {"a": 1}) == {"took": "PUT"}
    assert server.requests[1].body == b'{"a": 1}'


def test_a_circle_of_redirects_ends(serve, http, time) -> None:
    server = serve(lambda _: http(302, Location="/"))
    assert "redirects in a circle" in refused(client(server.url, time.clock, timeout=1)).cause


@pytest.mark.parametrize("base", ["http://127.0.0.1:1", "http://127.0.0.1:1/pact"])
@pytest.mark.parametrize(
    "link",
    [
        "http://other.example/pacts",
        "https://127.0.0.1.example/pact/pacts",
        "http://127.0.0.1:1@other.example/pact/pacts",
        "http://[::1/pact",
        "file:///etc/passwd",
        "javascript:alert(1)",
        7,
    ],
)
def test_a_link_to_another_host_is_not_followed(base, link, time) -> None:
    with pytest.raises(BrokerError) as caught:
        client(base, time.clock).address(link)
    assert caught.value.exit_code == 3
    assert "PACT_BROKER_BASE_URL" in caught.value.next_step


def test_a_built_path_stays_at_the_broker(time) -> None:
    assert (
        client("http://broker.example", time.clock).address("//other.example") == "http://broker.example//other.example"
    )


@pytest.mark.parametrize(
    ("base", "link", "address"),
    [
        ("https://broker.example", "http://broker.example:9292/pacts/1?a=b", "https://broker.example/pacts/1?a=b"),
        ("http://broker.example:8080", "https://broker.example/pacts", "http://broker.example:8080/pacts"),
        ("https://broker.example/pact", "http://broker.example/pact/pacts", "https://broker.example/pact/pacts"),
        ("https://broker.example/pact", "/matrix?q[]=1", "https://broker.example/pact/matrix?q[]=1"),
        ("https://broker.example/pact/", "https://BROKER.example/pact", "https://broker.example/pact"),
    ],
)
def test_a_link_with_another_scheme_or_port_is_followed_where_the_broker_was_found(base, link, address, time) -> None:
    assert client(base, time.clock).address(link) == address


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/other",
        "/pactflow",
        "/pact/../other",
        "/pact/%2e%2e/other",
        "/pact/a/%2E./%2e%2E/other",
        "/pact/./../other",
    ],
)
def test_a_link_outside_of_the_brokers_path_gets_no_token(serve, http, time, path) -> None:
    """Another application may live on the same host; design: a token only for what lies under the broker."""
    server = serve(lambda _: http(200, {}))
    error = refused(client(f"{server.url}/pact", time.clock), f"{server.url}{path}")
    assert "outside" in error.cause
    assert server.requests == []


@pytest.mark.parametrize("path", ["/pacticipants/../x", "/pacticipants/%2e%2e/%2e%2e/x"])
def test_a_name_cannot_lead_out_of_a_path_that_is_built(serve, http, time, path) -> None:
    server = serve(lambda _: http(200, {}))
    refused(client(f"{server.url}/pact", time.clock), path)
    assert server.requests == []


# --- addresses that nobody can ask ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url", ["http://a..b", f"http://{'a' * 70}.example", "http://127.0.0.1:99999", "http://*", "gopher://x"]
)
def test_an_address_that_is_none_is_not_tried_again(url, time) -> None:
    assert "could not be reached" in refused(client(url, time.clock)).cause
    assert time.slept == []


# --- proxies and certificates ---------------------------------------------------------------------------------


def test_a_proxy_of_the_usual_variable_is_used(serve, http, time, monkeypatch) -> None:
    proxy = serve(lambda _: http(200, {"proxied": True}))
    monkeypatch.setenv("http_proxy", proxy.url)
    assert client(f"http://{NO_HOST}", time.clock).get("/pacts") == {"proxied": True}
    assert proxy.paths == [f"GET http://{NO_HOST}/pacts"]


def test_a_proxy_that_refuses(serve, http, time, monkeypatch) -> None:
    proxy = serve(lambda _: http(407))
    monkeypatch.setenv("https_proxy", proxy.url)
    error = refused(client(f"https://{NO_HOST}", time.clock, timeout=1))
    assert "the proxy refused" in error.cause
    assert "HTTPS_PROXY" in error.next_step


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that signs itself, with its key in the same file."""
    if not shutil.which("openssl"):
        pytest.skip("openssl makes the certificate")
    path = tmp_path_factory.mktemp("tls") / "own.pem"
    words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    words += ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(path)]
    subprocess.run([*words, "-out", f"{path}.crt"], check=True, capture_output=True)
    path.write_bytes(path.read_bytes() + Path(f"{path}.crt").read_bytes())
    return path


@pytest.fixture
def secure(serve, http, certificate) -> Any:
    server = serve(lambda _: http(200, {"secure": True}))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    return server


def test_a_certificate_of_nobody_is_refused_at_once(secure, time) -> None:
    error = refused(client(f"https://127.0.0.1:{secure.port}", time.clock))
    assert "its certificate is not trusted" in error.cause
    assert "REQUESTS_CA_BUNDLE" in error.next_step
    assert (secure.requests, time.slept) == ([], [])


def test_an_own_authority_is_trusted(secure, time, certificate, monkeypatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    assert client(f"https://127.0.0.1:{secure.port}", time.clock).get("/") == {"secure": True}


def test_an_authority_file_that_is_not_there(secure, time, monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "none.pem"))
    error = refused(client(f"https://127.0.0.1:{secure.port}", time.clock))
    assert "none.pem" in error.cause
    assert time.slept == []


def test_https_where_only_http_is_spoken(serve, http, time) -> None:
    server = serve(lambda _: http(200, {}))
    error = refused(client(f"https://127.0.0.1:{server.port}", time.clock))
    assert "certificate" not in error.cause
    assert "no secure connection" in error.cause
