"""Files that an input names by globs."""

from __future__ import annotations

import glob
from collections.abc import Iterable
from pathlib import Path

from pact_gate.model.errors import InputError, Place


def matching(patterns: Iterable[str], folder: Path) -> list[str]:
    """Give the files that the patterns match, each once, sorted; a folder stands for the JSON files in it."""
    found = {match for pattern in patterns for match in _glob(pattern, folder)}
    return sorted(path for path in found if (folder / path).is_file())


def _glob(pattern: str, folder: Path) -> list[str]:
    if (folder / pattern).is_dir():
        pattern = f"{pattern.rstrip('/')}/*.json"
    return glob.glob(pattern, root_dir=folder, recursive=True)  # noqa: PTH207 - a pattern may be absolute


def read(path: Path) -> bytes:
    """Read a file whole.

    Raises:
        InputError: it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(
            f"The file {path} cannot be read: {error.strerror}.", "Check its permissions.", places=(Place(str(path)),)
        ) from error
