"""The tables of rows that a fold has in work."""

from collections.abc import Callable, Iterable
from typing import Any, Generic, Protocol, TypeVar

from kithbook.facts.digest import weigh
from kithbook.facts.rows import Field, Help, Link, Merge, Referral, Retractions, Row, Tie, Void
from kithbook.hashing import hasher

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
        name, before, sha256 = self.name, self.before, hasher(len(self))
        changed: list[tuple[Key, R]] = []
        gone: list[Key] = []
        weight = 0
        for item in self.items():
            key, row = item
            now = 0 if row.empty else weigh(name, key, row, sha256)
            was = before.get(key, 0) if before else 0
            if now != was:
                weight += now - was
                if now:
                    changed.append(item)
                else:
                    gone.append(key)
        return changed, gone, weight


MAKE: dict[TableName, Callable[[], Row]] = {
    "tie": Tie,
    "link": Link,
    "help": Help,
    "referral": Referral,
    "card": Field,
    "rule": Field,
    "merge": Merge,
    "void": Void,
    "retraction": Retractions,
}
"""What makes an empty row of each table."""


class Tables:
    """All tables, over what is stored or, without it, from nothing.

    A table is made when it is first asked for: most events need two or three.
    """

    tie: Table[PairKey, Tie]
    link: Table[PairKey, Link]
    help: Table[Place, Help]
    referral: Table[Place, Referral]
    card: Table[tuple[bytes, str], Field]
    rule: Table[str, Field]
    merge: Table[Place, Merge]
    void: Table[Place, Void]
    retraction: Table[Place, Retractions]

    def __init__(self, loads: Loads | None = None) -> None:
        self._loads = loads

    def __getattr__(self, name: TableName) -> Table[Any, Any]:
        if name not in MAKE:
            raise AttributeError(name)
        table: Table[Any, Any] = Table(name, MAKE[name], self._loads)
        setattr(self, name, table)
        return table

    def items(self) -> Iterable[tuple[TableName, Table[Any, Any]]]:
        """Name and table of each that was asked for."""
        return [(name, table) for name, table in vars(self).items() if name in MAKE]

    def __getitem__(self, name: TableName) -> Table[Any, Any]:
        table: Table[Any, Any] = getattr(self, name)
        return table


SUMS = ("tie", "link")
"""Tables that keep only the sum of their events: who loses one is worked out anew."""
