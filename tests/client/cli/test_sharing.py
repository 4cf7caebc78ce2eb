"""`kith share`: what the team gets, and what stays at home."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.client.cli.conftest import Typed


@pytest.fixture
def ada(kith: Typed) -> Typed:
    """Ada has a team on her desk, with nobody else in it yet."""
    kith("network", "new", "team", "--local")
    return kith


def on_the_team(kith: Typed) -> list[dict[str, Any]]:
    """What stands there beside what every new network begins with."""
    found: list[dict[str, Any]] = kith.json("log", "--in", "team", "--all")["events"]
    return found[2:]


def share(kith: Typed, *words: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = kith.json("share", *words, "--in", "team")["shared"]
    return found


def test_a_private_fact_is_told_again_with_the_people_it_names(ada: Typed) -> None:
    event = ada.json("met", "Bob", "--at", "2026-11-02", "--where", "JavaZone")["event"]
    (shared,) = share(ada, event)
    assert (shared["event"], shared["type"], shared["new"]) == (event, "met", True)
    bob, met = on_the_team(ada)
    assert bob["fields"]["set"] == {"name": "Bob"}
    assert (met["event"], met["at"], met["people"]) == (
        shared["shared"],
        "2026-11-02",
        ["Ada", "Bob"],
    )
    assert met["fields"]["where"] == "JavaZone"


def test_it_is_said_with_whom_something_is_shared_and_whom_that_made_there(ada: Typed) -> None:
    event = ada.json("met", "Bob", "Carol")["event"]
    said = ada("share", event, "--in", "team").splitlines()
    assert said[0].startswith("Shared with team: You met Bob and Carol.  ")
    assert said[1:] == ["Bob and Carol are new in team, for everyone there to see."]
    (again,) = ada("share", event, "--in", "team").splitlines()
    assert again.startswith("team knows that already: You met Bob and Carol.")
    (other,) = share(ada, ada.json("met", "Bob", "Dan")["event"])
    assert other["made"] == ["Dan"]


def test_who_is_named_is_one_human_afterwards(ada: Typed) -> None:
    share(ada, ada.json("met", "Bob")["event"])
    (bob,) = ada.json("contacts")["contacts"]
    assert (bob["name"], bob["networks"]) == ("Bob", ["private", "team"])


def test_people_of_that_name_are_found_there(ada: Typed) -> None:
    ada("met", "Bob", "--in", "team")
    share(ada, ada.json("trusted", "Bob", "7")["event"])
    assert [one["type"] for one in on_the_team(ada)] == ["described", "met", "trusted"]
    assert len(ada.json("contacts")["contacts"]) == 1


def test_two_people_of_one_name_stay_two(ada: Typed) -> None:
    share(ada, ada.json("met", "Bob")["event"])
    share(ada, ada.json("met", "Bob", "--new")["event"])
    assert len(ada.json("contacts")["contacts"]) == 2
    assert len(ada.json("contacts", "--in", "team")["contacts"]) == 2


def test_several_of_that_name_are_asked_about(ada: Typed) -> None:
    ada("met", "Bob", "--in", "team")
    ada("met", "Bob", "--new", "--in", "team")
    event = ada.json("met", "Bob")["event"]
    error = ada.refused("share", event, "--in", "team")
    assert error["code"] == "ambiguous"
    assert len(on_the_team(ada)) == 4, "nothing was written"


def test_what_was_shared_counts_once_where_all_is_read(ada: Typed) -> None:
    events = [
        ada.json("helped", "Bob", "a lead")["event"],
        ada.json("helped", "me", "a desk", "--by", "Bob")["event"],
        ada.json("met", "Bob", "Carol")["event"],
        ada.json("referred", "Carol", "--to", "Bob")["event"],
    ]
    reads = [["contacts"], ["ledger"], ["trust"], ["next"]]
    reads += [[*one, "--as-of", "2026-12-01"] for one in reads[:3]]
    before = [_without_networks(ada.json(*one)) for one in reads]
    share(ada, *events)
    assert [_without_networks(ada.json(*one)) for one in reads] == before
    ada("retract", events[0])
    (account,) = (a for a in ada.json("ledger")["ledger"] if a["name"] == "Bob")
    assert account["given"]["information"] == 1, "the team's is still true"


def test_an_export_of_all_networks_tells_each_fact_once(ada: Typed, tmp_path: Path) -> None:
    share(ada, ada.json("helped", "Bob", "a lead")["event"])
    ada("helped", "me", "a desk", "--by", "Bob", "--in", "team")
    ada("rule", "transfer", "1", "--in", "team")
    file = str(tmp_path / "all.jsonl")
    ada("export", file)
    other = Typed(tmp_path / "other", ada.capsys)
    other("init", "--me", "Ada")
    assert other.json("import", file)["problems"] == []
    for read in ("contacts", "ledger", "trust", "rule"):
        assert _without_networks(other.json(read)) == _without_networks(ada.json(read))


def _without_networks(answer: dict[str, Any]) -> dict[str, Any]:
    """Rows without ids, which may be those that a human or an event has elsewhere."""
    left_out = {"id", "networks", "chain", "event"}
    return {
        name: [
            {k: len(v) if isinstance(v, list) else v for k, v in row.items() if k not in left_out}
            for row in rows
        ]
        for name, rows in answer.items()
        if isinstance(rows, list)
    }


def test_notes_stay_at_home_unless_they_are_asked_for(ada: Typed) -> None:
    event = ada.json("met", "Bob", "--note", "looked tired")["event"]
    share(ada, event)
    assert "tired" not in ada("log", "--in", "team")
    other = ada.json("met", "Carol", "--note", "has a lead")["event"]
    share(ada, other, "--with-note")
    assert on_the_team(ada)[-1]["note"] == "has a lead"


def test_sharing_again_adds_nothing(ada: Typed) -> None:
    event = ada.json("met", "Bob")["event"]
    (first,) = share(ada, event)
    before = ada.json("status")
    (again,) = share(ada, event)
    assert (again["new"], again["shared"]) == (False, first["shared"])
    assert ada.json("status") == before
    ada("retract", first["shared"])
    (anew,) = share(ada, event)
    assert anew["new"], "what was taken back can be said again"


def test_thanks_close_the_help_that_was_shared(ada: Typed) -> None:
    help_ = ada.json("helped", "me", "a lead", "--by", "Bob")["event"]
    thanks = ada.json("thanked", "Bob")["event"]
    share(ada, thanks, help_)
    (account,) = ada.json("ledger", "--in", "team")["ledger"]
    assert (account["received"]["information"], account["thanks_owed"]) == (1, [])


def test_nothing_reveals_the_private_log(ada: Typed) -> None:
    ada("helped", "me", "a lead", "--by", "Bob", "--at", "2026-11-01")
    ids = [
        ada.json("thanked", "Bob", "--at", "2026-11-02")["event"],
        ada.json("describe", "Bob", "--email", "bob@example.org")["event"],
        ada.json("describe", "Bob", "--unset", "email:bob@example.org")["event"],
    ]
    share(ada, *ids)
    told = json.dumps(on_the_team(ada))
    log = ids[0].partition(":")[0]
    assert log not in told
    assert ada.json("network", "show", "private")["id"] not in told
    raw = _bodies_of(ada.home, "team")
    assert bytes.fromhex(log) not in raw


def _bodies_of(home: Path, network: str) -> bytes:
    """Every record of a network as it is stored and sent."""
    from kithbook_client.home import Home

    opened = Home.open(home)
    try:
        replica = opened.replica(network)
        return b"".join(
            record for log in replica.logs.held() for _, _, record in replica.logs.rows(log, 0, 999)
        )
    finally:
        opened.close()


def test_what_cannot_be_shared_is_said(ada: Typed) -> None:
    event = ada.json("met", "Bob")["event"]
    assert "--in" in ada.refused("share", event)["hint"]
    ada("retract", event)
    assert "retracted" in ada.refused("share", event, "--in", "team")["message"]
    assert "cannot be shared" in ada.refused("share", "last", "--in", "team")["message"]
    assert on_the_team(ada) == []
