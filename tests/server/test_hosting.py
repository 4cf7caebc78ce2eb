"""Further networks: who may have them hosted, how many, and who comes in by that."""

from typing import Any

import httpx
import pytest

from kithbook.protocol import JoinReply, SyncReply, SyncRequest
from tests.devices import Log
from tests.server.served import MSGPACK, Device, Served, problem, read


@pytest.fixture
def ada() -> Log:
    return Log.found().write(2)


def put(device: Device, log: Log) -> httpx.Response:
    path = f"/v1/networks/{log.network.hex()}"
    return device.served.client.put(path, headers={**MSGPACK, **device.headers})


def team_of(ada: Log, name: str = "Ada") -> Log:
    """Another network that the same device founds."""
    return Log.found(name, ada.device)


def in_session(device: Device, log: Log) -> Device:
    """The same device in another of its networks."""
    other = Device(device.served, log)
    other.headers = device.headers
    return other


def test_a_device_that_is_known_has_further_networks_hosted(served: Served, ada: Log) -> None:
    device, team = served.host(ada), team_of(ada, "Ada L.")
    assert read(put(device, team), JoinReply) == JoinReply(team.network)
    assert read(put(device, team), JoinReply) == JoinReply(team.network)
    assert in_session(device, team).push(team) == SyncReply([team.head()])


def test_who_is_in_no_network_here_has_none_hosted(served: Served, ada: Log) -> None:
    device = served.host(ada)
    device.headers = {}
    assert problem(put(device, team_of(ada, "Eve"))) == (401, "no_session")


def test_nobody_comes_into_a_network_by_naming_it(served: Served, ada: Log) -> None:
    device = served.host(ada)
    device.push(ada)
    eve = served.host(Log.found("Eve"))
    assert problem(put(eve, ada)) == (404, "unknown_network")
    assert problem(in_session(eve, ada).ask(_nothing())) == (404, "unknown_network")


def test_all_that_follows_from_one_setup_link_is_counted_together(
    store: dict[str, Any], ada: Log
) -> None:
    with Served(**store, further_networks=2) as served:
        device = served.host(ada)
        device.push(ada)
        first, second, third = (team_of(ada, name) for name in ("A1", "A2", "A3"))
        assert put(device, first).status_code == 200
        in_session(device, first).push(first)
        bob = first.invite().join()
        in_session(device, first).push(first, bob)
        member = served.member(bob)
        assert put(member, second).status_code == 200
        for one in (device, member):
            assert problem(put(one, third)) == (403, "quota")
        assert put(device, first).status_code == 200, "what is hosted already stays so"
        # Another setup link brings room of its own.
        eve = served.host(Log.found("Eve"))
        assert put(eve, third).status_code == 200


def test_readers_have_no_network_hosted(served: Served, ada: Log) -> None:
    device = served.host(ada)
    reader = ada.invite(role="reader").join()
    device.push(ada, reader)
    member = served.member(reader)
    assert problem(put(member, Log.found("Eve", reader.device))) == (403, "quota")


def test_the_decision_outlives_the_server(store: dict[str, Any], ada: Log) -> None:
    team = team_of(ada, "Ada L.")
    with Served(**store) as served:
        assert put(served.host(ada), team).status_code == 200
    with Served(**store) as served:
        device = Device(served, team)
        device.open_session()
        assert device.push(team) == SyncReply([team.head()])


def _nothing() -> SyncRequest:
    return SyncRequest([])
