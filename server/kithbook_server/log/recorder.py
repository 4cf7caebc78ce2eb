"""The log store as an `eventsourcing` recorder: originator = log, version = seq, topic = kind.

It passes the library's own recorder test cases. Sync itself moves raw rows through `reading` and
`writing`; the library's methods are for what the library offers on top of a recorder. They differ
from its stock recorder in one rule: a gap is refused as a duplicate is, with IntegrityError.
"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any
from uuid import UUID

from eventsourcing.persistence import ConnectionPoolClosedError, Notification, StoredEvent
from eventsourcing.sqlite import SQLiteApplicationRecorder, SQLiteCursor

from kithbook.errors import Unsupported
from kithbook.ids import NetworkId
from kithbook_server.log import TOPICS, Pool, schema
from kithbook_server.log.datastore import LOCK_SECONDS, DurableDatastore, raw, telling
from kithbook_server.log.sqlite import SQLiteReading, SQLiteWriting
from kithbook_server.log.stored import NO_END, NO_NETWORK, insert, log_of

_SELECT = "SELECT position, originator_id, originator_version, topic, state FROM stored_events"


class SQLiteLogRecorder(SQLiteApplicationRecorder):
    def __init__(self, datastore: DurableDatastore) -> None:
        super().__init__(datastore)
        self._place = datastore.pool.db_name
        self._asking = Lock()
        self._tell: Callable[[NetworkId], None] = lambda _: None
        self.select_max_notification_id_statement = "SELECT MAX(position) FROM record"

    @classmethod
    def open(cls, path: Path) -> "SQLiteLogRecorder":
        """The recorder in a file, made or brought up to date."""
        with telling(path):
            recorder = cls(DurableDatastore.at(path))
            recorder.create_table()
        return recorder

    def on_news(self, tell: Callable[[NetworkId], None]) -> None:
        """What another process writes to these files is not told: whoever asks next finds it."""
        self._tell = tell

    @contextmanager
    def reading(self) -> Iterator[SQLiteReading]:
        with telling(self._place), self.datastore.transaction(commit=False) as cursor:
            yield SQLiteReading(raw(cursor))

    @contextmanager
    def writing(self) -> Iterator[SQLiteWriting]:
        with telling(self._place), self.datastore.transaction(commit=True) as cursor:
            writing = SQLiteWriting(raw(cursor))
            yield writing
        for network in writing.grown:
            self._tell(network)

    def last_act(self, network: NetworkId) -> int:
        """Asked each time: `kithd restore` may write to these files while they are served. Every
        round asks it, so it has a connection of its own, without a pool and a transaction.
        """
        with telling(self._place), self._asking:
            if self.datastore.pool.closed:
                raise ConnectionPoolClosedError
            return SQLiteReading(self._asked).last_act(network)

    def pool(self) -> Pool:
        pool = self.datastore.pool
        return Pool(pool.num_in_use, pool.pool_size + pool.max_overflow)

    def problems(self) -> list[str]:
        with telling(self._place), self.datastore.transaction(commit=False) as cursor:
            sql = raw(cursor).execute
            found = [row[0] for row in sql("PRAGMA integrity_check") if row[0] != "ok"]
            misnamed = sql(schema.MISNAMED, TOPICS).fetchall()
        return found + [f"the record at position {row[0]} has a wrong topic" for row in misnamed]

    def close(self) -> None:
        self.datastore.close()
        with self._asking:
            if "_asked" in vars(self):
                self._asked.connection.close()

    @cached_property
    def _asked(self) -> sqlite3.Cursor:
        return sqlite3.connect(
            self._place, LOCK_SECONDS, isolation_level=None, check_same_thread=False
        ).cursor()

    def _create_table(self, c: SQLiteCursor) -> None:
        sql = raw(c)
        version = sql.execute("PRAGMA user_version").fetchone()[0]
        if version > schema.VERSION:
            raise Unsupported(
                f"This database has layout {version}, and this kithd knows up to {schema.VERSION}.",
                "Start the kithd that wrote it, or a newer one.",
            )
        if version < schema.VERSION:
            for statement in _statements(schema.TABLES + schema.TRIGGERS):
                sql.execute(statement)
            sql.execute(f"PRAGMA user_version = {schema.VERSION}")

    def _insert_events(
        self, c: SQLiteCursor, stored_events: Sequence[StoredEvent], **kwargs: Any
    ) -> Sequence[int]:
        network = kwargs.get("network", NO_NETWORK)
        return insert(SQLiteWriting(raw(c)), network, stored_events)

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        statement = (
            f"{_SELECT} WHERE originator_id = ? AND originator_version > ?"
            f" AND originator_version <= ? ORDER BY originator_version"
            f" {'DESC' if desc else 'ASC'} LIMIT ?"
        )
        with self.datastore.transaction(commit=False) as c:
            rows = raw(c).execute(
                statement,
                (
                    log_of(originator_id),
                    -1 if gt is None else gt,
                    NO_END if lte is None else lte,
                    NO_END if limit is None else limit,
                ),
            )
            return [
                StoredEvent(UUID(bytes=log), seq, topic, state)
                for _, log, seq, topic, state in rows
            ]

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        begin = 0 if start is None else start + (not inclusive_of_start)
        chosen = f"AND topic IN ({', '.join('?' * len(topics))})" if topics else ""
        statement = f"{_SELECT} WHERE position BETWEEN ? AND ? {chosen} ORDER BY position LIMIT ?"
        with self.datastore.transaction(commit=False) as c:
            rows = raw(c).execute(
                statement, (begin, NO_END if stop is None else stop, *topics, limit)
            )
            return [
                Notification(UUID(bytes=log), seq, topic, state, id=position)
                for position, log, seq, topic, state in rows
            ]


def _statements(script: str) -> Iterator[str]:
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
