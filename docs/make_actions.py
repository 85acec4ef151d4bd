"""Write docs/actions.md: every action's inputs and outputs, from the action.yml files. Run it with `make docs`."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "scripts"))

from pact_gate.settings.known import KNOWN  # noqa: E402 (it is found from now on)
from pact_gate.usage import action  # noqa: E402

PAGE = ROOT / "docs" / "actions.md"


def page() -> str:
    """Give the page's text."""
    head = (
        "# The actions' inputs and outputs",
        "",
        "Made by `make docs` from the `action.yml` files: change those. On a command line an input is a flag,",
        "`--broker-url …`; `scripts/pact-gate COMMAND --help` lists them.",
    )
    return "\n".join((*head, *(line for command in KNOWN for line in _action(command)), ""))


def _action(command: str) -> Iterator[str]:
    described = action(command)
    folder = "" if command == "gate" else f"/actions/{command}"
    yield from ("", f"## `pact-gate/pact-gate{folder}`", "", f"{described['description']}.", "")
    inputs = ((f"`{name}`", _cell(each["description"]), _default(each)) for name, each in described["inputs"].items())
    yield from _table(("input", "what", "default"), inputs)
    if "outputs" in described:
        yield ""
        outputs = ((f"`{name}`", _cell(each["description"])) for name, each in described["outputs"].items())
        yield from _table(("output", "what"), outputs)


def _table(header: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> Iterator[str]:
    for row in (header, ("---",) * len(header), *rows):
        yield f"| {' | '.join(row)} |"


def _default(about: Mapping[str, Any]) -> str:
    if about["required"]:
        return "**required**"
    return f"`{about['default']}`" if "default" in about else ""


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
