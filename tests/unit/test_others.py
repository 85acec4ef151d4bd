"""What a yes says nothing about, and the team's own checks beside it: shown on request, and deciding nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt
from tests.github.state import Answer, GitHub, Job, Repository, sha

from pact_gate.commands import can_i_deploy
from pact_gate.connect import connect_github
from pact_gate.model.errors import InputError
from pact_gate.model.gate import Verdict
from pact_gate.model.others import CheckResult, CheckState, OtherCheck, Uncovered
from pact_gate.report import others
from pact_gate.report.summary import summary
from pact_gate.report.text import text
from pact_gate.settings.github import GitHubSettings
from pact_gate.settings.inputs import Inputs

TOKEN = "t0ken-of-the-run"
HEAD = sha("head")
CONFIG = """checks:
  - { name: Smoke tests, covers: [network, performance], environment: staging }
  - { name: End to end, covers: [business-rules], check-run: e2e }
  - { name: Penetration test, check-run: pentest }
"""


@dataclass
class Gate:
    """A gate about the commit HEAD, to which nothing is opposed: it provides nothing and needs nothing."""

    local: Any
    github: GitHub
    ours: Repository
    folder: Path
    token: str | None = TOKEN

    def ask(self, **inputs: str) -> Any:
        given = {"pacticipant": "orders", "version": HEAD, "to-environment": "production", "not-covered": "true"}
        step = self.local.step(self.folder)
        settings = GitHubSettings(self.token, self.github.url)
        step = replace(step, connect_github=lambda _: connect_github(settings))
        return can_i_deploy.run(Inputs(given | inputs, {"GITHUB_REPOSITORY": "acme/orders"}), step)

    def states(self, **inputs: str) -> dict[str, CheckState]:
        return {each.check.name: each.state for each in self.ask(**inputs).other_checks}


@pytest.fixture
def gate(local: Any, github: GitHub, tmp_path: Path) -> Gate:
    ours = github.repository("acme/orders")
    ours.branches["feat"] = HEAD
    github.token(TOKEN, "acme/orders", checks="read", deployments="read")
    local.client.put_version("orders", HEAD, None)
    local.client.create_environment("production")
    (tmp_path / "pact-gate.yml").write_text(CONFIG, "utf-8")
    return Gate(local, github, ours, tmp_path)


def job(gate: Gate, name: str, conclusion: str | None) -> None:
    run = gate.ours.run(gate.ours.workflow("ci.yml", "on: push"), "push", "feat")
    run.jobs.append(Job(name, conclusion))
    gate.github.identify(run.jobs)


@pytest.mark.parametrize(
    ("conclusions", "state"),
    [
        ([], CheckState.NOT_RUN),
        (["success"], CheckState.PASSED),
        (["failure"], CheckState.FAILED),
        (["timed_out"], CheckState.FAILED),
        (["cancelled"], CheckState.FAILED),
        (["action_required"], CheckState.FAILED),
        (["skipped"], CheckState.NOT_RUN),
        (["neutral"], CheckState.NOT_RUN),
        ([None], CheckState.RUNNING),
        (["success", None], CheckState.RUNNING),
        (["success", "failure", None], CheckState.FAILED),
        (["success", "skipped"], CheckState.NOT_RUN),
    ],
)
def test_of_several_runs_of_a_check_the_worst_is_shown(gate, conclusions, state) -> None:
    for conclusion in conclusions:
        job(gate, "e2e", conclusion)
    job(gate, "another", "failure")
    assert gate.states()["End to end"] is state


@pytest.mark.parametrize(
    ("states", "state"),
    [
        (None, CheckState.NOT_RUN),
        ([], CheckState.RUNNING),
        (["queued", "in_progress"], CheckState.RUNNING),
        (["in_progress", "success"], CheckState.PASSED),
        (["success", "inactive"], CheckState.PASSED),  # a later commit is there now
        (["in_progress", "failure"], CheckState.FAILED),
        (["error"], CheckState.FAILED),
    ],
)
def test_a_deployment_is_what_became_of_the_commits_newest(gate, states, state) -> None:
    gate.ours.deployment(sha("other"), "staging", "failure")
    gate.ours.deployment(HEAD, "production", "failure")
    if states is not None:
        gate.ours.deployment(HEAD, "staging", "failure")
        gate.ours.deployment(HEAD, "staging", *states)
    assert gate.states()["Smoke tests"] is state


def test_a_check_that_failed_changes_no_answer(gate) -> None:
    job(gate, "e2e", "failure")
    outcome = gate.ask()
    assert (outcome.decision.verdict, outcome.exit_code) == (Verdict.YES, 0)
    page, log = summary(outcome), text(outcome)
    assert "| **Business rules**: whether what the provider answers is right | ❌ [End to end](" in page
    assert "| **Authorisation**: who may do what: a contract compares shapes alone | no check is named |" in page
    assert "| **Besides**: what the team looks at in other ways | ⚪ Penetration test: not run |" in page
    assert "    End to end: failed http" in log


def test_nobody_who_did_not_ask_is_told(gate) -> None:
    outcome = gate.ask(**{"not-covered": "false"})
    assert outcome.other_checks is None
    assert "says nothing about" not in summary(outcome) + text(outcome)
    assert not gate.github.requests


def test_without_a_file_the_list_stands_alone(gate) -> None:
    (gate.folder / "pact-gate.yml").unlink()
    page = summary(gate.ask())
    assert page.count("no check is named") == len(Uncovered)
    assert not gate.github.requests


@pytest.mark.parametrize(
    ("token", "why"),
    [(None, "github-token"), ("t0ken-of-another", "checks"), ("unknown", "does not accept the token")],
)
def test_what_cannot_be_looked_at_is_not_known_and_the_answer_stands(gate, token, why) -> None:
    gate.github.token("t0ken-of-another", "acme/orders", contents="read")
    gate.token = token
    outcome = gate.ask()
    assert outcome.exit_code == 0
    assert {each.state for each in outcome.other_checks} == {CheckState.NOT_KNOWN}
    assert why in outcome.other_checks[1].why


def test_a_version_that_is_no_commit_has_no_checks(gate) -> None:
    gate.local.client.put_version("orders", "1.2.3", None)
    outcome = gate.ask(version="1.2.3")
    assert {each.why for each in outcome.other_checks} == {"for there is no commit on GitHub to look at"}


def test_an_answer_that_is_none_is_told(gate) -> None:
    gate.github.trouble(Answer(200, {"check_runs": [{}]}), path="check-runs")
    assert "does not speak as GitHub does" in gate.ask().other_checks[1].why


@pytest.mark.parametrize(
    ("inputs", "told"),
    [
        ({"config": "nowhere.yml"}, "nowhere.yml cannot be read"),
        ({"config": "pact-gate.yml", "not-covered": "false"}, "`config` is read for `not-covered` alone"),
        ({"not-covered": "yes"}, "neither true nor false"),
    ],
)
def test_a_wrong_input_is_told_before_anybody_is_asked(gate, inputs, told) -> None:
    with pytest.raises(InputError, match=told):
        gate.ask(**inputs)


def test_a_hostile_name_stays_text() -> None:
    check = OtherCheck("</table><script>x</script> | `a` | [b](javascript:c)\n::error::x", (Uncovered.NETWORK,))
    results = (CheckResult(check, CheckState.NOT_KNOWN, why="<img src=x> | y"), CheckResult(check, CheckState.PASSED))
    html = MarkdownIt("gfm-like", {"linkify": False, "html": True}).render(others.section(results))
    assert "<script" not in html
    assert "<img" not in html
    assert "href" not in html
    assert html.count("<tr>") == 1 + len(Uncovered)


def test_more_checks_than_a_person_reads_are_cut() -> None:
    every: Callable[[int], CheckResult] = lambda number: CheckResult(OtherCheck(f"c{number}"), CheckState.PASSED)  # noqa: E731
    assert others.section(tuple(map(every, range(50)))).count("✅") == 20
