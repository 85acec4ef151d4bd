"""What happens when an order was placed."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, Field, PositiveInt


class Item(BaseModel):
    """One thing to pack."""

    product_id: str
    quantity: PositiveInt


class OrderPlaced(BaseModel):
    """What fulfilment reads of the message. Fields that it does not read stay out, here and in the pact."""

    model_config = ConfigDict(strict=True)  # text is not taken for a number: what orders sends is what the pact says

    event_type: str
    order_id: str
    items: list[Item] = Field(min_length=1)
    total: float


@dataclass(frozen=True)
class Fulfilment:
    """A parcel that will be sent, with how many pieces are in it."""

    fulfilment_id: str
    order_id: str
    pieces: int


class OrderPlacedHandler:
    """Consumes `order.placed`."""

    def handle(self, message: bytes) -> Fulfilment:
        """Read the message as it comes from the queue, and start the parcel.

        It takes bytes, not a dict, so that the contract test goes through the deserializer that production uses.

        Raises:
            pydantic.ValidationError: the message is not what fulfilment can read.
        """
        order = OrderPlaced.model_validate_json(message)
        return Fulfilment(
            fulfilment_id=f"ful-{uuid4()}",
            order_id=order.order_id,
            pieces=sum(item.quantity for item in order.items),
        )
