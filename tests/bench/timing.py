"""Timing on a machine that is never quiet: contenders take turns, and medians are compared."""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median
from time import perf_counter
from typing import NamedTuple

Run = Callable[[], float]
"""Does one turn and gives the seconds that count; what it prepares costs it nothing."""


WARM_FROM = 3
"""Rounds; fewer are long ones, in which the first is like the others."""


class Race(NamedTuple):
    """Median seconds of a turn, and the median of what each turn took relative to its rival's."""

    ours: float
    theirs: float
    ratio: float


def timed(work: Callable[[], object]) -> Run:
    """A contender that counts all of its work."""

    def run() -> float:
        start = perf_counter()
        work()
        return perf_counter() - start

    return run


def race(ours: Run, theirs: Run, rounds: int) -> Race:
    """Let two contenders take turns, A B A B; the first turns do not count where there are many.

    The two turns of a round lie side by side, so a slow minute hits both and leaves their ratio.
    """
    times: list[tuple[float, float]] = []
    with _quiet():
        for _ in range(rounds + (rounds > WARM_FROM)):
            mine = ours()
            gc.collect()
            times.append((mine, theirs()))
            gc.collect()
    counted = times[-rounds:]
    return Race(
        median(mine for mine, _ in counted),
        median(other for _, other in counted),
        median(mine / other for mine, other in counted),
    )


@contextmanager
def _quiet() -> Iterator[None]:
    """No garbage is collected within a turn, as in every run of kith; what is there is let be."""
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.unfreeze()


def repeated(work: Callable[[], object], times: int) -> Run:
    """A contender that does a short thing so often that the clock can tell; counts one time."""

    def run() -> float:
        start = perf_counter()
        for _ in range(times):
            work()
        return (perf_counter() - start) / times

    return run
