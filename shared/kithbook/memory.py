"""Resolved facts kept in dicts: what the server reads from, and what a replay folds into.

The rows are linear in people, links, evidence days and helps; where the memory is sparing, in
helps that are open (see `thanked`). Of the events only where they stand is kept, by person and by
source; `fetch` reads one again when a fold must look back.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from copy import deepcopy
from typing import Any

from kithbook.errors import Damaged
from kithbook.events import people_in
from kithbook.facts.digest import MODULUS
from kithbook.facts.effects import Entry
from kithbook.facts.fold import Facts, is_in_effect, special
from kithbook.facts.rows import Field, Help, Link, Merge, Referral, Tie
from kithbook.facts.tables import MAKE, PairKey, Place, Table
from kithbook.membership import Standing, members
from kithbook.places import Named, Numbers, Sources
from kithbook.readings.merges import in_force
from kithbook.readings.shelf import NOT_QUICKER, Patched, Shelf, latest_first, names_in
from kithbook.thanked import Thanked, remade

Fetch = Callable[[bytes, int], Entry | None]


class Memory:
    """Stored facts of one network (`facts.fold.Stored`), to be read as a `readings.shelf.Shelf`."""

    few = 10_000
    """With so many helps in work it is worth while to look which of them are thanked for."""

    def __init__(self, fetch: Fetch, *, sparing: bool = False) -> None:
        self.fetch = fetch
        self.sparing = sparing
        self.rows: dict[str, dict[Any, Any]] = {name: {} for name in MAKE}
        self.weight = 0
        self.members: set[bytes] = set()
        self.folded: set[bytes] = set()
        """The logs of which anything is folded in."""
        self._numbers = Numbers()
        self._thanked = Thanked(self._numbers)
        self._named = Named()
        self._sources = Sources()
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
        number = self._numbers.of((entry.log, entry.seq))
        for person in people_in(entry.event):
            self._named.add(person, number)
        source = entry.event.source
        if source is not None and self._sources.add(entry.author, source, number):
            return {source}
        return set()

    def save(self, facts: Facts) -> None:
        """Bring the rows in line with facts in work."""
        if self.sparing:
            self.leave_thanked(facts.tables.help)
            for key in facts.tables.help:
                self._thanked.keep(key)
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

    def leave_thanked(self, helps: Table[Place, Help]) -> None:
        """Leave to the log those of these helps in work that are thanked for."""
        left = self._thanked.leave(helps)
        rows = self.rows["help"]
        for key, row in left.items():
            if rows.pop(key, None):
                for person in _people(key, row):
                    self._keys["help", person].discard(key)
        _, _, weight = left.changes()
        self.weight = (self.weight + weight) % MODULUS

    def _find_by(self, table: str, key: Any, row: Any) -> None:
        for person in _people(key, row):
            self._keys[table, person].add(key)

    def load(self, table: str, key: Any) -> Any | None:
        row = self.rows[table].get(key)
        return self._left(key) if row is None and table == "help" else row

    def _left(self, key: Place) -> Help | None:
        """The row of a help that was left to the log."""
        place = self._thanked.thanks_for(key)
        if place is None:
            return None
        help_, thanks = self.fetch(*key), self.fetch(*place)
        if help_ is None or thanks is None:
            raise Damaged(
                f"Event {key[0].hex()}:{key[1]}, or what thanks for it, cannot be read any more.",
                "Ask again: the views are then made anew.",
            )
        return remade(help_, thanks)

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
        return self._fetch_all(self._named.both(a, b))

    def copies(self, author: bytes, source: bytes) -> Iterator[Entry]:
        for entry in self._fetch_all(self._sources.having(author, source)):
            if (entry.author, entry.event.source) == (author, source):
                yield entry

    def _fetch_all(self, numbers: Iterable[int]) -> Iterator[Entry]:
        for number in numbers:
            if (entry := self.fetch(*self._numbers.place(number))) is not None:
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

    def stated_to(
        self,
        people: Collection[bytes],
        least: float,  # noqa: ARG002 - `Shelf` asks it
    ) -> Iterator[tuple[PairKey, Link]]:
        return self.trust_to(people)

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
        return names_in(self.cards(("name",)))

    def _of(self, table: str, people: Collection[bytes]) -> Iterator[tuple[Any, Any]]:
        rows = self.rows[table]
        keys = set().union(*(self._keys.get((table, person), ()) for person in people))
        return ((key, rows[key]) for key in keys if key in rows)


def _people(key: Any, row: Any) -> Iterable[bytes]:
    """Those by whom a row is found."""
    match row:
        case Tie() | Link():
            people: Iterable[bytes] = key[1:]
        case Help(given=given) if given is not None:
            people = (given.by, given.to)
        case Referral(said=said) if said is not None:
            people = (said.by, said.who, said.to)
        case Field() if isinstance(key, tuple):
            people = (key[0],)
        case _:
            people = ()
    return people


class Folding:
    """Takes in events that are new to a memory; each row that they touch is weighed once.

    But for helps that are left to the log as soon as they are thanked for, where many are in work.
    """

    def __init__(self, memory: Memory, standings: Mapping[bytes, Standing]) -> None:
        self.memory = memory
        self.fresh: dict[bytes, int] = {}
        self.facts = Facts(standings, self.fresh, memory)
        self._many = memory.few

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
        helps = facts.tables.help
        if memory.sparing and len(helps) > self._many:
            memory.leave_thanked(helps)
            self._many = max(memory.few, 2 * len(helps))

    def save(self) -> None:
        self.facts.finish()
        self.memory.save(self.facts)


class Copies:
    """The same store, with rows that may be changed without a trace."""

    def __init__(self, memory: Memory) -> None:
        self.entry = memory.entry
        self.naming = memory.naming
        self.copies = memory.copies
        self._load = memory.load

    def load(self, table: str, key: Any) -> Any | None:
        return deepcopy(self._load(table, key))
