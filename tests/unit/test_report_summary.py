"""The job summary: what a person reads first stands first, it holds the facts, and it stays under GitHub's limit."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from pact_gate.model.errors import BrokerError, InputError, PactGateError, Place
from pact_gate.model.gate import Decision, Question, Result, Row, Target, TargetKind, Verdict
from pact_gate.model.outcome import GateOutcome, Outcome, PublishedPact, PublishOutcome, VerifyOutcome
from pact_gate.model.verification import InteractionResult, Mismatch, PactResult, PactVerification
from pact_gate.report.summary import BUDGET, error_summary, summary

ORDERS = "7a81af3e591ac713f81ea1efe93dcf36157d8376"
PRODUCTS = "516b9783fca517eecbd1d064da2d165310b19759"
BROKER = "https://broker.example"
PRODUCTION = Target(name="production")

PASSED = Row(
    "orders",
    ORDERS,
    "products",
    PRODUCTS,
    Result.PASSED,
    verified_at="2026-11-22T23:41:07+01:00",
    result_url=f"{BROKER}/r/1",
    pact_url=f"{BROKER}/p/1",
)


def gate(verdict: Verdict, *rows: Row, target: Target = PRODUCTION, **fields: object) -> GateOutcome:
    nothing = bool(fields.pop("compared_nothing", False))
    return replace(
        GateOutcome(
            "unused",
            exit_code=0 if verdict is Verdict.YES else 1,
            question=Question((("orders", ORDERS),), target),
            decision=Decision(verdict, "Because of this.", "Do that.", rows, compared_nothing=nothing),
        ),
        **fields,
    )


def heading(text: str) -> str:
    return text.split("\n", 1)[0]


def table(text: str) -> list[list[str]]:
    """Return the cells of the first table, without its header."""
    rows = re.findall(r"^\| (.*) \|$", text, re.MULTILINE)
    return [row.split(" | ") for row in rows[2:]]


@pytest.mark.parametrize(
    ("verdict", "expected"),
    [
        (Verdict.YES, "## ✅ Yes: orders 7a81af3e59 may be deployed to production"),
        (Verdict.FAILED, "## ❌ No, a contract is broken: orders 7a81af3e59 must not be deployed to production"),
        (Verdict.NO_SUCH_VERSION, "## ❓ No, the broker does not know this version: orders 7a81af3e59 must not be"),
        (Verdict.NOT_IN_ENVIRONMENT, "## 🚧 No, a provider is not there yet: orders 7a81af3e59 must not be deployed"),
        (Verdict.STUCK, "## 🛑 No, a verification is missing: orders 7a81af3e59 must not be deployed to production"),
        (Verdict.WAITING, "## ⏳ Not yet, a verification is missing: orders 7a81af3e59 must not be deployed"),
        (Verdict.BROKER_ERROR, "## ⚠️ No answer from the broker: orders 7a81af3e59 must not be deployed"),
    ],
)
def test_the_verdict_is_the_heading(verdict: Verdict, expected: str) -> None:
    assert heading(summary(gate(verdict))).startswith(expected)


def test_reason_and_next_step_stand_before_everything_else() -> None:
    lines = summary(gate(Verdict.FAILED, replace(PASSED, result=Result.FAILED))).split("\n\n")
    assert lines[1:3] == ["Because of this.", "> **What to do next:** Do that."]


@pytest.mark.parametrize(
    ("target", "yes", "failed", "waiting"),
    [
        (
            Target(TargetKind.MAIN_BRANCH),
            "works with the main branches",
            "does not work with the main branches",
            "is not known to work with the main branches",
        ),
        (
            Target(TargetKind.BRANCH, "feat/x"),
            "works with branch feat/x",
            "does not work with branch feat/x",
            "is not known to work with branch feat/x",
        ),
    ],
)
def test_a_merge_is_asked_for_in_its_own_words(target: Target, yes: str, failed: str, waiting: str) -> None:
    for verdict, words in ((Verdict.YES, yes), (Verdict.FAILED, failed), (Verdict.WAITING, waiting)):
        assert heading(summary(gate(verdict, target=target))).endswith(f"orders 7a81af3e59 {words}")


def test_a_row_tells_versions_result_time_and_links() -> None:
    assert table(summary(gate(Verdict.YES, PASSED))) == [
        [
            "✅&nbsp;passed",
            "orders `7a81af3e59`",
            "products `516b9783fc`",
            "2026-11-22 22:41 UTC",
            f"[result]({BROKER}/r/1) · [pact]({BROKER}/p/1)",
        ]
    ]
    assert f"\n\n- orders `{ORDERS}`\n- products `{PRODUCTS}`\n\n</details>" in summary(
        gate(Verdict.YES, PASSED, PASSED)
    )


def test_rows_without_a_result_tell_what_is_there_and_what_has_passed() -> None:
    missing = Row("orders", ORDERS, "products", None, Result.NONE, candidates=(PRODUCTS,), verified_elsewhere=("9",))
    absent = Row("orders", ORDERS, "stock", None, Result.ABSENT)
    rows = table(summary(gate(Verdict.NOT_IN_ENVIRONMENT, missing, absent)))
    assert [row[0] for row in rows] == ["🚧&nbsp;not in production", "⏳&nbsp;no result"]
    assert [row[2] for row in rows] == ["stock (no version)", "products `516b9783fc`"]
    assert [row[3] for row in rows] == ["never", "by `9` only"]


def test_what_needs_somebody_comes_first_and_long_tables_are_cut() -> None:
    rows = [replace(PASSED, provider=f"provider-{number:03}") for number in range(150)]
    rows[120] = replace(rows[120], result=Result.FAILED)
    text = summary(gate(Verdict.FAILED, *rows))
    assert table(text)[0][0] == "❌&nbsp;failed"
    assert len(table(text)) == 100
    assert "\n\nand 50 more integrations\n" in text


def test_nothing_compared_is_no_plain_yes() -> None:
    yes = gate(Verdict.YES, compared_nothing=True)
    assert (
        heading(summary(yes)) == "## ⚠️ Yes, but nothing was compared: orders 7a81af3e59 may be deployed to production"
    )
    no = gate(Verdict.NOT_IN_ENVIRONMENT, compared_nothing=True)
    assert heading(summary(no)).startswith("## ❌ No, nothing was compared: orders 7a81af3e59 must not be deployed")


def test_remarks_on_the_answer() -> None:
    question = Question((("orders", ORDERS),), Target(name="production"), ignore=("legacy", "a|b"))
    text = summary(gate(Verdict.FAILED, dry_run=True, exit_code=0, waited_seconds=130.2, question=question))
    assert heading(text).endswith("must not be deployed to production (dry run)")
    assert "**Dry run:** This step passes whatever the answer is." in text
    assert "**Ignored:** legacy, a&#124;b: the input `ignore` takes them out of the answer." in text
    assert "**Waited:** 2 min 10 s for results." in text
    assert "Waited" not in summary(gate(Verdict.YES, waited_seconds=0.8))


def test_many_pacticipants_are_not_all_named_in_the_heading() -> None:
    question = Question(tuple((f"s{number}", "1") for number in range(5)), Target(name="production"))
    text = summary(gate(Verdict.YES, question=question))
    assert heading(text) == "## ✅ Yes: s0 1, s1 1, s2 1 and 2 more may be deployed to production"


def test_the_picture_has_the_verdict_on_each_edge() -> None:
    failed = replace(PASSED, consumer="fulfilment", consumer_version="5", provider="orders", provider_version=ORDERS)
    text = summary(gate(Verdict.FAILED, PASSED, replace(failed, result=Result.FAILED)))
    chart = text.split("```mermaid\n")[1].split("\n```")[0].split("\n")
    assert chart == [
        "flowchart LR",
        '  n0["fulfilment<br/>5"]',
        '  n1["orders<br/>7a81af3e59"]',
        '  n2["products<br/>516b9783fc"]',
        '  n0 --x|"❌ failed"| n1',
        '  n1 -->|"✅ passed"| n2',
        "  linkStyle 0 stroke:#cf222e",
        "  linkStyle 1 stroke:#1a7f37",
        "  style n1 stroke-width:4px",
    ]


def test_a_big_picture_shows_what_is_not_fine() -> None:
    rows = [replace(PASSED, provider=f"provider-{number}") for number in range(60)]
    fine = summary(gate(Verdict.YES, *rows))
    assert "```mermaid" not in fine
    assert "No picture: all 60 integrations are fine, too many to draw." in fine
    rows[7] = replace(rows[7], result=Result.FAILED)
    text = summary(gate(Verdict.FAILED, *rows))
    assert text.count("-->") + text.count("--x") == 1
    assert "1 of 60 integrations are drawn, those that are not fine." in text


PRICE = Mismatch("BodyMismatch", "$.price", "29.99", '"29.99"', "Expected 29.99 (Decimal) but received a String")
GOOD = InteractionResult("a request for no product", (), passed=True)
BAD = InteractionResult("a request for a product", ("product 1 exists", "stock"), passed=False, mismatches=(PRICE,))


def verification(*interactions: InteractionResult, consumer: str = "orders", **fields: object) -> PactVerification:
    result = PactResult(consumer, "products", interactions, error=str(fields.pop("error", "")))
    return replace(PactVerification(result, url=f"{BROKER}/p", published=True), **fields)


def verified(*verifications: PactVerification, exit_code: int = 1, **fields: object) -> VerifyOutcome:
    outcome = VerifyOutcome("In words.", "Do that.", exit_code, provider="products", version=PRODUCTS)
    return replace(outcome, verifications=verifications, **fields)


def test_a_verification_lists_its_pacts_the_failed_ones_first() -> None:
    text = summary(
        verified(
            verification(GOOD, consumer="a"),
            verification(BAD, consumer="b", pending=True),
            verification(GOOD, BAD, result_url=f"{BROKER}/r"),
            verification(GOOD, consumer="d", wip=True, published=False),
        )
    )
    assert heading(text) == "## ❌ products 516b9783fc breaks 1 of 4 pacts"
    assert table(text)[:4] == [
        ["❌ failed", "orders", "1 of 2 passed", "yes", f"[pact]({BROKER}/p) · [result]({BROKER}/r)"],
        ["🟡 pending: failed, does not fail this build", "b", "0 of 1 passed", "yes", f"[pact]({BROKER}/p)"],
        ["✅ passed", "a", "1 of 1 passed", "yes", f"[pact]({BROKER}/p)"],
        ["✅ passed, work in progress", "d", "1 of 1 passed", "no", f"[pact]({BROKER}/p)"],
    ]


@pytest.mark.parametrize(
    ("verifications", "expected"),
    [
        ((verification(GOOD),), "## ✅ products 516b9783fc honours its one pact"),
        ((verification(GOOD), verification(GOOD)), "## ✅ products 516b9783fc honours all 2 pacts"),
        (
            (verification(GOOD), verification(BAD, pending=True)),
            "## ✅ products 516b9783fc does not honour 1 of 2 pacts yet, which is pending: this build may pass",
        ),
        ((), "## ⚠️ In words."),
    ],
)
def test_a_verification_that_fails_nothing(verifications: tuple[PactVerification, ...], expected: str) -> None:
    assert heading(summary(verified(*verifications, exit_code=0))) == expected


def test_a_failed_interaction_tells_state_place_expected_and_received() -> None:
    text = summary(verified(verification(GOOD, BAD, consumer_versions=("c1",), reasons=("It is on main.",))))
    assert "### ❌ orders → products\n\nConsumer version: `c1`" in text
    assert "<summary>Why this pact is verified</summary>\n\n- It is on main." in text
    assert "#### a request for a product\n\nProvider state: **product 1 exists**, **stock**\n\n| Where |" in text
    assert '| body `$.price` | Expected 29.99 (Decimal) but received a String | `29.99` | `"29.99"` |' in text
    assert "a request for no product" not in text


def test_the_first_difference_stands_under_the_heading() -> None:
    text = summary(verified(verification(GOOD, replace(BAD, pending=True), replace(BAD, description="this one"))))
    assert text.split("\n\n")[1].startswith("orders, this one: body <span>$</span>.price: Expected 29.99 (Decimal)")


def test_errors_are_told_as_sentences() -> None:
    unprepared = replace(BAD, mismatches=(), error="The state `stock` could not be set up: 500.")
    text = summary(verified(verification(unprepared), verification(error="No connection."), verification()))
    assert "Not compared: The state `stock` could not be set up: 500." in text
    assert "The pact could not be verified: No connection." in text
    assert "No interaction of this pact was run, and that proves nothing." in text


def test_a_pending_interaction_of_a_passed_pact_is_shown() -> None:
    text = summary(verified(verification(GOOD, replace(BAD, pending=True)), exit_code=0))
    assert "#### 🟡 pending: a request for a product" in text
    assert '`"29.99"`' in text


def test_long_values_are_cut_in_the_table_and_given_below() -> None:
    body = '{"name": "' + "x" * 300 + '"}'
    text = summary(verified(verification(replace(BAD, mismatches=(replace(PRICE, actual=body),)))))
    assert f"`{body[:79]}…`" in text
    assert f"body `$.price` received:\n\n```text\n{body}\n```" in text


def test_many_differences_are_cut() -> None:
    text = summary(verified(verification(replace(BAD, mismatches=(PRICE,) * 25))))
    assert text.count("`$.price`") == 20
    assert "and 5 more differences" in text


def test_after_five_interactions_the_rest_is_folded() -> None:
    text = summary(verified(verification(*[replace(BAD, description=f"request {number}") for number in range(7)])))
    assert re.findall(r"#### (.*)", text) == [f"request {number}" for number in range(5)]
    assert re.findall(r"<summary>(.*)</summary>", text) == ["request 5", "request 6"]


def test_the_providers_log_is_shown_folded() -> None:
    text = summary(verified(verification(BAD), provider_log="started\n```\n\x1b[31mTraceback\x1b[0m"))
    expected = "<details><summary>The end of the provider's log</summary>\n\n````text\nstarted\n```\nTraceback\n````"
    assert expected in text


def test_ten_thousand_failures_with_huge_bodies_stay_under_the_limit() -> None:
    huge = replace(PRICE, expected="é|`<" * 25_000, actual="\x00" * 100_000, message="m" * 100_000)
    many = [replace(BAD, description=f"request {number}|", mismatches=(huge, huge)) for number in range(10_000)]
    log = "log\n" * 50_000
    text = summary(verified(verification(*many), provider_log=log, facts=(("Selectors", "main"),)))
    assert BUDGET * 0.9 < len(text.encode()) <= BUDGET
    left_out = re.search(r"\*([\d,]+) failed interactions left out here", text)
    assert left_out
    assert text.count("\n#### ") + text.count("<summary>request") == 10_000 - int(left_out[1].replace(",", ""))
    assert text.count("<details>") == text.count("</details>")
    assert "The end of the provider's log" in text
    assert text.endswith("- Selectors: `main`\n")


@pytest.mark.parametrize("budget", range(1_500, 9_000, 500))
def test_a_summary_is_cut_between_rows_and_interactions(budget: int) -> None:
    rows = [replace(PASSED, provider=f"provider-{number}") for number in range(80)]
    text = summary(gate(Verdict.YES, *rows), budget=budget)
    assert len(text.encode()) <= budget
    shown = len(table(text))
    assert all(len(row) == 5 for row in table(text))
    assert shown == 80 or f"\nand {80 - shown} more integrations" in text
    many = [replace(BAD, description=f"request {number}") for number in range(100)]
    text = summary(verified(verification(*many)), budget=budget)
    assert len(text.encode()) <= budget
    shown = text.count("#### ") + text.count("<summary>request")
    assert f"*{100 - shown} failed interactions left out here" in text
    assert text.count("<details>") == text.count("</details>")


def test_a_publication_lists_its_pacts() -> None:
    pacts = (
        PublishedPact("orders", "products", ORDERS, f"{BROKER}/p", 3, ("a.json",)),
        PublishedPact("orders", "stock", ORDERS, None, 1, ("b.json",)),
        PublishedPact("orders", "tax", ORDERS, "http://embedded.invalid/p", 1, ("c.json",)),
    )
    text = summary(PublishOutcome("Published 3 pacts.", pacts=pacts, notices=("Next: see https://docs.pact.io/go.",)))
    assert heading(text) == "## ✅ Published 3 pacts."
    assert table(text) == [
        ["orders", "products", "`7a81af3e59`", "3", f"[pact]({BROKER}/p)"],
        ["orders", "stock", "`7a81af3e59`", "1", "–"],  # noqa: RUF001
        ["orders", "tax", "`7a81af3e59`", "1", "–"],  # noqa: RUF001
    ]
    assert "- Next: see `https://docs.pact.io/go`." in text


def test_a_simple_outcome_is_its_sentence_and_its_facts() -> None:
    facts = (("environment", "production"), ("run", "https://github.example/r?a=1&b=2"))
    assert summary(Outcome("orders is deployed.", facts=facts)) == (
        "## ✅ orders is deployed.\n\n"
        "- environment: `production`\n"
        "- run: [https&#58;&#8203;//github.example/r?a=1&#38;b=2](https://github.example/r?a=1&amp;b=2)\n"
    )


@pytest.mark.parametrize(
    ("error", "title"),
    [
        (InputError("C.", "N."), "Something in this step's inputs or files is wrong"),
        (BrokerError("C.", "N.", status=401), "The broker gave no usable answer"),
        (PactGateError("C.", "N."), "Something in pact-gate broke"),
    ],
)
def test_an_error_is_its_cause_and_the_next_step(error: PactGateError, title: str) -> None:
    assert error_summary(error) == f"## ❌ {title}\n\nC.\n\n> **What to do next:** N.\n"


def test_an_error_names_its_places() -> None:
    text = error_summary(InputError("C.", "N.", places=(Place("pacts/a.json", 3), Place("pacts/b.json"))))
    assert text.endswith("\n\n- `pacts/a.json:3`\n- `pacts/b.json`\n")
