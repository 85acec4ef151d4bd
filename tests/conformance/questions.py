"""What the first recordings leave open: each scenario was recorded from a real Pact Broker. See golden.py."""

from __future__ import annotations

import json
import time
from typing import Any

from golden import PARAMETERS, Answer, Broker, Receiver, pact_file, quote, scenario

MAIN = {"mainBranch": True}
SINCE = "2020-01-01"


def asked(b: Broker, provider: str, branch: str, *selectors: dict[str, Any], **more: Any) -> Answer:
    return b.for_verification(
        provider, *(dict(selector) for selector in selectors), branch=branch, pending=True, **more
    )


@scenario
def pending_over_many_branches(b: Broker) -> None:
    """A branch inherits what passed before it was made, and nothing that passed elsewhere afterwards."""
    b.publish("orders", "1", "products", branch="main")
    b.branch("products", "p1", "main")
    b.branch("products", "p2", "feat/early")
    for branch in ("main", "feat/early", "feat/never"):
        asked(b, "products", branch, MAIN)
    b.verify("orders", "1", "products", "p3", branch="feat/passes")
    for branch in ("main", "feat/early", "feat/passes", "feat/late"):
        asked(b, "products", branch, MAIN)
    b.branch("products", "p4", "feat/late")
    asked(b, "products", "feat/late", MAIN)
    b.verify("orders", "1", "products", "p5", branch="main", success=False)
    asked(b, "products", "main", MAIN)
    b.verify("orders", "1", "products", "p5", branch="main")
    b.verify("orders", "1", "products", "p5", branch="main", success=False)
    asked(b, "products", "main", MAIN)  # passed once, failed last
    b.publish("orders", "2", "products", branch="main")  # the same content
    asked(b, "products", "main", MAIN)
    b.publish("orders", "3", "products", branch="feat/c", content="c")
    asked(b, "products", "feat/early", MAIN, {"branch": "feat/c"})
    b.for_verification("products", dict(MAIN), {"branch": True}, branch="main")
    b.call("DELETE", f"/pacticipants/{b.name('products')}/branches/main")
    asked(b, "products", "main", MAIN)


@scenario
def pending_by_tags(b: Broker) -> None:
    b.publish("orders", "1", "products", tags=["main"])
    latest = {"tag": "main", "latest": True}
    b.for_verification("products", dict(latest), tags=["dev"], pending=True)
    b.verify("orders", "1", "products", "p1", tags=("dev",))
    for tags in (["dev"], ["prod"], ["dev", "prod"], []):
        b.for_verification("products", dict(latest), tags=tags, pending=True)
    b.tag("products", "p2", "prod")
    b.for_verification("products", dict(latest), tags=["prod"], pending=True)
    b.for_verification("products", dict(latest), tags=["prod"], branch="dev", pending=True)
    b.publish("orders", "2", "products", tags=["main"], content="b")
    b.for_verification("products", dict(latest), tags=["dev", "prod"], pending=True)
    b.verify("orders", "2", "products", "p3")
    b.tag("products", "p3", "prod")  # tagged after it had verified
    b.for_verification("products", dict(latest), tags=["prod"], pending=True)
    b.for_verification("products", dict(latest), tags=["prod"], pending=True, wip_since=SINCE)


@scenario
def work_in_progress_over_many_branches(b: Broker) -> None:
    b.publish("orders", "1", "products", branch="main")
    b.publish("orders", "2", "products", branch="feat/a", content="a2")
    b.publish("orders", "3", "products", branch="feat/b", content="b3", tags=["beta"])
    b.publish("web", "1", "products", branch="main", content="w1")
    b.publish("web", "2", "products", branch="feat/a", content="w2")
    b.verify("orders", "1", "products", "p1", branch="main")
    asked(b, "products", "main", MAIN, wip_since=SINCE)
    b.verify("orders", "2", "products", "p2", branch="main")  # asked for, not as work in progress
    asked(b, "products", "main", MAIN, wip_since=SINCE)
    b.branch("products", "p3", "feat/x")
    asked(b, "products", "feat/x", MAIN, wip_since=SINCE)  # what passed before it was made
    b.verify("orders", "3", "products", "p4", branch="feat/y")
    asked(b, "products", "feat/x", MAIN, wip_since=SINCE)  # and what passed elsewhere after
    asked(b, "products", "main", MAIN, wip_since=SINCE)
    b.publish("orders", "4", "products", branch="feat/b", content="b4")  # the head moves on
    asked(b, "products", "main", MAIN, wip_since=SINCE)
    asked(b, "products", "main", MAIN, {"branch": "feat/b"}, {"consumer": "web", "latest": True}, wip_since=SINCE)
    b.publish("orders", "5", "products", branch="feat/c", content="b4")  # two heads, one content
    asked(b, "products", "main", MAIN, wip_since=SINCE)
    b.call("DELETE", f"/pacticipants/{b.name('orders')}/branches/{quote('feat/b')}")
    asked(b, "products", "main", MAIN, wip_since=SINCE)
    b.for_verification("products", dict(MAIN), tags=["dev"], pending=True, wip_since=SINCE)


@scenario
def work_in_progress_by_tags(b: Broker) -> None:
    latest = {"tag": "main", "latest": True}
    b.publish("orders", "1", "products", tags=["main"])
    b.publish("orders", "2", "products", tags=["feat/a"], content="a2")
    b.publish("orders", "3", "products", tags=["feat/a", "feat/b"], content="a3")
    b.for_verification("products", dict(latest), tags=["dev"], pending=True, wip_since=SINCE)
    b.verify("orders", "3", "products", "p1", tags=("dev",))
    for tags in (["dev"], ["prod"], ["dev", "prod"]):
        b.for_verification("products", dict(latest), tags=tags, pending=True, wip_since=SINCE)
    b.tag("products", "p0", "old")
    b.for_verification("products", dict(latest), tags=["old"], pending=True, wip_since=SINCE)


@scenario
def a_result_as_work_in_progress(b: Broker) -> None:
    """A result that came through a work-in-progress link does not make the pact less in progress."""
    b.publish("orders", "1", "products", branch="main")
    b.publish("orders", "2", "products", branch="feat/a", content="a2")
    found = asked(b, "products", "main", MAIN, wip_since=SINCE)
    b.verify_selected(found, "products", "p1", index=1, branch="main")
    asked(b, "products", "main", MAIN, wip_since=SINCE)
    asked(b, "products", "main", MAIN, {"branch": "feat/a"}, wip_since=SINCE)
    b.verify("orders", "2", "products", "p2", branch="main")
    asked(b, "products", "main", MAIN, wip_since=SINCE)
    asked(b, "products", "feat/new", MAIN, wip_since=SINCE)


@scenario
def several_application_instances(b: Broker) -> None:
    b.environment("test")
    b.environment("production", production=True)
    for version, content in (("1", "a"), ("2", "b"), ("3", "c")):
        b.publish("orders", version, "products", branch="main", content=content)
    b.verify("orders", "1", "products", "p1", branch="main")
    b.verify("orders", "2", "products", "p1", success=False)
    b.deploy("orders", "1", "production", instance="blue")
    b.deploy("orders", "2", "production", instance="green")
    b.can_i_deploy("products", "p1", "production")
    b.for_verification("products", {"deployed": True}, branch="main")
    b.for_verification("products", {"deployed": True, "environment": "production"})
    b.deploy("orders", "1", "production", instance="green")
    b.can_i_deploy("products", "p1", "production")
    b.deploy("products", "p1", "production")
    b.deploy("products", "p2", "production", instance="canary")
    b.can_i_deploy("orders", "1", "production")  # p2 never verified it
    b.can_i_deploy("orders", "3", "production")
    b.verify("orders", "1", "products", "p2")
    b.can_i_deploy("orders", "1", "production")
    b.verify("orders", "3", "products", "p1")
    b.verify("orders", "3", "products", "p2", success=False)
    b.can_i_deploy("orders", "3", "production")
    b.deploy("orders", "3", "production")  # no instance at all
    b.can_i_deploy("products", "p2", "production")
    for latestby in ("cvp", "cp"):
        b.can_i_deploy("products", "p2", "production", latestby=latestby)


@scenario
def released_and_still_supported(b: Broker) -> None:
    b.environment("store", production=True)
    for version, content in (("1", "a"), ("2", "b"), ("3", "c")):
        b.publish("app", version, "api", branch="main", content=content)
        b.release("app", version, "store")
    b.deploy("app", "3", "store")
    b.verify("app", "1", "api", "p1", branch="main")
    b.verify("app", "2", "api", "p1")
    b.can_i_deploy("api", "p1", "store")
    b.verify("app", "3", "api", "p1", success=False)
    b.can_i_deploy("api", "p1", "store")
    for selector in (
        {"released": True},
        {"deployedOrReleased": True},
        {"released": True, "environment": "store"},
        {"environment": "store"},
        {"deployedOrReleased": True, "consumer": "app"},
        {"deployed": True},
    ):
        b.for_verification("api", selector, branch="main")
    uuid = b.call("GET", f"/environments?name={b.name('store')}", record=False).body["_embedded"]["environments"][0][
        "uuid"
    ]
    supported = f"/environments/{uuid}/released-versions/currently-supported"
    listed = b.call("GET", f"{supported}?pacticipant={b.name('app')}&version=3", record=False)
    href = listed.body["_embedded"]["releasedVersions"][0]["_links"]["self"]["href"]
    ended = {"content_type": "application/merge-patch+json"}
    b.call("PATCH", href, {"currentlySupported": False}, **ended)
    b.can_i_deploy("api", "p1", "store")  # 3 is still deployed
    b.call("PATCH", href, {"currentlySupported": True}, label="support 3 again, by patch", **ended)
    b.release("app", "3", "store")
    b.call("GET", href, label="supported again")
    b.for_verification("api", {"released": True})
    b.can_i_deploy("app", "3", "store", ignore=("api",))


@scenario
def undeployed(b: Broker) -> None:
    b.environment("test")
    b.publish("orders", "1", "products", branch="main")
    b.verify("orders", "1", "products", "p1", branch="main", success=False)
    made = b.deploy("orders", "1", "test")
    b.can_i_deploy("products", "p1", "test")
    b.call(
        "PATCH",
        made.link("self"),
        {"currentlyDeployed": True},
        content_type="application/merge-patch+json",
        label="true",
    )
    b.call("PATCH", made.link("self"), {}, content_type="application/merge-patch+json", label="nothing")
    b.call("PATCH", made.link("self"), {"currentlyDeployed": False}, content_type="application/merge-patch+json")
    b.can_i_deploy("products", "p1", "test")
    b.call("GET", f"/pacticipants/{b.name('orders')}/versions/1", label="where it was deployed")
    b.call("GET", f"/pacticipants/{b.name('orders')}")
    b.call("GET", f"/pacticipants/{b.name('orders')}/deployed-or-released/versions")
    b.deploy("orders", "1", "test")
    b.can_i_deploy("products", "p1", "test")


@scenario
def tags_in_the_matrix(b: Broker) -> None:
    o, p = b.name("orders"), b.name("products")
    b.publish("orders", "1", "products", tags=["dev", "prod"])
    b.publish("orders", "2", "products", tags=["dev"], content="b")
    b.publish("orders", "3", "products", content="c")
    b.verify("orders", "1", "products", "p1", tags=("prod",))
    b.verify("orders", "2", "products", "p2", tags=("dev",), success=False)
    one = ("q[][pacticipant]", o)
    b.matrix([one, ("q[][tag]", "dev"), ("q[][pacticipant]", p), ("latestby", "cvpv")], label="all tagged dev")
    b.matrix(
        [one, ("q[][tag]", "dev"), ("q[][latest]", "true"), ("latestby", "cvpv")], label="the latest tagged dev, alone"
    )
    b.matrix([one, ("q[][tag]", "none"), ("latestby", "cvpv")], label="a tag that is not there")
    b.matrix([one, ("q[][version]", "3"), ("latestby", "cvp"), ("latest", "true"), ("tag", "prod")], label="3 to prod")
    b.matrix(
        [("q[][pacticipant]", p), ("q[][version]", "p1"), ("latestby", "cvp"), ("latest", "true"), ("tag", "prod")],
        label="p1 to prod",
    )
    b.matrix(
        [("q[][pacticipant]", p), ("q[][version]", "p2"), ("latestby", "cvp"), ("latest", "true"), ("tag", "dev")],
        label="p2 to dev",
    )
    b.matrix(
        [("q[][pacticipant]", p), ("q[][version]", "p2"), ("latestby", "cvp"), ("tag", "dev")], label="p2 to all of dev"
    )
    b.matrix([one, ("q[][version]", "1"), ("latestby", "cvp"), ("latest", "true")], label="1 with the latest of all")
    b.call("GET", f"/can-i-deploy?pacticipant={o}&version=1&to=prod")
    b.call("GET", f"/can-i-deploy?pacticipant={o}&version=2&to=dev")
    b.call("GET", f"/can-i-deploy?pacticipant={o}&version=2")
    b.call("GET", f"/can-i-deploy?pacticipant={o}")
    b.call("GET", f"/can-i-deploy?pacticipant={b.name('nobody')}&version=2&to=dev")
    b.call("GET", f"/pacticipants/{o}/latest-version/dev/can-i-deploy/to/prod")
    b.call("GET", f"/pacticipants/{o}/latest-version/nope/can-i-deploy/to/prod")
    b.call("DELETE", f"/pacticipants/{o}/versions/2/tags/dev")
    b.matrix(
        [one, ("q[][tag]", "dev"), ("q[][latest]", "true"), ("latestby", "cvpv")], label="dev, after 2 lost the tag"
    )
    b.call("GET", f"/pacticipants/{o}/tags/dev/versions")
    b.call("GET", f"/pacts/provider/{p}/tag/prod")
    b.call("GET", f"/pacts/provider/{p}/latest/prod")
    b.call("GET", f"/pacts/provider/{p}/consumer/{o}/tag/prod")
    b.call("GET", f"/pacts/provider/{p}/consumer/{o}/latest-untagged")


@scenario
def a_tag_names_an_environment(b: Broker) -> None:
    """A tag with an environment's name records a deployment there."""
    b.environment("test")
    b.publish("orders", "1", "products", branch="main")
    b.tag("orders", "1", b.name("test"))
    b.call("GET", f"/pacticipants/{b.name('orders')}/versions/1")
    b.for_verification("products", {"environment": "test"})
    b.publish("orders", "2", "products", branch="main", content="b", tags=[b.name("test")])
    b.for_verification("products", {"environment": "test"})


@scenario
def tags_and_branches(b: Broker) -> None:
    """The first tag of a new version is its branch, and may become the main branch."""
    b.tag("orders", "1", "master")
    b.call("GET", f"/pacticipants/{b.name('orders')}")
    b.call("GET", f"/pacticipants/{b.name('orders')}/versions/1")
    b.branch("orders", "2", "feat/x")
    b.tag("orders", "2", "dev")
    b.call("GET", f"/pacticipants/{b.name('orders')}/versions/2")
    b.publish("web", "1", "products", tags=["a", "b"])
    b.call("GET", f"/pacticipants/{b.name('web')}/versions/1")
    b.branch("web", "1", "main")
    b.call("GET", f"/pacticipants/{b.name('web')}")
    b.publish("web", "2", "products", branch="feat", tags=["c"])
    b.call("GET", f"/pacticipants/{b.name('web')}/branches")


@scenario
def deletions(b: Broker) -> None:
    o, p = b.name("orders"), b.name("products")
    b.environment("test")
    b.publish("orders", "1", "products", branch="main")
    b.publish("orders", "2", "products", branch="main", content="b")
    b.publish("orders", "3", "products", branch="feat/x", content="c", tags=["t"])
    b.verify("orders", "1", "products", "p1", branch="main")
    b.verify("orders", "2", "products", "p1")
    b.deploy("orders", "2", "test")
    b.can_i_deploy("products", "p1", "test")
    b.call("DELETE", f"/pacts/provider/{p}/consumer/{o}/version/2")
    b.can_i_deploy("products", "p1", "test")  # a version without its pact is deployed
    b.for_verification("products", {"mainBranch": True})
    b.publish("orders", "2", "products", branch="main", content="b")
    b.can_i_deploy("products", "p1", "test")  # the result was for the content
    b.call("DELETE", f"/pacticipants/{o}/versions/2")
    b.call("GET", f"/pacticipants/{o}/branches/main/latest-version")  # the head moves back
    b.can_i_deploy("products", "p1", "test")
    b.for_verification("products", {"mainBranch": True})
    b.call("DELETE", f"/pacticipants/{o}/branches/main/versions/1")
    b.call("GET", f"/pacticipants/{o}/branches/main")
    b.for_verification("products", {"mainBranch": True})
    b.for_verification("products")
    b.call("DELETE", f"/pacts/provider/{p}/consumer/{o}/tag/t", accept="*/*")
    b.call("DELETE", f"/pacts/provider/{p}/consumer/{o}/versions", accept="*/*")
    b.call("GET", f"/pacts/provider/{p}/consumer/{o}/versions")
    b.call("DELETE", f"/pacticipants/{p}")
    b.can_i_deploy("orders", "1", "test")
    b.call("DELETE", f"/pacticipants/{b.name('nobody')}")


@scenario
def deleting_results(b: Broker) -> None:
    o, p = b.name("orders"), b.name("products")
    b.publish("orders", "1", "products", branch="main")
    b.verify("orders", "1", "products", "p1", branch="main")
    second = b.verify("orders", "1", "products", "p1", success=False)
    pair = [
        ("q[][pacticipant]", o),
        ("q[][version]", "1"),
        ("q[][pacticipant]", p),
        ("q[][version]", "p1"),
        ("latestby", "cvpv"),
    ]
    b.matrix(pair, label="before")
    b.call("DELETE", second.link("self"), label="delete the second result", accept="*/*")
    b.call("GET", second.link("self"), label="gone")
    b.matrix(pair, label="after")
    b.matrix(pair[:4], label="every row, after")
    b.verify("orders", "1", "products", "p1", success=True)
    b.matrix(pair, label="verified again")
    b.call("GET", second.link("self").rpartition("/")[0] + "/latest", label="the latest of the content")
    b.call("GET", second.link("self").rpartition("/")[0] + "/all", label="no number")


@scenario
def verified_again(b: Broker) -> None:
    """The last result of a provider version counts, and each content has its own."""
    b.environment("test")
    b.publish("orders", "1", "products", "billing", branch="main")
    b.deploy("products", "p1", "test")
    b.deploy("billing", "b1", "test")
    for success in (False, True, False, True):
        b.verify("orders", "1", "products", "p1", success=success)
        b.can_i_deploy("orders", "1", "test")
    b.verify("orders", "1", "billing", "b1")
    b.can_i_deploy("orders", "1", "test")
    b.verify("orders", "1", "products", "p2", success=False)
    b.can_i_deploy("orders", "1", "test")
    o, p = b.name("orders"), b.name("products")
    for latestby in ("cvp", "cvpv", "cp", ""):
        b.matrix(
            [("q[][pacticipant]", o), ("q[][pacticipant]", p), ("latestby", latestby)],
            label=f"latest by {latestby or 'none'}",
        )
    b.call("GET", f"/verification-results/consumer/{o}/version/1/latest")
    b.call("GET", f"/pacts/provider/{p}/consumer/{o}/latest/verification-results/latest")
    b.call("GET", f"/pacts/provider/{p}/consumer/{o}/version/1/verification-results/latest")


@scenario
def names_of_all_kinds(b: Broker) -> None:
    for consumer, provider in (
        ("a consumer", "a provider"),
        ("team/web", "team/api"),
        ("Käufer", "商品"),
        ("50% off & more?", "x#y;z=1"),
        ("dots...", "tilde~"),
    ):
        o, p = b.name(consumer), b.name(provider)
        version, branch = "1/α beta", "feat/ünïcode & more"
        b.publish(consumer, version, provider, branch=branch, tags=["tag/ä 1"])
        b.pact(consumer, version, provider)
        b.call("GET", f"/pacticipants/{quote(o)}/versions/{quote(version)}")
        b.call("GET", f"/pacticipants/{quote(o)}/branches/{quote(branch)}/latest-version")
        b.call("GET", f"/pacts/provider/{quote(p)}/consumer/{quote(o)}/latest/{quote('tag/ä 1')}")
        found = b.for_verification(provider, {"branch": branch}, branch="main", pending=True)
        b.verify_selected(found, provider, "v/1", branch="main/2")
        b.matrix([("q[][pacticipant]", o), ("q[][version]", version), ("q[][pacticipant]", p), ("latestby", "cvpv")])
        b.call("GET", f"/can-i-deploy?pacticipant={quote(o)}&version={quote(version)}&to={quote('tag/ä 1')}")
        b.call("DELETE", f"/pacticipants/{quote(o)}/versions/{quote(version)}/tags/{quote('tag/ä 1')}")


@scenario
def names_that_look_alike(b: Broker) -> None:
    b.publish("order-service", "1", "Products", branch="main")
    b.publish("OrderService", "1", "Products", branch="main")  # refused: a slip of the pen
    b.publish("order-service", "2", "product", branch="main")  # refused, too
    b.pacticipant("OrderService")
    b.publish("OrderService", "1", "Products", branch="main")
    b.publish("ORDER-SERVICE", "1", "Products", branch="main")
    path = f"/pacts/provider/{b.name('products')}/consumer/{b.name('order-service')}/version/3"
    b.call("PUT", path, pact_file(b.name("order-service"), b.name("products"), "a"), label="put a look-alike")


@scenario
def matrix_spellings(b: Broker) -> None:
    """The same questions in every way that clients write them."""
    o, p = quote(b.name("orders")), quote(b.name("products"))
    b.environment("test")
    b.publish("orders", "1", "products", branch="main")
    b.verify("orders", "1", "products", "p1", branch="main")
    b.deploy("products", "p1", "test")
    e = quote(b.name("test"))
    for query in (
        f"q[][pacticipant]={o}&q[][version]=1&latestby=cvpv&environment={e}",
        f"q%5B%5D%5Bpacticipant%5D={o}&q%5B%5D%5Bversion%5D=1&latestby=cvpv&environment={e}",
        f"latestby=cvpv&q[][pacticipant]={o}&environment={e}&q[][version]=1",
        f"q[][pacticipant]={o}&q[][version]=1&q[][pacticipant]={p}&q[][version]=p1&latestby=cvp",
        f"q[][pacticipant]={o}&q[][pacticipant]={p}&q[][version]=p1",
        f"q[][version]=1&q[][pacticipant]={o}&q[][version]=p1&q[][pacticipant]={p}",
        f"q[][pacticipant]={o}&q[][branch]=main&q[][latest]=true&q[][pacticipant]={p}&q[][branch]=main&q[][latest]=true",
        f"q[][pacticipant]={o}&q[][branch]=main&q[][pacticipant]={p}&q[][environment]={e}&latestby=cvp",
        f"q[][pacticipant]={o}&q[][mainBranch]=true&latestby=cvp&mainBranch=true",
        f"q[][pacticipant]={o}&q[][latest]=false&latestby=cvp",
        f"q[][pacticipant]={o}&q[][version]=&latestby=",
        f"q[][pacticipant]={o}&q[][version]=1&success=true",
        f"q[][pacticipant]={o}&q[][version]=1&success[]=true&success[]=",
        f"q[][pacticipant]={o}&q[][version]=1&success[]=false",
        f"q[][pacticipant]={o}&q[][version]=1&latestby=cvpv&environment={e}&ignore[][pacticipant]={p}",
        f"q[][pacticipant]={o}&q[][version]=1&latestby=cvpv&environment={e}&ignore[][pacticipant]={p}&ignore[][version]=p1",
        f"q[][pacticipant]={o}&q[][version]=1&latestby=cvpv&environment={e}&ignore[][pacticipant]={p}&ignore[][version]=p2",
        f"q[][pacticipant]={o}&q[][version]=1&latestby=cvpv&environment={e}&limit=1000",
        f"q[][pacticipant]={o}&q[][version]=1&latestby=cvpv&environment={e}&limit=0",
        f"q[][pacticipant]={o}&q[][version]=1&latestby=cvpv&environment={e}&limit=x",
        f"q[][pacticipant]={o}&q[][version]=1&tag=x&mainBranch=true",
        f"q[][pacticipant]={o}&q[][version]=1&latest=true&tag=x&environment={e}",
        f"q[][pacticipant]={o}&q[][version]=1&environment={e}&mainBranch=false",
        f"q[][pacticipant]={o}&q[][version]=7&q[][pacticipant]={p}&latestby=cvpv",
        f"q[][pacticipant]={o}&q[][version]=7&q[][pacticipant]={p}&latestby=cvpv&ignore[][pacticipant]={o}",
    ):
        b.call("GET", f"/matrix?{query}")
    b.call("GET", f"/matrix/provider/{p}/consumer/{o}")
    b.call("GET", f"/matrix/provider/{p}/consumer/{o}?latestby=cvp")
    b.call("GET", f"/can-i-deploy?pacticipant={o}&version=1&environment={e}")
    b.call("GET", f"/can-i-deploy?pacticipant={o}&version=1&environment={e}&ignore[]={p}")
    b.call("GET", f"/can-i-deploy?pacticipant={o}&version=1&environment={e}&ignore[][pacticipant]={p}")
    b.call("GET", f"/can-i-deploy?pacticipant={o}&version=1&environment={e}&to=prod")
    b.call("GET", f"/can-i-deploy?pacticipant={o}&version=1&environment=nowhere")
    b.call("GET", f"/pacticipants/{p}/branches/main/latest-version/can-i-deploy/to-environment/{e}")
    b.call("GET", f"/pacticipants/{p}/branches/none/latest-version/can-i-deploy/to-environment/{e}")


@scenario
def several_selectors_in_the_matrix(b: Broker) -> None:
    """Three services that depend on each other, asked for together and apart."""
    names = {name: b.name(name) for name in ("web", "orders", "products")}
    b.environment("test")
    b.publish("web", "w1", "orders", branch="main", content="wo")
    b.publish("web", "w2", "orders", "products", branch="main", content="wop")
    b.publish("orders", "o1", "products", branch="main", content="op")
    b.verify("web", "w1", "orders", "o1", branch="main")
    b.verify("web", "w2", "orders", "o1")
    b.verify("orders", "o1", "products", "p1", branch="main")

    def pick(**versions: str) -> list[tuple[str, str]]:
        return [
            pair
            for name, version in versions.items()
            for pair in (("q[][pacticipant]", names[name]), ("q[][version]", version))
            if pair[1]
        ]

    for latestby in ("cvpv", "cvp", "cp"):
        b.matrix(
            [*pick(web="w2", orders="o1", products="p1"), ("latestby", latestby)], label=f"all three by {latestby}"
        )
        b.matrix([*pick(web="", orders="o1"), ("latestby", latestby)], label=f"any web with o1 by {latestby}")
        b.matrix([*pick(web="", orders="", products=""), ("latestby", latestby)], label=f"any of all by {latestby}")
    b.matrix([*pick(web="w2", products="p1"), ("latestby", "cvpv")], label="w2 and p1")
    b.matrix([*pick(orders="o1"), ("latestby", "cvpv")], label="o1 alone")
    b.matrix([*pick(orders=""), ("latestby", "cvpv")], label="orders alone")
    b.matrix([*pick(orders="")], label="every row of orders")
    b.matrix([*pick(orders="o9"), ("latestby", "cvpv")], label="o9 alone, which is not there")
    b.deploy("web", "w1", "test")
    b.deploy("products", "p1", "test")
    for service, version in (("orders", "o1"), ("web", "w2"), ("products", "p1")):
        b.can_i_deploy(service, version, "test")
    b.matrix(
        [*pick(web="w2", orders="o1"), ("latestby", "cvpv"), ("environment", b.name("test"))],
        label="w2 with o1 to test",
    )
    b.matrix(
        [*pick(web="w2", orders="o1"), ("latestby", "cvp"), ("mainBranch", "true"), ("latest", "true")],
        label="w2 with o1 to main",
    )
    b.matrix([*pick(web="w2"), ("latestby", "cvp"), ("mainBranch", "true")], label="w2 to any of main")


@scenario
def paging(b: Broker) -> None:
    name = b.name("orders")
    for number in range(1, 6):
        b.branch("orders", str(number), f"feat/{number}")
    versions = f"/pacticipants/{name}/versions"
    for query in (
        "",
        "?size=2",
        "?page=2&size=2",
        "?page=3&size=2",
        "?page=4&size=2",
        "?pageNumber=2&pageSize=2",
        "?page=0",
        "?size=x",
    ):
        b.call("GET", versions + query)
    b.call("GET", f"/pacticipants/{name}/branches?size=2&page=2")
    b.call("GET", f"/pacticipants/{name}/branches?q=at/3")
    b.call("GET", f"/pacticipants/{name}/branches/{quote('feat/1')}/versions?size=1")
    b.call("GET", f"/pacticipants?q={name}&size=1")


@scenario
def merging_pacts(b: Broker) -> None:
    path = f"/pacts/provider/{b.name('products')}/consumer/{b.name('orders')}/version/1"
    one, two = (pact_file(b.name("orders"), b.name("products"), content) for content in "ab")
    b.call("PATCH", path, one, label="create by merging")
    b.call("PATCH", path, two, label="merge another interaction")
    two["interactions"][0]["request"]["path"] = "/else"
    b.publish("orders", "1", "products", content="a", onConflict="merge")
    b.publish("orders", "2", "products", content="a", onConflict="merge")
    b.publish("orders", "2", "products", content="a", onConflict="overwrite")
    b.publish("orders", "2", "products", content="b", onConflict="overwrite")
    b.call("GET", f"/pacts/provider/{b.name('products')}/consumer/{b.name('orders')}/version/2/previous-distinct")
    b.matrix([("q[][pacticipant]", b.name("orders")), ("q[][pacticipant]", b.name("products"))], label="every revision")


@scenario
def content_in_another_order(b: Broker) -> None:
    """The order of interactions and keys does not make another content; a state or a description does."""

    def put(version: str, pact: dict[str, Any], label: str) -> None:
        b.call(
            "PUT",
            f"/pacts/provider/{b.name('products')}/consumer/{b.name('orders')}/version/{version}",
            pact,
            label=label,
        )

    first, second = (pact_file(b.name("orders"), b.name("products"), content)["interactions"][0] for content in "ab")
    base = pact_file(b.name("orders"), b.name("products"), "a")
    put("1", {**base, "interactions": [first, second]}, "two interactions")
    b.verify("orders", "1", "products", "p1")
    put("2", {**base, "interactions": [second, dict(reversed(first.items()))]}, "in another order")
    put("3", {**base, "interactions": [first, {**second, "description": "else"}]}, "another description")
    put(
        "4",
        {**base, "interactions": [first, second], "metadata": {**base["metadata"], "client": {"x": "1"}}},
        "other metadata",
    )
    put(
        "5",
        {**base, "interactions": [first, second], "metadata": {"pactSpecification": {"version": "4.0"}}},
        "another specification",
    )
    put("6", {**base, "interactions": [first, {**second, "_id": "mine"}]}, "with an id of its own")
    b.matrix(
        [("q[][pacticipant]", b.name("orders")), ("q[][pacticipant]", b.name("products")), ("latestby", "cvpv")],
        label="which are verified",
    )


@scenario
def selectors_that_mean_nothing(b: Broker) -> None:
    b.publish("orders", "1", "products", branch="main")
    for selector in (
        {},
        {"consumer": "orders"},
        {"latest": False},
        {"tag": ""},
        {"branch": ""},
        {"branch": "x", "latest": False},
        {"tag": "x", "branch": "y"},
        {"matchingBranch": True, "tag": "x"},
        {"mainBranch": True, "latest": True},
        {"mainBranch": True, "latest": False},
        {"deployed": True, "released": True},
        {"deployed": False},
        {"deployed": True, "latest": True},
        {"environment": ""},
        {"fallbackTag": "x", "tag": "y"},
        {"fallbackTag": "x", "tag": "y", "latest": True},
        {"fallbackBranch": "x"},
        {"tag": True},
        {"unknown": 1},
        {"latest": "true"},
        {"consumer": " ", "latest": True},
    ):
        b.for_verification("products", dict(selector), branch="main")
    path = f"/pacts/provider/{b.name('products')}/for-verification"
    for body in (
        {"consumerVersionSelectors": "x"},
        {"consumerVersionSelectors": ["x"]},
        {"providerVersionTags": "x"},
        {"includePendingStatus": "x"},
        {"providerVersionBranch": " ", "includePendingStatus": True},
        {"providerVersionBranch": "", "includePendingStatus": True},
        {"providerVersionBranch": 1},
    ):
        b.call("POST", path, body, label=f"body {body}")
    b.call("GET", f"{path}?consumer_version_selectors[][tag]=main&consumer_version_selectors[][latest]=true")
    b.call("GET", f"{path}?provider_version_tags[]=dev&include_pending_status=true")
    b.call("GET", path)


@scenario
def answers_to_odd_requests(b: Broker) -> None:
    b.pacticipant("orders")
    name = b.name("orders")
    b.call("DELETE", "/pacticipants", label="a method that is not there", accept="*/*")
    b.call("GET", f"/pacticipants/{name}", accept="application/json", label="a media type that is not there")
    b.call("GET", f"/pacticipants/{name}", accept="image/png, application/hal+json;q=0.5", label="the second best")
    b.call("PUT", f"/pacticipants/{name}", {"displayName": "x"}, label="replace")
    b.call("PUT", f"/pacticipants/{b.name('nobody')}", {"displayName": "x"}, label="replace what is not there")
    b.call("PATCH", f"/pacticipants/{name}", {"mainBranch": "has space"})
    b.call("PATCH", f"/pacticipants/{name}", {"mainBranch": ""})
    b.call("PATCH", f"/pacticipants/{name}", {"mainBranch": 1})
    b.call("PATCH", f"/pacticipants/{name}", {"mainBranch": None})
    b.call("POST", "/pacticipants", {"name": " "})
    b.call("POST", "/pacticipants", {"name": "two\nlines"})
    b.call(
        "PUT",
        f"/pacticipants/{name}/versions/1",
        {"buildUrl": "http://x", "tags": [{"name": "t"}]},
        label="a version with tags",
    )
    b.call("PUT", f"/pacticipants/{name}/versions/1", {}, label="overwritten")
    b.call(
        "PATCH",
        f"/pacticipants/{name}/versions/1",
        {"buildUrl": "http://y"},
        content_type="application/merge-patch+json",
        label="patched",
    )
    b.call("PATCH", f"/pacticipants/{name}/versions/1", {"buildUrl": "http://y"}, label="patched with another type")
    b.call("GET", f"/pacticipants/{name}/versions/1/", label="a slash at the end")


@scenario
def can_i_merge_over_branches(b: Broker) -> None:
    b.publish("orders", "1", "products", branch="main")
    b.verify("orders", "1", "products", "p1", branch="main")
    b.publish("orders", "2", "products", branch="feat/x", content="b")
    b.can_i_merge("orders", "2")
    b.verify("orders", "2", "products", "p2", branch="feat/y")
    b.can_i_merge("orders", "2")
    b.branch("products", "p2", "main")
    b.can_i_merge("orders", "2")
    b.can_i_merge("orders", "1")
    b.branch("products", "p1", "feat/z")  # p1 is on two branches
    b.can_i_merge("products", "p2")
    b.branch("orders", "1", "later")
    b.branch("orders", "2", "main")  # the head is what was put there last
    b.branch("orders", "1", "main")
    b.can_i_merge("products", "p2")
    b.for_verification("products", {"mainBranch": True})
    b.pacticipant("lonely")
    b.branch("lonely", "1", "x")
    b.can_i_merge("lonely", "1")


@scenario
def webhooks_kept(b: Broker) -> None:
    b.pacticipant("orders")
    b.pacticipant("products")
    request = {
        "method": "POST",
        "url": "https://example.org/x",
        "username": "u",
        "password": "secret",
        "headers": {"X-Token": "t", "Accept": "a"},
        "body": "text ${pactbroker.pactUrl}",
    }
    hook = {"request": request}
    made = b.call("POST", "/webhooks", hook, label="for all pacts, no events")
    b.call(
        "POST",
        "/webhooks",
        {
            **hook,
            "consumer": {"name": b.name("orders")},
            "provider": {"name": b.name("products")},
            "events": [{"name": "contract_published"}],
            "enabled": False,
        },
        label="for two",
    )
    b.call("POST", "/webhooks", {**hook, "consumer": {"label": "team"}}, label="for a label")
    b.call(
        "POST",
        "/webhooks",
        {**hook, "consumer": {"label": "team", "name": b.name("orders")}},
        label="for a label and a name",
    )
    b.call("POST", "/webhooks", {**hook, "consumer": {}}, label="for nothing")
    b.call("POST", "/webhooks", {**hook, "events": []}, label="no event")
    b.call("POST", "/webhooks", {}, label="nothing")
    for url in ("ftp://example.org", "nonsense", "https://${pactbroker.consumerName}/", "https://elsewhere.example/"):
        b.call("POST", "/webhooks", {"request": {**request, "url": url}}, label=f"url {url}")
    b.call("POST", "/webhooks", {"request": {**request, "method": "DELETE"}}, label="another method")
    b.call("POST", f"/webhooks/provider/{b.name('products')}/consumer/{b.name('orders')}", hook)
    b.call("GET", f"/webhooks/provider/{b.name('products')}/consumer/{b.name('orders')}")
    b.call("POST", f"/webhooks/provider/{b.name('nobody')}", hook)
    b.call("GET", made.link("self"), label="secrets are not shown")
    b.call("PUT", "/webhooks/short", hook, label="a uuid that is none")
    for item in b.call("GET", "/webhooks", record=False).body["_links"]["pb:webhooks"]:
        b.call("DELETE", item["href"], record=False)


@scenario
def matrix_spelled_otherwise(b: Broker) -> None:
    """What Rack reads as well, and what the Ruby, JVM and older clients send."""
    o, p = quote(b.name("orders")), quote(b.name("products"))
    b.environment("test")
    b.pacticipant("products", main_branch="main")
    b.publish("orders", "1", "products", branch="main", tags=["prod"])
    b.publish("orders", "2", "products", branch="feat/x", content="b")
    b.verify("orders", "1", "products", "p1", branch="main", tags=("prod",))
    b.verify("orders", "2", "products", "p1", success=False)
    b.deploy("products", "p1", "test")
    e = quote(b.name("test"))
    for query in (
        f"q%5B%5D%5Bpacticipant%5D={o}&q%5B%5D%5Bversion%5D=1&q%5B%5D%5Bpacticipant%5D={p}&q%5B%5D%5Blatest%5D=true&latestby=cvp",
        f"q[][pacticipant]={o}&q[][version]=1&latestby=cvp&latest=true&tag=prod",
        f"latestby=cvp&q[][pacticipant]={o}&q[][latest]=true&q[][tag]=prod&q[][pacticipant]={p}&q[][latest]=true",
        f"q[][pacticipant]={o}&q[][latest]=true&latestby=cvp&latest=true",
        f"q[][pacticipant]={o}&q[][latest]=true&q[][branch]=feat%2Fx&latestby=cvp&environment={e}",
        f"q[][pacticipant]={o}&q[][latest]=true&q[][branch]=feat/x&latestby=cvp&environment={e}",
        f"q[][pacticipant]={o}&q[][branch]=feat%2Fx&q[][latest]=true&q[][pacticipant]={p}&q[][mainBranch]=true&q[][latest]=true",
        f"q[][pacticipant]={o}&q[][pacticipant]={p}&latestby=cvpv&success[]=true&success[]=false&success[]=null",
        f"q[][pacticipant]={o}&q[][pacticipant]={p}&latestby=cvpv&success[]=",
        f"q[][pacticipant]={o}&q[][pacticipant]={p}&latestby=cvpv&page=1&size=1",
        f"q[][pacticipant]={o}&q[][pacticipant]={p}&latestby=cvpv&pageNumber=2&pageSize=1",
        f"q[][pacticipant]={o}&q[][version]=1&environment={e}&latestby=cvpv&",
        f"&q[][pacticipant]={o}&&q[][version]=1&environment={e}",
        f"q[][pacticipant]={o}&q[][version]=1&environment=",
        f"q[][pacticipant]={o}&q[][version]=1&tag=",
        f"q[][pacticipant]={o}&q[][version]=1&latest=",
        f"q[][pacticipant]={o}&q[][version]=1&mainBranch=",
        f"q[][pacticipant]={o}&q[][version]=1&q[][unknown]=2&latestby=cvp",
        f"q[][pacticipant]={o}&q[][version]=1&q[][environment]={e}&latestby=cvp",
        f"q[][pacticipant]={o}&q[][environment]=nowhere&latestby=cvp",
        f"q[][pacticipant]={o}&q[][version]=1&q[][branch]=main&latestby=cvp",
        f"q[][pacticipant]={o}&q[][version]=1&q[][tag]=prod&latestby=cvp",
        f"q[][pacticipant]={o}&q[][tag]=prod&q[][branch]=main&latestby=cvp",
        f"q[][pacticipant]={o}&q[][pacticipant]={o}&q[][version]=1&latestby=cvp",
        f"q[][pacticipant]={o}&q[][version]=1&q[][pacticipant]={o}&q[][version]=2&latestby=cvp",
        f"q[][pacticipant]={o}&q[][version]=1&q[][pacticipant]={o}&q[][version]=2&q[][pacticipant]={p}&latestby=cvpv",
        f"q[][pacticipant]={o}&q[][version]=1&q[][pacticipant]={o}&q[][version]=2&latestby=cvpv&environment={e}",
        f"q[][pacticipant]={o}&q[][version]=2&latestby=cvpv&environment={e}&ignore[][pacticipant]={p}&ignore[][latest]=true",
        f"q[][pacticipant]={o}&q[][version]=2&latestby=cvpv&environment={e}&ignore[][pacticipant]={p}&ignore[][version]=p1&ignore[][pacticipant]={o}",
        f"q[][pacticipant]={o}&q[][version]=2&latestby=cvpv&environment={e}&ignore[]={p}",
        f"q[][pacticipant]={o}&q[][version]=2&latestby=cvpv&environment={e}&ignore={p}",
        f"q[]={o}",
        f"q[][pacticipant]={o}&q[][version]=1+",
        f"q[][pacticipant]={o}&q[][version]=%201",
        f"q[][pacticipant]={o}&q[][version]=1;latestby=cvp",
        f"Q[][pacticipant]={o}",
        f"q[][Pacticipant]={o}",
        f"q[][pacticipant]={o.upper()}&q[][version]=1",
        f"q[][pacticipant]={o}&q[][version]=1&q[][main_branch]=true",
        f"q[][pacticipant]={o}&q[][main_branch]=true&latestby=cvp",
        f"q[][pacticipant]={o}&q[][version]=1&main_branch=true",
        f"q[][pacticipant]={o}&q[][latest]=1&latestby=cvp",
        f"q[][pacticipant]={o}&q[][latest]=TRUE&latestby=cvp",
        f"q[][pacticipant]={o}&q[][latest]=prod&latestby=cvp",
        f"q[][pacticipant]={o}&q[][mainBranch]=false&latestby=cvp",
        f"q[][pacticipant]={o}&q[][version]=1&latest=false&tag=prod",
        f"q[][pacticipant]={o}&q[][version]=1&days=7",
    ):
        b.call("GET", f"/matrix?{query}")
    for query in (
        f"pacticipant={o}&version=1&environment={e}",
        f"pacticipant={o}&version=1&to={e}",
        f"pacticipant={o}&version=&environment={e}",
        f"pacticipant={o}&branch=main&environment={e}",
        f"pacticipant={o}&latest=true&environment={e}",
        f"pacticipant={o}&version=1&mainBranch=true",
        f"pacticipant={o}&version=1&to=main",
        f"pacticipant={o}&version=9&environment={e}",
        f"version=1&environment={e}",
        "",
    ):
        b.call("GET", f"/can-i-deploy?{query}")


@scenario
def lists_in_pages(b: Broker) -> None:
    """Each list of a pacticipant, page by page, with names that have to be escaped."""
    for number in range(1, 5):
        b.publish(
            "orders",
            f"{number} ä/x",
            "products",
            branch=f"feat/{number % 3}",
            content=str(number),
            tags=[f"t/{number % 2}"],
        )
        b.verify("orders", f"{number} ä/x", "products", f"p/{number}", branch="main")
    o, p = quote(b.name("orders")), quote(b.name("products"))
    for path in (
        f"/pacticipants/{o}/versions",
        f"/pacticipants/{o}/branches",
        f"/pacticipants/{o}/branches/{quote('feat/1')}/versions",
        f"/pacticipants/{o}/tags/{quote('t/1')}/versions",
        f"/pacts/provider/{p}/consumer/{o}/versions",
    ):
        for query in (
            "",
            "?size=1",
            "?page=2&size=1",
            "?pageNumber=1&pageSize=3",
            "?page=9&size=2",
            "?page=1",
            "?size=1000",
        ):
            b.call("GET", path + query)
    b.call("GET", f"/pacticipants?q={o}&page=1&size=1")
    b.call("GET", f"/pacticipants?q={quote(b.prefix)}&page=2&size=1")
    b.call("GET", f"/pacts/provider/{p}/latest?page=1&size=1")
    b.call("GET", f"/pacticipants/{o}/branches?q=feat&size=1")
    b.call("GET", f"/pacticipants/{o}/branches?q=nothing")


@scenario
def several_of_everything(b: Broker) -> None:
    """A hub: branches, tags, instances and releases at once, some undeployed, some out of support, some deleted."""
    b.environment("test")
    b.environment("live", production=True)
    b.pacticipant("products", main_branch="main")
    for name in ("web", "app ä", "team/cli"):
        b.pacticipant(name, main_branch="main")
        for number in ("1", "2", "3"):
            b.publish(
                name,
                number,
                "products",
                branch="main" if number != "3" else "feat/x",
                content=f"{name[:1]}{number}",
                tags=["dev"] if number == "2" else None,
            )
    for version, branch in (("p1", "main"), ("p2", "main"), ("p3", "feat/y")):
        b.branch("products", version, branch)
    blue = b.deploy("web", "1", "live", instance="blue")
    b.deploy("web", "2", "live", instance="green")
    b.deploy("web", "3", "test")
    released = [b.release("app ä", number, "live") for number in ("1", "2", "3")]
    b.deploy("team/cli", "1", "live")
    b.release("team/cli", "2", "live")
    for name in ("web", "app ä", "team/cli"):
        for number in ("1", "2", "3"):
            b.verify(name, number, "products", "p1")
            b.verify(name, number, "products", "p2", success=number != "2")
    patch = {"content_type": "application/merge-patch+json"}

    def ask() -> None:
        for version in ("p1", "p2", "p3"):
            for environment in ("test", "live"):
                b.can_i_deploy("products", version, environment)
        b.for_verification("products", branch="main", pending=True, wip_since=SINCE)
        b.for_verification(
            "products",
            {"deployedOrReleased": True},
            {"mainBranch": True},
            {"matchingBranch": True},
            branch="feat/x",
            pending=True,
            wip_since=SINCE,
        )
        b.for_verification("products", {"environment": "live"}, branch="feat/new", pending=True)
        b.for_verification(
            "products", {"tag": "dev", "latest": True}, tags=["dev", "prod"], pending=True, wip_since=SINCE
        )

    ask()
    b.call("PATCH", blue.link("self"), {"currentlyDeployed": False}, **patch)
    b.call("PATCH", released[1].link("self"), {"currentlySupported": False}, **patch)
    ask()
    b.deploy("web", "3", "live", instance="green")
    b.deploy("web", "3", "live", instance="blue")
    b.deploy("web", "3", "live")
    b.call("DELETE", f"/pacticipants/{quote(b.name('team/cli'))}/versions/2")
    ask()
    b.verify("app ä", "1", "products", "p2", success=False)
    b.verify("web", "3", "products", "p2", success=False, branch="feat/z")
    b.verify("web", "3", "products", "p2")
    ask()
    b.call("DELETE", f"/pacticipants/{quote(b.name('products'))}/branches/main")
    b.call("DELETE", f"/pacticipants/{quote(b.name('web'))}/branches/{quote('feat/x')}")
    b.call("DELETE", f"/pacticipants/{quote(b.name('web'))}/versions/2/tags/dev")
    ask()
    b.publish("web", "4", "products", branch="feat/x", content="w1")
    b.branch("products", "p2", "main")
    ask()


@scenario
def ignoring_a_version_that_is_not_there(b: Broker) -> None:
    """It excuses no other version that is not there, and whatever is asked for still has to be."""
    o, p = b.name("orders"), b.name("products")
    b.environment("test")
    b.publish("orders", "1", "products", branch="main")
    b.verify("orders", "1", "products", "p1", branch="main")
    b.deploy("products", "p1", "test")
    for asked in ([("q[][branch]", "none")], [("q[][tag]", "none")], [("q[][version]", "9")], [("q[][version]", "1")]):
        for ignored in ([("ignore[][version]", "9")], [("ignore[][version]", "8")], []):
            question = [("q[][pacticipant]", o), *asked, ("latestby", "cvpv"), ("ignore[][pacticipant]", o), *ignored]
            b.matrix([*question, ("environment", b.name("test"))])
            b.matrix([("q[][pacticipant]", p), ("q[][latest]", "true"), *question])


@scenario
def pacts_to_verify_by_query(b: Broker) -> None:
    """How older verifiers ask: each selector needs a tag, and a branch is taken as it is."""
    b.publish("orders", "1", "products", branch="main", tags=["dev"])
    b.publish("orders", "2", "products", branch="feat/x", content="b", tags=["prod"])
    b.publish("web", "1", "products", branch="main", content="w", tags=["dev"])
    b.publish("web", "2", "products", branch="feat/y", content="w2")
    b.verify("orders", "1", "products", "p1", branch="main", tags=("main",))
    one = "consumer_version_selectors[]"
    for query in (
        "",
        f"{one}[tag]=dev",
        f"{one}[tag]=dev&{one}[latest]=true&{one}[tag]=prod&{one}[latest]=false",
        f"{one}[tag]=dev&{one}[latest]=TRUE",
        f"{one}[tag]=dev&{one}[latest]=",
        f"{one}[tag]=",
        f"{one}[tag]=nope&{one}[latest]=true&{one}[fallback_tag]=dev",
        f"{one}[tag]=nope&{one}[fallback_tag]=dev",
        f"{one}[tag]=dev&{one}[fallback_tag]=",
        f"{one}[tag]=dev&{one}[consumer]={b.name('web')}",
        f"{one}[tag]=dev&{one}[consumer]=",
        f"{one}[latest]=true",
        f"{one}[branch]=main",
        f"{one}[main_branch]=true",
        f"{one}[deployed]=true",
        f"{one}[tag]=dev&{one}[unknown]=true",
        "consumerVersionSelectors[][branch]=main",
        "include_pending_status=false",
        "include_pending_status=",
        "include_pending_status=yes",
        "provider_version_branch=main",
        "provider_version_branch=&include_pending_status=true",
        "provider_version_branch=%20&include_pending_status=true",
        "provider_version_branch=new&include_wip_pacts_since=2020-01-01T00:00:00%2B00:00&include_pending_status=true",
        "provider_version_branch=new&include_wip_pacts_since=2020-1-1",
        "provider_version_branch=new&include_wip_pacts_since=",
        "provider_version_branch=new&include_wip_pacts_since=yesterday",
        "provider_version_tags[]=main&include_pending_status=true",
        "provider_version_tags[]=main&provider_version_tags[]=new&include_wip_pacts_since=2020-01-01",
        "provider_version_tags=main",
    ):
        b.call("GET", f"/pacts/provider/{b.name('products')}/for-verification?{query}")
    b.call("GET", f"/pacts/provider/{b.name('nobody')}/for-verification")
    b.call("GET", f"/pacts/provider/{b.name('nobody')}/for-verification?{one}[branch]=main")
    for body in (
        {"consumer_version_selectors": [{"main_branch": True}], "include_pending_status": False},
        {"includeWipPactsSince": "2020-1-1", "providerVersionBranch": "new"},
        {"includeWipPactsSince": "2020-01-01 00:00:00 UTC", "providerVersionBranch": "new"},
        {"includeWipPactsSince": " 2020-01-01 00:00:00 +1100 ", "providerVersionBranch": "new"},
        {"includeWipPactsSince": "", "providerVersionBranch": "new"},
        {"includeWipPactsSince": None, "providerVersionBranch": "new"},
    ):
        b.call("POST", f"/pacts/provider/{b.name('products')}/for-verification", body, label=f"POST {body}")


@scenario
def fallback_tags_of_several_selectors(b: Broker) -> None:
    """Each selector falls back by itself, but none does while a tag of that name finds a pact of any consumer."""
    b.publish("orders", "1", "products", tags=["x"])
    b.publish("web", "1", "products", tags=["x"], content="b")
    b.publish("web", "2", "products", tags=["y"], content="c")
    of_x: dict[str, Any] = {"tag": "new", "latest": True, "fallbackTag": "x"}
    of_y = of_x | {"fallbackTag": "y"}

    def ask() -> None:
        for selectors in (
            [of_x | {"consumer": "orders"}, of_x | {"consumer": "web"}],
            [of_x, of_y],
            [of_y | {"consumer": "orders"}, of_y | {"consumer": "web"}],
            [of_x | {"fallbackTag": "new"}, of_x],
            [{"tag": "new", "latest": True}, of_x | {"consumer": "web"}],
        ):
            b.for_verification("products", *map(dict, selectors), pending=False)
        one = "consumer_version_selectors[]"
        for query in (
            f"{one}[tag]=new&{one}[fallback_tag]=x",
            f"{one}[tag]=new&{one}[latest]=false&{one}[fallback_tag]=x",
            f"{one}[tag]=y&{one}[fallback_tag]=x",
            f"{one}[tag]=y&{one}[latest]=true&{one}[fallback_tag]=x",
        ):
            b.call("GET", f"/pacts/provider/{b.name('products')}/for-verification?{query}")

    ask()
    b.tag("web", "1", "y")
    b.publish("orders", "2", "products", tags=["x"], content="d")
    ask()
    b.tag("orders", "1", "new")
    ask()


@scenario
def questions_that_say_little(b: Broker) -> None:
    """Blank values, numbers with more behind them, and lists where one value is meant."""
    b.environment("live")
    b.publish("orders", "1", "products", branch="main", tags=["dev"])
    b.verify("orders", "1", "products", "p1", branch="main")
    b.tag("products", "p2", "prod")
    b.deploy("products", "p1", "live")
    own = f"q[][pacticipant]={b.name('orders')}&q[][version]=1"
    for more in (
        *(f"limit={limit}" for limit in ("1.5", "10abc", "%2010", "%2B5", "1_0", "abc", "0x10", "-1", "")),
        *("tag[]=prod", "tag[]=dev", "success[a]=false", "success[]=false", "days=1"),
        *(f"environment={b.name('live')}&limit=1e3", "environment=%20", "latest=TRUE", "mainBranch=TRUE"),
    ):
        b.call("GET", f"/matrix?{own}&{more}")
    live, products = f"environment={b.name('live')}", b.name("products")
    for more in (
        *("environment=", "to=", "environment=&to=", "environment=%20", "to=%20", "environment=nowhere&to=dev"),
        *(f"{live}&ignore[]={products}", f"{live}&ignore={products}", f"{live}&ignore[][version]=p1"),
        *(f"{live}&ignore[][pacticipant]={products}&ignore[][{key}" for key in ("version]=p1", "latest]=true")),
    ):
        b.call("GET", f"/can-i-deploy?pacticipant={b.name('orders')}&version=1&{more}")
    for selector in (
        *({"tag": " "}, {"branch": " "}, {"environment": " "}, {"tag": " ", "latest": True}),
        *({"environment": " ", "deployed": True}, {"branch": " ", "consumer": b.name("orders")}),
        *({"branch": "main", "fallbackBranch": "x", "latest": False}, {"fallbackBranch": "x", "latest": False}),
        {"deployed": True, "released": True, "deployedOrReleased": True},
    ):
        b.call("POST", f"/pacts/provider/{products}/for-verification", {"consumerVersionSelectors": [selector]})
    for body in (
        {"consumerVersionSelectors": [{"matchingBranch": True}], "providerVersionBranch": " "},
        {"includePendingStatus": None, "providerVersionBranch": " "},
        {"includeWipPactsSince": "", "providerVersionBranch": " "},
        {"providerVersionTags": "x", "providerVersionBranch": " "},
    ):
        b.call("POST", f"/pacts/provider/{products}/for-verification", body)


@scenario
def application_instances_without_a_name(b: Broker) -> None:
    """No instance and one with an empty name are the same place, though each is shown as it was given."""
    place = b.environment("test").body["uuid"]
    for number in "12":
        b.publish("orders", number, "products", branch="main", content=number)
    for body in (
        {},
        {"applicationInstance": ""},
        {"applicationInstance": None},
        {"applicationInstance": None, "target": "old"},
        {"applicationInstance": "new", "target": "old"},
        {"applicationInstance": " "},
        {"applicationInstance": 1},
        {"target": ""},
        {},
    ):
        for number in "12":
            path = f"/pacticipants/{b.name('orders')}/versions/{number}/deployed-versions/environment/{place}"
            b.call("POST", path, body, label=f"deploy {number} {body}")
        b.call("GET", f"/environments/{place}/deployed-versions/currently-deployed")
        b.for_verification("products", {"deployed": True})


@scenario
def contacts_of_an_environment(b: Broker) -> None:
    for number, contacts in enumerate(
        (
            None,
            [],
            {},
            [{}],
            [{"name": ""}],
            [{"name": "Ops", "details": "none"}],
            [{"name": "Ops", "details": {"email": "ops@example.org", "chat": {"room": 1}}}, {"name": "Dev"}],
        )
    ):
        body = {"name": b.name(f"place{number}"), "production": False, "contacts": contacts}
        made = b.call("POST", "/environments", body, label=f"contacts {contacts}")
        if made.status == 201:
            b.call("PUT", made.link("self"), {**body, "contacts": [{"name": "Else"}]}, label="others")
            b.call("PUT", made.link("self"), {**body, "contacts": []}, label="none")
            b.call("PUT", made.link("self"), {key: body[key] for key in ("name", "production")}, label="not said")


@scenario
def publications_of_other_kinds(b: Broker) -> None:
    body = {"pacticipantName": b.name("orders"), "pacticipantVersionNumber": "1", "branch": "main"}
    contracts = [b.contract("orders", "products", content) for content in "ab"]
    b.call("POST", "/contracts/publish", {**body, "contracts": contracts}, label="two that differ for one provider")
    b.pact("orders", "1", "products")
    body |= {"pacticipantVersionNumber": "2", "contracts": contracts[:1] * 2}
    b.call("POST", "/contracts/publish", body, label="the same twice for one provider")
    for kind in ("application/json; charset=utf-8", "application/hal+json", "text/json", "text/plain"):
        b.call("POST", "/contracts/publish", body, content_type=kind, label=f"published as {kind}")
        path = f"/pacts/provider/{b.name('products')}/for-verification"
        b.call("POST", path, {"includePendingStatus": False}, content_type=kind, label=f"asked as {kind}")
    pact = b.pact("orders", "2", "products", record=False)
    for url in ("http://ci/1?a=b#c", "", "x", " ", "two\nlines", "http://ci/a b", "http://ci/ü", "http://ci/%C3%BC"):
        result = {"success": True, "providerApplicationVersion": "p1", "buildUrl": url}
        b.call("POST", pact.link("pb:publish-verification-results"), result, label=f"a result with the build {url!r}")
    for method in ("PUT", "PATCH"):
        path = f"/pacts/provider/{b.name('products')}/consumer/{b.name('orders')}/version/3"
        b.call(method, path, raw=b'"text"', label=f"{method} a text")
    b.call("GET", "/diagnostic/status/dependencies")


@scenario
def dashboard(b: Broker) -> None:
    """The newest pact of each pair and tag, and those that are in an environment."""
    b.environment("test")
    for number, branch, content, tags in (
        ("1", "main", "a", ["dev"]),
        ("2", "main", "b", ["dev", "prod/1"]),
        ("3", "feat/x", "c", None),
        ("4", "main", "b", ["prod/1"]),
        ("5", "feat/y", "d", None),
    ):
        b.publish("orders", number, "products", branch=branch, content=content, tags=tags)
    b.publish("web", "1 ä/x", "products", branch="main", content="w")
    b.verify("orders", "1", "products", "p1", branch="main")
    b.verify("orders", "2", "products", "p1", success=False)
    b.verify("orders", "2", "products", "p/2", branch="main", tags=("prod/1",))
    b.verify("orders", "3", "products", "p3", branch="feat/z", success=False)
    selected = asked(b, "products", "main", {"branch": "main", "consumer": "web"})
    b.verify_selected(selected, "products", "p4", success=False, branch="main")  # while it was pending
    b.deploy("orders", "1", "test")
    b.release("orders", "3", "test")
    b.branch("orders", "4", "second")
    pair = f"/dashboard/provider/{b.name('products')}/consumer/"
    for query in ("", "?page=1&size=2", "?page=2&size=2", "?page=9", "?size=0", "?pageNumber=1&pageSize=1"):
        b.call("GET", f"{pair}{b.name('orders')}{query}")
    b.call("GET", f"{pair}{b.name('web')}")
    b.call("GET", f"/dashboard/provider/{b.name('web')}/consumer/{b.name('orders')}", label="nothing between the two")
    b.call("GET", f"{pair}{b.name('orders')}", accept="application/json")


@scenario
def metrics(b: Broker) -> None:
    """Counts of all that the broker holds: record them on an empty one."""
    b.environment("test")
    for number, content, tags in (("1", "a", ["x"]), ("2", "b", ["x", "y"]), ("3", "b", None)):
        b.publish("orders", number, "products", "billing", branch="main", content=content, tags=tags)
    b.verify("orders", "1", "products", "p1", branch="main")
    b.verify("orders", "1", "products", "p1", success=False)
    b.verify("orders", "2", "products", "p2", branch="main", tags=("x",))
    b.deploy("orders", "1", "test")
    b.deploy("orders", "2", "test")
    b.release("orders", "1", "test")
    b.pacticipant("lonely", main_branch="main")
    b.call("GET", "/metrics")


@scenario
def differences_of_pacts(b: Broker) -> None:
    for number, content in (("1", "a"), ("2 ä", "a"), ("3", "b"), ("4", "b")):
        b.publish("orders", number, "products", branch="main", content=content)
    pair = f"/pacts/provider/{b.name('products')}/consumer/{b.name('orders')}"
    one, other = (b.pact("orders", number, "products", record=False) for number in "13")
    old, new = (pact.link("pb:pact-version").rpartition("/")[2] for pact in (one, other))
    for path in (
        f"{pair}/version/4/diff/previous-distinct",
        f"{pair}/version/1/diff/previous-distinct",
        f"{pair}/version/9/diff/previous-distinct",
        f"{pair}/version/4/diff/version/{quote('2 ä')}",
        f"{pair}/version/4/diff/version/9",
        f"{pair}/version/9/diff/version/4",
        f"{pair}/pact-version/{new}/diff/pact-version/{old}",
        f"{pair}/pact-version/{new}/diff/pact-version/{'0' * 40}",
        f"{pair}/pact-version/{'0' * 40}/diff/pact-version/{new}",
    ):
        for accept in ("text/plain", "*/*", "application/hal+json"):
            b.call("GET", path, accept=accept)


@scenario
def matrix_without_inner_brackets(b: Broker) -> None:
    """`q[]pacticipant=A`, as older clients write it; what is asked may be mixed."""
    o, p, e = b.name("orders"), b.name("products"), b.name("test")
    b.environment("test")
    b.publish("orders", "1", "products", branch="main", tags=["prod"])
    b.publish("orders", "2", "products", branch="feat/x", content="b")
    b.verify("orders", "1", "products", "p1", branch="main", tags=("prod",))
    b.verify("orders", "2", "products", "p1", success=False)
    b.deploy("products", "p1", "test")
    for query in (
        f"q[]pacticipant={o}&q[]version=1",
        f"q[]pacticipant={o}&q[]version=2&q[]pacticipant={p}&q[]version=p1&latestby=cvp",
        f"q%5B%5Dpacticipant={o}&q%5B%5Dversion=2&environment={e}",
        f"q[]pacticipant={o}&q[]latest=true&q[]tag=prod&latestby=cvp&latest=true&tag=prod",
        f"q[]pacticipant={o}&q[][version]=1&environment={e}",
        f"q[][pacticipant]={o}&q[]version=2&environment={e}",
        f"q[]pacticipant={o}&q[]version=2&environment={e}&ignore[]pacticipant={p}",
        f"success[]=true&q[]pacticipant={o}&latestby=cvpv",
        f"q[]version=1&q[]pacticipant={o}&q[]version=2&q[]pacticipant={o}&latestby=cvpv",
        f"q[]={o}",
        "q[]version=1",
    ):
        b.call("GET", f"/matrix?{query}")
    one = "consumer_version_selectors[]"
    for query in (
        f"{one}tag=prod",
        f"{one}tag=prod&{one}latest=true&provider_version_tags[]=prod",
        f"{one}latest=true",
    ):
        b.call("GET", f"/pacts/provider/{p}/for-verification?{query}")


@scenario
def errors_as_problems(b: Broker) -> None:
    """For those who ask for application/problem+json (RFC 9457); the conflict of a publication keeps its notices."""
    b.publish("orders", "1", "products", branch="main")
    o, p = b.name("orders"), b.name("products")
    contracts = [b.contract("orders", "products", "b")]
    for method, path, body in (
        ("POST", "/contracts/publish", {}),
        (
            "POST",
            "/contracts/publish",
            {"pacticipantName": o, "pacticipantVersionNumber": "1", "contracts": contracts},
        ),
        ("POST", "/pacticipants", {"name": " "}),
        ("POST", "/environments", {}),
        ("POST", "/webhooks", {"request": {"method": "POST"}}),
        ("POST", f"/pacts/provider/{p}/for-verification", {"consumerVersionSelectors": [{}]}),
        ("GET", "/matrix", None),
        ("GET", "/can-i-deploy", None),
        ("GET", f"/can-i-deploy?pacticipant={o}&version=1&to=", None),
        ("GET", f"/pacticipants/{b.name('nobody')}", None),
        ("GET", "/pacticipants?page=0", None),
    ):
        for accept in ("application/hal+json, application/problem+json", "application/hal+json"):
            b.call(method, path, body, accept=accept)


@scenario
def lists_of_all(b: Broker) -> None:
    """What has no address of its own: record it on an empty broker."""
    for consumer in ("web", "app ä", "Zed/x", "able"):
        for number in "12":
            b.publish(consumer, number, "api", branch="main", content=consumer + number)
    for consumer in ("web", "able", "Zed/x"):
        for label in ("team", "ä b"):
            b.call("PUT", f"/pacticipants/{quote(b.name(consumer))}/labels/{quote(label)}", {})
    for path in (
        "/pacts/latest",
        "/pacticipants",
        "/labels",
        "/dashboard",
        "/integrations",
        "/pacticipants/label/team",
    ):
        for query in ("", "?page=2&size=2", "?pageNumber=1&pageSize=1", "?page=", "?size=", "?q=AB", "?q=none"):
            b.call("GET", path + query)


@scenario
def what_is_left_of_deleted_results(b: Broker) -> None:
    """A summary shows an older result of the same provider version; the matrix does not."""
    b.publish("orders", "1", "products", branch="main", tags=["dev"])
    pair = f"/pacts/provider/{b.name('products')}/consumer/{b.name('orders')}"

    def look() -> None:
        b.call("GET", f"{pair}/version/1/verification-results/latest")
        b.call("GET", f"{pair}/latest/verification-results/latest")
        b.call("GET", f"/verification-results/consumer/{b.name('orders')}/version/1/latest")
        b.call("GET", f"/dashboard/provider/{b.name('products')}/consumer/{b.name('orders')}")
        b.call("GET", f"{pair}/latest/badge", accept="*/*")
        b.matrix([("q[][pacticipant]", b.name("orders")), ("q[][version]", "1"), ("latestby", "cvpv")])
        asked(b, "products", "main", MAIN)

    first = b.verify("orders", "1", "products", "p1", branch="main")
    second = b.verify("orders", "1", "products", "p1", success=False)
    look()
    b.call("DELETE", second.link("self"), accept="*/*")
    look()
    third = b.verify("orders", "1", "products", "p2", success=False, branch="main")
    look()
    b.call("DELETE", first.link("self"), accept="*/*")
    look()
    b.call("DELETE", third.link("self"), accept="*/*")
    look()


@scenario
def addresses_with_breaks(b: Broker) -> None:
    """A name that was read from a file may end with the end of a line: that is told, and nothing is made."""
    for broken in ("one\n", "\tone", "o\r\nne"):
        name = quote(b.name(broken))
        b.call("GET", f"/pacticipants/{name}")
        b.call("PUT", f"/pacticipants/{b.name('orders')}/versions/1/tags/{quote(broken)}", {})
        b.call("PUT", f"/pacticipants/{b.name('orders')}/branches/{quote(broken)}/versions/1", {})
        b.call("GET", f"/no-such/{name}", accept="*/*")
        b.call("DELETE", f"/pacticipants/{name}", accept="application/json")
        b.matrix([("q[][pacticipant]", b.name(broken)), ("q[][version]", "1")])
    b.call("GET", f"/pacticipants/{b.name('orders')}")


@scenario
def addresses_that_are_none(b: Broker) -> None:
    """A part of a path that is empty, or was not written with percent signs, is not found, and nothing is made."""
    name = b.name("orders")
    b.pacticipant("orders")
    for path in ("//versions", f"/{name}//versions", f"/{name}//", "/a|b", "/{name}", "/a%zz", "/a%", "/a[b]", "/a^b"):
        b.call("GET", f"/pacticipants{path}")
        b.call("PUT", f"/pacticipants/{name}/versions/1/tags{path}", {})
    b.call("GET", f"/pacticipants/{name}/versions/1")
    b.call("POST", "/pacticipants", {"name": f"{name} a;b,c=d@e:f!$&'()*+~"})
    b.call("GET", f"/pacticipants/{name}%20a;b,c=d@e:f!$&'()*+~")


@scenario
def bodies_of_which_nothing_is_wanted(b: Broker) -> None:
    """They must be JSON, as they say, and of this one type; a webhook is tried out whatever is sent."""
    place = b.environment("test").body["uuid"]
    b.publish("orders", "1", "products", branch="main")
    own = f"/pacticipants/{b.name('orders')}"
    for path in ("/labels/shop", "/versions/1/tags/dev", "/branches/feat%2Fx/versions/1", "/versions/2/tags/dev"):
        for raw in (b"{", b'"text"', b"null", b"\xff", b'{"name": 1}', b" ", b""):
            b.call("PUT", f"{own}{path}", raw=raw)
        for kind in ("application/hal+json", "text/plain"):
            b.call("PUT", f"{own}{path}", raw=b"{}", content_type=kind, label=f"{path} as {kind}")
    release = f"{own}/versions/1/released-versions/environment/{place}"
    for raw in (b"{", b'{"name": 1}', b""):
        b.call("POST", release, raw=raw)
    hook = {"request": {"method": "POST", "url": "http://localhost:1/"}, "events": [{"name": "contract_published"}]}
    made = b.call("POST", "/webhooks", hook)
    for kind in ("application/json", "text/plain", "application/x-www-form-urlencoded"):
        tried = b.call("POST", f"{made.link('self')}/execute", raw=b"", content_type=kind, record=False)
        b.call("GET", made.link("self"), label=f"tried as {kind}: {tried.status}")
    b.call("DELETE", made.link("self"), accept="*/*")


@scenario
def deleting_the_latest_result(b: Broker) -> None:
    b.publish("orders", "1", "products", branch="main", tags=["dev"])
    pair = f"/pacts/provider/{b.name('products')}/consumer/{b.name('orders')}"
    content = b.pact("orders", "1", "products").link("pb:pact-version")
    for owner in (f"{pair}/version/1", content, f"{pair}/latest"):
        b.verify("orders", "1", "products", "p1", branch="main")
        b.verify("orders", "1", "products", "p2", success=False)
        for _ in range(3):
            b.call("DELETE", f"{owner}/verification-results/latest", accept="*/*")
            b.call("GET", f"{owner}/verification-results/latest")
            b.can_i_merge("orders", "1")


@scenario
def answers_of_other_types(b: Broker) -> None:
    """Tables and graphs: what each caller is given. What is in them is in test_tables.py."""
    b.publish("orders", "1", "products", branch="main", tags=["dev"])
    b.verify("orders", "1", "products", "p1", branch="main", tags=("dev",))
    b.environment("test")
    o, p = b.name("orders"), b.name("products")
    for path in (
        "/dashboard",
        f"/dashboard/provider/{p}/consumer/{o}",
        "/relationships",
        f"/groups/{o}",
        f"/groups/{o}?maxPacticipants=2",
        f"/groups/{b.name('nobody')}",
        f"/integrations?q={o}",
        f"/matrix?q[][pacticipant]={o}&q[][version]=1&latestby=cvpv",
        f"/matrix/provider/{p}/consumer/{o}",
        f"/can-i-deploy?pacticipant={o}&version=1&environment={b.name('test')}",
        f"/pacticipants/{o}/latest-version/dev/can-i-deploy/to/dev",
        f"/pacts/provider/{p}/consumer/{o}/latest/badge",
    ):
        for accept in ("*/*", "text/plain", "text/csv", "application/json", "application/hal+json, text/plain;q=0.5"):
            if path != "/dashboard" or accept.startswith("text"):  # as JSON it would be all that a broker holds
                b.call("GET", path, accept=accept, label=f"{path} as {accept}")
    b.call("GET", "/integrations", accept="text/vnd.graphviz", label="a graph")
    badge = f"/pacts/provider/{p}/consumer/{o}/latest/badge"
    b.call("GET", badge, accept="image/svg+xml", label="a picture")


@scenario
def environments_come_and_go(b: Broker) -> None:
    """What is in an environment goes by its new name, is forgotten with it, and does not come back."""
    made = b.environment("test")
    b.environment("live", production=True)
    for number in "123":
        b.publish("orders", number, "products", branch="main", content=number)
    b.verify("orders", "1", "products", "p1", branch="main")
    b.verify("orders", "2", "products", "p1", success=False)
    b.deploy("orders", "1", "test")
    b.deploy("orders", "2", "live")
    b.release("orders", "3", "test")
    b.deploy("products", "p1", "test")
    b.deploy("products", "p1", "live")

    def ask(*environments: str) -> None:
        for environment in environments:
            b.can_i_deploy("products", "p1", environment)
            b.can_i_deploy("orders", "1", environment)
            b.for_verification("products", {"environment": environment})
            query = [("q[][pacticipant]", b.name("orders")), ("q[][environment]", b.name(environment))]
            b.matrix([*query, ("latestby", "cvpv")])
        b.for_verification("products", {"deployed": True})
        b.for_verification("products", {"released": True})

    ask("test", "live")
    renamed = {"name": b.name("stage"), "displayName": "Stage", "production": True}
    b.call("PUT", made.link("self"), renamed)
    ask("test", "stage")
    b.call("DELETE", made.link("self"))
    ask("stage", "live")
    b.environment("test")
    ask("test")
    b.deploy("orders", "3", "test")
    ask("test")


@scenario
def another_main_branch(b: Broker) -> None:
    """What is asked for by the main branch follows it, also where there is no version on it."""
    b.publish("orders", "1", "products", branch="main", content="a")
    b.verify("orders", "1", "products", "p1", branch="main")
    own = f"/pacticipants/{b.name('orders')}"

    def ask() -> None:
        for selectors in ([{"mainBranch": True}], []):
            b.for_verification("products", *selectors)
        b.can_i_merge("products", "p1")
        b.can_i_merge("orders", "1")

    ask()
    b.call("PATCH", own, {"mainBranch": "develop"})
    ask()
    b.publish("orders", "2", "products", branch="develop", content="b")
    ask()
    b.call("DELETE", f"{own}/branches/develop")
    ask()
    b.call("PUT", own, {"displayName": "Orders"}, label="replaced, without a main branch")
    b.call("GET", own)
    ask()


@scenario
def accepting_anything(b: Broker) -> None:
    """Older Java says `*` for `*/*`."""
    b.publish("orders", "1", "products", branch="main")
    pair = f"/pacts/provider/{b.name('products')}/consumer/{b.name('orders')}"
    for accept in ("*/*", "*", "image/gif, *; q=.2", "text/plain, application/json;q=0.9", "image/png"):
        for path in (f"{pair}/latest", f"{pair}/versions", f"/pacts/provider/{b.name('products')}/latest"):
            b.call("GET", path, accept=accept, label=f"{path} as {accept}")
        b.call("PUT", f"/pacticipants/{b.name('orders')}/versions/1/tags/dev", {}, accept=accept)


@scenario
def published_together(b: Broker) -> None:
    """Integrations that changed at one moment are listed as they were made; a result is shown for the version asked."""
    b.publish("orders", "1", "products", "billing", "accounts")
    integrations = f"/integrations?q={b.name('orders')}"
    b.call("GET", integrations)
    b.publish("orders", "2", "accounts", "products")
    b.call("GET", integrations)
    b.verify("orders", "1", "billing", "b1")
    b.call("GET", integrations)
    for number in "12":
        b.verify("orders", number, "products", "p1")
        asked = b.matrix([("q[][pacticipant]", b.name("orders")), ("q[][version]", number), ("latestby", "cvpv")])
        for row in asked.body["matrix"]:
            if row["verificationResult"]:
                b.call(
                    "GET", row["verificationResult"]["_links"]["self"]["href"], label=f"the result shown for {number}"
                )
    b.call("GET", integrations)


def told(b: Broker, label: str, facts: Any) -> None:
    """Keep what no answer says, such as what a webhook sent."""
    step = {"label": label, "request": {}, "status": 200, "media": "", "body": None}
    b.steps.append({**step, "decision": b.normalise_decision(facts)})


def webhook(receiver: Receiver, *events: str, **more: Any) -> dict[str, Any]:
    """A webhook that sends all that its receiver could want to know."""
    request = {
        "method": "POST",
        "url": f"{receiver.url}/hook",
        "headers": {"Content-Type": "application/json"},
        "body": {name: f"${{pactbroker.{name}}}" for name in PARAMETERS},
    }
    return {"request": request, "events": [{"name": event} for event in events], **more}


@scenario
def webhooks_tried_out(b: Broker) -> None:
    """Which pact and which result a webhook is tried out with, and what is made up where there is none."""
    receiver = Receiver()
    for name in ("products", "orders", "web", "nobody"):
        b.pacticipant(name)

    def tried(label: str, path: str, body: Any = None) -> None:
        status = b.call("POST", path, body, record=False).status
        got = [json.loads(item["body"]) for item in receiver.wait(1, seconds=5)]
        receiver.received.clear()
        told(b, label, [status, got])

    for event in ("contract_published", "provider_verification_published", "provider_verification_failed"):
        tried(f"no pact, {event}", "/webhooks/execute", webhook(receiver, event, consumer={"name": b.name("nobody")}))
    b.publish("orders", "1", "products", branch="main", tags=["a"], build_url="http://ci.example/1")
    b.publish("orders", "2", "products", branch="main", content="b")
    b.verify("orders", "1", "products", "p1", success=False, branch="main", tags=("pt",))
    b.publish("web", "1", "products", content="w", branch="feat")
    for consumer in ("orders", "web"):
        for event in ("contract_published", "provider_verification_published", "provider_verification_succeeded"):
            hook = webhook(receiver, event, consumer={"name": b.name(consumer)}, enabled=False)
            tried(f"{consumer}, {event}", "/webhooks/execute", hook)
            kept = b.call("POST", "/webhooks", hook, record=False).link("pb:execute")
            tried(f"{consumer}, {event}, kept", kept, {})
            b.call("DELETE", kept.removesuffix("/execute"), record=False)
    several = ("contract_published", "provider_verification_published")
    tried("for a provider", "/webhooks/execute", webhook(receiver, *several, provider={"name": b.name("products")}))
    b.call("POST", "/webhooks/7a5da39c-8e50-4cc9-ae16-dfa5be043e8c/execute", {}, label="there is none")
    b.call("POST", "/webhooks/execute", {"request": {"method": "POST"}}, label="no URL")


@scenario
def webhooks_of_pacts_and_results(b: Broker) -> None:
    """Which webhooks a publication and a result started, and what became of them."""
    receiver = Receiver()
    b.pacticipant("products", main_branch="main")
    every = ("contract_published", "contract_content_changed", "provider_verification_published")
    hook = webhook(receiver, *every, provider={"name": b.name("products")})
    made = b.call("POST", "/webhooks", hook, record=False)
    pair = f"/pacts/provider/{b.name('products')}/consumer/{b.name('orders')}"
    b.branch("products", "p1", "main")
    b.publish("orders", "1", "products", branch="main")
    result = b.verify("orders", "1", "products", "p1")
    b.publish("orders", "2", "products", branch="main")
    told(b, "so many were sent", len(receiver.wait(4, seconds=40)))
    time.sleep(1)  # until what became of the last one is kept as well
    for path in (f"{pair}/version/1/triggered-webhooks", f"{pair}/version/2/triggered-webhooks"):
        found = b.call("GET", path).body["_embedded"]["triggeredWebhooks"]
        told(b, "events", sorted([item["eventName"], item["status"], item["attemptsMade"]] for item in found))
    b.call("GET", result.link("pb:triggered-webhooks"), label="those of the result, and of what was told with it")
    b.call("GET", f"{pair}/webhooks/status")
    logs = found[0]["_links"]["pb:logs"]["href"]
    b.call("GET", logs, label="a log")
    b.call("DELETE", made.link("self"))
    b.call("GET", logs, label="a log of a webhook that is gone")
    b.call("GET", f"{pair}/webhooks/status", label="nothing is known of a webhook that is gone")
    b.call("GET", f"{pair}/version/3/triggered-webhooks", label="no such version")
    b.call("DELETE", f"/pacticipants/{b.name('products')}/versions/p1")
    b.call("GET", result.link("pb:triggered-webhooks"), label="the result is gone")
    found = b.call("GET", f"{pair}/version/2/triggered-webhooks", record=False).body["_embedded"]["triggeredWebhooks"]
    told(b, "and so is what was told with it", [item["eventName"] for item in found])


@scenario
def webhooks_changed(b: Broker) -> None:
    """What a PUT leaves as it was, and what it takes away."""
    b.pacticipant("orders")
    b.pacticipant("products")
    request = {
        "method": "POST",
        "url": "http://localhost/hook",
        "headers": {"Accept": "text/plain"},
        "body": {"ref": "main"},
        "username": "ann",
        "password": "secret",
    }
    parties = {"consumer": {"name": b.name("orders")}, "provider": {"name": b.name("products")}}
    full = {"request": request, "events": [{"name": "contract_published"}], "enabled": False, **parties}
    href = b.call("POST", "/webhooks", {**full, "description": "first"}).link("self")

    def changed(label: str, body: dict[str, Any]) -> None:
        found = b.call("PUT", href, body, label=label).body
        told(b, f"{label}: its name", found.get("description"))

    changed("no description", full)
    changed("another description", {**full, "description": "second"})
    changed("no description again", full)
    changed("a description that is null", {**full, "description": None})
    for left_out in ("enabled", "consumer", "provider"):
        changed(f"no {left_out}", {key: value for key, value in full.items() if key != left_out})
    changed("a label for a name", {**full, "provider": {"label": "team"}, "consumer": None})
    changed("less of a request", {**full, "request": {"method": "POST", "url": "http://localhost/other"}})
    changed("no such event", {**full, "events": [{"name": "nope"}]})
    changed("the uuid of another", {**full, "uuid": "x" * 20})
    changed("a uuid that is none", {**full, "uuid": "x"})
    changed("no request", {"events": full["events"]})
    b.call("GET", href)
    b.call("PUT", "/webhooks/" + "n" * 15, full, label="too short")
    b.call("PUT", "/webhooks/" + "n" * 16, full, label="made")
    b.call("DELETE", "/webhooks/" + "n" * 16)
    b.call("DELETE", "/webhooks/" + "n" * 16, label="it is gone")
    b.call("PATCH", href, full)
    b.call("DELETE", href)


@scenario
def webhooks_refused(b: Broker) -> None:
    """What makes no webhook, and which field is told to be wrong."""
    b.pacticipant("orders")
    request = {"method": "POST", "url": "http://localhost/hook"}
    requests: list[Any] = [{}, {"url": request["url"]}, "text", [], None]
    requests += [{**request, "method": method} for method in ("", "FOO", "GET", "PUT", "PATCH", 1, "post")]
    host = "http://localhost"
    for path in (
        "",
        "/",
        "/a b",
        "/ü",
        "/${other}",
        "/x|y",
        "/{x}",
        "/%zz",
        "/${pactbroker.none}?x=${pactbroker.pactUrl}",
    ):
        requests.append({**request, "url": f"{host}{path}"})
    for url in ("", " ", "http://", "http:///x", "localhost", "HTTP://localhost/x", "http://localhost:x/", 1):
        requests.append({**request, "url": url})
    requests.append({**request, "url": "http://localhost:${pactbroker.consumerName}/"})
    bodies: list[dict[str, Any]] = [{"request": item} for item in requests]
    parties: list[Any] = ["text", [], {}, {"name": 1}, {"name": None}, {"name": ""}, {"name": " "}, {"label": ""}]
    parties += [{"label": 1}, {"label": "x", "name": ""}, {"label": "x", "name": b.name("orders")}, {"name": "nobody"}]
    bodies += [{"request": request, "consumer": party} for party in parties]
    events: list[Any] = [{}, [], [{}], ["contract_published"], [{"name": None}], [None], [{"name": "nope"}]]
    bodies += [{"request": request, "events": event} for event in events]
    bodies += [{"request": request, "enabled": value} for value in (None, "true", 1)]
    bodies += [{"request": request, "uuid": value} for value in ("x", "x" * 20)]
    for body in bodies:
        label = json.dumps(body, ensure_ascii=False)
        made = b.call("POST", "/webhooks", body, label=label)
        if made.status == 201:
            b.call("DELETE", made.link("self"), record=False)
        else:
            b.call("POST", "/webhooks/execute", body, label=f"try out {label}")


@scenario
def webhooks_for_whom(b: Broker) -> None:
    """By name, by label and for all: whom each webhook is sent for, and where it is listed."""
    receiver = Receiver()
    for name, labels in (("a", ("red", "warm")), ("b", ("red",)), ("c", ("blue",))):
        b.pacticipant(name)
        for label in labels:
            b.call("PUT", f"/pacticipants/{b.name(name)}/labels/{b.name(label)}", {}, record=False)
    kept = {}
    consumers: list[Any] = [None, {"label": "red"}, {"label": "warm"}, {"label": "none"}, {"name": "a"}, {"name": "b"}]
    for consumer in consumers:
        for provider in (None, {"label": "blue"}, {"label": "red"}, {"name": "c"}):
            parties = {"consumer": consumer, "provider": provider}
            body = {
                "request": {"method": "POST", "url": receiver.url},
                "events": [{"name": "contract_published"}],
                **{
                    role: {key: b.name(value) for key, value in (party or {}).items()}
                    for role, party in parties.items()
                },
            }
            if consumer or provider:  # one for all would be sent for what other scenarios publish
                body = {key: value for key, value in body.items() if value}
                href = b.call("POST", "/webhooks", body, record=False).link("self")
                kept[href] = json.dumps(parties)
    for consumer, provider in (("a", "c"), ("b", "c"), ("c", "a"), ("b", "a")):
        b.publish(consumer, "1", provider)
        path = f"/pacts/provider/{b.name(provider)}/consumer/{b.name(consumer)}/version/1/triggered-webhooks"
        found = b.call("GET", path, record=False).body["_embedded"]["triggeredWebhooks"]
        started = [kept[item["_links"]["pb:webhook"]["href"]] for item in found]
        told(b, f"{consumer} with {provider}", sorted(started))
    for path in (
        f"/webhooks/provider/{b.name('c')}/consumer/{b.name('a')}",
        f"/webhooks/provider/{b.name('c')}",
        f"/webhooks/consumer/{b.name('a')}",
        f"/pacts/provider/{b.name('c')}/consumer/{b.name('a')}/webhooks",
        "/webhooks/provider/nobody",
    ):
        found = b.call("GET", path, record=False)
        told(b, path, [found.status, len(found.body.get("_links", {}).get("pb:webhooks", []))])
    for href in kept:
        b.call("DELETE", href, record=False)


@scenario
def numbers_of_pages(b: Broker) -> None:
    """What is a number, and what is none, however large and with whatever around it."""
    for number in "123":
        b.publish("orders", number, "products", branch=f"feat/{number}", content=number)
    o, p = b.name("orders"), b.name("products")
    everything = f"?q={b.prefix}&"
    for path in (f"/pacticipants/{o}/versions?", f"/pacticipants/{o}/branches?", f"/pacticipants{everything}"):
        for query in (
            *("page=%202&size=1", "page=+1&size=1", "size=1000000000000", "page=99999999999&size=1", "page[]=2"),
            *("page=2&size=1&pageNumber=1&pageSize=2", "page=2&pageSize=1", "pageNumber=2&size=1", "size=1&size=2"),
        ):
            b.call("GET", path + query)
    for limit in ("1000000000000", "2147483648"):
        b.call("GET", f"/matrix?q[][pacticipant]={o}&q[][pacticipant]={p}&latestby=cvpv&limit={limit}")


@scenario
def parameters_without_a_value(b: Broker) -> None:
    """They ask for nothing in particular."""
    place = b.environment("live")
    b.publish("orders", "1", "products", branch="main", tags=["dev"])
    b.deploy("orders", "1", "live")
    b.deploy("orders", "1", "live", instance="blue")
    b.release("orders", "1", "live")
    o, p = b.name("orders"), b.name("products")
    deployed = place.link("pb:currently-deployed-deployed-versions")
    for query in ("pacticipant=", "pacticipant=&applicationInstance=blue", f"pacticipant={o}&applicationInstance="):
        b.call("GET", f"{deployed}?{query}")
    for query in ("pacticipant=", "version=", f"pacticipant={o}&version=", "pacticipant=&version=2"):
        b.call("GET", f"{place.link('pb:currently-supported-released-versions')}?{query}")
    b.call("GET", f"/pacticipants/{o}/branches?q=")
    b.call("GET", f"/pacts/provider/{p}/consumer/{o}/latest/badge?label=&initials=", accept="*/*")
    b.call("GET", f"/pacticipants/{o}/latest-version/dev/can-i-deploy/to/dev/badge?label=", accept="*/*")


@scenario
def verified_again_and_then_another(b: Broker) -> None:
    """Of a pair the newest row is asked for: a result that was given again is as old as the first."""
    o, p = b.name("orders"), b.name("products")
    queries = [
        [*pair, ("latestby", latestby)]
        for pair in (
            [("q[][pacticipant]", o)],
            [("q[][pacticipant]", o), ("q[][pacticipant]", p)],
            [("q[][pacticipant]", p), ("latest", "true")],
        )
        for latestby in ("cp", "cvp", "cvpv")
    ]
    b.publish("orders", "1", "products", branch="main")
    b.verify("orders", "1", "products", "p1", branch="main")
    b.publish("orders", "2", "products", branch="main", content="b")
    for success in (True, False):
        b.verify("orders", "1", "products", "p1", success=success)
        for query in queries:
            b.matrix(query)
        b.matrix([("q[][pacticipant]", o), ("q[][pacticipant]", p), ("latestby", "cp"), ("success[]", "")])
    b.verify("orders", "2", "products", "p1")
    for query in queries:
        b.matrix(query)


@scenario
def pages_of_the_history_of_two(b: Broker) -> None:
    """So many pacts are looked at, the newest, and so many of their rows, the newest: an old pact stays out."""
    for number in "123":
        b.publish("orders", number, "products", "billing", content=number)
    b.verify("orders", "3", "products", "p1")
    b.verify("orders", "3", "products", "p2", success=False)
    b.verify("orders", "1", "products", "p3")
    pair = [("q[][pacticipant]", b.name("orders")), ("q[][pacticipant]", b.name("products"))]
    for limit in "1234":
        b.matrix([*pair, ("limit", limit)])
        b.matrix([*pair, ("q[][pacticipant]", b.name("billing")), ("limit", limit)])
        b.call("GET", f"/matrix/provider/{b.name('products')}/consumer/{b.name('orders')}?limit={limit}")
