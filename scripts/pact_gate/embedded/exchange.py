"""A request and its answer, as the routes see them."""

from __future__ import annotations

import sqlite3
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

from pact_gate.embedded import contents, nested

HAL = "application/hal+json"
JSON = "application/json"
ANY_JSON = "any type with json in its name"  # of a body
MERGE_PATCH = "application/merge-patch+json"
PROBLEM = "application/problem+json"
TEXT = "text/plain"
CSV = "text/csv"
GRAPH = "text/vnd.graphviz"
HTML = "text/html"
SVG = "image/svg+xml"


class Answer(NamedTuple):
    """What goes back. A body of None sends no body and no Content-Type.

    Text is sent as it is, unless the media type is one of JSON; all else is written as JSON.
    """

    status: int
    body: Any = None
    media: str = HAL
    headers: Mapping[str, str] = MappingProxyType({})


class Refusal(Exception):  # noqa: N818 - it is an answer, not a fault
    """The request cannot be fulfilled. The transaction is taken back and `answer` is sent."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


@dataclass
class Call:
    """One request inside one transaction.

    `path` holds the names from the path, `base` the address that we are called by, `hosts` those that webhooks may
    call. A handler sets `has_triggered` when webhooks are to be sent after the transaction.
    """

    db: sqlite3.Connection
    method: str
    base: str
    segments: tuple[str, ...]
    path: Mapping[str, str]
    query: str
    raw: bytes
    media: str
    hosts: frozenset[str] = frozenset()
    has_triggered: bool = False

    @property
    def url(self) -> str:
        """The address of the resource, without a query."""
        return "/".join([self.base, *(urllib.parse.quote(segment, safe="") for segment in self.segments)])

    @property
    def full_url(self) -> str:
        """The address as it was asked, with its query."""
        return f"{self.url}?{self.query}" if self.query else self.url

    def parameters(self) -> dict[str, Any]:
        """The query's parameters, nested. Raises Refusal (400) if it is no query."""
        try:
            return nested.parse(self.query)
        except ValueError as error:
            raise malformed(f"The query cannot be read: {error}.") from error

    def parameter(self, name: str) -> str | None:
        """One parameter, if it is there as plain text."""
        value = self.parameters().get(name)
        return value if isinstance(value, str) else None

    def json(self) -> Any:
        """The body. Raises Refusal: 400 if it is no JSON, 413 if it is too much of it."""
        try:
            if contents.has_too_many_values(self.raw):
                raise Refusal(Answer(413, {"error": f"The body holds {too_many_values()}."}))
            return contents.parse(self.raw)
        except ValueError as error:
            raise malformed(f"The body is not JSON: {error}.") from error

    def object(self) -> dict[str, Any]:
        """The body, which must be a JSON object; no body is an empty one. Raises Refusal (400).

        So do handlers ask that want nothing of it: a body that is broken tells of a fault.
        """
        value = self.json() if self.raw else {}
        if not isinstance(value, dict):
            raise malformed("The body must be a JSON object.")
        return value


def too_many_values() -> str:
    """What is wrong with JSON that would take too much memory."""
    return f"more than {contents.MOST_VALUES:,} JSON values, which is the most that this broker takes"


def malformed(sentence: str) -> Refusal:
    """400 with one sentence."""
    return Refusal(Answer(400, {"error": sentence}))


def invalid(errors: Mapping[str, list[str]] | list[str]) -> Refusal:
    """400 with what is wrong, by field; or, for a query, as a list."""
    return Refusal(Answer(400, {"errors": errors}))


def not_found(sentence: str = "There is no such resource.") -> Refusal:
    """404."""
    return Refusal(Answer(404, {"error": sentence}, media=JSON))


def nobody(sentence: str) -> Refusal:
    """404 for want of a pacticipant, which a Pact Broker says in another media type than of all else."""
    return Refusal(Answer(404, {"error": sentence}))
