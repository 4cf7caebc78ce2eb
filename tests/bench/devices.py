"""Devices made straight from the domain: logs of any length in no time, without a home."""

from collections.abc import Iterator, Sequence
from random import Random

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kithbook.codec import SALT_BYTES, encode_body
from kithbook.envelope import (
    MEMBERSHIP_KIND,
    NO_HASH,
    Head,
    Seal,
    chain,
    make_record,
    opening_message,
    seal_message,
)
from kithbook.events import Founded, Invited, Joined, Membership
from kithbook.ids import LogId, NetworkId, log_id, network_id, person_id
from kithbook.replication import PAGE_EVENTS, Page
from tests.bench.workload import ME, START

AT = int(START.timestamp()) * 1_000_000
FIRST_HLC = 1 << 16


class Device:
    """One device with one log; `head` is the last event that it has sealed."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.secret = Ed25519PrivateKey.from_private_bytes(self.random.randbytes(32))
        self.key = self.secret.public_key().public_bytes_raw()
        self.nonce = self.random.randbytes(16)
        self.network = NetworkId(bytes(16))
        self.log = LogId(bytes(16))
        self.head = Head(self.log, 0, NO_HASH)
        self.hashes: list[bytes] = []
        """Of the page that was made last."""
        self.opening: Page

    @classmethod
    def founder(cls, seed: int = 1, tickets: Sequence[Ed25519PrivateKey] = ()) -> "Device":
        """The founder of a network, with an invitation to it for each ticket."""
        device = cls(seed)
        founded = Founded(at=AT, key=device.key, nonce=device.nonce, name="bench", me=ME)
        body = encode_body(founded, device.random.randbytes(SALT_BYTES))
        device._open(network_id(body))
        me = person_id(device.network, ME)
        invited = [
            Invited(at=AT, ticket=ticket.public_key().public_bytes_raw(), person=me, role="owner")
            for ticket in tickets
        ]
        records = [make_record(MEMBERSHIP_KIND, FIRST_HLC, body)]
        records += [device.act(event, FIRST_HLC + n) for n, event in enumerate(invited, 1)]
        device.opening = device.page(records)
        return device

    @classmethod
    def joined(cls, seed: int, network: NetworkId, ticket: Ed25519PrivateKey) -> "Device":
        """Another device of the founder's, by a ticket."""
        device = cls(seed)
        device._open(network)
        joined = Joined(
            at=AT,
            key=device.key,
            nonce=device.nonce,
            ticket=ticket.public_key().public_bytes_raw(),
            signature=ticket.sign(opening_message(network, device.log)),
        )
        device.opening = device.page([device.act(joined, FIRST_HLC)])
        return device

    def _open(self, network: NetworkId) -> None:
        self.network = network
        self.log = log_id(network, self.key, self.nonce)
        self.head = Head(self.log, 0, NO_HASH)

    def act(self, event: Membership, hlc: int) -> bytes:
        """The record of a membership event."""
        body = encode_body(event, self.random.randbytes(SALT_BYTES))
        return make_record(MEMBERSHIP_KIND, hlc, body)

    def page(self, records: Sequence[bytes]) -> Page:
        """The next records of this log, sealed at their end."""
        before = self.head
        self.hashes = chain(self.network, self.log, before.seq + 1, before.hash, records)
        last = before.seq + len(records)
        message = seal_message(self.network, self.log, last, self.hashes[-1])
        self.head = Head(self.log, last, self.hashes[-1])
        seal = Seal(last, self.secret.sign(message))
        return Page(self.log, before.seq + 1, before.hash, list(records), [seal])

    def pages(self, records: Sequence[bytes]) -> Iterator[Page]:
        for start in range(0, len(records), PAGE_EVENTS):
            yield self.page(records[start : start + PAGE_EVENTS])


def tickets(count: int) -> list[Ed25519PrivateKey]:
    random = Random(count)
    return [Ed25519PrivateKey.from_private_bytes(random.randbytes(32)) for _ in range(count)]
