"""Who is in a network, and the acts that change it."""

from typing import Any

import msgspec

from kithbook.clock import wall_ms
from kithbook.errors import Refused
from kithbook.events import DeviceRevoked, Membership, Removed, Role, RoleGiven
from kithbook.membership import last_of_device, last_of_member
from kithbook.membership.roles import RANK
from kithbook_client.log import Log
from kithbook_client.mute import who_left, why_mute
from kithbook_client.replica import Replica


class Member(msgspec.Struct, frozen=True):
    """A person who has, or had, devices in a network; `role` is None when they were removed, or
    when they `left`, which they said themselves.
    """

    person: bytes
    role: Role | None
    devices: int
    last: int
    """When they last wrote, in ms since 1970."""
    left: bool


def members_of(replica: Replica) -> list[Member]:
    """Everybody who is or was a member."""
    replica.refresh()
    logs: dict[bytes, list[Log]] = {}
    for log in replica.logs.held():
        if log.standing.person is not None:
            logs.setdefault(log.standing.person, []).append(log)
    left = who_left(replica)
    return [_member(person, theirs, left) for person, theirs in logs.items()]


def _member(person: bytes, logs: list[Log], left: set[bytes]) -> Member:
    in_force = [log for log in logs if log.standing.until is None]
    role = in_force[0].standing.role if in_force else None
    devices = len({log.key for log in in_force})
    last = max(wall_ms(log.hlc) for log in logs)
    return Member(person, role, devices, last, role is None and person in left)


def give_role(replica: Replica, person: bytes, role: Role) -> None:
    """Let a member be something else from now on. What they wrote stays as it is."""
    if person == replica.me:
        _refuse_to_rise(replica, role)
    _act(replica, RoleGiven(person=person, role=role, last=_last(replica, person), **_now(replica)))


def remove(replica: Replica, person: bytes) -> None:
    """Let a member be one no more. What they wrote stays; who leaves says it last."""
    last = _last(replica, person)
    if person == replica.me:
        last |= _own_word(replica)
    _act(replica, Removed(person=person, last=last, **_now(replica)))


def revoke(replica: Replica, key: bytes) -> None:
    """Let a device speak no more. What it wrote stays; where its link was used twice, nothing does,
    and the other one counts from then on. A device that revokes itself says it last.
    """
    replica.refresh()
    logs = replica.logs.held()
    keys = {log.id: log.key or b"" for log in logs}
    person = next(log.standing.person for log in logs if log.key == key)
    last: dict[bytes, int] = {}
    if person is not None:
        others = {log.id for log in logs if log.standing.person == person and log.key != key}
        last = last_of_device(key, replica.heads(), keys, others)
        if replica.own()[0].key == key:
            last |= _own_word(replica)
    _act(replica, DeviceRevoked(key=key, last=last, **_now(replica)))


def _refuse_to_rise(replica: Replica, role: Role) -> None:
    """Who stepped down does not step up again alone."""
    if role == replica.role:
        raise Refused(
            f"You are {role} of {replica.name} already.", "See who is what: kith members."
        )
    if RANK[role] > RANK[replica.role]:
        raise Refused(
            f"You are {replica.role} of {replica.name}, and only an owner above you can raise you.",
            "Above you are whoever invited you, and whoever invited them: kith members.",
        )


def _last(replica: Replica, person: bytes) -> dict[bytes, int]:
    return last_of_member(person, replica.heads(), replica.logs.standings())


def _own_word(replica: Replica) -> dict[bytes, int]:
    """What this device says next, in the log in which it says it: that counts as well."""
    own = replica.own()[0]
    return {own.id: own.seq + 1}


def _now(replica: Replica) -> dict[str, Any]:
    return {"at": replica.home.now_ms() * 1000, "zone": 0}


def is_last_owner(replica: Replica) -> bool:
    """Whether nobody would own the network if we did not."""
    others = (one for one in members_of(replica) if one.person != replica.me)
    return replica.role == "owner" and not any(one.role == "owner" for one in others)


def is_only_device(replica: Replica, key: bytes) -> bool:
    """Whether no other device speaks for us."""
    mine = (log for log in replica.logs.held() if log.standing.person == replica.me)
    return {log.key for log in mine if log.standing.until is None} <= {key}


def _act(replica: Replica, event: Membership) -> None:
    """Write an act of membership. Raises Refused, with nothing written, where it has no power."""
    if mute := why_mute(replica):
        raise mute
    with replica.home.writing():
        (entry,) = replica.append([event])
        for seq, why in replica.logs[entry.log].standing.powerless:
            if seq == entry.seq:
                raise Refused(f"You cannot do that: {why}.", "See who they are: kith members.")
