"""Commit statuses: one name for each integration for ever, never left pending, and what is wrong stands first."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pact_gate.model.gate import Decision, Question, Result, Row, Target, TargetKind, Verdict, Verifying
from pact_gate.report.statuses import Status, left_pending, statuses

ORDERS = "7a81af3e591ac713f81ea1efe93dcf36157d8376"
PRODUCTS = "516b9783fca517eecbd1d064da2d165310b19759"
QUESTION = Question((("orders", ORDERS),), Target(name="production"))
PASSED = Row("orders", ORDERS, "products", PRODUCTS, Result.PASSED)
FAILED = replace(PASSED, result=Result.FAILED, failures=("body $.price is a text.", "another"))
MISSING = replace(PASSED, result=Result.NONE, provider_version=None, candidates=(PRODUCTS,))
ABSENT = replace(PASSED, result=Result.ABSENT, provider_version=None)
RUN = "https://github.example/run/1"


def given_(verdict: Verdict, *rows: Row, waiting: bool = False, question: Question = QUESTION) -> tuple[Status, ...]:
    decision = Decision(verdict, "Because of this.", "Do that.", rows)
    return statuses(question, decision, waiting=waiting)


@pytest.mark.parametrize(
    ("row", "state", "description"),
    [
        (PASSED, "success", "products 516b9783fc honours it."),
        (replace(PASSED, result=Result.IGNORED), "success", "Ignored: it takes no part in the answer."),
        (
            FAILED,
            "failure",
            "products 516b9783fc does not honour it: body $.price is a text. Mend one of the two, and verify again.",
        ),
        (
            replace(FAILED, failures=()),
            "failure",
            "products 516b9783fc does not honour it. Mend one of the two, and verify again.",
        ),
        (
            MISSING,
            "failure",
            "products 516b9783fc is not verified. Run its verification (actions/verify), then this gate again.",
        ),
        (
            ABSENT,
            "failure",
            "products is not in production. Deploy a version that passes there, and record it.",
        ),
        (
            replace(ABSENT, verified_elsewhere=("1", PRODUCTS)),
            "failure",
            "products is not in production. Deploy 516b9783fc there, and record it.",
        ),
        (
            replace(MISSING, run=Verifying(url=RUN, state="failure", ended=True)),
            "failure",
            f"The run that was to verify products 516b9783fc ended without a result. Open {RUN}",
        ),
        (
            replace(MISSING, run=Verifying(problem="its repository is not known.", next_step="Name it.")),
            "failure",
            "Nobody was asked to verify products 516b9783fc: its repository is not known. Name it.",
        ),
    ],
)
def test_an_integration_says_what_is_wrong_and_what_to_do(row, state, description) -> None:
    assert given_(Verdict.FAILED, row)[1:] == (Status("pact: orders -> products", state, description),)


def test_only_what_may_still_come_is_pending() -> None:
    hopeless = replace(MISSING, provider="stock", run=Verifying(url=RUN, ended=True))
    rows = (MISSING, hopeless, replace(PASSED, provider="mail"))
    overall, mail, products, stock = given_(Verdict.WAITING, *rows, waiting=True)
    assert products == Status("pact: orders -> products", "pending", "Waiting for products 516b9783fc to be verified.")
    assert (overall.state, mail.state, stock.state) == ("pending", "success", "failure")
    assert overall.description == "Waiting for products 516b9783fc to be verified."
    final = given_(Verdict.WAITING, *rows)
    assert [status.state for status in final] == ["failure", "success", "failure", "failure"]


@pytest.mark.parametrize("waiting", [False, True])
@pytest.mark.parametrize("verdict", Verdict)
def test_the_overall_status_has_the_verdict_with_rows_and_without(verdict, waiting) -> None:
    (overall,) = given_(verdict, waiting=waiting)
    awaited = waiting and verdict is Verdict.WAITING
    said = "Waiting for results to be verified." if awaited else "Because of this. Do that."
    assert overall[::2] == ("pact-gate: orders to production", said)
    pending = waiting and verdict in {Verdict.WAITING, Verdict.BROKER_ERROR}
    final = {Verdict.YES: "success", Verdict.BROKER_ERROR: "error"}.get(verdict, "failure")
    assert overall.state == ("pending" if pending else final)


def test_before_the_first_answer_the_gate_is_waited_for() -> None:
    (status,) = statuses(QUESTION, Decision(), waiting=True)
    assert status[1:] == ("pending", "Waiting for the broker's answer.")
    (status,) = statuses(QUESTION, Decision(), waiting=False)
    assert status[1:] == ("error", "There is no answer from the broker.")


@pytest.mark.parametrize("order", [1, -1])
def test_the_worst_version_decides_and_the_order_of_rows_does_not(order) -> None:
    rows = (PASSED, FAILED, replace(PASSED, provider="a", result=Result.IGNORED), MISSING)[::order]
    found = [(status.context, status.state) for status in given_(Verdict.FAILED, *rows)[1:]]
    assert found == [("pact: orders -> a", "success"), ("pact: orders -> products", "failure")]


@pytest.mark.parametrize(
    ("target", "context"),
    [
        (Target(TargetKind.MAIN_BRANCH), "pact-gate: orders, stock with the main branches"),
        (Target(TargetKind.BRANCH, "feat/x"), "pact-gate: orders, stock with branch feat/x"),
        (Target(TargetKind.TAG, "prod"), "pact-gate: orders, stock with tag prod"),
    ],
)
def test_a_repository_can_require_the_overall_status_by_its_name(target, context) -> None:
    question = Question((("orders", ORDERS), ("stock", "1")), target)
    assert given_(Verdict.YES, question=question)[0].context == context
    other_versions = replace(question, asked=(("orders", "2"), ("stock", "3")))
    assert given_(Verdict.YES, question=other_versions)[0].context == context


def test_a_status_that_nothing_is_said_of_any_more_is_ended() -> None:
    """The broker may be gone after the gate has waited for it."""
    shown = given_(Verdict.WAITING, MISSING, replace(MISSING, provider="stock"), PASSED, waiting=True)
    final = given_(Verdict.BROKER_ERROR)
    ended = left_pending([*shown, *shown], final)
    assert [(status.context, status.state) for status in ended] == [
        ("pact: orders -> products", "error"),
        ("pact: orders -> stock", "error"),
    ]
    assert left_pending(shown, given_(Verdict.STUCK, MISSING, replace(MISSING, provider="stock"))) == ()


# --- what GitHub takes ----------------------------------------------------------------------------------------

NAMES = st.one_of(
    st.text(min_size=1, max_size=400),
    st.sampled_from(["a", "a -> b", "b", "b -> a", "a\n", "a\x1b[0m", "a ", " a", "a, b", "\ud800", "x" * 250]),
    st.text("ab ->,#", min_size=1, max_size=8),
)
PAIRS = st.tuples(NAMES, NAMES)


def context(pair: tuple[str, str]) -> str:
    row = replace(PASSED, consumer=pair[0], provider=pair[1])
    return given_(Verdict.YES, row)[1].context


@given(one=PAIRS, other=PAIRS)
def test_two_integrations_never_have_one_name(one, other) -> None:
    assert (context(one) == context(other)) == (one == other)
    assert len(context(one)) <= 255


def test_names_that_begin_alike_stay_apart() -> None:
    long = "x" * 300
    contexts = {context((long, "a")), context((long, "b")), context(("a -> b", "c")), context(("a", "b -> c"))}
    forged = context(("a\x1b[0m", "b"))
    assert len(contexts | {forged, context(("a", forged.removeprefix("pact: a -> ")))}) == 6


def test_two_gates_never_have_one_name() -> None:
    gates = [
        Question((("a to b", "1"),), Target(name="c")),
        Question((("a", "1"),), Target(name="b to c")),
        Question((("a", "1"),), Target(TargetKind.BRANCH, "c")),
        Question((("a", "1"),), Target(TargetKind.BRANCH, "c\x1b[0m")),
        Question((("a", "1"), ("b", "1")), Target(name="c")),
        Question((("a, b", "1"),), Target(name="c")),
        Question((("a", "1"),), Target(TargetKind.MAIN_BRANCH)),
        Question((("a", "1"),), Target(TargetKind.BRANCH, "x" * 300)),
        Question((("a", "1"),), Target(TargetKind.BRANCH, "x" * 301)),
    ]
    contexts = {given_(Verdict.YES, question=question)[0].context for question in gates}
    assert len(contexts) == len(gates)
    assert max(map(len, contexts)) <= 255


@given(name=NAMES)
def test_whatever_names_there_are_github_takes_the_status(name) -> None:
    row = Row(name, name, name, name, Result.FAILED, failures=(name,))
    question = Question(((name, name),), Target(TargetKind.BRANCH, name))
    for status in statuses(question, Decision(Verdict.FAILED, f"{name}.", name, (row,)), waiting=False):
        assert 0 < len(status.context) <= 255
        assert 0 < len(status.description) <= 140
        for text in status:
            assert not set(text.encode().decode()) & set("\n\r\x00\x1b\u202e")
