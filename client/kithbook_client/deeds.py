"""Deeds: what each event alone says of two people, by time, in a file beside the home's.

They are noted when somebody reads as of a past time, and not before. They hold nothing that the
logs do not: whoever deletes the file waits a moment longer once. An event's deeds never change, so
one that arrives late is noted like any other; whether it counts is asked when it is read.
"""

import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from kithbook.errors import KithbookError
from kithbook.facts.effects import Entry, apply
from kithbook.facts.rows import Link
from kithbook.facts.tables import Tables
from kithbook_client.bulk import insert
from kithbook_client.log import Log, Logs
from kithbook_client.numbers import SEQ_BITS, place
from kithbook_client.schema import BUSY_SECONDS, Connection, create
from kithbook_client.shelf import THESE

FILE = "past.db"
VERSION = 1
"""Of the tables: a file with another one is made anew."""
READ = 10_000
WITHDRAWN = -1
TABLES = f"""
CREATE TABLE person (no INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE);
CREATE TABLE log (no INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, seq INTEGER, hash BLOB);
CREATE TABLE tie (
    a INTEGER, b INTEGER, at INTEGER, event INTEGER, zone INTEGER, PRIMARY KEY (a, b, at, event)
) WITHOUT ROWID;
CREATE TABLE link (
    a INTEGER, b INTEGER, at INTEGER, event INTEGER, hlc INTEGER,
    help INTEGER, thanks INTEGER, kind INTEGER, tenths INTEGER, PRIMARY KEY (a, b, at, event)
) WITHOUT ROWID;
CREATE INDEX tie_b ON tie(b);
CREATE INDEX link_b ON link(b);
PRAGMA user_version = {VERSION};
"""


class DeedFile:
    """The file, and what it has of one network."""

    def __init__(self, folder: str, logs: Logs) -> None:
        self.path = Path(folder) / FILE
        self.db = _open(self.path)
        self.logs = logs
        self._numbers: dict[bytes, int] = {}

    def reopen(self) -> bool:
        """Begin another file where this one was deleted; whether it was."""
        if self.path.exists():
            return False
        self.db.close()
        self.db = _open(self.path)
        self._numbers.clear()
        return True

    def catch_up(self) -> dict[int, Log]:
        """Note what came since the last time; gives the logs by the numbers that they have here."""
        self.db.execute("BEGIN IMMEDIATE")
        try:
            if not all(self._fits(log) for log in self.logs.held()):
                self._start_over()
            found = {self._follow(log): log for log in self.logs.held()}
            self.db.execute("COMMIT")
        finally:
            if self.db.in_transaction:
                self.db.execute("ROLLBACK")
                self._numbers.clear()  # some were given to people who are not there now
        return found

    def _start_over(self) -> None:
        """Let go of what this network's logs said; other networks have theirs in the same file."""
        ids = [log.id for log in self.logs.held()]
        rows = self.db.execute("SELECT no, id FROM log").fetchall()
        ours = str([no for no, id_ in rows if id_ in ids])
        for table in ("link", "tie"):
            self.db.execute(f"DELETE FROM {table} WHERE event >> {SEQ_BITS} IN {THESE}", (ours,))
        self.db.execute(f"UPDATE log SET seq = 0, hash = NULL WHERE no IN {THESE}", (ours,))

    def _fits(self, log: Log) -> bool:
        """Whether what is noted of a log is what the home holds of it."""
        row = self.db.execute("SELECT seq, hash FROM log WHERE id = ?", (log.id,)).fetchone()
        if row is None or row[0] == 0:
            return True
        return bool(row[0] <= log.seq and self.logs.hash_at(log, row[0]) == row[1])

    def _follow(self, log: Log) -> int:
        self.db.execute("INSERT OR IGNORE INTO log VALUES (NULL, ?, 0, NULL)", (log.id,))
        no, seq = self.db.execute("SELECT no, seq FROM log WHERE id = ?", (log.id,)).fetchone()
        if seq == log.seq:
            return int(no)
        while rows := self.logs.rows(log, seq, READ):
            _, hashes, records = zip(*rows, strict=True)
            entries, _ = self.logs.read(log, seq + 1, records, hashes)
            self._note(no, entries)
            seq += len(rows)
        args = (log.seq, log.hash, no)
        self.db.execute("UPDATE log SET seq = ?, hash = ? WHERE no = ?", args)
        return int(no)

    def _note(self, log: int, entries: Iterable[Entry]) -> None:
        ties: list[tuple[Any, ...]] = []
        links: list[tuple[Any, ...]] = []
        for entry in entries:
            alone = Tables()
            apply(alone, [entry])
            event, at = place(log, entry.seq), entry.event.at
            for (_, a, b), tie in alone.tie.items():
                zone = tie.first.zone if tie.first and tie.first.has_zone else None
                ties.append((self._number(a), self._number(b), at, event, zone))
            for (_, a, b), link in alone.link.items():
                pair = self._number(a), self._number(b)
                links.append((*pair, at, event, entry.hlc, *_columns(link)))
        insert(self.db, "INSERT OR IGNORE INTO tie", sorted(ties))
        insert(self.db, "INSERT OR IGNORE INTO link", sorted(links, key=lambda row: row[:4]))

    def _number(self, person: bytes) -> int:
        number = self._numbers.get(person)
        if number is None:
            self.db.execute("INSERT OR IGNORE INTO person VALUES (NULL, ?)", (person,))
            row = self.db.execute("SELECT no FROM person WHERE id = ?", (person,)).fetchone()
            number = self._numbers[person] = int(row[0])
        return number


def forget(db: Connection) -> None:
    """Delete the deeds beside this home: bodies were erased or came back."""
    (_, _, path) = db.execute("PRAGMA database_list").fetchone()
    for ending in ("", "-journal"):
        Path(path).with_name(FILE + ending).unlink(missing_ok=True)


def _columns(link: Link) -> tuple[int | None, ...]:
    """What one event says of two people."""
    given = next((number for number, count in enumerate(link.helps) if count), None)
    kind = next((day % 4 for day in link.days), None)
    tenths = None
    if link.stated is not None:
        tenths = WITHDRAWN if link.stated.tenths is None else link.stated.tenths
    return given, link.thanks or None, kind, tenths


def _open(path: Path) -> Connection:
    """The file, for only its owner to read; in memory where nothing can be written."""
    try:
        return _at(path)
    except (KithbookError, OSError, sqlite3.DatabaseError):
        db = sqlite3.connect(":memory:", isolation_level=None)
        db.executescript(TABLES)
        return db


def _at(path: Path) -> Connection:
    create(str(path))
    db = sqlite3.connect(path, BUSY_SECONDS, isolation_level=None)
    try:
        version = db.execute("PRAGMA user_version").fetchone()[0]
    except sqlite3.DatabaseError:  # something else is in the file
        version = None
    if version == VERSION:
        return db
    db.close()
    if version != 0:
        path.unlink()
        return _at(path)
    db = sqlite3.connect(path, BUSY_SECONDS, isolation_level=None)
    db.executescript(f"BEGIN IMMEDIATE; {TABLES} COMMIT;")
    return db
