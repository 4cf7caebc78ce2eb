"""Deeds: what each event alone says of two people, by time, in a file beside the home's.

They are noted when somebody reads as of a past time, and not before. They hold nothing that the
logs do not: whoever deletes the file waits a moment longer once. An event's deeds never change, so
one that arrives late is noted like any other; whether it counts is asked when it is read.
"""

import sqlite3
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Any

from kithbook.errors import KithbookError
from kithbook.facts.effects import Entry, apply
from kithbook.facts.rows import Help, Link, Moment, Order, Statement, Tie
from kithbook.facts.tables import PairKey, Place, Tables
from kithbook_client.bulk import insert
from kithbook_client.log import Log
from kithbook_client.numbers import MANY, MAX_SEQ, SEQ_BITS, place
from kithbook_client.schema import BUSY_SECONDS, Connection, create
from kithbook_client.shelf import THESE, SqlShelf

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


class Deeds:
    """Of one network (`readings.asof.Deeds`), read together with what counts now."""

    def __init__(self, folder: str, shelf: SqlShelf) -> None:
        self.path = Path(folder) / FILE
        self.db = _open(self.path)
        self.shelf = shelf
        self.logs = shelf.views.logs
        self._ids: dict[int, bytes] = {}
        self._numbers: dict[bytes, int] = {}
        self._logs: dict[int, Log] = {}
        self._authors: dict[int, bytes] = {}
        self._voids: set[int] = set()

    def refresh(self) -> None:
        """Note what came since the last time, and read again what counts."""
        if not self.path.exists():
            self.db.close()
            self.db = _open(self.path)
            self._ids.clear()
            self._numbers.clear()
        self._logs = self._catch_up()
        self._authors = {no: log.author for no, log in self._logs.items() if log.standing.person}
        self._voids = self._not_counting()

    def close(self) -> None:
        self.db.close()

    # Noting

    def _catch_up(self) -> dict[int, Log]:
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
            apply(alone, entry)
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

    # Reading

    def ties_of(self, people: Collection[bytes], upto: int) -> Iterator[tuple[PairKey, Tie]]:
        asked = self._asked(people)
        found: dict[tuple[bytes, int, int], Tie] = {}
        for where, args in (
            (f"a IN {THESE}", (asked,)),
            (f"b IN {THESE} AND a NOT IN {THESE}", (asked, asked)),
        ):
            for a, b, at, event, zone in self.db.execute(
                f"SELECT a, b, at, event, zone FROM tie WHERE {where} AND at <= ?", (*args, upto)
            ):
                author = self._authors.get(event >> SEQ_BITS)
                if author is not None and event not in self._voids:
                    found.setdefault((author, a, b), Tie()).add(Moment.of(at, zone))
        return self._keyed(found)

    def links(
        self, ones: Collection[bytes] | None, others: Collection[bytes] | None, upto: int
    ) -> Iterator[tuple[PairKey, Link]]:
        where, args = "at <= ?", [str(upto)]
        for side, people in (("a", ones), ("b", others)):
            if people is not None:
                where += f" AND {side} IN {THESE}"
                args.append(self._asked(people))
        found: dict[tuple[bytes, int, int], Link] = {}
        authors, voids, logs = self._authors, self._voids, self._logs
        for a, b, at, event, hlc, given, thanks, kind, tenths in self.db.execute(
            f"SELECT a, b, at, event, hlc, help, thanks, kind, tenths FROM link WHERE {where}", args
        ):
            log = event >> SEQ_BITS
            author = authors.get(log)
            if author is None or event in voids:
                continue
            link = found.get((author, a, b))
            if link is None:
                link = found[author, a, b] = Link()
            order = Order(at, hlc, logs[log].id, event & MAX_SEQ)
            if given is not None:
                link.helps[given] += 1
            if thanks is not None:
                link.thanks += thanks
            if kind is not None:
                link.evidence(kind, order)
            if tenths is not None:
                link.state(Statement(order, None if tenths == WITHDRAWN else tenths))
        return self._keyed(found)

    def helps_of(self, people: Collection[bytes], upto: int) -> Iterator[tuple[Place, Help]]:
        asked = self._asked(people)
        later = {
            (self._logs[event >> SEQ_BITS].id, event & MAX_SEQ)
            for side in "ab"
            for (event,) in self.db.execute(
                f"SELECT event FROM link WHERE {side} IN {THESE} AND thanks AND at > ?",
                (asked, upto),
            )
            if event >> SEQ_BITS in self._logs
        }
        for at, row in self.shelf.helps_before(people, upto):
            if later:
                row.thanks = [one for one in row.thanks if (one.log, one.seq) not in later]
            yield at, row

    def _asked(self, people: Collection[bytes]) -> str:
        """The numbers of these people as one parameter."""
        if len(people) > MANY:
            self._numbers = {id_: no for no, id_ in self.db.execute("SELECT no, id FROM person")}
            found = [self._numbers[person] for person in people if person in self._numbers]
        else:
            rows = (
                self.db.execute("SELECT no FROM person WHERE id = ?", (person,)).fetchone()
                for person in people
            )
            found = [row[0] for row in rows if row]
        return str(found)

    def _keyed(self, found: dict[tuple[bytes, int, int], Any]) -> Iterator[tuple[PairKey, Any]]:
        ids = self._ids
        for (author, a, b), row in found.items():
            for number in (a, b):
                if number not in ids:
                    (ids[number],) = self.db.execute(
                        "SELECT id FROM person WHERE no = ?", (number,)
                    ).fetchone()
            yield (author, ids[a], ids[b]), row

    def _not_counting(self) -> set[int]:
        """Where the events stand, by the numbers here, that do not count now."""
        numbers = {log.no: no for no, log in self._logs.items()}
        return {
            place(numbers[event >> SEQ_BITS], event & MAX_SEQ)
            for (event,) in self.shelf.db.execute("SELECT event FROM void")
            if event >> SEQ_BITS in numbers
        }


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
