"""The log store: every record byte for byte as it was received, and what is known about it.

`LogRecorder` is the seam between sync and a database: `SQLiteLogRecorder` is behind it, or
`PostgresLogRecorder`, which any number of processes may share. All reads of one `reading()` see
one moment; all writes of one `writing()` are durable together, or not at all.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol

import msgspec

from kithbook.envelope import CONTENT, MEMBERSHIP_KIND, Head, Seal
from kithbook.ids import NetworkId
from kithbook.replication import Accepted, Page

Row = tuple[int, bytes, int, bytes, bytes, int]
"""A record where it stands: position, log, seq, record, hash, and when it was received (ms)."""

TOPICS = ("content", "membership")
"""What a record's kind is called in the recorder."""


def topics_of(size: int, acts: Sequence[int]) -> list[str]:
    """What so many records are called, those of membership at these indexes."""
    topics = [TOPICS[CONTENT]] * size
    for n in acts:
        topics[n] = TOPICS[MEMBERSHIP_KIND]
    return topics


class LogHead(msgspec.Struct, frozen=True, gc=False):
    """A log as far as it is held. `number` is this database's own short name for it."""

    network: NetworkId
    number: int
    key: bytes
    hlc: int
    head: Head

    @classmethod
    def of(cls, row: tuple[NetworkId, int, bytes, int, bytes, int, bytes]) -> "LogHead":
        """From network, number, key, hlc, log, seq and hash."""
        network, number, key, hlc, log, seq, hash_ = row
        return cls(network, number, key, hlc, Head(log, seq, hash_))

    @property
    def log(self) -> bytes:
        return self.head.log

    @property
    def seq(self) -> int:
        return self.head.seq

    @property
    def hash(self) -> bytes:
        return self.head.hash


Range = tuple[LogHead, int, int]
"""A range of a log: after a seq, up to and with another."""


class Reading(Protocol):
    """What is held at one moment. A range of seqs is after `after`, up to and with `upto`.

    What many ask for in that moment (`heads`, `hashes_at`, `pages`) is read once.
    """

    def networks(self) -> list[NetworkId]: ...

    def networks_of(self, key: bytes) -> list[NetworkId]:
        """The networks in which the device with this public key has opened a log."""
        ...

    def heads(self, network: NetworkId) -> list[LogHead]:
        """Every log of a network, in the order in which their first events arrived."""
        ...

    def head(self, network: NetworkId, log: bytes) -> LogHead | None: ...

    def hash_at(self, log: LogHead, seq: int) -> bytes:
        """The hash at a seq in 0..log.seq; at 0 it is 32 zero bytes."""
        ...

    def hashes_at(self, places: Sequence[tuple[LogHead, int]]) -> list[bytes]:
        """The same for many logs of one network, which costs little more than for one."""
        ...

    def records(self, log: LogHead, after: int, upto: int) -> list[bytes]: ...

    def hashes(self, log: LogHead, after: int, upto: int) -> list[bytes]: ...

    def size(self, log: LogHead, after: int, upto: int) -> int:
        """How many bytes these records take."""
        ...

    def seals(self, log: LogHead, after: int, upto: int) -> list[Seal]: ...

    def events(self, network: NetworkId) -> int:
        """How many records of a network there are."""
        ...

    def pages(self, ranges: Sequence[Range]) -> list[Page]:
        """Many short ranges in one network, which costs little more than one."""
        ...

    def last_act(self, network: NetworkId) -> int:
        """The position of the newest membership record of a network, 0 for none."""
        ...

    def acts(self, network: NetworkId) -> list[tuple[bytes, int, bytes]]:
        """Log, seq and record of every membership record of a network."""
        ...

    def blanks(self, network: NetworkId) -> list[tuple[bytes, int, bytes]]:
        """Log, seq and hash of every record of a network that has no body."""
        ...

    def since(self, network: NetworkId, position: int, limit: int) -> list[Row]:
        """The next records of a network after a position, in the order they arrived."""
        ...


class Writing(Reading, Protocol):
    """The one place where something is written to a log.

    Whoever needs several networks in one writing takes them in the order of their ids: another
    process that needs the same ones waits for the first of them.
    """

    def append(self, network: NetworkId, part: Accepted, received: int) -> int:
        """Append what was accepted of a page; the position of its first record.

        Raises the library's IntegrityError, and nothing is committed, where the part does not
        come next in its log.
        """
        ...

    def replace(self, log: LogHead, seq: int, record: bytes) -> None:
        """Let a body give way to its hash, or come back; nothing else of a record ever changes."""
        ...


class Pool(NamedTuple):
    """How many connections to the database are in use, and how many there may be."""

    used: int
    most: int


class LogRecorder(Protocol):
    """Raises Unavailable when the database cannot be used now, Damaged when it is not one."""

    def last_act(self, network: NetworkId) -> int:
        """As `Reading.last_act`, of this very moment and without a transaction."""
        ...

    def on_news(self, tell: Callable[[NetworkId], None]) -> None:
        """From now on call this once something new of a network is durable.

        It is called in any thread, and on PostgreSQL also for what another process wrote.
        """
        ...

    def reading(self) -> AbstractContextManager[Reading]: ...

    def writing(self) -> AbstractContextManager[Writing]: ...

    def pool(self) -> Pool: ...

    def problems(self) -> list[str]:
        """What the database itself finds wrong with its files."""
        ...

    def close(self) -> None:
        """Only after every reading and writing has ended."""
        ...
