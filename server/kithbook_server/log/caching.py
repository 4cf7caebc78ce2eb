"""What a reading remembers of its one moment, over whatever a database is asked with."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from kithbook.envelope import NO_HASH, Seal
from kithbook.ids import NetworkId
from kithbook.replication import Page
from kithbook_server.log import LogHead, Range


class CachingReading(ABC):
    """What many ask for in that moment is read once: heads, hashes and short pages.

    Fifty who ask at once each ask about fifty logs: what is looped over here has no calls in it.
    """

    def __init__(self) -> None:
        self._last_acts: dict[NetworkId, int] = {}
        self._heads: dict[NetworkId, list[LogHead]] = {}
        self._hashes: dict[tuple[int, int], bytes] = {}
        self._pages: dict[tuple[int, int, int], Page] = {}

    def last_act(self, network: NetworkId) -> int:
        if network not in self._last_acts:
            self._last_acts[network] = self._find_last_act(network)
        return self._last_acts[network]

    def heads(self, network: NetworkId) -> list[LogHead]:
        if network not in self._heads:
            self._heads[network] = self._find_heads(network)
        return self._heads[network]

    def hash_at(self, log: LogHead, seq: int) -> bytes:
        return self.hashes_at([(log, seq)])[0]

    def hashes_at(self, places: Sequence[tuple[LogHead, int]]) -> list[bytes]:
        known = self._hashes
        missing = [
            (log, seq)
            for log, seq in places
            if 0 < seq < log.head.seq and (log.number, seq) not in known
        ]
        if missing:
            found = self._find_hashes(missing)
            known.update(
                ((log.number, seq), hash_) for (log, seq), hash_ in zip(missing, found, strict=True)
            )
        return [
            log.head.hash if seq == log.head.seq else known[log.number, seq] if seq else NO_HASH
            for log, seq in places
        ]

    def pages(self, ranges: Sequence[Range]) -> list[Page]:
        known = self._pages
        keys = [(log.number, after, upto) for log, after, upto in ranges]
        missing = [range_ for key, range_ in zip(keys, ranges, strict=True) if key not in known]
        if missing:
            self._read_pages(missing)
        return [known[key] for key in keys]

    def _read_pages(self, ranges: Sequence[Range]) -> None:
        previous = self.hashes_at([(log, after) for log, after, _ in ranges])
        found = [
            Page(log.log, after + 1, hash_, [], [])
            for (log, after, _), hash_ in zip(ranges, previous, strict=True)
        ]
        records, seals = self._find_ranges(ranges)
        for number, record in records:
            found[number].records.append(record)
        for number, seq, signature in seals:
            found[number].seals.append(Seal(seq, signature))
        for (log, after, upto), page in zip(ranges, found, strict=True):
            self._pages[log.number, after, upto] = page

    @abstractmethod
    def _find_last_act(self, network: NetworkId) -> int: ...

    @abstractmethod
    def _find_heads(self, network: NetworkId) -> list[LogHead]: ...

    @abstractmethod
    def _find_hashes(self, places: Sequence[tuple[LogHead, int]]) -> list[bytes]: ...

    @abstractmethod
    def _find_ranges(
        self, ranges: Sequence[Range]
    ) -> tuple[list[tuple[int, bytes]], list[tuple[int, int, bytes]]]:
        """The records and the seals, each with the number of its range, in order."""
