"""Authoring: which log this device writes, and the records that it writes there."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from kithbook.clock import runs_ahead, tick
from kithbook.codec import SALT_BYTES, Unreadable, decode_body, encode_body
from kithbook.envelope import chain, kind_of, make_record, opening_message
from kithbook.errors import Invalid, Unavailable
from kithbook.events import AnyEvent, DeviceAdded
from kithbook.facts.effects import Entry
from kithbook.ids import ID_BYTES, log_id
from kithbook_client import keys
from kithbook_client.intake import Intake
from kithbook_client.log import Log

if TYPE_CHECKING:
    from kithbook_client.replica import Replica

Append = Callable[[Sequence[AnyEvent]], list[Entry]]
"""Writes events down, as often as it is called, in one transaction."""


def own_log(replica: "Replica", now_ms: int) -> Log:
    """The log that this device writes now.

    A copied home goes on in a new one, and so does a device whose clock once ran ahead.
    """
    device = replica.home.device()
    own = replica.own()
    if not own:
        raise Unavailable(
            f"This device has no log in the network {replica.name} yet.",
            "Finish joining: run kith join LINK again.",
        )
    if own[0].key == device.key and not runs_ahead(own[0].hlc, now_ms):
        return own[0]
    sponsor = max(own, key=lambda log: log.standing.last)
    nonce = replica.home.random(ID_BYTES)
    id_ = log_id(replica.network, device.key, nonce)
    added = DeviceAdded(
        at=now_ms * 1000,
        zone=0,
        key=device.key,
        nonce=nonce,
        sponsor=sponsor.id,
        signature=keys.sign(replica.secret(sponsor), opening_message(replica.network, id_)),
        device=device.name,
    )
    replica.open_log(id_, added, replica.home.random(SALT_BYTES), now_ms)
    return replica.logs[id_]


def append(
    replica: "Replica", intake: Intake, log: Log, events: Sequence[AnyEvent], salts: bytes = b""
) -> list[Entry]:
    """Write events at the end of one of our logs; `salts` are 16 random bytes for each.

    Raises Invalid or TooLarge, with nothing written, where one of them is no event.
    """
    if not events:
        return []
    now_ms = intake.now_ms
    salts = salts or replica.home.random(SALT_BYTES * len(events))
    # A clock of others that ran ahead of ours since we believed it is not believed any more.
    hlc = log.hlc if runs_ahead(replica.clock, now_ms) else max(log.hlc, replica.clock)
    records, read = [], []
    for start, event in zip(range(0, len(salts), SALT_BYTES), events, strict=True):
        hlc = tick(hlc, now_ms)
        body = encode_body(event, salts[start : start + SALT_BYTES])
        again = decode_body(body)
        if isinstance(again, Unreadable):
            raise Invalid(f"That is no event: {again.why}.")
        records.append(make_record(kind_of(event), hlc, body))
        read.append(again)
    hashes = chain(replica.network, log.id, log.seq + 1, log.hash, records)
    return intake.store(log, records, hashes, read)
