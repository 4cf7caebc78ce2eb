"""Direct levels fetched from a shelf: each person's once, when a search comes by."""

from collections.abc import Collection, Iterable, Mapping

from kithbook.facts.rows import Link
from kithbook.facts.tables import PairKey
from kithbook.readings.merges import ids_of
from kithbook.readings.rules import Rules
from kithbook.readings.shelf import Shelf
from kithbook.readings.trust.levels import NOBODY, Level, Word, graph, in_order, levels


class Fetched:
    """What a `Search` looks at, of the links whose author's word counts, merged people as one."""

    def __init__(self, shelf: Shelf, one: Mapping[bytes, bytes], word: Word, rules: Rules) -> None:
        self.shelf = shelf
        self.one = one
        self.word = word
        self.rules = rules
        self._by: dict[bytes, dict[bytes, Level]] = {}
        self._of: dict[bytes, dict[bytes, Level]] = {}

    def neighbours(self, person: bytes) -> dict[bytes, Level]:
        """Whom somebody has a level about."""
        known = self._by.get(person)
        if known is None:
            links = self.shelf.trust_from(ids_of(self.one, {person}))
            known = self._by[person] = graph(self._levels(links)).get(person, NOBODY)
        return known

    def load(self, people: Collection[bytes]) -> None:
        """Fetch the neighbours of these people with one question, before all are asked for."""
        links = self.shelf.trust_from(ids_of(self.one, people))
        found = graph(self._levels(links))
        self._by.update((person, found.get(person, NOBODY)) for person in people)

    def vouchers(self, person: bytes) -> dict[bytes, Level]:
        """Who has a level about somebody."""
        known = self._of.get(person)
        if known is None:
            links = self.shelf.trust_to(ids_of(self.one, {person}))
            known = self._of[person] = self._about(person, links)
        return known

    def stating(self, person: bytes, least: float) -> dict[bytes, Level]:
        """As `search.Stating`, of people who are not merged."""
        return self._about(person, self.shelf.stated_to((person,), least))

    def highest(self, person: bytes, count: int) -> tuple[dict[bytes, Level], float]:
        """As `Shelf.highest_from`, of somebody who is not merged."""
        links, most = self.shelf.highest_from((person,), count)
        return {whom: level for (_, whom), level in self._levels(links).items()}, most

    def _about(self, person: bytes, links: Iterable[tuple[PairKey, Link]]) -> dict[bytes, Level]:
        found = self._levels(links)
        return in_order({by: level for (by, whom), level in found.items() if whom == person})

    def _levels(self, links: Iterable[tuple[PairKey, Link]]) -> dict[tuple[bytes, bytes], Level]:
        return levels(links, self.one, self.word, self.rules)
