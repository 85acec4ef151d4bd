"""The HTTP API. Run it with `uvicorn --factory products.app:create_app --app-dir src`."""

from __future__ import annotations

import os
from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel

from products.catalogue import Catalogue, Product


class NotFound(BaseModel):
    """What is answered where there is no such product."""

    error: str


def create_app() -> FastAPI:
    """Make the service from its environment.

    `PRODUCTS_DATABASE` is the SQLite file (default: products.sqlite3); `PRODUCTS_PROVIDER_STATES=1` adds the endpoint
    that Pact's verifier calls, which nobody else should be able to reach.
    """
    catalogue = Catalogue(Path(os.environ.get("PRODUCTS_DATABASE", "products.sqlite3")))
    app = FastAPI(title="products")

    @app.get("/health")
    def health() -> dict[str, str]:
        return {"status": "ok"}

    # What an answer looks like that FastAPI does not make itself must be said, or the OpenAPI document lacks it.
    @app.get("/api/products/{product_id}", response_model=Product, responses={404: {"model": NotFound}})
    def product(product_id: str) -> Product | Response:
        return catalogue.find(product_id) or JSONResponse({"error": f"product {product_id} not found"}, 404)

    if os.environ.get("PRODUCTS_PROVIDER_STATES") == "1":
        from products.provider_states import states_of  # pact-gate is there in tests alone

        app.add_route("/_pact/provider_states", states_of(catalogue).asgi)
    return app
