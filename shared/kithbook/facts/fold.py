"""The fold: takes envelopes in, in any order, and keeps the resolved facts equal to all of them.

`Facts` is a working set over a store. It loads the rows that new events touch, changes them, and
hands back what changed; the store may be a database or plain dicts. Which events count is decided
first (standing, retractions, sources), then the rows are brought in line, so that taking events
one by one, in any order, in any batches, ends in the same rows as taking them all at once.
"""

from collections.abc import Callable, Container, Iterable, Iterator, Mapping
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
from kithbook.facts.effects import Entry, apply, apply_hidden, release
from kithbook.facts.rows import Retraction, Void
from kithbook.facts.tables import SUMS, Loads, PairKey, Place, Tables
from kithbook.ids import Ref
from kithbook.membership.standing import BARRED, ENDLESS, Standing, why_inert

FINAL = (Retracted, Erased, *MEMBERSHIP)
"""Events that cannot be retracted: one says the thing again, or a later act changes it."""
DATED = (Met, Helped, Thanked, Referred, Trusted, Described, Ruled)
"""Events that are in effect from their `at` on; the others correct what is known."""


HIDDEN = "hidden"
"""Taken back by an owner who did not write it."""


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
        self._standings = standings
        self._whole = _Whole(standings)
        self.fresh = fresh
        self.stored = stored
        self.tables = Tables(stored)
        self._decided: dict[Place, str] = {}
        """Why an event does not count, or only in part; empty where it does."""
        self._anew: set[tuple[str, PairKey]] = set()

    def decide(self, special: Iterable[Entry]) -> None:
        """Settle which events count; `special` are the new ones that `special` picks."""
        targets: dict[Place, Entry] = {}
        for entry in special:
            if isinstance(entry.event, Retracted):
                if not self._stands(entry):
                    continue
                ref = entry.event.event
                is_owner = self._standings[entry.log].role_at(entry.seq) == "owner"
                mark = Retraction(entry.author, ref.check, *entry.written, is_owner)
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
        tables, decided, whole = self.tables, self._decided, self._whole
        counting = []
        for entry in entries:
            if decided and (why := decided.get((entry.log, entry.seq))):
                if why == HIDDEN:
                    apply_hidden(tables, entry)
            elif whole[entry.log] or self._stands(entry):
                counting.append(entry)
            else:
                tables.void[entry.log, entry.seq].reason = "inert"
        apply(tables, counting)

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
                if entry.author == author and self._stands(entry):
                    _add(anew, entry, self.tables.void[entry.log, entry.seq].reason)
            self.tables[table].replace(key, anew[table][key])
        return changed

    def without(self, entries: Iterable[Entry], reason: str) -> None:
        """Fold events out again, for a reading that is not to be saved."""
        for entry in entries:
            if isinstance(entry.event, DATED) and self._is_told(entry):
                self._put(entry, Void(reason))
        self.finish()

    def _settle(self, copies: list[Entry]) -> None:
        """Of the events that are one fact, the first that no retraction reaches counts, and where
        an owner hid them all the first of those.
        """
        copies = [entry for entry in copies if not isinstance(entry.event, FINAL)]
        taken_back = self._reached(copies, lambda mark, entry: mark.author == entry.author)
        hidden = self._reached(copies, _may_hide)
        copies = sorted(filter(self._stands, copies), key=lambda entry: entry.written)
        kept = [entry for entry in copies if entry.ref not in taken_back]
        first = next((one for one in kept if one.ref not in hidden), next(iter(kept), None))
        for entry in copies:
            if mark := taken_back.get(entry.ref):
                self._put(entry, Void("retracted", mark.log, mark.seq))
            elif first is not None and entry is not first:
                self._put(entry, Void("copy", first.log, first.seq))
            elif mark := hidden.get(entry.ref):
                self._put(entry, Void(HIDDEN, mark.log, mark.seq))
            else:
                self._put(entry, Void())

    def _reached(
        self, copies: list[Entry], may: Callable[[Retraction, Entry], bool]
    ) -> dict[Ref, Retraction]:
        """Which of these copies a retraction reaches that its writer may make: the one it names,
        and those that were written before it.
        """
        direct = {
            entry.ref: mark
            for entry in copies
            for mark in self.tables.retraction[entry.log, entry.seq].items
            if mark.check == entry.check and may(mark, entry)
        }
        latest = max(direct.values(), key=lambda mark: mark.written, default=None)
        if latest is None:
            return {}
        before = (one for one in copies if one.written < latest.written and may(latest, one))
        return {one.ref: latest for one in before} | direct

    def _put(self, entry: Entry, void: Void) -> None:
        """Set whether an event counts; if it was folded in before, undo or redo what it did."""
        place = entry.log, entry.seq
        voids = self.tables.void
        before, now = voids[place].reason, void.reason
        voids[place] = void
        self._decided[place] = now
        is_new = entry.seq >= self.fresh.get(entry.log, entry.seq + 1)
        if is_new or before == now:
            return
        touched = Tables()
        apply(touched, [entry])
        self._anew |= {(table, key) for table in SUMS for key in touched[table]}
        # What this does to sums is overwritten when they are worked out anew.
        if not now:
            apply(self.tables, [entry])
        elif not before:
            release(self.tables, entry)

    def _stands(self, entry: Entry) -> bool:
        found = self._standings.get(entry.log)
        if found is None:
            return False
        if found.earlier or found.powerless:
            return why_inert(found, entry.seq, entry.event) is None
        return entry.seq <= found.last and not isinstance(entry.event, BARRED.get(found.role, ()))

    def _is_told(self, entry: Entry) -> bool:
        """Whether anything that is told rests on it."""
        void = self.tables.void[entry.log, entry.seq]
        return self._stands(entry) and void.reason in ("", HIDDEN)


def _may_hide(mark: Retraction, entry: Entry) -> bool:
    """What an owner takes back of others, except their own word on whom they trust."""
    return mark.is_owner and not isinstance(entry.event, Trusted)


def _add(tables: Tables, entry: Entry, reason: str) -> None:
    if not reason:
        apply(tables, [entry])
    elif reason == HIDDEN:
        apply_hidden(tables, entry)


class _Whole(dict[bytes, bool]):
    """Log → whether all of it counts as far as its standing goes: then no event need be asked."""

    def __init__(self, standings: Mapping[bytes, Standing]) -> None:
        super().__init__()
        self.standings = standings

    def __missing__(self, log: bytes) -> bool:
        found = self.standings.get(log)
        whole = self[log] = (
            found is not None
            and found.last == ENDLESS
            and not (found.earlier or found.powerless or BARRED.get(found.role))
        )
        return whole


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
