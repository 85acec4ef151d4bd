"""Measures the rules of `actions/lint` on the pacts in `labelled/`, whose README says what a label is.

python tests/lint/measure.py                 # the numbers of both halves
python tests/lint/measure.py --show          # what is wrong or missed in `known`, and nothing of the other half
python tests/lint/measure.py --write         # the table in docs/rules/README.md (`make docs`)
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "scripts"))

from pact_gate.lint import Options, lint  # noqa: E402 (it is found from now on)
from pact_gate.lint.document import Document, Way, read, shown  # noqa: E402
from pact_gate.lint.fix import way_of  # noqa: E402
from pact_gate.lint.twice import RULE, between_runs  # noqa: E402
from pact_gate.model.finding import RULES  # noqa: E402

KNOWN = HERE / "labelled" / "known"
HELD_OUT = HERE / "labelled" / "held-out"
PAGE = ROOT / "docs" / "rules" / "README.md"
START, END = "<!-- measured by tests/lint/measure.py: `make docs` -->", "<!-- measured until here -->"
DAY = date(2026, 11, 27)  # on which the set was made: what a rule says about times may depend on the day


class Said(NamedTuple):
    """A rule at a place: what a label says, and what a finding says. Elements of an array are one place."""

    rule: str
    interaction: int | None
    where: tuple[str, ...]


class Count(NamedTuple):
    """How often a rule was right, wrong, and silent where it should have spoken."""

    right: int
    wrong: int
    missed: int

    @property
    def found(self) -> int:
        return self.right + self.wrong

    @property
    def labelled(self) -> int:
        return self.right + self.missed

    @property
    def precision(self) -> float | None:
        """The share of findings that were right; None where nothing was found."""
        return self.right / self.found if self.found else None

    @property
    def recall(self) -> float | None:
        """The share of labels that were found; None where there is no label."""
        return self.right / self.labelled if self.labelled else None


def pacts(half: Path) -> list[Path]:
    """Give the pacts of a half, without what stands beside them."""
    return sorted(path for path in half.glob("*.json") if path.suffixes == [".json"])


def labels(pact: Path) -> set[Said]:
    """Give what is to be reported of a pact."""
    listed = json.loads(pact.with_suffix(".labels.json").read_text("utf-8"))
    return {Said(each["rule"], each.get("interaction"), place(each["where"])) for each in listed}


def findings(pact: Path) -> set[Said]:
    """Give what the rules report of a pact, each on its own level."""
    document = read(pact.read_bytes(), pact.name)
    schema = pact.with_suffix(".reads.json")
    reads = {document.pact.provider: json.loads(schema.read_text("utf-8"))} if schema.exists() else {}
    found = {Said(each.rule, each.index, place(each.where)) for each in lint(document, Options(DAY, reads=reads))}
    again = pact.with_suffix(".again.json")
    return found | changed(document, read(again.read_bytes(), again.name)) if again.exists() else found


def changed(first: Document, second: Document) -> set[Said]:
    """Give what is reported of two runs."""
    return {
        Said(each.rule, None if interaction is None else interaction.index, place(shown(each.way)))
        for _, told in between_runs([first], [second])
        for interaction, each in told
    }


def place(where: str) -> tuple[str, ...]:
    """Give a path's steps, however it is spelled, with `*` for each number."""
    return tuple("*" if isinstance(each, int) else each for each in steps(where))


def steps(where: str) -> Way:
    """Give a path's keys and numbers."""
    way = way_of(where)
    if way is None:
        raise ValueError(f"no path: {where}")
    return way


def differences(half: Path) -> Iterator[tuple[str, str, Said]]:
    """Give pact, `right`, `wrong` or `missed`, and what was said, for everything that was labelled or found."""
    for pact in pacts(half):
        wanted, found = labels(pact), findings(pact)
        for said in sorted(wanted | found, key=repr):
            verdict = "right" if said in wanted & found else "wrong" if said in found else "missed"
            yield pact.stem, verdict, said


def measured(half: Path) -> dict[str, Count]:
    """Count for each rule, in their order, and for `all` that judge: comparing two runs takes no judgement."""
    counted = Counter((said.rule, verdict) for _, verdict, said in differences(half))
    each = {rule: Count(*(counted[rule, verdict] for verdict in Count._fields)) for rule in RULES}
    judging = [count for rule, count in each.items() if rule != RULE]
    return {**each, "all": Count(*map(sum, zip(*judging, strict=True)))}


def table() -> str:
    """Give the table for the docs: the held-out half in full, and what the known one says beside it."""
    held_out, known = measured(HELD_OUT), measured(KNOWN)
    lines = ["| rule | precision | recall | precision, known half | recall, known half |", "|---|---|---|---|---|"]
    for rule, count in held_out.items():
        name = f"[{rule}]({rule}.md)" if rule in RULES else "**all but changes-between-runs**"
        lines.append(
            f"| {name} | {_precision(count)} | {_recall(count)} | {_precision(known[rule])} | {_recall(known[rule])} |"
        )
    return "\n".join(lines)


def with_table(page: str) -> str:
    """Give a page with the table between its two markers."""
    before, _, rest = page.partition(START)
    _, _, after = rest.partition(END)
    return f"{before}{START}\n\n{table()}\n\n{END}{after}"


def _precision(count: Count) -> str:
    return _share(count.precision, count.right, count.found)


def _recall(count: Count) -> str:
    return _share(count.recall, count.right, count.labelled)


def _share(share: float | None, part: int, of: int) -> str:
    return "none" if share is None else f"{share:.2f} ({part} of {of})"


def _main(asked: Any) -> None:
    if asked == ["--write"]:
        PAGE.write_text(with_table(PAGE.read_text("utf-8")), encoding="utf-8")
        return
    if asked == ["--show"]:
        for pact, verdict, said in differences(KNOWN):
            if verdict != "right":
                number = "" if said.interaction is None else f"[{said.interaction}]"
                print(f"{verdict:6} {said.rule:20} {pact}{number} {'.'.join(('$', *said.where))}")
        return
    print(table())


if __name__ == "__main__":
    _main(sys.argv[1:])
