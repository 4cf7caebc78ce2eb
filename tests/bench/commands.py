"""Whole processes of `kith` in a full home, against a Python that does nothing."""

import compileall
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import kithbook
import kithbook_client
from tests.bench.homes import full_home
from tests.bench.options import Options
from tests.bench.table import Figure, Goal, duration
from tests.bench.timing import Run, race, timed

RECORD = Goal(5, 4, most=True)
READ = Goal(8, 6, most=True)
COMMANDS = (
    ("met", "Bob"),
    ("contacts",),
    ("show", "Bob"),
    ("ledger",),
    ("ledger", "Bob"),
    ("trust",),
    ("trust", "Carol"),
    ("why", "Carol"),
    ("log",),
    ("log", "Bob"),
    ("next",),
    ("search", "opera"),
    ("status",),
)


def figures(options: Options) -> Iterator[Figure]:
    # As every installation is, while an edited checkout may hold what Python compiled before.
    for package in (kithbook, kithbook_client):
        compileall.compile_dir(Path(str(package.__file__)).parent, quiet=1)
    with options.folder() as folder:
        with full_home(folder, options.events, options.people):
            pass
        bare = timed(lambda: subprocess.run([sys.executable, "-c", "pass"], check=True))
        for words in COMMANDS[:: 4 if options.quick else 1]:
            goal = RECORD if words[0] == "met" else READ
            what = f"kith {' '.join(words)}, ÷ python -c pass"
            try:
                result = race(kith(folder, words), bare, options.rounds(11))
            except subprocess.CalledProcessError as error:
                yield Figure(what, f"failed with {error.returncode}")
            else:
                yield Figure(what, duration(result.ours), result.ratio, goal)


def kith(home: Path, words: tuple[str, ...]) -> Run:
    """The installed command, as a person runs it."""
    command = [str(Path(sys.executable).with_name("kith")), *words]
    environment = os.environ | {"KITH_HOME": str(home)}

    def run() -> object:
        return subprocess.run(command, env=environment, check=True, capture_output=True)

    return timed(run)
