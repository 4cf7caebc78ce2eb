"""Openings: logs of ours that a ticket opens, kept until the server has answered."""

import msgspec

from kithbook.clock import tick
from kithbook.codec import SALT_BYTES, encode_body
from kithbook.envelope import (
    MEMBERSHIP_KIND,
    NO_HASH,
    Seal,
    chain,
    make_record,
    opening_message,
    seal_message,
)
from kithbook.events import Joined
from kithbook.ids import ID_BYTES, NetworkId, log_id
from kithbook.replication import Page
from kithbook_client import keys
from kithbook_client.home import Device, Home


class Begun(msgspec.Struct, frozen=True):
    """A log that we have begun with a ticket, before the server has taken its first page."""

    ticket: bytes
    key: bytes
    page: Page


def begin(home: Home, network: NetworkId, seed: bytes, new_device: str | None) -> Begun:
    """The page that opens our log; the same one when this is asked again.

    A second log on the same ticket would make both count for nothing. `new_device` is what a new
    key is called, None to speak with the one that is there.
    """
    ticket = keys.public_of(seed)
    kept = _kept(home, ticket)
    if kept is not None:
        return kept
    with home.writing():
        own = home.device() if new_device is None else home.new_device(new_device)
        begun = Begun(ticket, own.key, _first_page(home, network, seed, own))
        _keep(home, begun)
    return begun


def forget(home: Home, begun: Begun) -> None:
    """Keep it no more, now that the server has answered, nor a key that it made for nothing."""
    home.db.execute("DELETE FROM opening WHERE ticket = ?", (begun.ticket,))
    home.drop_device(begun.key)


def any_begun(home: Home) -> bool:
    """Whether a server may have taken a page of which we have not heard."""
    return bool(home.db.execute("SELECT EXISTS (SELECT 1 FROM opening)").fetchone()[0])


def _kept(home: Home, ticket: bytes) -> Begun | None:
    row = home.db.execute("SELECT key, page FROM opening WHERE ticket = ?", (ticket,)).fetchone()
    return Begun(ticket, row[0], msgspec.msgpack.decode(row[1], type=Page)) if row else None


def _keep(home: Home, begun: Begun) -> None:
    home.db.execute(
        "INSERT INTO opening VALUES (?, ?, ?)",
        (begun.ticket, begun.key, msgspec.msgpack.encode(begun.page)),
    )


def _first_page(home: Home, network: NetworkId, seed: bytes, own: Device) -> Page:
    nonce, now = home.random(ID_BYTES), home.now_ms()
    log = log_id(network, own.key, nonce)
    joined = Joined(
        at=now * 1000,
        zone=0,
        key=own.key,
        nonce=nonce,
        ticket=keys.public_of(seed),
        signature=keys.sign(seed, opening_message(network, log)),
        device=own.name,
    )
    body = encode_body(joined, home.random(SALT_BYTES))
    record = make_record(MEMBERSHIP_KIND, tick(0, now), body)
    hashes = chain(network, log, 1, NO_HASH, [record])
    seal = Seal(1, keys.sign(own.secret, seal_message(network, log, 1, hashes[0])))
    return Page(log, 1, NO_HASH, [record], [seal])
