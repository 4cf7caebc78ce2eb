"""What to send and what to take: the decisions of sync, as pure functions of what is held.

Both ends decide with the same two: `lacking` says which pages the other side needs, and `accept`
says what a page that arrived means. Every outcome that a protocol expects is a value.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence

import msgspec

from kithbook.codec import decode_body
from kithbook.envelope import (
    HEADER_BYTES,
    MEMBERSHIP_KIND,
    Head,
    Seal,
    Verify,
    are_plain,
    chain,
    record_body,
    record_kind,
    record_problem,
    seal_message,
)
from kithbook.events import OPENINGS
from kithbook.ids import LogId, NetworkId, log_id

PAGE_EVENTS = 1_000
"""A device seals its log at least this often, and a page holds at most this many events."""


class Page(msgspec.Struct, frozen=True, array_like=True):
    """Consecutive records of one log, from `first`, after the hash `previous`, up to a seal.

    `seals` are in order of seq and the last one is at the page's end.
    """

    log: bytes
    first: int
    previous: bytes
    records: list[bytes]
    seals: list[Seal]

    @property
    def last(self) -> int:
        """The seq of its last record."""
        return self.first + len(self.records) - 1


class Span(msgspec.Struct, frozen=True):
    """Seqs of one log to send: after `after`, up to and with `upto`."""

    log: bytes
    after: int
    upto: int


class Accepted(msgspec.Struct, frozen=True):
    """The page's part that is new: store these from seq `first`."""

    first: int
    records: Sequence[bytes]
    hashes: Sequence[bytes]
    seals: Sequence[Seal]
    head: Head


class Held(msgspec.Struct, frozen=True):
    """All of the page is held already."""


class Gap(msgspec.Struct, frozen=True):
    """The page starts too late; seq `expected` comes next."""

    expected: int


class Fork(msgspec.Struct, frozen=True):
    """The log goes on differently here; `seq` is the last one at which both may still agree."""

    seq: int


class Unfit(msgspec.Struct, frozen=True):
    """The page does not hold together from `seq` on."""

    seq: int
    why: str


Outcome = Accepted | Held | Gap | Fork | Unfit


class Refusal(msgspec.Struct, frozen=True):
    """A log left out of a round: from which seq, and why. `code` is gap, fork, unfit or missing."""

    log: bytes
    seq: int
    code: str
    why: str


def refusal(log: bytes, outcome: Outcome) -> Refusal | None:
    """What to tell of a page that does not fit; None where it was taken or held already."""
    match outcome:
        case Gap(expected):
            return Refusal(log, expected, "gap", f"seq {expected} comes next in this log")
        case Fork(seq):
            return fork(log, seq + 1)
        case Unfit(seq, why):
            return Refusal(log, seq, "unfit", why)
        case Accepted() | Held():
            return None


def fork(log: bytes, seq: int) -> Refusal:
    """What to tell of a log that goes on differently on the two sides."""
    return Refusal(log, seq, "fork", f"another event is held there, at seq {seq} or near it")


def lacking(mine: Iterable[Head], theirs: dict[bytes, Head]) -> Iterator[Span]:
    """The spans that the other side lacks, by what it says it holds."""
    for head in mine:
        there = theirs.get(head.log)
        after = there.seq if there else 0
        if head.seq > after:
            yield Span(head.log, after, head.seq)


def opening_key(network: bytes, log: bytes, record: bytes) -> bytes | None:
    """The public key of the device that writes a log, from the log's first record.

    None when the record does not open this log: then nothing in the log can be verified.
    """
    body = record_body(record)
    if body is None or record_kind(record) != MEMBERSHIP_KIND:
        return None
    event = decode_body(body)
    if not isinstance(event, OPENINGS):
        return None
    if log_id(NetworkId(network), event.key, event.nonce) != LogId(log):
        return None
    return event.key


class Known(msgspec.Struct, frozen=True):
    """What a replica knows of the log that a page continues.

    `key` and `last_hlc` are None and -1 where nothing is held; `hash_at` gives the hash held at a
    seq in 0..head.seq (at 0: 32 zero bytes).
    """

    head: Head
    key: bytes | None
    last_hlc: int
    hash_at: Callable[[int], bytes]


def accept(network: bytes, page: Page, known: Known, verify: Verify) -> Outcome:
    """What a page means to a replica.

    The part that is new is verified, seals and chain, up to the page's end; anything that does
    not fit makes the page unfit, whole.
    """
    have = known.head.seq
    if page.first < 1 or not 1 <= len(page.records) <= PAGE_EVENTS:
        return Unfit(page.first, f"a page holds 1 to {PAGE_EVENTS} events")
    if page.first > have + 1:
        return Gap(have + 1)
    if known.hash_at(page.first - 1) != page.previous:
        return Fork(max(0, page.first - 2))
    if not are_plain(page.records):
        for seq, record in enumerate(page.records, page.first):
            if problem := record_problem(record):
                return Unfit(seq, problem)
    hashes = chain(network, page.log, page.first, page.previous, page.records)
    overlap = min(have, page.last)
    if overlap >= page.first and hashes[overlap - page.first] != known.hash_at(overlap):
        return Fork(page.first - 1)
    if page.last <= have:
        return Held()
    return _new_part(network, page, known, hashes, verify)


def _new_part(
    network: bytes, page: Page, known: Known, hashes: list[bytes], verify: Verify
) -> Outcome:
    have = known.head.seq
    key = known.key
    if page.first == 1:
        key = opening_key(network, page.log, page.records[0])
    if key is None:
        return Unfit(1, "its first event does not open this log")
    new = have + 1 - page.first
    back = clock_back(page.records[new:], page.first + new, known.last_hlc)
    if back is not None:
        return Unfit(back, "its clock goes back")
    seals = [seal for seal in page.seals if seal.seq > have]
    seqs = [seal.seq for seal in seals]
    if seqs[-1:] != [page.last]:
        return Unfit(page.last, "a page ends at a seal")
    if seqs != sorted(set(seqs)):
        return Unfit(page.last, "its seals are out of order")
    for seal in seals:
        message = seal_message(network, page.log, seal.seq, hashes[seal.seq - page.first])
        if not verify(key, seal.signature, message):
            return Unfit(seal.seq, "its seal is not by the device that writes this log")
    head = Head(page.log, page.last, hashes[-1])
    return Accepted(have + 1, page.records[new:], hashes[new:], seals, head)


def clock_back(records: Sequence[bytes], first: int, last_hlc: int) -> int | None:
    """The seq of the first record whose clock is not later than the one before it, or None."""
    # As they stand in records, clocks compare like the numbers that they are.
    last = last_hlc.to_bytes(8, "big") if last_hlc >= 0 else b""
    for seq, record in enumerate(records, first):
        clock = record[2:HEADER_BYTES]
        if clock <= last:
            return seq
        last = clock
    return None
