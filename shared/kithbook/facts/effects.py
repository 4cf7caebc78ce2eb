"""What each event changes in the rows of the facts, and what letting it go takes back.

This is the only place that knows what a type means for a row. Taking an event in, working a pair
out anew and asking which rows an event touches all run `apply`, each on tables of its own.
"""

from collections.abc import Callable
from itertools import combinations
from typing import Any

import msgspec

from kithbook.events import (
    AnyEvent,
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


def apply(tables: Tables, entry: Entry) -> None:
    """Add what an event that counts says."""
    rule = _RULES.get(type(entry.event))
    if rule is not None:
        rule(tables, entry, entry.event)


def apply_hidden(tables: Tables, entry: Entry) -> None:
    """Add what an event says that an owner hid: only what it is evidence of."""
    said = Tables()
    apply(said, entry)
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


def _order(entry: Entry) -> Order:
    return Order(entry.event.at, entry.hlc, entry.log, entry.seq)


def _touch(tables: Tables, author: bytes, a: bytes, b: bytes, moment: Moment) -> None:
    tables.tie[(author, a, b) if a < b else (author, b, a)].add(moment)


def _trusted(tables: Tables, entry: Entry, event: Trusted) -> None:
    if event.by != event.whom:
        link = tables.link[entry.author, event.by, event.whom]
        link.state(Statement(_order(entry), event.level))


def _met(tables: Tables, entry: Entry, event: Met) -> None:
    author, by = entry.author, event.by
    moment, order = Moment.of(event.at, event.zone), _order(entry)
    others = set(event.people) - {by}
    for whom in others:
        _touch(tables, author, by, whom, moment)
        tables.link[author, by, whom].evidence(MET, order)
    if len(others) > 1:
        for a, b in combinations(others, 2):
            _touch(tables, author, a, b, moment)


def _helped(tables: Tables, entry: Entry, event: Helped) -> None:
    author, by, to = entry.author, event.by, event.to
    moment = Moment.of(event.at, event.zone)
    given = Given(author, by, to, moment, event.kind, event.size, entry.check)
    tables.help[entry.log, entry.seq].give(given)
    if by != to:
        _touch(tables, author, by, to, moment)
        link = tables.link[author, to, by]
        link.receive(event.kind, event.size)
        link.evidence(HELPED, _order(entry))


def _thanked(tables: Tables, entry: Entry, event: Thanked) -> None:
    author, by, to = entry.author, event.by, event.to
    for ref in event.helps:
        thanks = Thanks(entry.log, entry.seq, ref.check, by, to)
        tables.help[ref.log, ref.seq].add_thanks(thanks)
    if by != to:
        _touch(tables, author, by, to, Moment.of(event.at, event.zone))
        link = tables.link[author, to, by]
        link.hear()
        link.evidence(THANKED, _order(entry))


def _referred(tables: Tables, entry: Entry, event: Referred) -> None:
    author, by = entry.author, event.by
    moment, order = Moment.of(event.at, event.zone), _order(entry)
    said = Said(author, by, event.who, event.to, moment)
    tables.referral[entry.log, entry.seq].fill(said)
    for whom in {event.to, event.who} - {by}:
        tables.link[author, whom, by].evidence(REFERRED, order)


def _described(tables: Tables, entry: Entry, event: Described) -> None:
    order = _order(entry)
    over = tuple(Over(r.log, r.seq, r.check, entry.log, entry.seq) for r in event.over)
    for name, text in (event.set | dict.fromkeys(event.unset)).items():
        tables.card[event.person, name].add(Value(order, entry.check, text), over)


def _merged(tables: Tables, entry: Entry, event: Merged) -> None:
    tables.merge[entry.log, entry.seq].fill(tuple(sorted(set(event.people))), entry.author)


def _ruled(tables: Tables, entry: Entry, event: Ruled) -> None:
    tables.rule[event.setting].add(Value(_order(entry), entry.check, event.value))


_RULES: dict[type, Callable[[Tables, Entry, Any], None]] = {
    Trusted: _trusted,
    Met: _met,
    Helped: _helped,
    Thanked: _thanked,
    Referred: _referred,
    Described: _described,
    Merged: _merged,
    Ruled: _ruled,
}
