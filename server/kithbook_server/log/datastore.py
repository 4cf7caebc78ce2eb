"""The library's SQLite datastore, made durable: WAL, synchronous=FULL, and writers that queue.

A write takes its lock when it begins (BEGIN IMMEDIATE), so it never finds halfway through that
another process was faster.
"""

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from eventsourcing.persistence import (
    ConnectionPoolClosedError,
    DatabaseError,
    IntegrityError,
    OperationalError,
    PersistenceError,
)
from eventsourcing.sqlite import (
    SQLiteConnection,
    SQLiteConnectionPool,
    SQLiteCursor,
    SQLiteDatastore,
    SQLiteTransaction,
)

from kithbook.errors import Damaged, Unavailable

# More than the threads that serve requests, so that no request waits for a connection.
CONNECTIONS = 64
LOCK_SECONDS = 30
CLOSING_SECONDS = 5


class DurableDatastore(SQLiteDatastore):
    def __init__(self, db_name: str) -> None:
        super().__init__(db_name)
        self.pool = _Pool(
            db_name=db_name, pool_size=CONNECTIONS, max_overflow=CONNECTIONS, pool_timeout=30
        )

    def close(self) -> None:
        """Wait for whoever still reads: closing beneath a reader crashes the process."""
        patience = time.monotonic() + CLOSING_SECONDS
        while self.pool.num_in_use and time.monotonic() < patience:
            time.sleep(0.01)
        if not self.pool.num_in_use:
            super().close()

    @classmethod
    def at(cls, path: Path) -> "DurableDatastore":
        """A datastore in a file that only its owner can read; made when it does not exist.

        One that exists is not touched: closing it would drop the locks that this process holds on
        it, and the next process to leave would take the write-ahead log away from under us.
        """
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        return cls(str(path))


class _Pool(SQLiteConnectionPool):
    """The library's own connections keep one prepared statement, so each would be parsed anew."""

    def _create_connection(self) -> SQLiteConnection:
        connection = sqlite3.connect(
            self.db_name,
            timeout=LOCK_SECONDS,
            isolation_level=None,
            check_same_thread=False,
            uri=True,
        )
        if not self.is_sqlite_memory_mode:
            connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA secure_delete = ON")
        connection.row_factory = sqlite3.Row
        return _Connection(connection, self.max_age)


class _Connection(SQLiteConnection):
    @contextmanager
    def transaction(self, *, commit: bool) -> Iterator[SQLiteCursor]:
        with _Transaction(self, commit=commit) as cursor, cursor:
            yield cursor


class _Transaction(SQLiteTransaction):
    def __enter__(self) -> SQLiteCursor:
        cursor = self.connection.cursor()
        cursor.execute("BEGIN IMMEDIATE" if self.commit else "BEGIN")
        return cursor


def raw(cursor: SQLiteCursor) -> sqlite3.Cursor:
    """The cursor beneath, with plain tuples for rows: five times as fast as named ones."""
    cursor.sqlite_cursor.row_factory = None
    return cursor.sqlite_cursor


def tables_in(path: Path) -> set[str]:
    """The tables of a file, which is only read; none when it is no database."""
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
        try:
            rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            return {row[0] for row in rows}
        except sqlite3.DatabaseError:
            return set()


@contextmanager
def telling(place: object) -> Iterator[None]:
    """Database errors told as ours, with the place of the file."""
    try:
        yield
    except IntegrityError:
        raise
    except ConnectionPoolClosedError as error:
        raise Unavailable(f"The database {place} has been closed.") from error
    except (OperationalError, sqlite3.OperationalError, TimeoutError, OSError) as error:
        raise Unavailable(
            f"The database {place} cannot be used: {error}.",
            "See that the disk is not full and that kithd may write there, then try again.",
        ) from error
    except (DatabaseError, sqlite3.DatabaseError, PersistenceError) as error:
        raise Damaged(
            f"The database {place} is damaged: {error}.",
            "Restore it from a backup, or start with an empty one: devices refill it.",
        ) from error
