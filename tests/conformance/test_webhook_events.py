"""All events of webhooks and all their parameters, as a Pact Broker sends them: one story, told to both brokers."""

from __future__ import annotations

import json
import re
import urllib.parse
from typing import Any

from golden import PARAMETERS, Broker, Receiver

EVENTS = (
    "contract_published",
    "contract_content_changed",
    "contract_requiring_verification_published",
    "provider_verification_published",
    "provider_verification_succeeded",
    "provider_verification_failed",
)
OWN_HEADERS = ("host", "connection", "content-length", "user-agent")  # each broker's, or of its address
SECONDS = 40.0  # a Pact Broker sends the n-th webhook of a step after 5 + 3n seconds


class Story:
    """What each step sent, as text that is the same on every broker."""

    def __init__(self, address: str, receiver: Receiver) -> None:
        self.broker = Broker(address, "webhook-events")
        self.receiver = receiver
        self.told: list[tuple[str, list[Any]]] = []

    def step(self, name: str, expected: int) -> None:
        """Take what arrived, in any order, once `expected` are there. One too many is seen in a later step."""
        self.receiver.wait(expected, seconds=SECONDS)
        found = [self._plain(item) for item in self.receiver.received]
        self.receiver.received.clear()
        self.told.append((name, sorted(found, key=str)))

    def _plain(self, item: Any) -> Any:
        headers = {name: value for name, value in item["headers"].items() if name not in OWN_HEADERS}
        told = {"path": urllib.parse.unquote_plus(item["path"]), "headers": headers}
        values = json.loads(item["body"])
        return self.broker.normalise_decision({**told, **values})


def hook(receiver: Receiver, *events: str, **more: Any) -> dict[str, Any]:
    request = {
        "method": "POST",
        "url": f"{receiver.url}/hook?c=${{pactbroker.consumerName}}&e=${{pactbroker.eventName}}",
        "headers": {"Content-Type": "application/json", "X-Branch": "${pactbroker.consumerVersionBranch}"},
        "body": {name: f"${{pactbroker.{name}}}" for name in PARAMETERS},
        "username": "ann",
        "password": "${pactbroker.consumerVersionNumber}",
    }
    return {"request": request, "events": [{"name": event} for event in events], **more}


def tell(address: str) -> list[tuple[str, list[Any]]]:
    receiver = Receiver()
    story = Story(address, receiver)
    b = story.broker
    b.pacticipant("products", main_branch="main")
    b.pacticipant("orders")
    b.call("PUT", f"/pacticipants/{b.name('orders')}/labels/team-a", {})
    b.call("PUT", f"/pacticipants/{b.name('products')}/labels/team-b", {})
    b.environment("production", production=True)
    b.call("POST", "/webhooks", hook(receiver, *EVENTS, provider={"name": b.name("products")}))
    b.call("POST", "/webhooks", hook(receiver, "contract_published", consumer={"label": "team-a"}, enabled=False))
    b.call("POST", "/webhooks", hook(receiver, "contract_published", consumer={"label": "team-b"}))
    b.branch("products", "p1", "main")

    b.publish("orders", "1", "products", branch="feat/☃", tags=["dev", "x"], build_url="http://ci.example/1")
    story.step("a first pact, which the head of main has not verified", 3)
    b.verify("orders", "1", "products", "p1", success=False, tags=("beta", "b"))
    story.step("a failed result", 2)
    b.verify("orders", "1", "products", "p1")
    story.step("a result", 2)
    b.publish("orders", "2", "products", branch="main")
    story.step("the same content again", 2)
    b.deploy("products", "p1", "production")
    b.branch("products", "p2", "main")
    b.branch("products", "p2", "feat/y")
    b.publish("orders", "3", "products", content="b", branch="main")
    story.step("new content, which neither the head of main nor what is deployed has verified", 4)
    b.publish("orders", "4", "products", content="b")
    story.step("the same again, which still nobody has verified", 3)
    found = b.for_verification("products", {"latest": True, "branch": "main"}, {"latest": True})
    for index in range(len(found.body["_embedded"]["pacts"])):
        b.verify_selected(found, "products", "p2", index=index, branch="main")
    story.step("a result for all that the selectors found", 4)
    b.publish("orders", "5", "products", content="b", branch="main")
    story.step("what one of two has verified", 2)
    path = f"/pacts/provider/{b.name('products')}/consumer/{b.name('orders')}/version/6"
    b.call("PUT", path, b.pact("orders", "1", "products", record=False).body)
    story.step("a pact by itself", 4)
    b.verify("orders", "5", "products", "p2")
    b.verify("orders", "5", "products", "p9", success=False, branch="feat/z")
    story.step("a result of the head of main, and a newer one of a branch", 4)
    b.publish("orders", "7", "products", content="b", branch="main")
    story.step("what is published has the result of main, what is to be verified the newest", 3)
    return story.told


def test_every_event_is_told_as_a_pact_broker_tells_it(embedded_broker: str, real_broker: str) -> None:
    ours, theirs = tell(embedded_broker), tell(real_broker)
    assert {item["eventName"] for _, items in theirs for item in items} == set(EVENTS)
    assert all(re.fullmatch(r"Basic \S+", item["headers"]["authorization"]) for _, items in ours for item in items)
    for (name, mine), (_, their) in zip(ours, theirs, strict=True):
        assert mine == their, name


def tell_again(address: str) -> list[Any]:
    """A webhook that fails, a result, and what the webhook is told when it is tried again."""
    receiver = Receiver(500)
    b = Broker(address, "webhook-again")
    b.pacticipant("products", main_branch="main")
    b.branch("products", "p1", "main")
    events = ("contract_published", "contract_requiring_verification_published")
    made = b.call("POST", "/webhooks", hook(receiver, *events, provider={"name": b.name("products")}))
    b.publish("orders", "1", "products", branch="main")
    receiver.wait(2, seconds=SECONDS)
    b.verify("orders", "1", "products", "p2", success=False, branch="feat/x")
    receiver.wait(4, seconds=SECONDS)
    b.call("DELETE", made.link("self"))
    found = [b.normalise_decision(json.loads(item["body"])) for item in receiver.received[:4]]
    return sorted(found, key=lambda told: (told["eventName"], told["githubVerificationStatus"]))


def test_one_that_is_tried_again_is_told_what_came_since(embedded_broker: str, real_broker: str) -> None:
    """A commit whose pact was verified meanwhile is not pending again."""
    ours, theirs = tell_again(embedded_broker), tell_again(real_broker)
    assert [told["githubVerificationStatus"] for told in theirs] == ["failure", "pending"] * 2
    assert ours == theirs


def tell_of_versions_that_are_gone(address: str) -> int:
    """How often a webhook is started by a result for versions of which two were deleted since the pact was fetched."""
    b, receiver = Broker(address, "webhook-gone"), Receiver()
    b.pacticipant("products")
    made = b.call(
        "POST", "/webhooks", hook(receiver, "provider_verification_published", provider={"name": b.name("products")})
    )
    for number in "123":
        b.publish("orders", number, "products", branch=f"b{number}")
    found = b.for_verification("products", *({"branch": f"b{number}"} for number in "123"))
    for number in "12":
        b.call("DELETE", f"/pacticipants/{b.name('orders')}/versions/{number}")
    result = b.verify_selected(found, "products", "p1")
    started = b.call("GET", result.link("pb:triggered-webhooks")).body["_embedded"]["triggeredWebhooks"]
    b.call("DELETE", made.link("self"))
    return len(started)


def test_versions_that_are_gone_are_told_of_once(embedded_broker: str, real_broker: str) -> None:
    assert tell_of_versions_that_are_gone(embedded_broker) == tell_of_versions_that_are_gone(real_broker) == 2
