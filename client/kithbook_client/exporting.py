"""Exporting JSONL: every event that counts, as `kith import` reads it."""

from collections.abc import Callable, Iterator
from heapq import merge
from typing import Protocol

import msgspec

from kithbook.codec import Unreadable
from kithbook.events import AnyEvent, Thanked, type_name
from kithbook.ids import event_id, fold_name
from kithbook.readings.listing import Logged, fields
from kithbook.when import format_at
from kithbook_client.log import Log
from kithbook_client.replica import Replica
from kithbook_client.shelf import SqlShelf

TYPES = {"met", "helped", "thanked", "referred", "trusted", "described", "merged", "ruled"}
"""What a line can say."""
READ = 1_000

_encode = msgspec.json.Encoder().encode


class Writer(Protocol):
    def write(self, content: bytes, /) -> int: ...


def export_jsonl(
    replica: Replica, out: Writer, progress: Callable[[int, int], None] | None = None
) -> int:
    """Write the events in the order in which they were recorded, one a line; how many there were.

    Read into an empty home they give the same contacts, ledger and trust. What was retracted, or
    does not count for another reason, is left out.
    """
    total = replica.count()
    names = _Names(replica)
    written: set[str] = set()
    for done, logged in enumerate(_recorded(replica), 1):
        event = logged.event
        if not (isinstance(event, Unreadable) or logged.void or type_name(event) not in TYPES):
            id_ = event_id(logged.log, logged.seq)
            out.write(_encode(_line(event, id_, names, written)) + b"\n")
            written.add(id_)
        if progress and done % READ == 0:
            progress(done, total)
    return len(written)


def _recorded(replica: Replica) -> Iterator[Logged]:
    logs = replica.logs.held()
    key = lambda logged: (logged.hlc, logged.log, logged.seq)  # noqa: E731 - named for two uses
    return merge(*(_events(replica, log) for log in logs), key=key)


def _events(replica: Replica, log: Log) -> Iterator[Logged]:
    seq = 0
    while rows := replica.logs.rows(log, seq, READ):
        yield from replica.history.logged(number for number, _, _ in rows)
        seq += len(rows)


def _line(event: AnyEvent, id_: str, names: "_Names", written: set[str]) -> dict[str, object]:
    said = {
        field: value
        for field, value in fields(event, names.of).items()
        if field != "over" and (value not in (None, (), []) or field == "level")
    }
    if isinstance(event, Thanked):
        helps = (event_id(ref.log, ref.seq) for ref in event.helps)
        said["for"] = [help_ for help_ in helps if help_ in written]
    note = {} if event.note is None else {"note": event.note}
    at = format_at(event.at, event.zone)
    return {"type": type_name(event), **said, "at": at, **note, "event": id_}


class _Names:
    """Names that mean one person each: a second Bob is `Bob (2)`, and we are `me`."""

    def __init__(self, replica: Replica) -> None:
        self.taken = {"me"}
        self.known: dict[bytes, str] = {replica.me: "me"}
        for person, name in sorted(SqlShelf(replica.views).names(), key=lambda named: named[::-1]):
            self.of(person, name)

    def of(self, person: bytes, name: str = "") -> str:
        """A person's name here; who has none is called by their id."""
        found = self.known.get(person)
        if found is None:
            found = name or person.hex()
            number = 1
            while fold_name(found) in self.taken:
                number += 1
                found = f"{name} ({number})"
            self.taken.add(fold_name(found))
            self.known[person] = found
        return found
