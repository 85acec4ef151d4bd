"""Which files a path of `pact-gate.yml` stands for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase


def covers(path: str, files: Iterable[str]) -> bool:
    """Say whether a path stands for any of these files; all are seen from the repository's root.

    A path is a file, a folder with everything in it, or a glob of either: `*` and `?` stay within a name, `**` is any
    number of folders. Brackets mean nothing, as folders of web frameworks have them in their names.
    """
    if "*" not in path and "?" not in path:
        return any(path in (".", file) or file.startswith(f"{path}/") for file in files)
    parts = _parts(path)
    return any(_matches(parts, file.split("/")) for file in files)


def _parts(path: str) -> list[list[str]]:
    """Split a path's names at each `**`: what is between two of them stands together."""
    parts: list[list[str]] = [[]]
    for name in path.split("/"):
        if name == "**":
            parts.append([])
        else:
            parts[-1].append(name.replace("[", "[[]"))
    return parts


def _matches(parts: Sequence[Sequence[str]], names: Sequence[str]) -> bool:
    end = 0
    # What follows the last part is free, so the first place at which a part fits is as good as any other.
    for number, part in enumerate(parts):
        begins = range(end, len(names) - len(part) + 1) if number else range(1)
        found = next((begin for begin in begins if _fits(part, names[begin : begin + len(part)])), None)
        if found is None:
            return False
        end = found + len(part)
    return True


def _fits(part: Sequence[str], names: Sequence[str]) -> bool:
    return len(part) == len(names) and all(map(fnmatchcase, names, part))
