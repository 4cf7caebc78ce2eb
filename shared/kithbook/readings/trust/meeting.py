"""Where two searches meet: the strongest chain to one of a few people, found without the rest.

One search goes outwards from the viewpoint and settles what `reach` yields. The other goes back
from those few, and knows at whom it looks what a support that arrives there is worth: how much of
it is left at the end of the best chain on. They go on until no chain through people whom neither
has seen could be as strong as one that is known, or as the cut. Then only those are settled who
were seen from behind and are on a chain that is as strong.

Whatever is left out is weaker than the strongest chain. So that one, and all that tie with it, have
the bits, hops and vouchers that a search of everybody gives them.
"""

from collections.abc import Mapping
from heapq import heapify, heappop, heappush
from math import inf

from kithbook.readings.rules import Rules
from kithbook.readings.trust.chains import LEAST, Reached
from kithbook.readings.trust.levels import MOST, Level, Neighbours

SLACK = 1 - 1e-9
"""Going back, levels are multiplied in another order, and what that rounds off is far less."""
EACH = 5
"""To look at somebody costs as much as so many links."""

Way = tuple[float, int, bytes, bytes]
"""-support, hops, last voucher, person: the better, the lower."""


class Meeting:
    """The search from `start` for whichever of the `ends` a chain gives the most, by none through
    `to`. It gives the support that the end has, passed on by the level that stands beside the end.

    What gives less than `floor` need not be found.
    """

    def __init__(
        self,
        start: bytes,
        to: bytes,
        ends: Mapping[bytes, Level],
        neighbours: Neighbours,
        vouchers: Neighbours,
        rules: Rules,
        floor: float = 0.0,
    ) -> None:
        self.start = start
        self.ends = ends
        self.neighbours = neighbours
        self.vouchers = vouchers
        self.own = neighbours(start)
        self.divisor = rules.divisor
        self.transfer = MOST / rules.divisor
        self.least = max(rules.cut, LEAST)
        self.bar = max(self.least, floor) * SLACK  # what a chain must give to matter
        self.settled: dict[bytes, Way] = {}
        self.best = {start: inf, to: inf}  # the support to get at least, as in `reach`
        self.out: list[Way] = [(-self.divisor, 0, b"", start)]  # times a level, by the divisor
        self.worth = {start: inf, to: inf}
        self.tied: set[bytes] = set()  # at whom two chains on are worth as much but for rounding
        self.back: list[tuple[float, bytes]] = []  # -worth of those not yet gone back from

    def find(self) -> dict[bytes, Reached]:
        """How trust gets to the ends that matter, and to all on the chains there."""
        self._go_back(self.ends, 1.0, self.divisor)
        self._meet()
        self._finish()
        found: dict[bytes, Reached] = {}
        for end in self.ends.keys() & self.settled.keys():
            person = end
            while person != self.start and person not in found:
                negative, hops, voucher, _ = self.settled[person]
                found[person] = Reached(person, -negative, hops, voucher)
                person = voucher
        return found

    def _meet(self) -> None:
        """Go on from the side that has less to look at, until those left matter only if they were
        seen from behind.
        """
        out, back, worths = self.out, self.back, self.worth
        while out and back:
            way = out[0]
            if way[3] in self.settled:
                heappop(out)
                continue
            given = self.neighbours(way[3])
            while back:
                negative, behind = back[0]
                if worths[behind] > -negative:
                    heappop(back)
                    continue
                if way[0] * negative * self.transfer < self.bar:
                    return
                got = self.vouchers(behind)
                if (EACH + len(got)) * (EACH + len(back)) > (EACH + len(given)) * (EACH + len(out)):
                    heappop(out)
                    self._go_out(given, way, -negative)
                    break
                heappop(back)
                self._go_back(got, -negative, -way[0])

    def _finish(self) -> None:
        """Settle who was seen from behind and may be on the strongest chain."""
        worths, ends = self.worth, self.ends
        out = [way for way in self.out if -way[0] * worths.get(way[3], 0.0) >= self.bar]
        heapify(out)
        self.out = out
        while out:
            way = heappop(out)
            person = way[3]
            if person in self.settled or -way[0] * worths[person] < self.bar:
                continue
            is_best = person in ends and ends[person].level / self.divisor >= worths[person]
            if is_best and person not in self.tied:
                self._settle(way)  # and nobody after them gives as much as they do
            else:
                self._go_out(self.neighbours(person), way, 0.0)

    def _settle(self, way: Way) -> None:
        self.settled[way[3]] = way
        self.best[way[3]] = inf

    def _go_out(self, given: Mapping[bytes, Level], way: Way, behind: float) -> None:
        """Settle somebody who has `given` these levels, and offer what they pass on.

        `behind` is the most that anybody is worth from whom nobody has gone back yet.
        """
        self._settle(way)
        best, worths, own, out = self.best, self.worth, self.own, self.out
        least, bar, unseen = self.least, self.bar, behind * self.transfer
        negative, hops, _, person = way
        scale, divisor = (-negative, self.divisor) if hops else (1.0, 1.0)
        for whom in given.keys() & worths.keys():  # first, for they raise the bar
            worth, carried = worths[whom], scale * given[whom].level / divisor
            if carried < best.get(whom, least) or (carried * worth < bar > carried * unseen):
                continue
            if hops and whom in own and own[whom].stated is not None:
                continue  # no chain passes into them but the direct one
            best[whom] = carried = min(carried, -negative)  # as in `passed`
            heappush(out, (-carried, hops + 1, person, whom))
            bar = max(bar, carried * worth * SLACK)
        self.bar = bar
        need = bar * self.divisor / -negative / unseen if unseen else inf
        for whom, level in given.items():
            if level.level < need:
                break  # the rest are lower
            carried = scale * level.level / divisor
            if carried < best.get(whom, least) or whom in worths:
                continue
            if hops and whom in own and own[whom].stated is not None:
                continue
            best[whom] = carried = min(carried, -negative)
            heappush(out, (-carried, hops + 1, person, whom))

    def _go_back(self, got: Mapping[bytes, Level], worth: float, ahead: float) -> None:
        """Note what a support is worth at those who gave these levels to somebody who is `worth`
        so much. `ahead` is the most support of anybody who is not settled.
        """
        best, worths, own, back = self.best, self.worth, self.own, self.back
        divisor, bar, unseen = self.divisor, self.bar, ahead * self.transfer
        for by in got.keys() & best.keys():  # first, for they raise the bar
            known, carried = best[by], worth * got[by].level / divisor
            if known == inf or not self._is_better(by, carried):
                continue
            if carried * known < bar > carried * unseen:
                continue
            worths[by] = carried
            bar = max(bar, known * carried * SLACK)
            if by not in own or own[by].stated is None:
                heappush(back, (-carried, by))
        need = bar * divisor / worth / unseen
        for by, level in got.items():
            if level.level < need:
                break  # the rest are lower
            carried = worth * level.level / divisor
            if by in best or not self._is_better(by, carried):
                continue
            worths[by] = carried
            if by in own:
                bar = max(bar, own[by].level * carried * SLACK)
            if by not in own or own[by].stated is None:
                heappush(back, (-carried, by))
        self.bar = bar

    def _is_better(self, person: bytes, worth: float) -> bool:
        """Whether a support is worth more at somebody than was known; it may be worth as much."""
        known = self.worth.get(person, 0.0)
        if known * SLACK <= worth <= known:
            self.tied.add(person)
        return worth > known
