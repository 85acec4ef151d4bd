from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from pact_gate.messages.topic import Sent

from fulfilment.consumer import TOPIC, new_consumer

PACTS = Path(__file__).parents[1] / "pacts"


@pytest.fixture(scope="session")
def pacts() -> Path:
    """The folder the pacts are written to, empty at the start: write_file adds to a file that is there."""
    shutil.rmtree(PACTS, ignore_errors=True)
    return PACTS


@pytest.fixture
def kafka() -> Iterator[Callable[[Sent], Consumer]]:
    """Send a message to a Kafka that librdkafka makes in this process, on loopback; the consumer that will get it."""
    producer = Producer({"test.mock.num.brokers": 1, "log_level": 2})
    consumers: list[Consumer] = []

    def send(message: Sent) -> Consumer:
        producer.produce(TOPIC, message.data, key=message.key, headers=list(message.headers))
        assert producer.flush(10) == 0
        described = producer.list_topics(TOPIC, timeout=10)
        consumer = new_consumer(",".join(f"{each.host}:{each.port}" for each in described.brokers.values()))
        # Production subscribes, and waits for its group to settle; who is assigned need not.
        consumer.assign([TopicPartition(TOPIC, partition, 0) for partition in described.topics[TOPIC].partitions])
        consumers.append(consumer)
        return consumer

    yield send
    for consumer in consumers:
        consumer.close()
    producer.close()
