"""A replica and the kithd at an address."""

from collections.abc import Callable

from kithbook_client.replica import Replica
from kithbook_client.sync.http import HttpServer
from kithbook_client.sync.rounds import SyncReport, synchronise
from kithbook_client.ties import settle


def server_at(replica: Replica, url: str) -> HttpServer:
    """The server, as the devices that speak here may speak with it."""
    return HttpServer(url, replica.voices, replica.peer(url), replica.home.now_ms())


def sync_with(
    replica: Replica, url: str, progress: Callable[[int, int], None] | None = None
) -> SyncReport:
    """Sync with the server at this address, and settle at home what came from it."""
    report = synchronise(replica, server_at(replica, url), replica.peer(url), progress)
    if report.pulled:
        settle(replica)
    return report
