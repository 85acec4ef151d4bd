"""Products, and the table they are kept in."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import BaseModel


class Product(BaseModel):
    """A product, as the API shows it."""

    id: str
    name: str
    price: float
    in_stock: bool
    category: str


class Catalogue:
    """The products in one SQLite file, which is made when it is not there."""

    def __init__(self, database: Path) -> None:
        self._database = database
        with self._connection() as connection:
            connection.execute(
                "CREATE TABLE IF NOT EXISTS products ("
                "id TEXT PRIMARY KEY, name TEXT NOT NULL, price REAL NOT NULL, "
                "in_stock INTEGER NOT NULL, category TEXT NOT NULL)"
            )

    def find(self, product_id: str) -> Product | None:
        """Return the product, or None where there is no such product."""
        with self._connection() as connection:
            row = connection.execute("SELECT * FROM products WHERE id = ?", (product_id,)).fetchone()
        return Product.model_validate(dict(row)) if row else None

    def save(self, product: Product) -> None:
        """Insert the product, or replace the one with the same id."""
        with self._connection() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO products (id, name, price, in_stock, category) "
                "VALUES (:id, :name, :price, :in_stock, :category)",
                product.model_dump(),
            )

    def remove(self, product_id: str) -> None:
        """Delete the product; one that is not there is no error."""
        with self._connection() as connection:
            connection.execute("DELETE FROM products WHERE id = ?", (product_id,))

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(self._database)
        connection.row_factory = sqlite3.Row
        try:
            with connection:
                yield connection
        finally:
            connection.close()
