"""What differs between two pacts, as text."""

from __future__ import annotations

import time
from typing import Any

import pytest

from pact_gate.embedded import contents


def pact(*paths: str) -> dict[str, Any]:
    interactions = [{"description": path, "request": {"method": "GET", "path": path}} for path in paths]
    return {"interactions": interactions, "metadata": {"pactSpecification": {"version": "3.0.0"}}}


def test_only_what_differs_is_told() -> None:
    text = contents.difference(pact("/a", "/b"), pact("/c", "/b"), ("old", "new"))
    assert text.splitlines()[:2] == ["--- old", "+++ new"]
    assert '-        "path": "/a"' in text
    assert '+        "path": "/c"' in text
    assert '"/b"' not in [line.strip() for line in text.splitlines() if line[0] in "+-"]


def test_the_order_and_the_ids_of_interactions_are_no_difference() -> None:
    one, other = pact("/a", "/b"), pact("/b", "/a")
    one["interactions"][0]["_id"] = "1"
    assert contents.difference(one, other, ("old", "new")) == ""


def test_two_very_long_pacts_are_not_compared_line_by_line() -> None:
    """It would take minutes: the time grows with the square of their length."""
    one, other = (pact(*(f"/{which}/{number}" for number in range(20_000))) for which in "ab")
    began = time.monotonic()
    assert contents.difference(one, other, ("old", "new")) == "They differ, and are too long to be compared here."
    assert contents.difference(one, one, ("old", "new")) == ""
    assert time.monotonic() - began < 10


def of(*interactions: Any) -> dict[str, Any]:
    return {"interactions": list(interactions)}


A, B = {"description": "a", "request": {"path": "/"}}, {"description": "b"}
STATED = {"description": "a", "providerStates": [{"name": "s", "params": {"id": 1, "of": [1]}}]}


@pytest.mark.parametrize(
    ("pact", "addition", "merged"),
    [
        (of(A), of(B), of(A, B)),
        (of(A, B), of({**A, "response": 1}), of({**A, "response": 1}, B)),
        (of(A), of(B, {**B, "response": 1}), of(A, {**B, "response": 1})),
        (of(A, A), of({**A, "response": 1}), of({**A, "response": 1}, A)),
        (of(A), of(STATED), of(A, STATED)),
        (of({**STATED, "response": 1}), of(STATED), of(STATED)),
        (
            of(STATED),
            of({**STATED, "providerStates": [{"name": "s"}]}),
            of(STATED, {**STATED, "providerStates": [{"name": "s"}]}),
        ),
    ],
)
def test_an_interaction_takes_the_place_of_that_with_its_description_and_states(
    pact: Any, addition: Any, merged: Any
) -> None:
    assert contents.merged(pact, addition) == merged
    assert not contents.conflicts(pact, addition)


@pytest.mark.parametrize(
    ("pact", "addition", "is_conflict"),
    [
        (of(A), of({**A, "request": {"path": "/b"}}), True),
        (of({**A, "request": {"path": "/b"}}, A), of(A), True),
        (of(A), of({**A, "request": {"path": "/", "of_no_account": 1}}), False),
        (
            of({**A, "request": {"path": "/", "body": {"a": [1, {}]}}}),
            of({**A, "request": {"path": "/", "body": {"a": [1, []]}}}),
            True,
        ),
        (of(B), of({**B, "request": "none"}), False),
        ({}, of(A), True),
        (of(A), of(1), True),
    ],
)
def test_an_interaction_with_another_request_is_in_conflict(pact: Any, addition: Any, is_conflict: bool) -> None:
    assert contents.conflicts(pact, addition) == is_conflict


def test_merging_takes_a_time_that_grows_as_the_pacts_do() -> None:
    """It is done while nobody else can write."""
    one, other = (of(*({"description": f"{which}{number}"} for number in range(50_000))) for which in "ab")
    began = time.monotonic()
    assert not contents.conflicts(one, other)
    assert len(contents.merged(one, other)["interactions"]) == 100_000
    assert time.monotonic() - began < 20


MOST = contents.MOST_VALUES


@pytest.mark.parametrize(
    "texts",
    [
        [b'["' + b"," * 2 * MOST + b'"]'],
        [b'["' + b'\\",' * MOST + b'"]'],
        [b"[" + b"1," * (MOST - 1) + b"1]"],
        [b"[1," + b"\n" * 2 * MOST + b"2]"],
        [b"{}"] * (MOST // 2),
        [b","] * (MOST // 2) + [b'"' + b"[" * 2 * MOST + b'"'],
    ],
)
def test_what_stands_in_text_is_no_value(texts: list[bytes]) -> None:
    assert not contents.has_too_many_values(*texts)


@pytest.mark.parametrize(
    "texts",
    [
        [b"[" + b"1," * MOST + b"1]"],
        [b'["a\\\\",' + b"{}," * (MOST // 2) + b"{}]"],
        [b"[" + b"{}," * (MOST // 4) + b"{}]"] * 2,
        ['["\u2201",'.encode("utf-16") + ("{}," * (MOST // 2)).encode("utf-16-le") + '"a"]'.encode("utf-16-le")],
    ],
)
def test_too_many_values_are_seen_before_they_are_read(texts: list[bytes]) -> None:
    assert contents.has_too_many_values(*texts)


@pytest.mark.parametrize("text", [b'\\"', b'"', b'"\\', b" ", b'""', b"\xff", b'"a', b"]"])
def test_counting_values_takes_a_time_that_grows_as_the_text_does(text: bytes) -> None:
    """Also of what is no JSON: were it looked at again from each of its characters, it would take hours."""
    began = time.monotonic()
    contents.has_too_many_values(b"," * MOST + b'"' + text * 3_000_000)
    assert time.monotonic() - began < 20
