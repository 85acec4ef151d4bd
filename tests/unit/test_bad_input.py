"""What bad input gets: a sentence that names the cause and the next step, an exit code, and nothing half done.

Each goes through the command line, as a step does.
"""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pact_gate.commands import files

SHA, OTHER = "a" * 40, "b" * 40
TOKEN = "t0ken-of-nobody"
ROOT = Path(__file__).parents[2]


@pytest.fixture
def broker(tmp_path) -> str:
    return f"sqlite:{tmp_path / 'broker.sqlite3'}"


@pytest.fixture
def publish(pact_gate, broker) -> Any:
    def run(*words: str, url: str = broker, version: str = SHA, **environment: str) -> Any:
        given = ["--broker-url", url, "--version", version, "--branch", "feat/x"]
        return pact_gate("publish", *given, *words, **environment)

    return run


@pytest.fixture
def gate(pact_gate, broker) -> Any:
    def run(*words: str, **environment: str) -> Any:
        return pact_gate("can-i-deploy", "--broker-url", broker, "--version", SHA, *words, **environment)

    return run


def contents(database: str) -> list[str]:
    """Everything that the embedded broker keeps, row by row."""
    path = database.removeprefix("sqlite:")
    if not Path(path).exists():
        return []
    with sqlite3.connect(path) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        found = [str(row) for table in tables for row in connection.execute(f"SELECT * FROM {table}")]
    connection.close()
    return sorted(found)


def refused(ended: Any, *words: str, code: int = 2) -> None:
    """Say that it ended with a sentence and a next step, without a traceback and without the token."""
    for word in words:
        assert word in ended.text, ended.text
    assert ended.code == code, ended.text
    assert "Error: " in ended.text
    assert "What to do next: " in ended.text
    assert "Traceback" not in ended.text
    assert TOKEN not in ended.text.replace(f"::add-mask::{TOKEN}", "")


# --- pact files -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [(), ("--pacts", "nowhere/*.json"), ("--pacts", "nowhere")])
def test_no_pact_file(publish, broker, words) -> None:
    refused(publish(*words), "No pact file matches", "`pacts`")
    assert contents(broker) == []


BAD_FILES = {
    "no JSON": (b"<html>", "is no JSON"),
    "no pact": (b'{"name": "orders"}', "is JSON, but no pact"),
    "no consumer": (b'{"interactions": [], "provider": {"name": "products"}}', "names no consumer"),
    "too deep": (b"[" * 100_000, "nested too deeply"),
    "too large": (b"[" + b" " * files.MOST_BYTES + b"]", "larger than 16 MiB"),
}


@pytest.mark.parametrize(("body", "sentence"), BAD_FILES.values(), ids=BAD_FILES)
def test_a_bad_file_among_good_ones_publishes_none(publish, broker, write_pact, tmp_path, body, sentence) -> None:
    write_pact("orders", "products")
    (tmp_path / "pacts" / "z.json").write_bytes(body)
    refused(publish(GITHUB_ACTIONS="true"), "pacts/z.json", sentence, "::error ", "file=pacts/z.json")
    assert contents(broker) == []


def test_a_path_that_is_too_long(publish) -> None:
    refused(publish("--pacts", "x" * 300), "File name too long")


def test_a_file_that_cannot_be_read(publish, broker, write_pact) -> None:
    write_pact("orders", "products")
    if not Path("/proc/self/mem").exists():
        pytest.skip("there is no file that nobody, not even root, can read")
    refused(publish("--pacts", "pacts", "--pacts", "/proc/self/mem"), "/proc/self/mem cannot be read")
    assert contents(broker) == []


def test_two_files_that_conflict_name_both(publish, broker, write_pact) -> None:
    write_pact("basket", "products")
    write_pact("orders", "products", path="a.json")
    write_pact("orders", "products", path="b.json", status=404)
    refused(publish(), "pacts/a.json and pacts/b.json", "say different things of “a product”")
    assert contents(broker) == []


def test_a_pact_of_another_consumer(publish, broker, write_pact) -> None:
    write_pact("basket", "products")
    write_pact("orders", "products")
    refused(publish("--pacticipant", "orders"), "pacts/basket-products.json is a pact of basket, not of orders")
    assert contents(broker) == []


# --- versions -------------------------------------------------------------------------------------------------


def test_other_content_under_the_same_version(publish, broker, write_pact) -> None:
    write_pact("orders", "products", description="a product")
    assert publish().code == 0
    before = contents(broker)
    write_pact("orders", "products", description="another")
    ended = publish(GITHUB_ACTIONS="true")
    refused(ended, "added: “another”; removed: “a product”", SHA, "A version must be one commit", "on-conflict: merge")
    assert "file=pacts/orders-products.json" in ended.text
    assert contents(broker) == before


def test_a_conflict_with_one_provider_publishes_no_other(publish, broker, write_pact) -> None:
    write_pact("orders", "products")
    assert publish().code == 0
    before = contents(broker)
    write_pact("orders", "archive")
    write_pact("orders", "products", status=404)
    refused(publish(), "another pact of orders with products", "changed: “a product”")
    assert contents(broker) == before


def test_what_was_published_for_another_consumer_before_is_told(publish, broker, write_pact) -> None:
    """A broker takes one consumer's pacts at a time."""
    write_pact("web", "products")
    assert publish().code == 0
    write_pact("web", "products", status=404)
    write_pact("admin", "products")
    refused(publish(), "another pact of web", "The pacts of admin are published")
    assert any("'admin'" in row for row in contents(broker))


@pytest.mark.parametrize("command", ["publish", "create-version", "can-i-deploy", "record-deployment"])
@pytest.mark.parametrize("version", ["feat/x", "main", "refs/heads/other"])
def test_a_version_that_is_a_branch(pact_gate, broker, write_pact, command, version) -> None:
    write_pact("orders", "products")
    more = {"can-i-deploy": ["--to-environment", "test"], "record-deployment": ["--environment", "test"]}
    words = ["--pacticipant", "orders", "--version", version, "--branch", "feat/x", *more.get(command, [])]
    refused(pact_gate(command, "--broker-url", broker, *words), f"{version!r} is the name of a branch", "SHA")
    assert contents(broker) == []


def test_no_version_at_all(pact_gate, broker, write_pact) -> None:
    write_pact("orders", "products")
    refused(pact_gate("publish", "--broker-url", broker), "no git checkout", "`version`")
    assert pact_gate("publish", "--broker-url", broker, "--version", "1.0", "--branch", "x").code == 0


# --- names that the broker does not know ----------------------------------------------------------------------


@pytest.fixture
def production(publish, pact_gate, broker, write_pact) -> None:
    write_pact("orders", "products")
    publish()
    for name in ("test", "staging", "production"):
        words = ["--pacticipant", "orders", "--version", SHA, "--environment", name, "--create-environment"]
        assert pact_gate("record-deployment", "--broker-url", broker, *words).code == 0


def test_an_unknown_environment(gate, production) -> None:
    ended = gate("--pacticipant", "orders", "--to-environment", "prodction")
    refused(ended, "knows no environment 'prodction'", "It knows: production, ", "pact broker create-environment")


def test_an_unknown_pacticipant(gate, production) -> None:
    ended = gate("--pacticipant", "order", "--to-environment", "production")
    refused(ended, "knows no pacticipant 'order'", "It knows: orders, products.")


def test_an_environment_is_not_made_by_a_typo(pact_gate, broker, production) -> None:
    before = contents(broker)
    words = ["--pacticipant", "orders", "--version", SHA, "--environment", "prodction"]
    ended = pact_gate("record-deployment", "--broker-url", broker, *words)
    refused(ended, "knows no environment 'prodction'", "It knows: production, ", "create-environment: true")
    assert contents(broker) == before


# --- brokers --------------------------------------------------------------------------------------------------

STATUSES = [
    (401, "does not accept the credentials"),
    (403, "does not allow this"),
    (404, "does not know this address"),
    (429, "is asked too often"),
    (500, "is broken or overloaded"),
]
COMMANDS = {
    "publish": (),
    "can-i-deploy": ("--pacticipant", "orders", "--to-environment", "production"),
    "gate": ("--pacticipant", "orders", "--to-environment", "production"),
    "record-deployment": ("--pacticipant", "orders", "--environment", "production"),
    "create-version": ("--pacticipant", "orders"),
    "verify": ("--provider", "products", "--provider-url", "http://127.0.0.1:1"),
}


def at(pact_gate: Any, url: str, command: str = "can-i-deploy", **environment: str) -> Any:
    if command == "verify":
        pytest.importorskip("pact_ffi", reason="the verify tier is not installed")
    words = ["--broker-url", url, "--broker-timeout", "1", "--version", SHA, "--branch", "feat/x"]
    token = {"PACT_BROKER_TOKEN": TOKEN, "GITHUB_ACTIONS": "true"}
    return pact_gate(command, *words, *COMMANDS[command], **(token | environment))


def no_answer(ended: Any, *words: str) -> None:
    """Say that no broker answered: of the gate that is a verdict, of the others an error."""
    if "verdict" in ended.outputs:
        assert (ended.outputs["verdict"], ended.outputs["deployable"]) == ("broker-error", "false")
        assert ended.outputs["next-step"]
    for word in words:
        assert word in ended.text, ended.text
    assert ended.code == 3, ended.text
    assert "Traceback" not in ended.text
    assert TOKEN not in ended.text.replace(f"::add-mask::{TOKEN}", "") + ended.summary + str(ended.outputs)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_broker_that_refuses(pact_gate, serve, http, write_pact, command) -> None:
    write_pact("orders", "products")
    for status, sentence in STATUSES:
        server = serve(lambda _, status=status: http(status))
        no_answer(at(pact_gate, server.url, command), sentence, str(status))


@pytest.mark.parametrize("command", COMMANDS)
def test_what_speaks_json_but_is_no_broker(pact_gate, serve, http, write_pact, command) -> None:
    write_pact("orders", "products")
    server = serve(lambda _: http(200, {"hello": "world"}))
    no_answer(at(pact_gate, server.url, command), "not as a Pact Broker does")


ANSWERS = {
    "html": (b"HTTP/1.1 200 -\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>", "text/html, not JSON"),
    "cut": (b'HTTP/1.1 200 -\r\nContent-Length: 99\r\n\r\n{"summary": {"deployable": true}, "matrix": []}', "cut off"),
    "nothing": (b"", "could not be reached"),
}


@pytest.mark.parametrize(("answer", "sentence"), ANSWERS.values(), ids=ANSWERS)
def test_half_an_answer_or_none_is_no_yes(pact_gate, serve, answer, sentence) -> None:
    server = serve(lambda _: answer)
    no_answer(at(pact_gate, server.url), sentence)


def wait(server: Any) -> bytes:
    server.ended.wait(3)
    return b""


def test_a_broker_that_times_out(pact_gate, serve) -> None:
    server = serve(lambda _: [b"HTTP/1.1 200 -\r\n", wait(server)])
    no_answer(at(pact_gate, server.url), "did not answer in time", "`broker-timeout`")


def test_a_broker_that_is_not_there(pact_gate) -> None:
    no_answer(at(pact_gate, "http://127.0.0.1:9"), "the connection was refused", "`broker-url`")


def test_a_dry_run_of_no_answer_is_no_failure(pact_gate) -> None:
    ended = at(pact_gate, "http://127.0.0.1:9", PACT_GATE_DRY_RUN="true")
    assert (ended.code, ended.outputs["deployable"]) == (0, "false")


@pytest.mark.parametrize(
    "url", ["ftp://broker.example", "broker.example", "sqlite:", "mysql:x", f"https://me:{TOKEN}@h"]
)
def test_a_wrong_address(pact_gate, url) -> None:
    refused(at(pact_gate, url), "`broker-url`")


def test_no_address(pact_gate) -> None:
    refused(
        pact_gate("create-version", "--pacticipant", "a", "--version", "1"),
        "No broker is named",
        "PACT_BROKER_BASE_URL",
    )


@pytest.mark.parametrize("token", [f"{TOKEN}\n{TOKEN}", f"{TOKEN}€"])
def test_a_token_that_cannot_be_sent(pact_gate, serve, http, token) -> None:
    server = serve(lambda _: http(200, {}))
    ended = at(pact_gate, server.url, PACT_BROKER_TOKEN=token)
    refused(ended, "`broker-token`")
    assert server.requests == []


def test_secrets_are_masked_before_anything_else_is_printed(pact_gate, serve, http) -> None:
    server = serve(lambda _: http(401))
    ended = at(pact_gate, server.url)
    assert ended.text.splitlines()[0] == f"::add-mask::{TOKEN}"
    local = at(pact_gate, server.url, GITHUB_ACTIONS="false")
    assert TOKEN not in local.text, "where nobody masks, nothing is printed"


# --- the provider ---------------------------------------------------------------------------------------------


@pytest.fixture
def verify(pact_gate, write_pact) -> Any:
    """Verify the pact of orders, in which products has a state, from its file."""
    pytest.importorskip("pact_ffi", reason="the verify tier is not installed")
    file = write_pact("orders", "products")
    document = json.loads(file.read_text())
    document["interactions"][0]["providerState"] = "it exists"
    file.write_text(json.dumps(document))

    def run(url: str, *words: str, **environment: str) -> Any:
        given = ["--provider", "products", "--provider-url", url, "--pacts", "pacts/*.json"]
        return pact_gate("verify", *given, *words, **environment)

    return run


def python(code: str) -> str:
    return f'"{sys.executable}" -c "{code}"'


def test_a_provider_that_never_gets_ready(verify) -> None:
    start = python("import time; print('warming up', flush=True); time.sleep(60)")
    ended = verify("http://127.0.0.1:9", "--start", start, "--ready-timeout", "0.5")
    refused(ended, "warming up", "ready-timeout")


def test_a_provider_that_ends_before_it_is_ready(verify) -> None:
    ended = verify("http://127.0.0.1:9", "--start", python("print('no database'); raise SystemExit(3)"))
    refused(ended, "no database", "3")


def test_a_provider_that_dies_while_it_is_verified(verify, tmp_path) -> None:
    """It answers once, that it is ready, and ends itself at the next request."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    script = tmp_path / "provider.py"
    script.write_text(
        "import http.server as h, os\n"
        "class Handler(h.BaseHTTPRequestHandler):\n"
        "    def do_GET(self):\n"
        "        if self.path != '/ready': print('out of memory', flush=True); os._exit(1)\n"
        "        self.send_response(200); self.send_header('Content-Length', '0'); self.end_headers()\n"
        f"h.HTTPServer(('127.0.0.1', {port}), Handler).serve_forever()\n"
    )
    url = f"http://127.0.0.1:{port}"
    ended = verify(
        url, "--start", f'"{sys.executable}" {script}', "--ready-url", f"{url}/ready", "--ready-timeout", "20"
    )
    refused(ended, "ended with exit code 1 while it was verified", "out of memory")


@pytest.mark.parametrize(("status", "sentence"), [(404, "404"), (500, "500")])
def test_a_provider_states_endpoint_that_fails_is_a_failure_within_seconds(
    verify, serve, http, status, sentence
) -> None:
    provider = serve(lambda _: http(200))
    states = serve(lambda _: http(status))
    for tried, next_step in (("true", "Give each state in the table a handler"), ("false", "Mend what kept the")):
        states.requests.clear()
        ended = verify(provider.url, "--provider-states-url", states.url, "--check-states", tried)
        assert ended.code == 1, ended.text
        assert sentence in ended.text
        assert f"next: {next_step}" in ended.text
        assert len(states.requests) <= 2, "the verifier tries eight times, with growing pauses"


def test_the_next_step_after_a_failure_is_what_would_mend_it(verify, serve, http) -> None:
    """Where nobody puts a state in place, that comes first: the answer may be wrong for want of it."""
    provider = serve(lambda _: http(404))
    states = serve(lambda _: http(200))
    assert "next: Give `provider-states-url`" in verify(provider.url).text
    assert "next: Mend the provider" in verify(provider.url, "--provider-states-url", states.url).text


def test_a_provider_that_nobody_starts(verify) -> None:
    refused(verify("http://127.0.0.1:9", "--ready-timeout", "0.1"), "not ready", "as `start`")


@pytest.mark.parametrize("selectors", ["[{", "main", "[]", "[{brnch: main}]", "[{consumer: orders}]", "- 2026-13-45"])
def test_selectors_that_mean_nothing(pact_gate, broker, selectors) -> None:
    pytest.importorskip("pact_ffi", reason="the verify tier is not installed")
    words = ["--provider", "products", "--provider-url", "http://127.0.0.1:9", "--selectors", selectors]
    refused(pact_gate("verify", "--broker-url", broker, *words), "`selectors`")


@pytest.mark.parametrize("provider", ["products", "nobody"])
@pytest.mark.parametrize(("on_empty", "code"), [("fail", 1), ("pass", 0)])
def test_nothing_to_verify(pact_gate, production, broker, provider, on_empty, code) -> None:
    pytest.importorskip("pact_ffi", reason="the verify tier is not installed")
    words = ["--provider", provider, "--provider-url", "http://127.0.0.1:9", "--selectors", "[{branch: other}]"]
    words += ["--version", OTHER, "--branch", "main", "--on-empty", on_empty]
    ended = pact_gate("verify", "--broker-url", broker, *words)
    assert ended.code == code, ended.text
    assert f"nothing to verify for {provider}" in ended.text
    assert "selectors" in ended.text


# --- disks and databases --------------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path) -> Iterator[Path]:
    """A disk of half a megabyte; only root can make one."""
    folder = tmp_path / "small"
    folder.mkdir()
    made = (
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(folder)], capture_output=True, check=False
        )
        if sys.platform == "linux"
        else None
    )
    if made is None or made.returncode:
        pytest.skip("no disk can be mounted here")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder: Path) -> None:
    with (folder / "fill").open("ab", buffering=0) as file:
        try:
            while file.write(b"x" * 1024):
                pass
        except OSError:
            pass


def test_a_full_disk(pact_gate, publish, write_pact, small_disk) -> None:
    write_pact("orders", "products")
    database = f"sqlite:{small_disk / 'broker.sqlite3'}"
    assert publish(url=database).code == 0
    before = contents(database)
    write_pact("orders", "archive", description="x" * 100_000)
    fill(small_disk)
    refused(publish(url=database, version=OTHER), "full", "Free some space", code=3)
    assert contents(database) == before
    refused(publish(url=f"sqlite:{small_disk / 'new.sqlite3'}"), "full", "Free some space", code=3)


def test_a_full_disk_under_the_runner(pact_gate, small_disk) -> None:
    files = {"GITHUB_OUTPUT": small_disk / "output", "GITHUB_STEP_SUMMARY": small_disk / "summary"}
    for file in files.values():
        file.touch()
    fill(small_disk)
    environment = {name: str(path) for name, path in files.items()} | {"GITHUB_ACTIONS": "true"}
    ended = pact_gate("publish", "--on-empty", "pass", "--version", SHA, **environment)
    refused(ended, "No space left on device")


def test_a_temporary_folder_that_is_gone(gate, production) -> None:
    words = ("--pacticipant", "orders", "--to-environment", "test")
    refused(gate(*words, GITHUB_ACTIONS="true", RUNNER_TEMP="/no/such/folder"), "/no/such/folder", "cannot be used")


def test_a_database_that_may_not_be_written(publish, write_pact, small_disk) -> None:
    """A disk that is read-only stops root as well, whom no mode of a file does."""
    write_pact("orders", "products")
    database = f"sqlite:{small_disk / 'broker.sqlite3'}"
    assert publish(url=database).code == 0
    before = (small_disk / "broker.sqlite3").read_bytes()
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    refused(publish(url=database, version=OTHER), "broker.sqlite3", "cannot be written")
    assert (small_disk / "broker.sqlite3").read_bytes() == before


def test_a_database_without_permission(publish, write_pact, tmp_path, broker) -> None:
    write_pact("orders", "products")
    assert publish().code == 0
    before = contents(broker)
    file = tmp_path / "broker.sqlite3"
    file.chmod(0o400)
    if os.access(file, os.W_OK):
        pytest.skip("this user may write everything: the test above is for root")
    refused(publish(version=OTHER), "broker.sqlite3", "permission")
    assert contents(broker) == before


FOREIGN = {
    "no SQLite": b"This is a letter to my grandmother." * 100,
    "half a file": b"SQLite format 3\x00" + b"\x10\x00\x01\x01" + b"\x00" * 200,
}


@pytest.mark.parametrize("body", FOREIGN.values(), ids=FOREIGN)
def test_a_file_that_is_no_database_of_ours(publish, write_pact, tmp_path, body) -> None:
    write_pact("orders", "products")
    file = tmp_path / "broker.sqlite3"
    file.write_bytes(body)
    refused(publish(), "broker.sqlite3")
    assert file.read_bytes() == body
    assert not [path for path in tmp_path.iterdir() if path.name.startswith("broker.sqlite3-")]


def test_somebody_elses_database(publish, write_pact, tmp_path) -> None:
    write_pact("orders", "products")
    file = tmp_path / "broker.sqlite3"
    connection = sqlite3.connect(file)
    connection.executescript("CREATE TABLE letters (text); INSERT INTO letters VALUES ('Dear grandmother');")
    connection.close()
    body = file.read_bytes()
    refused(publish(), "broker.sqlite3")
    assert file.read_bytes() == body


def test_a_database_of_a_newer_version(publish, write_pact, tmp_path) -> None:
    write_pact("orders", "products")
    assert publish().code == 0
    file = tmp_path / "broker.sqlite3"
    connection = sqlite3.connect(file)
    connection.execute("PRAGMA journal_mode = DELETE")
    connection.execute("PRAGMA user_version = 9999")
    connection.close()
    body = file.read_bytes()
    refused(publish(version=OTHER), "newer")
    assert file.read_bytes() == body


def test_a_folder_is_no_database(publish, write_pact, tmp_path) -> None:
    write_pact("orders", "products")
    (tmp_path / "broker.sqlite3").mkdir()
    refused(publish(), "broker.sqlite3")


def test_a_database_in_a_folder_that_may_not_be_made(publish, write_pact, tmp_path) -> None:
    write_pact("orders", "products")
    (tmp_path / "file").write_text("")
    refused(publish(url=f"sqlite:{tmp_path}/file/broker.sqlite3"), "broker.sqlite3")
