"""Appending one event as a library, durable and with every view up to date."""

from collections.abc import Iterator
from itertools import count

from kithbook.ids import NetworkId
from tests.bench import limits, workload
from tests.bench.homes import full_home
from tests.bench.options import Options
from tests.bench.table import Figure, Goal, duration
from tests.bench.timing import race, repeated

AT_A_TIME = 100


def figures(options: Options) -> Iterator[Figure]:
    with options.folder() as folder:
        db = limits.database(folder / "raw.db")
        records = workload.records(workload.events(NetworkId(bytes(16)), options.events))
        limits.insert_many(db, limits.numbered(records))
        following = count(len(records) + 1)
        with full_home(folder / "home", options.events, options.people) as replica:
            new = workload.events(NetworkId(replica.network), 100_000, options.people, seed=2)
            times = 5 if options.quick else AT_A_TIME
            result = race(
                repeated(lambda: replica.append([next(new)]), times),
                repeated(lambda: _insert(db, next(following), records[0]), times),
                options.rounds(15),
            )
    what = f"append to {options.events:,} events, ÷ one raw committed insert"
    yield Figure(what, duration(result.ours), 1 / result.ratio, Goal(0.5, 0.8))


def _insert(db: limits.Connection, seq: int, record: bytes) -> None:
    limits.insert_one(db, (limits.LOG, seq, record))
