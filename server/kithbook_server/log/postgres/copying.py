"""Rows in PostgreSQL's binary format of COPY, built faster than a driver can that knows less."""

from collections.abc import Sequence
from contextlib import ExitStack
from itertools import count
from typing import Any

from psycopg import Copy, Cursor

HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"
_BIGINT = 8


def row(values: Sequence[int | bytes]) -> bytes:
    """A row of bigint and bytea columns."""
    return _columns(len(values)) + b"".join(map(_field, values))


def records(
    network: bytes,
    position: int,
    topics: Sequence[str],
    records: Sequence[bytes],
    hashes: Sequence[bytes],
) -> bytes:
    """Rows of network, position from this one on, topic, record and hash."""
    head = _columns(5) + _field(network) + _size(_BIGINT)
    named = {topic: _field(topic.encode()) for topic in set(topics)}
    parts: list[bytes] = []
    for place, topic, record, hash_ in zip(count(position), topics, records, hashes):
        parts += (
            head,
            place.to_bytes(_BIGINT, "big"),
            named[topic],
            len(record).to_bytes(4, "big"),
            record,
            len(hash_).to_bytes(4, "big"),
            hash_,
        )
    return b"".join(parts)


class Copying:
    """A COPY into one table that stays open while rows come.

    The server takes in what was written while the next rows are made. Nothing else may be said to
    it before the `end`.
    """

    def __init__(self, cursor: Cursor[Any], table: str) -> None:
        self._cursor = cursor
        self._table = table
        self._open = ExitStack()
        self._copy: Copy | None = None

    def write(self, rows: bytes) -> None:
        if self._copy is None:
            statement = f"COPY {self._table} FROM STDIN (FORMAT BINARY)"
            self._copy = self._open.enter_context(self._cursor.copy(statement))
            self._copy.write(HEADER)
        self._copy.write(rows)

    def end(self) -> None:
        """Have the rows in the table."""
        copy, self._copy = self._copy, None
        if copy is not None:
            copy.write(TRAILER)
            self._open.close()

    def break_off(self, error: BaseException) -> None:
        """Leave the rows out, so that the transaction can be undone."""
        self._copy = None
        self._open.__exit__(type(error), error, error.__traceback__)


def _field(value: int | bytes) -> bytes:
    if isinstance(value, int):
        return _size(_BIGINT) + value.to_bytes(_BIGINT, "big", signed=True)
    return _size(len(value)) + value


def _columns(number: int) -> bytes:
    return number.to_bytes(2, "big")


def _size(number: int) -> bytes:
    return number.to_bytes(4, "big")
