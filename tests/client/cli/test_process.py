"""`kith` as a process: what it loads, how it ends, and what a terminal sees."""

import os
import pty
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

KITH = [sys.executable, "-m", "kithbook_client"]
HEAVY = {
    "asyncio", "concurrent.futures", "cryptography", "dataclasses", "difflib", "email", "http",
    "httpx", "importlib.metadata", "logging", "pathlib", "platformdirs", "random", "rich",
    "shutil", "socket", "sqlite_utils", "ssl", "statistics", "subprocess", "tempfile", "urllib",
    "urllib.parse", "zoneinfo", "zstandard",
}  # fmt: skip


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    for words in (
        ("init", "--me", "Ada"),
        ("met", "Bob", "Carol"),
        ("trusted", "Bob", "10"),
        ("helped", "me", "a lead", "--by", "Bob"),
    ):
        subprocess.run([*KITH, "--home", home, *words], check=True, stdout=subprocess.DEVNULL)
    return home


def imported(home: Path, *words: str) -> set[str]:
    """The modules that a command loads."""
    code = (
        "import sys; before = set(sys.modules)\n"
        "from kithbook_client.cli.main import run\n"
        "assert run(sys.argv[1:]) == 0\n"
        "sys.stderr.write(' '.join(set(sys.modules) - before))"
    )
    command = [sys.executable, "-c", code, "--home", str(home), *words]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return set(done.stderr.split())


@pytest.mark.parametrize(
    "words",
    [
        ("met", "Bob"),
        ("met", "Bob", "--at", "yesterday"),
        ("helped", "Bob", "a review"),
        ("thanked", "Bob"),
        ("contacts",),
        ("ledger",),
        ("trust",),
        ("why", "Bob"),
        ("show", "Bob"),
        ("log",),
        ("next",),
        ("status",),
    ],
)
def test_everyday_commands_load_nothing_heavy(home: Path, words: tuple[str, ...]) -> None:
    assert imported(home, *words) & HEAVY == set()


def test_a_verb_loads_no_other_commands(home: Path) -> None:
    loaded = {
        name for name in imported(home, "met", "Bob") if name.startswith("kithbook_client.cli")
    }
    assert loaded == {
        f"kithbook_client.cli{name}"
        for name in ("", ".call", ".command", ".main", ".output", ".record", ".recording", ".words")
    }


def test_a_closed_pipe_is_quiet(home: Path) -> None:
    with subprocess.Popen(
        [*KITH, "--home", home, "log"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


def test_an_interrupt_is_quiet(home: Path) -> None:
    with subprocess.Popen(
        [*KITH, "--home", home, "import", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        time.sleep(3)  # until Python itself has surely started, on a busy machine too
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=10)
    assert (process.returncode, out, err) == (130, b"", b"")


def test_what_is_no_home_gives_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "kith.db").write_bytes(b"this is no database, whatever it is" * 100)
    (tmp_path / "file").touch()
    for folder in (tmp_path, tmp_path / "file", tmp_path / "file" / "below"):
        for words in (("contacts",), ("met", "Bob"), ("init", "--me", "Ada")):
            done = subprocess.run(
                [*KITH, "--home", folder, *words], capture_output=True, text=True, check=False
            )
            assert (done.returncode, done.stdout) == (1, ""), (folder, words)
            assert "Traceback" not in done.stderr
            assert len(done.stderr.splitlines()) == 2


@pytest.mark.parametrize(("encoding", "shown"), [("ascii", "Łukasz"), ("latin-1", "?ukasz")])
def test_names_come_out_in_any_encoding(home: Path, encoding: str, shown: str) -> None:
    done = subprocess.run(
        [*KITH, "--home", home, "met", "Łukasz"],
        capture_output=True,
        env=os.environ | {"PYTHONIOENCODING": encoding},
        check=True,
    )
    assert done.stdout.decode().startswith(f"Met {shown}")


def on_a_terminal(home: Path, *words: str, answer: str = "", **env: str) -> str:
    """What a person at a terminal sees, after typing an answer."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*KITH, "--home", home, *words],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=os.environ | {"TERM": "xterm-256color", "COLUMNS": "100"} | env,
    )
    os.close(theirs)
    os.write(ours, answer.encode())
    seen = b""
    while select.select([ours], [], [], 10)[0]:
        try:
            seen += os.read(ours, 4096)
        except OSError:  # the other side is closed
            break
    os.close(ours)
    assert process.wait(10) == 0
    return seen.decode().replace("\r\n", "\n")


def test_a_terminal_shows_tables_in_colour_unless_told_not_to(home: Path) -> None:
    assert "\x1b[1m" in on_a_terminal(home, "contacts")
    assert "\x1b[" not in on_a_terminal(home, "contacts", NO_COLOR="1")
    assert "\x1b[2m" in on_a_terminal(home, "met", "Bob")
    assert "\x1b[" not in on_a_terminal(home, "met", "Bob", NO_COLOR="1")


def test_a_terminal_is_asked_who_is_meant(home: Path) -> None:
    on_a_terminal(home, "met", "Bob", "--new")
    seen = on_a_terminal(home, "met", "Bob", answer="7\n2\n")
    assert "2 people fit “Bob”:\n  1  Bob · " in seen
    assert "Met Bob." in seen


def test_what_others_wrote_cannot_steer_the_terminal(home: Path) -> None:
    line = b'{"type": "met", "people": ["Bob"], "where": "\\u001b[2Jhere", "at": "2026-01-01"}\n'
    subprocess.run(
        [*KITH, "--home", home, "import", "-"], input=line, check=False, stdout=subprocess.DEVNULL
    )
    assert "\x1b[2J" not in on_a_terminal(home, "log")
