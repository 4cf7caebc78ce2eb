"""The history of a score: every event that moved it, and no other, by one of three clocks.

By `at` it tells what was true when, by all that is known today: corrections and membership are
obeyed from the start, so that what was retracted never was. By `recorded` and by `received` it
tells what was written and what this replica knew, and there a correction moves a score like
any other event; what was written ahead of its time is in effect when its time comes.

It is exact without working the score out at each event, because of what it leaves out:

- events about people through whom no chain and no warning could ever have come (`bounds`): whatever
  they say, no chain that is kept leads through them;
- of the rest, changes of a level through which even the strongest chain that ever could be is
  weaker than the support, and than the warning, in force: a level is only ever part of the score by
  being on the strongest chain. Whatever the viewpoint itself says is always looked at, because it
  decides which chains may pass.

Where merges, rules or members change, all levels are worked out anew.
"""

from collections.abc import Callable
from functools import partial
from typing import Literal, NamedTuple

import msgspec

from kithbook.audit.bounds import Bounds
from kithbook.audit.concern import concerning
from kithbook.audit.course import Course
from kithbook.audit.lost import lost
from kithbook.audit.scope import Scope
from kithbook.clock import wall_ms
from kithbook.codec import Unreadable
from kithbook.facts.fold import DATED
from kithbook.knowledge import Held
from kithbook.membership import Act
from kithbook.readings.listing import Logged, happened
from kithbook.readings.moment import NOW, Moment
from kithbook.readings.trust.score import Score
from kithbook.when import DAY_US

By = Literal["at", "recorded", "received"]
CLOCKS: dict[By, Callable[[Held], int]] = {
    "at": lambda held: held.event.at,
    "recorded": lambda held: held.recorded * 1000,
    "received": lambda held: held.received * 1000,
}
"""When an event stands in the history, in µs since 1970."""


class Change(msgspec.Struct, frozen=True):
    """An event that moved a score."""

    logged: Logged
    before: Score
    after: Score

    @property
    def late(self) -> bool:
        """Whether it got here well after it happened: more than a day after its date ended."""
        event = self.logged.event
        if isinstance(event, Unreadable):
            return False
        ended = event.at + (DAY_US if event.zone is None else 0)
        return self.logged.received * 1000 > ended + DAY_US


class Erased(NamedTuple):
    """An event that was erased, and the act that had it destroyed."""

    logged: Logged
    act: Act


TIME: dict[By, Callable[[Change], int]] = {
    "at": lambda change: happened(change.logged),
    "recorded": lambda change: wall_ms(change.logged.hlc) * 1000,
    "received": lambda change: change.logged.received * 1000,
}
"""When a change was by each clock, in µs since 1970."""


class History(msgspec.Struct, frozen=True):
    """`changes` lead from nothing to `score`, each from where the one before it led; `erased` are
    events of which nobody can tell whether they ever moved it.
    """

    score: Score
    changes: list[Change]
    erased: list[Erased] = []

    def within(self, by: By, since: int | None, until: int | None) -> "History":
        """Only the changes between two times, which still join up."""
        changes = [
            change
            for change in self.changes
            if (since is None or since <= TIME[by](change))
            and (until is None or TIME[by](change) <= until)
        ]
        return msgspec.structs.replace(self, changes=changes)


def history(
    scope: Scope, start: bytes, to: bytes, by: By, *, me: bytes, now: int, moment: Moment = NOW
) -> History:
    """The history of the score of `to` from `start`, as `me` reads it now (µs since 1970), or as it
    could be read at a moment: by what was known then, and without what happened later.
    """
    knowledge, upto = scope.knowledge, moment.horizon(now)
    bounds = Bounds(knowledge.events, start, to)
    course = Course(scope, bounds, start, to, me)
    events = concerning(knowledge, bounds, me)
    if by == "at":
        course.learn(events)
        dated = [held for held in events if isinstance(held.event, DATED)]
        for held in sorted(dated, key=lambda h: (h.event.at, h.hlc, h.log, h.seq)):
            if held.event.at <= upto:
                course.take(held)
    else:
        if by == "recorded":
            events.sort(key=lambda held: (held.hlc, held.log, held.seq))
        course.hear(events, CLOCKS[by], upto)
    told = partial(scope.logged, standings=course.standings, void=course.void)
    moved = told([held for held, _, _ in course.moves])
    changes = [
        Change(logged, before, after)
        for logged, (_, before, after) in zip(moved, course.moves, strict=True)
    ]
    gone = lost(knowledge, course.standings)
    named = told([one.event for one in gone])
    erased = [Erased(logged, one.erasure) for logged, one in zip(named, gone, strict=True)]
    return History(course.score, changes, erased)
