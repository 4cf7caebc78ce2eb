"""A store for the fold that keeps rows as bytes, and finds what it is asked for by looking at all.

It is a `facts.fold.Stored` and a `readings.shelf.Shelf`: what is read is a copy, and every row has
been through MessagePack, as in a database.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

import msgspec

from kithbook.events import people_in
from kithbook.facts.digest import MODULUS
from kithbook.facts.effects import Entry
from kithbook.facts.fold import Facts, special
from kithbook.facts.rows import (
    Field,
    Help,
    Link,
    Merge,
    Referral,
    Retractions,
    Tie,
    Void,
    winner,
)
from kithbook.membership import Standing, members
from kithbook.memory import Memory
from kithbook.readings.merges import in_force
from kithbook.readings.reader import Reader
from kithbook.readings.shelf import latest_first
from tests.oracle import Log, Written
from tests.strategies import TODAY, History

ROWS = {
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
encode = msgspec.msgpack.encode


class Bytes:
    """Stored facts of one network."""

    def __init__(self) -> None:
        self.entries: dict[tuple[bytes, int], Entry] = {}
        self.rows: dict[str, dict[Any, bytes]] = {name: {} for name in ROWS}
        self.weight = 0
        self.members: set[bytes] = set()

    def fold(
        self,
        standings: Mapping[bytes, Standing],
        entries: Collection[Entry],
        aside: Iterable[tuple[bytes, int, str]] = (),
    ) -> None:
        self.members = members(standings.values())
        self.entries |= {(entry.log, entry.seq): entry for entry in entries}
        fresh: dict[bytes, int] = {}
        for entry in entries:
            fresh[entry.log] = min(entry.seq, fresh.get(entry.log, entry.seq))
        sources = [entry.event.source for entry in self.entries.values()]
        repeated = {source for source in sources if sources.count(source) > 1}
        facts = Facts(standings, fresh, self)
        named = set(self.rows["retraction"])
        facts.decide(special(entries, named, repeated))
        half = len(entries) // 2
        facts.take(list(entries)[:half])
        facts.take(list(entries)[half:])
        for log, seq, reason in aside:
            facts.set_aside(log, seq, reason)
        facts.finish()
        for name, table in facts.tables.items():
            *_, weight = table.changes()
            self.weight = (self.weight + weight) % MODULUS
            for key, row in table.items():
                if row.empty:
                    self.rows[name].pop(key, None)
                else:
                    self.rows[name][key] = encode(row)

    # Stored.

    def load(self, table: str, key: Any) -> Any | None:
        row = self.rows[table].get(key)
        return None if row is None else msgspec.msgpack.decode(row, type=ROWS[table])

    def entry(self, log: bytes, seq: int) -> Entry | None:
        return self.entries.get((log, seq))

    def naming(self, a: bytes, b: bytes) -> Iterator[Entry]:
        return (e for e in self.entries.values() if {a, b} <= set(people_in(e.event)))

    def copies(self, author: bytes, source: bytes) -> Iterator[Entry]:
        return (e for e in self.entries.values() if e.author == author and e.event.source == source)

    # Shelf.

    def all(self, table: str) -> Iterator[tuple[Any, Any]]:
        return ((key, self.load(table, key)) for key in self.rows[table])

    def merges(self) -> list[Merge]:
        return in_force((row for _, row in self.all("merge")), self.members)

    def rules(self) -> Iterator[tuple[str, Field]]:
        return self.all("rule")

    def ties_of(self, people: Collection[bytes]) -> list[Any]:
        ties = [found for found in self.all("tie") if set(found[0][1:]) & set(people)]
        return sorted(ties, key=latest_first)

    def links_from(self, people: Collection[bytes]) -> list[Any]:
        return [found for found in self.all("link") if found[0][1] in people]

    def links_to(self, people: Collection[bytes]) -> list[Any]:
        return [found for found in self.all("link") if found[0][2] in people]

    trust_from, trust_to = links_from, links_to

    def highest_from(self, people: Collection[bytes], count: int) -> tuple[list[Any], float]:
        rows = [
            (link.stated.tenths, (key, link))
            for key, link in self.links_from(people)
            if link.stated and link.stated.tenths is not None
        ]
        stated = sorted((tenths for tenths, _ in rows), reverse=True)[:count]
        least = stated[-1] - 10 if stated else 0
        return [row for tenths, row in rows if tenths >= least], (least - 1) / 10 + 1

    def stated_to(self, people: Collection[bytes], least: float) -> list[Any]:
        return [
            (key, link)
            for key, link in self.links_to(people)
            if link.stated
            and link.stated.tenths is not None
            and (not link.stated.tenths or link.stated.tenths / 10 + 1 >= least)
        ]

    def links_between(self, ones: Collection[bytes], others: Collection[bytes]) -> list[Any]:
        return [found for found in self.links_from(ones) if found[0][2] in others]

    def helps_of(self, people: Collection[bytes]) -> list[Any]:
        return [
            (place, row)
            for place, row in self.all("help")
            if row.given and {row.given.by, row.given.to} & set(people) and not row.closed({})
        ]

    def referrals_of(self, people: Collection[bytes]) -> list[Any]:
        return [found for found in self.all("referral") if set(found[1].said[1:4]) & set(people)]

    def cards(self, names: Collection[str]) -> list[Any]:
        return [(*key, row) for key, row in self.all("card") if not names or key[1] in names]

    def card_of(self, people: Collection[bytes]) -> list[Any]:
        return [(*key, row) for key, row in self.all("card") if key[0] in people]

    def names(self) -> Iterator[tuple[bytes, str]]:
        for person, _, row in self.cards(["name"]):
            if (value := winner([row])) and value.value:
                yield person, value.value


def standings_of(logs: Iterable[Log]) -> dict[bytes, Standing]:
    return {
        log.id: Standing(log.person, log.role, log.until, earlier=log.earlier)
        if log.person
        else Standing(None, why="nobody's")
        for log in logs
    }


def entry_of(w: Written, logs: Iterable[Log]) -> Entry:
    author = {log.id: log.person for log in logs}[w.log]
    return Entry(w.log, w.seq, w.hlc, w.check, author or b"", w.event)


Store = Bytes | Memory


def new_memory(*, sparing: bool = False) -> Memory:
    """The store that a replay has, over a dict of events."""
    entries: dict[tuple[bytes, int], Entry] = {}
    memory = Memory(lambda log, seq: entries.get((log, seq)), sparing=sparing)
    memory.few = 0
    memory.held = entries
    return memory


def sparing_memory() -> Memory:
    """The store that the server has; helps that are thanked for leave it as soon as they can."""
    return new_memory(sparing=True)


MEMORIES = {"memory": new_memory, "sparing": sparing_memory}
STORES = {"bytes": Bytes, **MEMORIES}


def receive(
    store: Store, history: History, batch: Iterable[Written], upto: int | None = None
) -> None:
    """Fold a batch in."""
    readable = [entry_of(w, history.logs) for w in batch if not isinstance(w.event, str)]
    aside = [(w.log, w.seq, w.event) for w in batch if isinstance(w.event, str)]
    if isinstance(store, Memory):
        store.held |= {(entry.log, entry.seq): entry for entry in readable}
        store.fold(standings_of(history.logs), readable, aside, upto)
    else:
        store.fold(standings_of(history.logs), readable, aside)


def stored(history: History, make: Any = Bytes) -> Store:
    """All of a history, folded at once."""
    store = make()
    receive(store, history, history.written)
    return store


def reader(store: Store, history: History, me: bytes, now: int = TODAY) -> Reader:
    return Reader(store, members(standings_of(history.logs).values()), me, now)


def dump(store: Store) -> dict[tuple[str, Any], Any]:
    """Every row of the resolved facts, and those that a sparing memory makes again."""
    keys = [(table, key) for table, rows in store.rows.items() for key in rows]
    if isinstance(store, Memory):
        keys += [
            ("help", place)
            for place in store.held
            if place not in store.rows["help"] and store.load("help", place)
        ]
    return {(table, key): msgspec.structs.astuple(store.load(table, key)) for table, key in keys}
