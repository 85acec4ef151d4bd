"""`actions/publish` in a job."""

from __future__ import annotations

import json

import pytest

# Steps that must go wrong: what they are given, their exit code, a sentence of their error, the file it is shown on.
MISTAKES = {
    "no-file": ({"pacts": "nowhere/*.json"}, 2, "No pact file matches nowhere/*.json", ""),
    "no-json": ({"pacts": "bad/no-json.json"}, 2, "bad/no-json.json", "bad/no-json.json"),
    "no-consumer": ({"pacts": "bad/no-consumer.json"}, 2, "consumer", "bad/no-consumer.json"),
    "disagreeing": ({"pacts": "bad/one.json\nbad/two.json"}, 2, "bad/two.json", "bad/one.json"),
    "branch-name": ({"version": "main"}, 2, "The version 'main' is the name of a branch.", ""),
    "no-choice": ({"on-conflict": "overwrite"}, 2, "The input `on-conflict` is 'overwrite'", ""),
    "no-scheme": ({"broker-url": "ftp://broker.example.org"}, 2, "The input `broker-url`", ""),
    "no-broker": ({"broker-url": ""}, 2, "No broker is named.", ""),
    "unreachable": ({"broker-url": "http://127.0.0.1:9", "broker-timeout": "1"}, 3, "127.0.0.1:9", ""),
}


@pytest.fixture(scope="module")
def mistakes(make_act, make_estate, module_folder, pact):
    """One job with a step for each mistake, and the broker after it."""
    estate = make_estate(f"sqlite:{module_folder / 'broker.sqlite3'}")
    steps = "\n".join(
        f"- {{id: {name}, continue-on-error: true, uses: pact-gate/pact-gate/actions/publish@v1,"
        f" with: {json.dumps({'broker-url': estate.url} | given)}}}"
        for name, (given, *_) in MISTAKES.items()
    )
    files = {
        "pacts/web-products.json": pact("web", "products"),
        "bad/no-json.json": '{"consumer": ',
        "bad/no-consumer.json": '{"provider": {"name": "products"}, "interactions": []}',
        "bad/one.json": pact("web", "products", status=200),
        "bad/two.json": pact("web", "products", status=404),
    }
    return make_act(module_folder).steps(steps, files=files), estate


@pytest.mark.parametrize(("name", "expected"), [(name, row[1:]) for name, row in MISTAKES.items()], ids=list(MISTAKES))
def test_a_mistake_fails_the_step_and_is_said_everywhere(mistakes, name, expected):
    """The exit code, the annotation on the file that caused it, the summary and the log tell the same."""
    exit_code, sentence, file = expected
    step = mistakes[0].step(name)
    assert (step.result, step.exit_code) == ("failure", exit_code)
    assert step.annotations[0].level == "error"
    assert sentence in step.annotations[0].message
    assert step.annotations[0].file == file
    assert "What to do next" in step.summary
    assert sentence in step.log
    assert "Traceback" not in step.log


def test_a_mistake_leaves_nothing_behind(mistakes):
    """Nothing is published by a step that failed."""
    assert mistakes[1].broker.pacticipants() == []


def test_a_commit_s_pacts_are_published_under_its_sha_and_branch(act, estate, pact):
    """Outputs, summary and broker agree; a glob with spaces finds its files; a later step can use the outputs."""
    run = act.steps(
        f"""
        - id: publish
          uses: pact-gate/pact-gate/actions/publish@v1
          with:
            broker-url: {estate.url}
            pacts: |
              contracts of web/*.json
            tags: red, green
        - id: told
          run: test "$CONSUMER" = web
          env:
            CONSUMER: ${{{{ fromJSON(steps.publish.outputs.published)[0].consumer }}}}
        """,
        files={"contracts of web/web products.json": pact("web", "products")},
        branch="feat/cart",
    )
    step = run.step("publish")
    assert (step.result, step.exit_code) == ("success", 0)
    assert (step.outputs["version"], step.outputs["branch"]) == (run.sha, "feat/cart")
    (published,) = json.loads(step.outputs["published"])
    assert (published["consumer"], published["provider"], published["version"]) == ("web", "products", run.sha)
    assert run.step("told").result == "success"
    assert step.annotations == []
    assert "Published 1 pact" in step.summary
    assert run.sha in step.summary
    version = estate.broker.version("web", run.sha)
    assert {tag["name"] for tag in version["_embedded"]["tags"]} == {"red", "green"}


def test_other_content_under_the_same_version_is_refused_on_its_file(act, estate, pact):
    """The error stands on the pact file and says what differs; with `on-conflict: merge` both are kept."""
    estate.publish(pact("web", "products"), "1.0.0")
    run = act.steps(
        f"""
        - id: conflict
          continue-on-error: true
          uses: pact-gate/pact-gate/actions/publish@v1
          with: {{"broker-url": "{estate.url}", "version": "1.0.0"}}
        - id: merged
          uses: pact-gate/pact-gate/actions/publish@v1
          with: {{"broker-url": "{estate.url}", "version": "1.0.0", "on-conflict": "merge"}}
        """,
        files={"pacts/web-products.json": pact("web", "products", description="a request for another product")},
    )
    conflict = run.step("conflict")
    assert (conflict.result, conflict.exit_code) == ("failure", 2)
    assert conflict.annotations[0].file == "pacts/web-products.json"
    assert "a request for another product" in conflict.annotations[0].message
    assert run.step("merged").result == "success"
    assert len(estate.broker.published_pact("web", "products", "1.0.0")["interactions"]) == 2


def test_paths_start_at_the_workspace_whatever_the_jobs_working_directory(act, estate, pact):
    """`defaults.run.working-directory` is for the job's own `run` steps; an action's paths start at the workspace."""
    run = act.workflow(
        f"""
        on: push
        jobs:
          job:
            runs-on: ubuntu-latest
            defaults:
              run:
                working-directory: services/web
            steps:
              - uses: actions/checkout@v6
              - run: test -f pacts/web-products.json
              - id: publish
                uses: pact-gate/pact-gate/actions/publish@v1
                with:
                  broker-url: {estate.url}
                  pacts: services/web/pacts
              - id: none
                uses: pact-gate/pact-gate/actions/publish@v1
                with:
                  broker-url: {estate.url}
                  on-empty: pass
        """,
        files={"services/web/pacts/web-products.json": pact("web", "products")},
    )
    assert run.jobs == {"job": "success"}
    assert [each["consumer"] for each in json.loads(run.step("publish").outputs["published"])] == ["web"]
    assert run.step("none").outputs["published"] == "[]"
