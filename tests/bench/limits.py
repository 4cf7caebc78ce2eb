"""The limits: programs of a few lines that do only what nobody can do without.

Raw `sqlite3` with the durability that kithbook has (WAL, synchronous=FULL), one row an event with
its key, and nothing that looks at a row.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path

import psycopg

from kithbook.codec import decode_body
from kithbook.envelope import HEADER_BYTES

Row = tuple[bytes, int, bytes]
"""Log, seq and record."""

Connection = sqlite3.Connection
LOG = bytes(16)


def database(path: Path) -> Connection:
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute(
        "CREATE TABLE IF NOT EXISTS event (log BLOB, seq INTEGER, record BLOB, "
        "PRIMARY KEY (log, seq)) WITHOUT ROWID"
    )
    return db


def numbered(records: Sequence[bytes], first: int = 1, log: bytes = LOG) -> list[Row]:
    return [(log, seq, record) for seq, record in enumerate(records, first)]


def insert_one(db: Connection, row: Row) -> None:
    """One raw committed insert."""
    db.execute("BEGIN IMMEDIATE")
    db.execute("INSERT INTO event VALUES (?, ?, ?)", row)
    db.execute("COMMIT")


def insert_many(db: Connection, rows: Iterable[Row]) -> None:
    """Rows with their key in one transaction; those that are there already are left alone."""
    db.execute("BEGIN IMMEDIATE")
    db.executemany("INSERT OR IGNORE INTO event VALUES (?, ?, ?)", rows)
    db.execute("COMMIT")


def after(db: Connection, log: bytes, seq: int, limit: int) -> list[bytes]:
    """The next records of a log."""
    rows = db.execute(
        "SELECT record FROM event WHERE log = ? AND seq > ? ORDER BY seq LIMIT ?", (log, seq, limit)
    )
    return [record for (record,) in rows]


def decode_all(db: Connection) -> int:
    """Read every row and decode it into a struct; how many there were."""
    count = 0
    for (record,) in db.execute("SELECT record FROM event"):
        decode_body(record[HEADER_BYTES:])
        count += 1
    return count


class Postgres:
    """The same in PostgreSQL: raw COPY, and a raw select."""

    def __init__(self, url: str) -> None:
        self.connection = psycopg.connect(url, autocommit=True)
        self.connection.execute(
            "CREATE TABLE IF NOT EXISTS event (log bytea, seq bigint, record bytea, "
            "PRIMARY KEY (log, seq))"
        )

    def insert(self, rows: Iterable[Row]) -> None:
        with self.connection.cursor().copy("COPY event FROM STDIN (FORMAT BINARY)") as copy:
            copy.set_types(["bytea", "int8", "bytea"])
            for row in rows:
                copy.write_row(row)

    def after(self, log: bytes, seq: int, limit: int) -> list[bytes]:
        rows = self.connection.cursor(binary=True).execute(
            "SELECT record FROM event WHERE log = %s AND seq > %s ORDER BY seq LIMIT %s",
            (log, seq, limit),
        )
        return [record for (record,) in rows]
