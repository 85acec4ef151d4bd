"""The consumer asserts exact values instead of using matchers."""

from __future__ import annotations

import shutil
import sys

from stage import HERE, Stage, python

FOLDER = HERE / "values"


def values(stage: Stage) -> None:
    """The provider's test data change, and a contract breaks that nobody needs to be so."""
    stage.case(
        "Consumer uses exact-value assertions instead of matchers",
        "The contract says id 123. The provider's test data change: the product of the day is another one.",
    )
    pact = shutil.copy(FOLDER / "orders-products.json", stage.folder)
    (stage.folder / "pyproject.toml").touch()  # the line to write instead is told in the project's language
    service, port = FOLDER / "products.py", stage.port()
    url = f"http://127.0.0.1:{port}"
    verifier = [*python("plain/verify.py"), "products", url, pact]
    with stage.served(sys.executable, service, str(port), FOLDER / "yesterday.json", url=url):
        stage.plain("yesterday", verifier, code=0, says=[])
    with stage.served(sys.executable, service, str(port), FOLDER / "today.json", url=url):
        stage.plain("today", verifier, code=1, says=["Expected 124 (Integer) to be equal to 123 (Integer)"])
    stage.ours(
        "lint",
        "lint",
        "--pacts",
        pact,
        "--fail-on",
        "warning",
        code=1,
        says=["$.response.body.content.id", "match.int(123)"],
    )
    stage.ours("lint --fix", "lint", "--pacts", pact, "--fix", code=0, says=["Mended in the files: 3"])
    verify = ("verify", "--provider", "products", "--pacts", pact, "--provider-url", url)
    for data, code, says in (("today", 0, "honours its one pact"), ("broken", 1, "$.name")):
        start = f"{sys.executable} {service} {port} {FOLDER / data}.json"
        told = "with today's data" if code == 0 else "and a provider that renames a field is still found"
        stage.mended(told, *verify, "--start", start, code=code, says=[says])
