"""`actions/explain` in a job: what a step says about results that are missing, and that it fails for none of them."""

from __future__ import annotations

import json

import pytest

FIRST, SECOND = "a" * 40, "b" * 40
QUESTIONS = {
    "all": {"pacticipant": "orders", "version": "c1"},
    "one": {"pacticipant": "orders", "version": "c1", "only": "stock"},
    "yes": {"pacticipant": "basket", "version": "c1"},
    "mistake": {"pacticipant": "ordres", "version": "c1"},
}


@pytest.fixture(scope="module")
def explained(make_act, make_estate, module_folder, pact):
    """Products is deployed as `a…` and verified orders' pact as `b…`; stock is another pacticipant than `Stock`."""
    estate = make_estate(f"sqlite:{module_folder / 'broker.sqlite3'}")
    estate.publish(pact("orders", "products"), "c1")
    estate.publish(pact("orders", "stock"), "c1")
    estate.publish(pact("basket", "products", path="/for/basket"), "c1")
    for version in (FIRST, SECOND):
        estate.broker.put_branch("products", version, "main")
    estate.broker.put_branch("Stock", FIRST, "main")
    estate.verified("orders", "products", "c1", by=SECOND)
    estate.verified("basket", "products", "c1", by=FIRST)
    estate.deployed("products", FIRST)
    base = {"broker-url": estate.url, "to-environment": "production"}
    steps = "\n".join(
        f"- {{id: {name}, continue-on-error: true, uses: pact-gate/pact-gate/actions/explain@v1,"
        f" with: {json.dumps(base | given)}}}"
        for name, given in QUESTIONS.items()
    )
    return make_act(module_folder).jobs({"explain": steps})


def test_each_row_without_a_result_is_explained_and_fails_no_step(explained) -> None:
    step = explained.step("all", job="explain")
    assert (step.result, step.exit_code, step.outputs["verdict"]) == ("success", 0, "not-in-environment")
    causes = json.loads(step.outputs["causes"])
    assert {(each["provider"], each["cause"]) for each in causes} == {
        ("products", "other-version"),
        ("stock", "provider-name"),
    }
    for each in causes:
        assert each["sentence"].split(";")[0].rstrip(".") in step.summary.replace("&#8203;", "")
        assert f"```text\n{each['command']}\n```" in step.summary
    assert [each.level for each in step.annotations] == ["warning"]


def test_only_one_partner_is_explained_where_one_is_named(explained) -> None:
    causes = json.loads(explained.step("one", job="explain").outputs["causes"])
    assert [each["provider"] for each in causes] == ["stock"]


def test_a_yes_has_nothing_to_explain(explained) -> None:
    step = explained.step("yes", job="explain")
    assert (step.exit_code, step.outputs["verdict"], step.outputs["causes"]) == (0, "yes", "[]")


def test_what_cannot_be_asked_is_a_mistake(explained) -> None:
    step = explained.step("mistake", job="explain")
    assert (step.result, step.exit_code) == ("failure", 2)
