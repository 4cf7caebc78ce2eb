"""The databases that the settings name, made or brought up to date."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from kithbook.errors import Invalid, NotFound, Unavailable, Unsupported
from kithbook_server.accounts import Accounts
from kithbook_server.accounts.backends import PostgresBackend, SQLiteBackend
from kithbook_server.log import LogRecorder
from kithbook_server.log.datastore import tables_in
from kithbook_server.log.recorder import SQLiteLogRecorder
from kithbook_server.settings import Settings

if TYPE_CHECKING:
    from kithbook_server.log.postgres.datastore import PooledDatastore

ACCOUNT_CONNECTIONS = 2
"""What is decided is remembered, so few requests ask for it."""


def wall_clock() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000


class Stores(NamedTuple):
    """All that a server keeps."""

    recorder: LogRecorder
    accounts: Accounts

    def close(self) -> None:
        self.recorder.close()
        self.accounts.close()


def open_stores(settings: Settings) -> Stores:
    recorder = open_recorder(settings)
    try:
        return Stores(recorder, open_accounts(settings))
    except BaseException:
        recorder.close()
        raise


def open_file(path: Path) -> Stores:
    """Both in one file, as a backup has them."""
    accounts = SQLiteBackend(path, "accounts_events")
    return Stores(SQLiteLogRecorder.open(path), Accounts(accounts, wall_clock))


def check_backup(path: Path) -> None:
    """Raises NotFound or Invalid where there is none; a file of anybody else's is left as it is."""
    if not path.exists():
        raise NotFound(f"There is no file {path}.", "Name one that `kithd backup` has written.")
    if not {"record", "accounts_events"} <= tables_in(path):
        raise Invalid(
            f"{path} is no backup of kithd.", "Name a file that `kithd backup` has written."
        )


def open_recorder(settings: Settings) -> LogRecorder:
    if settings.database:
        datastore = _datastore(settings, settings.connections)
        from kithbook_server.log.postgres.recorder import PostgresLogRecorder

        return PostgresLogRecorder.open(datastore)
    return SQLiteLogRecorder.open(settings.folder / "logs.sqlite")


def open_accounts(settings: Settings, now_ms: Callable[[], int] = wall_clock) -> Accounts:
    if settings.database:
        return Accounts(PostgresBackend(_datastore(settings, ACCOUNT_CONNECTIONS)), now_ms)
    return Accounts(SQLiteBackend(settings.folder / "accounts.sqlite"), now_ms)


def _datastore(settings: Settings, connections: int) -> "PooledDatastore":
    try:
        from kithbook_server.log.postgres.datastore import PooledDatastore
    except ModuleNotFoundError as error:
        raise Unsupported(
            f"This kithd was installed without PostgreSQL: there is no {error.name}.",
            "Install it with: pip install 'kithbook[server,postgres]'",
        ) from None
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
