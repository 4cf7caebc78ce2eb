"""What a user waits for, as the history of the same people grows tenfold and again."""

from collections.abc import Iterator
from contextlib import ExitStack
from statistics import median

from kithbook.ids import NetworkId
from kithbook_client.replica import Replica
from tests.bench import workload
from tests.bench.commands import kith
from tests.bench.homes import full_home
from tests.bench.kithd import Running, kithd
from tests.bench.laptops import Laptop
from tests.bench.options import Options
from tests.bench.table import Figure, Goal, duration
from tests.bench.timing import Run, repeated

PEOPLE = 1_000
SIZES = (10_000, 100_000)
BIG = 1_000_000
FLAT = Goal(2, 1.3, most=True)
"""Ten or a hundred times the history may cost this much more."""
COMMANDS = (("met", "Bob"), ("show", "Bob"), ("ledger", "Bob"), ("why", "Carol"), ("log",))


def figures(options: Options) -> Iterator[Figure]:
    sizes = (200, 400) if options.quick else SIZES + (BIG,) * options.big
    people = 50 if options.quick else PEOPLE
    with options.folder() as folder, ExitStack() as open_:
        runs: list[dict[str, Run]] = []
        for size in sizes:
            home = folder / str(size)
            replica = open_.enter_context(full_home(home, size, people))
            server = open_.enter_context(kithd(folder / f"server{size}"))
            commands = COMMANDS[: 1 if options.quick else None]
            asked = {f"kith {' '.join(words)}": kith(home, words) for words in commands}
            runs.append(_library(replica, server, people) | asked)
        for what in runs[0]:
            times = _in_turn([run[what] for run in runs], options.rounds(9))
            for size, spent in zip(sizes, times, strict=True):
                ratio, goal = (None, None) if spent is times[0] else (spent / times[0], FLAT)
                first = f", ÷ at {sizes[0]:,}" if goal else ""
                yield Figure(f"{what} at {size:,} events{first}", duration(spent), ratio, goal)


def _in_turn(runs: list[Run], rounds: int) -> list[float]:
    """Median seconds of each, taking turns."""
    times = [[run() for run in runs] for _ in range(rounds)]
    return [median(column) for column in zip(*times, strict=True)]


def _library(replica: Replica, server: Running, people: int) -> dict[str, Run]:
    new = workload.events(NetworkId(replica.network), 100_000, people, seed=2)
    laptop = Laptop.hosting(replica, server)
    laptop.sync()

    def append() -> None:
        replica.append([next(new)])

    def append_and_sync() -> None:
        append()
        laptop.sync()

    return {
        "append": repeated(append, 20),
        "append and sync": repeated(append_and_sync, 5),
        "sync of nothing": repeated(laptop.sync, 5),
    }
