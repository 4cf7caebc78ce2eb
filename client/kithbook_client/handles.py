"""Handles: what people are called, as it is looked up."""

from collections.abc import Iterable
from typing import NamedTuple

from kithbook.ids import fold_name
from kithbook_client.bulk import insert
from kithbook_client.numbers import People
from kithbook_client.schema import Connection

NAME = "name"
PREFIXES = ("alias:", "email:")


class Change(NamedTuple):
    """A field of a card and its value before and after, None where it has none."""

    person: int
    field: str
    before: str | None
    after: str | None


class Handles:
    def __init__(self, db: Connection, people: People) -> None:
        self.db = db
        self.people = people

    def change(self, changes: Iterable[Change]) -> None:
        """Bring the handles in line with fields of cards that changed."""
        gone, come, names = [], [], []
        for change in changes:
            person, field, before, after = change
            if not is_handle(field) or before == after:
                continue
            gone += [(text, person, field) for text, _ in _handles(field, before)]
            come += [(text, person, field, whole) for text, whole in _handles(field, after)]
            if field == NAME:
                names.append((after or None, person))
        if gone:
            self.db.executemany(
                "DELETE FROM handle WHERE text = ? AND person = ? AND field = ?", gone
            )
        # In order they go to neighbouring leaves of the tree, which is quicker.
        insert(self.db, "INSERT OR IGNORE INTO handle", sorted(come))
        self.db.executemany("UPDATE person SET name = ? WHERE no = ?", names)

    def lookup(self, folded: str) -> list[bytes]:
        """The people with exactly this name, alias or e-mail address, folded."""
        rows = self.db.execute(
            "SELECT DISTINCT person.id FROM handle JOIN person ON person.no = handle.person "
            "WHERE text = ? AND whole AND network = ? ORDER BY 1",
            (folded, self.people.network),
        )
        return [person for (person,) in rows]

    def lookup_start(self, folded: str) -> list[tuple[bytes, str]]:
        """(person, handle) of the whole names, aliases and addresses that start like this."""
        rows = self.db.execute(
            "SELECT person.id, text FROM handle JOIN person ON person.no = handle.person "
            "WHERE text >= ? AND text < ? AND whole AND network = ? ORDER BY 2, 1",
            (folded, folded + "\U0010ffff", self.people.network),
        )
        return rows.fetchall()

    def lookup_prefix(self, folded: str) -> list[tuple[bytes, str]]:
        """(person, name) of those with a handle, or a word in one, that starts like this."""
        rows = self.db.execute(
            "SELECT DISTINCT person.id, coalesce(person.name, handle.text) "
            "FROM handle JOIN person ON person.no = handle.person "
            "WHERE text >= ? AND text < ? AND network = ? ORDER BY 2, 1",
            (folded, folded + "\U0010ffff", self.people.network),
        )
        return list(dict(rows).items())

    def lookup_id(self, digits: str) -> list[bytes]:
        """The people whose ids start with these hexadecimal digits."""
        low, high = digits.ljust(32, "0"), digits.ljust(32, "f")
        rows = self.db.execute(
            "SELECT id FROM person WHERE id BETWEEN ? AND ? AND network = ?",
            (bytes.fromhex(low), bytes.fromhex(high), self.people.network),
        )
        return [person for (person,) in rows]

    def names(self, people: Iterable[bytes]) -> dict[bytes, str]:
        """Person → name, of those who have one, each id by itself."""
        found = {}
        for person in people:
            row = self.db.execute(
                "SELECT name FROM person WHERE id = ? AND network = ? AND name IS NOT NULL",
                (person, self.people.network),
            ).fetchone()
            if row:
                found[person] = row[0]
        return found


def is_handle(field: str) -> bool:
    """Whether a field of a card is something to find the person by."""
    return field == NAME or field.startswith(PREFIXES)


def handle_of(field: str, value: str) -> str:
    """What somebody with this value in this field is found by."""
    return fold_name(value if field == NAME else field.partition(":")[2])


def _handles(field: str, value: str | None) -> Iterable[tuple[str, int]]:
    """(text, 1 for all of it and 0 for its end from a further word on) of a field with a value."""
    if not value:
        return
    text = handle_of(field, value)
    yield text, 1
    if not field.startswith("email:"):
        words = text.split(" ")
        for start in range(1, len(words)):
            yield " ".join(words[start:]), 0
