"""The log: a person without colours and without the summary learns the same."""

from __future__ import annotations

from dataclasses import replace

from pact_gate.model.errors import InputError, Place
from pact_gate.model.gate import Decision, Question, Result, Row, Target, Verdict
from pact_gate.model.outcome import GateOutcome, Outcome, PublishedPact, PublishOutcome, VerifyOutcome
from pact_gate.model.verification import InteractionResult, Mismatch, PactResult, PactVerification
from pact_gate.report.text import error_text, text

SHA = "7a81af3e591ac713f81ea1efe93dcf36157d8376"
ROW = Row("orders", SHA, "products", "2", Result.PASSED, "2026-11-22T23:41:07Z")


def gate(*rows: Row, **fields: object) -> GateOutcome:
    question = Question((("orders", SHA),), Target(name="production"))
    return replace(
        GateOutcome("unused", exit_code=1, question=question, decision=Decision(Verdict.FAILED, "Why.", "Do.", rows)),
        **fields,
    )


def test_the_gate_tells_verdict_reason_table_and_last_the_next_step() -> None:
    failed = Row("web", "1", "orders", None, Result.NONE, candidates=(SHA,), verified_elsewhere=("9",))
    assert text(gate(ROW, failed, dry_run=True)) == "\n".join(
        [
            "No, a contract is broken: orders 7a81af3e59 must not be deployed to production (dry run)",
            "Why.",
            "Dry run: This step passes whatever the answer is. Without `dry-run`, a no makes it fail.",
            "",
            "  RESULT     CONSUMER           PROVIDER           VERIFIED",
            "  no result  web 1              orders 7a81af3e59  by 9 only",
            "  passed     orders 7a81af3e59  products 2         2026-11-22 23:41 UTC",
            "",
            "What to do next: Do.",
        ]
    )


def test_a_table_is_never_wider_than_120_columns() -> None:
    wide = [replace(ROW, consumer="c" * 90, provider="名" * 90), replace(ROW, provider="é" * 500), ROW]
    table = [line for line in text(gate(*wide)).split("\n") if line.startswith("  ")]
    columns = [sum(2 if each == "名" else 1 for each in line) for line in table]
    assert max(columns) <= 120
    assert len({line.rindex("2026-11-22") + line.count("名") for line in table[1:]}) == 1
    assert "c…" in table[1]


def test_long_tables_are_cut() -> None:
    assert "\n  and 50 more integrations\n" in text(gate(*[ROW] * 250))


def verification(*interactions: InteractionResult, **fields: object) -> PactVerification:
    return replace(PactVerification(PactResult("orders", "products", interactions)), **fields)


BAD = InteractionResult(
    "a request",
    ("a product exists",),
    passed=False,
    mismatches=(
        Mismatch("BodyMismatch", "$.price", "29.99", '"a"', "Expected a number"),
        Mismatch("StatusMismatch", "status", "200", "404", "expected 200 but was 404"),
        Mismatch("BodyTypeMismatch", "", "x", "", "No body"),
    ),
)


def test_a_verification_tells_each_difference_and_the_providers_log() -> None:
    outcome = VerifyOutcome(
        "unused",
        "Do.",
        1,
        provider="products",
        version=SHA,
        verifications=(verification(BAD, published=True),),
        provider_log="started\nTraceback",
        facts=(("Selectors", "main"),),
    )
    assert text(outcome) == "\n".join(
        [
            "products 7a81af3e59 breaks 1 of 1 pact",
            'orders, a request: body $.price: Expected a number (expected 29.99, received "a")',
            "",
            "  RESULT  CONSUMER  INTERACTIONS   PUBLISHED",
            "  failed  orders    0 of 1 passed  yes",
            "",
            "FAILED orders: a request",
            "  given a product exists",
            '  - body $.price: Expected a number (expected 29.99, received "a")',
            "  - status: expected 200 but was 404",
            "  - body type: No body (expected x, received nothing)",
            "",
            "The end of the provider's log:",
            "  | started",
            "  | Traceback",
            "",
            "Selectors: main",
            "",
            "What to do next: Do.",
        ]
    )


def test_what_may_fail_is_called_pending() -> None:
    outcome = VerifyOutcome("unused", provider="products", version="1")
    marked = verification(InteractionResult("fine", (), passed=True), replace(BAD, pending=True))
    assert "PENDING orders: a request" in text(replace(outcome, verifications=(verification(BAD, pending=True),)))
    assert "PENDING orders: a request" in text(replace(outcome, verifications=(marked,)))


def test_a_pact_without_a_result_says_why() -> None:
    unreachable = PactVerification(PactResult("web", "products", (), error="No connection."))
    shown = text(VerifyOutcome("unused", exit_code=1, verifications=(verification(), unreachable)))
    assert "orders: No interaction of this pact was run, and that proves nothing." in shown
    assert "web: The pact could not be verified: No connection." in shown


def test_a_publication_lists_its_pacts() -> None:
    pact = PublishedPact("orders", "products", SHA, None, 3, ())
    assert text(PublishOutcome("Published.", pacts=(pact,), notices=("Well done.",))) == "\n".join(
        [
            "Published.",
            "",
            "  CONSUMER  PROVIDER  VERSION     INTERACTIONS",
            "  orders    products  7a81af3e59  3",
            "",
            "Well done.",
        ]
    )


def test_a_simple_outcome_and_an_error() -> None:
    assert text(Outcome("Done.", "Go on.", facts=(("a", "b"),))) == "Done.\na: b\n\nWhat to do next: Go on."
    error = InputError("Wrong.", "Mend it.", places=(Place("a.json", 3), Place("b.json")))
    assert error_text(error) == "Error: Wrong.\n  at a.json:3\n  at b.json\nWhat to do next: Mend it."
