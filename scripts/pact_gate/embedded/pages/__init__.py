"""What a browser is shown at the addresses where programs get HAL and JSON: pages to look, none to change anything.

They are made on the server, need no script and fetch nothing. Everything in them was written by others: `html` escapes
it, `frame` sends the headers under which nothing in a page can run, load or send. Every list has pages.
"""

from __future__ import annotations

from pact_gate.embedded.exchange import HTML, Answer
from pact_gate.embedded.pages import (
    difference,
    environments,
    gate,
    integrations,
    matrix,
    overview,
    pact,
    pacticipants,
    result,
    versions,
    webhooks,
)
from pact_gate.embedded.pages.frame import Page, answer, prefix_of
from pact_gate.embedded.pages.html import tag
from pact_gate.embedded.routing import Resource, Resources, get

_OWNER = "/pacticipants/<pacticipant>"
_PAIR = "/pacts/provider/<provider>/consumer/<consumer>"
_CONTENT = f"{_PAIR}/pact-version/<sha>"
_CARRIED = f"{_CONTENT}/metadata/<metadata>"

_PAGES = Resources(
    get(pattern, handler, HTML)
    for pattern, handler in (
        ("/", overview.page),
        ("/pacticipants", pacticipants.page),
        (_OWNER, pacticipants.one_page),
        (f"{_OWNER}/versions", pacticipants.one_page),
        (f"{_OWNER}/versions/<version>", versions.page),
        (f"{_OWNER}/branches/<branch>/latest-version", versions.head_page),
        ("/integrations", integrations.page),
        ("/matrix/provider/<provider>/consumer/<consumer>", matrix.page),
        (f"{_PAIR}/latest", pact.latest_page),
        (f"{_PAIR}/latest/<tag>", pact.latest_page),
        (f"{_PAIR}/branch/<branch>/latest", pact.latest_page),
        (f"{_PAIR}/version/<version>", pact.version_page),
        (f"{_PAIR}/version/<version>/diff/previous-distinct", difference.since_previous_distinct_page),
        (f"{_PAIR}/version/<version>/diff/version/<other>", difference.since_version_page),
        (f"{_CONTENT}/diff/pact-version/<other>", difference.since_content_page),
        (_CONTENT, pact.content_page),
        (_CARRIED, pact.content_page),
        (f"{_CONTENT}/verification-results/latest", result.latest_page),
        (f"{_CONTENT}/verification-results/<number>", result.page),
        (f"{_CARRIED}/verification-results/<number>", result.page),
        ("/environments", environments.page),
        ("/environments/<environment>", environments.one_page),
        ("/webhooks", webhooks.page),
        ("/webhooks/<uuid>", webhooks.one_page),
        ("/can-i-deploy", gate.page),
    )
)
_TITLES = {400: "That cannot be asked", 404: "There is nothing here", 503: "Not now"}


def resource(path: str) -> Resource | None:
    """Find the page at a path, as it was sent."""
    return _PAGES.find(path)


def finished(found: Answer, base: str) -> Answer:
    """A page as it is; a refusal in words. `base` is the address under which the caller reached us."""
    if found.media == HTML:
        return found
    prefix = prefix_of(base)
    content = (tag("p", _sentence(found)), tag("p", tag("a", "Go to the overview", href=f"{prefix}/")))
    page = Page(
        _TITLES.get(found.status, "That did not work"), "-", content, status=found.status, headers=found.headers
    )
    return answer(prefix, page)


def _sentence(found: Answer) -> str:
    said = found.body if isinstance(found.body, dict) else {}
    if "error" in said:
        return str(said["error"])
    errors = said.get("errors", {})
    pairs = errors.items() if isinstance(errors, dict) else (("", errors),)
    return " ".join(f"{key} {', '.join(map(str, sentences))}".strip() for key, sentences in pairs)
