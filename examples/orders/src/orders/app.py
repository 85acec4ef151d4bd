"""The HTTP API. Run it with `uvicorn --factory orders.app:create_app --app-dir src`."""

from __future__ import annotations

import logging
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from fastapi import FastAPI, HTTPException
from pydantic import BaseModel, PositiveInt

from orders.clients import ProductClient
from orders.events import Item, OrderPlaced, serialize
from orders.kafka import OrderEvents
from orders.placing import CannotBeOrderedError, place

log = logging.getLogger(__name__)

Publish = Callable[[OrderPlaced], None]


class OrderedItem(BaseModel):
    """One line of an order, as a customer sends it."""

    product_id: str
    quantity: PositiveInt


def to_log(event: OrderPlaced) -> None:
    """Stand in for Kafka where there is none."""
    log.info("order.placed: %s", serialize(event).decode())


def create_app() -> FastAPI:
    """Make the service from its environment.

    `PRODUCTS_URL` is where products answers, `KAFKA_SERVERS` where Kafka does (without it messages go to the log);
    `ORDERS_PACT_MESSAGES=1` adds the endpoints that Pact's verifier calls.
    """
    products = ProductClient(os.environ.get("PRODUCTS_URL", "http://localhost:8000"))
    servers = os.environ.get("KAFKA_SERVERS")
    events = OrderEvents(servers) if servers else None
    publish: Publish = events.publish if events else to_log

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        products.close()
        if events:
            events.close()

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
        publish(placed)
        return {"order_id": placed.order_id}

    if os.environ.get("ORDERS_PACT_MESSAGES") == "1":
        from orders import pact_messages  # needs packages that are installed for tests alone

        pact_messages.add_to(app)
    return app
