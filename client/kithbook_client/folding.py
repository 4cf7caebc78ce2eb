"""Folding new events into the views, in the transaction that writes them."""

from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import Any, NamedTuple

from kithbook.events import people_in
from kithbook.facts.effects import Entry
from kithbook.facts.fold import Facts, special
from kithbook.facts.tables import SUMS, PairKey, Place
from kithbook_client.index import Index
from kithbook_client.kept import Kept
from kithbook_client.log import Aside
from kithbook_client.numbers import MAX_SEQ, NEVER, place
from kithbook_client.views import Views

BULK = 200
"""From this many events on, the sums they may touch are fetched together."""
FLUSH = 50000
"""So many events are taken in together, and then the rows of single ones are written down."""
BY_EVENT = ("help", "referral", "void", "merge")
"""Tables keyed by the event whose fact it is."""


class Part(NamedTuple):
    """New events of one log, from seq `first` on: those that can be read, and the others."""

    log: bytes
    first: int
    entries: list[Entry]
    aside: Sequence[Aside]


class Folding:
    """Takes events in, some at a time, and writes once what all of them changed.

    Of what was taken in before, a later event may still change whether it counts.
    """

    def __init__(self, views: Views, index: Index) -> None:
        self.views = views
        self.index = index
        self.fresh: dict[bytes, int] = {}
        self.stored = Stored(views, index, views.kept)
        self.facts = Facts(views.logs.standings(), self.fresh, self.stored)

    def take(self, parts: Sequence[Part]) -> None:
        """Take in new events that are in no index yet."""
        for part in parts:
            self.stored.begin(part.log, part.first)
        self.fresh |= {part.log: part.first for part in reversed(parts)}
        entries = [entry for part in parts for entry in part.entries]
        repeated = self.index.repeated(entries)
        self.index.note(entries)
        if len(entries) >= BULK:
            self.stored.fetch(entries)
        retracted = self.stored.retracted | self.facts.tables.retraction.keys()
        self.facts.decide(special(entries, retracted, repeated))
        self.facts.take(entries)
        for part in parts:
            for what in part.aside:
                self.facts.set_aside(*what)
            self.fresh[part.log] = part.first + len(part.entries) + len(part.aside)

    def flush(self) -> None:
        """Write down what need not stay in memory for what comes next."""
        flush(self.views, self.facts)
        self.stored.fresh |= self.fresh

    def save(self) -> None:
        self.facts.finish()
        self.views.save(self.facts.tables.items())
        self.views.track()


def flush(views: Views, facts: Facts) -> None:
    """Write down the rows of single events, of which a history has the most, and let them go.

    Thanks that came before their help wait for it.
    """
    tables = {name: facts.tables[name] for name in BY_EVENT}
    helps = tables["help"]
    early = {key: row for key, row in helps.items() if row.given is None}
    weights = {key: helps.before[key] for key in early if key in helps.before}
    for key in early:
        del helps[key]
    views.save(tables.items())
    for table in tables.values():
        table.clear()
        table.before.clear()
    helps.update(early)
    helps.before.update(weights)


class Stored:
    """What a fold in work finds stored (`facts.fold.Stored`)."""

    def __init__(
        self,
        views: Views,
        index: Index,
        kept: Kept,
    ) -> None:
        self.views = views
        self.logs = views.logs
        self.index = index
        self.kept = kept
        self.fresh: dict[bytes, int] = {}
        """Log → from which seq on there are no rows of its events, but for those in `early`."""
        self.early: set[Place] = set()
        self.retracted: set[Place] = set()
        self.asked: set[PairKey] = set()
        self.fetched: dict[tuple[str, PairKey], Any] = {}
        """The rows of SUMS for the pairs in `asked`."""

    def begin(self, log: bytes, first: int) -> None:
        """From this seq on nothing was folded before; but an event may have been retracted, or a
        help thanked for, before it came.
        """
        if log in self.fresh:
            return
        self.fresh[log] = first
        no = self.logs[log].no
        for table, number in self.views.db.execute(
            "SELECT 'retraction', event FROM retraction WHERE event BETWEEN ?1 AND ?2 "
            "UNION ALL SELECT 'help', event FROM help WHERE event BETWEEN ?1 AND ?2",
            (place(no, first), place(no, MAX_SEQ)),
        ):
            found = self.retracted if table == "retraction" else self.early
            found.add(self.logs.at(number))

    def load(self, table: str, key: Any) -> Any | None:
        if table in SUMS:
            row = self.kept.take(table, key)
            if row is not None or self.kept.is_all:
                return row
            if self.asked and _pair(*key) in self.asked:
                return self.fetched.pop((table, key), None)
        elif table in BY_EVENT and self._is_new(key):
            return None
        return self.views.row(table, key)

    def _is_new(self, place: Place) -> bool:
        """Whether no row tells of an event yet."""
        log, seq = place
        return seq >= self.fresh.get(log, NEVER) and place not in self.early

    def entry(self, log: bytes, seq: int) -> Entry | None:
        return self.logs.entry(log, seq)

    def naming(self, a: bytes, b: bytes) -> Iterable[Entry]:
        return self.index.naming(a, b)

    def copies(self, author: bytes, source: bytes) -> Iterable[Entry]:
        return self.index.copies(author, source)

    def fetch(self, entries: Iterable[Entry]) -> None:
        """Fetch the sums that these events may touch, many with one question."""
        if self.kept.is_all or self.views.know_that_none_are_stored():
            return
        pairs = {
            _pair(entry.author, a, b)
            for entry in entries
            for a, b in combinations(people_in(entry.event), 2)
        }
        pairs -= self.asked
        self.asked |= pairs
        people = self.views.people
        # Of somebody whom this transaction met first no row tells yet.
        known = [key for key in pairs if max(people[key[1]], people[key[2]]) < people.first_new]
        self._fetch("tie", known)
        self._fetch("link", known)
        self._fetch("link", [(author, b, a) for author, a, b in known])

    def _fetch(self, table: str, keys: list[PairKey]) -> None:
        (shape,) = self.views.shapes[table]
        who = self.views.people.id
        keys = [key for key in keys if (table, key) not in self.kept]
        for start in range(0, len(keys), BULK):
            some = [shape.key_of(key) for key in keys[start : start + BULK]]
            marks = ",".join(["(?,?,?)"] * len(some))
            for a, b, author, *columns in self.views.db.execute(
                f"WITH asked(a, b, author) AS (VALUES {marks}) "
                f"SELECT a, b, author, {shape.names} FROM asked JOIN {table} USING (a, b, author)",
                [number for key in some for number in key],
            ):
                self.fetched[table, (who(author), who(a), who(b))] = shape.make(columns)


def _pair(author: bytes, a: bytes, b: bytes) -> PairKey:
    """The key of a tie."""
    return (author, a, b) if a < b else (author, b, a)
