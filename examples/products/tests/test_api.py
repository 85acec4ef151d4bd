from __future__ import annotations

from fastapi.testclient import TestClient

from products.catalogue import Catalogue, Product

LAMP = Product(id="lamp", name="Desk Lamp", price=15.5, in_stock=False, category="office")


def test_a_product_is_found(client: TestClient, catalogue: Catalogue) -> None:
    catalogue.save(LAMP)

    answer = client.get("/api/products/lamp")

    assert answer.status_code == 200
    assert answer.json() == LAMP.model_dump()


def test_a_missing_product_answers_404_and_says_which(client: TestClient) -> None:
    answer = client.get("/api/products/lamp")

    assert answer.status_code == 404
    assert answer.json() == {"error": "product lamp not found"}


def test_a_normal_run_has_no_provider_states(client: TestClient) -> None:
    assert client.post("/_pact/provider_states", json={"state": ""}).status_code == 404
