"""The pages that a browser is shown at the embedded broker: who gets them, what is on them, and what never is."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.pages import BROWSER, SECRET, Document, Site, at, named, read, simple, where

from pact_gate import embedded
from pact_gate.embedded.routing import prefers_html

HOSTILE = [
    "</title></style><script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)> ' onfocus=alert(1) autofocus",
    "</pre></code></textarea><svg onload=alert(1)><!--",
    "&lt;b&gt;&amp;&#60; ]]>",
    "${7*7}{{7*7}}%{{x}}",
    "\u202egnp.exe\u2066\u0007\u200b",
    "أوامر 注文 n\u0303",
    "x" * 900,
    "//evil.example/../..",
]
PROGRAMS = [
    None,
    "",
    "*/*",
    "application/hal+json",
    "application/json",
    "application/hal+json,application/json",
    "application/hal+json, application/json;q=0.9, */*;q=0.8",
    "text/html, application/hal+json",
    "application/hal+json, text/html",
    "text/html;q=0.5, */*",
    "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2",  # Java's HttpURLConnection, told nothing
    "application/*, text/html;q=0.1",
]
BROWSERS = [
    BROWSER,
    "text/html",
    "TEXT/HTML",
    "text/html,*/*;q=0.1",
    "text/html, application/json;q=0.5",
    "text/html, */*",
]
ALLOWED = """a bdi body button caption code datalist dd details div dl dt footer form h1 h2 h3 h4 head header html input
    label li main meta nav ol option p pre section select small span strong style summary table tbody td th thead time
    title tr ul"""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A broker with nothing in it."""
    made = Site(tmp_path)
    yield made
    made.application.close()


@pytest.fixture
def full(site: Site) -> Site:
    """A broker with something of everything in it."""
    named(site, "x")
    return site


# --- who gets them ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("accept", PROGRAMS)
def test_programs_get_what_they_always_got(full: Site, accept: str | None) -> None:
    assert not prefers_html(accept)
    for path in where(full, "x"):
        asked = full.ask("GET", path, accept)
        media = asked.headers.get("Content-Type", "").partition(";")[0]
        plain = full.ask("GET", path, media or None)  # `/integrations` has two types: each is as it is to who names it
        assert "html" not in media
        assert (asked.headers["Vary"], asked.headers["Cache-Control"]) == ("Accept", "no-cache")
        if asked.status != 406:  # some resources are HAL alone
            assert (asked.status, asked.text) == (plain.status, plain.text), path
            assert set(asked.headers) == set(plain.headers)


@pytest.mark.parametrize("accept", BROWSERS)
def test_browsers_get_pages(full: Site, accept: str) -> None:
    assert prefers_html(accept)
    for path in where(full, "x"):
        assert full.ask("GET", path, accept).headers["Content-Type"] == "text/html;charset=utf-8"


@pytest.mark.parametrize(
    "path", ["/diagnostic/status/heartbeat", "/pacts/latest", "/labels", "/matrix?q[][pacticipant]=ax"]
)
def test_what_has_no_page_is_answered_as_ever(full: Site, path: str) -> None:
    assert full.ask("GET", path, BROWSER).text == full.ask("GET", path).text


def test_nothing_can_be_changed_by_a_browsers_kind_of_request(full: Site) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert full.ask(method, "/", BROWSER).status == 405
    forms = [form for path in where(full, "x") for form in full.look(path).all("form")]
    assert forms
    assert all("method" not in form.attributes for form in forms)  # GET


def test_a_step_that_looks_at_no_page_does_not_import_them(tmp_path: Path) -> None:
    program = (
        "import pathlib, sys\nfrom tests.unit.pages import Site\n"
        "site = Site(pathlib.Path(sys.argv[1]))\nassert site.ask('GET', '/', '*/*').status == 200\n"
        "assert not [name for name in sys.modules if 'embedded.pages' in name]\n"
        "site.look('/')\nassert 'pact_gate.embedded.pages' in sys.modules"
    )
    root = Path(embedded.__file__).parents[3]
    environment = {"PYTHONPATH": f"{root}:{root / 'scripts'}"}
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=True, env=environment)


def test_head_is_get_without_a_body(full: Site) -> None:
    for path in where(full, "x"):
        got, headed = full.ask("GET", path, BROWSER), full.ask("HEAD", path, BROWSER)
        assert (headed.status, headed.headers, headed.text) == (got.status, got.headers, "")


# --- what a browser may do with them ------------------------------------------------------------------------


def test_nothing_in_a_page_can_run_load_or_send(full: Site) -> None:
    for path in [*where(full, "x"), "/nothing", "/can-i-deploy?pacticipant=nobody"]:
        answered = full.ask("GET", path, BROWSER)
        digest = base64.b64encode(hashlib.sha256(read(answered.text).style.encode()).digest()).decode()
        assert answered.headers["Content-Security-Policy"] == (
            f"default-src 'none'; style-src 'sha256-{digest}'; form-action 'self'; base-uri 'none'; "
            "frame-ancestors 'none'"
        )
        assert answered.headers["X-Content-Type-Options"] == "nosniff"
        assert answered.headers["Referrer-Policy"] == "no-referrer"
        assert answered.headers["Cache-Control"] == "private, no-cache"
        assert answered.headers["Vary"] == "Accept"


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:20])
def test_hostile_names_are_text_on_every_page(tmp_path: Path, text: str) -> None:
    """A page about them is built like the same page about harmless ones, and leads nowhere else."""
    harmless, hostile = Site(tmp_path / "harmless"), Site(tmp_path / "hostile")
    named(harmless, "x")
    named(hostile, text)
    for good, bad in zip(where(harmless, "x"), where(hostile, text), strict=True):
        page = hostile.look(bad)
        assert [each.tag for each in page.elements] == [each.tag for each in harmless.look(good).elements], good
        assert {each.tag for each in page.elements} <= set(ALLOWED.split())
        assert not [
            name for each in page.elements for name in each.attributes if name.startswith("on") or name == "style"
        ]
        assert all(
            href.startswith(("/", "#")) and not href.startswith("//") for href in page.links if "ci.example" not in href
        )
        assert not [each for each in "\u202e\u2066\u0007\u200b" if each in page.text]
    harmless.application.close()
    hostile.application.close()


def test_what_was_named_is_shown(tmp_path: Path) -> None:
    site = Site(tmp_path)
    text = HOSTILE[0]
    named(site, text)
    assert f"a{text}" in site.look("/").text
    result = next(path for path in where(site, text) if "verification-results" in path)
    assert site.look(result).text.count(text) > 5
    site.application.close()


def test_addresses_of_others_are_links_only_where_they_lead_to_the_web(site: Site) -> None:
    site.publish("orders", "1", "products")
    for url, leads in (
        ("https://github.com/acme/orders", True),
        ("javascript:alert(1)", False),
        ("data:text/html,x", False),
        ("https://user:secret@evil.example/", False),
        ("//evil.example", False),
        ("https://evil.example\\@github.com", False),
    ):
        site.do("PATCH", "/pacticipants/orders", {"repositoryUrl": url})
        for path in ("/pacticipants", "/pacticipants/orders"):
            outside = [each for each in site.look(path).all("a") if each.attributes.get("class") == "outside"]
            assert [each.attributes["href"] for each in outside] == ([url] if leads else [])


def test_secrets_of_webhooks_are_on_no_page(full: Site) -> None:
    for path in crawled(full):
        assert SECRET not in full.ask("GET", path, BROWSER).text, path
    hook = next(path for path in where(full, "x") if path.startswith("/webhooks/"))
    assert "POST 127.0.0.1" in full.look(hook).words


# --- finding one's way --------------------------------------------------------------------------------------


def crawled(site: Site) -> list[str]:
    """Every address that can be reached from the first page by links within the broker."""
    seen, waiting = {"/"}, ["/"]
    while waiting:
        page = site.look(waiting.pop())
        for href in page.links:
            path = href.removeprefix(site.prefix).partition("#")[0]
            if href.startswith("/") and path not in seen:
                assert href.startswith(f"{site.prefix}/")
                seen.add(path)
                waiting.append(path)
    return sorted(seen)


@pytest.mark.parametrize("text", ["x", "//a b?c#d%2F&é"])
@pytest.mark.parametrize("prefix", ["", "/tools/broker"])
def test_every_link_leads_to_a_page(tmp_path: Path, text: str, prefix: str) -> None:
    site = Site(tmp_path, prefix)
    named(site, text)
    reached = crawled(site)
    assert len(reached) > 20
    kinds = {path.split("/")[1].partition("?")[0] for path in reached}
    assert kinds == {"", "pacticipants", "integrations", "matrix", "pacts", "environments", "webhooks", "can-i-deploy"}
    site.application.close()


def test_every_page_can_be_used_with_a_keyboard_and_a_screen_reader(full: Site) -> None:
    titles = set()
    for path in where(full, "x"):
        page = full.look(path)
        assert page.all("html")[0].attributes == {"lang": "en"}
        first = page.all("a")[0].attributes
        assert first["href"] == "#content"
        assert page.all("main")[0].attributes["id"] == "content"
        assert [len(page.all(tag)) for tag in ("title", "h1", "header", "main", "footer")] == [1] * 5
        headings = [int(each.tag[1]) for each in page.elements if each.tag in ("h1", "h2", "h3", "h4")]
        assert all(after <= before + 1 for before, after in itertools.pairwise(headings)), path
        ids = [each.attributes["id"] for each in page.elements if "id" in each.attributes]
        assert len(ids) == len(set(ids))
        fields = [each.attributes["id"] for tag in ("input", "select") for each in page.all(tag)]
        assert sorted(fields) == sorted(each.attributes["for"] for each in page.all("label"))
        assert not [each for each in page.elements if int(each.attributes.get("tabindex", 0)) > 0]
        assert all(each.attributes["aria-label"] for each in page.all("nav"))
        assert all("data-label" in each.attributes for each in page.all("td"))
        titles.add(page.text.partition("·")[0])
    assert len(titles) > 10  # a browser's tabs can be told apart


def test_a_state_is_told_in_words(full: Site) -> None:
    assert "✗ failed" in full.look("/integrations").words


@pytest.mark.parametrize("path", ["/nothing/here", "/pacticipants/nobody", "/webhooks/none", "/environments/none"])
def test_what_is_not_there_is_told_on_a_page(site: Site, path: str) -> None:
    page = site.look(path, 404)
    assert "There is no" in page.text
    assert "/" in page.links


def test_a_page_number_that_is_none_is_told_on_a_page(full: Site) -> None:
    assert "must be a number" in full.look("/pacticipants?page=no", 400).text
    assert full.look("/pacticipants?page=999").links


def test_an_empty_broker_says_how_to_begin(site: Site) -> None:
    for path in ("/", "/pacticipants", "/integrations", "/environments", "/webhooks", "/can-i-deploy"):
        page = site.look(path)
        assert "None" not in page.text
        assert path == "/can-i-deploy" or "There is no" in page.text


# --- the gate -----------------------------------------------------------------------------------------------


def decided(site: Site) -> None:
    """Services whose gates answer in every way."""
    uuid = site.environment("production")
    site.environment("test")
    for consumer, passed in (("good", True), ("bad", False), ("open", None), ("mixed", True)):
        site.publish(consumer, "1", "products", pact=simple(consumer))
        if passed is not None:
            site.verify(consumer, "1", "products", "p1", success=passed)
    site.publish("mixed", "1", "absent")
    site.publish("lonely", "1", "absent")
    site.do("PUT", "/pacticipants/products/branches/main/versions/p1", {})
    site.do("PUT", "/pacticipants/bare/versions/1", {})
    site.deploy("products", "p1", uuid)


WORDS = {True: "Yes", False: "No", None: "Not yet"}


@pytest.mark.parametrize(
    ("asked", "deployable", "advice"),
    [
        ("good@1", True, "record it"),
        ("bad@1", False, "Open the result"),
        ("open@1", None, "Run the verification of products at p1"),
        ("lonely@1", None, "No version of absent is there"),
        ("mixed@1", None, "No version of absent is there"),
        ("bare@1", True, "Nothing was compared"),
    ],
)
@pytest.mark.parametrize("place", ["production", ""])
def test_the_gate_answers_as_can_i_deploy_does(
    site: Site, asked: str, deployable: bool | None, advice: str, place: str
) -> None:
    decided(site)
    name, _, version = asked.partition("@")
    if place:
        said = site.do("GET", f"/can-i-deploy?pacticipant={name}&version={version}&environment={place}")
    else:
        question = f"q[][pacticipant]={name}&q[][version]={version}&latestby=cvpv&latest=true&mainBranch=true"
        said = site.do("GET", f"/matrix?{question}")
    assert said["summary"]["deployable"] is deployable
    page = site.look(f"/can-i-deploy?pacticipant={name}&version={version}&environment={place}").words
    assert f" {WORDS[deployable]} " in page
    for notice in said["notices"]:
        assert notice["text"] in page
    assert advice in page


def test_the_gate_sees_the_row_behind_the_first_hundred(site: Site) -> None:
    uuid = site.environment("production")
    for number in range(120):
        name = f"consumer{number:03}"
        site.publish(name, "1", "hub", pact=simple(name))
        site.verify(name, "1", "hub", "h1", success=number != 0)
        site.deploy(name, "1", uuid)
    page = site.look("/can-i-deploy?pacticipant=hub&version=h1&environment=production")
    assert "119 verified, 1 failed, 0 without a result" in page.words
    assert "✗ No" in page.words
    assert [href for href in page.links if "page=2" in href]


def test_one_verification_is_asked_for_once_for_all_consumers(site: Site) -> None:
    uuid = site.environment("production")
    for number in range(5):
        site.publish(f"consumer{number}", "1", "hub", pact=simple(f"c{number}"))
        site.deploy(f"consumer{number}", "1", uuid)
    site.do("PUT", "/pacticipants/hub/versions/h1", {})
    words = site.look("/can-i-deploy?pacticipant=hub&version=h1&environment=production").words
    assert words.count("Run the verification of") == 1
    assert "must take in consumer0 , consumer1 , consumer2 and 2 more" in words


def test_a_broken_contract_is_not_waited_for(site: Site) -> None:
    decided(site)
    site.publish("bad", "1b", "products", pact=simple("bad"))
    site.publish("bad", "1b", "absent")
    page = site.look("/can-i-deploy?pacticipant=bad&version=1b&environment=production")
    assert "Waiting does not help" in page.words


def classes(page: Document) -> set[str]:
    return {each for element in page.elements for each in element.attributes.get("class", "").split()}


def test_a_gate_says_one_thing(site: Site) -> None:
    """No, not yet, or yes: nothing red where nobody has to mend, nothing to wait for where waiting does not help."""
    decided(site)
    for name, verdict, meaning, colours in (
        ("good", "✓ Yes", "It may be deployed: it works with everything", {"good"}),
        ("open", "? Not yet", "Do not deploy it now: a result is missing.", {"warn", "open"}),
        ("bad", "✗ No", "Do not deploy it. Waiting does not help: a contract is broken.", {"bad"}),
        ("bare", "✓ Yes", "It may be deployed, but nothing was compared.", {"warn"}),
    ):
        page = site.look(f"/can-i-deploy?pacticipant={name}&version=1&environment=production")
        assert verdict in page.words
        assert meaning in page.words
        assert classes(page) & {"good", "bad", "warn", "open"} == colours
    site.publish("bad", "1b", "products", pact=simple("bad"))
    site.publish("bad", "1b", "absent")
    page = site.look("/can-i-deploy?pacticipant=bad&version=1b&environment=production")
    assert (
        site.do("GET", "/can-i-deploy?pacticipant=bad&version=1b&environment=production")["summary"]["deployable"]
        is None
    )
    assert "✗ No" in page.words
    assert "Not yet" not in page.words


def test_a_version_that_counts_is_named_where_its_result_is_missing(site: Site) -> None:
    decided(site)
    page = site.look("/can-i-deploy?pacticipant=open&version=1&environment=production")
    assert "/pacticipants/products/versions/p1" in page.links
    assert "no version" not in page.words
    assert "no version is there" in site.look("/can-i-deploy?pacticipant=lonely&version=1&environment=production").words
    assert "no version has verified it" in site.look("/matrix/provider/products/consumer/open").words


@pytest.mark.parametrize("passed", [True, False])
def test_what_another_version_found_of_the_same_pact_is_told(site: Site, passed: bool) -> None:
    decided(site)
    site.verify("open", "1", "products", "p9", success=not passed)
    site.verify("open", "1", "products", "p2", success=passed)  # the newest counts
    page = site.look("/can-i-deploy?pacticipant=open&version=1&environment=production")
    assert f"Another version of products , p2 , {'has verified' if passed else 'failed'} this very pact of open" in (
        page.words
    )
    assert any(href.endswith("/verification-results/5") for href in page.links)
    assert ("Or bring p2 of products , which has verified it, to production first" in page.words) is passed
    assert ("Look at why p2 of products failed" in page.words) is not passed
    assert "p9" not in page.words


def test_every_version_that_is_there_counts(site: Site) -> None:
    """As for the gate: a Pact Broker is content with one of several application instances."""
    decided(site)
    places = {place["name"]: place["uuid"] for place in site.do("GET", "/environments")["_embedded"]["environments"]}
    site.do("PUT", "/pacticipants/products/versions/p2", {})
    site.deploy("products", "p2", places["production"], applicationInstance="blue")
    asked = "/can-i-deploy?pacticipant=good&version=1&environment=production"
    assert site.do("GET", asked)["summary"]["deployable"] is True
    page = site.look(asked)
    assert "? Not yet" in page.words
    assert "1 verified, 0 failed, 1 without a result" in page.words
    assert "Run the verification of products at p2 (" in page.words
    assert "Another version" not in page.words
    assert "/pacticipants/products/versions/p2" in page.links
    site.verify("good", "1", "products", "p2")
    assert "✓ Yes" in site.look(asked).words


def test_that_another_version_of_it_passed_is_of_no_use_to_a_provider(site: Site) -> None:
    decided(site)
    site.deploy("good", "1", site.do("GET", "/environments")["_embedded"]["environments"][0]["uuid"])
    site.do("PUT", "/pacticipants/products/versions/p3", {})
    words = site.look("/can-i-deploy?pacticipant=products&version=p3&environment=production").words
    assert "Not yet" in words
    assert "Another version" not in words
    assert "Or bring" not in words


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("pacticipant=nobody&version=1&environment=production", "There is no pacticipant of this name."),
        ("pacticipant=&version=1&environment=production", "Say which pacticipant."),
        ("pacticipant=good&version=&environment=production", "Say which version"),
        ("pacticipant=good&version=1&environment=mars", "There is no environment of this name."),
    ],
)
def test_what_cannot_be_asked_is_told_at_its_field(site: Site, query: str, sentence: str) -> None:
    decided(site)
    page = site.look(f"/can-i-deploy?{query}", 400)
    assert sentence in page.words
    wrong = [each.attributes for each in page.elements if each.attributes.get("aria-invalid") == "true"]
    told = [each.attributes.get("id") for each in page.elements if each.attributes.get("class") == "wrong"]
    assert [each["aria-describedby"] for each in wrong] == told


@pytest.mark.parametrize(
    ("typed", "likely"),
    [
        ("webshop", ["web-shop"]),
        ("Web_Shop", ["web-shop"]),
        ("web-shpo", ["web-shop"]),
        ("shop", ["web-shop"]),
        ("web-shop-service", ["web-shop"]),
        ("zzz", []),
    ],
)
def test_a_name_that_is_not_there_is_answered_with_those_like_it(site: Site, typed: str, likely: list[str]) -> None:
    site.environment("production")
    for provider in ("products", "payments"):
        site.publish("web-shop", SHA, provider)
    page = site.look(f"/can-i-deploy?pacticipant={typed}&version={SHA}&environment=production", 400)
    links = [f"/can-i-deploy?pacticipant={name}&version={SHA}&environment=production" for name in likely]
    assert [href for href in page.links if "pacticipant=" in href] == links
    assert ("Is it web-shop ?" in page.words) is bool(likely)
    missing = site.look(f"/pacticipants/{typed}", 404)
    assert [href for href in missing.links if "/pacticipants/" in href] == [f"/pacticipants/{name}" for name in likely]
    if typed != "shop":  # which is in the name, and therefore found
        searched = site.look(f"/pacticipants?q={typed}").links
        assert [href for href in searched if "/pacticipants/" in href] == [f"/pacticipants/{name}" for name in likely]


def test_a_version_that_is_not_known_is_no_failed_gate(site: Site) -> None:
    decided(site)
    asked = "pacticipant=good&version=2&environment=production"
    said = site.do("GET", f"/can-i-deploy?{asked}")
    assert said["summary"]["deployable"] is False
    page = site.look(f"/can-i-deploy?{asked}")
    assert "? No such version" in page.words
    for told in (said["notices"][0]["text"], "Nothing failed", "publish the pacts of this commit"):
        assert told in page.words
    assert "✗" not in page.words
    assert "0 failed" not in page.words
    assert not [each for each in page.elements if "bad" in each.attributes.get("class", "").split()]
    assert "/can-i-deploy?pacticipant=good&version=1&environment=production" in page.links  # its newest version


SHA = "77d53246ac47f3b857d340399b8b8e8e2e473044"
GATE = "/can-i-deploy?pacticipant=shop&environment=production&version="


@pytest.fixture
def shop(site: Site) -> Site:
    """A service with versions that begin alike."""
    site.environment("production")
    for version in (SHA, "8" * 39 + "a", "8" * 39 + "b", "1.2.345", "1.10.20"):
        site.publish("shop", version, "products", pact=simple(version))
    return site


def value(site: Site, path: str) -> str:
    """What stands in the field for the version."""
    fields = [each.attributes for each in site.look(path).all("input")]
    return next(each["value"] for each in fields if each["name"] == "version")


@pytest.mark.parametrize("typed", [SHA[:7], SHA[:10], SHA[:39], SHA[:10].upper(), f" {SHA[:10]} ", SHA.upper()])
def test_a_cut_sha_is_taken_for_the_only_version_that_begins_so(shop: Site, typed: str) -> None:
    path = GATE + quote(typed)
    page = shop.look(path)
    assert f"{SHA} is the only version of shop that begins with {typed.strip()} : it is meant here." in page.words
    assert "Run the verification of products" in page.words or "No version of products is there" in page.words
    assert value(shop, path) == SHA  # asked again, it is the whole one
    answered = shop.do("GET", f"{GATE}{quote(typed.strip())}")  # programs are told of what they asked for
    assert answered["summary"]["deployable"] is False


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        (SHA[:6], [SHA]),
        ("1.10.20", None),  # is a version
        ("1.2.34", ["1.2.345"]),  # is another version than 1.2.345, although its number begins so
        ("zzz", []),
    ],
)
def test_a_beginning_that_is_no_sure_one_is_asked_back(shop: Site, typed: str, offered: list[str] | None) -> None:
    page = shop.look(GATE + typed)
    assert ("No such version" in page.words) is (offered is not None)
    assert ("Versions that begin so" in page.words) is bool(offered)
    links = [href for href in page.links if href.startswith("/can-i-deploy?")]
    questions = {
        version: f"/can-i-deploy?pacticipant=shop&version={version}&environment=production" for version in offered or ()
    }
    assert [href for href in links if href in questions.values()] == list(questions.values())
    assert value(shop, GATE + typed) == typed


def test_several_versions_that_begin_so_are_asked_back(shop: Site) -> None:
    page = shop.look(f"{GATE}{'8' * 10}")
    assert f"? Which version? Several versions of shop begin with {'8' * 10}" in page.words
    assert "No such version" not in page.words
    assert "publish" not in page.words
    for last in "ab":
        assert f"/can-i-deploy?pacticipant=shop&version={'8' * 39}{last}&environment=production" in page.links


def test_a_number_that_is_cut_is_told_whole_too(shop: Site) -> None:
    shop.verify("shop", SHA, "products", SHA[::-1], success=False)
    for path in ("/pacticipants/shop", "/matrix/provider/products/consumer/shop", GATE + SHA):
        cut = [each.attributes.get("title") for each in shop.look(path).all("code")]
        assert SHA in cut, path
    assert "7 characters of it will do" in shop.look("/").words


def test_a_cut_sha_leads_to_the_versions_page(shop: Site) -> None:
    answered = shop.ask("GET", f"/pacticipants/shop/versions/{SHA[:10]}", BROWSER)
    assert (answered.status, answered.headers["Location"]) == (303, f"/pacticipants/shop/versions/{SHA}")
    assert shop.ask("GET", f"/pacticipants/shop/versions/{SHA[:10]}").status == 404
    shop.look(f"/pacticipants/shop/versions/{SHA[:6]}", 404)


def test_a_version_can_be_chosen(site: Site) -> None:
    decided(site)
    page = site.look("/can-i-deploy?pacticipant=good")
    assert "Its newest versions" in page.text
    assert any("pacticipant=good&version=1" in href for href in page.links)


# --- lists and big things -----------------------------------------------------------------------------------


def test_long_lists_have_pages(site: Site) -> None:
    many = 260
    with site.application._store.writing() as db:
        for number in range(many):
            name = f"service-{number:04}"
            db.execute(
                "INSERT INTO pacticipants (id, name, likeness, created_at, updated_at) VALUES (?, ?, '', 1, 1)",
                (number + 1, name),
            )
            db.execute(
                "INSERT INTO versions (id, pacticipant_id, number, created_at, updated_at) VALUES (?, 1, ?, 1, 1)",
                (number + 1, name),
            )
        for number in range(many):
            db.execute("INSERT INTO integrations VALUES (?, ?, 1, 1)", (number + 1, (number + 1) % many + 1))
    for path in ("/pacticipants", "/integrations", "/pacticipants/service-0000"):
        seen: list[str] = []
        page, pages_seen = site.look(path), 1
        while True:
            seen += [
                each.attributes["href"]
                for each in page.all("a")
                if "/versions/" in each.attributes["href"]
                or each.attributes["href"].startswith(("/pacticipants/", "/matrix/"))
            ]
            following = [each.attributes["href"] for each in page.all("a") if each.attributes.get("rel") == "next"]
            if not following:
                break
            page, pages_seen = site.look(following[0]), pages_seen + 1
        assert pages_seen == 6
        assert len(set(seen)) >= many
    assert "251 to 260 of 260" in page.words
    found = site.look("/pacticipants?q=service-00&page=2")
    assert "51 to 100 of 100" in found.words
    assert "/pacticipants?q=service-00&page=1" in found.links
    assert "No name contains that." in site.look("/pacticipants?q=nobody").text


def test_integrations_are_shown_by_state(full: Site) -> None:
    full.publish("orders", "1", "payments")
    assert "orders → payments" not in " ".join(
        full.look("/integrations?state=failed").words.replace(" needs ", " ").split()
    )
    shown = full.look("/integrations?state=unverified")
    assert "/matrix/provider/payments/consumer/orders" in shown.links
    assert "/matrix/provider/bx/consumer/ax" not in shown.links


def test_the_overview_tells_what_failed_from_what_waits(site: Site) -> None:
    def told() -> str:
        return site.look("/").words.partition(" integration")[2].partition(" environment")[0].removeprefix("s").strip()

    site.publish("good", "1", "products")
    site.verify("good", "1", "products", "p1")
    assert told() == "✓ 1 verified 0"
    site.publish("open", "1", "products")
    assert told() == "? 1 waiting for a result 0"
    assert "bad" not in classes(site.look("/"))
    site.publish("good", "2", "products")
    site.publish("bad", "1", "products")
    site.verify("bad", "1", "products", "p1", success=False)
    assert told() == "✗ 1 failed ? 2 waiting for a result 0"


def test_an_integration_is_judged_by_the_main_branch(site: Site) -> None:
    site.publish("orders", "1", "products")
    site.verify("orders", "1", "products", "p1")
    site.publish("orders", "2", "products", branch="feat/x")
    assert "✓ verified" in site.look("/integrations").words
    site.publish("orders", "3", "products")
    assert "! changed, not verified" in site.look("/integrations").words


def test_a_pair_begins_with_its_state_and_what_to_do(site: Site) -> None:
    path = "/matrix/provider/products/consumer/orders"
    site.publish("orders", "1", "products")
    assert "? never verified No version of products has ever verified what orders needs" in site.look(path).words
    site.verify("orders", "1", "products", "p1", success=False)
    page = site.look(path)
    assert "✗ failed Open the result , then mend products or change what orders expects." in page.words
    opened = [href for href in page.links if "verification-results" in href]
    assert len(opened) == 3  # the sentence, "Result by", and the row of the matrix
    assert len(set(opened)) == 1
    site.verify("orders", "1", "products", "p2")
    assert "✓ verified Pact of 1 main" in site.look(path).words
    site.publish("orders", "2", "products")
    assert "! changed, not verified No version of products has verified the newest contract" in site.look(path).words


def test_what_is_in_many_environments_is_listed_by_their_names(site: Site) -> None:
    uuids = [site.environment(f"place{number}") for number in range(7)]
    site.do("PUT", "/pacticipants/orders/versions/1", {})
    for uuid in uuids[:2]:
        site.deploy("orders", "1", uuid)
    words = site.look("/environments").words.partition("What is where")[2]
    assert [f"Place{number} 1 since" in words for number in range(3)] == [True, True, False]


def test_the_head_of_a_branch_is_told_from_what_was_before_it(site: Site) -> None:
    for version in ("1", "2"):
        site.publish("orders", version, "products")
    assert "orders 2 head of main" in site.look("/matrix/provider/products/consumer/orders").words
    assert "orders 1 main" in site.look("/matrix/provider/products/consumer/orders").words
    words = site.look("/can-i-deploy?pacticipant=orders").words
    assert words.count("head of main") == 1
    assert "tag" not in words  # that of the branch's name tells nothing


def test_a_result_leads_to_what_changed_in_its_pact(site: Site) -> None:
    for version in ("1", "2"):
        site.publish("orders", version, "products")
    site.verify("orders", "2", "products", "p1", success=False)
    pair = "/pacts/provider/products/consumer/orders"
    sha = site.do("GET", f"{pair}/latest")["_links"]["pb:pact-version"]["name"]
    page = site.look(f"{pair}/pact-version/{sha}/verification-results/latest")
    assert "Read the pact of orders 2" in page.words
    assert f"{pair}/version/2/diff/version/1" in page.links


def test_a_pact_is_shown_as_that_of_the_version_that_led_to_it(site: Site) -> None:
    """Two versions say the same: where one of them was asked for, its page is meant, as programs are told."""
    for version, branch in (("1", "main"), ("2", "feat/x")):
        site.publish("orders", version, "products", branch=branch, pact=simple("the same"))
    path = "/pacts/provider/products/consumer/orders"
    for wanted, version in (("latest/main", "1"), ("latest", "2")):
        links = site.do("GET", f"{path}/{wanted}")["_links"]
        carried = links["pb:publish-verification-results"]["href"].removesuffix("/verification-results")
        own = carried.removeprefix("https://broker.example")
        assert site.do("GET", own)["_links"]["self"]["name"] == f"Pact between orders ({version}) and products"
        assert f"Pact of orders {version} with products" in site.look(own).words


def test_what_changed_between_two_pacts_is_shown(site: Site) -> None:
    old, new = simple("one"), simple("one")
    new["interactions"][0]["response"]["status"] = 404
    for version, pact in (("1", old), ("2", new), ("3", new)):
        site.publish("orders", version, "products", pact=pact)
    pair = "/pacts/provider/products/consumer/orders"
    changes = f"{pair}/version/3/diff/version/1"
    assert changes in site.look(f"{pair}/latest").links
    shas = [site.do("GET", f"{pair}/version/{each}")["_links"]["pb:pact-version"]["name"] for each in (3, 1)]
    for path in (
        changes,
        f"{pair}/version/3/diff/previous-distinct",
        f"{pair}/pact-version/{shas[0]}/diff/pact-version/{shas[1]}",
    ):
        page = site.look(path)
        assert "“a request for one” now needs response status to be 404 (was: 200 )" in page.words, path
        assert '-        "status": 200' in page.text
        assert '+        "status": 404' in page.text
        assert f"{pair}/version/1" in page.links
    same = site.look(f"{pair}/version/3/diff/version/2").words
    assert "They need the same." in same
    assert "They say the same." in same
    assert "no pact to compare it with" in site.look(f"{pair}/version/1/diff/previous-distinct").words
    site.look(f"{pair}/version/9/diff/version/1", 404)


def test_a_big_difference_makes_no_big_page(site: Site) -> None:
    for version in ("1", "2"):
        pact = simple("x")
        one = pact["interactions"][0]
        pact["interactions"] = [
            {**one, "description": f"{number} {'y' * 1_000}", "response": {"status": 200 + int(version)}}
            for number in range(500)
        ]
        site.publish("orders", version, "products", pact=pact)
    answered = site.ask("GET", "/pacts/provider/products/consumer/orders/version/2/diff/previous-distinct", BROWSER)
    assert len(answered.text) < 200_000
    assert "and 450 more" in read(answered.text).words
    assert "The first 400 lines." in read(answered.text).words


@pytest.mark.parametrize("big", ["a body", "interactions", "a text", "headers", "responses", "rules"])
def test_a_big_pact_makes_no_big_page(site: Site, big: str) -> None:
    pact = simple("x")
    interaction = pact["interactions"][0]
    if big == "a body":
        interaction["response"]["body"] = [{"number": number, "text": "y" * 100} for number in range(20_000)]
    elif big == "a text":
        interaction["response"]["body"] = "<" * 5_000_000
    elif big == "responses":
        contents = {"contents": {"content": "y" * 1_000}}
        pact["interactions"] = [{"description": "x", "request": contents, "response": [contents] * 5_000}]
    elif big == "rules":
        rule = {"matchers": [{"match": "regex", "regex": "y" * 100}] * 100}
        interaction["response"]["matchingRules"] = {"body": {f"$.{number}": rule for number in range(500)}}
    elif big == "headers":
        interaction["request"]["headers"] = {f"X-{number}": "y" * 1000 for number in range(8_000)}
    else:
        pact["interactions"] = [{**interaction, "description": str(number)} for number in range(5_000)]
    site.publish("orders", "1", "products", pact=pact)
    answered = site.ask("GET", "/pacts/provider/products/consumer/orders/latest", BROWSER)
    assert answered.status == 200
    assert len(answered.text) < 500_000


def test_a_big_result_makes_no_big_page(site: Site) -> None:
    site.publish("orders", "1", "products")
    long = "x" * 5_000
    found = {"attribute": long, "identifier": long, "description": long, "diff": long}
    tests = [{"interactionDescription": long, "success": False, "mismatches": [found] * 20}] * 60
    site.verify("orders", "1", "products", "p1", success=False, testResults=tests)
    sha = site.do("GET", "/pacts/provider/products/consumer/orders/latest")["_links"]["pb:pact-version"]["name"]
    path = f"/pacts/provider/products/consumer/orders/pact-version/{sha}/verification-results/latest"
    answered = site.ask("GET", path, BROWSER)
    assert len(answered.text) < 800_000  # of 24 million
    page = read(answered.text)
    assert "and 10 more" in page.words
    assert any("page=2" in href for href in page.links)


def test_a_pact_of_version_4_is_read(site: Site) -> None:
    pact = {
        "metadata": {"pactSpecification": {"version": "4.0"}},
        "interactions": [
            {
                "type": "Synchronous/HTTP",
                "description": "one",
                "pending": True,
                "comments": {"text": ["why it is so"]},
                "request": {
                    "method": "post",
                    "path": "/a",
                    "body": {"content": {"in": 1}, "contentType": "application/json"},
                },
                "response": {
                    "status": 201,
                    "body": {"content": "aGk=", "contentType": "text/plain", "encoded": "base64"},
                },
            },
            {"type": "Asynchronous/Messages", "description": "two", "contents": {"content": {"event": 1}}},
            {
                "type": "Synchronous/Messages",
                "description": "three",
                "request": {"contents": {"content": {"ask": 1}}},
                "response": [{"contents": {"content": {"answer": 1}}}, {"contents": {"content": {"answer": 2}}}],
            },
        ],
    }
    site.publish("orders", "1", "products", pact=pact)
    words = site.look("/pacts/provider/products/consumer/orders/latest").words
    for said in (
        "POST /a → 201",
        '{ "in": 1 }',
        "text/plain, base64",
        "aGk=",
        '{ "event": 1 }',
        '{ "answer": 2 }',
        "why it is so",
        "a failure does not break",
        "a message that is answered",
    ):
        assert said in words, said


KEYS = """interactions messages metadata pactSpecification version description providerStates providerState name params
    request response method path query headers body content contents contentType matchingRules matchers match status
    comments text mismatches exceptions success interactionDescription attribute tests"""
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats(0, 9) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(KEYS.split()) | st.text(max_size=5), inner, max_size=5)
    ),
    max_leaves=25,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(says=ANY_JSON, listed=st.lists(ANY_JSON, max_size=3), told=ANY_JSON)
def test_whatever_a_pact_or_a_result_says_is_shown(site: Site, says: Any, listed: Any, told: Any) -> None:
    for content in (
        says,
        {"interactions": listed, "metadata": says},
        {"interactions": [{"request": says, "response": listed}]},
    ):
        version = hashlib.sha1(json.dumps(content).encode()).hexdigest()
        path = f"/pacts/provider/products/consumer/orders/version/{version}"
        if site.ask("PUT", path, None, content).status < 300:
            site.look(path)
            site.look(f"{path}/diff/previous-distinct")
        if isinstance(content, dict):
            site.verify("orders", version, "products", "p", success=False, testResults=told)
            sha = site.do("GET", path)["_links"]["pb:pact-version"]["name"]
            site.look(f"/pacts/provider/products/consumer/orders/pact-version/{sha}/verification-results/latest")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    path=st.lists(
        st.sampled_from(
            ["pacticipants", "integrations", "can-i-deploy", "webhooks", "ax", "pacts", "%ff", "%00", "latest"]
        )
        | st.text(max_size=4).map(at),
        max_size=5,
    ),
    query=st.lists(
        st.tuples(
            st.sampled_from(["page", "q", "state", "pacticipant", "version", "environment", "q[]", "%ff"]),
            st.text(max_size=4).map(quote),
        ),
        max_size=4,
    ),
)
def test_whatever_is_asked_is_never_an_error_of_ours(full: Site, path: list[str], query: list[tuple[str, str]]) -> None:
    asked = "/" + "/".join(path) + ("?" + "&".join(f"{key}={value}" for key, value in query) if query else "")
    assert full.ask("GET", asked, BROWSER).status < 500
