"""A provider's contract is published by the request that Pact's own command line makes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import ClassVar

import pytest
import requests
from tests.conformance.brokers import answering

from pact_gate.broker.client import Broker
from pact_gate.broker.http import Http

TOOLS = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
CONTRACT = b'{"openapi": "3.1.0"}\n'


class PactFlow(BaseHTTPRequestHandler):
    """An index with the one relation that a Pact Broker has not, and what is sent to it."""

    sent: ClassVar[list[tuple[str, str, str, object]]] = []

    def do_GET(self):
        link = f"http://127.0.0.1:{self.server.server_port}/contracts/provider/{{provider}}/publish"
        self.answer({"_links": {"pf:publish-provider-contract": {"href": link, "templated": True}}})

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.sent.append((self.command, self.path, self.headers["Content-Type"], body))
        self.answer({"_links": {}})

    def answer(self, document):
        body = json.dumps(document).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/hal+json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.mark.parametrize("optional", [True, False])
def test_both_send_the_same(tmp_path, optional):
    pact = shutil.which("pact", path=TOOLS)
    if pact is None:
        pytest.skip("pact is not there (pact-python-cli in scripts/requirements/dev.txt brings it)")
    PactFlow.sent.clear()
    (tmp_path / "openapi.json").write_bytes(CONTRACT)
    more = ["--branch", "main", "--tag", "a", "--build-url", "http://ci/1"] if optional else []
    command = [pact, "pactflow", "publish-provider-contract", "openapi.json"]
    command += [
        "--provider",
        "our products",
        "--provider-app-version",
        "1abc",
        "--content-type",
        "application/json",
        *more,
    ]
    with answering(PactFlow) as server:
        url = f"http://127.0.0.1:{server.server_port}"
        # It ends with 1, for it wants links in the answer that say nothing about what it sent.
        subprocess.run(
            [*command, "--broker-base-url", url],
            cwd=tmp_path,
            env={"PATH": TOOLS},
            capture_output=True,
            timeout=60,
            check=False,
        )
        Broker(Http(url, requests.Session(), timeout=5)).publish_provider_contract(
            "our products",
            CONTRACT,
            content_type="application/json",
            version="1abc",
            branch="main" if optional else None,
            tags=("a",) if optional else (),
            build_url="http://ci/1" if optional else None,
        )
    theirs, ours = PactFlow.sent
    assert ours == theirs
