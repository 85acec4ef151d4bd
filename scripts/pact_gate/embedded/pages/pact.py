"""One pact as a document that a person can read."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pact_gate.embedded import contents, pacts
from pact_gate.embedded.exchange import Answer, Call
from pact_gate.embedded.pages import parts
from pact_gate.embedded.pages.frame import Page, answer, prefix_of
from pact_gate.embedded.pages.html import Html, Part, joined, name, tag
from pact_gate.embedded.routes.pacts import required_newest
from pact_gate.embedded.routes.publishing import required as required_of_version
from pact_gate.embedded.routes.verification import required_content
from pact_gate.embedded.urls import matrix_at, pair_at, result_at
from pact_gate.model.commit import short
from pact_gate.model.pact import interactions, states
from pact_gate.model.plain import line

_SIZE = 25  # interactions on one page
_OPEN = 5  # as many are shown open
_BODY = 10_000  # characters of a body
_ENTRIES = 50  # headers, parameters or rules of one interaction
_VALUE = 300  # characters of one of them
_RESULTS = 10
_RESPONSES = 5  # of one message
_V4 = 4


def latest_page(call: Call) -> Answer:
    """The newest pact of two pacticipants, of all, with a tag or on a branch. Raises Refusal (404)."""
    return _page(call, required_newest(call))


def version_page(call: Call) -> Answer:
    """The pact of one consumer version. Raises Refusal (404)."""
    return _page(call, required_of_version(call))


def content_page(call: Call) -> Answer:
    """A pact by what it says. Raises Refusal (404)."""
    return _page(call, required_content(call))


def _page(call: Call, row: sqlite3.Row) -> Answer:
    prefix, says = prefix_of(call), pacts.content(call.db, row["content_id"])
    consumer, provider = row["consumer"], row["provider"]
    listed = interactions(says) if isinstance(says, dict) else []
    part = parts.slice_of(call, len(listed), _SIZE)
    content = (
        _facts(call.db, prefix, row, says),
        tag("h2", "Results"),
        _results(call.db, prefix, row),
        tag("h2", parts.counted(len(listed), "interaction") if listed else "Interactions"),
        _shown(listed, part, _specification(says)) if listed else _raw(says),
        part.links(call, prefix),
    )
    title = f"Pact of {consumer} {short(row['version'])} with {provider}"
    return answer(prefix, Page(title, "/integrations", content, parts.trail_of_pair(prefix, consumer, provider)))


def _facts(db: sqlite3.Connection, prefix: str, row: sqlite3.Row, says: Any) -> Html:
    return parts.facts(
        (
            "Consumer",
            (parts.pacticipant(prefix, row["consumer"]), " ", parts.version(prefix, row["consumer"], row["version"])),
        ),
        ("Provider", parts.pacticipant(prefix, row["provider"])),
        ("Published", parts.moment(row["created_at"])),
        ("Specification", name(_specification(says)) if _specification(says) else None),
        ("Before it", before(db, prefix, row)),
        ("Content", tag("code", row["sha"])),
    )


def before(db: sqlite3.Connection, prefix: str, row: sqlite3.Row) -> Part:
    """The pact before a pact that said something else, and the way to what changed."""
    found = pacts.previous_distinct(db, row)
    if found is None:
        return None
    pair = row["provider"], row["consumer"], "version"
    earlier = tag("a", parts.number(found["version"]), href=pair_at(prefix, *pair, found["version"]))
    changes = pair_at(prefix, *pair, row["version"], "diff", "version", found["version"])
    return earlier, " said something else: ", tag("a", "what changed", href=changes)


def _results(db: sqlite3.Connection, prefix: str, row: sqlite3.Row) -> Html:
    query = """SELECT r.id, r.success, r.pending, r.created_at, v.number FROM results r
               JOIN versions v ON v.id = r.provider_version_id
               WHERE r.content_id = ? AND r.current = 1 ORDER BY r.id DESC LIMIT ?"""
    found = db.execute(query, (row["content_id"], _RESULTS + 1)).fetchall()
    if not found:
        return parts.none("No version of ", name(row["provider"]), " has verified it yet.")
    pair, sha = (row["provider"], row["consumer"]), row["sha"]
    lines = (
        (
            parts.version(prefix, row["provider"], it["number"]),
            parts.result_badge(it["success"], pending=it["pending"]),
            tag("a", "Result of ", parts.moment(it["created_at"]), href=result_at(prefix, *pair, sha, it["id"])),
        )
        for it in found[:_RESULTS]
    )
    more = tag(
        "p",
        "Older ones are in ",
        tag("a", "the matrix", href=matrix_at(prefix, row["provider"], row["consumer"])),
        ".",
    )
    shown = parts.table("Results of this content", (f"Version of {line(row['provider'], 40)}", "Result", "When"), lines)
    return joined(shown, more if len(found) > _RESULTS else None)


def _specification(says: Any) -> str:
    return line(str(contents.specification(says) or ""), 20)


def _raw(says: Any) -> Html:
    return joined(parts.none("It holds no interactions that could be told apart. It says:"), block(says))


def _shown(listed: Sequence[Mapping[str, Any]], part: parts.Slice, specification: str) -> list[Html]:
    wraps = specification.partition(".")[0].isdecimal() and int(specification.partition(".")[0]) >= _V4
    few = len(listed) <= _OPEN
    return [_interaction(each, wraps=wraps, is_open=few) for each in part.of(listed)]


def _interaction(each: Mapping[str, Any], *, wraps: bool, is_open: bool) -> Html:
    """One interaction. `wraps`: its bodies are V4's, with the content in a field of them."""
    title = tag("strong", name(str(each.get("description") or "without a description")))
    head = tag("summary", title, " ", tag("span", _in_short(each), class_="method soft"))
    given = [_state(state) for state in states(each)[:_ENTRIES]]
    inside = (
        parts.facts(
            ("Given", tag("ul", (tag("li", state) for state in given)) if given else None),
            ("Pending", "a failure does not break the provider's build" if each.get("pending") is True else None),
            ("Comments", _comments(each)),
        ),
        tag("div", _sides(each, wraps=wraps), class_="sides"),
    )
    return tag("details", head, tag("div", inside, class_="inside"), open=is_open)


def _in_short(each: Mapping[str, Any]) -> str:
    request, response = each.get("request"), each.get("response")
    if isinstance(request, dict) and "method" in request:
        status = response.get("status", 200) if isinstance(response, dict) else "?"
        return f"{_call(request, 80)} → {line(str(status), 10)}"
    return "a message that is answered" if request is not None else "a message"


def _state(state: Any) -> Part:
    if not isinstance(state, dict):
        return name(str(state))
    parameters = state.get("params")
    return name(str(state.get("name", ""))), (
        " ",
        tag("code", line(_compact(parameters), _VALUE)),
    ) if parameters else None


def _comments(each: Mapping[str, Any]) -> Part:
    comments = each.get("comments")
    text = comments.get("text") if isinstance(comments, dict) else None
    return [tag("p", line(str(item), _VALUE)) for item in text[:_ENTRIES]] if isinstance(text, list) else None


def _sides(each: Mapping[str, Any], *, wraps: bool) -> Iterator[Html]:
    request, response = each.get("request"), each.get("response")
    if request is None and response is None:
        yield _side("Message", each, wraps=wraps)
        return
    yield _side("Request", request, wraps=wraps)
    responses = response if isinstance(response, list) else [response]
    for one in responses[:_RESPONSES]:
        yield _side("Response", one, wraps=wraps)
    if len(responses) > _RESPONSES:
        yield tag("p", f"and {len(responses) - _RESPONSES:,} more responses", class_="soft")


def _side(title: str, part: Any, *, wraps: bool) -> Html:
    """A request, a response or a message."""
    if not isinstance(part, dict):
        return tag("div", tag("h3", title), block(part) if part is not None else None)
    key = next((key for key in ("body", "contents", "content") if part.get(key) is not None), None)
    return tag(
        "div",
        tag("h3", title),
        tag("p", tag("code", _first_line(part))) if "method" in part or "status" in part else None,
        _named("Query", part.get("query")),
        _named("Headers", part.get("headers")),
        _named("Metadata", part.get("metadata", part.get("metaData"))),
        (tag("h4", "Body" if key == "body" else "Contents"), _body(part[key], wraps=wraps)) if key else None,
        _rules(part),
    )


def _first_line(part: Mapping[str, Any]) -> str:
    if "method" in part:
        return _call(part, _VALUE)
    return f"Status {line(str(part.get('status')), 20)}"


def _call(request: Mapping[str, Any], limit: int) -> str:
    return f"{line(str(request['method']), 20).upper()} {line(_value(request.get('path', '/')), limit)}"


def _named(title: str, values: Any) -> Html | None:
    if not values:
        return None
    pairs = list(values.items())[:_ENTRIES] if isinstance(values, dict) else [("", values)]
    items = ((tag("dt", name(str(key))), tag("dd", tag("code", line(_value(value), _VALUE)))) for key, value in pairs)
    return joined(tag("h4", title), tag("dl", items, class_="facts"))


def _body(body: Any, *, wraps: bool) -> Html:
    if not (wraps and isinstance(body, dict) and "content" in body):
        return block(body)
    kind = [str(body[key]) for key in ("contentType", "encoded") if isinstance(body.get(key), str)]
    return joined(tag("p", name(", ".join(kind)), class_="soft") if kind else None, block(body["content"]))


def block(value: Any, limit: int = _BODY) -> Html:
    """JSON, or text as it is, as far as it can be read in one go."""
    text, is_cut = (value[:limit], len(value) > limit) if isinstance(value, str) else _written(value, limit)
    more = tag("p", f"The first {limit:,} characters.", class_="soft") if is_cut else None
    return joined(tag("pre", text, tabindex="0"), more)


def _written(value: Any, limit: int) -> tuple[str, bool]:
    """The beginning of a value as JSON: no more of it is written than is shown."""
    pieces, length = [], 0
    for piece in json.JSONEncoder(indent=2, ensure_ascii=False).iterencode(value):
        pieces.append(piece)
        length += len(piece)
        if length > limit:
            return "".join(pieces)[:limit], True
    return "".join(pieces), False


def _rules(part: Mapping[str, Any]) -> Html | None:
    """Where a value of another sort than the example's will do."""
    rules = part.get("matchingRules")
    found = list(_flat(rules, ""))[: _ENTRIES + 1] if isinstance(rules, dict) else []
    if not found:
        return None
    items = (
        (tag("dt", tag("code", line(where, _VALUE))), tag("dd", line(how, _VALUE))) for where, how in found[:_ENTRIES]
    )
    more = tag("p", "and more", class_="soft") if len(found) > _ENTRIES else None
    head = tag("summary", "Matching rules")
    return tag("details", head, tag("dl", items, class_="facts"), more)


def _flat(rules: Mapping[str, Any], path: str) -> Iterator[tuple[str, str]]:
    for key, value in rules.items():
        where = f"{path} {key}".strip()
        matchers = value.get("matchers") if isinstance(value, dict) else None
        if isinstance(matchers, list):
            yield where, " and ".join(_matcher(each) for each in matchers[:_ENTRIES])
        elif isinstance(value, dict) and not any(isinstance(inner, dict) for inner in value.values()):
            yield where, _matcher(value)
        elif isinstance(value, dict):
            yield from _flat(value, where)


def _matcher(matcher: Any) -> str:
    if not isinstance(matcher, dict):
        return _compact(matcher)
    said = ", ".join(f"{key} {_value(value)}" for key, value in matcher.items() if key != "match")
    return " ".join(part for part in (str(matcher.get("match", "")), said) if part) or "as written"


def _value(value: Any) -> str:
    if isinstance(value, list) and all(isinstance(each, str) for each in value[:_ENTRIES]):
        return ", ".join(value[:_ENTRIES])
    return value if isinstance(value, str) else _compact(value)


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
