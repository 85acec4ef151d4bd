"""The data that a consumer's pact asks for, put into the real database before each interaction is replayed.

`pact_gate.states` answers the verifier; what stands here are the states, by the names that the pacts give them.
"""

from __future__ import annotations

from pact_gate.states import States

from products.catalogue import Catalogue, Product

WIDGET = Product(id="prod-001", name="Widget Pro", price=29.99, in_stock=True, category="electronics")


def states_of(catalogue: Catalogue) -> States:
    """Give the states of a catalogue. They change its data: only a test run may have them."""
    states = States()

    @states.state("product prod-001 exists")
    def widget_exists() -> None:
        catalogue.save(WIDGET)

    @states.teardown("product prod-001 exists")
    def widget_is_gone() -> None:
        catalogue.remove(WIDGET.id)

    @states.state("product prod-999 does not exist")
    def nothing_has_this_id() -> None:
        catalogue.remove("prod-999")

    return states
