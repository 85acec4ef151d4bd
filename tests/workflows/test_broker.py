"""`actions/broker` in a job: the embedded broker behind a port, for tools that know only HTTP."""

from __future__ import annotations

import os
import re
import signal
import time
from pathlib import Path


def test_it_serves_the_later_steps_until_the_job_ends(act, port, pact):
    """Any HTTP client, the official CLI and our own actions use the address; ended as at a job's end, it is gone."""
    run = act.steps(
        f"""
        - id: broker
          uses: pact-gate/pact-gate/actions/broker@v1
          with:
            database: the broker/its data.sqlite3
            port: {port}
        - id: http
          run: python3 -c 'import os, urllib.request; print(urllib.request.urlopen(os.environ["URL"]).read().decode())'
          env:
            URL: ${{{{ steps.broker.outputs.url }}}}
        - id: cli
          run: pact broker publish pacts --consumer-app-version 1.0.0 --branch main --broker-base-url "$URL"
          env:
            URL: ${{{{ steps.broker.outputs.url }}}}
            PACT_DO_NOT_TRACK: "true"
        - id: again
          continue-on-error: true
          uses: pact-gate/pact-gate/actions/broker@v1
          with:
            port: {port}
        - id: gate
          uses: pact-gate/pact-gate/actions/can-i-deploy@v1
          with:
            pacticipant: web
            version: 1.0.0
            to-main-branch: true
            dry-run: true
          env:
            PACT_BROKER_BASE_URL: ${{{{ steps.broker.outputs.url }}}}
        """,
        files={"pacts/web-products.json": pact("web", "products")},
        environment={"RUNNER_TRACKING_ID": "github_of-this-job", "PACT_BROKER_TOKEN": "s3cret"},
    )
    assert run.step("broker").result == "success", run.step("broker").log
    process = int(re.search(r"process: `(\d+)`", run.step("broker").summary)[1])
    try:
        assert run.step("broker").outputs == {"url": f"http://127.0.0.1:{port}"}
        assert '"pb:publish-contracts"' in run.step("http").log
        assert run.step("cli").result == "success"
        assert run.step("gate").outputs["verdict"] == "not-in-environment"
        assert run.step("again").exit_code == 2
        assert str(port) in run.step("again").errors[0]
        if Path("/proc/self").exists():
            # By this GitHub's runner finds, and ends, what a job has left running.
            environment = Path(f"/proc/{process}/environ").read_bytes()
            assert b"RUNNER_TRACKING_ID=github_of-this-job" in environment.split(b"\0")
            assert b"s3cret" not in environment  # it needs no credentials, and lives as long as the job
    finally:
        os.kill(process, signal.SIGTERM)
    until = time.monotonic() + 10
    while port.answers and time.monotonic() < until:
        time.sleep(0.02)
    assert not port.answers
