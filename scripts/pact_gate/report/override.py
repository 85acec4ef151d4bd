"""The issue that records an override, until somebody has resolved what it let pass."""

from __future__ import annotations

from datetime import UTC, datetime

from pact_gate.model.gate import Decision, Question
from pact_gate.model.override import OpenOverride, Override, record
from pact_gate.report.escape import code, line, markdown, prose


def moment(when: datetime) -> str:
    """Return a time as people read it."""
    return when.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def title(question: Question) -> str:
    """Return the issue's title."""
    names = ", ".join(name for name, _ in question.asked)
    return line(f"Contract gate overridden: {names} to {question.target}", 200)


def body(question: Question, decision: Decision, override: Override, run_url: str) -> str:
    """Return the issue's text; its first line is for later gates, and is not shown."""
    versions = "\n".join(f"- {markdown(name)} {code(version)}" for name, version in question.asked)
    return "\n\n".join(
        [
            record(question, override.until, run_url),
            f"**{markdown(override.approver)}** let the contract gate for {markdown(str(question.target))} pass.",
            versions,
            f"**Why:** {prose(override.reason)}",
            f"**Until:** {moment(override.until)}",
            f"**What the gate said:** {code(decision.verdict)}. {prose(decision.reason)}",
            f"**What it said to do:** {prose(decision.next_step)}" if decision.next_step else "",
            f"**Run:** {prose(run_url)}",
            "Close this issue once the contract holds again: until then every gate for these services names it.",
        ]
    )


def told(override: Override) -> str:
    """Say of an override who, until when and why."""
    return f"{override.approver} let it pass until {moment(override.until)}: {override.reason} ({override.issue_url})"


def told_open(found: OpenOverride, now: datetime) -> str:
    """Say of an override that is not resolved which it is, and whether its time is over."""
    names = ", ".join(f"{name} {version[:10]}" for name, version in found.versions)
    when = moment(found.until)
    ends = f"until {when}" if found.until > now else f"until {when}, which is over"
    return f"{names} was let pass {ends}: {found.issue_url} is open. Mend what it let pass, and close it."
