"""Several networks read as one address book.

Keys of people and places are unique across networks, so that rows of several shelves lie side by
side. A merge in one's own network may tie ids of different networks; nothing else does.
"""

import heapq
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from typing import NamedTuple

from kithbook.facts.rows import Field, Help, Link, Merge, Referral, Tie
from kithbook.facts.tables import PairKey, Place
from kithbook.readings.names import Names
from kithbook.readings.reader import Reader
from kithbook.readings.shelf import NOT_QUICKER, Shelf, latest_first
from kithbook.readings.trust.levels import Word


class Part(NamedTuple):
    """One network of several: what it is called, its facts, and the people who have devices."""

    name: str
    shelf: Shelf
    members: Collection[bytes]


class Joined:
    """Shelves as one; the first is one's own, and its rules are the rules."""

    def __init__(self, shelves: Sequence[Shelf]) -> None:
        self.shelves = shelves

    def merges(self) -> Iterator[Merge]:
        names = [partial(_names_any, shelf) for shelf in self.shelves]
        return merges_of_all([shelf.merges() for shelf in self.shelves], names)

    def rules(self) -> Iterable[tuple[str, Field]]:
        return self.shelves[0].rules()

    def ties_of(self, people: Collection[bytes]) -> Iterator[tuple[PairKey, Tie]]:
        parts = [shelf.ties_of(people) for shelf in self.shelves]
        return heapq.merge(*parts, key=latest_first)

    def links_from(self, people: Collection[bytes]) -> Iterator[tuple[PairKey, Link]]:
        return (row for shelf in self.shelves for row in shelf.links_from(people))

    def links_to(self, people: Collection[bytes]) -> Iterator[tuple[PairKey, Link]]:
        return (row for shelf in self.shelves for row in shelf.links_to(people))

    def trust_from(self, people: Collection[bytes]) -> Iterator[tuple[PairKey, Link]]:
        return (row for shelf in self.shelves for row in shelf.trust_from(people))

    def trust_to(self, people: Collection[bytes]) -> Iterator[tuple[PairKey, Link]]:
        return (row for shelf in self.shelves for row in shelf.trust_to(people))

    def highest_from(
        self,
        people: Collection[bytes],  # noqa: ARG002 - `Shelf` asks it
        count: int,  # noqa: ARG002
    ) -> tuple[Iterable[tuple[PairKey, Link]], float]:
        return NOT_QUICKER

    def stated_to(self, people: Collection[bytes], least: float) -> Iterator[tuple[PairKey, Link]]:
        return (row for shelf in self.shelves for row in shelf.stated_to(people, least))

    def links_between(
        self, ones: Collection[bytes], others: Collection[bytes]
    ) -> Iterator[tuple[PairKey, Link]]:
        return (row for shelf in self.shelves for row in shelf.links_between(ones, others))

    def helps_of(self, people: Collection[bytes]) -> Iterator[tuple[Place, Help]]:
        return (row for shelf in self.shelves for row in shelf.helps_of(people))

    def referrals_of(self, people: Collection[bytes]) -> Iterator[tuple[Place, Referral]]:
        return (row for shelf in self.shelves for row in shelf.referrals_of(people))

    def cards(self, names: Collection[str]) -> Iterator[tuple[bytes, str, Field]]:
        return (row for shelf in self.shelves for row in shelf.cards(names))

    def card_of(self, people: Collection[bytes]) -> Iterator[tuple[bytes, str, Field]]:
        return (row for shelf in self.shelves for row in shelf.card_of(people))

    def names(self) -> Iterator[tuple[bytes, str]]:
        return (row for shelf in self.shelves for row in shelf.names())


def merges_of_all(
    merges: Sequence[Iterable[Merge]], names: Sequence[Callable[[Collection[bytes]], object]]
) -> Iterator[Merge]:
    """The merges of each network that count where all are read, the first being one's own; `names`
    tells of each network whether any of some people has a name in it.
    """
    own, *teams = merges
    yield from own
    for number, team in enumerate(teams, 1):
        others = [*names[:number], *names[number + 1 :]]
        for merge in team:
            # Whoever is on a team has no say in who is who elsewhere.
            if not any(names_any(merge.people) for names_any in others):
                yield merge


def _names_any(shelf: Shelf, people: Collection[bytes]) -> bool:
    return any(field == "name" for _, field, _ in shelf.card_of(people))


class JoinedReader(Reader):
    """Reads several networks for one human; whose word counts is settled in each by itself."""

    def __init__(self, parts: Sequence[Part], me: bytes, now: int) -> None:
        shelf = Joined([part.shelf for part in parts])
        super().__init__(shelf, {who for part in parts for who in part.members}, me, now)
        self.parts = parts

    @cached_property
    def word(self) -> Word:
        return JoinedWord([part.members for part in self.parts], self.me, self.one)

    @cached_property
    def names(self) -> Names:
        return JoinedNames(self.parts, self.shelf, self.one)


class JoinedWord(Word):
    """Whose word counts: who speaks in a network is asked of the one in which a word stands."""

    def __init__(
        self, members: Sequence[Collection[bytes]], reader: bytes, one: Mapping[bytes, bytes]
    ) -> None:
        super().__init__((), reader, one)
        self.by_author: dict[bytes, set[bytes]] = {}
        for people in members:
            humans = {one.get(person, person) for person in people}
            self.by_author |= dict.fromkeys(people, humans)

    def counts(self, author: bytes, by: bytes) -> bool:
        by = self.one.get(by, by)
        is_member = by in self.by_author.get(author, ())
        return self.one.get(author, author) == (by if is_member else self.reader)


class JoinedNames(Names):
    """Names, and in which networks somebody has one."""

    def __init__(self, parts: Sequence[Part], shelf: Shelf, one: Mapping[bytes, bytes]) -> None:
        super().__init__(shelf, one)
        self.parts = parts

    @cached_property
    def _places(self) -> dict[bytes, list[str]]:
        found: dict[bytes, dict[str, None]] = {}
        for part in self.parts:
            for person, _ in part.shelf.names():
                found.setdefault(self.one.get(person, person), {})[part.name] = None
        return {person: list(names) for person, names in found.items()}

    def networks(self, person: bytes) -> list[str]:
        return self._places.get(self.one.get(person, person), [])
