"""Rebuilding every view from a long log, against decoding the same rows into structs."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from kithbook.ids import NetworkId
from kithbook_client.home import Home
from kithbook_server.log.recorder import SQLiteLogRecorder
from kithbook_server.stores import wall_clock
from kithbook_server.views import Views
from tests.bench import limits, longlog, workload
from tests.bench.devices import Device
from tests.bench.floor import VIEWS, Floor
from tests.bench.options import Options
from tests.bench.stores import client_of, recorder_of
from tests.bench.table import Figure, Goal, per_second
from tests.bench.timing import race, timed

REBUILD = Goal(0.15, 0.35)
FLAT = Goal(1.3, 1.1, most=True)
"""Four times the events about the same people may take hardly more memory."""


def figures(options: Options) -> Iterator[Figure]:
    count = 2_000 if options.quick else 10 * options.events
    with options.folder() as folder:
        yield from _speed(folder, count, options)
    with options.folder() as folder:
        yield from _memory(folder, count, options)


def _speed(folder: Path, count: int, options: Options) -> Iterator[Figure]:
    device = Device.founder()
    people = options.people if options.quick else workload.PEOPLE
    records = workload.records(workload.events(device.network, count, people))
    db = limits.database(folder / "raw.db")
    limits.insert_many(db, limits.numbered(records))
    decode = timed(lambda: limits.decode_all(db))
    pages = [device.opening, *device.pages(records)]
    rounds = options.rounds(2)

    with recorder_of(folder, device.network, pages) as recorder:
        serve = timed(lambda: Views(recorder, wall_clock).digest(device.network))
        result = race(serve, decode, rounds)
    what = f"views of {count:,} events in the server, ÷ decoding the rows"
    yield Figure(what, per_second(count, result.ours), 1 / result.ratio, REBUILD)

    with client_of(folder, device.network, pages) as replica:
        result = race(timed(replica.rebuild), decode, rounds)
        least = result.theirs + Floor(replica, VIEWS).seconds(folder / "floor.db")
    what = f"views of {count:,} events in a home, ÷ decoding the rows"
    yield Figure(what, per_second(count, result.ours), 1 / result.ratio, REBUILD)
    what = "the least that this can take: decoded, its rows inserted"
    yield Figure(what, per_second(count, least), result.theirs / least)


def _memory(folder: Path, count: int, options: Options) -> Iterator[Figure]:
    """Peak memory at growing lengths of a log about the same people, pairs and days."""
    people = options.people if options.quick else workload.PEOPLE
    sizes = [count // 4, count // 2, count]
    for where in ("server", "home"):
        peaks = []
        for size in sizes:
            inside = folder / f"{where}{size}"
            inside.mkdir()
            device = Device.founder()
            pages = longlog.same_again(device, size, people, sizes[0])
            opened = recorder_of if where == "server" else client_of
            with opened(inside, device.network, pages):
                pass
            peaks.append(_peak(where, inside, device.network.hex()))
        told = ", ".join(f"{peak / 1e6:.0f}" for peak in peaks)
        what = f"memory of that in the {where} at {', '.join(f'{s:,}' for s in sizes)} events"
        yield Figure(what, f"{told} MB", peaks[-1] / peaks[0], FLAT)


def _peak(where: str, folder: Path, network: str) -> int:
    """Bytes that a process of its own needs at most for a rebuild."""
    command = [sys.executable, "-m", "tests.bench.rebuild", where, str(folder), network]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return int(done.stdout)


def main() -> None:
    where, folder, network = sys.argv[1:]
    if where == "server":
        recorder = SQLiteLogRecorder.open(Path(folder) / "server.db")
        Views(recorder, wall_clock).digest(NetworkId(bytes.fromhex(network)))
    else:
        Home.open(folder).replica("bench").rebuild()
    print(_high_water(), flush=True)
    os._exit(0)


def _high_water() -> int:
    """Bytes that this process has held at most. Linux counts its parent's into ru_maxrss."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
    except OSError:
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    [line] = [line for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) * 1024


if __name__ == "__main__":
    main()
