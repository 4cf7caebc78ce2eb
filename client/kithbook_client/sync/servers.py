"""Syncing a replica with its kithd or whatever else holds events, and what follows from it."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from kithbook.errors import Refused, Unavailable
from kithbook.protocol import SyncServer
from kithbook_client.mute import why_mute
from kithbook_client.peers import Peer
from kithbook_client.replica import Replica
from kithbook_client.sync.rounds import SyncReport, synchronise
from kithbook_client.ties import settle

if TYPE_CHECKING:
    from kithbook_client.sync.http import HttpServer

Progress = Callable[[int, int], None]


def server_at(replica: Replica, url: str) -> "HttpServer":
    """The server, as the devices that speak here may speak with it."""
    from kithbook_client.sync.http import HttpServer

    return HttpServer(url, replica.voices, replica.peer(url), replica.home.now_ms())


def sync_with(replica: Replica, url: str, progress: Progress | None = None) -> SyncReport:
    """Sync with the kithd at this address."""
    from kithbook_client.sync.problems import NOT_KNOWN

    try:
        return sync_and_settle(replica, server_at(replica, url), replica.peer(url), progress)
    except Refused as refused:
        if refused.code in NOT_KNOWN:
            raise _not_any_more(replica, url, refused) from refused
        raise


def _not_any_more(replica: Replica, url: str, refused: Refused) -> Refused:
    """Why a server that once let us in does not; who was removed elsewhere has not heard of it."""
    if mute := why_mute(replica, refused.code):
        return mute
    if replica.peer(url).last_sync is None:
        return refused
    return Refused(
        f"{url} lets this device into {replica.name} no more: you were removed, the device was "
        "revoked, or the server lost what it held.",
        "Everything stays here. Ask an owner; with a new link of theirs type: kith join LINK",
        code=refused.code,
    )


def sync_and_settle(
    replica: Replica, server: SyncServer, peer: Peer, progress: Progress | None = None
) -> SyncReport:
    """Sync, and settle at home what came."""
    report = synchronise(replica, server, peer, progress)
    if report.pulled:
        settle(replica)
    return report


def tell(replica: Replica) -> Unavailable | None:
    """Let the network's server know at once; why it could not be told, where it could not."""
    if replica.server is None:
        return None
    try:
        sync_with(replica, replica.server)
    except Unavailable as error:
        return error
    return None
