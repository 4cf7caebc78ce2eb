"""The view of one network: its resolved facts in memory, folded from the log and kept up."""

from bisect import bisect_right
from contextlib import nullcontext
from threading import Lock

from kithbook.codec import ERASED, Unreadable
from kithbook.collecting import uncollected
from kithbook.envelope import record_event, record_hlc, reference
from kithbook.events import AnyEvent
from kithbook.facts.effects import Entry
from kithbook.ids import CHECK_BYTES, NetworkId
from kithbook.membership import MISSING, UNKNOWN, Standing, act_in, device_names, erasures, standing
from kithbook.membership.erasing import Erasures
from kithbook.memory import Folding, Memory
from kithbook.readings.listing import Logged
from kithbook.readings.shelf import Shelf
from kithbook.when import AHEAD_US
from kithbook_server.keys import verify
from kithbook_server.log import LogRecorder, Reading, Row

BATCH = 5_000
"""Events to read at a time."""
END = 2**63
"""Later than any time that is told."""


class View:
    """The resolved facts of one network as far as they are folded, for whoever holds `lock`."""

    def __init__(self, recorder: LogRecorder, network: NetworkId) -> None:
        self.recorder = recorder
        self.network = network
        self.lock = Lock()
        self._reading: Reading | None = None
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
        self.facts = Memory(self._fetch, sparing=True)
        self.ahead: list[Entry] = []

    def shelf(self, now: int) -> Shelf:
        """The facts in effect: without what lies in the future."""
        self.ahead = [entry for entry in self.ahead if entry.event.at > now + AHEAD_US]
        if not self.ahead:
            return self.facts
        return self.facts.without(self.standings, self.ahead, "future")

    def catch_up(self, now: int) -> bool:
        """Fold what arrived since the last time. False, and nothing is done, where what was folded
        does not stand any more.

        A failed attempt leaves nothing half-folded.
        """
        try:
            with uncollected(), self.recorder.reading() as reading:
                self._reading = reading
                if not self._refresh(reading):
                    return False
                folding = self.facts.folding(self.standings)
                while rows := reading.since(self.network, self.position, BATCH):
                    self._take(folding, rows, now + AHEAD_US)
                    self.position = rows[-1][0]
                    self.count += len(rows)
                folding.save()
        except BaseException:
            self._empty()
            raise
        finally:
            self._reading = None
        return True

    def _refresh(self, reading: Reading) -> bool:
        """Decide anew who speaks in which log; whether what was folded before still stands."""
        if self.missing and self.missing - {row[:2] for row in reading.blanks(self.network)}:
            return False
        last = reading.last_act(self.network)
        if last == self.last_act:
            return True
        acts = [act for row in reading.acts(self.network) if (act := act_in(*row))]
        standings = standing(self.network, acts, verify)
        gone, folded = erasures(acts, standings), self.facts.folded
        if self.position and (
            gone != self.gone
            or any(standings.get(log, UNKNOWN) != self.standings.get(log) for log in folded)
        ):
            return False
        self.standings, self.gone, self.last_act = standings, gone, last
        self.devices = device_names(acts)
        return True

    def _take(self, folding: Folding, rows: list[Row], horizon: int) -> None:
        entries: list[Entry] = []
        aside: list[tuple[bytes, int, str]] = []
        for _, log, seq, record, hash_, received in rows:
            runs = self.arrived.setdefault(log, [])
            if not runs or runs[-1][1] != received:
                runs.append((seq, received))
            event = record_event(record)
            if isinstance(event, Unreadable):
                aside.append((log, seq, self._why_unread(log, seq, hash_, event)))
            else:
                entries.append(self._entry(log, seq, record, hash_, event))
        folding.take(entries, aside)
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
        # A fold has a reading: another would need one more connection, and see another moment.
        within = nullcontext(self._reading) if self._reading else self.recorder.reading()
        with within as reading:
            head = reading.head(self.network, log)
            if head is None or not 1 <= seq <= head.seq:
                return None
            [record] = reading.records(head, seq - 1, seq)
            hash_ = reading.hash_at(head, seq)
        event = record_event(record)
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
        return self._listed(log, seq, record_hlc(record), received, record_event(record))

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
