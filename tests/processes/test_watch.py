"""`kith sync --watch` as it is run: what one laptop writes is soon on another, come what may."""

import json
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any
from urllib.request import Request, urlopen

import pytest

from kithbook.errors import KithbookError
from kithbook_client.home import Home
from kithbook_client.replica import Replica
from kithbook_client.sync.rounds import SyncReport
from kithbook_client.sync.watching import Watch
from tests.postgres import Postgres
from tests.processes.real import PATIENCE, Laptop, Server


class Watching:
    """A laptop that watches, and the lines that it prints."""

    def __init__(self, laptop: Laptop, *words: str) -> None:
        self.laptop = laptop
        self.process = laptop.start("sync", "--watch", *words)
        self.lines: SimpleQueue[str] = SimpleQueue()
        self.readers = [
            threading.Thread(target=self._read, args=(stream,))
            for stream in (self.process.stdout, self.process.stderr)
        ]
        for reader in self.readers:
            reader.start()

    def _read(self, stream: Any) -> None:
        for line in stream:
            self.lines.put(line.strip())

    def until(self, said: Callable[[str], bool], so: Callable[[], bool] = lambda: True) -> str:
        """The first line of which this is true and after which things are so, however long it takes
        to come: what was written earlier may be told of in a line of its own.
        """
        heard = []
        while True:
            try:
                heard.append(self.lines.get(timeout=PATIENCE))
            except Empty:
                pytest.fail(f"it said only {heard}")
            if said(heard[-1]) and so():
                return heard[-1]

    def end(self, with_signal: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(with_signal)
        code = self.process.wait(timeout=PATIENCE)
        for reader in self.readers:
            reader.join()
        for stream in (self.process.stdout, self.process.stderr):
            assert stream is not None
            stream.close()
        return code


@contextmanager
def watching(laptop: Laptop, *words: str) -> Iterator[Watching]:
    watching = Watching(laptop, *words)
    try:
        yield watching
    finally:
        if watching.process.poll() is None:
            assert watching.end() == 0


def pulled(line: str) -> bool:
    return bool(json.loads(line).get("networks", [{}])[0].get("pulled"))


def pushed(line: str) -> bool:
    return bool(json.loads(line).get("networks", [{}])[0].get("pushed"))


def knows(laptop: Laptop, name: str) -> Callable[[], bool]:
    return lambda: name in laptop.names


def test_what_one_laptop_writes_is_soon_on_another_that_watches(
    laptop: Laptop, hosted: Server, desk: Laptop
) -> None:
    with watching(laptop, "--json") as here, watching(desk, "--json") as there:
        laptop.run("met", "Dora")
        here.until(pushed)
        there.until(pulled, knows(desk, "Dora"))
        desk.run("met", "Emil")
        here.until(pulled, knows(laptop, "Emil"))
    assert laptop.network["digest"] == desk.network["digest"]


def test_a_server_that_was_away_is_found_again_and_nothing_is_lost(
    laptop: Laptop, hosted: Server, desk: Laptop
) -> None:
    with watching(laptop, "--json") as here, watching(desk, "--json") as there:
        laptop.run("met", "Dora")
        there.until(pulled)
        for name in ("Emil", "Fred"):
            hosted.kill()
            laptop.run("met", name)
            here.until(lambda line: "unreachable" in line)
            hosted.start()
            there.until(pulled, knows(desk, name))
    assert laptop.network["digest"] == desk.network["digest"]
    assert laptop.network["pending"] == desk.network["pending"] == 0


def test_it_does_not_matter_through_which_server_process(
    laptop: Laptop, tmp_path: Path, postgres: Postgres
) -> None:
    desk = Laptop(tmp_path / "desk")
    with (
        postgres.empty() as url,
        Server(tmp_path / "one", database=url) as one,
        Server(tmp_path / "two", database=url) as two,
    ):
        laptop.run("join", one.greeting)
        link = laptop.run("device", "add").splitlines()[-1]
        desk.run("join", link.replace(one.url, two.url), "--device", "desk")
        laptop.sync()
        with watching(laptop, "--json") as here, watching(desk, "--json") as there:
            laptop.run("met", "Dora")
            there.until(pulled, knows(desk, "Dora"))
            desk.run("met", "Emil")
            here.until(pulled, knows(laptop, "Emil"))
            two.kill()
            two.start()
            laptop.run("met", "Fred")
            there.until(pulled, knows(desk, "Fred"))
        assert laptop.network["digest"] == desk.network["digest"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_says_little_and_ends_in_order(
    laptop: Laptop, hosted: Server, number: signal.Signals
) -> None:
    with watching(laptop) as here:
        assert here.until(bool) == f"Watching private at {hosted.url}."
        here.until(lambda line: line == "Ctrl-C ends it.")
        laptop.run("met", "Dora")
        line = here.until(bool)
        assert line.startswith("private: pushed ")
        assert line.endswith(", pulled 0, up to date.")
        assert here.end(number) == 0
        assert here.lines.empty()
    assert laptop.ask("verify")["ok"]


def test_a_network_that_gets_a_server_meanwhile_is_watched_too(
    laptop: Laptop, hosted: Server, tmp_path: Path
) -> None:
    with watching(laptop, "--json") as here, Server(tmp_path / "other") as other:
        laptop.run("join", other.greeting)
        laptop.run("met", "Dora")
        here.until(pushed, lambda: other.holds() == laptop.network["logs"])
        assert laptop.network["server"] == other.url


def test_there_has_to_be_something_to_watch(laptop: Laptop, tmp_path: Path) -> None:
    assert laptop.refused("sync", "--watch")["code"] == "no_server"
    laptop.refused("sync", "--watch", str(tmp_path), code=2)


class _WithoutChanges(BaseHTTPRequestHandler):
    """Passes rounds and sessions on to a kithd, and knows no stream of changes."""

    server_url = ""

    def do_GET(self) -> None:
        self._answer(404, "application/problem+json", b'{"code":"not_found","detail":"No."}')

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        asked = Request(self.server_url + self.path, body, dict(self.headers), method="POST")
        with urlopen(asked, timeout=PATIENCE) as reply:
            headers = {"content-encoding": reply.headers.get("content-encoding") or "identity"}
            self._answer(reply.status, reply.headers["content-type"], reply.read(), headers)

    def _answer(
        self, status: int, media: str, body: bytes, headers: dict[str, str] | None = None
    ) -> None:
        self.send_response(status)
        told = {"content-type": media, "content-length": str(len(body)), **(headers or {})}
        for name, value in told.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


def test_a_server_that_tells_of_no_changes_is_asked_now_and_then(
    laptop: Laptop, hosted: Server, desk: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kithbook_client.sync.watching.POLL_SECONDS", 0.1)
    monkeypatch.setattr(_WithoutChanges, "server_url", hosted.url)
    laptop.run("met", "Dora")
    home = Home.open(laptop.folder)

    def heard(_: Replica, report: SyncReport | KithbookError) -> None:
        assert isinstance(report, SyncReport), report
        if report.pulled:
            raise KeyboardInterrupt
        desk.run("met", "Emil")
        desk.sync()

    with ThreadingHTTPServer(("127.0.0.1", 0), _WithoutChanges) as proxy:
        threading.Thread(target=proxy.serve_forever).start()
        url = f"http://127.0.0.1:{proxy.server_port}"
        try:
            with pytest.raises(KeyboardInterrupt):
                Watch(home, lambda: [(home.replica(), url)], heard).run()
        finally:
            proxy.shutdown()
            home.close()
    assert {"Dora", "Emil"} <= laptop.names


def test_what_a_team_brings_to_ones_own_network_goes_on_from_there(
    laptop: Laptop, hosted: Server, tmp_path: Path
) -> None:
    """Joining a team ties who one is there to who one is at home: an event of one's own network."""
    bob, home = Laptop(tmp_path / "bob"), Laptop(tmp_path / "bob at home")
    bob.run("init", "--me", "Bob")
    bob.run("join", hosted.link())
    home.run("join", bob.run("device", "add").splitlines()[-1], "--device", "home")
    laptop.run("network", "new", "team")
    link = laptop.run("invite", "Bob", "--in", "team").splitlines()[-1]
    with watching(bob, "--json") as here, watching(home, "--json") as there:
        bob.run("join", link)
        laptop.run("met", "Zoe", "--in", "team")
        laptop.run("sync")
        here.until(lambda line: "team" in line and pulled(line))
        there.until(pulled)
        bob.run("met", "Yan", "--in", "private")
        there.until(lambda line: pulled(line) and "Yan" in home.names)
