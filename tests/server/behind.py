"""A database as somebody has it who goes past kithd."""

import re
import sqlite3
from pathlib import Path
from typing import Any

import psycopg

from kithbook_server.log.postgres.schema import PARTITIONED


class Behind:
    """`store` are settings that name the data; statements are put with question marks."""

    def __init__(self, store: dict[str, Any]) -> None:
        self.url: str = store.get("database", "")
        self.folder = Path(store.get("data", ""))

    def __call__(self, statement: str, *values: object, file: str = "logs") -> list[Any]:
        """The rows it gives, or as many empty ones as it changes."""
        if self.url:
            with psycopg.connect(self.url, options="-c search_path=kithd") as connection:
                statement = re.sub(
                    r"zeroblob\((\d+)\)", r"decode(repeat('00', \1), 'hex')", statement
                )
                found = connection.execute(statement.replace("?", "%s"), values)
                return found.fetchall() if found.description else [()] * found.rowcount
        connection = sqlite3.connect(self.folder / f"{file}.sqlite")
        try:
            with connection:
                rows = connection.execute(statement, values)
                return rows.fetchall() if rows.description else [()] * rows.rowcount
        finally:
            connection.close()

    def unguard(self) -> None:
        """Take away what keeps the log append-only."""
        if self.url:
            for table in (*PARTITIONED, "log"):
                self(f"DROP TRIGGER append_only ON {table}")
        else:
            for (name,) in self("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
                self(f"DROP TRIGGER {name}")
