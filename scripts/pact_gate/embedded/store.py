"""The file: opening it, refusing what is not ours, and transactions.

Threads and processes may share a file. Readers see one snapshot (WAL), writers queue at `BEGIN IMMEDIATE` instead of
failing half-way (sqlite.org/wal.html, sqlite.org/lang_transaction.html). SQLite's queue is a poll with pauses that
grow, so the threads of one process queue for a lock of their own first, and one of them at a time polls.
"""

from __future__ import annotations

import contextlib
import os
import pathlib
import sqlite3
import threading
import time
from collections.abc import Iterator

from pact_gate.embedded import schema
from pact_gate.model.errors import BrokerError, InputError

_BUSY_SECONDS = 60.0


_REFUSALS: tuple[tuple[str, type[InputError | BrokerError], str, str], ...] = (
    ("SQLITE_NOTADB", InputError, "is not a SQLite file", "Name another file, or one that does not exist yet."),
    ("SQLITE_CORRUPT", InputError, "is damaged", "Restore it from a backup."),
    (
        "SQLITE_READONLY",
        InputError,
        "cannot be written",
        "Give this process write permission to the file and to its folder.",
    ),
    (
        "SQLITE_CANTOPEN",
        InputError,
        "cannot be opened or made",
        "See that its folder exists and that this process may write there.",
    ),
    ("SQLITE_FULL", BrokerError, "is on a disk that is full", "Free some space and try again."),
    ("SQLITE_BUSY", BrokerError, "is in use by another process", "Try again when that process is done."),
)


class BusyError(sqlite3.OperationalError):
    """Others write without end."""

    sqlite_errorname = "SQLITE_BUSY"


class MovedError(sqlite3.OperationalError):
    """The file is no longer the one that was opened: what would be written to it now, nobody would find."""


class Store:
    """One SQLite file. Raises InputError or BrokerError when it cannot be opened; never changes a file it refuses.

    `reading` and `writing` raise sqlite3.DatabaseError for a file that cannot be used now, such as MovedError.
    """

    def __init__(self, path: pathlib.Path) -> None:
        self._place = path.absolute()
        self._identity: tuple[int, int] | None = None  # of the file that was opened: device and inode
        self._lock = threading.Lock()
        self._turn = threading.Lock()  # of the one thread that writes
        self._idle: list[sqlite3.Connection] = []
        self._is_closed = False
        with contextlib.suppress(OSError):  # where it cannot be made, SQLite is the one to say so
            path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with explained(path), self._connection() as connection:
                _prepare(connection, path)
                self._identity = self._identity_now()
        except BaseException:
            self.close()
            raise

    @contextlib.contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """One snapshot of the data, whatever others write meanwhile."""
        self._check_identity()
        with self._connection() as connection:
            connection.execute("BEGIN")
            yield connection

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it is kept, or, where an exception leaves the block, nothing."""
        with self._its_turn(), self._connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            _check_version(connection)
            yield connection
            self._check_identity()
            connection.commit()

    def close(self) -> None:
        """Close the file. What is running now ends first."""
        with self._lock:
            self._is_closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    @contextlib.contextmanager
    def _its_turn(self) -> Iterator[None]:
        if not self._turn.acquire(timeout=_BUSY_SECONDS):
            raise BusyError
        try:
            yield
        finally:
            self._turn.release()

    def _identity_now(self) -> tuple[int, int] | None:
        try:
            status = os.stat(self._place)  # noqa: PTH116 - at every request: a third of the time of Path.stat
        except OSError:
            return None
        return status.st_dev, status.st_ino

    def _check_identity(self) -> None:
        if self._identity_now() != self._identity:
            raise MovedError

    @contextlib.contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        """A connection that nobody else uses meanwhile; what is not committed at the end is taken back."""
        with self._lock:
            connection = self._idle.pop() if self._idle else None
        connection = connection or self._opened()
        try:
            yield connection
        finally:
            if connection.in_transaction:  # a full disk has already rolled it back
                connection.rollback()
            with self._lock:
                if not self._is_closed:
                    self._idle.append(connection)
            if self._is_closed:
                connection.close()

    def _opened(self) -> sqlite3.Connection:
        # A connection goes from thread to thread, but is in one at a time.
        mode = "rwc" if self._identity is None else "rw"  # a file that is gone is not made again, and empty
        connection = sqlite3.connect(
            f"{self._place.as_uri()}?mode={mode}",
            uri=True,
            timeout=_BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=512,
        )
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA cache_size = -8000")  # KiB; a build of a provider reads a page for each branch
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = FULL")  # what was answered is on the disk, even if the power fails
        return connection


def now() -> int:
    """The time in microseconds since 1970, UTC."""
    return time.time_ns() // 1000


@contextlib.contextmanager
def explained(path: pathlib.Path) -> Iterator[None]:
    """Say in a sentence why SQLite could not open or make `path`."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise _refusal(path, error) from error


def _refusal(path: pathlib.Path, error: sqlite3.DatabaseError) -> InputError | BrokerError:
    name = getattr(error, "sqlite_errorname", "")
    for prefix, kind, cause, next_step in _REFUSALS:
        if name.startswith(prefix):
            return kind(f"{path} {cause}.", next_step)
    return BrokerError(f"{path} cannot be used ({error}).", "See that the disk is sound and the file is a local one.")


def _check_version(connection: sqlite3.Connection) -> None:
    """Write nothing to a file that a newer version of pact-gate has changed since it was opened."""
    if connection.execute("PRAGMA user_version").fetchone()[0] != len(schema.MIGRATIONS):
        raise MovedError


def _prepare(connection: sqlite3.Connection, path: pathlib.Path) -> None:
    """Make the tables, or bring those of an older version up to date; refuse anything else untouched."""
    seen = recognised(connection, path)
    if has_programs(connection):
        raise InputError(
            f"{path} holds triggers or views. pact-gate makes none: they would change what is read and written.",
            "Find out who added them; restore the file from a backup.",
        )
    if seen != len(schema.MIGRATIONS):
        connection.execute("PRAGMA journal_mode = WAL")
        migrate(connection, path)
    elif connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        connection.execute("PRAGMA journal_mode = WAL")
    _try_to_write(connection)


def recognised(connection: sqlite3.Connection, path: pathlib.Path) -> int:
    """The number of migrations that the file has seen; 0 for an empty one. Raises InputError if it is not ours."""
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    seen = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if application != schema.APPLICATION_ID and (application or seen or _has_tables(connection)):
        raise InputError(f"{path} belongs to another program.", "Name another file, or one that does not exist yet.")
    if seen > len(schema.MIGRATIONS):
        raise InputError(
            f"{path} was made by a newer version of pact-gate (schema {seen}, known {len(schema.MIGRATIONS)}).",
            "Use that version, or a newer one.",
        )
    return seen


def _has_tables(connection: sqlite3.Connection) -> bool:
    return connection.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchone() is not None


def has_programs(connection: sqlite3.Connection) -> bool:
    """Whether the file brings code of its own: whoever wrote to it once would go on deciding with it."""
    query = "SELECT 1 FROM sqlite_schema WHERE type IN ('trigger', 'view') LIMIT 1"
    return connection.execute(query).fetchone() is not None


def migrate(connection: sqlite3.Connection, path: pathlib.Path) -> None:
    """Bring the tables up to date in one transaction: all of it is kept, or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        seen = recognised(connection, path)  # another process may have been faster
        for number, migration in enumerate(schema.MIGRATIONS[seen:], start=seen + 1):
            if callable(migration):
                migration(connection)
            else:
                for statement in _statements(migration):
                    connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {number}")
        connection.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
        connection.commit()
    except BaseException:
        if connection.in_transaction:
            connection.rollback()
        raise


def _statements(script: str) -> Iterator[str]:
    """The statements of a script one by one: `executescript` would commit between them."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def _try_to_write(connection: sqlite3.Connection) -> None:
    """Find out now, with a sentence, that a file is read-only, and not at the first publish."""
    connection.execute("BEGIN IMMEDIATE")
    connection.execute(f"PRAGMA user_version = {len(schema.MIGRATIONS)}")
    connection.rollback()
