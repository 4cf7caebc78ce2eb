"""The library's PostgreSQL datastore with a pool of our own, and errors told as ours."""

import select
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from eventsourcing.persistence import (
    DatabaseError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    PersistenceError,
)
from eventsourcing.postgres import ConnectionPool, PostgresDatastore
from psycopg import Connection, Cursor, IsolationLevel
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import DictRow, dict_row, tuple_row

from kithbook.errors import Damaged, Invalid, Unavailable

SCHEMA = "kithd"
CONNECTIONS = 10
WAIT_SECONDS = 10
"""A restart of the database server takes less, and whoever waits for it notices nothing."""
IDLE_SECONDS = 60
"""A process that hangs within a transaction does not hold the others up for longer than this."""

# Plans are for a few rows of a big table, for which compiling them takes longer than running them.
_SESSION = f"SET search_path = {SCHEMA}; SET jit = off; SET max_parallel_workers_per_gather = 0"
# One process at a time makes the tables.
_MAKING = int.from_bytes(b"kithd")

Row = tuple[Any, ...]


class PooledDatastore(PostgresDatastore):
    """`url` is anything that libpq takes; a password stands in it, beside it, or in its files."""

    def __init__(
        self, url: str, password: str | None = None, connections: int = CONNECTIONS
    ) -> None:
        super().__init__("", "", "", "", "", schema=SCHEMA)
        self.parameters = _parameters(url, password)
        named, host = self.parameters.get("dbname"), self.parameters.get("host")
        self.place = f"{named or 'of this user'} on {host or 'this machine'}"
        self.idle_in_transaction_session_timeout = IDLE_SECONDS
        self.pool = ConnectionPool(
            connection_class=Connection[DictRow],
            kwargs={**self.parameters, "row_factory": dict_row},
            min_size=1,
            max_size=connections,
            open=False,
            configure=self.after_connect_func(),
            check=_still_there,
            timeout=WAIT_SECONDS,
        )

    def connect(self) -> Connection[Row]:
        """A connection apart from the pool."""
        with self.telling():
            return psycopg.connect(**self.parameters, autocommit=True, row_factory=tuple_row)

    @contextmanager
    def reading(self) -> Iterator[Cursor[Row]]:
        """All that is asked in the block is of one moment."""
        with self._transaction(IsolationLevel.REPEATABLE_READ, read_only=True) as cursor:
            yield cursor

    @contextmanager
    def writing(self) -> Iterator[Cursor[Row]]:
        """Sees what others have committed once it has their locks."""
        with self._transaction(IsolationLevel.READ_COMMITTED, read_only=False) as cursor:
            yield cursor

    @contextmanager
    def _transaction(self, level: IsolationLevel, *, read_only: bool) -> Iterator[Cursor[Row]]:
        with self.telling(), self.get_connection() as connection:
            # These are only remembered, and sent with the BEGIN.
            connection.isolation_level, connection.read_only = level, read_only
            with connection.transaction(), _plain(connection) as cursor:
                yield cursor

    @contextmanager
    def once(self) -> Iterator[Cursor[Row]]:
        """For a single statement."""
        with self.telling(), self.get_connection() as connection, _plain(connection) as cursor:
            yield cursor

    @contextmanager
    def making(self) -> Iterator[None]:
        """Make tables within the block, and be the only process that does."""
        with self.connect() as connection:
            connection.execute("SELECT pg_advisory_lock(%s)", (_MAKING,))
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
            yield

    @contextmanager
    def telling(self) -> Iterator[None]:
        """Database errors told as ours, with the place of the database and never its password."""
        try:
            yield
        except IntegrityError:
            raise
        except (OperationalError, InterfaceError, psycopg.OperationalError) as error:
            raise Unavailable(
                f"The database {self.place} cannot be used now: {_first_line(error)}.",
                "See that it runs and lets kithd in; kithd goes on by itself once it does.",
            ) from error
        except (DatabaseError, PersistenceError, psycopg.Error) as error:
            raise Damaged(
                f"The database {self.place} is not as kithd made it: {_first_line(error)}.",
                "Restore it from a backup, or start with an empty one: devices refill it.",
            ) from error

    def after_connect_func(self) -> Any:
        after = super().after_connect_func()

        def configure(connection: Connection[Any]) -> None:
            after(connection)
            connection.execute(_SESSION)

        return configure


def _parameters(url: str, password: str | None) -> dict[str, Any]:
    try:
        found = conninfo_to_dict(url)
    except psycopg.Error as error:
        raise Invalid(
            f"The URL of the database cannot be used: {_first_line(error)}.",
            "Write it as postgresql://USER@HOST:PORT/DATABASE.",
        ) from None
    found.setdefault("connect_timeout", 5)
    found.setdefault("application_name", "kithd")
    return found if password is None else {**found, "password": password}


def _still_there(connection: Connection[Any]) -> None:
    """A server that goes away says so to idle connections: only one that spoke is asked."""
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    if poll.poll(0):
        ConnectionPool.check_connection(connection)


def _plain(connection: Connection[Any]) -> Cursor[Row]:
    """A cursor with plain tuples for rows, and with values that need no parsing."""
    return connection.cursor(binary=True, row_factory=tuple_row)


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0].rstrip(".")
