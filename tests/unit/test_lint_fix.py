"""What `--fix` writes: held against the real verifier, and against the rest of the file, which stays as it is."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.test_lint_suggest import answer
from tests.unit.test_verifier import at, serving

from pact_gate.lint import Options, lint
from pact_gate.lint.document import Way, read, shown
from pact_gate.lint.fix import fixed, way_of
from pact_gate.model.finding import Finding, Level

STYLES: list[dict[str, Any]] = [{"indent": 2}, {"indent": 4}, {"indent": "\t"}, {}, {"separators": (",", ":")}]


def finding(where: str, *, rule: str = "exact-value", index: int | None = 0, listed: Any = "interactions") -> Finding:
    return Finding(
        rule=rule,
        level=Level.WARNING,
        path="pact.json",
        line=1,
        column=1,
        consumer="orders",
        provider="products",
        interaction="a product",
        index=index,
        where=where,
        message="",
        listed=listed,
    )


def http(version: str, body: Any, rules: Any = None) -> dict[str, Any]:
    content = {"content": body, "contentType": "application/json", "encoded": False}
    response: dict[str, Any] = {"status": 200, "headers": {"Content-Type": "application/json"}}
    response["body"] = content if version == "4.0" else body
    if version == "4.0":
        response["headers"] = {"Content-Type": ["application/json"]}
    if rules is not None:
        response["matchingRules"] = rules
    interaction = {
        "description": "a product",
        "request": {"method": "GET", "path": "/product"},
        "response": response,
    }
    return pact(version, interactions=[({"type": "Synchronous/HTTP"} if version == "4.0" else {}) | interaction])


def pact(version: str, **listed: Any) -> dict[str, Any]:
    return {
        "consumer": {"name": "orders"},
        "provider": {"name": "products"},
        **listed,
        "metadata": {"pactSpecification": {"version": version}},
    }


def where(version: str, path: str) -> str:
    return f"$.response.body{'.content' if version == '4.0' else ''}{path}"


def mend(document: dict[str, Any] | str, *wheres: str, **style: Any) -> tuple[str, int]:
    text = document if isinstance(document, str) else json.dumps(document, **style)
    body, mended = fixed(read(text.encode(), "pact.json"), [finding(each) for each in wheres])
    return body.decode(), len(mended)


# --- the verifier ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["2.0.0", "3.0.0", "4.0"])
@pytest.mark.parametrize("rules", [None, {}, "another"])
def test_a_mended_pact_takes_other_data_and_no_other_type(version: str, rules: Any) -> None:
    pytest.importorskip("pact_ffi", reason="the verify tier is not installed")
    from pact_gate.verifier.pacts import verify_pact  # noqa: PLC0415 - only where its tier is

    if rules == "another":
        rule = {"match": "regex", "regex": "^[a-z]+$"}
        rules = {"$.body.kind": rule} if version == "2.0.0" else {"body": {"$.kind": {"matchers": [rule]}}}
    body = {"id": 123, "name": "Widget", "price": 29.99, "new": True, "kind": "tool", "a b": [{"x.y": "z"}]}
    document = http(version, body, rules)
    wheres = [where(version, path) for path in (".id", ".name", ".price", ".new", "['a b'][0]['x.y']")]
    mended, number = mend(document, *wheres, indent=2)
    assert number == 5

    def honoured(pact: str, body: object) -> bool:
        with serving({"/product": answer(body)}) as service:
            return verify_pact(pact.encode(), at(service)).passed

    other = {"id": 7, "name": "Gadget", "price": 12.5, "new": False, "kind": "tool", "a b": [{"x.y": "w"}]}
    assert honoured(json.dumps(document), body)
    assert not honoured(json.dumps(document), other)
    assert honoured(mended, other)
    for key, value in (("id", "7"), ("name", 7), ("price", "12.5"), ("new", "no"), ("a b", [{"x.y": 1}])):
        assert not honoured(mended, other | {key: value}), key
    assert not honoured(mended, other | {"kind": "7"})  # what had a rule, or was asserted otherwise, is as it was
    assert not honoured(mended, other | {"a b": [{"x.y": "w"}, {"x.y": "w"}]})
    assert not honoured(mended, {key: value for key, value in other.items() if key != "id"})


def test_a_mended_message_takes_other_data_and_no_other_type() -> None:
    pytest.importorskip("pact_ffi", reason="the verify tier is not installed")
    from pact_gate.verifier.pacts import verify_pact  # noqa: PLC0415 - only where its tier is

    contents = {"content": {"id": 1}, "contentType": "application/json", "encoded": False}
    message = {"type": "Asynchronous/Messages", "description": "an event", "contents": contents}
    mended, _ = mend(pact("4.0", interactions=[message]), "$.contents.content.id")
    for id_, passed in ((2, True), ("2", False)):
        with serving({"/messages": answer({"id": id_})}) as service:
            assert verify_pact(mended.encode(), at(service, messages_url=f"{service.url}/messages")).passed is passed


# --- the file -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["2.0.0", "3.0.0", "4.0"])
@pytest.mark.parametrize("style", STYLES, ids=str)
@pytest.mark.parametrize(
    "rules", [None, {}, {"body": {}}, {"header": {}}, {"body": {"$.x": {"matchers": [{"match": "type"}]}}}], ids=str
)
def test_the_file_is_written_as_it_was_written_before(version: str, style: dict[str, Any], rules: Any) -> None:
    if version == "2.0.0" and rules:
        rules = {"$.body.x": {"match": "type"}}
    document = http(version, {"id": 1, "x": 2}, rules)
    mended, number = mend(document, where(version, ".id"), **style)
    assert number == 1
    assert mended == json.dumps(json.loads(mended), **style)
    response = json.loads(mended)["interactions"][0]["response"]
    added = response.pop("matchingRules")
    before = document["interactions"][0]["response"]
    assert response == {key: value for key, value in before.items() if key != "matchingRules"}
    if version == "2.0.0":
        assert added == (rules or {}) | {"$.body.id": {"match": "type"}}
    else:
        expected = {"matchers": [{"match": "type"}], "combine": "AND"}
        assert added == (rules or {}) | {"body": (rules or {}).get("body", {}) | {"$.id": expected}}


def test_everything_but_the_rule_stays_byte_for_byte() -> None:
    text = (
        '\ufeff{ "consumer":{"name":"orders"},\r\n\t"provider" : {"name":"products"},\r\n'
        '\t"interactions": [ {"description":"\\u00e9 \\/ é","request":{"method":"GET","path":"/"},\r\n'
        '\t\t"response":{"status":200,"body":{"id":1.50e2,"n":10000000000000000000001}}} ],\r\n'
        '\t"metadata":{"pactSpecification":{"version":"2.0.0"}}}\r\n'
    )
    mended, number = mend(text, "$.response.body.id")
    assert number == 1
    added = ',"matchingRules":{"$.body.id":{"match":"type"}}'
    assert mended.replace(added, "") == text.replace(added, "")
    assert len(mended) == len(text) + len(added)


def test_a_second_time_there_is_nothing_to_mend() -> None:
    once, number = mend(http("3.0.0", {"id": 1}), "$.response.body.id")
    again, none = mend(once, "$.response.body.id")
    assert (number, none) == (1, 0)
    assert again == once


@pytest.mark.parametrize(
    ("version", "place"),
    [
        ("1.0.0", "$.response.body.id"),  # V1 has no rules
        ("3.0.0", "$.request.body.id"),  # what the consumer sends is its own
        ("3.0.0", "$.response.headers.Location"),
        ("3.0.0", "$.response.status"),
        ("3.0.0", "$.response.body.none"),
        ("3.0.0", "$.response.body.list"),
        ("3.0.0", "$.response.body['it\\'s']"),  # a rule's path has no way to write this
        ("3.0.0", "$.response.body.gone"),
        ("3.0.0", "$.response.body.list[7]"),
        ("3.0.0", "$"),
        ("3.0.0", "nonsense"),
    ],
)
def test_what_cannot_be_mended_safely_is_left(version: str, place: str) -> None:
    body = {"id": 1, "none": None, "list": [1], "it's": 1}
    document = http(version, body)
    document["interactions"][0]["request"]["body"] = body
    document["interactions"][0]["response"]["headers"] = {"Location": "/1"}
    text = json.dumps(document)
    assert mend(text, place) == (text, 0)


@pytest.mark.parametrize(("version", "rules"), [("2.0.0", {"body": {}}), ("3.0.0", {"$.body.x": {"match": "type"}})])
def test_rules_are_written_in_the_form_of_those_that_are_there(version: str, rules: Any) -> None:
    """Readers tell the form by the keys, and pass over what has the other one."""
    pytest.importorskip("pact_ffi", reason="the verify tier is not installed")
    from pact_gate.verifier.pacts import verify_pact  # noqa: PLC0415 - only where its tier is

    mended, number = mend(http(version, {"id": 1, "x": 2}, rules), "$.response.body.id")
    assert number == 1
    for id_, passed in ((7, True), ("7", False)):
        with serving({"/product": answer({"id": id_, "x": 2})}) as service:
            assert verify_pact(mended.encode(), at(service)).passed is passed


def test_a_body_that_is_one_text_is_left() -> None:
    text = json.dumps(http("3.0.0", "id;name\n1;Widget\n"))
    assert mend(text, "$.response.body") == (text, 0)


@pytest.mark.parametrize("rules", [[], 7, {"body": []}, {"body": 7}, "x"])
def test_rules_that_are_none_are_left(rules: Any) -> None:
    text = json.dumps(http("3.0.0", {"id": 1}, rules))
    assert mend(text, "$.response.body.id") == (text, 0)


def test_a_path_from_which_a_secret_was_cut_mends_no_other_field() -> None:
    text = json.dumps(http("3.0.0", {"id": 1, "ghp_x": {"id": 1}}))
    assert mend(text, "$.response.body.….id") == (text, 0)
    assert mend(text, "$.response.body['….id") == (text, 0)


def test_a_body_that_is_encoded_is_left() -> None:
    document = http("4.0", "eyJpZCI6IDF9")
    document["interactions"][0]["response"]["body"]["encoded"] = "base64"
    text = json.dumps(document)
    assert mend(text, "$.response.body.content") == (text, 0)


def test_a_value_that_has_a_rule_of_its_own_is_left() -> None:
    rules = {"body": {"$.id": {"matchers": [{"match": "equality"}]}}}
    text = json.dumps(http("3.0.0", {"id": 1}, rules))
    assert mend(text, "$.response.body.id") == (text, 0)


def test_the_findings_of_others_are_left() -> None:
    text = json.dumps(http("3.0.0", {"id": 1}))
    findings = [
        finding("$.response.body.id", rule="volatile-value"),
        finding("$.response.body.id", index=None),
        finding("$.response.body.id", index=1),
    ]
    elsewhere = read(text.encode(), "another.json")
    assert fixed(read(text.encode(), "pact.json"), findings) == (text.encode(), ())
    assert fixed(elsewhere, [finding("$.response.body.id")]) == (text.encode(), ())


def test_the_messages_of_v3_and_the_several_answers_of_v4_are_mended() -> None:
    message = {"description": "an event", "contents": {"id": 1}}
    text = json.dumps(pact("3.0.0", messages=[message]))
    body, mended = fixed(read(text.encode(), "pact.json"), [finding("$.contents.id", listed="messages")])
    assert len(mended) == 1
    assert set(json.loads(body)["messages"][0]["matchingRules"]["body"]) == {"$.id"}

    content = {"contents": {"content": {"id": 1}, "contentType": "application/json", "encoded": False}}
    both = {"type": "Synchronous/Messages", "description": "a call", "request": content, "response": [content, content]}
    text, number = mend(pact("4.0", interactions=[both]), "$.response[1].contents.content.id")
    assert number == 1
    first, second = json.loads(text)["interactions"][0]["response"]
    assert "matchingRules" not in first
    assert set(second["matchingRules"]["body"]) == {"$.id"}


names = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\\"), max_size=6)


@given(st.lists(st.one_of(names, st.integers(0, 9)), max_size=5))
def test_a_path_is_read_as_it_is_written(parts: list[str | int]) -> None:
    way: Way = tuple(parts)
    assert way_of(shown(way)) == way


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(names, inner, max_size=3)),
    max_leaves=12,
)


@given(
    body=json_values,
    rules=st.one_of(st.none(), st.dictionaries(st.sampled_from(["body", "header"]), json_values)),
    style=st.sampled_from(STYLES),
    version=st.sampled_from(["2.0.0", "3.0.0", "4.0"]),
)
def test_whatever_a_pact_holds_only_rules_are_added(body: Any, rules: Any, style: Any, version: str) -> None:
    document = http(version, body, rules)
    ways = [(*(way_of(where(version, "")) or ()), *way) for way in leaves(body)]
    mended, number = mend(document, *(shown(way) for way in ways), **style)
    after = json.loads(mended)
    known = after["interactions"][0]["response"].pop("matchingRules", None)
    before = json.loads(json.dumps(document))
    had = before["interactions"][0]["response"].pop("matchingRules", None)
    assert after == before
    assert number <= len(ways)
    if not number:
        assert known == had
    assert read(mended.encode(), "pact.json")


def leaves(value: Any, way: Way = ()) -> list[Way]:
    if isinstance(value, dict):
        return [each for key, inner in value.items() for each in leaves(inner, (*way, key))]
    if isinstance(value, list):
        return [each for index, inner in enumerate(value) for each in leaves(inner, (*way, index))]
    return [way]


def test_a_file_of_many_interactions_is_mended_in_one_go(tmp_path: Path) -> None:
    one = http("3.0.0", {"id": 1, "name": "x"})["interactions"][0]
    document = pact("3.0.0", interactions=[one] * 500)
    every = [finding(f"$.response.body.{key}", index=index) for index in range(500) for key in ("id", "name")]
    body, mended = fixed(read(json.dumps(document, indent=2).encode(), "pact.json"), every)
    assert len(mended) == 1000
    assert body.decode() == json.dumps(json.loads(body), indent=2)


# --- with what the linter finds -------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["2.0.0", "3.0.0", "4.0"])
def test_after_mending_the_linter_finds_nothing_exact_any_more(version: str) -> None:
    options = Options(date(2026, 11, 27))
    body = {
        "orderNo": 123,
        "name": "Widget Pro",
        "lines": [{"sku": "a-1", "price": 29.99}, {"sku": "b-2", "price": 1.5}],
    }
    before = read(json.dumps(http(version, body), indent=2).encode(), "pact.json")
    findings = [each for each in lint(before, options) if each.rule == "exact-value"]
    assert len(findings) >= 4
    mended, known = fixed(before, findings)
    assert list(known) == findings
    after = read(mended, "pact.json")
    assert [each for each in lint(after, options) if each.rule == "exact-value"] == []
    assert fixed(after, lint(after, options)) == (mended, ())


def test_the_line_to_write_never_repeats_a_secret() -> None:
    secrets = {
        "access_token": "q7Zt2LmX9vKd4RwP8sYbN3hF",
        "note": "call erika.mustermann@firmenpost.de",
        "pan": 4539148803436467,
    }
    document = read(json.dumps(http("3.0.0", secrets)).encode(), "pact.json")
    told = json.dumps([asdict(each) for each in lint(document, Options(date(2026, 11, 27), language="python"))])
    assert "match." in told
    for value in secrets.values():
        assert str(value) not in told
