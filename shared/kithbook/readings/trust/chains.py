"""Chains: the strongest way by which trust carries from one person to everybody else.

Best-first search outwards from the viewpoint. Support is the first link's level, then multiplied by
each further level and divided by 18 (10 / transfer), in that order and in IEEE doubles, so that
every device computes the same bits. Ties: fewer hops, then the smaller id of the last voucher.
"""

from collections import deque
from collections.abc import Iterator, Mapping
from heapq import heapify, heappop, heappush
from math import inf, ulp

import msgspec

from kithbook.readings.rules import Rules
from kithbook.readings.trust.levels import Level, Neighbours

LEAST = ulp(0.0)
"""The smallest support that is one at all, where a network sets no cut."""


class Reached(msgspec.Struct, frozen=True, gc=False):
    """How trust gets to a person: the support it arrives with and who vouches last."""

    person: bytes
    support: float
    hops: int
    voucher: bytes


def reach(
    start: bytes, neighbours: Neighbours, rules: Rules, avoid: bytes | None = None
) -> Iterator[Reached]:
    """People that trust reaches from `start`, strongest first, by no chain through `avoid`.

    No chain passes into a person whom `start` has stated a level about, except directly.
    """
    own = neighbours(start)
    least = max(rules.cut, LEAST)
    divisor = rules.divisor
    # The support that a person must get more of; nothing improves on who is final or done.
    best = {person: inf for person, level in own.items() if level.stated is not None}
    best[start] = inf
    if avoid is not None:
        best[avoid] = inf
    heap = [
        (-level.level, 1, start, person)
        for person, level in own.items()
        if level.level >= least and person not in {start, avoid}
    ]
    heapify(heap)
    done = set()
    # Nobody's links are looked at before they matter: who asks for a few would wait for them.
    later: deque[tuple[float, int, bytes]] = deque()
    most = 0.0  # what they can carry at most, less than which may not come before them
    while heap or later:
        if heap and -heap[0][0] > most:
            negative, hops, voucher, person = heappop(heap)
            if person in done:
                continue
            done.add(person)
            best[person] = inf
            if not later:
                most = -negative * 10 / divisor
            later.append((-negative, hops, person))
            yield Reached(person, -negative, hops, voucher)
            continue
        support, hops, person = later.popleft()
        most = later[0][0] * 10 / divisor if later else 0.0
        for whom, link in neighbours(person).items():
            carried = support * link.level / divisor
            if carried < least:
                break  # the rest are lower
            if carried > support:  # noqa: PLR1730 - as in `passed`, but min() is a call
                carried = support
            if carried >= best.get(whom, 0.0):
                best[whom] = carried
                heappush(heap, (-carried, hops + 1, person, whom))


class Step(msgspec.Struct, frozen=True, gc=False):
    """One link of a chain: `by` has this level about `to`."""

    by: bytes
    to: bytes
    level: Level


class Chains(dict[bytes, list[Step]]):
    """The chains from `start` to those who are `reached`, each traced when it is asked for."""

    def __init__(
        self, start: bytes, reached: Mapping[bytes, Reached], neighbours: Neighbours
    ) -> None:
        self.start = start
        self.reached = reached
        self.neighbours = neighbours

    def __missing__(self, target: bytes) -> list[Step]:
        steps: list[Step] = []
        person = target
        while person != self.start:
            voucher = self.reached[person].voucher
            steps.append(Step(voucher, person, self.neighbours(voucher)[person]))
            person = voucher
        chain = self[target] = steps[::-1]
        return chain

    def lengthen(self, step: Reached) -> None:
        """Know the chain to somebody whose last voucher's chain is known."""
        by, person = step.voucher, step.person
        self[person] = [*self[by], Step(by, person, self.neighbours(by)[person])]

    def through(self, whom: bytes, person: bytes) -> bool:
        """Whether the chain to a person goes through somebody."""
        ends = {self.start, whom}
        while person not in ends:
            person = self.reached[person].voucher
        return person == whom


def carry(steps: list[Step], rules: Rules) -> float:
    """The support that a chain gives, computed outwards from its start."""
    support = steps[0].level.level
    for step in steps[1:]:
        support = passed(support, step.level.level, rules)
    return support


def passed(support: float, level: float, rules: Rules) -> float:
    """What one more link leaves of a support: never more, which ten tenths of it could round to."""
    return min(support, support * level / rules.divisor)
