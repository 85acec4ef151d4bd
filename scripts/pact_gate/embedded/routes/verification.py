"""What a verifier asks and says: pacts to verify, and results."""

from __future__ import annotations

import datetime
import itertools
import re
import sqlite3
from collections.abc import Sequence
from typing import Any

from pact_gate.embedded import deployments, estate, pact_documents, pacts, results
from pact_gate.embedded.checks import Checks, a_url, not_blank, not_blank_if_given, one_of, short
from pact_gate.embedded.contents import dumps
from pact_gate.embedded.documents import Document
from pact_gate.embedded.exchange import ANY_JSON, HAL, JSON, Answer, Call, Refusal, not_found
from pact_gate.embedded.pacts import Pair
from pact_gate.embedded.routes.pacticipants import required as required_pacticipant
from pact_gate.embedded.routing import Route, delete, get, post
from pact_gate.embedded.selection import Question, Selector, choose
from pact_gate.embedded.urls import decode_metadata
from pact_gate.embedded.webhooks import triggers

_LONGEST_QUESTION = 128 << 10  # bytes: each pact of the answer can repeat the most of it, and a reader may ask it
_MOST_DIGITS = 16  # of an id
_MOST_TAGS = 100  # of a provider version: each is asked for with each pact
_BRANCH_KEYS = ("latest", "tag", "fallbackTag", "branch", "fallbackBranch", "matchingBranch", "mainBranch")
_ENVIRONMENT_KEYS = ("environment", "deployed", "released", "deployedOrReleased")
_KEYS = (*_BRANCH_KEYS, *_ENVIRONMENT_KEYS)
_NOT_WITH_A_TAG = ("branch", "fallbackBranch", "matchingBranch", "mainBranch", *_ENVIRONMENT_KEYS)
_OLD_KEYS = {
    "provider_version_tags": "providerVersionTags",
    "provider_version_branch": "providerVersionBranch",
    "consumer_version_selectors": "consumerVersionSelectors",
    "include_pending_status": "includePendingStatus",
    "include_wip_pacts_since": "includeWipPactsSince",
    "main_branch": "mainBranch",
    "matching_branch": "matchingBranch",
    "fallback_branch": "fallbackBranch",
    "fallback_tag": "fallbackTag",
    "deployed_or_released": "deployedOrReleased",
}
_DAY = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")


def _for_verification(call: Call) -> Answer:
    if len(call.raw) > _LONGEST_QUESTION:
        sentence = f"A question for pacts to verify may have at most {_LONGEST_QUESTION} bytes."
        raise Refusal(Answer(413, {"error": sentence}))
    body = _renamed(call.object())
    _check_body(call.db, body)
    return _chosen(call, body)


def _for_verification_by_query(call: Call) -> Answer:
    """The same question as a query string, which is how older verifiers ask; it knows tags alone."""
    asked = call.parameters()
    _check_query(asked)
    renamed = _renamed(asked)
    _check_types(renamed)
    return _chosen(call, _from_query(renamed), outdated=True)


def _renamed(asked: dict[str, Any]) -> dict[str, Any]:
    """The same with the keys that a JSON body has: a query's are written with underlines."""
    named = {_OLD_KEYS.get(key, key): value for key, value in asked.items()}
    selectors = named.get("consumerVersionSelectors")
    if not isinstance(selectors, list):
        return named
    renamed = [_renamed(item) if isinstance(item, dict) else item for item in selectors]
    return {**named, "consumerVersionSelectors": renamed}


def _from_query(asked: dict[str, Any]) -> dict[str, Any]:
    """The same with flags where a query has words."""
    selectors = [
        {**item, "latest": item.get("latest") == "true"} for item in asked.get("consumerVersionSelectors") or []
    ]
    pending = asked.get("includePendingStatus", "true") == "true"
    return {**asked, "consumerVersionSelectors": selectors, "includePendingStatus": pending}


def _check_query(asked: dict[str, Any]) -> None:
    """Refuse a query that is no question: each selector needs a tag, and a branch is taken as it is."""
    checks = Checks(asked)
    flag = one_of("true", "false")
    tags = asked.get("provider_version_tags", [])
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        checks.add("provider_version_tags", "must be an array")
    else:
        checks.few("provider_version_tags", len(tags), _MOST_TAGS)
    checks.text("provider_version_branch")
    checks.text("include_pending_status", flag, nullable=False)
    checks.text("include_wip_pacts_since", _not_a_date, nullable=False)
    for index, item in enumerate(checks.list_of_objects("consumer_version_selectors")):
        own = Checks(item)
        own.text("tag", required=True)
        own.text("latest", flag, nullable=False)
        own.text("fallback_tag", nullable=False)
        own.text("consumer", nullable=False)
        for key in (key for key in item if _OLD_KEYS.get(key, key) in _NOT_WITH_A_TAG):
            own.add(key, "cannot go with a tag")
        for key, sentences in own.errors.items():
            for sentence in sentences:
                checks.add("consumer_version_selectors", f"{key} {sentence} (at index {index})")
    checks.refuse()


def _check_types(asked: dict[str, Any]) -> None:
    """Refuse a query that could not be read: that keys may be written as in a body, a Pact Broker does not check."""
    checks = Checks(asked)
    checks.text("providerVersionBranch")
    checks.text("includeWipPactsSince", _not_a_date)
    tags = asked.get("providerVersionTags", [])
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        checks.add("providerVersionTags", "must be an array")
    else:
        checks.few("providerVersionTags", len(tags), _MOST_TAGS)
    selectors = checks.list_of_objects("consumerVersionSelectors")
    checks.few("consumerVersionSelectors", len(selectors))
    if not all(isinstance(value, str) for item in selectors for value in item.values()):
        checks.add("consumerVersionSelectors", "must hold text")
    checks.refuse()


def _chosen(call: Call, asked: dict[str, Any], *, outdated: bool = False) -> Answer:
    question = _question(asked)
    provider = required_pacticipant(call, "provider")
    found = choose(call.db, provider, question)
    document = pact_documents.choices(
        call.base, call.url, found, include_pending=question.include_pending, outdated=outdated
    )
    return Answer(200, document)


def _check_body(db: sqlite3.Connection, body: dict[str, Any]) -> None:
    """Refuse a body that is no question."""
    checks = Checks(body)
    checks.text("providerVersionBranch", short)
    checks.flag("includePendingStatus")
    tags = body.get("providerVersionTags")
    if tags is not None and not (isinstance(tags, list) and all(isinstance(tag, str) for tag in tags)):
        checks.add("providerVersionTags", "must be a list of names")
    elif tags:
        checks.names("providerVersionTags", tags, _MOST_TAGS)
    checks.text("includeWipPactsSince", _not_a_date, nullable=False)
    branch = body.get("providerVersionBranch")
    needs_branch = not tags and bool(body.get("includeWipPactsSince") or body.get("includePendingStatus"))
    if not checks.errors and isinstance(branch, str) and not branch.strip() and (branch or needs_branch):
        checks.add("providerVersionBranch", "cannot be blank")
    selectors = _distinct(checks.list_of_objects("consumerVersionSelectors"))
    checks.few("consumerVersionSelectors", len(selectors))
    for index, item in selectors:
        for sentence in _wrong_with(db, item, branch):
            checks.add("consumerVersionSelectors", f"{sentence} (at index {index})")
    checks.refuse()


def _distinct(items: list[dict[str, Any]]) -> list[tuple[int, dict[str, Any]]]:
    """Of equal ones the first, with its place: a caller could ask the same a hundred thousand times."""
    places: dict[str, int] = {}
    for index, item in enumerate(items):
        places.setdefault(dumps(item), index)
    return [(index, items[index]) for index in places.values()]


def _question(asked: dict[str, Any]) -> Question:
    branch, since = asked.get("providerVersionBranch"), asked.get("includeWipPactsSince")
    return Question(
        selectors=tuple(
            dict.fromkeys(
                one for item in asked.get("consumerVersionSelectors") or [] for one in _selectors(item, branch)
            )
        ),
        branch=branch or None,
        tags=tuple(dict.fromkeys(asked.get("providerVersionTags") or ())),
        include_pending=bool(asked.get("includePendingStatus", True)),
        wip_since=_moment(since) if since else None,
    )


def _not_a_date(value: str) -> str | None:
    try:
        _moment(value)
    except ValueError:
        return "must be a date"
    return None


def _moment(value: str) -> int:
    """A date or a time as microseconds since 1970. Raises ValueError.

    ISO 8601; a day may be written without zeros, and a time as Ruby writes it: `2026-01-31 12:00:00 UTC`.
    """
    text = value.strip()
    if day := _DAY.fullmatch(text):
        year, month, of_month = map(int, day.groups())
        moment = datetime.datetime(year, month, of_month)
    else:
        moment = datetime.datetime.fromisoformat(re.sub(" UTC$", "Z", text))
    aware = moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)
    return (aware - datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)) // datetime.timedelta(microseconds=1)


def _wrong_with(db: sqlite3.Connection, item: dict[str, Any], provider_branch: object) -> list[str]:
    """What is wrong with a selector; the rules are those that the Pact Broker's documentation gives for each key."""
    own = Checks(item)
    for key in ("mainBranch", "matchingBranch", "deployed", "released", "deployedOrReleased"):
        own.flag(key, allowed=(True,))
    own.flag("latest")
    for key in ("tag", "fallbackTag", "fallbackBranch", "environment"):
        own.text(key, short, nullable=False)
    own.text("consumer", short, nullable=False)
    if item.get("branch") is not True:
        own.text("branch", short, nullable=False)
    spoilt = set(own.errors)
    if item.get("consumer") and not str(item["consumer"]).strip():
        own.add("consumer", "cannot be blank")
    wrong = [f"{key} {sentence}" for key, sentences in own.errors.items() for sentence in sentences]
    return wrong + _wrong_together(db, item, provider_branch, spoilt)


def _wrong_together(
    db: sqlite3.Connection, item: dict[str, Any], provider_branch: object, spoilt: set[str]
) -> list[str]:
    """What does not go together, but for what is about a key that is `spoilt`; half of the rules are about all."""
    given = {key for key in _KEYS if key in item}
    filled = [key for key in _KEYS if item.get(key) and str(item[key]).strip() and not key.startswith("fallback")]
    latest = item.get("latest")
    places = [key for key in ("deployed", "released", "deployedOrReleased") if item.get(key)]
    on_branches = [key for key in _BRANCH_KEYS if key in item]
    in_environments = [key for key in _ENVIRONMENT_KEYS if key in item]
    of_all = (
        (not filled, f"needs one of: {', '.join(key for key in _KEYS if not key.startswith('fallback'))}"),
        ("mainBranch" in given and bool(given - {"mainBranch", "latest"}), "mainBranch goes with nothing but consumer"),
        (
            "matchingBranch" in given and bool(given - {"matchingBranch"}),
            "matchingBranch goes with nothing but consumer",
        ),
        (
            "matchingBranch" in given and not str(provider_branch or "").strip(),
            "matchingBranch needs the providerVersionBranch",
        ),
        (
            bool(on_branches and in_environments),
            f"cannot have {'/'.join(on_branches)} with {'/'.join(in_environments)}",
        ),
    )
    of_some = (
        ("mainBranch latest", "mainBranch" in given and latest is False, "mainBranch cannot go with latest=false"),
        ("tag branch", "tag" in given and "branch" in given, "cannot have both a tag and a branch"),
        ("fallbackTag tag latest", "fallbackTag" in given and not latest, "fallbackTag needs latest=true"),
        ("fallbackTag tag latest", "fallbackTag" in given and "tag" not in given, "fallbackTag needs a tag"),
        (
            "fallbackBranch branch latest",
            "fallbackBranch" in given and "branch" not in given,
            "fallbackBranch needs a branch",
        ),
        (
            "fallbackBranch branch latest",
            "fallbackBranch" in given and latest is False,
            "fallbackBranch cannot go with latest=false",
        ),
        ("branch latest", "branch" in given and latest is False, "branch cannot go with latest=false"),
        *(
            ("deployed released deployedOrReleased", True, f"cannot have {one} and {other} together")
            for one, other in itertools.combinations(places, 2)
        ),
    )
    wrong = [sentence for is_wrong, sentence in of_all if is_wrong and not spoilt]
    wrong += [sentence for keys, is_wrong, sentence in of_some if is_wrong and spoilt.isdisjoint(keys.split())]
    unknown = "environment" in filled and "environment" not in spoilt
    if unknown and deployments.environment_named(db, item["environment"]) is None:
        wrong.append(f"there is no environment named {item['environment']!r}")
    return wrong


def _selectors(item: dict[str, Any], provider_branch: str | None) -> list[Selector]:
    both = bool(item.get("deployedOrReleased"))
    matching = bool(item.get("matchingBranch"))
    branch = provider_branch if matching else item.get("branch")
    selector = Selector(
        consumer=item.get("consumer"),
        main_branch=bool(item.get("mainBranch")),
        matching_branch=matching,
        branch=branch,
        tag=item.get("tag"),
        fallback_tag=item.get("fallbackTag"),
        latest=bool(item.get("latest") or item.get("mainBranch") or branch),
        deployed=bool(item.get("deployed")),
        released=bool(item.get("released")),
        environment=item.get("environment"),
    )
    if not both:
        return [selector]
    return [
        Selector(consumer=selector.consumer, deployed=True, environment=selector.environment),
        Selector(consumer=selector.consumer, released=True, environment=selector.environment),
    ]


def _publish_result(call: Call) -> Answer:
    body = call.object()
    checks = Checks(body)
    checks.flag("success", required=True)
    checks.text("providerApplicationVersion", not_blank, short, required=True)
    checks.text("buildUrl", not_blank_if_given, a_url)
    checks.refuse()
    metadata = decode_metadata(call.path.get("metadata", ""))
    pact = required_content(call)
    verified_by = body.get("verifiedBy")
    row = results.record(
        call.db,
        pact,
        results.Outcome(
            success=body["success"],
            provider_version=body["providerApplicationVersion"],
            wip=metadata.get("w") == "true",
            pending=metadata.get("p") == "true",
            build_url=body.get("buildUrl"),
            verified_by=verified_by if isinstance(verified_by, dict) else None,
            test_results=body.get("testResults"),
        ),
    )
    pacts.touch_integration(call.db, Pair(pact["consumer_id"], pact["provider_id"]))
    triggers.result_published(call, pact, row, metadata, triggers.Context(call.base, build_url=body.get("buildUrl")))
    document = _document(call, row)
    return Answer(201, document, headers={"Location": document["_links"]["self"]["href"]})


def _document(call: Call, row: sqlite3.Row) -> Document:
    pair = Pair(row["consumer_id"], row["provider_id"])
    newest = pacts.of_content(call.db, pair, row["sha"])
    if newest is None:
        raise not_found("No version publishes this pact any more.")
    return pact_documents.result(call.base, row, newest)


def _versions_in(db: sqlite3.Connection, metadata: dict[str, Any], consumer: str) -> list[str]:
    """The consumer versions that metadata names, by id or by number, oldest first."""
    selectors = metadata.get("s")
    items = [item for item in selectors if isinstance(item, dict)] if isinstance(selectors, list) else [metadata]
    ids = [
        int(item["cv"]) for item in items if str(item.get("cv", "")).isdecimal() and len(str(item["cv"])) < _MOST_DIGITS
    ]
    query = """SELECT v.id, v.number FROM versions v JOIN pacticipants p ON p.id = v.pacticipant_id
               WHERE p.name = ? AND (v.id = ? OR v.number = ?)"""
    wanted: Sequence[tuple[int, str | None]] = [(version_id, None) for version_id in ids]
    if not ids and isinstance(metadata.get("cvn"), str):
        wanted = [(0, metadata["cvn"])]
    found = {row["id"]: row["number"] for one in wanted for row in db.execute(query, (consumer, *one))}
    return [found[version_id] for version_id in sorted(found)]


def required_content(call: Call) -> sqlite3.Row:
    """The pact with the content that the path names, best that of the newest version that its metadata names.

    Raises Refusal (404).
    """
    return _content_and_versions(call)[0]


def _content_and_versions(call: Call) -> tuple[sqlite3.Row, list[str]]:
    """The same with the versions that the path's metadata names, the newest last."""
    pair = pacts.pair_of(call.db, call.path["consumer"], call.path["provider"])
    if pair is None:
        raise not_found("There is no such pact.")
    named = _versions_in(call.db, decode_metadata(call.path.get("metadata", "")), call.path["consumer"])
    found = pacts.of_version_or_content(call.db, pair, named[-1] if named else None, call.path["sha"])
    if found is None:
        raise not_found("There is no such pact.")
    return found, named


def _show_content(call: Call) -> Answer:
    metadata = call.path.get("metadata", "")
    row, versions = _content_and_versions(call)
    document = pact_documents.pact(call.db, call.base, row, metadata=metadata, versions=versions[::-1])
    return Answer(200, document, media=call.media)


def _show_result(call: Call) -> Answer:
    document = pact_documents.result(call.base, required_result(call), required_content(call))
    return Answer(200, document, media=call.media)


def _delete_result(call: Call) -> Answer:
    call.db.execute("DELETE FROM results WHERE id = ?", (required_result(call)["id"],))
    return Answer(204)


def required_result(call: Call) -> sqlite3.Row:
    """The result of the content and with the number that the path names. Raises Refusal (404)."""
    path = call.path
    number = path["number"]
    found = None
    if number.isdecimal() and len(number) < _MOST_DIGITS:
        found = results.find(call.db, path["consumer"], path["provider"], path["sha"], int(number))
    if found is None:
        raise not_found("There is no such result.")
    return found


def _show_latest_result(call: Call) -> Answer:
    return Answer(200, pact_documents.result(call.base, *required_latest_result(call)), media=call.media)


def required_latest_result(call: Call) -> tuple[sqlite3.Row, sqlite3.Row]:
    """The newest result of a content, a version's pact or the newest pact; with the pact. Raises Refusal (404)."""
    path = call.path
    pair = pacts.pair_of(call.db, path["consumer"], path["provider"])
    pact = None
    if pair and "sha" in path:
        pact = pacts.of_content(call.db, pair, path["sha"])
    elif pair and "version" in path:
        pact = pacts.of_version(call.db, pair, path["version"])
    elif pair:
        pact = pacts.latest(call.db, pair, tag=path.get("tag"))
    row = results.latest_of_content(call.db, pact["content_id"]) if pact else None
    if row is None or pact is None:
        raise not_found("There is no result for this pact.")
    return row, pact


def _delete_latest_result(call: Call) -> Answer:
    call.db.execute("DELETE FROM results WHERE id = ?", (required_latest_result(call)[0]["id"],))
    return Answer(204)


def _summarise(call: Call) -> Answer:
    name, number = call.path["consumer"], call.path["version"]
    made = estate.version_of(call.db, name, number)
    if made is None:
        raise not_found(f"There is no version {number!r} of {name!r}.")
    found = results.latest_of_version(call.db, made["id"])
    query = """SELECT p.name FROM publications x JOIN pacticipants p ON p.id = x.provider_id
               WHERE x.version_id = ? AND x.current = 1"""
    providers = [row["name"] for row in call.db.execute(query, (made["id"],))]
    passed = [row["provider"] for row in found if row["success"]]
    answered = {row["provider"] for row in found}
    summary = {
        "successful": passed,
        "failed": [row["provider"] for row in found if not row["success"]],
        "unknown": [provider for provider in providers if provider not in answered],
    }
    own = {"href": call.url, "title": f"Newest results of version {number} of {name}"}
    return Answer(
        200,
        {
            "success": len(passed) == len(providers),
            "providerSummary": summary,
            "_embedded": {"verificationResults": [_document(call, row) for row in found]},
            "_links": {"self": own},
        },
    )


_PAIR = "/pacts/provider/<provider>/consumer/<consumer>"
_CONTENT = f"{_PAIR}/pact-version/<sha>"
_CARRIED = f"{_CONTENT}/metadata/<metadata>"

ROUTES: tuple[Route, ...] = (
    post("/pacts/provider/<provider>/for-verification", _for_verification, writes=False, consumes=ANY_JSON),
    get("/pacts/provider/<provider>/for-verification", _for_verification_by_query),
    get(_CONTENT, _show_content, HAL, JSON),
    get(_CARRIED, _show_content, HAL, JSON),
    post(f"{_CONTENT}/verification-results", _publish_result),
    post(f"{_CARRIED}/verification-results", _publish_result),
    *(
        route
        for owner in (_CONTENT, f"{_PAIR}/version/<version>", f"{_PAIR}/latest", f"{_PAIR}/latest/<tag>")
        for route in (
            get(f"{owner}/verification-results/latest", _show_latest_result, HAL, JSON),
            delete(f"{owner}/verification-results/latest", _delete_latest_result),
        )
    ),
    *(
        route
        for pattern in (f"{_CONTENT}/verification-results/<number>", f"{_CARRIED}/verification-results/<number>")
        for route in (get(pattern, _show_result, HAL, JSON), delete(pattern, _delete_result))
    ),
    get("/verification-results/consumer/<consumer>/version/<version>/latest", _summarise),
)
