"""The log store as a PostgreSQL recorder of the library's; see `log.recorder` for what differs.

The library's own methods see one network, as positions are counted in each: that of no network.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from eventsourcing.persistence import Notification, StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder

from kithbook.errors import Unsupported
from kithbook.ids import NetworkId
from kithbook_server.log import TOPICS, Pool
from kithbook_server.log.postgres import schema
from kithbook_server.log.postgres.datastore import PooledDatastore
from kithbook_server.log.postgres.listening import Listening
from kithbook_server.log.postgres.reading import PostgresReading
from kithbook_server.log.postgres.writing import CHANNEL, PostgresWriting
from kithbook_server.log.stored import NO_END, NO_NETWORK, insert, log_of

_SELECT = "SELECT position, originator_id, originator_version, topic, state FROM stored_events"


class PostgresLogRecorder(PostgresApplicationRecorder):
    datastore: PooledDatastore

    def __init__(self, datastore: PooledDatastore) -> None:
        super().__init__(datastore)
        datastore.db_type_names.discard(self.stored_event_type_name)
        self.channel_name = CHANNEL
        self._listening: Listening | None = None

    @classmethod
    def open(cls, datastore: PooledDatastore) -> "PostgresLogRecorder":
        """The recorder in a database, whose tables are made or brought up to date."""
        with datastore.telling(), datastore.making():
            recorder = cls(datastore)
            recorder.create_table()
        return recorder

    def create_table(self) -> None:
        with self.datastore.writing() as cursor:
            made = cursor.execute("SELECT to_regclass('layout') IS NOT NULL").fetchone()
            if made == (False,):
                cursor.connection.execute(schema.TABLES)
            [[version]] = cursor.execute("SELECT version FROM layout").fetchall()
        if version > schema.VERSION:
            raise Unsupported(
                f"This database has layout {version}, and this kithd knows up to {schema.VERSION}.",
                "Start the kithd that wrote it, or a newer one.",
            )

    @contextmanager
    def reading(self) -> Iterator[PostgresReading]:
        with self.datastore.reading() as cursor:
            yield PostgresReading(cursor)

    @contextmanager
    def writing(self) -> Iterator[PostgresWriting]:
        with self.datastore.writing() as cursor, PostgresWriting.on(cursor) as writing:
            yield writing

    def last_act(self, network: NetworkId) -> int:
        with self.datastore.once() as cursor:
            return PostgresReading(cursor).last_act(network)

    def on_news(self, tell: Callable[[NetworkId], None]) -> None:
        def missed() -> None:
            with self.reading() as held:
                networks = held.networks()
            for network in networks:
                tell(network)

        self._listening = Listening(
            self.datastore, CHANNEL, lambda told: tell(NetworkId(bytes.fromhex(told))), missed
        )

    def pool(self) -> Pool:
        stats = self.datastore.pool.get_stats()
        return Pool(stats["pool_size"] - stats["pool_available"], stats["pool_max"])

    def problems(self) -> list[str]:
        with self.datastore.reading() as cursor:
            misnamed = cursor.execute(schema.MISNAMED, (list(TOPICS),)).fetchall()
        return [f"the record at position {row[0]} has a wrong topic" for row in misnamed]

    def close(self) -> None:
        if self._listening:
            self._listening.close()
        self.datastore.close()

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int]:
        with self.writing() as writing:
            return insert(writing, kwargs.get("network", NO_NETWORK), stored_events)

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
            f"{_SELECT} WHERE originator_id = %s AND originator_version > %s"
            f" AND originator_version <= %s ORDER BY originator_version"
            f" {'DESC' if desc else 'ASC'} LIMIT %s"
        )
        asked = (
            log_of(originator_id),
            -1 if gt is None else gt,
            NO_END if lte is None else lte,
            limit,
        )
        with self.datastore.once() as cursor:
            return [
                StoredEvent(UUID(bytes=log), seq, topic, state)
                for _, log, seq, topic, state in cursor.execute(statement, asked)
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
        statement = (
            f"{_SELECT} WHERE network = %s AND position BETWEEN %s AND %s"
            f" {'AND topic = ANY(%s)' if topics else ''} ORDER BY position LIMIT %s"
        )
        begin = 0 if start is None else start + (not inclusive_of_start)
        asked = (NO_NETWORK, begin, NO_END if stop is None else stop)
        chosen = [list(topics)] if topics else []
        with self.datastore.once() as cursor:
            return [
                Notification(UUID(bytes=log), seq, topic, state, id=position)
                for position, log, seq, topic, state in cursor.execute(
                    statement, (*asked, *chosen, limit)
                )
            ]

    def max_notification_id(self) -> int | None:
        with self.datastore.once() as cursor:
            row = cursor.execute(
                "SELECT nullif(position, 0) FROM network WHERE network = %s", (NO_NETWORK,)
            ).fetchone()
        return row[0] if row else None
