"""Importing JSONL with people by name, against inserting the rows that come of it."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from time import perf_counter

from kithbook_client.founding import create_home
from kithbook_client.importing import import_lines
from tests.bench import limits, workload
from tests.bench.options import Options
from tests.bench.table import Figure, Goal, per_second
from tests.bench.timing import race

IMPORT = Goal(0.2, 0.4)


def figures(options: Options) -> Iterator[Figure]:
    lines = list(workload.lines(options.events, options.people))
    with options.folder() as folder:
        trial = Trial(folder, lines)
        result = race(trial.import_, trial.insert, options.rounds(3))
    what = f"import of {options.events:,} lines, ÷ raw insert of the same rows with their key"
    yield Figure(what, per_second(options.events, result.ours), 1 / result.ratio, IMPORT)


class Trial:
    def __init__(self, folder: Path, lines: list[bytes]) -> None:
        self.folder = folder
        self.lines = lines
        self.number = count()
        self.rows: list[limits.Row] = []

    def import_(self) -> float:
        """Into a new home each time; afterwards every view holds every line."""
        home = create_home(self.folder / f"home{next(self.number)}", workload.ME)
        try:
            replica = home.replica()
            start = perf_counter()
            report = import_lines(replica, self.lines)
            spent = perf_counter() - start
            if report.added < len(self.lines):
                raise RuntimeError(f"{report.added} of {len(self.lines)}: {report.problems[:3]}")
            records = [record for (record,) in home.db.execute("SELECT record FROM event")]
            self.rows = limits.numbered(records)
        finally:
            home.close()
        return spent

    def insert(self) -> float:
        db = limits.database(self.folder / f"raw{next(self.number)}.db")
        start = perf_counter()
        limits.insert_many(db, self.rows)
        spent = perf_counter() - start
        db.close()
        return spent
