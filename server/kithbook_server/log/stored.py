"""Stored events of the library as records: originator = log, version = seq, topic = kind."""

from collections.abc import Sequence
from itertools import groupby
from typing import Protocol
from uuid import UUID

from eventsourcing.persistence import IntegrityError, StoredEvent

from kithbook.envelope import NO_HASH, Head, chain
from kithbook.ids import ID_BYTES, NetworkId
from kithbook.replication import Accepted
from kithbook_server.log import LogHead

NO_NETWORK = NetworkId(bytes(ID_BYTES))
"""Where the library's own `insert_events` puts events when it is not told a network."""

NO_END = 2**63 - 1


class Appending(Protocol):
    def head(self, network: NetworkId, log: bytes) -> LogHead | None: ...

    def append(
        self, network: NetworkId, part: Accepted, received: int, topics: Sequence[str] = ()
    ) -> int: ...


def insert(writing: Appending, network: NetworkId, events: Sequence[StoredEvent]) -> list[int]:
    """The positions of these events, each of which has to come next in its log."""
    positions: list[int] = []
    for originator, found in groupby(events, lambda event: event.originator_id):
        run = list(found)
        start = _insert_run(writing, network, log_of(originator), run)
        positions += range(start, start + len(run))
    return positions


def log_of(originator: UUID | str) -> bytes:
    return originator.bytes if isinstance(originator, UUID) else bytes.fromhex(originator)


def _insert_run(
    writing: Appending, network: NetworkId, log: bytes, events: list[StoredEvent]
) -> int:
    first, last = events[0].originator_version, events[-1].originator_version
    if [event.originator_version for event in events] != list(range(first, last + 1)):
        raise IntegrityError(f"The seqs given for log {log.hex()} are not consecutive.")
    held = writing.head(network, log)
    records = [event.state for event in events]
    hashes = chain(network, log, first, held.hash if held else NO_HASH, records)
    part = Accepted(first, records, hashes, [], Head(log, last, hashes[-1]))
    return writing.append(network, part, received=0, topics=[event.topic for event in events])
