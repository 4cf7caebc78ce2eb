"""Identities: networks, logs, people, and how an event is named.

Every id is 16 bytes and is written as 32 hexadecimal digits. Network and log ids certify
themselves: they are hashes of what they stand for, so nobody can claim one that is not theirs.
"""

import re
import unicodedata
from typing import Annotated, NewType

import msgspec

from kithbook.errors import Invalid
from kithbook.hashing import sha256

NetworkId = NewType("NetworkId", bytes)
LogId = NewType("LogId", bytes)

ID_BYTES = 16
CHECK_BYTES = 8

_EVENT_ID = r"([0-9a-f]{1,32}):([0-9]{1,18})"


class Ref(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, gc=False):
    """An event as another event names it: log, seq and the first 8 bytes of its hash.

    With the hash in it a reference means the event that its writer saw, or nothing.
    """

    log: Annotated[bytes, msgspec.Meta(min_length=ID_BYTES, max_length=ID_BYTES)]
    seq: Annotated[int, msgspec.Meta(ge=1, lt=2**32)]
    check: Annotated[bytes, msgspec.Meta(min_length=CHECK_BYTES, max_length=CHECK_BYTES)]


def fold_name(name: str) -> str:
    """The form in which spellings of one name are equal: NFKC, case-folded, spaces collapsed."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def network_id(founded_body: bytes) -> NetworkId:
    """The id of the network that the body of a `founded` event founds."""
    return NetworkId(sha256(b"kithbook network\0" + founded_body).digest()[:ID_BYTES])


def log_id(network: NetworkId, key: bytes, nonce: bytes) -> LogId:
    """The id of the log that the device with this public key opens in a network."""
    return LogId(sha256(b"kithbook log\0" + network + key + nonce).digest()[:ID_BYTES])


def person_id(network: NetworkId, name: str) -> bytes:
    """The id of the person whom everyone in this network means by that name."""
    return sha256(b"person\0" + network + fold_name(name).encode()).digest()[:ID_BYTES]


def event_id(log: bytes, seq: int) -> str:
    """How a person and the JSON name an event: `<log>:<seq>`."""
    return f"{log.hex()}:{seq}"


def parse_event_id(text: str) -> tuple[str, int]:
    """The log's hexadecimal digits (or only its first ones) and the seq of an event's name."""
    name = re.fullmatch(_EVENT_ID, text.strip().lower())
    if name is None:
        raise Invalid(
            f"“{text}” does not name an event.",
            "An event is named LOG:SEQ, as `kith log` prints it.",
        )
    return name[1], int(name[2])
