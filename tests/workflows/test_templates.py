"""The workflows to copy (`workflows/`) play the main job together: orders needs products, and both are deployed."""

from __future__ import annotations

import subprocess
from contextlib import closing
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
TEMPLATES = ROOT / "workflows"

ORDERS_FILES = {
    "Makefile": "test:\n\tmkdir pacts && cp written-by-the-tests.json pacts/\ndeploy:\n\t@echo shipping orders\n",
    "written-by-the-tests.json": (HERE / "orders-products.json").read_text(encoding="utf-8"),
}
PRODUCTS_FILES = {
    "Makefile": "serve:\n\texec python3 provider.py 8000 $(PRICE)\ndeploy:\n\t@echo shipping products\n",
    "provider.py": (HERE / "provider.py").read_text(encoding="utf-8"),
}


@pytest.fixture(params=["git", "sqlite", "real"])
def broker(request, tmp_path):
    """The template for a consumer, the address of an empty broker, and the origin of the consumer's repository."""
    if request.param == "git":
        origin = tmp_path / "origin.git"
        subprocess.run(["git", "init", "--quiet", "--bare", origin], check=True)
        yield "embedded-broker.yml", f"git:{origin.as_uri()}#pact-broker", origin.as_uri()
    elif request.param == "sqlite":
        yield "pact-broker.yml", f"sqlite:{tmp_path / 'broker.sqlite3'}", ""
    else:
        yield "pact-broker.yml", request.getfixturevalue("real_broker"), ""


@pytest.fixture
def services(act, broker, port):
    """Two functions that push to the services' repositories; a commit of products may call its price otherwise."""
    template, address, origin = broker
    variables = {"PACT_BROKER_BASE_URL": address}
    orders = (TEMPLATES / template).read_text(encoding="utf-8")
    products = (TEMPLATES / "provider.yml").read_text(encoding="utf-8").replace("8000", str(port))

    def push_orders(branch="main"):
        return act.workflow(orders, files=ORDERS_FILES, variables=variables, branch=branch, origin=origin or "nowhere")

    def push_products(price="price"):
        makefile = PRODUCTS_FILES["Makefile"].replace("8000", str(port)).replace("$(PRICE)", price)
        return act.workflow(products, files={**PRODUCTS_FILES, "Makefile": makefile}, variables=variables)

    return push_orders, push_products


def test_from_a_commit_to_a_deploy_gate(services, broker, make_estate):
    """No while products is not there; then yes to both; a renamed field is stopped; a branch only asks."""
    push_orders, push_products = services
    if broker[1].startswith("http"):  # a new embedded broker has it
        make_estate(broker[1]).broker.create_environment("production")

    def deployed(name):
        estate = make_estate(broker[1])
        with closing(estate.broker):
            return estate.versions_in(name)

    early = push_orders()
    assert early.jobs == {"contract": "failure"}
    assert early.verdicts == ["not-in-environment"]
    assert "shipping" not in early.said

    products = push_products()
    assert products.jobs == {"contract": "success"}
    assert products.verdicts == ["yes"]
    assert deployed("products") == [products.sha]

    orders = push_orders()
    assert orders.jobs == {"contract": "success"}
    assert "shipping orders" in orders.said
    assert deployed("orders") == [orders.sha]

    renamed = push_products(price="cost")
    assert renamed.jobs == {"contract": "failure"}
    assert "shipping" not in renamed.said
    assert any("price" in error for step in renamed.steps.values() for error in step.errors)
    assert deployed("products") == [products.sha]

    branch = push_orders(branch="feat/cart")
    assert branch.jobs == {"contract": "success"}
    assert branch.verdicts == ["yes"]
    assert "shipping" not in branch.said
    assert deployed("orders") == [orders.sha]
