"""Real processes for the tests: `kith` on a home, and a `kithd` to kill and start again."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random
from typing import Any, NamedTuple, Self, TextIO

import pytest

ENV = {name: text for name, text in os.environ.items() if not name.startswith(("KITH", "PYTHON"))}
ENV["NO_COLOR"] = "1"
PATIENCE = 120
"""Seconds after which a process hangs, however slow the machine."""


class Ran(NamedTuple):
    code: int
    out: str
    err: str


class Laptop:
    """A home, driven by the command line alone. `under` is a command that starts its processes."""

    def __init__(self, folder: Path, under: Sequence[str] = ()) -> None:
        self.folder = folder
        self.under = under

    @property
    def file(self) -> Path:
        return self.folder / "kith.db"

    def start(self, *words: str) -> subprocess.Popen[str]:
        kith = [sys.executable, "-m", "kithbook_client", "--home", str(self.folder)]
        return subprocess.Popen(
            [*self.under, *kith, *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=ENV,
        )

    def try_(self, *words: str) -> Ran:
        """How it ends, whatever that is, as long as it is no traceback."""
        process = self.start(*words)
        out, err = process.communicate(timeout=PATIENCE)

        assert "Traceback" not in err, err
        assert "should not" not in err, err
        return Ran(process.returncode, out, err)

    def run(self, *words: str, code: int = 0) -> str:
        ran = self.try_(*words)

        assert ran.code == code, (words, ran)
        return ran.out

    def ask(self, *words: str, code: int = 0) -> Any:
        return json.loads(self.run(*words, "--json", code=code))

    def refused(self, *words: str, code: int = 1) -> dict[str, Any]:
        """The error of a command that fails: in words, and the same in JSON."""
        words_first = self.try_(*words)
        in_json = self.try_(*words, "--json")

        assert (words_first.code, words_first.out) == (code, ""), (words, words_first)
        assert (in_json.code, in_json.out) == (code, ""), (words, in_json)
        (error,) = json.loads(in_json.err).values()
        assert {"code", "message", "hint"} <= error.keys()
        lines = words_first.err.splitlines()
        if code == 1:
            assert lines == [line for line in (error["message"], error["hint"]) if line]
            assert error["message"][-1] in ".?", error
            assert error["hint"], error
        else:
            assert lines[0].startswith("Usage: ")
            assert lines[-1] == error["hint"]
            assert error["code"] == "usage"
        told: dict[str, Any] = error
        return told

    def kill_during(self, words: Sequence[str], after: float) -> bool:
        """Start a command and kill it after so many seconds; whether it was still running."""
        process = self.start(*words)
        try:
            process.wait(timeout=after)
        except subprocess.TimeoutExpired:
            process.kill()
        process.communicate(timeout=PATIENCE)
        return process.returncode == -signal.SIGKILL

    @property
    def network(self) -> dict[str, Any]:
        found: dict[str, Any] = self.ask("status")["networks"][0]
        return found

    @property
    def names(self) -> set[str]:
        return {row["name"] for row in self.ask("contacts")["contacts"]}

    def sync(self, *words: str) -> dict[str, Any]:
        """Sync everything, which has to work; what it answers of the first network."""
        answer = self.ask("sync", *words)["networks"][0]

        assert answer["up_to_date"], answer
        assert not answer["refused"], answer
        found: dict[str, Any] = answer
        return found

    @contextmanager
    def intact(self) -> Iterator[None]:
        """What happens inside adds no event and leaves the home whole."""
        before = self.network
        yield
        after = self.network
        assert (after["events"], after["digest"]) == (before["events"], before["digest"])
        assert self.ask("verify")["ok"]


class Server:
    """A `kithd` over one folder; every start after the first takes the same port.

    Settings are given by their names in lower case.
    """

    def __init__(self, folder: Path, **settings: object) -> None:
        self.folder = folder
        self.env = ENV | {f"KITHD_{name.upper()}": str(text) for name, text in settings.items()}
        self.port = "0"
        self.greeting = ""
        self.log = ""
        """What it said after its greeting, once it has ended."""
        self.process: subprocess.Popen[str] | None = None
        self.drain = threading.Thread()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def file(self) -> Path:
        return self.folder / "logs.sqlite"

    def link(self) -> str:
        """Another setup link."""
        return self.kithd("link").out.strip()

    def kithd(self, *words: str) -> Ran:
        """A command of the operator's."""
        done = subprocess.run(
            [sys.executable, "-m", "kithbook_server", *words, "--data", str(self.folder)],
            capture_output=True,
            check=False,
            text=True,
            env=self.env,
            timeout=PATIENCE,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return Ran(done.returncode, done.stdout, done.stderr)

    def kill_during(self, words: Sequence[str], after: float) -> bool:
        """Start an operator's command and kill it; whether it was still running."""
        command = [sys.executable, "-m", "kithbook_server", *words, "--data", str(self.folder)]
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=self.env
        )
        try:
            process.wait(timeout=after)
        except subprocess.TimeoutExpired:
            process.kill()
        process.wait()
        return process.returncode == -signal.SIGKILL

    def start(self) -> None:
        command = [sys.executable, "-m", "kithbook_server", "serve", "--data", str(self.folder)]
        process = self.process = subprocess.Popen(
            [*command, "--port", self.port],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=self.env,
        )
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line)
            if line.startswith("http://"):
                break
        else:
            process.wait()
            process.stdout.close()
            pytest.fail(f"kithd did not start: {''.join(lines)}")
        self.greeting = line.strip()
        if self.port == "0":
            self.port = self.greeting.split("/")[2].rpartition(":")[2]
        # Nobody may block on a full pipe.
        self.drain = threading.Thread(target=self._drain, args=(process.stdout,))
        self.drain.start()

    def _drain(self, said: TextIO) -> None:
        self.log += said.read()

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self._end()

    def stop(self) -> int:
        """Ask it to end; its exit code."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.terminate()
        return self._end()

    def _end(self) -> int:
        assert self.process is not None
        assert self.process.stdout is not None
        try:
            code = self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        self.drain.join()
        self.process.stdout.close()
        return code

    def holds(self) -> dict[str, int]:
        """The highest seq of each log that is durably there, read past the server itself."""
        with reading(self.file) as db:
            return {log.hex(): seq for log, seq in db.execute("SELECT log, seq FROM log")}


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    db = sqlite3.connect(path, timeout=30)
    try:
        yield db
    finally:
        db.close()


@contextmanager
def tampering(path: Path) -> Iterator[sqlite3.Connection]:
    """The database without the triggers that keep its log as it is."""
    with reading(path) as db:
        for (name,) in list(db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")):
            with suppress(sqlite3.OperationalError):  # those of full-text search come and go
                db.execute(f'DROP TRIGGER "{name}"')
        yield db
        db.commit()
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def settle(path: Path) -> None:
    """Bring what is in the write-ahead log into the file, so that the file is all there is."""
    with reading(path) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def seconds(command: Callable[[], object]) -> float:
    """How long a call takes, to choose a moment within."""
    begin = time.monotonic()
    command()
    return time.monotonic() - begin


def moments(kills: int, longest: float, seed: int) -> Iterable[float]:
    """A moment in each of so many equal parts of the time that a command takes, in any order."""
    chance = Random(seed)
    part = longest / kills
    spread = [(n + chance.random()) * part for n in range(kills)]
    chance.shuffle(spread)
    return spread


def write_lines(path: Path, lines: Iterable[object]) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def history(path: Path, number: int, lines: int, people: int = 200) -> Path:
    """A file of helps and trust among some people, each line different and like no other file's.

    Every 200th line thanks for the one before, so that an import is several transactions.
    """
    chance = Random(number)
    told: list[dict[str, Any]] = []
    for n in range(lines):
        a, b = (f"p:{one}" for one in chance.sample(range(people), 2))
        at = f"{2000 + number}-01-01T{n // 3600:02}:{n // 60 % 60:02}:{n % 60:02}Z"
        if n % 200 == 199:
            last = told[-1]
            last["event"] = name = f"{number}:{n - 1}"
            thanks = {"type": "thanked", "by": last["to"], "to": last["by"], "for": [name]}
            told.append({**thanks, "at": at})
        elif n % 3 == 0 and n % 200 != 198:
            told.append({"type": "trusted", "by": a, "whom": b, "level": n % 11, "at": at})
        else:
            told.append({"type": "helped", "by": a, "to": b, "what": f"job {n}", "at": at})
    return write_lines(path, told)
