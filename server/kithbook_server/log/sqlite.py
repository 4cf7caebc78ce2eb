"""Reading and writing the tables of the log store within one SQLite transaction."""

import sqlite3
from collections.abc import Sequence
from itertools import chain, count, islice
from typing import Any

from eventsourcing.persistence import IntegrityError
from msgspec import json

from kithbook.envelope import Seal, record_hlc, record_kind
from kithbook.ids import NetworkId
from kithbook.replication import Accepted, opening_key
from kithbook_server.log import LogHead, Range, Row, topics_of
from kithbook_server.log.caching import CachingReading
from kithbook_server.log.schema import (
    ACTS,
    BLANKS,
    HASHES_AT,
    RANGE,
    RANGES,
    REPLACE,
    SEALS,
    SINCE,
)

_MANY = 100
_HEADS = "SELECT network, number, key, hlc, log, seq, hash FROM log WHERE network = ?"
_RECORDS = RANGE.format(wanted="record.record")
_HASHES = RANGE.format(wanted="record.hash")
_SIZE = RANGE.format(wanted="sum(length(record.record))")


class SQLiteReading(CachingReading):
    def __init__(self, cursor: sqlite3.Cursor) -> None:
        super().__init__()
        self._sql = cursor.execute
        self._sql_many = cursor.executemany

    def networks(self) -> list[NetworkId]:
        return _firsts(self._sql("SELECT DISTINCT network FROM log"))

    def networks_of(self, key: bytes) -> list[NetworkId]:
        return _firsts(self._sql("SELECT DISTINCT network FROM log WHERE key = ?", (key,)))

    def head(self, network: NetworkId, log: bytes) -> LogHead | None:
        row = self._sql(_HEADS + " AND log = ?", (network, log)).fetchone()
        return LogHead.of(row) if row else None

    def _find_heads(self, network: NetworkId) -> list[LogHead]:
        return [LogHead.of(row) for row in self._sql(_HEADS + " ORDER BY position", (network,))]

    def _find_hashes(self, places: Sequence[tuple[LogHead, int]]) -> list[bytes]:
        asked = json.encode([(log.number, seq) for log, seq in places])
        return _firsts(self._sql(HASHES_AT, (asked,)))

    def records(self, log: LogHead, after: int, upto: int) -> list[bytes]:
        return _firsts(self._sql(_RECORDS, _range(log, after, upto)))

    def hashes(self, log: LogHead, after: int, upto: int) -> list[bytes]:
        return _firsts(self._sql(_HASHES, _range(log, after, upto)))

    def size(self, log: LogHead, after: int, upto: int) -> int:
        return int(self._sql(_SIZE, _range(log, after, upto)).fetchone()[0] or 0)

    def seals(self, log: LogHead, after: int, upto: int) -> list[Seal]:
        rows = self._sql(
            "SELECT seq, signature FROM seal WHERE log = ? AND seq > ? AND seq <= ? ORDER BY seq",
            (log.number, after, upto),
        )
        return [Seal(*row) for row in rows]

    def events(self, network: NetworkId) -> int:
        row = self._sql("SELECT sum(seq) FROM log WHERE network = ?", (network,)).fetchone()
        return int(row[0] or 0)

    def _find_ranges(
        self, ranges: Sequence[Range]
    ) -> tuple[list[tuple[int, bytes]], list[tuple[int, int, bytes]]]:
        asked = json.encode([(log.number, after, upto) for log, after, upto in ranges])
        return self._sql(RANGES, (asked,)).fetchall(), self._sql(SEALS, (asked,)).fetchall()

    def _find_last_act(self, network: NetworkId) -> int:
        row = self._sql("SELECT max(position) FROM act WHERE network = ?", (network,)).fetchone()
        return int(row[0] or 0)

    def acts(self, network: NetworkId) -> list[tuple[bytes, int, bytes]]:
        return self._sql(ACTS, (network,)).fetchall()

    def blanks(self, network: NetworkId) -> list[tuple[bytes, int, bytes]]:
        return self._sql(BLANKS, (network,)).fetchall()

    def since(self, network: NetworkId, position: int, limit: int) -> list[Row]:
        wanted = {"network": network, "position": position, "limit": limit}
        return self._sql(SINCE, wanted).fetchall()


class SQLiteWriting(SQLiteReading):
    def __init__(self, cursor: sqlite3.Cursor) -> None:
        super().__init__(cursor)
        self.grown: set[NetworkId] = set()
        newest = "SELECT position + count FROM arrival ORDER BY position DESC LIMIT 1"
        self._next_position = int((self._sql(newest).fetchone() or (1,))[0])

    def append(
        self, network: NetworkId, part: Accepted, received: int, topics: Sequence[str] = ()
    ) -> int:
        """Topics are read from the records when they are not given."""
        position, size = self._next_position, len(part.records)
        number = self._move_head(network, part, position)
        self._sql(
            "INSERT INTO arrival VALUES (?, ?, ?, ?, ?, ?)",
            (position, network, number, part.first, size, received),
        )
        acts = [n for n, record in enumerate(part.records) if record_kind(record)]
        self._insert_records(position, topics or topics_of(size, acts), part)
        if acts:
            self._sql_many(
                "INSERT INTO act VALUES (?, ?, ?, ?)",
                [(network, position + n, number, part.first + n) for n in acts],
            )
            self._last_acts[network] = position + acts[-1]
        self._sql_many(
            "INSERT INTO seal VALUES (?, ?, ?)",
            [(number, seal.seq, seal.signature) for seal in part.seals],
        )
        self._next_position = position + size
        self.grown.add(network)
        self._heads.clear()
        return position

    def replace(self, log: LogHead, seq: int, record: bytes) -> None:
        self._sql(REPLACE, {"log": log.number, "seq": seq, "record": record})

    def _insert_records(self, position: int, topics: Sequence[str], part: Accepted) -> None:
        """Many rows a statement: each statement costs as much as a row."""
        rows = zip(count(position), topics, part.records, part.hashes)
        while values := tuple(chain.from_iterable(islice(rows, _MANY))):
            size = len(values) // 4
            self._sql(_INSERT_MANY if size == _MANY else _insert(size), values)

    def _move_head(self, network: NetworkId, part: Accepted, position: int) -> int:
        """Advance the log's head over this part, or open the log; its number.

        A log of devices begins at seq 1. The library counts some of its own from 0.
        """
        log, head = part.head.log, (part.head.seq, part.head.hash, record_hlc(part.records[-1]))
        row = self._sql(
            "UPDATE log SET seq = ?, hash = ?, hlc = ? WHERE log = ? AND network = ? AND seq = ?"
            " RETURNING number",
            (*head, log, network, part.first - 1),
        ).fetchone()
        if row:
            return int(row[0])
        if part.first > 1:
            raise IntegrityError(f"Seq {part.first} does not come next in log {log.hex()}.")
        key = opening_key(network, log, part.records[0]) or b""
        opened = self._sql(
            "INSERT INTO log (network, log, key, seq, hash, hlc, position)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (network, log, key, *head, position),
        )
        return int(opened.lastrowid or 0)


def _insert(rows: int) -> str:
    values = ", ".join(["(?, ?, ?, ?)"] * rows)
    return f"INSERT INTO record VALUES {values}"  # noqa: S608 - nothing but question marks


_INSERT_MANY = _insert(_MANY)


def _firsts(rows: sqlite3.Cursor) -> list[Any]:
    return [row[0] for row in rows]


def _range(log: LogHead, after: int, upto: int) -> dict[str, int]:
    return {"log": log.number, "after": after, "upto": upto}
