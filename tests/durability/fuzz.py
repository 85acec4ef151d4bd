"""Random and hostile requests to every route: what they are made of, and what an answer must fulfil whatever was asked.

A request begins as one that a route takes, with names that there are; then parts of it are replaced by what nobody
would send who means well.
"""

from __future__ import annotations

import base64
import copy
import http.client
import io
import json
import re
import socket
import urllib.parse
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st
from storm import publication

from pact_gate.embedded.routes import ROUTES

JSON = "application/json"
PATTERNS = sorted({route.pattern for route in ROUTES} | {"/", "/can-i-deploy", "/nothing"})
WRITTEN = sorted({route.pattern for route in ROUTES if route.writes})
ALLOWED = {pattern: [route.method for route in ROUTES if route.pattern == pattern] or ["GET"] for pattern in PATTERNS}
TYPES = {
    (route.pattern, route.method): (route.consumes or (None,))[0] for route in ROUTES
}  # the type of body that a route takes

# Names that the estate of `prepared` has, by the variable part of a path.
KNOWN = {
    "pacticipant": ["consumer", "provider", "söme / name"],
    "consumer": ["consumer", "söme / name"],
    "provider": ["provider"],
    "version": ["0", "1", "9", "v/1 ü"],
    "branch": ["main", "feat/x"],
    "tag": ["dev", "test"],
    "to": ["dev"],
    "number": ["1", "2"],
    "label": ["team"],
}

TEXTS = st.one_of(
    st.sampled_from(
        [
            "", " ", "\0", "a\nb", "a\r\nX-Injected: 1", "é", "\ud800", "%", "%00", "../..", "'", '"', "<script>", "%s",
            "{0}", "${pactbroker.consumerName}", "x" * 300, "x" * 20_000, "\u202e", "😀", "null", "true", "latest",
            "-1", "0", "1e999", "9" * 30, "٣", "²", "1_000", "2999-13-45", "0001-01-01T00:00:00+14:00", "2020-01-01",
            "9999-12-31T23:59:59-14:00", "2020-W01-1T00", "http://[", "http://127.0.0.1:99999/", "http://a b/",
        ]
    ),
    st.text(max_size=20),
)  # fmt: skip
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from([0, -1, 1, 2**31, 2**63, -(2**63) - 1, 10**400, 1.5, -0.0, 1e308, float("nan"), float("inf")]),
    TEXTS,
)
VALUES = st.one_of(
    SCALARS,
    st.recursive(
        SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3), max_leaves=6
    ),
    st.sampled_from([[], {}, [[]], [{}], {"": None}, {"name": 1}, [None], "deep"]).map(
        lambda value: _deep(200) if value == "deep" else value
    ),
)


def _deep(levels: int) -> Any:
    value: Any = []
    for _ in range(levels):
        value = [value]
    return value


def _contract(**changes: Any) -> dict[str, Any]:
    (contract,) = publication("consumer", 7)["contracts"]
    return {**contract, **changes}


PACT = json.loads(base64.b64decode(_contract()["content"]))
STATES = [{"name": "a state", "params": {"id": 1}}]
MESSAGES = {"consumer": {"name": "consumer"}, "provider": {"name": "provider"}, "messages": [
    {"description": "m", "providerStates": STATES, "contents": {"a": 1}},
], "metadata": {"pactSpecification": {}}}  # fmt: skip
TEST_RESULTS = [{"interactionId": "1", "success": False, "mismatches": [{"attribute": "body", "description": "x"}]}]
SELECTORS = [
    {"mainBranch": True}, {"matchingBranch": True}, {"deployedOrReleased": True}, {"environment": "test"},
    {"branch": "main", "fallbackBranch": "x"}, {"tag": "dev", "latest": True, "fallbackTag": "y"},
    {"consumer": "consumer", "latest": True},
]  # fmt: skip
HOOK_REQUEST = {
    "method": "POST", "url": "http://hook.invalid/${pactbroker.consumerName}", "username": "u", "password": "p",
    "headers": {"X-A": "b", "Authorization": "c"}, "body": {"a": "${pactbroker.pactUrl}"},
}  # fmt: skip
BODIES: list[Any] = [
    {},
    publication("consumer", 3) | {"buildUrl": "http://ci.invalid/1"},
    {**publication("consumer", 4), "contracts": [_contract(onConflict="merge"), _contract(onConflict="overwrite")]},
    PACT,
    MESSAGES,
    {"consumer": {"name": "consumer"}, "provider": {"name": "provider"}, "interactions": [], "metadata": None},
    {"success": True, "providerApplicationVersion": "10", "buildUrl": "http://ci.invalid/2", "testResults": {
        "tests": TEST_RESULTS, "summary": {"testCount": 1}}, "verifiedBy": {"implementation": "x", "version": "1"}},
    {"consumerVersionSelectors": SELECTORS, "providerVersionBranch": "main", "providerVersionTags": ["dev"],
     "includePendingStatus": True, "includeWipPactsSince": "2020-01-01"},
    {"name": "new", "displayName": "New", "production": False, "contacts": [{"name": "a", "details": {"b": "c"}}]},
    {"name": "söme", "displayName": "S", "repositoryUrl": "http://a.invalid", "mainBranch": "main",
     "repositoryName": "r", "repositoryNamespace": "n"},
    {"applicationInstance": "blue", "target": "t"},
    {"currentlyDeployed": False}, {"currentlySupported": False},
    {"buildUrl": "http://ci.invalid/3", "tags": [{"name": "t"}], "branch": "main"},
    {"description": "d", "enabled": True, "events": [{"name": "contract_published"}], "request": HOOK_REQUEST,
     "consumer": {"name": "consumer"}, "provider": {"label": "team"}},
]  # fmt: skip
QUERIES = [
    "", "q[][pacticipant]=consumer&q[][version]=2&latestby=cvpv&environment=test",
    "q[][pacticipant]=consumer&q[][latest]=true&q[][branch]=main&q[][pacticipant]=provider&q[][tag]=dev&limit=3",
    "q[0][pacticipant]=consumer&q[0][version]=2&q[1][pacticipant]=provider&success[]=true&success[]=&latest=true",
    "q[][pacticipant]=consumer&q[][mainBranch]=true&mainBranch=true&ignore[][pacticipant]=provider&ignore[][version]=9",
    "pacticipant=consumer&version=2&environment=test", "pacticipant=consumer&version=2&to=dev&ignore[]=provider",
    "page=1&size=2", "pageNumber=2&pageSize=1&q=c", "consumer_version_selectors[][tag]=dev&include_pending_status=true",
    "consumer_version_selectors[][latest]=true&provider_version_tags[]=dev&include_wip_pacts_since=2020-01-01",
    "branch=main&tag=dev&limit=0&days=3&after=1&q[]=a&exclude[]=main&application_instance=x&pacticipantName=consumer",
]  # fmt: skip
ACCEPTED = [
    "application/hal+json", JSON, "text/html,*/*;q=0.8", "*/*", "text/plain", "image/svg+xml",
    "application/problem+json", "", ",;q=,;;", "a/b;q=nan",
    "application/hal+json;q=inf, */*;q=-1", "text/html;q=\xff", "é",
]  # fmt: skip
SENT = [JSON, "application/merge-patch+json", "text/plain", "a;;/", JSON + ";charset=utf-16", ""]
KNOWN = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]
METHODS = [*KNOWN, "get", "BREW", ""]


@dataclass(frozen=True)
class Request:
    """One request as a server hands it on: the target as it was sent, with its query."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@st.composite
def requests(draw: st.DrawFn) -> Request:
    """A request that a route takes, with some of its parts replaced."""
    pattern = draw(st.sampled_from(PATTERNS) | st.sampled_from(WRITTEN))
    method = draw(st.sampled_from(ALLOWED[pattern]) | st.sampled_from(METHODS)) if draw(_rarely) else draw(
        st.sampled_from(ALLOWED[pattern]))  # fmt: skip
    path = "/".join(draw(_segment(part)) for part in pattern.split("/"))
    query = draw(st.sampled_from(QUERIES) | _queries() | TEXTS.map(_encoded))
    kind = TYPES.get((pattern, method))
    headers = {"HTTP_HOST": "broker.invalid"}
    if kind or draw(_rarely):
        headers["CONTENT_TYPE"] = draw(st.sampled_from(SENT)) if draw(_rarely) else kind or JSON
    if draw(st.booleans()):
        headers["HTTP_ACCEPT"] = draw(st.sampled_from(ACCEPTED if draw(_rarely) else ACCEPTED[:4]))
    if draw(_rarely):
        headers["HTTP_HOST"] = draw(st.sampled_from(["", "a\r\nb", "é", "[::1", "x" * 5000, "a/b?c#d", "user@h"]))
    body = draw(_payload(pattern)) if "CONTENT_TYPE" in headers else b""
    return Request(method, f"{path}?{query}" if query else path, headers, body)


_rarely = st.integers(0, 9).map(lambda number: number == 0)


def _encoded(text: str) -> str:
    return urllib.parse.quote(text.encode("utf-8", "surrogatepass"), safe="[]=&")


def _segment(part: str) -> st.SearchStrategy[str]:
    if not part.startswith("<"):
        return st.just(part)
    name = part[1:-1]
    if name in KNOWN:
        known = st.sampled_from([urllib.parse.quote(one, safe="") for one in KNOWN[name]])
    else:
        known = st.just(f"{{{name}}}")  # one of PLACES
    hostile = st.one_of(
        TEXTS.map(lambda text: _encoded(text).replace("/", "%2F")),
        st.sampled_from(["%ff%fe", "%2F", "%2f%2F", "%", "%zz", "%C3", ".", "..", "%2e%2e", "+", "a;b=c", "\xe9", "@"]),
        st.sampled_from([f"{{{place}}}" for place in PLACES]),
    )
    return _rarely.flatmap(lambda rare: hostile if rare else known)


PLACES = ("environment", "sha", "metadata", "uuid")  # variable parts that the file alone knows: `filled` puts them in


def filled(request: Request, places: dict[str, list[str]], chance: Any) -> Request:
    """The request with the parts that only the file knows, each by chance one of its kind."""
    target = re.sub(r"\{(\w+)\}", lambda found: chance.choice(places.get(found[1], ["x"])), request.target)
    return Request(request.method, target, request.headers, request.body)


@st.composite
def _queries(draw: st.DrawFn) -> str:
    pairs = draw(st.sampled_from(QUERIES)).split("&")
    for _ in range(draw(st.integers(1, 3))):
        index = draw(st.integers(0, len(pairs) - 1))
        name = pairs[index].partition("=")[0]
        pairs[index] = draw(
            st.one_of(
                TEXTS.map(lambda text, name=name: f"{name}={_encoded(text).replace('&', '%26')}"),
                st.sampled_from(
                    [f"{name}[]=1", f"{name}[a]=1", name, f"{name}[[]=2", f"{name}[][][]=3", f"[]{name}=4"]
                ),
            )
        )
    return "&".join(pairs)


@st.composite
def _payload(draw: st.DrawFn, pattern: str) -> bytes:
    body = json.loads(json.dumps(draw(st.sampled_from(_likely(pattern)) | st.sampled_from(BODIES))))
    for _ in range(draw(st.integers(0, 2))):
        body = draw(_changed(body))
    for contract in _contracts(body):
        if draw(st.booleans()):
            pact = json.loads(base64.b64decode(contract["content"]))
            inner = json.dumps(draw(_changed(pact)))
            contract["content"] = base64.b64encode(inner.encode("utf-8", "surrogatepass")).decode()
    text = json.dumps(body).encode()
    return (
        draw(st.sampled_from(["cut", "bytes", "lines"]).map(lambda how: _spoiled(text, how))) if draw(_rarely) else text
    )


def _contracts(body: Any) -> list[dict[str, Any]]:
    listed = body.get("contracts") if isinstance(body, dict) else None
    seed = _contract()["content"]
    return (
        [one for one in listed if isinstance(one, dict) and one.get("content") == seed]
        if isinstance(listed, list)
        else []
    )


def _spoiled(text: bytes, how: str) -> bytes:
    return {"cut": text[: len(text) // 2], "bytes": b"\xff\xfe\x00" + text, "lines": b"\n\n" + text + b"}"}[how]


def _likely(pattern: str) -> list[Any]:
    """The bodies for a route, so that most requests come further than its first check."""
    for part, indexes in (
        ("/contracts/publish", (1, 2)), ("verification-results", (6,)), ("for-verification", (7,)),
        ("/webhooks", (14,)),
        ("/deployed-versions", (10, 11)), ("/released-versions", (12,)), ("/environments", (8,)), ("/pact", (3, 4, 5)),
        ("/versions/", (13,)), ("/pacticipants", (9,)),
    ):  # fmt: skip
        if part in pattern and not (part == "/pact" and not re.match(r"/pacts?/", pattern)):
            return [BODIES[index] for index in indexes]
    return BODIES


@st.composite
def _changed(draw: st.DrawFn, value: Any) -> Any:
    """The value with one of its places, at any depth, replaced or taken out."""
    places = list(_places(value))
    place = draw(st.sampled_from(places))
    if not place:
        return copy.deepcopy(draw(VALUES))  # another change may go into it
    *above, last = place
    holder = value
    for key in above:
        holder = holder[key]
    if draw(_rarely):
        del holder[last]
    else:
        holder[last] = copy.deepcopy(draw(VALUES))
    return value


def _places(value: Any, above: tuple[Any, ...] = ()) -> Any:
    yield above
    if len(above) > 8:
        return
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from _places(inner, (*above, key))


def send(application: Any, request: Request) -> tuple[int, list[tuple[str, str]], bytes]:
    """Put a request to an application as a server would: status, headers, body."""
    path, _, query = request.target.partition("?")
    environ = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": urllib.parse.unquote_to_bytes(path.encode("latin-1", "replace")).decode("latin-1"),
        "REQUEST_URI": request.target,
        "QUERY_STRING": query,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "9292",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(request.body),
        "CONTENT_LENGTH": str(len(request.body)),
        **request.headers,
    }
    answered: list[tuple[str, list[tuple[str, str]]]] = []
    body = b"".join(application(environ, lambda status, headers, _info=None: answered.append((status, headers))))
    status, headers = answered[-1]
    return int(status.split()[0]), headers, body


def send_raw(port: int, request: Request) -> tuple[int, list[tuple[str, str]], bytes]:
    """Put a request on the wire as it is, which no client would; the connection is its own."""
    named = {"Host": "HTTP_HOST", "Content-Type": "CONTENT_TYPE", "Accept": "HTTP_ACCEPT"}
    head = [f"{request.method} {request.target} HTTP/1.1", "Connection: close", f"Content-Length: {len(request.body)}"]
    head += [f"{name}: {request.headers[key]}" for name, key in named.items() if key in request.headers]
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall("\r\n".join([*head, "", ""]).encode("utf-8", "surrogatepass") + request.body)
        answer = http.client.HTTPResponse(connection, method=request.method)
        answer.begin()
        return answer.status, answer.getheaders(), answer.read()


def wrong_with(request: Request, status: int, headers: list[tuple[str, str]], body: bytes) -> str | None:
    """What no answer may be, whatever was asked; None where all is well."""
    kind = {name.lower(): value for name, value in headers}.get("content-type", "")
    is_unknown = status == 501 and request.method not in KNOWN  # RFC 9110, section 9.1
    if not (200 <= status < 500 or is_unknown):
        return f"the status {status}"
    if b"Traceback" in body or b"/pact_gate/" in body:
        return "a traceback"
    if any(re.search(r"[\r\n\0]", f"{name}{value}") or not value.isascii() for name, value in headers):
        return f"the headers {headers}"
    if (status == 204 and (body or kind)) or (request.method == "HEAD" and body):
        return "an empty answer with a body or a type"
    if "json" in kind and body:
        try:
            json.loads(body)
        except ValueError:
            return "a body that is no JSON"
    return None
