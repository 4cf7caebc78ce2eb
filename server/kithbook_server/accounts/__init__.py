"""What the server itself decides: whom it serves, with which links, and who is logged in.

Networks, people and permissions are not here: they are in the logs, which the server only hosts.
Secrets and tokens are kept as their SHA-256. The nonce key is kept as it is; it opens nothing.
"""

import secrets
import threading
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, suppress
from hashlib import sha256
from typing import Any
from uuid import UUID

from eventsourcing.application import AggregateNotFoundError, Application
from eventsourcing.domain import Aggregate
from eventsourcing.persistence import InfrastructureFactory, IntegrityError
from eventsourcing.utils import Environment, EnvType

from kithbook.errors import Refused
from kithbook.ids import NetworkId
from kithbook_server.accounts.backends import Backend
from kithbook_server.accounts.decisions import (
    Allowance,
    DeviceSession,
    NonceKey,
    SetupLink,
    TicketUse,
)
from kithbook_server.accounts.memory import Memory

SECRET_BYTES = 24
NONCE_KEY_BYTES = 32


class Accounts(Application[UUID]):
    """Decides through its aggregates, and answers from what it remembers of all their events.

    Another process may decide too (`kithd link` does): before it says no, it reads what is new.
    """

    name = "accounts"

    def __init__(self, backend: Backend, now_ms: Callable[[], int]) -> None:
        self._backend = backend
        self._now_ms = now_ms
        self._lock = threading.RLock()
        self._memory = Memory()
        with backend.telling(), backend.making():
            super().__init__()
        self._catch_up()

    def follow(self) -> None:
        """From now on hear at once what other processes decide: that a session has ended."""
        self._backend.follow(self._catch_up)

    def close(self) -> None:
        self.closing.set()
        self._backend.close()

    def make_link(self, hours: int) -> str:
        """The secret of a new setup link."""
        secret = secrets.token_urlsafe(SECRET_BYTES)
        with suppress(IntegrityError):  # stored by a try whose answer broke off
            self._decide(SetupLink(_digest(secret), self._now_ms() + hours * 3_600_000))
        return secret

    def redeem(self, secret: str, network: NetworkId, key: bytes) -> None:
        """Host this network, and let the device with this key sync it.

        Raises Refused when the link is not one of ours, has expired, or was used otherwise.
        """
        with self._lock, self._telling():
            try:
                link: SetupLink = self.repository.get(SetupLink.create_id(_digest(secret)))
            except AggregateNotFoundError:
                raise _no_link("link_unknown", "This server has not made this setup link") from None
            if link.redeemed == (network.hex(), key.hex()):
                return
            if link.redeemed:
                raise _no_link("link_used", "This setup link has been used")
            if link.expires < self._now_ms():
                raise _no_link("link_expired", "This setup link has expired")
            link.redeem(network.hex(), key.hex())
            try:
                self._decide(link)
            except IntegrityError:  # somebody was faster, or this very call before its answer broke
                self.redeem(secret, network, key)

    def has_been_set_up(self) -> bool:
        """Whether some network is hosted, or a link that can still be used waits for one."""
        self._catch_up()
        now = self._now_ms()
        return bool(self._memory.hosts) or any(at >= now for at in self._memory.links.values())

    def hosts(self, network: NetworkId, key: bytes) -> bool:
        """Whether the device with this key redeemed a setup link for this network."""
        if network not in self._memory.hosts.get(key, ()):
            self._catch_up()
        return network in self._memory.hosts.get(key, ())

    def networks_of(self, key: bytes) -> set[NetworkId]:
        self._catch_up()
        return self._memory.hosts.get(key, set())

    def root_of(self, network: NetworkId) -> NetworkId | None:
        """The network whose setup link let this one be hosted, itself perhaps; or None."""
        if network not in self._memory.roots:
            self._catch_up()
        return self._memory.roots.get(network)

    def host_further(
        self, network: NetworkId, key: bytes, roots: Iterable[NetworkId], most: int
    ) -> None:
        """Host one more network for a device, on the allowance of the first of these that has room.

        Raises Refused with the code `quota` when none has.
        """
        roots = sorted(roots)
        with self._lock, self._telling():
            for root in roots:
                allowance = self._allowance(root)
                if len(allowance.networks) < most:
                    allowance.take(network.hex(), key.hex())
                    try:
                        self._decide(allowance)
                    except IntegrityError:  # as in redeem
                        self._catch_up()
                        if not self.hosts(network, key):
                            self.host_further(network, key, roots, most)
                    return
        raise Refused(
            f"This server hosts no more than {most:,} further networks for those whom one setup "
            "link brought.",
            "Whoever runs it gives you a setup link of your own (kithd link), or raises "
            "KITHD_FURTHER_NETWORKS.",
            code="quota",
        )

    def _allowance(self, root: NetworkId) -> Allowance:
        try:
            found: Allowance = self.repository.get(Allowance.create_id(root.hex()))
        except AggregateNotFoundError:
            return Allowance(root.hex())
        return found

    def log_of(self, ticket: bytes) -> bytes | None:
        """The log that a ticket has opened here."""
        self._catch_up()
        return self._memory.tickets.get(ticket)

    def use_ticket(self, ticket: bytes, log: bytes) -> None:
        """Let a ticket open this log and no other; again for the same log changes nothing."""
        with self._lock:
            if self.log_of(ticket) is None:
                try:
                    self._decide(TicketUse(ticket.hex(), log.hex()))
                except IntegrityError:
                    self._catch_up()
            if self._memory.tickets.get(ticket) != log:
                raise Refused(
                    "This link has been used.",
                    "Ask whoever sent it for another one.",
                    code="link_used",
                )

    def open_session(self, key: bytes, hours: int) -> tuple[str, int]:
        """A new token for the device with this key, and when it expires."""
        token, expires = secrets.token_urlsafe(SECRET_BYTES), self._now_ms() + hours * 3_600_000
        with suppress(IntegrityError):  # stored by a try whose answer broke off
            self._decide(DeviceSession(_digest(token), key.hex(), expires))
        return token, expires

    def key_of(self, token: str) -> bytes | None:
        """The public key of the device whose session this is, or None when there is none now."""
        key = self.known_key_of(token)
        if key is None:
            self._catch_up()
            key = self.known_key_of(token)
        return key

    def known_key_of(self, token: str) -> bytes | None:
        """The same as far as can be told without asking the database."""
        session = self._memory.sessions.get(DeviceSession.create_id(_digest(token)))
        return session.key if session and session.expires >= self._now_ms() else None

    def sessions(self) -> int:
        """How many are open, as far as this process knows."""
        now = self._now_ms()
        return sum(session.expires >= now for session in list(self._memory.sessions.values()))

    def end_session(self, token: str) -> None:
        if self.key_of(token) is None:
            return
        with self._telling():
            session: DeviceSession = self.repository.get(DeviceSession.create_id(_digest(token)))
            session.end()
            with suppress(IntegrityError):  # ended meanwhile
                self._decide(session)

    def nonce_key(self) -> bytes:
        """The key under which all processes of this server give out nonces."""
        if not self._memory.nonce_key:
            with suppress(IntegrityError):  # another process was faster
                self._decide(NonceKey(secrets.token_hex(NONCE_KEY_BYTES)))
            self._catch_up()
        return self._memory.nonce_key

    def construct_env(self, name: str, env: EnvType | None = None) -> Environment:
        """Nothing from the process's environment: the library would read many names there."""
        return Environment(name, env)

    def construct_factory(self, env: Environment) -> InfrastructureFactory[Any]:
        return self._backend.factory(env)

    def _telling(self) -> AbstractContextManager[None]:
        return self._backend.telling()

    def _decide(self, aggregate: Aggregate) -> None:
        with self._telling():
            self.save(aggregate)
        self._catch_up()

    def _catch_up(self) -> None:
        with self._lock, self._telling():
            while news := self.recorder.select_notifications(
                self._memory.position, 1_000, inclusive_of_start=False
            ):
                for notification in news:
                    self._memory.take(self.mapper.to_domain_event(notification), self._now_ms())
                    self._memory.position = notification.id


def _digest(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()


def _no_link(code: str, message: str) -> Refused:
    return Refused(
        f"{message}.", "Whoever runs the server gets another one from `kithd link`.", code=code
    )
