"""Runs the `console` blocks of a page in a home of their own, and compares what is printed.

    python -m tests.docs.console README.md docs/tutorial.md

runs the pages and writes into them what differs. All blocks of a page are one story: files, folders
and exported variables stay from block to block, and a `kithd serve` runs on to the end of the page.
"""

import re
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Container, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from tests.postgres import Postgres

ROOT = Path(__file__).parents[2]
PORT = "8123"
"""The port in the pages; each run takes a free one."""
DATABASE = "postgresql://kithd@localhost/kithd"
"""The same of a PostgreSQL, which a page has when it names it."""
TIMEOUT = 30
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(http://127\.0\.0\.1:\d+/(setup|device|invite)#)[^\s'\"]*")

DATE = re.compile(r"\b\d{4}-\d\d-\d\d(?:[T ]\d\d:[\d:.]+(?:Z|[+-]\d\d:\d\d)?)?")
_PLACES = (
    (re.compile(r"\b(today|yesterday)( \d\d:\d\d)?( \(DATE\))?"), "DATE"),
    (re.compile(r"\b[0-9a-f]{8,}\b"), "ID"),
    (re.compile(r"\b\d+(\.\d+)? ?(ms|s|kB|MB)\b"), "AMOUNT"),
    (re.compile(r" {2,}|-{3,}|─{3,}"), "  "),
)


class Step(NamedTuple):
    """A command of a page and what the page says it prints, with where that stands."""

    command: str
    printed: str
    start: int
    end: int


def steps(page: str) -> Iterator[Step]:
    """The commands of a page, in order; lines that begin with `> ` go on with a command."""
    for block in BLOCK.finditer(page):
        at = start = block.start(1)
        command: list[str] = []
        for line in [*block[1].splitlines(keepends=True), "$ "]:
            if line.startswith("$ "):
                if command:
                    yield Step("".join(command).strip(), page[start:at], start, at)
                command, start = [line[2:]], at + len(line)
            elif start == at and line.startswith("> "):
                command.append(line[2:])
                start = at + len(line)
            at += len(line)


def same(printed: str, expected: str, said: Container[str] = ()) -> bool:
    """Whether two outputs differ in no more than ids, dates, and the width of columns.

    The dates in `said` are those that the page's commands name: they must be as they are. A line
    `…` in the page stands for any number of lines.
    """
    parts = _general(expected, said).split("\n…\n")
    pattern = r"\n(?:.*\n)*".join(map(re.escape, parts))
    return re.fullmatch(pattern, _general(printed, said)) is not None


def _general(text: str, said: Container[str]) -> str:
    text = DATE.sub(lambda date: date[0] if date[0] in said else "DATE", text)
    for pattern, place in _PLACES:
        text = pattern.sub(place, text)
    return "\n" + "".join(f"{line.strip()}\n" for line in text.splitlines())


class Shell:
    """A home in a temporary folder, with the commands of this checkout and a port of its own."""

    def __init__(self, folder: Path, database: str = DATABASE) -> None:
        self.folder = folder
        self.database = database
        self.port = str(_free_port())
        self.links: dict[str, str] = {}
        self.state = folder / "state"
        self.home = folder / "home"
        self.home.mkdir()
        self.servers: list[subprocess.Popen[bytes]] = []
        self.env = {
            "HOME": str(self.home),
            "PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "TZ": "UTC",
            "NO_COLOR": "1",
            "COLUMNS": "100",
            "KITHD_PORT": self.port,
        }

    def run(self, command: str) -> tuple[str, int]:
        """What the command printed, both streams together, and its exit code."""
        command = self._here(command)
        if "kithd serve" in command:
            return self._serve(command), 0
        script = (
            f"cd {shlex.quote(str(self.home))}\n[ ! -e {self.state} ] || . {self.state}\n"
            f"{command}\ncode=$?\n"
            f'{{ export -p; printf "cd %q\\n" "$PWD"; }} > {self.state}\nexit $code\n'
        )
        done = subprocess.run(
            ["bash", "-c", script],
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=TIMEOUT,
            check=False,
        )
        return self._there(done.stdout.decode()), done.returncode

    def _serve(self, command: str) -> str:
        """Start a server in place of the one before it, and wait until it answers."""
        self.close()
        printed = self.folder / "server"
        state = f"[ ! -e {self.state} ] || . {self.state}; " if self.state.exists() else ""
        with printed.open("wb") as out:
            server = subprocess.Popen(
                ["bash", "-c", f"{state}exec {command.removesuffix('&')}"],
                env=self.env,
                cwd=self.home,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        self.servers.append(server)
        end = time.monotonic() + TIMEOUT
        while time.monotonic() < end and server.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", int(self.port))) == 0:
                    break
            time.sleep(0.02)
        time.sleep(0.1)
        return self._there(printed.read_text())

    def _here(self, command: str) -> str:
        """A command of the page with the links and the port of this run."""
        command = LINK.sub(lambda link: self.links.get(link[2], link[0]), command)
        command = command.replace(DATABASE, f"'{self.database}'")
        return command.replace(f":{PORT}", f":{self.port}")

    def _there(self, printed: str) -> str:
        """What was printed as a page shows it; links are kept by their kind, without secrets."""
        for link in LINK.finditer(printed):
            self.links[link[2]] = link[0]
        printed = LINK.sub(r"\1SECRET", printed)
        home = re.compile(re.escape(str(self.home.resolve())) + "|" + re.escape(str(self.home)))
        printed = home.sub("/home/ada", printed).replace(f":{self.port}", f":{PORT}")
        return printed.replace(socket.gethostname(), "laptop")

    def close(self) -> None:
        for server in self.servers:
            if server.poll() is None:
                server.send_signal(signal.SIGTERM)
        for server in self.servers:
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()
        self.servers.clear()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def play(page: str, folder: Path) -> Iterator[tuple[Step, str, str | None]]:
    """Each step of a page, what it prints, and what is wrong with what the page says of it."""
    story = list(steps(page))
    said = {date for step in story for date in DATE.findall(step.command)}
    with ExitStack() as needed:
        database = DATABASE
        if DATABASE in page:
            database = needed.enter_context(needed.enter_context(Postgres.running()).empty())
        shell = Shell(folder, database)
        needed.callback(shell.close)
        for step in story:
            printed, code = shell.run(step.command)
            wrong = None if same(printed, step.printed, said) else "it prints something else"
            if code and not step.command.endswith(f"# exit {code}"):
                wrong = f"it ends with {code}"
            yield step, printed, wrong


def write(path: Path) -> None:
    """Write into a page what its commands really print, when any of it differs."""
    page = path.read_text()
    with tempfile.TemporaryDirectory() as folder:
        played = list(play(page, Path(folder)))
    if not any(wrong for _, _, wrong in played):
        return
    for step, printed, wrong in reversed(played):
        newline = "\n" if printed and not printed.endswith("\n") else ""
        page = page[: step.start] + printed + newline + page[step.end :]
        if wrong:
            print(f"{path}: {step.command}: {wrong}")
    path.write_text(page)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        write(Path(name))
