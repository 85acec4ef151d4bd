"""`actions/verify` in a job: it starts the provider, verifies, publishes the results and stops the provider."""

from __future__ import annotations

import json
from pathlib import Path

HERE = Path(__file__).parent
PACT = (HERE / "orders-products.json").read_text(encoding="utf-8")
FILES = {"provider.py": (HERE / "provider.py").read_text(encoding="utf-8")}


def verify(name, port, url, *, field="price", **given):
    """A step that verifies products, started on a port with its price in a field."""
    inputs = {
        "broker-url": url,
        "provider": "products",
        "start": f"python3 provider.py {port} {field}",
        "provider-url": f"http://127.0.0.1:{port}",
        "ready-url": f"http://127.0.0.1:{port}/health",
        "provider-states-url": f"http://127.0.0.1:{port}/states",
        **given,
    }
    return (
        f"- {{id: {name}, continue-on-error: true, uses: pact-gate/pact-gate/actions/verify@v1,"
        f" with: {json.dumps(inputs)}}}\n"
    )


def test_a_provider_that_honours_its_pacts(act, estate, port):
    """It is started, put into its state, verified and stopped; the result is in the broker under the commit."""
    estate.publish(PACT, "c1")
    report = '- {id: read, run: "grep --quiet passed $REPORT", env: {REPORT: "${{ steps.verify.outputs.report }}"}}'
    run = act.steps(verify("verify", port, estate.url, junit="reports of pact/junit.xml") + report, files=FILES)
    step = run.step("verify")
    assert (step.result, step.exit_code) == ("success", 0)
    outputs = {name: step.outputs[name] for name in ("result", "verified", "failed", "pending")}
    assert outputs == {"result": "passed", "verified": "1", "failed": "0", "pending": "0"}
    assert "honours its one pact" in step.summary
    assert step.annotations == []
    assert run.step("read").result == "success"
    assert estate.broker.results_elsewhere("orders", "c1", "products") == (run.sha,)
    assert not port.answers


def test_a_provider_that_renamed_a_field(act, estate, port):
    """The step fails, and annotation and summary name the interaction, its state and the field; it is in the broker."""
    estate.publish(PACT, "c1")
    run = act.steps(verify("verify", port, estate.url, field="cost"), files=FILES)
    step = run.step("verify")
    assert (step.result, step.exit_code) == ("failure", 1)
    assert (step.outputs["result"], step.outputs["failed"]) == ("failed", "1")
    (error,) = step.errors
    assert "a request for a product" in error
    assert "price" in error
    for word in ("a request for a product", "product 1 exists", "price", "The end of the provider's log"):
        assert word in step.summary
    assert estate.broker.version("products", run.sha) is not None
    assert estate.broker.results_elsewhere("orders", "c1", "products") == ()
    assert not port.answers


def test_a_provider_state_that_nobody_knows(act, estate, port):
    """It is told in one table; the pact is not replayed, and its published result is a no with the reason."""
    estate.publish(PACT, "c1")
    answer = "        self.answer(200, {})\n\n    def answer"
    assert answer in FILES["provider.py"]
    handler = FILES["provider.py"].replace(answer, answer.replace("200", "404"))
    read = "- {id: read, run: cat junit.xml}\n"
    run = act.steps(verify("verify", port, estate.url, junit="junit.xml") + read, files={"provider.py": handler})
    step = run.step("verify")
    assert (step.result, step.exit_code) == ("failure", 1)
    assert (step.outputs["result"], step.outputs["failed"]) == ("failed", "1")
    (error,) = step.errors
    assert "“product 1 exists”, needed by orders: unknown." in error
    row = "| ❌&nbsp;unknown | product 1 exists | orders | answered 404 after"
    assert step.summary.index(row) < step.summary.index("| ❌ failed | orders | not replayed | yes |")
    assert '<testsuite name="provider states of products" tests="1"' in run.step("read").log
    (result,) = estate.broker.results("orders", "c1")
    assert str(result.result) == "failed"
    assert "product 1 exists" in " ".join(estate.broker.failures(result.result_url))
    assert not port.answers


def test_what_cannot_be_verified(act, estate, port):
    """Nothing to verify, a provider that never gets ready, one that dies, wrong inputs: each with its own code."""
    estate.publish(PACT, "c1")
    run = act.steps(
        verify("nothing", port, estate.url, provider="nobody")
        + verify("nothing-is-fine", port, estate.url, provider="nobody", **{"on-empty": "pass"})
        + verify("not-ready", port, estate.url, start="sleep 60", **{"ready-timeout": "1"})
        + verify("dead", port, estate.url, start="echo no database >&2; exit 7")
        + verify("no-yaml", port, estate.url, selectors="[unclosed")
        + verify("no-address", port, estate.url, **{"provider-url": "", "ready-url": ""})
        + verify("unreachable", port, "http://127.0.0.1:9", **{"broker-timeout": "1"}),
        files=FILES,
    )
    ended = {name: run.step(name).exit_code for job, name in run.steps if not name.isdigit()}
    expected = {"nothing": 1, "nothing-is-fine": 0, "not-ready": 2, "dead": 2, "no-yaml": 2, "no-address": 2}
    assert ended == {**expected, "unreachable": 3}
    assert run.step("nothing").outputs["result"] == "empty"
    assert run.step("nothing-is-fine").outputs["result"] == "empty"
    assert "no database" in run.step("dead").log
    assert estate.broker.results_elsewhere("orders", "c1", "products") == ()
    assert all(run.step(name).errors for name in ended if name != "nothing-is-fine")
