"""The gate's answer as the one comment on a pull request: what a reviewer needs, and a link to everything else."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Sequence

from pact_gate.model.changes import ContractChange
from pact_gate.model.commit import short
from pact_gate.model.gate import Question, Result, Row
from pact_gate.model.outcome import GateOutcome
from pact_gate.report import words
from pact_gate.report.escape import code, is_web_address, link, markdown, prose
from pact_gate.report.summary import contract

_LIMIT = 65_000  # bytes of UTF-8: GitHub takes 65,536 characters, and of them there are never more than of bytes
_LAST_WORDS = 500  # bytes that are kept free, to say what was left out
_TITLE = 300
_SENTENCES = 700  # characters of a reason or a next step
_REMARK = 300
_FOUND = 200
_LINE = 700
_ROWS = 30
_OPEN = 10  # changes of a contract that are not folded
_FOLD = 100  # bytes of the lines around a contract's changes
_READABLE = 80
_FINE = frozenset({Result.PASSED, Result.IGNORED})


class _Room:
    """The bytes that are left for what may be left out, and what was."""

    def __init__(self, left: int) -> None:
        self._left = left
        self.left_out: Counter[str] = Counter()

    def taken(self, parts: Sequence[str], noun: str, *, around: int = 1) -> list[str]:
        """Take lines as long as they fit, each with so many bytes around it, and count the others as what they are."""
        fitting = []
        for part in parts:
            self._left -= len(part.encode()) + around
            if self._left < 0:
                break
            fitting.append(part)
        self.left_out[noun] += len(parts) - len(fitting)
        return fitting


def key(question: Question) -> str:
    """Return what a comment belongs to: the pacticipants and where they are to go, whatever their versions."""
    return "\n".join([*sorted(name for name, _ in question.asked), question.target.kind, question.target.name])


def marker(key: str) -> str:
    """Return the first line of the comment with this key, by which it is found again. GitHub does not show it.

    Nothing in it can end the HTML comment, and no two keys have one marker.
    """
    readable = re.sub(r"[^A-Za-z0-9]+", " ", key[:_READABLE]).strip()
    digest = hashlib.sha256(key.encode(errors="surrogatepass")).hexdigest()[:16]
    return f"<!-- pact-gate: {readable} {digest} -->"


def says(outcome: GateOutcome) -> bool:
    """Say whether a reviewer has to act, or to know: a contract changed, or the answer is not yes."""
    return not words.is_yes(outcome) or any(change.lines for change in outcome.changes)


def comment(outcome: GateOutcome, *, details: str) -> str:
    """Return the comment as Markdown; `details` is the URL of the job's summary."""
    head = [marker(key(outcome.question)), *_head(outcome)]
    end = link("All details", details) if is_web_address(details) else ""
    room = _Room(_LIMIT - sum(len(part.encode()) + 2 for part in [*head, end]) - _LAST_WORDS)
    parts = [*head, *_affected(outcome, room), *_changed(outcome.changes, room), _left_out(room), end]
    return "\n\n".join(filter(None, parts)) + "\n"


def _head(outcome: GateOutcome) -> Iterator[str]:
    yield f"### {words.symbol(outcome)} {markdown(words.title(outcome), _TITLE)}"
    yield prose(words.reason(outcome), _SENTENCES)
    if words.next_step(outcome):
        yield f"> **What to do next:** {prose(words.next_step(outcome), _SENTENCES)}"
    for label, sentence in words.remarks(outcome):
        yield f"**{label}:** {prose(sentence, _REMARK)}"


# --- who is affected


def _affected(outcome: GateOutcome, room: _Room) -> Iterator[str]:
    changed = {(change.consumer, change.provider) for change in outcome.changes if change.lines}
    every = words.worst_rows_first(outcome.decision.rows)
    rows = [row for row in every if row.result not in _FINE or (row.consumer, row.provider) in changed]
    shown = room.taken([_row(row, outcome) for row in rows[:_ROWS]], "integration")
    room.left_out["integration"] += len(rows[_ROWS:])
    if shown:
        yield "\n".join(["| | Consumer | Provider | Why |", "| --- | --- | --- | --- |", *shown])
    others = Counter(row.result for row in every) - Counter(row.result for row in rows)
    if others and rows:
        told = ", ".join(f"{number:,} {result}" for result, number in others.items())
        yield f"The others: {told}."


def _row(row: Row, outcome: GateOutcome) -> str:
    there = " ".join(code(short(version)) for version in words.provider_versions(row)[:3])
    cells = (
        f"{words.row_symbol(row)}&nbsp;{markdown(words.row_result(row, outcome.question.target))}",
        f"{markdown(row.consumer)} {code(short(row.consumer_version))}",
        f"{markdown(row.provider)} {there}".rstrip(),
        " · ".join(filter(None, [_why(row), *_links(row)])),
    )
    return f"| {' | '.join(cells)} |"


def _why(row: Row) -> str:
    elsewhere = " ".join(code(short(version)) for version in row.verified_elsewhere[:3])
    if row.failures:
        more = f" (and {len(row.failures) - 1} more)" if len(row.failures) > 1 else ""
        return prose(row.failures[0], _FOUND) + more
    if row.run and row.run.problem:
        return prose(row.run.problem, _FOUND)
    if row.causes:
        return prose(row.causes[0].sentence, _FOUND)
    return f"verified by {elsewhere} only" if elsewhere else ""


def _links(row: Row) -> Iterator[str]:
    for name, url in (("result", row.result_url), ("run", row.run.url if row.run else None)):
        if url and is_web_address(url):
            yield link(name, url)


# --- what changed in the contract


def _changed(changes: Sequence[ContractChange], room: _Room) -> Iterator[str]:
    told = [change for change in changes if change.lines]
    if not changes:  # no contract was compared, or what changed is not known
        return
    if not told:
        yield "**What changed in the contract:** nothing against main."
        return
    yield "**What changed in the contract**"
    for change in told:
        head = room.taken([contract(change)], "contract", around=_FOLD)
        shown = room.taken([f"- {prose(line, _LINE)}" for line in change.lines], "change")
        if not shown:
            room.left_out["contract"] += len(head)
            continue
        yield "\n".join([*head, "", *shown[:_OPEN]])
        if shown[_OPEN:]:
            yield _folded(words.counted(len(shown) - _OPEN, "more change"), "\n".join(shown[_OPEN:]))


def _folded(name: str, body: str) -> str:
    return f"<details><summary>{name}</summary>\n\n{body}\n\n</details>"


def _left_out(room: _Room) -> str:
    told = [words.counted(number, noun) for noun, number in room.left_out.items() if number]
    return f"*Left out here, because GitHub takes no longer comment: {', '.join(told)}.*" if told else ""
