"""Bringing people into a network and out of it, against a real kithd."""

import os
import pty
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from kithbook_client.cli.call import Call
from kithbook_client.cli.main import run
from tests.bench.kithd import Running, kithd
from tests.client.cli.conftest import NOW, Typed


@pytest.fixture(scope="module", name="running")
def _running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KITHD_FURTHER_NETWORKS", "100")
        with kithd(tmp_path_factory.mktemp("kithd")) as running:
            yield running


@pytest.fixture(scope="module", name="ada_home")
def _ada_home(running: Running, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose private network the server hosts; further ones go on its account."""
    home = tmp_path_factory.mktemp("ada") / "home"
    for words in (("init", "--me", "Ada", "--device", "desk"), ("join", running.link)):
        assert run(["--home", str(home), *words], NOW) == 0
    return home


At = Callable[[str], Typed]


@pytest.fixture
def at(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> At:
    """A home by its name."""
    return lambda name: Typed(tmp_path / name, capsys)


@pytest.fixture
def ada(
    ada_home: Path, capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest
) -> Typed:
    """Ada, whose current network is a new team of hers, called as the test."""
    ada = Typed(ada_home, capsys)
    capsys.readouterr()
    name = request.node.name[:40]
    ada("network", "new", name, "--in", "private")
    ada("network", "use", name)
    return ada


def team(ada: Typed) -> str:
    return next(str(o["name"]) for o in ada.json("network", "list")["networks"] if o["current"])


def invite(ada: Typed, *words: str) -> str:
    """The link, which stands alone on the last line."""
    return ada("invite", *words).splitlines()[-1]


def bring(ada: Typed, at: At, name: str, *words: str) -> Typed:
    """Somebody new, whose current network is the team."""
    other = at(name)
    other("join", invite(ada, name, *words), "--me", name, "--device", f"{name}s")
    other("network", "use", team(ada))
    return other


def members(kith: Typed) -> list[tuple[str, str | None]]:
    return [(one["name"], one["role"]) for one in kith.json("members")["members"]]


def test_an_invitation_brings_somebody_who_had_no_home(ada: Typed, at: At) -> None:
    bob = at("Bob")
    link = invite(ada, "Bob")
    assert link.startswith("http://")
    assert "/invite#" in link
    joined = bob.json("join", link, "--me", "Robert")
    assert joined["me"] == "Bob"
    assert [one["name"] for one in bob.json("network", "list")["networks"]] == [
        "private",
        team(ada),
    ]
    assert bob.json("contacts", "--in", "private")["contacts"] == [], "who one is, is one"
    ada("sync")
    assert members(ada) == [("Ada", "owner"), ("Bob", "member")]


def test_an_invitation_brings_somebody_beside_their_own_network(ada: Typed, at: At) -> None:
    bob = at("Bob")
    bob("init", "--me", "Bob")
    bob("met", "Carol")
    bob("join", invite(ada))
    ada("sync")
    assert members(ada) == [("Ada", "owner"), ("Bob", "member")], "who joins says who they are"
    assert "Carol" not in ada("log")
    assert {one["name"] for one in bob.json("contacts")["contacts"]} == {"Ada", "Carol"}


def test_on_a_terminal_the_link_comes_as_a_qr_code_too(ada: Typed) -> None:
    ours, theirs = pty.openpty()
    words = [sys.executable, "-m", "kithbook_client", "--home", str(ada.home), "invite", "Bob"]
    with subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs) as kith:
        os.close(theirs)
        shown = b""
        with suppress(OSError):  # which is how a terminal says that nobody writes to it any more
            while chunk := os.read(ours, 65_536):
                shown += chunk
    os.close(ours)
    assert kith.returncode == 0
    *above, link = shown.decode().split()
    assert "/invite#" in link
    assert any({*word} & {*"▀▄█"} for word in above)
    assert "█" not in ada("invite", "Carol"), "a pipe gets the words alone"


def test_without_a_home_an_invitation_asks_who_one_is(ada: Typed, at: At) -> None:
    error = at("Bob").refused("join", invite(ada, "Bob"))
    assert "--me" in error["hint"]


def test_who_joins_hears_which_network_it_is_and_how_to_write_there(ada: Typed, at: At) -> None:
    name = team(ada)
    bob, lap = at("Bob"), at("lap")
    said = bob("join", invite(ada, "Bob"), "--me", "Bob")
    assert f"You are member of {name}." in said
    assert f"kith network use {name}" in said
    reader = at("Rea").json("join", invite(ada, "Rea", "--role", "reader"), "--me", "Rea")
    assert (reader["name"], reader["role"]) == (name, "reader")
    lap("join", ada("device", "add", "--in", "private").splitlines()[-1], "--device", "lap")
    said = lap("join", ada("device", "add").splitlines()[-1])
    assert said.splitlines()[-1].startswith(f"You are owner of {name}. To write there add --in")


def test_a_join_that_came_to_nothing_leaves_no_home_behind(
    ada: Typed, at: At, tmp_path: Path
) -> None:
    link = invite(ada, "Bob")
    away = link.replace(link[: link.index("/invite")], "http://127.0.0.1:9")
    bob, lap = at("Bob"), at("lap")
    for words in ((link,), (away, "--me", "Bbo")):
        error = bob.refused("join", *words)
    assert error["code"] == "unreachable"
    assert "kith sync" not in error["hint"]
    assert lap.refused("join", away.replace("/invite", "/device"))["code"] == "unreachable"
    assert not (bob.home / "kith.db").exists()
    assert not (lap.home / "kith.db").exists()
    bob("join", link, "--me", "Bob", "--device", "mine")
    assert bob.refused("join", link.replace("/invite#", "/invite#AAAA"))["code"] == "invalid"
    assert at("Eve").refused("join", link, "--me", "Eve")["code"] == "link_used"
    assert at("Eve").refused("status")["code"] == "no_home"
    assert bob.json("status")["device"] == "mine"


def test_an_invitation_that_could_not_be_made_leaves_nobody_behind(ada: Typed) -> None:
    ada("network", "new", "alone", "--local")
    assert ada.refused("invite", "Bob", "--in", "alone")["code"] == "no_server"
    assert "Bob" not in ada("log", "--in", "alone")


def test_a_link_works_once_and_not_for_ever(ada: Typed, at: At) -> None:
    link = invite(ada, "Bob")
    at("Bob")("join", link, "--me", "Bob")
    assert at("Eve").refused("join", link, "--me", "Eve")["code"] == "link_used"
    ada.now = ada.now.replace(year=2020)
    short = invite(ada, "Carol", "--expires", "1d")
    ada.later(days=0)
    assert at("Carol").refused("join", short, "--me", "Carol")["code"] == "link_expired"


def test_a_private_network_is_for_nobody_else(ada: Typed) -> None:
    assert "network new" in ada.refused("invite", "Bob", "--in", "private")["hint"]


def test_who_is_in_a_network_is_not_invited_again(ada: Typed, at: At) -> None:
    bring(ada, at, "Bob")
    ada("sync")
    assert "device add" in ada.refused("invite", "Bob")["hint"]


def test_only_owners_invite(ada: Typed, at: At) -> None:
    bob = bring(ada, at, "Bob")
    assert bob.refused("invite", "Carol")["code"] == "refused"
    ada("sync")
    ada("role", "Bob", "owner")
    bob("sync")
    bring(bob, at, "Carol")
    ada("sync")
    assert members(ada) == [("Ada", "owner"), ("Bob", "owner"), ("Carol", "member")]


def test_a_word_put_into_a_members_mouth_is_told_to_count_for_nothing(ada: Typed, at: At) -> None:
    ada("met", "Bob", "Dan")
    bring(ada, at, "Bob")
    ada("sync")
    ran = ada.run("trusted", "Zoe", "5", "--by", "Bob")
    assert ran.code == 0
    assert ran.err.startswith("Only Bob's own devices say whom Bob trusts in ")
    assert ada.json("trust", "Zoe", "--from", "Bob", "--in", team(ada))["score"] is None
    ada("trusted", "Zoe", "5", "--by", "Dan")
    ada("trusted", "Zoe", "5", "--by", "me")


def test_a_reader_looks_and_does_not_write(ada: Typed, at: At) -> None:
    ada("met", "Dana")
    bob = bring(ada, at, "Bob", "--role", "reader")
    assert "Dana" in bob("log")
    assert bob.refused("met", "Dana")["code"] == "refused"
    assert ada.refused("invite", "--role", "reader", code=2)["code"] == "usage"


def test_an_invitation_is_told_while_it_is_open_and_can_be_taken_back(ada: Typed, at: At) -> None:
    bob = bring(ada, at, "Bob", "--role", "owner")
    first, second = invite(bob, "Otto", "--role", "reader"), invite(bob)
    ada("sync")
    otto, other = ada.json("members")["invited"]
    assert (otto["name"], otto["role"], otto["expires"][:10]) == ("Otto", "reader", "2026-11-30")
    assert other["name"] is None
    assert "Otto is invited as reader until 2026-11-30." in ada("members")
    assert ada("remove", "Otto") == f"Otto is not invited to {team(ada)} any more.\n"
    assert "taken back" in at("Otto").refused("join", first, "--me", "Otto")["message"]
    assert ada.json("remove", other["id"][:8])["role"] is None
    assert at("Eve").refused("join", second, "--me", "Eve")["code"] == "link_unknown"
    assert ada.json("members")["invited"] == []
    assert "no member" in ada.refused("remove", "Otto")["message"]

    later = invite(ada, "Otto")
    bob("sync")
    assert "owner above" in bob.refused("remove", "Otto")["message"]
    ada.later(days=8)
    assert ada.json("members")["invited"] == []
    ada.now = NOW
    at("Otto 2")("join", later, "--me", "Otto")


def test_a_role_holds_from_then_on_and_nobody_raises_themselves(ada: Typed, at: At) -> None:
    bob = bring(ada, at, "Bob")
    bob("met", "Dana")
    bob("sync")
    ada("sync")
    assert ada.json("role", "Bob", "reader")["role"] == "reader"
    bob("sync")
    assert "only an owner above" in bob.refused("role", "Bob", "owner")["message"]
    assert "only an owner above" in bob.refused("role", "Ada", "reader")["message"]
    assert any(one["name"] == "Dana" for one in ada.json("contacts", "--in", team(ada))["contacts"])


def test_whoever_is_removed_gets_nothing_new_and_what_they_wrote_stays(ada: Typed, at: At) -> None:
    bob = bring(ada, at, "Bob")
    bob("met", "Dana")
    bob("sync")
    ada("sync")
    removed = ada.json("remove", "Bob")
    assert (removed["role"], removed["left"]) == (None, False)
    ada("met", "Eve")
    ada("sync")
    assert "you were removed" in bob.refused("sync", "--in", team(ada))["message"]
    assert bob.run("sync").code == 1
    bob("met", "Fay")
    assert "Eve" not in bob("log")
    assert "Dana" in ada("log")
    assert bob("leave").splitlines()[0].startswith("What you wrote")
    assert [one["name"] for one in bob.json("network", "list")["networks"]] == ["private"]


def test_an_inert_event_says_why_to_people_and_to_programs(
    ada: Typed, at: At, tmp_path: Path
) -> None:
    bob = bring(ada, at, "Bob")
    ada("sync")
    ada("remove", "Bob")
    event = bob.json("met", "Fay")["event"]
    (tmp_path / "usb").mkdir()
    bob("sync", str(tmp_path / "usb"), "--in", team(ada))
    ada("sync", str(tmp_path / "usb"), "--in", team(ada))
    why = "whoever wrote it had been removed"
    assert f"no: inert: {why}" in ada("log", event)
    (told,) = ada.json("log", event)["events"]
    assert (told["counts"], told["void"], told["void_why"]) == (False, "inert", why)
    (counting,) = ada.json("log", "last")["events"]
    assert counting["void_why"] is None


def test_one_leaves_without_taking_anything_away(ada: Typed, at: At) -> None:
    bob = bring(ada, at, "Bob")
    name = team(ada)
    bob("met", "Dana")
    bob("sync")
    assert bob("leave").splitlines()[:2] == [
        f"What you wrote in {name} stays with the others.",
        "Your private notes never went there.",
    ]
    assert bob.json("status")["networks"][0]["name"] == "private"
    assert "Dana" not in bob("contacts")
    assert "Dana" in bob("contacts", "--in", name), "one's own copy stays"
    assert bob.refused("met", "Eve", "--in", name)["message"] == f"You left {name}."
    ada("sync")
    assert members(ada) == [("Ada", "owner"), ("Bob", None)]
    assert ada.json("members")["members"][1]["left"]
    assert "Bob        left" in ada("members")
    assert any(one["author"] == "Bob" for one in ada.json("log", "--in", name)["events"])


def test_a_no_is_answered_with_what_stays_as_it_was(
    ada: Typed, at: At, monkeypatch: pytest.MonkeyPatch
) -> None:
    bob = bring(ada, at, "Bob")
    bob("met", "Dana")
    assert "--yes" in bob.refused("erase", "last")["hint"]
    monkeypatch.setattr(Call, "may_ask", True)
    monkeypatch.setattr("click.confirm", lambda _: False)
    assert bob.run("leave").err == f"You are still in {team(ada)}.\n"
    assert bob.run("erase", "last").err == "Nothing was erased.\n"
    monkeypatch.setattr("click.confirm", lambda _: True)
    bob("erase", "last")
    bob("leave")


def test_leaving_asks_nobody_off_a_terminal(
    ada: Typed, at: At, monkeypatch: pytest.MonkeyPatch
) -> None:
    bob, eve = bring(ada, at, "Bob"), bring(ada, at, "Eve")
    monkeypatch.setattr("click.confirm", lambda _: pytest.fail("nobody is there to answer"))
    assert bob("leave").endswith(f"You have left {team(ada)}.\n")
    assert eve.json("leave")["name"] == team(ada)


def test_the_last_owner_hands_over_before_leaving(ada: Typed, at: At) -> None:
    bob = bring(ada, at, "Bob")
    ada("sync")
    assert "kith role" in ada.refused("leave")["hint"]
    ada("role", "Bob", "owner")
    ada("leave", team(ada))
    bob("sync")
    assert members(bob) == [("Bob", "owner"), ("Ada", None)]
    assert ada.refused("leave", "private")["code"] == "refused"


def test_who_left_is_back_with_a_new_invitation(ada: Typed, at: At) -> None:
    bob = bring(ada, at, "Bob")
    bob("leave")
    ada("sync")
    bob("join", invite(ada, "Robert"))
    ada("sync")
    assert ("Robert", "member") in members(ada)
    bob("met", "Dana", "--in", team(ada))


def test_further_devices_of_ones_own_come_network_by_network(ada: Typed, at: At) -> None:
    lap = at("lap")
    lap("join", ada("device", "add", "--in", "private").splitlines()[-1], "--device", "lap")
    lap("join", ada("device", "add").splitlines()[-1])
    name = team(ada)
    assert [one["name"] for one in lap.json("network", "list")["networks"]] == ["private", name]
    lap("met", "Dana", "--in", name)
    lap("sync")
    ada("sync")
    assert [one["devices"] for one in ada.json("members")["members"]] == [2]


def test_a_revoked_device_speaks_no_more(ada: Typed, at: At) -> None:
    lap = at("lap")
    lap("join", ada("device", "add").splitlines()[-1], "--device", "lap")
    ada("sync")
    assert ada.json("device", "revoke", "lap")["name"] == "lap"
    assert lap.refused("sync", "--in", team(ada))["code"] in {"unknown_network", "no_session"}
    shown = {one["name"]: one["revoked"] for one in ada.json("device", "list")["devices"]}
    assert shown == {"desk": False, "lap": True}
    assert ada.refused("device", "revoke", "lap")["code"] == "not_found"


def test_nobody_shuts_a_network_for_ever_by_a_slip(ada: Typed, at: At) -> None:
    solo = at("solo")
    solo("init", "--me", "Eve", "--device", "desk")
    assert "only device" in solo.refused("device", "revoke", "desk", "--yes")["message"]
    assert "last owner" in solo.refused("role", "me", "reader")["message"]
    solo("met", "Dana")
    assert "--role owner" in ada.refused("role", "me", "member")["hint"]
    bring(ada, at, "Bob")
    ada("sync")
    assert ada.refused("role", "me", "member") == ada.refused("leave", "--yes")
    ada("role", "Bob", "owner")
    assert "owner of" in ada.refused("role", "me", "owner")["message"]
    ada("role", "me", "member")
    assert "only an owner above you" in ada.refused("role", "me", "owner")["message"]


def test_whoever_revokes_the_device_they_are_on_means_it_and_comes_back_with_a_new_link(
    ada: Typed, at: At
) -> None:
    tab = at("tab")
    tab("join", ada("device", "add", "--in", "private").splitlines()[-1], "--device", "tab")
    assert "--yes" in tab.refused("device", "revoke", "tab")["hint"]
    tab("device", "revoke", "tab", "--yes")
    assert tab.json("log", "last")["events"][0]["counts"]
    for words in (("met", "Dana"), ("sync",), ("device", "revoke", "desk")):
        said = tab.refused(*words)
        assert "tab was revoked in private" in said["message"]
        assert "kith device add" in said["hint"]
    tab("join", ada("device", "add", "--in", "private").splitlines()[-1])
    tab("met", "Dana")
    assert tab.json("sync")["networks"][0]["up_to_date"]
    ada("sync", "--in", "private")
    assert any(one["name"] == "Dana" for one in ada.json("contacts", "--in", "private")["contacts"])


def test_a_device_that_was_revoked_elsewhere_comes_back_with_a_new_link(ada: Typed, at: At) -> None:
    lap = at("lap")
    link = ada("device", "add").splitlines()[-1]
    lap("join", link, "--device", "lap")
    ada("sync")
    ada("device", "revoke", "lap")
    assert lap.refused("join", link)["code"] == "link_used"
    before = lap.json("device", "list", "--in", team(ada))["devices"]
    lap("join", ada("device", "add").splitlines()[-1])
    after = lap.json("device", "list", "--in", team(ada))["devices"]
    assert sorted(one["revoked"] for one in after) == [False, False, True]
    assert len(after) == len(before) + 1
    lap("met", "Dana", "--in", team(ada))


def test_a_device_link_to_a_team_begins_a_home_with_a_private_network_too(
    ada: Typed, at: At
) -> None:
    lap = at("lap")
    lap("join", ada("device", "add").splitlines()[-1], "--device", "lap")
    networks = lap.json("network", "list")["networks"]
    assert [(one["name"], one["private"]) for one in networks] == [
        ("private", True),
        (team(ada), False),
    ]
    assert lap.json("status")["me"] == "Ada"


def test_ones_own_network_takes_the_place_of_an_empty_one(ada: Typed, at: At) -> None:
    lap, name = at("lap"), team(ada)
    lap("join", ada("device", "add").splitlines()[-1], "--device", "lap")
    ada("met", "Zoe", "--in", "private")
    ada("sync", "--in", "private")
    said = lap("join", ada("device", "add", "--in", "private").splitlines()[-1])
    assert "private 2" not in said
    networks = lap.json("network", "list")["networks"]
    assert [(one["name"], one["private"]) for one in networks] == [("private", True), (name, False)]
    lap("met", "Dana")
    lap("sync")
    ada("sync")
    assert {"Zoe", "Dana"} <= {one["name"] for one in ada.json("contacts")["contacts"]}
    assert lap.json("verify")["ok"]
    digests = [
        {one["name"]: one["digest"] for one in kith.json("status")["networks"]}
        for kith in (ada, lap)
    ]
    assert digests[0]["private"] == digests[1]["private"]


def test_ones_own_network_stays_beside_one_that_holds_something(ada: Typed, at: At) -> None:
    lap, eve = at("lap"), at("Eve")
    for kith, name in ((lap, "Ada"), (eve, "Eve")):
        kith("init", "--me", name, "--device", name)
        kith("met", "Dana")
        said = kith("join", ada("device", "add", "--in", "private").splitlines()[-1])
        assert "You are owner of private 2." in said
        assert ("Ada's own network, and this home is Eve's" in said) == (name == "Eve")
    empty = at("empty")
    empty("init", "--me", "Eve", "--device", "empty")
    empty("join", ada("device", "add", "--in", "private").splitlines()[-1])
    assert empty.json("status")["me"] == "Eve"


def test_a_server_that_knows_nobody_here_hosts_nothing(at: At, running: Running) -> None:
    eve = at("Eve")
    eve("init", "--me", "Eve")
    error = eve.refused("network", "new", "mine", "--server", running.origin)
    assert error["code"] == "no_session"
    assert "--local" in error["hint"]
    assert [one["name"] for one in eve.json("network", "list")["networks"]] == ["private"]
    assert eve.json("network", "new", "mine")["server"] is None, "as the current one has none"


def test_two_networks_of_one_name_are_told_apart_here(ada: Typed, at: At) -> None:
    bob = at("Bob")
    bob("init", "--me", "Bob")
    bob("network", "new", team(ada), "--local")
    bob("join", invite(ada, "Bob"))
    names = [one["name"] for one in bob.json("network", "list")["networks"]]
    assert names == ["private", team(ada), f"{team(ada)} 2"]


def test_a_team_moves_to_another_server(ada: Typed, at: At, tmp_path: Path) -> None:
    bob = bring(ada, at, "Bob")
    bob("met", "Dana")
    bob("sync")
    ada("sync")
    with kithd(tmp_path / "other") as other:
        error = bob.refused("network", "move", other.origin)
        assert error["code"] in {"no_session", "unknown_network"}
        ada("join", other.link)
        moved = bob.json("network", "move", other.origin)
        assert moved["server"] == other.origin
        ada("met", "Eve")
        ada("sync", "--in", team(ada))
        bob("sync", "--in", team(ada))
        assert "Eve" in bob("log", "--in", team(ada))
