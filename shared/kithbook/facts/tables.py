"""The tables of rows that a fold has in work."""

from collections.abc import Callable, Iterable
from typing import Any, Generic, Protocol, TypeVar

from kithbook.facts.digest import weigh
from kithbook.facts.rows import Field, Help, Link, Merge, Referral, Retractions, Row, Tie, Void

PairKey = tuple[bytes, bytes, bytes]
"""(author, a, b): what the author's log says of two people."""
Place = tuple[bytes, int]
"""Where an event stands: log and seq."""
TableName = str

Key = TypeVar("Key")
R = TypeVar("R", bound=Row)


class Loads(Protocol):
    """Where stored rows come from."""

    def load(self, table: TableName, key: Any) -> Any | None:
        """A stored row, which the fold may change, or None."""
        ...


class Table(dict[Key, R], Generic[Key, R]):
    """Rows in work by key; asking for an absent one loads it, or makes an empty one."""

    def __init__(self, name: TableName, make: Callable[[], R], loads: Loads | None) -> None:
        super().__init__()
        self.name = name
        self.make = make
        self.loads = loads
        self.before: dict[Key, int] = {}

    def __missing__(self, key: Key) -> R:
        row: R | None = self.loads.load(self.name, key) if self.loads else None
        if row is None:
            row = self.make()
        else:
            self.before[key] = weigh(self.name, key, row)
        self[key] = row
        return row

    def replace(self, key: Key, row: R) -> None:
        """Put another row in the place of whatever is stored there."""
        self[key]  # loads it, so that its weight leaves the digest
        self[key] = row

    def changes(self) -> tuple[list[tuple[Key, R]], list[Key], int]:
        """The rows that changed, the keys of those that are gone, and by how much that changes the
        digest's sum.
        """
        name, before = self.name, self.before
        changed: list[tuple[Key, R]] = []
        gone: list[Key] = []
        weight = 0
        for key, row in self.items():
            was = before.get(key, 0)
            now = 0 if row.empty else weigh(name, key, row)
            if now != was:
                weight += now - was
                if now:
                    changed.append((key, row))
                else:
                    gone.append(key)
        return changed, gone, weight


class Tables:
    """All tables, over what is stored or, without it, from nothing."""

    def __init__(self, loads: Loads | None = None) -> None:
        self.tie: Table[PairKey, Tie] = Table("tie", Tie, loads)
        self.link: Table[PairKey, Link] = Table("link", Link, loads)
        self.help: Table[Place, Help] = Table("help", Help, loads)
        self.referral: Table[Place, Referral] = Table("referral", Referral, loads)
        self.card: Table[tuple[bytes, str], Field] = Table("card", Field, loads)
        self.rule: Table[str, Field] = Table("rule", Field, loads)
        self.merge: Table[Place, Merge] = Table("merge", Merge, loads)
        self.void: Table[Place, Void] = Table("void", Void, loads)
        self.retraction: Table[Place, Retractions] = Table("retraction", Retractions, loads)

    def items(self) -> Iterable[tuple[TableName, Table[Any, Any]]]:
        """Name and table of each."""
        return vars(self).items()

    def __getitem__(self, name: TableName) -> Table[Any, Any]:
        table: Table[Any, Any] = getattr(self, name)
        return table


NAMES: tuple[TableName, ...] = tuple(name for name, _ in Tables().items())
SUMS = ("tie", "link")
"""Tables that keep only the sum of their events: who loses one is worked out anew."""
