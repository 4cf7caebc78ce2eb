"""The library's infrastructure for the accounts, over the datastores of ours."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from eventsourcing.persistence import InfrastructureFactory
from eventsourcing.sqlite import SQLiteApplicationRecorder, SQLiteFactory
from eventsourcing.utils import Environment

from kithbook_server.log.datastore import DurableDatastore, telling

if TYPE_CHECKING:
    from kithbook_server.log.postgres.datastore import PooledDatastore
    from kithbook_server.log.postgres.listening import Listening


class Backend(Protocol):
    def making(self) -> AbstractContextManager[None]:
        """Within the block, this process is the only one that makes tables."""
        ...

    def telling(self) -> AbstractContextManager[None]:
        """Database errors told as ours."""
        ...

    def factory(self, env: Environment) -> InfrastructureFactory[Any]: ...

    def follow(self, read: Callable[[], None]) -> None:
        """From now on have this called when another process has decided something."""
        ...

    def close(self) -> None: ...


class SQLiteBackend:
    def __init__(self, path: Path, table: str = "stored_events") -> None:
        self._path = path
        self._table = table
        with telling(path):
            self._datastore = DurableDatastore.at(path)

    @contextmanager
    def making(self) -> Iterator[None]:
        yield

    def telling(self) -> AbstractContextManager[None]:
        return telling(self._path)

    def factory(self, env: Environment) -> InfrastructureFactory[Any]:
        return _SQLiteFactory(self._datastore, self._table, env)

    def follow(self, read: Callable[[], None]) -> None:
        """Whoever else writes to this file is asked before a no, which is enough."""

    def close(self) -> None:
        self._datastore.close()


class _SQLiteFactory(SQLiteFactory):
    def __init__(self, datastore: DurableDatastore, table: str, env: Environment) -> None:
        InfrastructureFactory.__init__(self, env)
        self.datastore = datastore
        self._table = table

    def application_recorder(self) -> SQLiteApplicationRecorder:
        recorder = SQLiteApplicationRecorder(self.datastore, events_table_name=self._table)
        recorder.create_table()
        return recorder


class PostgresBackend:
    def __init__(self, datastore: "PooledDatastore") -> None:
        self._datastore = datastore
        self._listening: Listening | None = None

    def making(self) -> AbstractContextManager[None]:
        return self._datastore.making()

    def telling(self) -> AbstractContextManager[None]:
        return self._datastore.telling()

    def factory(self, env: Environment) -> InfrastructureFactory[Any]:
        from eventsourcing.postgres import PostgresFactory

        factory = PostgresFactory.__new__(PostgresFactory)
        InfrastructureFactory.__init__(factory, env)
        factory.datastore = self._datastore
        return factory

    def follow(self, read: Callable[[], None]) -> None:
        from kithbook_server.log.postgres.listening import Listening

        # The library's recorder tells of each insertion on a channel with the name of its table.
        self._listening = Listening(self._datastore, "accounts_events", lambda _: read(), read)

    def close(self) -> None:
        if self._listening:
            self._listening.close()
        self._datastore.close()
