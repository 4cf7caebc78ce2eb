"""Opinion: what those whom one trusts say of somebody. It stands beside the score, never in it."""

import msgspec

from kithbook.readings.trust.chains import passed, reach
from kithbook.readings.trust.search import Search


class Opinion(msgspec.Struct, frozen=True):
    """What so many `people` have stated; `mean` is weighed by how far each of them is trusted.

    `newest` is the time of the newest of these statements, in µs since 1970.
    """

    people: int
    mean: float
    newest: int


def opinion(search: Search, to: bytes) -> Opinion | None:
    """What is heard about a person from everybody whom trust reaches by no chain through them.

    It reaches as far as a chain would that ends in a 10. None where nothing is heard.
    """
    stated = {
        by: level
        for by, level in search.vouchers(to).items()
        if level.stated is not None and by not in {search.start, to}
    }
    people, weight, total, newest = 0, 0.0, 0.0, 0
    around = reach(search.start, search.neighbours, search.rules, avoid=to)
    for step in around if stated else ():
        if len(stated) == people or passed(step.support, 10, search.rules) < search.rules.cut:
            break
        level = stated.get(step.person)
        if level is None or level.stated is None or level.order is None:
            continue
        people += 1
        weight += step.support
        total += step.support * level.stated
        newest = max(newest, level.order[0]) if people > 1 else level.order[0]
    return Opinion(people, total / weight, newest) if people else None
