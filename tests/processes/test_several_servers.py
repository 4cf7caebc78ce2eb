"""Several kithd on one PostgreSQL behind a proxy, while they and the database are killed.

KITHBOOK_CHAOS_SECONDS says how long: a quarter of a minute, or 600 before a release.
"""

import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any, Self

import psycopg
import pytest

from tests.postgres import Postgres
from tests.processes.proxy import Proxy, free_port
from tests.processes.real import Laptop, Server

SECONDS = float(os.environ.get("KITHBOOK_CHAOS_SECONDS", "15"))
EVERY_SECONDS = 3
LAPTOPS = 5 if SECONDS > 60 else 3


class Fleet:
    """Two servers on one database, and laptops that know them by one address."""

    def __init__(self, folder: Path, postgres: Postgres, database: str, proxy: Proxy) -> None:
        self.folder = folder
        self.postgres = postgres
        self.database = database
        self.servers = [
            Server(folder / name, database=database, origin=proxy.url) for name in ("one", "two")
        ]
        for server in self.servers:
            server.port = str(free_port())
            proxy.ports.append(int(server.port))
            server.start()
        self.told: dict[str, int] = {}
        """How far each log is on the server, as some laptop was told."""

    def laptops(self, count: int) -> list[Laptop]:
        """Ada's devices, which all sync with the servers."""
        first = Laptop(self.folder / "laptop")
        first.run("init", "--me", "Ada", "--device", "laptop")
        first.run("join", self.servers[0].greeting)
        others = [Laptop(self.folder / f"laptop{n}") for n in range(1, count)]
        for n, other in enumerate(others):
            link = first.run("device", "add").splitlines()[-1]
            other.run("join", link, "--device", f"device {n}")
        return [first, *others]

    def sync(self, laptop: Laptop) -> None:
        """A sync that works, and from which on the servers must have what the laptop has."""
        logs: dict[str, int] = laptop.network["logs"]
        laptop.sync()
        for log, seq in logs.items():
            self.told[log] = max(self.told.get(log, 0), seq)

    def holds(self) -> dict[str, int]:
        with psycopg.connect(self.database) as connection:
            rows = connection.execute("SELECT log, seq FROM kithd.log").fetchall()
        return {log.hex(): seq for log, seq in rows}


class Workers:
    """Does each work again and again in a thread of its own, within the block."""

    def __init__(self, *work: Callable[[], object]) -> None:
        self.ended = threading.Event()
        self.failed: list[BaseException] = []
        self.threads = [threading.Thread(target=self._again, args=[one]) for one in work]

    def __enter__(self) -> Self:
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        for thread in self.threads:
            thread.join()
        if self.failed:
            raise self.failed[0]

    def _again(self, work: Callable[[], object]) -> None:
        try:
            while not self.ended.is_set() and not self.failed:
                work()
        except BaseException as error:  # noqa: BLE001 - raised at the end
            self.failed.append(error)


@pytest.fixture
def fleet(tmp_path: Path, postgres: Postgres) -> Iterator[Fleet]:
    with postgres.empty() as url, Proxy.running() as proxy:
        fleet = Fleet(tmp_path, postgres, url, proxy)
        yield fleet
        for server in fleet.servers:
            server.stop()


def everyday(fleet: Fleet, laptop: Laptop, chance: Random) -> Callable[[], None]:
    """Something that happens to somebody with a laptop."""

    def happens() -> None:
        who, other = (f"P{n}" for n in chance.sample(range(12), 2))
        match chance.randrange(4):
            case 0:
                laptop.run("met", who, other)
            case 1:
                laptop.run("helped", who, f"job {chance.random()}")
            case 2:
                laptop.run("trusted", who, str(chance.randrange(11)), "--by", other)
            case 3:
                fleet.sync(laptop)

    return happens


def test_nothing_is_lost_whatever_is_killed(fleet: Fleet) -> None:
    laptops = fleet.laptops(LAPTOPS)
    work = [everyday(fleet, laptop, Random(n)) for n, laptop in enumerate(laptops)]
    begin = time.monotonic()
    restarted = False
    with Workers(*work) as workers:
        while time.monotonic() < begin + SECONDS and not workers.failed:
            victim = fleet.servers.pop(0)
            fleet.servers.append(victim)
            workers.ended.wait(EVERY_SECONDS)
            victim.kill()
            if not restarted and time.monotonic() > begin + SECONDS / 2:
                fleet.postgres.restart()
                restarted = True
            victim.start()
    assert restarted
    for laptop in (*laptops, *laptops):
        fleet.sync(laptop)

    assert {laptop.network["digest"] for laptop in laptops} == {digest_of(fleet)}
    held = fleet.holds()
    assert {log: held.get(log, 0) >= seq for log, seq in fleet.told.items()} == dict.fromkeys(
        fleet.told, True
    )
    assert fleet.servers[0].kithd("verify").code == 0


def test_a_rolling_restart_is_noticed_by_nobody(fleet: Fleet) -> None:
    laptops = fleet.laptops(2)
    work = [everyday(fleet, laptop, Random(n)) for n, laptop in enumerate(laptops)]
    with Workers(*work, *(laptop.sync for laptop in laptops)):
        for server in fleet.servers:
            assert server.stop() == 0
            server.start()


def digest_of(fleet: Fleet) -> Any:
    told = fleet.servers[0].kithd("rebuild", "--json")
    [network] = json.loads(told.out)["networks"]
    return network["digest"]
