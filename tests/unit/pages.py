"""What the tests of the pages share: a broker with something in it, a browser's request, a reader of HTML."""

from __future__ import annotations

import base64
import io
import json
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from pact_gate import embedded

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
HOSTS = frozenset({"127.0.0.1"})
SECRET = "hunter2"
_VOID = {"input", "link", "meta"}
_IN_NO_PARAGRAPH = {"div", "dl", "form", "h2", "h3", "h4", "ol", "p", "pre", "section", "table", "ul"}  # they end it


@dataclass(frozen=True)
class Answered:
    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


@dataclass
class Site:
    """An embedded broker in this process. `prefix` is the path under which it is reached."""

    folder: Path
    prefix: str = ""
    application: embedded.Application = field(init=False)

    def __post_init__(self) -> None:
        self.application = embedded.application(self.folder / "broker.sqlite3", webhook_hosts=HOSTS)

    def ask(self, method: str, path: str, accept: str | None = None, body: Any = None) -> Answered:
        """One request; `path` is without the prefix, percent-encoded, with its query."""
        payload = b"" if body is None else json.dumps(body).encode()
        raw, _, query = path.partition("?")
        environ = {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": self.prefix,
            "PATH_INFO": unquote(raw, "latin-1"),
            "REQUEST_URI": self.prefix + path,
            "QUERY_STRING": query,
            "HTTP_HOST": "broker.example",
            "wsgi.url_scheme": "https",
            "wsgi.input": io.BytesIO(payload),
            "CONTENT_LENGTH": str(len(payload)),
            **({"CONTENT_TYPE": "application/json"} if payload else {}),
            **({"HTTP_ACCEPT": accept} if accept is not None else {}),
        }
        started: list[tuple[str, list[tuple[str, str]]]] = []
        content = b"".join(self.application(environ, lambda status, headers, _=None: started.append((status, headers))))
        status, headers = started[-1]
        return Answered(int(status[:3]), dict(headers), content.decode())

    def look(self, path: str, status: int = 200) -> Document:
        """A page, as a browser asks for it."""
        answered = self.ask("GET", path, BROWSER)
        assert (answered.status, answered.headers["Content-Type"]) == (status, "text/html;charset=utf-8"), path
        return read(answered.text)

    def do(self, method: str, path: str, body: Any = None) -> Any:
        """What a program does, which must succeed."""
        answered = self.ask(method, path, None, body)
        assert answered.status < 300, (method, path, answered)
        return answered.json if answered.text else None

    def publish(self, consumer: str, version: str, provider: str, branch: str = "main", pact: Any = None) -> None:
        content = {"consumer": {"name": consumer}, "provider": {"name": provider}} | (pact or simple(version))
        contract = {
            "consumerName": consumer,
            "providerName": provider,
            "specification": "pact",
            "contentType": "application/json",
            "content": base64.b64encode(json.dumps(content).encode()).decode(),
        }
        body = {"pacticipantName": consumer, "pacticipantVersionNumber": version, "branch": branch, "tags": [branch]}
        self.do("POST", "/contracts/publish", body | {"contracts": [contract], "buildUrl": "https://ci.example/1"})

    def verify(self, consumer: str, version: str, provider: str, by: str, **more: Any) -> None:
        pact = self.do("GET", f"/pacts/provider/{at(provider)}/consumer/{at(consumer)}/version/{at(version)}")
        href = pact["_links"]["pb:publish-verification-results"]["href"]
        own = href.removeprefix(f"https://broker.example{self.prefix}")
        self.do("POST", own, {"success": True, "providerApplicationVersion": by} | more)

    def environment(self, name: str, **more: Any) -> str:
        body = {"name": name, "displayName": name.title(), "production": name == "production"} | more
        return str(self.do("POST", "/environments", body)["uuid"])

    def deploy(self, name: str, version: str, uuid: str, **more: Any) -> None:
        self.do("POST", f"/pacticipants/{at(name)}/versions/{at(version)}/deployed-versions/environment/{uuid}", more)

    def webhook(self, **more: Any) -> str:
        """A webhook whose every part that may be secret is."""
        request = {
            "method": "POST",
            "url": f"https://127.0.0.1:9/{SECRET}?token={SECRET}",
            "headers": {"Authorization": f"Bearer {SECRET}", "X-Anything": SECRET},
            "body": {"key": SECRET},
            "username": SECRET,
            "password": SECRET,
        }
        events = [{"name": "contract_published"}]
        return str(self.do("POST", "/webhooks", {"events": events, "request": request} | more)["uuid"])


def at(name: str) -> str:
    return quote(name, safe="")


def simple(content: str) -> dict[str, Any]:
    """What a pact of one interaction says beside its names."""
    return {
        "metadata": {"pactSpecification": {"version": "3.0.0"}},
        "interactions": [
            {
                "description": f"a request for {content}",
                "providerStates": [{"name": f"{content} is there", "params": {"id": content}}],
                "request": {
                    "method": "GET",
                    "path": f"/{content}",
                    "query": {"q": [content]},
                    "headers": {"X": content},
                },
                "response": {
                    "status": 200,
                    "headers": {"Content-Type": "application/json"},
                    "body": {content: [content, 1, None]},
                    "matchingRules": {"body": {"$.x": {"matchers": [{"match": "regex", "regex": content}]}}},
                },
            }
        ],
        "messages": [{"description": content, "contents": {"x": content}, "metaData": {content: content}}],
    }


def named(site: Site, text: str) -> None:
    """Fill a broker in which everything that others name has that text in its name."""
    one, two, number = f"a{text}", f"b{text}", f"1{text}"
    failed = {
        "success": False,
        "testResults": [
            {
                "interactionDescription": text,
                "success": False,
                "mismatches": [{"attribute": text, "identifier": text, "description": text, "diff": f"-{text}\n+"}],
                "exceptions": [{"message": text}],
            },
            {"interactionDescription": text, "success": True},
        ],
        "verifiedBy": {"implementation": text, "version": text},
        "buildUrl": f"javascript:{quote(text)}",
    }
    uuid = site.environment("production", contacts=[{"name": text, "details": {"url": f"javascript:{text}"}}])
    site.publish(one, number, two, branch=text or "main", pact=simple(text))
    site.webhook(description=f"w{text}", consumer={"name": one}, provider={"name": two})
    site.publish(one, f"2{text}", two, branch=text or "main", pact=simple(f"{text}2"))
    site.verify(one, number, two, number)
    site.verify(one, f"2{text}", two, f"2{text}", **failed)
    site.deploy(one, number, uuid)
    site.deploy(two, f"2{text}", uuid, applicationInstance=f"i{text}")
    site.do(
        "PATCH",
        f"/pacticipants/{at(one)}",
        {"repositoryUrl": f"javascript:{text}", "displayName": "d", "mainBranch": "gone"},
    )
    site.do("PUT", f"/pacticipants/{at(one)}/labels/{at('l' + text)}", {})


def where(site: Site, text: str) -> list[str]:
    """The address of one page of each kind, in the broker that `named` has filled."""
    one, two, number = at(f"a{text}"), at(f"b{text}"), at(f"2{text}")
    pair = f"/pacts/provider/{two}/consumer/{one}"
    sha = site.do("GET", f"{pair}/version/{number}")["_links"]["pb:pact-version"]["name"]
    uuid = site.do("GET", "/environments")["_embedded"]["environments"][0]["uuid"]
    hook = site.do("GET", "/webhooks")["_links"]["pb:webhooks"][0]["href"].rpartition("/")[2]
    return [
        "/",
        "/pacticipants",
        f"/pacticipants/{one}",
        f"/pacticipants/{one}/versions/{number}",
        f"/pacticipants/{one}/branches/{at(text)}/latest-version",
        "/integrations",
        f"/matrix/provider/{two}/consumer/{one}",
        f"{pair}/latest",
        f"{pair}/version/{number}",
        f"{pair}/version/{number}/diff/previous-distinct",
        f"{pair}/version/{number}/diff/version/{at(f'1{text}')}",
        f"{pair}/pact-version/{sha}",
        f"{pair}/pact-version/{sha}/verification-results/latest",
        "/environments",
        f"/environments/{uuid}",
        "/webhooks",
        f"/webhooks/{hook}",
        "/can-i-deploy",
        f"/can-i-deploy?pacticipant={one}",
        f"/can-i-deploy?pacticipant={one}&version={number}&environment=production",
        f"/can-i-deploy?pacticipant={one}&version={number}&environment=",
    ]


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]


@dataclass
class Document:
    """A page as its reader sees it: elements in their order, and all text but the style's."""

    elements: list[Element]
    pieces: list[str]
    style: str

    def all(self, tag: str) -> list[Element]:
        return [each for each in self.elements if each.tag == tag]

    @property
    def links(self) -> list[str]:
        return [each.attributes["href"] for each in self.all("a")]

    @property
    def text(self) -> str:
        return "".join(self.pieces)

    @property
    def words(self) -> str:
        """The text with one space between its words, and between elements."""
        return " ".join(" ".join(self.pieces).split())


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.elements: list[Element] = []
        self.text: list[str] = []
        self.style: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), (tag, attrs)
        self.elements.append(Element(tag, {name: value or "" for name, value in attrs}))
        assert not (tag in _IN_NO_PARAGRAPH and "p" in self.open), (tag, self.open)
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        (self.style if self.open and self.open[-1] == "style" else self.text).append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")


def read(text: str) -> Document:
    """Read a page. Fails where an element is not closed, closed twice, has an attribute twice or ends a paragraph."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    assert reader.open == []
    return Document(reader.elements, reader.text, "".join(reader.style))
