"""A pact's text: where each value stands in it, and what of it is refused."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pact_gate.lint.document import DEEPEST, Document, Spot, Way, read, shown
from pact_gate.model.errors import InputError
from pact_gate.model.pact import Pact

ROOT = Path(__file__).parents[2]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=30,
)


def located(text: str, ways: Collection[Way]) -> dict[Way, Spot]:
    """Where values stand in any JSON."""
    return Document(Pact("a", "b", "", {}, text.encode(), (), twice=True), "x.json").spots(ways)


def every(value: Any, way: Way = ()) -> dict[Way, Any]:
    """Every value of a document, by the way to it."""
    found = {way: value}
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for part, inner in pairs:
        found |= every(inner, (*way, part))
    return found


@given(value=JSON, indent=st.sampled_from([None, 0, 2]), escaped=st.booleans())
def test_every_value_is_found_where_it_stands(value: Any, indent: int | None, escaped: bool) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=escaped)
    values = every(value)
    spots = located(text, values)
    assert spots.keys() == values.keys()
    for way, spot in spots.items():
        assert json.loads(text[spot.start : spot.end]) == values[way]
        lines = text.split("\n")
        assert text[spot.start] == lines[spot.line - 1][spot.column - 1]


def test_places_are_those_of_the_text() -> None:
    text = '{\n  "é": [1, {"b c": "x"}],\r\n\t"d": "\\u0041\\"]"}'
    spots = located(text, [("é", 1, "b c"), ("d",), ("nothing",), ("é", 7), ()])
    assert {way: (spot.line, spot.column) for way, spot in spots.items()} == {
        ("é", 1, "b c"): (2, 20),
        ("d",): (3, 7),
        (): (1, 1),
    }
    assert text[spots["d",].key :].startswith('"d"')
    assert located(text, []) == {}


def test_a_path_is_written_so_that_it_can_be_read() -> None:
    assert shown(("response", "body", "items", 0, "a b", "it's", "x-y")) == (
        "$.response.body.items[0]['a b']['it\\'s']['x-y']"
    )
    assert shown(()) == "$"


PACT = '{"consumer": {"name": "a"}, "provider": {"name": "b"}, "interactions": [%s]}'


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"\xff\xfe", "is not UTF-8 (byte 0)"),
        (PACT.encode() % b'{"description": "\xc3"}', "is not UTF-8"),
        (b"", "is no JSON"),
        (b'{"a": NaN}', "NaN is not a JSON number"),
        (PACT.encode() % b'{"a": -Infinity}', "-Infinity is not a JSON number"),
        (PACT.encode() % b'{"a": 1e999}', "is too large a number"),
        (PACT.encode() % (b"9" * 5_000), "is no JSON"),
        (PACT.encode() % (b"[" * 10_000 + b"]" * 10_000), f"is nested deeper than {DEEPEST} levels"),
        (b"[" * 10_000, f"is nested deeper than {DEEPEST} levels"),
        (PACT.encode() % (b'{"a":' * 10_000 + b"1" + b"}" * 10_000), f"is nested deeper than {DEEPEST} levels"),
        (b"[]", "is JSON, but no pact"),
        (PACT.encode() % b"7", "its `interactions` is not a list of objects"),
        (b'{"interactions": []}', "names no consumer"),
        (b'{"interactions": [], "consumer": {"name": "\\ud800"}}', "cannot be written"),
    ],
)  # fmt: skip
def test_what_is_no_pact_is_refused_in_one_sentence(content: bytes, why: str) -> None:
    with pytest.raises(InputError) as caught:
        read(content, "pacts/x.json")
    assert why in caught.value.cause
    assert caught.value.cause.startswith("The file pacts/x.json ")
    assert caught.value.cause.count(". ") == 0
    assert caught.value.places[0].path == "pacts/x.json"


def test_brackets_in_texts_are_no_depth() -> None:
    text = PACT % json.dumps({"description": "[" * 10_000 + '\\"{'})
    assert read(text.encode(), "x.json").pact.consumer == "a"


def test_a_large_pact_takes_bounded_memory() -> None:
    """Of a body with a hundred thousand values, no more is looked at than anybody reads.

    In a process of its own: when garbage is collected hangs on how much a process holds already.
    """
    body = PACT % json.dumps({"description": "d", "request": {}, "response": {"body": {"a": [0.5] * 100_000}}})
    ran = subprocess.run(
        [sys.executable, "-c", LINTED], input=body, capture_output=True, text=True, check=True, cwd=ROOT
    )
    found, most = map(int, ran.stdout.split())
    assert 0 < found <= 200
    assert most < 64 * 1024 * 1024


LINTED = """
import sys, tracemalloc
from datetime import date

sys.path.insert(0, "scripts")
from pact_gate.lint import Options, lint
from pact_gate.lint.document import read

document = read(sys.stdin.buffer.read(), "x.json")
tracemalloc.start()
found = lint(document, Options(date(2026, 11, 27)))
print(len(found), tracemalloc.get_traced_memory()[1])
"""
