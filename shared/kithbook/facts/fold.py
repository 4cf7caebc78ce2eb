"""The fold: takes envelopes in, in any order, and keeps the resolved facts equal to all of them.

`Facts` is a working set over a store. It loads the rows that new events touch, changes them, and
hands back what changed; the store may be a database or plain dicts. Which events count is decided
first (standing, retractions, sources), then the rows are brought in line, so that taking events
one by one, in any order, in any batches, ends in the same rows as taking them all at once.
"""

from collections.abc import Container, Iterable, Iterator, Mapping
from typing import Protocol

from kithbook.events import (
    MEMBERSHIP,
    AnyEvent,
    Described,
    Erased,
    Helped,
    Met,
    Referred,
    Retracted,
    Ruled,
    Thanked,
    Trusted,
)
from kithbook.facts.effects import Entry, apply, release
from kithbook.facts.rows import Retraction, Void
from kithbook.facts.tables import SUMS, Loads, PairKey, Place, Tables
from kithbook.membership.standing import BARRED, Standing, why_inert

FINAL = (Retracted, Erased, *MEMBERSHIP)
"""Events that cannot be retracted: one says the thing again, or a later act changes it."""
DATED = (Met, Helped, Thanked, Referred, Trusted, Described, Ruled)
"""Events that are in effect from their `at` on; the others correct what is known."""


class Stored(Loads, Protocol):
    """What the fold reads back: rows it saved, and earlier events of the same network."""

    def entry(self, log: bytes, seq: int) -> Entry | None:
        """A readable event that is held, whether or not it counts."""
        ...

    def naming(self, a: bytes, b: bytes) -> Iterable[Entry]:
        """The readable events that name both people."""
        ...

    def copies(self, author: bytes, source: bytes) -> Iterable[Entry]:
        """The readable events of this author with this source, in any order."""
        ...


class Facts:
    """The resolved facts of one network in work.

    `fresh` gives, for each log with new events, the first new seq: everything below it is folded
    into the stored rows, nothing from it on. Use: `decide` once, `take` any number of times,
    `finish` once; then save `tables` and add their `weight` to the sum behind the digest.
    """

    def __init__(
        self, standings: Mapping[bytes, Standing], fresh: Mapping[bytes, int], stored: Stored
    ) -> None:
        self._last = {log: found.last for log, found in standings.items()}
        self._barred = {log: BARRED.get(found.role, ()) for log, found in standings.items()}
        self._varied = {log: s for log, s in standings.items() if s.earlier or s.powerless}
        self.fresh = fresh
        self.stored = stored
        self.tables = Tables(stored)
        self._counts: dict[Place, bool] = {}
        self._anew: set[tuple[str, PairKey]] = set()

    def decide(self, special: Iterable[Entry]) -> None:
        """Settle which events count; `special` are the new ones that `special` picks."""
        targets: dict[Place, Entry] = {}
        for entry in special:
            if isinstance(entry.event, Retracted):
                if not self._stands(entry):
                    continue
                ref = entry.event.event
                mark = Retraction(entry.author, ref.check, *entry.written)
                self.tables.retraction[ref.log, ref.seq].add(mark)
                target = self.stored.entry(ref.log, ref.seq)
            else:
                target = entry
            if target is not None and not isinstance(target.event, FINAL):
                targets[target.log, target.seq] = target
        done: set[tuple[bytes, bytes]] = set()
        for target in targets.values():
            source = target.event.source
            if source is None:
                self._settle([target])
            elif (target.author, source) not in done:
                done.add((target.author, source))
                self._settle(list(self.stored.copies(target.author, source)))

    def take(self, entries: Iterable[Entry]) -> None:
        """Fold new events in."""
        tables, counts = self.tables, self._counts
        for entry in entries:
            if counts and not counts.get((entry.log, entry.seq), True):
                continue
            if self._stands(entry):
                apply(tables, entry)
            else:
                tables.void[entry.log, entry.seq].reason = "inert"

    def set_aside(self, log: bytes, seq: int, reason: str) -> None:
        """Note a new event whose body is `unknown`, `unreadable` or `erased`."""
        self.tables.void[log, seq].reason = reason

    def finish(self) -> set[tuple[str, PairKey]]:
        """Work out anew the sums that lost or regained an event: their tables and keys."""
        changed, self._anew = self._anew, set()
        for table, key in changed:
            author, a, b = key
            anew = Tables()
            for entry in self.stored.naming(a, b):
                if entry.author == author and self._in_force(entry):
                    apply(anew, entry)
            self.tables[table].replace(key, anew[table][key])
        return changed

    def without(self, entries: Iterable[Entry], reason: str) -> None:
        """Fold events out again, for a reading that is not to be saved."""
        for entry in entries:
            if isinstance(entry.event, DATED) and self._in_force(entry):
                self._put(entry, Void(reason))
        self.finish()

    def _settle(self, copies: list[Entry]) -> None:
        """Of the events that are one fact, the first that no retraction reaches counts."""
        copies = [entry for entry in copies if not isinstance(entry.event, FINAL)]
        direct = {
            (entry.log, entry.seq): mark
            for entry in copies
            for mark in self.tables.retraction[entry.log, entry.seq].items
            if mark.author == entry.author and mark.check == entry.check
        }
        latest = max(direct.values(), key=lambda mark: mark.written, default=None)
        first: Entry | None = None
        for entry in sorted(copies, key=lambda entry: entry.written):
            mark = direct.get((entry.log, entry.seq))
            if mark is None and latest is not None and entry.written < latest.written:
                mark = latest
            if not self._stands(entry):
                continue
            if mark is not None:
                self._put(entry, Void("retracted", mark.log, mark.seq))
            elif first is not None:
                self._put(entry, Void("copy", first.log, first.seq))
            else:
                first = entry
                self._put(entry, Void())

    def _put(self, entry: Entry, void: Void) -> None:
        """Set whether an event counts; if it was folded in before, undo or redo what it did."""
        place = entry.log, entry.seq
        voids = self.tables.void
        counted, counts = voids[place].empty, void.empty
        voids[place] = void
        self._counts[place] = counts
        is_new = entry.seq >= self.fresh.get(entry.log, entry.seq + 1)
        if is_new or counted == counts:
            return
        touched = Tables()
        apply(touched, entry)
        self._anew |= {(table, key) for table in SUMS for key in touched[table]}
        # What this does to sums is overwritten when they are worked out anew.
        (apply if counts else release)(self.tables, entry)

    def _stands(self, entry: Entry) -> bool:
        log = entry.log
        if log in self._varied:
            return why_inert(self._varied[log], entry.seq, entry.event) is None
        return entry.seq <= self._last.get(log, 0) and not isinstance(
            entry.event, self._barred[log]
        )

    def _in_force(self, entry: Entry) -> bool:
        return self._stands(entry) and self.tables.void[entry.log, entry.seq].empty


def is_in_effect(event: AnyEvent, upto: int) -> bool:
    """Whether an event that counts is in effect when only what happened up to `upto` is."""
    return event.at <= upto or not isinstance(event, DATED)


def special(
    entries: Iterable[Entry], retracted: Container[Place], repeated: Container[bytes]
) -> Iterator[Entry]:
    """The events that bear on which events count.

    `retracted` are the events that stored retractions name, `repeated` the sources that more than
    one held event has.
    """
    for entry in entries:
        event = entry.event
        if (
            isinstance(event, Retracted)
            or (event.source is not None and event.source in repeated)
            or (entry.log, entry.seq) in retracted
        ):
            yield entry
