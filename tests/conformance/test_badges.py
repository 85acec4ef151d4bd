"""Where a badge leads: the picture's address says what it shows. Both brokers lead to the same."""

from __future__ import annotations

import pytest
from golden import Broker, quote

BOTH = [pytest.param("embedded_broker", id="embedded"), pytest.param("real_broker", id="real")]
SHIELDS = "https://img.shields.io/badge/"


@pytest.fixture
def asked(request: pytest.FixtureRequest) -> Broker:
    """A broker with two pacts: one failed, and one of other names was not verified.

    Its names begin otherwise than those of the scenario `badges`: a broker asks whether names that are alike are one.
    """
    b = Broker(request.getfixturevalue(request.param), "pin")
    b.publish("ordersService", "1", "products_api", tags=["prod"])
    b.verify("ordersService", "1", "products_api", "p1", tags=("prod",), success=False)
    b.publish("HTMLTool v2", "1", "x")
    return b


@pytest.mark.parametrize("asked", BOTH, indirect=True)
@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("", "pin--ordersservice%2Fpin--products__api"),
        ("?label=consumer", "pin--ordersservice"),
        ("?label=PROVIDER", "pin--products__api"),
        ("?label=else", "pin--ordersservice%2Fpin--products__api"),
        ("?initials=true", "po%2Fppa"),
        ("?initials=true&label=provider", "ppa"),
        ("?initials=yes", "pin--ordersservice%2Fpin--products__api"),
    ],
)
def test_a_pacts_badge_names_whom_it_is_asked_to(asked: Broker, query: str, title: str) -> None:
    pair = f"/pacts/provider/{asked.name('products_api')}/consumer/{asked.name('ordersService')}"
    led = asked.call("GET", f"{pair}/latest/badge{query}", accept="*/*")
    assert (led.status, led.headers["location"]) == (307, f"{SHIELDS}{title}%20pact-failed-red.svg")


@pytest.mark.parametrize("asked", BOTH, indirect=True)
def test_a_badge_between_tags_names_them(asked: Broker) -> None:
    tags = (
        f"/matrix/provider/{asked.name('products_api')}/latest/prod/consumer/{asked.name('ordersService')}/latest/prod"
    )
    led = asked.call("GET", f"{tags}/badge?initials=true", accept="*/*")
    assert led.headers["location"] == f"{SHIELDS}po%20%28prod%29%2Fppa%20%28prod%29%20pact-failed-red.svg"


@pytest.mark.parametrize("asked", BOTH, indirect=True)
def test_initials_are_those_of_words_or_capitals(asked: Broker) -> None:
    pair = f"/pacts/provider/{asked.name('x')}/consumer/{quote(asked.name('HTMLTool v2'))}"
    led = asked.call("GET", f"{pair}/latest/badge?initials=true", accept="*/*")
    assert led.headers["location"] == f"{SHIELDS}phv%2Fpx%20pact-unknown-lightgrey.svg"


@pytest.mark.parametrize("asked", BOTH, indirect=True)
def test_a_badge_of_untagged_pacts_is_of_results_without_a_tag(asked: Broker) -> None:
    asked.publish("bare", "1", "products_api", tags=["prod"])
    asked.verify("bare", "1", "products_api", "p1", success=False)
    asked.publish("bare", "2", "products_api", content="b")
    badge = f"/pacts/provider/{asked.name('products_api')}/consumer/{asked.name('bare')}/latest-untagged/badge"
    title = f"{SHIELDS}pin--bare%2Fpin--products__api%20pact"
    assert asked.call("GET", badge, accept="*/*").headers["location"] == f"{title}-unknown-lightgrey.svg"
    asked.verify("bare", "2", "products_api", "p1")
    assert asked.call("GET", badge, accept="*/*").headers["location"] == f"{title}-verified-brightgreen.svg"


@pytest.mark.parametrize("asked", BOTH, indirect=True)
def test_how_long_a_badge_holds(asked: Broker) -> None:
    """A redirect that is not to be kept, but for that of can-i-merge."""
    asked.publish("merged", "1", "products_api", branch="main")
    own = f"/pacticipants/{asked.name('merged')}/main-branch/can-i-merge/badge"
    pact = f"/pacts/provider/{asked.name('products_api')}/consumer/{asked.name('merged')}/latest/badge"
    nobody = f"/pacticipants/{asked.name('nobody')}/main-branch/can-i-merge/badge"
    asked.call("PATCH", f"/pacticipants/{asked.name('merged')}", {"mainBranch": "main"})
    for path, kept in ((own, "max-age=30"), (pact, "no-cache"), (nobody, "no-cache")):
        led = asked.call("GET", path, accept="image/svg+xml")
        assert (led.status, led.headers["cache-control"]) == (307, kept)
    assert asked.call("GET", pact, accept="*/*").headers["content-type"] == "image/svg+xml;charset=utf-8"
