"""Bounds: how far the word of each person could ever have carried to one score.

Every level that two people ever had of each other, by anybody's word and under any rule, is at
most the bound that stands here, and every merge that was ever written is taken for made. So a
chain at any moment of the history is at most as strong as the same chain of bounds, and a link
whose strongest chain of bounds stays below the cut was never part of what made the score.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from heapq import heapify, heappop, heappush
from itertools import permutations
from typing import Any

import msgspec

from kithbook.errors import Invalid
from kithbook.events import (
    Content,
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

    `said` are the events about each pair, by their place in the list, `rest` those about none.
    """

    def __init__(self, events: Sequence[Held], start: bytes, to: bytes) -> None:
        kinds: defaultdict[type, list[tuple[int, Any]]] = defaultdict(list)
        for number, held in enumerate(events):
            kinds[type(held.event)].append((number, held.event))
        self.one = classes(Merge(merged.people) for _, merged in kinds[Merged])
        self.start, self.to = self.root(start), self.root(to)
        self.rules = _loosest(ruled for _, ruled in kinds[Ruled])
        self.cut = max(self.rules.cut, LEAST) * SLACK
        self.said: defaultdict[Pair, list[int]] = defaultdict(list)
        self.rest = [
            number for kind, found in kinds.items() if kind not in SAID for number, _ in found
        ]
        self.warners: set[bytes] = set()
        self._stated: dict[Pair, int] = {}
        self._dealt: set[Pair] = set()
        self._note_stated(kinds[Trusted])
        for kind in DEALINGS:
            self._note_dealt(kinds[kind])
        self._by: defaultdict[bytes, dict[bytes, float]] = defaultdict(dict)
        of: defaultdict[bytes, dict[bytes, float]] = defaultdict(dict)
        for pair in self.said:
            a, b = pair
            self._by[a][b] = of[b][a] = self._most(pair)
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

    def _note_dealt(self, dealt: Iterable[tuple[int, Content]]) -> None:
        for number, event in dealt:
            # Who of them deals with whom is not asked: it could only be less.
            for pair in permutations(map(self.root, people_in(event)), 2):
                self.said[pair].append(number)
                self._dealt.add(pair)

    def _note_stated(self, stated: Iterable[tuple[int, Trusted]]) -> None:
        """Most of what bears on trust comes by here."""
        one, said, most, to = self.one, self.said, self._stated, self.to
        for number, event in stated:
            pair, level = (event.by, event.whom), event.level
            if one:
                pair = one.get(event.by, event.by), one.get(event.whom, event.whom)
            said[pair].append(number)
            if level:
                if pair not in most or level > most[pair]:
                    most[pair] = level
            elif level == 0 and pair[1] == to:
                self.warners.add(pair[0])

    def _most(self, pair: Pair) -> float:
        stated = self._stated.get(pair, 0) / 10
        if pair not in self._dealt:
            return stated
        return max(min(MOST, stated + 1) if stated else 0.0, self.rules.weak)

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
