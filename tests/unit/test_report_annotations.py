"""Annotations: what matters most is among the ten of a kind that GitHub shows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pact_gate.model.errors import InputError, Place
from pact_gate.model.gate import Decision, Question, Target, Verdict
from pact_gate.model.outcome import Annotation, GateOutcome, Outcome, VerifyOutcome
from pact_gate.model.verification import InteractionResult, Mismatch, PactResult, PactVerification
from pact_gate.report.annotations import annotations, error_annotations

PRICE = Mismatch("BodyMismatch", "$.price", "29.99", '"a"', "Expected a number")
BAD = InteractionResult("a request", ("a product",), passed=False, mismatches=(PRICE,) * 7)


def gate(verdict: Verdict, exit_code: int, **fields: bool) -> GateOutcome:
    question = Question((("orders", "1"),), Target(name="production"))
    decision = Decision(verdict, "Why.", "Do.", compared_nothing=fields.pop("compared_nothing", False))
    return replace(GateOutcome("unused", exit_code=exit_code, question=question, decision=decision), **fields)


def test_a_no_is_an_error_with_the_next_step() -> None:
    title = "No, a contract is broken: orders 1 must not be deployed to production"
    assert annotations(gate(Verdict.FAILED, 1)) == (Annotation("error", "Why.\nDo.", title),)


@pytest.mark.parametrize(
    "outcome",
    [gate(Verdict.FAILED, 0, dry_run=True), gate(Verdict.YES, 0, compared_nothing=True)],
    ids=["dry run", "nothing compared"],
)
def test_what_does_not_stop_a_deploy_but_should_be_known_is_a_warning(outcome: GateOutcome) -> None:
    assert [each.level for each in annotations(outcome)] == ["warning"]


def test_what_is_fine_is_not_annotated() -> None:
    assert annotations(gate(Verdict.YES, 0)) == ()
    assert annotations(Outcome("Done.")) == ()


def test_failed_interactions_are_errors_and_pending_ones_warnings() -> None:
    result = PactResult("orders", "products", (replace(BAD, pending=True), BAD))
    pending = replace(result, consumer="web")
    empty = PactResult("empty", "products", ())
    outcome = VerifyOutcome(
        "unused",
        exit_code=1,
        verifications=(PactVerification(pending, pending=True), PactVerification(result), PactVerification(empty)),
    )
    assert [(each.level, each.title) for each in annotations(outcome)] == [
        ("error", "products breaks the pact of empty"),
        ("error", "products breaks the pact of orders"),
        ("warning", "products breaks the pact of orders (pending)"),
        ("warning", "products breaks the pact of web (pending)"),
        ("warning", "products breaks the pact of web (pending)"),
    ]
    lines = annotations(outcome)[1].message.split("\n")
    assert lines[:2] == [
        "a request given a product",
        'body $.price: Expected a number (expected 29.99, received "a")',
    ]
    assert len(lines) == 6


def test_a_failure_without_a_failed_pact_is_an_error_all_the_same() -> None:
    shown = annotations(VerifyOutcome("No pact was selected.", "Do.", exit_code=1))
    assert shown == (Annotation("error", "No pact was selected.\nDo.", "pact-gate"),)


def test_the_commands_own_annotations_come_first_and_the_tenth_counts_the_rest() -> None:
    own = Annotation("error", "own", path="pacts/a.json", line=3)
    notices = tuple(Annotation("notice", str(number)) for number in range(10))
    result = PactResult("orders", "products", (BAD,) * 30)
    verifications = (PactVerification(result),)
    shown = annotations(VerifyOutcome("x", exit_code=1, annotations=(*notices, own), verifications=verifications))
    errors = [each for each in shown if each.level == "error"]
    assert errors[0] == own
    assert len(errors) == 10
    assert errors[9].message == "and 22 more errors; the job summary has the details"
    assert [each.message for each in shown if each.level == "notice"] == [str(number) for number in range(10)]


def test_an_error_is_shown_on_each_of_its_places() -> None:
    message = "Wrong.\nMend it."
    assert error_annotations(InputError("Wrong.", "Mend it.")) == (Annotation("error", message, "pact-gate"),)
    places = (Place("a.json", 3), Place("b.json"))
    assert error_annotations(InputError("Wrong.", "Mend it.", places=places)) == (
        Annotation("error", message, "pact-gate", "a.json", 3),
        Annotation("error", message, "pact-gate", "b.json", None),
    )
