"""can-i-deploy blocks a deploy although the pact was verified."""

from __future__ import annotations

import sys

from stage import HERE, PACT_GATE, Stage, python

FOLDER = HERE / "values"
CONSUMER, PROVIDER = "c0ffee1234567890c0ffee1234567890c0ffee12", "beef0123456789abcdefbeef0123456789abcdef"


def results(stage: Stage) -> None:
    """The provider verifies under its branch's name, and is deployed under its commit's SHA."""
    stage.case(
        "can-i-deploy blocks a deploy even though the pact was already verified",
        "products verified the pact as version `main`, and is in production as its commit's SHA.",
    )
    port, broker_port = stage.port(), stage.port()
    url, broker = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{broker_port}"
    start = [sys.executable, FOLDER / "products.py", str(port), FOLDER / "yesterday.json"]
    serve = [PACT_GATE, "broker", "serve", "--database", "broker.sqlite3", "--port", str(broker_port)]
    at, of_production = ["--broker-base-url", broker], ["--pacticipant", "products", "--version", PROVIDER]
    asked = ["--pacticipant", "orders", "--version", CONSUMER, "--to-environment", "production"]
    with stage.served(*serve, url=broker), stage.served(*start, url=url):
        pact = FOLDER / "orders-products.json"
        stage.prepare("pact", "broker", "create-environment", "--name", "production", "--production", *at)
        stage.prepare("pact", "broker", "publish", pact, "--consumer-app-version", CONSUMER, "--branch", "main", *at)
        stage.prepare("pact", "broker", "create-or-update-version", *of_production, "--branch", "main", *at)
        stage.prepare("pact", "broker", "record-deployment", *of_production, "--environment", "production", *at)
        stage.plain(
            "the verification on products' main branch",
            [*python("plain/verify_from_broker.py"), "products", url, broker, "main"],
            code=0,
            says=["has status code 200 (OK)"],
        )
        stage.plain(
            "can-i-deploy of orders",
            ["pact", "broker", "can-i-deploy", *asked, *at],
            code=1,
            says=["No result was published", "No deployable version found"],
        )
        stage.ours(
            "explain",
            "explain",
            *asked,
            "--broker-url",
            broker,
            code=0,
            says=["the name of a branch", "pact-gate verify"],
        )
        stage.mended(
            "verified under the commit's SHA",
            *("verify", "--provider", "products", "--provider-url", url, "--broker-url", broker),
            *("--version", PROVIDER, "--branch", "main", "--publish-results"),
            says=["honours its one pact"],
        )
        stage.mended("can-i-deploy", "can-i-deploy", *asked, "--broker-url", broker, says=["Yes: orders"])
