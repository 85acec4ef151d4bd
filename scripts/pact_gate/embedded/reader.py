"""Reading a broker's file beside whoever serves it: not a byte of it is changed, and nothing is left beside it.

SQLite can read a file in WAL mode only with two files beside it, `-wal` and `-shm`, and a connection that may only read
makes them and leaves them there (sqlite.org/wal.html#read_only_databases).
"""

from __future__ import annotations

import contextlib
import os
import pathlib
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeVar

from pact_gate.embedded.store import explained
from pact_gate.model.errors import InputError

_BUSY_SECONDS = 60.0
_HEADER = 100  # bytes; one of the fields counts changes (sqlite.org/fileformat.html#file_change_counter)
_NO_SIDE_FILES = ("SQLITE_CANTOPEN", "SQLITE_READONLY")

Found = TypeVar("Found")


def read(path: pathlib.Path, work: Callable[[sqlite3.Connection], Found]) -> Found:
    """Give what `work` finds in the file; it may be called again where somebody writes meanwhile.

    Raises InputError where there is no such file or it is none of SQLite's, BrokerError where it cannot be read now;
    and of what `work` raises, sqlite3.DatabaseError as one of the two.
    """
    try:
        before = _seen(path)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.", "Name the file of an embedded broker.") from error
    with explained(path):
        # Nobody has it open: nothing beside it is needed. Somebody may open it now, which then shows.
        if before.wal == 0:
            found, failure = _attempt(path, work, "immutable=1")
            if _seen(path) == before:
                if failure:
                    raise failure
                return found[0]
        return _read_beside_others(path, work)


def _attempt(
    path: pathlib.Path, work: Callable[[sqlite3.Connection], Found], how: str
) -> tuple[list[Found], Exception | None]:
    try:
        with _connection(path, how) as connection:
            return [work(connection)], None
    except Exception as error:  # it counts only if nobody wrote meanwhile
        return [], error


def _read_beside_others(path: pathlib.Path, work: Callable[[sqlite3.Connection], Found]) -> Found:
    try:
        with _connection(path, "mode=ro") as connection:
            return work(connection)
    except sqlite3.OperationalError as error:
        if not getattr(error, "sqlite_errorname", "").startswith(_NO_SIDE_FILES):
            raise
    with tempfile.TemporaryDirectory() as folder:  # a folder where we may not write: what ended there left a -wal
        for suffix in ("", "-wal"):
            shutil.copyfile(f"{path}{suffix}", pathlib.Path(folder, f"copy{suffix}"))
        with _connection(pathlib.Path(folder, "copy"), "mode=ro") as connection:
            return work(connection)


@contextlib.contextmanager
def _connection(path: pathlib.Path, how: str) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?{how}", uri=True, timeout=_BUSY_SECONDS, isolation_level=None
    )
    connection.row_factory = sqlite3.Row
    try:
        yield connection
    finally:
        connection.close()


class _Seen(NamedTuple):
    """What shows that a file is still as it was; `wal` is the size of what stands beside it."""

    wal: int
    inode: int
    size: int
    changed_at: int
    header: bytes


def _seen(path: pathlib.Path) -> _Seen:
    wal = pathlib.Path(f"{path}-wal")
    with path.open("rb") as file:
        header, status = file.read(_HEADER), os.fstat(file.fileno())
    size = wal.stat().st_size if wal.exists() else 0
    return _Seen(size, status.st_ino, status.st_size, status.st_mtime_ns, header)
