"""What no push puts right: verifications that are missing, gates that would say yes now, branches that are gone."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from tests.github.state import Answer, GitHub, Job, Repository, Run, Status, Trouble, sha

from pact_gate.commands import reconcile
from pact_gate.commands.step import Step
from pact_gate.connect import connect_github
from pact_gate.model.errors import InputError
from pact_gate.model.gate import Decision, Question, Target, TargetKind
from pact_gate.model.pact import parse
from pact_gate.report.statuses import asked_in, statuses
from pact_gate.settings.github import GitHubSettings
from pact_gate.settings.inputs import Inputs

TOKEN = "t0ken-of-the-run"
REPOSITORY = "acme/shop"
PERMISSIONS = {"actions": "write", "contents": "read", "pull_requests": "read", "statuses": "read"}
O1, O2 = sha("orders, head of main"), sha("orders, head of the pull request")
P1, P2 = sha("products, deployed"), sha("products, head of main")
CONTEXT = "pact-gate: orders with the main branches"


@dataclass
class Estate:
    """orders needs products. Both live in acme/shop; P1 is deployed, P2 and O1 are the heads of main."""

    local: Any
    github: GitHub
    shop: Repository
    folder: Path

    def publish(self, version: str, branch: str = "main", consumer: str = "orders", provider: str = "products") -> None:
        """Publish a pact. What is on a branch has another content than what is on main."""
        interaction = {"description": branch, "request": {"method": "GET", "path": "/"}, "response": {"status": 200}}
        body = {"consumer": {"name": consumer}, "provider": {"name": provider}, "interactions": [interaction]}
        content = json.dumps(body).encode()
        self.local.client.publish(
            [parse(content, "pact.json")], version=version, branch=branch, tags=(), build_url=None, merge=False
        )

    def verify(self, by: str, version: str = O1, *, success: bool = True) -> None:
        broker = self.local.client
        pact = broker.pact(broker.content_url("orders", "products", version))
        broker.publish_result(pact.results_url, {"success": success, "providerApplicationVersion": by})

    def deploy(self, name: str, version: str, **how: Any) -> None:
        broker = self.local.client
        broker.record(broker.version(name, version), "production", **({"released": False, "instance": None} | how))

    @property
    def step(self) -> Step:
        settings = GitHubSettings(TOKEN, self.github.url)
        return replace(self.local.step(self.folder), connect_github=lambda _: connect_github(settings))

    def reconcile(self, names: str = "products", **inputs: str) -> Any:
        self.local.requests.clear()
        given = {"pacticipant": names, "github-token": TOKEN}
        given |= {name.replace("_", "-"): value for name, value in inputs.items()}
        runner = {"GITHUB_API_URL": self.github.url, "GITHUB_REPOSITORY": REPOSITORY}
        return reconcile.run(Inputs(given, runner), self.step)

    def work(self, **inputs: str) -> list[tuple[str, str]]:
        """The consumers and the versions that are to verify them, in this order."""
        rows = json.loads(self.reconcile(**inputs).outputs["work"])
        assert {row["provider"] for row in rows} <= {"products"}
        return [(row["consumer"], row["provider-version"]) for row in rows]


@pytest.fixture
def estate(local: Any, github: GitHub, tmp_path: Path) -> Estate:
    shop = github.repository(REPOSITORY)
    github.token(TOKEN, REPOSITORY, **PERMISSIONS)
    made = Estate(local, github, shop, tmp_path)
    made.publish(O1)
    for version in (P1, P2):
        local.client.put_branch("products", version, "main")
    local.client.create_environment("production")
    made.deploy("products", P1)
    return made


# --- as a provider --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("success", [True, False])
def test_each_version_that_counts_and_lacks_a_result_is_work(estate, success) -> None:
    """The head of main, what is deployed, what is released; a failed result is one, so is one of the same content."""
    old, other = sha("products, released"), sha("products, on a branch")
    estate.local.client.put_branch("products", old, "release/1")
    estate.local.client.put_branch("products", other, "feat/x")
    estate.shop.branches |= {"release/1": old, "feat/x": other}
    estate.deploy("products", old, released=True)
    assert sorted(estate.work()) == sorted([("orders", P1), ("orders", P2), ("orders", old)])
    [row, *_] = json.loads(estate.reconcile().outputs["work"])
    assert row["pact-url"] == estate.local.client.content_url("orders", "products", O1)
    estate.verify(P1, success=success)
    estate.publish(O2)  # another commit of main with the same content
    estate.verify(P2, version=O2)
    assert estate.work() == [("orders", old)]
    estate.verify(old)
    outcome = estate.reconcile()
    assert (outcome.outputs["work"], outcome.outputs["count"], outcome.exit_code) == ("[]", "0", 0)
    assert outcome.headline == "Nothing is missing, and nothing is old."


def test_what_is_deployed_counts_and_branches_only_where_that_is_asked_for(estate) -> None:
    """Those that leave it to this schedule (`via: pull`) come last, for they wait for nothing that is deployed."""
    estate.publish(O2, "feat/x")
    estate.publish(sha("basket"), "next", consumer="basket")
    estate.deploy("basket", sha("basket"))
    for version in (P1, P2):
        estate.verify(version)
    assert set(estate.work()) == {("basket", P1), ("basket", P2)}
    with_branches = estate.work(consumer_branches="true")
    assert {consumer for consumer, _ in with_branches[:2]} == {"basket"}
    assert set(with_branches[2:]) == {("orders", P1), ("orders", P2)}


def test_a_job_that_could_not_check_anything_out_is_not_started(estate) -> None:
    """Neither for a version that is no commit, nor for a provider without any: both are told instead."""
    estate.verify(P1)
    estate.verify(P2)
    estate.local.client.put_branch("products", "1.2.3", "main")
    outcome = estate.reconcile()
    assert outcome.outputs["count"] == "0"
    assert "products 1.2.3 is no commit's full SHA" in outcome.annotations[0].message
    estate.publish(O1, provider="stock")
    outcome = estate.reconcile("stock")
    assert outcome.outputs["count"] == "0"
    assert "No version of stock is on its main branch" in outcome.annotations[0].message


def test_a_matrix_has_room_for_two_hundred_and_the_rest_waits(estate) -> None:
    for number in range(101):
        estate.publish(O1, consumer=f"consumer-{number}")
    outcome = estate.reconcile()
    assert (len(json.loads(outcome.outputs["work"])), outcome.outputs["count"]) == (200, "200")
    assert outcome.left_out == 4


def test_a_provider_costs_a_dozen_requests_however_many_consumers_it_has(estate) -> None:
    for number in range(20):
        estate.publish(O1, consumer=f"consumer-{number}")
    estate.reconcile()
    of_all = ["GET /", "GET /environments", "GET /integrations"]
    of_production = ["currently-deployed", "currently-supported"]
    of_products = ["GET /pacticipants/products", "latest-version", "for-verification", "GET /matrix", "GET /matrix"]
    asked = sorted(estate.local.requests)
    assert len(asked) == len([*of_all, *of_production, *of_products]) + 1, asked  # and its branches
    github = [f"{each.method} {each.path}" for each in estate.github.requests]
    assert github == [f"GET /repos/{REPOSITORY}/pulls", f"GET /repos/{REPOSITORY}/branches"]


# --- as a consumer --------------------------------------------------------------------------------------------


def test_what_nobody_will_ever_verify_is_told_with_the_next_step(estate) -> None:
    """A provider that the broker has never heard from, and one that has never verified this; not one of our own."""
    estate.publish(O1, provider="prodcuts")
    estate.publish(O1, provider="stock")
    estate.local.client.put_branch("stock", sha("stock"), "main")
    outcome = estate.reconcile("orders\nproducts")
    told = {each.provider: (each.cause, each.next_step) for each in outcome.hopeless}
    assert told.keys() == {"prodcuts", "stock"}
    assert "has never heard from prodcuts" in told["prodcuts"][0]
    assert "Check the name" in told["prodcuts"][1]
    assert "No version of stock has ever verified" in told["stock"][0]
    assert [each.level for each in outcome.annotations] == ["warning", "warning"]
    assert (outcome.exit_code, outcome.next_step) == (0, outcome.hopeless[0].next_step)


def test_one_result_is_enough_to_know_that_somebody_verifies(estate) -> None:
    """At whichever version: what then lacks one, the provider's own schedule finds."""
    assert [each.provider for each in estate.reconcile("orders").hopeless] == ["products"]
    estate.verify(sha("products, once"))
    assert estate.reconcile("orders").hopeless == ()


# --- gates ----------------------------------------------------------------------------------------------------


@dataclass
class PullRequest:
    """A pull request of orders whose gate said no, when products had not verified what it needs."""

    estate: Estate
    run: Run

    def status(self, state: str, context: str = CONTEXT, run: Run | None = None, url: str = "") -> None:
        shop = self.estate.shop
        target = url or f"https://github.com/{REPOSITORY}/actions/runs/{(run or self.run).id}"
        now = self.estate.github.now()
        shop.statuses.append(Status(self.estate.github.next_id(), O2, state, context, "", target, "bot", now))

    def reconcile(self, **inputs: str) -> Any:
        return self.estate.reconcile("orders", **inputs)


@pytest.fixture
def pull_request(estate: Estate) -> PullRequest:
    estate.publish(O2, "feat/x")
    estate.shop.pull_request("feat/x", O2)
    gate = estate.shop.workflow("gate.yml", "on: pull_request")
    run = estate.shop.run(gate, "pull_request", "feat/x")
    run.finish("failure", Job("Test"), Job("Contract gate", "failure"))
    made = PullRequest(estate, run)
    made.status("failure")
    return made


def test_a_gate_that_would_say_yes_now_runs_again_and_no_other(estate, pull_request) -> None:
    """Once what it needs is verified at the head of main, and only as long as it is red."""
    assert pull_request.reconcile().gates == ()
    assert estate.local.requests.count("GET /matrix") == 2  # the consumer's own results, and the gate's question
    estate.verify(P2, version=O2)
    outcome = pull_request.reconcile()
    [old] = outcome.gates
    assert (old.pull_request, old.context, old.state, pull_request.run.run_attempt) == (1, CONTEXT, "was run again", 2)
    [again] = pull_request.reconcile().gates
    assert (again.state, pull_request.run.run_attempt) == ("is running", 2)
    pull_request.run.finish("success")
    pull_request.status("success")
    assert pull_request.reconcile().gates == ()


@pytest.mark.parametrize(
    "context", ["pact-gate: orders to production", "pact-gate: orders, basket with the main branches"]
)
def test_a_gate_that_asks_something_else_is_left_alone(estate, pull_request, context) -> None:
    """Its no may be right where our yes is; with `to-environment` it is the one for that environment."""
    estate.verify(P2, version=O2)
    estate.verify(P1, version=O2)
    estate.shop.statuses.clear()
    pull_request.status("failure", context)
    assert pull_request.reconcile().gates == ()
    found = pull_request.reconcile(to_environment="production").gates
    assert [each.context for each in found] == ([context] if context.endswith("production") else [])


def test_no_reason_to_run_a_gate_again(estate, pull_request) -> None:
    """A yes that compared nothing (the gate may fail on it), and an integration's own status."""
    estate.shop.statuses.clear()
    estate.local.client.put_branch("alone", O2, "feat/x")
    pull_request.status("failure", "pact-gate: alone with the main branches")
    pull_request.status("failure", "pact: orders -> products")
    estate.verify(P2, version=O2)
    assert estate.reconcile("alone\norders").gates == ()
    assert pull_request.run.run_attempt == 1


@pytest.mark.parametrize(
    ("spoil", "inputs", "problem", "code"),
    [
        (lambda _: None, {"rerun": "false"}, "", 0),
        (lambda p: setattr(p.run, "run_attempt", 5), {}, "said no in 5 attempts", 0),
        (lambda p: setattr(p.run, "id", 7), {}, "does not know this", 3),
        (lambda p: p.estate.github.token(TOKEN, REPOSITORY, **PERMISSIONS | {"actions": "read"}), {}, "not allow", 3),
    ],
)
def test_a_gate_that_is_not_run_again_says_why(estate, pull_request, spoil, inputs, problem, code) -> None:
    """In the summary, with the next step; what else was found is told even so."""
    estate.verify(P2, version=O2)
    spoil(pull_request)
    outcome = pull_request.reconcile(**inputs)
    [old] = outcome.gates
    assert problem in old.problem
    assert old.next_step
    assert outcome.exit_code == code
    assert pull_request.run.status == "completed"
    assert json.loads(outcome.outputs["work"]) == []


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/acme/shop/actions/runs/{}",
        "https://github.com/acme/other/actions/runs/{}",
        "javascript:{}",
    ],
)
def test_an_address_that_leads_elsewhere_starts_nothing(estate, pull_request, url) -> None:
    """Whoever may set a status chooses its address."""
    estate.verify(P2, version=O2)
    estate.shop.statuses.clear()
    pull_request.status("failure", url=url.format(pull_request.run.id))
    [old] = pull_request.reconcile().gates
    assert "does not lead to a run of this pull request" in old.problem
    assert pull_request.run.run_attempt == 1


@pytest.mark.parametrize(("event", "attempts"), [("push", 1), ("workflow_run", 2)])
def test_a_run_of_another_commit_is_started_only_where_it_follows_a_forks(
    estate, pull_request, event, attempts
) -> None:
    """A failed deployment of main, to which a status leads that somebody set, is not run again."""
    estate.verify(P2, version=O2)
    run = estate.shop.run(pull_request.run.workflow, event, "main")
    run.finish("failure", Job("Deploy", "failure"))
    estate.shop.statuses.clear()
    pull_request.status("failure", run=run)
    pull_request.reconcile()
    assert run.run_attempt == attempts


def test_what_github_refused_stands_first_and_makes_the_run_red(estate, pull_request) -> None:
    """A gate that leads nowhere is a warning beside it."""
    estate.verify(P2, version=O2)
    other = sha("another pull request")
    estate.publish(other, "feat/x")
    estate.shop.pull_request("feat/y", other)
    now = estate.github.now()
    estate.shop.statuses.append(Status(7, other, "failure", CONTEXT, "", "https://example.org", "bot", now))
    estate.github.token(TOKEN, REPOSITORY, **PERMISSIONS | {"actions": "read"})
    outcome = pull_request.reconcile()
    assert [each.exit_code for each in outcome.gates] == [0, 3]
    assert outcome.headline.startswith(
        "Not all of it could be done. The gate of #1 was not run again: GitHub does not "
    )
    assert outcome.next_step == outcome.gates[1].next_step


HOSTILE = ["orders", "a, b", "a to b", "x with the main branches", "o" * 300, "ünïcode", "1, 2"]


@pytest.mark.parametrize("target", [Target(TargetKind.MAIN_BRANCH), Target(TargetKind.ENVIRONMENT, "production")])
def test_a_status_names_its_services_whatever_they_are_called(target) -> None:
    """The gate writes them, and they are read again: each alone, all of them, and some where their names are plain."""
    for names in [*((name,) for name in HOSTILE), tuple(HOSTILE), ("orders", "a to b")]:
        question = Question(tuple((name, O2) for name in names), target)
        context = statuses(question, Decision(), waiting=False)[0].context
        assert asked_in(context, target, HOSTILE) == names
        assert asked_in(context, target, ["others"]) == ()
        assert asked_in(context, Target(TargetKind.ENVIRONMENT, "elsewhere"), HOSTILE) == ()


# --- branches -------------------------------------------------------------------------------------------------


@pytest.fixture
def branches(estate: Estate) -> Estate:
    """feat/here is in the repository, feat/gone and those of two forks are not; one fork's pull request is open."""
    estate.shop.branches["feat/here"] = sha("here")
    estate.shop.pull_request("patch-1", sha("fork"), head_repository="alice/shop")
    estate.shop.pull_request("patch-2", sha("closed"), head_repository="bob/shop", state="closed")
    for name in ("feat/here", "feat/gone", "alice:patch-1", "bob:patch-2"):
        estate.local.client.put_branch("products", sha(name), name)
    return estate


def known(estate: Estate) -> set[str]:
    return {branch.name for branch in estate.local.client.branches("products")}


EVERY = {"main", "feat/here", "feat/gone", "alice:patch-1", "bob:patch-2"}


def test_branches_that_are_gone_are_named_and_deleted_only_where_that_is_wanted(branches) -> None:
    """Not the main branch, not what is there, not a fork's as long as its pull request is open. Versions stay."""
    found = branches.reconcile().branches
    assert {(each.name, each.was_deleted) for each in found} == {("feat/gone", False), ("bob:patch-2", False)}
    assert known(branches) == EVERY
    found = branches.reconcile(delete_branches="true").branches
    assert {(each.name, each.was_deleted) for each in found} == {("feat/gone", True), ("bob:patch-2", True)}
    assert known(branches) == EVERY - {"feat/gone", "bob:patch-2"}
    assert branches.local.client.version("products", sha("feat/gone"))


def test_a_list_that_is_not_whole_deletes_nothing_that_is_there(branches) -> None:
    """A page that is missing, as where a proxy takes the link to it away: each branch is asked for by its name."""
    only_main = Answer(200, [{"name": "main"}])
    branches.github.troubles.append(Trouble(only_main, method="GET", path="/branches$"))
    branches.reconcile(delete_branches="true")
    assert known(branches) == EVERY - {"feat/gone", "bob:patch-2"}


@pytest.mark.parametrize(
    ("trouble", "code"),
    [
        (Trouble(Answer(200, []), path="/branches$"), 2),
        (Trouble(Answer(200, b"<html>"), path="/branches$"), 3),
        (Trouble(Answer(403, {"message": "no"}), path="/branches/.*gone"), 3),
        (Trouble(Answer(401, {"message": "Bad credentials"}), path="/branches", times=9), 3),
    ],
)
def test_an_answer_of_github_that_is_none_deletes_nothing(branches, trouble, code) -> None:
    """And the rest of the work is told even so."""
    branches.local.client.delete_branch(next(b for b in branches.local.client.branches("products") if "bob" in b.name))
    branches.github.troubles.append(trouble)
    outcome = branches.reconcile(delete_branches="true")
    assert known(branches) == EVERY - {"bob:patch-2"}
    assert outcome.exit_code == code
    assert outcome.headline.startswith("Not all of it could be done.")
    assert outcome.outputs["count"] == "2"


@pytest.mark.parametrize(
    ("url", "deleted"), [("git@github.com:acme/products.git", False), ("https://github.com/Acme/shop", True)]
)
def test_another_repositorys_branches_are_not_compared(branches, url, deleted) -> None:
    """A service that somebody listed by mistake would lose all of its branches."""
    broker = branches.local.client
    broker._http.send("PATCH", broker._link("pb:pacticipant", pacticipant="products"), {"repositoryUrl": url})
    outcome = branches.reconcile(delete_branches="true")
    assert ("feat/gone" not in known(branches)) == deleted
    assert outcome.exit_code == (0 if deleted else 2)


# --- what is asked for ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("inputs", "sentence"),
    [
        ({"names": "prodcuts"}, "knows no pacticipant 'prodcuts'"),
        ({"to_environment": "prod"}, "knows no environment 'prod'"),
    ],
)
def test_names_that_nobody_knows_are_refused(estate, inputs, sentence) -> None:
    with pytest.raises(InputError, match=sentence):
        estate.reconcile(**inputs)


def test_outside_of_github_actions_it_says_so(estate) -> None:
    with pytest.raises(InputError, match="not known outside of GitHub Actions"):
        reconcile.run(Inputs({"pacticipant": "products"}, {}), estate.step)
