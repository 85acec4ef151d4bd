"""How the messages of a topic become bytes in production, and what is read of those bytes.

The serializers of `confluent-kafka` are called as its producer calls them: with the topic, the field and the headers in
a `SerializationContext`, to which they may add a header.
"""

from __future__ import annotations

import inspect
import json
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Header = tuple[str, bytes | None]
Headers = Mapping[str, str | bytes | None] | Iterable[tuple[str, str | bytes | None]]

_TOLD = 500  # characters of another's error that are shown


class MessageError(Exception):
    """Why there is no message as production would send it, or as a consumer would read it, in one sentence."""


@dataclass(frozen=True)
class Produced:
    """What production hands to its producer: the event, the key and the headers.

    An event of None is a tombstone: a message without a value, which deletes what has its key.
    """

    value: object
    key: object = None
    headers: Headers = ()


@dataclass(frozen=True)
class Sent:
    """A message on the wire. `data` and `key` are None where it has none."""

    data: bytes | None
    key: bytes | None = None
    headers: tuple[Header, ...] = ()


@dataclass(frozen=True)
class Topic:
    """A topic, and what production uses to write its messages and to read them.

    Args:
        name: The topic's name: serializers of `confluent-kafka` find their schema by it.
        serializer: Makes bytes of an event. One of `confluent-kafka`'s, or any callable that takes the event alone.
        event: The type of what production hands to its producer, or several. Nothing else is serialized: a `dict` made
            by hand has the fields that its author thought of, and not those that the event has.
        deserializer: Makes of the bytes what a consumer gets. One of `confluent-kafka`'s, or any callable that takes
            the bytes alone. Without it consumers get the bytes. Needed with `confluent-kafka`'s serializers.
        key_serializer: Makes bytes of a key; without it a key has to be a str or bytes.
        content_type: Of the bytes. Those of JSON are checked to be JSON.
        max_bytes: What a message may have: librdkafka's own default for `message.max.bytes`.

    Raises:
        TypeError: `confluent-kafka`'s serializer comes without a deserializer.
    """

    name: str
    serializer: Callable[..., bytes | None] = field(repr=False)
    event: type | tuple[type, ...]
    deserializer: Callable[..., object] | None = field(default=None, repr=False)
    key_serializer: Callable[..., bytes | None] | None = field(default=None, repr=False)
    content_type: str = "application/json"
    max_bytes: int = 1_000_000

    def __post_init__(self) -> None:
        """Refuse what would be found out with the first message only."""
        if self.deserializer is None and takes_context(self.serializer):
            raise TypeError(
                f"{name_of(self.serializer)} writes bytes that no pact can hold: give the topic {self.name!r} the "
                "deserializer that consumers use as well."
            )

    def write(self, produced: Produced) -> Sent:
        """Return the message as production's producer would send it.

        Raises:
            MessageError: production could not send it, or would send something else.
        """
        self._check_event(produced.value)
        headers = _headers(produced.headers, self.name)
        key = self._key(produced.key, headers)
        data = self._data(produced.value, headers)
        return Sent(data, key, tuple(headers))

    def read(self, sent: Sent) -> object:
        """Return what a consumer's code gets of the value: the deserializer's answer, or the bytes without one.

        Raises:
            MessageError: the deserializer does not read it.
        """
        if self.deserializer is None or sent.data is None:
            return sent.data
        try:
            return _called(self.deserializer, sent.data, self.name, "value", list(sent.headers))
        except Exception as error:
            raise MessageError(
                f"Consumers cannot read what {name_of(self.serializer)} wrote for {self.name!r}: "
                f"{name_of(self.deserializer)} raised {told(error)}."
            ) from error

    def _check_event(self, value: object) -> None:
        if value is None or isinstance(value, self.event):
            return
        types = self.event if isinstance(self.event, tuple) else (self.event,)
        raise MessageError(
            f"{self.name!r} got a value of type {type(value).__name__} where production sends "
            f"{' or '.join(each.__name__ for each in types)}: give the event that production hands to its producer, "
            "and let its serializer write it."
        )

    def _data(self, value: object, headers: list[Header]) -> bytes | None:
        if value is None:
            return None
        data = self._bytes(self.serializer, value, "value", headers)
        if len(data) > self.max_bytes:
            raise MessageError(
                f"The message of {self.name!r} has {len(data):,} bytes, and production sends no more than "
                f"{self.max_bytes:,}. Where its producer and the topic allow more, give Topic(max_bytes=...)."
            )
        return data

    def _key(self, key: object, headers: list[Header]) -> bytes | None:
        if key is None or isinstance(key, bytes):
            return key
        if self.key_serializer is not None:
            return self._bytes(self.key_serializer, key, "key", headers)
        if isinstance(key, str):
            return key.encode()
        raise MessageError(
            f"The key of {self.name!r} is of type {type(key).__name__}, which nothing makes bytes of: give "
            "Topic(key_serializer=...) what production uses, or a str or bytes."
        )

    def _bytes(
        self, serializer: Callable[..., object], value: object, part: Literal["key", "value"], headers: list[Header]
    ) -> bytes:
        name = name_of(serializer)
        try:
            made = _called(serializer, value, self.name, part, headers)
        except Exception as error:
            raise MessageError(
                f"Production could not send this {type(value).__name__} to {self.name!r}: {name} raised {told(error)}."
            ) from error
        if made is None:
            raise MessageError(
                f"{name} made nothing of this {type(value).__name__}: production would send a message without a {part} "
                f"to {self.name!r}."
            )
        if not isinstance(made, bytes):
            raise MessageError(
                f"{name} made {type(made).__name__} of this {type(value).__name__}, and a producer takes bytes: "
                "let the serializer return them (text.encode())."
            )
        return made


def json_of(data: bytes, topic: str) -> Any:
    """Return what JSON's own rules make of a message's bytes.

    Raises:
        MessageError: they are no JSON. Python writes NaN and Infinity, which other languages' consumers refuse.
    """
    try:
        return json.loads(data.decode("utf-8"), parse_constant=_refused)
    except (ValueError, RecursionError) as error:
        raise MessageError(f"The message of {topic!r} is no JSON: {told(error)}.") from error


def _refused(name: str) -> float:
    raise ValueError(f"it holds {name}")


def takes_context(serializer: object) -> bool:
    """Say whether it is one of `confluent-kafka`'s, or derived from one: those are called with a context as well."""
    return any(each.__module__.startswith("confluent_kafka.") for each in type(serializer).__mro__)


def name_of(function: object) -> str:
    """Return the name that its author knows it by."""
    qualified = str(getattr(function, "__qualname__", type(function).__qualname__))
    return qualified.rpartition("<locals>.")[2]


def told(error: BaseException) -> str:
    """Return another's error as part of a sentence: its type and its words on one line, without its last full stop."""
    words = " ".join(str(error).split())
    cut = words if len(words) <= _TOLD else words[:_TOLD] + "…"
    return f"{type(error).__name__}: {cut}".rstrip(".: ")


def _called(
    function: Callable[..., Any], value: object, topic: str, part: Literal["key", "value"], headers: list[Header]
) -> object:
    if not takes_context(function):
        return _not_awaited(function(value))
    serialization = sys.modules["confluent_kafka.serialization"]
    return _not_awaited(function(value, serialization.SerializationContext(topic, part, headers)))


def _not_awaited(made: object) -> object:
    if inspect.iscoroutine(made):
        made.close()
        raise TypeError("it is async; give its form without async, which does the same")
    return made


def _headers(given: Headers, topic: str) -> list[Header]:
    """Return what Kafka takes as headers: names, and bytes or nothing."""
    pairs = given.items() if isinstance(given, Mapping) else given
    try:
        found = [(name, value.encode() if isinstance(value, str) else value) for name, value in pairs]
    except (TypeError, ValueError) as error:
        raise MessageError(f"The headers of {topic!r} are no pairs of a name and a value.") from error
    for name, value in found:
        if not isinstance(name, str) or not isinstance(value, bytes | None):
            raise MessageError(
                f"A header of {topic!r} is {name!r} with a value of type {type(value).__name__}: Kafka's headers are a "
                "str with a str, bytes or None."
            )
    return found
