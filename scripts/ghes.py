"""Write the reusable workflows for where GitHub Actions knows no `uses: $/…`: `ghes.py OWNER/REPOSITORY REF FOLDER`.

GitHub Enterprise Server and runners before 2.336 are such places. In FOLDER/.github/workflows each of our own actions
is named as `OWNER/REPOSITORY/…@REF`; docs/ghes.md says what to do with them. Exit code 2: the arguments are wrong.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

WORKFLOWS = Path(".github", "workflows")
ROOT = Path(__file__).resolve().parents[1]
REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)
REF = re.compile(r"\w[\w./-]*", re.ASCII)
OURS = re.compile(r"(?<=\buses: )\$/(?P<path>[\w./-]+)")  # an action or another workflow


def main(repository: str, ref: str, folder: str) -> None:
    """Write a copy of each workflow that others call."""
    target = Path(folder) / WORKFLOWS
    target.mkdir(parents=True, exist_ok=True)
    for path in sorted((ROOT / WORKFLOWS).glob("*.yml")):
        text = path.read_text(encoding="utf-8")
        if "workflow_call:" in text:
            (target / path.name).write_text(OURS.sub(rf"{repository}/\g<path>@{ref}", text), encoding="utf-8")


if __name__ == "__main__":
    match sys.argv[1:]:
        case [name, ref, folder] if REPOSITORY.fullmatch(name) and REF.fullmatch(ref):
            main(name, ref, folder)
        case _:
            sys.stderr.write("Usage: make ghes REPOSITORY=OWNER/NAME REF=TAG-OR-SHA\n")
            sys.exit(2)
