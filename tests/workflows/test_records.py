"""`actions/create-version` and `actions/record-deployment` in a job."""

from __future__ import annotations

import json


def step(name, action, url, **given):
    """A step that goes on when it fails."""
    inputs = json.dumps({"broker-url": url, "pacticipant": "mailer", **given})
    return f"- {{id: {name}, continue-on-error: true, uses: pact-gate/pact-gate/actions/{action}@v1, with: {inputs}}}\n"


def test_a_version_is_created_and_its_deployment_recorded(act, estate):
    """For a service without pacts: the commit, its branch and tags, then where it was deployed, and that it is gone."""
    environment = {"environment": "test", "create-environment": "true"}
    run = act.steps(
        step("create", "create-version", estate.url, tags="red")
        + step("deploy", "record-deployment", estate.url, **environment)
        + step("release", "record-deployment", estate.url, environment="production", state="released")
        + step("undeploy", "record-deployment", estate.url, environment="test", state="undeployed"),
        branch="feat/post",
    )
    assert [run.step(name).exit_code for name in ("create", "deploy", "release", "undeploy")] == [0, 0, 0, 0]
    assert run.step("create").outputs == {"version": run.sha, "branch": "feat/post"}
    assert run.step("deploy").outputs == {"version": run.sha}
    assert "deployed to test" in run.step("deploy").summary
    assert "released in production" in run.step("release").summary
    assert "undeployed in test" in run.step("undeploy").summary
    version = estate.broker.version("mailer", run.sha)
    assert [tag["name"] for tag in version["_embedded"]["tags"]] == ["red"]
    assert [each["name"] for each in version["_embedded"]["branchVersions"]] == ["feat/post"]
    assert estate.versions_in("mailer", "test") == []
    production = estate.broker.environment("production")
    assert [each.version for each in estate.broker.released(production, "mailer")] == [run.sha]


def test_what_cannot_be_recorded_says_why(act, estate):
    """An unknown environment, version or state, or a broker that is not there: nothing is recorded."""
    estate.broker.put_branch("mailer", "m1", "main")
    known = {"version": "m1", "environment": "production"}
    run = act.steps(
        step("environment", "record-deployment", estate.url, **known | {"environment": "productoin"})
        + step("version", "record-deployment", estate.url, **known | {"version": "m2"})
        + step("state", "record-deployment", estate.url, **known, state="shipped")
        + step("gone", "record-deployment", estate.url, **known, state="undeployed")
        + step("missing", "create-version", estate.url, pacticipant="")
        + step("unreachable", "create-version", "http://127.0.0.1:9", **{"broker-timeout": "1"})
    )
    sentences = {
        "environment": (2, "production"),
        "version": (2, "knows no version m2 of mailer"),
        "state": (2, "The input `state` is 'shipped'"),
        "gone": (2, "is not deployed in production"),
        "missing": (2, "The input `pacticipant` is missing"),
        "unreachable": (3, "127.0.0.1:9"),
    }
    for name, (exit_code, sentence) in sentences.items():
        assert (name, run.step(name).result, run.step(name).exit_code) == (name, "failure", exit_code)
        assert sentence in run.step(name).errors[0]
        assert "What to do next" in run.step(name).summary
    assert estate.versions_in("mailer") == []
