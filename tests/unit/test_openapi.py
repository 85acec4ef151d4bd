"""Pacts against an OpenAPI document: a row for each rule, for OpenAPI 3.0 and 3.1."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from pact_gate.model.pact import parse
from pact_gate.openapi.compare import Comparison
from pact_gate.openapi.document import Documents

JSON = "application/json"
BOTH = ("3.0.3", "3.1.0")


def content(schema: Any, media: str = JSON) -> dict[str, Any]:
    return {"content": {media: {"schema": schema}}}


def document(operation: Mapping[str, Any], path: str = "/things", method: str = "get", **top: Any) -> dict[str, Any]:
    return {"info": {"title": "a", "version": "1"}, "paths": {path: {method: operation}}, **top}


def answers(schema: Any, **top: Any) -> dict[str, Any]:
    return document({"responses": {"200": {"description": "", **content(schema)}}}, **top)


def takes(schema: Any, **top: Any) -> dict[str, Any]:
    body = {"required": True, **content(schema)}
    return document({"requestBody": body, "responses": {"200": {"description": ""}}}, method="post", **top)


def pact(request: Mapping[str, Any] | None = None, response: Mapping[str, Any] | None = None) -> dict[str, Any]:
    interaction = {
        "description": "it",
        "request": {"method": "GET", "path": "/things", **(request or {})},
        "response": {"status": 200, **(response or {})},
    }
    parties = {"consumer": {"name": "orders"}, "provider": {"name": "products"}}
    return {**parties, "interactions": [interaction], "metadata": {"pactSpecification": {"version": "3.0.0"}}}


def needs(body: Any, rules: Mapping[str, str] | None = None) -> dict[str, Any]:
    """A pact that needs a body, with V3 matching rules: the name of a matcher for each path."""
    given = {path: {"matchers": [{"match": name}]} for path, name in (rules or {}).items()}
    headers = {"Content-Type": JSON}
    return pact(response={"body": body, "headers": headers, **({"matchingRules": {"body": given}} if given else {})})


def likes(body: Any) -> dict[str, Any]:
    """A pact that needs a body of these types."""
    return needs(body, {"$": "type"})


def sends(body: Any) -> dict[str, Any]:
    return pact({"method": "POST", "body": body, "headers": {"Content-Type": JSON}})


def compared(folder: Path, version: str, described: Mapping[str, Any], needed: Mapping[str, Any]) -> Comparison:
    path = folder / "openapi.json"
    path.write_text(json.dumps({"openapi": version, **described}), encoding="utf-8")
    comparison = Comparison(Documents("openapi.json", folder))
    comparison.result = comparison.pact(parse(json.dumps(needed).encode(), "pact.json"), "pact.json")
    return comparison


def found(folder: Path, version: str, described: Mapping[str, Any], needed: Mapping[str, Any]) -> list[str]:
    """The findings as one line each: kind and place."""
    return [f"{each.kind} {each.where}" for each in compared(folder, version, described, needed).result.findings]


def thing(*required: str, **properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": list(required), "properties": properties}


STRING, INTEGER, NUMBER = {"type": "string"}, {"type": "integer"}, {"type": "number"}
BODY = "response body $"
SENT = "request body $"
CAT = thing("kind", "lives", kind=STRING, lives=INTEGER)
DOG = thing("kind", "barks", kind=STRING, barks={"type": "boolean"})
PETS = {
    "schemas": {
        "Cat": CAT,
        "Dog": DOG,
        "Pet": {
            "oneOf": [{"$ref": "#/components/schemas/Cat"}, {"$ref": "#/components/schemas/Dog"}],
            "discriminator": {"propertyName": "kind", "mapping": {"feline": "#/components/schemas/Cat"}},
        },
        "Parent": {**thing("type", type=STRING), "discriminator": {"propertyName": "type"}},
        "Child": {"allOf": [{"$ref": "#/components/schemas/Parent"}, thing("toy", toy=STRING)]},
    }
}
PET = {"$ref": "#/components/schemas/Pet"}
TREE = {"schemas": {"Node": thing("next", next={"$ref": "#/components/schemas/Node"}, id=STRING)}}
NODE = {"$ref": "#/components/schemas/Node"}

ANSWERS = {
    "all that is needed is promised": (thing("id", "extra", id=STRING, extra=STRING), likes({"id": "1"}), []),
    "a field that is not described": (thing("id", id=STRING), likes({"name": "x"}), ["response-field-unknown $.name"]),
    "a field that other fields may be": (
        {**thing(id=STRING), "additionalProperties": True},
        likes({"name": "x"}),
        ["response-undescribed $.name"],
    ),
    "a field that no others may be": (
        {**thing(id=STRING), "additionalProperties": False},
        likes({"name": "x"}),
        ["response-field-unknown $.name"],
    ),
    "a map": ({"type": "object", "additionalProperties": INTEGER}, likes({"a": "x"}), ["response-body-wrong $.a"]),
    "a map's keys are examples": (
        {**thing(), "additionalProperties": INTEGER},
        needs({"a": 1}, {"$": "values", "$.*": "type"}),
        ["response-field-optional $.a"],
    ),
    "an object of which nothing is described": ({"type": "object"}, likes({"a": 1}), ["response-undescribed $.a"]),
    "a field that may be left out": (thing(id=STRING), likes({"id": "1"}), ["response-field-optional $.id"]),
    "a field deep inside": (
        thing("a", a={"type": "array", "items": thing("b", b=thing(c=INTEGER))}),
        likes({"a": [{"b": {"c": "x"}}]}),
        ["response-body-wrong $.a[0].b.c"],
    ),
    "another type": (thing("id", id=INTEGER), likes({"id": "1"}), ["response-body-wrong $.id"]),
    "an object, not a list": ({"type": "array", "items": STRING}, likes({"id": "1"}), ["response-body-wrong $"]),
    "null where null is none": (thing("id", id=STRING), likes({"id": None}), ["response-body-wrong $.id"]),
    "an exact value of an enum": (thing("id", id={"enum": ["a", "b"]}), needs({"id": "a"}), []),
    "an exact value that is none of an enum": (
        thing("id", id={"type": "string", "enum": ["a", "b"]}),
        needs({"id": "c"}),
        ["response-body-wrong $.id"],
    ),
    "an example that is none of an enum": (
        thing("id", id={"type": "string", "enum": ["a", "b"]}),
        likes({"id": "c"}),
        ["response-example-wrong $.id"],
    ),
    "an exact value of another format": (
        thing("id", id={"type": "string", "format": "uuid"}),
        needs({"id": "1"}),
        ["response-body-wrong $.id"],
    ),
    "an example of another format": (
        thing("id", id={"type": "string", "format": "date"}),
        likes({"id": "today"}),
        ["response-example-wrong $.id"],
    ),
    "an exact value too large": (
        thing("n", n={"type": "integer", "maximum": 5}),
        needs({"n": 6}),
        ["response-body-wrong $.n"],
    ),
    "a fraction stands for any number": (thing("n", n=INTEGER), likes({"n": 1.5}), []),
    "an exact fraction is no integer": (thing("n", n=INTEGER), needs({"n": 1.5}), ["response-body-wrong $.n"]),
    "a decimal is no integer": (
        thing("n", n=INTEGER),
        needs({"n": 1.5}, {"$.n": "decimal"}),
        ["response-body-wrong $.n"],
    ),
    "an integer where any number may come": (
        thing("n", n=NUMBER),
        needs({"n": 1}, {"$.n": "integer"}),
        ["response-field-other-type $.n"],
    ),
    "a number where any number may come": (thing("n", n=NUMBER), likes({"n": 1}), []),
    "fewer items than there must be": (
        {"type": "array", "minItems": 2, "items": STRING},
        likes(["a"]),
        ["response-example-wrong $"],
    ),
    "a field that is never sent": (
        thing("id", id={"type": "string", "writeOnly": True}),
        likes({"id": "1"}),
        ["response-field-write-only $.id"],
    ),
    "of all schemas together": (
        {"allOf": [thing("a", a=STRING), thing(b=STRING)]},
        likes({"a": "1", "b": "2", "c": "3"}),
        ["response-field-optional $.b", "response-field-unknown $.c"],
    ),
    "of one schema or another": (
        {"oneOf": [thing("a", a=STRING), thing("b", b=INTEGER)]},
        likes({"b": 1}),
        ["response-field-optional $.b"],
    ),
    "of no schema": (
        {"anyOf": [thing("a", a=STRING), thing("b", b=INTEGER)]},
        likes({"b": "x"}),
        ["response-field-unknown $.b"],
    ),
    "a partial answer fits both of oneOf": (
        {"oneOf": [thing("a", "b", a=STRING, b=STRING), thing("a", "c", a=STRING, c=STRING)]},
        likes({"a": "1"}),
        [],
    ),
    "a discriminator, by its mapping": (PET, needs({"kind": "feline", "lives": 9}), []),
    "a discriminator, by the schema's name": (PET, needs({"kind": "Dog", "barks": True}), []),
    "a discriminator that says another": (PET, needs({"kind": "Dog", "lives": 9}), ["response-field-unknown $.lives"]),
    "a discriminator that says none": (PET, needs({"kind": "Cow"}), ["response-body-wrong $.kind"]),
    "a child of a parent with a discriminator": (
        {"$ref": "#/components/schemas/Parent"},
        needs({"type": "Child", "toy": "ball"}),
        ["response-field-optional $.toy"],
    ),
    "a schema that holds itself": (NODE, likes({"next": {"next": {"id": 1}}}), ["response-body-wrong $.next.next.id"]),
    "a schema that is itself": ({"$ref": "#/components/schemas/Loop"}, likes({"a": 1}), ["response-undescribed $.a"]),
    "a pattern that would take for ever": (
        thing("id", id={"type": "string", "pattern": "^(a+)+$"}),
        needs({"id": "a" * 40 + "!"}),
        ["response-body-wrong $.id"],
    ),
    "a pattern that looks ahead": (
        thing("id", id={"type": "string", "pattern": "^(?=.*[A-Z]).{3,}$"}),
        needs({"id": "abc"}),
        ["response-body-wrong $.id"],
    ),
    "a pattern that looks behind for ever": (
        thing("id", id={"type": "string", "pattern": r"(?<=a)(\w+\s?)+\1$"}),
        needs({"id": "a" * 60 + "!"}),
        [],
    ),
    "a pattern that is none": (thing("id", id={"type": "string", "pattern": "("}), needs({"id": "c"}), []),
    "no schema at all": ({}, likes({"id": 1}), ["response-undescribed"]),
    "items that two schemas describe together": (
        {
            "allOf": [
                {"type": "array", "items": thing("id", id=STRING)},
                {"type": "array", "items": thing("name", name=STRING)},
            ]
        },
        likes([{"id": "1", "name": "x"}]),
        [],
    ),
    "null for the whole body says nothing": (thing("id", id=STRING), likes(None), []),
}
COMPONENTS = {
    "schemas": {**PETS["schemas"], **TREE["schemas"], "Loop": {"allOf": [{"$ref": "#/components/schemas/Loop"}]}}
}


@pytest.mark.parametrize("version", BOTH)
@pytest.mark.parametrize("name", ANSWERS)
def test_what_is_needed_of_an_answer(name: str, version: str, tmp_path: Path) -> None:
    schema, needed, expected = ANSWERS[name]
    described = answers(schema, components=COMPONENTS)
    lines = [each.replace(" response body", "", 1) for each in found(tmp_path, version, described, needed)]
    assert sorted(lines) == sorted(expected)


ONLY_3_0 = {
    "null that may come": (
        thing("id", id={"type": "string", "nullable": True}),
        likes({"id": "1"}),
        ["response-field-nullable $.id"],
    ),
    "null that is wanted": (thing("id", id={"type": "string", "nullable": True}), likes({"id": None}), []),
    "null beside an enum": (
        thing("id", id={"type": "string", "nullable": True, "enum": ["a"]}),
        needs({"id": None}),
        [],
    ),
    "null or a schema": (
        thing("o", o={"nullable": True, "allOf": [thing("id", id=STRING)]}),
        likes({"o": {"id": 1}}),
        ["response-field-nullable $.o", "response-body-wrong $.o.id"],
    ),
    "what stands beside a reference does not count": (
        {**NODE, "additionalProperties": False},
        likes({"next": {}}),
        [],
    ),
    "less than, not equal": (
        thing("n", n={"type": "integer", "maximum": 5, "exclusiveMaximum": True}),
        needs({"n": 5}),
        ["response-body-wrong $.n"],
    ),
    "more than 32 bits": (
        thing("n", n={"type": "integer", "format": "int32"}),
        needs({"n": 2**31}),
        ["response-body-wrong $.n"],
    ),
}
ONLY_3_1 = {
    "null that may come": (
        thing("id", id={"type": ["string", "null"]}),
        likes({"id": "1"}),
        ["response-field-nullable $.id"],
    ),
    "null as an alternative": (
        thing("id", id={"anyOf": [STRING, {"type": "null"}]}),
        likes({"id": "1"}),
        ["response-field-nullable $.id"],
    ),
    "null that is wanted": (thing("id", id={"type": ["string", "null"]}), likes({"id": None}), []),
    "another type that may come": (
        thing("id", id={"type": ["string", "integer"]}),
        likes({"id": "1"}),
        ["response-field-other-type $.id"],
    ),
    "an exact value where another type may come": (
        thing("id", id={"type": ["string", "integer"]}),
        needs({"id": "1"}),
        [],
    ),
    "a constant": (thing("id", id={"const": "a"}), needs({"id": "b"}), ["response-body-wrong $.id"]),
    "what stands beside a reference counts": (
        {**NODE, "required": ["id"]},
        likes({"id": "1"}),
        [],
    ),
    "items one by one": (
        {"type": "array", "prefixItems": [STRING, INTEGER]},
        likes(["a", "b"]),
        ["response-body-wrong $[1]"],
    ),
    "fields by a pattern": (
        {"type": "object", "patternProperties": {"^x-": INTEGER}, "additionalProperties": False},
        needs({"x-a": "1", "y": 1}),
        ["response-body-wrong $.x-a", "response-field-unknown $.y"],
    ),
    "if and then, of which a part is known": (
        {
            **thing("k", k=STRING),
            "if": {"properties": {"k": {"const": "a"}}},
            "then": thing("a", a=STRING),
            "else": thing("b", b=STRING),
        },
        likes({"k": "z", "b": "1"}),
        ["response-field-optional $.b"],
    ),
}


@pytest.mark.parametrize(
    ("version", "row"),
    [*(("3.0.3", row) for row in ONLY_3_0.values()), *(("3.1.0", row) for row in ONLY_3_1.values())],
    ids=[*(f"3.0 {name}" for name in ONLY_3_0), *(f"3.1 {name}" for name in ONLY_3_1)],
)
def test_where_the_versions_differ(version: str, row: tuple[Any, Any, list[str]], tmp_path: Path) -> None:
    schema, needed, expected = row
    described = answers(schema, components=COMPONENTS)
    lines = [each.replace(" response body", "", 1) for each in found(tmp_path, version, described, needed)]
    assert sorted(lines) == sorted(expected)


SENDS = {
    "all that is required": (thing("id", id=STRING, extra=STRING), {"id": "1"}, []),
    "without a field that is required": (thing("id", id=STRING), {}, ["request-body-wrong $"]),
    "another type": (thing(id=INTEGER), {"id": "1"}, ["request-body-wrong $.id"]),
    "a value that is none of an enum": (
        thing(id={"type": "string", "enum": ["a"]}),
        {"id": "b"},
        ["request-body-wrong $.id"],
    ),
    "another format": (thing(id={"type": "string", "format": "date-time"}), {"id": "now"}, ["request-body-wrong $.id"]),
    "a field that is not allowed": (
        {**thing(id=STRING), "additionalProperties": False},
        {"name": "x"},
        ["request-body-wrong $.name"],
    ),
    "a field that is not described": (thing(id=STRING), {"name": "x"}, ["request-field-unknown $.name"]),
    "a field that other fields may be": ({**thing(id=STRING), "additionalProperties": True}, {"name": "x"}, []),
    "without a required field that is read only": (thing("id", id={"type": "string", "readOnly": True}), {}, []),
    "a field that is read only": (
        thing(id={"type": "string", "readOnly": True}),
        {"id": "1"},
        ["request-field-read-only $.id"],
    ),
    "both of oneOf": ({"oneOf": [thing(a=STRING), thing(b=STRING)]}, {"a": "1"}, ["request-body-wrong $"]),
    "one of oneOf": ({"oneOf": [thing("a", a=STRING), thing("b", b=STRING)]}, {"a": "1"}, []),
    "none of oneOf": ({"oneOf": [thing("a", a=STRING), thing("b", b=STRING)]}, {"a": 1}, ["request-body-wrong $.a"]),
    "a discriminator's alternative": (PET, {"kind": "Dog", "barks": True}, []),
    "a discriminator's alternative, incomplete": (PET, {"kind": "Dog"}, ["request-body-wrong $"]),
    "a discriminator that says none": (PET, {"kind": "Cow", "barks": True}, ["request-body-wrong $.kind"]),
}


@pytest.mark.parametrize("version", BOTH)
@pytest.mark.parametrize("name", SENDS)
def test_what_a_consumer_sends(name: str, version: str, tmp_path: Path) -> None:
    schema, body, expected = SENDS[name]
    described = takes(schema, components=COMPONENTS)
    lines = [each.replace(" request body", "", 1) for each in found(tmp_path, version, described, sends(body))]
    assert lines == expected


def test_a_matcher_changes_nothing_about_what_is_sent(tmp_path: Path) -> None:
    needed = sends({"id": "b"})
    needed["interactions"][0]["request"]["matchingRules"] = {"body": {"$.id": {"matchers": [{"match": "type"}]}}}
    described = takes(thing(id={"type": "string", "enum": ["a"]}))
    assert found(tmp_path, "3.1.0", described, needed) == ["request-body-wrong request body $.id"]


def operation(**parts: Any) -> dict[str, Any]:
    return {"responses": {"200": {"description": ""}}, **parts}


def parameter(name: str, kind: str = "query", **about: Any) -> dict[str, Any]:
    return {"name": name, "in": kind, "schema": STRING, **about}


def with_parameters(*listed: Mapping[str, Any], path: str = "/things") -> dict[str, Any]:
    return document(operation(parameters=list(listed)), path)


LISTS = {"schemas": {"List": {"type": "array", "items": {"$ref": "#/components/schemas/List"}}}}
KEY = {"securitySchemes": {"key": {"type": "apiKey", "in": "query", "name": "key"}}}
REQUESTS = {
    "a path that is not described": (document(operation(), "/others"), {}, ["path-unknown request path"]),
    "a method that is not described": (document(operation()), {"method": "POST"}, ["method-unknown request method"]),
    "a path with a parameter": (document(operation(), "/{a}"), {}, []),
    "a part of a segment": (document(operation(), "/things/{id}.{ext}"), {"path": "/things/a.b.json"}, []),
    "nothing for a parameter": (
        document(operation(), "/things/{id}"),
        {"path": "/things/"},
        ["path-unknown request path"],
    ),
    "a path's parameter of another type": (
        with_parameters(parameter("id", "path", required=True, schema=INTEGER), path="/things/{id}"),
        {"path": "/things/a"},
        ["parameter-wrong request path id"],
    ),
    "a path's parameter of this type": (
        with_parameters(parameter("id", "path", required=True, schema=INTEGER), path="/things/{id}"),
        {"path": "/things/5"},
        [],
    ),
    "a query that is not described": (document(operation()), {"query": {"a": ["1"]}}, ["query-unknown request query"]),
    "a query as V2 has it": (with_parameters(parameter("a")), {"query": "a=1&b=2"}, ["query-unknown request query"]),
    "a query that carries a key": (document(operation(), components=KEY), {"query": {"key": ["1"]}}, []),
    "a query of another type": (
        with_parameters(parameter("a", schema=INTEGER)),
        {"query": {"a": ["x"]}},
        ["parameter-wrong request query a"],
    ),
    "a query of this type": (
        with_parameters(parameter("a", schema={"type": "boolean"})),
        {"query": {"a": ["true"]}},
        [],
    ),
    "several values": (
        with_parameters(parameter("a", schema={"type": "array", "items": INTEGER})),
        {"query": {"a": ["1", "x"]}},
        ["parameter-wrong request query a"],
    ),
    "several values in one": (
        with_parameters(parameter("a", explode=False, schema={"type": "array", "items": INTEGER, "maxItems": 2})),
        {"query": {"a": ["1,2,3"]}},
        ["parameter-wrong request query a"],
    ),
    "several values in one, by a reference": (
        with_parameters(parameter("a", explode=False, schema={"$ref": "#/components/schemas/Ids"}))
        | {"components": {"schemas": {"Ids": {"type": "array", "items": INTEGER}}}},
        {"query": {"a": ["1,2,3"]}},
        [],
    ),
    "a text or a list": (
        with_parameters(parameter("a", explode=False, schema={"oneOf": [STRING, {"type": "array", "items": INTEGER}]})),
        {"query": {"a": ["b,c"]}},
        [],
    ),
    "a list of lists of lists": (
        with_parameters(parameter("a", schema={"$ref": "#/components/schemas/List"})) | {"components": LISTS},
        {"query": {"a": ["x"]}},
        ["parameter-wrong request query a"],
    ),
    "a deep object": (
        with_parameters(parameter("a", style="deepObject", schema=thing(n=INTEGER))),
        {"query": {"a[n]": ["1"]}},
        [],
    ),
    "a deep object of another type": (
        with_parameters(parameter("a", style="deepObject", schema=thing(n=INTEGER))),
        {"query": {"a[n]": ["x"]}},
        ["parameter-wrong request query a"],
    ),
    "an object whose fields are parameters": (
        with_parameters(parameter("a", schema=thing(n=INTEGER))),
        {"query": {"n": ["1"]}},
        [],
    ),
    "without a required query": (
        with_parameters(parameter("a", required=True)),
        {},
        ["parameter-missing request query"],
    ),
    "without a required header": (
        with_parameters(parameter("X-A", "header", required=True)),
        {},
        ["parameter-missing request header"],
    ),
    "with a required header": (
        with_parameters(parameter("X-A", "header", required=True)),
        {"headers": {"x-a": "1"}},
        [],
    ),
    "without a required cookie": (
        with_parameters(parameter("a", "cookie", required=True)),
        {"headers": {"Cookie": "b=1"}},
        ["parameter-missing request cookie"],
    ),
    "a header that is not described": (
        document(operation()),
        {"headers": {"X-A": "1", "Accept": "a/b"}},
        ["header-unknown request header"],
    ),
    "a body that is not described": (document(operation()), {"body": {"a": 1}}, ["request-body-unknown request body"]),
    "without a required body": (
        document(operation(requestBody={"required": True, **content(STRING)})),
        {},
        ["request-body-missing request body"],
    ),
    "a body of another content type": (
        document(operation(requestBody=content(STRING, "application/xml"))),
        {"body": {"a": 1}, "headers": {"Content-Type": JSON}},
        ["request-content-type-unknown request content type"],
    ),
    "a body of any content type": (
        document(operation(requestBody=content(thing(a=STRING), "application/*"))),
        {"body": {"a": 1}, "headers": {"Content-Type": "application/json; charset=utf-8"}},
        ["request-body-wrong request body $.a"],
    ),
    "a form": (
        document(operation(requestBody=content(thing("b", a=INTEGER), "application/x-www-form-urlencoded"))),
        {"body": "a=x", "headers": {"Content-Type": "application/x-www-form-urlencoded"}},
        ["request-body-wrong request body $", "request-body-wrong request body $.a"],
    ),
    "a base path": (document(operation(), servers=[{"url": "https://a/v1"}]), {"path": "/v1/things"}, []),
    "without the base path": (document(operation(), servers=[{"url": "https://a/v1"}]), {}, []),
}


@pytest.mark.parametrize("version", BOTH)
@pytest.mark.parametrize("name", REQUESTS)
def test_what_a_consumer_asks_for(name: str, version: str, tmp_path: Path) -> None:
    described, request, expected = REQUESTS[name]
    assert sorted(found(tmp_path, version, described, pact(request))) == sorted(expected)


def responses(**described: Any) -> dict[str, Any]:
    return document({"responses": {key.strip("_"): value for key, value in described.items()}})


TEXT = {"description": "", **content(STRING)}
RESPONSES = {
    "a status that is not described": (responses(_201=TEXT), {}, ["status-unknown response status"]),
    "a status of a class": (responses(_2XX=TEXT), {}, []),
    "the default": (responses(default=TEXT), {"status": 404}, []),
    "a status before its class": (
        responses(_2XX={**TEXT, **content(INTEGER)}, _200=TEXT),
        {"body": 1},
        ["response-body-wrong response body $"],
    ),
    "a body where none is described": (
        responses(_200={"description": ""}),
        {"body": {"a": 1}},
        ["response-body-unknown response body"],
    ),
    "another content type": (
        responses(_200={"description": "", **content(STRING, "text/csv")}),
        {"body": {"a": 1}, "headers": {"Content-Type": JSON}},
        ["response-content-type-unknown response content type"],
    ),
    "JSON that has no name": (
        responses(_200={"description": "", **content(INTEGER, "application/problem+json")}),
        {"body": ["x"]},
        ["response-body-wrong response body $"],
    ),
    "a header that is not described": (
        responses(_200={"description": ""}),
        {"headers": {"X-A": "1", "Date": "now"}},
        ["response-header-unknown response header"],
    ),
    "a header that may be left out": (
        responses(_200={"description": "", "headers": {"x-a": {"schema": STRING}}}),
        {"headers": {"X-A": "1"}},
        ["response-header-optional response header"],
    ),
    "a header of another type": (
        responses(_200={"description": "", "headers": {"X-A": {"schema": INTEGER, "required": True}}}),
        {"headers": {"X-A": "b"}},
        ["response-header-wrong response header x-a"],
    ),
    "a header of another type that a rule frees": (
        responses(_200={"description": "", "headers": {"X-A": {"schema": INTEGER, "required": True}}}),
        {
            "headers": {"X-A": "b"},
            "matchingRules": {"header": {"X-A": {"matchers": [{"match": "regex", "regex": "."}]}}},
        },
        [],
    ),
    "a header with a list": (
        responses(
            _200={
                "description": "",
                "headers": {"X-A": {"schema": {"type": "array", "items": INTEGER}, "required": True}},
            }
        ),
        {"headers": {"X-A": "1,2"}},
        [],
    ),
}


@pytest.mark.parametrize("version", BOTH)
@pytest.mark.parametrize("name", RESPONSES)
def test_which_answer_a_consumer_needs(name: str, version: str, tmp_path: Path) -> None:
    described, response, expected = RESPONSES[name]
    assert sorted(found(tmp_path, version, described, pact(response=response))) == sorted(expected)


def test_a_pattern_that_takes_too_long_is_told_by_what_it_is(tmp_path: Path) -> None:
    slow = r"^(a|aa)+(?=c)\1$"
    schemas = {
        "pattern": {"type": "object", "additionalProperties": {"type": "string", "pattern": slow}},
        "patternProperties": {"type": "object", "patternProperties": {slow: INTEGER}},
    }
    for name, schema in schemas.items():
        body = {"a" * 60: "a" * 60}
        assert compared(tmp_path, "3.1.0", answers(schema), needs(body)).patterns_left_out == (slow,), name


def test_a_parameter_that_nobody_uses_is_listed_once_and_only_if_it_is_one(tmp_path: Path) -> None:
    own = [parameter("a"), parameter("Accept", "header"), parameter("b", "cookie")]
    described = document({"parameters": own, "responses": {"200": {"description": ""}}})
    described["paths"]["/things"]["parameters"] = [parameter("a")]
    unused = compared(tmp_path, "3.1.0", described, pact()).unused()
    assert [each.what for each in unused] == ["query a", "cookie b"]


def test_an_interaction_that_is_pending_does_not_count(tmp_path: Path) -> None:
    needed = likes({"id": "1"})
    needed["interactions"][0] |= {"type": "Synchronous/HTTP", "pending": True}
    result = compared(tmp_path, "3.1.0", answers(thing("id", id=INTEGER)), needed).result
    assert result.findings == ()
    assert "it is pending" in result.skipped[0]
    assert result.is_compatible(strict=True)


V4 = {"content": {"id": "1"}, "contentType": JSON, "encoded": False}
AS_TEXT = {"content": '{"id": "1"}', "contentType": JSON, "encoded": "JSON"}
AS_BASE64 = {"content": "eyJpZCI6ICIxIn0=", "contentType": JSON, "encoded": "base64"}


@pytest.mark.parametrize("body", [V4, AS_TEXT, AS_BASE64])
def test_a_body_as_version_4_writes_it(body: dict[str, Any], tmp_path: Path) -> None:
    described = answers(thing("id", id=INTEGER))
    assert found(tmp_path, "3.1.0", described, pact(response={"body": body})) == [
        "response-body-wrong response body $.id"
    ]


RULES = {
    "V2": ({"$.body.ids": {"match": "type", "min": 1}, "$.body.ids[*].*": {"match": "type"}}, True),
    "V2 of another place": ({"$.body.other": {"match": "type"}}, False),
    "V3": ({"body": {"$.ids[*].id": {"matchers": [{"match": "regex", "regex": "x+"}]}}}, True),
    "the more exact rule": (
        {"body": {"$": {"matchers": [{"match": "type"}]}, "$.ids[0].id": {"matchers": [{"match": "equality"}]}}},
        False,
    ),
    "in brackets": ({"body": {"$['ids'][0]['id']": {"matchers": [{"match": "date"}]}}}, True),
    "an item that must be there": (
        {
            "body": {
                "$.ids": {
                    "matchers": [
                        {
                            "match": "arrayContains",
                            "variants": [{"index": 0, "rules": {"$.id": {"matchers": [{"match": "equality"}]}}}],
                        }
                    ]
                }
            }
        },
        False,
    ),
    "the longer of two that weigh the same": (
        {"body": {"$.ids[0]": {"matchers": [{"match": "type"}]}, "$.ids[0].*": {"matchers": [{"match": "equality"}]}}},
        False,
    ),
    "a path that is none": ({"body": {'$[""]': {"matchers": [{"match": "type"}]}}}, False),
    "each value": ({"body": {"$.ids[*]": {"matchers": [{"match": "eachValue", "rules": [{"match": "type"}]}]}}}, True),
}


@pytest.mark.parametrize("name", RULES)
def test_which_matcher_counts(name: str, tmp_path: Path) -> None:
    """An example that could never be sent is a warning where it is matched, and an error where it is not."""
    rules, is_matched = RULES[name]
    ids = {"type": "array", "items": thing("id", id={"type": "string", "enum": ["a"]})}
    needed = pact(response={"headers": {"Content-Type": JSON}, "body": {"ids": [{"id": "x"}]}, "matchingRules": rules})
    kind = "response-example-wrong" if is_matched else "response-body-wrong"
    assert found(tmp_path, "3.1.0", answers(thing("ids", ids=ids)), needed) == [f"{kind} response body $.ids[0].id"]
