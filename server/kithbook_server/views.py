"""Views: the resolved facts of each network, in this process, rebuilt from the log and kept up.

They are disposable. A process starts with none, folds a network when it is first asked about, and
from then on takes in what is new each time. The same projections run here as on every laptop. Where
a change of members undoes what was folded, all is folded anew while the old view serves on.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from functools import cache, partial
from threading import Lock, Thread

from kithbook.audit.history import By, History, history
from kithbook.audit.scope import Scope
from kithbook.collecting import uncollected
from kithbook.facts.digest import digest
from kithbook.ids import NetworkId
from kithbook.knowledge import Arrival, Knowledge
from kithbook.membership import (
    members,
    standing,
)
from kithbook.past import Past, Stand, replay
from kithbook.readings.listing import Find, Logged
from kithbook.readings.moment import NOW, Moment
from kithbook.readings.reader import Reader
from kithbook_server.keys import verify
from kithbook_server.log import LogRecorder, Reading
from kithbook_server.view import BATCH, View

PATIENCE_SECONDS = 1.0
"""So long a reading waits for a view that is rebuilt, before it takes the one of before."""
Now = Callable[[], int]
"""The wall clock in milliseconds since 1970."""


PASTS = 4
"""Past moments to keep in memory: who audits asks about one of them again and again."""


class Views:
    """The views of every network that this process was asked about."""

    patience = PATIENCE_SECONDS

    def __init__(self, recorder: LogRecorder, now: Now) -> None:
        self.recorder = recorder
        self.now = now
        self._rebuilds: dict[NetworkId, Future[View]] = {}
        self._views: dict[NetworkId, View] = {}
        self._pasts: dict[tuple[NetworkId, Moment], tuple[tuple[int, int], Past]] = {}
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
            there = members(view.standings.values())
            yield Reader(view.shelf(now), there, me, now), view.find

    def _find(self, network: NetworkId, log: bytes, seq: int) -> Logged | None:
        with self._caught_up(network) as view:
            return view.find(log, seq)

    def past(self, network: NetworkId, moment: Moment) -> Past:
        """What the network's events said at a moment; the last ones asked for are kept."""
        with self._caught_up(network) as view:
            stamp = view.count, view.facts.weight
        kept = self._pasts.get((network, moment))
        if kept is not None and kept[0] == stamp:
            return kept[1]
        with uncollected():
            knowledge, stand = self._knowledge(network)
            past = replay(knowledge, moment, self.now() * 1000, stand)
        with self._lock:
            self._pasts.pop((network, moment), None)
            while len(self._pasts) >= PASTS:
                del self._pasts[next(iter(self._pasts))]
            self._pasts[network, moment] = stamp, past
        return past

    def score_history(
        self,
        network: NetworkId,
        me: bytes,
        to: bytes,
        start: bytes,
        by: By,
        moment: Moment = NOW,
    ) -> History:
        """What moved a score, by what was true, what was written or what came here, as far as could
        be told at a moment.
        """
        with uncollected():
            scope = Scope(*self._knowledge(network)).at(moment)
            now = self.now() * 1000
            return history(scope, start, to, by, me=me, now=now, moment=moment)

    def _knowledge(self, network: NetworkId) -> tuple[Knowledge, Stand]:
        with self.recorder.reading() as reading:
            known = Knowledge.of(network, _arrivals(reading, network))
        return known, partial(standing, network, verify=cache(verify))

    def digest(self, network: NetworkId) -> str:
        """The digest of the network, the same as its laptops print when they hold the same."""
        with (
            self._caught_up(network, patient=True) as view,
            self.recorder.reading() as reading,
        ):
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
    def _caught_up(self, network: NetworkId, *, patient: bool = False) -> Iterator[View]:
        with self._lock:
            view = self._views.setdefault(network, View(self.recorder, network))
        with view.lock:
            stands = view.catch_up(self.now() * 1000)
            if stands:
                yield view
        if not stands:
            rebuilt = self._rebuilt(network, view, None if patient else self.patience)
            with rebuilt.lock:
                yield rebuilt

    def _rebuilt(self, network: NetworkId, old: View, patience: float | None) -> View:
        """The view folded from nothing, or the old one for as long as that takes its time."""
        with self._lock:
            rebuild = self._rebuilds.get(network)
            if rebuild is None:
                rebuild = self._rebuilds[network] = Future()
                work = partial(self._rebuild, network, rebuild)
                Thread(target=work, name="kithd-views", daemon=True).start()
        try:
            return rebuild.result(patience)
        except TimeoutError:
            return old

    def _rebuild(self, network: NetworkId, done: Future[View]) -> None:
        view = View(self.recorder, network)
        try:
            view.catch_up(self.now() * 1000)
        except BaseException as error:  # noqa: BLE001 - whoever waits raises it
            with self._lock:
                del self._rebuilds[network]
            done.set_exception(error)
            return
        with self._lock:
            self._views[network] = view
            del self._rebuilds[network]
        done.set_result(view)


def _arrivals(reading: Reading, network: NetworkId) -> Iterator[Arrival]:
    position = 0
    while rows := reading.since(network, position, BATCH):
        for _, log, seq, record, hash_, received in rows:
            yield Arrival(log, seq, received, hash_, record)
        position = rows[-1][0]
