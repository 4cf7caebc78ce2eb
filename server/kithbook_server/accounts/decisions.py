"""The decisions of the server, as events of its own aggregates.

The types have short names of their own, so that moving this code never touches what is stored.
"""

from uuid import UUID, uuid5

from eventsourcing.domain import Aggregate, event

_NAMES = UUID("6b697468-626f-6f6b-8000-000000000000")


class SetupLink(Aggregate):
    """Makes the server host one network, once."""

    TOPIC = "setup link"

    class Event(Aggregate.Event):
        TOPIC = "setup link event"

    class Made(Event, Aggregate.Created):
        TOPIC = "setup link made"
        digest: str
        expires: int

    class Redeemed(Event):
        TOPIC = "setup link redeemed"
        network: str
        key: str

    @staticmethod
    def create_id(digest: str) -> UUID:
        return uuid5(_NAMES, "setup link " + digest)

    @event(Made)
    def __init__(self, digest: str, expires: int) -> None:
        self.digest = digest
        self.expires = expires
        self.redeemed: tuple[str, str] | None = None

    @event(Redeemed)
    def redeem(self, network: str, key: str) -> None:
        self.redeemed = network, key


class Allowance(Aggregate):
    """The further networks that the server hosts for those who are in one that a link set up.

    A further network has no allowance of its own, so that a setup link bounds all that follows.
    """

    TOPIC = "allowance"

    class Event(Aggregate.Event):
        TOPIC = "allowance event"

    class Opened(Event, Aggregate.Created):
        TOPIC = "allowance opened"
        root: str

    class Taken(Event):
        TOPIC = "allowance taken"
        network: str
        key: str

    @staticmethod
    def create_id(root: str) -> UUID:
        return uuid5(_NAMES, "allowance " + root)

    @event(Opened)
    def __init__(self, root: str) -> None:
        self.root = root
        self.networks: set[str] = set()

    @event(Taken)
    def take(self, network: str, key: str) -> None:  # noqa: ARG002 - the event keeps the key
        self.networks.add(network)


class TicketUse(Aggregate):
    """A ticket opens one log; whoever is second finds it used."""

    TOPIC = "ticket use"

    class Event(Aggregate.Event):
        TOPIC = "ticket use event"

    class Used(Event, Aggregate.Created):
        TOPIC = "ticket used"
        ticket: str
        log: str

    @staticmethod
    def create_id(ticket: str) -> UUID:
        return uuid5(_NAMES, "ticket " + ticket)

    @event(Used)
    def __init__(self, ticket: str, log: str) -> None:
        self.ticket = ticket
        self.log = log


class DeviceSession(Aggregate):
    """A device that has shown that it holds its key, until it expires or is ended."""

    TOPIC = "session"

    class Event(Aggregate.Event):
        TOPIC = "session event"

    class Opened(Event, Aggregate.Created):
        TOPIC = "session opened"
        digest: str
        key: str
        expires: int

    class Ended(Event):
        TOPIC = "session ended"

    @staticmethod
    def create_id(digest: str) -> UUID:
        return uuid5(_NAMES, "session " + digest)

    @event(Opened)
    def __init__(self, digest: str, key: str, expires: int) -> None:
        self.digest = digest
        self.key = key
        self.expires = expires

    @event(Ended)
    def end(self) -> None:
        self.expires = 0


class NonceKey(Aggregate):
    """Made once, by whichever process is first; the others find it."""

    TOPIC = "nonce key"

    class Event(Aggregate.Event):
        TOPIC = "nonce key event"

    class Made(Event, Aggregate.Created):
        TOPIC = "nonce key made"
        key: str

    @staticmethod
    def create_id() -> UUID:
        return uuid5(_NAMES, "nonce key")

    @event(Made)
    def __init__(self, key: str) -> None:
        self.key = key
