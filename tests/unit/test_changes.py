"""What a reviewer is told of a change in a contract: in words, each change once, and nothing where nothing changed."""

from __future__ import annotations

import copy
import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pact_gate.model.changes import changed

Json = dict[str, Any]
V2, V3, V4 = "V2", "V3", "V4"
INTEGER, TYPE = {"match": "integer"}, {"match": "type"}
REWRITTEN = "needs the same as before, it is only written otherwise"
EXAMPLE, SAME = "differs only by the example value of", "what it needs there is the same"


def rules(version: str, category: str, listed: dict[str, Json]) -> Json:
    """Write rules by their paths within a category, as each version of the specification has them."""
    if version == V2:
        return {f"$.{category}{path.removeprefix('$')}": rule for path, rule in listed.items()}
    return {category: {path: {"combine": "AND", "matchers": [rule]} for path, rule in listed.items()}}


def http(version: str = V3, body: Any = None, matching: dict[str, Json] | None = None, **more: Any) -> Json:
    """Write an interaction that asks for a product; `more` replaces what stands in its response."""
    response = {"status": 200, "matchingRules": rules(version, "body", matching or {})} | more
    if body is not None:
        response["body"] = {"content": body, "contentType": "application/json"} if version == V4 else body
    request = {"method": "get", "path": "/products/1"}
    kind = {"type": "Synchronous/HTTP"} if version == V4 else {}
    return {"description": "a product", "request": request, "response": response} | kind


def asking(**more: Any) -> Json:
    found = http()
    return found | {"request": found["request"] | more}


def message(contents: Any, **more: Any) -> Json:
    return {"description": "order.placed", "contents": contents} | more


def pact(*interactions: Json) -> Json:
    return {"interactions": list(interactions)}


def lines(before: Json, after: Json) -> list[str]:
    return [line.removeprefix("“a product” ") for line in changed(pact(before), pact(after))]


# --- whole interactions ---------------------------------------------------------------------------------------


def test_interactions_that_came_and_went_are_named() -> None:
    one, other = http(), http() | {"description": "no product", "providerState": "there is none"}
    assert changed(pact(one), pact(other)) == ("added: “no product” given “there is none”", "removed: “a product”")
    assert changed(None, pact(one)) == ("added: “a product”",), "a new contract"
    assert changed(pact(one), {}) == ("removed: “a product”",), "a contract that is gone"


def test_another_state_is_a_change_of_the_same_interaction() -> None:
    before, after = (http() | {"providerStates": [{"name": "it exists", "params": {"id": n}}]} for n in (1, 2))
    assert lines(before, after) == ['is now given “it exists” with `{"id": 2}` (was: “it exists” with `{"id": 1}`)']
    assert lines(http(), after) == ['is now given “it exists” with `{"id": 2}` (was: no provider state)']


def test_namesakes_are_told_apart_by_their_states() -> None:
    before = pact(*(http() | {"providerState": name} for name in "ab"))
    after = pact(*(http(status=404) | {"providerState": name} for name in "ab"))
    assert [line.split(" now ")[0] for line in changed(before, after)] == [
        "“a product” given “a”",
        "“a product” given “b”",
    ]


def test_what_says_nothing_of_a_need_is_no_change() -> None:
    """A broker adds keys, V4 adds comments, and a test may run in another order."""
    before = {"interactions": [http(body={"a": 1, "b": 2}), message({"id": 1})], "createdAt": "x", "_links": {}}
    after = {
        "interactions": [message({"id": 1}), http(body={"b": 2, "a": 1}) | {"_id": "1", "comments": {}, "key": "2"}]
    }
    assert changed(before, after) == changed(after, before) == ()


PENDING = http(V4) | {"pending": True}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (http(V4), PENDING, "is now pending: it may fail"),
        (PENDING, http(V4), "is no longer pending: it must not fail any more"),
        (http(), http() | {"transport": "grpc"}, "has other `transport`"),
        (http(), http(generators={"body": {}}), "has other `generators` in its response"),
        (http() | {"providerState": ""}, http(), REWRITTEN),
    ],
)
def test_marks_of_an_interaction(before, after, expected) -> None:
    assert lines(before, after) == [expected]


# --- requests and responses -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (http(), http(status=201), ["now needs response status to be `201` (was: `200`)"]),
        (http(), http(headers={"ETag": "1"}), ["now needs response header `Etag`: `1`"]),
        (http(headers={"etag": ["1"]}), http(headers={"ETag": "1"}), [REWRITTEN]),
        (asking(), asking(method="PUT"), ["now sends request method as `PUT` (was: `GET`)"]),
        (asking(), asking(path="/p/1"), ["now sends request path as `/p/1` (was: `/products/1`)"]),
        (asking(query="a=1"), asking(query={"a": ["1"]}), [REWRITTEN]),
        (
            asking(query="a=1"),
            asking(query="a=2&b="),
            ['now sends query parameter `b`: `""`', "now sends query parameter `a` as `2` (was: `1`)"],
        ),
        (asking(body={"q": 1}), asking(), ["no longer sends request body"]),
        (asking(body={"q": 1}), asking(body={}), ["no longer sends request field `$.q`"]),
        (
            asking(path="/p/2"),
            asking(path="/p/2", matchingRules={"path": {"matchers": [{"match": "regex", "regex": r"/p/\d+"}]}}),
            [r"now sends request path as text that matches `/p/\d+` (was: `/p/2`)"],
        ),
        (
            asking(headers={"x-id": "1"}),
            asking(headers={"X-Id": "1"}, matchingRules={"$.headers['X-ID']": {"match": "regex", "regex": "."}}),
            ["now sends request header `X-Id` as text that matches `.` (was: `1`)"],
        ),
        (
            asking(query="a=1"),
            asking(query="a=1", matchingRules={"query": {"a": {"matchers": [TYPE]}}}),
            ["now sends query parameter `a` as any text (was: `1`)"],
        ),
        (
            asking(query="a=1"),
            asking(query="a=1", matchingRules={"$.query": {"match": "regex", "regex": "a=."}}),
            ["now sends request query: text that matches `a=.`"],
        ),
        (
            http(),
            http(matchingRules={"status": {"matchers": [{"match": "statusCode", "status": "success"}]}}),
            ["now needs response status to be a status of the kind `success` (was: `200`)"],
        ),
    ],
)
def test_what_is_around_a_body(before, after, expected) -> None:
    assert lines(before, after) == expected


@pytest.mark.parametrize("version", [V2, V3, V4])
@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (
            ({"price": "1"}, {"$.price": TYPE}),
            ({"price": 1}, {"$.price": {"match": "number"}}),
            ["now needs response field `$.price` to be a number (was: any text)"],
        ),
        (({}, {}), ({"stock": 4}, {"$.stock": INTEGER}), ["now needs response field `$.stock`: a whole number"]),
        (
            ({}, {}),
            ({"stock": {"n": 4, "unit": "kg"}}, {}),
            ["now needs response field `$.stock`: an object with `n`, `unit`"],
        ),
        (({"stock": {"n": 4}}, {}), ({}, {}), ["no longer needs response field `$.stock`"]),
        (
            ({"a": "x"}, {"$.a": TYPE}),
            ({"a": 1}, {"$.a": TYPE}),
            ["now needs response field `$.a` to be any number (was: any text)"],
        ),
        (
            ({"a": {"b": {"c": 1}}}, {"$.*.*.c": TYPE}),
            ({"a": {"b": {"c": 1}}}, {"$.*.*.c": TYPE, "$.a.b.*": INTEGER}),
            ["now needs response field `$.a.b.c` to be a whole number (was: any number)"],
        ),
        (({"a": 1}, {}), ({"a": True}, {}), ["now needs response field `$.a` to be `true` (was: `1`)"]),
        (({"a": 1}, {}), ({"a": 1}, {"$.a": TYPE}), ["now needs response field `$.a` to be any number (was: `1`)"]),
        (({"a": 1}, {"$.a": TYPE}), ({"a": 2}, {"$.a": TYPE}), [f"{EXAMPLE} response field `$.a`; {SAME}"]),
        (
            ({"a": [{"b": 1}]}, {"$.a": {"min": 1}, "$.a[*].*": TYPE}),
            ({"a": [{"b": 2}, {"b": 3}]}, {"$.a": {"min": 1}, "$.a[*].*": TYPE}),
            [f"{EXAMPLE} response field `$.a[*].b`; {SAME}"],
        ),
        (
            ({"a": [1]}, {"$.a": {"min": 1}}),
            ({"a": [1]}, {"$.a": {"match": "type", "min": 2}}),
            ["now needs response field `$.a` to be a list of at least 2 (was: a list of at least 1)"],
        ),
        (
            ({"a": [1]}, {}),
            ({"a": [1, 2]}, {}),
            [
                "now needs response field `$.a[1]`: `2`",
                "now needs response field `$.a` to be a list of exactly 2 (was: a list of exactly 1)",
            ],
        ),
        (
            ({"a": {"b": "x"}}, {"$.a": TYPE}),
            ({"a": {"b": "y"}}, {"$.a": TYPE}),
            [f"{EXAMPLE} response field `$.a.b`; {SAME}"],
        ),
        (
            ({"a": {"b": "x"}}, {"$.a": TYPE}),
            ({"a": {"b": "x"}}, {"$.a": TYPE, "$.a.b": {"match": "equality"}}),
            ['now needs response field `$.a.b` to be `"x"` (was: any text)'],
        ),
        (
            ({"a b": 1}, {}),
            ({"a b": 1}, {"$['a b']": TYPE}),
            ["now needs response field `$['a b']` to be any number (was: `1`)"],
        ),
        (
            ({"a": "2026-01-31"}, {"$.a": TYPE}),
            ({"a": "2026-01-31"}, {"$.a": {"match": "date", "format": "yyyy-MM-dd"}}),
            ["now needs response field `$.a` to be a date like `yyyy-MM-dd` (was: any text)"],
        ),
        (({"a": 1}, {"$.a": TYPE}), ({}, {"$.a": TYPE}), ["no longer needs response field `$.a`"]),
        (
            ({"a": 1}, {"$.a": TYPE}),
            ({"a": 1, "b": 2, "c": 3}, {"$.a": TYPE}),
            ["now needs response field `$.b`: `2`", "now needs response field `$.c`: `3`"],
        ),
        (
            ({"a": 1, "b": 1}, {"$.a": TYPE}),
            ({"a": 2, "b": 2}, {"$.a": TYPE}),
            [
                "now needs response field `$.b` to be `2` (was: `1`)",
                f"differs also by the example value of response field `$.a`; {SAME}",
            ],
        ),
        (
            ({"a": "x"}, {"$.a": {"match": "of a plugin"}}),
            ({"a": "y"}, {"$.a": {"match": "of a plugin"}}),
            ["now needs response field `$.a` by another rule (what the rule `of a plugin` says, as before)"],
        ),
        (
            ("<a>1</a>", {}),
            ("<a>1</a>", {"$.a['#text']": INTEGER}),
            ["now needs response field `$.a['#text']`: a whole number"],
        ),
    ],
)
def test_what_is_in_a_body(version, before, after, expected) -> None:
    assert lines(http(version, *before), http(version, *after)) == expected


def test_rules_of_v4_with_rules_of_their_own() -> None:
    """The names under `eachValue` are examples; so are the values, and the copy of them that the rule carries."""
    each_value = {"match": "eachValue", "rules": [INTEGER]}
    before = http(V4, {"a": {"x": 1}}, {"$.a": each_value | {"value": '{"x":1}'}})
    after = http(V4, {"a": {"y": 2}}, {"$.a": each_value | {"value": '{"y":2}'}})
    assert lines(before, after) == [f"{EXAMPLE} response field `$.a[*]`; {SAME}"]
    assert lines(http(V4, {"a": {"x": 1}}), after)[-1] == (
        "now needs response field `$.a` to be an object whose values are a whole number (was: an object)"
    )


def test_several_rules_for_one_field_are_all_told() -> None:
    include = [{"match": "include", "value": word} for word in "ab"]
    after = http(V3, {"x": "ab"})
    after["response"]["matchingRules"] = {"body": {"$.x": {"combine": "OR", "matchers": include}}}
    assert lines(http(V3, {"x": "ab"}), after) == [
        'now needs response field `$.x` to be text that holds `a` or text that holds `b` (was: `"ab"`)'
    ]


def test_two_long_texts_that_begin_alike_are_not_the_same() -> None:
    (line,) = lines(http(V3, {"a": "x" * 500 + "1"}), http(V3, {"a": "x" * 500 + "2"}))
    assert line.startswith("now needs response field `$.a`")
    assert len(line) < 300


# --- messages -------------------------------------------------------------------------------------------------


def v4_message(contents: Any, **more: Any) -> Json:
    return message({"content": contents, "contentType": "application/json"}, type="Asynchronous/Messages", **more)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (message({"id": 1}), message({"id": 1, "at": "x"}), ['now needs message field `$.at`: `"x"`']),
        (message({"id": 1}), message({"id": 1}, metaData={"topic": "t"}), ["now needs message metadata `topic`: `t`"]),
        (message("a"), message("b"), ['now needs message contents to be `"b"` (was: `"a"`)']),
        (v4_message({"id": 1}), v4_message({"id": "1"}), ['now needs message field `$.id` to be `"1"` (was: `1`)']),
        (
            message({"id": 1}, metadata={"contentType": "application/json"}),
            v4_message({"id": 1}, metadata={"contentType": "application/json"}),
            [REWRITTEN],
        ),
    ],
)
def test_messages(before, after, expected) -> None:
    assert [each.removeprefix("“order.placed” ") for each in changed(pact(before), pact(after))] == expected


def test_a_message_that_is_answered_has_both_sides() -> None:
    def call(question: Any, *answers: Any) -> Json:
        sent, *received = ({"contents": {"content": each}} for each in (question, *answers))
        return {"description": "a product", "type": "Synchronous/Messages", "request": sent, "response": received}

    assert lines(call({"q": 1}, {"a": 1}), call({"q": 2}, {"a": 2}, {"a": 3})) == [
        "now needs response 2",
        "now sends request field `$.q` as `2` (was: `1`)",
        "now needs response field `$.a` to be `2` (was: `1`)",
    ]


# --- whatever stands there ------------------------------------------------------------------------------------

SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=3)
)
NAMES = st.sampled_from(
    [
        "description",
        "providerStates",
        "request",
        "response",
        "contents",
        "body",
        "content",
        "query",
        "headers",
        "metadata",
        "status",
        "path",
        "type",
        "matchingRules",
        "matchers",
        "match",
        "min",
        "rules",
        "variants",
        "regex",
        "value",
        "combine",
        "eachValue",
        "$.a",
        "$['a']",
        "$.body[*].*",
        "a",
    ]
) | st.text(max_size=2)
JSON = st.recursive(
    SCALARS | NAMES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=5),
    max_leaves=20,
)
BODIES = st.dictionaries(st.sampled_from(["body", "contents"]), JSON)
PARTS = st.dictionaries(NAMES, JSON, max_size=5) | st.fixed_dictionaries(
    {
        "body": JSON,
        "matchingRules": st.fixed_dictionaries({"body": st.dictionaries(st.sampled_from(["$", "$.a", "$[*]"]), JSON)}),
    }
)
INTERACTIONS = (
    st.fixed_dictionaries(
        {"description": st.sampled_from("ab")}, optional={"request": PARTS, "response": PARTS, "type": JSON}
    )
    | PARTS
)
PACTS = st.builds(lambda listed: {"interactions": listed}, st.lists(INTERACTIONS, max_size=3))


@given(before=PACTS, after=PACTS)
def test_whatever_is_in_a_pact_gets_a_sentence(before, after) -> None:
    for line in changed(before, after):
        assert line
        assert len(line) < 2_000


@given(before=PACTS, seed=st.randoms(use_true_random=False))
def test_the_same_in_another_order_is_the_same(before, seed) -> None:
    before["interactions"] = list({str(each.get("description")): each for each in before["interactions"]}.values())
    assert changed(before, _shuffled(copy.deepcopy(before), seed)) == ()


def _shuffled(value: Any, seed: random.Random) -> Any:
    """Shuffle the names of each object, and the interactions."""
    if isinstance(value, dict):
        names = list(value)
        seed.shuffle(names)
        value = {name: _shuffled(value[name], seed) for name in names}
        if isinstance(value.get("interactions"), list):
            seed.shuffle(value["interactions"])
    return value


@pytest.mark.parametrize("depth", [50, 100, 200, 400, 800])
def test_a_deep_body_is_no_trouble(depth) -> None:
    def nested(inner: Any) -> Any:
        for _ in range(depth):
            inner = {"a": inner}
        return inner

    (line,) = lines(http(V3, nested(1)), http(V3, nested(2)))
    assert line.startswith("now needs response field `$.a.a")
    rule: Json = INTEGER
    for _ in range(depth // 3):
        rule = {"match": "eachValue", "rules": [rule]}
    assert lines(http(V4, {"a": {}}), http(V4, {"a": {}}, {"$.a": json.loads(json.dumps(rule))}))


def test_a_large_body_takes_no_minutes() -> None:
    """Each of ten thousand fields is looked up once, whatever the number of rules."""
    names = [f"n{number}" for number in range(10_000)]
    before = http(V3, dict.fromkeys(names, 1), {f"$.{name}": TYPE for name in names})
    after = http(V3, dict.fromkeys(names, 1), {f"$.{name}": INTEGER for name in names})
    assert len(lines(before, after)) == len(names)
