"""The messages of sync and the interface that a server, a folder and the wire all implement.

Every struct here can be sent as MessagePack or as JSON (bytes as base64). `docs/protocol.md` is the
specification; `tests/golden/` has each message as bytes.
"""

from collections.abc import Iterable
from typing import Annotated, Protocol

import msgspec

from kithbook.envelope import Head
from kithbook.events import Id, PublicKey, Signature
from kithbook.ids import NetworkId
from kithbook.replication import Page, Refusal

VERSION = 1
MAX_REQUEST_BYTES = 32 * 1024 * 1024
"""A request body, inflated. A server may set less and says so in its refusal."""
ROUND_EVENTS = 10_000
"""What a replica brings in one round, at most; whoever has more goes another round."""
REPLY_EVENTS = 100_000
"""What an answer brings, at most: folding much at once costs a replica half as much an event."""
ROUND_BYTES = 8 * 1024 * 1024
"""And no further page once this many bytes of records are in a round."""
MAX_LOGS = 10_000


def one_round(pages: Iterable[Page], most: int) -> list[Page]:
    """What one round of at most so many events carries of these pages: one at least, and none is
    asked for once the round is full.
    """
    carried: list[Page] = []
    events = size = 0
    for page in pages:
        count = len(page.records)
        if carried and events + count > most:
            break
        carried.append(page)
        events += count
        size += sum(map(len, page.records))
        if events >= most or size >= ROUND_BYTES:
            break
    return carried


class SyncRequest(msgspec.Struct, frozen=True):
    """What a replica holds, before `pages`, which it believes the other side lacks."""

    heads: Annotated[list[Head], msgspec.Meta(max_length=MAX_LOGS)]
    pages: list[Page] = []


class SyncReply(msgspec.Struct, frozen=True):
    """What the server durably holds now, what the replica lacks, and which logs were left out.

    `more` says that the server had further pages than fit in one round.
    """

    heads: list[Head]
    pages: list[Page] = []
    refused: list[Refusal] = []
    more: bool = False


class SyncServer(Protocol):
    """A replica that one can sync with: the server itself, HTTP to it, or a folder."""

    def sync(self, network: NetworkId, request: SyncRequest) -> SyncReply:
        """Do one round. Idempotent: a repeated round changes nothing.

        Raises Unavailable when the other end cannot be reached or used, Refused when it does not
        know this device (`code` is `unknown_network` or `no_session`), TooLarge past its limits.
        """
        ...


class JoinRequest(msgspec.Struct, frozen=True):
    """Redeems a link. A setup link brings its `secret`; a ticket brings the opening of its log."""

    network: Id
    key: PublicKey
    secret: bytes | None = None
    pages: list[Page] = []


class JoinReply(msgspec.Struct, frozen=True):
    network: Id


class SessionRequest(msgspec.Struct, frozen=True):
    """First without, then with the server's nonce and the device's signature over it."""

    key: PublicKey
    nonce: bytes | None = None
    signature: Signature | None = None


class Challenge(msgspec.Struct, frozen=True):
    nonce: bytes


class Session(msgspec.Struct, frozen=True):
    """A bearer token for the Authorization header, and when it ends (ms since 1970)."""

    token: str
    expires: int


def session_message(origin: str, nonce: bytes) -> bytes:
    """What a device signs for a session; the origin keeps one server from asking for another."""
    return b"kithbook session 1\0" + origin.encode() + b"\0" + nonce
