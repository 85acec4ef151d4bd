"""What a comparison with an OpenAPI document found, in the words and rows that every report shares. Plain text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from pact_gate.model.comparison import Finding, Level, PactComparison, Spot, Unused

_SYMBOLS = {Level.ERROR: "❌", Level.WARNING: "🟡"}


class Group(NamedTuple):
    """What is the same in several interactions: `interactions` name them."""

    level: Level
    where: str
    message: str
    spot: Spot
    interactions: tuple[str, ...]

    @property
    def symbol(self) -> str:
        """Give the symbol of its level."""
        return _SYMBOLS[self.level]

    @property
    def place(self) -> str:
        """Say where in the document it is."""
        return place(self.spot)


def place(spot: Spot) -> str:
    """Name a place in the document: `openapi.yaml:12`, or `openapi.json#/paths/~1products` where there is no line."""
    return f"{spot.file}:{spot.line}" if spot.line else str(spot)


def grouped(findings: Iterable[Finding]) -> list[Group]:
    """Put together what differs in its interaction alone, errors first."""
    found: dict[tuple[Level, str, str, Spot], list[str]] = {}
    for each in findings:
        found.setdefault((each.level, each.where, each.message, each.spot), []).append(each.interaction)
    groups = [Group(*key, tuple(dict.fromkeys(names))) for key, names in found.items()]
    return sorted(groups, key=lambda each: each.level is not Level.ERROR)


def result(comparison: PactComparison, *, strict: bool) -> tuple[str, str]:
    """Give the symbol and the word for a pact."""
    if not comparison.was_compared:
        return "⚪", "not compared"
    if not comparison.is_compatible(strict=strict):
        return "❌", "incompatible"
    return ("🟡", "compatible, with warnings") if comparison.findings else ("✅", "compatible")


def worst_first(comparisons: Iterable[PactComparison]) -> list[PactComparison]:
    """Give the pacts with most errors first."""
    return sorted(comparisons, key=lambda each: (-len(each.of_level(Level.ERROR)), -len(each.findings), each.consumer))


def unused_of(unused: Sequence[Unused], *, whole: bool) -> list[Unused]:
    """Give the operations that nobody uses, or the parts of those that somebody does."""
    return [each for each in unused if bool(each.what) is not whole]
