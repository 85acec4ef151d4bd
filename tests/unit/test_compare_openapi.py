"""`compare-openapi` from the command line: its verdict and its reports, documents that are none, and hostile ones."""

from __future__ import annotations

import base64
import json
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import yaml

from pact_gate import VERSION
from pact_gate.connect import connect
from pact_gate.model.pact import parse
from pact_gate.settings.broker import BrokerSettings

SHA = "a" * 40
DOCUMENT = """\
openapi: 3.1.0
info: {title: products, version: "1"}
paths:
  /products/{id}:
    get:
      parameters:
        - {name: id, in: path, required: true, schema: {type: integer}}
        - {name: currency, in: query, schema: {type: string}}
      responses:
        200:
          description: A product
          content:
            application/json:
              schema: {$ref: "#/components/schemas/Product"}
        404: {description: No such product}
    delete:
      responses: {204: {description: Gone}}
components:
  schemas:
    Product:
      type: object
      required: [id]
      properties:
        id: {type: integer}
        name: {type: string}
        price: {type: number}
"""


def line_of(text: str) -> int:
    return next(number for number, line in enumerate(DOCUMENT.splitlines(), 1) if text in line)


def needed(**body: Any) -> dict[str, Any]:
    return {
        "consumer": {"name": "orders"},
        "provider": {"name": "products"},
        "interactions": [
            {
                "description": "a product",
                "request": {"method": "GET", "path": "/products/1"},
                "response": {
                    "status": 200,
                    "headers": {"Content-Type": "application/json"},
                    "body": body,
                    "matchingRules": {"$.body": {"match": "type"}},
                },
            }
        ],
        "metadata": {"pactSpecification": {"version": "2.0.0"}},
    }


@pytest.fixture
def compare(pact_gate, tmp_path) -> Any:
    """Compare pacts with a document: `compare({"id": 1}, text)`, or files that are there already."""

    def run(
        body: dict[str, Any] | None,
        document: str | None = DOCUMENT,
        *words: str,
        name: str = "openapi.yaml",
        **environ: str,
    ) -> Any:
        if document is not None:
            (tmp_path / name).write_text(document, encoding="utf-8")
        if body is not None:
            (tmp_path / "pacts").mkdir(exist_ok=True)
            (tmp_path / "pacts" / "a.json").write_text(json.dumps(needed(**body)))
        environ = {"GITHUB_ACTIONS": "true", "RUNNER_TEMP": str(tmp_path), **environ}
        local = ("--pacts", "pacts") if body is not None else ()
        return pact_gate("compare-openapi", "--openapi", name, "--provider", "products", *local, *words, **environ)

    return run


# --- the answer -------------------------------------------------------------------------------------------------


def test_a_document_that_has_what_a_pact_needs(compare) -> None:
    ended = compare({"id": 1})
    assert ended.code == 0, ended.text
    assert ended.outputs | {"report": ""} == {
        "result": "compatible",
        "pacts": "1",
        "errors": "0",
        "warnings": "0",
        "unused": "5",
        "report": "",
    }
    assert "Compared, not run" in ended.summary
    for part in ("DELETE", "query currency", "404", "200 $.name", "200 $.price"):
        assert part in ended.summary
    assert "200 $.id" not in ended.summary


def test_a_document_that_does_not(compare) -> None:
    ended = compare({"id": "x", "stock": 1}, DOCUMENT)
    assert ended.code == 1
    assert (ended.outputs["result"], ended.outputs["errors"]) == ("incompatible", "2")
    assert "::error" in ended.text
    assert f"file=openapi.yaml,line={line_of('id: {type: integer}')}" in ended.text
    report = json.loads(Path(ended.outputs["report"]).read_text("utf-8"))
    (pact,) = report["pacts"]
    (wrong, unknown) = pact["findings"]
    assert (wrong["kind"], wrong["where"], wrong["spot"]["pointer"]) == (
        "response-body-wrong",
        "response body $.id",
        "/components/schemas/Product/properties/id",
    )
    assert (unknown["kind"], unknown["spot"]["line"]) == ("response-field-unknown", line_of("schema: {$ref"))
    assert {each["what"] for each in report["unused"]} == {"", "404", "200 $.name", "200 $.price", "query currency"}


@pytest.mark.parametrize(("fail_on", "code", "result"), [("error", 0, "compatible"), ("warning", 1, "incompatible")])
def test_what_is_left_open_fails_where_it_is_asked_for(compare, fail_on, code, result) -> None:
    ended = compare({"name": "x"}, DOCUMENT, "--fail-on", fail_on)
    assert (ended.code, ended.outputs["result"], ended.outputs["warnings"]) == (code, result, "1")
    assert "may leave it out" in ended.summary


def test_never_fails_where_it_is_asked_for(compare) -> None:
    ended = compare({"id": "x"}, DOCUMENT, "--fail-on", "never")
    assert (ended.code, ended.outputs["result"]) == (0, "incompatible")


def test_json_that_is_asked_for(compare, tmp_path) -> None:
    compare({"id": 1}, DOCUMENT, "--json", "out/found.json")
    assert json.loads((tmp_path / "out" / "found.json").read_text("utf-8"))["provider"] == "products"


@pytest.mark.parametrize(("on_empty", "code"), [("fail", 1), ("pass", 0)])
def test_a_pact_of_messages_alone_proves_nothing(compare, tmp_path, on_empty, code) -> None:
    (tmp_path / "pacts").mkdir()
    pact = {**needed(), "interactions": [], "messages": [{"description": "a message", "contents": {"id": 1}}]}
    (tmp_path / "pacts" / "a.json").write_text(json.dumps(pact))
    ended = compare(None, DOCUMENT, "--pacts", "pacts", "--on-empty", on_empty)
    assert (ended.code, ended.outputs["result"]) == (code, "empty")


# --- documents that are none, and hostile ones --------------------------------------------------------------------


def refused(ended: Any, *words: str) -> None:
    assert ended.code == 2, ended.text
    assert "What to do next: " in ended.text
    assert "Traceback" not in ended.text
    for word in words:
        assert word in ended.text, ended.text


def with_schema(schema: str) -> str:
    head, _, _ = DOCUMENT.partition("components:")
    return f"{head}components:\n  schemas:\n    Product: {schema}\n"


LAUGHS = "\n".join(f"a{number}: &a{number} [{', '.join([f'*a{number - 1}'] * 9)}]" for number in range(1, 12))
NOT_A_DOCUMENT = {
    "Swagger": ('{"swagger": "2.0"}', "OpenAPI 2.0 (Swagger)"),
    "another version": ("openapi: 4.0.0", "compared are 3.0 and 3.1"),
    "something else": ("a: 1", "no OpenAPI document"),
    "a list": ("[]", "no OpenAPI document"),
    "nothing": ("", "no OpenAPI document"),
    "no YAML": ("a: [", "no YAML"),
    "a tag of Python": ("!!python/object:os.system {}", "no OpenAPI document"),
    "many brackets": ("[" * 100_000, "nested"),
    "many braces": ('{"a":' * 100_000, "nested"),
    "a billion laughs": (f"openapi: 3.1.0\na0: &a0 [x]\n{LAUGHS}", "each alias with what it stands for"),
    "an alias to nothing": ("a: *b", "alias"),
}


@pytest.mark.parametrize("name", NOT_A_DOCUMENT)
def test_what_is_no_document(compare, name) -> None:
    document, word = NOT_A_DOCUMENT[name]
    started = time.monotonic()
    refused(compare({"id": 1}, document), word)
    assert time.monotonic() - started < 20


def test_a_document_that_is_not_there(compare) -> None:
    refused(compare({"id": 1}, None), "openapi.yaml", "cannot be read")


def test_a_document_that_is_not_utf_8(compare, tmp_path) -> None:
    (tmp_path / "openapi.yaml").write_bytes(b"openapi: 3.1.0 # \xff")
    refused(compare({"id": 1}, None), "not UTF-8")


REFERENCES = {
    "http://127.0.0.1:9/a.yaml": "never fetched",
    "https://example.com/a.yaml#/a": "never fetched",
    "file:///etc/passwd": "never fetched",
    "//example.com/a": "never fetched",
    "../secret.yaml": "outside of the document's folder",
    "/etc/passwd": "outside of the document's folder",
    "%2e%2e/secret.yaml": "outside of the document's folder",
    "sub/../../secret.yaml": "outside of the document's folder",
    "linked.yaml": "outside of the document's folder",
    "missing.yaml": "not there",
    "#/components/schemas/Missing": "not there",
    "#anchor": "only JSON pointers",
}


@pytest.mark.parametrize("reference", REFERENCES)
def test_a_reference_that_is_not_followed(compare, tmp_path, reference) -> None:
    (tmp_path / "api").mkdir()
    (tmp_path / "secret.yaml").write_text("type: object")
    (tmp_path / "api" / "linked.yaml").symlink_to(tmp_path / "secret.yaml")
    document = with_schema(json.dumps({"$ref": reference}))
    refused(
        compare({"id": 1}, document, name="api/openapi.yaml"),
        REFERENCES[reference],
        f"api/openapi.yaml:{line_of('Product:')}",
    )


def test_a_reference_to_a_file_beside_the_document(compare, tmp_path) -> None:
    (tmp_path / "api" / "schemas").mkdir(parents=True)
    (tmp_path / "api" / "schemas" / "product.yaml").write_text("$ref: ../more.yaml#/a~1b")
    (tmp_path / "api" / "more.yaml").write_text("a/b: {type: object, properties: {id: {type: string}}}")
    ended = compare({"id": 1}, with_schema("{$ref: schemas/product.yaml}"), name="api/openapi.yaml")
    assert ended.code == 1
    assert "api/more.yaml:1" in ended.text


CYCLES = {
    "a reference to itself": "{$ref: '#/components/schemas/Product'}",
    "all of itself": "{allOf: [{$ref: '#/components/schemas/Product'}]}",
    "one of itself": "{oneOf: [{$ref: '#/components/schemas/Product'}, {$ref: '#/components/schemas/Product'}]}",
    "a field of itself": "{type: object, properties: {id: {$ref: '#/components/schemas/Product'}}}",
    "not itself": "{not: {$ref: '#/components/schemas/Product'}}",
    "if itself": "{if: {$ref: '#/components/schemas/Product'}, then: {$ref: '#/components/schemas/Product'}}",
    "a dynamic reference": "{$dynamicRef: '#a', $id: 'https://example.com/'}",
    "a child of itself": "{discriminator: {propertyName: id}, allOf: [{$ref: '#/components/schemas/Product'}]}",
    "any of very many": "{anyOf: [" + "{anyOf: [{type: object}, {type: string}]}, " * 500 + "]}",
    "all of any of very many": "{allOf: [" + "{anyOf: [{type: object}, {type: string}, {type: 'null'}]}, " * 100 + "]}",
    "a pattern that backtracks": "{type: object, properties: {id: {pattern: '^(([a-z])+.)+[A-Z]([a-z])+$'}}}",
    "a pattern that is huge": "{type: object, properties: {id: {pattern: '((a{1000}){1000}){1000}'}}}",
    "a pattern for keys": "{type: object, patternProperties: {'^(i+d*)+$': {}}}",
    "wrong types": "{properties: 1, required: {}, allOf: 1, oneOf: {}, items: [], enum: 1, discriminator: [], type: 5}",
}


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
@pytest.mark.parametrize("name", CYCLES)
def test_schemas_that_have_no_end(compare, name, version) -> None:
    """Whatever a schema is, there is an answer or a sentence, and soon."""
    started = time.monotonic()
    ended = compare({"id": "a" * 200 + "!"}, with_schema(CYCLES[name]).replace("3.1.0", version))
    assert time.monotonic() - started < 20
    assert ended.code in (0, 1, 2), ended.text
    assert "Traceback" not in ended.text


def doubled(keyword: str, last: str) -> str:
    """40 schemas, each of which leads to the next one twice: a million million ways."""
    schemas = {f"S{number}": {keyword: [{"$ref": f"#/components/schemas/S{number + 1}"}] * 2} for number in range(40)}
    lines = [f"    {name}: {json.dumps(schema)}" for name, schema in schemas.items()]
    return "\n".join([with_schema("{$ref: '#/components/schemas/S0'}"), *lines, f"    S40: {last}", ""])


BRANCH = "{type: object, properties: {id: {$ref: '#/components/schemas/Product'}}}"
MANY_WAYS = {
    "all of": doubled("allOf", "{type: object}"),
    "any of": doubled("anyOf", "{type: string}"),
    "one of": doubled("oneOf", "{type: string}"),
    "with each level of the body": with_schema(f"{{oneOf: [{BRANCH}, {BRANCH}]}}"),
}


@pytest.mark.parametrize("name", MANY_WAYS)
def test_a_schema_that_multiplies_the_work(compare, name) -> None:
    deep: Any = 1
    for _ in range(40):
        deep = {"id": deep}
    started = time.monotonic()
    refused(compare(deep, MANY_WAYS[name]), "by too many ways", "openapi.yaml:")
    assert time.monotonic() - started < 20


def test_a_pact_of_too_many_interactions(compare, tmp_path) -> None:
    (tmp_path / "pacts").mkdir()
    pact = needed(id=1)
    pact["interactions"] *= 20_001
    (tmp_path / "pacts" / "a.json").write_text(json.dumps(pact))
    refused(compare(None, DOCUMENT, "--pacts", "pacts"), "20,001 interactions")


def test_a_body_that_is_very_deep(compare, tmp_path) -> None:
    deep: Any = 1
    for _ in range(300):
        deep = {"id": [deep]}
    schema = "{properties: {id: {type: array, items: {$ref: '#/components/schemas/Product'}}}}"
    assert compare({"id": [deep]}, with_schema(schema)).code in (0, 1)


def test_a_body_with_half_a_character(compare) -> None:
    assert (
        compare({"id": "\ud800"}, with_schema("{type: object, properties: {id: {type: string, minLength: 1}}}")).code
        == 0
    )


HOSTILE = [None, 1, "x", [], {}, [1], {"a": None}, True]


@pytest.mark.parametrize(
    "place", ["request", "response", "headers", "body", "query", "matchingRules", "status", "path"]
)
@pytest.mark.parametrize("value", HOSTILE, ids=str)
def test_an_interaction_of_wrong_types(compare, tmp_path, place, value) -> None:
    pact = needed(id=1)
    interaction = pact["interactions"][0]
    if place in ("request", "response"):
        interaction[place] = value
    else:
        interaction["request"][place] = interaction["response"][place] = value
    (tmp_path / "pacts").mkdir()
    (tmp_path / "pacts" / "a.json").write_text(json.dumps(pact))
    ended = compare(None, DOCUMENT, "--pacts", "pacts")
    assert ended.code in (0, 1), ended.text


@pytest.mark.parametrize("value", HOSTILE, ids=str)
def test_a_document_of_wrong_types(compare, value) -> None:
    whole = yaml.safe_load(DOCUMENT)
    for keys in (
        ("paths",),
        ("paths", "/products/{id}"),
        ("paths", "/products/{id}", "get"),
        ("paths", "/products/{id}", "get", "parameters"),
        ("paths", "/products/{id}", "get", "responses"),
        ("paths", "/products/{id}", "get", "responses", 200),
        ("paths", "/products/{id}", "get", "responses", 200, "content"),
        ("paths", "/products/{id}", "get", "responses", 200, "content", "application/json"),
        ("components",),
    ):
        document = json.loads(json.dumps(whole))
        inside = document
        for key in keys[:-1]:
            inside = inside[str(key)]
        inside[str(keys[-1])] = value
        ended = compare({"id": 1}, json.dumps(document))
        assert ended.code in (0, 1, 2), (keys, ended.text)
        assert "Traceback" not in ended.text, (keys, ended.text)


def test_names_that_are_markup_are_shown_as_they_are(compare) -> None:
    ended = compare({"<img src=x>|`": 1, "::error::x": 1}, DOCUMENT)
    assert "<img" not in ended.summary
    assert "\n::error::x" not in ended.text


# --- the broker -----------------------------------------------------------------------------------------------


@pytest.fixture
def broker(tmp_path) -> str:
    url = f"sqlite:{tmp_path / 'broker.sqlite3'}"
    with closing(connect(BrokerSettings(url))) as client:
        pact = parse(json.dumps(needed(id=1)).encode(), "a.json")
        client.publish([pact], version="c1", branch="main", tags=(), build_url=None, merge=False)
        client.put_branch("products", "p0", "main")
    return url


@pytest.fixture
def of_broker(compare, broker) -> Any:
    def run(*words: str, document: str = DOCUMENT, branch: str = "feat/x") -> Any:
        given = ("--broker-url", broker, "--version", SHA, "--branch", branch)
        return compare(None, document, *given, *words)

    return run


def results(url: str) -> Any:
    with closing(connect(BrokerSettings(url))) as client:
        (row,) = client.results("orders", "c1")
        return row, client._document(row.result_url) if row.result_url else {}


@pytest.mark.parametrize("words", [(), ("--consumer", "orders", "--consumer-version", "c1")])
def test_pacts_of_the_broker(of_broker, broker, words) -> None:
    ended = of_broker(*words)
    assert (ended.code, ended.outputs["result"], ended.outputs["pacts"]) == (0, "compatible", "1")
    assert results(broker)[1] == {}  # nothing is published that was not asked for


def test_a_result_says_that_it_was_compared(of_broker, broker) -> None:
    ended = of_broker("--publish-results")
    assert ended.code == 0, ended.text
    row, result = results(broker)
    assert (row.provider_version, row.result) == (SHA, "passed")
    assert result["verifiedBy"] == {"implementation": "pact-gate compare-openapi", "version": VERSION}
    assert [each["success"] for each in result["testResults"]] == [True]
    assert "recorded as a verification" in ended.summary


def test_a_result_that_is_a_no_says_what_is_wrong(of_broker, broker) -> None:
    ended = of_broker("--publish-results", document=DOCUMENT.replace("id: {type: integer}", "id: {type: string}"))
    assert ended.code == 1
    row, result = results(broker)
    assert row.result == "failed"
    (test,) = result["testResults"]
    assert "is an integer, not string" in test["mismatches"][0]["description"]


def test_the_contract_is_published_as_pacts_own_client_does(compare, serve, http, tmp_path) -> None:
    """What `pact pactflow publish-provider-contract` sends, recorded: see tests/conformance for the client itself."""
    link = {"href": "http://127.0.0.1/contracts/provider/{provider}/publish", "templated": True}
    pacts = {"href": "http://127.0.0.1/pacts/{provider}", "templated": True}
    index = {"pf:publish-provider-contract": link, "pb:provider-pacts-for-verification": pacts}

    def answer(request: Any) -> bytes:
        body: Any = {"_links": index} if request.path == "/" else {"_embedded": {"pacts": []}, "_links": {}}
        return http(200, body)

    server = serve(answer)
    given = ("--broker-url", server.url, "--version", SHA, "--branch", "main", "--tags", "a", "--publish-contract")
    ended = compare(None, DOCUMENT, *given, "--on-empty", "pass", "--build-url", "http://ci/1")
    assert ended.code == 0, ended.text
    (sent,) = [each for each in server.requests if each.path.endswith("/publish")]
    assert (sent.method, sent.path) == ("POST", "/contracts/provider/products/publish")
    assert json.loads(sent.body) == {
        "branch": "main",
        "buildUrl": "http://ci/1",
        "contract": {
            "content": base64.b64encode(DOCUMENT.encode()).decode(),
            "contentType": "application/yaml",
            "specification": "oas",
        },
        "pacticipantVersionNumber": SHA,
        "tags": ["a"],
    }


def test_a_broker_that_takes_no_contracts(of_broker) -> None:
    refused(of_broker("--publish-contract"), "takes no provider contracts", "Leave `publish-contract` out")


def test_a_document_of_several_files_is_no_contract(compare, serve, http, tmp_path) -> None:
    links = {
        name: {"href": f"http://127.0.0.1/{name}"}
        for name in ("pf:publish-provider-contract", "pb:provider-pacts-for-verification")
    }
    server = serve(lambda _: http(200, {"_links": links, "_embedded": {"pacts": []}}))
    (tmp_path / "more.yaml").write_text("type: object")
    document = with_schema("{$ref: more.yaml}")
    (tmp_path / "pacts").mkdir()
    (tmp_path / "pacts" / "a.json").write_text(json.dumps(needed(id=1)))
    given = ("--pacts", "pacts", "--broker-url", server.url, "--version", SHA, "--publish-contract")
    refused(compare(None, document, *given), "refers to other files")
    assert [each.path for each in server.requests] == ["/"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--consumer", "orders"), "one is missing"),
        (("--pacts", "a", "--consumer", "orders", "--consumer-version", "1"), "Both `pacts`"),
        (("--pacts", "a", "--publish-results"), "does not know those files"),
        (("--pacts", "nowhere"), "No pact file matches"),
        (("--fail-on", "errors"), "Did you mean error?"),
    ],
)
def test_inputs_that_do_not_go_together(compare, words, sentence) -> None:
    refused(compare(None, DOCUMENT, *words), sentence)
