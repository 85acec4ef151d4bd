"""Publishing pacts: many at once for one consumer version, or one by its own address."""

from __future__ import annotations

import base64
import sqlite3
from typing import Any, NamedTuple

from pact_gate.embedded import contents, estate, pact_documents, pacts, results
from pact_gate.embedded.checks import Checks, not_blank, not_blank_if_given, one_line, one_of, short
from pact_gate.embedded.documents import Document, embedded_pacticipant, embedded_version, link
from pact_gate.embedded.exchange import (
    ANY_JSON,
    HAL,
    JSON,
    Answer,
    Call,
    Refusal,
    invalid,
    malformed,
    not_found,
    too_many_values,
)
from pact_gate.embedded.pacts import Pair
from pact_gate.embedded.routing import Route, delete, get, patch, post, put
from pact_gate.embedded.urls import at, pair_at, version_at
from pact_gate.embedded.webhooks import triggers

Notice = dict[str, str]
_LONGEST_PACT = 20 << 20  # bytes, as of a body that is served


class _Contract(NamedTuple):
    """One contract of a publication, read and checked."""

    provider: str
    pact: dict[str, Any]
    merge: bool


def _publish(call: Call) -> Answer:
    body = call.object()
    contracts = _checked(body)
    consumer, number = body["pacticipantName"], body["pacticipantVersionNumber"]
    _refuse_conflicts(call, consumer, number, contracts)
    owner = estate.ensure_pacticipant(call.db, consumer)
    notices = [_notice("debug", _version_sentence(call.db, body, owner))]
    made = estate.ensure_version(call.db, owner["id"], number, in_passing=False)
    if body.get("buildUrl") is not None:
        estate.set_build_url(call.db, made["id"], body["buildUrl"])
    if body.get("branch"):
        estate.put_on_branch(call.db, made, body["branch"])
    for tag in body.get("tags") or []:
        estate.put_tag(call.db, made, tag)
    context = triggers.Context(call.base, branch=body.get("branch") or "", build_url=body.get("buildUrl"))
    published = [_publish_one(call, owner, made, contract, context, notices) for contract in contracts]
    pacts.touch_integration(call.db, *(Pair(row["consumer_id"], row["provider_id"]) for row in published))
    return Answer(200, _publication(call.base, consumer, number, body.get("tags") or [], published, notices))


def _publish_one(
    call: Call,
    owner: sqlite3.Row,
    made: sqlite3.Row,
    contract: _Contract,
    context: triggers.Context,
    notices: list[Notice],
) -> sqlite3.Row:
    db = call.db
    pair = Pair(owner["id"], estate.ensure_pacticipant(db, contract.provider)["id"])
    known = pacts.of_version(db, pair, made["number"])
    pact = contract.pact
    if known and contract.merge:
        pact = _merged(pacts.content(db, known["content_id"]), contract)
    row = pacts.publish(db, pair, made["id"], pact)
    mark = triggers.newest(db)
    events = triggers.pact_published(call, row, known, context)
    kind, how = _what_was_done(known, row, contract)
    notices.append(_notice(kind, f"The pact of {row['consumer']} {row['version']} with {row['provider']} was {how}."))
    notices.append(_notice("debug", f"  It is at {pact_documents.pact_at(call.base, row)}"))
    notices.append(_notice("debug", f"  Events: {', '.join(events)}"))
    notices += _started(call, row, mark)
    notices += _next_steps(db, row)
    return row


def _started(call: Call, pact: sqlite3.Row, mark: int) -> list[Notice]:
    """Which webhooks were started after the mark, and where their logs will be."""
    started = [
        f"  The webhook {row['description'] or row['webhook_uuid']!r} was started for {row['event']}: its log will be"
        f" at {at(call.base, 'triggered-webhooks', row['uuid'], 'logs')}"
        for row in triggers.started(call.db, pact["id"], mark)
    ]
    if not started and triggers.has_webhooks(call.db, pact["consumer_id"], pact["provider_id"]):
        started = ["  No webhook was started: none that is enabled is for one of these events."]
    return [_notice("debug", text) for text in started]


def _merged(published: Any, contract: _Contract) -> Any:
    """The pact that a version has with another contract of the same request."""
    if not contents.can_be_merged(published, contract.pact):
        raise malformed(f"A pact with {contract.provider} holds no list of interactions, and cannot be merged.")
    return _grown(published, contract.pact)


def _grown(published: Any, addition: Any) -> Any:
    """A pact with what is added to it. Raises Refusal (413): it must not get larger than one that is sent at once."""
    pact = contents.merged(published, addition)
    text = contents.dumps(pact).encode()
    if len(text) > _LONGEST_PACT or contents.has_too_many_values(text):
        sentence = f"The merged pact would have more than {_LONGEST_PACT} bytes, or {too_many_values()}."
        raise Refusal(Answer(413, {"error": sentence}))
    return pact


def _what_was_done(known: sqlite3.Row | None, row: sqlite3.Row, contract: _Contract) -> tuple[str, str]:
    """The kind of the notice about a contract, and what became of it."""
    if known is None:
        return "success", "published"
    if contract.merge:
        return "success", "merged with what was there"
    if known["sha"] == row["sha"]:
        return "success", "published again, unchanged"
    return "warning", "replaced: the same request holds two that differ"


def _version_sentence(db: sqlite3.Connection, body: dict[str, Any], owner: sqlite3.Row) -> str:
    verb = "Updated" if estate.version(db, owner["id"], body["pacticipantVersionNumber"]) else "Made"
    branch = f" on branch {body['branch']}" if body.get("branch") else ""
    tags = f", tagged {', '.join(body['tags'])}" if body.get("tags") else ""
    return f"{verb} version {body['pacticipantVersionNumber']} of {owner['name']}{branch}{tags}."


def _next_steps(db: sqlite3.Connection, row: sqlite3.Row) -> list[Notice]:
    steps = []
    if not results.any_between(db, row["consumer_id"], row["provider_id"]):
        steps.append(
            f"    * {row['provider']} has not verified any pact yet: see https://docs.pact.io/go/provider_verification"
        )
    if not triggers.has_webhooks(db, row["consumer_id"], row["provider_id"]):
        steps.append(f"    * No webhook tells {row['provider']} about a change: see https://docs.pact.io/go/webhooks")
    return [_notice("prompt", text) for text in (["  Next steps:", *steps] if steps else [])]


def _publication(
    base: str, consumer: str, number: str, tags: list[str], published: list[sqlite3.Row], notices: list[Notice]
) -> Document:
    logs = [
        {"level": notice["type"], "message": notice["text"], "deprecationWarning": "Use notices"} for notice in notices
    ]
    links = {
        "pb:pacticipant": link("Pacticipant", at(base, "pacticipants", consumer), consumer),
        "pb:pacticipant-version": link("Version", version_at(base, consumer, number), number),
        "pb:pacticipant-version-tags": [
            link("Tag", version_at(base, consumer, number, "tags", tag), tag) for tag in tags
        ],
        "pb:contracts": [
            link("Pact", pact_documents.pact_at(base, row), pact_documents.name(row)) for row in published
        ],
    }
    embedded = {
        "pacticipant": embedded_pacticipant(base, consumer),
        "version": embedded_version(base, consumer, number),
    }
    return {"logs": logs, "notices": notices, "_embedded": embedded, "_links": links}


def _checked(body: dict[str, Any]) -> list[_Contract]:
    checks = Checks(body)
    checks.text("pacticipantName", not_blank, short, required=True)
    checks.text("pacticipantVersionNumber", not_blank, one_line, short, required=True)
    checks.text("branch", not_blank, one_line, short)
    checks.text("buildUrl", one_line)
    _check_tags(checks)
    given = checks.list_of_objects("contracts", required=True)
    if not given and "contracts" not in checks.errors:
        checks.add("contracts", "must hold at least one contract")
    checks.few("contracts", len(given))
    texts = [_text(item) for item in given]
    if contents.has_too_many_values(*filter(None, texts)):
        checks.add("contracts", f"hold {too_many_values()}")
        checks.refuse()
    contracts = [
        _contract(checks, index, item, text) for index, (item, text) in enumerate(zip(given, texts, strict=True))
    ]
    checks.refuse()
    return [contract for contract in contracts if contract]


def _check_tags(checks: Checks) -> None:
    tags = checks.body.get("tags")
    if tags is None:
        return
    if not (isinstance(tags, list) and all(isinstance(tag, str) and tag.strip() for tag in tags)):
        checks.add("tags", "must be a list of names that are not blank")
        return
    checks.names("tags", tags)


def _text(contract: dict[str, Any]) -> bytes | None:
    """A contract's content; None where it is no Base64."""
    try:
        return base64.b64decode(contract.get("content") or "", validate=True)
    except (TypeError, ValueError):
        return None


def _contract(checks: Checks, index: int, item: dict[str, Any], text: bytes | None) -> _Contract | None:
    own = Checks(item)
    own.text("consumerName", not_blank, short, required=True)
    own.text("providerName", not_blank, short, required=True)
    own.text("content", required=True)
    own.text("contentType", one_of("application/json"), required=True)
    own.text("specification", one_of("pact"), required=True)
    own.text("onConflict", one_of("overwrite", "merge"), nullable=False)
    wrong = [f"{key} {sentence}" for key, sentences in own.errors.items() for sentence in sentences]
    name = checks.body.get("pacticipantName")
    if isinstance(name, str) and "consumerName" not in own.errors and item["consumerName"] != name:
        wrong.append(f"consumerName {item['consumerName']!r} is not the pacticipantName {name!r}")
    pact = None
    if not own.errors:
        pact, sentence = _decoded(item, text)
        wrong += [sentence] if sentence else []
    for sentence in wrong:
        checks.add("contracts", f"{sentence} (at index {index})")
    return None if wrong or pact is None else _Contract(item["providerName"], pact, item.get("onConflict") == "merge")


def _decoded(item: dict[str, Any], text: bytes | None) -> tuple[dict[str, Any] | None, str]:
    """The pact in a contract's content, or what is wrong with it."""
    if text is None:
        return None, "content is not Base64"
    try:
        pact = contents.parse(text)
    except ValueError as error:
        return None, f"content is not JSON: {error}"
    if not isinstance(pact, dict):
        return None, "content is not a JSON object"
    for role, key in (("consumer", "consumerName"), ("provider", "providerName")):
        stated = contents.name_of(pact, role)
        if stated is not None and stated != item[key]:
            return None, f"the {role} in the content is {stated!r}, but {key} says {item[key]!r}"
    return pact, ""


def _refuse_conflicts(call: Call, consumer: str, number: str, contracts: list[_Contract]) -> None:
    """409: a version keeps what it published, and a new name must not be a slip of the pen."""
    notices: list[Notice] = []
    others = [(contract, known) for contract in contracts if (known := _other(call, consumer, number, contract))]
    most_lines = int(contents.MOST_LINES / max(1, len(others)) ** 0.5)  # all take no longer together than one might
    for contract, known in others:
        published = pacts.content(call.db, known["content_id"])
        found = contents.difference(published, contract.pact, ("published", "now"), most_lines)
        notices.append(_notice("error", _other_content(consumer, number, contract.provider)))
        notices.append(_notice("info", found))
    for name in dict.fromkeys([consumer, *(contract.provider for contract in contracts)]):
        alike = estate.lookalikes(call.db, name)
        notices += [_notice("error", _lookalike(name, alike))] if alike else []
    if notices:
        errors = {"contracts": [notice["text"] for notice in notices if notice["type"] == "error"]}
        raise Refusal(Answer(409, {"notices": notices, "errors": errors}, media=JSON))


def _other(call: Call, consumer: str, number: str, contract: _Contract) -> sqlite3.Row | None:
    """The pact that the version has published with the contract's provider, if it says something else."""
    pair = pacts.pair_of(call.db, consumer, contract.provider)
    known = pacts.of_version(call.db, pair, number) if pair else None
    return known if known and known["sha"] != contents.sha(contract.pact) else None


def _other_content(consumer: str, number: str, provider: str) -> str:
    return (
        f"Version {number} of {consumer} has published another pact with {provider}. What a version published cannot"
        " change, or the answers about it would not hold: give every build its own version, best the commit's SHA. If"
        " the code did not change, give an example for each value that the tests generate."
        " See https://docs.pact.io/go/versioning"
    )


def _lookalike(name: str, alike: list[str]) -> str:
    return (
        f"{name!r} is new, and very much like {', '.join(map(repr, alike))}. If it is the same, correct the name. If it"
        f" is another, make the pacticipant {name!r} first (pact-broker create-or-update-pacticipant), then"
        " publish again."
    )


def _notice(kind: str, text: str) -> Notice:
    return {"type": kind, "text": text}


def required(call: Call) -> sqlite3.Row:
    """The pact of the consumer version that the path names. Raises Refusal (404)."""
    pair = pacts.pair_of(call.db, call.path["consumer"], call.path["provider"])
    found = pacts.of_version(call.db, pair, call.path["version"]) if pair else None
    if found is None:
        raise not_found("There is no such pact.")
    return found


def _show(call: Call) -> Answer:
    return Answer(200, pact_documents.pact(call.db, call.base, required(call)), media=call.media)


def _put(call: Call) -> Answer:
    pact = _checked_pact(call)
    known = _known(call)
    _refuse_lookalikes(call)
    if known and known["sha"] != contents.sha(pact):
        path = call.path
        raise Refusal(Answer(409, {"error": _other_content(path["consumer"], path["version"], path["provider"])}))
    return _keep(call, known, pact)


def _merge(call: Call) -> Answer:
    addition = _checked_pact(call)
    known = _known(call)
    _refuse_lookalikes(call)
    if known is None:
        return _keep(call, None, addition)
    pact = pacts.content(call.db, known["content_id"])
    if contents.conflicts(pact, addition):
        sentence = "An interaction with the same description and provider states has another request."
        raise Refusal(Answer(409, {"error": sentence}))
    return _keep(call, known, _grown(pact, addition))


def _known(call: Call) -> sqlite3.Row | None:
    pair = pacts.pair_of(call.db, call.path["consumer"], call.path["provider"])
    return pacts.of_version(call.db, pair, call.path["version"]) if pair else None


def _keep(call: Call, known: sqlite3.Row | None, pact: Any) -> Answer:
    consumer = estate.ensure_pacticipant(call.db, call.path["consumer"])
    provider = estate.ensure_pacticipant(call.db, call.path["provider"])
    made = estate.ensure_version(call.db, consumer["id"], call.path["version"])
    row = pacts.publish(call.db, Pair(consumer["id"], provider["id"]), made["id"], pact)
    triggers.pact_published(call, row, known, triggers.Context(call.base))
    headers = {} if known else {"Location": pact_documents.pact_at(call.base, row)}
    return Answer(200 if known else 201, pact_documents.pact(call.db, call.base, row), headers=headers)


def _checked_pact(call: Call) -> Any:
    pact = call.json()
    if not isinstance(pact, dict):
        raise malformed("The body must be a JSON object.")
    errors: dict[str, list[str]] = {}
    for role in ("consumer", "provider"):
        stated, named = contents.name_of(pact, role), call.path[role]
        if not named.strip():
            errors[f"{role}.name"] = ["cannot be blank"]
        elif stated is not None and stated.strip() and stated != named:
            errors[f"{role}.name"] = [f"in the pact is {stated!r}, in the path it is {named!r}"]
    if not_blank_if_given(call.path["version"]):
        errors["consumer_version_number"] = ["cannot be blank"]
    if errors:
        raise invalid(errors)
    return pact


def _refuse_lookalikes(call: Call) -> None:
    for role in ("consumer", "provider"):
        alike = estate.lookalikes(call.db, call.path[role])
        if alike:
            raise Refusal(Answer(409, _lookalike(call.path[role], alike), media="text/plain"))


def _delete(call: Call) -> Answer:
    row = required(call)
    pair = Pair(row["consumer_id"], row["provider_id"])
    pacts.delete(call.db, pair, row["version_id"])
    return after_deletion(call, pair)


def after_deletion(call: Call, pair: Pair) -> Answer:
    """What is left of the two: a link to their newest pact."""
    links: Document = {"index": {"href": call.base}}
    left = pacts.latest(call.db, pair)
    if left:
        href = pair_at(call.base, left["provider"], left["consumer"], "latest")
        links["pb:latest-pact-version"] = {"href": href, "title": "Latest pact"}
    return Answer(200, {"_links": links})


_PACT = "/pacts/provider/<provider>/consumer/<consumer>/version/<version>"
_SINGULAR = _PACT.replace("/pacts/", "/pact/", 1)
_UNDER_VERSIONS = "/pacts/provider/<provider>/consumer/<consumer>/versions/<version>"

ROUTES: tuple[Route, ...] = (
    post("/contracts/publish", _publish, consumes=ANY_JSON),
    *(
        route
        for pattern in (_PACT, _SINGULAR, _UNDER_VERSIONS)
        for route in (
            get(pattern, _show, HAL, JSON),
            put(pattern, _put, HAL, JSON),
            patch(pattern, _merge, JSON),
            delete(pattern, _delete),
        )
    ),
)
