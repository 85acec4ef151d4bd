"""Values that change by themselves: with them each run of the consumer's tests writes another contract.

The broker compares contents, so a contract that differs in a value that nobody asked for has no verification result,
and the gate waits for one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any

from pact_gate.lint.document import Way
from pact_gate.lint.found import Found
from pact_gate.lint.interaction import Interaction, Leaf, Part
from pact_gate.lint.rules import words
from pact_gate.lint.rules.context import Context

_NEAR = timedelta(days=2)
_NOISE = re.compile(r"\d*\.\d*?[1-9]\d*?(?:0{7,}|9{7,})\d{1,4}")
_DIGITS_OF_NOISE = 15
_OBJECT_ID = re.compile(r"[0-9a-f]{24}")
_ULID = re.compile(r"0[0-7][0-9A-Z]{24}")
_MIXED = re.compile(r"(?=\D*\d)(?=[^a-z]*[a-z])(?=[^A-Z]*[A-Z])[A-Za-z0-9_-]{20,64}")
_DIGITS = re.compile(r"\d+")
_WORD = re.compile(r"[a-z]{6}|[A-Z]{7}")
_PORT = re.compile(
    r"(?:^|://|@)(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1?\]|host\.docker\.internal):(\d{2,5})(?=\D|$)"
)
_EPHEMERAL = 32_768  # where Linux takes a free port from; others begin higher
_KNOWN_PORTS = frozenset((35_729, 50_051, 50_052))  # live reload, gRPC
_HANDMADE = re.compile(r"(.)\1{3}|0123|1234|2345|3456|4567|5678|6789|abcd|dead|beef|cafe", re.IGNORECASE)
_DISTINCT = 8
_EXAMPLES = frozenset(
    (
        "f47ac10b-58cc-4372-a567-0e02b2c3d479",
        "550e8400-e29b-41d4-a716-446655440000",
        "e2490de5-5bd3-43d5-b7c4-526e33f71304",
        "936da01f-9abd-4d9d-80c7-02af85c822a8",
        "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
        "123e4567-e89b-12d3-a456-426614174000",
    )
)
_WHOLE = frozenset(("0", "00", "000", "000000", "000000000", "123", "123456", "123456789", "999", "999999", "1", "5"))
_OF_ONE_REQUEST = re.compile(
    r"(correlation|request|trace|transaction|idempotency|message)[-_]?(id|key)$|traceparent", re.IGNORECASE
)
_MS = 1_000
_EPOCHS = (946_684_800, 4_102_444_800)  # 2000 to 2100, in seconds


def volatile_value(interaction: Interaction, context: Context) -> Iterator[Found]:
    """Find values that look made at run time, where they are compared, and where they are examples of today."""
    for part in interaction.parts:
        for leaf in part.leaves:
            why = why_volatile(leaf.value, leaf, interaction, context)
            if why:
                yield _found(leaf, why)
        yield from _query(part, interaction, context)
        yield from _headers(part, interaction, context)


def why_volatile(value: Any, leaf: Leaf, interaction: Interaction, context: Context) -> str:
    """Say in a sentence why a value changes by itself; empty where nothing speaks for it."""
    if isinstance(value, str):
        return _why_text(value, leaf, interaction, context)
    if isinstance(value, float) and leaf.exact and _is_noise(value):
        return "carries the noise of floating-point arithmetic"
    is_time = isinstance(value, int) and leaf.exact and _is_epoch_in_ms(value)
    return "is a time in milliseconds" if is_time else ""


def _found(leaf: Leaf, why: str) -> Found:
    name = f"`{leaf.key}`" if leaf.key else "The body"
    if leaf.exact:
        message = (
            f"{name} {why}: each run writes another contract, which nobody has verified. Match its type or pattern."
        )
        return Found("volatile-value", leaf.way, message, _want(leaf.value), leaf.value, leaf.key)
    message = (
        f"The example of {name} {why}. It is matched, but examples are part of the content that a broker compares: "
        "each run writes another contract. Give a fixed example."
    )
    return Found("volatile-value", leaf.way, message, "example", leaf.value, leaf.key)


def _want(value: Any) -> str:
    if isinstance(value, float):
        return "decimal"
    if isinstance(value, int):
        return "integer"
    return words.shape(value) or "regex"


def _why_text(text: str, leaf: Leaf, interaction: Interaction, context: Context) -> str:
    if (not leaf.exact and ":" not in text and not text[:4].isdigit()) or not _DIGITS.search(text):
        return ""  # most texts
    if _has_mock_port(text):
        return "holds the port of a mock server"
    if not leaf.exact:
        return "is a time of today" if _is_now(text, context.today) else ""
    if _is_fine_time(text) or _is_now(text, context.today):
        return "is the time of a run"
    if _is_random(text) and not context.is_elsewhere(text, interaction):
        return "is a random id"
    return ""


def _has_mock_port(text: str) -> bool:
    if ":" not in text:
        return False
    ports = [int(found) for found in _PORT.findall(text)]
    return any(_EPHEMERAL <= port <= 65_535 and port not in _KNOWN_PORTS for port in ports)  # noqa: PLR2004


def _is_fine_time(text: str) -> bool:
    found = words.DATETIME.fullmatch(text)
    fraction = found[2] if found else None
    return fraction is not None and len(fraction) > 2 and fraction not in _WHOLE and fraction.strip("0") != ""  # noqa: PLR2004


def _is_now(text: str, today: date) -> bool:
    """Say whether a text is a time near today. A date alone is one of today only if it is just today's."""
    found = words.DATETIME.fullmatch(text)
    day = _day(found[1] if found else text)
    if day is None:
        return False
    return abs(day - today) <= _NEAR if found else day == today


def _day(text: str) -> date | None:
    if len(text) != 10:  # noqa: PLR2004 - 2026-01-31
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _is_random(text: str) -> bool:
    found = words.UUID.fullmatch(text)
    if found:
        return found[1] in "147" and text.lower() not in _EXAMPLES and not _is_handmade(text)
    drawn = _MIXED.fullmatch(text) and len(_DIGITS.findall(text)) > 1 and not _WORD.search(text)
    return bool(drawn or _OBJECT_ID.fullmatch(text) or _ULID.fullmatch(text)) and not _is_handmade(text)


def _is_handmade(text: str) -> bool:
    plain = text.replace("-", "").lower()
    return len(set(plain)) < _DISTINCT or bool(_HANDMADE.search(plain)) or plain.isdigit()


def _is_noise(value: float) -> bool:
    text = repr(abs(value))
    return len(text) > _DIGITS_OF_NOISE and bool(_NOISE.fullmatch(text))


def _is_epoch_in_ms(value: int) -> bool:
    first, last = _EPOCHS
    return first * _MS < value < last * _MS and value % _MS not in (0, 999) and value % 100_000 != 0


def _query(part: Part, interaction: Interaction, context: Context) -> Iterator[Found]:
    query = part.raw.get("query")
    for name, values in query.items() if isinstance(query, dict) else ():
        if name.lower() in part.query_rules:
            continue
        for number, each in enumerate(values if isinstance(values, list) else [values]):
            way = (*part.way, "query", name, *((number,) if isinstance(values, list) else ()))
            value = int(each) if isinstance(each, str) and each.isdigit() and len(each) < _DIGITS_OF_NOISE else each
            why = why_volatile(value, Leaf(way, value, None, exact=True, key=name), interaction, context)
            if why:
                message = f"The parameter `{name}` {why}: each run writes another contract, which nobody has verified."
                yield Found("volatile-value", way, f"{message} Give the test a fixed one.", "example", each, name)


def _headers(part: Part, interaction: Interaction, context: Context) -> Iterator[Found]:
    for name, value, way in part.headers:
        is_exact = name.lower() not in part.header_rules
        if _has_mock_port(value):
            yield _of_header(name, value, way, "holds the port of a mock server", exact=is_exact)
        elif (
            is_exact and _is_of_one_request(name) and _is_random(value) and not context.is_elsewhere(value, interaction)
        ):
            yield _of_header(name, value, way, "is made anew for each request", exact=True)
        elif is_exact and name.lower() == "date" and _is_http_date_of(value, context.today):
            yield _of_header(name, value, way, "is the time of a run", exact=True)


@lru_cache(4096)
def _is_of_one_request(name: str) -> bool:
    return _OF_ONE_REQUEST.search(name) is not None


def _of_header(name: str, value: str, way: Way, why: str, *, exact: bool) -> Found:
    message = f"The header `{name}` {why}: each run writes another contract, which nobody has verified."
    step = " Match its pattern, or leave it out." if exact else " Give a fixed example."
    return Found("volatile-value", way, message + step, "regex" if exact else "example", value, name)


def _is_http_date_of(text: str, today: date) -> bool:
    try:
        made = datetime.strptime(text, "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC).date()
    except ValueError:
        return False
    return abs(made - today) <= _NEAR
