"""One step that always answers, and what the pull request is told of it."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from tests.github.state import Answer, Artifact, GitHub, Job, Repository, Run, Trouble, sha, zipped

from pact_gate.commands.announcing import Announcement
from pact_gate.connect import connect, connect_github
from pact_gate.model.gate import Decision, Question, Result, Row, Target, TargetKind, Verdict
from pact_gate.model.outcome import GateOutcome
from pact_gate.model.pact import parse
from pact_gate.settings.broker import BrokerSettings
from pact_gate.settings.github import AnnounceSettings, GitHubSettings

TOKEN, TRIGGER_TOKEN = "t0ken-of-the-run", "t0ken-for-others"
HEAD, MAIN = sha("the head of the pull request"), sha("acme/orders main")
P1 = sha("products, deployed")
EVENT = "pull_request"
PLEASE_VERIFY = """
run-name: "Contract ${{ inputs.key }}"
on: {workflow_dispatch: {inputs: {pact-url: {}, provider-versions: {}, consumer: {}, key: {}}}}
"""


def pact(consumer: str = "orders", provider: str = "products", **response: Any) -> bytes:
    interaction = {
        "description": "a product",
        "request": {"method": "GET", "path": "/products/1"},
        "response": {"status": 200} | response,
    }
    return json.dumps(
        {"consumer": {"name": consumer}, "provider": {"name": provider}, "interactions": [interaction]}
    ).encode()


@dataclass
class PullRequest:
    """A pull request of acme/orders, whose tests have kept a pact as an artifact; products is deployed and verified."""

    github: GitHub
    orders: Repository
    products: Repository
    run: Run
    command: Any
    folder: Path
    payload: dict[str, Any]
    event: str = EVENT

    def keeps(self, **response: Any) -> None:
        content = zipped({"orders-products.json": pact(**response)})
        self.run.artifacts[:] = [Artifact("pacts", content, id=self.github.next_id())]

    def gate(self, *words: str, needs: dict[str, str] | None = None) -> Any:
        results = {name: {"result": result, "outputs": {}} for name, result in (needs or {"test": "success"}).items()}
        given = {
            "artifact": "pacts", "statuses": "true", "comment": "on-change", "to-main-branch": "true",
            "pacticipant": "orders", "broker-url": f"sqlite:{self.folder / 'b.sqlite3'}", "needs": json.dumps(results),
            "github-token": TOKEN, "trigger-token": TRIGGER_TOKEN, "broker-timeout": "1",
        }  # fmt: skip
        flags = [word for name, value in given.items() if f"--{name}" not in words for word in (f"--{name}", value)]
        return self.command("contract-gate", *flags, *words, **self.runner)

    @property
    def runner(self) -> dict[str, str]:
        """The environment of a step of this run."""
        event = self.folder / ".event.json"
        event.write_text(json.dumps(self.payload), encoding="utf-8")
        told = {"NAME": self.event, "PATH": str(event)}
        return {f"GITHUB_EVENT_{name}": value for name, value in told.items()} | {
            "GITHUB_ACTIONS": "true",
            "GITHUB_SHA": "f" * 40,  # the merge commit
            "GITHUB_REPOSITORY": "acme/orders",
            "GITHUB_RUN_ID": str(self.run.id),
            "GITHUB_API_URL": self.github.url,
            "RUNNER_TEMP": str(self.folder),
        }

    @property
    def github_settings(self) -> GitHubSettings:
        return GitHubSettings(TOKEN, self.github.url)

    @property
    def broker(self) -> Any:
        return connect(BrokerSettings(f"sqlite:{self.folder / 'b.sqlite3'}"))

    def verify(self, version: str, *, success: bool = True) -> None:
        broker = self.broker
        found = broker.pact(broker.content_url("orders", "products", HEAD))
        broker.publish_result(found.results_url, {"success": success, "providerApplicationVersion": version})

    @property
    def statuses(self) -> dict[str, tuple[str, str]]:
        """The newest status of each context, by context: state and description."""
        return {each.context: (each.state, each.description or "") for each in self.orders.statuses if each.sha == HEAD}

    @property
    def states(self) -> dict[str, str]:
        return {context: state for context, (state, _) in self.statuses.items()}

    @property
    def comments(self) -> list[str]:
        return [each.body for each in self.orders.comments]


@pytest.fixture
def pull(github: GitHub, pact_gate: Any, tmp_path: Path) -> PullRequest:
    orders, products = github.repository("acme/orders"), github.repository("acme/products")
    products.workflow("contract-requested.yml", PLEASE_VERIFY)
    github.token(TOKEN, "acme/orders", actions="read", statuses="write", pull_requests="write")
    github.token(TRIGGER_TOKEN, "acme/products", actions="write")
    opened = orders.pull_request("feat/cart", HEAD)
    run = orders.run(orders.workflow("contract.yml", "on: pull_request"), EVENT, "feat/cart")
    repository = {"full_name": "acme/orders"}
    ends = {"head": {"sha": HEAD, "ref": "feat/cart", "repo": repository}, "base": {"ref": "main", "repo": repository}}
    payload = {
        "pull_request": {"number": opened.number, **ends},
        "repository": {**repository, "default_branch": "main"},
    }
    made = PullRequest(github, orders, products, run, pact_gate, tmp_path, payload)
    made.keeps()
    broker = made.broker
    broker.publish([parse(pact(), "x")], version=MAIN, branch="main", tags=(), build_url=None, merge=False)
    broker.put_branch("products", P1, "main")
    about = broker._link("pb:pacticipant", pacticipant="products")
    broker._http.send("PATCH", about, {"repositoryUrl": "https://github.com/acme/products"})
    return made


OVERALL, INTEGRATION = "pact-gate: orders with the main branches", "pact: orders -> products"


def test_an_unchanged_contract_is_a_yes_without_a_run_and_without_a_comment(pull) -> None:
    """What main needs is verified: nobody is asked, nobody waits, and the reviewer has nothing to read."""
    main = pull.broker.pact(pull.broker.content_url("orders", "products", MAIN))
    pull.broker.publish_result(main.results_url, {"success": True, "providerApplicationVersion": P1})
    ended = pull.gate("--timeout", "10m")
    assert (ended.code, ended.outputs["verdict"]) == (0, "yes")
    assert pull.products.runs == []
    assert pull.states == {OVERALL: "success", INTEGRATION: "success"}
    assert pull.comments == []


def test_a_new_need_is_verified_by_a_run_that_the_gate_follows(pull) -> None:
    """Pending while it runs, at once an answer when it ends; the comment says what changed and what is wrong."""
    pull.keeps(body={"id": 1, "stock": 3})
    seen = []

    def verify(run: Run) -> None:
        seen.append(pull.states)
        pull.verify(P1, success=False)
        run.finish("failure")

    pull.github.on_dispatch = verify
    ended = pull.gate("--timeout", "30s", "--interval", "1")
    assert (ended.code, ended.outputs["verdict"]) == (1, "failed")
    assert pull.states == {OVERALL: "failure", INTEGRATION: "failure"}
    [comment] = pull.comments
    assert "products" in comment
    assert "`stock`" in comment
    assert seen == [{}]
    assert "What to do next" in comment
    pull.verify(P1)
    assert pull.gate().code == 0
    [comment] = pull.comments
    assert "✅" in comment


def test_the_version_that_is_asked_about_is_the_one_that_is_published(pull) -> None:
    """Else the pacts would lie under another version, and an answer about this one would rest on none of them."""
    ended = pull.gate("--version", "9" * 40, "--branch", "feat/other", "--via", "pull")
    assert ended.outputs["verdict"] == "waiting"  # and not no-such-version
    assert pull.broker.published_pact("orders", "products", "9" * 40)
    assert pull.broker.branches_of("orders", "9" * 40) == ["feat/other"]
    assert pull.broker.published_pact("orders", "products", HEAD) is None


@pytest.mark.parametrize("given", [("--version", "9" * 40), ("--branch", "main")])
def test_nobody_says_whose_commit_a_strangers_pacts_are_but_github(pull, given) -> None:
    pull.event = "workflow_run"
    ended = pull.gate(*given)
    assert (ended.code, "are not for the pacts of a run" in ended.summary) == (2, True)


def test_an_event_that_comes_twice_changes_nothing(pull) -> None:
    """One run of the provider, one comment, the same statuses; the pact is published already."""
    pull.keeps(body={"id": 1})
    first = pull.gate()
    told = (pull.statuses, pull.comments, len(pull.products.runs))
    again = pull.gate()
    assert again.outputs["verdict"] == first.outputs["verdict"] == "waiting"
    assert (pull.statuses, pull.comments, len(pull.products.runs)) == told
    assert told[2] == 1


def test_while_it_waits_the_commit_says_so(pull) -> None:
    """A run that never starts: pending until the time is over, then a failure with the next step, and none pending."""
    pull.keeps(body={"id": 1})
    ended = pull.gate("--timeout", "2s", "--interval", "1")
    assert (ended.code, ended.outputs["verdict"]) == (1, "stuck")
    history = [each.state for each in pull.orders.statuses if each.context == INTEGRATION]
    assert history == ["pending", "failure"]
    assert all(state != "pending" for state, _ in pull.statuses.values())


@pytest.mark.parametrize(
    ("needs", "code", "verdict", "state"),
    [
        ({"test": "failure"}, 1, "not-tested", "failure"),
        ({"lint": "success", "test": "cancelled"}, 1, "not-tested", "failure"),
        ({"test": "failure", "plan": "skipped"}, 1, "not-tested", "failure"),
        ({"test": "skipped"}, 0, "yes", "success"),
        ({"plan": "skipped", "test": "skipped"}, 0, "yes", "success"),
    ],
)
def test_the_jobs_before_it_decide_where_there_is_nothing_to_ask(pull, needs, code, verdict, state) -> None:
    """A failed or cancelled need is a no; a path filter, a skipped matrix, a draft a yes that says so. No broker."""
    ended = pull.gate("--broker-url", "http://127.0.0.1:9", needs=needs)
    assert (ended.code, ended.outputs["verdict"]) == (code, verdict)
    assert pull.statuses[OVERALL][0] == state
    name = next(name for name, result in needs.items() if result != "success")
    assert name in ended.summary


def test_a_job_that_failed_is_told_without_any_broker(pull) -> None:
    """What changed in the contract is not known then; the answer does not hang on it."""
    ended = pull.gate("--broker-url", "", needs={"test": "failure"})
    assert (ended.code, ended.outputs["verdict"]) == (1, "not-tested")
    assert "test (failure)" in pull.statuses[OVERALL][1]
    assert "test (failure)" in pull.comments[0]
    assert "nothing against main" not in pull.comments[0]


@pytest.mark.parametrize("conclusion", ["failure", "cancelled", "timed_out"])
def test_a_job_that_was_skipped_because_another_failed_is_no_yes(pull, conclusion) -> None:
    """`needs` says of it that it was skipped, as of one that nothing concerns; the run says more."""
    pull.run.jobs.append(Job("build", conclusion=conclusion))
    ended = pull.gate(needs={"test": "skipped"})
    assert (ended.code, ended.outputs["verdict"]) == (1, "not-tested")
    assert f"build ({conclusion})" in ended.summary


def test_whether_another_failed_must_be_known(pull) -> None:
    """A yes would rest on nothing where the run cannot be looked at."""
    pull.github.token(TOKEN, "acme/orders", statuses="write")
    ended = pull.gate(needs={"test": "skipped"})
    assert ended.code == 3
    assert "actions: read" in ended.summary


def test_a_failed_verification_before_it_is_told_with_its_field_and_never_a_yes(pull) -> None:
    """The verification was one of the jobs before: its result says more than that a job failed."""
    broker = pull.broker
    broker.publish([parse(pact(), "x")], version=HEAD, branch="feat/cart", tags=(), build_url=None, merge=False)
    pull.verify(P1, success=False)
    assert pull.gate(needs={"test": "failure"}).outputs["verdict"] == "failed"
    pull.verify(P1)
    assert pull.gate(needs={"test": "failure"}).outputs["verdict"] == "not-tested"


@pytest.mark.parametrize(("repository", "login"), [("mallory/orders", "mallory"), ("acme/orders", "dependabot[bot]")])
def test_where_a_strangers_pull_request_is_skipped_its_commit_is_told_nothing(pull, repository, login) -> None:
    """Another workflow asks for it: a success from here would be taken for its answer."""
    pull.payload["pull_request"]["head"] |= {"repo": {"full_name": repository}, "user": {"login": login}}
    pull.payload["pull_request"]["user"] = {"login": login}
    ended = pull.gate(needs={"test": "skipped"})
    assert (ended.code, ended.outputs["verdict"]) == (0, "yes")
    assert (pull.statuses, pull.comments) == ({}, [])


def follow(pull: PullRequest, conclusion: str) -> None:
    """Make it a run that follows one of a stranger's pull request."""
    ended = {"id": pull.run.id, "name": "Fork pacts", "event": EVENT, "conclusion": conclusion, "head_sha": HEAD}
    fork = {"full_name": "mallory/orders", "owner": {"login": "mallory"}}
    told = {"workflow_run": ended | {"head_branch": "feat/cart", "head_repository": fork}}
    pull.event, pull.payload = "workflow_run", told | {"repository": pull.payload["repository"]}


@pytest.mark.parametrize("needs", [{"plan": "success"}, {"plan": "skipped"}, {"Fork pacts": "success"}])
def test_tests_that_failed_in_the_run_before_are_no_yes_whatever_jobs_stand_between(pull, needs) -> None:
    """The pull request may have kept its pacts before its tests failed."""
    follow(pull, "failure")
    ended = pull.gate(needs=needs)
    assert (ended.code, ended.outputs["verdict"]) == (1, "not-tested")
    assert "Fork pacts (failure)" in ended.summary


@pytest.mark.parametrize(("conclusion", "states"), [("skipped", {}), ("failure", {OVERALL: "failure"})])
def test_a_stranger_who_skips_the_tests_gets_no_success_for_it(pull, conclusion, states) -> None:
    """The first of two workflows is the pull request's own, and may skip itself; that is no answer to the second."""
    follow(pull, conclusion)
    pull.gate("--needs", "")
    assert pull.states == states


def test_a_plan_that_ran_and_a_matrix_that_was_skipped_is_asked_about(pull) -> None:
    """Some job succeeded, so this commit may have a contract; without an artifact there is nothing to publish."""
    pull.run.artifacts.clear()
    ended = pull.gate(needs={"plan": "success", "test": "skipped"})
    assert ended.outputs["verdict"] == "no-such-version"


def test_of_more_integrations_than_github_takes_at_once_none_keeps_a_yes_that_is_none(pull, local, tmp_path) -> None:
    """GitHub's limit leaves some out: not the last one by name, which failed, nor one that was shown as pending."""
    row = Row("orders", HEAD, "products", P1, Result.PASSED)
    rows = [replace(row, provider=f"p{number}") for number in range(10, 75)]
    failed, awaited = (replace(rows[-1], result=Result.FAILED), replace(rows[-2], result=Result.NONE))
    step = replace(local.step(tmp_path, version=HEAD), connect_github=lambda _: connect_github(pull.github_settings))
    question = Question((("orders", HEAD),), Target(TargetKind.MAIN_BRANCH))
    announcement = Announcement(AnnounceSettings(statuses=True, repository="acme/orders"), question, step)
    announcement.waiting(Decision(Verdict.WAITING, rows=(awaited,)))
    decision = Decision(Verdict.FAILED, "No.", rows=(*rows[:-1], failed))
    announcement.answered(GateOutcome(headline="No.", question=question, decision=decision))
    assert (pull.states[OVERALL], pull.states["pact: orders -> p74"]) == ("failure", "failure")
    assert pull.states["pact: orders -> p73"] == "success"
    assert len(pull.states) == 60


def test_the_token_for_other_repositories_is_masked_and_what_is_none_is_refused(pull) -> None:
    """A broker or a GitHub that answers with what it was sent brings no token into the log."""
    assert f"::add-mask::{TRIGGER_TOKEN}" in pull.gate().text
    ended = pull.gate("--trigger-token", "ghp_a\nghp_b")
    assert (ended.code, "`trigger-token`" in ended.summary) == (2, True)
    assert "ghp_a" not in ended.summary


def test_a_broker_that_is_down_is_an_answer(pull) -> None:
    ended = pull.gate("--broker-url", "http://127.0.0.1:9")
    assert ended.code == 3
    assert pull.statuses[OVERALL][0] == "error"
    assert "could not be reached" in ended.summary


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (zipped({"x.json": b"{}"}), "no pact"),
        (zipped({"x.json": pact("invoices")}), "invoices"),
        (b"no zip", "zip"),
        (None, "artifact"),
    ],
)
def test_pacts_that_are_none_are_an_answer_on_the_commit(pull, content, word) -> None:
    pull.run.artifacts.clear()
    if content is not None:
        pull.run.artifacts.append(Artifact("pacts", content, id=pull.github.next_id()))
    ended = pull.gate()
    assert ended.code == 2
    assert word in ended.summary
    assert pull.statuses[OVERALL][0] == "error"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda pull: pull.github.token(TOKEN, "acme/orders", actions="read"),
        lambda pull: pull.github.troubles.append(
            Trouble(Answer(404, {"message": "Not Found"}), 99, path="/statuses/|/comments")
        ),
        lambda pull: setattr(pull.orders, "commits", set()),
    ],
)
def test_what_cannot_be_told_does_not_change_the_answer(pull, spoil) -> None:
    """A token without the permission, as a fork's pull request has it: the log says so, the answer stands."""
    spoil(pull)
    pull.keeps(body={"id": 1})
    ended = pull.gate()
    assert (ended.code, ended.outputs["verdict"]) == (1, "waiting")
    assert TOKEN not in ended.text.replace(f"::add-mask::{TOKEN}", "")


def test_somebody_elses_comment_that_begins_like_ours_is_left_alone(pull) -> None:
    """Its author could change it afterwards, and put another answer into our mouth."""
    pull.keeps(body={"id": 1})
    pull.gate()
    [ours] = pull.comments
    pull.orders.comments[0].user = "mallory"
    pull.gate()
    assert pull.comments[0] == ours
    assert [each.user for each in pull.orders.comments] == ["mallory", "github-actions[bot]"]


@pytest.mark.parametrize(("mode", "comments"), [("never", 0), ("on-change", 0), ("always", 1)])
def test_the_three_ways_to_comment(pull, mode, comments) -> None:
    main = pull.broker.pact(pull.broker.content_url("orders", "products", MAIN))
    pull.broker.publish_result(main.results_url, {"success": True, "providerApplicationVersion": P1})
    pull.gate("--comment", mode)
    assert len(pull.comments) == comments


def test_statuses_that_a_cancelled_gate_left_pending_are_ended(pull) -> None:
    """Those of this run alone; a status of somebody else stays as it is."""
    url = f"https://github.com/acme/orders/actions/runs/{pull.run.id}"
    api = connect_github(pull.github_settings)
    for context, target in ((INTEGRATION, url), (OVERALL, url), ("build", url), ("pact: web -> x", f"{url}9")):
        api.set_status("acme/orders", HEAD, context=context, state="pending", description="waits", url=target)
    ended = pull.command("settle-statuses", "--github-token", TOKEN, **pull.runner)
    assert ended.code == 0
    assert pull.states == {INTEGRATION: "error", OVERALL: "error", "build": "pending", "pact: web -> x": "pending"}
