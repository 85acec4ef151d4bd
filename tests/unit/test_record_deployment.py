"""A deployment that would blind the gates of others is not recorded unless that is wanted, which costs little."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pact_gate.commands import create_version, publish, record_deployment
from pact_gate.model.errors import InputError
from pact_gate.model.outcome import Outcome
from pact_gate.settings.inputs import Inputs

OLD, NEW, BARE = "a" * 40, "b" * 40, "c" * 40


class Estate:
    """Versions of orders on its main branch: OLD and NEW need products, BARE was made without contracts."""

    def __init__(self, local: Any, folder: Path) -> None:
        self.local, self.folder = local, folder
        local.client.create_environment("production")

    def step(self, version: str) -> Any:
        return self.local.step(self.folder, version=version, branch="main")

    def publish(self, version: str) -> None:
        publish.run(Inputs({}, {}), self.step(version))

    def create(self, version: str, name: str = "orders") -> None:
        create_version.run(Inputs({"pacticipant": name}, {}), self.step(version))

    def record(self, version: str, name: str = "orders", **inputs: str) -> Outcome:
        self.local.requests.clear()
        named = {key.replace("_", "-"): value for key, value in inputs.items()}
        given = {"pacticipant": name, "environment": "production", **named}
        return record_deployment.run(Inputs(given, {}), self.step(version))

    @property
    def there(self) -> set[str]:
        broker = self.local.client
        return broker.versions_in(broker.environment("production").url).get("orders", set())


@pytest.fixture
def estate(local, write_pact, tmp_path) -> Estate:
    write_pact("orders", "products")
    return Estate(local, tmp_path)


@pytest.mark.parametrize("state", ["deployed", "released"])
def test_a_version_without_contracts_does_not_follow_one_that_has_some(estate, state) -> None:
    """It says which one that is, and what to do; nothing is recorded."""
    estate.publish(OLD)
    estate.record(OLD, state=state)
    estate.create(BARE)
    with pytest.raises(InputError) as caught:
        estate.record(BARE, state=state)
    assert caught.value.cause == (
        f"The version {BARE[:10]} of orders has no contracts, and {OLD[:10]}, which is {state} in production, has "
        "some: from now on the gate of no provider would see what orders needs."
    )
    assert "`allow-without-contracts: true`" in caught.value.next_step
    assert estate.there == {OLD}


def test_where_nothing_is_deployed_yet_the_head_of_the_main_branch_tells(estate) -> None:
    estate.create(BARE)
    estate.publish(NEW)
    with pytest.raises(InputError, match=f"{NEW[:10]}, the head of its main branch, has some"):
        estate.record(BARE)
    assert estate.there == set()


def test_who_wants_it_gets_it_with_a_warning_and_is_not_asked_again(estate) -> None:
    """Once a service that needs nobody any more is there, its next version is as good as the one before."""
    estate.publish(OLD)
    estate.record(OLD)
    for version in (BARE, NEW):
        estate.create(version)
    [warning] = estate.record(BARE, allow_without_contracts="true").annotations
    assert (warning.level, "has no contracts" in warning.message) == ("warning", True)
    assert estate.record(NEW).annotations == ()
    assert estate.there == {NEW}


def test_what_nothing_is_lost_by_is_recorded(estate) -> None:
    """The first version of all; the same once more; another instance, of which each has what it had."""
    estate.create(BARE)
    estate.record(BARE)
    estate.record(BARE)
    estate.publish(OLD)
    estate.record(OLD, application_instance="blue")
    estate.create(NEW)
    assert estate.record(NEW).annotations == ()
    with pytest.raises(InputError, match="has no contracts"):
        estate.record(NEW, application_instance="blue")


def test_what_is_there_decides_and_not_what_is_new_on_the_main_branch(estate) -> None:
    """A hotfix of what never had contracts takes nothing away, whatever the next version will need."""
    for version in (OLD, BARE):
        estate.create(version)
    estate.record(OLD)
    estate.publish(NEW)
    assert estate.record(BARE).annotations == ()


def test_it_costs_no_request_where_there_are_contracts_and_one_for_who_only_provides(estate) -> None:
    usual = ["GET /", f"GET /pacticipants/orders/versions/{OLD}"]
    estate.publish(OLD)
    estate.record(OLD)
    assert [each for each in estate.local.requests if each.startswith("GET")] == usual
    estate.create(OLD, "products")
    estate.record(OLD, "products")
    provider = ["GET /", f"GET /pacticipants/products/versions/{OLD}", "GET /integrations"]
    assert [each for each in estate.local.requests if each.startswith("GET")] == provider
