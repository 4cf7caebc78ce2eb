"""Knowledge: every readable event that a replica holds, and when each of them got here."""

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from kithbook.clock import wall_ms
from kithbook.codec import Unreadable, decode
from kithbook.envelope import record_body, record_hlc
from kithbook.events import OPENINGS, AnyEvent
from kithbook.facts.effects import Entry
from kithbook.facts.tables import Place
from kithbook.ids import CHECK_BYTES, NetworkId
from kithbook.membership import Act, act_in
from kithbook.past import Arrival


class Held(msgspec.Struct, frozen=True, gc=False):
    """A readable event that is held; `received` is in ms since 1970."""

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


class Knowledge(NamedTuple):
    """What one replica knows of a network, in the order in which it came."""

    network: NetworkId
    events: list[Held]
    acts: dict[Place, Act]

    @classmethod
    def of(cls, network: NetworkId, arrivals: Iterable[Arrival]) -> "Knowledge":
        events: list[Held] = []
        acts: dict[Place, Act] = {}
        for log, seq, received, hash_, record in arrivals:
            event = decode(record_body(record))
            if isinstance(event, Unreadable):
                continue
            events.append(Held(log, seq, record_hlc(record), received, hash_[:CHECK_BYTES], event))
            if (act := act_in(log, seq, record)) is not None:
                acts[log, seq] = act
        return cls(network, events, acts)

    @property
    def devices(self) -> dict[bytes, str]:
        """What the device that writes a log calls itself."""
        return {
            act.log: act.event.device
            for act in self.acts.values()
            if act.seq == 1 and isinstance(act.event, OPENINGS)
        }
