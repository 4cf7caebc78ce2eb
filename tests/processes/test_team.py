"""Two people with two laptops each on one team: real homes, a real server, all by commands."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.processes.real import Laptop, Server

TEAM = ("--in", "team")


class Team(NamedTuple):
    """Ada and Bob, each with a laptop and a desk; `server` hosts the team and Ada's private log."""

    server: Server
    ada: Laptop
    ada_desk: Laptop
    bob: Laptop
    bob_desk: Laptop

    @property
    def homes(self) -> Sequence[Laptop]:
        return self[1:]


@pytest.fixture
def team(laptop: Laptop, hosted: Server, desk: Laptop, tmp_path: Path) -> Team:
    bob, bob_desk = Laptop(tmp_path / "bob"), Laptop(tmp_path / "bob-desk")
    laptop.run("network", "new", "team")
    desk.run("join", _link(laptop, "device", "add", *TEAM))
    bob.run("init", "--me", "Bob", "--device", "bob")
    bob.run("met", "Zoe", "--note", "nobody's business")
    bob.run("join", _link(laptop, "invite", "Bob", *TEAM))
    bob_desk.run("join", _link(bob, "device", "add", *TEAM), "--device", "bob-desk")
    return Team(hosted, laptop, desk, bob, bob_desk)


def _link(of: Laptop, *words: str) -> str:
    return of.run(*words).splitlines()[-1]


def synced(homes: Sequence[Laptop]) -> None:
    """All have what each of them had."""
    for home in (*homes, *homes):
        answer = home.ask("sync")
        assert all(one["up_to_date"] and not one["refused"] for one in answer["networks"])


def on_the_team(home: Laptop) -> dict[str, Any]:
    networks = home.ask("status")["networks"]
    return next(one for one in networks if one["name"] == "team")


def agreed(homes: Sequence[Laptop]) -> None:
    assert len({on_the_team(home)["digest"] for home in homes}) == 1


def write_everywhere(team: Team) -> None:
    for number, home in enumerate(team.homes):
        home.run("met", "Dana", f"Friend {number}", *TEAM)


def test_two_people_with_two_laptops_each_have_one_network(team: Team) -> None:
    write_everywhere(team)
    synced(team.homes)
    agreed(team.homes)
    for home in team.homes:
        names = {one["name"] for one in home.ask("contacts", *TEAM)["contacts"]}
        assert names > {"Dana", "Friend 0", "Friend 1", "Friend 2", "Friend 3"}
        members = home.ask("members", *TEAM)["members"]
        assert [(one["name"], one["role"], one["devices"]) for one in members] == [
            ("Ada", "owner", 2),
            ("Bob", "member", 2),
        ]
    assert "Zoe" in team.bob.names, "one's own is read with it"
    assert not any("Zoe" in home.names for home in team.homes if home is not team.bob)


def test_what_was_shared_from_two_laptops_is_there_once(team: Team) -> None:
    event = team.ada.ask("helped", "Bob", "a lead", "--note", "between us")["event"]
    synced(team.homes)
    assert team.ada.ask("share", event, *TEAM)["shared"][0]["new"]
    assert team.ada_desk.ask("share", event, *TEAM)["shared"][0]["new"], "it has not heard of it"
    synced(team.homes)
    agreed(team.homes)
    for home in team.homes:
        (account,) = home.ask("ledger", "--from", "Ada")["ledger"]
        assert (account["name"], account["given"]["information"]) == ("Bob", 1)
        assert "between us" not in home.run("log", *TEAM)
    assert not team.ada_desk.ask("share", event, *TEAM)["shared"][0]["new"]
    assert "a lead" in team.bob.run("log")


def test_whoever_is_removed_is_out_everywhere_and_the_rest_goes_on(team: Team) -> None:
    write_everywhere(team)
    synced(team.homes)
    team.bob.run("met", "Early", *TEAM)
    team.bob.sync("--in", "team")
    team.ada_desk.sync("--in", "team")
    team.ada_desk.run("remove", "Bob", *TEAM)
    for home in (team.bob, team.bob_desk):
        home.run("met", "Late", *TEAM)
        assert home.refused("sync", *TEAM)["code"] in {"unknown_network", "no_session"}
    synced((team.ada, team.ada_desk))
    agreed((team.ada, team.ada_desk))
    names = {one["name"] for one in team.ada.ask("contacts", *TEAM)["contacts"]}
    assert "Early" in names
    assert "Late" not in names
    assert team.bob.ask("verify")["ok"]
    team.bob.run("leave", "team")
    assert {"Zoe"} == team.bob.names


def test_who_leaves_takes_nothing_away(team: Team) -> None:
    write_everywhere(team)
    synced(team.homes)
    before = on_the_team(team.ada)["events"]
    team.bob.run("leave", "team")
    team.ada.sync("--in", "team")
    assert on_the_team(team.ada)["events"] == before + 1
    assert team.bob_desk.refused("sync", *TEAM)["code"] in {"unknown_network", "no_session"}
    assert [one["name"] for one in team.bob.ask("network", "list")["networks"]] == ["private"]


@pytest.mark.parametrize("kept", ["nothing", "what it was before"])
def test_a_server_that_lost_the_team_is_filled_again_by_whoever_syncs(
    team: Team, kept: str, tmp_path: Path
) -> None:
    write_everywhere(team)
    server = team.server
    server.stop()
    shutil.copytree(server.folder, tmp_path / "before")
    server.start()
    synced(team.homes)
    team.bob_desk.run("met", "Unsent", *TEAM)
    held = [on_the_team(home)["events"] for home in team.homes]
    server.stop()
    shutil.rmtree(server.folder)
    if kept == "nothing":
        server.start()
        team.ada.run("join", server.greeting)
    else:
        shutil.copytree(tmp_path / "before", server.folder)
        server.start()

    synced(team.homes)

    agreed(team.homes)
    now = [on_the_team(home)["events"] for home in team.homes]
    assert all(n >= before for n, before in zip(now, held, strict=True))
    assert server.holds().items() >= on_the_team(team.bob)["logs"].items()
    assert "Unsent" in {one["name"] for one in team.ada.ask("contacts", *TEAM)["contacts"]}
