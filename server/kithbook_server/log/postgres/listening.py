"""Hearing what other processes on the database tell, for as long as this one lives."""

import threading
from collections.abc import Callable

from psycopg import Connection, Error, sql

from kithbook.errors import KithbookError
from kithbook_server.log.postgres.datastore import PooledDatastore, Row

LOOK_SECONDS = 0.2
"""So often it looks whether it should end."""
RETRY_SECONDS = 0.5


class Listening:
    """`heard` is called for each thing told; `missed` when some may have passed unheard.

    That is so after every new connection, the first one too.
    """

    def __init__(
        self,
        datastore: PooledDatastore,
        channel: str,
        heard: Callable[[str], None],
        missed: Callable[[], None],
    ) -> None:
        self._datastore = datastore
        self._channel = channel
        self._heard = heard
        self._missed = missed
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"listens to {channel}", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._closed.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._closed.is_set():
            try:
                with self._datastore.connect() as connection:
                    self._listen(connection)
            except (KithbookError, Error):  # the database is away for a while
                self._closed.wait(RETRY_SECONDS)

    def _listen(self, connection: Connection[Row]) -> None:
        connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(self._channel)))
        self._missed()
        while not self._closed.is_set():
            for told in connection.notifies(timeout=LOOK_SECONDS):
                self._heard(told.payload)
