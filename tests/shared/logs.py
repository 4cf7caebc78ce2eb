"""Logs as devices write them: signed, chained, and cut into pages at seals."""

from collections.abc import Sequence
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from kithbook.clock import COUNTER_BITS
from kithbook.codec import SALT_BYTES, encode_body
from kithbook.envelope import (
    NO_HASH,
    Head,
    Seal,
    chain,
    kind_of,
    make_record,
    record_hlc,
    reference,
    seal_message,
)
from kithbook.events import AnyEvent, DeviceAdded, DeviceRevoked, Founded, Invited, Joined, Role
from kithbook.ids import ID_BYTES, NetworkId, Ref, log_id, network_id, person_id
from kithbook.membership import Act, Standing, act_in, standing
from kithbook.protocol import ticket_message
from kithbook.replication import Known, Page

START_MS = 1_800_000_000_000


class Device:
    """A device's key, or a ticket's."""

    def __init__(self, name: str) -> None:
        seed = sha256(name.encode()).digest()
        self.name = name
        self.nonce = seed[:ID_BYTES]
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self.key = self._private.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        return self._private.sign(message)


def verify(key: bytes, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def salt(*parts: object) -> bytes:
    return sha256(repr(parts).encode()).digest()[:SALT_BYTES]


class Writing:
    """A log from its device's side."""

    def __init__(self, network: NetworkId, device: Device, nonce: bytes) -> None:
        self.network = network
        self.device = device
        self.nonce = nonce
        self.log = log_id(network, device.key, nonce)
        self.records: list[bytes] = []
        self.hashes: list[bytes] = []

    def write(self, *events: AnyEvent, ms: int = 0) -> "Writing":
        """Append events, a millisecond apart or from `ms` after the start on."""
        for event in events:
            body = encode_body(event, salt(self.log, len(self.records)))
            self.append(kind_of(event), body, ms)
        return self

    def append(self, kind: int, body: bytes, ms: int = 0) -> None:
        seq = len(self.records) + 1
        self.records.append(make_record(kind, START_MS + (ms or seq) << COUNTER_BITS, body))
        previous = self.hash_at(seq - 1)
        self.hashes += chain(self.network, self.log, seq, previous, self.records[-1:])

    def hash_at(self, seq: int) -> bytes:
        return self.hashes[seq - 1] if seq else NO_HASH

    def ref(self, seq: int) -> Ref:
        return reference(self.log, seq, self.hash_at(seq))

    def seal(self, seq: int) -> Seal:
        message = seal_message(self.network, self.log, seq, self.hash_at(seq))
        return Seal(seq, self.device.sign(message))

    def page(self, first: int = 1, last: int = 0, seals: Sequence[int] = ()) -> Page:
        """Seqs `first` to `last`, or to the end, with a seal at its end and wherever else."""
        last = last or len(self.records)
        return Page(
            self.log,
            first,
            self.hash_at(first - 1),
            self.records[first - 1 : last],
            [self.seal(seq) for seq in (*seals, last)],
        )

    def known(self, upto: int) -> Known:
        """What a replica that holds the log up to a seq knows of it."""
        return Known(
            Head(self.log, upto, self.hash_at(upto)),
            self.device.key if upto else None,
            record_hlc(self.records[upto - 1]) if upto else -1,
            self.hash_at,
        )

    def acts(self) -> list[Act]:
        found = (act_in(self.log, seq, record) for seq, record in enumerate(self.records, 1))
        return [act for act in found if act]


class Network:
    """A network and its logs. Everybody has one device, named like them, unless told otherwise."""

    def __init__(self, founder: str = "Ada") -> None:
        device = Device(founder)
        founded = Founded(at=0, key=device.key, nonce=device.nonce, name="friends", me=founder)
        self.id = network_id(encode_body(founded, salt("founded")))
        self.logs: list[Writing] = []
        self.founded = self.open(device)
        self.founded.append(1, encode_body(founded, salt("founded")))

    def open(self, device: Device, nonce: bytes = b"") -> Writing:
        self.logs.append(Writing(self.id, device, nonce or device.nonce))
        return self.logs[-1]

    def person(self, name: str) -> bytes:
        return person_id(self.id, name)

    def invite(
        self, by: Writing, who: str, role: Role = "member", *, ticket: str = "", **fields: int
    ) -> Device:
        """Write an invitation, or a device link; gives the ticket."""
        link = Device(ticket or f"ticket {who} {by.device.name} {len(by.records)}")
        person = self.person(who)
        by.write(Invited(at=0, ticket=link.key, person=person, role=role, **fields))
        return link

    def join(
        self, ticket: Device, device: str, *, signer: Device | None = None, ms: int = 0
    ) -> Writing:
        """Open a log by a ticket."""
        found = self.open(Device(device))
        signature = (signer or ticket).sign(ticket_message(self.id, found.log))
        key, nonce = found.device.key, found.nonce
        joined = Joined(at=0, key=key, nonce=nonce, ticket=ticket.key, signature=signature)
        return found.write(joined, ms=ms)

    def welcome(self, who: str, by: Writing | None = None, role: Role = "member") -> Writing:
        """Invite somebody who joins."""
        return self.join(self.invite(by or self.founded, who, role), who)

    def add(
        self, sponsor: Writing, *, device: Device | None = None, signer: Device | None = None
    ) -> Writing:
        """Open a further log that another one vouches for."""
        found = self.open(device or sponsor.device, salt(len(self.logs)))
        signature = (signer or sponsor.device).sign(ticket_message(self.id, found.log))
        return found.write(
            DeviceAdded(
                at=0,
                key=found.device.key,
                nonce=found.nonce,
                sponsor=sponsor.log,
                signature=signature,
            )
        )

    def revoke(self, by: Writing, device: Device, last: dict[Writing, int] | None = None) -> None:
        named = {writing.log: seq for writing, seq in (last or {}).items()}
        by.write(DeviceRevoked(at=0, key=device.key, last=named))

    def acts(self) -> list[Act]:
        return [act for writing in self.logs for act in writing.acts()]

    def standings(self) -> dict[bytes, Standing]:
        return standing(self.id, self.acts(), verify)

    def standing(self, writing: Writing) -> Standing:
        return self.standings()[writing.log]
