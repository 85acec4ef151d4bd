"""The workflows to copy (`workflows/`) play the main job together: orders needs products, and both are deployed."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
ORDERS = (ROOT / "workflows" / "pact-broker.yml").read_text(encoding="utf-8")
PRODUCTS = (ROOT / "workflows" / "embedded-broker.yml").read_text(encoding="utf-8")

ORDERS_FILES = {
    "Makefile": "test:\n\tmkdir pacts && cp written-by-the-tests.json pacts/\ndeploy:\n\t@echo shipping orders\n",
    "written-by-the-tests.json": (HERE / "orders-products.json").read_text(encoding="utf-8"),
}
PRODUCTS_FILES = {
    "Makefile": "serve:\n\texec python3 provider.py 8000 $(PRICE)\ndeploy:\n\t@echo shipping products\n",
    "provider.py": (HERE / "provider.py").read_text(encoding="utf-8"),
}


@pytest.fixture(params=["embedded", "real"])
def broker_url(request, tmp_path):
    """The address of an empty broker, embedded or real."""
    if request.param == "embedded":
        yield f"sqlite:{tmp_path / 'broker.sqlite3'}"
        return
    spec = importlib.util.spec_from_file_location("brokers", ROOT / "tests" / "conformance" / "brokers.py")
    brokers = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(brokers)
    with brokers.pact_broker(tmp_path) as url:
        yield url


@pytest.fixture
def services(act, broker_url, port):
    """Two functions that push to the services' repositories; a commit of products may call its price otherwise."""
    variables = {"PACT_BROKER_BASE_URL": broker_url, "PACT_BROKER_FILE": broker_url.removeprefix("sqlite:")}
    products = PRODUCTS.replace("8000", str(port))
    if not broker_url.startswith("sqlite:"):
        products = products.replace("sqlite:${{ vars.PACT_BROKER_FILE }}", "${{ vars.PACT_BROKER_BASE_URL }}")

    def push_orders(branch="main"):
        return act.workflow(ORDERS, files=ORDERS_FILES, variables=variables, branch=branch)

    def push_products(price="price"):
        makefile = PRODUCTS_FILES["Makefile"].replace("8000", str(port)).replace("$(PRICE)", price)
        return act.workflow(products, files={**PRODUCTS_FILES, "Makefile": makefile}, variables=variables)

    return push_orders, push_products


def test_from_a_commit_to_a_deploy_gate(services, broker_url, make_estate):
    """No while products is not there; then yes to both; a renamed field is stopped; a branch only asks."""
    push_orders, push_products = services
    broker = make_estate(broker_url)
    broker.broker.create_environment("production")

    early = push_orders()
    assert early.jobs == {"contract": "failure"}
    assert early.verdicts == ["not-in-environment"]
    assert "shipping" not in early.said

    products = push_products()
    assert products.jobs == {"contract": "success"}
    assert products.verdicts == ["yes"]
    assert broker.versions_in("products") == [products.sha]

    orders = push_orders()
    assert orders.jobs == {"contract": "success"}
    assert "shipping orders" in orders.said
    assert broker.versions_in("orders") == [orders.sha]

    renamed = push_products(price="cost")
    assert renamed.jobs == {"contract": "failure"}
    assert "shipping" not in renamed.said
    assert any("price" in error for step in renamed.steps.values() for error in step.errors)
    assert broker.versions_in("products") == [products.sha]

    branch = push_orders(branch="feat/cart")
    assert branch.jobs == {"contract": "success"}
    assert branch.verdicts == ["yes"]
    assert "shipping" not in branch.said
    assert broker.versions_in("orders") == [orders.sha]
