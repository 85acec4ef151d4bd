"""Taking messages from Kafka. Run it with `python -m fulfilment.consumer localhost:9092`."""

from __future__ import annotations

import logging
import sys

from confluent_kafka import Consumer, KafkaException

from fulfilment.handler import Fulfilment, OrderPlacedHandler

log = logging.getLogger(__name__)

TOPIC = "orders"


def new_consumer(servers: str) -> Consumer:
    """Return a consumer of this service's group. What it has handled is committed, and nothing before."""
    return Consumer(
        {
            "bootstrap.servers": servers,
            "group.id": "fulfilment",
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
        }
    )


def handle_next(consumer: Consumer, handler: OrderPlacedHandler, wait: float = 1.0) -> Fulfilment | None:
    """Handle the next message, or return None where none comes within `wait` seconds.

    Raises:
        KafkaException: Kafka cannot be read.
        pydantic.ValidationError: the message is not what fulfilment can read. It is not committed.
    """
    message = consumer.poll(wait)
    if message is None:
        return None
    if message.error():
        raise KafkaException(message.error())
    fulfilment = handler.handle(message.value() or b"")
    consumer.commit(message=message, asynchronous=False)
    return fulfilment


def main() -> None:
    """Handle messages until the process is ended."""
    consumer = new_consumer(sys.argv[1])
    consumer.subscribe([TOPIC])
    handler = OrderPlacedHandler()
    try:
        while True:
            if fulfilment := handle_next(consumer, handler):
                log.info("%s: %d pieces", fulfilment.fulfilment_id, fulfilment.pieces)
    finally:
        consumer.close()


if __name__ == "__main__":
    main()
