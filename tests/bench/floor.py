"""The floor: the rows that a home ends with, inserted as they are.

They were worked out before, which costs nothing here: whoever keeps views as rows must write as
many, and folding comes on top.
"""

from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

from kithbook_client.replica import Replica
from kithbook_client.schema import create
from tests.bench import limits

INDEX = ("person", "mention", "source")
VIEWS = ("tie", "link", "help", "thanks", "referral", "card", "void")


class Floor:
    def __init__(self, replica: Replica, tables: Sequence[str]) -> None:
        db = replica.db
        self.schema = [
            sql
            for table in tables
            for (sql,) in db.execute("SELECT sql FROM sqlite_master WHERE tbl_name = ?", (table,))
            if sql
        ]
        self.rows = {table: db.execute(f"SELECT * FROM {table}").fetchall() for table in tables}

    def seconds(self, path: Path) -> float:
        create(str(path))
        db = limits.database(path)
        for statement in self.schema:
            db.execute(statement)
        start = perf_counter()
        db.execute("BEGIN IMMEDIATE")
        for table, rows in self.rows.items():
            if rows:
                marks = ",".join("?" * len(rows[0]))
                db.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)
        db.execute("COMMIT")
        spent = perf_counter() - start
        db.close()
        return spent
