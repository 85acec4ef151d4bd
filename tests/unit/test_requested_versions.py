"""A consumer asks for a verification: what it names is looked at before anything is checked out or followed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pact_gate.commands import requested_versions
from pact_gate.model.errors import InputError
from pact_gate.model.pact import parse
from pact_gate.settings.inputs import Inputs

HEAD, P1, P2, TAGGED = "a" * 40, "1" * 40, "2" * 40, "6" * 40


@pytest.fixture
def asked(local: Any, tmp_path: Any) -> Any:
    """Ask for the verification of the pact of orders with products, in a run at the commit `HEAD` of products."""
    body = json.dumps({"consumer": {"name": "orders"}, "provider": {"name": "products"}, "interactions": []}).encode()
    broker = local.client
    broker.publish([parse(body, "x")], version="o1", branch="feat/x", tags=(), build_url=None, merge=False)
    url = broker.content_url("orders", "products", "o1")
    results = broker.pact(url).results_url
    broker.publish_result(results, {"success": False, "providerApplicationVersion": P1})
    for version in (P1, P2):
        broker.put_branch("products", version, "main")
    broker.put_branch("products", P2, "mallory:2")  # a fork has each of our commits as well
    for version in ("4" * 40, "5" * 40):  # a fork's pacts, where products is a consumer as well
        broker.put_branch("products", version, f"mallory:{version[0]}")
    broker.delete_branch(next(each for each in broker.branches("products") if each.name == "mallory:5"))
    broker.put_version("products", TAGGED, None)
    broker.create_environment("production")
    broker.record(broker.version("products", TAGGED), "production", released=True, instance=None)

    def ask(versions: str = "", *, pact_url: str = url, provider: str = "products", attempt: str = "1") -> Any:
        given = {"provider": provider, "pact-url": pact_url, "provider-versions": versions}
        inputs = Inputs(given, {"GITHUB_RUN_ATTEMPT": attempt})
        return requested_versions.run(inputs, local.step(tmp_path, version=HEAD)).outputs

    return ask


@pytest.mark.parametrize(
    ("versions", "attempt", "left"),
    [
        (f"{P1},{P2}", "1", [P2]),
        (P1, "1", []),
        (TAGGED, "1", [TAGGED]),  # the release of a tag, which is on no branch
        (P1, "2", [P1]),  # somebody runs it again: what failed is verified again
        ("", "1", [HEAD]),
    ],
)
def test_what_has_a_result_is_left_out(asked, versions, attempt, left) -> None:
    outputs = asked(versions, attempt=attempt)
    assert json.loads(outputs["versions"]) == left
    assert outputs["any"] == str(bool(left)).lower()


@pytest.mark.parametrize(
    ("given", "cause"),
    [
        (
            {"pact_url": "http://evil.example/pacts/provider/products"},
            "does not lie under",
        ),
        ({"pact_url": "http://local.invalid.evil.example/pacts"}, "does not lie under"),
        ({"provider": "stock"}, "is one with products, not with stock"),
        ({"versions": "main"}, "no commit's full SHA"),
        ({"versions": f"{P1},--upload-pack=x"}, "no commit's full SHA"),
        ({"versions": P1[:12]}, "no commit's full SHA"),
        ({"versions": "3" * 40}, "knows no version"),  # GitHub would give it out of a fork
        ({"versions": "4" * 40}, "of its own repository"),
        ({"versions": "5" * 40}, "of its own repository"),  # its branch was deleted when its pull request was closed
        ({"versions": ",".join(f"{number:040x}" for number in range(257))}, "257 versions"),
    ],
)
def test_what_is_not_to_be_trusted_is_refused(asked, local, given, cause) -> None:
    """With a sentence, and nothing is asked of any other host."""
    with pytest.raises(InputError, match=cause):
        asked(**given)
