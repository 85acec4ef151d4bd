"""HAL documents of pacticipants, versions, branches, tags, labels, environments, deployments and releases."""

from __future__ import annotations

import datetime
import functools
import json
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

from pact_gate.embedded import estate, rows
from pact_gate.embedded.urls import at, branch_at, pair_at, version_at

Document = dict[str, Any]


@functools.lru_cache(maxsize=1024)
def moment(microseconds: int) -> str:
    """A time as ISO 8601 in UTC, to the second, as a Pact Broker writes it."""
    seconds = datetime.datetime.fromtimestamp(microseconds // 1_000_000, datetime.UTC)
    return seconds.isoformat()


def day(microseconds: int) -> str:
    """The day of a time, as a Pact Broker names versions by it."""
    return datetime.datetime.fromtimestamp(microseconds // 1_000_000, datetime.UTC).strftime("%d/%m/%Y")


def times(row: sqlite3.Row) -> Document:
    """`createdAt`, and `updatedAt` where the row was changed since."""
    changed = {"updatedAt": moment(row["updated_at"])} if row["updated_at"] != row["created_at"] else {}
    return {**changed, "createdAt": moment(row["created_at"])}


def link(title: str, href: str, name: str | None = None) -> Document:
    """A link with a title for people."""
    return {"title": title, **({"name": name} if name is not None else {}), "href": href}


def template(title: str, href: str) -> Document:
    """A link with parameters in braces."""
    return {"title": title, "href": href, "templated": True}


def curies(base: str, context: str) -> list[Document]:
    """Where relations are explained."""
    return [{"name": "pb", "href": f"{base}/doc/{{rel}}?context={context}", "templated": True}]


def pacticipant(db: sqlite3.Connection, base: str, row: sqlite3.Row, *, with_deployments: bool = True) -> Document:
    """A pacticipant with its labels, its newest version and, where wanted, links to where it is deployed."""
    name = row["name"]
    own = at(base, "pacticipants", name)
    fields = {
        "name": name,
        "displayName": row["display_name"] or estate.display_name(name),
        "repositoryUrl": row["repository_url"],
        "repositoryName": row["repository_name"],
        "repositoryNamespace": row["repository_namespace"],
        "mainBranch": row["main_branch"],
    }
    labels = [
        {"name": label, "_links": {"self": link("Label", at(own, "labels", label), label)}}
        for label in estate.labels_of(db, row["id"])
    ]
    newest = estate.latest_version(db, row["id"])
    embedded: Document = {"labels": labels}
    if newest:
        embedded["latestVersion"] = embedded_version(base, name, newest["number"])
        embedded["latest-version"] = {"name": "DEPRECATED - please use latestVersion", **embedded["latestVersion"]}
    links = {
        "self": {"href": own},
        "pb:versions": {"href": f"{own}/versions"},
        "pb:branches": {"href": f"{own}/branches"},
        **({"pb:deployed-environments": _deployed_links(db, base, row["id"])} if with_deployments else {}),
        "pb:version": template("Read, make or delete a version", f"{own}/versions/{{version}}"),
        "pb:version-tag": template("Read, make or delete a version's tag", f"{own}/versions/{{version}}/tags/{{tag}}"),
        "pb:branch-version": template(
            "Read a version on a branch, or put one on it", f"{own}/branches/{{branch}}/versions/{{version}}"
        ),
        "pb:label": template("Read, make or delete a label", f"{own}/labels/{{label}}"),
        "versions": link("Deprecated: use pb:versions", f"{own}/versions"),
        "pb:can-i-deploy-badge": template(
            "Badge of a tag to a tag", f"{own}/latest-version/{{tag}}/can-i-deploy/to/{{environmentTag}}/badge"
        ),
        "pb:can-i-deploy-branch-to-environment-badge": template(
            "Badge of a branch to an environment",
            f"{own}/branches/{{branch}}/latest-version/can-i-deploy/to-environment/{{environment}}/badge",
        ),
        "curies": curies(base, "pacticipant"),
    }
    known = {key: value for key, value in fields.items() if value is not None}
    return {**known, **times(row), "_embedded": embedded, "_links": links}


def embedded_pacticipant(base: str, name: str) -> Document:
    """A pacticipant inside another document."""
    return {"name": name, "_links": {"self": {"href": at(base, "pacticipants", name)}}}


def embedded_version(base: str, name: str, number: str) -> Document:
    """A version inside another document."""
    return {"number": number, "_links": {"self": link("Version", version_at(base, name, number), number)}}


def label(base: str, owner: str, row: sqlite3.Row) -> Document:
    """A label of a pacticipant."""
    links = {
        "self": link("Label", at(base, "pacticipants", owner, "labels", row["name"]), row["name"]),
        "pacticipant": link("Pacticipant", at(base, "pacticipants", owner), owner),
    }
    return {"name": row["name"], "createdAt": moment(row["created_at"]), "_links": links}


def version(
    db: sqlite3.Connection, base: str, owner: str, row: sqlite3.Row, *, recording: bool = True, own: str | None = None
) -> Document:
    """A version; with `recording` also the links by which a deployment or release of it is recorded."""
    number = row["number"]
    href = version_at(base, owner, number)
    tags = [
        {"name": tag, "_links": {"self": link("Tag", at(href, "tags", tag), tag)}}
        for tag in estate.tags_of(db, row["id"])
    ]
    links = {
        "self": link("Version", own or href, number),
        "pb:pacticipant": link("Pacticipant", at(base, "pacticipants", owner), owner),
        "pb:tag": template("Read, make or delete a tag of this version", f"{href}/tags/{{tag}}"),
        "pb:latest-verification-results-where-pacticipant-is-consumer": link(
            "Newest results of this version's pacts",
            at(base, "verification-results", "consumer", owner, "version", number, "latest"),
        ),
        "pb:pact-versions": _pact_links(db, base, owner, row),
        "pb:deployed-environments": _deployment_links(db, base, row["id"]),
        "pb:released-environments": _release_links(db, base, row["id"]),
        **(_recording_links(db, href) if recording else {}),
        "curies": curies(base, "version"),
    }
    build = {"buildUrl": row["build_url"]} if row["build_url"] is not None else {}
    embedded = {"branchVersions": branches_of_versions(db, base, owner, [row["id"]]).get(row["id"], []), "tags": tags}
    return {"number": number, **build, **times(row), "_embedded": embedded, "_links": links}


def branches_of_versions(
    db: sqlite3.Connection, base: str, owner: str, ids: Sequence[int]
) -> dict[int, list[Document]]:
    """For each version the branches that it is on, and whether it is their head."""
    query = """SELECT bv.version_id, v.number, b.name, b.head_version_id = bv.version_id AS latest
               FROM branch_versions bv JOIN branches b ON b.id = bv.branch_id JOIN versions v ON v.id = bv.version_id
               WHERE bv.version_id IN (SELECT value FROM json_each(?)) ORDER BY bv.id"""
    found: dict[int, list[Document]] = {}
    for row in db.execute(query, (json.dumps(list(ids)),)):
        href = branch_at(base, owner, row["name"], "versions", row["number"])
        found.setdefault(row["version_id"], []).append(
            {
                "name": row["name"],
                "latest": bool(row["latest"]),
                "_links": {"self": link("Branch version", href, row["name"])},
            }
        )
    return found


def branch(base: str, owner: str, row: sqlite3.Row) -> Document:
    """A branch of a pacticipant."""
    href = branch_at(base, owner, row["name"])
    links = {"self": link("Branch", href), "pb:latest-version": link("Its head", f"{href}/latest-version")}
    return {"name": row["name"], **times(row), "_links": links}


def branch_version(base: str, owner: str, branch_name: str, number: str, row: sqlite3.Row) -> Document:
    """That a version is on a branch."""
    links = {
        "self": link("Branch version", branch_at(base, owner, branch_name, "versions", number)),
        "pb:branch": link("Branch", branch_at(base, owner, branch_name), branch_name),
        "pb:version": link("Version", version_at(base, owner, number), number),
    }
    return {"createdAt": moment(row["created_at"]), "_links": links}


def tag(base: str, owner: str, number: str, row: sqlite3.Row) -> Document:
    """A tag of a version."""
    links = {
        "self": link("Tag", version_at(base, owner, number, "tags", row["name"]), row["name"]),
        "version": link("Version", version_at(base, owner, number), number),
        "pacticipant": link("Pacticipant", at(base, "pacticipants", owner), owner),
    }
    return {"name": row["name"], "createdAt": moment(row["created_at"]), "_links": links}


def environment(base: str, row: sqlite3.Row) -> Document:
    """An environment."""
    href = at(base, "environments", row["uuid"])
    contacts = {"contacts": json.loads(row["contacts"])} if row["contacts"] else {}
    links = {
        "self": link("Environment", href, row["name"]),
        "pb:currently-deployed-deployed-versions": link(
            "What is deployed here", f"{href}/deployed-versions/currently-deployed"
        ),
        "pb:currently-supported-released-versions": link(
            "What is released and supported here", f"{href}/released-versions/currently-supported"
        ),
        "pb:environments": link("Environments", f"{base}/environments"),
    }
    return {
        "uuid": row["uuid"],
        "name": row["name"],
        "displayName": row["display_name"],
        "production": bool(row["production"]),
        **contacts,
        **times(row),
        "_links": links,
    }


def embedded_environment(base: str, row: sqlite3.Row) -> Document:
    """An environment inside another document."""
    own = {"self": link("Environment", at(base, "environments", row["uuid"]), row["name"])}
    return {
        "uuid": row["uuid"],
        "name": row["name"],
        "displayName": row["display_name"],
        "production": bool(row["production"]),
        **times(row),
        "_links": own,
    }


def deployment(db: sqlite3.Connection, base: str, row: sqlite3.Row, *, whole: bool = True) -> Document:
    """A deployment; `whole` with its environment."""
    ended = {"undeployedAt": moment(row["undeployed_at"])} if row["undeployed_at"] is not None else {}
    instance = (
        {"target": row["instance"], "applicationInstance": row["instance"]} if row["instance"] is not None else {}
    )
    return {
        "uuid": row["uuid"],
        "currentlyDeployed": bool(row["current"]),
        **instance,
        **ended,
        **times(row),
        "_embedded": _whereabouts(db, base, row, whole=whole),
        "_links": {"self": {"href": at(base, "deployed-versions", row["uuid"])}},
    }


def release(db: sqlite3.Connection, base: str, row: sqlite3.Row, *, whole: bool = True) -> Document:
    """A release; `whole` with its environment."""
    ended = {"supportEndedAt": moment(row["support_ended_at"])} if row["support_ended_at"] is not None else {}
    return {
        "uuid": row["uuid"],
        "currentlySupported": row["support_ended_at"] is None,
        **times(row),
        **ended,
        "_embedded": _whereabouts(db, base, row, whole=whole),
        "_links": {"self": {"href": at(base, "released-versions", row["uuid"])}},
    }


def listed(name: str, items: Iterable[Document], href: str, title: str, **links: Any) -> Document:
    """A list document."""
    return {"_embedded": {name: list(items)}, "_links": {"self": {"href": href, "title": title}, **links}}


def _whereabouts(db: sqlite3.Connection, base: str, row: sqlite3.Row, *, whole: bool) -> Document:
    query = """SELECT v.number, p.name FROM versions v JOIN pacticipants p ON p.id = v.pacticipant_id WHERE v.id = ?"""
    made = rows.required(rows.one(db, query, row["version_id"]))
    place = rows.required(rows.one(db, "SELECT * FROM environments WHERE id = ?", row["environment_id"]))
    where = {"environment": environment(base, place)} if whole else {}
    return {
        "pacticipant": embedded_pacticipant(base, made["name"]),
        "version": embedded_version(base, made["name"], made["number"]),
        **where,
    }


def _pact_links(db: sqlite3.Connection, base: str, owner: str, row: sqlite3.Row) -> list[Document]:
    query = """SELECT p.name FROM publications x JOIN pacticipants p ON p.id = x.provider_id
               WHERE x.version_id = ? ORDER BY lower(p.name)"""
    number = row["number"]
    return [
        link(
            "Pact", pair_at(base, provider, owner, "version", number), f"Pact between {owner} ({number}) and {provider}"
        )
        for (provider,) in db.execute(query, (row["id"],))
    ]


def _deployed_links(db: sqlite3.Connection, base: str, pacticipant_id: int) -> list[Document]:
    query = """SELECT d.uuid, e.display_name FROM deployments d JOIN environments e ON e.id = d.environment_id
               WHERE d.pacticipant_id = ? AND d.current = 1 ORDER BY d.id"""
    return [
        {**link(f"Version deployed to {name}", at(base, "deployed-versions", uuid), name), "currently_deployed": True}
        for uuid, name in db.execute(query, (pacticipant_id,))
    ]


def _deployment_links(db: sqlite3.Connection, base: str, version_id: int) -> list[Document]:
    query = """SELECT d.*, e.display_name FROM deployments d JOIN environments e ON e.id = d.environment_id
               WHERE d.version_id = ? ORDER BY d.id"""
    return [
        {
            **link(
                f"Version deployed to {row['display_name']}",
                at(base, "deployed-versions", row["uuid"]),
                row["display_name"],
            ),
            "currently_deployed": bool(row["current"]),
            "deployed_at": moment(row["created_at"]),
            "undeployed_at": moment(row["undeployed_at"]) if row["undeployed_at"] is not None else None,
            **({"application_instance": row["instance"]} if row["instance"] is not None else {}),
        }
        for row in db.execute(query, (version_id,))
    ]


def _release_links(db: sqlite3.Connection, base: str, version_id: int) -> list[Document]:
    query = """SELECT r.*, e.display_name FROM releases r JOIN environments e ON e.id = r.environment_id
               WHERE r.version_id = ? ORDER BY r.id"""
    return [
        {
            **link(
                f"Version released to {row['display_name']}",
                at(base, "released-versions", row["uuid"]),
                row["display_name"],
            ),
            "currently_supported": row["support_ended_at"] is None,
            "released_at": moment(row["created_at"]),
            "support_ended_at": moment(row["support_ended_at"]) if row["support_ended_at"] is not None else None,
        }
        for row in db.execute(query, (version_id,))
    ]


def _recording_links(db: sqlite3.Connection, href: str) -> Document:
    places = db.execute("SELECT uuid, name, display_name FROM environments ORDER BY lower(display_name)").fetchall()
    return {
        relation: [
            link(
                f"Record {what} {place['display_name']}", at(href, segment, "environment", place["uuid"]), place["name"]
            )
            for place in places
        ]
        for relation, what, segment in (
            ("pb:record-deployment", "a deployment to", "deployed-versions"),
            ("pb:record-release", "a release to", "released-versions"),
        )
    }
