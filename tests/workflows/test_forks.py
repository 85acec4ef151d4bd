"""The two workflows for pull requests without secrets: a stranger's code runs in the one, the other has the secrets.

Both run here as they are to be copied; between them stands the GitHub of these tests, which keeps the artifact.
"""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pytest
import yaml
from tests.github.state import Artifact, sha
from tests.workflows.services import UPLOAD

from pact_gate.model.gate import Target, TargetKind

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
TEMPLATES = ROOT / "workflows"
PACTS = (TEMPLATES / "fork-pacts.yml").read_text(encoding="utf-8")
GATE = (TEMPLATES / "fork-gate.yml").read_text(encoding="utf-8")
PACT = (HERE / "orders-products.json").read_text(encoding="utf-8")

HEAD = sha("what the stranger wrote")
TOKEN, SECRET = "t0ken-of-the-run", "s3cret-of-the-broker"
# All of it is a branch name that git takes.
HOSTILE_BRANCH = (
    "feat/$(touch${IFS}pwned-1)`touch${IFS}pwned-2`;touch${IFS}pwned-3|</details><img/src=x>'\"%0A%3A%3Aerror"
)
HOSTILE_TEXT = (
    "`touch pwned-4` $(touch pwned-5) ${{ secrets.PACT_BROKER_TOKEN }} </details> <img src=x>\n"
    "::set-output name=head::forged\n::error file=x::forged\n##[error]forged @everyone"
)

STANDS_IN_FOR_UPLOAD = """
name: upload-artifact
description: Pack the files that match, as an artifact is
inputs:
  name: {description: What it is called}
  path: {description: Which files}
  if-no-files-found: {description: Not in use}
  retention-days: {description: Not in use}
runs:
  using: composite
  steps:
    - shell: bash
      run: |
        python3 - <<'END'
        import glob, os, zipfile
        with zipfile.ZipFile(os.environ["KEPT"] + "/" + os.environ["NAME"] + ".zip", "w") as kept:
            for path in glob.glob(os.environ["FILES"]):
                kept.write(path, os.path.basename(path))
        END
      env: {NAME: "${{ inputs.name }}", FILES: "${{ inputs.path }}"}
"""
# Runs beside the workflow's own job, so that act has a job also where that one is skipped.
BESIDE = "\n  beside: {runs-on: ubuntu-latest, steps: [{run: 'true'}]}\n"


@pytest.fixture
def first_workflow(act, tmp_path):
    """Runs the first workflow on a pull request, and gives the zip file that it kept, if it kept one."""
    upload = tmp_path / "upload"
    upload.mkdir()
    (upload / "action.yml").write_text(STANDS_IN_FOR_UPLOAD, encoding="utf-8")

    def run(*, head_repository="mallory/shop", author="mallory"):
        recipe = "mkdir pacts && cp written-by-the-tests.json pacts/orders-products.json"
        # act has no pull request's commit: HEAD is the one of the repository that it runs in.
        head = {"sha": "HEAD", "ref": "feat/cart", "repo": {"full_name": head_repository}}
        base = {"sha": "b" * 40, "ref": "main", "repo": {"full_name": "acme/shop"}}
        pull = {"number": 7, "title": HOSTILE_TEXT, "user": {"login": author}, "head": head, "base": base}
        found = act.workflow(
            PACTS + BESIDE,
            files={"Makefile": f"test:\n\t{recipe}\n", "written-by-the-tests.json": PACT},
            pull_request={"number": 7, "pull_request": pull, "repository": {"full_name": "acme/shop"}},
            environment={"KEPT": str(tmp_path)},
            actions={UPLOAD: upload},
        )
        kept = tmp_path / "pacts.zip"
        return found, kept.read_bytes() if kept.exists() else None

    return run


@pytest.fixture
def second_workflow(act, github, estate):
    """Runs the second workflow when a run of a pull request has ended, which kept an artifact."""
    ours = github.repository("acme/shop")
    github.repository("mallory/shop", fork=True, private=False)
    github.token(TOKEN, "acme/shop", actions="read", pull_requests="write", statuses="write")
    workflow = ours.workflow("fork-pacts.yml", PACTS)

    def run(kept, *, branch="feat/cart", event="pull_request", conclusion="success", **forged):
        ours.issues.clear()
        ours.pull_request(branch, HEAD, head_repository="mallory/shop", title=HOSTILE_TEXT)
        whose = {"head_sha": HEAD, "head_branch": branch, "head_repository": "mallory/shop"}
        ended = ours.run(workflow, event, HEAD, display_title=HOSTILE_TEXT, **whose)
        ended.artifacts = [Artifact("pacts", kept)]
        head = {"full_name": "mallory/shop", "owner": {"login": "mallory"}}
        told = {"id": ended.id, "event": event, "conclusion": conclusion, "display_title": HOSTILE_TEXT}
        told |= {"head_sha": HEAD, "head_branch": branch, "head_repository": head, **forged}
        return act.workflow(
            GATE.replace("pacticipant: orders,", 'pacticipant: orders, timeout: "0",') + BESIDE,
            event=("workflow_run", {"workflow_run": told, "repository": {"full_name": "acme/shop"}}),
            environment={"GITHUB_API_URL": github.url},
            variables={"PACT_BROKER_BASE_URL": estate.url},
            secrets={"GITHUB_TOKEN": TOKEN, "PACT_BROKER_TOKEN": SECRET},
        )

    return run


def packed(name, content):
    """An artifact of one file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as kept:
        kept.writestr(name, content)
    return buffer.getvalue()


def no_harm(run, tmp_path):
    """Nothing that a stranger named was run, believed or leaked."""
    assert "forged" not in json.dumps([each.outputs for each in run.steps.values()])
    assert not any(each.message.startswith("forged") for step in run.steps.values() for each in step.annotations)
    assert not list(tmp_path.rglob("pwned-*"))
    told = [line for line in run.text.splitlines() if TOKEN in line or SECRET in line]
    assert all('"command":"add-mask"' in line for line in told)


def test_from_a_forks_pull_request_to_a_verdict(first_workflow, second_workflow, estate, tmp_path):
    """A no until the provider has verified it, then a yes; under the fork's head, on a branch that is no one else's."""
    first, kept = first_workflow()
    assert first.jobs == {"pacts": "success", "beside": "success"}

    early = second_workflow(kept)
    assert early.jobs == {"gate": "failure", "beside": "success"}
    assert early.verdicts == ["not-in-environment"]
    assert estate.broker.head(Target(TargetKind.BRANCH, "mallory:feat/cart"), "orders") == HEAD
    [interaction] = estate.broker.published_pact("orders", "products", HEAD)["interactions"]
    assert interaction["description"] == "a request for a product"
    no_harm(early, tmp_path)

    estate.verified("orders", "products", HEAD, "p1")
    again = second_workflow(kept)
    assert again.jobs == {"gate": "success", "beside": "success"}
    assert again.verdicts == ["yes"]


@pytest.mark.parametrize(
    ("head_repository", "author", "runs"),
    [("mallory/shop", "mallory", True), ("acme/shop", "dependabot[bot]", True), ("acme/shop", "alice", False)],
    ids=["a fork", "Dependabot", "a branch of our own"],
)
def test_only_who_has_no_secrets_takes_this_way(first_workflow, head_repository, author, runs):
    """Own branches publish by their own workflow, and not twice."""
    run, kept = first_workflow(head_repository=head_repository, author=author)
    assert ("pacts" in run.jobs, kept is not None) == (runs, runs)


@pytest.mark.parametrize("ended", [{"conclusion": "skipped"}, {"event": "push"}, {"event": "pull_request_target"}])
def test_what_is_no_pull_request_without_secrets_starts_nothing(second_workflow, github, ended):
    """The job with the secrets is skipped."""
    run = second_workflow(packed("x.json", PACT), **ended)
    assert run.jobs == {"beside": "success"}
    assert github.requests == []


def test_a_failed_test_is_told_to_the_pull_request(second_workflow, github, estate, tmp_path):
    """Nothing is taken of what it kept; the commit and the comment say that the tests did not pass."""
    run = second_workflow(packed("x.json", PACT), conclusion="failure")
    assert run.verdicts == ["not-tested"]
    assert estate.broker.pacticipants() == []
    ours = github.repositories["acme/shop"]
    assert [(each.sha, each.state) for each in ours.statuses] == [(HEAD, "failure")]
    [comment] = ours.comments
    assert "did not succeed" in comment.body
    no_harm(run, tmp_path)


def test_a_hostile_branch_and_title_are_text(second_workflow, estate, tmp_path):
    """git takes such a branch. It is what the broker has, letter for letter, and nothing else."""
    run = second_workflow(packed("x.json", PACT), branch=HOSTILE_BRANCH)
    assert run.verdicts == ["not-in-environment"]
    assert estate.broker.head(Target(TargetKind.BRANCH, f"mallory:{HOSTILE_BRANCH}"), "orders") == HEAD
    no_harm(run, tmp_path)


ATTACKS = {
    "a path": ("../../../.github/workflows/x.json", PACT, {}),
    "a name": (HOSTILE_TEXT, PACT, {}),
    "another team's pact": ("x.json", PACT.replace('"orders"', '"billing"'), {}),
    "another team's pact with a name that breaks out": (
        "x.json",
        PACT.replace("orders", json.dumps(HOSTILE_TEXT)[1:-1]),
        {},
    ),
    "a bomb": ("x.json", " " * 5 * 1024 * 1024, {}),
    "a head that GitHub does not know": ("x.json", PACT, {"head_sha": sha("main")}),
}


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_an_attack_is_refused_before_anything_is_published(second_workflow, github, estate, tmp_path, attack):
    """With a sentence, on the commit too; the broker hears nothing of it."""
    name, content, forged = attack
    run = second_workflow(packed(name, content), **forged)
    assert run.jobs == {"gate": "failure", "beside": "success"}
    step = run.step("gate", job="gate")
    assert (step.exit_code, len(step.errors), set(step.outputs.values())) == (2, 1, {""})
    assert {each.state for each in github.repositories["acme/shop"].statuses} <= {"error"}
    assert estate.broker.pacticipants() == []
    assert "<img" not in step.summary
    no_harm(run, tmp_path)


def test_strangers_code_and_secrets_never_meet():
    """The first workflow names no secret and cannot write; the second runs our actions alone, without a checkout."""
    first, second = (yaml.load(text, Loader=yaml.BaseLoader) for text in (PACTS, GATE))
    assert first["on"] == "pull_request"
    assert "secrets." not in PACTS
    assert (first["permissions"], first["jobs"]["pacts"]["permissions"]) == ({}, {"contents": "read"})
    (job,) = second["jobs"].values()
    assert job["uses"] == "pact-gate/pact-gate/.github/workflows/contract-gate.yml@v1"
    assert job["permissions"] == {"actions": "read", "statuses": "write", "pull-requests": "write"}
    called = yaml.load(
        (ROOT / ".github" / "workflows" / "contract-gate.yml").read_text("utf-8"), Loader=yaml.BaseLoader
    )
    steps = [step for each in called["jobs"].values() for step in each["steps"]]
    assert all(step["uses"].startswith("$/actions/") for step in steps)
    assert second["on"]["workflow_run"]["workflows"] == [first["name"]]
