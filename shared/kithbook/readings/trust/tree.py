"""The tree of strongest chains from one person, kept while links change.

Everybody in it has the best of what those who vouch for them offer, and every offer ranks behind
what its giver has. Only one tree is like that, the one that a search from scratch finds. So after a
change whoever does not fit is put right, the best first, and whom that touches, until all fit.
"""

from collections.abc import Iterable, Iterator
from heapq import heappop, heappush

from kithbook.readings.rules import Rules
from kithbook.readings.trust.chains import LEAST, Reached, passed, reach
from kithbook.readings.trust.levels import Level, Neighbours

Rank = tuple[float, int, bytes]
LAST: Rank = (0.0, 0, b"")
"""The rank of who is not reached: behind all others."""


def rank(found: Reached | None) -> Rank:
    """The better a chain, the lower: its support, its hops, its last voucher."""
    return LAST if found is None else (-found.support, found.hops, found.voucher)


class Tree:
    """`reached` is what `reach` gives. When an own link of `start` changes, make another."""

    def __init__(
        self, start: bytes, neighbours: Neighbours, vouchers: Neighbours, rules: Rules
    ) -> None:
        self.start = start
        self.neighbours = neighbours
        self.vouchers = vouchers
        self.rules = rules
        self.least = max(rules.cut, LEAST)
        own = neighbours(start).items()
        self.final = {start} | {person for person, level in own if level.stated is not None}
        self.reached = {step.person: step for step in reach(start, neighbours, rules)}

    def settle(self, whom: bytes) -> set[bytes]:
        """Fit the tree to a changed link to `whom`, who is not final; who is reached otherwise now.

        Who could have better gets it. Who has too much loses it first, and with it what they gave
        on, and gets the next best when its turn comes.
        """
        reached, moved = self.reached, set()
        due: dict[bytes, Reached | None] = {}  # what those who do not fit should have
        heap: list[tuple[Rank, bytes]] = []

        def expect(person: bytes, best: Reached | None) -> None:
            due[person] = best
            heappush(heap, (min(rank(best), rank(reached.get(person))), person))

        expect(whom, self._best(whom))
        while heap:
            turn, person = heappop(heap)
            best, had = due.get(person), reached.get(person)
            if person not in due or turn != min(rank(best), rank(had)):
                continue  # what should be was found out again, and has its own turn
            del due[person]
            if best == had:
                continue
            moved.add(person)
            if rank(best) == turn and best is not None:
                reached[person] = best
            else:
                del reached[person]
                if best is not None:
                    expect(person, best)
            for other, offer in self._offers(person, had):
                now = due[other] if other in due else reached.get(other)
                if rank(offer) < rank(now):
                    expect(other, offer)
                elif now is not None and now.voucher == person and offer != now:
                    expect(other, self._best(other))
        return moved

    def behind(self, people: Iterable[bytes]) -> set[bytes]:
        """These people, and everybody whose chain goes through one of them."""
        found: set[bytes] = set()
        waiting = list(people)
        while waiting:
            person = waiting.pop()
            if person not in found:
                found.add(person)
                waiting += self._after(person)
        return found

    def _after(self, person: bytes) -> Iterator[bytes]:
        if person in self.reached:
            for whom in self.neighbours(person):
                found = self.reached.get(whom)
                if found is not None and found.voucher == person:
                    yield whom

    def _best(self, person: bytes) -> Reached | None:
        """The best that anybody offers them now."""
        vouchers = self.vouchers(person).items()
        offers = (self._offer(by, self.reached.get(by), person, level) for by, level in vouchers)
        return min(offers, key=rank, default=None)

    def _offers(self, by: bytes, had: Reached | None) -> Iterator[tuple[bytes, Reached | None]]:
        """What somebody offers now to those to whom they offer something, or did."""
        has = self.reached.get(by)
        most = max(found.support for found in (has, had) if found)
        for whom, level in self.neighbours(by).items():
            if passed(most, level.level, self.rules) < self.least:
                break  # the rest are lower
            if whom not in self.final:
                yield whom, self._offer(by, has, whom, level)

    def _offer(self, by: bytes, has: Reached | None, whom: bytes, level: Level) -> Reached | None:
        if by == self.start:
            support, hops = level.level, 1
        elif has is not None:
            support, hops = passed(has.support, level.level, self.rules), has.hops + 1
        else:
            return None
        return Reached(whom, support, hops, by) if support >= self.least else None
