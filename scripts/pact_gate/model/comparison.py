"""What the comparison of pacts with a provider's OpenAPI document found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """What a finding is about. docs/openapi.md has a row for each."""

    PATH_UNKNOWN = "path-unknown"
    METHOD_UNKNOWN = "method-unknown"
    QUERY_UNKNOWN = "query-unknown"
    HEADER_UNKNOWN = "header-unknown"
    PARAMETER_MISSING = "parameter-missing"
    PARAMETER_WRONG = "parameter-wrong"
    REQUEST_TYPE_UNKNOWN = "request-content-type-unknown"
    REQUEST_BODY_UNKNOWN = "request-body-unknown"
    REQUEST_BODY_MISSING = "request-body-missing"
    REQUEST_BODY_WRONG = "request-body-wrong"
    REQUEST_FIELD_UNKNOWN = "request-field-unknown"
    REQUEST_FIELD_READ_ONLY = "request-field-read-only"
    STATUS_UNKNOWN = "status-unknown"
    RESPONSE_TYPE_UNKNOWN = "response-content-type-unknown"
    RESPONSE_BODY_UNKNOWN = "response-body-unknown"
    RESPONSE_BODY_WRONG = "response-body-wrong"
    RESPONSE_EXAMPLE_WRONG = "response-example-wrong"
    RESPONSE_UNDESCRIBED = "response-undescribed"
    RESPONSE_FIELD_UNKNOWN = "response-field-unknown"
    RESPONSE_FIELD_OPTIONAL = "response-field-optional"
    RESPONSE_FIELD_NULLABLE = "response-field-nullable"
    RESPONSE_FIELD_OTHER_TYPE = "response-field-other-type"
    RESPONSE_FIELD_WRITE_ONLY = "response-field-write-only"
    RESPONSE_HEADER_UNKNOWN = "response-header-unknown"
    RESPONSE_HEADER_OPTIONAL = "response-header-optional"
    RESPONSE_HEADER_WRONG = "response-header-wrong"


class Level(StrEnum):
    """`ERROR`: the document forbids it or does not have it. `WARNING`: the document leaves it open."""

    ERROR = "error"
    WARNING = "warning"


WARNINGS = frozenset(
    (
        Kind.HEADER_UNKNOWN,
        Kind.REQUEST_FIELD_UNKNOWN,
        Kind.REQUEST_FIELD_READ_ONLY,
        Kind.RESPONSE_EXAMPLE_WRONG,
        Kind.RESPONSE_UNDESCRIBED,
        Kind.RESPONSE_FIELD_OPTIONAL,
        Kind.RESPONSE_FIELD_NULLABLE,
        Kind.RESPONSE_FIELD_OTHER_TYPE,
        Kind.RESPONSE_HEADER_OPTIONAL,
    )
)


class Spot(NamedTuple):
    """A place in the document: its file, a JSON pointer (RFC 6901) and, where it is known, the line from 1."""

    file: str
    pointer: str
    line: int | None = None

    def __str__(self) -> str:
        """Write it as a reference is written in the document."""
        return f"{self.file}#{self.pointer}"


@dataclass(frozen=True)
class Finding:
    """One difference. `where` is a place in the interaction, such as `response body $.items[0].id`."""

    kind: Kind
    interaction: str
    index: int
    where: str
    message: str
    spot: Spot

    @property
    def level(self) -> Level:
        """Say how bad it is."""
        return Level.WARNING if self.kind in WARNINGS else Level.ERROR


@dataclass(frozen=True)
class PactComparison:
    """One pact, compared. `pact` is its file or its address, `skipped` what of it was not compared, and why.

    `url`, `result_url` and `published` are as in a verification.
    """

    consumer: str
    provider: str
    pact: str
    interactions: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    skipped: tuple[str, ...] = ()
    url: str | None = None
    result_url: str | None = None
    published: bool = False
    consumer_version: str = ""

    @property
    def was_compared(self) -> bool:
        """Say whether there was something to compare: OpenAPI describes no messages."""
        return bool(self.interactions)

    def of_level(self, level: Level) -> tuple[Finding, ...]:
        """Give the findings of a level."""
        return tuple(each for each in self.findings if each.level is level)

    def is_compatible(self, *, strict: bool) -> bool:
        """Say whether the document has what the pact needs; `strict` counts warnings. Nothing compared is no yes."""
        return self.was_compared and not (self.findings if strict else self.of_level(Level.ERROR))


class Unused(NamedTuple):
    """A part of the document that no compared pact uses: a whole operation where `what` is empty.

    `what` is a field (`200 $.items[*].name`), a parameter (`query page`) or a response (`404`).
    """

    method: str
    path: str
    what: str
    spot: Spot
