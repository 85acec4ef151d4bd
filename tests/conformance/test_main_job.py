"""The main job against the embedded broker and against a real Pact Broker: each test runs on both.

Publish, verify, ask, record, all through the command line as an action calls it. Each answer of the gate stands beside
the broker's own to the same question (`/matrix`, its `deployable`): where the two differ, the test says that it is
meant and why. What a broker is shared by, its tests, keep apart by the names of their services.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from tests.conformance.brokers import free_port, pact_broker, reverse_proxy
from tests.conformance.estate import Ended, Estate

from pact_gate.model.pact import parse

YES, NO, UNKNOWN = True, False, None  # the broker's own words


@pytest.fixture
def shop(estate: Estate) -> Estate:
    """orders 1 needs products; products 1 honours that, and is deployed."""
    estate.publish("orders", "1", "products")
    estate.verified("orders", "1", "products", "1")
    estate.record("products", "1")
    return estate


# --- from a commit to a deploy gate -----------------------------------------------------------------------------


def _verify(estate: Estate, provider: ThreadingHTTPServer, version: str, **inputs: Any) -> Ended:
    """Verify products, for real, and publish the results."""
    return estate.act(
        "verify",
        provider=estate.name("products"),
        version=version,
        provider_url=f"http://127.0.0.1:{provider.server_port}",
        publish_results=True,
        **inputs,
    )


def test_from_a_commit_to_a_deploy_gate(estate: Estate, provider: ThreadingHTTPServer) -> None:
    """The whole story: each step changes the gate's answer, and a provider that breaks is not let through."""
    estate.create_version("products", "0", branch="main")
    estate.record("products", "0")
    published = json.loads(estate.publish("orders", "1", "products", branch="main").outputs["published"])
    assert [(pact["consumer"], pact["version"]) for pact in published] == [(estate.name("orders"), "1")]
    assert estate.answers("orders@1") == ("waiting", UNKNOWN)

    verified = _verify(estate, provider, "1", branch="main")
    assert (verified.code, verified.outputs["result"], verified.outputs["verified"]) == (0, "passed", "1")
    assert estate.answers("orders@1") == ("waiting", UNKNOWN)  # products 0 is there, products 1 was verified
    assert "1 (on main) has passed it, 0 (in " in estate.gate("orders@1").outputs["reason"]
    estate.record("products", "1")
    assert estate.answers("orders@1") == ("yes", YES)
    estate.record("orders", "1")

    provider.status = 404  # type: ignore[attr-defined]
    broken = _verify(estate, provider, "2", branch="main")
    assert (broken.code, broken.outputs["result"], broken.outputs["failed"]) == (1, "failed", "1")
    assert estate.answers("products@2") == ("failed", NO)
    provider.status = 200  # type: ignore[attr-defined]
    assert _verify(estate, provider, "3", branch="main").code == 0
    assert estate.answers("products@3") == ("yes", YES)


# --- each verdict -----------------------------------------------------------------------------------------------


def test_yes(shop: Estate) -> None:
    ended = shop.gate("orders@1")
    assert shop.answers("orders@1") == ("yes", YES)
    assert ended.outputs["reason"] == "1 integration is verified, none is failed or open."


def test_yes_that_compared_nothing(shop: Estate) -> None:
    """The broker's yes to a version without contracts says so, and is none where the caller wants to be sure."""
    shop.create_version("newcomer", "1")
    for asked in ("newcomer@1", "products@1"):  # products' only consumer is not in the environment
        assert shop.answers(asked) == ("yes", YES)
        assert shop.gate(asked).outputs["reason"].startswith("Nothing was compared: ")
        # A deliberate deviation: on-empty: fail.
        assert shop.answers(asked, on_empty="fail") == ("not-in-environment", YES)


def test_failed(shop: Estate) -> None:
    shop.verified("orders", "1", "products", "1", passed=False)
    assert shop.answers("orders@1") == ("failed", NO)
    assert "does not honour" in shop.gate("orders@1").outputs["reason"]


def test_a_result_that_came_later_counts(shop: Estate) -> None:
    shop.verified("orders", "1", "products", "1", passed=False)
    shop.verified("orders", "1", "products", "1")
    assert shop.answers("orders@1") == ("yes", YES)


def test_no_such_version(shop: Estate) -> None:
    assert shop.answers("orders@2") == ("no-such-version", NO)
    assert "knows no version 2 of" in shop.gate("orders@2").outputs["reason"]


def test_not_in_environment(shop: Estate) -> None:
    """The broker only does not know; the gate says what is missing there."""
    shop.publish("orders", "2", "stock")
    assert shop.answers("orders@2") == ("not-in-environment", UNKNOWN)
    assert f"{shop.name('stock')} is not there" in shop.gate("orders@2").outputs["reason"]


def test_waiting(shop: Estate) -> None:
    shop.publish("orders", "2", "products", content="more")
    assert shop.answers("orders@2") == ("waiting", UNKNOWN)


def test_stuck(shop: Estate) -> None:
    """Who has waited in vain is told so, and for whom."""
    shop.publish("orders", "2", "products", content="more")
    assert shop.answers("orders@2", timeout="1", interval="1") == ("stuck", UNKNOWN)
    assert "waited" in shop.gate("orders@2", timeout="1", interval="1").outputs["reason"]


@pytest.mark.parametrize(("passed", "verdict", "broker"), [(True, "yes", YES), (False, "failed", NO)])
def test_waits_until_the_result_is_there(shop: Estate, passed: bool, verdict: str, broker: bool) -> None:
    version = str(passed)
    shop.publish("orders", version, "products", content=f"more, {passed}")
    late = threading.Timer(0.5, lambda: shop.verified("orders", version, "products", "1", passed=passed))
    late.start()
    ended = shop.gate(f"orders@{version}", timeout="30", interval="1")
    late.join()
    assert ended.outputs["verdict"] == verdict
    assert shop.deployable(f"orders@{version}") is broker


def test_unknown_never_hides_failed(shop: Estate) -> None:
    """A deliberate deviation: one failed and one open integration are unknown to the broker, and a no to the gate."""
    shop.create_version("stock", "1")
    shop.record("stock", "1")
    shop.publish("orders", "2", "products", "stock", content="more")
    shop.verified("orders", "2", "products", "1", passed=False)
    assert shop.answers("orders@2") == ("failed", UNKNOWN)
    assert shop.answers("orders@2", timeout="60", interval="1") == ("failed", UNKNOWN)  # and nobody waits for it


def test_nobody_there(shop: Estate) -> None:
    nowhere = Estate(f"http://127.0.0.1:{free_port()}", shop.prefix, shop.folder, shop.read_log)
    ended = nowhere.gate("orders@1", broker_timeout="0")
    assert (ended.code, ended.outputs["verdict"], ended.outputs["deployable"]) == (3, "broker-error", "false")


def test_dry_run_says_no_and_lets_go_on(shop: Estate) -> None:
    ended = shop.gate("orders@2", dry_run=True)
    assert (ended.code, ended.outputs["verdict"], ended.outputs["deployable"]) == (0, "no-such-version", "false")


@pytest.mark.parametrize(
    ("asked", "target", "sentence"),
    [
        ("orders@1", "produktion", "knows no environment 'produktion'"),
        ("oders@1", None, "knows no pacticipant 'oders."),
    ],
)
def test_unknown_names(shop: Estate, asked: str, target: str | None, sentence: str) -> None:
    ended = shop.gate(asked, to_environment=target or shop.environment)
    assert ended.code == 2
    assert sentence in ended.log


# --- what counts ------------------------------------------------------------------------------------------------


def test_a_provider_needs_what_is_deployed_not_what_is_new(shop: Estate) -> None:
    """A consumer's commit that is nowhere yet blocks no provider; one that is deployed does."""
    shop.record("orders", "1")
    shop.publish("orders", "2", "products", content="more")
    shop.create_version("products", "2")
    shop.verified("orders", "1", "products", "2")
    shop.verified("orders", "2", "products", "2", passed=False)
    assert shop.answers("products@2") == ("yes", YES)
    shop.record("orders", "2", application_instance="canary")
    assert shop.answers("products@2") == ("failed", NO)


def test_content_decides(shop: Estate) -> None:
    """The same content under another version needs no new verification."""
    shop.publish("orders", "2", "products")
    assert shop.answers("orders@2") == ("yes", YES)


def test_ignore(shop: Estate) -> None:
    shop.publish("orders", "2", "products", "stock")
    assert shop.answers("orders@2") == ("not-in-environment", UNKNOWN)
    assert shop.answers("orders@2", ignore="stock") == ("yes", YES)
    shop.verified("orders", "2", "products", "1", passed=False)
    assert shop.answers("orders@2", ignore="products") == ("not-in-environment", UNKNOWN)
    assert shop.answers("orders@2", ignore="stock") == ("failed", NO)


def test_several_pacticipants_meet_each_other(shop: Estate) -> None:
    """What is deployed together is asked together: each counts with its new version, not with the one that is there."""
    shop.publish("orders", "2", "products", content="more")
    shop.verified("orders", "2", "products", "2")
    assert shop.answers("orders@2") == ("waiting", UNKNOWN)
    assert shop.answers("orders@2", "products@2") == ("yes", YES)
    shop.record("orders", "1", application_instance="other")
    # orders 1 is replaced as well: products 2 need not honour it.
    assert shop.answers("orders@2", "products@2") == ("yes", YES)
    shop.verified("orders", "2", "products", "2", passed=False)
    assert shop.answers("orders@2", "products@2") == ("failed", NO)
    assert shop.answers("orders@2", "products@3") == ("no-such-version", NO)


def test_to_main_branch(shop: Estate) -> None:
    """can-i-merge: against what is on the main branches, deployed or not."""
    shop.create_version("products", "2", branch="main")
    assert shop.answers("orders@1", to_main_branch="true") == ("waiting", UNKNOWN)
    shop.verified("orders", "1", "products", "2")
    assert shop.answers("orders@1", to_main_branch="true") == ("yes", YES)
    shop.verified("orders", "1", "products", "2", passed=False)
    assert shop.answers("orders@1", to_main_branch="true") == ("failed", NO)
    shop.create_version("products", "3", branch="feat/x")  # not on the main branch
    assert shop.answers("orders@1", to_main_branch="true") == ("failed", NO)
    shop.publish("orders", "2", "stock")
    shop.create_version("stock", "1", branch="feat/x")
    assert shop.answers("orders@2", to_main_branch="true") == ("not-in-environment", UNKNOWN)


def test_to_main_branch_for_a_provider(shop: Estate) -> None:
    shop.publish("orders", "2", "products", content="more", branch="main")
    shop.create_version("products", "2")
    assert shop.answers("products@2", to_main_branch="true") == ("waiting", UNKNOWN)
    shop.verified("orders", "2", "products", "2")
    assert shop.answers("products@2", to_main_branch="true") == ("yes", YES)


def test_to_tag(shop: Estate) -> None:
    shop.create_version("products", "2", tags="prod")
    shop.create_version("products", "3")
    assert shop.answers("orders@1", to_tag="prod") == ("waiting", UNKNOWN)
    shop.verified("orders", "1", "products", "2")
    assert shop.answers("orders@1", to_tag="prod") == ("yes", YES)
    assert shop.answers("orders@1", to_tag="test") == ("not-in-environment", UNKNOWN)
    shop.verified("orders", "1", "products", "2", passed=False)
    assert shop.answers("orders@1", to_tag="prod") == ("failed", NO)


# --- a branch: a Pact Broker has no such question (it would answer for the latest versions of all) ------------------


def verdict(estate: Estate, *asked: str, **inputs: str) -> str:
    return estate.answers(*asked, to_branch="feat/x", **inputs)[0]


def test_to_branch_for_a_consumer(shop: Estate) -> None:
    assert verdict(shop, "orders@1") == "not-in-environment"  # products has no such branch
    shop.create_version("products", "2", branch="feat/x")
    shop.create_version("products", "3", branch="main")
    assert verdict(shop, "orders@1") == "waiting"  # what 1 honours, 2 may not
    shop.verified("orders", "1", "products", "3", passed=False)
    assert verdict(shop, "orders@1") == "waiting"  # what is on main does not count
    shop.verified("orders", "1", "products", "2")
    assert verdict(shop, "orders@1") == "yes"
    shop.create_version("products", "4", branch="feat/x")
    assert verdict(shop, "orders@1") == "waiting"  # the branch has moved on
    shop.verified("orders", "1", "products", "4", passed=False)
    assert verdict(shop, "orders@1") == "failed"
    assert verdict(shop, "orders@9") == "no-such-version"


def test_to_branch_for_a_provider(shop: Estate) -> None:
    shop.create_version("products", "2")
    assert verdict(shop, "products@2") == "yes"  # no consumer has such a branch
    assert "Nothing was compared" in shop.gate("products@2", to_branch="feat/x").outputs["reason"]
    shop.publish("orders", "2", "products", content="more", branch="feat/x")
    shop.publish("orders", "3", "products", content="most", branch="main")
    shop.verified("orders", "2", "products", "1")
    assert verdict(shop, "products@2") == "waiting"  # that 1 has verified it says nothing about 2
    shop.verified("orders", "3", "products", "2", passed=False)
    assert verdict(shop, "products@2") == "waiting"  # what is on main does not count
    shop.verified("orders", "2", "products", "2")
    assert verdict(shop, "products@2") == "yes"
    shop.publish("orders", "4", "products", content="all", branch="feat/x")
    assert verdict(shop, "products@2") == "waiting"
    shop.verified("orders", "4", "products", "2", passed=False)
    assert verdict(shop, "products@2") == "failed"


def test_to_branch_for_several(shop: Estate) -> None:
    """Both have a head on the branch; what is asked about counts in its place."""
    shop.publish("orders", "2", "products", content="more", branch="feat/x")
    shop.create_version("products", "2", branch="feat/x")
    shop.verified("orders", "2", "products", "2", passed=False)
    shop.publish("orders", "3", "products", "stock", content="most")
    shop.verified("orders", "3", "products", "3")
    assert verdict(shop, "orders@3", "products@3") == "not-in-environment"  # stock
    shop.create_version("stock", "1", branch="feat/x")
    assert verdict(shop, "orders@3", "products@3") == "waiting"
    shop.verified("orders", "3", "stock", "1")
    assert verdict(shop, "orders@3", "products@3") == "yes"
    shop.publish("basket", "1", "products", "stock", branch="feat/x")  # neither asked for nor verified
    assert verdict(shop, "orders@3", "products@3") == "waiting"
    assert verdict(shop, "orders@3") == "waiting"  # with products 2, which has no result
    shop.verified("basket", "1", "products", "3")
    assert verdict(shop, "orders@3", "products@3") == "yes"  # basket and stock are not in question
    assert verdict(shop, "orders@3", "products@9") == "no-such-version"


def test_to_branch_ignores(shop: Estate) -> None:
    shop.create_version("products", "2", branch="feat/x")
    shop.publish("orders", "2", "products", "stock")
    shop.verified("orders", "2", "products", "2")
    assert verdict(shop, "orders@2") == "not-in-environment"
    assert verdict(shop, "orders@2", ignore="stock") == "yes"


# --- what was deployed ------------------------------------------------------------------------------------------


def test_undeployed(shop: Estate) -> None:
    shop.record("products", state="undeployed")
    assert shop.answers("orders@1") == ("not-in-environment", UNKNOWN)
    ended = shop.record("products", state="undeployed", code=2)
    assert "is not deployed in" in ended.log


def test_a_deployment_replaces_the_one_before(shop: Estate) -> None:
    shop.create_version("products", "2")
    shop.record("products", "2")
    assert shop.answers("orders@1") == ("waiting", UNKNOWN)
    shop.record("products", "1")
    assert shop.answers("orders@1") == ("yes", YES)


def test_released_stays_until_its_support_ends(shop: Estate) -> None:
    """Several releases count at once, as apps on phones do."""
    shop.publish("app", "1", "products", content="old")
    shop.publish("app", "2", "products", content="new")
    for version in ("1", "2"):
        shop.verified("app", version, "products", "1")
        shop.record("app", version, state="released")
    shop.verified("app", "2", "products", "2")
    assert shop.answers("products@2") == ("waiting", UNKNOWN)
    shop.record("app", "1", state="support-ended")
    assert shop.answers("products@2") == ("yes", YES)


def test_application_instances(shop: Estate) -> None:
    """Each instance holds its own version; only the one that is named is replaced or ends."""
    shop.publish("orders", "2", "products", content="more")
    for version, instance in (("1", "blue"), ("2", "green")):
        shop.record("orders", version, application_instance=instance)
    shop.verified("orders", "1", "products", "2")
    assert shop.answers("products@2") == ("waiting", UNKNOWN)  # green's orders 2
    shop.record("orders", state="undeployed", application_instance="green")
    assert shop.answers("products@2") == ("yes", YES)
    shop.record("orders", "2", application_instance="blue")
    assert shop.answers("products@2") == ("waiting", UNKNOWN)


def test_each_instance_of_a_provider_counts(shop: Estate) -> None:
    """A deliberate deviation: the broker has rows for what was verified, and overlooks an instance that was not.

    A consumer will meet whichever instance answers.
    """
    shop.create_version("products", "2")
    shop.record("products", "2", application_instance="green")
    assert shop.answers("orders@1") == ("waiting", YES)
    assert "There is no result of products" in shop.gate("orders@1").outputs["reason"].replace(f".{shop.prefix}", "")
    shop.verified("orders", "1", "products", "2")
    assert shop.answers("orders@1") == ("yes", YES)
    shop.create_version("products", "3")
    shop.record("products", "3", state="released")
    assert shop.answers("orders@1") == ("waiting", YES)


def test_an_environment_is_made_only_where_it_is_asked_for(shop: Estate) -> None:
    ended = shop.record("products", "1", environment=shop.name("test"), create_environment=False, code=2)
    assert f"It knows: {shop.name('test')}" not in ended.log
    assert shop.name("test") not in shop.broker.environments()
    shop.record("products", "1", environment=shop.name("test"))
    assert shop.name("test") in shop.broker.environments()


def test_an_environment_that_no_broker_takes(shop: Estate) -> None:
    ended = shop.record("products", "1", environment="two words", code=2)
    assert "Choose another name" in ended.log


def test_only_what_the_broker_knows_is_recorded(shop: Estate) -> None:
    """A version that nobody published would hide its service from every other gate."""
    ended = shop.record("products", "9", code=2)
    assert "knows no version 9" in ended.log
    assert shop.broker.version(shop.name("products"), "9") is None


def test_a_consumer_does_not_vanish_from_its_providers_gates_unless_told_to(shop: Estate) -> None:
    """A version without contracts hides its service: the broker's yes to what would break it shows what is refused."""
    shop.record("orders", "1")
    shop.verified("orders", "1", "products", "2", passed=False)
    shop.create_version("orders", "2")
    assert "and 1, which is deployed" in shop.record("orders", "2", code=2).log
    assert shop.answers("products@2") == ("failed", NO)
    shop.record("orders", "2", allow_without_contracts=True)
    assert shop.answers("products@2") == ("yes", YES)
    assert "Nothing was compared" in shop.gate("products@2").outputs["reason"]


# --- what no push puts right ------------------------------------------------------------------------------------


def test_what_reconcile_asks_a_broker(shop: Estate) -> None:
    """Which contents a version has no result for, who has versions at all, which branches there are, without one."""
    broker, products = shop.broker, shop.name("products")
    shop.publish("basket", "1", "products", content="more", branch="main")
    shop.publish("basket", "2", "products", content="more", branch="feat/x")  # which is the same
    shop.publish("basket", "2", "nobody", branch="feat/x")
    shop.verified("basket", "2", "products", "2", passed=False)
    [pact] = broker.pacts_for_verification(
        products, [{"mainBranch": True, "consumer": shop.name("basket")}], branch=None
    )
    assert pact.consumer == shop.name("basket")
    assert pact.content_url == broker.content_url(shop.name("basket"), products, "1")
    assert broker.unverified(products, "1", [pact]) == [pact]
    assert broker.unverified(products, "2", [pact]) == []
    assert [broker.has_versions(shop.name(each)) for each in ("products", "nobody")] == [True, False]
    branches = {branch.name: branch for branch in broker.branches(shop.name("basket"))}
    assert branches.keys() == {"main", "feat/x"}
    broker.delete_branch(branches["feat/x"])
    assert [branch.name for branch in broker.branches(shop.name("basket"))] == ["main"]
    assert broker.version(shop.name("basket"), "2")


# --- names ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["order service", "team/orders", "Bestellgröße 訂單", "@scope/orders", "50%+?&#=;x"])
def test_names_as_people_write_them(estate: Estate, name: str) -> None:
    estate.prefix += f" {name}"
    version = f"1.0+{name.replace(' ', '-').replace('@', '')}"  # an @ parts the name from the version
    estate.publish(name, version, "products", branch=f"feat/{name}", tags="a/b c")
    estate.verified(name, version, "products", version)
    estate.record("products", version)
    assert estate.answers(f"{name}@{version}") == ("yes", YES)
    estate.record(name, version, application_instance=name)
    assert estate.answers(f"products@{version}") == ("yes", YES)
    assert estate.gate(f"products@{version}", to_branch=f"feat/{name}").outputs["verdict"] == "yes"


# --- publishing and verifying -----------------------------------------------------------------------------------


def test_other_content_under_the_same_version(shop: Estate) -> None:
    """409: refused with what differs, and what is there stays."""
    ended = shop.publish("orders", "1", "products", content="something else", code=2)
    assert "a request for something else" in ended.log
    assert "A version must be one commit" in ended.log
    assert shop.answers("orders@1") == ("yes", YES)


def test_other_content_beside_a_new_pact(shop: Estate) -> None:
    """One consumer's pacts are taken together or not at all, and the one that differs is named."""
    pacts = [shop.pact("orders", "accounts"), shop.pact("orders", "products", "something else")]
    ended = shop.publish_pacts("1", pacts, code=2)
    assert f"another pact of {shop.name('orders')} with {shop.name('products')}" in ended.log
    assert shop.broker.published_pact(shop.name("orders"), shop.name("accounts"), "1") is None


def test_parts_of_one_pact_are_merged_where_that_is_asked_for(shop: Estate) -> None:
    """The merged pact is another content: what was verified no longer answers for it."""
    pacts = [shop.pact("orders", "accounts"), shop.pact("orders", "products", "something else")]
    ended = shop.publish_pacts("1", pacts, on_conflict="merge", branch="feat/x", tags="a, b")
    assert [pact["provider"] for pact in json.loads(ended.outputs["published"])] == [
        shop.name("accounts"),
        shop.name("products"),
    ]
    document = shop.broker.published_pact(shop.name("orders"), shop.name("products"), "1")
    assert document is not None
    described = {interaction["description"] for interaction in document["interactions"]}
    assert described == {"a request for it", "a request for something else"}
    assert shop.answers("orders@1", ignore="accounts") == ("waiting", UNKNOWN)
    version = shop.broker.version(shop.name("orders"), "1")
    assert version is not None
    assert {tag["name"] for tag in version["_embedded"]["tags"]} == {"a", "b"}
    assert [branch["name"] for branch in version["_embedded"]["branchVersions"]] == ["feat/x"]


def test_what_contradicts_itself_is_not_merged(shop: Estate) -> None:
    pact = shop.pact("orders", "products", status=418)
    ended = shop.publish_pacts("1", [pact], code=2, on_conflict="merge")
    assert "changed: " in ended.log
    assert shop.answers("orders@1") == ("yes", YES)


def test_pending_pacts_do_not_fail_the_provider(shop: Estate, provider: ThreadingHTTPServer) -> None:
    """What no version of the branch has ever honoured is pending; what was honoured once is not."""
    shop.publish("orders", "2", "products", content="news", branch="main")
    provider.status = 404  # type: ignore[attr-defined]
    ended = _verify(shop, provider, "2", branch="main", enable_pending=True)
    assert (ended.code, ended.outputs["pending"], ended.outputs["failed"]) == (0, "1", "0")
    assert shop.answers("orders@2", to_main_branch="true") == ("failed", NO)  # pending is no yes
    provider.status = 200  # type: ignore[attr-defined]
    assert _verify(shop, provider, "3", branch="main", enable_pending=True).outputs["pending"] == "0"
    provider.status = 404  # type: ignore[attr-defined]
    ended = _verify(shop, provider, "4", branch="main", enable_pending=True)
    assert (ended.code, ended.outputs["pending"], ended.outputs["failed"]) == (1, "0", "1")


def test_work_in_progress_is_verified_without_being_asked_for(shop: Estate, provider: ThreadingHTTPServer) -> None:
    shop.create_version("products", "1", branch="main")
    shop.publish("orders", "2", "products", content="news", branch="feat/x")
    selectors = json.dumps([{"mainBranch": True}])
    without = _verify(shop, provider, "2", branch="main", selectors=selectors, on_empty="pass")
    assert without.outputs["verified"] == "0"
    provider.status = 404  # type: ignore[attr-defined]
    inputs = {"branch": "main", "selectors": selectors, "enable_pending": True, "wip_since": "2020-01-01"}
    ended = _verify(shop, provider, "2", **inputs)
    assert (ended.code, ended.outputs["pending"]) == (0, ended.outputs["verified"])
    assert int(ended.outputs["verified"]) > 0


# --- a hub ------------------------------------------------------------------------------------------------------


def test_no_yes_from_an_answer_that_was_cut(estate: Estate) -> None:
    """A provider whose 120 consumers are all there, of which the first one fails.

    A Pact Broker looks at the latest hundred unless it is told otherwise, and says yes.
    """
    _deploy_consumers(estate, 120)
    ended = estate.gate("hub@1")
    assert ended.outputs["verdict"] == "failed"
    assert estate.name("consumer-0") in ended.outputs["reason"]
    assert estate.deployable("hub@1") is NO
    by_itself = estate.deployable("hub@1", limit="")
    # A deliberate deviation of the embedded broker: it decides on all rows, whatever it is asked for.
    assert by_itself is (NO if estate.url.startswith("sqlite:") else YES)


def _deploy_consumers(estate: Estate, count: int) -> None:
    """Publish, verify and deploy them, with as few requests as a broker takes."""
    broker = estate.broker
    place = broker.create_environment(estate.environment).deployed_url
    for number in range(count):
        text = json.dumps(estate.pact(f"consumer-{number}", "hub"))
        broker.publish([parse(text.encode(), "")], version="1", branch=None, tags=(), build_url=None, merge=False)
        version = f"/pacticipants/{estate.name(f'consumer-{number}')}/versions/1/deployed-versions"
        broker._http.send("POST", f"{version}/environment/{place.split('/')[-3]}", {})
    for pact in broker.pacts_for_verification(estate.name("hub"), [{"latest": True}], branch=None):
        passed = estate.name("consumer-0") not in pact.name
        results = pact.url.partition("/metadata/")[0] + "/verification-results"
        broker.publish_result(results, {"success": passed, "providerApplicationVersion": "1"})


# --- a Pact Broker's surroundings -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asks_for", "right", "wrong"),
    [
        (
            {"PACT_BROKER_BASIC_AUTH_USERNAME": "ci-user", "PACT_BROKER_BASIC_AUTH_PASSWORD": "s3cret:ß"},
            {"username": "ci-user", "password": "s3cret:ß"},
            {"username": "ci-user", "password": "s3cret"},
        ),
        ({"PACT_BROKER_TEST_TOKEN": "s3cret-T"}, {"token": "s3cret-T"}, {"token": "s3cret-U"}),
    ],
    ids=["basic auth", "bearer token"],
)
def test_credentials(
    tmp_path: Path, read_log: Callable[[], str], asks_for: dict[str, str], right: dict[str, str], wrong: dict[str, str]
) -> None:
    with pact_broker(tmp_path, **asks_for) as url:
        estate = Estate(url, "credentials", tmp_path, read_log, right)
        estate.publish("orders", "1", "products")
        estate.verified("orders", "1", "products", "1")
        estate.record("products", "1")
        assert estate.answers("orders@1") == ("yes", YES)
        for credentials, sentence in ((wrong, "does not accept the credentials"), ({}, "no credentials were given")):
            ended = Estate(url, "credentials", tmp_path, read_log, credentials).gate("orders@1")
            assert (ended.code, ended.outputs["verdict"]) == (3, "broker-error")
            assert sentence in ended.outputs["reason"]
            assert all(secret not in ended.outputs["reason"] + ended.summary for secret in credentials.values())


def test_a_broker_under_a_path(tmp_path: Path, read_log: Callable[[], str]) -> None:
    with pact_broker(tmp_path) as url, reverse_proxy(url, "/tools/pact") as under_a_path:
        estate = Estate(under_a_path, "path", tmp_path, read_log)
        estate.publish("orders", "1", "products", branch="feat/x")
        estate.verified("orders", "1", "products", "1")
        estate.record("products", "1")
        assert estate.answers("orders@1") == ("yes", YES)
        estate.record("products", state="undeployed")
        assert estate.answers("orders@1") == ("not-in-environment", UNKNOWN)
        assert estate.answers("products@1", to_branch="feat/x") == ("yes", YES)
