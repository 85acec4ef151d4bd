"""What orders needs of other services."""

from __future__ import annotations

from dataclasses import dataclass

import httpx2


@dataclass(frozen=True)
class Product:
    """What orders reads of a product. Fields that it does not read stay out, here and in the pact."""

    id: str
    name: str
    price: float
    in_stock: bool
    category: str


class ProductClient:
    """The products API, as orders uses it."""

    def __init__(self, base_url: str) -> None:
        self._http = httpx2.Client(base_url=base_url, headers={"Accept": "application/json"}, timeout=5.0)

    def get_product(self, product_id: str) -> Product | None:
        """Return the product, or None where there is no such product.

        Raises:
            httpx2.HTTPError: products cannot be reached, or answers with another error.
        """
        answer = self._http.get(f"/api/products/{product_id}")
        if answer.status_code == httpx2.codes.NOT_FOUND:
            return None
        found = answer.raise_for_status().json()
        return Product(
            id=found["id"],
            name=found["name"],
            price=found["price"],
            in_stock=found["in_stock"],
            category=found["category"],
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()
