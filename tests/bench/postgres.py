"""The server on PostgreSQL, against COPY and a select in the same stack, and by two processes.

Requests are made beforehand and answers are only decoded: what is timed is the server.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import msgspec
import urllib3

from kithbook.envelope import Head
from kithbook.protocol import SyncReply, SyncRequest
from kithbook.replication import Page
from tests.bench.bare import bare_server
from tests.bench.bare_server import ROUND
from tests.bench.devices import Device
from tests.bench.kithd import Running, Wire, another_secret, kithd
from tests.bench.limits import LOG
from tests.bench.options import Options
from tests.bench.table import Figure, Goal, per_second
from tests.bench.timing import race, timed
from tests.bench.workload import events, records
from tests.postgres import CONNECTIONS, Postgres

HALF = Goal(0.5)
NETWORKS = 4
PAGES_IN_ROUND = 9
Bodies = Sequence[bytes]


def figures(options: Options) -> Iterator[Figure]:
    with Postgres.running(CONNECTIONS) as postgres:
        log = Written(1, options.events)
        yield _push(postgres, log, options)
        yield _pull(postgres, log, options)
        yield _together(postgres, options)


class Written:
    """The log of a device, in pages, with the head after each."""

    def __init__(self, seed: int, size: int) -> None:
        self.device = device = Device.founder(seed)
        self.pages: list[Page] = []
        self.heads: dict[int, Head] = {}
        self._add(device.opening)
        for page in device.pages(records(events(device.network, size), 1)):
            self._add(page)

    def _add(self, page: Page) -> None:
        self.pages.append(page)
        self.heads[page.last] = self.device.head

    def rounds(self) -> Bodies:
        """Requests that push all of it."""
        return [
            msgspec.msgpack.encode(SyncRequest([], self.pages[start : start + PAGES_IN_ROUND]))
            for start in range(0, len(self.pages), PAGES_IN_ROUND)
        ]

    def bare_rounds(self) -> Bodies:
        """The same for the bare server."""
        all_ = [record for page in self.pages for record in page.records]
        return [
            msgspec.msgpack.encode((LOG, start + 1, all_[start : start + ROUND]))
            for start in range(0, len(all_), ROUND)
        ]


def _push(postgres: Postgres, log: Written, options: Options) -> Figure:
    rounds, bare_rounds = log.rounds(), log.bare_rounds()

    def ours() -> float:
        with postgres.empty() as url, kithd(Path(), url) as server:
            wire = _hosted(log.device, server)
            return timed(lambda: _post(wire.http, wire.path, rounds, wire.headers))()

    def bare() -> float:
        with postgres.empty() as url, bare_server(Path(), url) as port:
            http = urllib3.HTTPConnectionPool("127.0.0.1", port, maxsize=1)
            return timed(lambda: _post(http, "/push", bare_rounds, {}))()

    result = race(ours, bare, options.rounds(3))
    what = f"PostgreSQL: push of {options.events:,} events, ÷ bare server with COPY"
    return Figure(what, per_second(options.events, result.ours), 1 / result.ratio, HALF)


def _pull(postgres: Postgres, log: Written, options: Options) -> Figure:
    with ExitStack() as open_:
        urls = [open_.enter_context(postgres.empty()) for _ in range(2)]
        wire = _hosted(log.device, open_.enter_context(kithd(Path(), urls[0])))
        port = open_.enter_context(bare_server(Path(), urls[1]))
        http = urllib3.HTTPConnectionPool("127.0.0.1", port, maxsize=1)
        _post(wire.http, wire.path, log.rounds(), wire.headers)
        _post(http, "/push", log.bare_rounds(), {})

        def ours() -> None:
            head: list[Head] = []
            more = True
            while more:
                reply: SyncReply = wire.sync(SyncRequest(head))
                head, more = [log.heads[reply.pages[-1].last]], reply.more

        def bare() -> None:
            pulled = 0
            while True:
                answer = http.urlopen("GET", f"/pull/{LOG.hex()}/{pulled}")
                found = len(msgspec.msgpack.decode(answer.data, type=list[bytes]))
                pulled += found
                if found < ROUND:
                    return

        result = race(timed(ours), timed(bare), options.rounds(5))
    what = f"PostgreSQL: pull of {options.events:,} events, ÷ bare server with a raw select"
    return Figure(what, per_second(options.events, result.ours), 1 / result.ratio, HALF)


def _together(postgres: Postgres, options: Options) -> Figure:
    """Four networks, each pushed to at once, on two processes and on one."""
    number = count(2)
    each = options.events // NETWORKS

    def pushed(processes: int) -> float:
        logs = [Written(next(number), each) for _ in range(NETWORKS)]
        with ExitStack() as open_:
            url = open_.enter_context(postgres.empty())
            servers = [open_.enter_context(kithd(Path(), url)) for _ in range(processes)]
            wires = [
                _hosted(log.device, servers[n % processes]._replace(secret=another_secret(url)))
                for n, log in enumerate(logs)
            ]
            rounds = [log.rounds() for log in logs]
            pool = open_.enter_context(ThreadPoolExecutor(NETWORKS))

            def all_at_once() -> None:
                done = [
                    pool.submit(_post, wire.http, wire.path, bodies, wire.headers)
                    for wire, bodies in zip(wires, rounds, strict=True)
                ]
                for one in done:
                    one.result()

            return timed(all_at_once)()

    result = race(lambda: pushed(2), lambda: pushed(1), options.rounds(3))
    what = f"PostgreSQL: push to {NETWORKS} networks by two processes, ÷ by one"
    return Figure(what, per_second(each * NETWORKS, result.ours), 1 / result.ratio)


def _hosted(device: Device, server: Running) -> Wire:
    wire = Wire(device, server)
    wire.set_up()
    wire.open_session()
    return wire


def _post(
    http: urllib3.HTTPConnectionPool, path: str, bodies: Bodies, headers: dict[str, str]
) -> None:
    for body in bodies:
        answer = http.urlopen("POST", path, body=body, headers=headers)
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status} {answer.data.decode()}")
