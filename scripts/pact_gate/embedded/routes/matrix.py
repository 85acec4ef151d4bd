"""The matrix, can-i-deploy, and badges."""

from __future__ import annotations

import re
import sqlite3
import urllib.parse
from collections import Counter
from typing import Any

from pact_gate.embedded import deployments, estate, pact_documents, pacts, results
from pact_gate.embedded.checks import MOST_ITEMS
from pact_gate.embedded.exchange import HAL, SVG, TEXT, Answer, Call, invalid, not_found
from pact_gate.embedded.matrix import reasons as matrix_reasons
from pact_gate.embedded.matrix.answer import answer
from pact_gate.embedded.matrix.rows import LATEST_BY
from pact_gate.embedded.matrix.terms import Question, Selector, Summary
from pact_gate.embedded.routes.pacticipants import required_pair
from pact_gate.embedded.routing import Route, get
from pact_gate.embedded.tables import table

_BADGES = "https://img.shields.io/badge"
_MOST_DIGITS = 18
_NUMBER = re.compile(r"\s*([+-]?[0-9]+(?:_[0-9]+)*)")
_HEADER = ("CONSUMER", "C_VERSION", "REVISION", "PROVIDER", "P_VERSION", "NUMBER", "SUCCESS")
_BETWEEN_WORDS = re.compile(r"[\s_-]")
_BEFORE_CAPITAL = re.compile(r"(?<=[a-z\d])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")  # `orderService`, `HTMLTool`


def _matrix(call: Call) -> Answer:
    question = _question(call)
    wrong = _wrong_with(call.db, question)
    if wrong:
        raise invalid(wrong)
    return _told(call, answer(call.db, question))


def _matrix_of_pair(call: Call) -> Answer:
    asked = _question(call)
    wrong = _wrong_beside_selectors(call.db, asked)
    if wrong:
        raise invalid(wrong)
    required_pair(call)
    question = asked._replace(selectors=(Selector(call.path["consumer"]), Selector(call.path["provider"])))
    return _told(call, answer(call.db, question))


def _can_i_deploy(call: Call) -> Answer:
    given = call.parameters()
    known = {
        key: given[key] for key in ("pacticipant", "version", "to", "environment") if isinstance(given.get(key), str)
    }
    wrong = _wrong_with_short_form(call.db, known)
    if wrong:
        raise invalid(wrong)
    ignored = given.get("ignore", [])
    question = Question(
        selectors=(Selector(known["pacticipant"], known["version"]),),
        ignored=tuple(dict.fromkeys(filter(None, map(_ignored, ignored)))) if isinstance(ignored, list) else (),
        latestby="cvpv" if "environment" in known else "cvp",
        latest="to" in known,
        tag=known.get("to"),
        environment=known.get("environment"),
    )
    return _told(call, answer(call.db, question))


def _ignored(item: Any) -> Selector | None:
    """What is to be passed over: a name, or an object with one and perhaps a version; all else says nothing."""
    given = item if isinstance(item, dict) else {"pacticipant": item}
    return Selector(given["pacticipant"], given.get("version") or None) if "pacticipant" in given else None


def _wrong_with_short_form(db: sqlite3.Connection, known: dict[str, str]) -> dict[str, list[str]]:
    wrong = {key: ["is missing"] for key in ("pacticipant", "version") if not known.get(key)}
    places = {key: known[key].strip() for key in ("to", "environment") if key in known}
    if any(places.values()):
        wrong |= {key: ["must be filled"] for key, place in places.items() if not place}
    if known.get("pacticipant") and estate.pacticipant(db, known["pacticipant"]) is None:
        wrong["pacticipant"] = ["does not exist"]
    if places.get("environment") and deployments.environment_named(db, known["environment"]) is None:
        wrong["environment"] = [f"{known['environment']!r} does not exist"]
    if not any(places.values()) or all(places.get(key) for key in ("to", "environment")):
        wrong[""] = ["give either an environment or the tag to go to"]
    return wrong


def _branch_to_environment(call: Call) -> Answer:
    if _head(call) is None or deployments.environment_named(call.db, call.path["environment"]) is None:
        raise not_found()
    return _told(call, answer(call.db, _branch_question(call)))


def _tag_to_tag(call: Call) -> Answer:
    if _tagged(call) is None:
        raise not_found()
    return _told(call, answer(call.db, _tag_question(call)))


def _branch_question(call: Call) -> Question:
    selector = Selector(call.path["pacticipant"], latest=True, branch=call.path["branch"])
    return Question((selector,), latestby="cvpv", environment=call.path["environment"])


def _tag_question(call: Call) -> Question:
    selector = Selector(call.path["pacticipant"], latest=True, tag=call.path["tag"])
    return Question((selector,), latestby="cvp", latest=True, tag=call.path["to"])


def _head(call: Call) -> sqlite3.Row | None:
    owner = estate.pacticipant(call.db, call.path["pacticipant"])
    return estate.latest_version(call.db, owner["id"], branch=call.path["branch"]) if owner else None


def _tagged(call: Call) -> sqlite3.Row | None:
    owner = estate.pacticipant(call.db, call.path["pacticipant"])
    return estate.latest_version(call.db, owner["id"], tag=call.path["tag"]) if owner else None


def _told(call: Call, summary: Summary) -> Answer:
    if call.media == TEXT:
        return Answer(200, _table(summary), media=TEXT)
    return Answer(200, pact_documents.matrix(call.db, call.base, summary))


def _table(summary: Summary) -> str:
    listed = (summary.rows + summary.ignored_rows)[: summary.question.listed]
    lines = [
        (
            row.consumer,
            row.consumer_version,
            row.revision,
            row.provider,
            row.provider_version,
            row.result_id,
            row.success,
        )
        for row in listed
    ]
    deployable = {True: "true", False: "false", None: "nil"}[summary.deployable]
    reason = "\n".join(notice["text"] for notice in matrix_reasons.notices(summary))
    return f"{table(_HEADER, lines)}\n\nDeployable: {deployable}\nReason: {reason}\n"


def _question(call: Call) -> Question:
    given = call.parameters()
    text = {key: value for key, value in given.items() if isinstance(value, str) and value}
    listed, ignored = given.get("q", []), given.get("ignore", [])
    main = text.get("mainBranch")
    return Question(
        selectors=_selectors(listed),
        ignored=_selectors(ignored),
        latestby=text.get("latestby"),
        success=_successes(given.get("success")),
        limit=_leading_number(text["limit"]) if "limit" in text else None,
        latest=text.get("latest") == "true",
        tag=text.get("tag") or _only(given.get("tag")),
        main_branch=None if main is None else main == "true",
        environment=text.get("environment"),
    )


def _only(value: Any) -> str | None:
    """The one name in a list of one, as of `tag[]=prod`."""
    return value[0] if isinstance(value, list) and len(value) == 1 and isinstance(value[0], str) else None


def _leading_number(text: str) -> str:
    """The number that a text begins with, as Ruby reads it: 10 of `10.5` or `10 rows`."""
    found = _NUMBER.match(text)
    return found[1].replace("_", "") if found else "0"


def _successes(value: Any) -> frozenset[bool | None] | None:
    values = value if isinstance(value, list) else [value]
    if value is None or any(isinstance(item, dict) for item in values):
        return None
    return frozenset(None if item == "" else item == "true" for item in values)


def _selectors(listed: Any) -> tuple[Selector, ...]:
    """The selectors of a question, of equal ones two: on a Pact Broker two are another question than one."""
    asked = [_selector(item) for item in listed] if isinstance(listed, list) else []
    if len(set(asked)) > MOST_ITEMS:
        raise invalid([f"More than {MOST_ITEMS} different selectors cannot be asked for at once."])
    return tuple(selector for selector, number in Counter(asked).items() for _ in range(min(number, 2)))


def _selector(item: Any) -> Selector:
    given = {key: value for key, value in item.items() if value} if isinstance(item, dict) else {}
    return Selector(
        pacticipant=given.get("pacticipant"),
        version=given.get("version"),
        latest=given.get("latest") == "true",
        tag=given.get("tag"),
        branch=given.get("branch"),
        main_branch=given.get("mainBranch") == "true",
        environment=given.get("environment"),
    )


def _wrong_with(db: sqlite3.Connection, question: Question) -> list[str]:
    wrong: list[str] = []
    for selector in question.selectors:
        if selector.pacticipant is None:
            wrong.append("Please say which pacticipant is meant.")
        elif estate.pacticipant(db, selector.pacticipant) is None:
            wrong.append(f"There is no pacticipant named {selector.pacticipant!r}.")
        if selector.version and selector.latest:
            wrong.append(f"A version and latest cannot both be asked for {selector.pacticipant!r}.")
    if not question.selectors:
        wrong.append("Please give at least one selector.")
    return wrong + _wrong_beside_selectors(db, question)


def _wrong_beside_selectors(db: sqlite3.Connection, question: Question) -> list[str]:
    """What is wrong with all that may be asked of two pacticipants by name as well."""
    wrong: list[str] = []
    for selector in question.ignored:
        if selector.pacticipant is None:
            wrong.append("Please say which pacticipant is to be ignored.")
        elif selector.version and selector.latest:
            wrong.append(f"A version and latest cannot both be ignored of {selector.pacticipant!r}.")
    wrong += _wrong_destination(db, question)
    if question.latestby not in (None, *LATEST_BY):
        wrong.append(f"latestby must be one of {', '.join(LATEST_BY)}; it is {question.latestby!r}.")
    if question.limit is not None and not _is_positive(question.limit):
        wrong.append("The limit must be 1 or more.")
    return wrong


def _wrong_destination(db: sqlite3.Connection, question: Question) -> list[str]:
    wrong: list[str] = []
    if sum(value is not None for value in (question.tag, question.environment, question.main_branch)) > 1:
        wrong.append("Only one of tag, environment and mainBranch can be asked for.")
    environment = (question.environment or "").strip()
    if environment and question.latest:
        wrong.append("latest=true cannot go with an environment.")
    if environment and deployments.environment_named(db, question.environment or "") is None:
        wrong.append(f"There is no environment named {question.environment!r}.")
    return wrong


def _is_positive(text: str) -> bool:
    return text.removeprefix("+").isdecimal() and len(text) <= _MOST_DIGITS and int(text) > 0


def _pact_badge(call: Call) -> Answer:
    return _newest_badge(call, tag=call.path.get("tag"))


def _untagged_badge(call: Call) -> Answer:
    return _newest_badge(call, tag=None, untagged=True)


def _newest_badge(call: Call, *, tag: str | None, untagged: bool = False) -> Answer:
    pair = pacts.pair_of(call.db, call.path["consumer"], call.path["provider"])
    pact = pacts.latest(call.db, pair, tag=tag, untagged=untagged) if pair else None
    result = results.latest_of_pair(call.db, pair, tag=tag, untagged=untagged) if pair else None
    return _badge_of(call, pact, result, ("", ""))


def _tags_badge(call: Call) -> Answer:
    path = call.path
    pair = pacts.pair_of(call.db, path["consumer"], path["provider"])
    tags = (path["tag"], path["provider_tag"])
    pact = pacts.latest(call.db, pair, tag=path["tag"]) if pair else None
    result = results.latest_of_tags(call.db, pair.consumer_id, pair.provider_id, tags) if pair else None
    return _badge_of(call, pact, result, (f" ({tags[0]})", f" ({tags[1]})"))


def _badge_of(call: Call, pact: sqlite3.Row | None, result: sqlite3.Row | None, tags: tuple[str, str]) -> Answer:
    if pact is None:
        return _badge("pact not found", "unknown", "lightgrey")
    title = _badge_title(call, {"consumer": pact["consumer"], "provider": pact["provider"]}, tags)
    if result is None:
        return _badge(title, "unknown", "lightgrey")
    if result["success"]:
        same = result["sha"] == pact["sha"]
        return _badge(title, "verified", "brightgreen") if same else _badge(title, "changed", "orange")
    return _badge(title, "failed (pending)" if result["pending"] else "failed", "red")


def _badge_title(call: Call, names: dict[str, str], tags: tuple[str, str]) -> str:
    """Both names, or that which `label` asks for; `initials=true` shortens them."""
    shortened = _initials if call.parameter("initials") == "true" else str
    titles = {role: shortened(name) + tag for (role, name), tag in zip(names.items(), tags, strict=True)}
    return f"{titles.get((call.parameter('label') or '').lower(), '/'.join(titles.values()))} pact".lower()


def _initials(name: str) -> str:
    """The first letters of a name's words, which stand apart or each start with a capital; one word stays whole."""
    words = [word for word in _BETWEEN_WORDS.split(name) if word]
    if len(words) == 1:
        words = _BEFORE_CAPITAL.split(name)
    return "".join(word[0] for word in words) if len(words) > 1 else name


def _branch_badge(call: Call) -> Answer:
    path = call.path
    owner = estate.pacticipant(call.db, path["pacticipant"])
    if owner is None:
        return _badge("pacticipant", "not found", "lightgrey")
    if _head(call) is None:
        known = estate.branch(call.db, owner["id"], path["branch"])
        return _badge("version" if known else "branch", "not found", "lightgrey")
    if deployments.environment_named(call.db, path["environment"]) is None:
        return _badge("environment", "not found", "lightgrey")
    deployable = answer(call.db, _branch_question(call)).deployable
    return _way_badge(call, f"{path['branch']} to {path['environment']}", deployable)


def _tag_badge(call: Call) -> Answer:
    path = call.path
    if estate.pacticipant(call.db, path["pacticipant"]) is None:
        return _badge("pacticipant", "not found", "lightgrey")
    if _tagged(call) is None:
        return _badge("version", "not found", "lightgrey")
    deployable = answer(call.db, _tag_question(call)).deployable
    return _way_badge(call, f"{path['tag']} to {path['to']}", deployable)


def _way_badge(call: Call, way: str, deployable: bool | None) -> Answer:  # noqa: FBT001 - the third state is None
    return _badge(call.parameter("label") or "can-i-deploy", way, "brightgreen" if deployable else "red")


def _merge_badge(call: Call) -> Answer:
    owner = estate.pacticipant(call.db, call.path["pacticipant"])
    if owner is None:
        return _badge("pacticipant", "not found", "lightgrey")
    head = estate.latest_main_version(call.db, owner)
    if head is None:
        return _badge("main branch version", "not found", "lightgrey")
    selector = Selector(owner["name"], head["number"])
    deployable = answer(call.db, Question((selector,), latestby="cvp", latest=True, main_branch=True)).deployable
    words = {None: ("unknown", "lightgrey"), True: ("success", "brightgreen"), False: ("failed", "red")}
    return _badge("can-i-merge", *words[deployable], kept="max-age=30")


def _badge(left: str, right: str, color: str, *, kept: str = "no-cache") -> Answer:
    """A redirect to a picture elsewhere: nothing is fetched or drawn here. `kept` says how long it holds."""
    texts = "-".join(urllib.parse.quote(text.replace("-", "--").replace("_", "__"), safe="") for text in (left, right))
    headers = {"Location": f"{_BADGES}/{texts}-{color}.svg", "Cache-Control": kept}
    return Answer(307, "", media=SVG, headers=headers)


_OWNER = "/pacticipants/<pacticipant>"
_PAIR = "/pacts/provider/<provider>/consumer/<consumer>"
_TO_ENVIRONMENT = f"{_OWNER}/branches/<branch>/latest-version/can-i-deploy/to-environment/<environment>"
_TO_TAG = f"{_OWNER}/latest-version/<tag>/can-i-deploy/to/<to>"
_BADGE_ROUTES = (
    (f"{_TO_ENVIRONMENT}/badge", _branch_badge),
    (f"{_TO_TAG}/badge", _tag_badge),
    (f"{_OWNER}/main-branch/can-i-merge/badge", _merge_badge),
    (f"{_PAIR}/latest/badge", _pact_badge),
    (f"{_PAIR}/latest-untagged/badge", _untagged_badge),
    (f"{_PAIR}/latest/<tag>/badge", _pact_badge),
    ("/matrix/provider/<provider>/latest/<provider_tag>/consumer/<consumer>/latest/<tag>/badge", _tags_badge),
)

ROUTES: tuple[Route, ...] = (
    get("/matrix", _matrix, HAL, TEXT),
    get("/matrix/provider/<provider>/consumer/<consumer>", _matrix_of_pair),
    get("/can-i-deploy", _can_i_deploy, HAL, TEXT),
    get(_TO_ENVIRONMENT, _branch_to_environment, HAL, TEXT),
    get(_TO_TAG, _tag_to_tag, HAL, TEXT),
    *(get(f"{pattern}{suffix}", handler, SVG) for pattern, handler in _BADGE_ROUTES for suffix in (".svg", "")),
)
