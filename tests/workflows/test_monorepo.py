"""The workflow for a monorepo, as it is to be copied: orders calls products and stock, all in one git repository."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from tests.workflows.repositories import commit, git
from tests.workflows.services import UPLOAD

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
WORKFLOW = (ROOT / "workflows" / "monorepo.yml").read_text(encoding="utf-8")
CONFIG = (ROOT / "examples" / "monorepo" / "pact-gate.yml").read_text(encoding="utf-8")
PACT = (HERE / "orders-products.json").read_text(encoding="utf-8")
NEED, FIELD, TESTS = "services/orders/orders-products.json", "services/products/field", "services/orders/Makefile"

SERVICE = """
install:
	touch installed
serve: installed
	exec python3 provider.py {} $$(cat field)
deploy:
	echo {} >> "$$KEPT/shipped"
"""
ORDERS = """
test:
	mkdir pacts && cp orders-*.json pacts/
deploy:
	echo orders >> "$$KEPT/shipped"
"""
STANDS_IN = """
name: artifacts
description: Keep files in a folder of the test, or take them from there
inputs: {name: {}, pattern: {}, path: {}, if-no-files-found: {}, retention-days: {}}
runs:
  using: composite
  steps:
    - shell: bash
      run: COMMAND
      env: {NAME: "${{ inputs.name || inputs.pattern }}", FILES: "${{ inputs.path }}"}
"""
DOWNLOAD = "actions/download-artifact@37930b1c2abaa49bbe596cd826c3c89aef350131"
ARTIFACTS = {
    UPLOAD: 'mkdir "$KEPT/$NAME" && cp $FILES "$KEPT/$NAME"',
    DOWNLOAD: 'mkdir "$FILES" && cp -r $KEPT/$NAME "$FILES"',
}


class Monorepo:
    """A repository that is pushed to, and from whose main branch pull requests are made."""

    def __init__(self, act, folder, variables):
        self._act, self._folder, self._variables = act, folder, variables
        self.repository = folder / "repository"
        self.repository.mkdir()
        self._runs = 0
        self.shipped = {}  # by commit: what was deployed from it, in that order
        self._actions = {}
        for uses, command in ARTIFACTS.items():
            (folder / uses).mkdir(parents=True)
            (folder / uses / "action.yml").write_text(STANDS_IN.replace("COMMAND", command), encoding="utf-8")
            self._actions[uses] = folder / uses
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *words):
        return git(self.repository, *words)

    def push(self, files, before=None):
        """Push a commit to main."""
        before = before or self.git("rev-parse", "HEAD")
        after = commit(self.repository, files)
        return self._run("push", {"before": before, "after": after, "ref": "refs/heads/main"})

    def pull_request(self, *commits):
        """Ask to merge these commits, one push each, and give their runs; main stays as it is."""
        branch, repository = f"feat/{self._runs}", {"full_name": "acme/shop"}
        base = {"sha": self.git("rev-parse", "HEAD"), "ref": "main", "repo": repository}
        self.git("checkout", "--quiet", "-b", branch)
        runs = []
        for files in commits:
            head = {"sha": commit(self.repository, files), "ref": branch, "repo": repository}
            pull = {"number": 7, "head": head, "base": base}
            runs.append(self._run("pull_request", {"number": 7, "pull_request": pull, "repository": repository}))
        self.git("checkout", "--quiet", "main")
        return runs

    def _run(self, event, payload):
        self._runs += 1
        kept = self._folder / f"kept-{self._runs}"
        kept.mkdir()
        run = self._act.run(
            self.repository,
            event=(event, payload),
            environment={"KEPT": str(kept)},
            variables=self._variables,
            actions=self._actions,
        )
        shipped = kept / "shipped"
        self.shipped[run.sha] = shipped.read_text(encoding="utf-8").split() if shipped.exists() else []
        return run


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


@pytest.fixture(scope="module")
def estate(module_folder, make_estate):
    """One broker for all of this module."""
    return make_estate(f"sqlite:{module_folder / 'broker.sqlite3'}")


@pytest.fixture(scope="module")
def monorepo(module_folder, make_act, estate, pact):
    """The repository, whose first commit is on its main branch and deployed: the run of it, and all that follow."""
    ports = {"products": free_port(), "stock": free_port()}
    made = Monorepo(make_act(module_folder), module_folder, {"PACT_BROKER_BASE_URL": estate.url})
    files = {
        ".github/workflows/contracts.yml": WORKFLOW,
        "pact-gate.yml": CONFIG.replace("8001", ports["products"]).replace("8002", ports["stock"]),
        TESTS: ORDERS,
        NEED: PACT,
        "services/orders/orders-stock.json": pact("orders", "stock", path="/health"),
    }
    for name, port in ports.items():
        files[f"services/{name}/Makefile"] = SERVICE.format(port, name)
        files[f"services/{name}/provider.py"] = (HERE / "provider.py").read_text(encoding="utf-8")
        files[f"services/{name}/field"] = "price"
    made.first = made.push(files, before="0" * 40)
    return made


def test_on_a_new_branch_all_are_verified_together_and_deployed(monorepo, estate):
    """Nobody knows what changed, so everything may have; who is called is there before who calls."""
    run = monorepo.first
    assert run.jobs == dict.fromkeys(("plan", "test", "publish", "verify", "gate", "deploy"), "success")
    assert [estate.versions_in(name) for name in ("products", "stock", "orders")] == [[run.sha]] * 3
    assert monorepo.shipped[run.sha] == ["products", "stock", "orders"]


def test_the_gate_answers_where_nothing_is_concerned(monorepo, estate):
    """A required check that did not answer would be pending for ever."""
    [run] = monorepo.pull_request({"README.md": "Our shop."})
    assert run.jobs == {"plan": "success", "gate": "success"}
    assert "Nothing that goes to production is concerned" in run.step("1", job="gate").summary
    assert estate.broker.version("orders", run.sha) is None


@pytest.mark.parametrize(
    ("need", "verdict"), [(PACT.replace("a request", "another"), "yes"), (PACT.replace("price", "cost"), "failed")]
)
def test_what_a_consumer_needs_is_held_against_the_providers_that_are_deployed(monorepo, estate, need, verdict):
    """They did not change: the commit that is in production is verified, and has no version of this one."""
    [run] = monorepo.pull_request({NEED: need})
    assert run.verdicts == [verdict]
    rows = estate.broker.results("orders", run.sha)
    assert {row.provider_version for row in rows if row.provider == "products"} == {monorepo.first.sha}
    assert estate.broker.version("products", run.sha) is None
    assert "deploy" not in run.jobs


def test_consumer_and_provider_that_change_together_are_held_against_each_other(monorepo, estate):
    """At this commit: what is deployed of the provider does not have the field yet."""
    [run] = monorepo.pull_request({NEED: PACT.replace("price", "cost"), FIELD: "cost"})
    assert run.verdicts == ["yes"]
    assert estate.broker.results_elsewhere("orders", run.sha, "products") == (run.sha,)


def test_a_provider_that_breaks_its_consumer_in_the_same_commit_is_stopped_until_it_is_mended(monorepo):
    """One question for all of them, and one answer."""
    need = PACT.replace("a request", "one more request")
    broken, mended = monorepo.pull_request({NEED: need, FIELD: "cost"}, {FIELD: "price", "README.md": "Mended."})
    assert (broken.verdicts, broken.jobs["gate"]) == (["failed"], "failure")
    assert "price" in broken.step("2", job="gate").summary
    assert (mended.verdicts, mended.jobs["gate"]) == (["yes"], "success")


@pytest.mark.parametrize(
    ("files", "failed"),
    [({TESTS: "test:\n\tfalse\n"}, "test"), ({"pact-gate.yml": "pacticipants: [orders]"}, "plan")],
    ids=["the tests of a consumer", "pact-gate.yml"],
)
def test_the_gate_answers_no_where_it_cannot_ask(monorepo, estate, files, failed):
    """Nothing is published then."""
    [run] = monorepo.pull_request(files)
    assert run.jobs == {"plan": "success", failed: "failure", "gate": "failure"}
    assert run.step("0", job="gate").result == "failure"
    assert run.verdicts == []
    assert estate.broker.version("orders", run.sha) is None


def test_what_fits_only_together_is_not_deployed_one_after_the_other(monorepo, estate):
    """The gate says yes to both; but until orders is replaced, production would have a price that is missing.

    This is the last test, as main is another one afterwards.
    """
    run = monorepo.push({NEED: PACT.replace("price", "cost"), FIELD: "cost"})
    assert (run.jobs["gate"], run.jobs["deploy"]) == ("success", "failure")
    assert monorepo.shipped[run.sha] == []
    assert estate.versions_in("products") == [monorepo.first.sha]
