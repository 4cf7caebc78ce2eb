"""Runs the benchmarks and prints one table: `python -m tests.bench [ROWS…]`."""

import argparse
import json
import sys
import traceback
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from time import perf_counter

from tests.bench import table
from tests.bench.options import Options
from tests.bench.table import Figure

GROUPS = {
    "append": "an event appended as a library",
    "commands": "whole processes of kith in a full home",
    "importing": "import of JSONL",
    "sync": "push, pull, one event, nothing to do, bytes",
    "postgres": "push and pull on PostgreSQL, by one and two processes",
    "crowd": "fifty laptops that push one event each",
    "rebuild": "all views from a long log, and the memory it takes",
    "trust": "scores against networkx",
    "past": "readings as of a time, and the history of a score",
    "growth": "what a user waits for, at growing sizes",
}
QUICK_EVENTS = 1_000


def main() -> int:
    arguments = _arguments()
    events = arguments.events or (QUICK_EVENTS if arguments.quick else 100_000)
    options = Options(events, arguments.quick, arguments.big, arguments.otc)
    about = table.about(events)
    for what, value in about.items():
        print(f"{what + ':':11} {value}")
    print(f"\n{table.heading()}", flush=True)
    begun, found = perf_counter(), []
    for figure in _figures(arguments.rows or list(GROUPS), options):
        print(table.line(figure.cells()), flush=True)
        found.append(figure)
    print(f"\nmissed: {_missed(found)}; {perf_counter() - begun:.0f} s in all")
    if arguments.json:
        rows = [figure.as_dict() for figure in found]
        arguments.json.write_text(json.dumps({"about": about, "rows": rows}, indent=1))
    return 0


def _figures(rows: list[str], options: Options) -> Iterator[Figure]:
    """The figures of these groups; a group that breaks is told of and the rest goes on."""
    for row in rows:
        try:
            figures: Callable[[Options], Iterator[Figure]]
            figures = import_module(f"tests.bench.{row}").figures
            yield from figures(options)
        except Exception:  # noqa: BLE001 - a benchmark is no test
            traceback.print_exc()
            yield Figure(f"{row}: broke off, see above", "")


def _missed(found: list[Figure]) -> str:
    missed = sum(figure.cells()[-1] == table.MISSED for figure in found)
    judged = sum(figure.goal is not None for figure in found)
    return f"{missed} of {judged} goals"


def _arguments() -> argparse.Namespace:
    rows = "; ".join(f"{name}: {what}" for name, what in GROUPS.items())
    parser = argparse.ArgumentParser("tests.bench", description=__doc__, epilog=f"Rows: {rows}.")
    add = parser.add_argument
    add("rows", nargs="*", choices=[*GROUPS, []], metavar="ROWS", help="which rows (default all)")
    add("--events", type=int, help="how many events (default 100,000)")
    add("--quick", action="store_true", help="tiny sizes, one round: only to see that it works")
    add("--big", action="store_true", help="growth up to 1,000,000 events")
    add("--json", type=Path, metavar="FILE", help="write the figures there as well")
    add("--otc", type=Path, metavar="FILE.jsonl", help="trust on a real history, too")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
