"""The rules of `actions/lint`: what each finds, and what it lets pass."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from pact_gate.lint import Options, lint
from pact_gate.lint.document import read
from pact_gate.lint.patterns import backtracks
from pact_gate.model.finding import Finding

TODAY = date(2026, 11, 27)


def findings(*interactions: dict[str, Any], version: str = "2.0.0", **options: Any) -> list[Finding]:
    """Lint a pact with these interactions."""
    document = {
        "consumer": {"name": "orders"},
        "provider": {"name": "products"},
        "interactions": interactions,
        "metadata": {"pactSpecification": {"version": version}},
    }
    return lint(read(json.dumps(document, indent=1).encode(), "pacts/a.json"), Options(TODAY, **options))


def response(body: Any, rules: Any = None, **more: Any) -> dict[str, Any]:
    """An interaction whose response has this body."""
    answer = {"status": 200, "body": body, **({"matchingRules": rules} if rules else {})}
    return {"description": "a request", "request": {"method": "GET", "path": "/"}, "response": answer, **more}


def places(found: list[Finding], rule: str) -> list[str]:
    return [each.where.removeprefix("$.response.body") for each in found if each.rule == rule]


# --- slow-pattern -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+$",
        "(a*)*",
        "(a|a)*",
        "(a|aa)+$",
        "(.*)*x",
        r"(\w+\s?)*",
        r"^(([a-z])+.)+[A-Z]([a-z])+$",
        r"(\d+|\w+)*z",
        r"^(\w+\d*)+@",
        "((ab)*)*",
        "(x+x+)+y",
        r"(?<year>\d+)+-",
        "(" + ".?" * 100 + ")*",
    ],
)
def test_a_pattern_that_backtracks_for_ever(pattern: str) -> None:
    assert backtracks(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        r"\d+",
        r"(\d+,)*\d+",
        r"^(\w+\.)+\w+$",
        "(a|b)*",
        "([a-z]+-)*[a-z]+",
        "^[a-f0-9]{8}(-[a-f0-9]{4}){3}-[a-f0-9]{12}$",
        r"(\s*\d+\s*,)+",
        r"(https?://)?([\w-]+\.)+\w{2,}(/.*)?",
        "^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$",
        "(ab|a)*c",
        "(" * 5_000,
        "(" + "|".join(f"[a-z]{chr(97 + number % 26)}" for number in range(59)) + ")*",
        "*", "(a++)+b", "[",
    ],
)  # fmt: skip
def test_a_pattern_that_does_not(pattern: str) -> None:
    assert not backtracks(pattern)


def test_slow_pattern_stands_at_the_pattern() -> None:
    (found,) = findings(response({"a": "x"}, {"body": {"$.a": {"matchers": [{"match": "regex", "regex": "(a+)+"}]}}}))
    assert (found.rule, found.where) == (
        "slow-pattern",
        "$.response.matchingRules.body['$.a'].matchers[0].regex",
    )
    assert (found.interaction, found.index, found.path) == ("a request", 0, "pacts/a.json")
