"""The moment of a reading: which time it tells of, and by whose knowledge.

Every event has a time when it happened and a time when this replica received it, so a reading has
two clocks, and either may be turned back alone. Corrections (retractions, merges, erasures) and
membership belong to knowledge: `as_of` does not hide them, whenever they were written.
"""

from typing import NamedTuple

from kithbook.events import AnyEvent
from kithbook.facts.fold import is_in_effect
from kithbook.when import AHEAD_US


class Moment(NamedTuple):
    """Microseconds since 1970, both included: the world as of one, as far as known at the other."""

    as_of: int | None = None
    known_at: int | None = None

    @property
    def is_past(self) -> bool:
        """Whether either clock is turned back (or on)."""
        return self != NOW

    def knows(self, received: int) -> bool:
        """Whether an event received at this time, in ms, had come by then."""
        return self.known_at is None or received * 1000 <= self.known_at

    def shows(self, event: AnyEvent) -> bool:
        """Whether a known event belongs to the world of which this tells."""
        return self.as_of is None or is_in_effect(event, self.as_of)

    def now(self, clock: int) -> int:
        """What time it is in that world, when the clock says this."""
        if self.as_of is not None:
            return self.as_of
        return clock if self.known_at is None else self.known_at

    def horizon(self, clock: int) -> int:
        """The last `at` that is in effect; without an `as_of` what lies ahead is not yet."""
        return self.as_of if self.as_of is not None else self.now(clock) + AHEAD_US


NOW = Moment()
"""All that is known, as it is now."""
