"""What orders needs of products. Running these tests writes pacts/orders-service-products-service.json."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from pact import Pact, match

from orders.clients import Product, ProductClient


@pytest.fixture
def pact(pacts: Path) -> Iterator[Pact]:
    pact = Pact("orders-service", "products-service")
    yield pact
    pact.write_file(pacts)


def test_get_product_by_id(pact: Pact) -> None:
    (
        pact.upon_receiving("a request for product prod-001")
        .given("product prod-001 exists")
        .with_request("GET", "/api/products/prod-001")
        .with_header("Accept", "application/json")
        .will_respond_with(200)
        .with_body(
            {
                "id": match.str("prod-001"),
                "name": match.str("Widget Pro"),
                "price": match.number(29.99),
                "in_stock": match.bool(True),
                "category": match.str("electronics"),
            },
            content_type="application/json",
        )
    )

    with pact.serve() as products, closing(ProductClient(str(products.url))) as client:
        product = client.get_product("prod-001")

    assert product == Product(id="prod-001", name="Widget Pro", price=29.99, in_stock=True, category="electronics")


def test_product_not_found_returns_none(pact: Pact) -> None:
    (
        pact.upon_receiving("a request for nonexistent product")
        .given("product prod-999 does not exist")
        .with_request("GET", "/api/products/prod-999")
        .will_respond_with(404)
        .with_body({"error": match.str("not found")}, content_type="application/json")
    )

    with pact.serve() as products, closing(ProductClient(str(products.url))) as client:
        product = client.get_product("prod-999")

    assert product is None
