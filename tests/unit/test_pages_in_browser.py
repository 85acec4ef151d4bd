"""The pages in a headless Chromium: nothing runs or is fetched, nothing sticks out, and a keyboard is enough."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.unit.chromium import Tab, browser
from tests.unit.pages import Site, named, where

from pact_gate.serving.server import Limits, Server

HOSTILE = "</title><script>alert(1)</script><img src=x onerror=alert(2)>\u202e" + "W" * 300
LOOKS = [(390, False), (390, True), (1400, False), (1400, True)]

# Text of less contrast with what is behind it than WCAG 2.2 asks for (AA, 1.4.3), as `words: ratio`.
FAINT = """(() => {
  const channels = colour => colour.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(each => each / 255)
    .map(each => each <= .04045 ? each / 12.92 : ((each + .055) / 1.055) ** 2.4)
    .reduce((sum, each, index) => sum + each * [.2126, .7152, .0722][index], 0);
  const behind = element => {
    for (; element; element = element.parentElement) {
      const colour = channels(getComputedStyle(element).backgroundColor);
      if (colour.length < 4 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const found = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const words = walker.currentNode.data.trim(), element = walker.currentNode.parentElement;
    if (!words || !element.checkVisibility()) continue;
    const [one, two] = [channels(getComputedStyle(element).color), behind(element)].map(light);
    const ratio = (Math.max(one, two) + .05) / (Math.min(one, two) + .05);
    if (ratio < 4.5) found.push(words.slice(0, 40) + ': ' + ratio.toFixed(2));
  }
  return found;
})()"""
FOCUSED = """(() => {
  const element = document.activeElement, left = element.getBoundingClientRect().left;
  return [(element.innerText || element.id || '').trim(), getComputedStyle(element).outlineStyle, left >= 0];
})()"""
SMALL = """[...document.querySelectorAll('button, input, select, nav a, summary')]
  .filter(each => each.checkVisibility() && each.getBoundingClientRect().height < 24).map(each => each.outerHTML)"""


@dataclass
class Shown:
    """A broker, its address, and a tab to look at it."""

    site: Site
    url: str
    tab: Tab


@pytest.fixture(scope="module", params=["harmless", "hostile"])
def shown(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    text = "x" if request.param == "harmless" else HOSTILE
    with browser() as tab:
        site = Site(tmp_path_factory.mktemp("broker"))
        named(site, text)
        server = Server(site.application, "127.0.0.1", 0, Limits())
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        yield Shown(site, server.url, tab)
        server.end()
        thread.join()
        site.application.close()


@pytest.fixture
def text(request: pytest.FixtureRequest) -> str:
    return "x" if "harmless" in request.node.name else HOSTILE


@pytest.mark.parametrize(("width", "dark"), LOOKS)
def test_every_page_fits_is_legible_and_fetches_nothing(shown: Shown, text: str, width: int, dark: bool) -> None:
    tab = shown.tab
    tab.look(width, dark=dark)
    tab.problems.clear()
    for path in where(shown.site, text):
        tab.requests.clear()
        tab.open(shown.url + path)
        assert tab.requests == [shown.url + path]
        assert tab.run("document.documentElement.scrollWidth") <= width, path
        assert tab.run(FAINT) == [], path
        assert tab.run(SMALL) == [], path
        assert tab.run("document.compatMode") == "CSS1Compat"
        assert tab.run("document.querySelectorAll('script, img, iframe, svg').length") == 0
        assert tab.run("document.title").endswith("pact-gate broker")
    assert tab.problems == []  # the policy has refused nothing, and no script has said anything


def test_the_two_looks_are_different(shown: Shown) -> None:
    colours = set()
    for dark in (False, True):
        shown.tab.look(1400, dark=dark)
        shown.tab.open(shown.url)
        colours.add(shown.tab.run("getComputedStyle(document.body).backgroundColor"))
    assert len(colours) == 2


def test_a_keyboard_reaches_everything_in_the_order_in_which_it_is_read(shown: Shown) -> None:
    tab = shown.tab
    tab.look(390)
    tab.open(shown.url)
    reached = []
    for _ in range(12):
        tab.press("Tab")
        words, outline, is_there = tab.run(FOCUSED)
        assert (outline, is_there) == ("solid", True), words  # the focus is seen
        reached.append(words)
    assert reached[:8] == [
        "Skip to the content",
        "pact-gate broker",
        "Overview",
        "Pacticipants",
        "Integrations",
        "Environments",
        "Webhooks",
        "Can I deploy?",
    ]
    tab.open(shown.url)
    tab.press("Tab")
    tab.press("Enter")
    assert tab.run("document.activeElement.id") == "content"  # the navigation is skipped


def test_the_gate_is_asked_with_a_keyboard_alone(shown: Shown, text: str) -> None:
    tab = shown.tab
    tab.look(390)
    tab.without_scripts()
    tab.open(f"{shown.url}/can-i-deploy")
    tab.run("document.getElementById('content').focus()")
    tab.press("Tab")
    tab.type(f"a{text}")
    tab.press("Tab")
    tab.type(f"2{text}")
    tab.press("Tab")  # the environment, of which there is one, and it stands first
    tab.press("Tab")
    assert tab.run("document.activeElement.innerText") == "Ask"
    tab.follow()
    assert "environment=production" in tab.run("location.search")
    assert "No" in tab.run("document.querySelector('.verdict h2').innerText")
    assert tab.run("document.querySelectorAll('.reasons li').length") >= 1


def test_what_is_told_under_a_field_moves_no_other(shown: Shown) -> None:
    tab = shown.tab
    tab.look(1400)
    for query in ("", "?pacticipant=nobody&version=1&environment=production", "?pacticipant=&version=&environment=no"):
        tab.open(f"{shown.url}/can-i-deploy{query}")
        tops = tab.run(
            "[...document.querySelectorAll('input, select, button')].map(e => e.getBoundingClientRect().top)"
        )
        assert len(tops) == 4
        assert max(tops) - min(tops) < 1, query


def test_a_pact_is_opened_with_a_keyboard(shown: Shown, text: str, tmp_path: Path) -> None:
    tab = shown.tab
    tab.look(1400)
    tab.open(shown.url + next(path for path in where(shown.site, text) if path.endswith("/latest")))
    assert tab.run("document.querySelectorAll('details[open]').length") >= 2
    tab.run("document.querySelector('summary').focus()")
    tab.press("Enter")
    assert tab.run("document.querySelector('details').open") is False
    picture = tmp_path / "pact.png"
    picture.write_bytes(tab.picture())
    assert picture.read_bytes().startswith(b"\x89PNG")
