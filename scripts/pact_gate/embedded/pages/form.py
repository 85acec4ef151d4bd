"""The gate's question as a form: its fields, and what is wrong with what was put into them."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pact_gate.embedded import deployments, estate
from pact_gate.embedded.exchange import Call
from pact_gate.embedded.matrix import Question, Selector
from pact_gate.embedded.pages.html import Attribute, Html, Part, name, tag
from pact_gate.model.plain import line

_OFFERED = 200  # pacticipants that the form proposes; more would make every page with it heavy
_MAIN = ""  # the choice that is no environment


@dataclass(frozen=True)
class Asked:
    """The fields of the form, and what is wrong with them, by field. `environment` None was not chosen."""

    pacticipant: str = ""
    version: str = ""
    environment: str | None = None
    wrong: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_whole(self) -> bool:
        """Whether a question was put."""
        return bool(self.pacticipant and self.version and self.environment is not None)

    @property
    def question(self) -> Question:
        """The question: /can-i-deploy's for an environment, and clients' to /matrix for the main branches."""
        selectors = (Selector(self.pacticipant, self.version),)
        if self.environment == _MAIN:
            return Question(selectors, latestby="cvpv", latest=True, main_branch=True)
        return Question(selectors, latestby="cvpv", environment=self.environment)

    @property
    def place(self) -> Part:
        """Where the version is to go."""
        return "the main branches" if self.environment == _MAIN else name(self.environment or "")


def read(call: Call) -> Asked:
    """What was asked, with what is wrong about it."""
    given = {key: call.parameter(key) for key in ("pacticipant", "version", "environment")}
    owner, number = (given["pacticipant"] or "").strip(), (given["version"] or "").strip()
    asked = Asked(owner, number, given["environment"])
    return replace(asked, wrong=_wrong(call.db, asked, is_put=None not in given.values()))


def _wrong(db: sqlite3.Connection, asked: Asked, *, is_put: bool) -> dict[str, str]:
    """What is wrong. A question of which a part was left out (`is_put` false) is one that is still being put."""
    wrong = {}
    if asked.pacticipant and estate.pacticipant(db, asked.pacticipant) is None:
        wrong["pacticipant"] = "There is no pacticipant of this name."
    if asked.environment and deployments.environment_named(db, asked.environment) is None:
        wrong["environment"] = "There is no environment of this name."
    if is_put and not asked.pacticipant:
        wrong["pacticipant"] = "Say which pacticipant."
    if is_put and not asked.version:
        wrong["version"] = "Say which version: the commit's SHA, as it was published."
    return wrong


def form(db: sqlite3.Connection, prefix: str, asked: Asked | None = None) -> Html:
    """The form, with what was asked in it."""
    filled = asked or Asked()
    names = db.execute("SELECT name FROM pacticipants ORDER BY lower(name) LIMIT ?", (_OFFERED,)).fetchall()
    known = tag("datalist", (tag("option", value=row["name"]) for row in names), id="names")
    return tag(
        "form",
        _field("pacticipant", "Pacticipant", filled.pacticipant, filled.wrong, offers="names"),
        known,
        _field("version", "Version", filled.version, filled.wrong, hint="A commit's SHA: 7 characters of it will do."),
        _labelled("environment", "To", filled.wrong, "select", _choices(db, filled.environment)),
        tag("p", tag("button", "Ask"), class_="act"),
        action=f"{prefix}/can-i-deploy",
    )


def _field(
    key: str, label: str, value: str, wrong: Mapping[str, str], offers: str | None = None, hint: str | None = None
) -> Html:
    shape: dict[str, Attribute] = {"value": value, "list": offers, "autocomplete": "off", "spellcheck": "false"}
    return _labelled(key, label, wrong, "input", hint=hint, required=True, **shape)


def _labelled(
    key: str,
    label: str,
    wrong: Mapping[str, str],
    element: str,
    inside: Part = None,
    *,
    hint: str | None = None,
    **attributes: Attribute,
) -> Html:
    """A field with its label before it, and behind it what is wrong with what was put in, or how to fill it."""
    flaw, kind = wrong.get(key), "wrong" if key in wrong else "hint"
    told = flaw or hint
    said = tag("span", told, class_=kind, id=f"{key}-{kind}") if told else None
    marks: dict[str, Attribute] = {"aria_describedby": f"{key}-{kind}" if told else None}
    marks |= {"aria_invalid": "true"} if flaw else {}
    return tag("p", tag("label", label, for_=key), tag(element, inside, id=key, name=key, **attributes, **marks), said)


def _choices(db: sqlite3.Connection, chosen: str | None) -> list[Html]:
    rows = db.execute("SELECT name, display_name FROM environments ORDER BY production DESC, lower(name) LIMIT 1000")
    options = [
        tag("option", line(row["display_name"], 60), value=row["name"], selected=row["name"] == chosen)
        for row in rows.fetchall()
    ]
    return [*options, tag("option", "the main branches", value=_MAIN, selected=chosen == _MAIN)]
