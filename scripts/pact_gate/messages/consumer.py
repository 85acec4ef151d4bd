"""The contract's message as a consumer gets it in production: by the producer's serializer and its own deserializer.

For a consumer's test, within the callback of `pact.verify(callback, "Async")`, which hands over the contract's message
as JSON and its metadata.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pact_gate.messages.differences import Difference, differences
from pact_gate.messages.topic import MessageError, Produced, Sent, Topic, json_of, name_of, told
from pact_gate.messages.values import plain

if TYPE_CHECKING:
    from confluent_kafka import Message

_MOST_LISTED = 50


@dataclass(frozen=True)
class Delivered:
    """A message that went over the wire.

    Attributes:
        sent: The bytes of the value and of the key, and the headers.
        value: What the consumer's code gets: what the deserializer made, or the bytes where the topic has none.
        differences: What is not as in the contract.
    """

    topic: Topic = field(repr=False)
    sent: Sent
    value: Any
    differences: tuple[Difference, ...]

    @property
    def message(self) -> Message[Any, Any]:
        """The message as a consumer of `confluent-kafka` polls it: value(), key(), headers(), topic()."""
        from confluent_kafka import Message  # noqa: PLC0415 - only those who ask for it need it

        return Message(
            topic=self.topic.name,
            partition=0,
            offset=0,
            key=self.sent.key,
            value=self.value,
            headers=list(self.sent.headers),
        )

    @property
    def report(self) -> str:
        """The differences, a line each."""
        if not self.differences:
            return f"The consumer of {self.topic.name!r} gets what the contract says."
        by = name_of(self.topic.serializer)
        if self.topic.deserializer is not None:
            by += f" and {name_of(self.topic.deserializer)}"
        lines = [f"  {each}" for each in self.differences[:_MOST_LISTED]]
        if len(self.differences) > _MOST_LISTED:
            lines.append(f"  and {len(self.differences) - _MOST_LISTED} more")
        title = f"Through {by}, the consumer of {self.topic.name!r} does not get what the contract says:"
        return "\n".join([title, *lines])

    def assert_unchanged(self, *, but: Iterable[str] = ()) -> None:
        """Assert that the consumer gets what the contract says, but for the fields that its code is known to bear.

        Args:
            but: Places such as `$.total`. One that does not differ any more fails as well, so that the list stays true.

        Raises:
            AssertionError: with `report`.
        """
        known = frozenset(but)
        differing = {each.place for each in self.differences}
        if differing - known:
            raise AssertionError(self.report)
        if known - differing:
            raise AssertionError(
                f"Not different any more, take it out of `but`: {', '.join(sorted(known - differing))}."
            )


def deliver(
    contents: str | bytes | None,
    metadata: Mapping[str, Any] | None = None,
    *,
    by: Topic,
    event: Callable[[Any], object] | None = None,
) -> Delivered:
    """Send the contract's message over the wire, and return it as the consumer gets it.

    Args:
        contents: The message's JSON, as Pact hands it to a test.
        metadata: The message's: `key` and `headers` are sent with it, under the names that the producer's side gives
            to the verifier.
        by: The topic, with the producer's serializer and the consumer's own deserializer.
        event: Makes of the parsed JSON what the producer's serializer takes: `avro_event`, `protobuf_event`, or the
            producer's own type. Without it the serializer gets the parsed JSON.

    Raises:
        MessageError: the contract's message could not be sent, or could not be read: no producer can honour it.
    """
    contract = _parsed(contents, by.name)
    try:
        value = contract if event is None else event(contract)
    except Exception as error:
        maker = name_of(event)
        raise MessageError(
            f"The contract's message is no event of {by.name!r}: {maker} raised {told(error)}."
        ) from error
    about = metadata or {}
    sent = by.write(Produced(value, key=about.get("key"), headers=about.get("headers") or ()))
    received = by.read(sent)
    compared = received if by.deserializer is not None or sent.data is None else json_of(sent.data, by.name)
    try:
        found = tuple(differences(contract, plain(compared)))
    except RecursionError as error:
        raise MessageError(f"The message of {by.name!r} is nested too deeply to be compared.") from error
    return Delivered(by, sent, received, found)


def _parsed(contents: str | bytes | None, topic: str) -> Any:
    if contents is None or len(contents) == 0:
        return None
    try:
        text = str(contents, "utf-8") if isinstance(contents, bytes) else str(contents)
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise MessageError(f"The contract's message for {topic!r} is no JSON: {told(error)}.") from error
