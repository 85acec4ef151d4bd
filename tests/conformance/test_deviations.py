"""Where the embedded broker answers otherwise than a Pact Broker, on purpose: each test is a row of docs/deviations.md.

Each asks a real broker as well, where there is one, so that it is seen when a reason is gone.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from golden import Answer, Broker, Receiver, pact_file, quote

CONSUMERS = 120
BOTH = [pytest.param("embedded_broker", id="embedded"), pytest.param("real_broker", id="real")]


@pytest.fixture
def asked(request: pytest.FixtureRequest) -> Broker:
    """A broker, through the golden tool, with names of this test's own."""
    name = request.node.originalname.removeprefix("test_").replace("_", "-")
    return Broker(request.getfixturevalue(request.param), name)


def hub(b: Broker) -> list[tuple[str, str]]:
    """A provider with 120 deployed consumers, of which the first fails. Answers the gate's question."""
    uuid = b.environment("production", production=True).body["uuid"]
    for number in range(CONSUMERS):
        consumer = f"consumer{number}"
        b.publish(consumer, "1", "hub", content=f"c{number}", branch="main")
        b.verify(consumer, "1", "hub", "h1", success=number != 0)
        b.call("POST", f"/pacticipants/{b.name(consumer)}/versions/1/deployed-versions/environment/{uuid}", {})
    return [
        ("q[][pacticipant]", b.name("hub")),
        ("q[][version]", "h1"),
        ("latestby", "cvpv"),
        ("environment", b.name("production")),
    ]


@pytest.mark.parametrize("asked", BOTH, indirect=True)
def test_a_limit_cuts_what_is_listed_and_not_what_is_decided(asked: Broker, request: pytest.FixtureRequest) -> None:
    """The 120-consumer case: a real broker says yes where one of 120 fails, because it looks at 100 rows."""
    question = hub(asked)
    short, whole = asked.matrix(question).body, asked.matrix([*question, ("limit", "1000")]).body
    assert whole["summary"]["deployable"] is False
    assert (whole["summary"]["success"], whole["summary"]["failed"], len(whole["matrix"])) == (119, 1, 120)
    if "real" in request.node.name:
        assert short["summary"]["deployable"] is True  # the fault that makes the deviation necessary
    else:
        assert {**short["summary"], "reason": ""} == {**whole["summary"], "reason": ""}
        assert len(short["matrix"]) == 100
        assert len(asked.matrix([*question, ("limit", "1")]).body["matrix"]) == 1


@pytest.mark.parametrize("asked", BOTH, indirect=True)
def test_an_empty_list_of_contracts_is_refused(asked: Broker, request: pytest.FixtureRequest) -> None:
    body = {"pacticipantName": asked.name("orders"), "pacticipantVersionNumber": "1", "contracts": []}
    answer = asked.call("POST", "/contracts/publish", body)
    assert answer.status == (500 if "real" in request.node.name else 400)
    if answer.status == 400:
        assert list(answer.body["errors"]) == ["contracts"]
        assert asked.call("GET", f"/pacticipants/{asked.name('orders')}").status == 404  # nothing was kept


@pytest.mark.parametrize("asked", BOTH, indirect=True)
def test_a_merged_pact_is_kept_as_merged(asked: Broker, request: pytest.FixtureRequest) -> None:
    """A real broker keeps a merged pact under the SHA of what was added, so the next merge can lose interactions."""
    path = f"/pacts/provider/{asked.name('products')}/consumer/{asked.name('orders')}/version/1"
    one, two = (pact_file(asked.name("orders"), asked.name("products"), content) for content in "ab")
    for pact in (one, two, one):
        merged = asked.call("PATCH", path, pact)
    assert len(merged.body["interactions"]) == (1 if "real" in request.node.name else 2)
    if "real" not in request.node.name:
        two["interactions"][0]["request"]["path"] = "/else"
        assert asked.call("PATCH", path, two).status == 409


@pytest.mark.parametrize("asked", BOTH, indirect=True)
def test_the_latest_result_of_a_tag_is_of_that_tag(asked: Broker, request: pytest.FixtureRequest) -> None:
    """A real broker forgets the tag and answers with the newest pact of all."""
    asked.publish("orders", "1", "products", tags=["prod"])
    asked.publish("orders", "2", "products", content="b")
    asked.verify("orders", "2", "products", "p1")
    pair = f"/pacts/provider/{asked.name('products')}/consumer/{asked.name('orders')}"
    assert asked.call("GET", f"{pair}/latest/prod/verification-results/latest").status == (
        200 if "real" in request.node.name else 404
    )


@pytest.mark.parametrize("asked", BOTH, indirect=True)
def test_a_provider_counts_once_in_a_versions_results(asked: Broker, request: pytest.FixtureRequest) -> None:
    """A real broker lists the result once for each version with that content, and says that not all passed."""
    asked.publish("orders", "1", "products")
    asked.publish("orders", "2", "products")
    asked.verify("orders", "1", "products", "p1")
    summary = asked.call("GET", f"/verification-results/consumer/{asked.name('orders')}/version/2/latest").body
    passed = summary["success"], len(summary["providerSummary"]["successful"])
    assert passed == ((False, 2) if "real" in request.node.name else (True, 1))


@pytest.mark.parametrize("asked", BOTH, indirect=True)
def test_a_difference_is_that_from_the_version_that_is_named(asked: Broker, request: pytest.FixtureRequest) -> None:
    """A real broker takes the one before that says something else, whatever is named."""
    for number, content in (("1", "a"), ("2", "b"), ("3", "c")):
        asked.publish("orders", number, "products", content=content)
    pair = f"/pacts/provider/{asked.name('products')}/consumer/{asked.name('orders')}"
    text = asked.call("GET", f"{pair}/version/3/diff/version/1", accept="text/plain").body
    from_one, from_two = ('"/a"' in text, '"/b"' in text)
    assert (from_one, from_two) == ((False, True) if "real" in request.node.name else (True, False))


@pytest.mark.parametrize("asked", BOTH, indirect=True)
def test_the_states_of_an_environment_by_its_uuid(asked: Broker, request: pytest.FixtureRequest) -> None:
    """A real broker has a uuid in its template, and takes what it is given for a name."""
    place = asked.environment("test").body["uuid"]
    pact = pact_file(asked.name("orders"), asked.name("products"), "a", ("there is a product",))
    asked.call("PUT", f"/pacts/provider/{asked.name('products')}/consumer/{asked.name('orders')}/version/1", pact)
    asked.deploy("orders", "1", "test")
    where = f"/pacts/provider/{asked.name('products')}/provider-states/environment"
    named, numbered = (
        asked.call("GET", f"{where}/{one}").body["providerStates"] for one in (asked.name("test"), place)
    )
    assert [state["name"] for state in named] == ["there is a product"]
    assert numbered == ([] if "real" in request.node.name else named)


@pytest.mark.parametrize("asked", BOTH, indirect=True)
def test_a_webhook_always_has_an_event(asked: Broker, request: pytest.FixtureRequest) -> None:
    sent = {"method": "POST", "url": "http://localhost/hook"}
    made = asked.call("POST", "/webhooks", {"request": sent, "events": [{"name": "contract_published"}]})
    without = asked.call("PUT", made.link("self"), {"request": sent})
    none = asked.call("PUT", made.link("self"), {"request": sent, "events": None})
    asked.call("DELETE", made.link("self"))
    assert without.status == (500 if "real" in request.node.name else 200)
    events = [event["name"] for event in none.body["events"]]
    assert events == ([] if "real" in request.node.name else ["contract_content_changed"])


@pytest.mark.parametrize("asked", BOTH, indirect=True)
def test_a_webhooks_headers_can_be_sent(asked: Broker, request: pytest.FixtureRequest) -> None:
    for headers in ({"X-Number": 1}, {"two words": "x"}, {"": "x"}, ["X-Token"]):
        sent = {"method": "POST", "url": "http://localhost/hook", "headers": headers}
        made = asked.call("POST", "/webhooks", {"request": sent, "events": [{"name": "contract_published"}]})
        if made.status == 201:
            asked.call("DELETE", made.link("self"))
        else:
            assert list(made.body["errors"]) == ["request.headers"]
        if headers != ["X-Token"]:
            assert made.status == (201 if "real" in request.node.name else 400), headers


@pytest.mark.parametrize("asked", BOTH, indirect=True)
def test_the_dashboard_of_nobody(asked: Broker, request: pytest.FixtureRequest) -> None:
    found = asked.call("GET", f"/dashboard/provider/{asked.name('nobody')}/consumer/{asked.name('none')}")
    assert found.status == (500 if "real" in request.node.name else 404)


@pytest.mark.parametrize("asked", BOTH, indirect=True)
def test_head_is_answered_as_get(asked: Broker, request: pytest.FixtureRequest) -> None:
    assert asked.call("HEAD", "/").status == (405 if "real" in request.node.name else 200)


@pytest.mark.parametrize("asked", BOTH, indirect=True)
def test_a_body_that_is_no_object_is_refused(asked: Broker, request: pytest.FixtureRequest) -> None:
    path = f"/pacts/provider/{asked.name('products')}/for-verification"
    asked.publish("orders", "1", "products")
    assert asked.call("POST", path, []).status == (500 if "real" in request.node.name else 400)
    xml = asked.call("PUT", f"/pacticipants/{asked.name('orders')}", raw=b"<x/>", content_type="text/xml")
    assert xml.status == (500 if "real" in request.node.name else 415)
    tag = f"/pacticipants/{asked.name('orders')}/versions/1/tags/dev"
    assert asked.call("PUT", tag, []).status == (201 if "real" in request.node.name else 400)  # nothing is wanted of it


@pytest.mark.parametrize("asked", BOTH, indirect=True)
def test_what_is_told_of_several_faults(asked: Broker, request: pytest.FixtureRequest) -> None:
    """A real broker reads a body first, whatever its type is, what it is sent to and which answer is accepted."""
    for answer, status in (
        (asked.call("POST", "/pacticipants", raw=b"{", accept="text/plain"), 406),
        (asked.call("POST", "/pacticipants", raw=b"{", content_type="application/hal+json"), 415),
        (asked.call("POST", "/webhooks/none/execute", raw=b"{"), 404),
    ):
        assert answer.status == (400 if "real" in request.node.name else status)


@pytest.mark.parametrize("asked", BOTH, indirect=True)
def test_a_problem_says_its_own_status(asked: Broker, request: pytest.FixtureRequest) -> None:
    answer = asked.call("POST", "/pacticipants", raw=b"{", accept="application/hal+json, application/problem+json")
    assert answer.status == 400
    assert answer.body["status"] == (500 if "real" in request.node.name else 400)


@pytest.mark.parametrize("asked", BOTH, indirect=True)
def test_a_media_type_is_known_however_it_is_written(asked: Broker, request: pytest.FixtureRequest) -> None:
    label = f"/pacticipants/{asked.name('orders')}/labels"
    capital = asked.call("PUT", f"{label}/a", {}, content_type="Application/JSON")
    untyped = asked.call("PUT", f"{label}/b")
    assert [capital.status, untyped.status] == ([415] * 2 if "real" in request.node.name else [201] * 2)
    with_charset = asked.call("GET", "/", accept="application/hal+json;charset=utf-8")
    assert with_charset.status == (406 if "real" in request.node.name else 200)


@pytest.mark.parametrize("asked", BOTH, indirect=True)
def test_no_version_of_a_pact_broker_is_told(asked: Broker, request: pytest.FixtureRequest) -> None:
    assert ("x-pact-broker-version" in asked.call("GET", "/").headers) == ("real" in request.node.name)


@pytest.mark.parametrize("asked", BOTH, indirect=True)
def test_options_are_told_everywhere(asked: Broker, request: pytest.FixtureRequest) -> None:
    o, p = asked.name("orders"), asked.name("products")
    for path, status in (
        (f"/pacticipants/{o}/latest-version/dev/can-i-deploy/to/prod", 500),
        (f"/matrix/provider/{p}/consumer/{o}", 500),
        ("/diagnostic/status/heartbeat", 405),
        ("/matrix", 400),
    ):
        answer = asked.call("OPTIONS", path)
        told = answer.status, answer.headers.get("access-control-allow-methods")
        assert told == ((status, None) if "real" in request.node.name else (200, "GET, OPTIONS"))


@pytest.mark.parametrize("asked", BOTH, indirect=True)
def test_the_heads_of_branches_are_not_deleted_with_all_others(asked: Broker, request: pytest.FixtureRequest) -> None:
    """Where a real broker lists the pacts of the main branch, or the newest, `DELETE` takes the others with them."""
    pair = f"/pacts/provider/{asked.name('products')}/consumer/{asked.name('orders')}"
    for path in ("branch/versions", "branch/latest/versions", "branch/main/latest/versions"):
        asked.publish("orders", "1", "products", branch="main")
        asked.publish("orders", "2", "products", branch="main", content="b")
        asked.publish("orders", "3", "products", branch="feat/x", content="c")
        gone = asked.call("DELETE", f"{pair}/{path}", accept="*/*").status
        left = [number for number in "123" if asked.pact("orders", number, "products").status == 200]
        if "real" in request.node.name:
            assert (gone, left) == (200, ["3"] if "main" in path else [])
        else:
            assert (gone, left) == (405, ["1", "2", "3"])


@pytest.mark.parametrize("asked", BOTH, indirect=True)
def test_a_new_pacticipant_is_where_its_location_says(asked: Broker, request: pytest.FixtureRequest) -> None:
    made = asked.pacticipant("orders")
    found = asked.call("GET", made.headers["location"])
    assert (made.status, found.status) == (201, 404 if "real" in request.node.name else 200)


@pytest.mark.parametrize("asked", BOTH, indirect=True)
def test_a_branch_and_an_environment_as_text(asked: Broker, request: pytest.FixtureRequest) -> None:
    asked.environment("test")
    asked.publish("orders", "1", "products", branch="main")
    place = f"latest-version/can-i-deploy/to-environment/{asked.name('test')}"
    answer = asked.call("GET", f"/pacticipants/{asked.name('orders')}/branches/main/{place}", accept="text/plain")
    assert answer.status == (500 if "real" in request.node.name else 200)
    if answer.status == 200:
        assert "\nDeployable: nil\n" in answer.body


@pytest.mark.parametrize("asked", BOTH, indirect=True)
def test_latest_by_consumer_and_provider_with_unverified_versions(
    asked: Broker, request: pytest.FixtureRequest
) -> None:
    asked.publish("orders", "1", "products")
    asked.publish("orders", "2", "products", content="b")
    asked.verify("orders", "1", "products", "p1")
    pair = [
        ("q[][pacticipant]", asked.name("orders")),
        ("q[][pacticipant]", asked.name("products")),
        ("latestby", "cp"),
    ]
    answer = asked.matrix(pair)
    if "real" in request.node.name:
        assert answer.status == 500
    else:
        assert [row["provider"]["version"]["number"] for row in answer.body["matrix"]] == ["p1"]


@pytest.mark.parametrize("asked", BOTH, indirect=True)
def test_a_name_may_end_like_a_file(asked: Broker, request: pytest.FixtureRequest) -> None:
    asked.publish("orders", "1.json", "products")
    number = asked.call("GET", f"/pacticipants/{asked.name('orders')}/versions/1.json").status
    assert number == (404 if "real" in request.node.name else 200)


@pytest.mark.parametrize("asked", BOTH, indirect=True)
def test_a_name_has_at_most_a_thousand_characters(asked: Broker, request: pytest.FixtureRequest) -> None:
    body = {"name": asked.name("x" * 1_001)}
    made = asked.call("POST", "/pacticipants", body)
    assert made.status == (201 if "real" in request.node.name else 400)
    assert asked.call("POST", "/pacticipants", {"name": body["name"][:1_000]}).status == 201


@pytest.mark.parametrize("asked", BOTH, indirect=True)
def test_a_name_that_is_no_ascii_is_held_against_its_providers(asked: Broker, request: pytest.FixtureRequest) -> None:
    """A real broker does not find such a pacticipant from its own address, compares nothing and says yes."""
    asked.environment("live")
    asked.publish("Käufer", "1", "products", branch="main", tags=["dev"])
    asked.verify("Käufer", "1", "products", "p1", success=False)
    asked.deploy("products", "p1", "live")
    asked.tag("products", "p1", "prod")
    name, live = quote(asked.name("Käufer")), quote(asked.name("live"))
    for question in (
        f"/pacticipants/{name}/branches/main/latest-version/can-i-deploy/to-environment/{live}",
        f"/pacticipants/{name}/latest-version/dev/can-i-deploy/to/prod",
        f"/matrix/provider/{quote(asked.name('products'))}/consumer/{name}",
    ):
        answer = asked.call("GET", question).body
        said = answer["summary"]["deployable"], len(answer["matrix"])
        assert said == ((True, 0) if "real" in request.node.name else (False, 1))
    assert asked.can_i_deploy("Käufer", "1", "live").body["summary"]["deployable"] is False  # asked in a query, both do


@pytest.mark.parametrize("asked", BOTH, indirect=True)
def test_a_branch_and_a_provider_that_are_no_ascii(asked: Broker, request: pytest.FixtureRequest) -> None:
    asked.environment("live")
    asked.publish("orders", "1", "Käse", branch="für alle")
    path = f"/pacticipants/{asked.name('orders')}/branches/{quote('für alle')}/latest-version/can-i-deploy"
    answer = asked.call("GET", f"{path}/to-environment/{asked.name('live')}")
    assert answer.status == (500 if "real" in request.node.name else 200)


@pytest.mark.parametrize("asked", BOTH, indirect=True)
def test_pacts_to_verify_since_a_date_that_is_none(asked: Broker, request: pytest.FixtureRequest) -> None:
    """A real broker looks for something like a date in the text: "Wed" is the Wednesday of this week."""
    asked.publish("orders", "1", "products", branch="main")
    for since in ("Wed", "1 Jan 2020", "not before 2020-01-01"):
        found = asked.for_verification("products", branch="main", wip_since=since)
        assert found.status == (200 if "real" in request.node.name else 400), since


@pytest.mark.parametrize("asked", BOTH, indirect=True)
def test_pacts_to_verify_by_query_with_a_tag_and_more(asked: Broker, request: pytest.FixtureRequest) -> None:
    """A real broker fails, or finds nothing, unless the version that is there, or on the branch, has the tag."""
    asked.environment("test")
    asked.publish("orders", "1", "products", tags=["dev"])
    asked.deploy("orders", "1", "test")
    for more, status in ((f"[environment]={asked.name('test')}", 500), ("[branch]=main", 200)):
        selector = f"consumer_version_selectors[][tag]=dev&consumer_version_selectors[]{more}"
        found = asked.call("GET", f"/pacts/provider/{asked.name('products')}/for-verification?{selector}")
        assert found.status == (status if "real" in request.node.name else 400)


@pytest.mark.parametrize("asked", BOTH, indirect=True)
def test_a_request_of_too_many_parts_is_refused(asked: Broker, request: pytest.FixtureRequest) -> None:
    asked.publish("orders", "1", "products", branch="main")
    question = f"/pacts/provider/{asked.name('products')}/for-verification"
    branches = [{"branch": f"b{number}"} for number in range(1_001)]
    tags = [f"t{number}" for number in range(1_001)]
    version = f"/pacticipants/{asked.name('orders')}/versions/1"
    for method, path, body in (
        ("POST", question, {"consumerVersionSelectors": branches}),
        ("POST", question, {"providerVersionTags": tags[:101]}),
        ("GET", f"{question}?{'&'.join(f'provider_version_tags[]={tag}' for tag in tags[:101])}", None),
        ("PUT", version, {"tags": [{"name": tag} for tag in tags]}),
    ):
        answer = asked.call(method, path, body)
        assert answer.status == (200 if "real" in request.node.name else 400), path
    assert asked.call("POST", question, {"consumerVersionSelectors": branches[1:] + branches[1:]}).status == 200
    for length, status in ((100_000, 201), (131_072, 413)):
        sent = {"method": "POST", "url": "http://localhost/hook", "body": "&".join(["a=b"] * (length // 4))}
        made = asked.call("POST", "/webhooks", {"request": sent})
        if made.status == 201:
            asked.call("DELETE", made.link("self"))
        assert made.status == (201 if "real" in request.node.name else status)


@pytest.mark.parametrize("asked", BOTH, indirect=True)
def test_an_odd_question_is_answered_or_refused(asked: Broker, request: pytest.FixtureRequest) -> None:
    asked.publish("orders", "1", "products", branch="main")
    asked.verify("orders", "1", "products", "p1", success=False)
    asked.environment("live")
    asked.deploy("orders", "1", "live")
    o, p = asked.name("orders"), asked.name("products")
    for question, status in (
        (f"/matrix?q[0][pacticipant]={o}&q[0][version]=1&q[1][pacticipant]={p}&q[1][version]=p1", 200),
        (f"/matrix?q[pacticipant]={o}&q[version]=1", 200),
        (f"/matrix?q[][pacticipant]={o}&q[][mainBranch]=true&q[][branch]=feat&latestby=cvp", 200),
        (f"/matrix?q[][pacticipant]={o}&q[][latest]=true&q[][environment]={asked.name('live')}", 200),
        (f"/matrix?q[][pacticipant]={o}&q[][version]=1&latestby=nope", 400),
        (f"/matrix/provider/{p}/consumer/{o}?latestby=nope", 400),
        (f"/matrix?q[][pacticipant]={o}&q[][version]=%FF", 400),
        (f"/matrix?q={o}", 400),
        (f"/can-i-deploy?pacticipant={o}&version=1&to=prod&environment=", 400),
        *(
            (f"/pacts/provider/{p}/for-verification?{query}", 400)
            for query in (
                *("providerVersionTags[a]=x", "providerVersionTags=x", "provider_version_tags[][a]=x"),
                *("consumerVersionSelectors=x", "consumerVersionSelectors[]=x", "consumer_version_selectors=x"),
                *("includeWipPactsSince=soon", "includeWipPactsSince[]=2020-01-01"),
            )
        ),
        (f"/pacticipants/{o}/branches?size=0", 400),
        (f"/pacticipants/{o}/branches?page=-1", 400),
    ):
        answer = asked.call("GET", question)
        assert answer.status == (500 if "real" in request.node.name else status), question
        assert answer.status != 200 or answer.body["summary"]["deployable"] is False, question


@pytest.mark.parametrize("asked", BOTH, indirect=True)
def test_a_page_of_the_history_of_one_holds_its_own_rows(asked: Broker, request: pytest.FixtureRequest) -> None:
    asked.publish("orders", "1", "products")
    asked.publish("web", "1", "billing")
    answer = asked.matrix([("q[][pacticipant]", asked.name("orders")), ("limit", "1")])
    assert len(answer.body["matrix"]) == (0 if "real" in request.node.name else 1)


@pytest.mark.parametrize("asked", BOTH, indirect=True)
def test_two_parts_of_an_address_that_are_no_ascii(asked: Broker, request: pytest.FixtureRequest) -> None:
    name, one, two = quote(asked.name("Käufer")), quote("ä"), quote("ö")
    pact = pact_file(asked.name("Käufer"), asked.name("products"), "a")
    for path, body in (
        (f"/pacts/provider/{asked.name('products')}/consumer/{name}/version/1", pact),
        (f"/pacticipants/{asked.name('orders')}/versions/{one}/tags/{two}", {}),
        (f"/pacticipants/{asked.name('baskets')}/branches/{one}/versions/{two}", {}),
    ):
        assert asked.call("PUT", path, body).status == (500 if "real" in request.node.name else 201)


@pytest.mark.parametrize("asked", ["closed_broker"], indirect=True)
def test_webhooks_go_nowhere_unless_a_host_is_named(asked: Broker) -> None:
    receiver = Receiver()
    request = {
        "method": "POST",
        "url": f"{receiver.url}/path?secret=1",
        "headers": {"X-Token": "secret"},
        "body": "secret",
    }
    hook = asked.call("POST", "/webhooks", {"request": request, "events": [{"name": "contract_published"}]})
    done = asked.call("POST", hook.link("pb:execute"), {}).body
    assert done["success"] is False
    assert "not among those that webhooks may call" in done["logs"]
    assert "secret" not in done["logs"]
    asked.publish("orders", "1", "products")
    assert receiver.wait(1, seconds=0.5) == []


@pytest.mark.parametrize("asked", BOTH, indirect=True)
def test_a_secret_of_a_webhook_is_hidden_wherever_it_stands(asked: Broker, request: pytest.FixtureRequest) -> None:
    """And whatever it is called: what is shown is what is known to be harmless."""
    sent = {
        "method": "POST",
        "url": "http://localhost/hook/T0/secret?token=secret&ref=main",
        "headers": {"x-auth": "secret", "accept": "text/plain"},
        "username": "a1b2c3d4e5f6",
        "password": "secret",
        "body": {"token": "secret", "value": "secret", "event_type": "verify", "for": "${pactbroker.providerName}"},
    }
    made = asked.call("POST", "/webhooks", {"request": sent})
    shown = asked.call("GET", made.link("self")).body["request"]
    asked.call("DELETE", made.link("self"))  # it would be sent for whatever the other tests publish
    stars = "*" * 10
    hidden = {
        "url": f"http://localhost/hook/{stars}?token={stars}&ref=main",
        "headers": {"x-auth": stars, "accept": "text/plain"},
        "username": stars,
        "body": {**sent["body"], "token": stars, "value": stars},
    }
    assert shown == {**sent, "password": stars, **({} if "real" in request.node.name else hidden)}


@pytest.mark.parametrize("asked", BOTH, indirect=True)
def test_a_webhook_that_is_disabled_is_not_tried_again(asked: Broker, request: pytest.FixtureRequest) -> None:
    receiver = Receiver(500)
    sent = {"method": "POST", "url": receiver.url}
    made = asked.call("POST", "/webhooks", {"request": sent, "events": [{"name": "contract_published"}]})
    asked.publish("orders", "1", "products")
    assert len(receiver.wait(1, seconds=20)) == 1
    asked.call("PUT", made.link("self"), {**made.body, "enabled": False})
    is_real = "real" in request.node.name
    assert len(receiver.wait(2, seconds=14)) == (2 if is_real else 1)
    asked.call("DELETE", made.link("self"))


@pytest.mark.parametrize("asked", BOTH, indirect=True)
def test_stars_that_stand_for_nothing_are_refused(asked: Broker, request: pytest.FixtureRequest) -> None:
    sent = {"method": "POST", "url": "http://localhost/hook", "headers": {"X-Token": "*" * 10}}
    made = asked.call("POST", "/webhooks", {"request": sent, "events": [{"name": "contract_published"}]})
    if made.status == 201:
        asked.call("DELETE", made.link("self"))
    assert made.status == (201 if "real" in request.node.name else 400)


@pytest.mark.parametrize("asked", BOTH, indirect=True)
def test_a_hidden_secret_does_not_go_to_another_host(asked: Broker, request: pytest.FixtureRequest) -> None:
    """On a real broker, who may change a webhook can have its password, which they cannot read, sent to themselves."""
    sent = {"method": "POST", "url": "http://localhost/hook", "username": "ann", "password": "secret"}
    made = asked.call("POST", "/webhooks", {"request": sent, "events": [{"name": "contract_published"}]})
    elsewhere = {**made.body["request"], "url": "http://127.0.0.1/hook"}
    moved = asked.call("PUT", made.link("self"), {**made.body, "request": elsewhere})
    asked.call("DELETE", made.link("self"))
    assert moved.status == (200 if "real" in request.node.name else 400)


@pytest.mark.parametrize("asked", BOTH, indirect=True)
def test_stars_that_could_be_several_secrets_are_asked_for(asked: Broker, request: pytest.FixtureRequest) -> None:
    sent = {"method": "POST", "url": "http://localhost/hook", "body": "token=one&token=two"}
    made = asked.call("POST", "/webhooks", {"request": sent, "events": [{"name": "contract_published"}]})
    fewer = {**made.body["request"], "body": f"token={'*' * 10}"}
    answer = asked.call("PUT", made.link("self"), {**made.body, "request": fewer})
    asked.call("DELETE", made.link("self"))
    assert answer.status == (200 if "real" in request.node.name else 400)


@pytest.mark.parametrize("asked", BOTH, indirect=True)
def test_a_webhooks_address_names_nobody(asked: Broker, request: pytest.FixtureRequest) -> None:
    sent = {"method": "POST", "url": "http://ann:secret@localhost/hook"}
    made = asked.call("POST", "/webhooks", {"request": sent})
    if made.status == 201:
        asked.call("DELETE", made.link("self"))
    assert made.status == (201 if "real" in request.node.name else 400)


@pytest.mark.parametrize("asked", ["embedded_broker"], indirect=True)
def test_a_parameter_cannot_break_a_json_body(asked: Broker) -> None:
    receiver = Receiver()
    request = {"method": "POST", "url": receiver.url, "body": {"branch": "${pactbroker.consumerVersionBranch}"}}
    asked.call("POST", "/webhooks", {"request": request, "events": [{"name": "contract_published"}]})
    asked.publish("orders", "1", "products", branch='a", "admin": "yes')
    assert [json.loads(item["body"]) for item in receiver.wait(1)] == [{"branch": 'a", "admin": "yes'}]


def tried_out(asked: Broker, receiver: Receiver, request: dict[str, Any], **more: Any) -> tuple[Answer, list[Any]]:
    """Try a webhook out: the answer, and what was sent."""
    answer = asked.call("POST", "/webhooks/execute", {"request": {"method": "POST", **request}, **more})
    return answer, list(receiver.received)


@pytest.mark.parametrize("asked", BOTH, indirect=True)
def test_a_webhook_without_a_body_sends_none(asked: Broker, request: pytest.FixtureRequest) -> None:
    receiver = Receiver()
    _, [sent] = tried_out(asked, receiver, {"url": f"{receiver.url}/start?job=1"})
    is_real = "real" in request.node.name
    assert sent["body"] == ("null" if is_real else "")
    assert ("content-type" in sent["headers"]) == is_real


@pytest.mark.parametrize("asked", BOTH, indirect=True)
def test_trying_a_webhook_out_tells_the_status_alone(asked: Broker, request: pytest.FixtureRequest) -> None:
    receiver = Receiver()
    answer, _ = tried_out(asked, receiver, {"url": receiver.url, "headers": {"X-Auth": "secret"}, "body": "secret"})
    is_real = "real" in request.node.name
    assert (answer.body["success"], answer.body["response"]["status"]) == (True, 200)
    assert ("headers" in answer.body["response"]) == is_real
    assert ("secret" in json.dumps(answer.body)) == is_real


@pytest.mark.parametrize("asked", BOTH, indirect=True)
def test_a_parameter_that_there_is_none_of_is_sent_in_a_path_as_well(
    asked: Broker, request: pytest.FixtureRequest
) -> None:
    receiver = Receiver()
    answer, sent = tried_out(asked, receiver, {"url": f"{receiver.url}/a/${{pactbroker.nope}}"})
    is_real = "real" in request.node.name
    assert answer.status == (500 if is_real else 200)
    assert [item["path"] for item in sent] == ([] if is_real else ["/a/$%7Bpactbroker.nope%7D"])


@pytest.mark.parametrize("asked", BOTH, indirect=True)
def test_a_webhook_for_a_label_is_tried_out_with_its_newest_pact(asked: Broker, request: pytest.FixtureRequest) -> None:
    receiver = Receiver()
    asked.call("PUT", f"/pacticipants/{asked.name('orders')}/labels/{asked.name('team')}", {})
    asked.publish("orders", "1", "products")
    asked.publish("baskets", "1", "products", content="b")
    body = {"consumer": "${pactbroker.consumerName}"}
    labelled = {"label": asked.name("team")}
    _, [sent] = tried_out(asked, receiver, {"url": receiver.url, "body": body}, consumer=labelled)
    expected = "placeholder-consumer" if "real" in request.node.name else asked.name("orders")
    assert json.loads(sent["body"]) == {"consumer": expected}


@pytest.mark.parametrize("asked", BOTH, indirect=True)
def test_an_event_that_a_webhook_names_twice_starts_it_once(asked: Broker, request: pytest.FixtureRequest) -> None:
    asked.pacticipant("orders")
    sent = {"method": "POST", "url": Receiver().url}
    twice = [{"name": "contract_published"}] * 2
    hook = {"request": sent, "events": twice, "consumer": {"name": asked.name("orders")}}
    assert asked.call("POST", "/webhooks", hook).status == 201
    asked.publish("orders", "1", "products")
    pact = asked.pact("orders", "1", "products")
    started = asked.call("GET", f"{pact.link('self')}/triggered-webhooks").body["_embedded"]["triggeredWebhooks"]
    assert len(started) == (2 if "real" in request.node.name else 1)


@pytest.mark.parametrize("asked", BOTH, indirect=True)
def test_a_webhook_is_told_the_tags_by_which_its_version_was_found(
    asked: Broker, request: pytest.FixtureRequest
) -> None:
    """On a real broker the selectors of one pact run into each other: it reads them back as other ones."""
    asked.pacticipant("products")
    receiver = Receiver()
    body = {"version": "${pactbroker.consumerVersionNumber}", "tags": "${pactbroker.consumerVersionTags}"}
    sent = {"method": "POST", "url": receiver.url, "body": body}
    hook = {"request": sent, "events": [{"name": "provider_verification_published"}]}
    asked.call("POST", "/webhooks", {**hook, "provider": {"name": asked.name("products")}})
    asked.publish("orders", "1", "products", branch="main", tags=["a", "b"])
    asked.publish("orders", "2", "products", branch="feat")
    selectors: list[dict[str, Any]] = [{"branch": "feat", "latest": True}]
    selectors += [{"tag": tag, "latest": True} for tag in ("a", "b")]
    found = asked.for_verification("products", *selectors)
    asked.verify_selected(found, "products", "p1")
    told = {item["version"]: item["tags"] for item in (json.loads(it["body"]) for it in receiver.wait(2, seconds=20))}
    assert (told == {"1": "a, b", "2": ""}) == ("real" not in request.node.name)
    assert set(told) == {"1", "2"}


@pytest.mark.parametrize("asked", BOTH, indirect=True)
def test_a_webhook_that_could_not_be_kept_or_sent_is_refused(asked: Broker, request: pytest.FixtureRequest) -> None:
    sent = {"method": "POST", "url": "http://localhost/hook"}
    is_real = "real" in request.node.name
    for status, more in (
        (201, {"description": 1}),
        (201, {"request": {**sent, "username": 1}}),
        (201, {"request": {**sent, "url": "http://localhost:99999/hook"}}),
        (500, {"request": {**sent, "password": 1}}),
        (500, {"request": {**sent, "headers": "text"}}),
        (500, {"events": "text"}),
    ):
        made = asked.call("POST", "/webhooks", {"request": sent, **more})
        if made.status == 201:
            asked.call("DELETE", made.link("self"))
        assert made.status == (status if is_real else 400), more


@pytest.mark.parametrize("asked", BOTH, indirect=True)
def test_a_webhook_at_the_address_of_a_consumer_is_not_for_a_label(
    asked: Broker, request: pytest.FixtureRequest
) -> None:
    asked.pacticipant("orders")
    hook = {"request": {"method": "POST", "url": "http://localhost/hook"}, "consumer": {"label": "team"}}
    answer = asked.call("POST", f"/webhooks/consumer/{asked.name('orders')}", hook)
    is_real = "real" in request.node.name
    assert answer.status == (500 if is_real else 400)
    assert is_real or list(answer.body["errors"]) == ["consumer.label"]


@pytest.mark.parametrize("asked", BOTH, indirect=True)
def test_the_name_of_a_webhooks_host_may_have_capitals(asked: Broker, request: pytest.FixtureRequest) -> None:
    made = asked.call("POST", "/webhooks", {"request": {"method": "POST", "url": "http://LOCALHOST/hook"}})
    if made.status == 201:
        asked.call("DELETE", made.link("self"))
    assert made.status == (400 if "real" in request.node.name else 201)


@pytest.mark.parametrize("asked", BOTH, indirect=True)
def test_a_webhook_for_a_label_and_another_leads_to_no_list(asked: Broker, request: pytest.FixtureRequest) -> None:
    asked.pacticipant("products")
    sent = {"method": "POST", "url": "http://localhost/hook"}
    hook = {"request": sent, "consumer": {"label": "team"}, "provider": {"name": asked.name("products")}}
    made = asked.call("POST", "/webhooks", hook)
    asked.call("DELETE", made.link("self"))
    if "real" in request.node.name:
        assert asked.call("GET", made.link("pb:pact-webhooks")).status == 404
    else:
        assert "pb:pact-webhooks" not in made.body["_links"]


@pytest.mark.parametrize("asked", BOTH, indirect=True)
def test_headers_of_the_connection_are_not_a_webhooks(asked: Broker, request: pytest.FixtureRequest) -> None:
    receiver = Receiver()
    _, [sent] = tried_out(asked, receiver, {"url": receiver.url, "headers": {"Host": "other.example"}, "body": "x"})
    is_real = "real" in request.node.name
    assert sent["headers"]["host"] == ("other.example" if is_real else receiver.url.removeprefix("http://"))


@pytest.mark.parametrize("asked", BOTH, indirect=True)
def test_a_header_of_several_lines_is_sent_on_one(asked: Broker, request: pytest.FixtureRequest) -> None:
    receiver = Receiver()
    answer, sent = tried_out(asked, receiver, {"url": receiver.url, "headers": {"X-Told": "one\ntwo"}})
    is_real = "real" in request.node.name
    assert answer.status == (500 if is_real else 200)
    assert [item["headers"]["x-told"] for item in sent] == ([] if is_real else ["one two"])
