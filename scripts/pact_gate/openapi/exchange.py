"""An interaction of a pact of any version as one request and one response."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from pact_gate.model.matching import Matching, Rule, body_rules, matching, named_rules
from pact_gate.model.pact import is_v4_body, told

FORM = "application/x-www-form-urlencoded"
_JSON = "application/json"
_MOST_PARAMETERS = 1_000
_STATUSES = range(100, 600)


class Body(NamedTuple):
    """A body: its value if it is JSON or a form, else None; `content_type` is empty where the pact names none."""

    value: Any
    is_json: bool
    content_type: str
    rules: Matching


class Message(NamedTuple):
    """A request or a response: headers and their rules by names in lower case, and a body where the pact has one."""

    headers: Mapping[str, tuple[str, ...]]
    body: Body | None
    header_rules: Mapping[str, Rule]


class Exchange(NamedTuple):
    """What a consumer sends, and what it needs for an answer."""

    name: str
    method: str
    path: str
    query: Mapping[str, tuple[str, ...]]
    request: Message
    status: int
    response: Message


def exchange(interaction: Mapping[str, Any]) -> Exchange | str:
    """Read an interaction; where it cannot be compared, say why."""
    name = told(interaction)
    request, response = interaction.get("request"), interaction.get("response")
    kind = interaction.get("type", "Synchronous/HTTP")
    if kind != "Synchronous/HTTP" or "contents" in interaction or not isinstance(request, dict):
        return f"{name}: it is a message, and OpenAPI describes HTTP"
    response = response if isinstance(response, dict) else {}
    path, status = request.get("path", "/"), response.get("status", 200)
    if not isinstance(path, str) or not isinstance(status, int) or status not in _STATUSES:
        return f"{name}: its path or its status is none"
    return Exchange(
        name=name,
        method=str(request.get("method", "GET")).upper(),
        path=path.partition("?")[0],
        query=_query(request.get("query")),
        request=_message(request),
        status=status,
        response=_message(response),
    )


def _query(found: Any) -> dict[str, tuple[str, ...]]:
    """Give a query's parameters: V1 and V2 have it as it is sent, V3 and V4 as an object."""
    collected: dict[str, list[str]] = {}
    if isinstance(found, str):
        for name, value in parse_qsl(found[:100_000], keep_blank_values=True):
            collected.setdefault(name, []).append(value)
    elif isinstance(found, dict):
        collected = {name: _texts(value) for name, value in found.items()}
    return {name: tuple(values) for name, values in list(collected.items())[:_MOST_PARAMETERS]}


def _texts(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return ["" if each is None else each if isinstance(each, str) else json.dumps(each) for each in values]


def _message(found: Mapping[str, Any]) -> Message:
    headers = found.get("headers")
    named = {
        name.lower(): tuple(_texts(value)) for name, value in (headers.items() if isinstance(headers, dict) else ())
    }
    return Message(named, _body(found, named), named_rules(found.get("matchingRules"), "header", "headers"))


def _body(found: Mapping[str, Any], headers: Mapping[str, Sequence[str]]) -> Body | None:
    """Read a body. None and null say nothing of it; a body without a content type is JSON if it is no text."""
    value = found.get("body")
    sent_as = next(iter(headers.get("content-type", ())), "")
    if is_v4_body(value):
        sent_as = sent_as or str(value.get("contentType") or "")
        value = _decoded(value)
    if value is None:
        return None
    content_type = sent_as.partition(";")[0].strip().lower()
    rules = matching(body_rules(found.get("matchingRules")))
    if content_type == FORM and isinstance(value, str):
        form = {name: values[0] if len(values) == 1 else list(values) for name, values in _query(value).items()}
        return Body(form, is_json=False, content_type=content_type, rules=rules)
    is_json = is_json_type(content_type or _JSON) and not (isinstance(value, str) and not content_type)
    if is_json and isinstance(value, str) and isinstance(found.get("body"), dict):
        value, is_json = _parsed(value)
    return Body(_sound(value) if is_json else None, is_json, content_type, rules)


def _decoded(body: Mapping[str, Any]) -> Any:
    content, encoded = body["content"], body.get("encoded")
    if not encoded or not isinstance(content, str):
        return content
    if str(encoded).lower() == "json":
        return _parsed(content)[0]
    try:
        return base64.b64decode(content, validate=True).decode()
    except (binascii.Error, ValueError):
        return content


def _parsed(text: str) -> tuple[Any, bool]:
    """Read a JSON body that a V4 pact holds as text: a JSON text in it is one as well."""
    try:
        return json.loads(text), True
    except (ValueError, RecursionError):
        return text, True


def is_json_type(content_type: str) -> bool:
    """Say whether a body of this type is JSON."""
    return content_type == _JSON or content_type.endswith("+json") or content_type == "text/json"


def _sound(value: Any) -> Any:
    """Replace half characters (lone surrogates) in what the validator cannot take otherwise; most bodies have none."""
    try:
        text = json.dumps(value, ensure_ascii=False)
        text.encode()
    except UnicodeEncodeError:
        return json.loads(text.encode(errors="replace"))
    except (ValueError, RecursionError):
        return value
    return value
