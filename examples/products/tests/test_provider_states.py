"""The endpoint that prepares the data for a verification is code too.

Where it does not leave the row that a pact asks for, every verification fails with a 404 or a 500 that looks like the
API's fault. So it is tested alone, against the database, before any pact is replayed.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from products.app import create_app
from products.catalogue import Catalogue
from products.provider_states import WIDGET


@pytest.fixture
def states(database: Path, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    monkeypatch.setenv("PRODUCTS_PROVIDER_STATES", "1")
    return TestClient(create_app())


def test_product_exists_inserts_the_row(states: TestClient, catalogue: Catalogue) -> None:
    assert catalogue.find("prod-001") is None

    answer = states.post("/_pact/provider_states", json={"state": "product prod-001 exists", "action": "setup"})

    assert answer.status_code == 200
    assert catalogue.find("prod-001") == WIDGET


def test_product_does_not_exist_deletes_the_row(states: TestClient, catalogue: Catalogue) -> None:
    catalogue.save(WIDGET.model_copy(update={"id": "prod-999"}))

    answer = states.post("/_pact/provider_states", json={"state": "product prod-999 does not exist"})

    assert answer.status_code == 200
    assert catalogue.find("prod-999") is None


def test_teardown_takes_the_row_away_again(states: TestClient, catalogue: Catalogue) -> None:
    for action, row in (("setup", WIDGET), ("teardown", None)):
        states.post("/_pact/provider_states", json={"state": "product prod-001 exists", "action": action})
        assert catalogue.find("prod-001") == row


def test_a_state_can_be_set_up_again(states: TestClient) -> None:
    for _ in range(2):
        answer = states.post("/_pact/provider_states", json={"state": "product prod-001 exists"})
        assert answer.status_code == 200


@pytest.mark.parametrize("nothing", ["", None])
def test_an_interaction_without_a_state_is_fine(states: TestClient, nothing: str | None) -> None:
    assert states.post("/_pact/provider_states", json={"state": nothing}).status_code == 200


def test_an_unknown_state_is_refused_by_its_name(states: TestClient) -> None:
    answer = states.post("/_pact/provider_states", json={"state": "product prod-01 exists"})

    assert answer.status_code == 404
    assert "product prod-01 exists" in answer.json()["error"]
    assert answer.json()["nearest"] == "product prod-001 exists"
