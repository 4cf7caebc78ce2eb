"""The past: what a replica's events said at a moment, by replaying those that it tells of."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property

from kithbook.codec import Unreadable
from kithbook.events import people_in
from kithbook.facts.tables import Place
from kithbook.knowledge import Held, Knowledge, Unread
from kithbook.membership import UNKNOWN, Act, Standing, members
from kithbook.memory import Memory
from kithbook.readings.listing import Logged
from kithbook.readings.moment import Moment
from kithbook.readings.reader import Reader
from kithbook.readings.shelf import Shelf

Stand = Callable[[Iterable[Act]], Mapping[bytes, Standing]]
"""Membership events → whose log is whose (`membership.standing`)."""
Newest = Callable[[bytes | None, int | None], list[Logged]]
"""What finds the events written last that name a person, where there is a quicker way."""


class Past:
    """What was known at a moment; `now` is what time it was then.

    `known` is only asked for the events themselves.
    """

    def __init__(
        self,
        moment: Moment,
        now: int,
        facts: Shelf,
        standings: Mapping[bytes, Standing],
        holds: Callable[[Place], bool],
        void: Callable[[Place], str | None],
        known: Callable[[], Knowledge],
        newest: Newest | None = None,
    ) -> None:
        self.moment = moment
        self.now = now
        self.facts = facts
        self.standings = standings
        self._holds = holds
        self._void = void
        self._known = known
        self._newest = newest

    @cached_property
    def known(self) -> Knowledge:
        return self._known()

    @property
    def members(self) -> set[bytes]:
        """The people whose own devices alone spoke for them."""
        return members(self.standings.values())

    def reader(self, me: bytes, network: str = "") -> Reader:
        """What `me` could ask then."""
        return Reader(self.facts, self.members, me, self.now, network)

    def counts(self, log: bytes, seq: int) -> bool:
        """Whether an event was known then, and counted."""
        return self._holds((log, seq)) and self._void((log, seq)) is None

    def listed(self) -> Iterator[Logged]:
        """The events that the moment tells of, in the order in which they were written."""
        shown = [held for held in self.known.events if self.moment.shows(held.event)]
        every: list[Held | Unread] = [*shown, *self.known.unread]
        every.sort(key=lambda held: (held.hlc, held.log, held.seq))
        return self.known.logged(every, self.standings, self._void)

    def newest(self, person: bytes | None, limit: int | None) -> list[Logged]:
        """Of these the ones written last, of all or that name a person; the newest last."""
        if self._newest is not None:
            return self._newest(person, limit)
        found = [
            logged
            for logged in self.listed()
            if person is None
            or (not isinstance(logged.event, Unreadable) and person in people_in(logged.event))
        ]
        return found if limit is None else found[max(0, len(found) - limit) :]


def replay(knowledge: Knowledge, moment: Moment, clock: int, stand: Stand) -> Past:
    """The past at a moment, from everything that is known now, when the clock says `clock` (µs)."""
    known = knowledge.at(moment)
    standings = stand(known.acts.values())
    entries = {
        held.place: held.entry(standings.get(held.log, UNKNOWN).person or b"")
        for held in known.events
    }
    facts = Memory(lambda log, seq: entries.get((log, seq)))
    aside = [(unread.log, unread.seq, unread.event.reason) for unread in known.unread]
    facts.fold(standings, entries.values(), aside, moment.horizon(clock))

    def void(place: Place) -> str | None:
        row = facts.load("void", place)
        return row.reason if row else None

    now = moment.now(clock)
    return Past(moment, now, facts, standings, entries.__contains__, void, lambda: known)
