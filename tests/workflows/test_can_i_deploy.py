"""`actions/can-i-deploy` in a job: every verdict, every wrong question, and the deploy job behind it."""

from __future__ import annotations

import json

import pytest
from tests.github.state import sha

# Each question to the broker that `questions` fills: what the step is given beside the broker, its exit code, its
# verdict, and words of its reason.
VERDICTS = {
    "yes": ({"pacticipant": "good"}, 0, "yes", "1 integration is verified"),
    "failed": ({"pacticipant": "broken"}, 1, "failed", "products p1 does not honour what broken c1 needs"),
    "absent": ({"pacticipant": "early"}, 1, "not-in-environment", "basket is not there"),
    "waiting": ({"pacticipant": "new"}, 1, "waiting", "There is no result of products p1 for what new c1 needs"),
    "stuck": ({"pacticipant": "new", "timeout": "2", "interval": "1"}, 1, "stuck", "The gate waited"),
    "no-such-version": ({"pacticipant": "good", "version": "c9"}, 1, "no-such-version", "no version c9 of good"),
    "dry-run": ({"pacticipant": "broken", "dry-run": "true"}, 0, "failed", "products p1 does not honour"),
    "ignored": ({"pacticipant": "broken", "ignore": "products"}, 0, "yes", "Nothing was compared"),
    "empty": ({"pacticipant": "lonely"}, 0, "yes", "Nothing was compared"),
    "empty-fails": ({"pacticipant": "lonely", "on-empty": "fail"}, 1, "not-in-environment", "Nothing was compared"),
    "together": ({"pacticipant": "good\nbroken@c1"}, 1, "failed", "what broken c1 needs"),
    "unreachable": (
        {"pacticipant": "good", "broker-url": "http://127.0.0.1:9", "broker-timeout": "1"},
        3,
        "broker-error",
        "127.0.0.1:9",
    ),
}
MISTAKES = {
    "no-target": ({"pacticipant": "good", "to-environment": ""}, "no target is given"),
    "two-targets": ({"pacticipant": "good", "to-branch": "main"}, "more than one target is given"),
    "no-environment": ({"pacticipant": "good", "to-environment": "prod"}, "knows no environment 'prod'"),
    "no-pacticipant": ({"pacticipant": "godo"}, "knows no pacticipant 'godo'"),
    "branch-name": ({"pacticipant": "good", "version": "main"}, "is the name of a branch"),
    "no-time": ({"pacticipant": "good", "timeout": "soon"}, "The input `timeout` is 'soon'"),
}


@pytest.fixture(scope="module")
def questions(make_act, make_estate, module_folder, pact):
    """Two jobs that ask them all, of a broker with products p1 in production and five services that need it."""
    estate = make_estate(f"sqlite:{module_folder / 'broker.sqlite3'}")
    for consumer in ("good", "broken", "new"):
        estate.publish(pact(consumer, "products", path=f"/for/{consumer}"), "c1")
    estate.publish(pact("early", "basket"), "c1")
    estate.broker.put_branch("lonely", "c1", "main")
    estate.verified("good", "products", "c1", by="p1")
    estate.verified("broken", "products", "c1", by="p1", passed=False)
    estate.deployed("products", "p1")
    base = {"broker-url": estate.url, "to-environment": "production", "version": "c1"}
    jobs = {
        job: "\n".join(
            f"- {{id: {name}, continue-on-error: true, uses: pact-gate/pact-gate/actions/can-i-deploy@v1,"
            f" with: {json.dumps(base | row[0])}}}"
            for name, row in table.items()
        )
        for job, table in (("verdicts", VERDICTS), ("mistakes", MISTAKES))
    }
    copy = '- run: cp "$MATRIX" "$COPY"\n  env:\n    MATRIX: ${{ steps.failed.outputs.matrix }}\n    COPY: '
    return make_act(module_folder).jobs(jobs | {"verdicts": f"{jobs['verdicts']}\n{copy}{module_folder}/matrix.json"})


@pytest.mark.parametrize(("name", "expected"), [(name, row[1:]) for name, row in VERDICTS.items()], ids=list(VERDICTS))
def test_a_verdict_is_there_four_ways(questions, name, expected):
    """Exit code, outputs, annotation and summary tell one verdict; only a yes is deployable."""
    exit_code, verdict, reason = expected
    step = questions.step(name, job="verdicts")
    assert (step.result, step.exit_code) == ("failure" if exit_code else "success", exit_code)
    assert step.outputs["verdict"] == verdict
    assert step.outputs["deployable"] == ("true" if verdict == "yes" else "false")
    assert reason in step.outputs["reason"]
    assert bool(step.outputs["next-step"]) == (name != "yes")
    level = "error" if exit_code else "warning"
    assert [each.level for each in step.annotations] == ([] if name == "yes" else [level])
    assert reason.split()[0] in step.summary
    assert ("What to do next" in step.summary) == (name != "yes")


@pytest.mark.parametrize(("name", "sentence"), [(name, row[1]) for name, row in MISTAKES.items()], ids=list(MISTAKES))
def test_a_question_that_cannot_be_asked_is_a_mistake_and_no_verdict(questions, name, sentence):
    """Exit code 2 is not the gate's no, and no output can be taken for a yes."""
    step = questions.step(name, job="mistakes")
    assert (step.result, step.exit_code) == ("failure", 2)
    assert any(sentence in error for error in step.errors)
    assert (step.outputs["verdict"], step.outputs["deployable"]) == ("", "")


def test_the_summary_shows_who_depends_on_whom(questions):
    """A table with a row for the integration and a picture of it."""
    summary = questions.step("failed", job="verdicts").summary
    assert "| broken `c1` | products `p1` |" in summary
    assert "```mermaid" in summary


def test_the_matrix_is_a_file_for_later_steps(questions, module_folder):
    """The output `matrix` names a JSON file that a later step of the job can read."""
    facts = json.loads((module_folder / "matrix.json").read_text())
    assert facts["verdict"] == "failed"
    assert [row["consumer"] for row in facts["rows"]] == ["broken"]


GATED = """
on: push
jobs:
  gate:
    runs-on: ubuntu-latest
    outputs:
      verdict: ${{{{ steps.ask.outputs.verdict }}}}
    steps:
      - id: ask
        uses: pact-gate/pact-gate/actions/can-i-deploy@v1
        with:
          broker-url: {url}
          pacticipant: web
          to-environment: production
          version: c1
  deploy:
    needs: gate
    runs-on: ubuntu-latest
    steps:
      - id: deploy
        run: echo "deployed after $VERDICT"
        env:
          VERDICT: ${{{{ needs.gate.outputs.verdict }}}}
"""


@pytest.mark.parametrize("passed", [True, False])
def test_the_deploy_job_runs_after_a_yes_and_after_nothing_else(act, estate, pact, passed):
    """A job that `needs:` the gate's job is what is gated."""
    estate.publish(pact("web", "products"), "c1")
    estate.verified("web", "products", "c1", by="p1", passed=passed)
    estate.deployed("products", "p1")
    run = act.workflow(GATED.format(url=estate.url))
    if passed:
        assert run.jobs == {"gate": "success", "deploy": "success"}
        assert run.step("deploy", job="deploy").log == "deployed after yes\n"
    else:
        assert run.jobs.get("gate") == "failure"
        assert run.jobs.get("deploy", "skipped") == "skipped"
        assert ("deploy", "deploy") not in run.steps


BESIDE = """
on: push
jobs:
  gate:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd
      - id: ask
        uses: pact-gate/pact-gate/actions/can-i-deploy@v1
        with:
          {{ broker-url: "{url}", pacticipant: web, version: {version}, to-environment: production, not-covered: true }}
"""
CHECKS = "checks: [{name: Smoke tests, covers: [network], environment: test}]\n"


def test_the_teams_own_checks_stand_beside_the_answer(act, estate, checked_github):
    """A deployment that failed is shown to who decides, and the answer is what the contracts say."""
    version = sha("what is asked about")
    estate.broker.put_branch("web", version, "main")
    checked_github.repository("acme/shop").deployment(version, "test", "failure", log_url="https://example.org/log")
    checked_github.token("t0ken", "acme/shop", checks="read", deployments="read")
    run = act.workflow(
        BESIDE.format(url=estate.url, version=version),
        files={"pact-gate.yml": CHECKS},
        environment={"GITHUB_API_URL": checked_github.url},
        secrets={"GITHUB_TOKEN": "t0ken"},
    )
    step = run.step("ask", job="gate")
    assert (step.exit_code, step.outputs["deployable"]) == (0, "true")
    assert "❌ [Smoke tests](https://example.org/log): failed" in step.summary
    assert step.summary.count("no check is named") == 3
