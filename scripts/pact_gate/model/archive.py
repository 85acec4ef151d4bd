"""A zip file that a stranger packed: what may be in it, and how much of it.

It is unpacked in memory, and nothing that it says of itself is believed, neither sizes nor names. One entry that is
refused refuses all of them.
"""

from __future__ import annotations

import io
import stat
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from typing import NamedTuple, NoReturn

from pact_gate.model.errors import InputError

MOST_PACKED_BYTES = 8 * 1024 * 1024
MOST_FILES = 200
MOST_FILE_BYTES = 4 * 1024 * 1024
MOST_BYTES = 16 * 1024 * 1024

_MEGABYTE = 1024 * 1024
_NAME_LIMIT = 255
_SHOWN = 80
_ENTRY = b"PK\x01\x02"  # each entry of the table of contents begins with it
_ENCRYPTED = 0x1
_METHODS = frozenset((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))
# All that zipfile, struct and zlib raise for bytes that are no zip file, or one of a kind that they do not read.
_UNREADABLE = (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, ValueError, OverflowError)


class Entry(NamedTuple):
    """A file of an archive. `shown` is its name as it may stand in a sentence; nothing is ever written under it."""

    shown: str
    body: bytes


def unpacked(archive: bytes) -> list[Entry]:
    """Give the JSON files of an archive.

    Raises:
        InputError: it is no zip file, is too large, or holds something else than files whose names are harmless.
    """
    if archive.count(_ENTRY) > MOST_FILES:  # before zipfile makes an object of each
        _refuse(f"holds more than {MOST_FILES} entries")
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            return list(_entries(opened))
    except _UNREADABLE:
        _refuse("is no zip file that can be read")


def plain(text: str) -> bool:
    """Say whether a text has no control, direction or other invisible characters, and is not overlong."""
    return len(text) <= _NAME_LIMIT and not any(unicodedata.category(each).startswith("C") for each in text)


def shown(name: str) -> str:
    """Give a name for a sentence: quoted, in one line, and cut."""
    return repr(name if len(name) <= _SHOWN else f"{name[:_SHOWN]}…")


def _entries(opened: zipfile.ZipFile) -> Iterator[Entry]:
    seen: set[str] = set()
    left = MOST_BYTES
    for entry in opened.infolist():
        _check(entry)
        # Two names that one file system takes for the same: of which of the two would a reviewer have read?
        same = unicodedata.normalize("NFC", entry.filename).casefold()
        if same in seen:
            _refuse(f"holds {shown(entry.filename)} twice")
        seen.add(same)
        if not entry.is_dir():
            body = _inflated(opened, entry, left)
            left -= len(body)
            yield Entry(shown(entry.filename), body)


def _check(entry: zipfile.ZipInfo) -> None:
    # zipfile cuts a name at a NUL, and may take another one out of an extra field.
    name = entry.orig_filename
    problem = "names itself in two ways" if entry.filename != name else _problem(name)
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if not problem and kind not in (0, stat.S_IFDIR if entry.is_dir() else stat.S_IFREG):
        problem = "is no plain file (a link or a device)"
    if not problem and entry.is_dir() and entry.file_size:
        problem = "is a folder with content"
    if not problem and (entry.flag_bits & _ENCRYPTED or entry.compress_type not in _METHODS):
        problem = "is packed in a way that GitHub's artifacts are not"
    if problem:
        _refuse(f"holds {shown(name)}, which {problem}")


def _problem(name: str) -> str:
    """Say what is wrong with a name, in any system that might read it; nothing where it is harmless."""
    parts = name.removesuffix("/").split("/")
    if not plain(name):
        return "has invisible characters in its name, or too many"
    if "\\" in name or ":" in name or name.startswith("/"):
        return "is no relative path"
    if any(part in ("", ".", "..") for part in parts):
        return "leads out of its folder"
    if not name.endswith(("/", ".json")):
        return "is no JSON file"
    return ""


def _inflated(opened: zipfile.ZipFile, entry: zipfile.ZipInfo, left: int) -> bytes:
    """Read an entry, no more than one byte further than it may be long."""
    most = min(MOST_FILE_BYTES, left)
    with opened.open(entry) as file:
        body = file.read(most + 1)
    if len(body) > most:
        many = f"all that it holds to more than {MOST_BYTES // _MEGABYTE} MB"
        one = f"{shown(entry.filename)} to more than {MOST_FILE_BYTES // _MEGABYTE} MB"
        _refuse(f"unpacks {one if most == MOST_FILE_BYTES else many}")
    return body


def _refuse(what: str) -> NoReturn:
    raise InputError(
        f"The artifact {what}. None of it was taken.",
        "Let the job upload the pact files alone (path: pacts/*.json). If the pull request is a stranger's, look at "
        "what it does to the tests and to the workflow before it runs again.",
    )
