"""Sums kept in memory: whoever writes on most often needs the same ones again."""

from collections.abc import Iterable
from typing import Any

from kithbook.facts.tables import SUMS, PairKey

KEEP = 100_000
"""Rows to keep at most."""


class Kept:
    """Rows of SUMS as they are stored; whoever takes one out to change it puts it back."""

    def __init__(self, *, is_all: bool = False) -> None:
        self.is_all = is_all
        """Whether no other sums are stored, so that what is not here is nowhere."""
        self._rows: dict[str, dict[PairKey, Any]] = {name: {} for name in SUMS}

    def take(self, table: str, key: PairKey) -> Any | None:
        return self._rows[table].pop(key, None)

    def __contains__(self, name: tuple[str, PairKey]) -> bool:
        table, key = name
        return key in self._rows[table]

    def put(self, table: str, rows: Iterable[tuple[PairKey, Any]]) -> None:
        self._rows[table].update(rows)
        if sum(map(len, self._rows.values())) > KEEP:
            self.clear()

    def clear(self) -> None:
        self.is_all = False
        for rows in self._rows.values():
            rows.clear()
