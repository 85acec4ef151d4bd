"""The whole story with real git repositories: from a pull request with a new need to production.

orders and products are two repositories with the workflows that are to be copied; each run is one of act, the dispatch
of products' verification too. Between them stand the GitHub of these tests and a broker.
"""

from __future__ import annotations

from contextlib import closing

import pytest
from tests.github.state import Job
from tests.github.state import Run as GitHubRun
from tests.workflows.services import HERE, STANDS_IN_FOR_UPLOAD, TOKEN, TRIGGER_TOKEN, Service, needing


class World:
    """orders, products, GitHub and a broker, in which both are in production and work together."""

    def __init__(self, act, github, broker_url, make_estate, folder, port):
        self.act, self.github, self.broker_url, self.folder, self.port = act, github, broker_url, folder, port
        self._make_estate = make_estate
        self.upload = folder / "upload"
        self.upload.mkdir()
        (self.upload / "action.yml").write_text(STANDS_IN_FOR_UPLOAD, encoding="utf-8")
        self.asked = []  # the versions of products that were to be verified, request by request
        self.orders = Service(
            self,
            "orders",
            ["pull-request.yml", "deploy-with-environments.yml"],
            {
                "Makefile": "test:\n\tmkdir pacts && cp w*.json pacts/\ndeploy:\n\t@echo shipping orders\n",
                "written-by-the-tests.json": needing(),
            },
        )
        self.products = Service(
            self,
            "products",
            ["contract-requested.yml", "verify-with-workflow.yml", "deploy-with-environments.yml"],
            {
                "Makefile": f"install:\n\ttouch installed\nserve: installed\n\texec python3 provider.py {port}\n",
                "provider.py": (HERE / "provider.py").read_text(encoding="utf-8"),
            },
        )
        github.token(TOKEN, "acme/orders", actions="write", statuses="write", pull_requests="write", contents="read")
        github.token(TRIGGER_TOKEN, "acme/products", actions="write")
        github.on_dispatch = self._verify
        self._begin()

    def estate(self):
        return self._make_estate(self.broker_url)

    def _begin(self):
        estate = self.estate()
        with closing(estate.broker) as broker:
            if "production" not in broker.environments():  # a new embedded broker has it
                broker.create_environment("production")
            orders, products = (each.github.branches["main"] for each in (self.orders, self.products))
            estate.publish(needing(), orders)
            broker.put_branch("products", products, "main")
            estate.verified("orders", "products", orders, products)
            about = broker._link("pb:pacticipant", pacticipant="products")
            broker._http.send("PATCH", about, {"repositoryUrl": "https://github.com/acme/products"})
        for name, version in (("orders", orders), ("products", products)):
            self.deploy(name, version)

    def _verify(self, run: GitHubRun):
        """What GitHub does when a workflow of products is dispatched.

        act ends a run when a called workflow fails, where GitHub goes on with the matrix: so it is run once for each
        version, and finds what is left.
        """
        self.asked.append(run.given["provider-versions"].split(","))
        run.status = "in_progress"
        every = [
            self.products.act("contract-requested.yml", "workflow_dispatch", {"inputs": run.given}, run)
            for _ in self.asked[-1]
        ]
        failed = any("failure" in each.jobs.values() for each in every)
        run.finish("failure" if failed else "success", Job("verify", log=every[-1].said))

    def deploy(self, name, version):
        """Record that a version is now in production."""
        with closing(self.estate().broker) as broker:
            broker.record(broker.version(name, version), "production", released=False, instance=None)

    def deployed(self, name):
        estate = self.estate()
        with closing(estate.broker):
            return estate.versions_in(name)

    def pull_request(self, number, head, branch):
        """The payload of a pull request of orders."""
        repository = {"full_name": "acme/orders", "default_branch": "main"}
        ends = {"head": {"sha": head, "ref": branch, "repo": repository}, "base": {"ref": "main", "repo": repository}}
        return {"number": number, "pull_request": {"number": number, **ends}, "repository": repository}

    def statuses(self, sha):
        """What the commit of orders shows, by context."""
        return {each.context: each.state for each in self.orders.github.statuses if each.sha == sha}


@pytest.fixture(params=["sqlite", "real"])
def world(request, act, checked_github, make_estate, port, tmp_path):
    """On the embedded broker, and on a real one."""
    url = (
        f"sqlite:{tmp_path / 'broker.sqlite3'}" if request.param == "sqlite" else request.getfixturevalue("real_broker")
    )
    return World(act, checked_github, url, make_estate, tmp_path, port)


def test_from_a_pull_request_with_a_new_need_to_production(world):
    """No at once, with the field and the run; yes without a push, once products can; the merge queue; production."""
    orders, products = world.orders, world.products
    # The head of products' main branch is newer than what is deployed. Neither has the field that orders now needs.
    deployed = products.github.branches["main"]
    newer = products.push({"README": "newer than what is deployed"})
    head = orders.commit({"written-by-the-tests.json": needing(weight=7)}, branch="feat/weight")
    opened = world.pull_request(orders.github.pull_request("feat/weight", head).number, head, "feat/weight")

    first = orders.run("pull-request.yml", "pull_request", opened, ref="feat/weight")
    assert [sorted(versions) for versions in world.asked] == [sorted([deployed, newer])]
    gate = first.step("gate", job="gate")
    assert gate.outputs["verdict"] == "failed"
    assert "weight" in gate.outputs["reason"]
    [run] = [each for each in products.github.runs if each.event == "workflow_dispatch"]
    assert f"/acme/products/actions/runs/{run.id}" in gate.outputs["next-step"]
    assert set(world.statuses(head).values()) == {"failure"}
    world.github.end()  # the gate has answered at the first result; the other version is verified even so
    [comment] = orders.github.comments
    assert "weight" in comment.body

    # products learns it: its own verification passes, now also of what the pull request needs, and it is deployed.
    provider = (HERE / "provider.py").read_text(encoding="utf-8").replace("FIELD: 49.5", '"weight": 7, FIELD: 49.5')
    able = products.push({"provider.py": provider})
    verified = products.run("verify-with-workflow.yml", "push")
    assert set(verified.jobs.values()) == {"success"}
    world.deploy("products", able)

    # The gate turns green without a push: the same commit, asked again.
    again = orders.run("pull-request.yml", "pull_request", opened, ref="feat/weight")
    assert again.step("gate", job="gate").outputs["verdict"] == "yes"
    assert set(world.statuses(head).values()) == {"success"}
    [comment] = orders.github.comments
    assert "✅" in comment.body

    # The merge queue's commit has the same content: nobody is asked, nobody waits.
    asked = len(world.asked)
    merged = orders.merge("feat/weight")
    queue = {
        "merge_group": {"head_sha": merged, "head_ref": "refs/heads/gh-readonly-queue/main/pr-1", "base_sha": head}
    }
    queued = orders.run("pull-request.yml", "merge_group", queue)
    assert queued.step("gate", job="gate").outputs["verdict"] == "yes"
    assert len(world.asked) == asked

    # Production.
    shipped = orders.run("deploy-with-environments.yml", "push")
    assert set(shipped.jobs.values()) == {"success"}
    assert "shipping orders" in shipped.said
    assert world.deployed("orders") == [merged]
