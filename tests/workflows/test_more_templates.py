"""Templates that answer pull requests: for a service that calls and is called, and for GitHub Enterprise Server."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest
from tests.workflows.services import NEED, STANDS_IN_FOR_UPLOAD, TOKEN, TRIGGER_TOKEN, Service

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PROVIDER = (HERE / "provider.py").read_text(encoding="utf-8")
MAKEFILE = "test:\n\tmkdir pacts && cp written-by-the-tests.json pacts/\nserve:\n\texec {}\n"


@pytest.fixture
def service(checked_github, estate, port, tmp_path):
    """Makes orders' repository with one template, in a world where products' main branch honours what orders needs."""
    (tmp_path / "upload").mkdir()
    (tmp_path / "upload" / "action.yml").write_text(STANDS_IN_FOR_UPLOAD, encoding="utf-8")
    checked_github.token(TOKEN, "acme/orders", actions="write", statuses="write", pull_requests="write")
    checked_github.token(TRIGGER_TOKEN, "acme/products", actions="write")

    def made(act, template):
        world = SimpleNamespace(act=act, github=checked_github, folder=tmp_path, port=port)
        world.upload, world.broker_url = tmp_path / "upload", estate.url
        files = {"written-by-the-tests.json": json.dumps(NEED), "provider.py": PROVIDER}
        return Service(world, "orders", [template], {**files, "Makefile": MAKEFILE.format("false")})

    with closing(estate.broker):
        yield made


def answered(orders, template, files):
    """Open a pull request with files; the run, its gate's step, and what the commit shows, by context."""
    head = orders.commit(files, branch="feat/next")
    number = orders.github.pull_request("feat/next", head).number
    repository = {"full_name": "acme/orders", "default_branch": "main"}
    ends = {"head": {"sha": head, "ref": "feat/next", "repo": repository}, "base": {"ref": "main", "repo": repository}}
    payload = {"number": number, "pull_request": {"number": number, **ends}, "repository": repository}
    run = orders.run(template, "pull_request", payload, ref="feat/next")
    shown = {each.context: each.state for each in orders.github.statuses if each.sha == head}
    return run, run.step("gate", job="gate"), shown


# How `make serve` goes; then the gate's verdict, a word of its reason, and the states of three statuses: of the gate
# itself, of what fulfilment needs of orders, and of what orders needs of products.
PROVIDERS = {
    "honours it": ("python3 provider.py {}", "yes", "2 integrations", ("success", "success", "success")),
    "renames a field": ("python3 provider.py {} cost", "failed", "price", ("failure", "failure", None)),
    "does not start": ("false", "not-tested", "test (failure)", ("failure", None, None)),
}


@pytest.mark.parametrize(("serve", "verdict", "word", "states"), PROVIDERS.values(), ids=PROVIDERS)
def test_both_sides_of_a_service_are_one_answer(  # noqa: PLR0913, PLR0917 - a row of the table
    act, service, estate, serve, verdict, word, states
):
    """What it needs and what others need of it; a pact that it breaks is named with the field, not as a failed job."""
    orders = service(act, "both.yml")
    main = orders.github.branches["main"]
    estate.publish(json.dumps(NEED), main)
    estate.verified("orders", "products", main, "p1")
    estate.publish(json.dumps({**NEED, "consumer": {"name": "fulfilment"}, "provider": {"name": "orders"}}), "f1")

    files = {"Makefile": MAKEFILE.format(serve.format(orders.world.port)), "README": "a change"}
    run, gate, shown = answered(orders, "both.yml", files)
    assert run.jobs == {"test": "success" if verdict == "yes" else "failure", "gate": gate.result}
    assert (gate.outputs["verdict"], gate.exit_code) == (verdict, 0 if verdict == "yes" else 1)
    assert word in gate.outputs["reason"]
    contexts = ("pact-gate: orders with the main branches", "pact: fulfilment -> orders", "pact: orders -> products")
    assert tuple(map(shown.get, contexts)) == states


def mirrored(act, alone, folder):
    """Make `alone` a runner that knows the mirror of docs/ghes.md, and not this project by its own name."""
    mirror = shutil.copytree(act.checkout, folder / "mirror")
    ghes = [sys.executable, ROOT / "scripts" / "ghes.py", "tools/pact-gate", "v1-ghes", mirror]
    subprocess.run(ghes, check=True, timeout=30)
    alone.checkout = folder / "nothing"
    shutil.copytree(act.checkout / "tests", alone.checkout / "tests")  # what stands in for actions/checkout

    def run(repository, *, actions, **how):
        return alone.run(repository, actions={**actions, "tools/pact-gate@v1-ghes": mirror}, **how)

    return SimpleNamespace(run=run)


def test_on_github_enterprise_server_everything_comes_from_the_mirror(act, make_act, service, estate, tmp_path):
    """The pact is published, the provider's workflow started in its repository, waited for, and the gate answers."""
    orders = service(mirrored(act, make_act(tmp_path), tmp_path), "ghes.yml")
    products = orders.world.github.repository("acme/products")
    products.workflow("contract-requested.yml", (ROOT / "workflows" / "contract-requested.yml").read_text("utf-8"))
    main = products.branches["main"]
    estate.broker.put_branch("products", main, "main")
    about = estate.broker._link("pb:pacticipant", pacticipant="products")
    estate.broker._http.send("PATCH", about, {"repositoryUrl": "https://github.com/acme/products"})

    def verify(run):
        estate.verified("orders", "products", orders.github.branches["feat/next"], main)
        run.finish("success")

    orders.world.github.on_dispatch = verify
    run, gate, shown = answered(orders, "ghes.yml", {"README": "a change"})
    assert (gate.outputs["verdict"], gate.errors) == ("yes", [])
    assert run.jobs == {"test": "success", "gate": "success"}
    assert [each.event for each in products.runs] == ["workflow_dispatch"]
    assert set(shown.values()) == {"success"}
