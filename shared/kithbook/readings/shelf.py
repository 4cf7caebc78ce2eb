"""The shelf: how readings get at the resolved facts, wherever their rows are kept."""

import heapq
from collections.abc import Callable, Collection, Iterable, Iterator
from math import inf
from typing import Any, Protocol

from kithbook.facts.rows import Field, Help, Link, Merge, Referral, Tie, winner
from kithbook.facts.tables import PairKey, Place, Tables


class Shelf(Protocol):
    """Rows of the resolved facts by the people they are about: raw ids, before merges."""

    def merges(self) -> Iterable[Merge]:
        """The merges in force (`readings.merges.in_force`)."""
        ...

    def rules(self) -> Iterable[tuple[str, Field]]: ...

    def ties_of(self, people: Collection[bytes]) -> Iterable[tuple[PairKey, Tie]]:
        """Ties in which any of these people is one side, the latest contact first."""
        ...

    def links_from(self, people: Collection[bytes]) -> Iterable[tuple[PairKey, Link]]:
        """What these people have of others. `days` may be left out where nobody is merged."""
        ...

    def links_to(self, people: Collection[bytes]) -> Iterable[tuple[PairKey, Link]]:
        """What others have of these people."""
        ...

    def trust_from(self, people: Collection[bytes]) -> Iterable[tuple[PairKey, Link]]:
        """The same as `links_from` for trust: what links count of helps may be left out."""
        ...

    def trust_to(self, people: Collection[bytes]) -> Iterable[tuple[PairKey, Link]]:
        """The same as `links_to` for trust."""
        ...

    def highest_from(
        self, people: Collection[bytes], count: int
    ) -> tuple[Iterable[tuple[PairKey, Link]], float]:
        """Of `trust_from` those in which the highest levels are stated, so many as are asked for
        and more, and a level that no other reaches; none and `inf` where that would be no quicker.
        """
        ...

    def stated_to(self, people: Collection[bytes], least: float) -> Iterable[tuple[PairKey, Link]]:
        """Of `trust_to` those in which a level is stated that is 0, or with dealings may be `least`
        or more. Others may be among them.
        """
        ...

    def links_between(
        self, ones: Collection[bytes], others: Collection[bytes]
    ) -> Iterable[tuple[PairKey, Link]]:
        """What the first have of the others, with the `days` that it rests on."""
        ...

    def helps_of(self, people: Collection[bytes]) -> Iterable[tuple[Place, Help]]:
        """Helps given or received by these people that no thanks between the same ids closes."""
        ...

    def referrals_of(self, people: Collection[bytes]) -> Iterable[tuple[Place, Referral]]:
        """Referrals in which any of these people takes part."""
        ...

    def cards(self, names: Collection[str]) -> Iterable[tuple[bytes, str, Field]]:
        """(person, field, what was said) of all cards, for these fields or, when empty, for all."""
        ...

    def card_of(self, people: Collection[bytes]) -> Iterable[tuple[bytes, str, Field]]:
        """The cards of these people."""
        ...

    def names(self) -> Iterable[tuple[bytes, str]]:
        """(person, name in force) of everybody who has one, each id by itself."""
        ...


NOT_QUICKER: tuple[tuple[tuple[PairKey, Link], ...], float] = (), inf
"""What a shelf answers that has no order of levels (`Shelf.highest_from`)."""


def names_in(cards: Iterable[tuple[bytes, str, Field]]) -> Iterator[tuple[bytes, str]]:
    """(person, name in force) of the names on cards, each id by itself."""
    for person, _, field in cards:
        if (value := winner([field])) is not None and value.value:
            yield person, value.value


def latest_first(row: tuple[PairKey, Tie]) -> int:
    """Sorts ties by their last contact."""
    last = row[1].last
    return 0 if last is None else -last.at


class Patched:
    """A shelf seen through rows that a fold in work has changed: without the future, or what-if."""

    def __init__(self, shelf: Shelf, tables: Tables) -> None:
        self.shelf = shelf
        self.tables = tables

    def merges(self) -> Iterable[Merge]:
        return self.shelf.merges()

    def rules(self) -> Iterable[tuple[str, Field]]:
        return self._patch("rule", self.shelf.rules(), lambda *_: True)

    def ties_of(self, people: Collection[bytes]) -> Iterable[tuple[PairKey, Tie]]:
        changed = self.tables["tie"]
        same = (row for row in self.shelf.ties_of(people) if row[0] not in changed)
        rows = ((key, tie) for key, tie in changed.items() if not tie.empty)
        asked = (row for row in rows if row[0][1] in people or row[0][2] in people)
        return heapq.merge(same, sorted(asked, key=latest_first), key=latest_first)

    def links_from(self, people: Collection[bytes]) -> Iterable[tuple[PairKey, Link]]:
        rows = self.shelf.links_from(people)
        return self._patch("link", rows, lambda key, _: key[1] in people)

    def links_to(self, people: Collection[bytes]) -> Iterable[tuple[PairKey, Link]]:
        rows = self.shelf.links_to(people)
        return self._patch("link", rows, lambda key, _: key[2] in people)

    def trust_from(self, people: Collection[bytes]) -> Iterable[tuple[PairKey, Link]]:
        rows = self.shelf.trust_from(people)
        return self._patch("link", rows, lambda key, _: key[1] in people)

    def trust_to(self, people: Collection[bytes]) -> Iterable[tuple[PairKey, Link]]:
        rows = self.shelf.trust_to(people)
        return self._patch("link", rows, lambda key, _: key[2] in people)

    def highest_from(
        self, people: Collection[bytes], count: int
    ) -> tuple[Iterable[tuple[PairKey, Link]], float]:
        return NOT_QUICKER if self.tables["link"] else self.shelf.highest_from(people, count)

    def stated_to(self, people: Collection[bytes], least: float) -> Iterable[tuple[PairKey, Link]]:
        rows = self.shelf.stated_to(people, least)
        return self._patch("link", rows, lambda key, _: key[2] in people)

    def links_between(
        self, ones: Collection[bytes], others: Collection[bytes]
    ) -> Iterable[tuple[PairKey, Link]]:
        rows = self.shelf.links_between(ones, others)
        return self._patch("link", rows, lambda key, _: key[1] in ones and key[2] in others)

    def helps_of(self, people: Collection[bytes]) -> Iterable[tuple[Place, Help]]:
        def asked(_: Place, row: Help) -> bool:
            given = row.given
            return given is not None and (given.by in people or given.to in people)

        return self._patch("help", self.shelf.helps_of(people), asked)

    def referrals_of(self, people: Collection[bytes]) -> Iterable[tuple[Place, Referral]]:
        def asked(_: Place, row: Referral) -> bool:
            said = row.said
            return said is not None and any(p in people for p in (said.by, said.who, said.to))

        return self._patch("referral", self.shelf.referrals_of(people), asked)

    def cards(self, names: Collection[str]) -> Iterable[tuple[bytes, str, Field]]:
        return self._cards(self.shelf.cards(names), lambda key, _: not names or key[1] in names)

    def card_of(self, people: Collection[bytes]) -> Iterable[tuple[bytes, str, Field]]:
        return self._cards(self.shelf.card_of(people), lambda key, _: key[0] in people)

    def names(self) -> Iterable[tuple[bytes, str]]:
        changed = {person for person, field in self.tables["card"] if field == "name"}
        yield from (row for row in self.shelf.names() if row[0] not in changed)
        yield from names_in((who, "name", self.tables["card"][who, "name"]) for who in changed)

    def _cards(
        self, rows: Iterable[tuple[bytes, str, Field]], asked: Callable[[Any, Any], bool]
    ) -> Iterable[tuple[bytes, str, Field]]:
        keyed = (((person, name), row) for person, name, row in rows)
        return ((*key, row) for key, row in self._patch("card", keyed, asked))

    def _patch(
        self, table: str, rows: Iterable[tuple[Any, Any]], asked: Callable[[Any, Any], bool]
    ) -> Iterable[tuple[Any, Any]]:
        changed = self.tables[table]
        seen = set()
        for key, row in rows:
            seen.add(key)
            now = changed.get(key, row)
            if not now.empty:
                yield key, now
        for key, row in changed.items():
            if key not in seen and not row.empty and asked(key, row):
                yield key, row
