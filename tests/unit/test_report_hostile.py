"""Whole reports about hostile names: they are built like the same report about harmless ones, and lead nowhere else."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from xml.etree import ElementTree as ET

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from pact_gate.model.errors import InputError, Place
from pact_gate.model.gate import Decision, Question, Result, Row, Target, TargetKind, Verdict
from pact_gate.model.missing import CountingVersion
from pact_gate.model.outcome import (
    GateOutcome,
    Outcome,
    PublishedPact,
    PublishOutcome,
    ReconcileOutcome,
    VerifyOutcome,
)
from pact_gate.model.reconcile import Due, GoneBranch, Hopeless, OldAnswer
from pact_gate.model.unknown import Cause, Explanation
from pact_gate.model.verification import InteractionResult, Mismatch, PactResult, PactVerification
from pact_gate.report.annotations import annotations
from pact_gate.report.junit import junit
from pact_gate.report.summary import BUDGET, error_summary, summary
from pact_gate.report.text import error_text, text

GITHUB = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
BROKER = "https://broker.example/"

HOSTILE = [
    "a|b",
    "`x``y`",
    "</details><script>alert(1)</script>",
    "</summary></details>\n\n# pwned",
    "<!-- c",
    "[x](javascript:alert(1))",
    "![i](http://evil.example/i.png)",
    "::error::pwned",
    "::set-output name=verdict::yes",
    "##[error]pwned",
    "a%0A::error::b",
    "l1\n::error::l2\r\n| l3 | x |\n| --- | --- |\n",
    "x\n```\n</details>\n# pwned\n~~~",
    "@everyone #1 :smile: https://evil.example www.evil.example",
    '%%{init: {"theme": "dark"}}%%',
    '"]\nend\nclick n0 "javascript:alert(1)"',
    "\u202egnp.exe\u2066",
    "\x00\x1b]8;;https://evil.example\x07x\ud800\ufffe",
    "]]><x/>&amp;",
    "x" * 100_000,
]


def gate_outcome(name: str) -> GateOutcome:
    why = (Explanation(Cause.OTHER_VERSION, name, name, name, name),)
    row = Row(
        name, name, name, None, Result.ABSENT, name, f"{BROKER}r", f"javascript:{name}", (name,), (name,), causes=why
    )
    question = Question(((name, name),), Target(TargetKind.BRANCH, name), (name,))
    decision = Decision(Verdict.FAILED, name, name, (row,), causes=why)
    return GateOutcome(name, question=question, decision=decision, exit_code=1)


def verify_outcome(name: str) -> VerifyOutcome:
    mismatch = Mismatch(name, name, name, name, name)
    interaction = InteractionResult(name, (name, name), passed=False, mismatches=(mismatch, mismatch), error=name)
    result = PactResult(name, name, (interaction,) * 7, error=name)
    pact = PactVerification(result, url=f"{BROKER}{name}", reasons=(name,), consumer_versions=(name,))
    return VerifyOutcome(name, name, 1, provider=name, version=name, verifications=(pact,), provider_log=name)


def publish_outcome(name: str) -> PublishOutcome:
    return PublishOutcome(name, name, pacts=(PublishedPact(name, name, name, BROKER, 1, (name,)),), notices=(name,))


def reconcile_outcome(name: str) -> ReconcileOutcome:
    version = CountingVersion(name, (name,))
    return ReconcileOutcome(
        name,
        name,
        work=(Due(name, name, version, f"{BROKER}{name}"),),
        hopeless=(Hopeless(name, name, version, name, name),),
        gates=(
            OldAnswer(1, name, f"{BROKER}{name}"),
            OldAnswer(2, name, f"javascript:{name}", problem=name, next_step=name),
        ),
        branches=(GoneBranch(name, name),),
    )


def simple_outcome(name: str) -> Outcome:
    return Outcome(name, name, 1, facts=((name, name), ("x", f"{BROKER}{name}"), ("y", f"https://{name}")))


OUTCOMES: list[Callable[[str], Outcome]] = [
    gate_outcome,
    verify_outcome,
    publish_outcome,
    reconcile_outcome,
    simple_outcome,
]


def error(name: str) -> InputError:
    return InputError(name, name, places=(Place(name, 1),))


def harmless(name: str) -> str:
    return "-x" * (len(name) // 2)


def blocks(markdown: str) -> list[str]:
    return [token.type for token in GITHUB.parse(markdown)]


def inlines(markdown: str) -> Iterator[Token]:
    for token in GITHUB.parse(markdown):
        yield from token.children or []


def check(markdown: str) -> None:
    """Fail where a reader's browser would get anything but text, tables, code and links to the broker."""
    for token in GITHUB.parse(markdown):
        if token.type == "html_block":
            tags = re.findall(r"<[^>]*>?", token.content)
            assert tags in (["<details>", "<summary>", "</summary>"], ["</details>"])
    for token in inlines(markdown):
        assert token.type != "image"
        if token.type == "html_inline":
            assert token.content in {"<span>", "</span>", "<code>", "</code>", "<br>"}
        if token.type == "link_open":
            assert str(token.attrs["href"]).startswith(BROKER)


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("outcome", OUTCOMES)
def test_a_summary_keeps_its_build(outcome: Callable[[str], Outcome], name: str) -> None:
    markdown = summary(outcome(name))
    check(markdown)
    assert blocks(markdown) == blocks(summary(outcome(harmless(name))))
    assert len(markdown.encode()) <= BUDGET


@pytest.mark.parametrize("name", HOSTILE)
def test_an_errors_summary_keeps_its_build(name: str) -> None:
    check(error_summary(error(name)))
    assert blocks(error_summary(error(name))) == blocks(error_summary(error(harmless(name))))


@pytest.mark.parametrize("name", HOSTILE)
def test_a_picture_keeps_its_lines(name: str) -> None:
    charts = []
    for each in (name, harmless(name)):
        found = re.search(r"```mermaid\n(.*?)\n```\n", summary(gate_outcome(each)), re.DOTALL)
        assert found
        charts.append([re.sub(r'"[^"]*"', '""', line) for line in found[1].split("\n")])
    assert charts[0] == charts[1]


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("outcome", OUTCOMES)
def test_no_line_of_the_log_is_a_command(outcome: Callable[[str], Outcome], name: str) -> None:
    for shown in (text(outcome(name)), error_text(error(name))):
        assert "##[" not in shown
        assert "\x1b" not in shown
        for line in re.split(r"[\n\r]", shown):
            assert not line.lstrip().startswith("::")
            assert len(line) <= 4_000


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("outcome", OUTCOMES)
def test_annotations_can_be_written(outcome: Callable[[str], Outcome], name: str) -> None:
    for each in annotations(outcome(name)):
        f"{each.title}{each.message}".encode()
        assert "\n" not in each.title
        assert not re.search("[\x00\x1b\u202e]", each.title + each.message)
        assert len(each.title) <= 120
        assert len(each.message) <= 2_000


@pytest.mark.parametrize("name", HOSTILE)
def test_junit_is_well_formed(name: str) -> None:
    root = ET.fromstring(junit(verify_outcome(name)).encode())
    assert [len(root.findall(f".//{tag}")) for tag in ("testsuite", "testcase", "error")] == [1, 8, 8]
