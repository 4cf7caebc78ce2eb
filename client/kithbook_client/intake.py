"""The intake: new events on their way in, within the transaction that is open."""

from collections.abc import Sequence

from kithbook.facts.effects import Entry
from kithbook_client import keys
from kithbook_client.folding import fold, rebuild, uncollected
from kithbook_client.index import Index
from kithbook_client.log import Aside, Log, Logs
from kithbook_client.views import Views


class Intake:
    """Stores records as they come, then settles whose they are and folds them in.

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
        self._is_stale = is_stale
        self._has_acts = is_stale
        self._fresh: dict[bytes, int] = {}
        self._spans: list[tuple[Log, int, Sequence[bytes], Sequence[bytes]]] = []

    def store(self, log: Log, records: Sequence[bytes], hashes: Sequence[bytes]) -> None:
        first = log.seq + 1
        self.count += len(records)
        self._fresh.setdefault(log.id, first)
        self._spans.append((log, first, records, hashes))
        self._has_acts |= self.index.note_acts(log, first, records)
        self.logs.insert(log, records, hashes, self.now_ms)

    def finish(self) -> list[Entry]:
        """Bring the views in line; the new events that can be read."""
        with uncollected():
            return self._finish()

    def _finish(self) -> list[Entry]:
        if self._has_acts:
            folded = {log: first - 1 for log, first in self._fresh.items()}
            self._is_stale |= self.logs.settle(keys.verify, folded)
        entries: list[Entry] = []
        aside: list[Aside] = []
        for span in self._spans:
            read, unread = self.logs.read(*span)
            entries += read
            aside += unread
        if self._is_stale:
            self.index.note(entries)
            rebuild(self.views, self.index)
        elif self.count:
            fold(self.views, self.index, self._fresh, entries, aside)
        return entries
