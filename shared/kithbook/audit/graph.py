"""The graph: levels between people, kept up while rows of the facts change under it."""

from kithbook.audit.scope import Scope, Standings
from kithbook.facts.tables import PairKey, Tables
from kithbook.readings.merges import classes
from kithbook.readings.rules import rules_of
from kithbook.readings.trust.levels import Kept, Level, levels
from kithbook.readings.trust.score import Score
from kithbook.readings.trust.search import Search

Pair = tuple[bytes, bytes]


class Graph:
    """What `reader` makes of these rows, where each log stands like this.

    It is made anew when merges, rules or standings change, and told of each link that does.
    """

    def __init__(self, rows: Tables, scope: Scope, standings: Standings, reader: bytes) -> None:
        self.rows = rows
        self.links = rows.link
        self.scope = scope
        self.standings = standings
        self.one = self._merged()
        self.rules = rules_of(rows.rule.items())
        self.word = scope.word(standings, reader, self.one)
        self._keys: dict[Pair, set[PairKey]] = {}
        self.neighbours, self.vouchers = Kept({}), Kept({})
        for key in self.links:
            self.update(key)

    def is_outdated(self) -> bool:
        """Whether merges or rules are others by now."""
        return self.one != self._merged() or self.rules != rules_of(self.rows.rule.items())

    def _merged(self) -> dict[bytes, bytes]:
        return classes(self.scope.merges(self.rows, self.standings))

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
