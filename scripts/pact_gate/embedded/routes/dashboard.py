"""The dashboard: the pacts that matter now, each with its newest result."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping

from pact_gate.embedded import pact_documents, pacts, results, standings
from pact_gate.embedded.documents import Document, moment
from pact_gate.embedded.exchange import HAL, TEXT, Answer, Call
from pact_gate.embedded.paging import Page, page_of
from pact_gate.embedded.routes.pacticipants import required_pair
from pact_gate.embedded.routing import Route, get
from pact_gate.embedded.standings import Standing
from pact_gate.embedded.tables import Cell, table
from pact_gate.embedded.urls import at, pair_at, version_at

_FIRST_PAGE = Page(1, 30)
_HEADER = ("CONSUMER_NAME", "C_VERSION", "C_TAGS", "PROVIDER_NAME", "P_VERSION", "P_TAGS", "SUCCESS")

# The newest pact of each pair, the newest of each pair and tag, and those of the versions that are in an environment.
_OWN = "p.provider_id = i.provider_id AND p.current = 1 AND p.version_id"
_ONLY = """(:consumer IS NULL OR i.consumer_id = :consumer) AND (:provider IS NULL OR i.provider_id = :provider)"""
_HEADS = f"""SELECT p.id, p.version_id, i.consumer_id, i.provider_id, NULL AS tag FROM integrations i
        CROSS JOIN publications p ON p.id = {pacts.newest(tagged=False)} WHERE {_ONLY}
    UNION ALL SELECT p.id, max(p.version_id), i.consumer_id, i.provider_id, t.name FROM integrations i
        CROSS JOIN tags t ON t.pacticipant_id = i.consumer_id CROSS JOIN publications p ON {_OWN} = t.version_id
        WHERE {_ONLY} GROUP BY i.consumer_id, i.provider_id, t.name
    UNION ALL SELECT p.id, p.version_id, i.consumer_id, i.provider_id, NULL FROM integrations i
        CROSS JOIN deployments d ON d.pacticipant_id = i.consumer_id AND d.current = 1
        CROSS JOIN publications p ON {_OWN} = d.version_id WHERE {_ONLY}
    UNION ALL SELECT p.id, p.version_id, i.consumer_id, i.provider_id, NULL FROM integrations i
        CROSS JOIN releases r ON r.pacticipant_id = i.consumer_id AND r.support_ended_at IS NULL
        CROSS JOIN publications p ON {_OWN} = r.version_id WHERE {_ONLY}"""
_PAGE = f"""SELECT h.id, json_group_array(h.tag) FILTER (WHERE h.tag IS NOT NULL) AS tags FROM ({_HEADS}) h
    CROSS JOIN pacticipants c ON c.id = h.consumer_id
    CROSS JOIN pacticipants v ON v.id = h.provider_id
    GROUP BY h.id ORDER BY lower(c.name), h.version_id DESC, lower(v.name) LIMIT :limit OFFSET :offset"""


def _show(call: Call) -> Answer:
    page = page_of(call, _FIRST_PAGE)
    pair = required_pair(call) if "consumer" in call.path else None
    values = {
        "consumer": pair.consumer_id if pair else None,
        "provider": pair.provider_id if pair else None,
        "limit": page.limit,
        "offset": page.offset,
    }
    tags = {row["id"]: sorted(json.loads(row["tags"])) for row in call.db.execute(_PAGE, values)}
    chosen = pacts.by_ids(call.db, tags)
    found = [
        (pact, results.left_of_content(call.db, pact["content_id"]))
        for pact in (chosen[publication_id] for publication_id in tags)
    ]
    found.sort(key=_acted_at, reverse=True)
    consumers = [pact["version_id"] for pact, _ in found]
    providers = [result["provider_version_id"] for _, result in found if result is not None]
    known = standings.of(call.db, [*consumers, *providers])
    if call.media == TEXT:
        lines = [_line(pact, result, tags[pact["id"]], known) for pact, result in found]
        return Answer(200, f"{table(_HEADER, lines)}\n", media=TEXT)
    return Answer(200, {"items": [_item(call.base, pact, result, tags[pact["id"]], known) for pact, result in found]})


def _acted_at(one: tuple[sqlite3.Row, sqlite3.Row | None]) -> int:
    pact, result = one
    return max(int(pact["created_at"]), int(result["created_at"]) if result else 0)


def _item(
    base: str, pact: sqlite3.Row, result: sqlite3.Row | None, tags: list[str], known: Mapping[int, Standing]
) -> Document:
    address = pact_documents.pact_at(base, pact)
    number = pact["version"]
    made = version_at(base, pact["consumer"], number)
    version = {"number": number, **_heads(known[pact["version_id"]]), **_self(made)}
    verified = None
    if result is not None:
        verified = {
            "success": bool(result["success"]),
            "verifiedAt": moment(result["created_at"]),
            **_self(f"{address}/verification-results/latest"),
        }
    status = {
        "title": f"What became of the webhooks between {pact['consumer']} and {pact['provider']}",
        "href": pair_at(base, pact["provider"], pact["consumer"], "webhooks", "status"),
    }
    return {
        "consumer": {
            "name": pact["consumer"],
            "version": version,
            **_self(at(base, "pacticipants", pact["consumer"])),
        },
        "provider": {
            "name": pact["provider"],
            "version": {"number": result["provider_version"], **_heads(known[result["provider_version_id"]])}
            if result is not None
            else None,
            **_self(at(base, "pacticipants", pact["provider"])),
        },
        "pact": {"createdAt": moment(pact["created_at"]), **_self(address)},
        "pactTags": [{"name": tag, "latest": True, **_self(at(made, "tags", tag))} for tag in tags],
        "latestVerificationResult": verified,
        "latestVerificationResultTags": _tags_of(base, result, known[result["provider_version_id"]])
        if result is not None
        else [],
        "verificationStatus": _status(result),
        "webhookStatus": "none",  # a Pact Broker looks at no webhooks here, though the document has the fields
        "latestWebhookExecution": None,
        "_links": {"pb:webhook-status": status},
    }


def _line(
    pact: sqlite3.Row, result: sqlite3.Row | None, tags: list[str], known: Mapping[int, Standing]
) -> tuple[Cell, ...]:
    number = result["provider_version"] if result is not None else None
    verified = _latest_tags(known[result["provider_version_id"]]) if result is not None else []
    provider = (pact["provider"], number, ", ".join(verified))
    return (pact["consumer"], pact["version"], ", ".join(tags), *provider, _status(result))


def _heads(standing: Standing) -> Document:
    """The branches whose head a version is, in the order in which they were made."""
    names = [row["name"] for row in sorted(standing.branches, key=lambda row: int(row["id"])) if row["latest"]]
    return {"branch": names[-1] if names else None, "headBranchNames": names}


def _tags_of(base: str, result: sqlite3.Row, standing: Standing) -> list[Document]:
    """The tags of which the provider version is the newest."""
    made = version_at(base, result["provider"], result["provider_version"])
    names = _latest_tags(standing)
    return [{"name": name, "latest": True, **_self(at(made, "tags", name))} for name in names]


def _latest_tags(standing: Standing) -> list[str]:
    return sorted(row["name"] for row in standing.tags if row["latest"])


def _status(result: sqlite3.Row | None) -> str:
    if result is None:
        return "never"
    if result["success"]:
        return "success"
    return "failed_pending" if result["pending"] else "failed"


def _self(href: str) -> Document:
    return {"_links": {"self": {"href": href}}}


ROUTES: tuple[Route, ...] = (
    get("/dashboard", _show, HAL, TEXT),
    get("/dashboard/provider/<provider>/consumer/<consumer>", _show, HAL, TEXT),
)
