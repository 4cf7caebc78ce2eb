"""Views: the resolved facts of each network, in this process, rebuilt from the log and kept up.

They are disposable. A process starts with none, folds a network when it is first asked about, and
from then on takes in what is new each time. The same projections run here as on every laptop.
"""

import gc
import time
from bisect import bisect_right
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from threading import Lock

from kithbook.audit.history import By, History, history
from kithbook.codec import ERASED, Unreadable, decode
from kithbook.envelope import record_body, record_hlc, reference
from kithbook.events import AnyEvent
from kithbook.facts.digest import digest
from kithbook.facts.effects import Entry
from kithbook.ids import CHECK_BYTES, NetworkId
from kithbook.knowledge import Arrival, Knowledge
from kithbook.membership import (
    MISSING,
    UNKNOWN,
    Standing,
    act_in,
    erasures,
    members,
    standing,
)
from kithbook.membership.erasing import Erasures
from kithbook.memory import Memory
from kithbook.past import Past, Stand, replay
from kithbook.readings.listing import Find, Logged, device_of
from kithbook.readings.moment import NOW, Moment
from kithbook.readings.reader import Reader
from kithbook.readings.shelf import Shelf
from kithbook.when import AHEAD_US
from kithbook_server.keys import verify
from kithbook_server.log import LogRecorder, Reading, Row

BATCH = 100_000
"""Events that are folded together: a row that several of them touch is weighed once."""
END = 2**63
"""Later than any time that is told."""
Now = Callable[[], int]
"""The wall clock in milliseconds since 1970."""


def now_ms() -> int:
    return time.time_ns() // 1_000_000


class Views:
    """The views of every network that this process was asked about."""

    def __init__(self, recorder: LogRecorder, now: Now = now_ms) -> None:
        self.recorder = recorder
        self.now = now
        self._views: dict[NetworkId, _View] = {}
        self._lock = Lock()

    @contextmanager
    def reader(self, network: NetworkId, me: bytes, moment: Moment = NOW) -> Iterator[Reader]:
        """What `me` can ask of the network, as it stands now or did at a moment.

        Nothing may be kept past the block.
        """
        with self.reading(network, me, moment) as (reader, _):
            yield reader

    @contextmanager
    def reading(
        self, network: NetworkId, me: bytes, moment: Moment = NOW
    ) -> Iterator[tuple[Reader, Find]]:
        """The same, and what finds the events behind it."""
        if moment.is_past:
            yield self.past(network, moment).reader(me), partial(self._find, network)
            return
        with self._caught_up(network) as view:
            now = self.now() * 1000
            speakers = members(view.standings.values())
            yield Reader(view.shelf(now), speakers, me, now), view.find

    def _find(self, network: NetworkId, log: bytes, seq: int) -> Logged | None:
        with self._caught_up(network) as view:
            return view.find(log, seq)

    def past(self, network: NetworkId, moment: Moment) -> Past:
        """What the network's events said at a moment."""
        with _no_collecting():
            knowledge, stand = self._knowledge(network)
            return replay(knowledge, moment, self.now() * 1000, stand)

    def score_history(
        self, network: NetworkId, me: bytes, to: bytes, start: bytes, by: By
    ) -> History:
        """What moved a score, by what was true, what was written or what came here."""
        with _no_collecting():
            knowledge, stand = self._knowledge(network)
            return history(knowledge, start, to, by, me=me, now=self.now() * 1000, stand=stand)

    def _knowledge(self, network: NetworkId) -> tuple[Knowledge, Stand]:
        with self.recorder.reading() as reading:
            known = Knowledge.of(network, _arrivals(reading, network))
        return known, partial(standing, network, verify=cache(verify))

    def digest(self, network: NetworkId) -> str:
        """The digest of the network, the same as its laptops print when they hold the same."""
        with self._caught_up(network) as view, self.recorder.reading() as reading:
            heads = [found.head for found in reading.heads(network)]
            return digest(view.facts.weight, heads)

    def newest(
        self, network: NetworkId, limit: int, moment: Moment = NOW
    ) -> tuple[list[Logged], int]:
        """The events that arrived last, oldest first, and how many older ones there are."""
        if moment.is_past:
            listed = sorted(self.past(network, moment).listed(), key=lambda one: one.received)
            return listed[-limit:], max(0, len(listed) - limit)
        with self._caught_up(network) as view, self.recorder.reading() as reading:
            return view.newest(reading, limit)

    def lag(self) -> int:
        """How many events of the networks that are kept here are not folded in yet."""
        with self._lock:
            views = list(self._views.values())
        with self.recorder.reading() as reading:
            return sum(reading.events(view.network) - view.count for view in views)

    @contextmanager
    def _caught_up(self, network: NetworkId) -> Iterator["_View"]:
        with self._lock:
            view = self._views.setdefault(network, _View(self.recorder, network))
        with view.lock:
            view.catch_up(self.now() * 1000)
            yield view


class _View:
    def __init__(self, recorder: LogRecorder, network: NetworkId) -> None:
        self.recorder = recorder
        self.network = network
        self.lock = Lock()
        self._empty()

    def _empty(self) -> None:
        self.position = 0
        self.count = 0
        self.last_act = 0
        self.standings: dict[bytes, Standing] = {}
        self.gone: Erasures = frozenset()
        self.missing: set[tuple[bytes, int]] = set()
        """Events whose bodies are gone although nobody erased them."""
        self.devices: dict[bytes, str] = {}
        self.arrived: dict[bytes, list[tuple[int, int]]] = {}
        """Log → (seq, received): from that seq on it came at that time."""
        self.facts = Memory(self._fetch)
        self.ahead: list[Entry] = []

    def shelf(self, now: int) -> Shelf:
        """The facts in effect: without what lies in the future."""
        self.ahead = [entry for entry in self.ahead if entry.event.at > now + AHEAD_US]
        if not self.ahead:
            return self.facts
        return self.facts.without(self.standings, self.ahead, "future")

    def catch_up(self, now: int) -> None:
        """Fold what arrived since the last time; a failed attempt leaves nothing half-folded."""
        try:
            with _no_collecting(), self.recorder.reading() as reading:
                self._refresh(reading)
                while rows := reading.since(self.network, self.position, BATCH):
                    self._fold(rows, now + AHEAD_US)
                    self.position = rows[-1][0]
                    self.count += len(rows)
        except BaseException:
            self._empty()
            raise

    def _refresh(self, reading: Reading) -> None:
        """Decide anew who speaks in which log; what a changed log said is folded from nothing."""
        if self.missing and self.missing - {row[:2] for row in reading.blanks(self.network)}:
            self._empty()
        last = reading.last_act(self.network)
        if last == self.last_act:
            return
        acts = [act for row in reading.acts(self.network) if (act := act_in(*row))]
        standings = standing(self.network, acts, verify)
        gone, folded = erasures(acts, standings), self.facts.folded
        if gone != self.gone or any(
            standings.get(log, UNKNOWN) != self.standings.get(log) for log in folded
        ):
            self._empty()
        self.standings, self.gone, self.last_act = standings, gone, last
        self.devices = {act.log: device_of(act.event) for act in acts if act.seq == 1}

    def _fold(self, rows: list[Row], horizon: int) -> None:
        entries: list[Entry] = []
        aside: list[tuple[bytes, int, str]] = []
        for _, log, seq, record, hash_, received in rows:
            runs = self.arrived.setdefault(log, [])
            if not runs or runs[-1][1] != received:
                runs.append((seq, received))
            event = decode(record_body(record))
            if isinstance(event, Unreadable):
                aside.append((log, seq, self._why_unread(log, seq, hash_, event)))
            else:
                entries.append(self._entry(log, seq, record, hash_, event))
        self.facts.fold(self.standings, entries, aside)
        self.ahead += [entry for entry in entries if entry.event.at > horizon]

    def _why_unread(self, log: bytes, seq: int, hash_: bytes, event: Unreadable) -> str:
        if event is not ERASED or reference(log, seq, hash_) in self.gone:
            return event.reason
        self.missing.add((log, seq))
        return MISSING

    def _entry(self, log: bytes, seq: int, record: bytes, hash_: bytes, event: AnyEvent) -> Entry:
        author = self.standings.get(log, UNKNOWN).person or b""
        return Entry(log, seq, record_hlc(record), hash_[:CHECK_BYTES], author, event)

    def _fetch(self, log: bytes, seq: int) -> Entry | None:
        with self.recorder.reading() as reading:
            head = reading.head(self.network, log)
            if head is None or not 1 <= seq <= head.seq:
                return None
            [record] = reading.records(head, seq - 1, seq)
            hash_ = reading.hash_at(head, seq)
        event = decode(record_body(record))
        if isinstance(event, Unreadable):
            return None
        return self._entry(log, seq, record, hash_, event)

    def find(self, log: bytes, seq: int) -> Logged | None:
        """A readable event that is held, whether or not it counts."""
        entry = self._fetch(log, seq)
        if entry is None:
            return None
        runs = self.arrived[log]
        _, received = runs[bisect_right(runs, (seq, END)) - 1]
        return self._listed(log, seq, entry.hlc, received, entry.event)

    def newest(self, reading: Reading, limit: int) -> tuple[list[Logged], int]:
        held = sum(head.seq for head in reading.heads(self.network))
        window = limit
        while True:
            # Positions are shared by all networks, so the newest of one may lie further back.
            after = max(0, self.position - window)
            rows = reading.since(self.network, after, window)
            if len(rows) >= limit or not after:
                break
            window *= 2
        return [self._logged(row) for row in rows[-limit:]], max(0, held - limit)

    def _logged(self, row: Row) -> Logged:
        _, log, seq, record, _, received = row
        return self._listed(log, seq, record_hlc(record), received, decode(record_body(record)))

    def _listed(
        self, log: bytes, seq: int, hlc: int, received: int, event: AnyEvent | Unreadable
    ) -> Logged:
        void = self.facts.load("void", (log, seq))
        return Logged(
            log,
            seq,
            hlc,
            received,
            self.standings.get(log, UNKNOWN).person,
            self.devices.get(log),
            event,
            void.reason if void else None,
        )


def _arrivals(reading: Reading, network: NetworkId) -> Iterator[Arrival]:
    position = 0
    while rows := reading.since(network, position, BATCH):
        for _, log, seq, record, hash_, received in rows:
            yield Arrival(log, seq, received, hash_, record)
        position = rows[-1][0]


@contextmanager
def _no_collecting() -> Iterator[None]:
    """What a fold makes stays: to look for garbage meanwhile takes half of the time."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()
