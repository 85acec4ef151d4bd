"""Break-glass: who may let a no pass, what of it is kept, and that nobody else can."""

from __future__ import annotations

import json
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
    token: str | None = TOKEN
    actor: str = "alice"

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
            "GITHUB_ACTOR": self.actor,
            "GITHUB_TRIGGERING_ACTOR": self.actor.title(),
        }
        step = self.local.step(self.folder)
        settings = GitHubSettings(self.token, self.github.url)
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


def test_each_gate_of_a_run_has_its_own_record(gate) -> None:
    """A run may ask for several services and targets: no record stands for another's."""
    gate.local.client.create_environment("test")
    gate.local.client.put_version("billing", "known", None)
    for other in ({}, {"to_environment": "test"}, {"pacticipant": "billing"}, {"version": "another"}):
        assert gate.ask(**other).outputs["overridden"] == "true"
    assert [issue.title.partition(": ")[2] for issue in gate.ours.issues.values()] == [
        "orders to production",
        "orders to test",
        "billing to production",
        "orders to production",
    ]


def test_an_environment_is_meant_whatever_the_case_of_its_name(gate) -> None:
    """GitHub finds it by any, and names it as it was made."""
    gate.ours.environments[ENVIRONMENT.upper()] = gate.ours.environments[ENVIRONMENT]
    assert gate.ask(override_environment=ENVIRONMENT.upper()).outputs["overridden"] == "true"


@pytest.mark.parametrize(("version", "verdict"), [("known", "yes"), ("", "no-such-version")])
def test_without_a_token_the_gate_answers_as_ever(gate, version, verdict) -> None:
    """Its verdict, and a no that stays: what is only to be told does not end it."""
    answered = replace(gate, token=None).ask(version=version)
    assert (answered.outputs["verdict"], answered.outputs["overridden"]) == (verdict, "false")
    assert ("No token for GitHub" in answered.overrides.refused) is (verdict != "yes")


NOBODY: dict[str, tuple[Callable[[Gate], object], str]] = {
    "no environment": (lambda g: g.ours.environments.clear(), "has no required reviewers"),
    "no reviewers": (lambda g: g.ours.environment(ENVIRONMENT, wait_minutes=1), "has no required reviewers"),
    "nobody looked": (lambda g: g.run.approvals.clear(), "No reviewer of the environment"),
    "rejected": (lambda g: setattr(g.run.approvals[0], "state", "rejected"), "bob has rejected it"),
    "one of two rejected": (
        lambda g: g.run.approvals.append(Approval([ENVIRONMENT], "carol", state="rejected")),
        "carol has rejected it",
    ),
    "an app": (lambda g: setattr(g.run.approvals[0], "user", "deployer[bot]"), "No reviewer of the environment"),
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


REVIEW = {"state": "approved", "environments": [{"name": ENVIRONMENT}], "user": {"login": "bob", "type": "User"}}
SHAPES = ["x", 5, [None], ["x"], [[]], {"name": ENVIRONMENT, "protection_rules": [None]}, [{**REVIEW, "user": "bob"}]]
SHAPES += [[{**REVIEW, "environments": named}] for named in (5, ["x"], [{}])]
REVIEWED = {"name": ENVIRONMENT, "protection_rules": [{"type": "required_reviewers", "reviewers": 1}]}


@pytest.mark.parametrize("shape", [*SHAPES, REVIEWED], ids=repr)
@pytest.mark.parametrize("path", ["/environments/", "/approvals$"])
def test_what_is_no_answer_of_githubs_lets_nothing_pass(gate, path, shape) -> None:
    """A proxy may answer in its place: the no stays, and pact-gate does not break."""
    gate.github.trouble(Answer(200, shape), path=path)
    assert (gate.ask().exit_code, gate.ours.issues) == (1, {})


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
        ({"override_until": in_days(7.01)}, "more than 7 days"),
        ({"override_until": in_days(8)[:10]}, "more than 7 days"),
        ({"dry_run": "true"}, "A dry run passes"),
        ({"override_until": "2020-01-31"}, "is over"),
    ],
)
def test_an_override_says_why_and_until_when(gate, given, word) -> None:
    with pytest.raises(InputError, match=word):
        gate.ask(**given)


def test_where_nobody_knows_who_started_it_nobody_can_override(gate) -> None:
    """Whoever started it could be the one who approved it."""
    with pytest.raises(InputError, match="outside of GitHub Actions"):
        replace(gate, actor="").ask()


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
    assert override.is_of_run(line, question, run_url) is bool(run_url)


@pytest.mark.parametrize("until", ["2026-01-31", "2026-01-31T00:00:00", "0001-01-01T00:00:00+23:59", "", 5, None])
def test_a_record_that_somebody_has_changed_stops_no_gate(gate, until) -> None:
    """Who may write in the repository may change the text of an issue."""
    gate.ask()
    [issue] = gate.ours.issues.values()
    document = json.loads(issue.body.partition("\n")[0].removeprefix("<!-- pact-gate-override: ").removesuffix(" -->"))
    changed = json.dumps({**document, "until": until, "run": "another"})
    issue.body = f"<!-- pact-gate-override: {changed} -->"
    outcome = gate.ask(version="known", override_reason="", override_until="")
    assert (outcome.exit_code, outcome.overrides.still_open) == (0, ())


@pytest.mark.parametrize(
    "body", ["", "<!-- pact-gate-override: -->", "<!-- pact-gate-override: [] -->", "<!-- pact-gate-override: {} -->"]
)
def test_what_is_no_record_is_passed_over(body) -> None:
    assert override.still_open(body, "", Question((("orders", "1"),))) is None
