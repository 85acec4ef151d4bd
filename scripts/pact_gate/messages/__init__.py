"""Messages of contracts through what production uses: the serializer of the producer, the deserializer of the consumer.

A library for a service's own tests. It imports the standard library alone; `confluent-kafka` is needed only where one
of its serializers is handed in.
"""

from pact_gate.messages.service import Messages
from pact_gate.messages.topic import MessageError, Produced, Topic

__all__ = ["MessageError", "Messages", "Produced", "Topic"]
