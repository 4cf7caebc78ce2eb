"""Several networks in one home: what is read from all of them, and what is written to which."""

import shlex
from pathlib import Path
from typing import Any

import pytest

from tests.client.cli.conftest import Typed


@pytest.fixture
def team(kith: Typed) -> Typed:
    """Ada knows Bob and Carol; on the team, which is on her desk alone so far, Bob and Dana."""
    kith("met", "Bob", "Carol")
    kith("network", "new", "team", "--local")
    kith("met", "Bob", "Dana", "--in", "team")
    return kith


def rows(kith: Typed, *words: str) -> list[tuple[str, list[str]]]:
    return sorted((one["name"], one["networks"]) for one in kith.json(*words)[words[0]])


def id_of(kith: Typed, name: str, network: str) -> str:
    found = kith.json("contacts", "--in", network)["contacts"]
    return next(str(one["id"]) for one in found if one["name"] == name)


def merge_bob(kith: Typed) -> None:
    kith("merge", "Bob")


def events(kith: Typed, network: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = kith.json("log", "--in", network)["events"]
    return found


def test_all_networks_are_read_as_one_address_book(team: Typed) -> None:
    assert rows(team, "contacts") == [
        ("Bob", ["private"]),
        ("Bob", ["team"]),
        ("Carol", ["private"]),
        ("Dana", ["team"]),
    ]
    assert rows(team, "contacts", "--in", "team") == [("Bob", ["team"]), ("Dana", ["team"])]
    assert "NETWORK" in team("contacts").splitlines()[0]
    assert "NETWORK" not in team("contacts", "--in", "team").splitlines()[0]


def test_one_network_has_no_column_for_it(kith: Typed) -> None:
    kith("met", "Bob")
    assert "NETWORK" not in kith("contacts")
    assert rows(kith, "contacts") == [("Bob", ["private"])]


def test_a_human_in_two_networks_is_one_after_a_private_merge(team: Typed) -> None:
    before = events(team, "team")
    merge_bob(team)
    assert rows(team, "contacts")[0] == ("Bob", ["private", "team"])
    (bob,) = (one for one in team.json("contacts")["contacts"] if one["name"] == "Bob")
    assert bob["events"] == 2
    assert {one["network"] for one in team.json("log", "Bob")["events"]} == {"private", "team"}
    assert events(team, "team") == before, "nothing of it leaves the private network"


def test_a_name_in_two_networks_is_asked_about_and_not_guessed(team: Typed) -> None:
    error = team.refused("show", "Bob")
    assert error["code"] == "ambiguous"
    assert "kith merge" in error["hint"]
    assert {word for one in error["candidates"] for word in one.split(" · ")} > {"private", "team"}
    assert team.json("show", "Bob", "--in", "team")["name"] == "Bob"


def test_people_of_two_networks_are_merged_by_id_too(team: Typed) -> None:
    team("merge", id_of(team, "Bob", "private"), id_of(team, "Dana", "team"))
    assert len(team.json("contacts")["contacts"]) == 3


def test_a_new_name_that_another_network_knows_is_told_of(team: Typed) -> None:
    said = team("trusted", "Dana", "9")

    assert "in team somebody is called so as well" in said
    assert "kith merge Dana --in private" in said
    team("merge", "Dana", "--in", "private")
    assert rows(team, "contacts")[-1] == ("Dana", ["private", "team"])
    assert "called so" not in team("met", "Dana")


def test_one_name_merges_nobody_of_one_network(team: Typed) -> None:
    team("met", "Carol", "--new")
    assert team.refused("merge", "Carol", code=2)["code"] == "usage"
    assert team.refused("merge", "Bob", "--in", "team", code=2)["code"] == "usage"
    merge_bob(team)
    assert team.refused("merge", "Bob", code=2)["code"] == "usage"


def test_what_is_written_goes_to_the_current_network(team: Typed) -> None:
    team("trusted", "Carol", "7")
    assert events(team, "private")[-1]["type"] == "trusted"
    assert team.json("network", "use", "team")["current"]
    team("met", "Eve")
    assert events(team, "team")[-1]["people"] == ["Ada", "Eve"]
    assert [one["current"] for one in team.json("network", "list")["networks"]] == [False, True]
    team("met", "Fay", "--in", "private")
    assert events(team, "private")[-1]["people"] == ["Ada", "Fay"]


def test_a_name_is_looked_up_in_the_network_that_is_written_to(team: Typed) -> None:
    (_, dana) = team.json("met", "Dana", "--by", "me")["people"]
    assert dana["new"], "Dana is known to the team only"


def test_a_new_name_that_comes_near_one_of_another_network_is_told_of(team: Typed) -> None:
    team("met", "Kai Wolf", "--in", "team")
    said = team("describe", "Kai", "--tag", "avoid", "--in", "private")
    merge = "kith merge Kai 'Kai Wolf' --in private"
    assert f"Kai is new here. Did you mean Kai Wolf in team? Then type: {merge}" in said
    team(*shlex.split(merge)[1:])
    assert "tag: avoid" in team("show", "Kai Wolf")
    assert "Did you mean" not in team("met", "Kai", "--new", "--in", "private")


def test_trust_goes_over_all_networks(team: Typed) -> None:
    merge_bob(team)
    team("trusted", "Bob", "10")
    team("trusted", "Dana", "9", "--by", "Bob", "--in", "team")
    assert team.json("trust", "Dana")["score"] == 5
    assert team.json("trust", "Dana", "--in", "team")["score"] < 1
    assert team.json("why", "Dana")["networks"] == ["team"]


def test_a_history_a_report_and_a_supposition_start_from_the_score_that_trust_gives(
    team: Typed, tmp_path: Path
) -> None:
    merge_bob(team)
    team("trusted", "Bob", "10", "--at", "2026-03-01", "--in", "team")
    team("trusted", "Bob", "6", "--at", "2026-04-01", "--in", "private")
    team.later(minutes=1)
    team("trusted", "Dana", "9", "--by", "Bob", "--at", "2026-05-01", "--in", "team")
    score = team.json("trust", "Dana")["score"]
    assert score != team.json("trust", "Dana", "--in", "team")["score"]
    for order in ("at", "recorded", "received"):
        told = team.json("why", "Dana", "--changes", "--order", order)
        assert told["score"] == told["changes"][-1]["after"] == score
        assert "team" in {one["network"] for one in told["changes"]}
    report = tmp_path / "dana.md"
    assert "It tells of private, team" in team("why", "Dana", "--report", str(report))
    assert f"**{score:.3f}**" in report.read_text()
    (moved,) = team.json("what-if", "Dana", "--rule", "transfer=1/2")["moved"]
    assert moved["before"]["score"] == score
    team("rule", "transfer", "1/2", "--in", "private")
    assert moved["after"]["score"] == team.json("trust", "Dana")["score"]


def test_whom_a_supposition_names_is_found_in_any_network(team: Typed) -> None:
    team("trusted", "Bob", "10", "--in", "team")
    sentence = "trusted Dana 9 --by Bob"
    found = team.json("what-if", "Dana", "--add", sentence)
    assert [one["after"]["score"] for one in found["moved"]] == [5]
    assert found["new"] == []
    assert team.json("what-if", "--add", "trusted Zoe 9")["new"] == [
        {"name": "Zoe", "network": "private"}
    ]
    assert "Nobody is called Zoe yet" in team("what-if", "--add", "trusted Zoe 9")
    assert team.refused("what-if", "--add", "merge Zoe Bob")["code"] == "not_found"


def test_you_are_one_in_all_networks(team: Typed) -> None:
    team("helped", "me", "a lead", "--by", "Dana", "--in", "team")
    assert "Dana helped you: a lead" in team("log")
    assert [one["what"] for one in team.json("next")["thanks"]] == ["a lead"]
    assert "2 ids of you are one human" in team("log")


def test_thanks_are_written_where_the_help_stands(team: Typed) -> None:
    merge_bob(team)
    team("helped", "me", "a lead", "--by", "Bob", "--in", "team")
    (open_,) = team.json("next")["thanks"]
    error = team.refused("thanked", "Bob")
    assert error["message"] == "No help from Bob is open in private, and one is in team."
    short = f"{open_['event'][:8]}:{open_['event'].partition(':')[2]}"
    assert f"--for {short}" in error["hint"]
    said = team("thanked", "Bob", "--for", short)
    assert said.startswith("Thanked Bob for “a lead” (today 15:30), in team.")
    assert team.json("next")["thanks"] == []
    assert events(team, "team")[-1]["fields"]["for"] == [open_["event"]]
    assert "none is open" in team("thanked", "Bob")


def test_thanks_for_no_help_can_be_written_all_the_same(team: Typed) -> None:
    merge_bob(team)
    team("helped", "me", "a lead", "--by", "Bob", "--in", "team")
    assert "none is open" in team("thanked", "Bob", "--in", "private")
    assert len(team.json("next")["thanks"]) == 1


def test_an_event_is_taken_back_where_it_stands(team: Typed) -> None:
    event = team.json("trusted", "Dana", "3", "--in", "team")["event"]
    team("retract", event)
    assert [one["type"] for one in events(team, "team")][-2:] == ["trusted", "retracted"]
    assert team.json("log", event)["events"][0]["network"] == "team"


def test_status_verify_rebuild_search_and_doctor_take_all_networks(team: Typed) -> None:
    assert [one["name"] for one in team.json("status")["networks"]] == ["private", "team"]
    held = sum(one["events"] for one in team.json("status")["networks"])
    assert team.json("verify")["events"] == held
    assert [one["name"] for one in team.json("rebuild")["networks"]] == ["private", "team"]
    found = team.json("search", "bob")["people"]
    assert [one["networks"] for one in found] == [["private"], ["team"]]
    merge_bob(team)
    (found,) = team.json("search", "bob")["people"]
    assert found["networks"] == ["private", "team"]
    assert {f["name"].partition(",")[0] for f in team.json("doctor")["findings"]} > {"team"}


def test_networks_have_names_of_their_own(team: Typed) -> None:
    assert team.refused("network", "new", "Team", "--local")["code"] == "refused"
    assert team.refused("network", "show", "nothing")["code"] == "not_found"
    shown = team.json("network", "show", "team")
    assert [(one["name"], one["role"]) for one in shown["members"]] == [("Ada", "owner")]
