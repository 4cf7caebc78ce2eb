"""Contacts: who was last in touch, and with whom it is time to be."""

from collections.abc import Collection, Iterable, Mapping
from math import ceil
from typing import Literal

import msgspec

from kithbook.facts.rows import Moment, Tie
from kithbook.facts.tables import PairKey
from kithbook.readings.cards import Card, values
from kithbook.readings.rules import Rules, parse_days
from kithbook.when import DAY_US

State = Literal["alive", "due", "fading"]


class Contact(msgspec.Struct, frozen=True, gc=False):
    """One person as the viewpoint knows them; `lateness` is in cadences, 0 on the day it is due."""

    person: bytes
    first: Moment | None = None
    last: Moment | None = None
    events: int = 0
    cadence: float | None = None
    lateness: float | None = None

    @property
    def state(self) -> State | None:
        late = self.lateness
        return None if late is None else "alive" if late <= 0 else "due" if late <= 1 else "fading"

    @property
    def due(self) -> int | None:
        """The day on which contact comes due, counted since 1970; lateness is 0 on it."""
        if self.last is None or self.cadence is None:
            return None
        return self.last.at // DAY_US + ceil(self.cadence)


def contacts(
    viewpoint: Collection[bytes],
    everybody: Iterable[bytes],
    ties: Iterable[tuple[PairKey, Tie]],
    one: Mapping[bytes, bytes],
    cards: Mapping[bytes, Card],
    rules: Rules,
    today: int,
) -> list[Contact]:
    """Everybody but the viewpoint, with their contact to it; `today` is in days since 1970."""
    met = ties_with(viewpoint, ties, one)
    people = {one.get(person, person) for person in everybody} | met.keys()
    none = Tie()
    return [
        contact(person, met.get(person, none), cards.get(person, {}), rules, today)
        for person in people
        if person not in viewpoint
    ]


def ties_with(
    viewpoint: Collection[bytes],
    ties: Iterable[tuple[PairKey, Tie]],
    one: Mapping[bytes, bytes],
) -> dict[bytes, Tie]:
    """Person → tie, of everybody who was in touch with the viewpoint."""
    met: dict[bytes, Tie] = {}
    for (_, a, b), tie in ties:
        for this, other in ((a, b), (b, a)):
            if this in viewpoint and other not in viewpoint:
                person = one.get(other, other)
                met[person] = join(met[person], tie) if person in met else tie
    return met


def contact(person: bytes, tie: Tie, card: Card, rules: Rules, today: int) -> Contact:
    """One person's contact state by the tie to them."""
    cadence = cadence_of(card, rules) if card else None
    late = None
    if cadence is not None and tie.last is not None:
        late = (today - tie.last.at // DAY_US - cadence) / cadence
    return Contact(person, tie.first, tie.last, tie.count, cadence, late)


def cadence_of(card: Card, rules: Rules) -> float | None:
    """Their own cadence in days, else the shortest of their tags', else None."""
    try:
        return parse_days(card["cadence"])
    except (KeyError, ValueError):
        pass
    if not rules.cadence:
        return None
    return min((rules.cadence[t] for t in values(card, "tag") if t in rules.cadence), default=None)


def join(a: Tie, b: Tie) -> Tie:
    """The ties of two ids of one human as one."""
    firsts = [tie.first for tie in (a, b) if tie.first]
    lasts = [tie.last for tie in (a, b) if tie.last]
    return Tie(a.count + b.count, min(firsts, default=None), max(lasts, default=None))
