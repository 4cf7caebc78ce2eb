"""JSONL: every event that counts, as `kith import` reads it."""

from collections.abc import Callable, Iterator, Sequence
from heapq import merge

import msgspec

from kithbook.codec import Unreadable
from kithbook.events import Merged, Ruled, Thanked, type_name
from kithbook.ids import event_id, fold_name
from kithbook.readings.listing import Logged, fields
from kithbook.readings.merges import classes
from kithbook.when import format_at
from kithbook_client.book import Book
from kithbook_client.copies import copies_in
from kithbook_client.exporting import Writer
from kithbook_client.log import Log
from kithbook_client.replica import Replica
from kithbook_client.shelf import SqlShelf

TYPES = {"met", "helped", "thanked", "referred", "trusted", "described", "merged", "ruled"}
"""What a line can say."""
READ = 1_000

_encode = msgspec.json.Encoder().encode


def export_jsonl(
    replicas: Sequence[Replica], out: Writer, progress: Callable[[int, int], None] | None = None
) -> int:
    """Write the events in the order in which they were recorded, one a line; how many there were.

    Read into an empty home they give the same contacts, ledger and trust. What was retracted, or
    does not count for another reason, is left out; and of several networks, of which the first one
    is one's own, the rules of the others and what they were told of that one.
    """
    own, *teams = replicas
    total = sum(replica.count() for replica in replicas)
    names = _Names(replicas)
    copies = {(copy.log, copy.seq) for team in teams for copy in copies_in(team)}
    written: set[str] = set()
    for done, logged in enumerate(_recorded(replicas), 1):
        is_told = (logged.log, logged.seq) not in copies and (
            logged.network == own.network or not isinstance(logged.event, Ruled)
        )
        if is_told and (line := _line(logged, names, written)):
            out.write(_encode(line) + b"\n")
            written.add(str(line["event"]))
        if progress and done % READ == 0:
            progress(done, total)
    return len(written)


def _recorded(replicas: Sequence[Replica]) -> Iterator[Logged]:
    logs = [_events(replica, log) for replica in replicas for log in replica.logs.held()]
    return merge(*logs, key=lambda logged: (logged.hlc, logged.log, logged.seq))


def _events(replica: Replica, log: Log) -> Iterator[Logged]:
    seq = 0
    while rows := replica.logs.rows(log, seq, READ):
        yield from replica.history.logged(number for number, _, _ in rows)
        seq += len(rows)


def _line(logged: Logged, names: "_Names", written: set[str]) -> dict[str, object] | None:
    event = logged.event
    if isinstance(event, Unreadable) or logged.void or type_name(event) not in TYPES:
        return None
    if isinstance(event, Merged) and len(set(map(names.of, event.people))) == 1:
        return None  # the names say it
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
    id_ = event_id(logged.log, logged.seq)
    return {"type": type_name(event), **said, "at": at, **note, "event": id_}


class _Names:
    """Names that mean one human each: we are `me`, and the second Bob to be named is `Bob (2)`.

    Ids of several networks that are one human have one name. Within a network they keep their own,
    and a line says that they were merged.
    """

    def __init__(self, replicas: Sequence[Replica]) -> None:
        self.one: dict[bytes, bytes] = {}
        if len(replicas) > 1:
            self.one = classes(Book(replicas).reading(replicas[0].home.now_ms()).merges())
        shelves = [SqlShelf(replica.views) for replica in replicas]
        self.called = {
            self._root(person): name
            for shelf in reversed(shelves)
            for person, name in shelf.names()
        }
        self.known = {self._root(replica.me): "me" for replica in replicas}
        self.taken = {"me"}

    def of(self, person: bytes) -> str:
        """A person's name here; who has none is called by their id."""
        person = self._root(person)
        found = self.known.get(person)
        if found is None:
            name = found = self.called.get(person) or person.hex()
            number = 1
            while fold_name(found) in self.taken:
                number += 1
                found = f"{name} ({number})"
            self.taken.add(fold_name(found))
            self.known[person] = found
        return found

    def _root(self, person: bytes) -> bytes:
        return self.one.get(person, person)
