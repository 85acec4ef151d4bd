"""The fulfilment service: consumer of the message `order.placed`."""
