"""The picture of who depends on whom, in Mermaid's flowchart syntax, which GitHub draws."""

from __future__ import annotations

from collections.abc import Sequence

from pact_gate.model.commit import short
from pact_gate.model.gate import Result, Row
from pact_gate.model.outcome import GateOutcome
from pact_gate.report import words
from pact_gate.report.escape import mermaid

_EDGES = 40  # with more, nobody can read it
_ARROWS = {
    Result.FAILED: "--x",
    Result.ABSENT: "-.->",
    Result.NONE: "-.->",
    Result.PASSED: "-->",
    Result.IGNORED: "-.->",
}
_COLOURS = {
    Result.FAILED: "#cf222e",
    Result.ABSENT: "#9a6700",
    Result.NONE: "#9a6700",
    Result.PASSED: "#1a7f37",
    Result.IGNORED: "#8c959f",
}

_Node = tuple[str, str]


def picture(outcome: GateOutcome) -> str:
    """Return a fenced Mermaid flowchart with an arrow from each consumer to its provider, and a legend line.

    With too many integrations only those that are not fine are drawn, and the sentence under it says so.
    """
    rows = words.worst_rows_first(outcome.decision.rows)
    drawn = rows if len(rows) <= _EDGES else [row for row in rows if row.result is not Result.PASSED][:_EDGES]
    if not drawn:
        return f"No picture: all {len(rows):,} integrations are fine, too many to draw."
    chart = "\n".join(["```mermaid", "flowchart LR", *_chart(drawn, outcome), "```"])
    legend = "An arrow leads from a consumer to the provider that it calls or listens to."
    if len(drawn) < len(rows):
        legend += f" {len(drawn):,} of {len(rows):,} integrations are drawn, those that are not fine."
    return f"{chart}\n\n{legend}"


def _chart(rows: Sequence[Row], outcome: GateOutcome) -> list[str]:
    ids: dict[_Node, str] = {}
    edges = []
    for row in rows:
        ends = [ids.setdefault(node, f"n{len(ids)}") for node in (_consumer(row), _provider(row))]
        label = f"{words.row_symbol(row)} {mermaid(words.row_result(row, outcome.question.target))}"
        edges.append(f'  {ends[0]} {_ARROWS[row.result]}|"{label}"| {ends[1]}')
    nodes = [f'  {key}["{_label(node)}"]' for node, key in ids.items()]
    asked = [key for node, key in ids.items() if node in outcome.question.asked]
    return [*nodes, *edges, *_colours(rows), *([f"  style {key} stroke-width:4px" for key in asked])]


def _consumer(row: Row) -> _Node:
    return (row.consumer, row.consumer_version)


def _provider(row: Row) -> _Node:
    there = words.provider_versions(row)
    return (row.provider, there[0] if there else "")


def _label(node: _Node) -> str:
    name, version = node
    return f"{mermaid(name)}<br/>{mermaid(short(version) or 'no version')}"


def _colours(rows: Sequence[Row]) -> list[str]:
    return [f"  linkStyle {place} stroke:{_COLOURS[row.result]}" for place, row in enumerate(rows)]
