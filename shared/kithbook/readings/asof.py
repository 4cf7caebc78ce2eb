"""A shelf as of a time: by all that is known now, without what happened later.

Rows that keep each event apart are filtered. Those that keep only the sum of their events are
made anew from what each event alone says, which `Deeds` has by time.
"""

from collections.abc import Collection, Iterable
from typing import Protocol

from kithbook.facts.rows import Field, Help, Link, Merge, Referral, Tie
from kithbook.facts.tables import PairKey, Place
from kithbook.readings.shelf import Shelf, names_in


class Deeds(Protocol):
    """Rows of the facts from the events that count and happened up to a time (µs since 1970)."""

    def ties_of(self, people: Collection[bytes], upto: int) -> Iterable[tuple[PairKey, Tie]]:
        """The latest contact first."""
        ...

    def links(
        self,
        ones: Collection[bytes] | None,
        others: Collection[bytes] | None,
        upto: int,
        *,
        for_trust: bool = False,
    ) -> Iterable[tuple[PairKey, Link]]:
        """What the first have of the others; None stands for anybody. What links count of helps
        may be left out for trust.
        """
        ...

    def highest(
        self, ones: Collection[bytes], upto: int, count: int
    ) -> tuple[Iterable[tuple[PairKey, Link]], float]:
        """As `Shelf.highest_from`."""
        ...

    def stated_to(
        self, others: Collection[bytes], upto: int, least: float
    ) -> Iterable[tuple[PairKey, Link]]:
        """As `Shelf.stated_to`."""
        ...

    def helps_of(self, people: Collection[bytes], upto: int) -> Iterable[tuple[Place, Help]]:
        """Helps given or received by these people that no thanks up to then may have closed, with
        the thanks for them.
        """
        ...


class AsOf:
    """What a shelf would hold if nothing had happened after `upto`."""

    def __init__(self, shelf: Shelf, deeds: Deeds, upto: int) -> None:
        self.shelf = shelf
        self.deeds = deeds
        self.upto = upto

    def merges(self) -> Iterable[Merge]:
        return self.shelf.merges()

    def rules(self) -> Iterable[tuple[str, Field]]:
        return ((setting, self._then(field)) for setting, field in self.shelf.rules())

    def ties_of(self, people: Collection[bytes]) -> Iterable[tuple[PairKey, Tie]]:
        return self.deeds.ties_of(people, self.upto)

    def links_from(self, people: Collection[bytes]) -> Iterable[tuple[PairKey, Link]]:
        return self.deeds.links(people, None, self.upto)

    def links_to(self, people: Collection[bytes]) -> Iterable[tuple[PairKey, Link]]:
        return self.deeds.links(None, people, self.upto)

    def trust_from(self, people: Collection[bytes]) -> Iterable[tuple[PairKey, Link]]:
        return self.deeds.links(people, None, self.upto, for_trust=True)

    def trust_to(self, people: Collection[bytes]) -> Iterable[tuple[PairKey, Link]]:
        return self.deeds.links(None, people, self.upto, for_trust=True)

    def highest_from(
        self, people: Collection[bytes], count: int
    ) -> tuple[Iterable[tuple[PairKey, Link]], float]:
        return self.deeds.highest(people, self.upto, count)

    def stated_to(self, people: Collection[bytes], least: float) -> Iterable[tuple[PairKey, Link]]:
        return self.deeds.stated_to(people, self.upto, least)

    def links_between(
        self, ones: Collection[bytes], others: Collection[bytes]
    ) -> Iterable[tuple[PairKey, Link]]:
        return self.deeds.links(ones, others, self.upto)

    def helps_of(self, people: Collection[bytes]) -> Iterable[tuple[Place, Help]]:
        found = self.deeds.helps_of(people, self.upto)
        return ((place, row) for place, row in found if not row.closed({}))

    def referrals_of(self, people: Collection[bytes]) -> Iterable[tuple[Place, Referral]]:
        return (
            (place, row)
            for place, row in self.shelf.referrals_of(people)
            if row.said is not None and row.said.moment.at <= self.upto
        )

    def cards(self, names: Collection[str]) -> Iterable[tuple[bytes, str, Field]]:
        return self._cards(self.shelf.cards(names))

    def card_of(self, people: Collection[bytes]) -> Iterable[tuple[bytes, str, Field]]:
        return self._cards(self.shelf.card_of(people))

    def names(self) -> Iterable[tuple[bytes, str]]:
        return names_in(self.cards(("name",)))

    def _cards(
        self, rows: Iterable[tuple[bytes, str, Field]]
    ) -> Iterable[tuple[bytes, str, Field]]:
        for person, name, field in rows:
            then = self._then(field)
            if not then.empty:
                yield person, name, then

    def _then(self, field: Field) -> Field:
        """What had been said of it; an event that replaces others also says something itself."""
        values = [value for value in field.values if value.order[0] <= self.upto]
        if len(values) == len(field.values):
            return field
        said = {(value.order[2], value.order[3]) for value in values}
        over = [one for one in field.over if (one.by_log, one.by_seq) in said]
        return Field(values, over)
