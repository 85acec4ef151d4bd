"""Nobody makes the provider verify: who is asked, in which way, once; and what the gate does with the runs it knows."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from tests.github.state import Answer, GitHub, Job, Repository, Run, Trouble
from tests.github.trouble import too_fast

from pact_gate.commands import can_i_deploy, trigger_verification
from pact_gate.commands.step import Step
from pact_gate.connect import connect_github
from pact_gate.model.errors import InputError
from pact_gate.model.gate import Verdict
from pact_gate.model.pact import parse
from pact_gate.model.runs import WorkflowRun
from pact_gate.settings.gate import can_i_deploy_settings
from pact_gate.settings.github import GitHubSettings
from pact_gate.settings.inputs import Inputs

TOKEN = "t0ken-of-nobody"
HEAD = "a" * 40  # of orders
P1, P2 = "1" * 40, "2" * 40  # products: deployed, head of main
WORKFLOW = """
name: Contract requested
run-name: "Contract ${{ inputs.key }}${{ github.event.client_payload.key }}"
on:
  repository_dispatch: {types: [pact-gate]}
  workflow_dispatch:
    inputs: {pact-url: {required: true}, provider-versions: {}, consumer: {}, key: {}}
"""


@dataclass
class Estate:
    """orders needs products, which lives in acme/products: one version is deployed, another is the head of main."""

    local: Any
    github: GitHub
    products: Repository
    folder: Path

    def step(self) -> Step:
        step = self.local.step(self.folder, version=HEAD)
        settings = GitHubSettings(TOKEN, self.github.url)
        return replace(step, connect_github=lambda _: connect_github(settings))

    def trigger(self, **inputs: str) -> Any:
        given = {"pacticipant": "orders", "github-token": TOKEN, **inputs}
        return trigger_verification.run(Inputs(given, {"GITHUB_API_URL": self.github.url}), self.step())

    def publish(self, version: str = HEAD, provider: str = "products") -> None:
        body = {"consumer": {"name": "orders"}, "provider": {"name": provider}, "interactions": []}
        pact = parse(json.dumps(body).encode(), "orders.json")
        self.local.client.publish([pact], version=version, branch="feat/x", tags=(), build_url=None, merge=False)

    def say_where_products_is(self, url: str) -> None:
        broker = self.local.client
        about = broker._link("pb:pacticipant", pacticipant="products")
        broker._http.send("PATCH", about, {"repositoryUrl": url})

    def verify(self, version: str, *, success: bool = True) -> None:
        broker = self.local.client
        pact = broker.pact(broker.content_url("orders", "products", HEAD))
        tests = [{"interactionDescription": "a product", "success": success, "mismatches": []}]
        broker.publish_result(
            pact.results_url, {"success": success, "providerApplicationVersion": version, "testResults": tests}
        )

    def gate(self, asked: Any, **settings: str) -> Any:
        given = {"pacticipant": "orders", "to-environment": "production", "runs": asked.outputs["runs"], **settings}
        return can_i_deploy.run(Inputs(given, {}), self.step())

    @property
    def dispatched(self) -> list[Any]:
        return [each.body for each in self.github.requests if each.path.endswith("/dispatches") and each.status < 300]


@pytest.fixture
def estate(local: Any, github: GitHub, tmp_path: Path) -> Estate:
    products = github.repository("acme/products")
    products.workflow("contract-requested.yml", WORKFLOW)
    github.token(TOKEN, "acme/products", actions="write", contents="write")
    made = Estate(local, github, products, tmp_path)
    made.publish()
    broker = local.client
    for version in (P1, P2):
        broker.put_branch("products", version, "main")
    broker.create_environment("production")
    broker.record(broker.version("products", P1), "production", released=False, instance=None)
    made.say_where_products_is("git@github.com:acme/products.git")
    return made


# --- who is asked, and how ------------------------------------------------------------------------------------


def test_a_provider_verifies_at_its_head_and_where_it_is_deployed(estate) -> None:
    """One run for both versions, in the repository that the broker knows; the run is known at once."""
    outcome = estate.trigger()
    [body] = estate.dispatched
    [run] = estate.products.runs
    assert body["ref"] == "main"
    assert sorted(body["inputs"]["provider-versions"].split(",")) == [P1, P2]
    assert "/pact-version/" in body["inputs"]["pact-url"]
    assert body["inputs"]["key"] in run.display_title
    [told] = json.loads(outcome.outputs["runs"])
    assert (told["run_id"], told["repository"], outcome.exit_code) == (run.id, "acme/products", 0)


@pytest.mark.parametrize("success", [True, False])
def test_what_has_a_result_is_not_verified_again(estate, success) -> None:
    """Nor is what failed: the same content at the same version fails again."""
    estate.verify(P1, success=success)
    outcome = estate.trigger()
    assert [body["inputs"]["provider-versions"] for body in estate.dispatched] == [P2]
    estate.verify(P2)
    estate.publish("b" * 40)  # another commit with the same content
    outcome = estate.trigger(version="b" * 40)
    assert len(estate.dispatched) == 1
    assert (outcome.outputs["missing"], outcome.outputs["runs"]) == ("0", "[]")


@pytest.mark.parametrize("event", ["workflow_dispatch", "repository_dispatch"])
def test_two_who_ask_for_the_same_share_one_run(estate, event) -> None:
    """Another commit with the same content asks for the same; once the run has ended, it is another one."""
    estate.publish("b" * 40)
    first, second = estate.trigger(event=event), estate.trigger(event=event, version="b" * 40)
    [run] = estate.products.runs
    assert [json.loads(each.outputs["runs"])[0]["run_id"] for each in (first, second)] == [run.id, run.id]
    run.finish("failure")
    estate.trigger(event=event)
    assert len(estate.products.runs) == 2


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("orders asks (orders-a-1)", True),
        ("orders-a-1", True),
        ("my-orders asks (my-orders-a-1)", False),  # of one commit in a monorepo
        ("orders asks (orders-a-12)", False),
        ("@shop/orders asks (@shop/orders-a-1)", False),
    ],
)
def test_a_run_is_known_by_its_whole_key(name, found) -> None:
    run = WorkflowRun(1, "https://github.com/acme/products/actions/runs/1", "queued", name=name)
    assert trigger_verification._by_key([run], "orders-a-1") == (run if found else None)


def test_a_provider_without_any_version_verifies_the_head_of_its_default_branch(estate) -> None:
    """A provider that the broker has only heard of; its repository is named by an input."""
    estate.publish(provider="stock")
    stock = estate.github.repository("acme/stock")
    stock.workflow("contract-requested.yml", WORKFLOW)
    stock.default_branch = "trunk"
    stock.branches = {"trunk": "c" * 40}
    estate.github.token(TOKEN, "acme/stock", actions="write")
    estate.trigger(repositories="stock = acme/stock")
    assert [(body["ref"], body["inputs"]["provider-versions"]) for body in estate.dispatched][1:] == [("trunk", "")]


@pytest.mark.parametrize(
    ("spoil", "cause", "code"),
    [
        (lambda e: e.github.tokens.clear(), "does not accept the token", 3),
        (lambda e: e.github.token(TOKEN, "acme/products", actions="read"), "does not allow this to the token", 3),
        (lambda e: e.github.tokens[TOKEN].permissions.clear(), "the token must not see it", 3),
        (lambda e: e.products.workflows.clear(), "does not know this", 3),
        (lambda e: setattr(e.products.workflows[0], "on", {"push": None}), "refused the request", 3),
        (lambda e: e.github.repositories.clear(), "does not know this", 3),
        (
            lambda e: e.github.troubles.append(Trouble(Answer(403, {"message": "secondary"}, {"Retry-After": "3600"}))),
            "is asked too often",
            3,
        ),
        (lambda e: e.github.troubles.append(Trouble(too_fast(None))), "is asked too often", 3),
        (lambda e: e.github.troubles.append(Trouble(Answer(200, b"<html>"))), "does not speak as GitHub does", 3),
    ],
)
def test_who_cannot_be_asked_has_a_sentence_and_the_gate_does_not_wait_for_it(estate, time, spoil, cause, code) -> None:
    """The gate says so at once: nothing can come of it. The token is in no text."""
    spoil(estate)
    outcome = estate.trigger()
    [told] = json.loads(outcome.outputs["runs"])
    assert cause in told["problem"]
    assert told["next_step"]
    assert outcome.exit_code == code
    answer = estate.gate(outcome, timeout="10m")
    assert answer.decision.verdict is Verdict.STUCK
    assert "Nobody was asked" in answer.decision.reason
    assert cause in answer.decision.reason
    assert answer.waited_seconds == 0
    assert TOKEN not in f"{outcome} {answer}"


def test_an_unknown_repository_is_an_input_that_is_missing(estate) -> None:
    """The sentence says which, and how to tell the broker once and for all."""
    estate.say_where_products_is("https://gitlab.example/acme/products")
    outcome = estate.trigger()
    [told] = json.loads(outcome.outputs["runs"])
    assert "gitlab.example" in told["problem"]
    assert "`repositories`" in told["next_step"]
    assert outcome.exit_code == 2


@pytest.mark.parametrize("answer", [Answer(500, {"message": "oops"}), None])
def test_a_dispatch_is_not_sent_twice_where_the_first_may_have_arrived(estate, answer) -> None:
    """What started nothing that is known is told as a problem; the run's key keeps the next one from doubling it."""
    estate.github.troubles.append(Trouble(answer, method="POST", path="/dispatches$", took_effect=True))
    outcome = estate.trigger()
    assert len(estate.products.runs) == 1
    assert outcome.exit_code == 3
    again = estate.trigger()
    assert len(estate.products.runs) == 1
    assert json.loads(again.outputs["runs"])[0]["run_id"] == estate.products.runs[0].id


def test_a_server_that_does_not_tell_which_run_it_started_is_asked_all_the_same(estate) -> None:
    """GitHub Enterprise Server refuses a key that it does not know; the run is found by the key in its name."""
    words = 'Invalid request.\n\n"return_run_details" is not a permitted key.'
    estate.github.troubles.append(Trouble(Answer(422, {"message": words}), method="POST", path="/dispatches$"))
    outcome = estate.trigger()
    [run] = estate.products.runs
    [told] = json.loads(outcome.outputs["runs"])
    assert (told["run_id"], outcome.exit_code) == (run.id, 0)


def test_only_the_providers_that_are_named_are_asked(estate) -> None:
    """Others may be asked in another way, as those of the same repository are."""
    assert estate.trigger(providers="stock").outputs["missing"] == "0"
    assert estate.dispatched == []
    assert estate.trigger(providers="stock\nproducts").outputs["missing"] == "1"


@pytest.mark.parametrize("via", ["call", "pull"])
def test_two_ways_send_nothing(estate, via) -> None:
    """`call` gives the rows of a matrix; neither needs a token."""
    outcome = estate.trigger(via=via, **{"github-token": ""})
    assert estate.github.requests == []
    work = json.loads(outcome.outputs["work"])
    assert sorted(each["provider-version"] for each in work) == [P1, P2]
    assert {(each["consumer"], each["provider"]) for each in work} == {("orders", "products")}


def test_the_embedded_broker_sends_no_webhooks(estate) -> None:
    """On a file or a branch nobody is there to call; it says what to take instead."""
    step = estate.step()
    step.broker._http.name = "sqlite:broker.sqlite3"
    given = {"pacticipant": "orders", "github-token": TOKEN, "via": "webhook"}
    with pytest.raises(InputError, match="calls nobody"):
        trigger_verification.run(Inputs(given, {"GITHUB_API_URL": estate.github.url}), step)


def test_a_webhook_is_made_once_and_this_publication_is_asked_for_by_us(estate) -> None:
    """It is new after the publication, so it has missed it. Written again it stays one; its token is never shown."""
    first, second = estate.trigger(via="webhook"), estate.trigger(via="webhook")
    hooks = estate.local.client._document("/webhooks")["_links"]["pb:webhooks"]
    assert [hook["name"] for hook in hooks] == ["pact-gate: have products verify"]
    hook = estate.local.client._document(hooks[0]["href"])
    assert hook["request"]["url"].endswith("/repos/acme/products/actions/workflows/contract-requested.yml/dispatches")
    assert hook["request"]["body"]["inputs"]["pact-url"] == "${pactbroker.pactUrl}"
    assert [event["name"] for event in hook["events"]] == ["contract_requiring_verification_published"]
    assert len(estate.dispatched) == 1
    assert TOKEN not in f"{first} {second}"


@pytest.mark.parametrize(("token", "why"), [("", "none is given"), ("ghs_0123456789", "ends within hours")])
def test_the_broker_keeps_no_token_that_ends_with_this_run(estate, token, why) -> None:
    """It would call in vain from then on, and hold what writes to this repository."""
    given = {"via": "webhook", "event": "repository_dispatch", "github-token": token}
    with pytest.raises(InputError, match=why) as refused:
        estate.trigger(**given)
    assert "`trigger-token`" in refused.value.next_step
    assert not estate.local.client._document("/webhooks")["_links"].get("pb:webhooks")


# --- what the gate does with the runs it knows ----------------------------------------------------------------


def ended(run: Run, conclusion: str, log: str = "") -> None:
    run.finish(conclusion, Job("verify", conclusion=conclusion, log=log))


@pytest.mark.parametrize("conclusion", ["failure", "cancelled", "success", "timed_out"])
def test_a_run_that_ended_without_a_result_ends_the_waiting(estate, time, conclusion) -> None:
    """At the next look, with the link to the run and its last lines."""
    asked = estate.trigger()
    [run] = estate.products.runs

    def sleep_until_it_ends(seconds: float) -> None:
        time.now += seconds
        if time.now >= 30:
            with suppress(IndexError):
                ended(run, conclusion, "2026-01-01T00:00:00.1Z setting up\n2026-01-01T00:00:01.2Z no such database\n")

    estate.local.clock = time.clock._replace(sleep=sleep_until_it_ends)
    answer = estate.gate(asked, timeout="1h", interval="10")
    assert (answer.decision.verdict, answer.exit_code) == (Verdict.STUCK, 1)
    assert answer.waited_seconds == 30
    assert f"({conclusion})" in answer.decision.reason
    [row] = answer.decision.rows
    assert row.run.url in answer.decision.reason
    if conclusion != "success":
        assert row.run.last_words == "setting up\nno such database"


def test_a_run_for_one_of_two_deployed_versions_ends_the_waiting_too(estate) -> None:
    """The broker does not miss the other's result, and says yes; the gate looks what is there, and who verifies it."""
    broker = estate.local.client
    broker.record(broker.version("products", P2), "production", released=False, instance="second")
    estate.verify(P2)
    asked = estate.trigger()
    ended(estate.products.runs[0], "failure")
    answer = estate.gate(asked, timeout="1h")
    assert (answer.decision.verdict, answer.waited_seconds) == (Verdict.STUCK, 0)
    assert asked.triggered[0].url in answer.decision.reason


def test_a_provider_that_moved_on_while_it_was_verified_is_asked_by_the_next_gate(estate) -> None:
    """Its run did what it was asked for, at a version that is the head no more: nothing is to be mended there."""
    asked = estate.trigger()
    estate.verify(P2)
    ended(estate.products.runs[0], "success")
    estate.local.client.put_branch("products", "3" * 40, "main")
    answer = estate.gate(asked, timeout="1h", **{"to-environment": "", "to-main-branch": "true"})
    assert (answer.decision.verdict, answer.waited_seconds) == (Verdict.STUCK, 0)
    assert "published no result" not in answer.decision.reason
    assert "Run this gate again" in answer.decision.next_step
    estate.trigger()
    assert [body["inputs"]["provider-versions"] for body in estate.dispatched][1:] == [f"{'3' * 40},{P1}"]


def test_a_failed_result_ends_the_waiting_with_the_run_beside_it(estate) -> None:
    asked = estate.trigger()
    estate.verify(P1, success=False)
    ended(estate.products.runs[0], "failure")
    answer = estate.gate(asked, timeout="1h")
    assert answer.decision.verdict is Verdict.FAILED
    assert answer.decision.rows[0].run.ended
    assert answer.waited_seconds == 0


def test_a_result_is_a_yes_at_the_next_look_whatever_github_says(estate, time) -> None:
    """GitHub out of reach costs nothing but the view of its runs."""
    asked = estate.trigger()
    estate.github.troubles.append(Trouble(Answer(401, {"message": "Bad credentials"}), times=99))

    def sleep(seconds: float) -> None:
        time.now += seconds
        if time.now == 20:
            estate.verify(P1)

    estate.local.clock = time.clock._replace(sleep=sleep)
    answer = estate.gate(asked, timeout="1h", interval="10")
    assert answer.decision.verdict is Verdict.YES
    assert answer.waited_seconds == 20


def test_a_gate_costs_one_request_a_look_and_two_for_a_consumers_yes(estate, time) -> None:
    """Those who asked for the verification have told where the provider is: nobody asks again."""
    asked = estate.trigger()
    estate.local.requests.clear()

    def sleep(seconds: float) -> None:
        time.now += seconds
        if time.now == 40:
            estate.verify(P1)
            estate.local.requests[:] = [each for each in estate.local.requests if each == "GET /matrix"]

    estate.local.clock = time.clock._replace(sleep=sleep)
    answer = estate.gate(asked, timeout="1h", interval="10")
    assert answer.decision.verdict is Verdict.YES
    assert estate.local.requests.count("GET /matrix") == 1 + 40 / 10
    assert len(estate.local.requests) == 1 + 40 / 10 + 2


def test_a_provider_that_the_broker_knows_nothing_of_is_waited_for(estate, time) -> None:
    """It was asked to verify the head of its default branch: that gives it a version, but in no environment."""
    estate.verify(P2)
    estate.publish(provider="stock")
    stock = estate.github.repository("acme/stock")
    stock.workflow("contract-requested.yml", WORKFLOW)
    estate.github.token(TOKEN, "acme/stock", actions="write")
    asked = estate.trigger(repositories="stock=acme/stock")
    [run] = stock.runs

    def sleep(seconds: float) -> None:
        time.now += seconds
        if time.now == 20:
            broker = estate.local.client
            broker.put_branch("stock", "5" * 40, "main")
            pact = broker.pact(broker.content_url("orders", "stock", HEAD))
            broker.publish_result(pact.results_url, {"success": True, "providerApplicationVersion": "5" * 40})
            run.finish("success")

    estate.local.clock = time.clock._replace(sleep=sleep)
    main = {"to-environment": "", "to-main-branch": "true", "timeout": "1h"}
    answer = estate.gate(asked, **main)
    assert (answer.decision.verdict, answer.waited_seconds) == (Verdict.YES, 20)
    assert estate.gate(asked, timeout="1h").decision.verdict is Verdict.NOT_IN_ENVIRONMENT


@pytest.mark.parametrize("text", ["[1]", "{}", "no", '[{"consumer": "x"}]', "[" * 9999])
def test_runs_that_are_none_are_refused(text) -> None:
    with pytest.raises(InputError, match="`runs`"):
        can_i_deploy_settings(Inputs({"pacticipant": "x", "to-main-branch": "true", "runs": text}, {}))
