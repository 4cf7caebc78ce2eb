"""The search for scores: support by the strongest chain, less the strongest warning.

From one viewpoint, either one person's score, looking only where its chain can be, or everybody's
at once. Both give the same bits.
"""

from collections.abc import Collection, Iterator, Mapping
from functools import cached_property
from heapq import heappop, heappush

from kithbook.readings.rules import Rules
from kithbook.readings.trust.chains import Reached, Step, passed, reach, trace
from kithbook.readings.trust.levels import Level, Neighbours
from kithbook.readings.trust.meeting import between
from kithbook.readings.trust.score import Caution, Score, Vouch

FULL = Level(10.0, 10.0, None)
"""The level that a warner is heard with."""


class Search:
    """Scores of other people from the viewpoint of `start`."""

    def __init__(
        self, start: bytes, neighbours: Neighbours, vouchers: Neighbours, rules: Rules
    ) -> None:
        self.start = start
        self.neighbours = neighbours
        self.vouchers = vouchers
        self.rules = rules

    @cached_property
    def own(self) -> dict[bytes, Level]:
        return self.neighbours(self.start)

    def one(self, to: bytes, *, others: bool = False) -> Score:
        """The score of one person.

        With `others` it also finds the best chains through each other last voucher, best first.
        """
        vouchers = self.vouchers(to)
        if to == self.start:
            return Score(to, to, "none")
        direct = vouchers.get(self.start)
        if direct is not None and direct.stated is not None:
            return self._stated(to, direct)
        reached, warner = self._around(to, vouchers, everyone=others)
        found = [
            (passed(step.support, vouchers[step.person].level, self.rules), step)
            for step in reached.values()
            if step.person in vouchers and vouchers[step.person].level > 0
        ]
        ranked = sorted(
            (-support, step.hops + 1, step.person)
            for support, step in found
            if support >= self.rules.cut
        )
        chains = [
            Vouch(-negative, [*self._chain(by, reached), Step(by, to, vouchers[by])])
            for negative, _, by in (ranked if others else ranked[:1])
        ]
        if direct is not None and direct.level > 0 and direct.level >= self.rules.cut:
            chains.append(Vouch(direct.level, [Step(self.start, to, direct)]))
            chains.sort(key=lambda v: (-v.support, len(v.chain)))
        caution = self._caution(warner, vouchers[warner.person], reached) if warner else None
        best = chains[0] if chains else None
        return Score.of(self.start, to, best, caution, chains[1:] if others else [])

    def all(self) -> Iterator[Score]:
        """The score of everybody whom trust or a warning reaches, in no order."""
        final = {p for p, level in self.own.items() if level.stated is not None}
        yield from (self._stated(person, self.own[person]) for person in final)
        reached: dict[bytes, Reached] = {}
        chains: dict[bytes, list[Step]] = {self.start: []}
        warners: dict[bytes, list[Reached]] = {}
        for step in reach(self.start, self.neighbours, self.rules):
            person, by = step.person, step.voucher
            reached[person] = step
            chains[person] = [*chains[by], Step(by, person, self.neighbours(by)[person])]
            for whom in self.warned_by(person):
                warners.setdefault(whom, []).append(step)
        for person in (reached.keys() | warners.keys()) - final - {self.start}:
            score = self._judged(person, chains.get(person), warners.get(person, []), reached)
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
        chain = self._chain(to, reached) if to in reached else None
        return self._judged(to, chain, self._warners(to, reached), reached)

    def needs_detour(self, to: bytes, reached: Mapping[bytes, Reached]) -> bool:
        """Whether the chain to their strongest warner goes through themselves."""
        if to not in reached or (to in self.own and self.own[to].stated is not None):
            return False
        warners = self._warners(to, reached)
        return bool(warners) and self._through(to, warners[0], reached)

    def warned_by(self, person: bytes) -> list[bytes]:
        """Those of whom somebody warns."""
        found = []
        for whom, level in reversed(self.neighbours(person).items()):
            if level.level > 0:
                break
            if level.stated == 0:
                found.append(whom)
        return found

    def _warners(self, to: bytes, reached: Mapping[bytes, Reached]) -> list[Reached]:
        """Who warns of them and is reached, the strongest first."""
        warning = (by for by, level in self.vouchers(to).items() if level.stated == 0)
        found = [reached[by] for by in warning if by in reached]
        return sorted(found, key=lambda step: (-step.support, step.hops, step.voucher, step.person))

    def _judged(
        self,
        to: bytes,
        chain: list[Step] | None,
        warners: list[Reached],
        reached: Mapping[bytes, Reached],
    ) -> Score:
        best = Vouch(reached[to].support, chain) if chain else None
        caution = self._strongest(to, warners, reached) if warners else None
        return Score.of(self.start, to, best, caution, [])

    def _around(
        self, to: bytes, vouchers: Mapping[bytes, Level], *, everyone: bool
    ) -> tuple[dict[bytes, Reached], Reached | None]:
        """Who is reached by no chain through `to`, as far as it matters, and the first warner."""
        others = {person: level for person, level in vouchers.items() if person != self.start}
        warning = {person for person, level in others.items() if level.stated == 0}
        vouching = others.keys() - warning
        reached: dict[bytes, Reached] = {}
        warner: Reached | None = None
        direct = vouchers.get(self.start)
        best = direct.level if direct else 0.0
        near = self.neighbours if everyone else self._near(to, others, warning)
        for step in reach(self.start, near, self.rules, avoid=to) if others else ():
            most = passed(step.support, 10, self.rules)  # that whoever comes next can carry
            beaten = (most < best and not everyone) or not vouching
            if most < self.rules.cut or (beaten and (warner is not None or not warning)):
                break
            reached[step.person] = step
            if step.person in warning:
                warner = warner or step
                warning.discard(step.person)
            elif step.person in vouching:
                vouching.discard(step.person)
                best = max(best, passed(step.support, others[step.person].level, self.rules))
        return reached, warner

    def _near(
        self, to: bytes, others: Mapping[bytes, Level], warning: Collection[bytes]
    ) -> Neighbours:
        """The neighbours among whom the strongest chain and the strongest warning are found."""
        vouching = {person: level for person, level in others.items() if person not in warning}
        people: set[bytes] = set()
        for targets in filter(None, (vouching, dict.fromkeys(warning, FULL))):
            people |= between(self.start, to, targets, self.neighbours, self.vouchers, self.rules)
        return lambda person: {
            whom: level for whom, level in self.neighbours(person).items() if whom in people
        }

    def _strongest(
        self, to: bytes, warners: list[Reached], reached: Mapping[bytes, Reached]
    ) -> Caution | None:
        """The strongest warning by a chain that is not through the person it warns of.

        `warners` come strongest first. Going round `to` makes none of them stronger, so the first
        is the one if its chain does not pass there.
        """
        if not warners:
            return None
        by = warners[0]
        if to in reached and self._through(to, by, reached):
            levels = {step.person: self.neighbours(step.person)[to] for step in warners}
            around, warner = self._around(to, levels, everyone=False)
            return self._caution(warner, levels[warner.person], around) if warner else None
        return self._caution(by, self.neighbours(by.person)[to], reached)

    def _caution(
        self, by: Reached, level: Level, reached: Mapping[bytes, Reached]
    ) -> Caution | None:
        """The warning that arrives this way; it travels one step only and is cut like support."""
        weight = passed(by.support, 10, self.rules)
        if weight < self.rules.cut:
            return None
        return Caution(weight, by.person, self._chain(by.person, reached), level)

    def _through(self, to: bytes, step: Reached, reached: Mapping[bytes, Reached]) -> bool:
        person = step.person
        while person not in {self.start, to}:
            person = reached[person].voucher
        return person == to

    def _chain(self, person: bytes, reached: Mapping[bytes, Reached]) -> list[Step]:
        return trace(person, self.start, reached, self.neighbours)

    def _stated(self, to: bytes, level: Level) -> Score:
        step = Step(self.start, to, level)
        return Score(self.start, to, "stated", level.level, None, [step])
