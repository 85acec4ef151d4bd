"""JUnit XML: reporters count the same as the verification does."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree as ET

from pact_gate.model.outcome import VerifyOutcome
from pact_gate.model.verification import InteractionResult, Mismatch, PactResult, PactVerification
from pact_gate.report.junit import junit

GOOD = InteractionResult("a good request", (), passed=True, seconds=0.25)
BAD = InteractionResult(
    "a bad request",
    ("a product", "stock"),
    passed=False,
    seconds=0.5,
    mismatches=(Mismatch("BodyMismatch", "$.price", "1", '"\x01"', "Expected a number"),) * 2,
)
BROKEN = InteractionResult("no request", (), passed=False, error="The state failed.")


def tree(*verifications: PactVerification) -> ET.Element:
    return ET.fromstring(junit(VerifyOutcome("x", provider="products", verifications=verifications)))


def verification(*interactions: InteractionResult, error: str = "", pending: bool = False) -> PactVerification:
    return PactVerification(PactResult("orders", "products", interactions, error), pending=pending)


def counts(element: ET.Element) -> list[str | None]:
    return [element.get(key) for key in ("tests", "failures", "errors", "skipped")]


def test_one_suite_a_pact_and_one_case_an_interaction() -> None:
    root = tree(verification(GOOD, BAD, BROKEN), verification(GOOD))
    assert counts(root) == ["4", "1", "1", "0"]
    first = root[0]
    assert (first.get("name"), first.get("time"), counts(first)) == ("orders → products", "0.750", ["3", "1", "1", "0"])
    assert first[0].attrib == {"classname": "orders.products", "name": "a good request", "time": "0.250"}
    assert first[1].get("name") == "a bad request given a product, stock"


def test_a_failure_holds_every_difference_without_characters_that_xml_forbids() -> None:
    failure = tree(verification(BAD))[0][0][0]
    difference = 'body $.price: Expected a number (expected 1, received "␁")'
    assert (failure.tag, failure.get("message"), failure.text) == (
        "failure",
        difference,
        f"{difference}\n{difference}",
    )


def test_what_may_fail_is_skipped() -> None:
    root = tree(verification(BAD, pending=True), verification(GOOD, replace(BAD, pending=True)))
    assert counts(root) == ["3", "0", "0", "2"]
    assert str(root[0][0][0].get("message")).startswith("pending: body $.price: Expected a number")


def test_a_pact_without_a_result_is_an_error() -> None:
    root = tree(verification(error="No connection."), verification(), verification(GOOD))
    assert counts(root) == ["3", "0", "2", "0"]
    assert root[0][0][0].text == "The pact could not be verified: No connection."
    assert root[1][0][0].text == "No interaction of this pact was run, and that proves nothing."
