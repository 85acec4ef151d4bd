"""What makes a file a pact, and how pacts of one pair are merged and compared."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pact_gate.model.errors import InputError
from pact_gate.model.pact import Pact, differences, merged, parse

GET = {"request": {"method": "GET", "path": "/products/1"}, "response": {"status": 200}}


def document(*interactions: Any, version: str = "2.0.0", **more: Any) -> dict[str, Any]:
    parties = {"consumer": {"name": "orders"}, "provider": {"name": "products"}}
    return (
        parties | {"interactions": list(interactions), "metadata": {"pactSpecification": {"version": version}}} | more
    )


def interaction(description: str = "a product", state: str = "it exists", **more: Any) -> dict[str, Any]:
    return {"description": description, "providerState": state} | GET | more


def pact(*interactions: Any, path: str = "a.json", **more: Any) -> Pact:
    return parse(json.dumps(document(*interactions, **more)).encode(), path)


def refused(body: bytes) -> InputError:
    with pytest.raises(InputError) as caught:
        parse(body, "pacts/a.json")
    assert "pacts/a.json" in caught.value.cause
    assert [place.path for place in caught.value.places] == ["pacts/a.json"]
    assert caught.value.next_step
    return caught.value


# --- reading --------------------------------------------------------------------------------------------------

MESSAGE = {"description": "order.placed", "contents": {"id": 1}}
V4 = {"type": "Asynchronous/Messages", "key": "1"} | MESSAGE
VERSIONS = {
    "V1": (document(interaction()) | {"metadata": {"pactSpecificationVersion": "1.0.0"}}, "1.0.0", 1),
    "V1 without metadata": ({k: v for k, v in document(interaction()).items() if k != "metadata"}, "1.0.0", 1),
    "V2": (document(interaction()), "2.0.0", 1),
    "V2 as pact-jvm writes it": (
        document(interaction()) | {"metadata": {"pact-specification": {"version": "2.0.0"}}},
        "2.0.0",
        1,
    ),
    "V3": (
        document(interaction() | {"providerStates": [{"name": "a", "params": {"id": 1}}]}, version="3.0.0"),
        "3.0.0",
        1,
    ),
    "V3 messages": (
        {k: v for k, v in document(version="3.0.0", messages=[MESSAGE]).items() if k != "interactions"},
        "3.0.0",
        1,
    ),
    "V4": (document(interaction(type="Synchronous/HTTP"), V4, version="4.0"), "4.0", 2),
    "no interactions": (document(), "2.0.0", 0),
}


@pytest.mark.parametrize(("found", "specification", "count"), VERSIONS.values(), ids=VERSIONS)
def test_each_version_of_the_specification(found, specification, count) -> None:
    body = json.dumps(found).encode()
    read = parse(body, "a.json")
    assert (read.consumer, read.provider, read.specification) == ("orders", "products", specification)
    assert len(read.interactions) == count
    assert (read.body, read.paths) == (body, ("a.json",))


def test_a_byte_order_mark_is_no_mistake() -> None:
    assert parse(b"\xef\xbb\xbf" + json.dumps(document()).encode(), "a.json").consumer == "orders"


NO_PACTS = {
    "empty": (b"", "is no JSON"),
    "html": (b"<html>", "is no JSON: Expecting value in line 1, column 1"),
    "cut": (b'{\n "consumer": {', "in line 2"),
    "latin-1": ('{"consumer": "J\xfcrgen"}'.encode("latin-1"), "is not UTF-8 (byte 15)"),
    "utf-16": ("{}".encode("utf-16"), "is not UTF-8 (byte 0)"),
    "NaN": (b'{"interactions": [NaN]}', "NaN is not a JSON number"),
    "-Infinity": (b'{"interactions": [-Infinity]}', "-Infinity is not a JSON number"),
    "a huge integer": (b'{"interactions": [' + b"9" * 5_000 + b"]}", "is no JSON: Exceeds the limit"),
    "a huge float": (b'{"interactions": [1e999]}', "1e999 is too large a number"),
    "deep": (b"[" * 100_000 + b"]" * 100_000, "nested too deeply"),
    "deep objects": (b'{"a":' * 100_000, "nested too deeply"),
    "a list": (b"[]", "is JSON, but no pact"),
    "a text": (b'"interactions"', "is JSON, but no pact"),
    "null": (b"null", "is JSON, but no pact"),
    "package.json": (b'{"name": "orders"}', "neither `interactions` nor `messages`"),
}


@pytest.mark.parametrize(("body", "sentence"), NO_PACTS.values(), ids=NO_PACTS)
def test_what_is_no_pact(body, sentence) -> None:
    assert sentence in refused(body).cause


def test_the_line_of_a_mistake_is_its_place() -> None:
    assert refused(b'{\n "a": 1,\n}').places[0].line == 3


@pytest.mark.parametrize("role", ["consumer", "provider"])
@pytest.mark.parametrize(
    "party", [None, "orders", {}, {"name": ""}, {"name": " "}, {"name": 7}, {"name": None}, [], ["name"]]
)
def test_a_pact_of_nobody(role, party) -> None:
    found = document(interaction()) | {role: party}
    assert f"names no {role}" in refused(json.dumps(found).encode()).cause
    del found[role]
    assert f"names no {role}" in refused(json.dumps(found).encode()).cause


def test_half_a_character_is_no_name() -> None:
    found = document(interaction()) | {"consumer": {"name": "a\ud800"}}
    assert "cannot be written" in refused(json.dumps(found).encode()).cause


@pytest.mark.parametrize("key", ["interactions", "messages"])
@pytest.mark.parametrize("listed", [None, {}, "x", 7, ["x"], [None], [[]], [{}, 1]])
def test_interactions_of_a_wrong_type(key, listed) -> None:
    assert f"its `{key}` is not a list of objects" in refused(json.dumps(document() | {key: listed}).encode()).cause


STRANGE = [
    {"metadata": None},
    {"metadata": []},
    {"metadata": {"pactSpecification": "2.0.0"}},
    {"metadata": {"pactSpecification": {"version": None}}},
    {"interactions": [{}]},
    {"interactions": [{"description": None, "providerStates": None}]},
    {"interactions": [{"description": {}, "providerStates": {"a": 1}}]},
    {"interactions": [{"description": [1], "providerState": [2]}]},
    {"interactions": [{"description": "\ud800", "providerStates": ["x", 3, None, {"name": {}}, {}]}]},
]


@pytest.mark.parametrize("strange", STRANGE)
def test_what_is_strange_further_inside_is_the_brokers_to_judge(strange) -> None:
    one = parse(json.dumps(document() | strange).encode(), "a.json")
    other = parse(
        json.dumps(document(interaction()) | {"metadata": (document() | strange)["metadata"]}).encode(), "b.json"
    )
    (both,) = merged([one, other])
    assert json.loads(both.body)
    assert differences(one.document, both.document) == ["added: “a product” given “it exists”"]
    assert differences(both.document, one.document)[0].startswith("removed")


def test_nothing_that_can_be_parsed_is_too_deep_to_be_merged_without_a_sentence() -> None:
    for depth in range(100, 1_100):
        deep = "[" * depth + "1" + "]" * depth
        body = json.dumps(document(interaction(body="?"))).replace('"?"', deep).encode()
        try:
            merged([parse(body, "a.json"), parse(body, "b.json")])
        except InputError as error:
            assert "nested too deeply" in error.cause  # noqa: PT017 - either way is right, but no other


# --- merging --------------------------------------------------------------------------------------------------


def test_files_that_agree_are_merged() -> None:
    one = pact(interaction(), interaction("none", "nothing exists"), path="a.json")
    other = pact(interaction(), interaction("a list"), path="b.json", messages=[MESSAGE])
    (both,) = merged([one, other])
    assert [each["description"] for each in both.interactions] == ["a product", "none", "a list", "order.placed"]
    assert both.paths == ("a.json", "b.json")
    assert json.loads(both.body) == both.document
    assert one.document["interactions"] == [interaction(), interaction("none", "nothing exists")], "the first stays"


def test_what_says_nothing_about_the_provider_is_no_conflict() -> None:
    one = pact(interaction(key="1", comments={"text": ["x"]}))
    assert len(merged([one, pact(interaction(key="2"), path="b.json")])[0].interactions) == 1


def test_the_same_description_in_another_state_is_another_interaction() -> None:
    both = merged([pact(interaction(state="a")), pact(interaction(state="b"), path="b.json")])
    assert len(both[0].interactions) == 2


def test_a_state_means_the_same_in_either_spelling() -> None:
    new = {key: value for key, value in interaction().items() if key != "providerState"}
    found = differences(document(interaction()), document(new | {"providerStates": [{"name": "it exists"}]}))
    assert found == ["changed: “a product” given “it exists”"], "the same interaction, written otherwise"


def test_files_that_conflict_are_refused_naming_both() -> None:
    with pytest.raises(InputError) as caught:
        merged([pact(interaction()), pact(interaction(response={"status": 404}), path="b.json")])
    error = caught.value
    assert "a.json and b.json" in error.cause
    assert "“a product” given “it exists”" in error.cause
    assert [place.path for place in error.places] == ["a.json", "b.json"]


def test_files_of_different_specifications_are_refused_naming_both() -> None:
    with pytest.raises(InputError) as caught:
        merged([pact(interaction()), pact(interaction("b"), path="b.json", version="4.0")])
    assert "a.json and b.json" in caught.value.cause
    assert "2.0.0 and 4.0" in caught.value.cause


def test_pairs_stay_apart_and_in_order() -> None:
    pacts = [pact(interaction(), path=f"{name}.json", provider={"name": name}) for name in ("b", "c", "a")]
    assert [each.provider for each in merged(pacts)] == ["a", "b", "c"]
    assert {each.provider: each.body for each in merged(pacts)} == {each.provider: each.body for each in pacts}


# --- differences ----------------------------------------------------------------------------------------------


def test_differences_are_told_in_sentences() -> None:
    before = document(interaction("same"), interaction("gone"), interaction("other"))
    after = document(interaction("same"), interaction("new", ""), interaction("other", response={"status": 404}))
    assert differences(before, after) == [
        "added: “new”",
        "removed: “gone” given “it exists”",
        "changed: “other” given “it exists”",
    ]


def test_what_a_broker_adds_is_no_difference() -> None:
    """A Pact Broker gives each interaction an `_id`."""
    kept = document(interaction(_id="f" * 40)) | {"createdAt": "2026-01-31T00:00:00+00:00", "_links": {}}
    assert differences(kept, document(interaction())) == []
