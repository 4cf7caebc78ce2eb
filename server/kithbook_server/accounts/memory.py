"""All that the server has decided and may be asked for, so that asking takes no database.

`hosts` is whose device may sync which networks because it redeemed their setup links.
"""

from typing import Any, NamedTuple
from uuid import UUID

from kithbook.ids import NetworkId
from kithbook_server.accounts.decisions import (
    Allowance,
    DeviceSession,
    NonceKey,
    SetupLink,
    TicketUse,
)

FEW_SESSIONS = 1_000
"""So many are kept without a look at which of them have ended."""


class Session(NamedTuple):
    key: bytes
    expires: int


class Memory:
    def __init__(self) -> None:
        self.position = 0
        self.links: dict[UUID, int] = {}
        self.hosts: dict[bytes, set[NetworkId]] = {}
        self.roots: dict[NetworkId, NetworkId] = {}
        """Each hosted network, and the one whose setup link let it be hosted."""
        self.tickets: dict[bytes, bytes] = {}
        self.allowances: dict[UUID, NetworkId] = {}
        self.sessions: dict[UUID, Session] = {}
        self._many = FEW_SESSIONS
        self.nonce_key = b""

    def take(self, decided: Any, now: int) -> None:
        match decided:
            case SetupLink.Made():
                self.links[decided.originator_id] = decided.expires
            case SetupLink.Redeemed():
                self.links.pop(decided.originator_id, None)
                network = NetworkId(bytes.fromhex(decided.network))
                self._host(network, decided.key)
                self.roots.setdefault(network, network)
            case Allowance.Opened():
                self.allowances[decided.originator_id] = NetworkId(bytes.fromhex(decided.root))
            case Allowance.Taken():
                network = NetworkId(bytes.fromhex(decided.network))
                self._host(network, decided.key)
                self.roots.setdefault(network, self.allowances[decided.originator_id])
            case TicketUse.Used():
                self.tickets[bytes.fromhex(decided.ticket)] = bytes.fromhex(decided.log)
            case DeviceSession.Opened() if decided.expires >= now:
                key = bytes.fromhex(decided.key)
                self.sessions[decided.originator_id] = Session(key, decided.expires)
                if len(self.sessions) > self._many:
                    self._forget_ended(now)
            case DeviceSession.Ended():
                self.sessions.pop(decided.originator_id, None)
            case NonceKey.Made():
                self.nonce_key = bytes.fromhex(decided.key)

    def _host(self, network: NetworkId, key: str) -> None:
        self.hosts.setdefault(bytes.fromhex(key), set()).add(network)

    def _forget_ended(self, now: int) -> None:
        """Sessions that nobody ends expire; when they are twice as many again, look again."""
        self.sessions = {id_: one for id_, one in self.sessions.items() if one.expires >= now}
        self._many = max(FEW_SESSIONS, 2 * len(self.sessions))
