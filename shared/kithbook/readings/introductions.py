"""Introductions: who knows somebody, and through whom the viewpoint could be introduced to them.

A way to an introduction is a chain of trust with somebody in between, the strongest first. Whoever
stands first on it is the one to ask, and it is as well to know whether one owes them thanks.
"""

from collections.abc import Iterable, Mapping

import msgspec

from kithbook.facts.rows import Tie
from kithbook.readings.ledger import Open
from kithbook.readings.reader import Reader
from kithbook.readings.trust.chains import Step
from kithbook.readings.trust.levels import Level
from kithbook.readings.trust.score import Score, Vouch

NO_TIE = Tie()


class Knower(msgspec.Struct, frozen=True):
    """Somebody with a level about a person, or contact with them, or both.

    `is_member` when they have devices here, so that the level is by their own word and dealings;
    of anybody else it is what this reader has heard.
    """

    person: bytes
    is_member: bool
    level: Level | None
    tie: Tie


class Way(msgspec.Struct, frozen=True):
    """A chain to a person, and the helps by the first on it that still wait for thanks."""

    support: float
    chain: list[Step]
    owed: list[Open]

    @property
    def first(self) -> bytes:
        """Whom to ask."""
        return self.chain[0].to


class Introductions(msgspec.Struct, frozen=True):
    """`knowers` are best acquainted first, `ways` strongest first."""

    score: Score
    knowers: list[Knower]
    ways: list[Way]


def introductions(reader: Reader, to: bytes, start: bytes | None = None) -> Introductions:
    """Who knows a person, and the ways to an introduction for whoever has no word on them yet."""
    score = reader.score(to, start, others=True)
    vouches = [Vouch(score.support, score.chain)] if score.support is not None else []
    ways = [
        Way(vouch.support, vouch.chain, reader.account(vouch.chain[0].to, start).thanks_owed)
        for vouch in (*vouches, *score.others)
        if len(vouch.chain) > 1
    ]
    members = reader.word.members
    return Introductions(score, knowers(reader.levels_of(to), reader.ties(to), members), ways)


def knowers(
    levels: Mapping[bytes, Level], ties: Mapping[bytes, Tie], members: Iterable[bytes]
) -> list[Knower]:
    """By level, then by the last contact, then by how often; those with no level last."""
    on_the_team = set(members)
    found = [
        Knower(person, person in on_the_team, levels.get(person), ties.get(person, NO_TIE))
        for person in levels.keys() | ties.keys()
    ]
    return sorted(found, key=_acquaintance)


def _acquaintance(knower: Knower) -> tuple[float, int, int, bytes]:
    level = knower.level.level if knower.level else -1.0
    last = knower.tie.last.at if knower.tie.last else -(2**63)
    return -level, -last, -knower.tie.count, knower.person
