"""Links: an address whose path says what it is for and whose fragment holds the secret.

    http://HOST:PORT/setup#SECRET      makes a server host one's network; printed by kithd
    http://HOST:PORT/device#SECRET     brings a further device of one's own
    http://HOST:PORT/invite#SECRET     brings somebody else

The secret of the last two is, in base64url, the network's id and the private seed of a ticket.
A fragment is never sent to a server by whatever opens the link.
"""

import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from kithbook.clock import DAY_MS, tick
from kithbook.codec import SALT_BYTES, encode_body
from kithbook.envelope import MEMBERSHIP_KIND, NO_HASH, Seal, chain, make_record, seal_message
from kithbook.errors import Invalid, Refused
from kithbook.events import Invited, Joined, Role
from kithbook.ids import ID_BYTES, NetworkId, log_id
from kithbook.protocol import JoinRequest, ticket_message
from kithbook.replication import Page
from kithbook_client import keys
from kithbook_client.home import Home, Opening, PathLike, system_ms
from kithbook_client.replica import Replica
from kithbook_client.sync.http import HttpServer
from kithbook_client.sync.rounds import SyncReport, synchronise

Kind = Literal["setup", "device", "invite"]
SEED_BYTES = 32
LIFE_MS = 7 * DAY_MS
"""How long a device link or an invitation may be used."""


class Link(msgspec.Struct, frozen=True):
    """`secret` is what stands in the fragment."""

    kind: Kind
    origin: str
    secret: str

    def __str__(self) -> str:
        return f"{self.origin}/{self.kind}#{self.secret}"

    @property
    def ticket(self) -> tuple[NetworkId, bytes]:
        """The network and the private seed of the ticket. Raises Invalid where there is none."""
        try:
            packed = urlsafe_b64decode(self.secret + "=" * (-len(self.secret) % 4))
        except ValueError:
            packed = b""
        if len(packed) != ID_BYTES + SEED_BYTES:
            raise Invalid(
                "This link is not whole: what follows the # is too short or too long.",
                "Copy all of it, and put it in quotes.",
            )
        return NetworkId(packed[:ID_BYTES]), packed[ID_BYTES:]


def parse_link(text: str) -> Link:
    """Raises Invalid for what is no link."""
    parts = urlsplit(text.strip())
    base, _, kind = parts.path.rpartition("/")
    kinds: dict[str, Kind] = {"setup": "setup", "device": "device", "invite": "invite"}
    if parts.scheme not in {"http", "https"} or not parts.netloc or kind not in kinds:
        raise Invalid(
            f"“{text}” is no link that kith can join.",
            "A link looks like https://HOST/device#SECRET; kithd and kith device add print them.",
        )
    if not parts.fragment:
        raise Invalid(
            "This link is not whole: its secret, which follows a #, is missing.",
            "Put the link in quotes, or the shell cuts it off.",
        )
    return Link(kinds[kind], f"{parts.scheme}://{parts.netloc}{base}", parts.fragment)


def join(
    path: PathLike | None,
    text: str,
    me: str | None = None,
    device: str = "",
    now_ms: Callable[[], int] = system_ms,
    random: keys.Random = os.urandom,
) -> tuple[Home, Replica, SyncReport]:
    """Use a link. A setup link is for the home that is there, an invitation for it or for a new
    one of `me`, a device link for a place where there is none yet.

    Cut off anywhere, it can be run again. Raises Refused when the link opens nothing.
    """
    link = parse_link(text)
    if link.kind == "setup":
        home = Home.open(path, now_ms, random)
        replica = home.replica()
        _server(replica, link.origin).join(
            JoinRequest(replica.network, replica.voices[0].key, link.secret.encode())
        )
        replica.connect(link.origin)
    else:
        home, replica = _enter(link, path, me, device, now_ms, random)
    server = _server(replica, link.origin)
    return home, replica, synchronise(replica, server, replica.peer(link.origin))


def add_device(replica: Replica) -> str:
    """A link that brings a further device of our own; it is known to the server already."""
    return invite(replica, replica.me, replica.role or "owner", "device")


def invite(replica: Replica, person: bytes, role: Role, kind: Kind = "invite") -> str:
    """A link that brings somebody into the network as this person; the server knows it already."""
    if replica.server is None:
        raise Refused(
            f"The network {replica.name} has no server that a link could lead to.",
            "Start one with kithd serve, and type kith join with the link that it prints.",
            code="no_server",
        )
    now = replica.home.now_ms()
    seed, ticket = keys.generate(replica.home.random)
    invited = Invited(
        at=now * 1000, zone=0, ticket=ticket, person=person, role=role, expires=now + LIFE_MS
    )
    replica.append([invited], now)
    synchronise(replica, _server(replica, replica.server), replica.peer(replica.server))
    secret = urlsafe_b64encode(replica.network + seed).decode().rstrip("=")
    return str(Link(kind, replica.server, secret))


def _server(replica: Replica, origin: str) -> HttpServer:
    return HttpServer(origin, replica.voices, replica.peer(origin), replica.home.now_ms())


def _enter(
    link: Link,
    path: PathLike | None,
    me: str | None,
    device: str,
    now_ms: Callable[[], int],
    random: keys.Random,
) -> tuple[Home, Replica]:
    """Open a log of our own in the network of a ticket, first at the server and then here."""
    network, seed = link.ticket
    home = _home_for(link, path, me, device, now_ms, random)
    for held in home.networks():
        if held.id == network:
            return home, home.replica(network.hex())
    opening = _opening(home, network, seed, device)
    server = HttpServer(link.origin, [home.devices[opening.key]], None, now_ms())
    try:
        server.join(JoinRequest(network, opening.key, pages=[opening.page]))
    except Refused:
        home.forget_opening(opening.ticket)
        raise
    with home.writing():
        replica = home.add(network, "")
        replica.receive([opening.page])
        replica.connect(link.origin)
        home.forget_opening(opening.ticket)
    return home, replica


def _home_for(
    link: Link,
    path: PathLike | None,
    me: str | None,
    device: str,
    now_ms: Callable[[], int],
    random: keys.Random,
) -> Home:
    network, _ = link.ticket
    home = Home.prepare(path, now_ms, random)
    held = home.networks()
    if link.kind == "device" and held and network not in {one.id for one in held}:
        home.close()
        raise Refused(
            f"There is a home in {home.folder} already, and a device link begins one.",
            "Join it in another folder: kith --home DIR join LINK.",
            code="home_exists",
        )
    if link.kind == "invite" and not held:
        home.close()
        if me is None:
            raise Invalid(
                "There is no home here yet, and it has to know your name.",
                "Say who you are: kith join LINK --me NAME.",
            )
        return Home.create(path, me, device, now_ms, random)
    return home


def _opening(home: Home, network: NetworkId, seed: bytes, device: str) -> Opening:
    """The page that opens our log. It is kept until the server has answered, because a second
    log on the same ticket would make both count for nothing.
    """
    ticket = keys.public_of(seed)
    kept = home.opening(ticket)
    if kept is not None:
        return kept
    with home.writing():
        own = home.device() if home.networks() or not device else home.new_device(device)
        nonce, now = home.random(ID_BYTES), home.now_ms()
        log = log_id(network, own.key, nonce)
        joined = Joined(
            at=now * 1000,
            zone=0,
            key=own.key,
            nonce=nonce,
            ticket=ticket,
            signature=keys.sign(seed, ticket_message(network, log)),
            device=own.name,
        )
        body = encode_body(joined, home.random(SALT_BYTES))
        record = make_record(MEMBERSHIP_KIND, tick(0, now), body)
        hashes = chain(network, log, 1, NO_HASH, [record])
        seal = Seal(1, keys.sign(own.secret, seal_message(network, log, 1, hashes[0])))
        opening = Opening(ticket, own.key, Page(log, 1, NO_HASH, [record], [seal]))
        home.keep_opening(opening)
    return opening
