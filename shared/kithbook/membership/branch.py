"""Branches of the tree: whose a log would be, and which changes may bear on it."""

from typing import NamedTuple

from kithbook.events import DeviceRevoked, Role, RoleGiven
from kithbook.membership.book import Change
from kithbook.membership.roles import RANK, Word
from kithbook.membership.standing import Act

Path = tuple[bytes, ...]


class Branch(NamedTuple):
    """A log that is somebody's, as its opening proves.

    `path` are the people from the founder to them, `entry` is what the invitation of the last one
    said, and `chain` this log and those by which it was vouched for, each with its device.
    """

    path: Path
    entry: Word
    chain: tuple[tuple[bytes, bytes], ...]

    @property
    def person(self) -> bytes:
        return self.path[-1]

    @property
    def subjects(self) -> tuple[bytes, ...]:
        """The person and the devices whom a change that bears on this log may name."""
        return self.person, *(key for _, key in self.chain)

    def cut(self, revoked: DeviceRevoked) -> int | None:
        """After which seq a revocation of a device in the chain cuts this log, if it does."""
        log, _ = self.chain[0]
        at = [key for _, key in self.chain].index(revoked.key)
        if at == 0:
            return revoked.last.get(log, 0)
        goes_on = any(between in revoked.last for between, _ in self.chain[:at])
        return None if goes_on else 0


class Entrant(NamedTuple):
    """A log, the branch that it would be, and the ticket or the device that opened it."""

    log: bytes
    branch: Branch
    by: bytes


class Counted(NamedTuple):
    """A change that counts, with who wrote it in what role."""

    act: Act
    change: Change
    path: Path
    role: Role | None

    @property
    def subject(self) -> bytes:
        return subject_of(self.change)

    def may_change(self, branch: Branch) -> bool:
        """Whether its writer may say this of a log that it is about."""
        if branch.path[: len(self.path)] != self.path:
            return False
        if self.path != branch.path:
            return self.role == "owner"
        raises = isinstance(self.change, RoleGiven) and RANK[self.change.role] >= RANK[self.role]
        return self.role is not None and not raises


def subject_of(change: Change) -> bytes:
    """The person or the device that a change names."""
    return change.key if isinstance(change, DeviceRevoked) else change.person
