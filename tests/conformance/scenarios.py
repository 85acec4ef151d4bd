"""What a Pact Broker must answer: the scenarios that are open to everyone. See golden.py."""

from __future__ import annotations

import json
import time

from golden import Broker, Receiver, pact_file, quote, scenario


@scenario
def index_and_health(b: Broker) -> None:
    b.call("GET", "/")
    b.call("GET", "/diagnostic/status/heartbeat")
    b.call("GET", "/no-such-thing")
    b.call("OPTIONS", "/pacticipants")


@scenario
def publish_contracts(b: Broker) -> None:
    b.publish("orders", "1", "products", branch="main", tags=["main"], build_url="http://ci/1")
    b.publish("orders", "1", "products", branch="main", tags=["main"])  # the same again
    b.publish("orders", "1", "products", content="b")  # same version, other content
    b.publish("orders", "2", "products", branch="feat/x")  # same content, next version
    b.publish("orders", "3", "products", content="c", branch="main")
    b.publish("orders", "4", "products", "billing", content="d", branch="main")  # two providers at once
    b.pact("orders", "1", "products")
    b.pact("orders", "4", "billing")
    b.pact("orders", "9", "products")  # no such version
    b.call("GET", f"/pacticipants/{b.name('orders')}/versions/1")
    b.call("GET", f"/pacticipants/{b.name('orders')}/versions")
    b.call("GET", f"/pacts/provider/{b.name('products')}/consumer/{b.name('orders')}/latest")
    b.call("GET", f"/pacts/provider/{b.name('products')}/consumer/{b.name('orders')}/latest/main")
    b.call("GET", f"/pacts/provider/{b.name('products')}/latest")
    b.call("GET", f"/pacts/provider/{b.name('products')}/consumer/{b.name('orders')}/versions")


@scenario
def publish_rejects(b: Broker) -> None:
    publish = "/contracts/publish"
    base = {"pacticipantName": b.name("orders"), "pacticipantVersionNumber": "1"}
    good = b.contract("orders", "products", "a")
    b.call("POST", publish, {}, label="nothing in it")
    b.call("POST", publish, {**base, "contracts": [{**good, "content": "%%%"}]}, label="content is not base64")
    b.call("POST", publish, {**base, "contracts": [{**good, "content": "bm90IGpzb24="}]}, label="content is not JSON")
    b.call(
        "POST",
        publish,
        {**base, "contracts": [{**good, "consumerName": b.name("other")}]},
        label="another consumer's contract",
    )
    b.call("POST", publish, {**base, "contracts": [{**good, "specification": "foo"}]}, label="unknown specification")
    b.call("POST", publish, {**base, "pacticipantVersionNumber": " ", "contracts": [good]}, label="blank version")
    b.call("POST", publish, raw=b"{not json", label="body is not JSON")
    b.call("POST", publish, raw=b"<a/>", content_type="application/xml", label="body is XML")
    b.call("GET", f"/pacticipants/{b.name('orders')}", label="and nothing was kept")


@scenario
def put_pact(b: Broker) -> None:
    path = f"/pacts/provider/{b.name('products')}/consumer/{b.name('orders')}/version/1"
    one, two = (pact_file(b.name("orders"), b.name("products"), content) for content in "ab")
    b.call("PUT", path, one, label="create")
    b.call("PUT", path, one, label="the same again")
    b.call("PUT", path, two, label="other content")
    b.call("PUT", path, pact_file(b.name("else"), b.name("products"), "a"), label="names differ from the path")
    b.call("PUT", path, raw=b"{", label="not JSON")
    b.call("GET", path)
    b.call("GET", path, accept="application/json")
    b.call("DELETE", path)
    b.call("GET", path, label="gone")


@scenario
def pacticipants(b: Broker) -> None:
    name = b.name("orders")
    b.pacticipant("orders", main_branch="trunk")
    b.pacticipant("orders")  # twice
    b.call("GET", f"/pacticipants/{name}")
    b.call("PATCH", f"/pacticipants/{name}", {"displayName": "Orders", "repositoryUrl": "http://git/orders"})
    b.call("PATCH", f"/pacticipants/{b.name('new')}", {"mainBranch": "main"}, label="PATCH creates")
    b.call("POST", "/pacticipants", {}, label="no name")
    b.call("PUT", f"/pacticipants/{name}/labels/team-a", {})
    b.call("GET", f"/pacticipants/{name}/labels/team-a")
    b.call("DELETE", f"/pacticipants/{name}/labels/team-a")
    b.call("GET", f"/pacticipants/{name}/labels/team-a", label="label gone")
    b.call("PUT", f"/pacticipants/{name}/versions/1", {"buildUrl": "http://ci/1"})
    b.call("GET", f"/pacticipants/{name}/versions/1")
    b.call("GET", f"/pacticipants/{name}/versions/2", label="no such version")
    b.call("GET", f"/pacticipants/{b.name('nobody')}", label="no such pacticipant")
    b.call("DELETE", f"/pacticipants/{name}")
    b.call("GET", f"/pacticipants/{name}", label="gone")


@scenario
def branches(b: Broker) -> None:
    name = b.name("orders")
    b.pacticipant("orders", main_branch="main")
    b.branch("orders", "1", "main")
    b.branch("orders", "2", "main")
    b.branch("orders", "3", "feat/pay")
    b.branch("orders", "2", "main")
    b.call("GET", f"/pacticipants/{name}/branches")
    b.call("GET", f"/pacticipants/{name}/branches/main")
    b.call("GET", f"/pacticipants/{name}/branches/main/versions")
    b.call("GET", f"/pacticipants/{name}/branches/main/latest-version")
    b.call("GET", f"/pacticipants/{name}/branches/{quote('feat/pay')}/versions/3")
    b.call("GET", f"/pacticipants/{name}/branches/none")
    b.call("DELETE", f"/pacticipants/{name}/branches/{quote('feat/pay')}")
    b.call("DELETE", f"/pacticipants/{name}/branches/{quote('feat/pay')}", label="delete it twice")
    b.call("GET", f"/pacticipants/{name}/versions/3", label="the version stays")


@scenario
def tags(b: Broker) -> None:
    name = b.name("orders")
    b.tag("orders", "1", "dev")
    b.tag("orders", "1", "dev")
    b.tag("orders", "1", "prod")
    b.tag("orders", "2", "dev")
    b.call("GET", f"/pacticipants/{name}/versions/1/tags/dev")
    b.call("GET", f"/pacticipants/{name}/latest-version/dev")
    b.call("GET", f"/pacticipants/{name}/latest-version")
    b.call("DELETE", f"/pacticipants/{name}/versions/2/tags/dev")
    b.call("GET", f"/pacticipants/{name}/latest-version/dev", label="latest dev, now")
    b.call("GET", f"/pacticipants/{name}/versions/2/tags/dev", label="no such tag")


@scenario
def environments(b: Broker) -> None:
    made = b.environment("staging")
    uuid = made.body["uuid"]
    b.environment("staging")  # twice
    b.call("POST", "/environments", {}, label="no name")
    b.call("POST", "/environments", {"name": "has spaces", "production": False}, label="name with spaces")
    b.call("GET", f"/environments/{uuid}")
    b.call(
        "PUT",
        f"/environments/{uuid}",
        {
            "name": b.name("staging"),
            "displayName": "Stage",
            "production": True,
            "contacts": [{"name": "ops", "details": {"emailAddress": "ops@example.org"}}],
        },
    )
    b.call("DELETE", f"/environments/{uuid}")
    b.call("GET", f"/environments/{uuid}", label="gone")


@scenario
def deployments(b: Broker) -> None:
    name = b.name("orders")
    uuid = b.environment("staging").body["uuid"]
    b.environment("production", production=True)
    b.publish("orders", "1", "products", branch="main")
    b.publish("orders", "2", "products", branch="main")
    b.call("GET", f"/pacticipants/{name}/versions/1")
    first = b.deploy("orders", "1", "staging")
    b.deploy("orders", "1", "staging")  # again
    b.deploy("orders", "2", "staging")  # replaces 1
    b.deploy("orders", "1", "staging", instance="blue")  # another instance
    b.deploy("orders", "1", "production")
    deployed = f"/environments/{uuid}/deployed-versions/currently-deployed"
    b.call("GET", deployed)
    b.call("GET", f"{deployed}?pacticipant={name}")
    b.call("GET", f"{deployed}?pacticipant={name}&applicationInstance=blue")
    b.call("GET", first.link("self"), label="the first deployment, replaced")
    b.call("GET", f"/pacticipants/{name}/versions/1/deployed-versions/environment/{uuid}")
    blue = b.call("GET", f"{deployed}?pacticipant={name}&applicationInstance=blue", record=False)
    href = blue.body["_embedded"]["deployedVersions"][0]["_links"]["self"]["href"]
    b.call(
        "PATCH", href, {"currentlyDeployed": False}, content_type="application/merge-patch+json", label="undeploy blue"
    )
    b.call("GET", deployed, label="what is left")
    b.call(
        "POST",
        f"/pacticipants/{name}/versions/9/deployed-versions/environment/{uuid}",
        {},
        label="deploy a version that is not there",
    )
    b.call(
        "POST",
        f"/pacticipants/{name}/versions/1/deployed-versions/environment/00000000-0000-0000-0000-000000000000",
        {},
        label="deploy to an environment that is not there",
    )


@scenario
def releases(b: Broker) -> None:
    name = b.name("app")
    uuid = b.environment("production", production=True).body["uuid"]
    b.publish("app", "1", "api", branch="main")
    b.publish("app", "2", "api", branch="main", content="b")
    b.release("app", "1", "production")
    b.release("app", "1", "production")
    b.release("app", "2", "production")
    supported = f"/environments/{uuid}/released-versions/currently-supported"
    b.call("GET", supported)
    listed = b.call("GET", f"{supported}?pacticipant={name}&version=1", record=False)
    href = listed.body["_embedded"]["releasedVersions"][0]["_links"]["self"]["href"]
    b.call(
        "PATCH",
        href,
        {"currentlySupported": False},
        content_type="application/merge-patch+json",
        label="end support of 1",
    )
    b.call("GET", supported, label="what is still supported")


@scenario
def verification_results(b: Broker) -> None:
    b.publish("orders", "1", "products", branch="main")
    b.verify("orders", "1", "products", "p1", success=False, branch="main")
    b.verify("orders", "1", "products", "p1", success=True)
    b.verify("orders", "1", "products", "p2", success=True, tags=("dev",))
    pact = b.pact("orders", "1", "products", record=False)
    b.call("POST", pact.link("pb:publish-verification-results"), {"success": True}, label="no provider version")
    b.call(
        "POST", pact.link("pb:publish-verification-results"), {"providerApplicationVersion": "p3"}, label="no success"
    )
    b.call("POST", pact.link("pb:publish-verification-results"), raw=b"nope", label="not JSON")
    b.call("GET", f"/verification-results/consumer/{b.name('orders')}/version/1/latest")
    b.call(
        "GET", f"/pacts/provider/{b.name('products')}/consumer/{b.name('orders')}/version/1", label="the pact, verified"
    )
    b.call("GET", f"/pacticipants/{b.name('products')}/versions/p1")


@scenario
def can_i_deploy_the_consumer(b: Broker) -> None:
    b.environment("production", production=True)
    b.publish("orders", "1", "products", branch="main")
    b.can_i_deploy("orders", "1", "production")  # the provider was never deployed
    b.verify("orders", "1", "products", "p1", branch="main")
    b.can_i_deploy("orders", "1", "production")  # verified, but not by a deployed version
    b.deploy("products", "p1", "production")
    b.can_i_deploy("orders", "1", "production")  # yes
    b.publish("orders", "2", "products", branch="main", content="b")
    b.can_i_deploy("orders", "2", "production")  # not verified yet
    b.verify("orders", "2", "products", "p1", success=False)
    b.can_i_deploy("orders", "2", "production")  # no
    b.verify("orders", "2", "products", "p2", success=True, branch="main")
    b.can_i_deploy("orders", "2", "production")  # passes with p2, which is not deployed
    b.deploy("products", "p2", "production")
    b.can_i_deploy("orders", "2", "production")  # yes
    b.can_i_deploy("orders", "1", "production")  # 1 was never verified by p2
    b.can_i_deploy("orders", "9", "production")  # no such version
    b.can_i_deploy("orders", "2", "nowhere")  # no such environment
    b.can_i_deploy("nobody", "1", "production")  # no such pacticipant


@scenario
def can_i_deploy_the_provider(b: Broker) -> None:
    b.environment("production", production=True)
    b.publish("orders", "1", "products", branch="main")
    b.publish("web", "1", "products", branch="main", content="w")
    b.verify("orders", "1", "products", "p1", branch="main")
    b.can_i_deploy("products", "p1", "production")  # no consumer is deployed
    b.deploy("orders", "1", "production")
    b.can_i_deploy("products", "p1", "production")  # orders is verified; web is not there
    b.deploy("web", "1", "production")
    b.can_i_deploy("products", "p1", "production")  # web is there, not verified
    b.verify("web", "1", "products", "p1", success=False)
    b.can_i_deploy("products", "p1", "production")  # web fails
    b.verify("web", "1", "products", "p1", success=True)
    b.can_i_deploy("products", "p1", "production")  # the newest result counts
    b.branch("products", "p2", "main")
    b.can_i_deploy("products", "p2", "production")  # p2 has no results


@scenario
def content_decides(b: Broker) -> None:
    """A result belongs to the content of a pact: an unchanged pact is verified before it is published."""
    b.environment("production", production=True)
    b.publish("orders", "1", "products", branch="main")
    b.verify("orders", "1", "products", "p1", branch="main")
    b.deploy("products", "p1", "production")
    b.publish("orders", "2", "products", branch="feat/x")
    b.can_i_deploy("orders", "2", "production")
    b.publish("orders", "3", "products", branch="feat/x", content="b")
    b.can_i_deploy("orders", "3", "production")
    b.publish("orders", "4", "products", branch="feat/x")
    b.can_i_deploy("orders", "4", "production")


@scenario
def matrix_queries(b: Broker) -> None:
    o, p = b.name("orders"), b.name("products")
    b.pacticipant("orders", main_branch="main")
    b.pacticipant("products", main_branch="main")
    b.publish("orders", "1", "products", branch="main", tags=["prod"])
    b.publish("orders", "2", "products", branch="feat/x", content="b")
    b.verify("orders", "1", "products", "p1", branch="main", tags=("prod",))
    b.verify("orders", "1", "products", "p2", branch="main", success=False)
    b.verify("orders", "2", "products", "p2", branch="main")
    pair = [("q[][pacticipant]", o), ("q[][pacticipant]", p)]
    b.matrix(pair, label="every row of a pair")
    for latestby in ("cvp", "cvpv", "cp"):
        b.matrix([*pair, ("latestby", latestby)], label=f"a pair, latest by {latestby}")
    b.matrix(
        [
            ("q[][pacticipant]", o),
            ("q[][version]", "1"),
            ("q[][pacticipant]", p),
            ("q[][version]", "p1"),
            ("latestby", "cvpv"),
        ]
    )
    b.matrix(
        [
            ("q[][pacticipant]", o),
            ("q[][version]", "1"),
            ("q[][pacticipant]", p),
            ("q[][latest]", "true"),
            ("latestby", "cvp"),
        ]
    )
    b.matrix(
        [
            ("q[][pacticipant]", o),
            ("q[][latest]", "true"),
            ("q[][tag]", "prod"),
            ("q[][pacticipant]", p),
            ("q[][latest]", "true"),
            ("q[][tag]", "prod"),
            ("latestby", "cvp"),
        ],
        label="latest prod of both",
    )
    b.matrix(
        [("q[][pacticipant]", o), ("q[][version]", "1"), ("latestby", "cvp"), ("latest", "true"), ("tag", "prod")],
        label="--to prod",
    )
    b.matrix(
        [
            ("q[][pacticipant]", o),
            ("q[][branch]", "feat/x"),
            ("q[][latest]", "true"),
            ("latestby", "cvp"),
            ("latest", "true"),
            ("mainBranch", "true"),
        ],
        label="a branch's head against main branches",
    )
    b.matrix(
        [
            ("q[][pacticipant]", o),
            ("q[][mainBranch]", "true"),
            ("q[][latest]", "true"),
            ("q[][pacticipant]", p),
            ("q[][mainBranch]", "true"),
            ("q[][latest]", "true"),
            ("latestby", "cvp"),
        ],
        label="both main branches",
    )
    b.matrix(
        [("q[][pacticipant]", o), ("q[][version]", "1"), ("success[]", "true"), ("latestby", "cvpv")],
        label="successes alone",
    )
    b.matrix([*pair, ("limit", "1")], label="one row at most")
    b.matrix([], label="no selector")
    b.matrix([("q[][version]", "1")], label="selector without a pacticipant")
    b.matrix(
        [("q[][pacticipant]", o), ("q[][version]", "1"), ("q[][latest]", "true")], label="version and latest at once"
    )
    b.matrix(
        [("q[][pacticipant]", o), ("q[][version]", "1"), ("latest", "true"), ("environment", "test")],
        label="latest and environment",
    )
    b.matrix([("q[][pacticipant]", b.name("nobody")), ("q[][version]", "1")], label="unknown pacticipant")


@scenario
def ignoring(b: Broker) -> None:
    b.environment("production", production=True)
    b.publish("orders", "1", "products", "billing", branch="main")
    b.verify("orders", "1", "products", "p1", branch="main")
    b.verify("orders", "1", "billing", "b1", branch="main", success=False)
    b.deploy("products", "p1", "production")
    b.deploy("billing", "b1", "production")
    b.can_i_deploy("orders", "1", "production")
    b.can_i_deploy("orders", "1", "production", ignore=("billing",))
    b.can_i_deploy("orders", "1", "production", ignore=("billing", "products"))
    b.can_i_deploy("orders", "1", "production", ignore=("nobody",))


@scenario
def can_i_merge(b: Broker) -> None:
    b.pacticipant("orders", main_branch="main")
    b.pacticipant("products", main_branch="main")
    b.publish("orders", "1", "products", branch="feat/x")
    b.can_i_merge("orders", "1")  # the provider has no main version
    b.verify("orders", "1", "products", "p1", branch="main", success=False)
    b.can_i_merge("orders", "1")
    b.verify("orders", "1", "products", "p2", branch="main")
    b.can_i_merge("orders", "1")
    b.branch("products", "p3", "main")
    b.can_i_merge("orders", "1")  # main moved on, p3 has no result
    b.can_i_merge("products", "p3")


@scenario
def selecting_for_verification(b: Broker) -> None:
    b.environment("test")
    b.environment("production", production=True)
    b.pacticipant("orders", main_branch="main")
    b.publish("orders", "1", "products", branch="main", tags=["prod"])
    b.publish("orders", "2", "products", branch="main", content="b")
    b.publish("orders", "3", "products", branch="feat/x", content="c")
    b.publish("web", "1", "products", branch="main", content="w", tags=["prod", "dev"])
    b.deploy("orders", "1", "production")
    b.deploy("orders", "2", "test")
    b.release("web", "1", "production")
    b.for_verification("products")
    for selector in (
        {"mainBranch": True},
        {"branch": "feat/x"},
        {"matchingBranch": True},
        {"deployed": True},
        {"released": True},
        {"deployedOrReleased": True},
        {"environment": "production"},
        {"environment": "test", "deployed": True},
        {"consumer": "orders", "mainBranch": True},
        {"tag": "prod"},
        {"tag": "prod", "latest": True},
        {"latest": True},
        {"consumer": "web", "latest": True},
        {"tag": "none", "latest": True, "fallbackTag": "prod"},
        {"branch": "none", "fallbackBranch": "main"},
    ):
        b.for_verification("products", selector, branch="feat/x")
    b.for_verification(
        "products", {"mainBranch": True}, {"matchingBranch": True}, {"deployedOrReleased": True}, branch="feat/x"
    )
    b.for_verification("products", {"branch": "none"})
    b.for_verification("nobody", {"mainBranch": True})
    b.for_verification("products", {"matchingBranch": True})  # without a provider branch
    b.for_verification("products", {"mainBranch": False})
    b.for_verification("products", {"mainBranch": True, "branch": "x"})
    b.for_verification("products", {"fallbackTag": "x"})
    b.for_verification("products", {"environment": "nowhere"})
    b.call(
        "POST",
        f"/pacts/provider/{b.name('products')}/for-verification",
        {"includeWipPactsSince": "yesterday"},
        label="bad date",
    )


@scenario
def pending_pacts(b: Broker) -> None:
    b.pacticipant("orders", main_branch="main")
    b.pacticipant("products", main_branch="main")
    b.publish("orders", "1", "products", branch="main")
    main = {"mainBranch": True}
    new = b.for_verification("products", main, branch="main", pending=True)  # never verified
    b.verify_selected(new, "products", "p1", branch="main", success=False)
    b.for_verification("products", main, branch="main", pending=True)  # failed, so still pending
    again = b.for_verification("products", main, branch="main", pending=True)
    b.verify_selected(again, "products", "p2", branch="main")
    b.for_verification("products", main, branch="main", pending=True)  # passed once: no longer
    b.for_verification("products", main, branch="feat/y", pending=True)  # a branch made after that
    b.for_verification("products", main, branch="main", pending=False)
    b.publish("orders", "2", "products", branch="main", content="b")
    b.for_verification("products", main, branch="main", pending=True)  # new content
    b.for_verification("products", main, tags=["main"], pending=True)
    b.for_verification("products", main, pending=True)  # neither branch nor tags


@scenario
def work_in_progress_pacts(b: Broker) -> None:
    b.pacticipant("orders", main_branch="main")
    b.pacticipant("products", main_branch="main")
    since = "2020-01-01"
    main = {"mainBranch": True}
    b.publish("orders", "1", "products", branch="main")
    b.verify("orders", "1", "products", "p1", branch="main")
    b.publish("orders", "2", "products", branch="feat/a", content="b")
    b.publish("orders", "3", "products", branch="feat/b", content="c", tags=["dev"])
    found = b.for_verification("products", main, branch="main", pending=True, wip_since=since)
    wip = next(
        i for i, item in enumerate(found.body["_embedded"]["pacts"]) if item["verificationProperties"].get("wip")
    )
    b.verify_selected(found, "products", "p2", index=wip, branch="main", success=True)
    b.for_verification("products", main, branch="main", pending=True, wip_since=since)  # a passing wip pact stays
    b.for_verification("products", main, branch="feat/z", pending=True, wip_since=since)
    b.for_verification("products", main, branch="main", pending=True, wip_since="2099-01-01")
    b.for_verification("products", main, pending=True, wip_since=since)  # no branch, no tags
    b.for_verification("products", main, branch="main", wip_since=since)  # wip without pending


@scenario
def webhooks(b: Broker) -> None:
    hook = {
        "description": "verify",
        "events": [{"name": "contract_requiring_verification_published"}],
        "provider": {"name": b.name("products")},
        "request": {
            "method": "POST",
            "url": "https://example.org/dispatches",
            "headers": {"Content-Type": "application/json", "Authorization": "Bearer secret"},
            "body": {"event_type": "verify", "client_payload": {"pact_url": "${pactbroker.pactUrl}"}},
        },
    }
    b.pacticipant("products")
    made = b.call("POST", "/webhooks", hook)
    href = made.link("self")
    b.call("GET", href)
    b.call("PUT", href, {**hook, "description": "changed"})
    b.call("PUT", "/webhooks/7a5da39c-8e50-4cc9-ae16-dfa5be043e8c", hook, label="create under a uuid of one's own")
    b.call("POST", "/webhooks", {**hook, "events": [{"name": "nope"}]}, label="unknown event")
    b.call("POST", "/webhooks", {**hook, "provider": {"name": b.name("nobody")}}, label="unknown provider")
    b.call("POST", "/webhooks", {**hook, "request": {"method": "POST"}}, label="no URL")
    b.call("GET", f"/pacticipants/{b.name('products')}")
    b.call("DELETE", href)
    b.call("GET", href, label="gone")
    b.call("DELETE", "/webhooks/7a5da39c-8e50-4cc9-ae16-dfa5be043e8c")


@scenario
def webhook_asks_for_verification(b: Broker) -> None:
    """The event that starts a provider's verification fires once per provider version that lacks a result."""
    receiver = Receiver()
    b.environment("production", production=True)
    b.pacticipant("products", main_branch="main")
    body = {
        key: f"${{pactbroker.{key}}}"
        for key in (
            "pactUrl",
            "consumerName",
            "consumerVersionNumber",
            "consumerVersionBranch",
            "providerName",
            "providerVersionNumber",
            "providerVersionBranch",
            "providerVersionDescriptions",
            "eventName",
        )
    }
    hook = {
        "events": [{"name": "contract_requiring_verification_published"}],
        "provider": {"name": b.name("products")},
        "request": {
            "method": "POST",
            "url": receiver.url,
            "headers": {"Content-Type": "application/json"},
            "body": body,
        },
    }
    made = b.call("POST", "/webhooks", hook, record=False)
    if made.status != 201:
        b.steps.append(
            {
                "label": "webhook refused",
                "request": {},
                "status": made.status,
                "media": "",
                "decision": made.status,
                "body": None,
            }
        )
        return

    def fired(count: int, label: str) -> None:
        time.sleep(1)

        got = []
        for item in receiver.wait(count):
            data = json.loads(item["body"])
            data["pactUrl"] = "/".join(data["pactUrl"].split("/")[3:]) if data["pactUrl"] else ""
            got.append(
                {key: data[key] for key in sorted(data) if key not in ("pactUrl", "providerVersionDescriptions")}
            )
        receiver.received.clear()
        got.sort(key=str)
        b.steps.append(
            {
                "label": label,
                "request": {},
                "status": 200,
                "media": "",
                "decision": b.normalise_decision(got),
                "body": None,
            }
        )

    b.branch("products", "p1", "main")
    b.publish("orders", "1", "products", branch="main")
    fired(1, "first pact: the provider's main version is asked")
    b.verify("orders", "1", "products", "p1")
    b.publish("orders", "2", "products", branch="main")
    fired(0, "same content, verified: nobody is asked")
    b.deploy("products", "p1", "production")
    b.branch("products", "p2", "main")
    b.publish("orders", "3", "products", branch="feat/x", content="b")
    fired(2, "new content: the main and the deployed version are asked")


@scenario
def provider_pacts_and_states(b: Broker) -> None:
    p = b.name("products")
    for consumer, content, states in (
        ("orders", "a", ("a product exists",)),
        ("web", "w", ("a product exists", "no product exists")),
    ):
        pact = pact_file(b.name(consumer), p, content, states)
        b.call("PUT", f"/pacts/provider/{p}/consumer/{b.name(consumer)}/version/1", pact, label=f"publish {consumer}")
        b.branch(consumer, "1", "main")
    b.call("GET", f"/pacts/provider/{p}")
    b.call("GET", f"/pacts/provider/{p}/latest")
    b.call("GET", f"/pacts/provider/{p}/branch/main/latest")
    b.call("GET", f"/pacts/provider/{p}/provider-states")
    b.call("GET", f"/pacts/provider/{p}/provider-states/branch/main")
    b.call("GET", f"/pacts/provider/{b.name('nobody')}/latest")
    b.call("GET", f"/pacts/provider/{p}/consumer/{b.name('orders')}/branch/main/latest")


@scenario
def integrations(b: Broker) -> None:
    b.publish("orders", "1", "products", branch="main")
    b.verify("orders", "1", "products", "p1", branch="main")
    b.call("DELETE", f"/integrations/provider/{b.name('products')}/consumer/{b.name('orders')}", accept="*/*")
    b.pact("orders", "1", "products")
    b.call("GET", f"/pacticipants/{b.name('orders')}", label="the pacticipant stays")


@scenario
def badges(b: Broker) -> None:
    b.environment("production", production=True)
    b.publish("orders", "1", "products", branch="main", tags=["main"])
    b.verify("orders", "1", "products", "p1", branch="main", tags=("main",))
    path = f"/pacts/provider/{b.name('products')}/consumer/{b.name('orders')}"
    b.call("GET", f"{path}/latest/badge.svg", accept="image/svg+xml")
    b.call(
        "GET",
        f"/matrix/provider/{b.name('products')}/latest/main/consumer/{b.name('orders')}/latest/main/badge.svg",
        accept="image/svg+xml",
    )
    b.call(
        "GET",
        f"/pacticipants/{b.name('orders')}/branches/main/latest-version/can-i-deploy/to-environment/{b.name('production')}/badge.svg",
        accept="image/svg+xml",
    )
