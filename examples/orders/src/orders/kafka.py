"""Sending the messages of this service to Kafka."""

from __future__ import annotations

import logging

from confluent_kafka import KafkaError, Message, Producer

from orders.events import HEADERS, TOPIC, OrderPlaced, serialize

log = logging.getLogger(__name__)

LAST_WAIT = 10.0  # seconds for what is not sent yet when the service ends


class OrderEvents:
    """The topic `orders`, one message for each order, those of one order in their sequence."""

    def __init__(self, servers: str) -> None:
        self._producer = Producer({"bootstrap.servers": servers, "enable.idempotence": True})

    def publish(self, event: OrderPlaced) -> None:
        """Hand the message to the producer, which sends it in the background."""
        self._producer.produce(
            TOPIC, serialize(event), key=event.order_id, headers=dict(HEADERS), on_delivery=_delivered
        )
        self._producer.poll(0)

    def close(self) -> None:
        """Send what is left."""
        left = self._producer.flush(LAST_WAIT)
        if left:
            log.error("%d messages were not sent", left)
        self._producer.close()


def _delivered(error: KafkaError | None, message: Message) -> None:
    if error is not None:
        log.error("a message of %s was not sent: %s", message.topic(), error)
