"""Write the tables of docs/reusable-workflows.md from the workflows that others call. Run it with `make docs`.

The page has a section for each, `## `NAME.yml``, whose words are written by hand; its table is made here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "reusable-workflows.md"
_TABLE = re.compile(r"(?:^\|.*\n)+", re.MULTILINE)
_HEAD = ("| name | type | default | meaning |", "|---|---|---|---|")


def workflows() -> Mapping[str, dict[str, Any]]:
    """Give what each workflow that others call says of itself, by its file's name, with texts alone."""
    found = {}
    for path in sorted((ROOT / ".github" / "workflows").glob("*.yml")):
        on = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)["on"]  # noqa: S506 - texts alone
        if "workflow_call" in on:
            found[path.name] = on["workflow_call"]
    return found


def page(text: str) -> str:
    """Give the page's text with its tables made anew.

    Raises:
        KeyError: a workflow has no section.
    """
    parts = re.split(r"(?m)^(?=## )", text)
    sections = {part.partition("\n")[0]: number for number, part in enumerate(parts)}
    for name, about in workflows().items():
        number = sections[f"## `{name}`"]
        table = "\n".join((*_HEAD, *rows(about), ""))
        found = _TABLE.search(parts[number])
        parts[number] = parts[number].replace(found[0], table) if found else f"{parts[number].rstrip()}\n\n{table}\n"
    return "".join(parts)


def rows(about: Mapping[str, Any]) -> Iterator[str]:
    """Give the rows of one workflow: its inputs, secrets and outputs."""
    for name, each in about["inputs"].items():
        default = each.get("default") and f"`{each['default']}`"
        yield _row(name, each["type"], "required" if each["required"] == "true" else default or "", each)
    for kind in ("secrets", "outputs"):
        for name, each in about.get(kind, {}).items():
            yield _row(name, kind.removesuffix("s"), "", each)


def _row(name: str, kind: str, default: str, about: Mapping[str, str]) -> str:
    return f"| `{name}` | {kind} | {default} | {' '.join(about['description'].split())} |"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
