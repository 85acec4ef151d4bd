"""The caller of reconcile.yml that is to be copied, with real git repositories, a GitHub and a broker."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.github.state import Job
from tests.workflows.repositories import commit, start

HERE = Path(__file__).parent
TEMPLATE = (HERE.parents[1] / "workflows" / "reconcile.yml").read_text(encoding="utf-8")
PROVIDER = (HERE / "provider.py").read_text(encoding="utf-8")
NEED = (HERE / "orders-products.json").read_text(encoding="utf-8")
TOKEN = "t0ken-of-the-run"
GATE = """
name: Gate
on: pull_request
permissions: { statuses: write }
jobs:
  gate:
    runs-on: ubuntu-latest
    steps:
      - id: gate
        uses: pact-gate/pact-gate/actions/can-i-deploy@v1
        with: { pacticipant: orders, to-main-branch: "true", statuses: "true" }
        env: { PACT_BROKER_BASE_URL: "${{ vars.PACT_BROKER_BASE_URL }}" }
"""


class Service:
    """A service's repository, on disk and in GitHub, whose workflows act runs with what the template's job may do."""

    def __init__(self, name, act, github, estate, folder):
        self.act, self.github_, self.estate = act, github, estate
        self.github = github.repository(f"acme/{name}")
        self.folder = folder / name / "repository"
        start(self.folder, "main", f"https://github.com/acme/{name}.git")
        told = {"actions": "write", "contents": "read", "pull_requests": "read", "statuses": "write"}
        github.token(TOKEN, f"acme/{name}", **told)

    def commit(self, files):
        """Commit files to the main branch; the SHA of its head."""
        self.github.branches["main"] = head = commit(self.folder, files)
        return head

    def run(self, file, event, payload=None, run_id=1):
        """Run a workflow to its end."""
        return self.act.run(
            self.folder,
            event=(event, payload or {}),
            workflow=file,
            environment={"GITHUB_API_URL": self.github_.url, "GITHUB_RUN_ID": str(run_id)},
            variables={"PACT_BROKER_BASE_URL": self.estate.url},
            secrets={"GITHUB_TOKEN": TOKEN},
            one_at_a_time=True,
        )


@pytest.fixture(params=["sqlite", "real"])
def estate(request, make_estate, tmp_path):
    """On the embedded broker, and on a real one."""
    file = f"sqlite:{tmp_path / 'broker.sqlite3'}"
    return make_estate(file if request.param == "sqlite" else request.getfixturevalue("real_broker"))


@pytest.fixture
def service(act, checked_github, estate, tmp_path):
    """Makes a service's repository."""
    return lambda name: Service(name, act, checked_github, estate, tmp_path)


def deployed_and_head(service, estate, port, *inputs):
    """The repository of products, what is deployed of it and lacks a result, and the head of main, which has failed."""
    products = service("products")
    text = TEMPLATE.replace("8000", str(port)).replace("products\n", "\n      ".join(["products", *inputs]) + "\n")
    serve = f"install:\n\ttouch installed\nserve: installed\n\texec python3 provider.py {port}"
    files = {".github/workflows/reconcile.yml": text, "provider.py": PROVIDER}
    deployed = products.commit({**files, "Makefile": f"{serve}\n"})
    head = products.commit({"Makefile": f"{serve} cost\n"})
    for version in (deployed, head):
        estate.broker.put_branch("products", version, "main")
    estate.deployed("products", deployed)
    estate.publish(NEED, "c1")
    estate.verified("orders", "products", "c1", head, passed=False)
    return products, deployed


def test_what_is_deployed_and_lacks_a_result_is_verified_at_its_own_commit(service, estate, port):
    """Not at the head, which has renamed the field and has its result. A branch that is gone leaves the broker."""
    products, deployed = deployed_and_head(service, estate, port, "delete-branches: true")
    estate.broker.put_branch("products", "f" * 40, "feat/gone")
    run = products.run("reconcile.yml", "schedule")
    assert {run.jobs[job] for job in ("find", "verify")} == {"success"}
    [row] = json.loads(run.step("find", job="find").outputs["work"])
    assert (row["provider"], row["provider-version"], row["consumer"]) == ("products", deployed, "orders")
    assert estate.broker.results_elsewhere("orders", "c1", "products") == (deployed,)
    assert [branch.name for branch in estate.broker.branches("products")] == ["main"]
    assert not port.answers

    again = products.run("reconcile.yml", "schedule")
    assert again.step("find", job="find").outputs["count"] == "0"
    assert "verify" not in again.jobs


def test_what_is_missing_is_verified_even_where_github_refuses_the_rest(service, estate, port, checked_github):
    """The run is red, and says which permission is missing."""
    products, deployed = deployed_and_head(service, estate, port)
    checked_github.token(TOKEN, "acme/products", contents="read")
    run = products.run("reconcile.yml", "schedule")
    assert (run.jobs["find"], run.jobs["verify"]) == ("failure", "success")
    assert "pull_requests: read" in run.step("find", job="find").errors[0]
    assert estate.broker.results_elsewhere("orders", "c1", "products") == (deployed,)


def test_a_pull_request_turns_green_without_a_push(service, estate, checked_github):
    """Its gate said no; the provider has verified what it needs since, and the schedule has the gate run again."""
    orders = service("orders")
    text = TEMPLATE.replace("pacticipant: products", "pacticipant: orders")
    orders.commit({".github/workflows/reconcile.yml": text, ".github/workflows/gate.yml": GATE})
    head = orders.commit({"README": "a new need"})
    estate.publish(NEED, head, branch="feat/x")
    estate.broker.put_branch("products", "b" * 40, "main")
    number = orders.github.pull_request("feat/x", head).number
    about = {"full_name": "acme/orders", "default_branch": "main"}
    ends = {"head": {"sha": head, "ref": "feat/x", "repo": about}, "base": {"ref": "main", "repo": about}}
    payload = {"number": number, "pull_request": {"number": number, **ends}, "repository": about}
    run = orders.github.run(orders.github.workflow("gate.yml", GATE), "pull_request", "feat/x")

    def gate(run):
        found = orders.run("gate.yml", "pull_request", payload, run.id)
        run.finish(found.jobs["gate"], Job("gate", found.jobs["gate"]))

    def statuses():
        return {each.context: each.state for each in orders.github.statuses}

    checked_github.on_rerun = gate
    gate(run)
    assert statuses() == {
        "pact-gate: orders with the main branches": "failure",
        "pact: orders -> products": "failure",
    }
    first = orders.run("reconcile.yml", "schedule")
    assert (first.jobs["find"], run.run_attempt) == ("success", 1)

    estate.verified("orders", "products", head, "b" * 40)
    orders.run("reconcile.yml", "schedule")
    checked_github.end()
    assert (run.run_attempt, run.conclusion) == (2, "success")
    assert set(statuses().values()) == {"success"}
    assert orders.run("reconcile.yml", "schedule").jobs["find"] == "success"
    assert run.run_attempt == 2
