"""The gate's rules: one table from what the broker says to the verdict, and what no answer may ever do."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pact_gate.model.decision import decide, overlooked
from pact_gate.model.gate import Matrix, Question, Result, Row, Target, TargetKind, Verdict, Verifying
from pact_gate.model.unknown import Cause, Explanation

ENVIRONMENT = Question((("orders", "1"),), Target(TargetKind.ENVIRONMENT, "production"))
BRANCH = replace(ENVIRONMENT, target=Target(TargetKind.BRANCH, "main"))


def row(result: Result, provider: str = "products", version: str | None = "7", **more: object) -> Row:
    there = version if result not in (Result.NONE, Result.ABSENT) else None
    return Row("orders", "1", provider, there, result, **more)  # type: ignore[arg-type]


PASSED, FAILED, NONE, ABSENT, IGNORED = (row(result) for result in Result)
assert [each.result for each in (PASSED, FAILED, NONE, ABSENT, IGNORED)] == list(Result)

# What the broker says, its rows, whether its answer may have been cut -> the verdict, and a word of the reason.
TABLE = [
    (True, (PASSED,), False, Verdict.YES, "1 integration is verified"),
    (True, (PASSED, row(Result.PASSED, "stock"), IGNORED), False, Verdict.YES, "2 integrations are verified, none is"),
    (True, (PASSED, IGNORED), False, Verdict.YES, "1 is ignored"),
    (False, (FAILED,), False, Verdict.FAILED, "products 7 does not honour what orders 1 needs."),
    (False, (FAILED, row(Result.FAILED, "stock")), False, Verdict.FAILED, "(and 1 more)"),
    (None, (NONE, FAILED), False, Verdict.FAILED, "products 7 does not"),
    (True, (PASSED, FAILED), False, Verdict.FAILED, "products 7 does not"),
    (True, (FAILED,), True, Verdict.FAILED, "products 7 does not"),
    (False, (NONE, ABSENT, FAILED), False, Verdict.FAILED, "products 7 does not"),
    (True, (PASSED,), True, Verdict.BROKER_ERROR, "some may be missing"),
    (None, (NONE,), True, Verdict.BROKER_ERROR, "some may be missing"),
    (False, (), False, Verdict.NO_SUCH_VERSION, "no version 1 of orders"),
    (False, (PASSED,), False, Verdict.NO_SUCH_VERSION, "no version 1 of orders"),
    (False, (ABSENT, NONE), False, Verdict.NO_SUCH_VERSION, "no version 1 of orders"),
    (None, (ABSENT,), False, Verdict.NOT_IN_ENVIRONMENT, "products is not there: no version of it is deployed"),
    (None, (NONE, ABSENT), False, Verdict.NOT_IN_ENVIRONMENT, "Nor has any version"),
    (True, (PASSED, ABSENT), False, Verdict.NOT_IN_ENVIRONMENT, "products is not there"),
    (None, (PASSED, NONE), False, Verdict.WAITING, "There is no result of products"),
    (True, (PASSED, NONE), False, Verdict.WAITING, "There is no result of products"),
    (None, (PASSED,), False, Verdict.WAITING, "does not know yet"),
    (None, (), False, Verdict.WAITING, "does not know yet"),
    ("true", (PASSED,), False, Verdict.WAITING, "does not know yet"),
    (1, (PASSED,), False, Verdict.WAITING, "does not know yet"),
]


@pytest.mark.parametrize(("deployable", "rows", "cut", "verdict", "word"), TABLE)
def test_what_the_broker_says_and_what_follows(deployable, rows, cut, verdict, word) -> None:
    decision = decide(ENVIRONMENT, Matrix(deployable, rows, cut))
    assert decision.verdict is verdict
    assert word in decision.reason
    assert bool(decision.next_step) == (verdict is not Verdict.YES)
    assert decision.rows == rows
    assert not decision.compared_nothing


@pytest.mark.parametrize(
    ("deployable", "rows", "verdict"),
    [
        (None, (PASSED,), Verdict.YES),
        (None, (PASSED, NONE), Verdict.WAITING),
        (None, (FAILED,), Verdict.FAILED),
        (False, (PASSED,), Verdict.NO_SUCH_VERSION),
    ],
)
def test_of_a_branch_the_brokers_own_word_is_of_no_use(deployable, rows, verdict) -> None:
    assert decide(BRANCH, Matrix(deployable, rows)).verdict is verdict


@pytest.mark.parametrize(("deployable", "rows"), [(True, ()), (True, (IGNORED,)), (True, (IGNORED, IGNORED))])
def test_a_yes_that_compared_nothing_says_so(deployable, rows) -> None:
    decision = decide(ENVIRONMENT, Matrix(deployable, rows))
    assert (decision.verdict, decision.compared_nothing) == (Verdict.YES, True)
    assert "Nothing was compared" in decision.reason
    assert ("ignored" in decision.reason) == bool(rows)
    assert decision.next_step
    sure = decide(ENVIRONMENT, Matrix(deployable, rows), fail_if_empty=True)
    assert (sure.verdict, sure.compared_nothing) == (Verdict.NOT_IN_ENVIRONMENT, True)


def test_who_waited_in_vain_is_stuck() -> None:
    decision = decide(ENVIRONMENT, Matrix(None, (NONE,)), waited_seconds=90)
    assert decision.verdict is Verdict.STUCK
    assert "waited 90 seconds" in decision.reason
    assert "raise `timeout`" in decision.next_step
    assert "With `timeout` the gate waits" in decide(ENVIRONMENT, Matrix(None, (NONE,))).next_step
    assert decide(ENVIRONMENT, Matrix(None, (NONE, FAILED)), waited_seconds=90).verdict is Verdict.FAILED
    assert decide(ENVIRONMENT, Matrix(None, (NONE, ABSENT)), waited_seconds=90).verdict is Verdict.NOT_IN_ENVIRONMENT


def test_several_that_go_together_are_all_named() -> None:
    both = Question((("orders", "1"), ("products", "f" * 40)), ENVIRONMENT.target)
    assert "no version 1 of orders or ffffffffff of products" in decide(both, Matrix(False, ())).reason


@pytest.mark.parametrize(
    ("target", "lacks", "bring"),
    [
        (
            Target(TargetKind.ENVIRONMENT, "production"),
            "deployed or released in production",
            "Deploy 6 of products to production",
        ),
        (Target(TargetKind.MAIN_BRANCH), "on its main branch", "on its main branch (actions/verify)"),
        (Target(TargetKind.BRANCH, "main"), "on the branch main", "on the branch main (actions/verify)"),
        (Target(TargetKind.TAG, "prod"), "tagged prod", "tagged prod (actions/verify)"),
    ],
)
def test_where_a_provider_is_missing_and_how_it_gets_there(target, lacks, bring) -> None:
    elsewhere = row(Result.ABSENT, verified_elsewhere=("5", "6"))
    decision = decide(replace(ENVIRONMENT, target=target), Matrix(None, (elsewhere,)))
    assert f"no version of it is {lacks}" in decision.reason
    assert "Its version 6 honours what orders 1 needs" in decision.reason
    assert bring in decision.next_step


def test_a_run_that_published_under_another_version_is_told() -> None:
    """It ended well, and its result is kept where nobody looks for it."""
    why = Explanation(Cause.MERGE_COMMIT, "The result is kept under 6, a merge commit.", "Verify 7.")
    ended = Verifying("https://github.example/runs/1", "success", ended=True)
    found = row(Result.NONE, candidates=("7",), run=ended, causes=(why,))
    decision = decide(ENVIRONMENT, Matrix(None, (found,)))
    assert decision.verdict is Verdict.STUCK
    assert decision.reason.endswith("https://github.example/runs/1 The result is kept under 6, a merge commit.")
    assert decision.next_step == "Verify 7."


def test_what_is_verified_elsewhere_is_not_what_counts() -> None:
    found = row(Result.NONE, candidates=("7",), verified_elsewhere=("6",))
    decision = decide(ENVIRONMENT, Matrix(None, (found,)))
    assert "no result of products 7" in decision.reason
    assert "verified by 6, which is not the version that counts" in decision.reason
    assert "its `selectors` must take in orders 1" in decision.next_step


# --- what the broker does not list ----------------------------------------------------------------------------


def test_a_provider_that_is_there_twice_must_pass_twice() -> None:
    """The matrix lists the version that has a result; the other one, in a second instance, has no row."""
    missing = list(overlooked(ENVIRONMENT, (PASSED,), {"products": {"7", "8"}, "stock": {"1"}}))
    assert [(each.provider, each.candidates, each.result) for each in missing] == [("products", ("8",), Result.NONE)]
    assert missing[0].provider_version is None


@pytest.mark.parametrize(
    ("question", "rows", "there"),
    [
        (ENVIRONMENT, (PASSED,), {"products": {"7"}}),
        (ENVIRONMENT, (PASSED,), {}),
        (ENVIRONMENT, (PASSED, row(Result.FAILED, version="8")), {"products": {"7", "8"}}),
        (ENVIRONMENT, (IGNORED,), {"products": {"7", "8"}}),
        (Question((("products", "7"),)), (PASSED,), {"products": {"6"}}),
        (Question((("orders", "1"), ("products", "7"))), (PASSED,), {"products": {"6"}}),
    ],
)
def test_nothing_is_overlooked(question, rows, there) -> None:
    assert list(overlooked(question, rows, there)) == []


# --- no answer is ever a wrong yes ----------------------------------------------------------------------------

matrices = st.builds(
    Matrix,
    deployable=st.sampled_from([True, False, None, "true", 1, 0, ""]),
    rows=st.lists(st.sampled_from([PASSED, FAILED, NONE, ABSENT, IGNORED]), max_size=5).map(tuple),
    cut=st.booleans(),
)
questions = st.builds(
    Question,
    asked=st.lists(st.tuples(st.text(), st.text()), min_size=1, max_size=3).map(tuple),
    target=st.builds(Target, st.sampled_from(TargetKind), st.text()),
)


@given(questions, matrices, st.booleans(), st.floats(0, 1e6))
def test_yes_only_if_the_broker_and_every_row_say_so(question, matrix, fail_if_empty, waited) -> None:
    decision = decide(question, matrix, fail_if_empty=fail_if_empty, waited_seconds=waited)
    results = {each.result for each in matrix.rows}
    if decision.verdict is Verdict.YES:
        own_word = matrix.deployable is True or (
            matrix.deployable is None and question.target.kind is TargetKind.BRANCH
        )
        assert own_word
        assert not matrix.cut
        assert results <= {Result.PASSED, Result.IGNORED}
        assert Result.PASSED in results or decision.compared_nothing
        assert not (decision.compared_nothing and fail_if_empty)
    if Result.FAILED in results:
        assert decision.verdict is Verdict.FAILED, "nothing hides a failed row"
    assert decision.reason
