"""Pasts: what a replica's events said at another time, or would have said, had they been others."""

from functools import cache, partial
from typing import TYPE_CHECKING

from kithbook.audit.scope import Scope
from kithbook.audit.supposing import Supposition, suppose
from kithbook.collecting import uncollected
from kithbook.knowledge import Knowledge
from kithbook.membership import standing
from kithbook.past import Past, Stand, replay
from kithbook.readings.asof import AsOf
from kithbook.readings.moment import Moment
from kithbook.readings.shelf import Shelf
from kithbook_client import keys
from kithbook_client.asof import Deeds
from kithbook_client.shelf import SqlShelf

if TYPE_CHECKING:
    from kithbook_client.replica import Replica


class Pasts:
    def __init__(self, replica: "Replica") -> None:
        self.replica = replica
        self._deeds: Deeds | None = None

    def at(self, now_ms: int, moment: Moment, supposed: Supposition | None = None) -> Past:
        """What the events said at a moment."""
        replica = self.replica
        with uncollected():
            if moment.as_of is None or moment.known_at is not None or supposed is not None:
                knowledge, stand = self.knowledge(supposed)
                return replay(knowledge, moment, now_ms * 1000, stand)
            return Past(
                moment,
                moment.as_of,
                self._as_of(moment.as_of),
                replica.logs.standings(),
                replica.logs.holds,
                replica.views.void,
                lambda: self.knowledge()[0],
                partial(replica.history.newest_of, moment.shows),
            )

    def scope(self, supposed: Supposition | None = None) -> Scope:
        """What a history is told of."""
        return Scope(*self.knowledge(supposed))

    def knowledge(self, supposed: Supposition | None = None) -> tuple[Knowledge, Stand]:
        """Every event that is held, in the order in which it got here, and who speaks in its log;
        or what would be held under a supposition.
        """
        replica = self.replica
        replica.refresh()
        known = Knowledge.of(replica.network, replica.history.arrivals())
        stand = partial(standing, replica.network, verify=cache(keys.verify))
        if supposed is None:
            return known, stand
        return suppose(known, stand, supposed, replica.me)

    def close(self) -> None:
        if self._deeds is not None:
            self._deeds.close()
            self._deeds = None

    def _as_of(self, upto: int) -> Shelf:
        self.replica.refresh()
        shelf = SqlShelf(self.replica.views)
        if self._deeds is None:
            self._deeds = Deeds(self.replica.home.folder, shelf)
        self._deeds.refresh()
        return AsOf(shelf, self._deeds, upto)
