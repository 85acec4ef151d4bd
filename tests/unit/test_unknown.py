"""Why there is no result: what is one name and one version, the commands to copy, and how many requests it takes."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pact_gate.__main__ import _flags
from pact_gate.commands import can_i_deploy
from pact_gate.commands import explain as explain_command
from pact_gate.commands.explaining import MOST_REQUESTS
from pact_gate.model import mending
from pact_gate.model.commit import Commit
from pact_gate.model.explaining import Facts, explain
from pact_gate.model.gate import Result, Row, Target, TargetKind
from pact_gate.model.unknown import Cause, is_same_name, is_same_version
from pact_gate.settings.inputs import Inputs

SHA, OTHER = "82a7291318" + "0" * 30, "9c1" + "d" * 37
PRODUCTION = Target(TargetKind.ENVIRONMENT, "production")
ROW = Row("orders", SHA, "products", None, Result.NONE, candidates=(OTHER,))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("product-list", "Product_List", True),
        ("product list", "productlist", True),
        ("products", "products-service", True),
        ("ProductsSvc", "products", True),
        ("products", "products", False),
        ("products", "product", False),
        ("service", "svc", False),
        ("orders", "products", False),
        ("product-v1", "product-v2", False),
    ],
)
def test_one_name_in_two_spellings(one: str, other: str, same: bool) -> None:
    assert is_same_name(one, other) is same
    assert is_same_name(other, one) is same


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("v1.2", "1.2", True),
        ("V1.2", "v1.2", True),
        ("products-1.2", "1.2", True),
        ("products@v1.2", "1.2", True),
        ("refs/tags/v1.2", "1.2", True),
        ("refs/tags/v1.2", "v1.2", True),
        (SHA, SHA[:7], True),
        (SHA, SHA[:10].upper(), True),
        (f"sha-{SHA}", SHA, True),
        (SHA, SHA, False),
        (SHA, SHA[:6], False),
        (SHA, OTHER, False),
        ("11.2", "1.2", False),
        ("1.2.0", "1.2", False),
        ("1.2", "1.20", False),
        ("2.1-2", "2", False),
        ("12/merge", "12", False),
        ("main", "feat/main", False),
        ("dev1.2", "1.2", False),
        ("", "v", False),
    ],
)
def test_one_version_in_two_spellings(one: str, other: str, same: bool) -> None:
    assert is_same_version(one, other) is same
    assert is_same_version(other, one) is same


# --- the commands -------------------------------------------------------------------------------------------------


def run_by_a_shell(command: str, folder: Path) -> list[str]:
    """Give the words of a command as a shell runs it, with programs that only tell how they were called."""
    for name in ("gh", "pact-gate", "git"):
        (folder / name).write_text('#!/bin/sh\nprintf "%s\\0" "${0##*/}" "$@"\n')
        (folder / name).chmod(0o755)
    environment = {"PATH": f"{folder}:{os.environ['PATH']}"}
    ended = subprocess.run(["sh", "-c", command], check=True, capture_output=True, cwd=folder, env=environment)
    assert not ended.stderr
    return ended.stdout.decode().split("\0")[:-1]


@pytest.mark.parametrize(
    ("url", "repository"),
    [
        ("https://github.com/acme/products", "acme/products"),
        ("git@github.com:acme/products.git", "acme/products"),
        ("https://ghes.acme.example/shop/products", "ghes.acme.example/shop/products"),
        ("https://user@github.com/acme/products.git", "acme/products"),
    ],
)
def test_a_workflow_is_started_where_the_repository_is_known(url: str, repository: str, tmp_path: Path) -> None:
    missing = mending.missing_result("orders", SHA, "products", OTHER, "http://broker/pacts/1")
    words = run_by_a_shell(mending.verify(missing, url), tmp_path)
    assert words[:6] == ["gh", "workflow", "run", "contract-requested.yml", "--repo", repository]
    assert words[6:] == [
        "-f", "pact-url=http://broker/pacts/1", "-f", f"provider-versions={OTHER}",
        "-f", "consumer=orders", "-f", f"key={missing.key}",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "url", [None, "", "https://github.com/acme", "nowhere", "https://[", "https://github.com/a/b/c"]
)
def test_elsewhere_a_command_for_a_checkout(url: str | None) -> None:
    missing = mending.missing_result("orders", SHA, "products", OTHER, "http://broker/pacts/1")
    assert mending.verify(missing, url).startswith(f"git switch --detach {OTHER}\npact-gate verify ")


@pytest.mark.parametrize(
    "name", ["$(touch x)", "`id`", "a'b", 'a"b', "-x", "a\nb", "a;b", "${{ secrets.x }}", "--help"]
)
def test_a_hostile_name_is_one_word_for_a_shell(name: str, tmp_path: Path) -> None:
    """Whoever names a service cannot make the one who copies the command run anything else."""
    words = run_by_a_shell(mending.record(name, name, name), tmp_path)
    assert words[:2] == ["pact-gate", "record-deployment"]
    given = _flags("record-deployment", words[2:])
    assert given == {"pacticipant": name, "version": name, "environment": name}
    missing = mending.missing_result(name, name, name, OTHER, "http://broker/1")
    started = run_by_a_shell(mending.verify(missing, "https://github.com/acme/products"), tmp_path)
    assert f"consumer={name}" in started
    assert run_by_a_shell(mending.find(name), tmp_path) == ["git", "grep", "-nF", "-e", name]


# --- the rules that no broker is needed for ------------------------------------------------------------------------


def of(version: str, *branches: str, verified_at: str = "2026-01-01") -> Row:
    """A result of the pact at another version."""
    return replace(
        ROW, provider_version=version, result=Result.PASSED, provider_branches=branches, verified_at=verified_at
    )


def test_the_merge_commit_of_this_pull_request_is_known_by_the_event() -> None:
    facts = Facts(results=(of("m" * 40, "feat/x"),), checked_out="m" * 40)
    (found,) = explain(ROW, PRODUCTION, facts, is_asked=True)
    assert found.cause is Cause.MERGE_COMMIT
    assert "the merge commit of this pull request" in found.sentence


def test_without_branches_in_the_broker_none_is_missed() -> None:
    """Who uses tags alone has no branch at any version: that says nothing about this one."""
    (found,) = explain(ROW, PRODUCTION, Facts(results=(of("e" * 40),)), is_asked=False)
    assert found.cause is Cause.OTHER_VERSION
    (found,) = explain(ROW, PRODUCTION, Facts(results=(of("e" * 40),), main_branch="main"), is_asked=False)
    assert found.cause is Cause.MERGE_COMMIT


def test_what_to_act_on_first_stands_first() -> None:
    """Several may hold, each is told once, of its newest result."""
    results = (
        of("e" * 40, "main", verified_at="2026-01-01"),
        of("f" * 40, "main", verified_at="2026-01-02"),
        of(OTHER[:8]),
        of("main"),
    )
    found = explain(ROW, PRODUCTION, Facts(results=results, main_branch="main"), is_asked=False)
    assert [each.cause for each in found] == [Cause.VERSION_SPELLING, Cause.BRANCH_AS_VERSION, Cause.OTHER_VERSION]
    assert "ffffffffff (on main)" in found[-1].sentence


@pytest.mark.parametrize(
    ("target", "is_asked", "command"),
    [
        (PRODUCTION, False, "pact-gate record-deployment"),
        (PRODUCTION, True, "pact-gate can-i-deploy"),
        (Target(TargetKind.MAIN_BRANCH), False, "pact-gate verify"),
        (Target(TargetKind.MAIN_BRANCH), True, "pact-gate can-i-deploy"),
    ],
)
def test_the_one_that_is_spelled_worse_is_mended(target: Target, is_asked: bool, command: str) -> None:
    """A full SHA is right: then what counts is recorded, or asked about, anew; without an environment nothing is."""
    short_one = replace(ROW, candidates=(OTHER[:8],))
    (found,) = explain(short_one, target, Facts(results=(of(OTHER),)), is_asked=is_asked)
    assert found.cause is Cause.VERSION_SPELLING
    assert found.command.startswith(command)


def test_a_command_for_a_checkout_says_whose() -> None:
    (found,) = explain(ROW, PRODUCTION, Facts(), is_asked=False)
    assert found.of == "products"
    (found,) = explain(ROW, PRODUCTION, Facts(repository_url="https://github.com/acme/products"), is_asked=False)
    assert found.of == ""


# --- how much is asked ---------------------------------------------------------------------------------------------


def ask(local: Any, folder: Any, commit: Commit | None = None, **given: str) -> Any:
    step = local.step(folder, version=SHA, branch="feat/x")
    if commit:
        step = replace(step, find_commit=lambda: commit)
    named = {"pacticipant": "orders", "to-environment": "production"} | {
        key.replace("_", "-"): value for key, value in given.items()
    }
    return can_i_deploy.answer(can_i_deploy.can_i_deploy_settings(Inputs(named, {})), step)


@pytest.fixture
def many(local: Any) -> Any:
    """Orders needs seven providers, each of which is there in two versions and has verified another consumer alone."""
    broker = local.client
    place = broker.create_environment("production").name
    for number in range(7):
        name = f"provider-{number}"
        publish(broker, "basket", name)
        for letter in "ab":
            version = f"{number}{letter * 39}"
            broker.put_branch(name, version, "main")
            broker.record(broker.version(name, version), place, released=True, instance=None)
            verified(broker, "basket", name, version)
        publish(broker, "orders", name)
    local.requests.clear()
    return local


def publish(broker: Any, consumer: str, provider: str, version: str = SHA) -> None:
    """Publish a pact of one interaction, which is of this consumer alone."""
    body = {
        "consumer": {"name": consumer}, "provider": {"name": provider},
        "interactions": [{"description": consumer, "request": {"method": "GET", "path": "/"}, "response": {}}],
        "metadata": {"pactSpecification": {"version": "2.0.0"}},
    }  # fmt: skip
    broker._http.send("PUT", broker._pact_link(consumer, provider, version), body)


def verified(broker: Any, consumer: str, provider: str, by: str) -> None:
    """Publish a result."""
    pact = broker.published_pact(consumer, provider, SHA)
    url = pact["_links"]["pb:publish-verification-results"]["href"]
    broker.publish_result(url, {"success": True, "providerApplicationVersion": by})


def test_a_no_costs_so_many_requests_and_no_more(many, tmp_path) -> None:
    """At most five rows are explained, each with at most `MOST_REQUESTS`; what they have in common is asked once."""
    outcome = ask(many, tmp_path)
    causes = [each.cause for row in outcome.decision.rows for each in row.causes]
    assert causes == [Cause.WORK_IN_PROGRESS] * 5
    explaining = [each for each in many.requests if "/environments" not in each][1:]
    assert explaining[0] == "GET /"
    assert explaining[-1] == "GET /pacts/provider/orders/latest"
    assert len(explaining) == 5 * MOST_REQUESTS + 2


def test_providers_that_are_not_there_cost_no_more(local, tmp_path) -> None:
    """Each may be another one under a name like its own, which is looked for."""
    broker = local.client
    broker.create_environment("production")
    for number in range(7):
        publish(broker, "orders", f"provider-{number}")
        publish(broker, "basket", f"Provider{number}", OTHER)
        broker.put_branch(f"provider-{number}", OTHER, "main")
        broker.put_branch(f"Provider{number}", OTHER, "main")
    local.requests.clear()
    outcome = ask(local, tmp_path)
    assert outcome.decision.verdict == "not-in-environment"
    assert [each.cause for row in outcome.decision.rows for each in row.causes] == [Cause.NEVER_VERIFIED] * 5
    explaining = [each for each in local.requests if "/environments" not in each][1:]
    assert len(explaining) <= 5 * MOST_REQUESTS + 3, "the index, the list of pacticipants, and the consumers of orders"


def test_looking_for_consumers_without_pacts_has_an_end(local, tmp_path) -> None:
    broker = local.client
    place = broker.create_environment("production").name
    broker.put_branch("orders", SHA, "main")
    for number in range(7):
        name = f"consumer-{number}"
        publish(broker, name, "orders")
        broker.put_branch(name, OTHER, "main")
        broker.record(broker.version(name, OTHER), place, released=False, instance=None)
    local.requests.clear()
    outcome = ask(local, tmp_path)
    assert (outcome.decision.verdict, outcome.decision.compared_nothing) == ("yes", True)
    assert [each.cause for each in outcome.decision.causes] == [Cause.WITHOUT_PACTS] * 5
    assert len(local.requests) == 1 + 1 + 2 + 14, "the matrix; the index, and orders' own versions; what looks for them"


def test_a_yes_costs_no_more_than_it_did(many, tmp_path) -> None:
    for number in range(7):
        for letter in "ab":
            verified(many.client, "orders", f"provider-{number}", f"{number}{letter * 39}")
    many.requests.clear()
    assert ask(many, tmp_path).decision.verdict == "yes"
    assert len(many.requests) == 3


@pytest.mark.parametrize(
    ("refused", "status"),
    [
        (("/pacticipants/", "/pacts/"), "404 Not Found"),
        (("/pacticipants/", "/pacts/"), "403 Forbidden"),
        (("/pacts/",), "400 Bad Request"),  # as of selectors: elsewhere they are an input
    ],
)
def test_the_answer_stands_where_it_cannot_be_explained(many, tmp_path, monkeypatch, refused, status) -> None:
    """A broker that has no answer to the questions that explain has one to the question that counts."""
    application = many.application

    def grudging(environ: Any, start_response: Any) -> Any:
        if environ["PATH_INFO"].startswith(refused):
            start_response(status, [("Content-Type", "application/hal+json")])
            return [b"[]"]
        return application(environ, start_response)

    monkeypatch.setattr(many, "application", grudging, raising=False)
    outcome = ask(many, tmp_path)
    assert outcome.decision.verdict == "waiting"
    monkeypatch.setattr(many, "application", application)


def test_pacts_under_the_merge_commit_are_found_for_the_head(local, tmp_path) -> None:
    broker = local.client
    broker.create_environment("production")
    publish(broker, "orders", "products", "e" * 40)
    commit = Commit(SHA, "feat/x", pull_request=1, checked_out="e" * 40)
    outcome = ask(local, tmp_path, commit)
    assert outcome.decision.verdict == "no-such-version"
    assert [each.cause for each in outcome.decision.causes] == [Cause.MERGE_COMMIT]
    assert "the merge commit of this pull request, and not its head" in outcome.outputs["reason"]


# --- asked for by itself -------------------------------------------------------------------------------------------


def test_explain_looks_behind_a_failed_row_and_a_yes(many, tmp_path) -> None:
    """The gate ends with what is to be done first; who asks for explanations gets all of them."""
    broker = many.client
    place = broker.environment("production").name
    broker.put_branch("basket", OTHER, "main")  # a version of a consumer without pacts, which no row shows
    broker.record(broker.version("basket", OTHER), place, released=False, instance=None)
    result = broker.published_pact("orders", "provider-0", SHA)["_links"]["pb:publish-verification-results"]["href"]
    broker.publish_result(result, {"success": False, "providerApplicationVersion": f"0{'a' * 39}"})

    named = {"pacticipant": "orders", "to-environment": "production"}
    failed = explain_command.run(Inputs(named, {}), many.step(tmp_path, version=SHA))
    assert (failed.exit_code, failed.outputs["verdict"]) == (0, "failed")
    told = json.loads(failed.outputs["causes"])
    assert len(told) == 6, "one for each provider that has no result at all"

    named = {"pacticipant": "provider-1", "version": f"1{'a' * 39}", "to-environment": "production"}
    hidden = explain_command.run(Inputs(named, {}), many.step(tmp_path))
    assert hidden.outputs["verdict"] == "yes"
    assert [each["cause"] for each in json.loads(hidden.outputs["causes"])] == ["version-without-pacts"]


def test_explain_ends_with_3_where_nobody_answers(pact_gate) -> None:
    question = ("--pacticipant=orders", "--version=1", "--to-environment=production", "--broker-timeout=1")
    ended = pact_gate("explain", *question, "--broker-url=http://127.0.0.1:9")
    assert ended.code == 3
