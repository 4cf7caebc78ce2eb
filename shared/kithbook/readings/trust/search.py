"""The search for scores: support by the strongest chain, less the strongest warning.

From one viewpoint, either one person's score, looking only where its chain can be, or everybody's
at once. Both give the same bits.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import cached_property
from heapq import heappop, heappush

from kithbook.readings.rules import Rules
from kithbook.readings.trust.chains import LEAST, Chains, Reached, Step, passed, reach
from kithbook.readings.trust.levels import Level, Neighbours
from kithbook.readings.trust.meeting import SLACK, Meeting
from kithbook.readings.trust.score import Score, Vouch, Warned

Stating = Callable[[bytes, float], dict[bytes, Level]]
"""Person and level → who states a level about them that is 0 or, with their dealings, as high, and
maybe others; the highest first.
"""
FULL = Level(10.0, 10.0, None)
"""The level that a warner is heard with."""


class Search:
    """Scores of other people from the viewpoint of `start`."""

    def __init__(
        self,
        start: bytes,
        neighbours: Neighbours,
        vouchers: Neighbours,
        rules: Rules,
        stating: Stating | None = None,
    ) -> None:
        self.start = start
        self.neighbours = neighbours
        self.vouchers = vouchers
        self.rules = rules
        self.stating = stating

    @cached_property
    def own(self) -> dict[bytes, Level]:
        return self.neighbours(self.start)

    def one(self, to: bytes, *, others: bool = False) -> Score:
        """The score of one person.

        With `others` it also finds the best chains through each other last voucher, best first.
        """
        if to == self.start:
            return Score(to, to, "none")
        vouchers = self.vouchers(to) if others else self._mattering(to)
        own = vouchers.get(self.start)
        if own is not None and own.stated is not None:
            return self._stated(to, own)
        vouching = {by: level for by, level in vouchers.items() if level.level > 0}
        warning = [by for by, level in vouchers.items() if level.stated == 0]
        found: list[Vouch] = []
        direct = vouching.pop(self.start, None)
        if direct is not None and direct.level >= self.rules.cut:
            found = [Vouch(direct.level, [Step(self.start, to, direct)])]
        if others:
            chains = heard = self._everybody(to, vouching, warning)
        else:
            chains = self._meet(to, vouching, found[0].support if found else 0.0)
            heard = self._meet(to, dict.fromkeys(warning, FULL)) if warning else chains
        if chains.reached:
            ranked = self._ranked(vouching, chains.reached.values())
            found += (
                Vouch(-negative, [*chains[by], Step(by, to, vouching[by])])
                for negative, _, by in (ranked if others else ranked[:1])
            )
            found.sort(key=lambda v: (-v.support, len(v.chain)))
        support, chain = (found[0].support, found[0].chain) if found else (None, [])
        warned = None
        if warning and (warners := self._those(warning, heard)):
            warner = min(warners, key=_rank)
            warned = self._warned(warner, vouchers[warner.person], heard)
        return Score.of(self.start, to, support, chain, warned, found[1:] if others else [])

    def _mattering(self, to: bytes) -> dict[bytes, Level]:
        """Who has a level about somebody, without some through whom no chain gives more than the
        direct one, where those are many.
        """
        if self.stating is None:
            return self.vouchers(to)
        direct = self.own.get(to)
        found = {self.start: direct} if direct else {}
        most = next((level.level for by, level in self.own.items() if by != to), 0.0)
        if not most:
            return found
        floor = max(self.rules.cut, LEAST, direct.level if direct else 0.0)
        least = floor * self.rules.divisor / most * SLACK
        return self.stating(to, least) | found if least > self.rules.weak else self.vouchers(to)

    def all(self) -> Iterator[Score]:
        """The score of everybody whom trust or a warning reaches, in no order."""
        final = {p for p, level in self.own.items() if level.stated is not None}
        yield from (self._stated(person, self.own[person]) for person in final)
        final.add(self.start)
        reached: dict[bytes, Reached] = {}
        chains = Chains(self.start, reached, self.neighbours)
        warners: dict[bytes, list[Reached]] = {}
        for step in reach(self.start, self.neighbours, self.rules):
            reached[step.person] = step
            chains.lengthen(step)
            for whom in self.warned_by(step.person):
                warners.setdefault(whom, []).append(step)
        for person, step in reached.items():
            if person in final:
                continue
            if person in warners:
                yield self._judged(person, warners[person], chains)
            else:  # most are, and there is nothing to judge
                yield Score.of(self.start, person, step.support, chains[person], None, [])
        for person in warners.keys() - reached.keys() - final:
            score = self._judged(person, warners[person], chains)
            if score.basis != "none":
                yield score

    def best(self) -> Iterator[Score]:
        """Every score over 0, the best first; who asks for a few need not wait for the rest."""
        waiting: list[tuple[float, int, bytes, Score]] = []
        for person, level in self.own.items():
            if level.stated and level.level < self.rules.cut:  # a score, and too low to be reached
                heappush(waiting, (-level.level, 1, person, self._stated(person, level)))
        for step in reach(self.start, self.neighbours, self.rules):
            while waiting and -waiting[0][0] > step.support:  # which nobody who comes now exceeds
                yield heappop(waiting)[-1]
            own = self.own.get(step.person)
            is_stated = own is not None and own.stated is not None
            score = self._stated(step.person, own) if own and is_stated else self.one(step.person)
            if score.score:
                heappush(waiting, (-score.score, len(score.chain), score.to, score))
        while waiting:
            yield heappop(waiting)[-1]

    def among(self, to: bytes, reached: Mapping[bytes, Reached]) -> Score:
        """The score of one person when it is known how trust reaches everybody."""
        own = self.own.get(to)
        if own is not None and own.stated is not None:
            return self._stated(to, own)
        chains = Chains(self.start, reached, self.neighbours)
        return self._judged(to, self._warners(to, chains), chains)

    def needs_detour(self, to: bytes, reached: Mapping[bytes, Reached]) -> bool:
        """Whether the chain to their strongest warner goes through themselves."""
        if to not in reached or (to in self.own and self.own[to].stated is not None):
            return False
        chains = Chains(self.start, reached, self.neighbours)
        warners = self._warners(to, chains)
        return bool(warners) and chains.through(to, warners[0].person)

    def warned_by(self, person: bytes) -> list[bytes]:
        """Those of whom somebody warns."""
        found = []
        for whom, level in reversed(self.neighbours(person).items()):
            if level.level > 0:
                break
            if level.stated == 0:
                found.append(whom)
        return found

    def _warners(self, to: bytes, chains: Chains) -> list[Reached]:
        """Who warns of them and is reached, the strongest first."""
        warning = (by for by, level in self.vouchers(to).items() if level.stated == 0)
        return sorted(self._those(warning, chains), key=_rank)

    def _those(self, people: Iterable[bytes], chains: Chains) -> list[Reached]:
        """Those of the people who are reached."""
        return [chains.reached[person] for person in people if person in chains.reached]

    def _judged(self, to: bytes, warners: list[Reached], chains: Chains) -> Score:
        step = chains.reached.get(to)
        warned = self._strongest(to, warners, chains) if warners else None
        support, chain = (step.support, chains[to]) if step else (None, [])
        return Score.of(self.start, to, support, chain, warned, [])

    def _ranked(
        self, vouching: Mapping[bytes, Level], reached: Iterable[Reached]
    ) -> list[tuple[float, int, bytes]]:
        """What each voucher who is reached gives: -support, hops and who they are, best first."""
        return sorted(
            (-support, step.hops + 1, step.person)
            for step in reached
            if step.person in vouching
            and (support := passed(step.support, vouching[step.person].level, self.rules))
            >= self.rules.cut
        )

    def _meet(self, to: bytes, ends: Mapping[bytes, Level], floor: float = 0.0) -> Chains:
        """How the strongest chain gets to one of the ends, round `to`."""
        around = self.neighbours, self.vouchers, self.rules
        reached = Meeting(self.start, to, ends, *around, floor=floor).find() if ends else {}
        return Chains(self.start, reached, self.neighbours)

    def _everybody(
        self, to: bytes, vouching: Collection[bytes], warning: Collection[bytes]
    ) -> Chains:
        """Who is reached by no chain through `to`, until all who vouch are and the first warner."""
        reached: dict[bytes, Reached] = {}
        waiting, is_warned = set(vouching), not warning
        for step in reach(self.start, self.neighbours, self.rules, avoid=to):
            if (is_warned and not waiting) or passed(step.support, 10, self.rules) < self.rules.cut:
                break
            reached[step.person] = step
            waiting.discard(step.person)
            is_warned = is_warned or step.person in warning
        return Chains(self.start, reached, self.neighbours)

    def _strongest(self, to: bytes, warners: list[Reached], chains: Chains) -> Warned | None:
        """The strongest warning by a chain that is not through the person it warns of.

        `warners` come strongest first. Going round `to` makes none of them stronger, so the first
        is the one if its chain does not pass there.
        """
        if to in chains.reached and chains.through(to, warners[0].person):
            people = [step.person for step in warners]
            chains = self._meet(to, dict.fromkeys(people, FULL))
            warners = sorted(self._those(people, chains), key=_rank)
        if not warners:
            return None
        by = warners[0]
        return self._warned(by, self.neighbours(by.person)[to], chains)

    def _warned(self, by: Reached, level: Level, chains: Chains) -> Warned | None:
        """The warning that arrives this way; it travels one step only and is cut like support."""
        weight = passed(by.support, 10, self.rules)
        if weight < self.rules.cut:
            return None
        return Warned(weight, by.person, chains[by.person], level)

    def _stated(self, to: bytes, level: Level) -> Score:
        return Score.stated(self.start, to, level)


def _rank(step: Reached) -> tuple[float, int, bytes, bytes]:
    """The stronger, the lower."""
    return -step.support, step.hops, step.voucher, step.person
