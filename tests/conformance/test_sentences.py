"""What the embedded broker says in its own words names what a Pact Broker names: versions, branches, tags, places."""

from __future__ import annotations

import re
from typing import Any

from golden import Answer, Broker, quote

NAMES = (
    "orders",
    "web",
    "products",
    "billing",
    "live",
    "o1",
    "o2",
    "w1",
    "w2",
    "p1",
    "p2",
    "p3",
    "main",
    "feat",
    "dev",
)
Notices = list[tuple[str, frozenset[str]]]


def test_sentences_name_what_a_pact_broker_names(embedded_broker: str, real_broker: str) -> None:
    ours, theirs = (_told(Broker(address, "sentences")) for address in (embedded_broker, real_broker))
    assert ours.keys() == theirs.keys()
    for question, notices in theirs.items():
        assert [kind for kind, _ in ours[question]] == [kind for kind, _ in notices], question
        for (_, named), (_, wanted) in zip(ours[question], notices, strict=True):
            assert wanted <= named, f"{question} names {sorted(wanted)}; ours: {sorted(named)}"


def _told(b: Broker) -> dict[str, Notices]:
    """The notices of every answer: of which kind they are, and whom and what they name."""
    b.environment("live", production=True)
    b.publish("orders", "o1", "products", branch="main", tags=["dev"])
    b.publish("orders", "o2", "products", "billing", branch="feat", content="b")
    b.publish("web", "w1", "products", branch="main", content="w")
    b.publish("web", "w2", "products", tags=["dev"], content="w2")
    b.verify("orders", "o1", "products", "p1", branch="main", tags=("dev",))
    b.verify("orders", "o2", "products", "p2", branch="feat", success=False)
    b.verify("web", "w1", "products", "p2", success=False)
    for deployed in (("products", "p1"), ("orders", "o1")):
        b.deploy(*deployed, "live")
    b.deploy("products", "p2", "live", instance="blue")
    b.release("web", "w1", "live")
    gates = {query: b.call("GET", f"/matrix?{query}&limit=1000") for query in _gates(b)}
    asked = {str(question): b.for_verification("products", **question) for question in _asked()} | {
        f"{selector} {question}": b.for_verification("products", dict(selector), **question)
        for selector in _SELECTORS
        for question in _asked()
    }
    kinds = {question: _notices(answer.body["notices"], "type", b) for question, answer in gates.items()}
    return kinds | {question: _of_pacts(answer, b) for question, answer in asked.items()}


_SELECTORS: tuple[dict[str, Any], ...] = (
    {"mainBranch": True},
    {"matchingBranch": True},
    {"branch": "feat"},
    {"tag": "dev"},
    {"tag": "dev", "latest": True},
    {"tag": "prod", "latest": True, "fallbackTag": "dev"},
    {"latest": True},
    {"latest": True, "consumer": "web"},
    {"deployed": True},
    {"released": True},
    {"environment": "live"},
)


def _asked() -> list[dict[str, Any]]:
    since = "2020-01-01"
    return [
        {"branch": "main", "pending": True, "wip_since": since},
        {"branch": "new", "pending": True, "wip_since": since},
        {"branch": "main", "tags": ["dev"], "pending": False},
    ]


def _gates(b: Broker) -> list[str]:
    places = (f"environment={b.name('live')}", "latest=true&tag=dev", "latest=true&mainBranch=true", "latest=true")
    chosen = (
        *(("orders", f"version]={number}") for number in ("o1", "o2", "none")),
        *(
            ("orders", rest)
            for rest in ("branch]=feat&q[][latest]=true", "tag]=dev", "mainBranch]=true", "branch]=none")
        ),
        *(
            ("web", "version]=w1"),
            ("products", "version]=p1"),
            ("products", "version]=p2"),
            ("products", "version]=p3"),
        ),
        ("billing", "latest]=true"),
    )
    return [
        f"q[][pacticipant]={quote(b.name(name))}&q[][{rest}&latestby=cvpv&{to}"
        for name, rest in chosen
        for to in places
    ]


def _of_pacts(answer: Answer, b: Broker) -> Notices:
    pacts = answer.body["_embedded"]["pacts"]
    return [notice for pact in pacts for notice in _notices(pact["verificationProperties"]["notices"], "when", b)]


def _notices(notices: list[dict[str, str]], kind: str, b: Broker) -> Notices:
    """Of equal ones the first. Addresses name nothing."""
    found = [(notice[kind], re.sub(r"https?://\S+", "", notice["text"])) for notice in notices]
    return [(what, _named(text, b)) for what, text in dict.fromkeys(found)]


def _named(text: str, b: Broker) -> frozenset[str]:
    """Which names are in it; those with this test's own prefix are named so."""
    words = set(re.findall(r"[\w-]+", text.replace(f"{b.prefix}-", "")))
    return frozenset(words & set(NAMES))
