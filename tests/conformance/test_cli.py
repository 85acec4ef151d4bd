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
from golden import Broker, pact_file
from tests.conformance.brokers import pact_broker

PACT = shutil.which("pact")
SECONDS = 30
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
UUID = re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?([+-]\d\d:\d\d|Z)")
ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")
RESULT = re.compile(r"(?<=/verification-results/)\d+")
JSON_SENTENCE = re.compile(r'"(text|reason)":"(?:[^"\\]|\\.)*"')
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


class Pair:
    """Two brokers that the same commands are run against, and what differed."""

    def __init__(self, folder: Path, *addresses: str) -> None:
        self.folder, self.addresses = folder, addresses

    def run(self, *arguments: str) -> tuple[tuple[int, str], tuple[int, str]]:
        """How the command ends and what it says, on each, without what differs between any two runs."""
        first, second = (self._run(address, arguments) for address in self.addresses)
        return first, second

    def _run(self, address: str, arguments: tuple[str, ...]) -> tuple[int, str]:
        done = subprocess.run(
            [str(PACT), "broker", *arguments, "--broker-base-url", address],
            capture_output=True,
            text=True,
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], "HOME": str(self.folder), "PACT_DO_NOT_TRACK": "true"},
            timeout=SECONDS,
            check=False,
        )
        text = COLOUR.sub("", done.stdout + done.stderr)
        for pattern, instead in ((ADDRESS, "BASE"), (UUID, "UUID"), (TIME, "TIME"), (RESULT, "N")):
            text = pattern.sub(instead, text)
        return done.returncode, _without_sentences(text) if arguments[0] in RELAYING else text

    def verify(self, version: str, *, success: bool) -> None:
        """Publish a result for the pact of a version of orders."""
        for address in self.addresses:
            broker = Broker(address, "")
            pact = broker.call("GET", f"/pacts/provider/products/consumer/orders/version/{version}")
            broker.publish_result(pact, "p1", success)
            broker.call("PUT", "/pacticipants/products/branches/main/versions/p1", {})


def _without_sentences(text: str) -> str:
    """The lines of the command itself, and one SENTENCE for all that the broker said between two of them."""
    text = JSON_SENTENCE.sub(r'"\1":"SENTENCE"', text)
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
