"""The pages of the rules: each has one, and what they call wrong and right is what the linter calls so."""

from __future__ import annotations

import json
import os
import re
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from uuid import uuid4

import pytest

from pact_gate.config import load
from pact_gate.lint import Options, lint, made
from pact_gate.lint.accept import accepted
from pact_gate.lint.document import Document, read
from pact_gate.lint.twice import RULE, between_runs
from pact_gate.model.finding import RULES, Finding

FOLDER = Path(__file__).parents[2] / "docs" / "rules"
TODAY = date(2026, 11, 27)
BLOCK = re.compile(r"^```(?P<language>\w+)\n(?P<text>.*?)^```", re.MULTILINE | re.DOTALL)
NO_TEST_WRITES_IT = {"duplicate-key"}


@cache
def page(rule: str) -> str:
    return (FOLDER / f"{rule}.md").read_text("utf-8")


def section(rule: str, heading: str) -> str:
    return page(rule).partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def blocks(rule: str, heading: str, language: str) -> list[str]:
    return [each["text"] for each in BLOCK.finditer(section(rule, heading)) if each["language"] == language]


def document(interactions: str) -> Document:
    """Make a pact of a block, as text: a key may stand in it twice."""
    listed = interactions if interactions.startswith("[") else f"[{interactions}]"
    names = '"consumer": {"name": "orders"}, "provider": {"name": "products"}'
    metadata = '"metadata": {"pactSpecification": {"version": "3.0.0"}}'
    return read(f'{{{names}, "interactions": {listed}, {metadata}}}'.encode(), "pact.json")


def options(rule: str) -> Options:
    schema = blocks(rule, "What the consumer reads", "json")
    return Options(TODAY, reads={"products": json.loads(schema[0])} if schema else {})


def found(rule: str, documents: list[Document]) -> list[Finding]:
    if rule != RULE:
        return [each for document in documents for each in lint(document, options(rule))]
    first, second = documents if len(documents) == 2 else (documents[0], documents[0])
    return [
        each for document, every in between_runs([first], [second]) for each in made(document, every, options(rule))
    ]


def test_every_rule_has_a_page_and_every_page_a_rule() -> None:
    assert {path.stem for path in FOLDER.glob("*.md")} - {"README"} == set(RULES)


@pytest.mark.parametrize("rule", RULES)
def test_a_page_says_which_rule_it_is_about_and_how_much_it_weighs(rule: str) -> None:
    level, sentence = RULES[rule]
    assert page(rule).startswith(f"# {rule}\n\n`{level}` · {sentence}\n\n**What.** ")
    headings = re.findall(r"^## (.*)$", page(rule), re.MULTILINE)
    assert [each for each in headings if each != "What the consumer reads"] == ["Wrong", "Right", "Leave it"]
    assert "\n\n**Why.** " in page(rule)


@pytest.mark.parametrize("rule", RULES)
def test_the_list_of_rules_has_it_with_its_level(rule: str) -> None:
    level, _ = RULES[rule]
    assert f"\n| [{rule}]({rule}.md) | {level} |" in page("README")


@pytest.mark.parametrize("rule", RULES)
def test_what_a_page_calls_wrong_is_found_by_that_rule(rule: str) -> None:
    every = found(rule, [document(each) for each in blocks(rule, "Wrong", "json")])
    assert {each.rule for each in every} == {rule}


@pytest.mark.parametrize("rule", [rule for rule in RULES if "add_text_comment" in page(rule)])
def test_the_comment_of_a_page_leaves_the_finding(rule: str) -> None:
    [comment] = re.findall(r"`\.add_text_comment\(\"(.*?)\"\)`", page(rule))
    [wrong, *_] = blocks(rule, "Wrong", "json")
    commented = json.loads(wrong) | {"comments": {"text": [comment]}}
    with_comment = document(json.dumps(commented))
    parted = accepted(with_comment, lint(with_comment, options(rule)), [])
    assert {each.finding.rule for each in parted.suppressed} == {rule}
    assert all(each.reason and comment.endswith(each.reason) for each in parted.suppressed)
    assert parted.doubts == []


def test_the_example_of_the_configuration_is_one() -> None:
    config = load(FOLDER / "pact-gate.yml").lint
    assert config.language == "python"
    assert config.levels == {"description-reused": "off"}
    assert [each.rule for each in config.ignore] == ["exact-value", "personal-data"]


@pytest.mark.parametrize("rule", RULES)
def test_what_a_page_calls_right_is_found_by_none(rule: str) -> None:
    assert found(rule, [document(each) for each in blocks(rule, "Right", "json")]) == []


@pytest.mark.parametrize("heading", ["Wrong", "Right"])
@pytest.mark.parametrize("rule", [rule for rule in RULES if rule not in NO_TEST_WRITES_IT])
def test_the_line_of_the_test_writes_such_a_pact(
    rule: str, heading: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page's Python is run by pact-python, and what it writes is looked at."""
    pact = pytest.importorskip("pact", reason="the verify tier is not installed")
    monkeypatch.setenv("PACT_DO_NOT_TRACK", "true")
    known = {"match": pact.match, "datetime": datetime, "UTC": UTC, "uuid4": uuid4, "Order": _Order}
    written = []
    for run in range(2 if rule == RULE else 1):
        for code in blocks(rule, heading, "python"):  # each is a test of its own, with a pact of its own
            made_here = pact.Pact("orders", "products").with_specification("V3")
            exec(code, known | {"pact": made_here})
            made_here.write_file(tmp_path / str(run))
        written.append(read((tmp_path / str(run) / "orders-products.json").read_bytes(), "pact.json"))
    rules = {each.rule for each in found(rule, written)}
    assert rules == ({rule} if heading == "Wrong" else set())


class _Order:
    """What a test's name is formatted of by mistake."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __str__(self) -> str:
        return f"Order@{os.urandom(4).hex()}"
