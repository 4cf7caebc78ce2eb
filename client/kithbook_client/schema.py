"""The SQLite file of a home: how it is opened, brought up to date, and what its errors mean."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

from kithbook.errors import Damaged, KithbookError, Unavailable, Unsupported

Connection = sqlite3.Connection

VERSION = 9
"""Of the tables; `migrations` holds one step for each."""
SYNCHRONOUS = "FULL"
"""What was appended survives a power cut."""
BUSY_SECONDS = 10
DAMAGE = ("not a database", "malformed", "append-only", "Could not decode")
REPAIR = (
    "Put back a copy of the file, or move it away and get everything back with a device link from "
    "another device."
)
CACHE_KB = 64 * 1024
"""An upper bound: a bulk write touches many pages of many trees."""


def connect(path: str) -> Connection:
    """The file at this path, up to date and ready to append with appends that survive power cuts.

    Raises Unsupported, and touches nothing, when a later release wrote it.
    """
    with plain_errors(path):
        is_writable = os.access(path, os.W_OK) and os.access(os.path.dirname(path) or ".", os.W_OK)
        db = _open(path) if is_writable else _open_read_only(path)
        version = db.execute("PRAGMA user_version").fetchone()[0]
        if version > VERSION:
            raise Unsupported(
                f"{path} was written by a later kithbook: its tables are version {version}, and "
                f"this release knows up to {VERSION}.",
                "Upgrade kithbook, then run the command again.",
            )
        if version < VERSION:
            migrate(db)
        return db


def create(path: str) -> None:
    """Make the file and its folder, for only their owner to read, where they are not there yet."""
    with plain_errors(path):
        os.makedirs(os.path.dirname(path) or ".", mode=0o700, exist_ok=True)
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        except FileExistsError:
            return
        db = sqlite3.connect(path, BUSY_SECONDS, isolation_level=None)
        db.execute("PRAGMA journal_mode = WAL")
        db.close()


def is_writable(db: Connection) -> bool:
    """Whether the file that was opened can be written to."""
    db.execute("BEGIN IMMEDIATE")  # which works on any file
    try:
        db.execute(f"PRAGMA user_version = {VERSION}")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorname.startswith("SQLITE_READONLY"):
            return False
        raise
    finally:
        db.execute("ROLLBACK")
    return True


def copy(db: Connection, path: str) -> None:
    """Write all that a file holds to a new one at this path."""
    create(path)
    with plain_errors(path), closing(sqlite3.connect(path)) as new:
        db.backup(new)


def migrate(db: Connection) -> None:
    """Bring the tables up to this release; of several processes one does it and the others wait."""
    import sqlite_utils

    from kithbook_client.migrations import migrations

    with writing(db):
        if db.execute("PRAGMA user_version").fetchone()[0] < VERSION:
            migrations.apply(sqlite_utils.Database(db, recursive_triggers=False))
            db.execute(f"PRAGMA user_version = {VERSION}")


@contextmanager
def writing(db: Connection) -> Iterator[None]:
    """One transaction that holds the write lock from its start; an error undoes all of it.

    Within one it is part of that one.
    """
    if db.in_transaction:
        yield
    else:
        yield from _transaction(db)


def _transaction(db: Connection) -> Iterator[None]:
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    finally:
        if db.in_transaction:
            db.execute("ROLLBACK")


@contextmanager
def unhurried(db: Connection) -> Iterator[None]:
    """Commits that are written at once and reach the disk with the next one that is durable.

    For what can be worked out or asked for again when a power cut takes it.
    """
    if db.in_transaction:
        yield
        return
    db.execute("PRAGMA synchronous = NORMAL")
    try:
        yield
    finally:
        db.execute(f"PRAGMA synchronous = {SYNCHRONOUS}")


@contextmanager
def plain_errors(path: str) -> Iterator[None]:
    """Turns what SQLite says about the file into an error with a sentence and a next step."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise _in_words(path, error) from error


def _in_words(path: str, error: sqlite3.DatabaseError) -> KithbookError:
    said = str(error)
    if "locked" in said:
        return Unavailable(
            f"Another program has been writing to {path} for {BUSY_SECONDS} seconds.",
            "Try again when it is done.",
            code="locked",
        )
    # Without room for the index that its processes share, SQLite speaks of an I/O error.
    if "full" in said or getattr(error, "sqlite_errorname", "") == "SQLITE_IOERR_SHMSIZE":
        return Unavailable(
            f"The disk is full, so nothing was written to {path}.",
            "Make room, then run the command again.",
            code="disk_full",
        )
    if "readonly" in said:
        return Unavailable(
            f"{path} cannot be written to.",
            "Give yourself the right to write to the file and its folder, or use another --home.",
            code="read_only",
        )
    if any(words in said for words in DAMAGE):
        return Damaged(f"{path} is damaged: {said}.", REPAIR)
    return Unavailable(f"{path} cannot be used: {said}.", "Look at the folder and its rights.")


def _open(path: str) -> Connection:
    db = sqlite3.connect(path, BUSY_SECONDS, isolation_level=None, cached_statements=256)
    db.execute(f"PRAGMA synchronous = {SYNCHRONOUS}")
    db.execute("PRAGMA recursive_triggers = ON")  # REPLACE deletes, and the log says no to that too
    db.execute(f"PRAGMA cache_size = -{CACHE_KB}")
    return db


def _open_read_only(path: str) -> Connection:
    from urllib.parse import quote

    # Without the right to write beside it, SQLite reads a file only when told that nobody else is.
    alone = "" if os.path.exists(path + "-wal") else "&immutable=1"
    return sqlite3.connect(
        f"file:{quote(path)}?mode=ro{alone}", BUSY_SECONDS, isolation_level=None, uri=True
    )
