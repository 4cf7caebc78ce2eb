"""Forks: a log that two copies of a device went on with, each its own way.

A replica keeps the branch it meets on the server. The other one is set aside, whole and readable
in `fork`; what this device wrote in it is said again in a log of its own.
"""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import msgspec

from kithbook.envelope import chain
from kithbook.events import OPENINGS, AnyEvent
from kithbook.facts.effects import Entry
from kithbook.ids import ID_BYTES, Ref
from kithbook.replication import Accepted, Page, accept, refusal
from kithbook_client import keys
from kithbook_client.intake import Received, receive
from kithbook_client.log import Log, Logs
from kithbook_client.numbers import MAX_SEQ, place

if TYPE_CHECKING:
    from kithbook_client.replica import Replica

_SOURCE_DOMAIN = b"kithbook fork 1\0"


def agreed(logs: Logs, id_: bytes, pages: Iterable[Page]) -> int:
    """The last seq up to which these pages of a log are what is held of it."""
    log = logs[id_]
    seq = 0
    for page in pages:
        hashes = chain(logs.network_id, id_, page.first, page.previous, page.records)
        for seq, hash_ in enumerate(hashes, page.first):
            if seq > log.seq or logs.hash_at(log, seq) != hash_:
                return seq - 1
    return seq


def adopt(
    replica: "Replica", id_: bytes, common: int, pages: Sequence[Page], now_ms: int
) -> Received:
    """Take the branch in these pages instead of what is held of a log after `common`."""
    log = replica.logs[id_]
    pages = [page for page in pages if page.last > common]
    outcome = accept(replica.network, pages[0], replica.logs.known(log, common), keys.verify)
    if not isinstance(outcome, Accepted):
        why = refusal(id_, outcome)
        return Received(0, [why] if why else [])
    branch = replica.logs.after(log, common)
    _set_aside(replica, log, common, now_ms)
    received = receive(replica, pages, replica.intake(now_ms, is_stale=True))
    if log.key == replica.home.device().key:
        replica.home.new_device()  # somebody else has this key
    if log.key in replica.home.devices:
        _restate(replica, branch, now_ms)
    return received


def _set_aside(replica: "Replica", log: Log, after: int, now_ms: int) -> None:
    """Move what a log holds after a seq out of it.

    A branch may be set aside again: of a body that is gone on one side, the other one stays.
    """
    span = place(log.no, after + 1), place(log.no, MAX_SEQ)
    replica.db.execute(
        "INSERT INTO fork(place, hash, record, aside) "
        "SELECT place, hash, record, ? FROM event WHERE place BETWEEN ? AND ? "
        "ON CONFLICT DO UPDATE SET record = excluded.record "
        "WHERE substr(fork.record, 1, 1) = x'81'",
        (now_ms, *span),
    )
    replica.index.forget(log, after)
    replica.db.execute("DELETE FROM seal WHERE place BETWEEN ? AND ?", span)
    replica.db.execute("DELETE FROM text WHERE id BETWEEN ? AND ?", span)
    replica.logs.cut(log, after)


def _restate(replica: "Replica", branch: Iterable[tuple[Entry, bytes]], now_ms: int) -> None:
    """Say again what this device wrote in a branch that was set aside, and has not yet said."""
    sources = [(entry, source_of(entry, hash_)) for entry, hash_ in branch]
    # Whoever has not yet heard whom they speak for has said nothing that counts.
    author = next((log.author for log in replica.own() if log.author), b"")
    said = replica.index.counting(author, [source for _, source in sources])
    unsaid = [
        (entry, source)
        for entry, source in sources
        if source not in said and not isinstance(entry.event, OPENINGS)
    ]
    if not unsaid:
        return
    moved: dict[Ref, Ref] = {}
    with replica.appending(now_ms) as append:
        for entry, source in unsaid:
            (again,) = append([said_again(entry.event, source, moved)])
            moved[entry.ref] = again.ref


def source_of(entry: Entry, hash_: bytes) -> bytes:
    """What the event that says a set-aside one again has as its source."""
    return entry.event.source or sha256(_SOURCE_DOMAIN + hash_).digest()[:ID_BYTES]


def said_again(event: AnyEvent, source: bytes, moved: Mapping[Ref, Ref]) -> AnyEvent:
    """The event to be said again; `moved` maps what it may refer to in its old branch."""
    changes: dict[str, Any] = {"source": source}
    for field in event.__struct_fields__:
        value = getattr(event, field)
        if isinstance(value, Ref):
            changes[field] = moved.get(value, value)
        elif isinstance(value, tuple) and value and isinstance(value[0], Ref):
            changes[field] = tuple(moved.get(ref, ref) for ref in value)
    return msgspec.structs.replace(event, **changes)
