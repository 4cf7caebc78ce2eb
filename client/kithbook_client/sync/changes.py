"""Listening: a thread of its own that holds one stream of changes open and tells what comes.

It touches no database, so that the thread that syncs need not wait for it.
"""

import threading
import time
from collections.abc import Callable

from kithbook.errors import KithbookError, NotFound
from kithbook.ids import NetworkId
from kithbook_client.sync.http import HttpServer
from kithbook_client.sync.pace import backoff, chance

STEADY_SECONDS = 60
"""After a stream that lasted so long, the row of failures is over."""

Tell = Callable[[str | None], None]
"""Called with the heads that the server has, and with None when it does not tell of changes now."""


class Listener:
    """Connects again whenever the stream ends, until it is stopped."""

    def __init__(self, server: HttpServer, network: NetworkId, tell: Tell) -> None:
        self._server = server
        self._network = network
        self._tell = tell
        self._stopped = threading.Event()
        threading.Thread(target=self._run, daemon=True).start()

    def stop(self) -> None:
        """Say nothing any more; a stream that is open is left to end by itself."""
        self._stopped.set()

    def _run(self) -> None:
        failures = 0
        while not self._stopped.is_set():
            began = time.monotonic()
            try:
                for heads in self._server.changes(self._network):
                    self._say(heads)
                    if self._stopped.is_set():
                        return
            except NotFound:
                return  # an older kithd
            except KithbookError:
                pass  # whoever syncs meets the same, and says so
            finally:
                self._say(None)
            failures = 0 if time.monotonic() - began > STEADY_SECONDS else failures + 1
            self._stopped.wait(backoff(failures, chance()))

    def _say(self, heads: str | None) -> None:
        if not self._stopped.is_set():
            self._tell(heads)
