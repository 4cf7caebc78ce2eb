"""Folding events into the views: new ones as they come, and all of them in a rebuild."""

import gc
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import combinations
from typing import Any

from kithbook.events import people_in
from kithbook.facts.effects import Entry
from kithbook.facts.fold import Facts, is_special
from kithbook.facts.tables import SUMS, PairKey, Place
from kithbook_client.index import Index
from kithbook_client.log import Aside, Log, Logs
from kithbook_client.numbers import MAX_SEQ, NEVER, SEQ_BITS, place
from kithbook_client.views import ROWS, Views

BULK = 200
"""From this many events on, the sums they may touch are fetched together."""
READ = 5_000
"""Events that a rebuild reads at a time."""
FLUSH = 50_000
"""In a rebuild, rows of single events are written down each time this many were read."""
BY_EVENT = ("help", "referral", "void", "merge")
"""Tables keyed by the event whose fact it is."""

Progress = Callable[[int, int], None]
"""Called with how much is done, of how much."""


def fold(
    views: Views,
    index: Index,
    fresh: Mapping[bytes, int],
    entries: Sequence[Entry],
    aside: Iterable[Aside],
) -> None:
    """Take in events that are in the logs and in no index or view yet; `fresh` as in `Facts`."""
    repeated = index.repeated(entries)
    index.note(entries)
    stored = Stored(views, index, dict(fresh), views.kept)
    if len(entries) >= BULK:
        stored.fetch(entries)
    facts = Facts(views.logs.standings(), fresh, stored)
    facts.decide(e for e in entries if is_special(e, stored.retracted, repeated))
    facts.take(entries)
    for log, seq, reason in aside:
        facts.set_aside(log, seq, reason)
    facts.finish()
    views.save(facts.tables.items())
    views.track()


def rebuild(views: Views, index: Index, progress: Progress | None = None) -> None:
    """Fold everything in again, from nothing, in the transaction that is open."""
    with uncollected():
        _rebuild(views, index, progress)


def reindex(views: Views, index: Index) -> None:
    """Note anew where every event is to be found, in the transaction that is open."""
    for log in views.logs.held():
        index.forget(log, 0)
    for log in views.logs.held():
        for first, records, hashes in _records(views.logs, log):
            entries, _ = views.logs.read(log, first, records, hashes)
            index.note_acts(log, first, records)
            index.note(entries)


@contextmanager
def uncollected() -> Iterator[None]:
    """Do not look for garbage: where much is made that stays, it costs more than all the rest."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


def _rebuild(views: Views, index: Index, progress: Progress | None) -> None:
    logs = views.logs
    index.note(_readable_now(views))
    views.clear()
    views.people.load()
    reached = {log.id: 1 for log in logs.held()}
    stored = Stored(views, index, dict(reached), is_empty=True)
    facts = Facts(logs.standings(), dict(reached), stored)
    facts.decide(index.bearing())
    total = sum(log.seq for log in logs.held())
    done = waiting = 0
    for log, first, entries, aside in _everything(logs):
        facts.take(entries)
        for what in aside:
            facts.set_aside(*what)
        count = len(entries) + len(aside)
        reached[log.id] = first + count
        done += count
        waiting += count
        if waiting >= FLUSH:
            waiting = 0
            _flush(views, facts)
            stored.fresh |= reached
        if progress:
            progress(done, total)
    facts.finish()
    views.save(facts.tables.items())
    views.track()


def _everything(logs: Logs) -> Iterator[tuple[Log, int, list[Entry], list[Aside]]]:
    for log in logs.held():
        for first, records, hashes in _records(logs, log):
            yield log, first, *logs.read(log, first, records, hashes)


def _records(logs: Logs, log: Log) -> Iterator[tuple[int, Sequence[bytes], Sequence[bytes]]]:
    """First seq, records and hashes of a log, some at a time."""
    seq = 0
    while rows := logs.rows(log, seq, READ):
        _, hashes, records = zip(*rows, strict=True)
        yield seq + 1, records, hashes
        seq += len(rows)


def _readable_now(views: Views) -> list[Entry]:
    """Events that an earlier release could not read and this one can."""
    rows = views.db.execute("SELECT event FROM void WHERE reason IN ('unknown', 'unreadable')")
    numbered = views.logs.by_number
    places = [number for (number,) in rows.fetchall() if number >> SEQ_BITS in numbered]
    return list(views.logs.entries(places))


def _flush(views: Views, facts: Facts) -> None:
    """Write down the rows of single events, of which a history has the most, and let them go.

    Thanks that came before their help wait for it.
    """
    tables = {name: facts.tables[name] for name in BY_EVENT}
    early = {key: row for key, row in tables["help"].items() if row.given is None}
    for key in early:
        del tables["help"][key]
    views.save(tables.items())
    for table in tables.values():
        table.clear()
        table.before.clear()
    tables["help"].update(early)


class Stored:
    """What a fold in work finds stored (`facts.fold.Stored`).

    `fresh` gives for each log from which seq on no event was folded before: of these there is no
    row, unless an earlier event named one by its place.
    """

    def __init__(
        self,
        views: Views,
        index: Index,
        fresh: dict[bytes, int],
        kept: dict[tuple[str, PairKey], Any] | None = None,
        *,
        is_empty: bool = False,
    ) -> None:
        self.views = views
        self.logs = views.logs
        self.index = index
        self.fresh = fresh
        self.kept = {} if kept is None else kept
        """Rows of SUMS that are in memory; whoever asks for one takes it out to change it."""
        self.is_empty = is_empty
        """Whether nothing was stored to begin with, as in a rebuild."""
        self.retracted: set[Place] = set()
        self.early: set[Place] = set()
        self._look_ahead()
        self.asked: set[PairKey] = set()
        self.fetched: dict[tuple[str, PairKey], Any] = {}
        """The rows of SUMS for the pairs in `asked`."""

    def _look_ahead(self) -> None:
        """Which of the events that come next were retracted or thanked for before they came."""
        for log, first in self.fresh.items():
            no = self.logs[log].no
            for table, number in self.views.db.execute(
                "SELECT 'retraction', event FROM retraction WHERE event BETWEEN ?1 AND ?2 "
                "UNION ALL SELECT 'help', event FROM help WHERE event BETWEEN ?1 AND ?2",
                (place(no, first), place(no, MAX_SEQ)),
            ):
                found = self.retracted if table == "retraction" else self.early
                found.add(self.logs.at(number))

    def load(self, table: str, key: Any) -> Any | None:
        if table in BY_EVENT:
            if key[1] >= self.fresh.get(key[0], NEVER) and key not in self.early:
                return None
        elif table in SUMS:
            if self.is_empty:
                return None
            if (row := self.kept.pop((table, key), None)) is not None:
                return row
            if _pair(*key) in self.asked:
                return self.fetched.pop((table, key), None)
        return self.views.row(table, key)

    def entry(self, log: bytes, seq: int) -> Entry | None:
        return self.logs.entry(log, seq)

    def naming(self, a: bytes, b: bytes) -> Iterable[Entry]:
        return self.index.naming(a, b)

    def copies(self, author: bytes, source: bytes) -> Iterable[Entry]:
        return self.index.copies(author, source)

    def fetch(self, entries: Iterable[Entry]) -> None:
        """Fetch the sums that these events may touch, many with one question."""
        self.asked = {
            _pair(entry.author, a, b)
            for entry in entries
            for a, b in combinations(people_in(entry.event), 2)
        }
        people = self.views.people
        # Of somebody whom this transaction met first no row tells yet.
        known = [
            key for key in self.asked if max(people[key[1]], people[key[2]]) < people.first_new
        ]
        self._fetch("tie", known)
        self._fetch("link", [key for x, a, b in known for key in ((x, a, b), (x, b, a))])

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
                row = ROWS[table]()
                shape.fill(row, [tuple(columns)])
                self.fetched[table, (who(author), who(a), who(b))] = row


def _pair(author: bytes, a: bytes, b: bytes) -> PairKey:
    """The key of a tie."""
    return (author, a, b) if a < b else (author, b, a)
