"""The gate's question as a form, and its answer: that of /can-i-deploy and /matrix, with what to do next."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from pact_gate.embedded import deployments, estate, matrix_reasons
from pact_gate.embedded.exchange import Answer, Call
from pact_gate.embedded.matrix import Question, Row, Selector, Summary
from pact_gate.embedded.matrix import answer as matrix_answer
from pact_gate.embedded.pages import matrix, meant, parts
from pact_gate.embedded.pages.frame import Page, answer, prefix_of
from pact_gate.embedded.pages.html import Attribute, Html, Part, joined, name, tag
from pact_gate.embedded.urls import result_at
from pact_gate.model.plain import line

_OFFERED = 200  # pacticipants that the form proposes; more would make every page with it heavy
_RECENT = 10  # versions to choose from
_REASONS = 20
_NAMED = 3  # pacticipants or versions in one sentence
_MAIN = ""  # the choice that is no environment
_VERDICTS = {
    True: ("Yes", "✓", "good"),
    False: ("No", "✗", "bad"),
    None: ("Not known yet", "?", "warn"),
}
_KINDS = {"error": ("against it", "bad", "✗"), "warning": ("to know", "warn", "!"), "success": ("for it", "good", "✓")}


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


def page(call: Call) -> Answer:
    """The form, and the answer to what it asks: 400 where it cannot be asked so."""
    prefix, asked = prefix_of(call), _asked(call)
    shown: Part = None
    if asked.is_whole and not asked.wrong:
        asked, shown = _found(call, prefix, asked)
    elif asked.pacticipant and not asked.version and "pacticipant" not in asked.wrong:
        shown = _recent(call.db, prefix, asked)
    lead = tag("p", "May this version go there? It may, if it works with everything that it meets.")
    content = (tag("div", form(call.db, prefix, asked), class_="card"), shown)
    title = f"Can I deploy {asked.pacticipant}?" if asked.pacticipant else "Can I deploy?"
    return answer(prefix, Page(title, "/can-i-deploy", content, lead=lead, status=400 if asked.wrong else 200))


def _found(call: Call, prefix: str, asked: Asked) -> tuple[Asked, Html]:
    """The answer, and what was asked with the version's whole number."""
    found = meant.version(call.db, asked.pacticipant, asked.version)
    if found.number is None:
        return asked, _unknown(call.db, prefix, asked, found.fitting)
    whole = replace(asked, version=found.number)
    return whole, joined(_taken(asked, found.number), _answered(call, prefix, whole))


def _taken(asked: Asked, number: str) -> Html | None:
    """Which version the answer is about, where that is not what was typed."""
    if number == asked.version:
        return None
    known = "is the only version of ", name(asked.pacticipant), " that begins with "
    return parts.none(tag("code", name(number)), " ", known, tag("code", name(asked.version)), ": it is meant here.")


def _unknown(db: sqlite3.Connection, prefix: str, asked: Asked, fitting: Sequence[str]) -> Html:
    """No answer: which version is meant is not known. It must not look like a contract that is broken."""
    told = matrix_reasons.notices(matrix_answer(db, asked.question))
    several = joined(tag("h2", "Versions that begin so"), _links(prefix, asked, fitting)) if fitting else None
    return joined(
        tag(
            "section",
            tag("h2", tag("span", "? ", aria_hidden="true"), "No such version", id="answer"),
            (tag("p", notice["text"]) for notice in told),
            tag("p", "Nothing failed: there is nothing to ask about. No gate lets through what is not known."),
            class_="verdict open",
            aria_labelledby="answer",
        ),
        several or _recent(db, prefix, asked),
        tag("h2", "What to do next"),
        tag("ul", tag("li", _publish()), class_="next"),
    )


def _links(prefix: str, asked: Asked, numbers: Iterable[str]) -> Html:
    """The same question about other versions."""
    return tag("ul", (tag("li", _choose(prefix, asked, number)) for number in numbers))


def _publish() -> Part:
    return (
        "If this is its number: publish the pacts of this commit (",
        tag("code", "actions/publish"),
        "; ",
        tag("code", "actions/create-version"),
        " for a service that only provides) under exactly this version, then ask again.",
    )


def _asked(call: Call) -> Asked:
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


def _recent(db: sqlite3.Connection, prefix: str, asked: Asked) -> Html:
    """The newest versions, to be asked about."""
    query = """SELECT v.number, v.created_at FROM versions v JOIN pacticipants p ON p.id = v.pacticipant_id
               WHERE p.name = ? ORDER BY v.id DESC LIMIT ?"""
    found = db.execute(query, (asked.pacticipant, _RECENT)).fetchall()
    if not found:
        return parts.none("There is no version of it yet.")
    items = (
        tag(
            "li",
            _choose(prefix, asked, row["number"]),
            " ",
            tag("span", parts.moment(row["created_at"]), class_="soft"),
        )
        for row in found
    )
    return joined(tag("h2", "Its newest versions"), tag("ul", items))


def _choose(prefix: str, asked: Asked, number: str) -> Html:
    href = parts.ask_at(prefix, asked.pacticipant, number, asked.environment)
    return tag("a", tag("code", name(number)), href=href)


def _answered(call: Call, prefix: str, asked: Asked) -> Html:
    summary = matrix_answer(call.db, asked.question)
    words, sign, colour = _VERDICTS[summary.deployable]
    part = parts.slice_of(call, len(summary.rows))
    shown = part.of(summary.rows)
    about = (
        parts.version(prefix, asked.pacticipant, asked.version),
        " of ",
        name(asked.pacticipant),
        " to ",
        asked.place,
    )
    return joined(
        tag(
            "section",
            tag("h2", tag("span", f"{sign} ", aria_hidden="true"), words, id="answer"),
            tag("p", about),
            tag("p", _counts(summary)),
            tag("p", "Waiting does not help: a contract is broken.") if _is_broken(summary) else None,
            class_=f"verdict {colour}",
            aria_labelledby="answer",
        ),
        tag("h2", "Why"),
        tag("ul", _reasons(summary), class_="reasons"),
        tag("h2", "What to do next"),
        tag("ul", (tag("li", step) for step in _next_steps(prefix, asked, summary)), class_="next"),
        (tag("h2", "What was compared"), matrix.rows_of(call.db, prefix, shown), part.links(call, prefix))
        if summary.rows
        else None,
    )


def _is_broken(summary: Summary) -> bool:
    """Whether the answer is open, as a Pact Broker says it, although one of the rows has failed."""
    return summary.deployable is None and any(row.success is False for row in summary.rows)


def _counts(summary: Summary) -> str:
    counts = summary.counts
    return f"{counts['success']:,} verified, {counts['failed']:,} failed, {counts['unknown']:,} without a result"


def _reasons(summary: Summary) -> Iterator[Html]:
    notices = matrix_reasons.notices(summary)
    for notice in notices[:_REASONS]:
        words, colour, sign = _KINDS[notice["type"]]
        yield tag("li", parts.badge(words, sign, colour), " ", notice["text"])
    if len(notices) > _REASONS:
        yield tag("li", f"and {len(notices) - _REASONS:,} more")


def _next_steps(prefix: str, asked: Asked, summary: Summary) -> Iterator[Part]:
    """What a person can do, what to act on first, first."""
    failed = [row for row in summary.rows if row.success is False]
    if failed:
        yield _mend(prefix, failed)
    yield from _missing(asked, summary)
    if summary.deployable and summary.rows:
        yield (
            "Deploy it, and record it (",
            tag("code", "actions/record-deployment"),
            "), so that others are asked against it.",
        )
    elif summary.deployable:
        yield (
            "Nothing was compared. If contracts were expected: check that this version's pacts were published, and "
            "that what runs there was recorded under versions that have pacts."
        )


def _mend(prefix: str, failed: Sequence[Row]) -> Part:
    row = failed[0]
    href = result_at(prefix, row.provider, row.consumer, row.sha, row.result_id)
    more = f" (and {len(failed) - 1:,} more)" if len(failed) > 1 else ""
    return (
        tag("a", "Open the result", href=href),
        f" to see which interaction fails{more}. Mend ",
        name(row.provider),
        ", or change what ",
        name(row.consumer),
        " expects, and verify again.",
    )


def _missing(asked: Asked, summary: Summary) -> Iterator[Part]:
    """What to do about each provider of which a result is missing, in the versions that are there, if any is."""
    there: dict[str, list[str]] = {}
    for one in summary.resolved:
        if one.exists and one.number is not None:
            there.setdefault(one.name, []).append(one.number)
    lacking: dict[str, list[str]] = {}
    pairs = [(one.provider, one.consumer) for one in summary.missing]
    pairs += [(row.provider, row.consumer) for row in summary.rows if row.success is None]
    for provider, consumer in pairs:
        lacking.setdefault(provider, []).append(consumer)
    for provider, consumers in list(lacking.items())[:_REASONS]:
        known = _and([parts.number(number) for number in dict.fromkeys(there.get(provider, ()))])
        needing = _and([name(consumer) for consumer in dict.fromkeys(consumers)])
        yield _verify(provider, known, needing) if known else _bring(provider, needing, asked.place)


def _verify(provider: str, known: Part, needing: Part) -> Part:
    how = (" (", tag("code", "actions/verify"), "; its selectors must take in ", needing, "), then ask again.")
    return "Run the verification of ", name(provider), " at ", known, how


def _bring(provider: str, needing: Part, place: Part) -> Part:
    there = (
        "No version of ",
        name(provider),
        " is there. Bring one that has verified what ",
        needing,
        " needs to ",
        place,
    )
    return there, ", and record it (", tag("code", "actions/record-deployment"), ")."


def _and(words: Sequence[Html]) -> Part:
    """A few words as a list in a sentence; of many the first ones."""
    listed: list[Part] = []
    for word in words[:_NAMED]:
        listed += [", ", word] if listed else [word]
    return [*listed, f" and {len(words) - _NAMED:,} more"] if len(words) > _NAMED else listed
