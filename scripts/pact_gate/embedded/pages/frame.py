"""What is around every page: its head, the way to the other pages, and the headers that keep it harmless."""

from __future__ import annotations

import base64
import functools
import hashlib
import pathlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from pact_gate.embedded.exchange import HTML, Answer, Call
from pact_gate.embedded.pages.html import Html, Part, joined, name, tag
from pact_gate.model.plain import line

PLACES = (
    ("", "Overview"),
    ("/pacticipants", "Pacticipants"),
    ("/integrations", "Integrations"),
    ("/environments", "Environments"),
    ("/webhooks", "Webhooks"),
    ("/can-i-deploy", "Can I deploy?"),
)


@dataclass(frozen=True)
class Page:
    """A page: what it is called, which of PLACES it belongs to, what leads to it, and what is on it.

    `trail` are labels and addresses of the pages above it.
    """

    title: str
    place: str
    content: Part
    trail: tuple[tuple[str, str], ...] = ()
    lead: Part = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


def prefix_of(call: Call | str) -> str:
    """The path under which the broker is reached, "" for none: links in pages start with it, whatever the host."""
    base = call if isinstance(call, str) else call.base
    path = base.partition("://")[2].partition("/")[2].strip("/")
    return f"/{path}" if path else ""


def answer(prefix: str, page: Page) -> Answer:
    """A page as an answer."""
    style = _style()
    text = "<!doctype html>\n" + _document(prefix, page, style).text
    return Answer(page.status, text, media=HTML, headers={**_headers(style), **page.headers})


@functools.cache
def _style() -> str:
    return (pathlib.Path(__file__).parent / "style.css").read_text(encoding="utf-8")


@functools.cache
def _headers(style: str) -> Mapping[str, str]:
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; style-src 'sha256-{digest}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    return {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "private, no-cache",
        "Vary": "Accept",
    }


def _document(prefix: str, page: Page, style: str) -> Html:
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", f"{line(page.title)} · pact-gate broker"),
        tag("style", Html(style)),
    )
    body = tag(
        "body",
        tag("a", "Skip to the content", href="#content", class_="skip"),
        tag(
            "header",
            tag("a", tag("strong", "pact-gate"), " broker", href=f"{prefix}/", class_="brand"),
            _places(prefix, page),
        ),
        tag("main", _trail(page), _heading(page), page.content, id="content", tabindex="-1"),
        tag("footer", tag("p", "Times are in UTC. The same addresses answer programs in HAL and JSON.")),
    )
    return tag("html", head, body, lang="en")


def _places(prefix: str, page: Page) -> Html:
    items = (
        tag(
            "li",
            tag("a", label, href=f"{prefix}{path or '/'}", aria_current="page" if path == page.place else None),
        )
        for path, label in PLACES
    )
    return tag("nav", tag("ul", items), aria_label="Main")


def _trail(page: Page) -> Html | None:
    if not page.trail:
        return None
    items = (tag("li", tag("a", name(label), href=href)) for label, href in page.trail)
    return tag("nav", tag("ol", items), aria_label="You are under", class_="trail")


def _heading(page: Page) -> Html:
    lead = tag("div", page.lead, class_="lead") if page.lead else None
    return joined(tag("h1", line(page.title)), lead)
