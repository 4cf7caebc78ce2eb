"""The intake: new events on their way in, within the transaction that is open."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import msgspec

from kithbook.clock import witness
from kithbook.events import AnyEvent, Founded
from kithbook.facts.effects import Entry
from kithbook.replication import Accepted, Held, Page, Refusal, accept, refusal
from kithbook_client import erasing, keys, standings
from kithbook_client.folding import FLUSH, Folding, Part
from kithbook_client.index import Index
from kithbook_client.log import Log, Logs
from kithbook_client.rebuilding import rebuild
from kithbook_client.views import Views

if TYPE_CHECKING:
    from kithbook_client.replica import Replica


class Received(msgspec.Struct, frozen=True):
    """How many events of some pages were new, and which logs did not fit."""

    added: int
    refused: list[Refusal]


class Intake:
    """Stores records as they come, settles whose they are, and folds them in.

    `is_stale` when the views have to be worked out anew in any case.
    """

    def __init__(
        self, logs: Logs, index: Index, views: Views, now_ms: int, *, is_stale: bool = False
    ) -> None:
        self.logs = logs
        self.index = index
        self.views = views
        self.now_ms = now_ms
        self.count = 0
        self._waiting: list[Part] = []
        self._wait = 0
        self._is_stale = is_stale
        self._folding: Folding | None = None

    def store(
        self,
        log: Log,
        records: Sequence[bytes],
        hashes: Sequence[bytes],
        events: Sequence[AnyEvent] | None = None,
    ) -> list[Entry]:
        """Append records to their log; the events among them that can be read, unless they are
        given because that was done.
        """
        first = log.seq + 1
        self.count += len(records)
        records = erasing.kept(self.logs, log, first, records, hashes)
        has_acts = self.index.note_acts(log, first, records)
        if has_acts:
            # What comes from here on may stand differently; and a fold must not meet, in the log,
            # events that were not given to it.
            self._save()
        self.logs.insert(log, records, hashes, self.now_ms)
        if has_acts:
            self._is_stale |= standings.settle(self.logs, keys.verify, {log.id: first - 1})
            self._is_stale |= erasing.obey(self.logs)
            records = erasing.kept(self.logs, log, first, records, hashes)
        part = Part(log.id, first, *self.logs.read(log, first, records, hashes, events))
        self._waiting.append(part)
        self._wait += len(records)
        if self._wait >= FLUSH:
            self._take()
            if self._folding:
                self._folding.flush()
        return part.entries

    def mend(self, page: Page) -> None:
        """Put back what is missing here, from a page that was found to fit."""
        mended = erasing.mend(self.logs, page.log, page.first, page.records)
        self.count += mended
        self._is_stale |= mended > 0

    def finish(self) -> None:
        """Bring the views in line."""
        self._save()
        if self._is_stale:
            standings.settle(self.logs, keys.verify, {})
            erasing.obey(self.logs)
            rebuild(self.views, self.index)

    def _take(self) -> None:
        """Take in what waits: all of it at once costs less than one page after another."""
        parts, self._waiting, self._wait = self._waiting, [], 0
        if self._is_stale:
            self.index.note([entry for part in parts for entry in part.entries])
        elif parts:
            self._folding = self._folding or Folding(self.views, self.index)
            self._folding.take(parts)

    def _save(self) -> None:
        self._take()
        if self._folding is not None:
            self._folding.save()
            self._folding = None


def receive(replica: "Replica", pages: Iterable[Page], intake: Intake) -> Received:
    """Take in what is new in these pages and fits."""
    logs, clock = replica.logs, replica.clock
    refused: dict[bytes, Refusal] = {}
    for page in pages:
        if page.log in refused:
            continue
        known = logs.known(logs.get(page.log) or Log(0, page.log))
        outcome = accept(replica.network, page, known, keys.verify)
        if isinstance(outcome, Accepted):
            log = logs[page.log]
            intake.store(log, outcome.records, outcome.hashes)
            replica.pages.keep(log, outcome.seals)
            clock = witness(clock, log.hlc, intake.now_ms)
        elif why := refusal(page.log, outcome):
            refused[page.log] = why
        if isinstance(outcome, Accepted | Held):
            intake.mend(page)
    intake.finish()
    _note(replica, clock)
    return Received(intake.count, list(refused.values()))


def _note(replica: "Replica", clock: int) -> None:
    """Note what came with the events: a later clock, and what the founder calls the network."""
    if clock != replica.clock:
        replica.clock = clock
        replica.db.execute("UPDATE network SET clock = ? WHERE no = ?", (clock, replica.no))
    for log in replica.logs.held() if not replica.name else ():
        entry = replica.logs.entry(log.id, 1)
        if entry and isinstance(entry.event, Founded) and entry.author:
            replica.name = replica.home.free_name(entry.event.name, replica.no)
            replica.db.execute(
                "UPDATE network SET name = ? WHERE no = ?", (replica.name, replica.no)
            )
