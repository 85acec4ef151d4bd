"""Answers that are no JSON, line by line: both brokers write the same, but for their own numbers and sentences."""

from __future__ import annotations

import csv
import re

import pytest
from golden import Broker, quote

BOTH = [pytest.param("embedded_broker", id="embedded"), pytest.param("real_broker", id="real")]
LONG = "much longer than any column is"


@pytest.fixture
def asked(request: pytest.FixtureRequest) -> Broker:
    """A broker in which `web` has a pact with `orders`, that one has two providers, and others have nothing to do."""
    b = Broker(request.getfixturevalue(request.param), "tab")
    if b.call("GET", "/pacticipants/tab-web").status == 404:  # the real one is the same for all tests
        b.publish("orders", "1", "products", tags=["dev", "prod"])
        b.verify("orders", "1", "products", "p1", success=False, tags=("y", "x"))
        b.publish("orders", "2", "products", "my stock", content="b", branch="main")
        b.publish("web", "1", "orders", content="w")
        b.verify("web", "1", "orders", "2")
        b.publish("other", "1", LONG, content="o")
    return b


def text(b: Broker, path: str, accept: str = "text/plain") -> str:
    answer = b.call("GET", path, accept=accept)
    assert (answer.status, answer.headers["content-type"]) == (200, f"{accept};charset=utf-8")
    return answer.body


@pytest.mark.parametrize("asked", BOTH, indirect=True)
def test_the_dashboard(asked: Broker) -> None:
    pair = "/dashboard/provider/tab-products/consumer/tab-orders"
    table = """
CONSUMER_NAME | C_VERSION | C_TAGS    | PROVIDER_NAME | P_VERSION | P_TAGS | SUCCESS
--------------|-----------|-----------|---------------|-----------|--------|--------
tab-orders    | 2         |           | tab-products  |           |        | never  
tab-orders    | 1         | dev, prod | tab-products  | p1        | x, y   | failed 
"""  # noqa: W291 - cells are filled up to the width of their column
    assert text(asked, pair) == table.lstrip()
    assert len(text(asked, f"{pair}?pageSize=1").splitlines()) == 3
    assert text(asked, "/dashboard/provider/tab-products/consumer/tab-web") == "No data.\n"
    long = text(asked, f"/dashboard/provider/{quote(asked.name(LONG))}/consumer/tab-other")
    assert " | tab-much longer than any co... | " in long
    assert "tab-web       " in text(asked, "/dashboard?pageSize=500")


@pytest.mark.parametrize("asked", BOTH, indirect=True)
def test_the_matrix(asked: Broker) -> None:
    def told(path: str) -> tuple[list[str], str]:
        """The lines without what fills them up, and whether all is well. Results have numbers of the broker's own."""
        table, _, sentences = text(asked, path).partition("\n\n")
        deployable, reason = sentences.split("\n", 1)
        assert re.fullmatch("Reason: (.+\n)+", reason)
        lines = (re.sub(" +", " ", re.sub("-+", "-", line)).strip() for line in table.splitlines())
        return [re.sub(r"\| \d+ \| (true|false)$", r"| n | \1", line) for line in lines], deployable

    whole = "/matrix?latestby=cvpv&q[][pacticipant]=tab-orders&q[][version]="
    head = ["CONSUMER | C_VERSION | REVISION | PROVIDER | P_VERSION | NUMBER | SUCCESS", "-|-|-|-|-|-|-"]
    failed = "tab-orders | 1 | 1 | tab-products | p1 | n | false"
    passed = "tab-web | 1 | 1 | tab-orders | 2 | n | true"
    unknown = ["tab-orders | 2 | 1 | tab-products | | |", passed]
    ignored = "tab-orders | 2 | 1 | tab-my stock | | |"
    assert told(f"{whole}1") == ([*head, failed], "Deployable: false")
    assert told(f"{whole}2&ignore[][pacticipant]=tab-my%20stock") == ([*head, *unknown, ignored], "Deployable: nil")
    assert told(f"{whole.replace('orders', 'web')}1") == ([*head, passed], "Deployable: true")
    assert told(f"{whole}77") == (["No data."], "Deployable: false")


@pytest.mark.parametrize("asked", BOTH, indirect=True)
def test_who_is_connected_with_whom(asked: Broker) -> None:
    def connections(path: str) -> dict[str, tuple[list[str], list[str]]]:
        """By name: the numbers, and the names of the providers; all lines have the same length."""
        lines = list(csv.reader(text(asked, path, "text/csv").splitlines()))
        names = {line[0]: line[1] for line in lines}
        assert len({len(line) for line in lines}) == 1
        assert [line[5] for line in lines] == [str(number) for number in range(1, len(lines) + 1)]
        return {line[1]: (line[2:5], [names[one] for one in line[6:] if one != "0"]) for line in lines}

    group = {
        "tab-orders": (["1", "1", "0"], ["tab-my stock", "tab-products"]),
        "tab-products": (["1", "1", "0"], []),
        "tab-my stock": (["1", "1", "0"], []),
        "tab-web": (["1", "1", "0"], ["tab-orders"]),
    }

    def in_order(found: dict[str, tuple[list[str], list[str]]]) -> dict[str, tuple[list[str], list[str]]]:
        return {name: (numbers, sorted(providers)) for name, (numbers, providers) in found.items()}

    for name in ("tab-orders", "tab-web", "tab-my%20stock"):
        assert in_order(connections(f"/groups/{name}")) == group
    assert set(connections("/groups/tab-web?maxPacticipants=2")) == {"tab-web", "tab-orders"}
    assert set(connections("/groups/tab-web?maxPacticipants=3")) == set(group)  # whole steps are taken
    assert connections("/groups/tab-other")["tab-other"] == (["1", "1", "0"], [f"tab-{LONG}"])
    asked.call("GET", "/dashboard")  # until someone has, a real one cannot say it
    every = connections("/relationships")
    assert {name: every[name] for name in group} == {**group, "tab-orders": every["tab-orders"]}
    assert sorted(every["tab-orders"][1]) == group["tab-orders"][1]
    asked.pacticipant("alone")
    assert text(asked, "/groups/tab-alone", "text/csv") == ""


@pytest.mark.parametrize("asked", BOTH, indirect=True)
def test_the_integrations_as_a_graph(asked: Broker) -> None:
    lines = text(asked, "/integrations?q=tab-", "text/vnd.graphviz").split("\n")
    assert (
        lines[0] == "digraph { ranksep=3; ratio=auto; overlap=false; node [  shape = plaintext, fontname = Helvetica ];"
    )
    assert sorted(lines[1:-2]) == [
        "  tab-orders -> tab-my_stock",
        "  tab-orders -> tab-products",
        "  tab-other -> tab-much_longer_than_any_column_is",
        "  tab-web -> tab-orders",
    ]
    assert lines[-2:] == ["}", ""]


@pytest.mark.parametrize("asked", BOTH, indirect=True)
def test_what_is_not_there_is_told_in_the_media_type_of_a_real_broker(asked: Broker) -> None:
    """HAL where a pacticipant is missing that is looked for by itself, else JSON; a problem for who asks for it."""
    pair = "/pacts/provider/tab-products/consumer"
    for path, media in (
        ("/no/such", "json"),
        ("/pacticipants/tab-none", "hal+json"),
        ("/pacticipants/tab-none/versions", "hal+json"),
        ("/pacticipants/tab-none/versions/1", "json"),
        ("/pacticipants/tab-none/latest-version", "json"),
        ("/pacticipants/tab-none/environments/x/versions", "json"),
        ("/pacticipants/tab-orders/branches/none", "json"),
        ("/pacts/provider/tab-none", "hal+json"),
        (f"{pair}/tab-none/versions", "hal+json"),
        (f"{pair}/tab-none/latest", "json"),
        (f"{pair}/tab-none/version/1", "json"),
        (f"{pair}/tab-none/webhooks/status", "hal+json"),
        (f"{pair}/tab-orders/latest/none", "json"),
        ("/webhooks/provider/tab-none", "hal+json"),
        ("/webhooks/none", "json"),
        ("/environments/none", "json"),
        ("/matrix/provider/tab-none/consumer/tab-orders", "hal+json"),
        ("/groups/tab-none", "hal+json"),
    ):
        answer = asked.call("GET", path, accept="*/*")
        assert (answer.status, answer.headers["content-type"]) == (404, f"application/{media};charset=utf-8"), path
        assert list(answer.body) == ["error"]
        problem = asked.call("GET", path, accept="*/*, application/problem+json")
        assert (problem.status, problem.headers["content-type"]) == (404, "application/problem+json;charset=utf-8")
        base = asked.base_url if media == "hal+json" else ""
        assert problem.body["type"] == f"{base}/problem/not-found"


@pytest.mark.parametrize("asked", BOTH, indirect=True)
def test_methods_that_are_not_there(asked: Broker) -> None:
    pair = "/pacts/provider/tab-products/consumer/tab-orders"
    for path, allowed in (
        ("/", "GET, OPTIONS"),
        ("/integrations", "GET, OPTIONS, DELETE"),
        ("/relationships", "GET, OPTIONS"),
        ("/pacticipants/tab-orders", "GET, PUT, PATCH, DELETE, OPTIONS"),
        (f"{pair}/version/1", "GET, PUT, DELETE, PATCH, OPTIONS"),
        (f"{pair}/version/1/verification-results/latest", "GET, OPTIONS, DELETE"),
        ("/contracts/publish", "POST, OPTIONS"),
        ("/webhooks/none/execute", "POST, OPTIONS"),
    ):
        refused = asked.call("TRACE", path)
        told = asked.call("OPTIONS", path)
        listed = refused.headers["allow"], told.headers["access-control-allow-methods"]
        assert (refused.status, told.status) == (405, 200)
        assert [sorted(each.split(", ")) for each in listed] == [sorted(allowed.split(", "))] * 2, path
    assert asked.call("FROB", "/").status == 501
