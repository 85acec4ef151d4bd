"""A copy of a broker's file, taken while others read and write it: all of one moment, whole or not there at all."""

from __future__ import annotations

import contextlib
import os
import pathlib
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator

from pact_gate.embedded import soundness
from pact_gate.embedded.reader import read
from pact_gate.embedded.soundness import Soundness
from pact_gate.embedded.store import explained
from pact_gate.model.errors import InputError

# What goes wrong with a file that is written and not with one that is read.
_OF_THE_COPY = ("SQLITE_FULL", "SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_IOERR_WRITE", "SQLITE_IOERR_FSYNC")


def backup(source: pathlib.Path, target: pathlib.Path, *, overwrite: bool = False) -> Soundness:
    """Copy `source` to `target` and give what was found in the copy; it is on the disk then.

    The copy is made beside `target` and gets its name when it was checked, so `target` is never half of one. It holds
    no more than is in use, and may be read by whoever may read `source`: the secrets of webhooks are in it.

    Raises InputError where `source` is no broker's file or not sound, where `target` exists and `overwrite` is not set,
    or cannot be written; BrokerError where the disk is full.
    """
    _check_target(source, target, overwrite=overwrite)
    with _part(target) as part:
        read(source, lambda db: _copy(db, part, target))
        found = soundness.check(part)
        if found.problems:
            raise InputError(
                f"{source} is not sound, so no copy of it was kept: {found.problems[0]}",
                f"See what is wrong: pact-gate broker check {source}",
            )
        shutil.copymode(source, part)
        _sync(part)
        _name(part, target, overwrite=overwrite)
    _sync(target.parent)
    return found


def _copy(db: sqlite3.Connection, part: pathlib.Path, target: pathlib.Path) -> None:
    part.write_bytes(b"")  # of an attempt before, while which somebody wrote
    db.execute("SELECT count(*) FROM sqlite_schema").fetchone()  # from here on the file can be opened and read
    try:
        db.execute("VACUUM INTO ?", (str(part),))
    except sqlite3.DatabaseError as error:
        if not getattr(error, "sqlite_errorname", "").startswith(_OF_THE_COPY):
            raise
        with explained(target):
            raise


def _check_target(source: pathlib.Path, target: pathlib.Path, *, overwrite: bool) -> None:
    if target.is_dir():
        raise InputError(f"{target} is a folder.", "Name the file that the copy is to be.")
    if not target.exists():
        return
    if source.exists() and target.samefile(source):
        raise InputError(f"{target} is the broker's file itself.", "Name another file for the copy.")
    if not overwrite:
        raise _exists(target)


def _exists(target: pathlib.Path) -> InputError:
    return InputError(f"{target} exists already.", "Name another file, or add --overwrite to replace it.")


@contextlib.contextmanager
def _part(target: pathlib.Path) -> Iterator[pathlib.Path]:
    """A file beside `target` that is there for as long as the copy is made."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        number, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent)
    except OSError as error:
        raise InputError(
            f"{target} cannot be made: {error.strerror}.", "Name a file in a folder where this process may write."
        ) from error
    os.close(number)
    part = pathlib.Path(name)
    try:
        yield part
    finally:
        part.unlink(missing_ok=True)


def _name(part: pathlib.Path, target: pathlib.Path, *, overwrite: bool) -> None:
    if overwrite:
        part.replace(target)
        return
    try:
        target.hardlink_to(part)  # unlike a move, it replaces nothing that has come meanwhile
    except FileExistsError as error:
        raise _exists(target) from error
    except OSError:  # a file system without hard links
        part.replace(target)


def _sync(path: pathlib.Path) -> None:
    """Bring a file, or a folder's list of names, to the disk."""
    if path.is_dir() and os.name == "nt":  # Windows has no such thing for folders
        return
    number = os.open(path, os.O_RDWR if path.is_file() else os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
