"""Raising: the one statement that would raise a score the most."""

from collections.abc import Iterator
from heapq import nlargest

import msgspec

from kithbook.readings.trust.levels import Level, in_order
from kithbook.readings.trust.score import Score
from kithbook.readings.trust.search import FULL, Search

TRIED = 3
"""Vouchers that are tried in each way: a warning may stand in the way of the best one."""


class Raise(msgspec.Struct, frozen=True):
    """`by` stating 10 about `to`, or with level None taking a warning back, would make it `score`.

    `before` is the level that `by` has about `to` now, None where there is none.
    """

    by: bytes
    to: bytes
    level: float | None
    before: float | None
    score: float


def raising(search: Search, found: Score) -> Raise | None:
    """What one statement would raise the score most; one's own about the person is left out.

    Tried are a voucher saying 10, oneself trusting a voucher 10, the strongest warning taken back,
    and where nobody vouches, whoever is trusted most saying 10. No other statement on a chain would
    carry more: at most what trusting its last voucher 10 oneself does.
    """
    if found.basis == "stated" or found.start == found.to:
        return None
    best: Raise | None = None
    for by, to, level in _tries(search, found):
        score = _supposing(search, by, to, level).one(found.to).score
        if score is not None and score > (best.score if best else found.score or 0.0):
            best = Raise(by, to, _number(level), _number(search.neighbours(by).get(to)), score)
    return best


def _tries(search: Search, found: Score) -> Iterator[tuple[bytes, bytes, Level | None]]:
    start, to = found.start, found.to
    vouchers = {by: level.level for by, level in search.vouchers(to).items() if by != start}
    chains = [(found.support or 0.0, found.chain), *((v.support, v.chain) for v in found.others)]
    reached = {c[-1].by: support / c[-1].level.level for support, c in chains if len(c) > 1}
    for by in nlargest(TRIED, reached, key=lambda one: (reached[one], one)):
        if vouchers[by] < FULL.level:
            yield by, to, FULL
    for by in nlargest(TRIED, vouchers, key=lambda one: (vouchers[one], one)):
        if vouchers[by] and not _is_full(search.own.get(by)):
            yield start, by, FULL
    if found.warning is not None:
        yield found.warning.by, to, None
    if not any(vouchers.values()):
        for by, level in search.own.items():
            if by != to and level.level and by not in vouchers:
                yield by, to, FULL
                break


def _number(level: Level | None) -> float | None:
    return None if level is None else level.level


def _is_full(level: Level | None) -> bool:
    return level is not None and level.level >= FULL.level


def _supposing(search: Search, by: bytes, to: bytes, level: Level | None) -> Search:
    """The same search, had somebody another level about somebody."""

    def neighbours(person: bytes) -> dict[bytes, Level]:
        found = search.neighbours(person)
        return _with(found, to, level) if person == by else found

    def vouchers(person: bytes) -> dict[bytes, Level]:
        found = search.vouchers(person)
        return _with(found, by, level) if person == to else found

    return Search(search.start, neighbours, vouchers, search.rules)


def _with(found: dict[bytes, Level], person: bytes, level: Level | None) -> dict[bytes, Level]:
    rest = {who: had for who, had in found.items() if who != person}
    return rest if level is None else in_order(rest | {person: level})
