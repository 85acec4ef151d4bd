"""What the comparison of every interaction shares."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from pact_gate.model.comparison import Finding, Kind
from pact_gate.openapi.document import Documents, Location
from pact_gate.openapi.paths import Paths
from pact_gate.openapi.schemas import Schemas
from pact_gate.openapi.shapes import Shapes
from pact_gate.openapi.usage import Usage


class Side(NamedTuple):
    """The schemas for one direction, and the same taken apart."""

    schemas: Schemas
    shapes: Shapes


@dataclass(frozen=True)
class Context:
    """One document. `keys` are the headers and query parameters that carry credentials."""

    documents: Documents
    paths: Paths
    requests: Side
    responses: Side
    keys: frozenset[tuple[str, str]]
    usage: Usage = field(default_factory=Usage)


@dataclass
class Notes:
    """What is found of one interaction."""

    documents: Documents
    name: str
    index: int
    findings: list[Finding] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)

    def add(self, kind: Kind, where: str, message: str, place: Location) -> None:
        """Note a finding with its place in the document."""
        self.findings.append(Finding(kind, self.name, self.index, where, message, self.documents.spot(place)))

    def skip(self, what: str) -> None:
        """Note what was not compared."""
        self.skipped.append(f"{self.name}: {what}")
