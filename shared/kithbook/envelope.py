"""Envelopes: how an event stands in a log, as bytes, as a hash chain, and under seals.

A *record* is the stored and sent form of one envelope. The network, log and seq are where it
stands, and every hash can be computed, so none of these travel:

    byte 0      form: 1, or 0x81 when the body has been erased
    byte 1      kind: 0 content, 1 membership
    bytes 2-9   hybrid logical clock, big-endian
    bytes 10-   the body, or after an erasure its 32-byte SHA-256

    hash = SHA-256(domain ‖ network ‖ log ‖ seq ‖ kind ‖ clock ‖ previous hash ‖ SHA-256(body))

The hash covers the body through its own hash, so an erased body leaves the chain verifiable.
"""

from collections.abc import Callable, Sequence

import msgspec

from kithbook import codec
from kithbook.clock import MAX_HLC
from kithbook.codec import MAX_BODY_BYTES, SALT_BYTES, Unreadable, unpack
from kithbook.events import CLEAR, AnyEvent, type_name
from kithbook.hashing import hasher, sha256
from kithbook.ids import CHECK_BYTES, Ref

FORM = 1
ERASED = 0x80
CONTENT = 0
MEMBERSHIP_KIND = 1
HEADER_BYTES = 10
HASH_BYTES = 32
NO_HASH = bytes(HASH_BYTES)

_DOMAIN = b"kithbook envelope 1\0"
_SEAL_DOMAIN = b"kithbook seal 1\0"
_OPENING_DOMAIN = b"kithbook opening 1\0"

Verify = Callable[[bytes, bytes, bytes], bool]
"""Whether (public key, signature, message) is a good Ed25519 signature."""


class Head(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The last event of a log that somebody holds; seq 0 and 32 zero bytes for none."""

    log: bytes
    seq: int
    hash: bytes


class Seal(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A device's signature over the hash at `seq` of its log; it vouches for all before it."""

    seq: int
    signature: bytes


_CLEAR = frozenset(CLEAR)
"""Every event comes by here, and `isinstance` would ask one type after the other."""


def kind_of(event: AnyEvent) -> int:
    """Of kind membership are the bodies that logs and servers look into: an erasure is one."""
    return MEMBERSHIP_KIND if type(event) in _CLEAR else CONTENT


def make_record(kind: int, hlc: int, body: bytes) -> bytes:
    """The record of a new envelope."""
    return bytes((FORM, kind)) + hlc.to_bytes(8, "big") + body


def record_kind(record: bytes) -> int:
    return record[1]


def record_event(record: bytes) -> AnyEvent | Unreadable:
    """The event in a record. One in a record of the other kind is unreadable: who looks only into
    membership, and who reads everything, must make the same of it.
    """
    if record[0] & ERASED:
        return codec.ERASED
    event = unpack(record[HEADER_BYTES:-SALT_BYTES])
    if type(event) is Unreadable or (type(event) in _CLEAR) == record[1]:
        return event
    return Unreadable(type_name(event), "its record is of the wrong kind", "unreadable")


def record_hlc(record: bytes) -> int:
    return int.from_bytes(record[2:HEADER_BYTES], "big")


def record_body(record: bytes) -> bytes | None:
    """The body, or None once it is erased."""
    return None if record[0] & ERASED else record[HEADER_BYTES:]


def erase_record(record: bytes) -> bytes:
    """The same envelope without its body; its hash stays what it was."""
    if record[0] & ERASED:
        return record
    return bytes((record[0] | ERASED,)) + record[1:HEADER_BYTES] + _body_hash(record)


def record_problem(record: bytes) -> str | None:
    """What makes these bytes no record at all, or None."""
    size = len(record)
    if size < HEADER_BYTES + SALT_BYTES or record[0] & ~ERASED != FORM or record[1] > 1:
        return "it is not an envelope that this release knows"
    if record[0] & ERASED and size != HEADER_BYTES + HASH_BYTES:
        return "an erased envelope holds exactly the hash of its body"
    if record[0] & ERASED and record[1] == MEMBERSHIP_KIND:
        return "a membership event cannot be erased"
    if size > HEADER_BYTES + MAX_BODY_BYTES:
        return f"its body takes {size - HEADER_BYTES:,} bytes of at most {MAX_BODY_BYTES:,}"
    if record_hlc(record) > MAX_HLC:
        return "its clock is out of range"
    return None


def are_plain(records: Sequence[bytes]) -> bool:
    """Whether these are records with their bodies, at a glance: then none has a problem."""
    sizes = [len(record) for record in records]
    starts = {record[:3] for record in records}
    return (
        min(sizes) >= HEADER_BYTES + SALT_BYTES
        and max(sizes) <= HEADER_BYTES + MAX_BODY_BYTES
        and all(form == FORM and kind <= 1 and clock < 0x80 for form, kind, clock in starts)
    )


def chain(
    network: bytes, log: bytes, first: int, previous: bytes, records: Sequence[bytes]
) -> list[bytes]:
    """The hashes of consecutive records that start at seq `first` after the hash `previous`."""
    start = _DOMAIN + network + log
    sha256 = hasher(len(records))
    hashes = []
    for seq, record in enumerate(records, first):
        # A sum of short bytes is made faster than their join, and every event comes by here.
        body_hash = record[HEADER_BYTES:]
        if record[0] < ERASED:
            body_hash = sha256(body_hash).digest()
        hashed = start + seq.to_bytes(8, "big") + record[1:HEADER_BYTES] + previous + body_hash
        previous = sha256(hashed).digest()
        hashes.append(previous)
    return hashes


def seal_message(network: bytes, log: bytes, seq: int, hash_: bytes) -> bytes:
    """What a device signs to seal its log up to `seq`."""
    return _SEAL_DOMAIN + network + log + seq.to_bytes(8, "big") + hash_


def opening_message(network: bytes, log: bytes) -> bytes:
    """What a ticket's private key signs, and what a sponsoring device signs, to open a log."""
    return _OPENING_DOMAIN + network + log


def reference(log: bytes, seq: int, hash_: bytes) -> Ref:
    """The event as other events name it."""
    return Ref(log, seq, hash_[:CHECK_BYTES])


def _body_hash(record: bytes) -> bytes:
    return sha256(record[HEADER_BYTES:]).digest()
