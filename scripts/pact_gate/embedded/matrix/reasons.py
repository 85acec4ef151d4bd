"""Why the matrix answers as it does: one notice for each fact that matters."""

from __future__ import annotations

from enum import Enum, auto
from typing import NamedTuple

from pact_gate.embedded.matrix.terms import NOTHING, Integration, Resolved, Row, Summary


class Kind(Enum):
    """What a reason is about."""

    WARNING = auto()
    ABSENT = auto()
    FAILED = auto()
    MISSING = auto()
    PASSED = auto()
    NOTHING = auto()


_TYPES = {Kind.WARNING: "warning", Kind.PASSED: "success", Kind.NOTHING: "success"}  # of a notice; the others: error


class Reason(NamedTuple):
    """One fact that matters, as a sentence."""

    kind: Kind
    text: str


def notices(summary: Summary) -> list[dict[str, str]]:
    """The notices of an answer: `type` is warning, error or success, `text` a sentence. Warnings come first."""
    return [{"type": _TYPES.get(reason.kind, "error"), "text": reason.text} for reason in reasons(summary)]


def reasons(summary: Summary) -> list[Reason]:
    """The same with what each is about."""
    errors = list(dict.fromkeys(_errors(summary)))
    return [Reason(Kind.WARNING, text) for text in _warnings(summary)] + (errors or _successes(summary))


def _errors(summary: Summary) -> list[Reason]:
    absent = [one for one in summary.resolved if one.specified and not one.exists and not one.ignored]
    if absent:
        return [Reason(Kind.ABSENT, _absence(one)) for one in absent]
    return [
        *(
            Reason(Kind.MISSING, f"No result was published for the pact between {_of_pair(summary, one)}.")
            for one in summary.missing
        ),
        *(
            Reason(Kind.FAILED, f"The verification of the pact between {_of_row(summary, row)} failed.")
            for row in summary.rows
            if row.success is False
        ),
        *(
            Reason(Kind.MISSING, f"No result was published for the pact between {_of_row(summary, row)}.")
            for row in summary.rows
            if row.success is None
        ),
    ]


def _successes(summary: Summary) -> list[Reason]:
    if summary.missing or not all(row.success for row in summary.rows):
        return []
    if summary.rows:
        return [Reason(Kind.PASSED, "Every required verification result is published and passed.")]
    return [Reason(Kind.NOTHING, "Nothing is required: no pact was compared.")]


def _warnings(summary: Summary) -> list[str]:
    told = [
        f"{_described(one)} cannot be ignored."
        for one in summary.ignored
        if one.pacticipant_id == NOTHING or not one.exists
    ]
    specified = [one for one in summary.resolved if one.specified]
    question = summary.question
    if len(specified) == 1 and not (question.tag or question.environment or question.main_branch):
        told.append("Say to which environment it is to be deployed: without one, the answer is not reliable.")
    if any(not one.asked.is_name_only for one in specified) and not any(one.asked.version for one in specified):
        told.append("Say which version is to be deployed: what a tag or a branch names may change at any moment.")
    return told


def _of_row(summary: Summary, row: Row) -> str:
    consumer = _either(summary, row.consumer, row.consumer_version)
    return f"{consumer} and {_either(summary, row.provider, row.provider_version)}"


def _of_pair(summary: Summary, pair: Integration) -> str:
    return f"{_either(summary, pair.consumer, None)} and {_either(summary, pair.provider, None)}"


def _selected(summary: Summary, name: str, number: str | None) -> Resolved | None:
    found = [one for one in summary.resolved if one.name == name]
    if len(found) == 1:
        return found[0]
    return next((one for one in found if number is not None and one.number == number), None)


def _either(summary: Summary, name: str, number: str | None) -> str:
    one = _selected(summary, name, number)
    if one is not None:
        return _described(one)
    return f"version {number} of {name}" if number is not None else f"any version of {name}"


def _described(one: Resolved) -> str:
    if one.pacticipant_id == NOTHING:
        return f"any version of {one.name} (there is no such pacticipant)"
    if one.version_id is None:
        return f"any version of {one.name}"
    number = f" ({one.number})" if one.exists else " (there is none)"
    if one.asked.version:
        return f"version {one.asked.version} of {one.name}" + ("" if one.exists else number)
    prefix = "the latest version" if one.asked.latest else "one of the versions" if one.one_of_many else "the version"
    return f"{prefix} of {one.name}{_where(one)}{number}"


def _where(one: Resolved) -> str:
    asked = one.asked
    places = (
        (asked.tag, f" tagged {asked.tag}"),
        (asked.branch, f" on branch {asked.branch}"),
        (asked.main_branch, f" on its main branch{f' {one.branch}' if one.branch else ''}"),
        (asked.environment, f" in environment {asked.environment}"),
    )
    return "".join(text for wanted, text in places if wanted)


def _absence(one: Resolved) -> str:
    if one.asked.version and not _where(one):
        return f"Nothing was published for version {one.asked.version} of {one.name}."
    return f"There is no version of {one.name}{_where(one)}."
