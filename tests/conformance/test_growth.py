"""What a question costs must not grow with the history: counted in steps of SQLite's machine, not in seconds.

One file grows to four times its history. What is asked daily may then take at most half as many steps again; each
answer is about the same things. What lists a history, such as a matrix without `latestby`, is not here; and
work in progress costs what there is of branches.
"""

from __future__ import annotations

import base64
import json
import pathlib
import sqlite3
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from golden import pact_file
from in_process import call

from pact_gate import embedded
from pact_gate.embedded import store

YOUNG, OLD = 30, 120  # versions of each service
MOST = 1.5
CONSUMERS = ("web", "app")
EVERY, BRANCHES = 5, 3  # so often a version is built on another branch than main; so many of them there are
MAIN_BUILD = {"providerVersionBranch": "main", "includePendingStatus": True}
TAG_BUILD = {"providerVersionTags": ["main"], "includePendingStatus": True}
SELECTORS: dict[str, dict[str, Any]] = {
    "main branches and environments": {
        "consumerVersionSelectors": [{"mainBranch": True}, {"deployedOrReleased": True}]
    },
    "none": {},
    "a branch": {"consumerVersionSelectors": [{"branch": "main"}]},
    "the newest": {"consumerVersionSelectors": [{"latest": True}]},
    "the newest with a tag": {"consumerVersionSelectors": [{"tag": "main", "latest": True}]},
    "pending": MAIN_BUILD,
    "pending by tags": TAG_BUILD,
}
QUESTIONS = {
    "can-i-deploy": "/can-i-deploy?pacticipant={name}&version={version}&environment=production",
    "to an environment": "/matrix?q[][pacticipant]={name}&q[][version]={version}&latestby=cvp&environment=production",
    "with the newest": "/matrix?q[][pacticipant]={name}&q[][version]={version}&latestby=cvp&latest=true",
    "with the newest of a tag": "/matrix?q[][pacticipant]={name}&q[][version]={version}"
    "&latestby=cvp&latest=true&tag=main",
    "with a branch's head": "/matrix?q[][pacticipant]={name}&q[][version]={version}"
    "&q[][pacticipant]=shop&q[][branch]=main&q[][latest]=true&latestby=cvp",
    "a version": "/pacticipants/{name}/versions/{version}",
    "the newest version": "/pacticipants/{name}/latest-version",
    "a branch's newest version": "/pacticipants/{name}/branches/main/latest-version",
    "what is deployed": "/environments/{place}/deployed-versions/currently-deployed",
    "the newest pacts": "/pacts/provider/shop/latest",
    "the newest pacts of a tag": "/pacts/provider/shop/latest/main",
    "a pact": "/pacts/provider/shop/consumer/web/version/{version}",
    "the newest pact": "/pacts/provider/shop/consumer/web/latest",
    "the newest result": "/pacts/provider/shop/consumer/app/latest/verification-results/latest",
}


class Shop:
    """Two consumers of a shop, which needs a bank; `steps` are those of its file since they were last set to 0."""

    def __init__(self, path: pathlib.Path) -> None:
        self.application = embedded.application(path)
        self.version = 0
        self.steps = 0
        self.production, self.store = (
            self.ask("POST", "/environments", {"name": name, "production": True})["uuid"]
            for name in ("production", "store")
        )

    def count(self) -> int:
        self.steps += 1
        return 0

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        status, said = call(self.application, method, path, body)
        assert status < 300, (method, path, status, said)
        return said

    def grow(self, to: int) -> None:
        while self.version < to:
            self.version += 1
            branch = "main" if self.version % EVERY else f"feature-{self.version // EVERY % BRANCHES}"
            for consumer, provider in (*((one, "shop") for one in CONSUMERS), ("shop", "bank")):
                self.publish(consumer, provider, branch)
            for provider in ("shop", "bank"):
                self.verify(provider, branch)
            if branch == "main":
                for name in (*CONSUMERS, "shop"):
                    self.deploy(name)
                self.release("app")

    def publish(self, consumer: str, provider: str, branch: str) -> None:
        pact = pact_file(consumer, provider, f"edition-{0 if consumer == 'app' else self.version // 4}")
        contract = {
            "consumerName": consumer,
            "providerName": provider,
            "specification": "pact",
            "contentType": "application/json",
            "content": base64.b64encode(json.dumps(pact).encode()).decode(),
        }
        named = {"pacticipantName": consumer, "pacticipantVersionNumber": str(self.version)}
        self.ask("POST", "/contracts/publish", {**named, "branch": branch, "tags": [branch], "contracts": [contract]})

    def verify(self, provider: str, branch: str) -> None:
        self.ask("PUT", f"/pacticipants/{provider}/branches/{branch}/versions/{self.version}", {})
        self.ask("PUT", f"/pacticipants/{provider}/versions/{self.version}/tags/{branch}", {})
        wip = {"providerVersionBranch": branch, "includePendingStatus": True, "includeWipPactsSince": "2020-01-01"}
        found = self.ask("POST", f"/pacts/provider/{provider}/for-verification", wip)["_embedded"]["pacts"]
        for one in found:
            path = urlsplit(one["_links"]["self"]["href"]).path
            result = {"success": True, "providerApplicationVersion": str(self.version)}
            self.ask("POST", f"{path}/verification-results", result)

    def deploy(self, name: str) -> None:
        version = f"/pacticipants/{name}/versions/{self.version}"
        self.ask("POST", f"{version}/deployed-versions/environment/{self.production}", {})

    def release(self, name: str) -> None:
        """Release a version, and support no earlier one any longer."""
        supported = self.ask("GET", f"/environments/{self.store}/released-versions/currently-supported")
        for one in supported["_embedded"]["releasedVersions"]:
            self.ask("PATCH", urlsplit(one["_links"]["self"]["href"]).path, {"currentlySupported": False})
        version = f"/pacticipants/{name}/versions/{self.version}"
        self.ask("POST", f"{version}/released-versions/environment/{self.store}", {})


def daily(shop: Shop) -> Iterator[tuple[str, Any]]:
    """Each thing that is asked or told daily, and a function that does it."""
    for name in ("web", "shop"):
        for what, path in QUESTIONS.items():
            filled = path.format(name=name, version=shop.version, place=shop.production)
            yield f"{what}, of {name}", lambda filled=filled: shop.ask("GET", filled)
    for what, body in SELECTORS.items():
        yield f"to verify: {what}", lambda body=body: shop.ask("POST", "/pacts/provider/shop/for-verification", body)
    yield "publish", lambda: shop.publish("web", "shop", "main")
    yield "verify", lambda: shop.verify("bank", "main")
    yield "deploy", lambda: shop.deploy("shop")
    yield "release", lambda: shop.release("app")


def steps(shop: Shop) -> dict[str, int]:
    counted = {}
    for what, do in daily(shop):
        shop.steps = 0
        do()
        counted[what] = shop.steps
    return counted


def test_what_is_asked_daily_costs_no_more_as_the_history_grows(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = store.Store._opened
    shops: list[Shop] = []

    def counting(self: store.Store) -> sqlite3.Connection:
        connection = opened(self)
        connection.set_progress_handler(lambda: shops[0].count() if shops else 0, 1)
        return connection

    monkeypatch.setattr(store.Store, "_opened", counting)
    shop = Shop(tmp_path / "broker.sqlite3")
    shops.append(shop)
    shop.grow(YOUNG - 1)
    young = steps(shop)
    shop.grow(OLD - 1)
    old = steps(shop)
    shop.application.close()
    assert min(young.values()) > 10
    assert {what: (count, old[what]) for what, count in young.items() if old[what] > MOST * count} == {}
