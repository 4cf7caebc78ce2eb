"""Resolved facts kept in dicts: what the server reads from, and what a replay folds into.

The rows are linear in people, links, evidence days and helps. Of the events only where they stand
is kept, by person and by source; `fetch` reads one again when a fold must look back.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from copy import deepcopy
from typing import Any

from kithbook.events import people_in
from kithbook.facts.digest import MODULUS
from kithbook.facts.effects import Entry
from kithbook.facts.fold import Facts, is_in_effect, special
from kithbook.facts.rows import Field, Help, Link, Merge, Referral, Tie, winner
from kithbook.facts.tables import MAKE, PairKey, Place
from kithbook.membership import Standing, members
from kithbook.readings.merges import in_force
from kithbook.readings.shelf import NOT_QUICKER, Patched, Shelf, latest_first

Fetch = Callable[[bytes, int], Entry | None]


class Memory:
    """Stored facts of one network (`facts.fold.Stored`), to be read as a `readings.shelf.Shelf`."""

    def __init__(self, fetch: Fetch) -> None:
        self.fetch = fetch
        self.rows: dict[str, dict[Any, Any]] = {name: {} for name in MAKE}
        self.weight = 0
        self.members: set[bytes] = set()
        self.folded: set[bytes] = set()
        """The logs of which anything is folded in."""
        self._named: defaultdict[bytes, set[Place]] = defaultdict(set)
        self._sources: defaultdict[tuple[bytes, bytes], set[Place]] = defaultdict(set)
        self._keys: defaultdict[tuple[str, bytes], set[Any]] = defaultdict(set)

    def fold(
        self,
        standings: Mapping[bytes, Standing],
        entries: Collection[Entry],
        aside: Iterable[tuple[bytes, int, str]] = (),
        upto: int | None = None,
    ) -> None:
        """Take in events that are new here; `aside` are (log, seq, reason) of unreadable ones.

        With `upto`, what happens later bears on which events count, as all that is known does, but
        is not in effect.
        """
        folding = self.folding(standings)
        folding.take(entries, aside, upto)
        folding.save()

    def folding(self, standings: Mapping[bytes, Standing]) -> "Folding":
        """What takes events in some at a time, and brings the rows in line when it saves."""
        self.members = members(standings.values())
        return Folding(self, standings)

    def index(self, entry: Entry) -> set[bytes]:
        """Note where an event stands; gives its source back when it is held more than once."""
        place = entry.log, entry.seq
        for person in people_in(entry.event):
            self._named[person].add(place)
        source = entry.event.source
        if source is None:
            return set()
        copies = self._sources[entry.author, source]
        copies.add(place)
        return {source} if len(copies) > 1 else set()

    def save(self, facts: Facts) -> None:
        """Bring the rows in line with facts in work."""
        for name, table in facts.tables.items():
            rows = self.rows[name]
            changed, _, weight = table.changes()
            self.weight = (self.weight + weight) % MODULUS
            for key, row in changed:
                if key not in rows or name == "help":  # which may have had to wait for who gave it
                    self._find_by(name, key, row)
            # One that did not change may be in the place of a stored one that was worked on.
            rows.update(table)
            for key in [key for key, row in table.items() if row.empty]:
                del rows[key]

    def _find_by(self, table: str, key: Any, row: Any) -> None:
        match row:
            case Tie() | Link():
                people: Iterable[bytes] = key[1:]
            case Help(given=given) if given is not None:
                people = (given.by, given.to)
            case Referral(said=said) if said is not None:
                people = (said.by, said.who, said.to)
            case Field() if table == "card":
                people = (key[0],)
            case _:
                return
        for person in people:
            self._keys[table, person].add(key)

    def load(self, table: str, key: Any) -> Any | None:
        return self.rows[table].get(key)

    def without(
        self, standings: Mapping[bytes, Standing], entries: Iterable[Entry], reason: str
    ) -> Shelf:
        """The same facts without these events; what is kept here stays as it is."""
        facts = Facts(standings, {}, Copies(self))
        facts.without(entries, reason)
        return Patched(self, facts.tables)

    def entry(self, log: bytes, seq: int) -> Entry | None:
        return self.fetch(log, seq)

    def naming(self, a: bytes, b: bytes) -> Iterator[Entry]:
        return self._fetch_all(self._named[a] & self._named[b])

    def copies(self, author: bytes, source: bytes) -> Iterator[Entry]:
        return self._fetch_all(self._sources[author, source])

    def _fetch_all(self, places: Iterable[Place]) -> Iterator[Entry]:
        for place in places:
            if (entry := self.fetch(*place)) is not None:
                yield entry

    def merges(self) -> Iterable[Merge]:
        return in_force(self.rows["merge"].values(), self.members)

    def rules(self) -> Iterable[tuple[str, Field]]:
        return self.rows["rule"].items()

    def ties_of(self, people: Collection[bytes]) -> list[tuple[PairKey, Tie]]:
        return sorted(self._of("tie", people), key=latest_first)

    def links_from(self, people: Collection[bytes]) -> Iterator[tuple[PairKey, Link]]:
        return (found for found in self._of("link", people) if found[0][1] in people)

    def links_to(self, people: Collection[bytes]) -> Iterator[tuple[PairKey, Link]]:
        return (found for found in self._of("link", people) if found[0][2] in people)

    trust_from = links_from
    trust_to = links_to

    def highest_from(
        self,
        people: Collection[bytes],  # noqa: ARG002 - `Shelf` asks it
        count: int,  # noqa: ARG002
    ) -> tuple[Iterable[tuple[PairKey, Link]], float]:
        return NOT_QUICKER

    def links_between(
        self, ones: Collection[bytes], others: Collection[bytes]
    ) -> Iterator[tuple[PairKey, Link]]:
        return (found for found in self.links_from(ones) if found[0][2] in others)

    def helps_of(self, people: Collection[bytes]) -> Iterator[tuple[Place, Help]]:
        return (found for found in self._of("help", people) if not found[1].closed({}))

    def referrals_of(self, people: Collection[bytes]) -> Iterator[tuple[Place, Referral]]:
        return self._of("referral", people)

    def card_of(self, people: Collection[bytes]) -> Iterator[tuple[bytes, str, Field]]:
        return ((*key, row) for key, row in self._of("card", people))

    def cards(self, names: Collection[str]) -> Iterator[tuple[bytes, str, Field]]:
        for (person, name), field in self.rows["card"].items():
            if not names or name in names:
                yield person, name, field

    def names(self) -> Iterator[tuple[bytes, str]]:
        for person, _, field in self.cards(("name",)):
            if (value := winner([field])) is not None and value.value:
                yield person, value.value

    def _of(self, table: str, people: Collection[bytes]) -> Iterator[tuple[Any, Any]]:
        rows = self.rows[table]
        keys = set().union(*(self._keys.get((table, person), ()) for person in people))
        return ((key, rows[key]) for key in keys if key in rows)


class Folding:
    """Takes in events that are new to a memory; each row that they touch is weighed once."""

    def __init__(self, memory: Memory, standings: Mapping[bytes, Standing]) -> None:
        self.memory = memory
        self.fresh: dict[bytes, int] = {}
        self.facts = Facts(standings, self.fresh, memory)

    def take(
        self,
        entries: Collection[Entry],
        aside: Iterable[tuple[bytes, int, str]] = (),
        upto: int | None = None,
    ) -> None:
        """As `Memory.fold`, but for the rows: of each log, what comes after all that was taken."""
        memory, facts = self.memory, self.facts
        first: dict[bytes, int] = {}
        last: dict[bytes, int] = {}
        repeated: set[bytes] = set()
        for entry in entries:
            log, seq = entry.log, entry.seq
            first[log] = min(seq, first.get(log, seq))
            last[log] = max(seq, last.get(log, seq))
            repeated |= memory.index(entry)
        memory.folded |= first.keys()
        self.fresh |= first
        retracted = memory.rows["retraction"].keys() | facts.tables.retraction.keys()
        facts.decide(special(entries, retracted, repeated))
        facts.take(e for e in entries if upto is None or is_in_effect(e.event, upto))
        for log, seq, reason in aside:
            facts.set_aside(log, seq, reason)
        self.fresh |= {log: seq + 1 for log, seq in last.items()}

    def save(self) -> None:
        self.facts.finish()
        self.memory.save(self.facts)


class Copies:
    """The same store, with rows that may be changed without a trace."""

    def __init__(self, memory: Memory) -> None:
        self.entry = memory.entry
        self.naming = memory.naming
        self.copies = memory.copies
        self._rows = memory.rows

    def load(self, table: str, key: Any) -> Any | None:
        return deepcopy(self._rows[table].get(key))
