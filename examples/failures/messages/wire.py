"""What happens in production: a real producer and consumer, on a cluster in memory. `wire.py broken|mended`"""

from __future__ import annotations

import sys
from importlib import import_module

from confluent_kafka import OFFSET_BEGINNING, Consumer, Producer, TopicPartition
from fulfilment import handle
from orders import place

serialize = import_module(f"serializer_{sys.argv[1]}").serialize
quiet = {"log_level": 0}
producer = Producer({"test.mock.num.brokers": 1, **quiet})
[cluster] = producer.list_topics(timeout=10).brokers.values()
event = place()
producer.produce("orders", serialize(event), key=event.order_id)
producer.flush(10)
consumer = Consumer({"bootstrap.servers": f"{cluster.host}:{cluster.port}", "group.id": "fulfilment", **quiet})
consumer.assign([TopicPartition("orders", partition, OFFSET_BEGINNING) for partition in range(4)])  # the mock's number
message = consumer.poll(20)
assert message is not None, "nothing came"
print(handle(message.value()))
consumer.close()
