"""Hybrid logical clock: when an event was written down, in an order that never goes back.

A timestamp is one integer, milliseconds since 1970 shifted left by 16 bits, plus a counter for
what happens within a millisecond; it sorts as it counts. The wall clock is always an argument.
After Kulkarni et al., “Logical Physical Clocks”, 2014.
"""

COUNTER_BITS = 16
DAY_MS = 86_400_000
MAX_HLC = 2**63 - 1


def wall_ms(hlc: int) -> int:
    """The wall-clock part of a timestamp, in milliseconds since 1970."""
    return hlc >> COUNTER_BITS


def counter(hlc: int) -> int:
    """The other part: the number within its millisecond."""
    return hlc & ((1 << COUNTER_BITS) - 1)


def tick(last: int, now_ms: int) -> int:
    """The timestamp of the next event: now, or one more than the last where the clock lags."""
    return max(last + 1, max(0, now_ms) << COUNTER_BITS)


def witness(last: int, seen: int, now_ms: int) -> int:
    """The clock after meeting a timestamp of somebody else's.

    One that is more than a day ahead of our own wall clock is not believed: it must not pull
    every event that we write from now on into its future.
    """
    return last if runs_ahead(seen, now_ms) else max(last, seen)


def runs_ahead(hlc: int, now_ms: int) -> bool:
    """Whether a timestamp is more than a day ahead of the wall clock."""
    return wall_ms(hlc) > now_ms + DAY_MS
