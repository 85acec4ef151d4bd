"""Which matching rule counts for a value: held against the specification's own words, read one by one."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pact_gate.model.matching import Rule, Token, body_rules, matching, named_rules, path

parts = st.sampled_from(["a", "b", 0, 1])
tokens = st.lists(st.one_of(parts, st.just(("*",))), max_size=4).map(tuple)
kinds = st.sampled_from(["type", "regex", "values", "equality"])
written = st.dictionaries(tokens, kinds, max_size=6)


def expression(way: tuple[Token, ...]) -> str:
    return "$" + "".join("[*]" if isinstance(each, tuple) else f"[{each!r}]" for each in way)


def slowly(rules: list[Rule], way: tuple[str | int, ...]) -> list[str]:
    """The kinds of matchers that count: of all paths that fit, the heaviest, the longest, the last."""
    fitting = []
    for number, rule in enumerate(rules):
        pairs = list(zip(rule.path, way, strict=False))
        if len(rule.path) <= len(way) and all(isinstance(one, tuple) or one == other for one, other in pairs):
            weight = 1
            for one in rule.path:
                weight *= 1 if isinstance(one, tuple) else 2
            fitting.append((weight, len(rule.path), number))
    if not fitting:
        return []
    _, length, number = max(fitting)
    cascades = length < len(way)
    return [each.kind for each in rules[number].matchers if not (cascades and each.kind == "values")]


@example({(("*",), ("*",), "a"): "type", ("a", ("*",), ("*",)): "regex"}, [["a", "a", "a"]])  # alike but for the order
@given(written, st.lists(st.lists(parts, max_size=5), max_size=4))
def test_the_heaviest_rule_counts_and_of_those_the_longest(given_: dict[Any, str], ways: list[list[Any]]) -> None:
    rules = body_rules({"body": {expression(way): {"matchers": [{"match": kind}]} for way, kind in given_.items()}})
    assert [each.path for each in rules] == list(given_)
    root = matching(rules)
    for way in ways:  # one after the other: what was found out for one must not change the next
        here = root
        for part in way:
            here = here.into(part)
        assert [each.kind for each in here.matchers] == slowly(rules, tuple(way))


def test_a_path_that_is_none_is_none() -> None:
    for text in ("", "a", "$[", "$[*", "$.", "$..a", "$['a", "$[1.5]", "$.a b"):
        assert path(text) is None
    assert path("$[\"\"]['']") == ("", "")


@pytest.mark.parametrize(
    "rules",
    [
        {"$.headers.X-Id": {"match": "type"}},
        {"$.header['X-Id']": {"match": "type"}},
        {"$.headers['X-Id'][0]": {"match": "type"}},  # as the Rust core writes V2
        {"header": {"X-Id": {"matchers": [{"match": "type"}]}}},
        {"header": {"$.X-Id": {"matchers": [{"match": "type"}]}}},
        {"header": {"$['X-Id'][1]": {"matchers": [{"match": "type"}]}}},
    ],
)
def test_a_header_is_known_by_its_name_in_any_case(rules: Any) -> None:
    found = named_rules(rules, "header", "headers")
    assert {name: [each.kind for each in rule.matchers] for name, rule in found.items()} == {"x-id": ["type"]}


@pytest.mark.parametrize(
    "rules", [None, {"$.headers": {"match": "type"}}, {"$.body.x": {"match": "type"}}, {"header": {"x": {}}}]
)
def test_what_speaks_of_no_header_is_none(rules: Any) -> None:
    assert named_rules(rules, "header", "headers") == {}
