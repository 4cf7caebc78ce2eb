"""The membership events of a network by what one looks them up by."""

from collections import defaultdict
from collections.abc import Iterable

from kithbook.envelope import Verify, opening_message
from kithbook.events import (
    DeviceAdded,
    DeviceRevoked,
    Founded,
    Invited,
    Joined,
    Opening,
    Removed,
    RoleGiven,
)
from kithbook.ids import NetworkId
from kithbook.membership.standing import Act

Change = RoleGiven | Removed | DeviceRevoked
"""What changes the standing of logs that are there."""


class Book:
    def __init__(self, network: NetworkId, acts: Iterable[Act], verify: Verify) -> None:
        self.network = network
        self.verify = verify
        self.openings: dict[bytes, tuple[Act, Opening]] = {}
        self.changes: list[tuple[Act, Change]] = []
        self.invitations: defaultdict[bytes, list[tuple[Act, Invited]]] = defaultdict(list)
        """By the log that they stand in."""
        self.uses: defaultdict[bytes, list[tuple[Act, Joined]]] = defaultdict(list)
        """By ticket."""
        self.vouched: defaultdict[bytes, list[tuple[Act, DeviceAdded]]] = defaultdict(list)
        """By the log that vouches."""
        for act in sorted(acts, key=lambda act: (act.log, act.seq)):
            match act.event:
                case Invited() as invited:
                    self.invitations[act.log].append((act, invited))
                case RoleGiven() | Removed() | DeviceRevoked() as change:
                    self.changes.append((act, change))
                case Founded() | Joined() | DeviceAdded() as opening if act.seq == 1:
                    self._open(act, opening)
        self._signed: dict[tuple[bytes, bytes], bool] = {}

    def _open(self, act: Act, opening: Opening) -> None:
        self.openings[act.log] = act, opening
        match opening:
            case Joined():
                self.uses[opening.ticket].append((act, opening))
            case DeviceAdded():
                self.vouched[opening.sponsor].append((act, opening))

    def is_signed(self, log: bytes, opening: Joined | DeviceAdded, key: bytes) -> bool:
        """Whether the signature in an opening is by this key."""
        known = self._signed.get((log, key))
        if known is None:
            message = opening_message(self.network, log)
            known = self._signed[log, key] = self.verify(key, opening.signature, message)
        return known
