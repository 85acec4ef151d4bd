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
    known_workflow = ours.workflow("break-glass.yml", TEMPLATE)
    estate.broker.put_version("orders", "known", None)

    def run(approver, reason="`touch pwned` $(touch pwned) </details> @everyone", workflow=TEMPLATE, files=None):
        known = ours.run(known_workflow, "workflow_dispatch", "main")
        known.approvals = [Approval(["contract-override"], approver)]
        found = act.workflow(
            workflow,
            files={"Makefile": "deploy:\n\t@echo shipping orders\n", **(files or {})},
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


PUBLISH = """
    steps:
      - uses: actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd
      - uses: pact-gate/pact-gate/actions/publish@v1
        with: { broker-url: "${{ vars.PACT_BROKER_BASE_URL }}" }
      - id: gate
"""


def test_a_reviewers_word_deploys_against_a_no(start, estate, tmp_path, pact):
    """The gate says no and lets it pass; what is deployed is recorded, and an issue keeps who, why and until when.

    The commit's pacts are published in the same job here; products, which it needs, is not in production.
    """
    workflow = TEMPLATE.replace("\n    steps:\n      - id: gate\n", PUBLISH)
    run, ours = start("bob", workflow=workflow, files={"pacts/orders-products.json": pact("orders", "products")})
    assert run.jobs == {"gate": "success", "deploy": "success", "record": "success"}
    assert estate.versions_in("orders") == [run.sha]
    gate = run.step("gate", job="gate")
    assert (gate.outputs["deployable"], gate.outputs["overridden"]) == ("false", "true")
    assert "shipping orders" in run.said
    [issue] = ours.issues.values()
    assert "bob" in issue.body
    assert "(overridden)" in gate.summary
    assert [each.level for each in gate.annotations] == ["warning"]
    assert not list(tmp_path.rglob("pwned*"))
    assert "@everyone" not in gate.summary


def test_what_the_broker_does_not_know_is_deployed_and_its_record_fails_alone(start, estate):
    """The deploy is done, and green; the job that can be run again says what to do before."""
    run, _ = start("bob")
    assert run.jobs == {"gate": "success", "deploy": "success", "record": "failure"}
    assert run.step("gate", job="gate").outputs["verdict"] == "no-such-version"
    assert estate.versions_in("orders") == []
    [error] = run.step("0", job="record").errors
    assert "knows no version" in error


def test_who_started_it_lets_nothing_pass(start):
    """No deploy, no record, and the sentence that says whose word is missing."""
    run, ours = start(ACTOR)
    gate = run.step("gate", job="gate")
    assert (gate.exit_code, gate.outputs["overridden"]) == (1, "false")
    assert "deploy" not in run.jobs
    assert ours.issues == {}
    assert "Another reviewer must approve it" in gate.summary
