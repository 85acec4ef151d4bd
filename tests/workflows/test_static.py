"""What act does not check: GitHub's schemas, its parser, zizmor's audits, and this project's own rules."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
ACTIONS = [ROOT / "action.yml", *sorted(ROOT.glob("actions/*/action.yml"))]
TEMPLATES = sorted(ROOT.glob("workflows/*.yml"))
WORKFLOWS = [
    *sorted(ROOT.glob(".github/workflows/*.yml")),
    *TEMPLATES,
    *sorted(ROOT.glob("examples/*/.github/workflows/*.yml")),
]
# Ours by its major tag; in the template for GitHub Enterprise Server the mirror that docs/ghes.md sets up.
NAMES = r"(?:pact-gate/pact-gate(?=.*@v1$)|tools/pact-gate(?=.*@v1-ghes$))"
OURS = re.compile(NAMES + r"(?P<path>/actions/[a-z-]+)?@v1(-ghes)?")
OF_THIS_COMMIT = re.compile(r"\$(?P<path>/actions/[a-z-]+)")  # in the workflows that others call
# From elsewhere by such a tag; from another workflow of this repository at its own commit.
CALLED = re.compile(r"(?:" + NAMES + r"|\$)/(?P<path>\.github/workflows/[a-z-]+\.yml)(?:@v1(-ghes)?)?")
PINNED = re.compile(r"[\w./-]+@[0-9a-f]{40}")


def named(path):
    """The id of a file in a test's name."""
    return str(path.relative_to(ROOT))


def check(*command):
    """Run a checker of the developers' environment on files; what it says is the test's failure."""
    tools = str(Path(sys.executable).parent)
    executable = shutil.which(command[0], path=tools) or shutil.which(command[0])
    if executable is None:
        pytest.skip(f"{command[0]} is not there (scripts/requirements/dev.txt brings it)")
    done = subprocess.run([executable, *command[1:]], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def load(path):
    """Read a workflow or an action, with strings alone: `on` is no boolean."""
    return yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)


def steps():
    """Every step of every job and of every action, with its file."""
    for path in ACTIONS:
        yield from ((path, step) for step in load(path)["runs"]["steps"])
    for path in WORKFLOWS:
        for job in load(path)["jobs"].values():
            yield from ((path, step) for step in job.get("steps", ()))


def test_zizmor_has_nothing_to_say():
    """All of its audits that need no network, the pedantic ones too."""
    config = HERE / "zizmor.yml"
    check("zizmor", "--pedantic", "--offline", "--no-progress", "--config", config, *ACTIONS, *WORKFLOWS)


@pytest.mark.parametrize(("schema", "files"), [("actions", ACTIONS), ("workflows", WORKFLOWS)])
def test_the_schemas_of_github_hold(schema, files):
    """As SchemaStore keeps them."""
    check("check-jsonschema", "--builtin-schema", f"vendor.github-{schema}", *files)


def test_the_parser_of_github_takes_them():
    """It knows contexts, expressions and what may stand where; `npm ci` in this folder brings it."""
    if shutil.which("node") is None:
        pytest.skip("node is not there")
    if not (HERE / "node_modules" / "@actions" / "workflow-parser").is_dir():
        pytest.skip("@actions/workflow-parser is not there (npm ci --prefix tests/workflows brings it)")
    check("node", HERE / "check.mjs", *ACTIONS, *WORKFLOWS)


def test_every_action_is_pinned_to_a_commit_or_is_ours():
    """With the version in a comment behind the commit, which Dependabot keeps in step."""
    for path in [*ACTIONS, *WORKFLOWS]:
        for line in path.read_text(encoding="utf-8").splitlines():
            uses = re.search(r"\buses: ([^ ,]+)", line)
            if uses and not any(ours.fullmatch(uses[1]) for ours in (OURS, OF_THIS_COMMIT, CALLED)):
                assert PINNED.fullmatch(uses[1]), f"{named(path)}: {uses[1]}"
                assert re.search(r"# v\d+\.\d+\.\d+$", line), f"{named(path)}: {line.strip()}"


def test_our_actions_are_given_inputs_that_they_have():
    """act and GitHub run an action with an unknown input, and without a required one."""
    inputs = {f"/{path.parent.relative_to(ROOT)}".removesuffix("/."): load(path)["inputs"] for path in ACTIONS}
    for path, step in steps():
        ours = OURS.fullmatch(step.get("uses", "")) or OF_THIS_COMMIT.fullmatch(step.get("uses", ""))
        if ours:
            known = inputs[ours["path"] or ""]
            given = step.get("with", {}).keys()
            required = {name for name, about in known.items() if about.get("required") == "true"}
            assert required <= given <= known.keys(), f"{named(path)}: {step['uses']}"


def test_our_workflows_are_given_inputs_and_secrets_that_they_have():
    """GitHub refuses a run that calls a workflow otherwise; act does not look."""
    calls = [(path, job) for path in WORKFLOWS for job in load(path)["jobs"].values() if "uses" in job]
    assert calls
    for path, job in calls:
        call = load(ROOT / CALLED.fullmatch(job["uses"])["path"])["on"]["workflow_call"]
        given = job["with"].keys()
        required = {name for name, about in call["inputs"].items() if about["required"] == "true"}
        assert required <= given <= call["inputs"].keys(), f"{named(path)}: {job['uses']}"
        assert job["secrets"].keys() <= call["secrets"].keys(), f"{named(path)}: {job['uses']}"


def test_no_script_holds_an_expression():
    """What others wrote would be pasted into the script before the shell reads it."""
    assert [named(path) for path, step in steps() if "${{" in step.get("run", "")] == []


@pytest.mark.parametrize("path", WORKFLOWS, ids=named)
def test_permissions_are_stated(path):
    """For the whole workflow, so that no job has more than it asks for; none can write everything."""
    assert load(path)["permissions"] != "write-all"


@pytest.mark.parametrize("path", ACTIONS, ids=named)
def test_an_action_is_one_step_that_hands_every_input_over(path):
    """Inputs are documented and reach the launcher by `env`; a default is stated, and every output is documented."""
    action = load(path)
    (step,) = action["runs"]["steps"]
    assert re.fullmatch(r'sh "\$GITHUB_ACTION_PATH(/\.\./\.\.)?/scripts/pact-gate" [a-z-]+( start)?', step["run"])
    assert step["shell"] == "bash"
    handed = {f"PACT_GATE_{name.upper().replace('-', '_')}": f"${{{{ inputs.{name} }}}}" for name in action["inputs"]}
    assert step["env"] == handed
    for name, about in action["inputs"].items():
        assert len(about["description"]) > 20, name
        assert about["required"] in ("true", "false"), name
    for name, about in action.get("outputs", {}).items():
        assert about["description"].endswith("."), name
        assert about["value"] == f"${{{{ steps.{step['id']}.outputs.{name} }}}}"


def test_common_inputs_are_described_alike():
    """One input means one thing, whatever the action."""
    described = {}
    for path in ACTIONS:
        for name, about in load(path)["inputs"].items():
            if name.startswith("broker-") or name in ("version", "branch", "build-url", "tag-with-branch"):
                described.setdefault(name, set()).add(json.dumps(about, sort_keys=True))
    assert {name: len(ways) for name, ways in described.items() if len(ways) > 1} == {}


def test_nothing_reads_what_only_act_sets():
    """A composite action gets no INPUT_* from GitHub (`conftest.py` takes them away as well)."""
    sources = [ROOT / "scripts" / "pact-gate", *(ROOT / "scripts" / "pact_gate").rglob("*.py")]
    read = re.compile(r"INPUT_|get_(boolean_|multiline_)?input")
    assert [named(path) for path in sources if read.search(path.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize("path", TEMPLATES, ids=named)
def test_a_template_comes_with_what_github_shows_of_it(path):
    """Its properties stand beside it, as those of GitHub's starter workflows do."""
    properties = json.loads(path.with_suffix(".properties.json").read_text(encoding="utf-8"))
    assert all(properties[key] for key in ("name", "description", "iconName", "categories"))
