"""A server that lies is found out at the next sync, or when two laptops meet over a folder."""

from pathlib import Path

import pytest
from msgspec.structs import replace as changed

from kithbook.ids import NetworkId
from kithbook.protocol import SyncReply, SyncRequest, SyncServer
from kithbook_client.home import Home
from kithbook_client.replica import Replica
from kithbook_client.sync.folder import Folder
from kithbook_client.verify import verify
from tests.client.core.world import Clock, another, copied, give, held, met, sync
from tests.replica_server import ReplicaServer


@pytest.fixture(name="server")
def _server(replica: Replica, tmp_path: Path, clock: Clock) -> ReplicaServer:
    return serve(replica, tmp_path / "server", clock)


def serve(replica: Replica, folder: Path, clock: Clock) -> ReplicaServer:
    home = Home.prepare(folder, clock)
    with home.writing():
        return ReplicaServer(home.add(replica.network, "hosted"))


class Replaying:
    """Answers everything as it answered before."""

    def __init__(self, server: SyncServer) -> None:
        self.server = server
        self.answers: list[SyncReply] = []

    def sync(self, network: NetworkId, request: SyncRequest) -> SyncReply:
        if not self.answers:
            self.answers.append(self.server.sync(network, request))
        return self.answers[0]


def test_a_server_that_drops_what_it_stored_is_told_of_and_refilled(
    replica: Replica, server: ReplicaServer, tmp_path: Path, clock: Clock
) -> None:
    replica.append([met(replica, "Bob")])
    sync(replica, server)
    empty = serve(replica, tmp_path / "empty", clock)

    report = sync(replica, empty)

    (warning,) = report.warnings
    assert (warning.log, warning.seq) == (replica.own()[0].id, 1)
    assert "now it says 0" in warning.why
    assert report.up_to_date
    assert held(empty.replica) == held(replica)
    assert sync(replica, empty).warnings == []


def test_a_server_that_replays_old_answers_is_found_out(
    replica: Replica, server: ReplicaServer
) -> None:
    replaying = Replaying(server)
    sync(replica, replaying)
    replica.append([met(replica, "Bob")])
    sync(replica, server)

    report = sync(replica, replaying)

    assert not report.up_to_date
    assert report.warnings


def test_a_server_that_shows_two_histories_is_found_out_when_laptops_meet(
    replica: Replica, server: ReplicaServer, tmp_path: Path, clock: Clock
) -> None:
    other = another(tmp_path / "other", replica, clock)
    give(other, replica)
    third = another(tmp_path / "third", replica, clock)
    for one in (other, third):
        give(replica, one)
        give(one, replica)
    twin = copied(other, tmp_path / "twin", clock, is_noticed=False)
    other.append([met(other, "Bob")])
    twin.append([met(twin, "Carol")])
    other.seal()
    twin.seal()
    sync(replica, ReplicaServer(other))
    sync(third, ReplicaServer(twin))
    before = third.count()
    folder = Folder(tmp_path)
    sync(replica, folder)

    (warning,) = sync(third, folder).warnings

    assert warning.log == other.own()[0].id
    assert "two histories" in warning.why
    assert third.logs.set_aside() == 1
    assert third.count() >= before
    assert verify(third).ok


def test_a_byte_that_a_server_altered_never_gets_in(
    replica: Replica, server: ReplicaServer, tmp_path: Path, clock: Clock
) -> None:
    replica.append([met(replica, "Bob", note="ten")])
    sync(replica, server)
    other = another(tmp_path / "other", replica, clock)
    mine = replica.own()[0].id

    class Altering:
        def sync(self, network: NetworkId, request: SyncRequest) -> SyncReply:
            reply = server.sync(network, request)
            pages = [
                changed(page, records=[one.replace(b"ten", b"two") for one in page.records])
                for page in reply.pages
            ]
            return changed(reply, pages=pages)

    report = sync(other, Altering())

    assert [refusal.log for refusal in report.refused] == [mine]
    assert mine not in {log.id for log in other.logs.held()}
