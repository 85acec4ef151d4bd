"""The comment on a pull request: short, found again, within GitHub's limit, and of one build whatever it shows."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from markdown_it import MarkdownIt

from pact_gate.model.changes import ContractChange
from pact_gate.model.gate import Decision, Question, Result, Row, Target, TargetKind, Verdict, Verifying
from pact_gate.model.outcome import GateOutcome
from pact_gate.report.comment import comment, key, marker, says

GITHUB = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
ORDERS = "7a81af3e591ac713f81ea1efe93dcf36157d8376"
PRODUCTS = "516b9783fca517eecbd1d064da2d165310b19759"
QUESTION = Question((("orders", ORDERS),), Target(name="production"))
DETAILS = "https://github.example/acme/orders/actions/runs/1"
BROKER = "https://broker.example/"

PASSED = Row("orders", ORDERS, "products", PRODUCTS, Result.PASSED, result_url=f"{BROKER}r/1")
FAILED = replace(PASSED, result=Result.FAILED, failures=("body $.price is a text", "and", "more"))
MISSING = replace(PASSED, result=Result.NONE, provider_version=None, result_url=None, candidates=(PRODUCTS,))
CHANGED = ContractChange("orders", "products", ("“a product” now needs `$.stock`",), PRODUCTS)
SAME = ContractChange("orders", "stock", (), PRODUCTS)


def outcome(verdict: Verdict, *rows: Row, **more: object) -> GateOutcome:
    decision = Decision(verdict, "Because of this.", "Do that." * (verdict is not Verdict.YES), rows)
    return replace(GateOutcome("unused", question=QUESTION, decision=decision), **more)


def parts(answer: GateOutcome, *changes: ContractChange, details: str = DETAILS) -> list[str]:
    return comment(replace(answer, changes=changes), details=details).rstrip("\n").split("\n\n")


def table(found: list[str]) -> list[str]:
    return [line for part in found if part.startswith("| |") for line in part.split("\n")[2:]]


def test_a_broken_contract_is_told_in_the_order_in_which_a_reviewer_asks() -> None:
    fine = tuple(replace(PASSED, provider=f"service-{number}") for number in range(12))
    found = parts(outcome(Verdict.FAILED, *fine, FAILED, replace(fine[0], result=Result.IGNORED)), CHANGED, SAME)
    row = (
        "| ❌&nbsp;failed | orders `7a81af3e59` | products `516b9783fc` "
        f"| body <span>$</span>.price is a text (and 2 more) · [result]({BROKER}r/1) |"
    )
    assert found == [
        marker(key(QUESTION)),
        "### ❌ No, a contract is broken: orders 7a81af3e59 must not be deployed to production",
        "Because of this.",
        "> **What to do next:** Do that.",
        "| | Consumer | Provider | Why |\n| --- | --- | --- | --- |\n" + row,
        "The others: 12 passed, 1 ignored.",
        "**What changed in the contract**",
        "orders → products, against `516b9783fc` on main:",
        "- “a product” now needs `$.stock`",
        f"[All details]({DETAILS})",
    ]


def test_a_yes_without_a_change_is_three_lines() -> None:
    assert parts(outcome(Verdict.YES, PASSED), SAME)[1:] == [
        "### ✅ Yes: orders 7a81af3e59 may be deployed to production",
        "Because of this.",
        "**What changed in the contract:** nothing against main.",
        f"[All details]({DETAILS})",
    ]


def test_with_a_yes_those_who_have_a_changed_contract_are_named() -> None:
    other = replace(PASSED, provider="stock")
    found = parts(outcome(Verdict.YES, PASSED, other), CHANGED, SAME)
    assert table(found) == [f"| ✅&nbsp;passed | orders `7a81af3e59` | products `516b9783fc` | [result]({BROKER}r/1) |"]
    assert "The others: 1 passed." in found
    assert "orders → products, a new contract:" in parts(outcome(Verdict.YES, PASSED), CHANGED._replace(before=None))


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (MISSING, ""),
        (replace(MISSING, verified_elsewhere=(ORDERS,)), "verified by `7a81af3e59` only"),
        (replace(MISSING, run=Verifying(url=f"{BROKER}run")), f"[run]({BROKER}run)"),
        (replace(MISSING, run=Verifying(problem="its repository is unknown")), "its repository is unknown"),
        (replace(FAILED, failures=(), result_url=None), ""),
    ],
)
def test_a_row_says_why(row, why) -> None:
    (line,) = table(parts(outcome(Verdict.WAITING, row)))
    assert line.endswith(f"| {why} |")


def test_remarks_are_kept_and_a_link_that_leads_nowhere_is_not() -> None:
    found = parts(outcome(Verdict.YES, PASSED, dry_run=True), details="")
    assert any(part.startswith("**Dry run:**") for part in found)
    assert not any("details" in part for part in found)


def test_many_changes_are_folded() -> None:
    lines = tuple(f"change {number}" for number in range(13))
    found = parts(outcome(Verdict.YES, PASSED), CHANGED._replace(lines=lines))
    assert found[-5].count("\n") == 9
    folded = "<details><summary>3 more changes</summary>", "- change 10\n- change 11\n- change 12", "</details>"
    assert tuple(found[-4:-1]) == folded


@pytest.mark.parametrize(
    ("verdict", "changes", "expected"),
    [
        (Verdict.YES, [], False),
        (Verdict.YES, [SAME], False),
        (Verdict.YES, [SAME, CHANGED], True),
        *((verdict, [], True) for verdict in Verdict if verdict is not Verdict.YES),
    ],
)
def test_it_speaks_where_somebody_has_to_act_or_know(verdict, changes, expected) -> None:
    assert says(outcome(verdict, changes=tuple(changes))) is expected


# --- found again ----------------------------------------------------------------------------------------------


def test_one_comment_for_each_set_of_pacticipants_and_target() -> None:
    again = replace(QUESTION, asked=(("orders", "another version"),))
    assert key(again) == key(QUESTION)
    assert key(replace(QUESTION, asked=(("a", "1"), ("b", "2")))) == key(
        replace(QUESTION, asked=(("b", "1"), ("a", "2")))
    )
    others = [
        QUESTION,
        replace(QUESTION, asked=(("stock", ORDERS),)),
        replace(QUESTION, target=Target(name="test")),
        replace(QUESTION, target=Target(TargetKind.TAG, "production")),
        replace(QUESTION, asked=(("orders -->", ORDERS),)),
    ]
    assert len({marker(key(each)) for each in others}) == len(others)


@pytest.mark.parametrize(
    "name", ["-->", "--!>", "--", ">", "->", "\n\n# x", "<!--", "-" * 100, "\ud800", "x" * 100_000]
)
def test_nothing_breaks_out_of_the_marker(name) -> None:
    line = marker(name)
    assert re.fullmatch(r"<!-- pact-gate: [A-Za-z0-9 ]*[0-9a-f]{16} -->", line)
    assert len(line) < 150


# --- its limit ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("contracts", "lines", "size"), [(300, 12, 100), (300, 3, 600), (1, 3_000, 30), (2_000, 1, 1)])
@pytest.mark.parametrize("integrations", [0, 200])
def test_over_the_limit_whole_parts_are_left_out_and_counted(contracts, lines, size, integrations) -> None:
    rows = (replace(FAILED, provider=f"service-{number:03}", failures=("ä" * 400,)) for number in range(integrations))
    told = tuple(f"“{'日' * size}” {each}" for each in range(lines))
    changes = tuple(ContractChange("orders", f"service-{number}", told, None) for number in range(contracts))
    text = comment(outcome(Verdict.FAILED, *rows, changes=changes), details=DETAILS)
    assert 20_000 < len(text.encode()) <= 65_000
    found = re.search(r"\*Left out here, because GitHub takes no longer comment: (.*)\.\*\n\n\[All details\]", text)
    assert found
    counts = {
        "integration": text.count("❌&nbsp;failed"),
        "contract": text.count("a new contract:\n\n- "),
        "change": len(re.findall("^- “", text, re.MULTILINE)),
    }
    for number, noun in re.findall(r"([\d,]+) (\w+?)s?(?:, |$)", found[1]):
        counts[noun] += int(number.replace(",", ""))
    assert counts == {"integration": integrations, "contract": contracts, "change": contracts * lines}
    assert text.count("<details>") == text.count("</details>")
    assert blocks(text).count("table_open") == bool(integrations)


@pytest.mark.parametrize("name", ["@" * 100_000, "<" * 100_000, "\U0001f600" * 100_000, "a\n" * 50_000])
def test_the_largest_texts_fit(name) -> None:
    text = comment(hostile(name), details=DETAILS)
    assert len(text.encode()) <= 65_536
    assert text.rstrip().endswith(f"[All details]({DETAILS})")


# --- what others wrote ----------------------------------------------------------------------------------------

HOSTILE = [
    "a|b",
    "`x``y`",
    "</details><script>alert(1)</script>",
    "</summary></details>\n\n# pwned",
    "<!-- c",
    "--> <!-- pact-gate: -->",
    "[x](javascript:alert(1))",
    "![i](http://evil.example/i.png)",
    "l1\n| l3 | x |\n| --- | --- |\n",
    "x\n```\n</details>\n# pwned\n~~~",
    "@everyone #1 :smile: https://evil.example www.evil.example",
    "\u202egnp.exe\u2066",
    "\x00\x1b]8;;https://evil.example\x07x\ud800\ufffe",
]


def hostile(name: str) -> GateOutcome:
    run = Verifying(url=f"javascript:{name}", problem=name, next_step=name, last_words=name)
    absent = Row(name, name, name, None, Result.ABSENT, name, f"{BROKER}r", name, (name,), (name,))
    failed = replace(absent, result=Result.FAILED, provider_version=name, failures=(name, name))
    rows = (absent, failed, replace(absent, result=Result.NONE, run=run))
    question = Question(((name, name),), Target(TargetKind.BRANCH, name), (name,))
    decision = Decision(Verdict.FAILED, name, name, rows)
    lines = (name, f"“{name}” now needs `{name}`", *[name] * 20)
    changes = (ContractChange(name, name, lines, name),)
    return GateOutcome(name, question=question, decision=decision, changes=changes)


def blocks(markdown: str) -> list[str]:
    return [token.type for token in GITHUB.parse(markdown)]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_stays_text(name) -> None:
    text = comment(hostile(name), details=DETAILS)
    assert blocks(text) == blocks(comment(hostile("-x" * (len(name) // 2)), details=DETAILS))
    assert not re.search("[\x00\x1b\u202e]", text)
    for token in GITHUB.parse(text):
        if token.type == "html_block":
            tags = re.findall(r"<[^>]*>?", token.content)
            assert tags in (["<details>", "<summary>", "</summary>"], ["</details>"]) or tags == [text.split("\n")[0]]
        for inline in token.children or []:
            assert inline.type != "image"
            if inline.type == "html_inline":
                assert inline.content in {"<span>", "</span>", "<code>", "</code>", "<br>"}
            if inline.type == "link_open":
                assert str(inline.attrs["href"]).startswith((BROKER, DETAILS))
            if inline.type == "text":
                assert not re.search(r"@\w|#\d|:\w+:|https?://|www\.", inline.content), "GitHub would link it"
