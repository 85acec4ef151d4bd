"""The HTTP API. Run it with `uvicorn --factory orders.app:create_app --app-dir src`."""

from __future__ import annotations

import logging
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from fastapi import FastAPI, HTTPException
from pydantic import BaseModel, PositiveInt

from orders import pact_messages
from orders.clients import ProductClient
from orders.events import Item, serialize
from orders.placing import CannotBeOrderedError, place

log = logging.getLogger(__name__)

Publish = Callable[[bytes], None]


class OrderedItem(BaseModel):
    """One line of an order, as a customer sends it."""

    product_id: str
    quantity: PositiveInt


def to_log(message: bytes) -> None:
    """Stand in for the queue's producer, which takes bytes as well."""
    log.info("order.placed: %s", message.decode())


def create_app(publish: Publish = to_log) -> FastAPI:
    """Make the service from its environment.

    `PRODUCTS_URL` is where products answers; `ORDERS_PACT_MESSAGES=1` adds the endpoints that Pact's verifier calls.
    """
    products = ProductClient(os.environ.get("PRODUCTS_URL", "http://localhost:8000"))

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        products.close()

    app = FastAPI(title="orders", lifespan=lifespan)

    @app.get("/health")
    def health() -> dict[str, str]:
        return {"status": "ok"}

    @app.post("/api/orders", status_code=201)
    def order(items: list[OrderedItem]) -> dict[str, str]:
        try:
            placed = place([Item(item.product_id, item.quantity) for item in items], products.get_product)
        except CannotBeOrderedError as error:
            raise HTTPException(409, str(error)) from error
        publish(serialize(placed))
        return {"order_id": placed.order_id}

    if os.environ.get("ORDERS_PACT_MESSAGES") == "1":
        app.include_router(pact_messages.router())
    return app
