"""A `SyncServer` over a replica: what any always-on replica does, with no wire in between."""

from kithbook.envelope import Head
from kithbook.ids import NetworkId
from kithbook.protocol import SyncReply, SyncRequest
from kithbook.replication import Refusal
from kithbook_client.replica import Replica


class ReplicaServer:
    def __init__(self, replica: Replica) -> None:
        self.replica = replica
        self.rounds = 0

    def sync(self, network: NetworkId, request: SyncRequest) -> SyncReply:
        assert network == self.replica.network
        self.rounds += 1
        refused = {one.log: one for one in self.replica.receive(request.pages).refused}
        theirs = {head.log: head for head in request.heads}
        for page in request.pages:
            held = theirs.get(page.log)
            if held is None or held.seq < page.last:
                theirs[page.log] = Head(page.log, page.last, b"")
        for head in request.heads:
            log = self.replica.logs.get(head.log)
            if (
                log
                and head.seq <= log.seq
                and self.replica.logs.hash_at(log, head.seq) != head.hash
            ):
                refused.setdefault(head.log, Refusal(head.log, head.seq, "fork", "another event"))
        left_out = {log: Head(log, 2**32 - 1, b"") for log in refused}
        pages = self.replica.pages.lacking(theirs | left_out)
        then = {page.log: Head(page.log, page.last, b"") for page in pages}
        more = bool(self.replica.pages.lacking(theirs | left_out | then))
        return SyncReply(self.replica.heads(), pages, list(refused.values()), more)
