"""A required check that hangs, or passes because it was skipped: the gate to copy answers whatever came before it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from tests.github.state import Artifact, zipped

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
TEMPLATE = (ROOT / "workflows" / "pull-request.yml").read_text(encoding="utf-8")
TOKEN = "t0ken-of-the-run"
HEAD = "a" * 40

# What may become of the job that writes the pacts: its `if`, its matrix, its steps; then the gate's verdict and word.
BEFORE = {
    "a path filter that does not match": ({"if": "needs.paths.outputs.orders == 'true'"}, "yes", "skipped"),
    "a matrix that is skipped": (
        {"if": False, "strategy": {"matrix": {"service": ["a", "b"]}}},
        "yes",
        "skipped",
    ),
    "a draft": ({"if": "github.event.pull_request.draft == false"}, "yes", "skipped"),
    "a failure": ({"steps": [{"run": "exit 1"}]}, "not-tested", "test (failure)"),
    "no pacts, though all passed": ({"steps": [{"run": "true"}]}, "", "artifact"),
}


def pull_request():
    """A draft of our own."""
    repository = {"full_name": "acme/shop", "default_branch": "main"}
    head = {"sha": HEAD, "ref": "feat/cart", "repo": repository}
    base = {"sha": "b" * 40, "ref": "main", "repo": repository}
    return {
        "number": 1,
        "pull_request": {"number": 1, "draft": True, "head": head, "base": base},
        "repository": repository,
    }


@pytest.fixture
def gate(act, checked_github, estate):
    """Runs the template with another job `test`, and gives the gate's step and result, and the commit's statuses."""
    ours = checked_github.repository("acme/shop")
    checked_github.token(TOKEN, "acme/shop", actions="read", statuses="write", pull_requests="write")
    ours.pull_request("feat/cart", HEAD)
    known = ours.run(ours.workflow("contract.yml", TEMPLATE), "pull_request", "feat/cart")

    def run(test, broker_url=estate.url, kept=None):
        known.artifacts = [Artifact("pacts", zipped(kept))] if kept else []
        text = TEMPLATE.replace("pacticipant: orders,", 'pacticipant: orders, timeout: "0", broker-timeout: "2",')
        workflow = yaml.safe_load(text)
        workflow["on"] = workflow.pop(True)
        workflow["jobs"]["test"] = {"runs-on": "ubuntu-latest", "steps": [{"run": "true"}], **test}
        workflow["jobs"]["beside"] = {"runs-on": "ubuntu-latest", "steps": [{"run": "true"}]}
        found = act.workflow(
            yaml.safe_dump(workflow),
            pull_request=pull_request(),
            environment={"GITHUB_API_URL": checked_github.url, "GITHUB_RUN_ID": str(known.id)},
            variables={"PACT_BROKER_BASE_URL": broker_url},
            secrets={"GITHUB_TOKEN": TOKEN},
        )
        return found.step("gate", job="gate"), {each.context: each.state for each in ours.statuses}, found.jobs["gate"]

    return run


@pytest.mark.parametrize(("test", "verdict", "word"), BEFORE.values(), ids=BEFORE)
def test_the_gate_answers_whatever_became_of_the_job_before_it(gate, test, verdict, word):
    """A yes where nothing of the change concerns a contract, and a no where that cannot be said; never nothing."""
    step, statuses, _ = gate(test)
    assert step.outputs.get("verdict", "") == verdict
    assert step.exit_code == {"yes": 0, "not-tested": 1, "": 2}[verdict]
    assert word in step.summary
    assert set(statuses.values()) == {{"yes": "success", "not-tested": "failure", "": "error"}[verdict]}


def test_a_broker_that_is_down_is_a_verdict(gate):
    """No hang: one sentence with the next step, on the commit too."""
    step, statuses, _ = gate({}, "http://127.0.0.1:9", kept={"x.json": (HERE / "orders-products.json").read_bytes()})
    assert step.exit_code == 3
    assert "could not be reached" in step.summary
    assert "What to do next" in step.summary
    assert set(statuses.values()) == {"error"}


def test_an_answer_stands_where_the_commit_cannot_be_told(gate, checked_github):
    """The token writes no statuses, or GitHub fails at that moment: the yes, or the no, is the job's all the same."""
    checked_github.token(TOKEN, "acme/shop", actions="read")
    assert gate({"if": False})[2] == "success"
    assert gate({"steps": [{"run": "exit 1"}]})[2] == "failure"


def test_nothing_lets_the_gate_be_skipped():
    """GitHub takes a skipped job for a success, and a run that was cancelled skips whatever does not say `always()`."""
    called = (ROOT / ".github" / "workflows" / "contract-gate.yml").read_text(encoding="utf-8")
    for text in (called, TEMPLATE):
        assert yaml.load(text, Loader=yaml.BaseLoader)["jobs"]["gate"]["if"] == "always()"
    assert "paths" not in TEMPLATE
