"""The graph: levels between people, kept up while rows of the facts change under it."""

from collections.abc import Collection

from kithbook.facts.tables import PairKey, Tables
from kithbook.readings.merges import classes, in_force
from kithbook.readings.rules import rules_of
from kithbook.readings.trust.levels import Kept, Level, Word, levels
from kithbook.readings.trust.score import Score
from kithbook.readings.trust.search import Search

Pair = tuple[bytes, bytes]


class Graph:
    """What `reader` makes of these rows; `speakers` are the people who have devices.

    It is made anew when merges, rules or speakers change, and told of each link that does.
    """

    def __init__(self, rows: Tables, speakers: Collection[bytes], reader: bytes) -> None:
        self.rows = rows
        self.links = rows.link
        self.speakers = set(speakers)
        self.one = self._merged()
        self.rules = rules_of(rows.rule.items())
        self.word = Word(speakers, reader, self.one)
        self._keys: dict[Pair, set[PairKey]] = {}
        self.neighbours, self.vouchers = Kept({}), Kept({})
        for key in self.links:
            self.update(key)

    def is_outdated(self) -> bool:
        """Whether merges or rules are others by now."""
        return self.one != self._merged() or self.rules != rules_of(self.rows.rule.items())

    def _merged(self) -> dict[bytes, bytes]:
        merges = [merge for merge in self.rows.merge.values() if not merge.empty]
        return classes(in_force(merges, self.speakers))

    def root(self, person: bytes) -> bytes:
        return self.one.get(person, person)

    def update(self, key: PairKey) -> tuple[Pair, Level | None, Level | None]:
        """Take in that a link changed: between whom, and their level before and after."""
        author, a, b = key
        pair = a, b = self.root(a), self.root(b)
        before = self.neighbours.level(a, b)
        if a == b or not self.word.counts(author, key[1]):
            return pair, before, before
        keys = self._keys.setdefault(pair, set())
        keys.add(key)
        rows = ((k, self.links[k]) for k in keys)
        after = levels(rows, self.one, self.word, self.rules).get(pair)
        if after != before:
            self.neighbours.put(a, b, after)
            self.vouchers.put(b, a, after)
        return pair, before, after

    def score(self, start: bytes, to: bytes) -> Score:
        """How far trust carries, as things stand."""
        search = Search(self.root(start), self.neighbours, self.vouchers, self.rules)
        return search.one(self.root(to))
