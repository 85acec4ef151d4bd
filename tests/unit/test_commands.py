"""The commands against the embedded broker in this process: outcomes, outputs, and how many requests they cost."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from pact_gate.commands import can_i_deploy, create_version, publish, record_deployment
from pact_gate.model.commit import Commit
from pact_gate.model.errors import InputError
from pact_gate.model.gate import Verdict
from pact_gate.model.outcome import GateOutcome, Outcome
from pact_gate.settings.inputs import Inputs

ROOT = Path(__file__).parents[2]
SHA = "a" * 40
OTHER = "b" * 40
RESULT = {"providerApplicationVersion": OTHER, "testResults": []}


def inputs(**given: str) -> Inputs:
    return Inputs({name.replace("_", "-"): value for name, value in given.items()}, {})


@pytest.fixture
def shop(local, write_pact, tmp_path) -> Any:
    """Orders (version SHA) needs products (version OTHER), which is deployed to production and has verified nothing."""
    write_pact("orders", "products")
    publish.run(inputs(), local.step(tmp_path))
    provider = local.step(tmp_path, version=OTHER, branch="main")
    create_version.run(inputs(pacticipant="products"), provider)
    record_deployment.run(inputs(pacticipant="products", environment="production", create_environment="true"), provider)
    local.requests.clear()
    return local


def verified(local: Any, *, success: bool, version: str = OTHER) -> None:
    """Publish the result of verifying the pact of orders."""
    broker = local.client
    (found, *_) = broker.pacts_for_verification("products", [{"branch": "feat/x"}], branch="main")
    url = broker.pact(found.url).results_url
    broker.publish_result(url, RESULT | {"success": success, "providerApplicationVersion": version})
    local.requests.clear()


def ask(local: Any, folder: Path, **given: str) -> GateOutcome:
    named = {"pacticipant": "orders"} | (
        {} if "to_branch" in given or "to_main_branch" in given else {"to_environment": "production"}
    )
    return can_i_deploy.run(inputs(**(named | given)), local.step(folder))


# --- publish --------------------------------------------------------------------------------------------------


def test_all_pacts_of_a_consumer_are_one_request_after_the_index(local, write_pact, tmp_path) -> None:
    for number in range(7):
        write_pact("orders", f"provider-{number}")
    outcome = publish.run(inputs(tags="a,b", tag_with_branch="true"), local.step(tmp_path))
    assert local.requests == ["GET /", "POST /contracts/publish"]
    assert len(outcome.pacts) == 7
    assert all(pact.url and pact.paths == (f"pacts/orders-{pact.provider}.json",) for pact in outcome.pacts)
    version = local.client.version("orders", SHA)
    assert version["buildUrl"] == "https://ci.example/1"
    assert [each["name"] for each in version["_embedded"]["branchVersions"]] == ["feat/x"]
    assert {each["name"] for each in version["_embedded"]["tags"]} == {"a", "b", "feat/x"}


def test_each_consumer_is_a_request_and_is_told(local, write_pact, tmp_path) -> None:
    for consumer in ("orders", "basket"):
        write_pact(consumer, "products")
    outcome = publish.run(inputs(), local.step(tmp_path))
    assert local.requests == ["GET /", "POST /contracts/publish", "POST /contracts/publish"]
    listed = json.loads(outcome.outputs["published"])
    assert [(each["consumer"], each["provider"], each["version"]) for each in listed] == [
        ("basket", "products", SHA),
        ("orders", "products", SHA),
    ]
    assert all(each["url"].startswith("http://local.invalid/pacts/") for each in listed)
    assert (outcome.outputs["version"], outcome.outputs["branch"]) == (SHA, "feat/x")


def test_files_of_one_pair_are_published_as_one_pact(local, write_pact, tmp_path) -> None:
    write_pact("orders", "products", path="1.json", description="one")
    write_pact("orders", "products", path="2.json", description="two")
    outcome = publish.run(inputs(pacts="pacts/1.json\npacts/2.json\npacts"), local.step(tmp_path))
    assert [(pact.interactions, pact.paths) for pact in outcome.pacts] == [(2, ("pacts/1.json", "pacts/2.json"))]
    there = local.client.published_pact("orders", "products", SHA)
    assert [each["description"] for each in there["interactions"]] == ["one", "two"]


def test_the_same_again_is_no_conflict(local, write_pact, tmp_path) -> None:
    write_pact("orders", "products")
    first, second = (publish.run(inputs(), local.step(tmp_path)) for _ in range(2))
    assert first.outputs == second.outputs


def test_parts_of_one_commit_are_merged_where_that_is_wanted(local, write_pact, tmp_path) -> None:
    write_pact("orders", "products", description="one")
    publish.run(inputs(), local.step(tmp_path))
    write_pact("orders", "products", description="two")
    publish.run(inputs(on_conflict="merge"), local.step(tmp_path))
    there = local.client.published_pact("orders", "products", SHA)
    assert {each["description"] for each in there["interactions"]} == {"one", "two"}


def test_no_pacts_where_there_may_be_none(local, tmp_path) -> None:
    outcome = publish.run(inputs(on_empty="pass"), local.step(tmp_path))
    assert (outcome.exit_code, outcome.outputs["published"], local.requests) == (0, "[]", [])


# --- the gate -------------------------------------------------------------------------------------------------


def verdict(outcome: GateOutcome) -> tuple[str, str, int]:
    assert outcome.outputs["verdict"] == outcome.decision.verdict
    return outcome.outputs["verdict"], outcome.outputs["deployable"], outcome.exit_code


def test_yes(shop, tmp_path) -> None:
    verified(shop, success=True)
    assert verdict(ask(shop, tmp_path)) == ("yes", "true", 0)
    assert len(shop.requests) == 3, "the matrix, and what is deployed and released there"
    assert shop.requests[0] == "GET /matrix"


def test_failed(shop, tmp_path) -> None:
    verified(shop, success=False)
    assert verdict(ask(shop, tmp_path)) == ("failed", "false", 1)
    assert shop.requests[0] == "GET /matrix"
    assert [path.endswith("/verification-results/1") for path in shop.requests[1:]] == [True]  # what failed
    assert verdict(ask(shop, tmp_path, dry_run="true")) == ("failed", "false", 0)


def test_waiting(shop, tmp_path) -> None:
    outcome = ask(shop, tmp_path)
    assert verdict(outcome) == ("waiting", "false", 1)
    assert "no result of products bbbbbbbbbb" in outcome.outputs["reason"]


def test_verified_elsewhere_is_not_enough(shop, tmp_path) -> None:
    verified(shop, success=True, version="c" * 40)
    outcome = ask(shop, tmp_path)
    assert verdict(outcome) == ("waiting", "false", 1)
    assert "The result is kept under cccccccccc, which is on no branch in the broker" in outcome.outputs["reason"]


def test_not_in_environment(shop, tmp_path) -> None:
    record_deployment.run(
        inputs(pacticipant="products", environment="production", state="undeployed"), shop.step(tmp_path)
    )
    outcome = ask(shop, tmp_path, timeout="60")
    assert verdict(outcome) == ("not-in-environment", "false", 1)


def test_no_such_version(shop, tmp_path) -> None:
    outcome = ask(shop, tmp_path, version="d" * 40)
    assert verdict(outcome) == ("no-such-version", "false", 1)
    assert "no version dddddddddd of orders" in outcome.outputs["reason"]


@pytest.mark.parametrize(
    ("on_empty", "expected"), [("pass", ("yes", "true", 0)), ("fail", ("not-in-environment", "false", 1))]
)
def test_a_version_without_contracts(shop, tmp_path, on_empty, expected) -> None:
    create_version.run(inputs(pacticipant="alone"), shop.step(tmp_path))
    outcome = ask(shop, tmp_path, pacticipant="alone", on_empty=on_empty)
    assert verdict(outcome) == expected
    assert outcome.decision.compared_nothing


def test_ignored(shop, tmp_path) -> None:
    verified(shop, success=False)
    outcome = ask(shop, tmp_path, ignore="products")
    assert verdict(outcome) == ("yes", "true", 0)
    assert outcome.decision.compared_nothing


def test_several_together(shop, tmp_path) -> None:
    """Neither is where the other goes yet; together they may go, or not."""
    verified(shop, success=True, version="c" * 40)
    both = f"orders\nproducts@{'c' * 40}"
    assert verdict(ask(shop, tmp_path, pacticipant=both)) == ("yes", "true", 0)
    unknown = f"orders\nproducts@{'e' * 40}"
    assert verdict(ask(shop, tmp_path, pacticipant=unknown)) == ("no-such-version", "false", 1)


@pytest.mark.parametrize("target", [{"to_branch": "main"}, {"to_main_branch": "true"}])
def test_may_it_be_merged(shop, tmp_path, target) -> None:
    assert verdict(ask(shop, tmp_path, **target))[0] == "waiting"
    verified(shop, success=True)
    assert verdict(ask(shop, tmp_path, **target))[0] == "yes"
    create_version.run(inputs(pacticipant="products"), shop.step(tmp_path, version="c" * 40, branch="main"))
    assert verdict(ask(shop, tmp_path, **target))[0] == "waiting", "the head of main is another version now"


def test_a_branch_that_nobody_has(shop, tmp_path) -> None:
    verified(shop, success=True)
    assert verdict(ask(shop, tmp_path, to_branch="nobody's"))[0] != "failed"


# --- the gate waits -------------------------------------------------------------------------------------------


def waits(local: Any, time: Any, then: Any = None) -> list[int]:
    """Note how many requests there were at each pause, and do something in the first."""
    noted: list[int] = []
    sleep = time.sleep

    def pause(seconds: float) -> None:
        noted.append(len(local.requests))
        sleep(seconds)
        if then and len(noted) == 1:
            then()

    time.sleep = pause
    local.clock = time.clock
    return noted


def test_each_look_while_waiting_is_one_request(shop, time, tmp_path) -> None:
    noted = waits(shop, time)
    outcome = ask(shop, tmp_path, timeout="60", interval="20")
    assert verdict(outcome) == ("stuck", "false", 1)
    assert "waited 60 seconds" in outcome.outputs["reason"]
    assert time.slept == [20, 20, 20]
    assert [after - before for before, after in pairwise(noted)] == [1, 1]


@pytest.mark.parametrize(
    ("timeout", "interval", "pauses"), [("25", "10", [10, 10, 5]), ("5", "60", [5]), ("0", "10", [])]
)
def test_the_gate_waits_until_its_timeout_and_no_longer(shop, time, tmp_path, timeout, interval, pauses) -> None:
    outcome = ask(shop, tmp_path, timeout=timeout, interval=interval)
    assert time.slept == pauses
    assert outcome.outputs["verdict"] == ("stuck" if pauses else "waiting")


@pytest.mark.parametrize(("success", "expected"), [(True, "yes"), (False, "failed")])
def test_a_result_ends_the_waiting(shop, time, tmp_path, success, expected) -> None:
    waits(shop, time, lambda: verified(shop, success=success))
    assert ask(shop, tmp_path, timeout="600", interval="10").decision.verdict == expected
    assert time.slept == [10]


def test_a_failed_row_is_not_waited_for(shop, write_pact, time, tmp_path) -> None:
    write_pact("orders", "stock")
    later = "e" * 40
    publish.run(inputs(), shop.step(tmp_path, version=later))
    stock = shop.step(tmp_path, version=OTHER, branch="main")
    create_version.run(inputs(pacticipant="stock"), stock)
    record_deployment.run(inputs(pacticipant="stock", environment="production"), stock)
    verified(shop, success=False)
    outcome = ask(shop, tmp_path, version=later, timeout="600")
    assert outcome.decision.verdict is Verdict.FAILED
    assert {row.result for row in outcome.decision.rows} > {"failed"}, "another is open still"
    assert time.slept == []


# --- record ---------------------------------------------------------------------------------------------------


def record(local: Any, folder: Path, **given: str) -> Outcome:
    return record_deployment.run(
        inputs(**({"pacticipant": "products", "environment": "production"} | given)), local.step(folder)
    )


def present(local: Any) -> list[tuple[str, str, str | None]]:
    broker = local.client
    environment = broker.environment("production")
    listed = {
        "deployed": broker.deployed(environment, "products"),
        "released": broker.released(environment, "products"),
    }
    return [(state, each.version, each.instance) for state, found in listed.items() for each in found]


def test_what_is_deployed_replaces_what_was(shop, tmp_path) -> None:
    create_version.run(inputs(pacticipant="products"), shop.step(tmp_path))
    assert present(shop) == [("deployed", OTHER, None)]
    outcome = record(shop, tmp_path)
    assert outcome.outputs == {"version": SHA}
    assert present(shop) == [("deployed", SHA, None)]
    record(shop, tmp_path, application_instance="blue", version=OTHER)
    assert sorted(present(shop), key=str) == [("deployed", SHA, None), ("deployed", OTHER, "blue")]
    record(shop, tmp_path, state="undeployed", application_instance="blue")
    assert present(shop) == [("deployed", SHA, None)]
    record(shop, tmp_path, state="undeployed", version=SHA)
    assert present(shop) == []


def test_releases_are_supported_side_by_side(shop, tmp_path) -> None:
    record(shop, tmp_path, state="undeployed")
    create_version.run(inputs(pacticipant="products"), shop.step(tmp_path))
    for version in (OTHER, SHA):
        record(shop, tmp_path, state="released", version=version)
    assert {version for _, version, _ in present(shop)} == {OTHER, SHA}
    record(shop, tmp_path, state="support-ended", version=OTHER)
    assert present(shop) == [("released", SHA, None)]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"environment": "prodution"}, "knows no environment 'prodution'. It knows: production."),
        ({"pacticipant": "product"}, "knows no pacticipant 'product'. It knows: products, orders."),
        ({"version": "1.0"}, "knows no version 1.0 of products"),
        ({"version": "main"}, "name of a branch"),
        ({"state": "undeployed", "version": "1.0"}, "is not deployed in production. What is deployed there: " + OTHER),
        ({"state": "undeployed", "application-instance": "blue"}, "is not deployed in production"),
        ({"state": "support-ended"}, "`version` is missing"),
        (
            {"state": "support-ended", "version": OTHER},
            "is not released and supported in production. What is released and supported there: nothing",
        ),
    ],
)
def test_what_cannot_be_recorded_changes_nothing(shop, tmp_path, given, sentence) -> None:
    before = present(shop)
    with pytest.raises(InputError) as caught:
        record(shop, tmp_path, **({"version": OTHER} | given if given.get("state") is None else given))
    assert sentence in str(caught.value)
    assert present(shop) == before


def test_a_version_gets_its_branch_before_its_tags(local, tmp_path) -> None:
    """A version's first tag would become its branch as well."""
    create_version.run(inputs(pacticipant="alone", tags="prod", tag_with_branch="true"), local.step(tmp_path))
    version = local.client.version("alone", SHA)
    assert [each["name"] for each in version["_embedded"]["branchVersions"]] == ["feat/x"]
    assert {each["name"] for each in version["_embedded"]["tags"]} == {"prod", "feat/x"}


# --- outputs --------------------------------------------------------------------------------------------------


def outputs_of(action: str) -> dict[str, Any]:
    path = ROOT / "actions" / action / "action.yml" if action != "gate" else ROOT / "action.yml"
    return yaml.safe_load(path.read_text(encoding="utf-8"))["outputs"]


COMMANDS = {
    "publish": {},
    "create-version": {"pacticipant": "products"},
    "can-i-deploy": {"pacticipant": "orders", "to-main-branch": "true", "dry-run": "true"},
    "gate": {"pacticipant": "orders", "to-main-branch": "true", "dry-run": "true"},
    "explain": {"pacticipant": "orders", "to-main-branch": "true"},
    "record-deployment": {"pacticipant": "orders", "environment": "test", "create-environment": "true"},
    "verify": {"provider": "nobody", "provider-url": "http://127.0.0.1:1", "on-empty": "pass"},
}


def test_each_command_sets_the_outputs_of_its_action(pact_gate, write_pact) -> None:
    pytest.importorskip("pact_ffi", reason="the verify tier is not installed")
    write_pact("orders", "products")
    github = {"GITHUB_ACTIONS": "true", "GITHUB_SHA": SHA, "GITHUB_REF": "refs/heads/feat/x"}
    for command, given in COMMANDS.items():
        flags = [f"--{name}={value}" for name, value in (given | {"broker-url": "sqlite:broker.sqlite3"}).items()]
        ended = pact_gate(command, *flags, **github)
        assert ended.code == 0, ended.text
        assert ended.outputs.keys() == outputs_of(command).keys()
        assert all(
            each["value"] == f"${{{{ steps.run.outputs.{name} }}}}" for name, each in outputs_of(command).items()
        )
        assert ended.summary


# --- verify ---------------------------------------------------------------------------------------------------


def test_ten_pacts_with_a_branch_and_two_tags_are_25_requests(local, write_pact, serve, http, tmp_path) -> None:
    pytest.importorskip("pact_ffi", reason="the verify tier is not installed")
    from pact_gate.commands import verify  # noqa: PLC0415

    for number in range(10):
        write_pact(f"consumer-{number}", "products")
    publish.run(inputs(), local.step(tmp_path))
    local.requests.clear()
    provider = serve(lambda _: http(200))
    given = inputs(provider="products", provider_url=provider.url, publish_results="true", tags="a,b")
    outcome = verify.run(given, local.step(tmp_path, version=OTHER))
    assert (outcome.exit_code, outcome.outputs["verified"]) == (0, "10")
    assert len(local.requests) <= 25, local.requests
    assert all(each.published for each in outcome.verifications)


def test_a_pact_of_another_provider_gets_no_result(shop, tmp_path) -> None:
    """It would be a result of the other provider, from a service that is not it."""
    pytest.importorskip("pact_ffi", reason="the verify tier is not installed")
    from pact_gate.commands import verify  # noqa: PLC0415

    (found,) = shop.client.pacts_for_verification("products", [{"branch": "feat/x"}], branch="main")
    given = inputs(provider="stock", provider_url="http://127.0.0.1:9", pact_url=found.url, publish_results="true")
    with pytest.raises(InputError, match="is one with products, not with stock"):
        verify.run(given, shop.step(tmp_path))


@pytest.mark.parametrize(("version", "sentence"), [("main", "name of a branch"), (None, "says why")])
def test_a_version_that_no_result_can_have_is_refused_before_the_work(shop, tmp_path, version, sentence) -> None:
    pytest.importorskip("pact_ffi", reason="the verify tier is not installed")
    from pact_gate.commands import verify  # noqa: PLC0415

    step = replace(shop.step(tmp_path), find_commit=lambda: Commit(None, unknown="It says why."))
    given = {"version": version} if version else {}
    with pytest.raises(InputError, match=sentence):
        verify.run(
            inputs(provider="products", provider_url="http://127.0.0.1:9", publish_results="true", **given), step
        )
    assert shop.requests == []
