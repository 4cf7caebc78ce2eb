"""The databases that the settings name, made or brought up to date."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from kithbook.errors import Unavailable
from kithbook_server.accounts import Accounts
from kithbook_server.accounts.backends import PostgresBackend, SQLiteBackend
from kithbook_server.log import LogRecorder
from kithbook_server.log.recorder import SQLiteLogRecorder
from kithbook_server.settings import Settings

if TYPE_CHECKING:
    from kithbook_server.log.postgres.datastore import PooledDatastore

ACCOUNT_CONNECTIONS = 2
"""What is decided is remembered, so few requests ask for it."""


def wall_clock() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def open_recorder(settings: Settings) -> LogRecorder:
    if settings.database:
        from kithbook_server.log.postgres.recorder import PostgresLogRecorder

        return PostgresLogRecorder.open(_datastore(settings, settings.connections))
    return SQLiteLogRecorder.open(settings.folder / "logs.sqlite")


def open_accounts(settings: Settings, now_ms: Callable[[], int] = wall_clock) -> Accounts:
    if settings.database:
        return Accounts(PostgresBackend(_datastore(settings, ACCOUNT_CONNECTIONS)), now_ms)
    return Accounts(SQLiteBackend(settings.folder / "accounts.sqlite"), now_ms)


def _datastore(settings: Settings, connections: int) -> "PooledDatastore":
    from kithbook_server.log.postgres.datastore import PooledDatastore

    return PooledDatastore(settings.database, _password(settings), connections)


def _password(settings: Settings) -> str | None:
    if not settings.database_password_file:
        return None
    path = Path(settings.database_password_file).expanduser()
    try:
        return path.read_text().rstrip("\r\n")
    except OSError as error:
        raise Unavailable(
            f"The password of the database cannot be read from {path}: {error.strerror}.",
            "Name a file that kithd may read in KITHD_DATABASE_PASSWORD_FILE.",
        ) from None
