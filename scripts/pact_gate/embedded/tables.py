"""Tables as text, as a Pact Broker prints them: for people, in columns of at most 30 characters."""

from __future__ import annotations

from collections.abc import Sequence

_WIDEST = 30
_CUT = "..."

Cell = str | int | bool | None


def table(header: Sequence[str], rows: Sequence[Sequence[Cell]]) -> str:
    """A table with a line below its header, or a sentence where it has no rows."""
    if not rows:
        return "No data."
    texts = [tuple(header), *(tuple(map(_text, row)) for row in rows)]
    widths = [min(_WIDEST, max(map(len, column))) for column in zip(*texts, strict=True)]
    lines = [" | ".join(map(_fitted, row, widths)) for row in texts]
    return "\n".join([lines[0], "-|-".join("-" * width for width in widths), *lines[1:]])


def _text(cell: Cell) -> str:
    if cell is None:
        return ""
    return " ".join(str(cell).splitlines()) if not isinstance(cell, bool) else str(cell).lower()


def _fitted(text: str, width: int) -> str:
    return text.ljust(width) if len(text) <= width else text[: width - len(_CUT)] + _CUT
