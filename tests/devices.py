"""Devices and their logs in memory: found a network, invite, join, write, seal, and make pages.

    ada = Log.found("Ada").write(3)
    bob = ada.invite("Bob").join().write(2)
    request = SyncRequest([ada.head(), bob.head()], [*ada.pages(), *bob.pages()])

All is made from seeds, so a test that fails fails again.
"""

from collections.abc import Iterable
from copy import copy
from itertools import count
from random import Random
from typing import Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kithbook.codec import SALT_BYTES, encode_body
from kithbook.envelope import (
    NO_HASH,
    Head,
    Seal,
    chain,
    kind_of,
    make_record,
    opening_message,
    reference,
    seal_message,
)
from kithbook.events import (
    AnyEvent,
    DeviceRevoked,
    Founded,
    Invited,
    Joined,
    Met,
    Opening,
    Role,
)
from kithbook.ids import ID_BYTES, NetworkId, Ref, log_id, network_id, person_id
from kithbook.protocol import session_message
from kithbook.replication import PAGE_EVENTS, Page

NOW_MS = 1_780_000_000_000
"""The wall clock of tests: in May 2026."""
AT = NOW_MS * 1_000

_seeds = count(1)


class Key:
    """An Ed25519 key: a device's, or a ticket's."""

    def __init__(self, seed: int | None = None) -> None:
        self.random = Random(next(_seeds) if seed is None else seed)
        self._private = Ed25519PrivateKey.from_private_bytes(self.random.randbytes(32))
        self.public = self._private.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        return self._private.sign(message)

    def sign_session(self, origin: str, nonce: bytes) -> bytes:
        return self.sign(session_message(origin, nonce))


class Log:
    """What one device writes in one network. `pages` seals whatever is not sealed yet."""

    def __init__(self, device: Key, network: NetworkId, opening: Opening) -> None:
        self.device = device
        self.network = network
        self.id = log_id(network, opening.key, opening.nonce)
        self.records: list[bytes] = []
        self.hashes: list[bytes] = []
        self.seals: dict[int, bytes] = {}
        self.hlc = NOW_MS << 16

    @classmethod
    def found(cls, me: str = "Ada", device: Key | None = None) -> Self:
        """The founder's log of a new network."""
        device = device or Key()
        founded = Founded(
            at=AT, key=device.public, nonce=device.random.randbytes(ID_BYTES), name="team", me=me
        )
        body = encode_body(founded, bytes(SALT_BYTES))
        log = cls(device, network_id(body), founded)
        return log.append_body(founded, body)

    @property
    def seq(self) -> int:
        return len(self.records)

    def append(self, *events: AnyEvent) -> Self:
        for event in events:
            self.append_body(event, encode_body(event, self.device.random.randbytes(SALT_BYTES)))
        return self

    def append_body(self, event: AnyEvent, body: bytes) -> Self:
        self.hlc += 1
        return self.append_record(make_record(kind_of(event), self.hlc, body))

    def append_record(self, record: bytes) -> Self:
        """Append any bytes, whether or not they are a record."""
        self.records.append(record)
        self.hashes += chain(self.network, self.id, self.seq, self.hash_at(self.seq - 1), [record])
        return self

    def write(self, events: int = 1) -> Self:
        """Append small content events."""
        me, other = self.device.random.randbytes(ID_BYTES), self.device.random.randbytes(ID_BYTES)
        return self.append(*(Met(at=AT + n, by=me, people=(other,)) for n in range(events)))

    def invite(
        self, who: str = "Bob", role: Role = "member", expires: int | None = None
    ) -> "Ticket":
        ticket = Ticket(self.network)
        person = person_id(self.network, who)
        self.append(
            Invited(at=AT, ticket=ticket.key.public, person=person, role=role, expires=expires)
        )
        return ticket

    def revoke(self, other: "Log", last: int) -> Self:
        """Revoke another device, whose log counts up to seq `last`."""
        return self.append(DeviceRevoked(at=AT, key=other.device.public, last={other.id: last}))

    def seal(self, seq: int | None = None) -> Self:
        at = self.seq if seq is None else seq
        message = seal_message(self.network, self.id, at, self.hash_at(at))
        self.seals[at] = self.device.sign(message)
        return self

    def pages(self, after: int = 0, size: int = PAGE_EVENTS) -> list[Page]:
        """The log after a seq, in pages of so many events, each sealed at its end."""
        starts = range(after, self.seq, size)
        return [self.page(start + 1, min(start + size, self.seq)) for start in starts]

    def page(self, first: int, last: int) -> Page:
        if last not in self.seals:
            self.seal(last)
        seals = [Seal(seq, self.seals[seq]) for seq in sorted(self.seals) if first <= seq <= last]
        records = self.records[first - 1 : last]
        return Page(self.id, first, self.hash_at(first - 1), records, seals)

    def hash_at(self, seq: int) -> bytes:
        return self.hashes[seq - 1] if seq else NO_HASH

    def head(self, seq: int | None = None) -> Head:
        at = self.seq if seq is None else seq
        return Head(self.id, at, self.hash_at(at))

    def ref(self, seq: int) -> Ref:
        return reference(self.id, seq, self.hash_at(seq))

    def fork(self, seq: int) -> Self:
        """A copy of the device as it was at `seq`, to go on differently."""
        other = copy(self)
        other.records, other.hashes = self.records[:seq], self.hashes[:seq]
        other.seals = {at: signature for at, signature in self.seals.items() if at <= seq}
        return other


class Ticket:
    """An invitation that somebody has written, with its private key."""

    def __init__(self, network: NetworkId) -> None:
        self.network = network
        self.key = Key()

    def join(self, device: Key | None = None) -> Log:
        """The log that the ticket opens; each call opens another one."""
        device = device or Key()
        nonce = device.random.randbytes(ID_BYTES)
        message = opening_message(self.network, log_id(self.network, device.public, nonce))
        joined = Joined(
            at=AT,
            key=device.public,
            nonce=nonce,
            ticket=self.key.public,
            signature=self.key.sign(message),
        )
        return Log(device, self.network, joined).append(joined)


def heads(logs: Iterable[Log]) -> list[Head]:
    return [log.head() for log in logs]
