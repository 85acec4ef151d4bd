"""Which operation of the document a request is for.

The most specific path wins: of two that match, the one whose first differing segment is written out
(https://spec.openapis.org/oas/v3.1.0#path-templating-matching). The base path of a server counts as a part of the path,
but a pact may leave it out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from pact_gate.openapi.document import Documents, Location, listed, mapping
from pact_gate.openapi.headers import NEVER_PARAMETERS

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_TEMPLATE = re.compile(r"\{([^{}]*)\}")


class PathMatch(NamedTuple):
    """A path of the document that a request's path fits: its template, its place, and its parameters' values.

    `without_base` is the base path of the servers that the request's path lacks, empty where it lacks none.
    """

    template: str
    place: Location
    values: dict[str, str]
    without_base: str = ""


class _Segment:
    """A node of the tree of all paths: `named` are the segments that are written out, `open` those with parameters."""

    def __init__(self) -> None:
        self.named: dict[str, _Segment] = {}
        self.open: dict[str, _Segment] = {}
        self.template: str | None = None


class Paths:
    """The document's paths."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._root = _Segment()
        self._place = documents.root / "paths"
        for template in mapping(documents.at(self._place)):
            if template.startswith("/"):
                self._enter(template)
        self._bases = _bases(mapping(documents.at(documents.root)))

    def operations(self) -> Iterator[tuple[str, str, Location]]:
        """Give every operation: its method, its path and its place."""
        for template in mapping(self._documents.at(self._place)):
            place = self._documents.followed(self._place / template)
            for method in METHODS:
                if method in mapping(self._documents.at(place)):
                    yield method.upper(), template, place / method

    def find(self, path: str) -> PathMatch | None:
        """Find the path that a request is for."""
        for base in self._bases:
            if path == base or path.startswith(f"{base}/"):
                found = self._fit(path.removeprefix(base) or "/")
                if found:
                    return found
        found = self._fit(path)
        return found._replace(without_base=self._bases[0]) if found and self._bases else found

    def _fit(self, path: str) -> PathMatch | None:
        parts = path.split("/")[1:]
        found = _descend(self._root, parts)
        if not found:
            return None
        template, values = found
        return PathMatch(template, self._documents.followed(self._place / template), values)

    def _enter(self, template: str) -> None:
        node = self._root
        for part in template.split("/")[1:]:
            kind = node.open if "{" in part else node.named
            node = kind.setdefault(part, _Segment())
        node.template = template


def described_parameters(documents: Documents, operation: Location) -> dict[tuple[str, str], Location]:
    """Give an operation's parameters by kind and name; its own replace those of its path."""
    found: dict[tuple[str, str], Location] = {}
    for holder in (Location(operation.file, operation.keys[:-1]), operation):
        for number, _ in enumerate(listed(mapping(documents.at(holder)).get("parameters"))):
            where = documents.followed(holder / "parameters" / number)
            about = mapping(documents.at(where))
            kind, name = str(about.get("in")), str(about.get("name", ""))
            if kind != "header" or name.lower() not in NEVER_PARAMETERS:
                found[kind, name] = where
    return found


def _descend(root: _Segment, parts: list[str]) -> tuple[str, dict[str, str]] | None:
    """Go down the tree without recursion; a node is seen once at most, for its depth is that of the segment."""
    waiting: list[tuple[_Segment, int, dict[str, str]]] = [(root, 0, {})]
    while waiting:
        node, at, values = waiting.pop()
        if at == len(parts):
            if node.template is not None:
                return node.template, values
            continue
        part = parts[at]
        # What is pushed last is looked at first: written out, then partly so, then a parameter alone.
        for template in sorted(node.open, key=lambda each: len(_TEMPLATE.sub("", each))):
            more = _segment(template, part)
            if more is not None:
                waiting.append((node.open[template], at + 1, values | more))
        named = node.named.get(part) or node.named.get(unquote(part))
        if named:
            waiting.append((named, at + 1, values))
    return None


def _segment(template: str, text: str) -> dict[str, str] | None:
    """Fit one segment: every parameter takes one character at least, and as few as will do but for the last."""
    pieces = _TEMPLATE.split(template)  # literal, name, literal, name, ..., literal
    first, last = pieces[0], pieces[-1]
    if not text.startswith(first) or not text.endswith(last) or len(text) <= len(first) + len(last):
        return None
    end = len(text) - len(last)
    at, values = len(first), {}
    for number in range(1, len(pieces) - 2, 2):
        following = text.find(pieces[number + 1], at + 1, end)
        if following < 0:
            return None
        values[pieces[number]] = unquote(text[at:following])
        at = following + len(pieces[number + 1])
    if at >= end:
        return None
    values[pieces[-2]] = unquote(text[at:end])
    return values


def _bases(root: dict[str, Any]) -> list[str]:
    """Give the base paths of the servers, the longest first, with the defaults of their variables."""
    found = set()
    for server in listed(root.get("servers")):
        url = str(mapping(server).get("url", ""))
        variables = mapping(mapping(server).get("variables"))
        for name, about in variables.items():
            url = url.replace(f"{{{name}}}", str(mapping(about).get("default", "")))
        try:
            path = urlsplit(url).path.rstrip("/")
        except ValueError:
            continue
        if path:
            found.add(path if path.startswith("/") else f"/{path}")
        else:
            found.add("")
    return [] if "" in found and len(found) == 1 else sorted(found, key=len, reverse=True)
