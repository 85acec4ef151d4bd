"""A result that was compared and not run says so in a Pact Broker's own document, and in the embedded one's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from tests.conformance.brokers import pact_broker

from pact_gate import VERSION
from pact_gate.connect import connect
from pact_gate.model.pact import parse
from pact_gate.settings.broker import BrokerSettings

ROOT = Path(__file__).parents[2]
PACT = (ROOT / "tests" / "workflows" / "orders-products.json").read_bytes()
DOCUMENT = {
    "openapi": "3.0.3",
    "paths": {"/products/{id}": {"get": {"responses": {"200": {"content": {"application/json": {"schema": {}}}}}}}},
}


@pytest.fixture(params=["embedded", "real"])
def url(request, tmp_path):
    """The address of an empty broker."""
    if request.param == "embedded":
        yield f"sqlite:{tmp_path / 'broker.sqlite3'}"
    else:
        with pact_broker(tmp_path) as address:
            yield address


def test_a_result_names_who_compared(url, tmp_path):
    (tmp_path / "openapi.json").write_text(json.dumps(DOCUMENT))
    with closing(connect(BrokerSettings(url))) as broker:
        pact = [parse(PACT, "a.json")]
        broker.publish(pact, version="c1", branch="main", tags=(), build_url=None, merge=False)
        broker.put_branch("products", "p0", "main")
    words = ["compare-openapi", "--openapi", "openapi.json", "--provider", "products", "--broker-url", url]
    words += ["--version", "a" * 40, "--branch", "main", "--publish-results"]
    done = subprocess.run(
        [sys.executable, "-m", "pact_gate", *words],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "scripts")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    with closing(connect(BrokerSettings(url))) as broker:
        (row,) = broker.results("orders", "c1")
        kept = broker._document(row.result_url)
    assert (row.provider_version, row.result) == ("a" * 40, "passed")
    assert kept["verifiedBy"] == {"implementation": "pact-gate compare-openapi", "version": VERSION}
