"""The index and the health check."""

from __future__ import annotations

from typing import Any

from pact_gate.embedded.exchange import Answer, Call
from pact_gate.embedded.routing import Route, get

_PAIR = "/pacts/provider/{provider}/consumer/{consumer}"
_PROVIDER = "/pacts/provider/{provider}"
_OWNER = "/pacticipants/{pacticipant}"
_INDEX = (
    ("pb:publish-pact", f"{_PAIR}/version/{{consumerApplicationVersion}}", "Publish one pact"),
    ("pb:publish-contracts", "/contracts/publish", "Publish all contracts of a version"),
    ("pb:latest-pact-versions", "/pacts/latest", "The newest pacts"),
    ("pb:tagged-pact-versions", f"{_PAIR}/tag/{{tag}}", "All pacts of two pacticipants with a tag"),
    ("pb:branch-pact-versions", f"{_PAIR}/branch/{{branch}}", "All pacts of two pacticipants on a branch"),
    ("pb:latest-branch-pact-versions", f"{_PAIR}/branch/{{branch}}/latest/versions", "The newest of them"),
    ("pb:main-branch-pact-versions", f"{_PAIR}/branch/versions", "All pacts of two pacticipants on the main branch"),
    ("pb:latest-main-branch-pact-versions", f"{_PAIR}/branch/latest/versions", "The newest of them"),
    ("pb:provider-pacts-with-main-branch", f"{_PROVIDER}/branch", "All pacts of a provider on main branches"),
    ("pb:provider-pacts-with-branch", f"{_PROVIDER}/branch/{{branch}}", "All pacts of a provider on a branch"),
    ("pb:latest-provider-pacts-with-main-branch", f"{_PROVIDER}/branch/latest", "The newest on main branches"),
    ("pb:latest-provider-pacts-with-branch", f"{_PROVIDER}/branch/{{branch}}/latest", "The newest on a branch"),
    ("pb:pacticipants", "/pacticipants", "Pacticipants"),
    ("pb:pacticipant", _OWNER, "One pacticipant"),
    ("pb:latest-provider-pacts", f"{_PROVIDER}/latest", "The newest pacts of a provider"),
    ("pb:latest-provider-pacts-with-tag", f"{_PROVIDER}/latest/{{tag}}", "The newest pacts of a provider with a tag"),
    ("pb:provider-pacts-with-tag", f"{_PROVIDER}/tag/{{tag}}", "All pacts of a provider with a tag"),
    ("pb:provider-pacts", _PROVIDER, "All pacts of a provider"),
    ("pb:latest-version", f"{_OWNER}/latest-version", "The newest version"),
    ("pb:latest-tagged-version", f"{_OWNER}/latest-version/{{tag}}", "The newest version with a tag"),
    ("pb:webhooks", "/webhooks", "Webhooks"),
    ("pb:webhook", "/webhooks/{uuid}", "One webhook"),
    ("pb:integrations", "/integrations", "Integrations"),
    ("pb:pacticipant-version-tag", f"{_OWNER}/versions/{{version}}/tags/{{tag}}", "Read, make or delete a tag"),
    ("pb:pacticipant-branch", f"{_OWNER}/branches/{{branch}}", "Read or delete a branch"),
    (
        "pb:pacticipant-branch-version",
        f"{_OWNER}/branches/{{branch}}/versions/{{version}}",
        "Put a version on a branch",
    ),
    ("pb:pacticipant-version", f"{_OWNER}/versions/{{version}}", "Read, make or delete a version"),
    ("pb:metrics", "/metrics", "Metrics"),
    (
        "pb:can-i-deploy-pacticipant-version-to-tag",
        "/can-i-deploy?pacticipant={pacticipant}&version={version}&to={tag}",
        "Whether a version may go where a tag is",
    ),
    (
        "pb:can-i-deploy-pacticipant-version-to-environment",
        "/can-i-deploy?pacticipant={pacticipant}&version={version}&environment={environment}",
        "Whether a version may go to an environment",
    ),
    ("pb:provider-pacts-for-verification", f"{_PROVIDER}/for-verification", "What a provider should verify"),
    ("pb:environments", "/environments", "Environments"),
    ("pb:environment", "/environments/{uuid}", "One environment"),
)
_SAID_TO_BE_PLAIN = "pb:tagged-pact-versions"  # a template that a Pact Broker calls none
_NO_FLAG = "pb:metrics"


def _index(call: Call) -> Answer:
    links: dict[str, Any] = {"self": {"href": call.base, "title": "Index", "templated": False}}
    for relation, path, title in _INDEX:
        links[relation] = {"href": call.base + path, "title": title}
        if relation != _NO_FLAG:
            links[relation]["templated"] = "{" in path and relation != _SAID_TO_BE_PLAIN
    links["beta:provider-pacts-for-verification"] = {"name": "beta", **links["pb:provider-pacts-for-verification"]}
    links["curies"] = [
        {"name": name, "href": f"{call.base}/doc/{{rel}}?context=index", "templated": True} for name in ("pb", "beta")
    ]
    return Answer(200, {"_links": links})


def _heartbeat(call: Call) -> Answer:
    return Answer(200, {"ok": True, "_links": {"self": {"href": f"{call.base}/diagnostic/status/heartbeat"}}})


def _dependencies(call: Call) -> Answer:
    """What the broker needs: its file, which is asked something; where it cannot be read, that is the answer (503)."""
    call.db.execute("SELECT name FROM sqlite_master LIMIT 1").fetchone()
    links = {"self": {"href": f"{call.base}/diagnostic/status/dependencies"}}
    return Answer(200, {"database": {"ok": True}, "_links": links})


ROUTES: tuple[Route, ...] = (
    get("/", _index),
    get("/diagnostic/status/heartbeat", _heartbeat),
    get("/diagnostic/status/dependencies", _dependencies),
)
