"""The reusable workflows, called by a workflow as a service's repository calls them; and what is written of them."""

from __future__ import annotations

import importlib
import json
import re
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
import yaml

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "docs"))
make_workflows = importlib.import_module("make_workflows")
TEMPLATES = ROOT / "workflows"
PAGE = (ROOT / "docs" / "reusable-workflows.md").read_text(encoding="utf-8")
PACT = (HERE / "orders-products.json").read_text(encoding="utf-8")
NAMES = [name.removesuffix(".yml") for name in make_workflows.workflows()]
RUNNER = {"runs-on", "setup"}  # inputs of the job, not of the action
WORK = {"version", "provider-version"}  # may be a row of a matrix
OWN_DEFAULTS = {"contract-gate": {"artifact", "to-main-branch", "timeout", "statuses", "comment"}}

STRANGER = "a" * 40
OURS = {"full_name": "acme/shop", "default_branch": "main"}
HEAD = {"sha": STRANGER, "ref": "feat/x", "repo": OURS}
ORDERS = {
    "Makefile": "test:\n\tmkdir pacts && cp written-by-the-tests.json pacts/\ndeploy:\n\t@echo shipping orders\n",
    "written-by-the-tests.json": PACT,
}


def called(name, checkout=ROOT):
    """What a workflow says of itself, and its jobs; with strings alone, so that `on` is no boolean."""
    text = (checkout / ".github" / "workflows" / f"{name}.yml").read_text(encoding="utf-8")
    workflow = yaml.load(text, Loader=yaml.BaseLoader)
    return workflow["on"]["workflow_call"], workflow["jobs"]


def call(job, name, given, secrets=None):
    """A job that calls a workflow, and one after it that shows what came out, whatever happened."""
    uses = f"pact-gate/pact-gate/.github/workflows/{name}.yml@v1"
    return {
        job: {"uses": uses, "with": given, "secrets": secrets or {}},
        f"after-{job}": {
            "needs": job,
            "if": "${{ !cancelled() }}",
            "runs-on": "ubuntu-latest",
            "steps": [
                {"id": "show", "run": 'echo "$OUTPUTS"', "env": {"OUTPUTS": f"${{{{ toJSON(needs.{job}.outputs) }}}}"}}
            ],
        },
    }


def outputs(run, job):
    """What the job after a call was given."""
    return json.loads(run.step("show", job=f"after-{job}").log)


def test_the_deploy_job_runs_after_a_yes_only(act, estate):
    """The caller to copy: no while products is not in production; then yes, it is deployed, and that is recorded."""
    workflow = (TEMPLATES / "deploy-with-environments.yml").read_text(encoding="utf-8").replace("10m", "0")
    variables = {"PACT_BROKER_BASE_URL": estate.url}

    early = act.workflow(workflow, files=ORDERS, variables=variables)
    assert early.jobs == {"test": "success", "gate": "failure"}
    assert early.verdicts == ["not-in-environment"]
    assert "shipping" not in early.said
    assert estate.versions_in("orders") == []

    estate.verified("orders", "products", early.sha, "p1")
    estate.deployed("products", "p1")
    run = act.workflow(workflow, files=ORDERS, variables=variables)
    assert run.jobs == {"test": "success", "gate": "success", "deploy": "success", "record": "success"}
    assert "shipping orders" in run.said
    assert estate.versions_in("orders") == [run.sha]


def test_the_gate_answers_in_words(act, estate):
    """Later jobs get the verdict, why, and what to do; a dry run tells a no and succeeds."""
    estate.publish(PACT, "c1")
    question = {"pacticipant": "orders", "version": "c1", "broker-url": estate.url}
    jobs = (
        call("dry", "deploy-gate", {**question, "to-environment": "production", "dry-run": True})
        | call("yes", "deploy-gate", {**question, "to-environment": "production", "ignore": "products"})
        | call("main", "deploy-gate", {**question, "to-main-branch": True, "dry-run": True})
    )
    run = act.workflow(json.dumps({"on": "push", "jobs": jobs}))
    answers = {job: outputs(run, job) for job in ("dry", "yes", "main")}
    assert {job: (answer["verdict"], answer["deployable"]) for job, answer in answers.items()} == {
        "dry": ("not-in-environment", "false"),
        "yes": ("yes", "true"),
        "main": ("not-in-environment", "false"),
    }
    assert all(answer["reason"] for answer in answers.values())
    assert "products" in answers["dry"]["next-step"]


@pytest.mark.parametrize(("target", "verdict"), [("production", "not-in-environment"), ("", "")])
def test_the_gate_answers_when_it_fails(act, estate, target, verdict):
    """A no, or inputs that are wrong: the answer is there, and it is no.

    act ends a run when a called workflow fails, where GitHub goes on: here its job stands in the run itself.
    """
    estate.publish(PACT, "c1")
    _, jobs = called("deploy-gate", act.checkout)
    (step,) = jobs["gate"]["steps"]
    step["with"] = {"pacticipant": "orders", "version": "c1", "broker-url": estate.url, "to-environment": target}
    gate = {**jobs["gate"], "runs-on": "ubuntu-latest", "timeout-minutes": 5}
    after = call("gate", "deploy-gate", {})["after-gate"]
    run = act.workflow(json.dumps({"on": "push", "jobs": {"gate": gate, "after-gate": after}}))
    assert run.jobs == {"gate": "failure", "after-gate": "success"}
    answer = outputs(run, "gate")
    assert (answer.get("verdict", ""), answer["deployable"]) == (verdict, "false")
    assert answer["reason"]


@pytest.mark.parametrize(("field", "result"), [("price", "success"), ("cost", "failure")])
def test_a_provider_is_set_up_started_and_verified(act, estate, port, field, result):
    """The caller to copy, with what later jobs get; one that renamed a field fails, and the broker knows."""
    estate.publish(PACT, "c1")
    text = (TEMPLATES / "verify-with-workflow.yml").read_text(encoding="utf-8").replace("8000", str(port))
    after = call("contracts", "verify-provider", {})["after-contracts"]
    workflow = f"{text}\n  after-contracts: {json.dumps(after)}\n"
    files = {
        "Makefile": "install:\n\tmv not-yet-installed.py provider.py\n"
        f"serve:\n\texec python3 provider.py {port} {field}\n",
        "not-yet-installed.py": (HERE / "provider.py").read_text(encoding="utf-8"),
    }
    run = act.workflow(workflow, files=files, variables={"PACT_BROKER_BASE_URL": estate.url})
    passed = result == "success"
    assert run.jobs["verify"] == result
    told = outputs(run, "contracts") if passed else run.step("verify", job="verify").outputs
    counts = {name: told[name] for name in ("result", "verified", "failed", "pending")}
    failed = "0" if passed else "1"
    assert counts == {"result": "passed" if passed else "failed", "verified": "1", "failed": failed, "pending": "0"}
    assert estate.broker.results_elsewhere("orders", "c1", "products") == ((run.sha,) if passed else ())
    assert estate.broker.version("products", run.sha) is not None
    assert not port.answers


@pytest.mark.parametrize(
    ("event", "payload"),
    [
        ("pull_request_target", {"pull_request": {"number": 1, "head": HEAD, "base": {"ref": "main", "repo": OURS}}}),
        ("workflow_run", {"workflow_run": {"head_sha": STRANGER, "head_branch": "feat/x", "head_repository": OURS}}),
    ],
)
def test_a_result_is_of_the_commit_that_was_checked_out(act, estate, port, event, payload):
    """These events run on the default branch and are about another commit, which nobody has verified here."""
    estate.publish(PACT, "c1")
    url = f"http://127.0.0.1:{port}"
    given = {"provider": "products", "start": f"exec python3 provider.py {port} price", "provider-url": url}
    given["provider-states-url"] = f"{url}/states"
    run = act.workflow(
        json.dumps({"on": event, "jobs": call("contracts", "verify-provider", given)}),
        files={"provider.py": (HERE / "provider.py").read_text(encoding="utf-8")},
        event=(event, {**payload, "repository": OURS}),
        variables={"PACT_BROKER_BASE_URL": estate.url},
    )
    assert run.jobs["verify"] == "success"
    assert estate.broker.results_elsewhere("orders", "c1", "products") == (run.sha,)


def test_what_is_known_is_recorded(act, estate):
    """Under its application instance, and in an environment that is made where the caller says so."""
    estate.publish(PACT, "c1")
    known = {"pacticipant": "orders", "version": "c1", "environment": "production", "broker-url": estate.url}
    jobs = call("known", "record-deployment", {**known, "application-instance": "blue"}) | call(
        "made", "record-deployment", {**known, "environment": "stage", "create-environment": True}
    )
    run = act.workflow(json.dumps({"on": "push", "jobs": jobs}))
    assert [outputs(run, job) for job in ("known", "made")] == [{"version": "c1"}, {"version": "c1"}]
    assert estate.versions_in("orders") == ["c1"]
    assert estate.versions_in("orders", "stage") == ["c1"]


def test_what_is_not_known_is_refused(act, estate):
    """A version, or an environment, that the broker does not know: nothing is recorded."""
    estate.publish(PACT, "c1")
    known = {"pacticipant": "orders", "version": "c1", "environment": "production", "broker-url": estate.url}
    for wrong, sentence in (
        ({"version": "c2"}, "knows no version c2 of orders"),
        ({"environment": "productoin"}, "knows no environment 'productoin'"),
    ):
        run = act.workflow(json.dumps({"on": "push", "jobs": call("record", "record-deployment", {**known, **wrong})}))
        assert run.jobs == {"record": "failure"}
        assert sentence in run.step("record", job="record").errors[0]
    assert estate.versions_in("orders") == []


def test_secrets_reach_the_broker_and_no_log(act, port):
    """A token that a caller hands over is what the broker is sent, by each of the three."""
    seen = []

    class Broker(BaseHTTPRequestHandler):
        def do_GET(self):
            seen.append(self.headers["Authorization"])
            self.send_error(401)

        def log_message(self, *_):
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", port.number), Broker)
    Thread(target=server.serve_forever, daemon=True).start()
    url = {"broker-url": f"http://127.0.0.1:{port}"}
    token = {"broker-token": "t0p-s3cret"}
    named = {"pacticipant": "orders", "version": "c1"}
    provider = {"provider": "products", "provider-url": "http://127.0.0.1:9", "setup": "env"}
    jobs = (
        call("gate", "deploy-gate", {**named, **url, "to-environment": "production"}, token)
        | call("record", "record-deployment", {**named, **url, "environment": "production"}, token)
        | call("verify", "verify-provider", {**provider, **url}, token)
    )
    try:
        run = act.workflow(json.dumps({"on": "push", "jobs": jobs}))
    finally:
        server.shutdown()
        server.server_close()
    assert set(seen) == {"Bearer t0p-s3cret"}
    assert {run.jobs[job] for job in ("gate", "record", "verify")} == {"failure"}
    assert "t0p-s3cret" not in run.said


# --- what act does not look at --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_every_input_and_secret_reaches_what_it_is_for(name):
    """By the same name, and with the action's own default unless a pull request's is another one."""
    about, jobs = called(name)
    used = set()
    for part in ours(jobs):
        for key, value in {**part.get("with", {}), **part.get("secrets", {})}.items():
            used.add(key)
            if key not in WORK:
                assert value in (*known_as(key), f"${{{{ matrix.{key} }}}}"), f"{part['uses']}: {key}"
        for key, own in defaults(part["uses"]).items():
            if key in part.get("with", {}).keys() & about["inputs"].keys() - WORK - OWN_DEFAULTS.get(name, set()):
                given = about["inputs"][key]
                assert (given["required"], given.get("default", "")) == own, key
    assert (about["inputs"].keys() | about["secrets"].keys()) - RUNNER <= used


def ours(jobs):
    """The steps and the jobs that use something of this repository's."""
    parts = [*jobs.values(), *(step for job in jobs.values() for step in job.get("steps", ()))]
    return [part for part in parts if part.get("uses", "").startswith("$/")]


def known_as(key):
    """How an input or a secret is handed on."""
    if key == "broker-url":
        return ("${{ inputs.broker-url || vars.PACT_BROKER_BASE_URL }}", "${{ inputs.broker-url }}")
    return (f"${{{{ inputs.{key} }}}}", f"${{{{ secrets.{key} }}}}")


def defaults(uses):
    """Whether each input of an action is required, and its default; a workflow's own test looks at those of its own."""
    if not uses.startswith("$/actions/"):
        return {}
    action = yaml.load((ROOT / uses[2:] / "action.yml").read_text("utf-8"), Loader=yaml.BaseLoader)
    inputs = action["inputs"].items()
    return {key: (each["required"], each.get("default", "")) for key, each in inputs if not key.startswith("broker-")}


@pytest.mark.parametrize("name", NAMES)
def test_every_part_is_typed_described_and_bounded(name):
    """So that GitHub shows what it is, refuses what it is not, and no job hangs."""
    about, jobs = called(name)
    assert all(given["type"] in ("string", "boolean") for given in about["inputs"].values())
    for part in (about["inputs"], about["secrets"], about["outputs"]):
        assert all(each["description"].endswith((".", "`")) for each in part.values())
    assert {secret["required"] for secret in about["secrets"].values()} == {"false"}
    assert all("permissions" in job for job in jobs.values())
    assert all(int(job["timeout-minutes"]) <= 60 for job in jobs.values() if "uses" not in job)


def test_the_page_describes_what_is_there():
    """Every input, secret and output has its row, as `make docs` writes them from the files."""
    assert make_workflows.page(PAGE) == PAGE


# --- where `$/` is not known ----------------------------------------------------------------------------------


def ghes(*arguments):
    command = [sys.executable, ROOT / "scripts" / "ghes.py", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


def test_the_copy_for_github_enterprise_server_names_its_actions(tmp_path):
    """Each action by repository and ref, and nothing else is changed (the runs above are runs of such a copy)."""
    assert ghes("tools/pact-gate", "v1.2.3", tmp_path).returncode == 0
    written = {path.stem: path.read_text("utf-8") for path in (tmp_path / ".github" / "workflows").iterdir()}
    assert sorted(written) == sorted(NAMES)
    for name, text in written.items():
        original = (ROOT / ".github" / "workflows" / f"{name}.yml").read_text("utf-8")
        back = re.sub(r"tools/pact-gate/((?:actions|\.github/workflows)/[a-z.-]+)@v1\.2\.3", r"$/\1", text)
        assert back == original
        assert "$/" not in text


@pytest.mark.parametrize("arguments", [("", ""), ("pact-gate", "v1"), ("tools/pact-gate", "v1 # \n"), ("a/b", r"\1")])
def test_the_copy_is_not_made_for_what_is_no_repository_or_ref(arguments, tmp_path):
    """It says how it is used, and writes nothing."""
    done = ghes(*arguments, tmp_path / "copy")
    assert done.returncode == 2
    assert "make ghes REPOSITORY=" in done.stderr
    assert not (tmp_path / "copy").exists()
