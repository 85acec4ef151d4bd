"""HAL documents of pacts, results, the matrix and lists of pacts."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

from pact_gate.embedded import documents, nested, pacts, results, selection_notices, standings
from pact_gate.embedded.documents import Document, day, link, moment, template
from pact_gate.embedded.matrix import reasons as matrix_reasons
from pact_gate.embedded.matrix.terms import Row, Summary
from pact_gate.embedded.selection import Choice
from pact_gate.embedded.standings import Standing
from pact_gate.embedded.urls import at, branch_at, content_at, pair_at, result_at, version_at


def name(pact: sqlite3.Row) -> str:
    """A pact's name for people; clients show it."""
    return f"Pact between {pact['consumer']} ({pact['version']}) and {pact['provider']}"


def pact_at(base: str, pact: sqlite3.Row) -> str:
    """The address of one version's pact."""
    return pair_at(base, pact["provider"], pact["consumer"], "version", pact["version"])


def pact(
    db: sqlite3.Connection, base: str, row: sqlite3.Row, *, metadata: str | None = None, versions: Sequence[str] = ()
) -> Any:
    """A pact: what it says, with links. `metadata` is carried into the link by which a result is published."""
    says = pacts.content(db, row["content_id"])
    if not isinstance(says, dict):
        return says
    links = _pact_links(base, row, metadata)
    if versions:
        links["pb:consumer-versions"] = [
            link("Consumer version", version_at(base, row["consumer"], number), number) for number in versions
        ]
    return {**says, "createdAt": moment(row["created_at"]), "_links": links}


def _pact_links(base: str, row: sqlite3.Row, metadata: str | None) -> Document:
    consumer, provider, number, sha = row["consumer"], row["provider"], row["version"], row["sha"]
    pair, own, permalink = (
        pair_at(base, provider, consumer),
        pact_at(base, row),
        content_at(base, provider, consumer, sha),
    )
    made = version_at(base, consumer, number)
    carrier = f"{permalink}/metadata/{metadata}" if metadata else permalink
    question = nested.build({"q": [{"pacticipant": consumer, "version": number}], "latestby": "cvpv"})
    return {
        "self": link("Pact", own, name(row)),
        "pb:consumer": link("Consumer", at(base, "pacticipants", consumer), consumer),
        "pb:consumer-version": link("Consumer version", made, number),
        "pb:provider": link("Provider", at(base, "pacticipants", provider), provider),
        "pb:pact-version": link("Permalink of the content", permalink, sha),
        "pb:latest-pact-version": link("The newest pact of the two", f"{pair}/latest"),
        "pb:all-pact-versions": link("All pacts of the two", f"{pair}/versions"),
        "pb:latest-untagged-pact-version": link("The newest pact without a tag", f"{pair}/latest-untagged"),
        "pb:latest-tagged-pact-version": template("The newest pact with a tag", f"{pair}/latest/{{tag}}"),
        "pb:previous-distinct": link("The one before that says something else", f"{own}/previous-distinct"),
        "pb:diff-previous-distinct": link("What changed since then", f"{own}/diff/previous-distinct"),
        "pb:diff": template("What changed since another content", f"{permalink}/diff/pact-version/{{pactVersion}}"),
        "pb:pact-webhooks": link(
            "Webhooks of the two", at(base, "webhooks", "provider", provider, "consumer", consumer)
        ),
        "pb:consumer-webhooks": link("Webhooks of one consumer", at(base, "webhooks", "consumer", provider)),
        "pb:tag-prod-version": link("PUT here to tag the consumer version as prod", f"{made}/tags/prod"),
        "pb:tag-version": link("PUT here to tag the consumer version", f"{made}/tags/{{tag}}"),
        "pb:publish-verification-results": link("POST results here", f"{carrier}/verification-results"),
        "pb:latest-verification-results": {"href": f"{permalink}/verification-results/latest"},
        "pb:triggered-webhooks": link("Webhooks that this pact triggered", f"{own}/triggered-webhooks"),
        "pb:matrix-for-consumer-version": link("The matrix of the consumer version", f"{base}/matrix?{question}"),
        "curies": documents.curies(base, "pact"),
    }


def listed_pact(base: str, row: sqlite3.Row) -> Document:
    """A pact in a list of all pacts of two pacticipants."""
    made = documents.embedded_version(base, row["consumer"], row["version"])
    return {
        "createdAt": moment(row["created_at"]),
        "_embedded": {"consumerVersion": made},
        "_links": {"self": {"href": pact_at(base, row), "title": name(row)}},
    }


def pacts_of_pair(
    base: str, href: str, pair: tuple[str, str], found: list[sqlite3.Row], *, tag: str | None = None
) -> Document:
    """The pacts between (consumer, provider)."""
    consumer, provider = pair
    prefix = "pb:" if tag is not None else ""
    marked = f" whose version is tagged {tag}" if tag is not None else ""
    links = {
        f"{prefix}consumer": link("Consumer", at(base, "pacticipants", consumer), consumer),
        f"{prefix}provider": link("Provider", at(base, "pacticipants", provider), provider),
        f"{prefix}pact-versions": [
            link("Pact", pact_at(base, row), f"Version {row['version']} - {day(row['created_at'])}") for row in found
        ],
    }
    items = (listed_pact(base, row) for row in found)
    return documents.listed("pacts", items, href, f"All pacts between {consumer} and {provider}{marked}", **links)


def pacts_of_provider(base: str, href: str, title: str, provider: str, found: list[sqlite3.Row]) -> Document:
    """Links to pacts of a provider."""
    whose = at(base, "pacticipants", provider)
    return {
        "_links": {
            "self": {"href": href, "title": title},
            "pb:provider": {"href": whose, "name": provider},
            "pb:pacts": [link(name(row), pact_at(base, row), row["consumer"]) for row in found],
            "provider": {"href": whose, "title": provider, "name": "DEPRECATED - please use the pb:provider relation"},
            "pacts": [
                link(f"Deprecated: use pb:pacts. {name(row)}", pact_at(base, row), row["consumer"]) for row in found
            ],
        }
    }


def latest_pacts(base: str, found: list[sqlite3.Row]) -> Document:
    """The newest pact of every integration."""

    def entry(row: sqlite3.Row) -> Document:
        pair = pair_at(base, row["provider"], row["consumer"])
        consumer = {
            "name": row["consumer"],
            "_embedded": {"version": documents.embedded_version(base, row["consumer"], row["version"])},
            "_links": {"self": {"href": at(base, "pacticipants", row["consumer"])}},
        }
        return {
            "createdAt": moment(row["created_at"]),
            "_embedded": {"consumer": consumer, "provider": documents.embedded_pacticipant(base, row["provider"])},
            "_links": {"self": [{"href": f"{pair}/latest"}, {"href": pact_at(base, row)}]},
        }

    def target(row: sqlite3.Row, extra: dict[str, str]) -> Document:
        href = pair_at(base, row["provider"], row["consumer"], "latest")
        return {"href": href, "title": f"The newest pact between {row['consumer']} and {row['provider']}", **extra}

    links = {
        "self": {"href": f"{base}/pacts/latest"},
        "pb:pacts": [target(row, {}) for row in found],
        "pacts": [target(row, {"name": "DEPRECATED - please use the pb:pacts relation"}) for row in found],
        "curies": documents.curies(base, "pacts"),
    }
    return {"pacts": [entry(row) for row in found], "_links": links}


def choices(base: str, href: str, found: Iterable[Choice], *, include_pending: bool, outdated: bool) -> Document:
    """The answer of for-verification; to a question that is `outdated` each pact says so."""
    items = [_choice(base, choice, include_pending=include_pending) for choice in found]
    for item in items if outdated else ():
        item["verificationProperties"]["notices"].insert(0, selection_notices.OUTDATED)
    return documents.listed("pacts", items, href, "Pacts to be verified")


def _choice(base: str, choice: Choice, *, include_pending: bool) -> Document:
    row = choice.pact
    shown = content_at(base, row["provider"], row["consumer"], row["sha"], {"wip": True} if choice.wip else None)
    properties: Document = {"pending": choice.pending} if include_pending else {}
    if choice.wip:
        properties["wip"] = True
    properties["notices"] = selection_notices.notices(choice, shown, include_pending=include_pending)
    href = content_at(base, row["provider"], row["consumer"], row["sha"], _metadata(choice))
    return {
        "shortDescription": selection_notices.short_description(choice),
        "verificationProperties": properties,
        "_links": {"self": {"href": href, "name": name(row)}},
    }


def _metadata(choice: Choice) -> dict[str, Any]:
    """What a result must bring back: which selectors found which version (by id), and whether the pact was pending."""
    if choice.wip:
        return {"w": True}
    matches = [
        {
            "cv": match.version_id,  # first: in a nested query a list's next object begins where a name comes again
            "b": match.selector.branch,
            "t": match.selector.tag,
            "l": match.selector.latest or None,
            "e": match.selector.environment,
        }
        for match in choice.matches
    ]
    return {"s": matches, "p": choice.pending}


def result(base: str, row: sqlite3.Row, pact_row: sqlite3.Row) -> Document:
    """A verification result. `pact_row` is the pact that it is shown for."""
    own = result_at(base, row["provider"], row["consumer"], row["sha"], row["id"])
    fields = {
        "providerName": row["provider"],
        "providerApplicationVersion": row["provider_version"],
        "success": bool(row["success"]),
        "verificationDate": moment(row["created_at"]),
        "buildUrl": row["build_url"],
        "testResults": json.loads(row["test_results"]) if row["test_results"] else None,
    }
    carrier = content_at(base, row["provider"], row["consumer"], pact_row["sha"], {"cvn": pact_row["version"]})
    links = {
        "self": link("Verification result", own, f"Verification result {row['id']} for {name(pact_row)}"),
        "pb:pact-version": link("Pact", carrier, name(pact_row)),
        "pb:triggered-webhooks": link("Webhooks that this result triggered", f"{own}/triggered-webhooks"),
    }
    known = {key: value for key, value in fields.items() if value is not None}
    return {**known, "verifiedBy": results.verified_by(row), "_links": links}


def matrix(db: sqlite3.Connection, base: str, summary: Summary) -> Document:
    """The answer of /matrix. All rows are counted; `limit` of them are listed, the ignored ones last."""
    notices = matrix_reasons.notices(summary)
    considered, ignored = summary.rows, summary.ignored_rows
    shown = [(row, False) for row in considered] + [(row, True) for row in ignored]
    shown = shown[: summary.question.listed]
    parties = _parties(db, base, [row for row, _ in shown])
    reason = "\n".join(notice["text"] for notice in notices)
    return {
        "summary": {"deployable": summary.deployable, "reason": reason, **summary.counts},
        "notices": notices,
        "matrix": [_matrix_row(base, row, parties, is_ignored=is_ignored) for row, is_ignored in shown],
    }


def _matrix_row(base: str, row: Row, parties: dict[_Party, Document], *, is_ignored: bool) -> Document:
    found: Document = {
        "consumer": parties[row.consumer, row.consumer_version_id],
        "provider": parties[row.provider, row.provider_version_id],
        "pact": {
            "createdAt": moment(row.pact_created_at),
            "_links": {"self": {"href": pair_at(base, row.provider, row.consumer, "version", row.consumer_version)}},
        },
        "verificationResult": None,
    }
    if row.result_id is not None and row.verified_at is not None:
        carried = {"cvn": row.consumer_version}
        found["verificationResult"] = {
            "success": row.success,
            "verifiedAt": moment(row.verified_at),
            "_links": {"self": {"href": result_at(base, row.provider, row.consumer, row.sha, row.result_id, carried)}},
        }
    return {**found, "ignored": True} if is_ignored else found


_Party = tuple[str, int | None]  # a pacticipant's name and a version's id; None where no version has verified a pact


def _parties(db: sqlite3.Connection, base: str, rows: list[Row]) -> dict[_Party, Document]:
    """Every pacticipant in the rows in each of its versions, once: a provider may stand in all of them."""
    numbers: dict[_Party, str | None] = {}
    for row in rows:
        numbers[row.consumer, row.consumer_version_id] = row.consumer_version
        numbers[row.provider, row.provider_version_id] = row.provider_version
    known = standings.of(db, [version_id for _, version_id in numbers if version_id is not None])
    environments = {row["uuid"]: row for standing in known.values() for row in standing.environments}
    places = {uuid: documents.embedded_environment(base, row) for uuid, row in environments.items()}
    return {
        (name, version_id): {
            "name": name,
            "version": _version_document(base, name, number, known[version_id], places)
            if version_id is not None and number is not None
            else None,
            "_links": {"self": {"href": at(base, "pacticipants", name)}},
        }
        for (name, version_id), number in numbers.items()
    }


def _version_document(base: str, owner: str, number: str, standing: Standing, places: dict[str, Document]) -> Document:
    href = version_at(base, owner, number)
    on = [
        {
            "name": row["name"],
            "latest": bool(row["latest"]),
            "_links": {
                "self": link("Branch version", branch_at(base, owner, row["name"], "versions", number), row["name"])
            },
        }
        for row in standing.branches
    ]
    return {
        "number": number,
        "branch": on[-1]["name"] if on else None,
        "branches": on,
        "branchVersions": on,
        "environments": [places[row["uuid"]] for row in standing.environments],
        "_links": {"self": {"href": href}},
        "tags": [
            {
                "name": row["name"],
                "latest": bool(row["latest"]),
                "_links": {"self": {"href": at(href, "tags", row["name"])}},
            }
            for row in standing.tags
        ],
    }
