"""What each event changes in the rows of the facts, and what letting it go takes back.

This is the only place that knows what a type means for a row. Taking an event in, working a pair
out anew and asking which rows an event touches all run `apply`, each on tables of its own.
"""

from collections.abc import Callable, Iterable
from itertools import combinations
from typing import Any

import msgspec

from kithbook.events import (
    AnyEvent,
    Content,
    Described,
    Helped,
    Merged,
    Met,
    Referred,
    Ruled,
    Thanked,
    Trusted,
)
from kithbook.facts.rows import (
    HELPED,
    MET,
    REFERRED,
    THANKED,
    Given,
    Moment,
    Order,
    Over,
    Said,
    Statement,
    Thanks,
    Value,
)
from kithbook.facts.tables import Tables
from kithbook.ids import Ref


class Entry(msgspec.Struct, frozen=True, gc=False):
    """An event where it stands in its log, with the person who speaks in that log."""

    log: bytes
    seq: int
    hlc: int
    check: bytes
    author: bytes
    event: AnyEvent

    @property
    def ref(self) -> Ref:
        """The event as other events name it."""
        return Ref(self.log, self.seq, self.check)

    @property
    def written(self) -> tuple[int, bytes, int]:
        """Who wrote last, by the order that is the same everywhere."""
        return self.hlc, self.log, self.seq


def by_type(entries: Iterable[Entry]) -> dict[type, list[Any]]:
    """The events of each type: many of one are worked on faster than one of each."""
    kinds: dict[type, list[Any]] = {}
    for entry in entries:
        kind = type(entry.event)
        if kind in kinds:
            kinds[kind].append(entry)
        else:
            kinds[kind] = [entry]
    return kinds


def apply(tables: Tables, entries: Iterable[Entry]) -> None:
    """Add what events that count say: one type after the other, as the order does not matter."""
    kinds = by_type(entries)
    for kind, rule in _RULES.items():
        if kind in kinds:
            rule(tables, kinds[kind])


def apply_hidden(tables: Tables, entry: Entry) -> None:
    """Add what an event says that an owner hid: only what it is evidence of."""
    said = Tables()
    apply(said, [entry])
    for key, link in said.link.items():
        for day, order in link.days.items():
            tables.link[key].evidence(day % 4, order)


def release(tables: Tables, entry: Entry) -> None:
    """Take back what an event said, from the rows that keep each event apart."""
    event = entry.event
    place = entry.log, entry.seq
    match event:
        case Helped():
            tables.help[place].give(None)
        case Thanked():
            for ref in event.helps:
                thanks = Thanks(*place, ref.check, event.by, event.to)
                tables.help[ref.log, ref.seq].drop_thanks(thanks)
        case Referred():
            tables.referral[place].fill(None)
        case Merged():
            tables.merge[place].fill(())
        case Described():
            for name in event.set | dict.fromkeys(event.unset):
                tables.card[event.person, name].drop(place)
        case Ruled():
            tables.rule[event.setting].drop(place)
        case _:
            pass


_new: Any = tuple.__new__
"""Every event comes by here, and a named tuple made by its own name takes twice as long."""


def _order(entry: Entry) -> Order:
    order: Order = _new(Order, (entry.event.at, entry.hlc, entry.log, entry.seq))
    return order


def _moment(event: Content) -> Moment:
    at, zone = event.at, event.zone
    moment: Moment = _new(Moment, (at, False, 0) if zone is None else (at, True, zone))
    return moment


def _trusted(tables: Tables, entries: list[Any]) -> None:
    links = tables.link
    for entry in entries:
        event: Trusted = entry.event
        if event.by != event.whom:
            said = _new(Statement, (_order(entry), event.level))
            links[entry.author, event.by, event.whom].state(said)


def _met(tables: Tables, entries: list[Any]) -> None:
    ties, links = tables.tie, tables.link
    for entry in entries:
        event: Met = entry.event
        author, by, others = entry.author, event.by, event.people
        if len(others) > 1 or others[0] == by:
            others = tuple({*others} - {by})
        moment, order = _moment(event), _order(entry)
        for whom in others:
            ties[(author, by, whom) if by < whom else (author, whom, by)].add(moment)
            links[author, by, whom].evidence(MET, order)
        if len(others) > 1:
            for a, b in combinations(others, 2):
                ties[(author, a, b) if a < b else (author, b, a)].add(moment)


def _helped(tables: Tables, entries: list[Any]) -> None:
    ties, links, helps = tables.tie, tables.link, tables.help
    for entry in entries:
        event: Helped = entry.event
        author, by, to, kind, size = entry.author, event.by, event.to, event.kind, event.size
        moment = _moment(event)
        given = _new(Given, (author, by, to, moment, kind, size, entry.check))
        helps[entry.log, entry.seq].give(given)
        if by != to:
            ties[(author, by, to) if by < to else (author, to, by)].add(moment)
            link = links[author, to, by]
            link.receive(kind, size)
            link.evidence(HELPED, _order(entry))


def _thanked(tables: Tables, entries: list[Any]) -> None:
    ties, links, helps = tables.tie, tables.link, tables.help
    for entry in entries:
        event: Thanked = entry.event
        author, by, to = entry.author, event.by, event.to
        for ref in event.helps:
            thanks = Thanks(entry.log, entry.seq, ref.check, by, to)
            helps[ref.log, ref.seq].add_thanks(thanks)
        if by != to:
            ties[(author, by, to) if by < to else (author, to, by)].add(_moment(event))
            link = links[author, to, by]
            link.hear()
            link.evidence(THANKED, _order(entry))


def _referred(tables: Tables, entries: list[Any]) -> None:
    for entry in entries:
        event: Referred = entry.event
        author, by, order = entry.author, event.by, _order(entry)
        said = Said(author, by, event.who, event.to, _moment(event))
        tables.referral[entry.log, entry.seq].fill(said)
        for whom in {event.to, event.who} - {by}:
            tables.link[author, whom, by].evidence(REFERRED, order)


def _described(tables: Tables, entries: list[Any]) -> None:
    for entry in entries:
        event: Described = entry.event
        order = _order(entry)
        over = tuple(Over(r.log, r.seq, r.check, entry.log, entry.seq) for r in event.over)
        for name, text in (event.set | dict.fromkeys(event.unset)).items():
            tables.card[event.person, name].add(Value(order, entry.check, text), over)


def _merged(tables: Tables, entries: list[Any]) -> None:
    for entry in entries:
        event: Merged = entry.event
        tables.merge[entry.log, entry.seq].fill(tuple(sorted({*event.people})), entry.author)


def _ruled(tables: Tables, entries: list[Any]) -> None:
    for entry in entries:
        event: Ruled = entry.event
        tables.rule[event.setting].add(Value(_order(entry), entry.check, event.value))


_RULES: dict[type, Callable[[Tables, list[Any]], None]] = {
    Trusted: _trusted,
    Met: _met,
    Helped: _helped,
    Thanked: _thanked,
    Referred: _referred,
    Described: _described,
    Merged: _merged,
    Ruled: _ruled,
}
"""What is stated comes first: a statement looks at each day of evidence that is there."""
