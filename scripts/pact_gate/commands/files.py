"""Files that an input names by globs."""

from __future__ import annotations

import glob
import json
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from pact_gate.model.errors import InputError, Place

MOST_BYTES = 16 * 1024 * 1024
"""Of a file that is read. The largest pacts that people publish have a tenth of it; a broker takes minutes for more."""


def matching(patterns: Iterable[str], folder: Path) -> list[str]:
    """Give the files that the patterns match, each once, sorted; a folder stands for the JSON files in it."""
    found = {match for pattern in patterns for match in _glob(pattern, folder)}
    return sorted(path for path in found if (folder / path).is_file())


def pact_files(patterns: Sequence[str], folder: Path, next_step: str = "Check the input `pacts`.") -> list[str]:
    """Give the files that the input `pacts` matches.

    Raises:
        InputError: there are none.
    """
    found = matching(patterns, folder)
    if not found:
        raise InputError(f"No pact file matches {', '.join(patterns)} in {folder.resolve()}.", next_step)
    return found


def _glob(pattern: str, folder: Path) -> list[str]:
    if (folder / pattern).is_dir():
        pattern = f"{pattern.rstrip('/')}/*.json"
    return glob.glob(pattern, root_dir=folder, recursive=True)  # noqa: PTH207 - a pattern may be absolute


def write_json(kind: str, document: Any, folder: Path) -> str:
    """Write facts for whoever wants to go on from there, into a new file of the folder, and give its path."""
    with tempfile.NamedTemporaryFile(
        "w", prefix=f"pact-gate-{kind}-", suffix=".json", dir=folder, delete=False, encoding="utf-8"
    ) as file:
        json.dump(document, file, indent=1)
    return file.name


def write(path: Path, text: str, name: str) -> None:
    """Write a file that the input `name` asks for.

    Raises:
        InputError: it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(
            f"The file {path} cannot be written: {error.strerror}.", f"Check the input `{name}`."
        ) from error


def read(path: Path) -> bytes:
    """Read a file whole, of at most `MOST_BYTES`.

    Raises:
        InputError: it cannot be read, or is larger.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise InputError(
            f"The file {path} cannot be read: {error.strerror}.",
            "Check its name and its permissions.",
            places=(Place(str(path)),),
        ) from error
    if len(content) > MOST_BYTES:
        raise InputError(
            f"The file {path} is larger than {MOST_BYTES // 1024 // 1024} MiB.",
            "A pact holds examples, and each needs an item or two of a list: mend the test that wrote it.",
            places=(Place(str(path)),),
        )
    return content
