"""The `pact` command, as its users run it, ends and says the same against the embedded broker and a real one.

The sentences that it passes on from the broker are each broker's own: only that there are some is compared.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from golden import Broker, Receiver, pact_file
from tests.conformance.brokers import pact_broker

PACT = shutil.which("pact")
SECONDS = 30
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
UUID = re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?([+-]\d\d:\d\d|Z)")
ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")
RESULT = re.compile(r"(?<=/verification-results/)\d+")
WEBHOOK = re.compile(r"(?<=[/\"])[A-Za-z0-9_-]{22}\b")
PANIC = re.compile(r"(?<=thread 'main' )\(\d+\)")
INVALID = re.compile(r"failed validation - \[.*\](\n❌ .*)?|(?<=❌ name: ).*")
JSON_SENTENCE = re.compile(r'"(text|reason|title|message|deprecationWarning)":"(?:[^"\\]|\\.)*"')
OWN_LINE = re.compile(r"[┌│╞└📨❌]|✅ Computer|VERIFICATION RESULTS|-+$|\d+\. |\{|$")
RELAYING = ("publish", "can-i-deploy", "can-i-merge")
DEPLOY = ["can-i-deploy", "--to-environment", "production", "--pacticipant"]
MERGE = ["can-i-merge", "--pacticipant"]
ORDERS_2 = ["--pacticipant", "orders", "--version", "2"]

# In the order in which a team would come to them: each command, and what it ends with.
BEFORE: list[tuple[list[str], int]] = [
    (["create-environment", "--name", "production", "--display-name", "Production", "--production"], 0),
    (["list-environments"], 0),
    (["create-or-update-pacticipant", "--name", "products", "--main-branch", "main"], 0),
    (["create-or-update-pacticipant", "--name", "products", "--repository-url", "https://example.org/products"], 0),
    (["publish", "pacts", "--consumer-app-version", "1", "--branch", "main"], 0),
    (["publish", "pacts", "--consumer-app-version", "2", "--branch", "feat/x", "--tag", "dev"], 0),
    (["create-version-tag", *ORDERS_2, "--tag", "beta"], 0),
    (["create-version-tag", "--pacticipant", "nobody", "--version", "1", "--tag", "beta"], 1),
    (["describe-pacticipant", "--name", "products"], 0),
    (["describe-pacticipant", "--name", "nobody"], 1),
    (["list-pacticipants"], 0),
    (["create-or-update-version", "--pacticipant", "products", "--version", "p1", "--branch", "main"], 0),
    (["record-deployment", "--pacticipant", "products", "--version", "p1", "--environment", "production"], 0),
    (["record-deployment", "--pacticipant", "products", "--version", "p1", "--environment", "nowhere"], 1),
    ([*DEPLOY, "orders", "--version", "2"], 1),
    ([*MERGE, "orders", "--version", "2"], 1),
]
AFTER_A_RESULT: list[tuple[list[str], int]] = [
    ([*MERGE, "products", "--version", "p1"], 0),
    (["record-release", *ORDERS_2, "--environment", "production"], 0),
    (["record-undeployment", "--pacticipant", "products", "--environment", "production"], 0),
    (["record-undeployment", "--pacticipant", "products", "--environment", "production"], 1),
]
UUID_OF_ONES_OWN = "7a5da39c-8e50-4cc9-ae16-dfa5be043e8c"
HOOK = [
    "https://example.org/x",
    "--request",
    "POST",
    "--header",
    "X-Token: t",
    "--data",
    '{"a": "${pactbroker.pactUrl}"}',
]
ORDERS = ["--pacticipant", "orders"]
PRODUCTS = ["--provider", "products"]
# Every other command, and every output that a command has, over a team's life of its own. {environment} and {webhook}
# are the uuids that each broker gave; a command whose end is None may end either way, but alike.
MORE: list[tuple[list[str], int | None]] = [
    (["list-environments", "--output", "json"], 0),
    (["list-pacticipants", "--output", "json"], 0),
    (["list-latest-pact-versions"], 0),
    (["list-latest-pact-versions", "--output", "json"], 0),
    (["create-environment", "--name", "test", "--display-name", "Test", "--output", "json"], 0),
    (["create-environment", "--name", "test"], 1),
    (["create-environment", "--name", "store", "--contact-name", "A", "--contact-email-address", "a@example.org"], 0),
    (["describe-environment", "--uuid", "{environment}"], 0),
    (["describe-environment", "--uuid", "{environment}", "--output", "json"], 0),
    (["describe-environment", "--uuid", UUID_OF_ONES_OWN], 1),
    (["update-environment", "--uuid", "{environment}", "--name", "test", "--display-name", "New", "--production"], 0),
    (["update-environment", "--uuid", "{environment}", "--name", "test", "--output", "json"], 0),
    (["update-environment", "--uuid", UUID_OF_ONES_OWN, "--name", "x"], None),
    (["create-or-update-pacticipant", "--name", "a b/ä", "--main-branch", "main", "--output", "json"], 0),
    (["describe-pacticipant", "--name", "a b/ä", "--output", "json"], 0),
    (["publish", "pacts", "--consumer-app-version", "1", "--branch", "main", "--output", "json"], 0),
    (["publish", "pacts", "--consumer-app-version", "1/a b", "--branch", "feat/ä", "--tag", "dev"], 0),
    (
        ["publish", "pacts", "--consumer-app-version", "3", "--branch", "main", "--merge", "--build-url", "http://b/1"],
        0,
    ),
    (["publish", "none", "--consumer-app-version", "3"], 1),
    (["publish", "other", "--consumer-app-version", "3", "--branch", "main"], 1),
    (["get-pacts", *PRODUCTS], None),
    (["get-pacts", *PRODUCTS, "--output", "json"], None),
    (["get-pacts", *PRODUCTS, "--consumer", "orders", "--latest"], None),
    (["get-pacts", *PRODUCTS, "--branch", "main", "--latest", "--output", "json"], None),
    (["get-pacts", "--provider", "nobody"], None),
    (["provider-states", "list", *PRODUCTS], None),
    (["provider-states", "list", *PRODUCTS, "--output", "json"], None),
    (["create-or-update-version", *ORDERS, "--version", "4", "--branch", "main", "--tag", "x"], 0),
    (["create-or-update-version", *ORDERS, "--version", "4", "--branch", "other", "--output", "json"], 0),
    (["describe-version", *ORDERS], 0),
    (["describe-version", *ORDERS, "--output", "json"], 0),
    (["describe-version", *ORDERS, "--version", "1/a b"], 0),
    (["describe-version", *ORDERS, "--latest", "dev"], 0),
    (["describe-version", *ORDERS, "--latest"], 0),
    (["describe-version", *ORDERS, "--version", "9"], None),
    (["create-version-tag", *ORDERS, "--version", "3", "--tag", "t/1", "--auto-create-version"], 0),
    (["create-version-tag", *ORDERS, "--version", "5", "--tag", "t", "--auto-create-version"], 0),
    (["create-version-tag", *ORDERS, "--version", "3", "--tag", "z", "--tag-with-git-branch"], None),
    (["delete-version-tag", *ORDERS, "--version", "3", "--tag", "t/1"], 0),
    (["delete-version-tag", *ORDERS, "--version", "3", "--tag", "none"], None),
    (["delete-branch", *ORDERS, "--branch", "other"], 0),
    (["delete-branch", *ORDERS, "--branch", "none"], None),
    (["delete-branch", *ORDERS, "--branch", "none", "--error-when-not-found", "true"], 1),
    (["record-deployment", *ORDERS, "--version", "1", "--environment", "test", "--application-instance", "blue"], 0),
    (["record-deployment", *ORDERS, "--version", "3", "--environment", "test", "--output", "json"], None),
    (["describe-version", *ORDERS, "--environment", "test"], None),
    (["describe-version", *ORDERS, "--environment", "test", "--deployed", "--output", "json"], None),
    (["record-undeployment", *ORDERS, "--environment", "test", "--application-instance", "blue"], 0),
    (["record-undeployment", *ORDERS, "--environment", "test", "--application-instance", "green"], 1),
    (["record-release", *ORDERS, "--version", "3", "--environment", "store", "--output", "json"], None),
    (["record-release", *ORDERS, "--version", "9", "--environment", "store"], None),
    (["record-support-ended", *ORDERS, "--version", "3", "--environment", "store"], None),
    (["record-support-ended", *ORDERS, "--version", "3", "--environment", "store"], None),
    (["record-support-ended", *ORDERS, "--version", "3", "--environment", "nowhere"], None),
    (["can-i-deploy", *ORDERS, "--version", "1/a b", "--to-environment", "test"], None),
    (["can-i-deploy", *ORDERS, "--version", "3", "--to", "prod"], None),
    (["can-i-deploy", *ORDERS, "--latest", "--pacticipant", "products", "--latest"], None),
    (["can-i-deploy", *ORDERS, "--branch", "main", "--pacticipant", "products", "--main-branch"], None),
    (["can-i-deploy", *ORDERS, "--version", "3", "--to-environment", "test", "--ignore", "products"], None),
    (["can-i-deploy", *ORDERS, "--version", "none", "--to-environment", "test", "--output", "json"], None),
    (["can-i-deploy", *ORDERS, "--version", "3", "--to-environment", "nowhere"], None),
    (["can-i-deploy", "--pacticipant", "nobody", "--version", "3", "--to-environment", "test"], None),
    (["can-i-deploy", *ORDERS, "--version", "3", "--to-environment", "test", "--dry-run"], None),
    ([*MERGE, "orders", "--version", "3", "--output", "json"], None),
    (["create-webhook", *HOOK, "--contract-published", "--description", "told"], 0),
    (["create-webhook", *HOOK, "--consumer", "orders", "--provider", "products", "--contract-content-changed"], 0),
    (["create-webhook", *HOOK, "--provider-label", "team", "--provider-verification-failed", "--user", "a:b"], 0),
    (["create-webhook", *HOOK], None),
    (["create-webhook", "nonsense", "--request", "POST", "--contract-published"], 1),
    (["create-webhook", *HOOK, "--consumer", "nobody", "--contract-published"], 1),
    (["create-or-update-webhook", "--uuid", UUID_OF_ONES_OWN, *HOOK, "--provider-verification-published"], 0),
    (["create-or-update-webhook", "--uuid", UUID_OF_ONES_OWN, *HOOK, "--contract-published"], 0),
    (["test-webhook", "--uuid", "unknown-webhook"], None),
    (["delete-webhook", "--uuid", UUID_OF_ONES_OWN], 0),
    (["delete-webhook", "--uuid", UUID_OF_ONES_OWN], None),
    (["generate-uuid"], 0),
    (["delete-environment", "--uuid", "{environment}"], 0),
    (["delete-environment", "--uuid", "{environment}"], None),
]


class Pair:
    """Two brokers that the same commands are run against, and what differed."""

    def __init__(self, folder: Path, *addresses: str) -> None:
        self.folder, self.addresses = folder, addresses
        self.given: dict[tuple[str, str], str] = {}

    def run(self, *arguments: str) -> tuple[tuple[int, str], tuple[int, str]]:
        """How the command ends and what it says, on each, without what differs between any two runs."""
        first, second = (self._run(address, arguments) for address in self.addresses)
        return first, second

    def _run(self, address: str, arguments: tuple[str, ...]) -> tuple[int, str]:
        arguments = tuple(self.given.get((address, word), word) for word in arguments)
        where = [] if arguments[0] == "generate-uuid" else ["--broker-base-url", address]
        done = subprocess.run(
            [str(PACT), "broker", *arguments, *where],
            capture_output=True,
            text=True,
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], "HOME": str(self.folder), "PACT_DO_NOT_TRACK": "true"},
            timeout=SECONDS,
            check=False,
        )
        text = COLOUR.sub("", done.stdout + done.stderr)
        for pattern, instead in (
            (ADDRESS, "BASE"),
            (UUID, "UUID"),
            (TIME, "TIME"),
            (RESULT, "N"),
            (WEBHOOK, "UUID"),
            (PANIC, ""),
            (INVALID, "SENTENCE"),
        ):
            text = pattern.sub(instead, text)
        text = JSON_SENTENCE.sub(r'"\1":"SENTENCE"', text)
        return done.returncode, _without_sentences(text) if arguments[0] in RELAYING else text

    def remember_environment(self, name: str) -> None:
        """From now on `{environment}` stands for the uuid of this one."""
        for address in self.addresses:
            found = Broker(address, "").call("GET", f"/environments?name={name}").body["_embedded"]["environments"]
            if found:
                self.given[address, "{environment}"] = found[0]["uuid"]

    def verify(self, version: str, *, success: bool) -> None:
        """Publish a result for the pact of a version of orders."""
        for address in self.addresses:
            broker = Broker(address, "")
            pact = broker.call("GET", f"/pacts/provider/products/consumer/orders/version/{version}")
            broker.publish_result(pact, "p1", success)
            broker.call("PUT", "/pacticipants/products/branches/main/versions/p1", {})


def _without_sentences(text: str) -> str:
    """The lines of the command itself, and one SENTENCE for all that the broker said between two of them."""
    lines = [line if OWN_LINE.match(line) else "SENTENCE" for line in text.splitlines()]
    return "\n".join(
        line for line, before in zip(lines, ["", *lines], strict=False) if line != "SENTENCE" or before != line
    )


@pytest.fixture
def pair(tmp_path: Path, embedded_broker: str) -> Iterator[Pair]:
    if PACT is None:
        pytest.skip("no `pact` on the PATH (PyPI's pact-python-cli)")
    (tmp_path / "pacts").mkdir()
    (tmp_path / "pacts" / "orders-products.json").write_text(json.dumps(pact_file("orders", "products", "a")))
    with pact_broker(tmp_path) as real:
        yield Pair(tmp_path, embedded_broker, real)


def test_every_command_ends_and_says_the_same(pair: Pair) -> None:
    """From nothing over unknown, failed and verified to undeployed; the gate in its text and in its JSON."""
    differences: list[str] = []

    def compare(arguments: list[str], status: int | None) -> None:
        embedded, real = pair.run(*arguments)
        if embedded != real or status not in (None, real[0]):
            differences.append(f"{' '.join(arguments)}: {status}\nembedded: {embedded}\nreal:     {real}")

    for arguments, status in BEFORE:
        compare(arguments, status)
    for success in (False, True):
        pair.verify("2", success=success)
        compare([*DEPLOY, "orders", "--version", "2"], 0 if success else 1)
        compare([*DEPLOY, "orders", "--version", "2", "--output", "json"], None)
    for arguments, status in AFTER_A_RESULT:
        compare(arguments, status)
    assert not differences, "\n\n".join(differences)


def test_every_other_command_and_output_ends_and_says_the_same(pair: Pair) -> None:
    (pair.folder / "other").mkdir()
    other = json.dumps(pact_file("orders", "products", "another content"))
    (pair.folder / "other" / "orders-products.json").write_text(other)
    differences: list[str] = []
    for arguments, status in MORE:
        pair.remember_environment("test")
        embedded, real = pair.run(*arguments)
        if embedded != real or status not in (None, real[0]):
            differences.append(f"{' '.join(arguments)}: {status}\nembedded: {embedded}\nreal:     {real}")
    assert not differences, "\n\n".join(differences)


def test_a_webhook_is_tried_out_alike(pair: Pair) -> None:
    """Both call the address with the pact at hand, and end alike whether it answers well or not."""
    pair.run("publish", "pacts", "--consumer-app-version", "1", "--branch", "main")
    for status in (200, 500):
        receiver = Receiver(status)
        hook = ["--uuid", UUID_OF_ONES_OWN, receiver.url, "--request", "POST", "--data", '{"a": "b"}']
        pair.run("create-or-update-webhook", *hook, "--contract-published")
        embedded, real = pair.run("test-webhook", "--uuid", UUID_OF_ONES_OWN)
        assert embedded[0] == real[0]
        assert [item["body"].replace(" ", "") for item in receiver.wait(2)] == ['{"a":"b"}'] * 2


def test_every_command_is_run() -> None:
    """But for those that ask no broker, or start one."""
    if PACT is None:
        pytest.skip("no `pact` on the PATH (PyPI's pact-python-cli)")
    said = subprocess.run([PACT, "broker", "--help"], capture_output=True, text=True, check=True).stdout
    commands = set(re.findall(r"^  ([a-z-]+)  ", said.partition("Commands:")[2], re.MULTILINE))
    run = {arguments[0] for arguments, _ in (*BEFORE, *AFTER_A_RESULT, *MORE)}
    assert commands - run == {"ruby", "docker", "help"}
