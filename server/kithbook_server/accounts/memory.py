"""All that the server has decided and may be asked for, so that asking takes no database.

`hosts` is whose device may sync which networks because it redeemed their setup links.
"""

from typing import Any, NamedTuple
from uuid import UUID

from kithbook.ids import NetworkId
from kithbook_server.accounts.decisions import DeviceSession, SetupLink, TicketUse


class Session(NamedTuple):
    key: bytes
    expires: int


class Memory:
    def __init__(self) -> None:
        self.position = 0
        self.links: dict[UUID, int] = {}
        self.hosts: dict[bytes, set[NetworkId]] = {}
        self.tickets: dict[bytes, bytes] = {}
        self.sessions: dict[UUID, Session] = {}

    def take(self, decided: Any, now: int) -> None:
        match decided:
            case SetupLink.Made():
                self.links[decided.originator_id] = decided.expires
            case SetupLink.Redeemed():
                self.links.pop(decided.originator_id, None)
                networks = self.hosts.setdefault(bytes.fromhex(decided.key), set())
                networks.add(NetworkId(bytes.fromhex(decided.network)))
            case TicketUse.Used():
                self.tickets[bytes.fromhex(decided.ticket)] = bytes.fromhex(decided.log)
            case DeviceSession.Opened() if decided.expires >= now:
                key = bytes.fromhex(decided.key)
                self.sessions[decided.originator_id] = Session(key, decided.expires)
            case DeviceSession.Ended():
                self.sessions.pop(decided.originator_id, None)
