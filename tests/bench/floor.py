"""The floor of a pull: what nobody can do without who checks it and keeps the views as rows.

It checks the chain, decodes each body and inserts the rows that a replica ends with, which were
worked out before and cost nothing here. No row is folded and none is weighed.
"""

from collections.abc import Sequence
from pathlib import Path
from sqlite3 import Connection
from time import perf_counter

from kithbook.envelope import NO_HASH, chain, record_event
from kithbook_client.replica import Replica
from kithbook_client.schema import create
from tests.bench import limits

ROWS = ("mention", "source", "person", "tie", "link", "help", "thanks", "referral", "card")


class Floor:
    def __init__(self, replica: Replica, records: Sequence[bytes]) -> None:
        self.network = replica.network
        self.records = records
        self.schema = _read(replica.db, "SELECT sql FROM sqlite_master WHERE tbl_name = ?")
        self.rows = _read(replica.db, "SELECT * FROM {}")

    def seconds(self, path: Path) -> float:
        """How long it takes on top of a bare pull."""
        create(str(path))
        db = limits.database(path)
        for statements in self.schema.values():
            for (sql,) in filter(any, statements):
                db.execute(sql)
        start = perf_counter()
        chain(self.network, limits.LOG, 1, NO_HASH, self.records)
        for record in self.records:
            record_event(record)
        db.execute("BEGIN IMMEDIATE")
        for table, rows in self.rows.items():
            if rows:
                marks = ",".join("?" * len(rows[0]))
                db.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)
        db.execute("COMMIT")
        spent = perf_counter() - start
        db.close()
        return spent


def _read(db: Connection, question: str) -> dict[str, list[tuple[object, ...]]]:
    """Table → what it answers to a question about it."""
    found = {}
    for table in ROWS:
        args = (table,) if "?" in question else ()
        found[table] = db.execute(question.format(table), args).fetchall()
    return found
