"""Why there is no result: each cause made for real, on both brokers, and told apart from all the others.

A scenario is what a team does wrong, in the order in which it does it, and ends in a question that has no result. The
gate must find exactly the cause that the scenario is named for; what it says is compared by a few of its words, and
the command that it gives to be copied by how it begins.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.conformance.estate import Ended, Estate

from pact_gate.model.unknown import Cause

C1, C2, C3 = (letter * 40 for letter in "123")  # commits of the consumer
P1, P2, P3 = (letter * 40 for letter in "abc")  # commits of the provider


class Scenario(NamedTuple):
    """What is done, what is asked then, and what the gate must find; `{NAME}` is a service's name in this test."""

    happens: Callable[[Estate], None]
    cause: Cause
    verdict: str
    sentence: str
    command: str
    asked: str = f"orders@{C1}"


def _deployed(estate: Estate, version: str = P1, branch: str = "main") -> None:
    """Products is there, built from main."""
    estate.create_version("products", version, branch=branch)
    estate.record("products", version)


def _basket_verified(estate: Estate, by: str) -> None:
    """Another consumer's pact has a result: products verifies, and publishes."""
    estate.publish("basket", C3, "products", content="a basket", branch="main")
    estate.verified("basket", C3, "products", by)


def _verified_elsewhere(estate: Estate, branch: str, *, passed: bool = True) -> None:
    """Another version of products than the one that is there has verified what orders needs."""
    _deployed(estate)
    estate.publish("orders", C1, "products", branch="main")
    estate.create_version("products", P2, branch=branch)
    estate.verified("orders", C1, "products", P2, passed=passed)


def main_is_ahead(estate: Estate) -> None:
    _verified_elsewhere(estate, "main")


def main_is_ahead_and_failed(estate: Estate) -> None:
    _verified_elsewhere(estate, "main", passed=False)


def short_sha(estate: Estate) -> None:
    _deployed(estate)
    estate.publish("orders", C1, "products", branch="main")
    estate.verified("orders", C1, "products", P1[:7])


def short_sha_deployed(estate: Estate) -> None:
    _deployed(estate, P1[:8])
    estate.publish("orders", C1, "products", branch="main")
    estate.verified("orders", C1, "products", P1)


def with_and_without_v(estate: Estate) -> None:
    _deployed(estate, "v1.2.0")
    estate.publish("orders", C1, "products", branch="main")
    estate.verified("orders", C1, "products", "1.2.0")


def branch_as_version(estate: Estate) -> None:
    _deployed(estate)
    estate.create_version("products", P2, branch="feat/cheaper")
    estate.publish("orders", C1, "products", branch="main")
    estate.verified("orders", C1, "products", "feat/cheaper")


def main_as_version(estate: Estate) -> None:
    _deployed(estate)
    estate.publish("orders", C1, "products", branch="main")
    estate.verified("orders", C1, "products", "main")


def merge_commit_by_its_branch(estate: Estate) -> None:
    _verified_elsewhere(estate, "12/merge")


def commit_on_no_branch(estate: Estate) -> None:
    _deployed(estate)
    estate.publish("orders", C1, "products", branch="main")
    estate.verified("orders", C1, "products", P2)


def never_verified(estate: Estate) -> None:
    _deployed(estate)
    estate.publish("orders", C1, "products", branch="main")


def never_there(estate: Estate) -> None:
    estate.publish("orders", C1, "products", branch="main")
    estate.record("orders", C1)


def not_published(estate: Estate) -> None:
    _basket_verified(estate, P2)
    _deployed(estate)
    estate.publish("orders", C1, "products", branch="main")


def work_in_progress(estate: Estate) -> None:
    estate.publish("orders", C2, "products", content="less", branch="main")
    _deployed(estate)
    estate.verified("orders", C2, "products", P1)
    estate.publish("orders", C1, "products", content="more", branch="feat/more")


def without_branches(estate: Estate) -> None:
    """Who uses tags alone has no work in progress; a pact that is neither on main nor there is selected by nothing."""
    estate.publish("orders", C2, "products", content="less")
    estate.create_version("products", P1)
    estate.record("products", P1)
    estate.verified("orders", C2, "products", P1)
    estate.publish("orders", C1, "products", content="more")


def no_longer_selected(estate: Estate) -> None:
    _deployed(estate)
    _basket_verified(estate, P1)
    estate.publish("orders", C1, "products", content="old", branch="main")
    estate.publish("orders", C2, "products", content="new", branch="main")


def other_content(estate: Estate) -> None:
    estate.publish("orders", C2, "products", content="less", branch="main")
    _deployed(estate)
    estate.verified("orders", C2, "products", P1)
    estate.publish("orders", C1, "products", content="more", branch="main")


def not_asked(estate: Estate) -> None:
    _deployed(estate)
    _basket_verified(estate, P1)
    estate.publish("orders", C1, "products", branch="main")


def another_name(estate: Estate) -> None:
    estate.publish("orders", C1, "product-list", branch="main")
    estate.create_version("Product_List", P1, branch="main")
    estate.record("Product_List", P1)


def deployed_under_another_name(estate: Estate) -> None:
    estate.publish("orders", C1, "product-list", branch="main")
    estate.verified("orders", C1, "product-list", P1)
    estate.create_version("ProductList", P1, branch="main")
    estate.record("ProductList", P1)


def two_services_alike(estate: Estate) -> None:
    """Both have pacts of their own: nobody has mistaken the one for the other."""
    estate.publish("basket", C3, "ProductList", content="a basket", branch="main")
    estate.verified("basket", C3, "ProductList", P2)
    estate.record("ProductList", P2)
    estate.create_version("product-list", P1, branch="main")  # a broker takes no first pact with a name so alike
    estate.publish("orders", C1, "product-list", branch="main")
    estate.verified("orders", C1, "product-list", P1)


def not_there(estate: Estate) -> None:
    estate.publish("orders", C1, "products", branch="main")
    estate.create_version("products", P1, branch="main")
    estate.verified("orders", C1, "products", P1)
    estate.record("orders", C1)


def deployed_without_pacts(estate: Estate) -> None:
    estate.publish("orders", C1, "products", branch="main")
    estate.verified("orders", C1, "products", P1)
    estate.create_version("orders", C2, branch="main")
    estate.record("orders", C2, allow_without_contracts=True)


def deployed_under_another_spelling(estate: Estate) -> None:
    estate.publish("orders", C1, "products", branch="main")
    estate.verified("orders", C1, "products", P1)
    estate.create_version("orders", f"v{C1}", branch="main")
    estate.record("orders", f"v{C1}", allow_without_contracts=True)


def asked_without_pacts(estate: Estate) -> None:
    _deployed(estate)
    estate.publish("orders", C1[:7], "products", branch="main")
    estate.create_version("orders", C1, branch="main")


def asked_under_another_spelling(estate: Estate) -> None:
    _deployed(estate)
    estate.publish("orders", C1[:10], "products", branch="main")


def published_under_a_branch(estate: Estate) -> None:
    _deployed(estate)
    estate.broker.put_branch(estate.name("orders"), "main", "main")


CASES = (
    Scenario(main_is_ahead, Cause.OTHER_VERSION, "waiting", "the main branch is ahead", "git switch --detach aaaaaaa"),
    Scenario(main_is_ahead_and_failed, Cause.OTHER_VERSION, "waiting", "(on main) has failed it", "git switch"),
    Scenario(short_sha, Cause.VERSION_SPELLING, "waiting", "'aaaaaaa', another spelling of 'aaaaaaaaaa", "git switch"),
    Scenario(short_sha_deployed, Cause.VERSION_SPELLING, "waiting", "of 'aaaaaaaa'", "pact-gate record-deployment"),
    Scenario(with_and_without_v, Cause.VERSION_SPELLING, "waiting", "of 'v1.2.0'", "pact-gate verify "),
    Scenario(branch_as_version, Cause.BRANCH_AS_VERSION, "waiting", "'feat/cheaper', the name of", "git switch"),
    Scenario(main_as_version, Cause.BRANCH_AS_VERSION, "waiting", "'main', the name of a branch", "git switch"),
    Scenario(merge_commit_by_its_branch, Cause.MERGE_COMMIT, "waiting", "(12/merge), which nobody", "git switch"),
    Scenario(commit_on_no_branch, Cause.MERGE_COMMIT, "waiting", "which is on no branch in the broker", "git switch"),
    Scenario(never_verified, Cause.NEVER_VERIFIED, "waiting", "has never published a result", "git switch"),
    Scenario(never_there, Cause.NEVER_VERIFIED, "not-in-environment", "has never published", "pact-gate verify"),
    Scenario(not_published, Cause.NOT_PUBLISHED, "waiting", "has published no result of any pact", "git switch"),
    Scenario(work_in_progress, Cause.WORK_IN_PROGRESS, "waiting", "is work in progress to", "git switch"),
    Scenario(no_longer_selected, Cause.WORK_IN_PROGRESS, "waiting", "does not select", "git switch"),
    Scenario(without_branches, Cause.WORK_IN_PROGRESS, "waiting", "does not select", "git switch"),
    Scenario(other_content, Cause.OTHER_CONTENT, "waiting", "has another content", "git switch"),
    Scenario(not_asked, Cause.NOT_ASKED, "waiting", "has verified the pacts of others ({basket})", "git switch"),
    Scenario(another_name, Cause.PROVIDER_NAME, "not-in-environment", "is '{Product_List}'", "git grep -nF -e "),
    Scenario(
        deployed_under_another_name, Cause.PROVIDER_NAME, "not-in-environment", "is '{ProductList}'", "git grep -nF"
    ),
    Scenario(two_services_alike, Cause.NOT_THERE, "not-in-environment", "version aaaaaaaaaa has", "pact-gate record"),
    Scenario(not_there, Cause.NOT_THERE, "not-in-environment", "version aaaaaaaaaa has", "pact-gate record"),
    Scenario(
        deployed_without_pacts,
        Cause.WITHOUT_PACTS,
        "yes",
        "so no gate compares it; 1111111111 has",
        "git switch",
        asked=f"products@{P1}",
    ),
    Scenario(
        deployed_under_another_spelling,
        Cause.WITHOUT_PACTS,
        "yes",
        "another spelling of it",
        "pact-gate record-depl",
        asked=f"products@{P1}",
    ),
    Scenario(asked_without_pacts, Cause.WITHOUT_PACTS, "yes", "another spelling of it", "pact-gate can-i-deploy"),
    Scenario(
        asked_under_another_spelling, Cause.VERSION_SPELLING, "no-such-version", "has '1111111111' of", "pact-gate"
    ),
    Scenario(published_under_a_branch, Cause.BRANCH_AS_VERSION, "no-such-version", "name of a branch", "git switch"),
)


@pytest.mark.parametrize("case", CASES, ids=[case.happens.__name__ for case in CASES])
def test_each_scenario_has_its_cause_and_no_other(estate: Estate, case: Scenario) -> None:
    """What is told is exactly what was done, and how to mend it."""
    estate.prefix = case.happens.__name__.replace("_", ".")
    case.happens(estate)
    ended = estate.gate(case.asked)
    assert ended.outputs["verdict"] == case.verdict, ended.log
    found = causes(ended)
    assert [each["cause"] for each in found] == [case.cause]
    names = {name: estate.name(name) for name in ("basket", "Product_List", "ProductList")}
    assert case.sentence.format(**names) in found[0]["sentence"]
    assert found[0]["command"].startswith(case.command)
    assert found[0]["mend"]
    assert found[0]["sentence"] in ended.log
    assert f"```text\n{found[0]['command']}\n```" in ended.summary
    assert (found[0]["of"] != "") == case.command.startswith(("git", "pact-gate verify"))

    explained = estate.explain(case.asked)
    assert (explained.code, explained.outputs["verdict"]) == (0, case.verdict)
    about_rows = ("cause", "sentence", "mend", "command", "of")
    assert [{key: each[key] for key in about_rows} for each in json.loads(explained.outputs["causes"])] == found


MENDED = [
    case
    for case in CASES
    # Which version of a provider that has none is to be deployed only a person knows, and which name is the right one.
    if case.verdict in ("waiting", "not-in-environment") and case.happens is not never_there
    if case.cause is not Cause.PROVIDER_NAME
]


@pytest.mark.parametrize("case", MENDED, ids=[case.happens.__name__ for case in MENDED])
def test_the_command_mends_it(estate: Estate, case: Scenario, provider: ThreadingHTTPServer) -> None:
    """Copied as it stands, with the provider's port put in and git's part done, it makes the gate's answer a yes."""
    estate.prefix = f"mended.{case.happens.__name__.replace('_', '.')}"
    case.happens(estate)
    (found,) = causes(estate.gate(case.asked))
    command, *words = shlex.split(found["command"].partition("pact-gate ")[2].replace("\\\n", ""))
    flags = zip(words[::2], words[1::2], strict=True)
    inputs = {name.removeprefix("--").replace("-", "_"): value for name, value in flags}
    if command == "verify":
        inputs["provider_url"] = inputs["provider_url"].replace("PORT", str(provider.server_port))
    mended = estate.act(command, **inputs)
    assert mended.code == 0, mended.log
    assert estate.gate(case.asked).outputs["verdict"] == "yes"


def test_a_result_of_a_pact_that_is_work_in_progress_counts(estate: Estate) -> None:
    """Work in progress, or pending, is why nobody verified it; a result that is there is one like any other."""
    work_in_progress(estate)
    assert [each["cause"] for each in causes(estate.gate(f"orders@{C1}"))] == [Cause.WORK_IN_PROGRESS]
    estate.verified("orders", C1, "products", P1, passed=False)
    assert estate.gate(f"orders@{C1}").outputs["verdict"] == "failed"
    estate.verified("orders", C1, "products", P1)
    assert estate.gate(f"orders@{C1}").outputs["verdict"] == "yes"


def test_every_cause_has_its_scenario() -> None:
    """A cause that no scenario makes would never have been seen."""
    assert {case.cause for case in CASES} == set(Cause)


def causes(ended: Ended) -> list[dict[str, str]]:
    """What the output `matrix` says of why there is no result."""
    facts = json.loads(Path(ended.outputs["matrix"]).read_text(encoding="utf-8"))
    return [*facts["causes"], *(each for row in facts["rows"] for each in row["causes"])]
