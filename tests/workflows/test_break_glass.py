"""Break-glass, as it is to be copied: deployed against the gate's no, by a reviewer's word, and named ever after."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.github.state import Approval

TEMPLATE = (Path(__file__).parents[2] / "workflows" / "break-glass.yml").read_text(encoding="utf-8")
ACTOR = "nektos/act"  # who starts every run of act's
TOKEN = "t0ken-of-the-run"


@pytest.fixture
def start(act, checked_github, estate):
    """Starts the workflow by hand; `approver` is who let its job go on."""
    ours = checked_github.repository("acme/shop")
    ours.environment("contract-override", reviewers=["bob"], prevent_self_review=True)
    checked_github.token(TOKEN, "acme/shop", actions="read", issues="write")
    workflow = ours.workflow("break-glass.yml", TEMPLATE)
    estate.broker.put_version("orders", "known", None)

    def run(approver, reason="`touch pwned` $(touch pwned) </details> @everyone"):
        known = ours.run(workflow, "workflow_dispatch", "main")
        known.approvals = [Approval(["contract-override"], approver)]
        found = act.workflow(
            TEMPLATE,
            files={"Makefile": "deploy:\n\t@echo shipping orders\n"},
            event=("workflow_dispatch", {"inputs": {"reason": reason, "until": in_two_days()}}),
            environment={
                "GITHUB_API_URL": checked_github.url,
                "GITHUB_RUN_ID": str(known.id),
            },
            variables={"PACT_BROKER_BASE_URL": estate.url},
            secrets={"GITHUB_TOKEN": TOKEN},
        )
        return found, ours

    return run


def in_two_days():
    return (datetime.now(UTC) + timedelta(days=2)).strftime("%Y-%m-%d")


def test_a_reviewers_word_deploys_against_a_no(start, estate, tmp_path):
    """The gate says no and lets it pass; what is deployed is recorded, and an issue keeps who, why and until when."""
    run, ours = start("bob")
    gate = run.step("gate", job="gate")
    assert (gate.outputs["deployable"], gate.outputs["overridden"]) == ("false", "true")
    assert run.jobs["gate"] == "success"
    assert "shipping orders" in run.said
    [issue] = ours.issues.values()
    assert "bob" in issue.body
    assert "(overridden)" in gate.summary
    assert [each.level for each in gate.annotations] == ["warning"]
    assert not list(tmp_path.rglob("pwned*"))
    assert "@everyone" not in gate.summary


def test_who_started_it_lets_nothing_pass(start):
    """No deploy, no record, and the sentence that says whose word is missing."""
    run, ours = start(ACTOR)
    gate = run.step("gate", job="gate")
    assert (gate.exit_code, gate.outputs["overridden"]) == (1, "false")
    assert "deploy" not in run.jobs
    assert ours.issues == {}
    assert "Another reviewer must approve it" in gate.summary
