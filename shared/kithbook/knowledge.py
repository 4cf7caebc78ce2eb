"""Knowledge: every event that a replica holds of a network, and when each of them got here."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

import msgspec

from kithbook.clock import wall_ms
from kithbook.codec import Unreadable
from kithbook.envelope import record_event, record_hlc
from kithbook.events import AnyEvent
from kithbook.facts.effects import Entry
from kithbook.facts.tables import Place
from kithbook.ids import CHECK_BYTES, NetworkId
from kithbook.membership import UNKNOWN, Act, Standing, act_in, device_names
from kithbook.readings.listing import Logged
from kithbook.readings.moment import Moment


class Arrival(NamedTuple):
    """A record as a replica holds it, and when it was received, in ms since 1970."""

    log: bytes
    seq: int
    received: int
    hash: bytes
    record: bytes


class Held(msgspec.Struct, frozen=True, gc=False):
    """An event that is held; `received` is in ms since 1970."""

    log: bytes
    seq: int
    hlc: int
    received: int
    check: bytes
    event: AnyEvent

    @property
    def place(self) -> Place:
        return self.log, self.seq

    @property
    def recorded(self) -> int:
        """When it was written down, in ms since 1970."""
        return wall_ms(self.hlc)

    def entry(self, author: bytes) -> Entry:
        """The event as what this person says."""
        return Entry(self.log, self.seq, self.hlc, self.check, author, self.event)


class Unread(msgspec.Struct, frozen=True, gc=False):
    """An event that is held and cannot be read here."""

    log: bytes
    seq: int
    hlc: int
    received: int
    check: bytes
    event: Unreadable


class Knowledge(NamedTuple):
    """What is known of a network, in the order in which it came; `acts` are of membership."""

    network: NetworkId
    events: list[Held]
    acts: dict[Place, Act]
    unread: list[Unread]

    @classmethod
    def of(cls, network: NetworkId, arrivals: Iterable[Arrival]) -> "Knowledge":
        found = cls(network, [], {}, [])
        for log, seq, received, hash_, record in arrivals:
            event = record_event(record)
            said = log, seq, record_hlc(record), received, hash_[:CHECK_BYTES]
            if isinstance(event, Unreadable):
                found.unread.append(Unread(*said, event))
                continue
            found.events.append(Held(*said, event))
            if (act := act_in(log, seq, record)) is not None:
                found.acts[log, seq] = act
        return found

    def at(self, moment: Moment) -> "Knowledge":
        """What was known then."""
        if moment.known_at is None:
            return self
        events = [held for held in self.events if moment.knows(held.received)]
        places = {held.place for held in events}
        return Knowledge(
            self.network,
            events,
            {place: act for place, act in self.acts.items() if place in places},
            [unread for unread in self.unread if moment.knows(unread.received)],
        )

    def logged(
        self,
        events: Iterable[Held | Unread],
        standings: Mapping[bytes, Standing],
        void: Callable[[Place], str | None],
    ) -> Iterator[Logged]:
        """Events that are known, as an answer tells of them; `void` is why one does not count."""
        names = device_names(self.acts.values())
        for held in events:
            yield Logged(
                log=held.log,
                seq=held.seq,
                hlc=held.hlc,
                received=held.received,
                author=standings.get(held.log, UNKNOWN).person,
                device=names.get(held.log) or None,
                event=held.event,
                void=void((held.log, held.seq)),
                check=held.check,
                network=self.network,
            )
