"""The root action in a job: publish this commit's pacts if there are any, then ask."""

from __future__ import annotations

import json


def test_it_publishes_and_says_no_until_the_provider_is_there(act, estate, pact):
    """The pacts of a commit are in the broker although the gate says no; both parts give outputs and a summary."""
    run = act.steps(
        f"""
        - id: gate
          uses: pact-gate/pact-gate@v1
          with: {{"broker-url": "{estate.url}", "pacticipant": "web", "to-environment": "production"}}
        - id: after
          run: echo reached
        """,
        files={"pacts/web-products.json": pact("web", "products")},
    )
    step = run.step("gate")
    assert (step.result, step.exit_code) == ("failure", 1)
    assert step.outputs["verdict"] == "not-in-environment"
    assert step.outputs["version"] == run.sha
    assert [each["provider"] for each in json.loads(step.outputs["published"])] == ["products"]
    assert step.summary.count("\n## ") + 1 == 2
    assert estate.broker.version("web", run.sha) is not None
    assert ("job", "after") not in run.steps


def test_it_says_yes_to_a_pact_that_what_is_deployed_honours(act, estate, pact):
    """A result belongs to a pact's content: the same pact under a new commit needs no new verification."""
    estate.publish(pact("web", "products"), "c1")
    estate.verified("web", "products", "c1", by="p1")
    estate.deployed("products", "p1")
    run = act.steps(
        f"""
        - id: gate
          uses: pact-gate/pact-gate@v1
          with: {{"broker-url": "{estate.url}", "pacticipant": "web", "to-environment": "production"}}
        """,
        files={"pacts/web-products.json": pact("web", "products")},
    )
    step = run.step("gate")
    assert (step.exit_code, step.outputs["verdict"], step.outputs["deployable"]) == (0, "yes", "true")
    assert step.annotations == []


def test_without_pacts_it_only_asks(act, estate, pact):
    """A service that only provides has nothing to publish, and that is no mistake."""
    estate.publish(pact("web", "products"), "c1")
    estate.verified("web", "products", "c1", by="p1")
    estate.deployed("web", "c1")
    run = act.steps(
        f"""
        - id: gate
          uses: pact-gate/pact-gate@v1
          with:
            broker-url: {estate.url}
            pacticipant: products
            version: p1
            to-environment: production
        """
    )
    step = run.step("gate")
    assert (step.exit_code, step.outputs["verdict"], step.outputs["published"]) == (0, "yes", "[]")


def test_a_wrong_question_is_refused_before_anything_is_published(act, estate, pact):
    """Nothing is half done."""
    run = act.steps(
        f"""
        - id: gate
          uses: pact-gate/pact-gate@v1
          with: {{"broker-url": "{estate.url}", "pacticipant": "web"}}
        """,
        files={"pacts/web-products.json": pact("web", "products")},
    )
    assert run.step("gate").exit_code == 2
    assert "no target is given" in run.step("gate").errors[0]
    assert estate.broker.pacticipants() == []
