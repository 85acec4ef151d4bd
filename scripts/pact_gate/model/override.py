"""Break-glass: a no that somebody who may has let pass, for a reason and a time. The verdict stays what it is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from pact_gate.model.gate import Question

LABEL = "pact-gate-override"
MOST_DAYS = 7
_BEGIN, _END = "<!-- pact-gate-override: ", " -->"


class Override(NamedTuple):
    """Who let it pass, why, until when (UTC), and the issue that records it."""

    approver: str
    reason: str
    until: datetime
    issue_url: str


class OpenOverride(NamedTuple):
    """The record of an override that is not resolved: of which versions, until when, and its issue."""

    versions: tuple[tuple[str, str], ...]
    until: datetime
    issue_url: str


class Overrides(NamedTuple):
    """What there is of overrides beside an answer: one for it, or why it got none, and those that are still open."""

    granted: Override | None = None
    refused: str = ""
    still_open: tuple[OpenOverride, ...] = ()


def record(question: Question, until: datetime, run_url: str) -> str:
    """Write what a later gate must know as an HTML comment. Nothing in it can end the comment."""
    document = {
        "asked": question.asked,
        "target": [question.target.kind, question.target.name],
        "until": until.isoformat(),
        "run": run_url,
    }
    harmless = json.dumps(document).replace("-", r"\u002d").replace(">", r"\u003e")  # JSON reads them as they were
    return f"{_BEGIN}{harmless}{_END}"


def is_of_run(body: str, question: Question, run_url: str) -> bool:
    """Say whether a text is the record of this question's override in this run, which may have several gates."""
    document = _recorded(body) or {}
    ours = [run_url, [list(each) for each in question.asked], [question.target.kind, question.target.name]]
    return bool(run_url) and [document.get(key) for key in ("run", "asked", "target")] == ours


def _recorded(body: str) -> Mapping[str, Any] | None:
    """Read what `record` has written at the beginning of a text, None where it has not."""
    line = body.partition("\n")[0].strip()
    if not (line.startswith(_BEGIN) and line.endswith(_END)):
        return None
    try:
        document = json.loads(line.removeprefix(_BEGIN).removesuffix(_END))
        return document if isinstance(document, dict) else None
    except (ValueError, RecursionError):
        return None


def still_open(body: str, url: str, question: Question) -> OpenOverride | None:
    """Give the override that a record is about, None where it is about other services or another target."""
    document = _recorded(body)
    if document is None:
        return None
    try:
        versions = tuple((str(name), str(version)) for name, version in document["asked"])
        until = _moment(document["until"])
        same = [question.target.kind, question.target.name] == document["target"]
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    names = {name for name, _ in question.asked}
    return OpenOverride(versions, until, url) if same and any(name in names for name, _ in versions) else None


def _moment(iso: str) -> datetime:
    """Read a time. Who may write in the repository can change a record, and a time of no zone compares with none."""
    when = datetime.fromisoformat(iso)
    if when.tzinfo is None:
        raise ValueError("It does not say in which zone.")
    return when.astimezone(UTC)
