"""A replay: events taken in one by one, in any order, with the rows of the facts kept up."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from kithbook.events import people_in
from kithbook.facts.effects import Entry, apply
from kithbook.facts.fold import Facts, special
from kithbook.facts.tables import PairKey, Place, Tables
from kithbook.membership import Standing


class Replay:
    """Rows in memory, and the events behind them (`facts.fold.Stored`).

    An event that is known bears on which events count; once it is taken it is in effect as well.
    """

    def __init__(self, standings: Mapping[bytes, Standing]) -> None:
        self.facts = Facts(standings, {}, self)
        self.rows: Tables = self.facts.tables
        self._known: dict[Place, Entry] = {}
        self._sources: defaultdict[tuple[bytes, bytes], list[Entry]] = defaultdict(list)
        self._taken: defaultdict[bytes, dict[Place, Entry]] = defaultdict(dict)

    def know(self, entries: Sequence[Entry]) -> set[PairKey] | None:
        """Let these bear on which events count: the links that changed, None when none could."""
        repeated = set()
        for entry in entries:
            self._known[entry.log, entry.seq] = entry
            if entry.event.source is not None:
                copies = self._sources[entry.author, entry.event.source]
                copies.append(entry)
                if len(copies) > 1:
                    repeated.add(entry.event.source)
        bearing = list(special(entries, self.rows.retraction, repeated))
        if not bearing:
            return None
        self.facts.decide(bearing)
        return {key for table, key in self.facts.finish() if table == "link"}

    def take(self, entry: Entry) -> Iterable[PairKey]:
        """Let a known event be in effect, if it counts: the links that it is about."""
        for person in people_in(entry.event):
            self._taken[person][entry.log, entry.seq] = entry
        self.facts.take([entry])
        touched = Tables()
        apply(touched, [entry])
        return touched.link

    # Nothing is stored but what was taken in.

    def load(self, table: str, key: object) -> None:
        del table, key

    def entry(self, log: bytes, seq: int) -> Entry | None:
        return self._known.get((log, seq))

    def naming(self, a: bytes, b: bytes) -> Iterator[Entry]:
        some, other = self._taken[a], self._taken[b]
        return (entry for place, entry in some.items() if place in other)

    def copies(self, author: bytes, source: bytes) -> list[Entry]:
        return self._sources[author, source]
