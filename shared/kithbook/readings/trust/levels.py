"""Direct levels: how far one person trusts another by their own word and their own dealings."""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Literal

import msgspec

from kithbook.facts.rows import Link, Order, Statement
from kithbook.facts.tables import PairKey
from kithbook.readings.rules import Rules

Hand = Literal["first-hand", "hearsay", "evidence"]
"""`first-hand`: stated by who trusts, on a device of their own. `hearsay`: somebody else wrote that
they do. `evidence`: nothing stated, only dealings.
"""


MOST = 10.0
"""The highest level."""


class Level(msgspec.Struct, frozen=True, gc=False):
    """The level used, 0 to 10; the stated one and its event, or None where it is inferred."""

    level: float
    stated: float | None
    order: Order | None


def level_of(link: Link, rules: Rules) -> Level | None:
    """The direct level that a link gives, or None when there is neither word nor evidence.

    Own later dealings add at most 1, cannot lift a 0 and cannot pass 10; alone they give a weak
    level. DESIGN section 6, *Levels*.
    """
    # Added up in this order and not by sum(), which rounds otherwise from Python 3.12 on.
    w, n = rules.weights, link.since
    weight = w[0] * n[0] + w[1] * n[1] + w[2] * n[2] + w[3] * n[3]
    bonus = min(1.0, weight / rules.full)
    stated = link.stated
    if stated is not None and stated.tenths is not None:
        word = stated.tenths / 10
        return Level(min(10.0, word + bonus) if word else 0.0, word, stated.order)
    return Level(rules.weak * bonus, None, None) if bonus else None


def combine(links: Iterable[Link]) -> Link:
    """The links of ids that are one human, as one: newest statement, each day's evidence once."""
    one = Link()
    for link in links:
        if link.stated is not None:
            one.state(Statement(Order(*link.stated.order), link.stated.tenths))
        for day, order in link.days.items():
            one.evidence(day % 4, Order(*order))
    return one


class Word:
    """Whose word counts: a member's own for everybody, hearsay only for who wrote it.

    `members` are the people who have devices here, `reader` is who reads, and merged ids are one
    human whichever of them a word is given under.
    """

    def __init__(
        self, members: Collection[bytes], reader: bytes, one: Mapping[bytes, bytes]
    ) -> None:
        self.members = {one.get(member, member) for member in members}
        self.reader = one.get(reader, reader)
        self.one = one

    def counts(self, author: bytes, by: bytes) -> bool:
        author, by = self.one.get(author, author), self.one.get(by, by)
        return author == (by if by in self.members else self.reader)


def levels(
    links: Iterable[tuple[PairKey, Link]],
    one: Mapping[bytes, bytes],
    word: Word,
    rules: Rules,
) -> dict[tuple[bytes, bytes], Level]:
    """(a, b) → direct level, for the links whose author's word counts, merged people as one."""
    found: dict[tuple[bytes, bytes], Level] = {}
    joined: dict[tuple[bytes, bytes], list[Link]] = {}
    counts: dict[tuple[bytes, bytes], bool] = {}  # one person's links mostly come together
    for (author, a, b), link in links:
        does = counts.get((author, a))
        if does is None:
            does = counts[author, a] = word.counts(author, a)
        if not does:
            continue
        if one and (a in one or b in one):
            pair = one.get(a, a), one.get(b, b)
            if pair[0] != pair[1]:
                joined.setdefault(pair, []).append(link)
        elif (level := level_of(link, rules)) is not None:
            found[a, b] = level
    for pair, parts in joined.items():
        level = level_of(parts[0] if len(parts) == 1 else combine(parts), rules)
        if level is not None:
            found[pair] = level
    return found


Neighbours = Callable[[bytes], dict[bytes, Level]]
"""Person → whom they have a direct level about, or who has one about them; the highest level first.
"""


def graph(found: Mapping[tuple[bytes, bytes], Level]) -> dict[bytes, dict[bytes, Level]]:
    """The same levels by the person who has them, each person's highest first."""
    by: dict[bytes, dict[bytes, Level]] = {}
    for (a, b), level in sorted(found.items(), key=lambda item: -item[1].level):
        by.setdefault(a, {})[b] = level
    return by


def in_order(found: Mapping[bytes, Level]) -> dict[bytes, Level]:
    """The same levels, the highest first."""
    return dict(sorted(found.items(), key=lambda item: -item[1].level))


NOBODY: dict[bytes, Level] = {}


class Kept:
    """Neighbours whose levels change one by one; put in order when they are asked for."""

    def __init__(self, found: dict[bytes, dict[bytes, Level]]) -> None:
        self._found = found
        self._unsorted: set[bytes] = set()

    def __call__(self, person: bytes) -> dict[bytes, Level]:
        if person in self._unsorted:
            self._unsorted.remove(person)
            self._found[person] = in_order(self._found[person])
        return self._found.get(person, NOBODY)

    def level(self, person: bytes, other: bytes) -> Level | None:
        return self._found.get(person, NOBODY).get(other)

    def put(self, person: bytes, other: bytes, level: Level | None) -> None:
        levels = self._found.setdefault(person, {})
        if level is None:
            del levels[other]
        else:
            levels[other] = level
            self._unsorted.add(person)
