"""The verifiers that teams run take the embedded broker for a real one: the same pacts, results and answers.

pact-python's own Verifier, and npm's @pact-foundation/pact (skipped where `npm ci --prefix tests/lint` brought none),
each with a broker as its source: selectors, pending, work in progress, and the results published with branch and tags.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pytest
from golden import Broker
from pact import Verifier

ROOT = Path(__file__).parents[2]
PACT_JS = ROOT / "tests" / "lint" / "node_modules" / "@pact-foundation" / "pact"
SECONDS = 60
Selectors = tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class Run:
    """What a verifier is told: provider version 1 has the branch and the tags."""

    selectors: Selectors
    branch: str | None = "main"
    tags: tuple[str, ...] = ()
    pending: bool = False
    wip_since: str | None = None
    publish: bool = True


RUNS = {
    "main-branch": Run(({"mainBranch": True},)),
    "several-selectors": Run(({"mainBranch": True}, {"deployedOrReleased": True}, {"matchingBranch": True})),
    "one-consumer": Run(({"consumer": "web ä/1", "latest": True},), branch="feat/ä"),
    "environment": Run(({"environment": "production"},), tags=("dev", "b c")),
    "tags": Run(({"tag": "dev", "latest": True},), branch=None, tags=("dev",)),
    "fallback-tag": Run(({"tag": "none", "latest": True, "fallbackTag": "dev"},)),
    "a-branch-that-fails": Run(({"branch": "feat/x"},)),
    "pending": Run(({"branch": "feat/x"},), pending=True),
    "work-in-progress": Run(({"mainBranch": True},), pending=True, wip_since="2020-01-01"),
    "nothing-selected": Run(({"branch": "none"},)),
    "not-published": Run(({"mainBranch": True},), publish=False),
    "no-selectors": Run(()),
}


def estate(b: Broker) -> None:
    """Two consumers: what main has is kept, what feat/x asks for is not."""
    b.environment("production", production=True)
    b.pacticipant("orders", main_branch="main")
    b.pacticipant("web ä/1", main_branch="main")
    b.publish("orders", "1", "products", branch="main", tags=["dev"])
    b.publish("web ä/1", "1", "products", branch="main")
    b.publish("orders", "2 x", "products", branch="feat/x", content="b")
    b.deploy("orders", "1", "production")
    b.release("web ä/1", "1", "production")


def seen(address: str, name: str, run: Run, verify: Callable[[Broker, Run], Any]) -> dict[str, Any]:
    """What a verifier says of a run, and what the broker knows after it."""
    b = Broker(address, name)
    estate(b)
    said = verify(b, run)
    b.steps.clear()
    b.matrix([("q[][pacticipant]", b.name("orders")), ("q[][pacticipant]", b.name("products"))])
    b.matrix([("q[][pacticipant]", b.name("products")), ("q[][version]", "p 1"), ("latestby", "cvpv")])
    for consumer, version in (("orders", "1"), ("orders", "2 x"), ("web ä/1", "1")):
        b.can_i_deploy(consumer, version, "production")
    b.for_verification("products", {"branch": "feat/x"}, {"mainBranch": True}, branch="main", pending=True)
    b.call("GET", f"/pacticipants/{b.name('products')}/branches")
    version = b.call("GET", f"/pacticipants/{b.name('products')}/versions/p%201")
    found = version.body["_embedded"] if version.status == 200 else {}
    names = {key: sorted(item["name"] for item in found.get(key, [])) for key in ("branchVersions", "tags")}
    return {"said": said, "version": names, "decisions": [step["decision"] for step in b.steps]}


def pact_python(provider: str) -> Callable[[Broker, Run], Any]:
    """Verify with pact-python, in this process."""

    def verify(b: Broker, run: Run) -> Any:
        verifier = Verifier(b.name("products"), host="127.0.0.1").add_transport(url=provider)
        builder = verifier.broker_source(b.base_url, selector=True)
        for selector in run.selectors:
            snake = {_snake(key): value for key, value in _named(b, selector).items()}
            builder.consumer_version(**snake)
        if run.branch:
            builder.provider_branch(run.branch)
        builder.provider_tags(*run.tags)
        if run.pending:
            builder.include_pending()
        if run.wip_since:
            builder.include_wip_since(run.wip_since)
        builder.build()
        if run.publish:
            verifier.set_publish_options("p 1", branch=run.branch, tags=list(run.tags))
        try:
            verifier.verify()
            ended = "passed"
        except RuntimeError:
            ended = "failed"
        results = verifier.results
        kept = ("consumer", "description", "pending", "result")
        interactions = [{key: item.get(key) for key in kept} for item in results.get("interactionResults", [])]
        return [ended, results.get("result"), sorted(interactions, key=str)]

    return verify


def pact_js(provider: str, folder: Path) -> Callable[[Broker, Run], Any]:
    """Verify with pact-js, in a process of its own."""
    node = shutil.which("node")
    if node is None or not PACT_JS.exists():
        pytest.skip("pact-js is not there (it takes Node, and `npm ci --prefix tests/lint`)")
    script = folder / "verify.cjs"
    script.write_text(
        f"const {{ Verifier }} = require({json.dumps(str(PACT_JS))});\n"
        "new Verifier(JSON.parse(process.argv[2])).verifyProvider().then(() => 0, () => 1)"
        ".then((code) => process.exit(code));\n"
    )

    def verify(b: Broker, run: Run) -> Any:
        options = {
            "provider": b.name("products"),
            "providerBaseUrl": provider,
            "pactBrokerUrl": b.base_url,
            "consumerVersionSelectors": [_named(b, selector) for selector in run.selectors],
            "providerVersion": "p 1",
            "providerVersionBranch": run.branch,
            "providerVersionTags": list(run.tags),
            "enablePending": run.pending,
            "includeWipPactsSince": run.wip_since,
            "publishVerificationResult": run.publish,
            "failIfNoPactsFound": False,
            "logLevel": "error",
        }
        given = json.dumps({key: value for key, value in options.items() if value is not None})
        done = subprocess.run(
            [str(node), str(script), given],
            capture_output=True,
            env={"PATH": "/usr/bin:/bin", "PACT_DO_NOT_TRACK": "true", "HOME": str(folder)},
            timeout=SECONDS,
            check=False,
        )
        return done.returncode

    return verify


def _named(b: Broker, selector: dict[str, Any]) -> dict[str, Any]:
    return {key: b.name(value) if key in ("consumer", "environment") else value for key, value in selector.items()}


def _snake(key: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in key)


@pytest.mark.parametrize("name", RUNS)
def test_pact_python_says_and_publishes_the_same(
    embedded_broker: str, real_broker: str, keeping_provider: str, name: str
) -> None:
    verify = pact_python(keeping_provider)
    embedded, real = (seen(url, f"py-{name}", RUNS[name], verify) for url in (embedded_broker, real_broker))
    assert embedded == real, asdict(RUNS[name])


@pytest.mark.parametrize("name", RUNS)
def test_pact_js_says_and_publishes_the_same(
    embedded_broker: str, real_broker: str, keeping_provider: str, name: str, tmp_path: Path
) -> None:
    verify = pact_js(keeping_provider, tmp_path)
    embedded, real = (seen(url, f"js-{name}", RUNS[name], verify) for url in (embedded_broker, real_broker))
    assert embedded == real, asdict(RUNS[name])


def test_the_runs_show_what_they_are_about(embedded_broker: str, keeping_provider: str) -> None:
    """A comparison of two brokers that are never asked would pass as well."""
    verify = pact_python(keeping_provider)
    results = {name: seen(embedded_broker, name, run, verify) for name, run in RUNS.items()}
    ended = {name: result["said"][0] for name, result in results.items()}
    assert ended["a-branch-that-fails"] == "failed"
    assert {ended[name] for name in ("main-branch", "pending", "work-in-progress", "tags")} == {"passed"}
    assert results["environment"]["version"] == {"branchVersions": ["main"], "tags": ["b c", "dev"]}
    assert len(results["work-in-progress"]["said"][2]) == 3
    assert any(item["pending"] for item in results["pending"]["said"][2])
