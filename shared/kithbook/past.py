"""The past: what a replica's events said at a moment, by replaying those that it tells of."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from kithbook.codec import Unreadable, decode
from kithbook.envelope import Verify, record_body, record_hlc
from kithbook.events import people_in
from kithbook.facts.effects import Entry
from kithbook.ids import CHECK_BYTES, NetworkId
from kithbook.membership import UNKNOWN, Standing, act_in, members, standing
from kithbook.memory import Memory
from kithbook.readings.listing import Logged, device_of
from kithbook.readings.moment import Moment
from kithbook.readings.reader import Reader


class Arrival(NamedTuple):
    """A record as a replica holds it, and when it was received, in ms since 1970."""

    log: bytes
    seq: int
    received: int
    hash: bytes
    record: bytes


class Past(NamedTuple):
    """What was known at a moment, by which arrivals; `now` is what time it was then."""

    network: NetworkId
    moment: Moment
    now: int
    facts: Memory
    standings: Mapping[bytes, Standing]
    known: list[Arrival]

    @property
    def speakers(self) -> set[bytes]:
        """The people whose own devices alone spoke for them."""
        return members(self.standings.values())

    def reader(self, me: bytes, network: str = "") -> Reader:
        """What `me` could ask then."""
        return Reader(self.facts, self.speakers, me, self.now, network)

    def listed(self) -> Iterator[Logged]:
        """The events that the moment tells of, in the order in which they arrived."""
        devices: dict[bytes, str] = {}
        for log, seq, received, hash_, record in self.known:
            event = decode(record_body(record))
            if not isinstance(event, Unreadable):
                if seq == 1:
                    devices[log] = device_of(event)
                if not self.moment.shows(event):
                    continue
            void = self.facts.load("void", (log, seq))
            yield Logged(
                log=log,
                seq=seq,
                hlc=record_hlc(record),
                received=received,
                author=self.standings.get(log, UNKNOWN).person,
                device=devices.get(log) or None,
                event=event,
                void=void.reason if void else None,
                check=hash_[:CHECK_BYTES],
                network=self.network,
            )

    def newest(self, person: bytes | None, limit: int | None) -> list[Logged]:
        """Of these the ones written last, of all or that name a person; the newest last."""
        found = [
            logged
            for logged in self.listed()
            if person is None
            or (not isinstance(logged.event, Unreadable) and person in people_in(logged.event))
        ]
        found.sort(key=lambda logged: (logged.hlc, logged.log, logged.seq))
        return found if limit is None else found[max(0, len(found) - limit) :]


def replay(
    network: NetworkId, arrivals: Iterable[Arrival], moment: Moment, clock: int, verify: Verify
) -> Past:
    """The past at a moment, from everything that is held now, when the clock says `clock` (µs)."""
    known = [arrival for arrival in arrivals if moment.knows(arrival.received)]
    acts = [act for a in known if (act := act_in(a.log, a.seq, a.record)) is not None]
    standings = standing(network, acts, verify)
    entries: dict[tuple[bytes, int], Entry] = {}
    aside: list[tuple[bytes, int, str]] = []
    for log, seq, _, hash_, record in known:
        event = decode(record_body(record))
        if isinstance(event, Unreadable):
            aside.append((log, seq, event.reason))
        else:
            author = standings.get(log, UNKNOWN).person or b""
            check = hash_[:CHECK_BYTES]
            entries[log, seq] = Entry(log, seq, record_hlc(record), check, author, event)
    facts = Memory(lambda log, seq: entries.get((log, seq)))
    facts.fold(standings, entries.values(), aside, moment.horizon(clock))
    return Past(network, moment, moment.now(clock), facts, standings, known)
