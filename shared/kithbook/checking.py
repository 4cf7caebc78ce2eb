"""Checking: whether a log still is what its device wrote and sealed, from the first byte on."""

from collections.abc import Iterable, Iterator, Sequence

from kithbook.envelope import (
    NO_HASH,
    Head,
    Seal,
    Verify,
    chain,
    record_hlc,
    record_problem,
    seal_message,
)
from kithbook.replication import clock_back, opening_key

Wrong = tuple[int, str]
"""A seq, and what does not fit there."""


class LogCheck:
    """Walks one log as it is kept, a stretch at a time. What follows the first that is wrong was
    built on it, and says nothing.
    """

    def __init__(self, network: bytes, log: bytes, key: bytes | None, verify: Verify) -> None:
        self.network = network
        self.key = key
        self.verify = verify
        self.head = Head(log, 0, NO_HASH)
        self.hlc = -1
        self.sealed = 0

    def stretch(
        self, records: Sequence[bytes], stored: Sequence[bytes], seals: Iterable[Seal]
    ) -> Iterator[Wrong]:
        """What is wrong with the next records, by the hashes and seals that are kept for them."""
        log, after, previous = self.head.log, self.head.seq, self.head.hash
        for seq, record in enumerate(records, after + 1):
            if why := record_problem(record):
                yield seq, why
        if after == 0 and not self._opens(records[0]):
            yield 1, "it does not open this log with this key"
        hashes = chain(self.network, log, after + 1, previous, records)
        for seq, (computed, kept) in enumerate(zip(hashes, stored, strict=True), after + 1):
            if computed != kept:
                yield seq, "its bytes are not those that were hashed"
        for seal in seals:
            self.sealed = seal.seq
            if not self._is_signed(seal, hashes[seal.seq - after - 1]):
                yield seal.seq, "its seal is not by this log's device"
        # After the hashes: a clock that was changed makes that of the next event go back.
        back = clock_back(records, after + 1, self.hlc)
        if back is not None:
            yield back, "its clock goes back"
        self.head = Head(log, after + len(records), hashes[-1])
        self.hlc = record_hlc(records[-1])

    def end(self, head: Head, hlc: int, *, is_sealed: bool) -> Iterator[Wrong]:
        """What is wrong once all was walked, by what is noted of the log's last event."""
        if (self.head, self.hlc) != (head, hlc):
            yield head.seq, "it is noted as the log's last event, and is not"
        if is_sealed and self.sealed != self.head.seq:
            yield self.head.seq, "its seal is missing"

    def _opens(self, record: bytes) -> bool:
        return self.key is not None and self.key == opening_key(self.network, self.head.log, record)

    def _is_signed(self, seal: Seal, hash_: bytes) -> bool:
        message = seal_message(self.network, self.head.log, seal.seq, hash_)
        return self.verify(self.key or b"", seal.signature, message)
