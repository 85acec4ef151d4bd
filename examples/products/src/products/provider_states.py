"""The data that a consumer's pact asks for, put into the real database before each interaction is replayed.

The verifier posts `{"state": "...", "action": "setup", "params": {...}}`. An interaction that needs no state comes with
an empty one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel

from products.catalogue import Catalogue, Product

WIDGET = Product(id="prod-001", name="Widget Pro", price=29.99, in_stock=True, category="electronics")

STATES: dict[str, Callable[[Catalogue], None]] = {
    "": lambda _: None,
    "product prod-001 exists": lambda catalogue: catalogue.save(WIDGET),
    "product prod-999 does not exist": lambda catalogue: catalogue.remove("prod-999"),
}


class ProviderState(BaseModel):
    """A state that one interaction needs, before it (`setup`) or after it (`teardown`)."""

    state: str | None = None
    action: Literal["setup", "teardown"] = "setup"


def router(catalogue: Catalogue) -> APIRouter:
    """Return the endpoint. It changes data: only a test run may have it."""
    routes = APIRouter()

    @routes.post("/_pact/provider_states")
    def change(wanted: ProviderState) -> dict[str, str]:
        put = STATES.get(wanted.state or "")
        if put is None:
            # A 4xx fails the verification at once; after a 5xx the verifier tries again for two minutes.
            raise HTTPException(404, f"No provider state {wanted.state!r}; add it to STATES in {__name__}.")
        if wanted.action == "setup":
            put(catalogue)
        return {"result": f"{wanted.action} complete"}

    return routes
