"""Joining: what a link brings, on a home that is there or on a new one."""

import os
from collections.abc import Callable

from kithbook.errors import Invalid, Refused
from kithbook.protocol import JoinRequest
from kithbook_client import keys
from kithbook_client.founding import found_private
from kithbook_client.home import Home, PathLike, system_ms
from kithbook_client.replica import Replica
from kithbook_client.sync.arriving import arrive
from kithbook_client.sync.http import HttpServer
from kithbook_client.sync.links import Link, parse_link
from kithbook_client.sync.openings import any_begun, begin, forget
from kithbook_client.sync.problems import NOT_KNOWN
from kithbook_client.sync.rounds import SyncReport
from kithbook_client.sync.servers import server_at, sync_with


def join(
    path: PathLike | None,
    text: str,
    me: str | None = None,
    device: str = "",
    now_ms: Callable[[], int] = system_ms,
    random: keys.Random = os.urandom,
    network: str | None = None,
) -> tuple[Home, Replica, SyncReport]:
    """Use a link. A setup link is for a network of the home that is there, an invitation for it or
    for a new one of `me`, a device link for it or for a place where there is none yet.

    Cut off anywhere, it can be run again. Raises Refused when the link opens nothing; where there
    was no home, there is none after that either.
    """
    link = parse_link(text)
    if link.kind == "setup":
        home = Home.open(path, now_ms, random)
        replica, report = _set_up(home.replica(network), link)
    else:
        home = Home.prepare(path, now_ms, random)
        is_new = not home.networks(also_left=True)
        try:
            if is_new and link.kind == "invite":
                _begin(home, me, device)
            replica, report = _enter(home, link, device)
        except BaseException:
            if is_new and not _is_begun(home, link):
                home.discard()
            raise
        arrive(replica)
    return home, replica, report


def _set_up(replica: Replica, link: Link) -> tuple[Replica, SyncReport]:
    """Have a server host a network, and again the others that it hosted before it lost them."""
    server = server_at(replica, link.origin)
    key = replica.voices[0].key
    server.join(JoinRequest(replica.network, key, link.secret.encode()))
    replica.connect(link.origin)
    report = sync_with(replica, link.origin)
    for other in replica.home.replicas():
        if other is not replica and other.server == link.origin:
            server.host(other.network)
            sync_with(other, link.origin)
    return replica, report


def _enter(home: Home, link: Link, device: str) -> tuple[Replica, SyncReport]:
    """Open a log of our own in the network of a ticket, first at the server and then here.

    Where there is one that the server lets in no more, we come back with a new key.
    """
    network, seed = link.ticket
    held = next((one for one in home.replicas() if one.network == network), None)
    if held is not None:
        try:
            return held, sync_with(held, link.origin)
        except Refused as refused:
            if refused.code not in NOT_KNOWN:
                raise
        device = device or held.device
    # What was never sent can be typed again in other words, so nothing is made before it answers.
    HttpServer(link.origin, [], None, home.now_ms()).greet(keys.public_of(seed))
    is_new = held is not None or not home.networks()
    begun = begin(home, network, seed, device if is_new else None)
    server = HttpServer(link.origin, [home.devices[begun.key]], None, home.now_ms())
    try:
        server.join(JoinRequest(network, begun.key, pages=[begun.page]))
    except Refused:
        with home.writing():
            forget(home, begun)
        raise
    with home.writing():
        replica = home.add(network, "")
        replica.receive([begun.page])
        replica.connect(link.origin)
        forget(home, begun)
    return replica, sync_with(replica, link.origin)


def _begin(home: Home, me: str | None, device: str) -> None:
    """A home of one's own, for somebody else's network to be in."""
    if not (me and me.strip()):
        raise Invalid(
            "There is no home here yet, and it has to know your name.",
            "Say who you are: kith join LINK --me NAME.",
        )
    found_private(home, me, device)


def _is_begun(home: Home, link: Link) -> bool:
    """Whether a server may have let us in."""
    network, _ = link.ticket
    return any_begun(home) or any(one.id == network for one in home.networks())
