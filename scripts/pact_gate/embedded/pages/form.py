"""The gate's question as a form: its fields, and what is wrong with what was put into them."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from pact_gate.embedded import deployments, estate
from pact_gate.embedded.exchange import Call
from pact_gate.embedded.matrix.terms import Question, Selector
from pact_gate.embedded.pages import meant, parts
from pact_gate.embedded.pages.html import Attribute, Html, Part, name, tag
from pact_gate.model.plain import line

_OFFERED = 200  # pacticipants that the form proposes; more would make every page with it heavy
_MAIN = ""  # the choice that is no environment


@dataclass(frozen=True)
class Asked:
    """The fields of the form, and what is wrong with them, by field. `environment` None was not chosen.

    `likely` are the pacticipants that may be meant where there is none of that name.
    """

    pacticipant: str = ""
    version: str = ""
    environment: str | None = None
    wrong: Mapping[str, str] = field(default_factory=dict)
    likely: Sequence[str] = ()

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
    wrong = _wrong(call.db, asked, is_put=None not in given.values())
    likely = meant.names(call.db, owner) if owner and "pacticipant" in wrong else ()
    return replace(asked, wrong=wrong, likely=likely)


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
    named = _told(filled, "pacticipant", more=_instead(prefix, filled))
    numbered = _told(filled, "version", hint="A commit's SHA: 7 characters of it will do.")
    return tag(
        "form",
        _field("pacticipant", "Pacticipant", filled.pacticipant, named, offers="names"),
        known,
        _field("version", "Version", filled.version, numbered),
        _labelled("environment", "To", _told(filled, "environment"), "select", _choices(db, filled.environment)),
        tag("p", tag("button", "Ask"), class_="act"),
        action=f"{prefix}/can-i-deploy",
    )


_Told = tuple[str, Part]  # what stands under a field: whether it is `wrong` or a `hint`, and the words


def _told(asked: Asked, key: str, *, hint: str | None = None, more: Part = None) -> _Told | None:
    """What is wrong with what was put into a field, with `more` of it; how to fill it where nothing is."""
    if key in asked.wrong:
        return "wrong", (asked.wrong[key], more)
    return ("hint", hint) if hint else None


def _instead(prefix: str, asked: Asked) -> Part:
    """The same question about the pacticipants that may be meant."""
    return parts.likely(
        [(each, parts.ask_at(prefix, each, asked.version or None, asked.environment)) for each in asked.likely]
    )


def _field(key: str, label: str, value: str, told: _Told | None, offers: str | None = None) -> Html:
    shape: dict[str, Attribute] = {"value": value, "list": offers, "autocomplete": "off", "spellcheck": "false"}
    return _labelled(key, label, told, "input", required=True, **shape)


def _labelled(
    key: str, label: str, told: _Told | None, element: str, inside: Part = None, **attributes: Attribute
) -> Html:
    """A field with its label before it, and behind it what is told of it."""
    said, marks = None, dict[str, Attribute]()
    if told:
        kind, words = told
        said = tag("span", words, class_=kind, id=f"{key}-{kind}")
        marks = {"aria_invalid": "true" if kind == "wrong" else None, "aria_describedby": f"{key}-{kind}"}
    return tag("p", tag("label", label, for_=key), tag(element, inside, id=key, name=key, **attributes, **marks), said)


def _choices(db: sqlite3.Connection, chosen: str | None) -> list[Html]:
    rows = db.execute("SELECT name, display_name FROM environments ORDER BY production DESC, lower(name) LIMIT 1000")
    options = [
        tag("option", line(row["display_name"], 60), value=row["name"], selected=row["name"] == chosen)
        for row in rows.fetchall()
    ]
    return [*options, tag("option", "the main branches", value=_MAIN, selected=chosen == _MAIN)]
