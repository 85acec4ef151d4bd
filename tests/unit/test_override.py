"""Break-glass: who may let a no pass, what of it is kept, and that nobody else can."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.github.state import Answer, Approval, GitHub, Repository, Run, Trouble

from pact_gate.commands import can_i_deploy
from pact_gate.connect import connect_github
from pact_gate.model import override
from pact_gate.model.errors import InputError
from pact_gate.model.gate import Question, Target, TargetKind, Verdict
from pact_gate.report.annotations import annotations
from pact_gate.report.summary import summary
from pact_gate.settings.github import GitHubSettings
from pact_gate.settings.inputs import Inputs

TOKEN = "t0ken-of-the-run"
REASON = "The outage of 12 March: orders must ship </details><img src=x> @everyone"
ENVIRONMENT = "contract-override"


def in_days(days: float) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).strftime("%Y-%m-%dT%H:%MZ")


@dataclass
class Gate:
    """A gate that says no to orders, in a run that alice started and bob, a reviewer, let go on."""

    local: Any
    github: GitHub
    ours: Repository
    run: Run
    folder: Path

    def ask(self, *, version: str = "", **inputs: str) -> Any:
        given = {
            "pacticipant": "orders",
            "version": version,
            "to-environment": "production",
            "override-environment": ENVIRONMENT,
            "override-reason": REASON,
            "override-until": in_days(2),
            **{name.replace("_", "-"): value for name, value in inputs.items()},
        }
        environment = {
            "GITHUB_REPOSITORY": "acme/orders",
            "GITHUB_RUN_ID": str(self.run.id),
            "GITHUB_ACTOR": "alice",
            "GITHUB_TRIGGERING_ACTOR": "Alice",
        }
        step = self.local.step(self.folder)
        settings = GitHubSettings(TOKEN, self.github.url)
        step = replace(step, connect_github=lambda _: connect_github(settings))
        return can_i_deploy.run(Inputs(given, environment), step)


@pytest.fixture
def gate(local: Any, github: GitHub, tmp_path: Path) -> Gate:
    ours = github.repository("acme/orders")
    github.token(TOKEN, "acme/orders", actions="read", issues="write")
    ours.environment(ENVIRONMENT, reviewers=["bob", "carol"])
    run = ours.run(ours.workflow("break-glass.yml", "on: workflow_dispatch"), "workflow_dispatch", "main")
    run.approvals = [Approval([ENVIRONMENT], "bob")]
    local.client.put_version("orders", "known", None)
    local.client.create_environment("production")
    return Gate(local, github, ours, run, tmp_path)


def test_a_reviewers_word_lets_a_no_pass_and_it_is_kept(gate) -> None:
    """The verdict stays what it is; the summary and the annotation say who, why and until when; an issue records it."""
    outcome = gate.ask()
    assert outcome.exit_code == 0
    assert outcome.decision.verdict is Verdict.NO_SUCH_VERSION
    told = {name: outcome.outputs[name] for name in ("verdict", "deployable", "overridden")}
    assert told == {"verdict": "no-such-version", "deployable": "false", "overridden": "true"}
    [issue] = gate.ours.issues.values()
    assert issue.labels == [override.LABEL]
    assert "bob" in issue.body
    assert "no-such-version" in issue.body
    text = summary(outcome)
    for each in (text, issue.body):
        assert "The outage of 12 March" in each
        assert "<img" not in each
        assert "@everyone" not in each
    assert "(overridden)" in text
    [annotation] = annotations(outcome)
    assert annotation.level == "warning"
    assert "bob let it pass until" in annotation.message


def test_a_run_that_is_started_again_records_it_once(gate) -> None:
    gate.ask()
    assert gate.ask().outputs["overridden"] == "true"
    assert len(gate.ours.issues) == 1


NOBODY: dict[str, tuple[Callable[[Gate], object], str]] = {
    "no environment": (lambda g: g.ours.environments.clear(), "has no required reviewers"),
    "no reviewers": (lambda g: g.ours.environment(ENVIRONMENT, wait_minutes=1), "has no required reviewers"),
    "nobody looked": (lambda g: g.run.approvals.clear(), "No reviewer of the environment"),
    "rejected": (lambda g: setattr(g.run.approvals[0], "state", "rejected"), "No reviewer of the environment"),
    "another environment": (lambda g: setattr(g.run.approvals[0], "environments", ["production"]), "No reviewer"),
    "who started it": (lambda g: setattr(g.run.approvals[0], "user", "ALICE"), "who started this run"),
    "no permission to read": (
        lambda g: g.github.token(TOKEN, "acme/orders", issues="write"),
        "does not allow this to the token",
    ),
    "no permission to record": (
        lambda g: g.github.token(TOKEN, "acme/orders", actions="read", issues="read"),
        "does not allow this to the token",
    ),
    "GitHub is broken": (
        lambda g: g.github.troubles.append(Trouble(Answer(200, b"<html>"), 9)),
        "does not speak as GitHub does",
    ),
}


@pytest.mark.parametrize(("spoil", "word"), NOBODY.values(), ids=NOBODY)
def test_without_a_reviewers_word_or_a_record_the_no_stays(gate, spoil, word) -> None:
    """With the sentence that says what is missing, and nothing recorded."""
    spoil(gate)
    outcome = gate.ask()
    assert (outcome.exit_code, outcome.outputs["overridden"]) == (1, "false")
    assert word in outcome.overrides.refused
    assert "Not overridden" in summary(outcome)
    assert gate.ours.issues == {}


def test_it_works_where_the_broker_does_not(gate) -> None:
    """A broker that is down is when it is needed."""
    gate.local.application.close()
    gate.local.__class__.__call__, kept = _down, gate.local.__class__.__call__
    try:
        outcome = gate.ask()
    finally:
        gate.local.__class__.__call__ = kept
    assert (outcome.decision.verdict, outcome.exit_code) == (Verdict.BROKER_ERROR, 0)


def _down(_: Any, __: Any, start_response: Any) -> Any:
    start_response("404 Not Found", [("Content-Type", "text/plain"), ("Content-Length", "0")])
    return [b""]


def test_a_yes_is_not_overridden(gate) -> None:
    outcome = gate.ask(version="known")
    assert (outcome.outputs["verdict"], outcome.outputs["overridden"]) == ("yes", "false")
    assert gate.ours.issues == {}


def test_the_next_gates_name_it_until_it_is_resolved(gate) -> None:
    """Also after its time, also with a yes; not for another target, and not once the issue is closed."""
    gate.ask()
    later = {"override_reason": "", "override_until": ""}
    gate.run.id = 4711
    gate.local.step = _with_another_run(gate.local.step)
    named = gate.ask(version="known", **later)
    assert "was let pass until" in summary(named)
    assert (named.exit_code, named.outputs["overridden"]) == (0, "false")
    again = gate.ask(**later)
    assert (again.exit_code, again.outputs["overridden"]) == (1, "false"), "an override holds for its own run alone"
    gate.local.client.create_environment("test")
    assert gate.ask(version="known", to_environment="test", **later).overrides.still_open == ()
    next(iter(gate.ours.issues.values())).state = "closed"
    assert gate.ask(version="known", **later).overrides.still_open == ()


def _with_another_run(step: Any) -> Any:
    def made(folder: Path) -> Any:
        found = step(folder)
        return replace(found, find_commit=lambda: found.find_commit()._replace(build_url="https://ci.example/2"))

    return made


def test_nobody_else_can_write_a_record(gate) -> None:
    """An issue of a person's with our label and our first line is none."""
    gate.ask()
    issue = next(iter(gate.ours.issues.values()))
    issue.user = "mallory"
    gate.ask()
    assert [each.user for each in gate.ours.issues.values()] == ["mallory", "github-actions[bot]"]


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({"override_until": ""}, "`override-until` is missing"),
        ({"override_environment": ""}, "`override-environment` is missing"),
        ({"override_until": "tomorrow"}, "no date or time"),
        ({"override_until": in_days(-1)}, "is over"),
        ({"override_until": in_days(9)}, "more than 7 days"),
        ({"override_until": "2020-01-31"}, "is over"),
    ],
)
def test_an_override_says_why_and_until_when(gate, given, word) -> None:
    with pytest.raises(InputError, match=word):
        gate.ask(**given)


TEXTS = st.text(max_size=40)


@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=3), TEXTS, TEXTS)
def test_a_record_is_read_as_it_was_written_and_breaks_out_of_no_comment(asked, target, run_url) -> None:
    question = Question(tuple(asked), Target(TargetKind.ENVIRONMENT, target))
    until = datetime(2026, 1, 31, tzinfo=UTC)
    line = override.record(question, until, run_url)
    assert "\n" not in line
    assert line.count("--") == 2
    found = override.still_open(f"{line}\n\nmore", "https://x", question)
    assert found == override.OpenOverride(tuple(asked), until, "https://x")
    assert override.is_of_run(line, run_url) is bool(run_url)


@pytest.mark.parametrize(
    "body", ["", "<!-- pact-gate-override: -->", "<!-- pact-gate-override: [] -->", "<!-- pact-gate-override: {} -->"]
)
def test_what_is_no_record_is_passed_over(body) -> None:
    assert override.still_open(body, "", Question((("orders", "1"),))) is None
