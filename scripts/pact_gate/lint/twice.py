"""What two runs of the same consumer tests wrote otherwise. Each such value makes a new contract on every run.

The order of interactions, and of the keys in an object, is no difference: a broker does not look at it either.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import count, islice
from math import isclose
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from pact_gate.lint.document import Document, Way
from pact_gate.lint.found import Found, Placed
from pact_gate.lint.interaction import Interaction, interactions
from pact_gate.lint.suggest import by_shape, steady
from pact_gate.model.pact import need, needed, states

RULE = "changes-between-runs"

_MOST_OF_ONE = 20  # differences that are told of one interaction
_MOST_COMPARED = 10_000  # pairs of interactions among which the nearest are looked for
_ANEW = "each run makes a new contract, and its providers have to verify it anew."
_TIMES = frozenset(("date", "time", "datetime"))


class _Written(NamedTuple):
    """An interaction in the file in which it stands."""

    document: Document
    interaction: Interaction


class _Difference(NamedTuple):
    way: Way
    first: Any
    second: Any


class _Absent:
    """What stands where only the other run has something."""


_ABSENT = _Absent()

Told = tuple[Document, list[Placed]]


def between_runs(first: Iterable[Document], second: Iterable[Document]) -> list[Told]:
    """Tell what differs between the pacts of two runs, by the file that it stands in.

    That is a file of the second run, but for what only the first one wrote.
    """
    told: dict[int, Told] = {}

    def tell(document: Document, interaction: Interaction | None, found: Found) -> None:
        told.setdefault(id(document), (document, []))[1].append((interaction, found))

    before, after = _by_pair(first), _by_pair(second)
    for pair in sorted(before.keys() | after.keys()):
        if pair not in before or pair not in after:
            which, documents = ("first", before[pair]) if pair in before else ("second", after[pair])
            tell(documents[0], None, Found(RULE, (), f"Only the {which} of two runs wrote this pact: {_ANEW}"))
        else:
            _compare(_written(before[pair]), _written(after[pair]), tell)
    return list(told.values())


def _by_pair(documents: Iterable[Document]) -> dict[tuple[str, str], list[Document]]:
    found: dict[tuple[str, str], list[Document]] = defaultdict(list)
    for each in documents:
        found[each.pact.consumer, each.pact.provider].append(each)
    return found


def _written(documents: Iterable[Document]) -> list[_Written]:
    return [_Written(document, each) for document in documents for each in interactions(document)]


def _compare(
    first: Sequence[_Written],
    second: Sequence[_Written],
    tell: Callable[[Document, Interaction | None, Found], None],
) -> None:
    for one, other in _paired(first, second):
        if one is None or other is None:
            which, found = ("second", other) if one is None else ("first", one)
            assert found is not None  # noqa: S101 - a pair has one of the two
            message = f"Only the {which} of two runs wrote this interaction: {_ANEW}"
            tell(found.document, found.interaction, Found(RULE, (), message))
            continue
        for each in islice(_differences(one, other), _MOST_OF_ONE):
            tell(other.document, other.interaction, _found(each))


# --- which interactions are the same -------------------------------------------------------------------------


def _paired(first: Sequence[_Written], second: Sequence[_Written]) -> Iterator[tuple[_Written | None, _Written | None]]:
    """Pair the interactions that are not alike in both: by their names, and what is left by what they say."""
    left, right = _less_what_is_alike(first, second)
    for by_name in (True, False):
        groups: dict[str, tuple[list[_Written], list[_Written]]] = defaultdict(lambda: ([], []))
        for side, written in enumerate((left, right)):
            for each in written:
                groups[_name(each) if by_name else ""][side].append(each)
        left, right = [], []
        for ones, others in groups.values():
            pairs = _nearest(ones, others, alike=0.0 if by_name else 0.5)
            yield from pairs
            left += _without(ones, (one for one, _ in pairs))
            right += _without(others, (other for _, other in pairs))
    yield from ((each, None) for each in left)
    yield from ((None, each) for each in right)


def _less_what_is_alike(first: Sequence[_Written], second: Sequence[_Written]) -> tuple[list[_Written], list[_Written]]:
    known: dict[str, list[_Written]] = defaultdict(list)
    for each in first:
        known[need(each.interaction.raw)].append(each)
    right = []
    for each in second:
        same = known[need(each.interaction.raw)]
        if same:
            same.pop(0)
        else:
            right.append(each)
    left = [each for written in known.values() for each in written]
    return left, right


def _name(written: _Written) -> str:
    raw = written.interaction.raw
    return json.dumps([written.interaction.listed, raw.get("description"), states(raw)], sort_keys=True)


def _nearest(ones: Sequence[_Written], others: Sequence[_Written], *, alike: float) -> list[tuple[_Written, _Written]]:
    """Pair those that differ least; none that are less alike than the share `alike` of what they say."""
    if len(ones) * len(others) > _MOST_COMPARED:
        return list(zip(ones, others, strict=False))
    scored = sorted(
        (sum(1 for _ in _differences(one, other)), row, column)
        for row, one in enumerate(ones)
        for column, other in enumerate(others)
    )
    sizes = [_size(each.interaction.raw) for each in ones] if alike else []
    rows, columns, pairs = set(), set(), []
    for differing, row, column in scored:
        if row in rows or column in columns or (alike and differing > sizes[row] * alike):
            continue
        rows.add(row)
        columns.add(column)
        pairs.append((ones[row], others[column]))
    return pairs


def _without(written: Iterable[_Written], taken: Iterable[_Written]) -> list[_Written]:
    gone = {id(each.interaction) for each in taken}
    return [each for each in written if id(each.interaction) not in gone]


def _size(value: Any) -> int:
    """Count the values that hold no others."""
    number = 0
    waiting = [value]
    while waiting:
        each = waiting.pop()
        inside = list(each.values()) if isinstance(each, dict) else each if isinstance(each, list) else None
        number += inside is None
        waiting += inside or []
    return number


# --- what differs --------------------------------------------------------------------------------------------


def _differences(one: _Written, other: _Written) -> Iterator[_Difference]:
    """Give what differs, in the second one's order. It needs no recursion: a body may be nested deeply."""
    waiting = [_Difference((), needed(one.interaction.raw), needed(other.interaction.raw))]
    while waiting:
        each = waiting.pop()
        if isinstance(each.first, dict) and isinstance(each.second, dict):
            waiting += reversed(list(_of_objects(each)))
        elif isinstance(each.first, list) and isinstance(each.second, list) and not _other_length(each):
            pairs = zip(count(), each.first, each.second)
            waiting += reversed([_Difference((*each.way, index), a, b) for index, a, b in pairs])
        elif type(each.first) is not type(each.second) or each.first != each.second:
            yield each


def _of_objects(each: _Difference) -> Iterator[_Difference]:
    for key in [*each.second, *(key for key in each.first if key not in each.second)]:
        yield _Difference((*each.way, key), each.first.get(key, _ABSENT), each.second.get(key, _ABSENT))


def _other_length(each: _Difference) -> bool:
    """Say whether two lists are best told as a whole: they have other lengths, or the same items in another order."""
    if len(each.first) != len(each.second):
        return True
    return bool(each.first != each.second and _sorted(each.first) == _sorted(each.second))


def _sorted(values: Iterable[Any]) -> list[str]:
    return sorted(json.dumps(each, sort_keys=True) for each in values)


def _found(each: _Difference) -> Found:
    what, want, example = _kind(each.first, each.second)
    key = next((part for part in reversed(each.way) if isinstance(part, str)), "")
    if each.way == ("description",):
        what, want, example = "The description is another", "", None
    elif not _in_a_body(each.way):
        want, example = "", None
    runs = "only one of two runs" if _one_sided(each) else "each of two runs"
    return Found(RULE, each.way, f"{what} in {runs}: {_ANEW}", want, example, key)


def _one_sided(each: _Difference) -> bool:
    return isinstance(each.first, _Absent) or isinstance(each.second, _Absent)


def _in_a_body(way: Way) -> bool:
    return "matchingRules" not in way and ("body" in way[:2] or "contents" in way[:3])


def _kind(first: Any, second: Any) -> tuple[str, str, Any]:
    """Say what a value that changes is, what to match in its place, and an example that stays as it is.

    No text is repeated but a plain URL, and the format of dates: it may be a token that was made for the run.
    """
    if isinstance(first, _Absent) or isinstance(second, _Absent):
        return "This stands", "", None
    if isinstance(first, list) and isinstance(second, list):
        same = len(first) == len(second)
        return ("The list has another order" if same else "The list has another length"), "", None
    if isinstance(first, str) and isinstance(second, str):
        return _kind_of_text(first, second)
    numbers = [each for each in (first, second) if isinstance(each, int | float) and not isinstance(each, bool)]
    if len(numbers) == 2:  # noqa: PLR2004 - both
        if isinstance(second, float) and isclose(first, second, rel_tol=1e-6):
            return (
                "The number has other digits at its end (it was computed, and not rounded)",
                "number",
                round(second, 2),
            )
        return "The number is another", "number", second
    return "The value is another", "", None


def _kind_of_text(first: str, second: str) -> tuple[str, str, Any]:
    shape = by_shape(second)
    shapes = {by_shape(first), shape}
    if shapes == {"uuid"}:
        return "The UUID is another", shape, steady(second)
    if shapes <= _TIMES:
        return f"The {'date and time' if shape == 'datetime' else shape} is another", shape, steady(second)
    if _but_for_ports(first) == _but_for_ports(second):
        want, example = ("", None) if re.search("[@?]", second) else ("url", steady(second))
        return "The port in this URL (a mock server's) is another", want, example
    return "The text is another", "", None


def _but_for_ports(text: str) -> str | None:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return text
    return text.replace(f":{port}", ":", 1) if parts.scheme and port else text
