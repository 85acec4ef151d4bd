"""`actions/broker` in a job: the embedded broker behind a port, for tools that know only HTTP."""

from __future__ import annotations

import os
import re
import signal
import time
from pathlib import Path

import pytest


def test_it_serves_the_later_steps_until_the_job_ends(act, free_port, pact):
    """curl, the official CLI and our own actions use the address; a SIGTERM, as at a job's end, leaves nothing behind."""
    run = act.steps(
        f"""
        - id: broker
          uses: pact-gate/pact-gate/actions/broker@v1
          with:
            database: the broker/its data.sqlite3
            port: {free_port}
        - id: curl
          run: curl --fail --silent --show-error "$URL"
          env: &url
            URL: ${{{{ steps.broker.outputs.url }}}}
        - id: cli
          run: pact broker publish pacts --consumer-app-version 1.0.0 --branch main --broker-base-url "$URL"
          env:
            URL: ${{{{ steps.broker.outputs.url }}}}
        - id: again
          continue-on-error: true
          uses: pact-gate/pact-gate/actions/broker@v1
          with:
            port: {free_port}
        - id: gate
          uses: pact-gate/pact-gate/actions/can-i-deploy@v1
          with:
            pacticipant: web
            version: 1.0.0
            to-main-branch: true
            dry-run: true
          env:
            PACT_BROKER_BASE_URL: ${{{{ steps.broker.outputs.url }}}}
        """.replace(" &url", ""),
        files={"pacts/web-products.json": pact("web", "products")},
        environment={"RUNNER_TRACKING_ID": "github_of-this-job"},
    )
    process = int(re.search(r"process: `(\d+)`", run.step("broker").summary)[1])
    try:
        assert run.step("broker").outputs == {"url": f"http://127.0.0.1:{free_port}"}
        assert '"pb:publish-contracts"' in run.step("curl").log
        assert run.step("cli").result == "success"
        assert run.step("gate").outputs["verdict"] == "not-in-environment"
        assert run.step("again").exit_code == 2
        assert str(free_port) in run.step("again").errors[0]
        if Path("/proc/self").exists():
            # By this GitHub's runner finds, and ends, what a job has left running.
            assert b"RUNNER_TRACKING_ID=github_of-this-job" in Path(f"/proc/{process}/environ").read_bytes().split(b"\0")
    finally:
        os.kill(process, signal.SIGTERM)
    until = time.monotonic() + 10
    while is_alive(process) and time.monotonic() < until:
        time.sleep(0.02)
    assert not is_alive(process)


def is_alive(process):
    """Say whether a process runs; one that has ended and that nobody has asked about does not."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        pass
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return not Path("/proc/self").exists()


if not hasattr(signal, "SIGTERM"):  # pragma: no cover
    pytest.skip("no signals", allow_module_level=True)
