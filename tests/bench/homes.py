"""Full homes: as many people and events as somebody gathers in ten busy years."""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import msgspec

from kithbook.events import Content, Described, Helped, Thanked
from kithbook.ids import NetworkId, Ref, person_id
from kithbook_client.founding import create_home
from kithbook_client.replica import Replica
from tests.bench.workload import ME, events, names

AT_ONCE = 10_000


@contextmanager
def full_home(folder: Path, count: int, people: int) -> Iterator[Replica]:
    """A home with so many people and events, the newest sealed and the database tidy."""
    home = create_home(folder, ME, device="bench")
    try:
        replica = home.replica()
        fill(replica, count, people)
        yield replica
    finally:
        home.close()


def fill(replica: Replica, count: int, people: int, seed: int = 1) -> None:
    written = told(NetworkId(replica.network), count, people, seed)
    unthanked: deque[tuple[Ref, Helped]] = deque()
    while some := list(islice(written, AT_ONCE)):
        for entry in replica.append([_thanking(event, unthanked) for event in some]):
            if isinstance(entry.event, Helped):
                unthanked.append((Ref(entry.log, entry.seq, entry.check), entry.event))
    replica.seal()
    replica.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _thanking(event: Content, unthanked: deque[tuple[Ref, Helped]]) -> Content:
    """Thanks go to the oldest help that waits for them, as `kith thanked` has it."""
    if not isinstance(event, Thanked) or not unthanked:
        return event
    ref, help_ = unthanked.popleft()
    return msgspec.structs.replace(event, by=help_.to, to=help_.by, helps=(ref,))


def told(network: NetworkId, count: int, people: int, seed: int = 1) -> Iterator[Content]:
    """Events of the workload, after those that give the people their names."""
    for name in names(people)[1:]:
        yield Described(at=0, person=person_id(network, name), set={"name": name})
    yield from events(network, count, people, seed)
