"""Introductions: who knows somebody, and through whom the viewpoint could be introduced to them.

A way to an introduction is a chain of trust with somebody in between, the strongest first. Whoever
stands first on it is the one to ask, and it is as well to know whether one owes them thanks.
"""

import msgspec

from kithbook.facts.rows import Tie
from kithbook.readings.grounds import ground
from kithbook.readings.ledger import Open
from kithbook.readings.reader import Reader
from kithbook.readings.trust.chains import Step
from kithbook.readings.trust.levels import Hand, Level
from kithbook.readings.trust.score import Score, Vouch

NO_TIE = Tie()


class Knower(msgspec.Struct, frozen=True):
    """Somebody with a level about a person, or contact with them, or both.

    `is_member` when they are or were one here; `hand` says what their level rests on: of somebody
    else it is only what this reader has heard.
    """

    person: bytes
    is_member: bool
    level: Level | None
    hand: Hand | None
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
    return Introductions(score, knowers(reader, to), ways)


def knowers(reader: Reader, to: bytes) -> list[Knower]:
    """By level, then by the last contact, then by how often; those with no level last."""
    levels, ties = reader.levels_of(to), reader.ties(to)
    members = {reader.one.get(person, person) for person in reader.members}
    found = [
        Knower(
            person,
            person in members,
            level := levels.get(person),
            ground(reader, Step(person, to, level)).hand if level else None,
            ties.get(person, NO_TIE),
        )
        for person in levels.keys() | ties.keys()
    ]
    return sorted(found, key=_acquaintance)


def _acquaintance(knower: Knower) -> tuple[float, int, int, bytes]:
    level = knower.level.level if knower.level else -1.0
    last = knower.tie.last.at if knower.tie.last else -(2**63)
    return -level, -last, -knower.tie.count, knower.person
