"""The rules of `actions/lint`: what each finds, and what it lets pass."""

from __future__ import annotations

import importlib
import json
import pkgutil
import re
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import pact_gate.lint as lint_
from pact_gate.lint import Options, lint
from pact_gate.lint.accept import accepted
from pact_gate.lint.document import read
from pact_gate.lint.patterns import backtracks
from pact_gate.lint.rules import secrets
from pact_gate.model.finding import Finding, Level

TODAY = date(2026, 11, 27)
KEYS = [
    *("request", "response", "body", "contents", "content", "matchingRules", "match", "regex", "matchers", "query"),
    *("name", "headers", "metadata", "status", "json_class", "data", "variants", "rules", "properties", "$ref"),
    *("allOf", "items", "comments", "text", "providerStates", "params", "generators", "description"),
]
WHOLE: list[Any] = [
    {
        "description": "d",
        "providerState": "product 1 exists",
        "request": {"method": "GET", "path": "/x/1", "query": "a=b", "headers": {"A": "b"}, "body": {"a": 1}},
        "response": {
            "status": 200,
            "headers": {"Location": "/x/2"},
            "body": {"a": [{"b": "Some One"}]},
            "matchingRules": {
                "$.body.a[*].b": {"match": "type"},
                "$.headers.Location": {"match": "regex", "regex": "(a+)+"},
            },
        },
    },
    {
        "type": "Synchronous/HTTP",
        "description": "d",
        "providerStates": [{"name": "s", "params": {"id": 1}}],
        "request": {"method": "GET", "path": "/x", "query": {"a": ["b"]}},
        "response": {
            "status": 200,
            "body": {"content": {"a": [{"b": "Some One"}]}, "contentType": "application/json", "encoded": False},
            "matchingRules": {"body": {"$.a": {"matchers": [{"match": "arrayContains", "variants": [
                {"index": 0, "rules": {"$.b": {"matchers": [{"match": "type"}]}}}]}]}}},
            "generators": {"body": {"$.a[*].b": {"type": "Uuid"}}},
        },
        "comments": {"text": ["pact-gate: ignore exact-value: why not"]},
    },
    {
        "type": "Asynchronous/Messages",
        "description": "d",
        "contents": {"content": {"a": "Some One"}, "contentType": "application/json", "encoded": False},
        "metadata": {"contentType": "application/json"},
        "matchingRules": {"body": {"$.a": {"matchers": [{"match": "eachValue", "rules": [{"match": "type"}]}]}}},
    },
]  # fmt: skip


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
        "(" + ".?" * 70 + ")*",
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


def test_no_pattern_of_the_linter_itself_backtracks_for_ever() -> None:
    modules = [importlib.import_module(each.name) for each in pkgutil.walk_packages(lint_.__path__, "pact_gate.lint.")]
    patterns = {each.pattern for module in modules for each in vars(module).values() if isinstance(each, re.Pattern)}
    patterns |= {pattern.pattern for _, pattern in secrets._TOKENS}
    texts = [each for each in patterns if isinstance(each, str)]
    assert len(texts) > 40
    assert [each for each in texts if backtracks(each)] == []


def test_slow_pattern_stands_at_the_pattern() -> None:
    (found,) = findings(response({"a": "x"}, {"body": {"$.a": {"matchers": [{"match": "regex", "regex": "(a+)+"}]}}}))
    assert (found.rule, found.where) == (
        "slow-pattern",
        "$.response.matchingRules.body['$.a'].matchers[0].regex",
    )
    assert (found.interaction, found.index, found.path) == ("a request", 0, "pacts/a.json")


# --- exact-value --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        {"id": 123},
        {"name": "Widget Pro"},
        {"price": 29.99},
        {"sku": "prod-001"},
        {"createdAt": "2020-01-31T10:00:00Z"},
        {"homepage": "https://shop.example/x"},
        {"stock": 7},
        {"self": "/orders/77"},
        {"mail": "someone@example.com"},
        {"colour": "#ff8800"},
    ],
)
def test_exact_value_finds_what_the_provider_chooses(body: dict[str, Any]) -> None:
    assert places(findings(response(body)), "exact-value") == [f".{next(iter(body))}"]


@pytest.mark.parametrize(
    "body",
    [
        {"status": "ACTIVE"},
        {"type": "order.placed"},
        {"@type": "Product"},
        {"event_type": "order.placed"},
        {"anything": "IN_STOCK"},
        {"eventName": "OrderPlaced"},
        {"right": "orders:read"},
        {"kindOfFile": "image/svg+xml"},
        {"currency": "EUR"},
        {"country": "de"},
        {"inStock": True},
        {"nothing": None},
        {"name": ""},
        {"page": 2},
        {"count": 0},
        {"total": 2, "status": ["a", "b"]},
        {"version": "1.2.3"},
        {"error_identifier": "INVALID_VALUE"},
        {"$schema": "https://json-schema.org/draft/2020-12/schema"},
        {"self": "/orders"},
        "pong",
        [],
        ["reader"],
        {},
    ],
)
def test_exact_value_lets_pass_what_both_sides_know(body: Any) -> None:
    assert places(findings(response(body)), "exact-value") == []


def test_exact_value_lets_a_response_repeat_what_was_said_before() -> None:
    """The contract itself says which data these are: a provider that honours it gives just them."""
    request = {
        "method": "POST",
        "path": "/shops/77/products",
        "query": "sort=price&ref=X-1",
        "body": {"name": "Widget"},
    }
    states = [{"name": "the brand 'Acme & Sons' exists", "params": {"owner": {"id": 4711}}}]
    body = {
        "id": 4711,
        "shop": {"id": 77},
        "name": "Widget",
        "ref": "X-1",
        "brand": "Acme & Sons",
        "title": "Other One",
    }
    found = findings({**response(body), "request": request, "providerStates": states}, version="3.0.0")
    assert places(found, "exact-value") == [".title"]


def test_exact_value_says_nothing_of_requests_and_of_errors_but_sentences() -> None:
    asked = {"method": "POST", "path": "/x", "body": {"name": "Widget Pro", "price": 29.99, "id": 9}}
    answer = {
        "status": 404,
        "body": {
            "error": "not found",
            "code": "E-17",
            "message": "There is no such thing.",
            "at": "2020-01-31T10:00:00Z",
        },
    }
    found = findings({"description": "d", "request": asked, "response": answer})
    assert places(found, "exact-value") == [".message", ".at"]


@pytest.mark.parametrize(
    "rules",
    [
        {"$.body.items[*].id": {"match": "type"}},
        {"$.body.items": {"match": "type", "min": 1}},
        {"$.body": {"match": "type"}},
        {"$['body']['items'][*]['id']": {"match": "regex", "regex": "\\d+"}},
        {"$.body.items[0].id": {"match": "integer"}},
        {"$.body.*[0].*": {"match": "type"}},
        {"$.body.items[*].id": {"min": 1}},
        {"body": {"$.items[*].id": {"combine": "AND", "matchers": [{"match": "integer"}]}}},
        {"body": {"$": {"matchers": [{"match": "type"}]}}},
        {"body": {"$.items": {"matchers": [{"match": "eachValue", "rules": [{"match": "type"}]}]}}},
        {"body": {"$.items": {"matchers": [{"match": "arrayContains", "variants": [
            {"index": 0, "rules": {"$.id": {"matchers": [{"match": "integer"}]}}}]}]}}},
        {"body": {"$.items[*].id": {"matchers": [{"match": "equality"}]}}},
        {"body": {"$.items[0]": {"matchers": [{"match": "each-value", "rules": [{"match": "type"}]}]}}},
    ],
)  # fmt: skip
def test_a_value_is_matched_where_the_specification_says_so(rules: Any) -> None:
    assert places(findings(response({"items": [{"id": 123}]}, rules)), "exact-value") == []


@pytest.mark.parametrize(
    "rules",
    [
        {"$.body.items[*].name": {"match": "type"}},
        {"$.body.items[1].id": {"match": "type"}},
        {"$.body.id": {"match": "type"}, "$.body.*[0].more.id": {"match": "type"}},
        {"$.header.items": {"match": "type"}},
        {"$.body.items[*].id.more": {"match": "type"}},
        {"body": {"$.items": {"matchers": [{"match": "values"}]}}},
        {"body": {"$.items": {"matchers": [{"match": "eachKey", "rules": [{"match": "type"}]}]}}},
        {"body": {"$.items": {"matchers": [{"match": "each-key", "rules": [{"match": "type"}]}]}}},
        {"body": {"$.items": {"matchers": []}}},
        {"body": {"$.items[": {"matchers": [{"match": "type"}]}}},
        {"body": {"$.items": {"matchers": [{"match": "arrayContains", "variants": [{"index": 0, "rules": {}}]}]}}},
    ],
)
def test_a_value_is_exact_where_no_rule_reaches_it(rules: Any) -> None:
    expected = [] if "arrayContains" in json.dumps(rules) else [".items[0].id"]
    assert places(findings(response({"items": [{"id": 123}]}, rules)), "exact-value") == expected


def test_the_heaviest_rule_decides() -> None:
    """A name outweighs a wildcard, and an explicit equality below a type matcher is what the consumer asked for."""
    rules = {
        "$.body": {"match": "type"},
        "$.body.*.a": {"match": "type"},
        "$.body.x.a": {"match": "equality"},
    }
    assert places(findings(response({"x": {"a": 123}}, rules)), "exact-value") == []
    # `$.*.*` weighs less than `$.x`, although it is longer.
    inner = {"body": {"$.x": {"matchers": [{"match": "values"}]}, "$.*.*": {"matchers": [{"match": "type"}]}}}
    assert places(findings(response({"x": {"a": 123}}, inner)), "exact-value") == [".x.a"]


def test_exact_value_in_messages_v4_and_headers() -> None:
    message = {
        "description": "m",
        "contents": {"content": {"id": 5150}, "contentType": "application/json", "encoded": False},
    }
    (found,) = findings({**message, "type": "Asynchronous/Messages"}, version="4.0")
    assert (found.rule, found.where) == ("exact-value", "$.contents.content.id")
    matched = {"body": {"$.id": {"matchers": [{"match": "integer"}]}}}
    assert findings({**message, "matchingRules": matched}, version="4.0") == []
    several = {"description": "s", "request": {"contents": {"id": 1}}, "response": [{"contents": {"orderId": 8}}]}
    assert [each.where for each in findings(several, version="4.0")] == ["$.response[0].contents.orderId"]
    answer = {"status": 201, "headers": {"Location": "/orders/99", "Content-Type": "application/json"}}
    created = {"description": "c", "request": {"method": "POST", "path": "/orders"}, "response": answer}
    assert [each.where for each in findings(created)] == ["$.response.headers.Location"]
    answer["matchingRules"] = {"header": {"location": {"matchers": [{"match": "regex", "regex": ".*"}]}}}
    assert findings(created, version="3.0.0") == []


def test_exact_value_knows_rubys_matchers_and_generators() -> None:
    term = {"json_class": "Pact::Term", "data": {"generate": "a 1", "matcher": {"json_class": "Regexp", "s": "(a+)+"}}}
    like = {"json_class": "Pact::SomethingLike", "contents": {"id": 1234, "name": "Some Body"}}
    found = findings(response({"term": term, "like": like}))
    assert [(each.rule, each.where) for each in found] == [("slow-pattern", "$.response.body.term.data.matcher.s")]
    generated = response({"items": [{"id": 5}]})
    generated["response"]["generators"] = {"body": {"$.items[*].id": {"type": "ProviderState", "expression": "${id}"}}}
    assert findings(generated, version="3.0.0") == []


def test_exact_value_finds_a_slip_where_the_field_is_matched_elsewhere() -> None:
    rules = {"$.body.item.mood": {"match": "type"}}
    one, other = response({"item": {"mood": "fine"}}, rules), response({"item": {"mood": "gloomy"}})
    assert places(findings(one, {**other, "description": "another"}), "exact-value") == [".item.mood"]
    assert places(findings(other), "exact-value") == []


def test_exact_value_finds_a_text_that_carries_data_once() -> None:
    xml = response("<order><id>77</id></order>")
    xml["response"]["headers"] = {"Content-Type": "application/xml"}
    assert places(findings(xml), "exact-value") == [""]
    xml["response"]["matchingRules"] = {"body": {"$.order.id": {"matchers": [{"match": "type"}]}}}
    assert findings(xml, version="3.0.0") == []
    assert findings(response("pong")) == []


# --- volatile-value -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        "2026-11-27T08:15:30Z",
        "2026-11-27",
        "2021-03-04T05:06:07.891Z",
        "8f14e45f-ceea-467f-a5d6-9b7d3b5c2a1e",
        "http://localhost:49213/orders",
        "507f1f77bcf86cd799439a11",
        1764199387455,
        0.30000000000000004,
    ],
)
def test_volatile_value_finds_what_was_made_at_run_time(value: Any) -> None:
    found = findings(response({"value": value}))
    assert places(found, "volatile-value") == [".value"]
    assert not places(found, "exact-value"), "it is told once"


@pytest.mark.parametrize(
    "value",
    [
        "2020-01-01T00:00:00.000Z",
        "2020-01-01",
        "11111111-1111-4111-8111-111111111111",
        "123e4567-e89b-12d3-a456-426614174000",
        "http://localhost:8080/orders",
        1700000000000,
        0.1,
        "2026-13-45",
    ],
)
def test_volatile_value_lets_fixed_values_pass(value: Any) -> None:
    assert not places(findings(response({"value": value})), "volatile-value")


def test_volatile_examples_under_a_matcher_have_a_sentence_of_their_own() -> None:
    rules = {"$.body": {"match": "type"}}
    body = {
        "a": "2026-11-27T08:15:30Z",
        "b": "http://127.0.0.1:40123/x",
        "c": "2021-03-04T05:06:07.891Z",
        "d": "8f14e45f-ceea-467f-a5d6-9b7d3b5c2a1e",
    }
    found = findings(response(body, rules))
    assert places(found, "volatile-value") == [".a", ".b"]
    assert all("part of the content that a broker compares" in each.message for each in found)


def test_volatile_value_lets_pass_what_is_said_elsewhere() -> None:
    uuid = "8f14e45f-ceea-467f-a5d6-9b7d3b5c2a1e"
    asked = {"method": "GET", "path": f"/orders/{uuid}"}
    assert findings({**response({"id": uuid}), "request": asked}) == []


def test_volatile_headers_and_parameters() -> None:
    asked = {
        "method": "GET",
        "path": "/",
        "query": {"since": ["1764199387455"]},
        "headers": {"X-Correlation-Id": "8f14e45f-ceea-467f-a5d6-9b7d3b5c2a1e", "Host": "localhost:51234"},
    }
    answer = {"status": 200, "headers": {"Date": "Fri, 27 Nov 2026 01:02:03 GMT"}}
    found = findings({"description": "d", "request": asked, "response": answer}, version="3.0.0")
    assert {each.where for each in found if each.rule == "volatile-value"} == {
        "$.request.query.since[0]",
        "$.request.headers['X-Correlation-Id']",
        "$.request.headers.Host",
        "$.response.headers.Date",
    }


# --- secret, personal-data ----------------------------------------------------------------------------------


def _drawn(number: int, alphabet: str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") -> str:
    """What looks drawn at random, put together here so that no scanner takes it for a real one."""
    return "".join(alphabet[(7 * each * each + 3 * each + 5) % 61 % len(alphabet)] for each in range(number))


SECRETS = [
    ("token", "ghp" + "_" + _drawn(30)),
    ("x", "github" + "_pat_" + _drawn(30)),
    ("x", "xoxb" + "-204817365091-" + _drawn(16)),
    ("x", "AKIA" + _drawn(16, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")),
    ("x", "sk" + "_live_" + _drawn(24)),
    ("x", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJnYXRld2F5In0." + _drawn(43)),
    ("x", "-----BEGIN RSA " + "PRIVATE KEY-----\nMIIEow" + _drawn(40)),
    ("x", "postgres://app:Xk9vQ2mZ@db.internal/x"),
    ("Authorization", "Bearer " + _drawn(40)),
    ("Authorization", "Basic " + "YXBwOlhrOXZRMm1aN3A="),
    ("apiKey", _drawn(32)),
    ("body", "grant_type=x&client_secret=" + _drawn(40)),
]


@pytest.mark.parametrize(("name", "value"), SECRETS, ids=[each[1][:12] for each in SECRETS])
def test_secret_is_found_and_never_repeated(name: str, value: str) -> None:
    (found, *_) = [
        each for each in findings(response({name: value}, {"$.body": {"match": "type"}})) if each.rule == "secret"
    ]
    assert found.where.startswith("$.response.body")
    assert value not in repr(found)
    assert value[-12:] not in repr(found)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Authorization", "Bearer token"),
        ("Authorization", "Bearer 1234"),
        ("Authorization", "Bearer ${TOKEN}"),
        ("Authorization", "Bearer eyJ.example.token"),
        ("Authorization", "Basic dXNlcjpwYXNzd29yZA=="),
        ("token", "some-valid-token-for-tests"),
        ("x", "AKIAIOSFODNN7EXAMPLE"),
        ("x", "postgres://app:password@db/x"),
        ("x", "https://example.com:8080/x@y"),
        ("password", "hunter2"),
        ("id_token", "8f14e45f-ceea-467f-a5d6-9b7d3b5c2a1e"),
        ("x", "skim-milk-and-other-things-for-breakfast"),
        ("task-id", "task-0123"),
    ],
)
def test_secret_lets_placeholders_pass(name: str, value: str) -> None:
    assert not [each for each in findings(response({name: value})) if each.rule == "secret"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("mail", "leonie.astbury@hillcrest-observatory.org"),
        ("text", "write to Kim <kim.p@gmail.com>, please"),
        ("cardNumber", "4539578763621486"),
        ("note", "paid by 4539 5787 6362 1486"),
        ("iban", "DE21500500009876543210"),
    ],
)
def test_personal_data_is_found_and_never_repeated(name: str, value: str) -> None:
    (found,) = [
        each
        for each in findings(response({name: value}, {"$.body": {"match": "type"}}))
        if each.rule == "personal-data"
    ]
    assert value not in repr(found)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("mail", "someone@example.com"),
        ("mail", "a.b@shop.test"),
        ("mail", "info@hillcrest-observatory.org"),
        ("mail", "test1@gmail.com"),
        ("url", "git@github.com:owner/repository.git"),
        ("cardNumber", "4242424242424242"),
        ("cardNumber", "4539578763621487"),
        ("orderNumber", "4539578763621486"),
        ("iban", "DE89370400440532013000"),
        ("iban", "DE21500500009876543211"),
    ],
)
def test_personal_data_lets_pass_what_is_nobodys(name: str, value: str) -> None:
    assert not [each for each in findings(response({name: value})) if each.rule == "personal-data"]


def test_names_that_hold_secrets_are_cut_out_of_every_finding() -> None:
    mail, token = "kim.p@gmail.com", "ghp" + "_" + _drawn(30)
    one = {
        **response({mail: 42, "name": "Some Body"}),
        "description": f"a request by {mail} with {token}",
        "providerState": f"'{mail}' exists",
    }
    found = findings(one)
    assert len({each.rule for each in found}) > 2
    assert mail not in repr(found)
    assert token not in repr(found)
    assert {each.interaction for each in found} == {"a request by … with …"}
    other = json.loads(json.dumps(one).replace(mail, "pat.q@gmail.com"))
    assert [each.fingerprint for each in findings(other)] == [each.fingerprint for each in found]


# --- states -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "state", ["product 123 exists", "product with id 7 exists", "user 'kim' exists", "prod-001 exists"]
)
def test_state_without_data_is_one_that_nobody_asks_for(state: str) -> None:
    (found,) = findings(response({"status": "OK"}, providerState=state))
    assert (found.rule, found.where) == ("state-without-data", "$.providerState")


@pytest.mark.parametrize(
    ("state", "path"),
    [
        ("product 123 exists", "/products/123"),
        ("product 123 exists", "/products?id=123"),
        ("3 products exist", "/products"),
        ("products exist", "/products"),
        ("the API v2 is on", "/products"),
        ("page 2 exists", "/products"),
        ("user 'kim' exists", "/users/kim"),
        ("it answers with 500", "/x"),
        ("", "/x"),
    ],
)
def test_state_with_its_data(state: str, path: str) -> None:
    interaction = {**response({"status": "OK"}), "request": {"method": "GET", "path": path}, "providerState": state}
    assert findings(interaction) == []


def test_state_parameters_are_said() -> None:
    states = [{"name": "product 123 exists", "params": {"id": 123}}]
    assert findings(response({"status": "OK"}, providerStates=states), version="3.0.0") == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a product exists", "A product exists"),
        ("a product exists", "the product exists"),
        ("products exist here", "product exist here"),
        ("the basket is empty", "the baskte is empty"),
    ],
)
def test_state_spelling_is_told_at_the_rarer_one(one: str, other: str) -> None:
    states = [one, one, other]
    found = findings(
        *({**response({}), "description": str(n), "providerState": state} for n, state in enumerate(states))
    )
    told = [each for each in found if each.rule == "state-spelling"]
    if other != "the baskte is empty":  # two letters that changed places are two letters apart
        assert [(each.index, each.where) for each in told] == [(2, "$.providerState")]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("product 1 exists", "product 2 exists"),
        ("user a exists", "user b exists"),
        ("the key is valid", "the key is invalid"),
        ("a product exists", "no product exists"),
        ("the order is active", "the order is inactive"),
        ("orders exist", "products exist"),
    ],
)
def test_state_spelling_lets_other_states_pass(one: str, other: str) -> None:
    found = findings(*({**response({}), "description": each, "providerState": each} for each in (one, other)))
    assert [each for each in found if each.rule == "state-spelling"] == []


# --- interactions -------------------------------------------------------------------------------------------


def test_indistinguishable() -> None:
    one, other = response({"a": True}), response({"a": False}, description="another")
    assert [(each.rule, each.index, each.where) for each in findings(one, other)] == [("indistinguishable", 1, "$")]
    assert findings(one, {**other, "providerState": "something"}) == []
    assert findings(one, {**one, "description": "another"}) == []
    assert findings(one, {**other, "request": {"method": "GET", "path": "/", "query": "a=b"}}) == []
    message = {"description": "m", "contents": {"a": True}}
    assert [each.rule for each in findings(message, {**message, "contents": {"a": False}})] == ["indistinguishable"]


def test_description_reused() -> None:
    one = response({})
    other = {**one, "request": {"method": "PUT", "path": "/"}}
    assert [(each.rule, each.index) for each in findings(one, other)] == [("description-reused", 1)]
    assert findings(one, {**one, "providerState": "something"}) == []


def test_long_and_random_descriptions() -> None:
    names = [
        "x" * 201,
        "for 8f14e45f-ceea-467f-a5d6-9b7d3b5c2a1e",
        "at 2026-11-27T10:00",
        "no 1764199387455",
        "is 0.8237498234",
    ]
    rules = [[each.rule for each in findings(response({}, description=name))] for name in names]
    assert rules == [["long-description"], *[["random-description"]] * 4]
    uuid = "8f14e45f-ceea-467f-a5d6-9b7d3b5c2a1e"
    assert findings({**response({}, description=uuid), "request": {"method": "GET", "path": f"/x/{uuid}"}}) == []
    assert findings(response({}, description="a request for order 1234567")) == []


# --- bodies -------------------------------------------------------------------------------------------------


def test_empty_body() -> None:
    headers = {"Content-Type": "application/json; charset=utf-8"}
    for body in ("", None):
        empty = response(body)
        empty["response"]["headers"] = headers
        assert [(each.rule, each.where) for each in findings(empty)] == [("empty-body", "$.response.body")]
    for fine in ({}, [], "x"):
        empty = response(fine)
        empty["response"]["headers"] = headers
        assert findings(empty) == []
    absent = {
        "description": "d",
        "request": {"method": "GET", "path": "/", "headers": headers},
        "response": {"status": 200},
    }
    assert findings(absent) == []


def test_unread_field() -> None:
    schema = {
        "properties": {"id": {}, "item": {"$ref": "#/$defs/item"}, "open": {"additionalProperties": True}},
        "$defs": {
            "item": {"allOf": [{"properties": {"name": {}}}, {"properties": {"next": {"$ref": "#/$defs/item"}}}]}
        },
    }
    body = {
        "id": True,
        "item": {"name": True, "age": True, "next": {"size": True}},
        "open": {"x": True},
        "rest": [{"y": True}],
    }
    found = findings(response(body), reads={"products": schema})
    assert places(found, "unread-field") == [".item.age", ".item.next.size", ".rest"]
    assert findings(response(body), reads={"another": schema}) == []
    for broken in (
        True,
        [],
        {"properties": 7},
        {"$ref": "#"},
        {"$ref": "https://evil.example/x"},
        {"items": {"$ref": "#"}},
    ):
        findings(response(body), reads={"products": broken})


def test_duplicate_key() -> None:
    text = (
        '{"consumer": {"name": "a"}, "provider": {"name": "b"},\n'
        ' "interactions": [{"description": "d", "request": {},\n'
        '  "response": {"body": {"a": true,\n   "a": false}}}],\n "metadata": {}, "metadata": {}}'
    )
    found = lint(read(text.encode(), "x.json"), Options(TODAY))
    assert [(each.rule, each.index, each.where, each.line) for each in found] == [
        ("duplicate-key", 0, "$.response.body.a", 4),
        ("duplicate-key", None, "$.metadata", 5),
    ]


# --- all of them --------------------------------------------------------------------------------------------


def test_levels() -> None:
    body = {"name": "Some Body"}
    assert findings(response(body), levels={"exact-value": Level.OFF}) == []
    assert [each.level for each in findings(response(body), levels={"exact-value": Level.NOTE})] == [Level.NOTE]
    assert [each.level for each in findings(response(body))] == [Level.WARNING]


def test_a_fingerprint_stays_when_lines_and_other_values_change() -> None:
    (one,) = findings(response({"name": "Some Body"}))
    (moved,) = findings(response({"status": "NEW", "name": "Another One"}))
    (elsewhere,) = findings(response({"title": "Some Body"}))
    assert (one.fingerprint == moved.fingerprint, one.fingerprint == elsewhere.fingerprint) == (True, False)
    several = findings(response({"items": [{"name": "Some Body"}, {"name": "Other Body"}]}))
    assert len({each.fingerprint for each in several}) == 2


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
    | st.sampled_from(["$.body", "$.body.a", "$", "(a+)+", "2026-11-27T01:02:03.456Z", "kim.p@gmail.com", "a=b&c=d"]),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.text(max_size=5) | st.sampled_from(KEYS), inner, max_size=5),
    max_leaves=20,
)  # fmt: skip


@given(data=st.data())
@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_nothing_of_a_wrong_type_anywhere_makes_it_break(data: st.DataObject) -> None:
    """A whole interaction of every version, of which any value is replaced by any other."""
    whole = data.draw(st.sampled_from(WHOLE))
    for _ in range(data.draw(st.integers(1, 4))):
        whole = _replaced(whole, data.draw(st.integers(0, 60)), data.draw(JSON))
    listed = [each for each in (whole, *data.draw(st.lists(JSON, max_size=2))) if isinstance(each, dict)]
    key = data.draw(st.sampled_from(["interactions", "messages"]))
    document = {"consumer": {"name": "a"}, "provider": {"name": "b"}, key: listed, "metadata": data.draw(JSON)}
    read_ = read(json.dumps(document).encode(), "x.json")
    found = lint(read_, Options(TODAY, reads={"b": data.draw(JSON)}))
    accepted(read_, found, ())
    assert all(each.line for each in found)


def _replaced(value: Any, number: int, new: Any) -> Any:
    """Put a value in the place of the one with this number, counted in the document's order."""
    left = [number]

    def walk(each: Any) -> Any:
        if left[0] == 0:
            left[0] = -1
            return new
        left[0] -= 1
        if isinstance(each, dict):
            return {key: walk(inner) for key, inner in each.items()}
        return [walk(inner) for inner in each] if isinstance(each, list) else each

    return walk(value)
