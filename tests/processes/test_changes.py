"""`GET …/changes` of a real kithd: who listens is told, and of nothing that is not theirs."""

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

from kithbook.facts.digest import vector
from kithbook_client.home import Home
from tests.processes.real import PATIENCE, Laptop, Server
from tests.processes.test_http import Caller, session


class Listening:
    """An open stream of changes."""

    def __init__(self, response: HTTPResponse) -> None:
        self.response = response

    def lines(self) -> Iterator[str]:
        """Until the server ends the stream."""
        while line := self.response.readline():
            yield line.decode().rstrip("\n")

    def change(self) -> str:
        """The `heads` of the next change, however long it takes to come."""
        for line in self.lines():
            if line.startswith("data: "):
                return str(json.loads(line.removeprefix("data: "))["heads"])
        raise AssertionError("the stream has ended")


@contextmanager
def listening(server: Server, network: str, token: str) -> Iterator[Listening]:
    connection = HTTPConnection("127.0.0.1", int(server.port), timeout=PATIENCE)
    headers = {"Authorization": f"Bearer {token}", "Accept": "text/event-stream"}
    connection.request("GET", f"/v1/networks/{network}/changes", headers=headers)
    response = connection.getresponse()
    try:
        assert response.status == 200, response.read()
        assert response.headers["content-type"].startswith("text/event-stream")
        yield Listening(response)
    finally:
        response.close()
        connection.close()


def held(laptop: Laptop) -> str:
    """The same text, worked out from what the laptop holds."""
    home = Home.open(laptop.folder)
    try:
        return vector(home.replica().heads())
    finally:
        home.close()


def test_who_listens_is_told_at_once_and_whenever_something_arrives(
    laptop: Laptop, hosted: Server, desk: Laptop
) -> None:
    with listening(hosted, laptop.network["id"], session(laptop, hosted)) as stream:
        assert stream.change() == held(laptop)
        for name in ("Dora", "Emil"):
            desk.run("met", name)
            desk.sync()
            assert stream.change() == held(desk)


def test_news_of_another_network_tell_nobody(
    laptop: Laptop, hosted: Server, desk: Laptop, tmp_path: Path
) -> None:
    eve = Laptop(tmp_path / "eve")
    eve.run("init", "--me", "Eve")
    with listening(hosted, laptop.network["id"], session(laptop, hosted)) as stream:
        assert stream.change() == held(laptop)
        eve.run("join", hosted.link())
        desk.run("met", "Dora")
        desk.sync()
        assert stream.change() == held(desk), "one change, and it is ours"


def test_who_may_not_sync_may_not_listen(laptop: Laptop, hosted: Server, tmp_path: Path) -> None:
    eve = Laptop(tmp_path / "eve")
    eve.run("init", "--me", "Eve")
    eve.run("join", hosted.link())
    stranger = Caller(hosted, session(eve, hosted))
    changes = "/v1/networks/{}/changes"
    for network in (laptop.network["id"], "0" * 32, "what"):
        assert stranger.get(changes.format(network)).problem == (404, "unknown_network")
    nobody = Caller(hosted).get(changes.format(laptop.network["id"]))
    assert nobody.problem == (401, "no_session")


def test_a_stream_ends_with_its_session(laptop: Laptop, hosted: Server, desk: Laptop) -> None:
    token = session(laptop, hosted)
    with listening(hosted, laptop.network["id"], token) as stream:
        stream.change()
        assert Caller(hosted, token)("DELETE", "/v1/session").status == 204
        desk.run("met", "Dora")
        desk.sync()
        assert [line for line in stream.lines() if line.startswith("data")] == []


def test_a_stream_ends_when_its_device_is_revoked(
    laptop: Laptop, hosted: Server, desk: Laptop
) -> None:
    with listening(hosted, laptop.network["id"], session(desk, hosted)) as stream:
        stream.change()
        laptop.run("device", "revoke", "desk")
        laptop.sync()
        assert [line for line in stream.lines() if line.startswith("data")] == []


def test_a_server_that_stops_ends_the_streams_and_then_itself(
    laptop: Laptop, hosted: Server
) -> None:
    with listening(hosted, laptop.network["id"], session(laptop, hosted)) as stream:
        stream.change()
        assert hosted.process is not None
        hosted.process.send_signal(signal.SIGTERM)
        assert [line for line in stream.lines() if line.startswith("data")] == []
        assert hosted.stop() == 0
    assert not list(hosted.folder.glob("*-wal")), "both databases were closed in order"


def test_a_device_has_so_many_streams_and_no_more(laptop: Laptop, tmp_path: Path) -> None:
    with Server(tmp_path / "server", streams=2) as server:
        laptop.run("join", server.greeting)
        network, token = laptop.network["id"], session(laptop, server)
        changes = f"/v1/networks/{network}/changes"
        with listening(server, network, token) as one, listening(server, network, token):
            one.change()
            refused = Caller(server, token).get(changes)
            assert refused.problem == (429, "too_many_requests")
            assert "2 times" in refused.json["detail"]
