"""The views: the resolved facts as rows of tables, kept in step with the logs.

Rows, the digest's sum and how far the views have read are written in the transaction that writes
the events, so that they are never a prefix of what is held.
"""

from collections.abc import Collection, Iterable
from typing import Any

from kithbook.facts.digest import MODULUS, VERSION
from kithbook.facts.tables import MAKE, SUMS, Place, Table
from kithbook_client.bulk import insert
from kithbook_client.handles import Change, Handles, is_handle
from kithbook_client.kept import Kept
from kithbook_client.log import Logs
from kithbook_client.numbers import NEVER
from kithbook_client.schema import Connection
from kithbook_client.shapes import SHAPES, Columns


class Views:
    """The views of one network."""

    def __init__(self, db: Connection, logs: Logs) -> None:
        self.db = db
        self.logs = logs
        self.people = logs.people
        self.handles = Handles(db, logs.people)
        self.weight = 0
        self.version = 0
        self.kept = Kept()
        self.shapes = {
            table: tuple(shape(logs) for shape in shapes) for table, shapes in SHAPES.items()
        }

    def load(self) -> None:
        """Read where the views stand."""
        row = self.db.execute(
            "SELECT weight, version FROM tracking WHERE network = ?", (self.logs.network,)
        ).fetchone()
        weight, self.version = row or (b"", 0)
        self.kept.clear()
        self.weight = int.from_bytes(weight, "big")

    def save(self, tables: Iterable[tuple[str, Table[Any, Any]]]) -> None:
        """Write the rows that changed, and what they change in the digest's sum."""
        for name, table in tables:
            if not table:
                continue
            changed, gone, weight = table.changes()
            if changed or gone:
                self.weight += weight
                self._write(name, changed, gone, table.before)
            if name in SUMS:
                self.kept.put(name, ((key, row) for key, row in table.items() if not row.empty))

    def know_that_none_are_stored(self) -> bool:
        """Whether there are no sums yet; then all that come are kept from the first one on."""
        if not any(self.db.execute(f"SELECT 1 FROM {name} LIMIT 1").fetchone() for name in SUMS):
            self.kept.is_all = True
        return self.kept.is_all

    def _write(
        self, name: str, changed: list[tuple[Any, Any]], gone: list[Any], before: Collection[Any]
    ) -> None:
        for shape in self.shapes[name]:
            rows = shape.columns(changed)
            old = [shape.key_of(key) for key in gone]
            if shape.many:
                old += [shape.key_of(key) for key, _ in changed if key in before]
            if name == "card":
                self._name(rows, old, {shape.key_of(key) for key in before if is_handle(key[1])})
            if old:
                self.db.executemany(shape.delete, old)
            # In order they go to neighbouring leaves of the tree, which is quicker.
            rows.sort()
            insert(self.db, shape.insert, rows, shape.or_else)

    def _name(self, rows: list[Columns], gone: list[Columns], before: set[Columns]) -> None:
        """What people are called changes with their cards, and so does what is found by words."""
        values = {key: self._value(key) for key in before}
        self.handles.change(
            [
                *(Change(key[0], key[1], values.get(key), None) for key in gone),
                *(Change(row[0], row[1], values.get(row[:2]), row[2]) for row in rows),
            ]
        )
        people = {row[0] for row in (*rows, *gone)}
        known = [(person,) for person in people if person < self.people.first_new]
        if known:
            self.db.executemany("DELETE FROM text WHERE id = ?", known)

    def _value(self, key: Columns) -> str | None:
        row = self.db.execute("SELECT value FROM card WHERE person = ? AND field = ?", key)
        value: str | None = row.fetchone()[0]
        return value

    def track(self) -> None:
        """Note that the views hold everything that the logs hold."""
        self.weight %= MODULUS
        self.version = VERSION
        self.people.first_new = NEVER
        self.db.execute(
            "INSERT INTO tracking VALUES (?, ?, ?, ?) ON CONFLICT(network) DO UPDATE SET "
            "position = excluded.position, weight = excluded.weight, version = excluded.version",
            (self.logs.network, self.logs.position, self.weight.to_bytes(32, "big"), VERSION),
        )

    def voids(self) -> dict[str, int]:
        """Reason → how many events do not count for it."""
        return dict(
            self.db.execute(
                f"SELECT reason, count(*) FROM void WHERE {MINE['void']} GROUP BY reason",
                (self.logs.network,),
            )
        )

    def void(self, place: Place) -> str | None:
        """Why an event does not count, if so."""
        row = self.row("void", place)
        return row.reason if row else None

    def row(self, table: str, key: Any) -> Any | None:
        """A stored row."""
        row = None
        for shape in self.shapes[table]:
            found = self.db.execute(shape.select, shape.key_of(key)).fetchall()
            if not found:
                continue
            if shape.many:
                row = MAKE[table]() if row is None else row
                shape.fill(row, found)
            else:
                row = shape.make(found[0])
        return row

    def clear(self) -> None:
        """Empty the views of this network, before everything is folded in again."""
        alone = self.db.execute("SELECT count(*) FROM network").fetchone()[0] == 1
        for table, mine in MINE.items():
            # A DELETE without WHERE drops the table's pages at once.
            where = "" if alone else f" WHERE {mine}"
            args = () if alone else (self.logs.network,)
            self.db.execute(f"DELETE FROM {table}{where}", args)
        network = (self.logs.network,)
        self.db.execute("UPDATE person SET name = NULL WHERE network = ?", network)
        self.db.execute("UPDATE log SET searched = 0 WHERE network = ?", network)
        self.weight = 0
        self.kept.clear()


_BY_PERSON = "{} IN (SELECT no FROM person WHERE network = ?)"
_BY_LOG = "{} >> 32 IN (SELECT no FROM log WHERE network = ?)"

MINE = {
    "tie": _BY_PERSON.format("author"),
    "link": _BY_PERSON.format("author"),
    "help": _BY_LOG.format("event"),
    "thanks": _BY_LOG.format("help"),
    "referral": _BY_LOG.format("event"),
    "card": _BY_PERSON.format("person"),
    "rule": "network = ?",
    "merge": _BY_LOG.format("event"),
    "void": _BY_LOG.format("event"),
    "retraction": _BY_LOG.format("event"),
    "handle": _BY_PERSON.format("person"),
    "text": (
        "CASE WHEN text.id >> 32 THEN (SELECT network FROM log WHERE no = text.id >> 32) "
        "ELSE (SELECT network FROM person WHERE no = text.id) END = ?"
    ),
}
"""The tables of the views, and which of their rows are of one network."""
