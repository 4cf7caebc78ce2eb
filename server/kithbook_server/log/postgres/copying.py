"""Rows in PostgreSQL's binary format of COPY, built faster than a driver can that knows less."""

from collections.abc import Sequence
from itertools import count

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
    return b"".join(
        [
            b"".join(
                (
                    head,
                    place.to_bytes(_BIGINT, "big"),
                    named[topic],
                    len(record).to_bytes(4, "big"),
                    record,
                    len(hash_).to_bytes(4, "big"),
                    hash_,
                )
            )
            for place, topic, record, hash_ in zip(count(position), topics, records, hashes)
        ]
    )


def _field(value: int | bytes) -> bytes:
    if isinstance(value, int):
        return _size(_BIGINT) + value.to_bytes(_BIGINT, "big", signed=True)
    return _size(len(value)) + value


def _columns(number: int) -> bytes:
    return number.to_bytes(2, "big")


def _size(number: int) -> bytes:
    return number.to_bytes(4, "big")
