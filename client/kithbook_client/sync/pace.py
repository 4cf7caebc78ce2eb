"""How long to wait before trying again: longer each time, and never at the same time as others."""

from random import SystemRandom

FIRST_SECONDS = 0.5
MOST_SECONDS = 60.0

chance = SystemRandom().random


def backoff(failures: int, chance: float) -> float:
    """Seconds after so many failures in a row; `chance`, in 0..1, moves them by half either way."""
    doubled = FIRST_SECONDS * 2.0 ** min(failures, 16)
    return float(min(doubled, MOST_SECONDS) * (0.5 + chance))
