"""Where two searches meet: the few people among whom the strongest chain to somebody must lie.

One search goes outwards from the viewpoint, the other back from those who vouch. They stop when
no chain through people whom neither has seen could be as strong as one that is known, or as the
cut. Every strongest chain then lies among the people they saw, and only these are searched for it.
"""

from collections.abc import Mapping
from heapq import heapify, heappop, heappush

from kithbook.readings.rules import Rules
from kithbook.readings.trust.chains import LEAST, reach
from kithbook.readings.trust.levels import Level, Neighbours

SLACK = 1 - 1e-9
"""Going back, levels are multiplied in another order, and what that rounds off is far less."""


def between(
    start: bytes,
    to: bytes,
    vouching: Mapping[bytes, Level],
    neighbours: Neighbours,
    vouchers: Neighbours,
    rules: Rules,
) -> set[bytes]:
    """All who are on a strongest chain from `start` to one of those `vouching` for `to`, and some
    others. No chain goes through `to`.
    """
    final = {person for person, level in neighbours(start).items() if level.stated is not None}
    out: dict[bytes, float] = {}
    back: dict[bytes, float] = {}
    heap = [(-level.level / rules.divisor, person) for person, level in vouching.items()]
    heapify(heap)
    bar = max(rules.cut, LEAST) * SLACK
    for step in reach(start, neighbours, rules, avoid=to):
        out[step.person] = step.support
        bar = max(bar, step.support * back.get(step.person, 0.0) * SLACK)
        while heap and heap[0][1] in back:
            heappop(heap)
        if not heap or step.support * -heap[0][0] < bar:
            break
        negative, person = heappop(heap)
        worth = back[person] = -negative
        bar = max(bar, out.get(person, 0.0) * worth * SLACK)
        if person in final:
            continue  # no chain passes into them but the direct one
        for by, level in vouchers(person).items():
            if by not in back and by not in {start, to}:
                heappush(heap, (-worth * level.level / rules.divisor, by))
    return out.keys() | back.keys()
