from __future__ import annotations

import json
from pathlib import Path

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


def test_the_openapi_document_is_that_of_the_code(client: TestClient) -> None:
    kept = Path(__file__).parents[1] / "openapi.json"
    assert client.get("/openapi.json").json() == json.loads(kept.read_text(encoding="utf-8"))
