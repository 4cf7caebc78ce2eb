"""What a log counts for, seq by seq, and why something in it does not count."""

from collections.abc import Iterable, Mapping

import msgspec

from kithbook.codec import decode_body
from kithbook.envelope import MEMBERSHIP_KIND, record_body, record_hlc, record_kind
from kithbook.events import (
    CLEAR,
    OPENINGS,
    AnyEvent,
    Content,
    Erased,
    Membership,
    Role,
    Ruled,
)

Place = tuple[bytes, int]
ENDLESS = 2**63

BARRED: dict[Role | None, tuple[type, ...]] = {"member": (Ruled,), "reader": Content.__args__}
"""What a role has no say in: it is kept, and inert."""

TWICE = "its link was used twice"
CONTESTED = "two owners let in somebody as the same person"
REVOKED = "its device had been revoked"
REMOVED = "whoever wrote it had been removed"


class Act(msgspec.Struct, frozen=True):
    """A membership event, or an erasure, where it stands."""

    log: bytes
    seq: int
    hlc: int
    event: Membership | Erased
    body: bytes

    @property
    def written(self) -> tuple[int, bytes, int]:
        return self.hlc, self.log, self.seq


class Standing(msgspec.Struct, frozen=True, array_like=True):
    """What a log counts for: `person` speaks in it up to seq `until`, or `why` nothing counts.

    `role` is the one it has now, or had last, and `earlier` are those before it, each with the
    last seq under it; None is for a time in which nothing counted. `powerless` are its acts of
    membership that their writer had no right to, and why.
    """

    person: bytes | None
    role: Role | None = None
    until: int | None = None
    why: str | None = None
    earlier: tuple[tuple[int, Role | None], ...] = ()
    powerless: tuple[tuple[int, str], ...] = ()

    @property
    def last(self) -> int:
        """The last seq that counts; 0 when nothing does."""
        if self.person is None:
            return 0
        return ENDLESS if self.until is None else self.until

    @property
    def is_unsettled(self) -> bool:
        """Whether nothing counts until the device of this log, or of another one, is revoked."""
        return self.why in (TWICE, CONTESTED)

    def role_at(self, seq: int) -> Role | None:
        """The role in which this event was written; None where nothing counts."""
        if seq > self.last:
            return None
        return next((role for upto, role in self.earlier if seq <= upto), self.role)

    def counts(self, seq: int) -> bool:
        return self.role_at(seq) is not None


UNKNOWN = Standing(None, why="nothing here shows yet whose log this is")


def act_in(log: bytes, seq: int, record: bytes) -> Act | None:
    """The event of that kind in a record, or None when it is none that this release reads."""
    body = record_body(record) if record_kind(record) == MEMBERSHIP_KIND else None
    if body is None:
        return None
    event = decode_body(body)
    return Act(log, seq, record_hlc(record), event, body) if isinstance(event, CLEAR) else None


def keys_of(
    acts: Iterable[Act], standings: Mapping[bytes, Standing]
) -> dict[bytes, tuple[bytes, Standing]]:
    """Public key → (log, standing) of the devices that may speak: no revoked one is among them,
    and none of somebody who was removed.
    """
    return {
        act.event.key: (act.log, standings[act.log])
        for act in acts
        if isinstance(act.event, OPENINGS)
        and act.seq == 1
        and (found := standings.get(act.log))
        and found.person is not None
        and found.until is None
    }


def device_names(acts: Iterable[Act]) -> dict[bytes, str]:
    """Log → what the device that writes it calls itself."""
    return {
        act.log: act.event.device
        for act in acts
        if act.seq == 1 and isinstance(act.event, OPENINGS)
    }


def members(standings: Iterable[Standing]) -> set[bytes]:
    """Everybody who is or once was a member: only their own devices ever speak for them."""
    return {found.person for found in standings if found.person is not None and found.last}


def why_inert(found: Standing, seq: int, event: AnyEvent | None) -> str | None:
    """Why an event in a log of this standing counts for nothing, or None where it counts."""
    role = found.role_at(seq)
    if role is None:
        return (found.why if seq > found.last else None) or REMOVED
    if isinstance(event, BARRED.get(role, ())):
        return f"a {role} has no say in this"
    return next((why for at, why in found.powerless if at == seq), None)
