"""`kith met Bob` starts quickly: what only sync, checks and long reads need is not imported."""

import subprocess
import sys
from pathlib import Path

import pytest

from kithbook_client.home import Home

HEAVY = (
    "asyncio",
    "cryptography",
    "eventsourcing",
    "hashlib",
    "http",
    "icalendar",
    "pathlib",
    "platformdirs",
    "rich",
    "sqlite_utils",
    "urllib",
    "urllib3",
    "zstandard",
)
CAPTURE = """
import sys, time
from kithbook.events import Met
from kithbook_client.home import Home
replica = Home.open(sys.argv[1]).replica()
replica.lookup("bob"); replica.lookup_prefix("bo"); replica.names([replica.me])
at = time.time_ns() // 1000
replica.append([Met(at=at, zone=0, by=replica.me, people=(bytes(16),))])
print(*sorted(sys.modules))
"""


@pytest.mark.parametrize("how", ["as a library", "as a command"])
def test_capturing_imports_nothing_heavy(home: Home, how: str) -> None:
    home.close()
    program = ["-c", CAPTURE, home.folder] if how == "as a library" else ["-X", "importtime", "-m"]
    if how == "as a command":
        program += ["kithbook_client", "--home", home.folder, "met", "Bob"]

    done = subprocess.run([sys.executable, *program], capture_output=True, text=True, check=True)

    said = done.stdout if how == "as a library" else done.stderr
    imported = {word.partition(".")[0] for word in said.replace("|", " ").split()}
    assert "kithbook_client" in imported
    assert imported.isdisjoint(HEAVY)


def test_a_home_is_found_in_the_environment_without_platformdirs(home: Home) -> None:
    home.close()
    done = subprocess.run(
        [sys.executable, "-c", CAPTURE.replace("Home.open(sys.argv[1])", "Home.open()")],
        env={"KITH_HOME": home.folder},
        capture_output=True,
        text=True,
        check=True,
    )

    assert "platformdirs" not in done.stdout.split()
    assert Path(home.folder).exists()


def test_appends_survive_a_power_cut(home: Home) -> None:
    home.close()
    asked = (
        "import sys; from kithbook_client.home import Home; db = Home.open(sys.argv[1]).db; "
        "names = 'synchronous', 'journal_mode'; "
        "print(*(db.execute(f'PRAGMA {name}').fetchone()[0] for name in names))"
    )

    done = subprocess.run(
        [sys.executable, "-c", asked, home.folder], capture_output=True, text=True, check=True
    )

    assert done.stdout.split() == ["2", "wal"]  # 2 is FULL
