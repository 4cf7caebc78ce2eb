"""Forks: a log that two copies of a device went on with, each its own way.

A replica keeps the branch it meets on the server. The other one is set aside, whole and readable
in `fork`; what this device wrote in it is said again in a log of its own.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import msgspec

from kithbook.events import AnyEvent
from kithbook.facts.effects import Entry
from kithbook.ids import ID_BYTES, Ref
from kithbook_client.index import Index
from kithbook_client.log import Log, Logs
from kithbook_client.numbers import MAX_SEQ, place
from kithbook_client.schema import Connection

_SOURCE_DOMAIN = b"kithbook fork 1\0"


def set_aside(db: Connection, logs: Logs, index: Index, log: Log, after: int, now_ms: int) -> None:
    """Move what a log holds after a seq out of it, in the transaction that is open."""
    span = place(log.no, after + 1), place(log.no, MAX_SEQ)
    db.execute(
        "INSERT OR IGNORE INTO fork(place, hash, record, aside) "
        "SELECT place, hash, record, ? FROM event WHERE place BETWEEN ? AND ?",
        (now_ms, *span),
    )
    index.forget(log, after)
    db.execute("DELETE FROM seal WHERE place BETWEEN ? AND ?", span)
    db.execute("DELETE FROM text WHERE id BETWEEN ? AND ?", span)
    logs.cut(log, after)


def source_of(entry: Entry, hash_: bytes) -> bytes:
    """What the event that says a set-aside one again has as its source."""
    return entry.event.source or sha256(_SOURCE_DOMAIN + hash_).digest()[:ID_BYTES]


def restated(event: AnyEvent, source: bytes, moved: Mapping[Ref, Ref]) -> AnyEvent:
    """The event to be said again; `moved` maps what it may refer to in its old branch."""
    changes: dict[str, Any] = {"source": source}
    for field in event.__struct_fields__:
        value = getattr(event, field)
        if isinstance(value, Ref):
            changes[field] = moved.get(value, value)
        elif isinstance(value, tuple) and value and isinstance(value[0], Ref):
            changes[field] = tuple(moved.get(ref, ref) for ref in value)
    return msgspec.structs.replace(event, **changes)
