"""Full homes: as many people and events as somebody gathers in ten busy years."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from kithbook.events import Content, Described
from kithbook.ids import NetworkId, person_id
from kithbook_client.home import Home
from kithbook_client.replica import Replica
from tests.bench.workload import ME, events, names

AT_ONCE = 10_000


@contextmanager
def full_home(folder: Path, count: int, people: int) -> Iterator[Replica]:
    """A home with so many people and events, the newest sealed and the database tidy."""
    home = Home.create(folder, ME, device="bench")
    try:
        replica = home.replica()
        fill(replica, count, people)
        yield replica
    finally:
        home.close()


def fill(replica: Replica, count: int, people: int, seed: int = 1) -> None:
    written = told(NetworkId(replica.network), count, people, seed)
    while some := list(islice(written, AT_ONCE)):
        replica.append(some)
    replica.seal()
    replica.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def told(network: NetworkId, count: int, people: int, seed: int = 1) -> Iterator[Content]:
    """Events of the workload, after those that give the people their names."""
    for name in names(people)[1:]:
        yield Described(at=0, person=person_id(network, name), set={"name": name})
    yield from events(network, count, people, seed)
