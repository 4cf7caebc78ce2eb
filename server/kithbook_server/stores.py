"""The databases that the settings name, made or brought up to date."""

import time
from collections.abc import Callable

from kithbook.errors import Unsupported
from kithbook_server.accounts import Accounts
from kithbook_server.log import LogRecorder
from kithbook_server.log.recorder import SQLiteLogRecorder
from kithbook_server.settings import Settings


def wall_clock() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def open_recorder(settings: Settings) -> LogRecorder:
    if settings.database:
        raise Unsupported(
            f"This kithd cannot use {settings.database.partition(':')[0]} yet.",
            "PostgreSQL comes with a later release; leave KITHD_DATABASE and --database out"
            " to keep the data in a file.",
        )
    return SQLiteLogRecorder.open(settings.folder / "logs.sqlite")


def open_accounts(settings: Settings, now_ms: Callable[[], int] = wall_clock) -> Accounts:
    return Accounts.open(settings.folder / "accounts.sqlite", now_ms)
