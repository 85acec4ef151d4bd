"""What differs between two pacts, as text."""

from __future__ import annotations

import time
from typing import Any

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
