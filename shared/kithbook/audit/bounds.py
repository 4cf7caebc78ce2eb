"""Bounds: how far the word of each person could ever have carried to one score.

Every level that two people ever had of each other, by anybody's word and under any rule, is at
most the bound that stands here, and every merge that was ever written is taken for made. So a
chain at any moment of the history is at most as strong as the same chain of bounds, and a link
whose strongest chain of bounds stays below the cut was never part of what made the score.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from heapq import heapify, heappop, heappush
from itertools import permutations
from typing import Any

import msgspec

from kithbook.errors import Invalid
from kithbook.events import (
    Described,
    Helped,
    Merged,
    Met,
    Referred,
    Ruled,
    Thanked,
    Trusted,
    people_in,
)
from kithbook.facts.rows import Merge
from kithbook.knowledge import Held
from kithbook.readings.merges import classes
from kithbook.readings.rules import DEFAULT, Rules, parse_rule
from kithbook.readings.trust.chains import LEAST, reach
from kithbook.readings.trust.levels import Level
from kithbook.readings.trust.score import Score

SLACK = 1 - 1e-9
"""Bounds are multiplied in another order than chains, and what that rounds off is far less."""
MOST = 10.0
"""The highest level, and what a warning is heard with."""
DEALINGS = (Met, Helped, Thanked, Referred)
SAID = (Trusted, *DEALINGS, Described)
"""What is about somebody alone, or about two people."""
Pair = tuple[bytes, bytes]


class Bounds:
    """Of the score of `to` from `start`, over all of these events.

    `rest` are the events about nobody and no pair, by their place in the list.
    """

    def __init__(self, events: Sequence[Held], start: bytes, to: bytes) -> None:
        kinds = self._kinds = defaultdict[type, list[tuple[int, Any]]](list)
        for number, held in enumerate(events):
            kinds[type(held.event)].append((number, held.event))
        self.one = classes(Merge(merged.people) for _, merged in kinds[Merged])
        self.start, self.to = self.root(start), self.root(to)
        self.rules = _loosest(ruled for _, ruled in kinds[Ruled])
        self.cut = max(self.rules.cut, LEAST) * SLACK
        self.rest = [
            number for kind, found in kinds.items() if kind not in SAID for number, _ in found
        ]
        self.warners: set[bytes] = set()
        self._by = self._stated()
        for a, b in self._dealt():
            stated = self._by[a].get(b)
            self._by[a][b] = max(min(MOST, stated + 1) if stated else 0.0, self.rules.weak)
        of: defaultdict[bytes, dict[bytes, float]] = defaultdict(dict)
        for a, levels in self._by.items():
            for b, level in levels.items():
                of[b][a] = level
        loose = msgspec.structs.replace(self.rules, cut=self.cut)
        found = reach(self.start, self._neighbours, loose)
        self.reached = {step.person: step.support for step in found}
        self.vouching = self._back({self.to: 1.0}, of)
        heard = MOST / self.rules.divisor
        self.warning = self._back(dict.fromkeys(self.warners, heard), of)

    def root(self, person: bytes) -> bytes:
        return self.one.get(person, person)

    def pairs(self) -> set[Pair]:
        """Between whom a level could ever have mattered."""
        near = self.vouching.keys() | self.warning.keys()
        return {
            (a, b)
            for a in (self.start, *self.reached)
            if a in self._by
            for b in self._by[a].keys() & near
            if self.concerns(a, b)
        }

    def concerns(self, a: bytes, b: bytes) -> bool:
        """Whether a level of one of them in the other could ever have mattered."""
        if a == self.start:  # whatever they state is final
            return b in self.vouching or b in self.warning
        return self._could(a, b, self._by[a][b], None, None) or (
            b == self.to and a in self.warners and self._warns(a, None)
        )

    def could_move(self, pair: Pair, before: Level | None, after: Level | None, now: Score) -> bool:
        """Whether the score may be another than `now` once a level has changed."""
        a, b = self.root(pair[0]), self.root(pair[1])
        if a == self.start:
            return True
        if now.basis == "stated":
            return False
        found = [level for level in (before, after) if level is not None]
        most = max((level.level for level in found), default=0.0)
        weight = now.warning.weight if now.warning else None
        warns = b == self.to and any(level.stated == 0 for level in found)
        return self._could(a, b, most, now.support, weight) or (warns and self._warns(a, weight))

    def _could(
        self, a: bytes, b: bytes, level: float, support: float | None, weight: float | None
    ) -> bool:
        carried = self.reached.get(a, 0.0) * level / self.rules.divisor
        return (
            carried * self.vouching.get(b, 0.0) >= (support or self.cut) * SLACK
            or carried * self.warning.get(b, 0.0) >= (weight or self.cut) * SLACK
        )

    def _warns(self, a: bytes, weight: float | None) -> bool:
        heard = self.reached.get(a, 0.0) * MOST / self.rules.divisor
        return heard >= (weight or self.cut) * SLACK

    def about(self, pairs: AbstractSet[Pair]) -> Iterator[int]:
        """The events about these pairs, by their place in the list."""
        ones, people = {a for a, _ in pairs}, {person for pair in pairs for person in pair}
        root = self.one.get
        for number, event in self._kinds[Trusted]:
            by = root(event.by, event.by)
            if by in ones and (by, root(event.whom, event.whom)) in pairs:
                yield number
        for kind in DEALINGS:
            for number, event in self._kinds[kind]:
                # Two who were merged later are one here, and still two of whom it tells.
                near = [one for one in map(self.root, people_in(event)) if one in people]
                if not pairs.isdisjoint(permutations(near, 2)):
                    yield number

    def _stated(self) -> defaultdict[bytes, dict[bytes, float]]:
        """The highest level that each ever stated of another; notes who warns of `to`."""
        one, to, warners = self.one, self.to, self.warners
        most: defaultdict[bytes, dict[bytes, float]] = defaultdict(dict)
        for _, event in self._kinds[Trusted]:  # most of what bears on trust comes by here
            by, whom, level = event.by, event.whom, (event.level or 0) / 10
            if one:
                by, whom = one.get(by, by), one.get(whom, whom)
            levels = most[by]
            if level > levels.get(whom, -1.0):
                levels[whom] = level
            if whom == to and event.level == 0:
                warners.add(by)
        return most

    def _dealt(self) -> set[Pair]:
        """Between whom anything ever was; who of them dealt with whom is not asked, for it could
        only be less.
        """
        return {
            pair
            for kind in DEALINGS
            for _, event in self._kinds[kind]
            for pair in permutations(map(self.root, people_in(event)), 2)
        }

    def _neighbours(self, person: bytes) -> dict[bytes, Level]:
        found = sorted(self._by.get(person, {}).items(), key=lambda item: -item[1])
        return {whom: Level(level, None, None) for whom, level in found}

    def _back(
        self, seeds: Mapping[bytes, float], of: Mapping[bytes, Mapping[bytes, float]]
    ) -> dict[bytes, float]:
        """Person → what a support that reaches them could leave at most, by a chain to a seed."""
        least = self.cut / MOST
        found: dict[bytes, float] = {}
        heap = [(-factor, person) for person, factor in seeds.items()]
        heapify(heap)
        while heap:
            negative, person = heappop(heap)
            if person in found:
                continue
            factor = found[person] = -negative
            for by, level in of.get(person, {}).items():
                carried = factor * level / self.rules.divisor
                if carried >= least and by not in found:
                    heappush(heap, (-carried, by))
        return found


def _loosest(ruled: Iterable[Ruled]) -> Rules:
    """The rules under which trust would have carried furthest, of all that were ever set."""
    divisor, cut, weak = DEFAULT.divisor, DEFAULT.cut, DEFAULT.weak
    for event in ruled:
        try:
            value = parse_rule(event.setting, event.value)
        except Invalid:
            continue
        match event.setting, value:
            case "transfer", float():
                divisor = min(divisor, value)
            case "cut", float():
                cut = min(cut, value)
            case "weak", float():
                weak = max(weak, value)
    return Rules(divisor=divisor, cut=cut, weak=weak)
