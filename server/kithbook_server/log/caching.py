"""What a reading remembers of its one moment, over whatever a database is asked with."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from kithbook.envelope import NO_HASH, Seal
from kithbook.ids import NetworkId
from kithbook_server.log import LogHead, Place, Range


class CachingReading(ABC):
    """What many ask for in that moment is read once: heads, hashes and short ranges."""

    def __init__(self) -> None:
        self._heads: dict[NetworkId, list[LogHead]] = {}
        self._hashes: dict[tuple[int, int], bytes] = {}
        self._ranges: dict[tuple[int, int, int], Range] = {}

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
            if 0 < seq < log.seq and (log.number, seq) not in known
        ]
        if missing:
            found = self._find_hashes(missing)
            known.update(
                ((log.number, seq), hash_) for (log, seq), hash_ in zip(missing, found, strict=True)
            )
        return [
            log.hash if seq == log.seq else known[log.number, seq] if seq else NO_HASH
            for log, seq in places
        ]

    def ranges(self, places: Sequence[Place]) -> list[Range]:
        known = self._ranges
        missing = [place for place in places if _key(place) not in known]
        if missing:
            previous = self.hashes_at([(log, after) for log, after, _ in missing])
            found = [Range(one, [], []) for one in previous]
            records, seals = self._find_ranges(missing)
            for number, record in records:
                found[number].records.append(record)
            for number, seq, signature in seals:
                found[number].seals.append(Seal(seq, signature))
            known.update(zip(map(_key, missing), found, strict=True))
        return [known[_key(place)] for place in places]

    @abstractmethod
    def _find_heads(self, network: NetworkId) -> list[LogHead]: ...

    @abstractmethod
    def _find_hashes(self, places: Sequence[tuple[LogHead, int]]) -> list[bytes]: ...

    @abstractmethod
    def _find_ranges(
        self, places: Sequence[Place]
    ) -> tuple[list[tuple[int, bytes]], list[tuple[int, int, bytes]]]:
        """The records and the seals, each with the number of its place, in order."""


def _key(place: Place) -> tuple[int, int, int]:
    log, after, upto = place
    return log.number, after, upto
