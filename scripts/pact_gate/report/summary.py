"""A command's outcome as the job summary, in GitHub Flavored Markdown.

What a reader needs first stands first: what happened, why, and what to do now. Everything after that may be cut.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from pact_gate.model.commit import short
from pact_gate.model.errors import BrokerError, ConflictError, InputError, PactGateError, ProviderError
from pact_gate.model.gate import Row
from pact_gate.model.outcome import (
    ComparisonOutcome,
    GateOutcome,
    LintOutcome,
    Outcome,
    PlanOutcome,
    PublishedPact,
    PublishOutcome,
    ReconcileOutcome,
    TriggerOutcome,
    VerifyOutcome,
)
from pact_gate.model.verification import InteractionResult, Mismatch, PactVerification
from pact_gate.report import comparison, words
from pact_gate.report.escape import block, code, is_web_address, link, markdown, prose
from pact_gate.report.picture import picture

if TYPE_CHECKING:
    from pact_gate.model.changes import ContractChange
    from pact_gate.model.comparison import PactComparison, Unused
    from pact_gate.model.plan import Concerned
    from pact_gate.model.provider_states import StateFinding, StatesCheck
    from pact_gate.model.reconcile import Due, GoneBranch, Hopeless, OldAnswer
    from pact_gate.model.runs import Triggered

BUDGET = 480_000
"""Bytes of UTF-8 in one summary. GitHub drops a step's summary over 1 MiB, and the root action writes two of them."""

_ROWS = 100
_INTERACTIONS_OPEN = 5
_MISMATCHES = 20
_REASONS = 10
_IN_A_CELL = 80
_VALUE = 4_000
_LOG = 8_000
_LAST_WORDS = 400  # bytes that are kept free, to say what was left out

_ERROR_TITLES = (
    (ConflictError, "The broker has another pact under this version"),
    (InputError, "Something in this step's inputs or files is wrong"),
    (ProviderError, "The provider could not be verified"),
    (BrokerError, "The broker gave no usable answer"),
)


class _Page:
    """Parts of a summary, as long as they fit: the budget is in bytes, and a part is never cut within itself."""

    def __init__(self, budget: int) -> None:
        self._left = budget - _LAST_WORDS
        self._parts: list[str] = []

    def add(self, part: str) -> bool:
        """Add a part as a paragraph of its own, and say whether there was room for it."""
        size = len(f"{part}\n\n".encode())
        if size > self._left:
            return False
        self._left -= size
        self._parts.append(part)
        return True

    def add_last(self, part: str) -> None:
        """Add a short part for which there is always room."""
        self._left += _LAST_WORDS
        self.add(part)

    def table(self, header: Sequence[str], rows: Iterable[Sequence[str]], total: int, noun: str) -> None:
        """Add at most `_ROWS` of `total` rows, and say how many more there are."""
        lines = [f"| {' | '.join(header)} |", "|" + " --- |" * len(header)]
        room = self._left - _LAST_WORDS
        for row in islice(rows, _ROWS):
            room -= len(f"| {' | '.join(row)} |\n".encode())
            if room < 0:
                break
            lines.append(f"| {' | '.join(row)} |")
        self.add("\n".join(lines))
        left_out = total - len(lines) + 2
        if left_out:
            self.add(f"and {words.counted(left_out, f'more {noun}')}")

    def __str__(self) -> str:
        return "\n\n".join(self._parts) + "\n"


def summary(outcome: Outcome, *, budget: int = BUDGET) -> str:  # noqa: C901, PLR0911 - one for each kind
    """Return an outcome as Markdown of at most `budget` bytes."""
    match outcome:
        case GateOutcome():
            return _gate(outcome, _Page(budget))
        case VerifyOutcome():
            return _verification(outcome, budget)
        case ComparisonOutcome():
            return _comparison(outcome, _Page(budget))
        case PublishOutcome():
            return _publication(outcome, _Page(budget))
        case TriggerOutcome():
            return _triggering(outcome, _Page(budget))
        case PlanOutcome():
            return _plan(outcome, _Page(budget))
        case ReconcileOutcome():
            return _reconciliation(outcome, _Page(budget))
        case LintOutcome():
            return _lint(outcome, _Page(budget))
        case _:
            page = _Page(budget)
            _head(page, outcome)
            _facts(page, outcome)
            return str(page)


def error_summary(error: PactGateError) -> str:
    """Return an error as Markdown: what went wrong, where, and what to do."""
    page = _Page(BUDGET)
    page.add(f"## ❌ {_error_title(error)}")
    page.add(prose(error.cause))
    _next_step(page, error.next_step)
    places = [
        f"{code(str(place))}{f': {prose(place.detail)}' if place.detail else ''}" for place in error.places[:_ROWS]
    ]
    if places:
        page.add("\n".join(f"- {place}" for place in places))
    return str(page)


def _error_title(error: PactGateError) -> str:
    return next((title for kind, title in _ERROR_TITLES if isinstance(error, kind)), "Something in pact-gate broke")


def _head(page: _Page, outcome: Outcome) -> None:
    page.add(f"## {words.symbol(outcome)} {markdown(words.title(outcome), limit=400)}")
    if words.reason(outcome):
        page.add(prose(words.reason(outcome)))
    _next_step(page, words.next_step(outcome))


def _next_step(page: _Page, text: str) -> None:
    if text:
        page.add(f"> **What to do next:** {prose(text)}")


def _facts(page: _Page, outcome: Outcome) -> None:
    if outcome.facts:
        page.add("\n".join(f"- {markdown(label)}: {_fact(value)}" for label, value in outcome.facts))


def _fact(value: str) -> str:
    return link(value, value) if is_web_address(value) else code(value)


# --- the gate


def _gate(outcome: GateOutcome, page: _Page) -> str:
    _head(page, outcome)
    for label, sentence in words.remarks(outcome):
        page.add(f"**{label}:** {prose(sentence)}")
    rows = words.worst_rows_first(outcome.decision.rows)
    _integrations(page, outcome, rows)
    for change in outcome.changes:
        if change.lines:
            page.add("\n".join([f"**{contract(change)}**", "", *(f"- {prose(each)}" for each in change.lines[:_ROWS])]))
    if outcome.other_checks is not None:
        from pact_gate.report.others import section  # noqa: PLC0415 - few gates are asked for it

        page.add(section(outcome.other_checks))
    for row in rows:
        if row.run and row.run.last_words:
            page.add(_folded(f"How the log of the run for {markdown(row.provider)} ends", block(row.run.last_words)))
    _facts(page, outcome)
    _full_versions(page, words.versions_in(outcome))
    return str(page)


def _integrations(page: _Page, outcome: GateOutcome, rows: Sequence[Row]) -> None:
    if rows:
        cells = (_integration(row, words.row_result(row, outcome.question.target)) for row in rows)
        page.table(("", "Consumer", "Provider", "Verified", "Links"), cells, len(rows), "integration")
    _explained(page, outcome)
    if rows:
        page.add(picture(outcome))


def _explained(page: _Page, outcome: GateOutcome) -> None:
    """Add why there is no result, and the command that mends it, to be copied."""
    about = None
    for index, (row, each) in enumerate(words.explanations(outcome)):
        if not index:
            page.add(f"### {words.EXPLAINED}")
        head = f"**{markdown(row, limit=400)}**<br>" if row and row != about else ""
        told = f"{head}{prose(each.sentence)} {prose(each.mend)}"
        where = f" In a checkout of {markdown(each.of)}:" if each.of else ""
        page.add("\n\n".join(filter(None, [told + where, block(each.command) if each.command else ""])))
        about = row


def contract(change: ContractChange) -> str:
    """Return the line above what changed in a contract."""
    names = f"{markdown(change.consumer)} → {markdown(change.provider)}"
    if change.before is None:
        return f"{names}, a new contract:"
    return f"{names}, against {code(short(change.before))} on main:"


def _integration(row: Row, result: str) -> tuple[str, ...]:
    there = " ".join(code(short(version)) for version in words.provider_versions(row)[:3])
    return (
        f"{words.row_symbol(row)}&nbsp;{markdown(result)}",
        f"{markdown(row.consumer)} {code(short(row.consumer_version))}",
        f"{markdown(row.provider)} {there or '(no version)'}",
        _verified(row),
        _links(("result", row.result_url), ("pact", row.pact_url), ("run", row.run.url if row.run else None)),
    )


def _verified(row: Row) -> str:
    if row.verified_elsewhere:
        return "by " + " ".join(code(short(version)) for version in row.verified_elsewhere[:3]) + " only"
    return markdown(words.moment(row.verified_at)) or "never"


def _links(*links: tuple[str, str | None]) -> str:
    return " · ".join(link(text, url) for text, url in links if url and is_web_address(url)) or "–"  # noqa: RUF001


def _full_versions(page: _Page, versions: Iterable[tuple[str, str]]) -> None:
    lines = [f"- {markdown(name)} {code(version)}" for name, version in words.shortened(versions)[:_ROWS]]
    if lines:
        page.add(_folded("Full versions", "\n".join(lines)))


# --- verification


def _verification(outcome: VerifyOutcome, budget: int) -> str:
    tail = _Page(budget)
    if outcome.provider_log:
        end = outcome.provider_log[-_LOG:]
        tail.add(_folded("The end of the provider's log", block(end, _LOG * 2)))
    _facts(tail, outcome)
    page = _Page(budget - len(str(tail).encode()))
    _head(page, outcome)
    if outcome.states:
        _states(page, outcome.states)
    _pacts(page, outcome)
    _failures(page, outcome)
    return f"{page}\n{tail}".rstrip() + "\n"


def _states(page: _Page, check: StatesCheck) -> None:
    if check.findings:
        header = ("", "Provider state", "Needed by", "What came back", "Nearest known name")
        page.table(header, map(_state, check.findings), len(check.findings), "provider state")
    page.add(prose(words.states_tried(check)))


def _state(finding: StateFinding) -> tuple[str, ...]:
    body = f": {code(finding.body.strip(), limit=200)}" if finding.body.strip() else ""
    return (
        f"{words.state_symbol(finding)}&nbsp;{markdown(words.state_result(finding))}",
        markdown(words.state_names(finding), limit=200),
        markdown(words.needed_by(finding), limit=200),
        f"{prose(finding.answer)}{body}",
        markdown(finding.nearest, limit=200),
    )


def _pacts(page: _Page, outcome: VerifyOutcome) -> None:
    pacts = words.worst_pacts_first(outcome.verifications)
    rows = (
        (
            f"{words.fate_symbol(each)} {words.fate(each)}",
            markdown(each.result.consumer),
            words.interactions(each),
            "yes" if each.published else "no",
            _links(("pact", each.url), ("result", each.result_url)),
        )
        for each in pacts
    )
    if pacts:
        page.table(("Result", "Consumer", "Interactions", "Result published", "Links"), rows, len(pacts), "pact")


def _failures(page: _Page, outcome: VerifyOutcome) -> None:
    broken = [each for each in words.worst_pacts_first(outcome.verifications) if words.has_failures(each)]
    left = sum(len(words.failed_interactions(each)) for each in broken)
    shown = 0
    for pact in broken:
        fits = page.add(_broken_pact(pact))
        for interaction in words.failed_interactions(pact):
            fits = fits and page.add(_interaction(pact, interaction, folded=shown >= _INTERACTIONS_OPEN))
            if not fits:
                page.add_last(_left_out(left - shown))
                return
            shown += 1


def _left_out(number: int) -> str:
    return (
        f"*{words.counted(number, 'failed interaction')} left out here, because GitHub shows no summary over 1 MiB. "
        "The JUnit report (input `junit`) has them all.*"
    )


def _broken_pact(verification: PactVerification) -> str:
    result = verification.result
    lines = [f"### {words.fate_symbol(verification)} {markdown(result.consumer)} → {markdown(result.provider)}"]
    if verification.pending:
        lines.append("This pact is pending: its failures do not fail the build until this branch has honoured it once.")
    if verification.consumer_versions:
        shown = " ".join(code(version) for version in verification.consumer_versions[:3])
        lines.append(f"Consumer version: {shown}")
    if words.pact_error(verification):
        lines.append(prose(words.pact_error(verification)))
    if verification.reasons:
        why = "\n".join(f"- {prose(reason)}" for reason in verification.reasons[:_REASONS])
        lines.append(_folded("Why this pact is verified", why))
    return "\n\n".join(lines)


def _interaction(pact: PactVerification, interaction: InteractionResult, *, folded: bool) -> str:
    name = markdown(interaction.description, limit=300) or "(no description)"
    if words.is_pending(pact, interaction):
        name = f"🟡 pending: {name}"
    body = "\n\n".join(_findings(interaction))
    return _folded(name, body) if folded else f"#### {name}\n\n{body}"


def _findings(interaction: InteractionResult) -> Iterable[str]:
    states = [markdown(each) for each in interaction.provider_states if each]
    yield f"Provider state: {', '.join(f'**{each}**' for each in states)}" if states else "No provider state."
    if interaction.error:
        yield f"Not compared: {prose(interaction.error)}"
    if interaction.mismatches:
        yield _differences(interaction.mismatches[:_MISMATCHES])
    if len(interaction.mismatches) > _MISMATCHES:
        yield f"and {words.counted(len(interaction.mismatches) - _MISMATCHES, 'more difference')}"
    long = [each for each in interaction.mismatches[:_MISMATCHES] if _is_long(each)]
    if long:
        yield _folded("Expected and received in full", "\n\n".join(_in_full(each) for each in long))


def _differences(mismatches: Sequence[Mismatch]) -> str:
    rows = [
        f"| {_where(each)} | {markdown(each.message, limit=300)} | {_value(each.expected)} | {_value(each.actual)} |"
        for each in mismatches
    ]
    return "\n".join(["| Where | What is wrong | Expected | Received |", "| --- | --- | --- | --- |", *rows])


def _where(mismatch: Mismatch) -> str:
    kind = "" if mismatch.attribute == mismatch.place else markdown(mismatch.attribute)
    return f"{kind} {code(mismatch.place) if mismatch.place else ''}".strip()


def _value(text: str) -> str:
    return code(text, limit=_IN_A_CELL) if text else "nothing"


def _is_long(mismatch: Mismatch) -> bool:
    return max(len(mismatch.expected), len(mismatch.actual)) > _IN_A_CELL


def _in_full(mismatch: Mismatch) -> str:
    values = (("expected", mismatch.expected), ("received", mismatch.actual))
    return "\n\n".join(f"{_where(mismatch)} {name}:\n\n{block(value, _VALUE)}" for name, value in values if value)


def _folded(name: str, body: str) -> str:
    return f"<details><summary>{name}</summary>\n\n{body}\n\n</details>"


# --- comparison with an OpenAPI document


def _comparison(outcome: ComparisonOutcome, page: _Page) -> str:
    _head(page, outcome)
    pacts = comparison.worst_first(outcome.comparisons)
    if pacts:
        header = ("Result", "Consumer", "Interactions", "Errors", "Warnings", "Pact")
        page.table(header, (_compared(each, strict=outcome.strict) for each in pacts), len(pacts), "pact")
    for note in outcome.annotations:
        page.add(f"**{markdown(note.title)}:** {prose(note.message)}")
    for each in pacts:
        groups = comparison.grouped(each.findings)
        if groups and page.add(f"### {markdown(each.consumer)} → {markdown(each.provider)}"):
            page.table(
                ("", "Where", "What", "Interactions", "In the document"), map(_group, groups), len(groups), "finding"
            )
    _unused(outcome.unused, page)
    skipped = [f"- {prose(what)}" for each in pacts for what in each.skipped]
    skipped += [f"- the pattern {code(each)}, which cannot be run within bounds" for each in outcome.patterns_left_out]
    if skipped:
        page.add(_folded("What was not compared", "\n".join(skipped[:_ROWS])))
    _facts(page, outcome)
    return str(page)


def _compared(found: PactComparison, *, strict: bool) -> tuple[str, ...]:
    errors = sum(each.level == "error" for each in found.findings)
    pact = _links(("pact", found.url), ("result", found.result_url)) if found.url else code(found.pact)
    counts = (str(len(found.interactions)), str(errors), str(len(found.findings) - errors))
    return (" ".join(comparison.result(found, strict=strict)), markdown(found.consumer), *counts, pact)


def _group(group: comparison.Group) -> tuple[str, ...]:
    more = len(group.interactions) - 1
    named = markdown(group.interactions[0]) + (f" and {words.counted(more, 'more interaction')}" if more else "")
    return (group.symbol, code(group.where), prose(group.message, 400), named, code(group.place))


def _unused(unused: Sequence[Unused], page: _Page) -> None:
    whole, parts = (comparison.unused_of(unused, whole=each) for each in (True, False))
    if not unused or not page.add("### What no compared pact uses"):
        return
    page.add("A consumer without a pact may use it all the same.")
    if whole:
        rows = ((_operation(each), code(comparison.place(each.spot))) for each in whole)
        page.table(("Whole operations", "In the document"), rows, len(whole), "operation")
    if parts:
        cells = ((_operation(each), code(each.what), code(comparison.place(each.spot))) for each in parts)
        header = ("Operations in use", "What of them is not", "In the document")
        page.table(header, cells, len(parts), "response, field or parameter")


def _operation(unused: Unused) -> str:
    return f"{markdown(unused.method)} {code(unused.path)}"


# --- what was found in pact files


def _lint(outcome: LintOutcome, page: _Page) -> str:
    from pact_gate.report.findings import accepted, sections  # noqa: PLC0415 - no other step shows any

    _head(page, outcome)
    if outcome.lint is not None:
        for head, header, rows, total in sections(outcome.lint):
            if page.add(head):
                page.table(header, rows, total, "finding")
        _facts(page, replace(outcome, facts=accepted(outcome.lint)))
    return str(page)


# --- publication


def _publication(outcome: PublishOutcome, page: _Page) -> str:
    _head(page, outcome)
    if outcome.pacts:
        rows = (_published(pact) for pact in outcome.pacts)
        header = ("Consumer", "Provider", "Version", "Interactions", "Link")
        page.table(header, rows, len(outcome.pacts), "pact")
    if outcome.notices:
        page.add("\n".join(f"- {prose(notice)}" for notice in outcome.notices[:_ROWS]))
    _facts(page, outcome)
    _full_versions(page, ((pact.consumer, pact.version) for pact in outcome.pacts))
    return str(page)


def _published(pact: PublishedPact) -> tuple[str, ...]:
    return (
        markdown(pact.consumer),
        markdown(pact.provider),
        code(short(pact.version)),
        str(pact.interactions),
        _links(("pact", pact.url)),
    )


# --- what was asked for


def _triggering(outcome: TriggerOutcome, page: _Page) -> str:
    _head(page, outcome)
    if outcome.triggered:
        rows = map(_asked, outcome.triggered)
        page.table(("", "Consumer", "Provider", "Where it counts", "Run"), rows, len(outcome.triggered), "verification")
    _facts(page, outcome)
    _full_versions(page, words.versions_asked(outcome))
    return str(page)


def _asked(asked: Triggered) -> tuple[str, ...]:
    places = (f"{code(short(each.version))} {markdown(', '.join(each.places))}" for each in asked.versions)
    return (
        "❌" if asked.problem else "⏳",
        f"{markdown(asked.consumer)} {code(short(asked.consumer_version))}",
        markdown(asked.provider),
        "<br>".join(places) or "the head of its default branch",
        prose(asked.problem) or _links(("run", asked.url)),
    )


# --- what there is to do


def _plan(outcome: PlanOutcome, page: _Page) -> str:
    _head(page, outcome)
    if outcome.concerned:
        header = ("Pacticipant", "Consumer", "Provider", "The gate is asked", "Because of")
        page.table(header, map(_planned, outcome.concerned), len(outcome.concerned), "pacticipant")
    return str(page)


def _planned(concerned: Concerned) -> tuple[str, ...]:
    flags = (concerned.is_consumer, concerned.is_provider, concerned.is_asked)
    more = len(concerned.files) - 1
    why = code(concerned.files[0]) + (f" and {words.counted(more, 'more file')}" if more else "") if more >= 0 else "–"  # noqa: RUF001
    return (markdown(concerned.name), *("yes" if flag else "no" for flag in flags), why)


# --- what no push puts right


def _reconciliation(outcome: ReconcileOutcome, page: _Page) -> str:
    _head(page, outcome)
    parts = (
        ("Verifications to be made", ("Consumer", "Provider", "At"), list(map(_due, outcome.work))),
        ("Nobody verifies", ("Consumer", "Provider", "Why", "Next step"), list(map(_hopeless, outcome.hopeless))),
        ("Gates that would say yes now", ("Pull request", "Gate", "Now", "Links"), list(map(_old, outcome.gates))),
        ("Branches that are gone", ("Pacticipant", "Branch", "Now"), list(map(_gone, outcome.branches))),
    )
    for title, header, rows in parts:
        if rows and page.add(f"### {title}"):
            page.table(header, rows, len(rows), "row")
    if outcome.left_out:
        page.add(f"Left to the next run: {words.counted(outcome.left_out, 'more verification')}.")
    _full_versions(page, ((each.provider, each.version.version) for each in outcome.work))
    return str(page)


def _due(due: Due) -> tuple[str, ...]:
    where = f"{code(short(due.version.version))} {markdown(', '.join(due.version.places))}"
    return (markdown(due.consumer), markdown(due.provider), where)


def _hopeless(hopeless: Hopeless) -> tuple[str, ...]:
    where = f" ({markdown(', '.join(hopeless.where.places))})" if hopeless.where.places else ""
    return (
        markdown(hopeless.consumer),
        markdown(hopeless.provider),
        f"{prose(hopeless.cause)}{where}",
        prose(hopeless.next_step),
    )


def _old(old: OldAnswer) -> tuple[str, ...]:
    now = f"{prose(old.problem)} {prose(old.next_step)}" if old.problem else markdown(old.state)
    return (f"&#35;{old.pull_request}", markdown(old.context), now, _links(("run", old.run_url)))


def _gone(branch: GoneBranch) -> tuple[str, ...]:
    state = "deleted in the broker" if branch.was_deleted else "still in the broker"
    return (markdown(branch.pacticipant), markdown(branch.name), state)
