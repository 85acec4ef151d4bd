"""`broker serve` as a process of its own: every client gets in with its credentials, and its end loses nothing."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from golden import Broker, Receiver, pact_file
from pact import Verifier
from tests.conformance.brokers import free_port

from pact_gate.connect import connect
from pact_gate.model.errors import BrokerError
from pact_gate.model.pact import parse
from pact_gate.settings.broker import BrokerSettings
from pact_gate.settings.known import KNOWN, SERVE

LAUNCHED = Path(__file__).parents[2] / "scripts"
DOCS = LAUNCHED.parent / "docs" / "broker"
TOKEN, READER, PASSWORD = "t0ken-of-a-writer", "t0ken-of-a-reader", "a longer pass:word"
SECRETS = {
    "PACT_GATE_SERVE_TOKEN": TOKEN,
    "PACT_GATE_SERVE_USER": f"ann:{PASSWORD}",
    "PACT_GATE_SERVE_READ_ONLY_TOKEN": READER,
}
COMMAND = [sys.executable, "-W", "ignore", "-m", "pact_gate", "broker", "serve", "--database", "b.sqlite3"]
SECONDS = 30


@dataclass
class Served:
    """A broker in a process of its own."""

    process: subprocess.Popen[str]
    url: str
    log: Path

    def end(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(SECONDS)

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text().splitlines()]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Served]]:
    """Start brokers with `broker serve`, on one file."""
    processes: list[subprocess.Popen[str]] = []

    def start(*words: str, before: Sequence[str] = (), **environment: str) -> Served:
        log = tmp_path / f"log-{len(processes)}"
        with log.open("wb") as errors:
            process = subprocess.Popen(
                [*before, *COMMAND, "--port", "0", *words],
                cwd=tmp_path,
                env={"PATH": os.environ["PATH"], "PYTHONPATH": str(LAUNCHED), **environment},
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        processes.append(process)
        assert process.stdout
        said = process.stdout.readline()
        found = re.search(r" at (http://\S+)$", said)
        assert found, said + process.stdout.read()
        return Served(process, found[1], log)

    yield start
    for process in processes:
        process.kill()
        process.communicate()


# --- the clients ----------------------------------------------------------------------------------------------


def test_the_pact_command_gets_in_by_token_and_by_password(serve: Any, tmp_path: Path) -> None:
    pact = shutil.which("pact")
    if pact is None:
        pytest.skip("no `pact` on the PATH (PyPI's pact-python-cli)")
    (tmp_path / "pacts").mkdir()
    (tmp_path / "pacts" / "orders-products.json").write_text(json.dumps(pact_file("orders", "products", "a")))
    broker = serve(**SECRETS)

    def run(*words: str) -> int:
        return subprocess.run(
            [str(pact), "broker", *words, "--broker-base-url", broker.url],
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PACT_DO_NOT_TRACK": "true"},
            capture_output=True,
            timeout=SECONDS,
            check=False,
        ).returncode

    publish = ("publish", "pacts", "--consumer-app-version", "1", "--branch", "main")
    by_password = ("--broker-username", "ann", "--broker-password", PASSWORD)
    assert run(*publish) == 1
    assert run(*publish, "--broker-token", READER) == 1
    assert run(*publish, *by_password) == 0
    assert run(*publish, "--broker-token", TOKEN) == 0
    assert run("list-pacticipants") == 1
    for credentials in (("--broker-token", READER), ("--broker-token", TOKEN), by_password):
        assert run("list-pacticipants", *credentials) == 0
        assert run("can-i-deploy", "--pacticipant", "products", "--version", "1", *credentials) in (0, 1)
    log = broker.log.read_text()
    assert broker.end() == 0
    assert not any(secret in log for secret in (TOKEN, READER, PASSWORD))
    assert {401, 403, 200} <= {line["status"] for line in broker.lines}


def test_a_stranger_is_told_so_before_what_they_send_is_received(serve: Any) -> None:
    host, port = serve(**SECRETS).url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=SECONDS) as connection:
        connection.sendall(b"POST /pacticipants HTTP/1.1\r\nHost: a\r\nContent-Length: 20000000\r\n\r\n")
        assert connection.recv(12) == b"HTTP/1.1 401"


def test_a_page_in_a_browser_can_neither_write_nor_read_by_a_name_of_its_own(serve: Any) -> None:
    """The first: a form or a fetch of any page. The second: a page whose own name leads to this machine."""
    broker = serve()
    evil, called = {"Origin": "http://evil.example"}, {"Host": "evil.example"}
    environment = json.dumps({"name": "test", "production": False})
    json_body = {"Content-Type": "application/json"}
    for headers, status in ((json_body | evil, 403), (json_body | called, 421), (json_body, 201)):
        answer = requests.post(f"{broker.url}/environments", environment, headers=headers, timeout=SECONDS)
        assert answer.status_code == status
    assert requests.get(f"{broker.url}/environments", headers=called, timeout=SECONDS).status_code == 421
    named = serve(**SECRETS)
    to_it = called | {"Authorization": f"Bearer {TOKEN}"}
    assert requests.get(f"{named.url}/environments", headers=to_it, timeout=SECONDS).status_code == 200
    behind = serve("--trusted-proxy", "10.0.0.5")
    assert requests.get(f"{behind.url}/environments", headers=called, timeout=SECONDS).status_code == 200


def test_our_own_client_gets_in_and_hears_why_not(serve: Any) -> None:
    broker = serve(**SECRETS)
    pact = parse(json.dumps(pact_file("orders", "products", "a")).encode(), "orders-products.json")

    def publish(**who: str) -> None:
        client = connect(BrokerSettings(broker.url, **who))
        client.publish([pact], version="1", branch="main", tags=(), build_url=None, merge=False)

    publish(broker_token=TOKEN)
    publish(broker_username="ann", broker_password=PASSWORD)
    with pytest.raises(BrokerError) as stranger:
        publish()
    assert stranger.value.status == 401
    with pytest.raises(BrokerError) as reader:
        publish(broker_token=READER)
    assert reader.value.status == 403


@pytest.mark.parametrize("who", [{"token": READER}, {"token": TOKEN}, {"username": "ann", "password": PASSWORD}])
def test_pact_pythons_verifier_gets_in(serve: Any, keeping_provider: str, who: dict[str, str]) -> None:
    """Those who may only read can verify: the verifier's question is a POST that changes nothing."""
    broker = serve(**SECRETS)
    client = connect(BrokerSettings(broker.url, broker_token=TOKEN))
    pact = parse(json.dumps(pact_file("orders", "products", "a")).encode(), "orders-products.json")
    client.publish([pact], version="1", branch="main", tags=(), build_url=None, merge=False)
    verifier = Verifier("products", host="127.0.0.1").add_transport(url=keeping_provider)
    verifier.broker_source(broker.url, selector=True, **who).consumer_version(latest=True).build()
    verifier.verify()
    assert [line["path"] for line in broker.lines if line["method"] == "POST"][-1].endswith("/for-verification")
    assert all(line["status"] == 200 for line in broker.lines)


# --- behind a proxy -------------------------------------------------------------------------------------------


def test_every_link_leads_through_the_proxy(serve: Any) -> None:
    """Only where the proxy is named: whoever else says these headers is not believed."""
    said = {
        "X-Forwarded-Host": "contracts.example.org",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Prefix": "/broker",
        "Accept": "application/hal+json",
    }
    trusting, doubting = serve("--trusted-proxy", "127.0.0.0/8"), serve("--trusted-proxy", "10.0.0.5")
    Broker(trusting.url, "").publish("orders", "1 ä/b", "products", branch="main")
    for path in ("/", "/pacts/latest", "/pacticipants/orders/versions/1%20%C3%A4%2Fb", "/pacticipants/nobody"):
        answer = requests.get(trusting.url + path, headers=said, timeout=SECONDS)
        links = set(re.findall(r'"href":"(http[^"]*)"', answer.text))
        assert {link for link in links if not link.startswith("https://contracts.example.org/broker")} == set(), path
        assert links or answer.status_code == 404
        assert "contracts.example" not in requests.get(doubting.url + path, headers=said, timeout=SECONDS).text
    made = requests.post(f"{trusting.url}/pacticipants", headers=said, json={"name": "web"}, timeout=SECONDS)
    assert made.headers["Location"] == "https://contracts.example.org/broker/pacticipants/web"


# --- its end --------------------------------------------------------------------------------------------------


def test_its_end_sends_the_webhooks_that_are_due_or_keeps_them(serve: Any, tmp_path: Path) -> None:
    """A webhook whose receiver is away is tried again by the next process."""
    receiver = Receiver()
    broker = serve("--webhook-hosts", "127.0.0.1")
    asked = Broker(broker.url, "")
    event = {"events": [{"name": "contract_published"}]}
    asked.call("POST", "/webhooks", {"request": {"method": "POST", "url": receiver.url}, **event})
    away = {"method": "POST", "url": "http://127.0.0.1:9/", "body": "again"}
    asked.call("POST", "/webhooks", {"request": away, **event})
    asked.publish("orders", "1", "products", branch="main")
    assert broker.end() == 0
    assert len(receiver.wait(1)) == 1
    again = serve("--webhook-hosts", "127.0.0.1")
    pair = f"/pacts/provider/{asked.name('products')}/consumer/{asked.name('orders')}"
    found = Broker(again.url, "").call("GET", f"{pair}/webhooks/status").body["_embedded"]["triggeredWebhooks"]
    [started] = [each for each in found if each["status"] != "success"]
    assert (started["status"], started["attemptsMade"]) == ("retrying", 1)
    assert again.end() == 0


def test_a_new_file_is_its_users_alone(serve: Any, tmp_path: Path) -> None:
    """It holds the secrets of webhooks."""
    serve()
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.glob("b.sqlite3*")}
    assert set(modes.values()) == {0o600}, modes


@contextmanager
def ending(broker: Served, process: int, first: signal.Signals) -> Iterator[None]:
    """A broker that was told to end, and waits for a request that never comes."""
    host, port = broker.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=SECONDS) as half:
        half.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n")
        assert half.recv(25) == b"HTTP/1.1 100 Continue\r\n\r\n"
        os.kill(process, first)
        while answers(broker.url):
            time.sleep(0.01)  # until it takes nobody new
        yield


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (signal.SIGTERM, signal.SIGTERM),
        (signal.SIGINT, signal.SIGTERM),
        (signal.SIGTERM, signal.SIGINT),
        (signal.SIGHUP, signal.SIGTERM),
    ],
)
def test_a_second_signal_ends_it_at_once(serve: Any, first: signal.Signals, second: signal.Signals) -> None:
    broker = serve()
    with ending(broker, broker.process.pid, first):
        broker.process.send_signal(second)
        assert broker.process.wait(10) == -second


def test_a_second_signal_ends_the_first_process_of_a_container_as_well(serve: Any) -> None:
    """Whom a signal ends by nothing but a handler."""
    alone = ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--kill-child"]
    if shutil.which("unshare") is None or subprocess.run([*alone, "true"], check=False, capture_output=True).returncode:
        pytest.skip("no `unshare` that gives a process numbers of its own")
    broker = serve(before=alone)
    first = int(Path(f"/proc/{broker.process.pid}/task/{broker.process.pid}/children").read_text())
    with ending(broker, first, signal.SIGTERM):
        os.kill(first, signal.SIGTERM)
        assert broker.process.wait(10) == 128 + signal.SIGTERM


def test_who_closes_its_terminal_ends_it_in_peace_unless_it_was_started_to_stay(serve: Any) -> None:
    broker = serve()
    broker.process.send_signal(signal.SIGHUP)
    assert broker.process.wait(SECONDS) == 0
    staying = serve(before=["nohup"])
    staying.process.send_signal(signal.SIGHUP)
    assert answers(staying.url)
    assert staying.end() == 0


def answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/diagnostic/status/heartbeat", timeout=SECONDS).ok
    except requests.ConnectionError:
        return False


# --- the files of docs/broker ---------------------------------------------------------------------------------


@pytest.fixture
def behind_nginx(serve: Any, tmp_path: Path) -> Iterator[Callable[[Served], str]]:
    """Put docs/broker/nginx.conf before a broker, without its certificate, and give the broker's address there."""
    nginx = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if nginx is None:
        pytest.skip("no nginx")
    processes: list[subprocess.Popen[bytes]] = []

    def start(broker: Served) -> str:
        port = free_port()
        given = (DOCS / "nginx.conf").read_text()
        given = given.replace("443 ssl", f"127.0.0.1:{port}").replace("http://127.0.0.1:9292", broker.url)
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        folders = "".join(f"{kind}_temp_path {tmp_path / kind};" for kind in kinds)
        (tmp_path / "nginx.conf").write_text(
            f"daemon off; master_process off; pid {tmp_path / 'pid'}; error_log {tmp_path / 'nginx.log'}; events {{}}\n"
            f"http {{ access_log off; {folders}\n{given} }}"
        )
        processes.append(subprocess.Popen([nginx, "-c", tmp_path / "nginx.conf", "-e", tmp_path / "early.log"]))
        url = f"http://127.0.0.1:{port}/contracts"
        while not answers(url):
            assert processes[-1].poll() is None, (tmp_path / "early.log").read_text()
            time.sleep(0.05)
        return url

    yield start
    for process in processes:
        process.terminate()
        process.wait(SECONDS)


def test_the_page_s_nginx_keeps_names_as_they_are_and_links_lead_through_it(serve: Any, behind_nginx: Any) -> None:
    broker = serve("--trusted-proxy", "127.0.0.1", **SECRETS)
    url = behind_nginx(broker)
    client = connect(BrokerSettings(url, broker_token=TOKEN))
    pact = parse(json.dumps(pact_file("or/ders", "pro ducts", "a")).encode(), "orders-products.json")
    client.publish([pact], version="1/2 ä", branch="feat/x", tags=(), build_url=None, merge=False)
    said = {"Authorization": f"Bearer {TOKEN}", "Accept": "application/hal+json", "Forwarded": "host=evil.example"}
    found = requests.get(
        f"{url}/pacticipants/or%2Fders/branches/feat%2Fx/versions/1%2F2%20%C3%A4", headers=said, timeout=SECONDS
    )
    assert found.status_code == 200
    links = re.findall(r'"href":"([^"]*)"', found.text)
    assert links
    assert all(link.startswith(f"{url}/") for link in links), links
    assert requests.get(f"{url}/", timeout=SECONDS).status_code == 401


def test_the_files_to_copy_name_what_there_is(tmp_path: Path) -> None:
    """What the container file and the unit set are inputs or the launcher's own, and what they copy or run is there."""
    known = {f"PACT_GATE_{name.upper().replace('-', '_')}" for name in (*KNOWN["broker"], *SERVE)} | {"PACT_GATE_CACHE"}
    container, unit = ((DOCS / name).read_text() for name in ("Containerfile", "pact-gate.service"))
    for text in (container, unit):
        named = set(re.findall(r"(?:ENV |Environment=)(PACT_GATE_\w+)=", text))
        assert len(named) > 2
        assert named <= known
    for source in re.findall(r"^COPY (\S+) ", container, re.MULTILINE):
        assert (DOCS.parents[1] / source).is_dir()
    for launched in re.findall(r"/opt/pact-gate/(scripts/\S+?)[\" ]", container + unit):
        assert (DOCS.parents[1] / launched).is_file()
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("no systemd-analyze")
    checked = subprocess.run(
        [analyze, "verify", str(DOCS / "pact-gate.service")], capture_output=True, text=True, check=False
    )
    assert (checked.returncode, checked.stderr) == (0, "")
