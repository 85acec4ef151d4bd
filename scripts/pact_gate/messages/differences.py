"""What a serializer and a deserializer make of a message, field by field."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["absent", "added", "null", "type", "value"]

ABSENT = object()

_SHOWN = 80  # characters of a value


@dataclass(frozen=True)
class Difference:
    """A field that a consumer does not get as the contract has it.

    `place` is its path, such as `$.items[0].price`. `kind` is `absent` where the consumer gets no such field, `added`
    where the contract has none (a default of the schema or of the consumer's model), `null` where one side has null and
    the other something else or nothing, `type` where it is of another type (int against float against Decimal, a str
    against a datetime), and `value` where only the value is another.
    """

    place: str
    kind: Kind
    contract: Any
    received: Any

    def __str__(self) -> str:
        """Return it as a line of a report."""
        return f"{self.place}: the contract has {_shown(self.contract)}, the consumer gets {_shown(self.received)}"


def differences(contract: Any, received: Any, place: str = "$") -> Iterator[Difference]:
    """Give each difference between the contract's JSON and what `values.plain` made of what a consumer got."""
    if isinstance(contract, dict) and isinstance(received, dict):
        for name in dict.fromkeys([*contract, *received]):
            yield from differences(contract.get(name, ABSENT), received.get(name, ABSENT), f"{place}.{name}")
    elif isinstance(contract, list) and isinstance(received, list):
        for index in range(max(len(contract), len(received))):
            yield from differences(_at(contract, index), _at(received, index), f"{place}[{index}]")
    else:
        kind = _kind(contract, received)
        if kind:
            yield Difference(place, kind, contract, received)


def _kind(contract: Any, received: Any) -> Kind | None:
    if contract is None or received is None:
        return None if contract is received else "null"
    if received is ABSENT:
        return "absent"
    if contract is ABSENT:
        return "added"
    if type(contract) is not type(received):
        return "type"
    return None if contract == received else "value"


def _at(items: list[Any], index: int) -> Any:
    return items[index] if index < len(items) else ABSENT


def _shown(value: Any) -> str:
    if value is ABSENT:
        return "no such field"
    if value is None:
        return "null"
    text = repr(value) if isinstance(value, str | dict | list) else str(value)
    return f"{type(value).__name__} {text if len(text) <= _SHOWN else text[:_SHOWN] + '…'}"
