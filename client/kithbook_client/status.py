"""The status of a replica: what it holds, and what waits."""

import msgspec

from kithbook.clock import runs_ahead
from kithbook_client.replica import Replica


class Status(msgspec.Struct, frozen=True):
    """`pending` events are not known to be on the server, `unknown` ones wait for an upgrade."""

    id: bytes
    name: str
    events: int
    pending: int
    unknown: int
    digest: str
    server: str | None
    last_sync: int | None
    logs: dict[bytes, int]
    devices: dict[bytes, str]
    """What the devices that write the logs call themselves, where it is known."""
    set_aside: int
    """Events of branches that forked and are kept beside their logs."""
    inert: int
    """Events that do not count because of who wrote them."""
    ahead: list[bytes]
    """Logs whose clock runs more than a day ahead of ours."""


def status(replica: Replica) -> Status:
    """What `kith status` tells of one network."""
    replica.refresh()
    held = replica.logs.held()
    peer = replica.peer(replica.server) if replica.server else None
    there = peer.heads if peer else {}
    known = {log.id: min(log.seq, there[log.id].seq) if log.id in there else 0 for log in held}
    now_ms = replica.home.now_ms()
    voids = replica.views.voids()
    return Status(
        id=replica.network,
        name=replica.name,
        events=replica.count(),
        pending=sum(log.seq - known[log.id] for log in held),
        unknown=voids.get("unknown", 0),
        digest=replica.digest(),
        server=replica.server,
        last_sync=peer.last_sync if peer else None,
        logs={log.id: log.seq for log in held},
        devices={log.id: log.device for log in held if log.device},
        set_aside=replica.logs.set_aside(),
        inert=voids.get("inert", 0),
        ahead=[log.id for log in held if runs_ahead(log.hlc, now_ms)],
    )
