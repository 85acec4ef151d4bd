"""What the benchmarks print: a table in Markdown, a line for each thing that is measured."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Row:
    """One line of the table. `peer`, `ratio` and `goal` are empty where there is nothing to compare with."""

    what: str
    ours: str
    peer: str = ""
    ratio: float | None = None
    goal: str = ""
    met: bool | None = None

    def cells(self) -> list[str]:
        """Give the line's cells."""
        met = {True: "yes", False: "**no**", None: ""}[self.met]
        digits = 3 if self.ratio is not None and self.ratio < 0.1 else 2
        ratio = "" if self.ratio is None else f"{self.ratio:.{digits}f}"
        return [self.what, self.ours, self.peer, ratio, self.goal, met]


def measure(sections: Mapping[str, Callable[[], Iterator[Row]]]) -> int:
    """Print the table of the sections that the command line names, or of all."""
    named = sys.argv[1:] or list(sections)
    unknown = [name for name in named if name not in sections]
    if unknown:
        print(f"There is no section {', '.join(unknown)}. The sections are: {', '.join(sections)}.", file=sys.stderr)
        return 2
    print_rows(row for name in named for row in sections[name]())
    return 0


def print_rows(rows: Iterable[Row]) -> None:
    """Print a table, each line as soon as it is measured."""
    print("| | ours | peer | ratio | goal | met |\n|---|---|---|---|---|---|", flush=True)
    for row in rows:
        print(f"| {' | '.join(row.cells())} |", flush=True)


def ms(times: Sequence[float]) -> str:
    """Give the median and, for how noisy it was, what half of the runs lay between."""
    low, middle, high = statistics.quantiles(times, n=4)
    return f"{middle * 1000:.0f} ms ({low * 1000:.0f} to {high * 1000:.0f})"


def mb(size: float) -> str:
    """Give a number of bytes in megabytes."""
    return f"{size / MEGABYTE:.1f} MB"
