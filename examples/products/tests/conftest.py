from __future__ import annotations

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from products.app import create_app
from products.catalogue import Catalogue


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "products.sqlite3"
    monkeypatch.setenv("PRODUCTS_DATABASE", str(path))
    return path


@pytest.fixture
def catalogue(database: Path) -> Catalogue:
    return Catalogue(database)


@pytest.fixture
def client(database: Path) -> TestClient:
    return TestClient(create_app())
