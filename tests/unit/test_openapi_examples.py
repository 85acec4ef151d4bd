"""What orders really needs of products, against the document that products' framework makes of its code."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pact_gate.model.pact import Pact, parse
from pact_gate.openapi.compare import Comparison
from pact_gate.openapi.document import Documents

EXAMPLES = Path(__file__).parents[2] / "examples"
PATH = "/api/products/{product_id}"


@pytest.fixture(scope="module")
def pact(tmp_path_factory: pytest.TempPathFactory) -> Pact:
    """The pact that orders' own test writes."""
    pytest.importorskip("httpx2", reason="what orders calls products with is not installed")
    pytest.importorskip("pact", reason="the verify tier is not installed")
    folder = tmp_path_factory.mktemp("orders") / "orders"
    shutil.copytree(EXAMPLES / "orders", folder, ignore=shutil.ignore_patterns("pacts", "__pycache__"))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/test_product_client_pact.py"],
        cwd=folder,
        env={**os.environ, "PACT_DO_NOT_TRACK": "true"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (path,) = (folder / "pacts").glob("*.json")
    return parse(path.read_bytes(), path.name)


Edit = Callable[[dict[str, Any]], object]


def without_404(document: dict[str, Any]) -> None:
    del document["paths"][PATH]["get"]["responses"]["404"]


def of_product(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["components"]["schemas"]["Product"]
    return found


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (lambda _: None, []),
        (without_404, ["status-unknown response status"]),
        (
            lambda document: of_product(document)["properties"].pop("price"),
            ["response-field-unknown response body $.price"],
        ),
        (
            lambda document: of_product(document)["required"].remove("category"),
            ["response-field-optional response body $.category"],
        ),
        (
            lambda document: of_product(document)["properties"].update(price={"type": "string"}),
            ["response-body-wrong response body $.price"],
        ),
        (
            lambda document: of_product(document)["properties"].update(
                price={"anyOf": [{"type": "number"}, {"type": "null"}]}
            ),
            ["response-field-nullable response body $.price"],
        ),
    ],
    ids=[
        "as it is",
        "404 is not told",
        "price is gone",
        "category may be left out",
        "price is text",
        "price may be null",
    ],
)
def test_orders_and_products(edit: Edit, expected: list[str], pact: Pact, tmp_path: Path) -> None:
    document = json.loads((EXAMPLES / "products" / "openapi.json").read_text("utf-8"))
    edit(document)
    (tmp_path / "openapi.json").write_text(json.dumps(document))
    comparison = Comparison(Documents("openapi.json", tmp_path))
    found = comparison.pact(pact, "pact.json")
    assert len(found.interactions) == 2
    assert [f"{each.kind} {each.where}" for each in found.findings] == expected
    assert ("GET", "/health", "") in [each[:3] for each in comparison.unused()]
