"""Networks of people by name, whose logs are written as `tests.devices` writes them."""

from collections.abc import Sequence
from hashlib import sha256

from kithbook.envelope import Seal, opening_message, record_hlc, seal_message
from kithbook.events import DeviceAdded, DeviceRevoked, Invited, Joined, Removed, Role, RoleGiven
from kithbook.ids import log_id, person_id
from kithbook.membership import Act, Standing, act_in, last_of_member, standing
from kithbook.replication import Known, Page
from kithbook_server.keys import verify
from tests import devices
from tests.devices import AT, NOW_MS, Key


def key(name: str) -> Key:
    """The same key for the same name, every time."""
    return Key(int.from_bytes(sha256(name.encode()).digest()[:8], "big"))


class Log(devices.Log):
    """A log, and what a replica can know of it."""

    def at(self, ms: int) -> "Log":
        """Let the next event be written so many milliseconds after the start."""
        self.hlc = (NOW_MS + ms << 16) - 1
        return self

    def sealed(self, first: int = 1, last: int = 0, seals: Sequence[int] = ()) -> Page:
        """Seqs `first` to `last`, or to the end, with seals at these seqs and at the page's end."""
        last = last or self.seq
        records = self.records[first - 1 : last]
        signed = [self.seal_at(seq) for seq in (*seals, last)]
        return Page(self.id, first, self.hash_at(first - 1), records, signed)

    def seal_at(self, seq: int) -> Seal:
        message = seal_message(self.network, self.id, seq, self.hash_at(seq))
        return Seal(seq, self.device.sign(message))

    def known(self, upto: int) -> Known:
        """What a replica that holds the log up to a seq knows of it."""
        return Known(
            self.head(upto),
            self.device.public if upto else None,
            record_hlc(self.records[upto - 1]) if upto else -1,
            self.hash_at,
        )

    def acts(self) -> list[Act]:
        found = (act_in(self.id, seq, record) for seq, record in enumerate(self.records, 1))
        return [act for act in found if act]


class Network:
    """A network and its logs. Everybody has one device, named like them, unless told otherwise."""

    def __init__(self, founder: str = "Ada") -> None:
        self.founded = Log.found(founder, key(founder))
        self.id = self.founded.network
        self.logs = [self.founded]

    def person(self, name: str) -> bytes:
        return person_id(self.id, name)

    def invite(
        self,
        by: Log,
        who: str,
        role: Role = "member",
        *,
        ticket: str = "",
        expires: int | None = None,
    ) -> Key:
        """Write an invitation, or a device link; gives the ticket."""
        link = key(ticket or f"ticket {who} {by.id.hex()} {by.seq}")
        person = self.person(who)
        by.append(Invited(at=AT, ticket=link.public, person=person, role=role, expires=expires))
        return link

    def join(self, ticket: Key, device: str, *, signer: Key | None = None, ms: int = 0) -> Log:
        """Open a log by a ticket."""
        device_, nonce = key(device), sha256(device.encode()).digest()[:16]
        message = opening_message(self.id, log_id(self.id, device_.public, nonce))
        joined = Joined(
            at=AT,
            key=device_.public,
            nonce=nonce,
            ticket=ticket.public,
            signature=(signer or ticket).sign(message),
        )
        return self.open(device_, joined, ms)

    def welcome(self, who: str, by: Log | None = None, role: Role = "member") -> Log:
        """Invite somebody who joins."""
        return self.join(self.invite(by or self.founded, who, role), who)

    def add(self, sponsor: Log, *, device: Key | None = None, signer: Key | None = None) -> Log:
        """Open a further log that another one vouches for."""
        device_, nonce = device or sponsor.device, bytes([len(self.logs)]) * 16
        message = opening_message(self.id, log_id(self.id, device_.public, nonce))
        added = DeviceAdded(
            at=AT,
            key=device_.public,
            nonce=nonce,
            sponsor=sponsor.id,
            signature=(signer or sponsor.device).sign(message),
        )
        return self.open(device_, added)

    def open(self, device: Key, opening: Joined | DeviceAdded, ms: int = 0) -> Log:
        self.logs.append(Log(device, self.id, opening).at(ms).append(opening))
        return self.logs[-1]

    def cut_off(self, by: Log, device: Key, last: dict[Log, int] | None = None) -> None:
        """Revoke a device; `last` is what still counts of its logs."""
        named = {log.id: seq for log, seq in (last or {}).items()}
        by.append(DeviceRevoked(at=AT, key=device.public, last=named))

    def remove(self, by: Log, who: str, last: dict[Log, int] | None = None) -> None:
        """Remove somebody; of their logs all that is written stays, unless told otherwise."""
        by.append(Removed(at=AT, person=self.person(who), last=self._last(who, last)))

    def give(self, by: Log, who: str, role: Role, last: dict[Log, int] | None = None) -> None:
        """Give somebody another role from now on, unless told otherwise."""
        by.append(RoleGiven(at=AT, person=self.person(who), role=role, last=self._last(who, last)))

    def _last(self, who: str, last: dict[Log, int] | None) -> dict[bytes, int]:
        if last is not None:
            return {log.id: seq for log, seq in last.items()}
        heads = [log.head() for log in self.logs]
        return last_of_member(self.person(who), heads, self.standings())

    def acts(self) -> list[Act]:
        return [act for log in self.logs for act in log.acts()]

    def standings(self) -> dict[bytes, Standing]:
        return standing(self.id, self.acts(), verify)

    def standing(self, log: Log) -> Standing:
        return self.standings()[log.id]
