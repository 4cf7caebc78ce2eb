"""Corrections name what they correct, and nothing is overwritten."""

import pytest

from tests.client.cli.conftest import Typed


def test_retract_takes_one_event_back(kith: Typed) -> None:
    kith("trusted", "Bob", "3")
    said = kith("retract", "last", "--why", "somebody else")
    assert said.startswith("Took back: You trusted Bob 3.")
    assert kith.json("trust", "Bob")["basis"] == "none"
    assert kith.refused("retract", "last")["code"] == "refused"
    trusted = kith.json("log")["events"][-2]["event"]
    assert "retracted" in kith.refused("retract", trusted)["message"]


def test_retract_takes_short_names_and_refuses_others(kith: Typed) -> None:
    event = kith.json("met", "Bob")["event"]
    log, _, seq = event.partition(":")
    assert kith.json("retract", f"{log[:4]}:{seq}")["type"] == "retracted"
    assert kith.refused("retract", f"{log}:999")["code"] == "not_found"
    assert kith.refused("retract", "yesterday")["code"] == "invalid"
    assert "founded" in kith.refused("retract", f"{log}:1")["message"]
    assert kith.refused("retract", code=2)["code"] == "usage"


def test_who_was_made_by_a_slip_can_be_taken_out_of_the_book(kith: Typed) -> None:
    kith("met", "Bob", "Sofai")
    kith("met", "Bob")
    kith("retract", "last")
    event = kith.json("log", "Sofai")["events"][-1]["event"]
    said = kith("retract", event).splitlines()[1:]
    assert [line.partition(" in the book")[0] for line in said] == ["Bob stays", "Sofai stays"]
    for line in said:
        kith(*line.partition(": kith ")[2].split())
    assert kith.json("contacts")["contacts"] == []
    kith("met", "Sofia")
    kith("trusted", "Sofia", "5")
    assert "by name" not in kith("retract", "last")


def test_a_retraction_takes_no_people(kith: Typed) -> None:
    kith("met", "Bob")
    assert kith.json("retract", "last")["people"] == []


def test_merge_and_unmerge(kith: Typed) -> None:
    kith("met", "Bob", "Robert Smith")
    answer = kith.json("merge", "Bob", "Robert Smith")
    assert answer["type"] == "merged"
    assert [one["name"] for one in answer["people"]] == ["Bob", "Robert Smith"]
    (both,) = kith.json("contacts")["contacts"]
    assert both["events"] == 2
    kith("trusted", "Robert Smith", "7")
    types = [event["type"] for event in kith.json("log", "Bob")["events"]]
    assert types == ["described", "described", "met", "merged", "trusted"]
    assert kith.json("log", "Bob", "--limit", "2")["more"] == 3
    assert [e["type"] for e in kith.json("show", "Bob")["events"]] == types
    kith("retract", "last")
    merged = next(e for e in kith.json("log")["events"] if e["type"] == "merged")
    kith("retract", merged["event"])
    assert len(kith.json("contacts")["contacts"]) == 2
    assert kith.refused("merge", "Bob", code=2)["code"] == "usage"
    assert kith.refused("merge", "Bob", "Bob")["message"] == "Bob is one human already."
    assert kith.refused("merge", "me", "Ada")["message"] == "You are one human already."


def test_erase_destroys_an_event_and_its_copies_once_it_is_meant(kith: Typed) -> None:
    kith("met", "Carol", "--note", "a word that nobody may read")
    event = kith.json("log")["events"][-1]["event"]
    assert "--yes" in kith.refused("erase", event)["hint"]
    said = kith("erase", event, "--yes")
    assert said.startswith("Met Carol.")
    assert kith.json("log")["events"][-2]["void"] == "erased"
    assert kith.json("contacts")["contacts"][0]["first_contact"] is None
    assert kith.json("verify")["ok"]
    assert "nothing to erase" in kith.refused("erase", event, "--yes")["hint"]
    assert "cannot be erased" in kith.refused("erase", "last", "--yes")["message"]


def test_describe_replaces_what_was_said(kith: Typed) -> None:
    kith("describe", "Carol", "--email", "carol@example.org", "--org", "Acme", "--cadence", "30d")
    kith("describe", "Carol", "--email", "carol@example.com", "--org", "Initech")
    card = kith.json("show", "Carol")["card"]
    assert card["email"] == ["carol@example.com", "carol@example.org"]
    assert card["org"] == "Initech"
    event = kith.json("log")["events"][-1]
    assert len(event["fields"]["over"]) == 1
    kith("describe", "Carol", "--unset", "email:carol@example.org", "--unset", "cadence")
    card = kith.json("show", "Carol")["card"]
    assert (card["email"], card.get("cadence")) == (["carol@example.com"], None)


def test_what_a_wrong_clock_wrote_is_replaced_all_the_same(kith: Typed) -> None:
    kith("met", "Carol")
    kith.later(days=3650)
    kith("describe", "Carol", "--org", "Acme")
    kith.later(days=-3650)
    kith("describe", "Carol", "--org", "Initech")
    assert kith.json("show", "Carol")["card"]["org"] == "Initech"


def test_describe_refuses_what_a_field_cannot_hold(kith: Typed) -> None:
    kith("met", "Carol")
    for words in (
        ("--email", "nobody"),
        ("--cadence", "often"),
        ("--birthday", "in spring"),
        ("--name", "me"),
        ("--unset", "name"),
        ("--unset", "tag"),
        ("--unset", "shoe:42"),
    ):
        assert kith.refused("describe", "Carol", *words)["code"] == "invalid"
    assert kith.refused("describe", "Carol", code=2)["code"] == "usage"
    kith("describe", "Carol", "--birthday", "--02-29")
    kith("describe", "Carol", "--birthday", "1815-12-10", "--benefactor", "indirect")


@pytest.mark.parametrize(
    "words", [("--title", "CEO", "--unset", "title"), ("--tag", " a", "--unset", "tag:a")]
)
def test_describe_refuses_to_set_and_unset_one_field(kith: Typed, words: tuple[str, ...]) -> None:
    error = kith.refused("describe", "Carol", *words, code=2)
    assert "or unset it" in error["message"]
    assert kith.json("contacts")["contacts"] == []
