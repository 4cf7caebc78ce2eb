"""An independent reading of DESIGN section 3: who speaks in which log, asked seq by seq.

Slow and plain: every question is answered from the list of acts, and nothing is kept but which
changes count. It shares nothing with `kithbook.membership` but the events.
"""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, NamedTuple

from kithbook.clock import wall_ms
from kithbook.envelope import opening_message
from kithbook.events import DeviceAdded, DeviceRevoked, Founded, Invited, Joined, Removed, RoleGiven
from kithbook.ids import network_id, person_id

RANKS = [None, "reader", "member", "owner"]
Path = tuple[bytes, ...]
Verify = Callable[[bytes, bytes, bytes], bool]


class Seat(NamedTuple):
    """A log that would be somebody's: the people from the founder to them, who let them in and
    how, and the logs that vouched for it, itself first.
    """

    path: Path
    invitation: Any
    chain: tuple[bytes, ...]


def roles(network: Any, acts: Iterable[Any], verify: Verify) -> dict[bytes, tuple[Any, Any]]:
    """Log → its person and a function from seq to role, for each log that anybody speaks in."""
    unsure: set[bytes] = set()
    while True:
        room = Room(network, list(acts), verify, unsure)
        room.fill()
        if room.rivals <= unsure:
            return {
                log: (seat.path[-1], partial(room.role, log)) for log, seat in room.seats.items()
            }
        unsure = unsure | room.rivals


class Room:
    def __init__(self, network: Any, acts: list[Any], verify: Verify, unsure: set[bytes]) -> None:
        self.network, self.verify, self.unsure = network, verify, unsure
        self.acts = sorted(acts, key=lambda act: (act.log, act.seq))
        openings = (Founded, Joined, DeviceAdded)
        self.openings = {
            act.log: act for act in self.acts if act.seq == 1 and isinstance(act.event, openings)
        }
        self.seats: dict[bytes, Seat] = {}
        self.tried: dict[bytes, Seat] = {}
        self.changes: list[Any] = []
        self.written_as: dict[tuple[bytes, int], Any] = {}
        self.written_by: dict[tuple[bytes, int], Path] = {}
        self.rivals: set[bytes] = set()
        self.here: dict[bytes, Path] = {}

    # What counts in a log.

    def key(self, log: bytes) -> bytes:
        return self.openings[log].event.key

    def role(self, log: bytes, seq: int) -> str | None:
        seat = self.seats.get(log) or self.tried[log]
        about = [c for c in self.changes if self.may(c, seat)]
        for change in about:
            if isinstance(change.event, DeviceRevoked) and seq > self.limit(seat, change.event):
                return None
        said = [c for c in about if not isinstance(c.event, DeviceRevoked)]
        said = [c for c in said if c.event.last.get(log, 0) < seq]
        value, when = "owner", None
        for depth in range(1, len(seat.path)):
            words = [c for c in said if self.writer(c) == seat.path[:depth]]
            if depth == len(seat.path) - 1:
                words.append(seat.invitation)
            if not words:
                continue
            newest = max(words, key=lambda act: act.written)
            if when is None:
                value, when = given(newest), newest.written
            elif newest is not seat.invitation and newest.written > when:
                value, when = lower(value, given(newest)), newest.written
        others = [c for c in said if self.writer(c) != seat.path]
        for own in said:
            is_known = any(c.event.last.get(own.log, 0) >= own.seq for c in others)
            if own not in others and not is_known:
                value = lower(value, given(own))
        return value

    def writer(self, change: Any) -> Path:
        return self.written_by[change.log, change.seq]

    def limit(self, seat: Seat, revoked: DeviceRevoked) -> float:
        for place, log in enumerate(seat.chain):
            if self.key(log) == revoked.key:
                if place == 0:
                    return revoked.last.get(log, 0)
                named = any(between in revoked.last for between in seat.chain[:place])
                return float("inf") if named else 0
        return float("inf")

    def may(self, change: Any, seat: Seat) -> bool:
        """Whether a change is about whoever sits here, and its writer may say so."""
        event, writer = change.event, self.writer(change)
        if isinstance(event, DeviceRevoked):
            if event.key not in [self.key(log) for log in seat.chain]:
                return False
        elif event.person != seat.path[-1]:
            return False
        role = self.written_as[change.log, change.seq]
        if writer != seat.path:
            return seat.path[: len(writer)] == writer and role == "owner"
        if isinstance(event, RoleGiven) and RANKS.index(event.role) >= RANKS.index(role):
            return False
        return role is not None

    def lives(self, log: bytes, seat: Seat) -> bool:
        self.tried[log] = seat
        ends = [0, *(c.event.last.get(log, 0) for c in self.changes)]
        return any(self.role(log, end + 1) for end in ends) or self.role(log, 1) is not None

    # Who comes in.

    def fill(self) -> None:
        newcomers = self.founders()
        while newcomers:
            above = dict(self.seats)
            level = self.level(newcomers, above)
            while self.change(above):
                level = self.level(newcomers, above)
            self.seats = above | level
            while self.change(self.seats):
                level = self.level(newcomers, above)
                self.seats = above | level
            self.rivals |= self.rivals_here
            for log, seat in level.items():
                if self.lives(log, seat):
                    self.here[seat.path[-1]] = seat.path
            found = [one for log in level for one in self.guests(log)]
            newcomers = []
            for one in sorted(found, key=lambda one: (one[0], one[1].invitation.written)):
                if one[0] not in [log for log, _, _ in newcomers]:
                    newcomers.append(one)

    def change(self, writers: dict[bytes, Seat]) -> bool:
        """Let further changes of who was tried here count, by these writers."""
        kept, self.seats = self.seats, writers
        fresh = []
        for act in self.acts:
            if not isinstance(act.event, (RoleGiven, Removed, DeviceRevoked)):
                continue
            if act in self.changes or act.log not in writers:
                continue
            self.written_as[act.log, act.seq] = self.role(act.log, act.seq)
            self.written_by[act.log, act.seq] = writers[act.log].path
            if any(self.may(act, seat) for seat in self.tried_here.values()):
                fresh.append(act)
        self.seats = kept
        self.changes += fresh
        return bool(fresh)

    def level(self, newcomers: list[Any], above: dict[bytes, Seat]) -> dict[bytes, Seat]:
        self.seats = dict(above)
        self.rivals_here: set[bytes] = set()
        self.tried_here = {log: seat for log, seat, _ in newcomers}
        level = dict(self.admitted(newcomers))
        waiting = list(level)
        while waiting:
            log = waiting.pop()
            self.seats[log] = level[log]
            kin = [one for one in self.kin(log, level[log]) if one[0] not in level]
            self.tried_here |= {one: seat for one, seat, _ in kin}
            for one, seat in self.once(kin):
                level[one] = seat
                waiting.append(one)
        self.seats = dict(above)
        return level

    def founders(self) -> list[Any]:
        return [
            (log, Seat((person_id(self.network, act.event.me),), None, (log,)), log)
            for log, act in self.openings.items()
            if isinstance(act.event, Founded) and network_id(act.body) == self.network
        ]

    def guests(self, log: bytes) -> list[Any]:
        path = self.seats[log].path
        return [
            (use.log, Seat((*path, act.event.person), act, (use.log,)), act.event.ticket)
            for act in self.invitations(log)
            if act.event.person not in path and self.role(log, act.seq) == "owner"
            for use in self.uses(act)
        ]

    def kin(self, log: bytes, seat: Seat) -> list[Any]:
        found = [
            (use.log, Seat(seat.path, seat.invitation, (use.log,)), act.event.ticket)
            for act in self.invitations(log)
            if act.event.person == seat.path[-1] and self.role(log, act.seq)
            for use in self.uses(act)
        ]
        for act in self.openings.values():
            vouched = isinstance(act.event, DeviceAdded) and act.event.sponsor == log
            if vouched and self.signed(act, self.key(log)):
                chain = (act.log, *seat.chain)
                found.append((act.log, Seat(seat.path, seat.invitation, chain), act.log))
        return found

    def invitations(self, log: bytes) -> list[Any]:
        return [act for act in self.acts if act.log == log and isinstance(act.event, Invited)]

    def uses(self, invitation: Any) -> list[Any]:
        invited = invitation.event
        return [
            act
            for act in self.openings.values()
            if isinstance(act.event, Joined)
            and act.event.ticket == invited.ticket
            and act.log not in self.seats
            and self.signed(act, invited.ticket)
            and (invited.expires is None or wall_ms(act.hlc) <= invited.expires)
        ]

    def signed(self, opening: Any, key: bytes) -> bool:
        message = opening_message(self.network, opening.log)
        return self.verify(key, opening.event.signature, message)

    def once(self, entrants: list[Any]) -> list[Any]:
        live = [one for one in entrants if self.lives(one[0], one[1])]
        return [
            (log, seat)
            for log, seat, by in entrants
            if (log, seat, by) not in live or [one[2] for one in live].count(by) == 1
        ]

    def admitted(self, newcomers: list[Any]) -> list[Any]:
        found = []
        single = self.once(newcomers)
        for log, seat in single:
            if not self.lives(log, seat):
                found.append((log, seat))
                continue
            person, inviter = seat.path[-1], seat.path[:-1]
            same = [s for one, s in single if s.path[-1] == person and self.lives(one, s)]
            there = self.here.get(person)
            if there is not None:
                if inviter[: len(there) - 1] != there[:-1]:
                    self.rivals_here.add(person)
            elif person in self.unsure or any(other.path != seat.path for other in same):
                self.rivals_here.add(person)
            elif not same or seat.invitation is None or is_first(seat, same):
                found.append((log, seat))
        return found


def is_first(seat: Seat, same: list[Seat]) -> bool:
    return seat.invitation.written == min(other.invitation.written for other in same)


def given(act: Any) -> str | None:
    return getattr(act.event, "role", None)


def lower(one: str | None, other: str | None) -> str | None:
    return RANKS[min(RANKS.index(one), RANKS.index(other))]
