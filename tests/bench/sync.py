"""Sync against the bare log server: the same events, the same stack, the same durability."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

from kithbook.envelope import NO_HASH, chain, record_event
from kithbook.ids import NetworkId
from kithbook_client.replica import Replica
from tests.bench import limits, workload
from tests.bench.bare import BareClient, bare_server, filled
from tests.bench.floor import INDEX, VIEWS, Floor
from tests.bench.homes import full_home
from tests.bench.kithd import kithd
from tests.bench.laptops import Laptop
from tests.bench.options import Options
from tests.bench.relay import relay
from tests.bench.table import Figure, Goal, duration, per_second
from tests.bench.timing import race, repeated, timed

PUSH = Goal(0.6, 0.8)
PULL = Goal(0.5, 0.7)
ONE_EVENT = Goal(3, 2, most=True)
NOTHING = Goal(2, most=True)
WIRE = Goal(0.6, 0.45, most=True)
DISK = Goal(2, most=True)


def figures(options: Options) -> Iterator[Figure]:
    with (
        options.folder() as folder,
        full_home(folder / "home", options.events, options.people) as replica,
    ):
        records = [record for (record,) in replica.db.execute("SELECT record FROM event")]
        yield from _push(folder, replica, records, options)
        yield from _pull(folder, replica, records, options)
        yield from _bytes(folder, replica)


def _push(
    folder: Path, replica: Replica, records: list[bytes], options: Options
) -> Iterator[Figure]:
    number = count()
    client = BareClient(folder / "bare push", 0)
    filled(client, records)

    def ours() -> float:
        with kithd(folder / f"push{next(number)}") as server:
            laptop = Laptop.hosting(replica, server)
            spent = timed(laptop.sync)()
            laptop.connection.http.pool.close()
            return spent

    def bare() -> float:
        with bare_server(folder / f"bare{next(number)}") as port:
            client.reach(port)
            return timed(client.push)()

    result = race(ours, bare, options.rounds(3))
    what = f"push of {len(records):,} events, verified and durable, ÷ bare log server"
    yield Figure(what, per_second(len(records), result.ours), 1 / result.ratio, PUSH)
    client.close()


def _pull(
    folder: Path, replica: Replica, records: list[bytes], options: Options
) -> Iterator[Figure]:
    number = count()
    with kithd(folder / "pull") as server, bare_server(folder / "bare pull") as port:
        first = Laptop.hosting(replica, server)
        first.sync()
        sender = filled(BareClient(folder / "bare sender", port), records)
        sender.push()
        laptops: list[Laptop] = []
        clients: list[BareClient] = []

        def ours() -> float:
            laptops.append(first.another(folder / f"pulled{next(number)}", server.origin))
            return timed(laptops[-1].sync)()

        def bare() -> float:
            clients.append(BareClient(folder / f"bare pulled{next(number)}", port))
            return timed(clients[-1].pull)()

        result = race(ours, bare, options.rounds(3))
        what = f"pull of {len(records):,} events, views up to date, ÷ bare log server"
        yield Figure(what, per_second(len(records), result.ours), 1 / result.ratio, PULL)
        rows = Floor(laptops[-1].replica, (*INDEX, *VIEWS)).seconds(folder / "floor.db")
        least = result.theirs + timed(lambda: _check(replica, records))() + rows
        what = "the least that a pull can take: checked, decoded, its rows inserted"
        yield Figure(what, per_second(len(records), least), result.theirs / least)
        yield from _small(first, laptops[-1], sender, clients[-1], options)
        for one in (*laptops, *clients, sender):
            one.close()


def _check(replica: Replica, records: list[bytes]) -> None:
    chain(replica.network, limits.LOG, 1, NO_HASH, records)
    for record in records:
        record_event(record)


def _small(
    first: Laptop, second: Laptop, sender: BareClient, receiver: BareClient, options: Options
) -> Iterator[Figure]:
    """One event from laptop to laptop, and nothing to do, in a long history."""
    new = workload.events(NetworkId(first.replica.network), 100_000, options.people, seed=2)
    record = limits.after(sender.db, sender.log, 0, 1)[0]
    following = count(sender.pushed + 1)

    def ours() -> None:
        first.replica.append([next(new)])
        first.sync()
        second.sync()

    def bare() -> None:
        limits.insert_one(sender.db, (sender.log, next(following), record))
        sender.push()
        receiver.pull()

    times = 2 if options.quick else 10
    result = race(repeated(ours, times), repeated(bare, times), options.rounds(11))
    what = "one event from laptop to laptop, ÷ bare log server"
    yield Figure(what, duration(result.ours), result.ratio, ONE_EVENT)

    before = first.connection.requests
    first.sync()
    requests = first.connection.requests - before
    result = race(repeated(first.sync, times), repeated(receiver.pull, times), options.rounds(11))
    what = f"nothing to do, {requests} request, ÷ bare log server"
    yield Figure(what, duration(result.ours), result.ratio, NOTHING)


def _bytes(folder: Path, replica: Replica) -> Iterator[Figure]:
    """What goes over the wire in bulk, and what lies on the disk, by the bytes of the bodies."""
    with kithd(folder / "bytes") as server:
        with relay(server.port) as way:
            first = Laptop.hosting(replica, server, way.origin)
            first.sync()
            events, bodies = first.body_bytes()
            pushed = way.sent + way.received
        with relay(server.port) as way:
            second = first.another(folder / "bytes pulled", way.origin)
            second.sync()
            pulled = way.sent + way.received
            second.close()
    stored = sum(file.stat().st_size for file in (folder / "bytes").glob("logs.sqlite*"))
    for what, size, goal in (
        ("bytes on the wire, push", pushed, WIRE),
        ("bytes on the wire, pull", pulled, WIRE),
        ("bytes on disk, log on the server", stored, DISK),
        ("bytes on disk, log in a home", _log_bytes(replica), DISK),
    ):
        each = f"{size / events:.0f} B an event"
        yield Figure(f"{what}, ÷ bytes of the bodies", each, size / bodies, goal)


def _log_bytes(replica: Replica) -> int:
    """The pages of the tables that make up the log; the views are another matter."""
    [(size,)] = replica.db.execute(
        "SELECT sum(pgsize) FROM dbstat WHERE name IN ('event', 'seal', 'log', 'act')"
    )
    return int(size)
