"""Golden files: bytes of this release, and what they mean, to be read for ever.

`python -m tests.golden.write` writes the files that are not there yet, and touches no other. A new
layout of an event gets a new file beside the old one.
"""

import json
from pathlib import Path
from typing import Any

import msgspec

from kithbook import protocol, replication
from kithbook.codec import decode_body, encode_body
from kithbook.envelope import (
    Head,
    Seal,
    chain,
    erase_record,
    kind_of,
    make_record,
    opening_message,
    reference,
    seal_message,
)
from kithbook.events import (
    AnyEvent,
    Described,
    DeviceAdded,
    DeviceRevoked,
    Erased,
    Founded,
    Helped,
    Invited,
    Joined,
    Merged,
    Met,
    Referred,
    Removed,
    Retracted,
    RoleGiven,
    Ruled,
    Thanked,
    Trusted,
    type_name,
)
from kithbook.facts.digest import VERSION, digest
from kithbook.facts.effects import Entry
from kithbook.ids import NetworkId, Ref, log_id, network_id, person_id
from kithbook.membership import Standing
from kithbook.memory import Memory
from kithbook.when import parse_iso

HERE = Path(__file__).parent

ADA, BOB, CAROL = (bytes([n]) * 16 for n in (0xA0, 0xB0, 0xC0))
NETWORK, LOG, OTHER_LOG = (NetworkId(bytes([n]) * 16) for n in (0x10, 0x20, 0x30))
KEY, TICKET = bytes(range(32)), bytes(range(32, 64))
SIGNATURE, NONCE, SALT = bytes(range(64)), bytes(range(16)), bytes(range(0xF0, 0x100))
REF, OTHER_REF = Ref(LOG, 7, bytes(8)), Ref(OTHER_LOG, 2**32 - 1, bytes(range(8)))
DAY, _ = parse_iso("2026-11-23")
AT, ZONE = parse_iso("2026-11-23T18:45:00.000001+01:00")

WHEN: dict[str, Any] = {"at": AT, "zone": ZONE}
ALL: dict[str, Any] = {**WHEN, "note": "“ü”", "source": bytes(16), "batch": bytes(8)}

FOUNDED = Founded(**ALL, key=KEY, nonce=NONCE, name="friends", me="Ada", device="laptop")
EVENTS: list[AnyEvent] = [
    Met(**ALL, by=ADA, people=(BOB, CAROL), where="JavaZone", how="event"),
    Met(at=DAY, by=ADA, people=(BOB,)),
    Helped(**ALL, by=ADA, to=BOB, what="a lead", kind="money", size=3),
    Helped(at=DAY, by=ADA, to=BOB, what=""),
    Thanked(**ALL, by=ADA, to=BOB, helps=(REF, OTHER_REF)),
    Thanked(at=DAY, by=ADA, to=BOB),
    Referred(**ALL, by=ADA, who=BOB, to=CAROL, what="for the lease"),
    Referred(at=DAY, by=ADA, who=BOB, to=CAROL),
    Trusted(**ALL, by=ADA, whom=BOB, level=95, context="with money"),
    Trusted(at=DAY, by=ADA, whom=BOB, level=None),
    Described(
        **ALL, person=BOB, set={"name": "Bob", "tag:java": "java"}, unset=("org",), over=(REF,)
    ),
    Described(at=DAY, person=BOB),
    Merged(**ALL, people=(ADA, BOB, CAROL)),
    Retracted(**ALL, event=REF, why="a typo"),
    Retracted(at=DAY, event=REF),
    Ruled(**ALL, setting="transfer", value="1/2"),
    Erased(**ALL, events=(REF, OTHER_REF)),
    FOUNDED,
    Founded(at=DAY, key=KEY, nonce=NONCE, name="", me="Ada"),
    Invited(**ALL, ticket=TICKET, person=BOB, role="member", expires=1_800_000_000_000),
    Invited(at=DAY, ticket=TICKET, person=BOB, role="owner"),
    Joined(**ALL, key=KEY, nonce=NONCE, ticket=TICKET, signature=SIGNATURE, device="phone"),
    RoleGiven(**ALL, person=BOB, role="reader", last={LOG: 7}),
    Removed(**ALL, person=BOB, last={LOG: 7, OTHER_LOG: 0}),
    DeviceAdded(**ALL, key=KEY, nonce=NONCE, sponsor=LOG, signature=SIGNATURE, device="laptop"),
    DeviceRevoked(**ALL, key=KEY, last={LOG: 7, OTHER_LOG: 0}),
]

HEAD, SEAL = Head(LOG, 7, KEY), Seal(7, SIGNATURE)
PAGE = replication.Page(
    LOG, 6, TICKET, [make_record(0, 5, NONCE), make_record(1, 6, NONCE)], [SEAL]
)
MESSAGES: list[msgspec.Struct] = [
    protocol.SyncRequest([HEAD], [PAGE]),
    protocol.SyncRequest([]),
    protocol.SyncReply([HEAD], [PAGE], [replication.Refusal(LOG, 8, "fork", "why")], more=True),
    protocol.SyncReply([]),
    protocol.JoinRequest(NETWORK, KEY, b"secret", [PAGE]),
    protocol.JoinReply(NETWORK),
    protocol.SessionRequest(KEY, NONCE, SIGNATURE),
    protocol.SessionRequest(KEY),
    protocol.Challenge(NONCE),
    protocol.Session("token", 1_800_000_000_000),
]


def plain(value: Any) -> Any:
    """A value as JSON shows it: structs by field name, bytes as hexadecimal digits."""
    if isinstance(value, msgspec.Struct):
        fields = {name: plain(getattr(value, name)) for name in value.__struct_fields__}
        tag = value.__struct_config__.tag
        return {"type": tag, **fields} if tag else fields
    if isinstance(value, dict):
        return {plain(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value.hex() if isinstance(value, bytes) else value


def event_file(event: AnyEvent) -> dict[str, Any]:
    return {"body": encode_body(event, SALT).hex(), "event": plain(event)}


def message_file(message: msgspec.Struct) -> dict[str, Any]:
    return {
        "msgpack": msgspec.msgpack.encode(message).hex(),
        "json": msgspec.json.encode(message).decode(),
        "message": plain(message),
    }


def envelope_file() -> dict[str, Any]:
    """Two records of a log and everything that is computed from them."""
    bodies = [encode_body(event, SALT) for event in EVENTS[:1] + EVENTS[-1:]]
    records = [make_record(kind_of(decode_body(b)), 2**40 + n, b) for n, b in enumerate(bodies)]
    hashes = chain(NETWORK, LOG, 7, KEY, records)
    return {
        "network": NETWORK.hex(),
        "log": LOG.hex(),
        "first": 7,
        "previous": KEY.hex(),
        "records": plain(records),
        "hashes": plain(hashes),
        "erased": erase_record(records[0]).hex(),
        "seal_message": seal_message(NETWORK, LOG, 8, hashes[1]).hex(),
        "reference": plain(reference(LOG, 8, hashes[1])),
    }


def ids_file() -> dict[str, Any]:
    names = ["Ada Lovelace", "ADA  lovelace", "\uff22\uff4f\uff42", "straße", "Ångström"]
    return {
        "founded_body": encode_body(FOUNDED, SALT).hex(),
        "network": network_id(encode_body(FOUNDED, SALT)).hex(),
        "log": log_id(NETWORK, KEY, NONCE).hex(),
        "people": {name: person_id(NETWORK, name).hex() for name in names},
        "opening_message": opening_message(NETWORK, LOG).hex(),
        "session_message": protocol.session_message("https://kith.example", NONCE).hex(),
    }


def digest_file() -> dict[str, Any]:
    """The digest of all events above, in one log of Ada's; another one needs another VERSION."""
    entries = {
        (LOG, seq): Entry(LOG, seq, seq, bytes([seq] * 8), ADA, event)
        for seq, event in enumerate(EVENTS, 1)
    }
    memory = Memory(lambda log, seq: entries.get((log, seq)))
    memory.fold({LOG: Standing(ADA, "owner")}, entries.values(), [(LOG, 99, "unknown")])
    return {"version": VERSION, "digest": digest(memory.weight, [HEAD])}


def files() -> dict[str, dict[str, Any]]:
    found = {"envelope": envelope_file(), "ids": ids_file(), "digest": digest_file()}
    for event in EVENTS:
        name = "event-" + type_name(event).replace(" ", "-")
        found[f"{name}-least" if name in found else name] = event_file(event)
    for message in MESSAGES:
        name = "wire-" + type(message).__name__
        found[f"{name}-least" if name in found else name] = message_file(message)
    return found


if __name__ == "__main__":
    for name, content in files().items():
        path = HERE / f"{name}.json"
        if not path.exists():
            path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")
            print(path.name)
