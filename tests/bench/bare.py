"""The bare client, and both kinds of server as processes of their own."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
import urllib3

from tests.bench import limits
from tests.bench.bare_server import ROUND


class BareClient:
    """Keeps rows in a database of its own, pushes those it has not pushed, pulls what is new."""

    def __init__(self, folder: Path, port: int, log: bytes = limits.LOG) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.db = limits.database(folder / "client.db")
        self.log = log
        self.reach(port)

    def reach(self, port: int) -> None:
        """Turn to a server that knows nothing yet."""
        self.http = urllib3.HTTPConnectionPool("127.0.0.1", port, maxsize=1)
        self.pushed = self.pulled = 0

    def push(self) -> None:
        while records := limits.after(self.db, self.log, self.pushed, ROUND):
            body = msgspec.msgpack.encode((self.log, self.pushed + 1, records))
            self._done(self.http.urlopen("POST", "/push", body=body))
            self.pushed += len(records)
            if len(records) < ROUND:
                return

    def pull(self) -> None:
        while True:
            answer = self._done(self.http.urlopen("GET", f"/pull/{self.log.hex()}/{self.pulled}"))
            records = msgspec.msgpack.decode(answer, type=list[bytes])
            if records:
                rows = limits.numbered(records, self.pulled + 1, self.log)
                limits.insert_many(self.db, rows)
                self.pulled += len(records)
            if len(records) < ROUND:
                return

    def _done(self, response: urllib3.BaseHTTPResponse) -> bytes:
        if response.status >= 300:
            raise RuntimeError(response.data.decode())
        return response.data

    def close(self) -> None:
        self.http.close()
        self.db.close()


@contextmanager
def process(*words: str) -> Iterator[subprocess.Popen[str]]:
    """A Python program that runs meanwhile; only what was started here is ended."""
    command = [sys.executable, *words]
    started = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        yield started
    finally:
        started.terminate()
        started.communicate(timeout=30)


@contextmanager
def bare_server(folder: Path, *database: str) -> Iterator[int]:
    """The port of a bare log server."""
    folder.mkdir(parents=True, exist_ok=True)
    with process("-m", "tests.bench.bare_server", str(folder), *database) as started:
        yield int(next(iter(started.stdout or ())))


def filled(client: BareClient, records: Sequence[bytes]) -> BareClient:
    limits.insert_many(client.db, limits.numbered(records, log=client.log))
    return client
