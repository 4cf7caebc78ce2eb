"""Founding: a new network of which this home is the owner, and a home with its first one."""

import os
from collections.abc import Callable

import msgspec

from kithbook.codec import SALT_BYTES, encode_body
from kithbook.errors import Invalid, Refused
from kithbook.events import Described, Founded
from kithbook.ids import ID_BYTES, NetworkId, log_id, network_id, person_id
from kithbook_client.home import PRIVATE, Home, PathLike, system_ms
from kithbook_client.keys import Random
from kithbook_client.replica import Replica


class Plan(msgspec.Struct, frozen=True):
    """A network before it is founded; `salt` makes the body that its id is the hash of."""

    id: NetworkId
    founded: Founded
    salt: bytes


def create_home(
    path: PathLike | None,
    me: str,
    device: str = "",
    now_ms: Callable[[], int] = system_ms,
    random: Random = os.urandom,
) -> Home:
    """A new home with a private network. Raises Refused where there is one already."""
    if not me.strip():
        raise Invalid("A home needs your name.", 'Write it: kith init --me "Ada Lovelace".')
    home = Home.prepare(path, now_ms, random)
    if home.networks():
        home.close()
        raise Refused(
            f"There is a home in {home.folder} already.",
            "Use it as it is, or make another with --home DIR.",
            code="home_exists",
        )
    found_private(home, me, device)
    return home


def found(home: Home, name: str, me: str) -> Replica:
    """Found a network on this device, without asking a server."""
    return carry_out(home, plan(home, name, me))


def found_private(home: Home, me: str, device: str = "") -> Replica:
    """Found one's own network; `device` is what a new key for it is called, if it is given."""
    with home.writing():
        if device:
            home.new_device(device)
        return found(home, PRIVATE, me)


def plan(home: Home, name: str, me: str) -> Plan:
    """A network that can be founded, so that its id is known before anything is written."""
    device, nonce = home.device(), home.random(ID_BYTES)
    founded = Founded(
        at=home.now_ms() * 1000,
        zone=0,
        key=device.key,
        nonce=nonce,
        name=name,
        me=me,
        device=device.name,
    )
    salt = home.random(SALT_BYTES)
    return Plan(network_id(encode_body(founded, salt)), founded, salt)


def carry_out(home: Home, plan: Plan) -> Replica:
    """Found the network that was planned."""
    founded, me = plan.founded, plan.founded.me
    with home.writing():
        now = home.now_ms()
        replica = home.add(plan.id, founded.name)
        log = log_id(plan.id, founded.key, founded.nonce)
        replica.open_log(log, founded, plan.salt, now)
        person = person_id(plan.id, me)
        described = Described(at=founded.at, zone=0, person=person, set={"name": me})
        replica.append([described], now)
    return replica
