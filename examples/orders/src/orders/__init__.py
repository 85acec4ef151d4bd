"""The orders service: consumer of the products API, producer of the message `order.placed`."""
