"""Bounds: how far the word of each person could ever have carried to one score.

Every level that two people ever had of each other, by anybody's word and under any rule, is at
most the bound that stands here, and every merge that was ever written is taken for made. So a
chain at any moment of the history is at most as strong as the same chain of bounds, and a link
whose strongest chain of bounds stays below the cut was never part of what made the score.
"""

from collections.abc import Iterable, Mapping
from heapq import heapify, heappop, heappush
from itertools import permutations

import msgspec

from kithbook.errors import Invalid
from kithbook.events import AnyEvent, Described, Merged, Ruled, Trusted, people_in
from kithbook.facts.rows import Merge
from kithbook.readings.merges import classes
from kithbook.readings.rules import DEFAULT, Rules, parse_rule
from kithbook.readings.trust.chains import LEAST, reach
from kithbook.readings.trust.levels import Level
from kithbook.readings.trust.score import Score

SLACK = 1 - 1e-9
"""Bounds are multiplied in another order than chains, and what that rounds off is far less."""
MOST = 10.0
"""The highest level, and what a warning is heard with."""
NOBODY: dict[bytes, Level] = {}
Pair = tuple[bytes, bytes]


class Bounds:
    """Of the score of `to` from `start`, over all of these events."""

    def __init__(self, events: Iterable[AnyEvent], start: bytes, to: bytes) -> None:
        events = list(events)
        self.one = classes(Merge(e.people) for e in events if isinstance(e, Merged))
        self.start, self.to = self.root(start), self.root(to)
        self.rules = _loosest(e for e in events if isinstance(e, Ruled))
        self.cut = max(self.rules.cut, LEAST) * SLACK
        self.stated: dict[Pair, int] = {}
        self.dealt: set[Pair] = set()
        self.warners: set[bytes] = set()
        for event in events:
            self._note(event)
        self.most = {pair: self._most(pair) for pair in self.stated.keys() | self.dealt}
        by: dict[bytes, dict[bytes, Level]] = {}
        of: dict[bytes, dict[bytes, float]] = {}
        for (a, b), level in sorted(self.most.items(), key=lambda item: -item[1]):
            by.setdefault(a, {})[b] = Level(level, None, None)
            of.setdefault(b, {})[a] = level
        loose = msgspec.structs.replace(self.rules, cut=self.cut)
        found = reach(self.start, lambda person: by.get(person, NOBODY), loose)
        self.reached = {step.person: step.support for step in found}
        self.vouching = self._back({self.to: 1.0}, of)
        heard = MOST / self.rules.divisor
        self.warning = self._back(dict.fromkeys(self.warners, heard), of)

    def root(self, person: bytes) -> bytes:
        return self.one.get(person, person)

    def concerns(self, a: bytes, b: bytes) -> bool:
        """Whether a level of one of them in the other could ever have mattered."""
        a, b = self.root(a), self.root(b)
        if a == self.start:  # whatever they state is final
            return b in self.vouching or b in self.warning
        return self._could(a, b, self.most.get((a, b), 0.0), None, None) or (
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

    def _note(self, event: AnyEvent) -> None:
        if isinstance(event, Trusted):
            pair = self.root(event.by), self.root(event.whom)
            level = event.level or 0
            if level >= self.stated.get(pair, 0):
                self.stated[pair] = level
            if pair[1] == self.to and event.level == 0:
                self.warners.add(pair[0])
        elif not isinstance(event, (Merged, Described)):
            # Who of them deals with whom is not asked: it could only be less.
            self.dealt.update(permutations(map(self.root, people_in(event)), 2))

    def _most(self, pair: Pair) -> float:
        stated = self.stated.get(pair, 0) / 10
        if pair not in self.dealt:
            return stated
        return max(min(MOST, stated + 1) if stated else 0.0, self.rules.weak)

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
