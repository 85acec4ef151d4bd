"""The lines to write instead: each is run through the library that it is written for, where that is there."""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from tests.unit.test_verifier import at, serving

from pact_gate.lint.suggest import datetime_format, instead, language_of, language_of_folder, pattern_of, steady

PACKAGES = Path(__file__).parents[1] / "lint" / "node_modules"
UUID = "550e8400-e29b-41d4-a716-446655440000"

# What is wanted, the example, and another value that has to be taken in its place.
CASES: list[tuple[Any, Any, Any]] = [
    ("type", 1, 2),
    ("type", "ord-001", "ord-002"),
    ("integer", 1, 2),
    ("integer", 5_000_000_000, 1),
    ("decimal", 29.99, 12.5),
    ("decimal", 3.0, 7),
    ("number", 1.5, 2),
    ("boolean", True, False),
    ("string", "Widget", "Gadget"),
    ("string", 'a "quote", a \\ backslash, a new\nline, \x01 and ünï', "b"),
    ("string", "x" * 500, "y"),
    ("uuid", UUID, UUID.replace("5", "7")),
    ("uuid", UUID.upper(), UUID.replace("5", "7")),
    ("date", "2024-07-20", "2025-01-01"),
    ("time", "14:30:00", "09:00:00"),
    ("time", "14:30", "09:00"),
    ("datetime", "2024-07-20T14:30:00Z", "2025-01-01T00:00:00Z"),
    ("datetime", "2024-07-20T14:30:00+02:00", "2025-01-01T00:00:00+01:00"),
    ("datetime", "2024-07-20T14:30:00.123456Z", "2025-01-01T00:00:00.654321Z"),
    ("datetime", "2024-07-20T14:30:00+0200", "2025-01-01T00:00:00+0100"),
    ("datetime", "2024-07-20T14:30:00", "2025-01-01T00:00:00"),
    ("datetime", "2024-07-20 14:30:00", "2025-01-01 00:00:00"),
    ("datetime", "yesterday", "today"),
    ("url", "http://localhost:8080/orders/12?x=1", "https://shop.example/orders/3?x=2"),
    ("url", f"http://127.0.0.1:1/a.b/{UUID}", f"http://127.0.0.1:2/a.b/{UUID.replace('5', '7')}"),
    ("regex", "ord-001", "ord-42"),
    ("regex", "a.(b)[c]{d}|+*?^$1", "a.(b)[c]{d}|+*?^$22"),
    ("each-like", [{"id": 1, "tags": ["a"]}], [{"id": 2, "tags": ["b", "c"]}, {"id": 3, "tags": ["d"]}]),
    ("each-like", ["a"], ["b", "c"]),
    ("example", "someone@example.com", "another@example.com"),
    ("example", "2024-01-31T12:00:00Z", "2025-01-01T00:00:00Z"),
    ("example", UUID, UUID.replace("5", "7")),
    ("date", "31/01/2024", "01/02/2025"),
]
LANGUAGES = ("python", "python-v2", "javascript", "javascript-v2", "jvm", "go", "go-v2", "")


def lines(language: str, key: str = "key") -> list[str]:
    return [instead(language, want, value, key) for want, value, _ in CASES]


# --- Python ---------------------------------------------------------------------------------------------------


def test_the_lines_for_python_make_contracts_that_take_other_values_of_the_kind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Through pact-python's own matchers and mock server, and then through the verifier."""
    pact = pytest.importorskip("pact", reason="the verify tier is not installed")
    monkeypatch.setenv("PACT_DO_NOT_TRACK", "true")
    made = pact.Pact("orders", "products")
    for number, line in enumerate(lines("python")):
        body = eval(f"{{{line}}}", {"match": pact.match})
        asked = made.upon_receiving(f"a value {number}").with_request("GET", f"/{number}")
        asked.will_respond_with(200).with_body(body)
    with made.serve() as mock:
        for number in range(len(CASES)):
            urlopen(f"{mock.url}/{number}").read()
    made.write_file(tmp_path)
    written = (tmp_path / "orders-products.json").read_bytes()
    others = {f"/{number}": answer({"key": other}) for number, (_, _, other) in enumerate(CASES)}
    with serving(others) as service:
        from pact_gate.verifier.pacts import verify_pact  # noqa: PLC0415 - only where its tier is

        result = verify_pact(written, at(service))
    assert [each.mismatches for each in result.interactions if not each.passed] == []
    assert len(result.interactions) == len(CASES)
    wrong = {f"/{number}": answer({"key": None}) for number in range(len(CASES))}
    with serving(wrong) as service:
        result = verify_pact(written, at(service))
    assert not any(each.passed for each in result.interactions)


def answer(body: object) -> tuple[int, dict[str, str], bytes]:
    return 200, {"Content-Type": "application/json"}, json.dumps(body).encode()


def test_the_lines_for_pact_python_2_use_its_three_matchers() -> None:
    called = set()
    for line in lines("python-v2"):
        calls = [each for each in ast.walk(ast.parse(f"{{{line}}}")) if isinstance(each, ast.Call)]
        called |= {ast.unparse(each.func) for each in calls}
    assert called == {"Like", "Term", "EachLike"}


# --- JavaScript -----------------------------------------------------------------------------------------------

RUN = """
const { MatchersV2, MatchersV3 } = require('@pact-foundation/pact');
const { like, term, eachLike } = MatchersV2;
const values = [%s];
console.log(JSON.stringify(values.map((each) => MatchersV3.reify(each.key))));
"""


@pytest.mark.parametrize("language", ["javascript", "javascript-v2"])
def test_the_lines_for_javascript_run_through_pact_js(language: str) -> None:
    if shutil.which("node") is None:
        pytest.skip("node is not there")
    if not (PACKAGES / "@pact-foundation" / "pact").is_dir():
        pytest.skip("@pact-foundation/pact is not there (npm ci --prefix tests/lint brings it)")
    script = RUN % ", ".join(f"{{ {line} }}" for line in lines(language))
    ran = subprocess.run(
        ["node", "-e", script], cwd=PACKAGES.parent, capture_output=True, text=True, check=False, timeout=60
    )
    assert ran.returncode == 0, ran.stderr
    short = [value[:60] if isinstance(value, str) and len(value) > 100 else value for _, value, _ in CASES]
    assert json.loads(ran.stdout) == short


@pytest.mark.parametrize("language", ["javascript", "javascript-v2"])
def test_the_lines_for_javascript_are_javascript(language: str) -> None:
    if shutil.which("node") is None:
        pytest.skip("node is not there")
    source = "\n".join(f"({{ {line} }});" for line in lines(language))
    ran = subprocess.run(["node", "--check", "-"], input=source, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr


# --- JVM and Go: neither library can be had from the indexes that the tests use -------------------------------

# au.com.dius.pact.consumer.dsl.LambdaDslObject of pact-jvm 4.6
OF_THE_LAMBDA_DSL = {"integerType", "numberType", "decimalType", "booleanType", "stringType", "stringMatcher", "uuid",
                     "date", "datetime", "eachLike"}  # fmt: skip
# github.com/pact-foundation/pact-go/v2/matchers
OF_PACT_GO = {"Like", "Integer", "Decimal", "Regex", "EachLike", "StructMatcher"}


def test_the_lines_for_the_jvm_call_what_the_lambda_dsl_has() -> None:
    for line in lines("jvm"):
        if "…" not in line:
            assert set(re.findall(r"\.([a-z]\w*)\((?=\")", line)) <= OF_THE_LAMBDA_DSL | {"fromString", "parse"}, line
            assert re.match(r"\.[a-zA-Z]+\(\"key\", ", line), line


def test_the_lines_for_go_call_what_pact_go_has() -> None:
    for language, known in (("go", OF_PACT_GO), ("go-v2", OF_PACT_GO - {"Integer", "Decimal"})):
        for line in lines(language):
            assert set(re.findall(r"matchers\.(\w+)", line)) <= known, line
            assert line.startswith('"key": matchers.'), line


@pytest.mark.parametrize(
    ("language", "want", "value", "line"),
    [
        ("jvm", "integer", 7, '.integerType("id", 7)'),
        ("jvm", "integer", 5_000_000_000, '.numberType("id", 5000000000L)'),
        ("jvm", "uuid", UUID, f'.uuid("id", UUID.fromString("{UUID}"))'),
        ("jvm", "date", "2024-07-20", '.date("id", "yyyy-MM-dd", LocalDate.parse("2024-07-20"))'),
        ("jvm", "regex", "ord-1", r'.stringMatcher("id", "^ord-\\d+$", "ord-1")'),
        ("jvm", "each-like", ["a"], '.eachLike("id", PactDslJsonRootValue.stringType("a"))'),
        ("jvm", "each-like", [{"a": 1}], '.eachLike("id", each -> each.integerType("a", 1))'),
        ("go", "integer", 7, '"id": matchers.Integer(7)'),
        ("go", "regex", "ord-1", r'"id": matchers.Regex("ord-1", `^ord-\d+$`)'),
        ("go-v2", "integer", 7, '"id": matchers.Like(7)'),
        ("python", "integer", 7, '"id": match.int(7)'),
        ("python", "each-like", [{"a": None}], '"id": match.each_like({"a": None})'),
        ("javascript", "integer", 7, "id: MatchersV3.integer(7)"),
        ("", "integer", 7, 'Match "id" by its type (any integer), not by the value.'),
        ("cobol", "uuid", UUID, 'Match "id" by a pattern (any UUID), not by the value.'),
    ],
)
def test_a_line_for_each_language(language: str, want: Any, value: Any, line: str) -> None:
    assert instead(language, want, value, "id") == line


# --- all languages --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "value",
    ["x" * 100_000, "\ud800", "\u202e", "\n", float("nan"), float("inf"), None, [], {}, [[[[[[1]]]]]],
     {f"k{n}": n for n in range(1000)}, [{"k": "v" * 1000}], 10**400, -(2**70), "2024-13-99", "http://[::1", ""],
    ids=lambda value: str(type(value).__name__),
)  # fmt: skip
def test_whatever_a_pact_holds_makes_one_short_line(language: str, value: Any) -> None:
    wants = ("type", "integer", "decimal", "number", "boolean", "string", "uuid", "date", "time", "datetime", "url",
             "regex", "each-like", "example")  # fmt: skip
    for want in wants:
        line = instead(language, want, value, "key")  # type: ignore[arg-type]
        assert len(line) <= 200 or "10000000000" in line
        assert line.isprintable()
        assert "nan" not in line
        assert "inf" not in line


@pytest.mark.parametrize(
    ("metadata", "fallback", "language"),
    [
        # pact-js 13, as pactflow/example-consumer-js-kafka publishes it
        ({"pact-js": {"version": "13.1.4"}, "pactRust": {"ffi": "0.4.22"}, "pactSpecification": {"version": "3.0.0"}},
         "", "javascript"),
        ({"pact-js": {"version": "11.0.2"}, "pactSpecification": {"version": "2.0.0"}}, "", "javascript-v2"),
        ({"pact-jvm": {"version": "4.6.14"}, "pactSpecification": {"version": "4.0"}}, "", "jvm"),
        ({"pact-jvm": {"version": "3.3.6"}, "pact-specification": {"version": "2.0.0"}}, "", "jvm"),
        # pact-go from 2.1; before it there is no name
        ({"pact-go": {"version": "2.1.0"}, "pactRust": {"ffi": "0.4.26"}, "pactSpecification": {"version": "4.0"}},
         "", "go"),
        # pact-python 3 and 4, and pact-net 5, write no more than this
        ({"pactRust": {"ffi": "0.5.12", "models": "1.3.16"}, "pactSpecification": {"version": "4.0"}}, "", ""),
        ({"pactRust": {"ffi": "0.5.12"}, "pactSpecification": {"version": "4.0"}}, "python", "python"),
        # pact-python up to 2, through the Ruby core
        ({"pactSpecification": {"version": "2.0.0"}}, "python", "python-v2"),
        ({"pactSpecificationVersion": "2.0.0"}, "go", "go-v2"),
        # what is said in the pact counts before the fallback
        ({"pact-jvm": {}}, "python", "jvm"),
        (None, "python", "python"),
        ([], "", ""),
        ({"pactSpecification": 3}, "jvm", "jvm"),
    ],
)  # fmt: skip
def test_the_language_is_what_the_pact_says_or_else_the_fallback(metadata: Any, fallback: str, language: str) -> None:
    assert language_of(metadata, fallback) == language


@pytest.mark.parametrize(
    ("names", "language"),
    [
        (["README.md", "pyproject.toml", "requirements.txt"], "python"),
        (["package.json"], "javascript"),
        (["pyproject.toml", "package.json"], ""),
        ([], ""),
    ],
)
def test_a_folder_speaks_for_a_language_if_it_speaks_for_one(names: list[str], language: str) -> None:
    assert language_of_folder(names) == language


@pytest.mark.parametrize("value", ["2024-07-20x", "2024-07-20T", "14:3", "", "T14:30", "20240720", "\uff12024-07-20"])
def test_what_is_no_date_has_no_format(value: str) -> None:
    assert datetime_format(value) == ""


@pytest.mark.parametrize(
    ("value", "steady_one"),
    [
        ("2026-11-27T01:02:03.456Z", "2024-01-31T12:00:00.000Z"),
        ("2026-11-27 01:02:03+01:00", "2024-01-31 12:00:00+01:00"),
        ("2026-11-27T01:02", "2024-01-31T12:00"),
        ("2026-11-27", "2024-01-31"),
        ("01:02:03", "12:00:00"),
        ("6fa459ea-ee8a-3ca4-894e-db77e160355e", "00000000-0000-4000-8000-000000000000"),
        ("http://localhost:41234/orders/1?at=1", "http://localhost:8080/orders/1?at=1"),
        ("http://localhost:8080/orders", "http://localhost:8080/orders"),
        ("Widget", "Widget"),
        (7, 7),
    ],
)
def test_a_steady_example_has_the_same_format(value: Any, steady_one: Any) -> None:
    assert steady(value) == steady_one
    if isinstance(value, str):
        assert datetime_format(value) == datetime_format(steady_one)


@pytest.mark.parametrize("value", [value for _, value, _ in CASES if isinstance(value, str) and "\n" not in value])
def test_a_pattern_takes_the_value_that_it_is_made_of(value: str) -> None:
    assert re.search(pattern_of(value), value)
