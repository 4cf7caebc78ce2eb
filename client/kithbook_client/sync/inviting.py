"""Inviting: tickets that bring a further device of one's own, or somebody else."""

from collections.abc import Sequence

from kithbook.clock import DAY_MS
from kithbook.errors import Refused
from kithbook.events import Described, Invited, Role
from kithbook_client import keys
from kithbook_client.replica import Replica
from kithbook_client.sync.links import Kind, Link
from kithbook_client.sync.servers import sync_with

LIFE_MS = 7 * DAY_MS
"""How long a device link or an invitation may be used."""


def add_device(replica: Replica) -> str:
    """A link that brings a further device of our own; it is known to the server already."""
    return invite(replica, replica.me, replica.role or "owner", "device")


def invite(
    replica: Replica,
    person: bytes,
    role: Role,
    kind: Kind = "invite",
    life_ms: int = LIFE_MS,
    births: Sequence[Described] = (),
) -> str:
    """A link that brings somebody into the network as this person; the server knows it already.

    `births` make the person, where nobody here knew them.
    """
    if replica.server is None:
        raise Refused(
            f"The network {replica.name} has no server that a link could lead to.",
            "Start one with kithd serve, and type kith join with the link that it prints.",
            code="no_server",
        )
    sync_with(replica, replica.server)  # without a server to tell it to, nothing is written
    now = replica.home.now_ms()
    seed, ticket = keys.generate(replica.home.random)
    invited = Invited(
        at=now * 1000, zone=0, ticket=ticket, person=person, role=role, expires=now + life_ms
    )
    replica.append([*births, invited], now)
    sync_with(replica, replica.server)
    return str(Link.of_ticket(kind, replica.server, replica.network, seed))
