"""Standing: whose log is whose, decided from the founder down, by proofs that are in the logs.

`standing` is a pure function of the membership events of a network, whatever order they came in:
a log has a person when its opening chains back to the founder's by valid signatures, and it is
inert, with a reason, when it does not.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec

from kithbook.clock import wall_ms
from kithbook.codec import decode_body
from kithbook.envelope import MEMBERSHIP_KIND, Verify, record_body, record_hlc, record_kind
from kithbook.events import (
    MEMBERSHIP,
    OPENINGS,
    DeviceAdded,
    DeviceRevoked,
    Founded,
    Invited,
    Joined,
    Membership,
    Opening,
    Role,
)
from kithbook.ids import NetworkId, network_id, person_id
from kithbook.protocol import ticket_message


class Act(msgspec.Struct, frozen=True):
    """A membership event where it stands."""

    log: bytes
    seq: int
    hlc: int
    event: Membership
    body: bytes


ENDLESS = 2**63


class Standing(msgspec.Struct, frozen=True, array_like=True):
    """What a log counts for: `person` speaks in it up to seq `until`, or `why` nothing counts."""

    person: bytes | None
    role: Role | None = None
    until: int | None = None
    why: str | None = None

    @property
    def last(self) -> int:
        """The last seq that counts; 0 when nothing does."""
        if self.person is None:
            return 0
        return ENDLESS if self.until is None else self.until

    def counts(self, seq: int) -> bool:
        return seq <= self.last


UNKNOWN = Standing(None, why="nothing here shows yet whose log this is")


def act_in(log: bytes, seq: int, record: bytes) -> Act | None:
    """The membership event in a record, or None when it is none that this release reads."""
    body = record_body(record) if record_kind(record) == MEMBERSHIP_KIND else None
    if body is None:
        return None
    event = decode_body(body)
    return Act(log, seq, record_hlc(record), event, body) if isinstance(event, MEMBERSHIP) else None


def standing(network: NetworkId, acts: Iterable[Act], verify: Verify) -> dict[bytes, Standing]:
    """The standing of every log that has an opening among these membership events."""
    return _Tree(network, sorted(acts, key=lambda act: (act.log, act.seq)), verify).grow()


def keys_of(
    acts: Iterable[Act], standings: Mapping[bytes, Standing]
) -> dict[bytes, tuple[bytes, Standing]]:
    """Public key → (log, standing) of the devices that may speak: no revoked one is among them."""
    return {
        act.event.key: (act.log, standings[act.log])
        for act in acts
        if isinstance(act.event, OPENINGS)
        and act.seq == 1
        and (found := standings.get(act.log))
        and found.person is not None
        and found.until is None
    }


class _Branch(NamedTuple):
    """A log that has a person, and the people from the founder to them, each invited by the last.

    `keys` are the device's and, where another log vouches for this one, those of that log: who
    revokes a device cuts them all.
    """

    role: Role
    path: tuple[bytes, ...]
    keys: frozenset[bytes]

    @property
    def person(self) -> bytes:
        return self.path[-1]


class _Tree:
    """Grows from the founder's log until no further opening can be proved.

    What a revocation cuts off does not count, and it counts itself only from the person it names
    or from above: where its author's path begins the path of the log. So the tree is cut from the
    founder outwards, and what was cut off has no say further out. Two devices of one person that
    revoke one another are both cut, and the lowest seq wins, whichever came first.
    """

    def __init__(self, network: NetworkId, acts: Iterable[Act], verify: Verify) -> None:
        self.network = network
        self.verify = verify
        self.openings: dict[bytes, tuple[Act, Opening]] = {}
        self.tickets: dict[bytes, list[tuple[Act, Invited]]] = {}
        self.revocations: list[tuple[Act, DeviceRevoked]] = []
        for act in acts:
            match act.event:
                case Founded() | Joined() | DeviceAdded() as opening if act.seq == 1:
                    self.openings[act.log] = act, opening
                case Invited() as invited:
                    self.tickets.setdefault(invited.ticket, []).append((act, invited))
                case DeviceRevoked() as revoked:
                    self.revocations.append((act, revoked))
        self.signed: dict[tuple[bytes, bytes], bool] = {}
        self.uses = Counter(
            opening.ticket
            for log, (_, opening) in self.openings.items()
            if isinstance(opening, Joined) and self._signed(log, opening, opening.ticket)
        )
        self.branches: dict[bytes, _Branch] = {}
        self.cuts: dict[bytes, int] = {}
        self.why: dict[bytes, str] = {}

    def grow(self) -> dict[bytes, Standing]:
        self._branch_out()
        depth = 1
        while any(len(branch.path) >= depth for branch in self.branches.values()):
            while self._cut(depth):
                self._branch_out()
            depth += 1
        return {log: self._standing(log) for log in self.openings}

    def _standing(self, log: bytes) -> Standing:
        branch = self.branches.get(log)
        if branch is None:
            return Standing(None, why=self.why.get(log, UNKNOWN.why))
        return Standing(branch.person, branch.role, self.cuts.get(log))

    def _branch_out(self) -> None:
        self.branches = {}
        waiting = set(self.openings)
        while grown := {log: found for log in waiting if (found := self._settle(log))}:
            self.branches |= grown
            waiting -= grown.keys()

    def _cut(self, depth: int) -> bool:
        """Take in the revocations of the logs at this depth; whether that cut anything."""
        cuts = dict(self.cuts)
        for act, revoked in self.revocations:
            author = self.branches.get(act.log)
            if author is None or not self._counts(act):
                continue
            for log, branch in self.branches.items():
                is_above = branch.path[: len(author.path)] == author.path
                if len(branch.path) == depth and revoked.key in branch.keys and is_above:
                    last = revoked.last.get(log, 0)
                    cuts[log] = min(last, cuts.get(log, last))
        cut_more = cuts != self.cuts
        self.cuts = cuts
        return cut_more

    def _counts(self, act: Act) -> bool:
        return act.seq <= self.cuts.get(act.log, act.seq)

    def _settle(self, log: bytes) -> _Branch | None:
        """The branch that an opening proves, or None while its proof is missing."""
        act, opening = self.openings[log]
        match opening:
            case Founded():
                if network_id(act.body) == self.network:
                    me = person_id(self.network, opening.me)
                    return _Branch("owner", (me,), frozenset([opening.key]))
                self.why[log] = "it founds another network"
                return None
            case Joined():
                return self._join(act, opening)
            case DeviceAdded():
                return self._add(act, opening)

    def _join(self, act: Act, joined: Joined) -> _Branch | None:
        for ticket, invited in self.tickets.get(joined.ticket, ()):
            inviter = self.branches.get(ticket.log)
            if inviter is None:
                continue
            if why := self._no_entry(act, joined, ticket, invited, inviter):
                self.why[act.log] = why
                continue
            is_own = invited.person == inviter.person
            path = inviter.path if is_own else (*inviter.path, invited.person)
            return _Branch(invited.role, path, frozenset([joined.key]))
        return None

    def _no_entry(
        self, act: Act, joined: Joined, ticket: Act, invited: Invited, inviter: _Branch
    ) -> str | None:
        if not self._counts(ticket):
            return "whoever wrote its invitation had been revoked"
        own = invited.person == inviter.person and invited.role == inviter.role
        if inviter.role != "owner" and not own:
            return "whoever wrote its invitation may not invite"
        if not self._signed(act.log, joined, joined.ticket):
            return "its link's signature does not fit"
        if invited.expires is not None and wall_ms(act.hlc) > invited.expires:
            return "its link had expired"
        if self.uses[joined.ticket] > 1:
            return "its link was used twice"
        return None

    def _add(self, act: Act, added: DeviceAdded) -> _Branch | None:
        sponsor = self.branches.get(added.sponsor)
        if sponsor is None:
            return None
        _, opening = self.openings[added.sponsor]
        if not self._signed(act.log, added, opening.key):
            self.why[act.log] = "the device that vouches for it did not sign it"
            return None
        return _Branch(sponsor.role, sponsor.path, sponsor.keys | {added.key})

    def _signed(self, log: bytes, opening: Joined | DeviceAdded, key: bytes) -> bool:
        known = self.signed.get((log, key))
        if known is None:
            message = ticket_message(self.network, log)
            known = self.signed[log, key] = self.verify(key, opening.signature, message)
        return known
