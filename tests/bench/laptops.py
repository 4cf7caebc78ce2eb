"""Laptops that sync with a kithd: whole homes, each on one connection that stays open."""

from pathlib import Path

from kithbook.envelope import HEADER_BYTES
from kithbook.ids import NetworkId
from kithbook.protocol import JoinRequest, SyncReply, SyncRequest
from kithbook_client.founding import create_home
from kithbook_client.replica import Replica
from kithbook_client.sync.http import HttpServer
from kithbook_client.sync.rounds import synchronise
from tests.bench.kithd import Running


class Connection:
    """The client's own way to the server; counts the requests of sync."""

    def __init__(self, replica: Replica, origin: str) -> None:
        self.http = HttpServer(origin, replica.voices, None, replica.home.now_ms())
        self.requests = 0

    def sync(self, network: NetworkId, request: SyncRequest) -> SyncReply:
        self.requests += 1
        return self.http.sync(network, request)


class Laptop:
    def __init__(self, replica: Replica, connection: Connection, origin: str) -> None:
        self.replica = replica
        self.connection = connection
        self.peer = replica.peer(origin)

    @classmethod
    def hosting(cls, replica: Replica, server: Running, origin: str = "") -> "Laptop":
        """A laptop that has a server host its network; `origin` is another way to the server."""
        origin = origin or server.origin
        connection = Connection(replica, origin)
        secret = server.secret.encode()
        connection.http.join(JoinRequest(replica.network, replica.voices[0].key, secret))
        return cls(replica, connection, origin)

    def another(self, folder: Path, origin: str) -> "Laptop":
        """A new laptop on which there is nothing yet; it speaks as the first one's device."""
        home = create_home(folder, "Somebody Else")
        with home.writing():
            home.add(NetworkId(self.replica.network), "bench")
        return Laptop(home.replica("bench"), Connection(self.replica, origin), origin)

    def sync(self) -> None:
        report = synchronise(self.replica, self.connection, self.peer)
        if not report.up_to_date:
            raise RuntimeError(f"this laptop is not up to date: {report}")

    def body_bytes(self) -> tuple[int, int]:
        """How many events it holds, and the bytes of their bodies."""
        [(count, size)] = self.replica.db.execute(
            "SELECT count(*), sum(length(record)) FROM event "
            "WHERE log IN (SELECT no FROM log WHERE network = ?)",
            (self.replica.no,),
        )
        return count, size - count * HEADER_BYTES

    def close(self) -> None:
        self.connection.http.pool.close()
        self.replica.home.close()
