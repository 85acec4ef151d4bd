"""Floor 2: what pact files hold that will hurt later. Pure: bytes in, findings out."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from typing import Any

from pact_gate.lint import rules
from pact_gate.lint.document import Document, Way, shown
from pact_gate.lint.found import Found, Placed
from pact_gate.lint.interaction import Interaction, interactions
from pact_gate.lint.rules.secrets import personal_kind, redacted, secret_kind
from pact_gate.lint.suggest import instead, language_of, steady
from pact_gate.model.finding import RULES, Finding, Level

_INDEX = re.compile(r"\[\d+\]")

MOST_OF_A_RULE = 200
"""Findings of one rule in one file: whoever has more mends the first ones first."""


@dataclass(frozen=True)
class Options:
    """How to look. `levels` are those that differ from `RULES`; `reads` is a schema for each provider by name."""

    today: date
    levels: Mapping[str, Level] = field(default_factory=dict)
    reads: Mapping[str, Any] = field(default_factory=dict)
    language: str = ""

    def level(self, rule: str) -> Level:
        """Give a rule's level."""
        return self.levels.get(rule, RULES[rule][0])


def lint(document: Document, options: Options) -> list[Finding]:
    """Give what the rules find in one pact, in the file's order."""
    every = interactions(document)
    found = [each for each in _found(document, every, options) if options.level(each[1].rule) is not Level.OFF]
    return made(document, _bounded(found), options)


def made(document: Document, found: Sequence[Placed], options: Options) -> list[Finding]:
    """Make findings of what rules found: with their places, their levels, and the line to write instead."""
    if not found:
        return []
    language = language_of(document.pact.document.get("metadata"), options.language)
    spots = document.spots([_way(interaction, each) for interaction, each in found])
    names = _Names(document)
    findings = []
    for interaction, each in found:
        spot = spots.get(_way(interaction, each))
        where = redacted(shown(each.way))
        findings.append(
            Finding(
                rule=each.rule,
                level=options.level(each.rule),
                path=document.path,
                line=spot.line if spot else None,
                column=spot.column if spot else None,
                consumer=redacted(document.pact.consumer),
                provider=redacted(document.pact.provider),
                interaction=redacted(interaction.description) if interaction else "",
                index=interaction.index if interaction else None,
                where=where,
                message=redacted(each.message),
                instead=redacted(_instead(language, each)),
                fingerprint=names.name(each.rule, where, interaction),
                listed=interaction.listed if interaction else "interactions",
            )
        )
    return sorted(findings, key=lambda each: (each.line or 0, each.column or 0, each.rule))


def _instead(language: str, found: Found) -> str:
    """Give the line to write instead, with an example that is no secret, nobody's, and the same on every day."""
    if not found.want:
        return ""
    text = str(found.value) if isinstance(found.value, str | int) else ""
    if secret_kind(text, found.key) or personal_kind(text, found.key):
        example = "someone@example.com" if "@" in text else "example"
        return instead(language, "example", example if isinstance(found.value, str) else 1, found.key)
    value = steady(found.value) if found.rule == "volatile-value" else found.value
    return instead(language, found.want, value, found.key)


class _Names:
    """Names findings by what they are about, not by where they stand or by what stands there.

    Several in one list have the same name, and a number behind it. Names that hold secrets go in without them: a short
    one could be found again by trying.
    """

    def __init__(self, document: Document) -> None:
        self._pact = document.pact
        self._begun: dict[int, Any] = {}
        self._seen: Counter[str] = Counter()

    def name(self, rule: str, where: str, interaction: Interaction | None) -> str:
        begun = self._begun.get(id(interaction))
        if begun is None:
            begun = self._begun[id(interaction)] = sha256(redacted(json.dumps(self._about(interaction))).encode())
        whole = begun.copy()
        whole.update(f"\n{rule}\n{_INDEX.sub('[*]', where)}".encode(errors="surrogatepass"))
        digest = whole.hexdigest()[:32]
        self._seen[digest] += 1
        return f"{digest}:{self._seen[digest]}"

    def _about(self, interaction: Interaction | None) -> list[Any]:
        about: list[Any] = [self._pact.consumer, self._pact.provider]
        if interaction is not None:
            about += [interaction.listed, interaction.description, [each.name for each in interaction.states]]
        return about


def _found(document: Document, every: Sequence[Interaction], options: Options) -> Iterator[Placed]:
    for rule in rules.OF_A_PACT:
        yield from rule(document, every)
    context = rules.Context(document, every, options.today, options.reads.get(document.pact.provider))
    for interaction in every:
        for rule_of_one in rules.OF_AN_INTERACTION:
            for each in rule_of_one(interaction, context):
                yield interaction, each


def _bounded(
    found: Iterable[Placed],
) -> list[Placed]:
    counted: Counter[str] = Counter()
    kept = []
    for interaction, each in found:
        counted[each.rule] += 1
        if counted[each.rule] <= MOST_OF_A_RULE:
            kept.append((interaction, each))
    return kept


def _way(interaction: Interaction | None, found: Found) -> Way:
    return (*(interaction.way if interaction else ()), *found.way)
