"""Watching: every network level with its server all the time, until somebody interrupts it.

One thread syncs and has the database; for each network another one listens to its server. What
another process writes here shows in SQLite's `data_version`.
"""

import time
from collections.abc import Callable
from functools import partial
from queue import Empty, SimpleQueue

from kithbook.errors import KithbookError
from kithbook.facts.digest import vector
from kithbook_client.home import Home
from kithbook_client.peers import Peer
from kithbook_client.replica import Replica
from kithbook_client.schema import plain_errors
from kithbook_client.sync.changes import Listener
from kithbook_client.sync.http import HttpServer
from kithbook_client.sync.pace import backoff, chance
from kithbook_client.sync.rounds import SyncReport
from kithbook_client.sync.servers import sync_and_settle

LOOK_SECONDS = 0.2
"""So often the file is looked at: another process's event leaves within a second."""
POLL_SECONDS = 30.0
"""So often a server is asked while it does not tell of changes."""
LULL_SECONDS = 600.0
"""And so often while it does, should it be silent for another reason."""

Heard = Callable[[Replica, SyncReport | KithbookError], None]
"""Called after each sync that changed something, and after each that failed."""


class Watch:
    """`find` gives the networks to watch and the address of each server; it is asked again whenever
    the file has changed.
    """

    def __init__(
        self, home: Home, find: Callable[[], list[tuple[Replica, str]]], heard: Heard
    ) -> None:
        self._home = home
        self._find = find
        self._heard = heard
        self._bell: SimpleQueue[None] = SimpleQueue()
        self._watched: dict[tuple[bytes, str], _Watched] = {}
        self._seen = -1

    def run(self) -> None:
        """Until KeyboardInterrupt, which leaves nothing half done."""
        try:
            while True:
                self._look()
                for watched in self._watched.values():
                    if watched.is_due:
                        self._sync(watched)
                self._wait()
        finally:
            for watched in self._watched.values():
                watched.listener.stop()

    def _look(self) -> None:
        """See whether another process has written."""
        (version,) = self._home.db.execute("PRAGMA data_version").fetchone()
        if version == self._seen:
            return
        self._seen = version
        found = {(replica.network, url): replica for replica, url in self._find()}
        for key in self._watched.keys() - found.keys():
            self._watched.pop(key).listener.stop()
        for key in found.keys() - self._watched.keys():
            self._watched[key] = _Watched(found[key], key[1], partial(self._bell.put, None))
        self._wake_grown()

    def _sync(self, watched: "_Watched") -> None:
        try:
            report = watched.sync()
        except KithbookError as error:
            self._heard(watched.replica, error)
        else:
            if report is not None:
                self._heard(watched.replica, report)
                self._wake_grown()  # what comes to a team may be noted in one's own network

    def _wake_grown(self) -> None:
        for watched in self._watched.values():
            if watched.has_grown:
                watched.wake()

    def _wait(self) -> None:
        try:
            self._bell.get(timeout=LOOK_SECONDS)
        except Empty:
            return


class _Watched:
    """One network at one server: when it is to be synced next, and what both held last."""

    def __init__(self, replica: Replica, url: str, ring: Callable[[], None]) -> None:
        self.replica = replica
        self._url = url
        self._ring = ring
        self._due = 0.0
        self._rhythm = POLL_SECONDS
        self._failures = 0
        self._held = ""
        self._refused: list[bytes] = []
        self._server: HttpServer | None = None
        self._told: SimpleQueue[str | None] = SimpleQueue()
        self.listener = Listener(self._connect(), replica.network, self._tell)

    @property
    def is_due(self) -> bool:
        while not self._told.empty():
            self._hear(self._told.get())
        return self._due <= time.monotonic()

    @property
    def has_grown(self) -> bool:
        """Whether there is something here that the server did not have at the last sync; while they
        fail, it waits for the next one.
        """
        return not self._failures and self._holds != self._held

    @property
    def _holds(self) -> str:
        return vector(head for head in self.replica.heads() if head.seq)

    def wake(self) -> None:
        self._due = 0.0

    def sync(self) -> SyncReport | None:
        """What there is to say of it, or None: what changed, or that it works again.

        Raises what `sync_and_settle` does, and is due again then.
        """
        replica = self.replica
        peer = replica.peer(self._url)
        try:
            self._server = self._server or self._connect(peer)
            with plain_errors(replica.home.path):
                report = sync_and_settle(replica, self._server, peer)
                # Not what is held here by now: another process may just have written.
                self._held = vector(peer.heads.values())
        except KithbookError:
            self._server = None
            self._failures += 1
            self._due = time.monotonic() + backoff(self._failures, chance())
            raise
        was_failing, self._failures = self._failures > 0, 0
        self._due = time.monotonic() + self._rhythm
        refused, before = [one.log for one in report.refused], self._refused
        self._refused = refused
        has_news = was_failing or report.pushed or report.pulled or refused != before
        return report if has_news else None

    def _connect(self, peer: Peer | None = None) -> HttpServer:
        replica = self.replica
        return HttpServer(self._url, replica.voices, peer, replica.home.now_ms())

    def _tell(self, heads: str | None) -> None:
        """Called by the thread that listens."""
        self._told.put(heads)
        self._ring()

    def _hear(self, heads: str | None) -> None:
        if heads is None:
            self._rhythm = POLL_SECONDS
            self._due = min(self._due, time.monotonic() + POLL_SECONDS)
            return
        is_new = self._rhythm == POLL_SECONDS
        self._rhythm = LULL_SECONDS
        if is_new or heads != self._holds:
            self.wake()
