"""`kith intro`: whom to ask, and what to thank them for first."""

from tests.client.cli.conftest import Typed
from tests.client.cli.test_look import story


def test_it_says_whom_to_ask_and_what_to_thank_them_for(kith: Typed) -> None:
    events = story(kith)
    told = kith.json("intro", "Carol")
    assert (told["from"], told["to"], told["basis"]) == ("Ada", "Carol Ng", "chain")
    [way] = told["ways"]
    assert (way["ask"], way["thanks_owed"]) == ("Bob", [events["help"]])
    assert way["support"] == told["score"]
    assert [(link["by"], link["to"]) for link in way["chain"]] == [
        ("Ada", "Bob"),
        ("Bob", "Carol Ng"),
    ]
    known_by = {one["name"]: one for one in told["known_by"]}
    assert set(known_by) == {"Bob", "Ada"}
    assert (known_by["Bob"]["member"], known_by["Bob"]["stated"]) == (False, 9)
    assert (known_by["Ada"]["member"], known_by["Ada"]["last_contact"]) == (True, "2026-11-22")

    words = kith("intro", "Carol").splitlines()
    assert words[0].startswith("Ask Bob: Ada trusts Bob 10, Bob trusts Carol Ng 9")
    assert words[1].startswith("Not thanked for yet: a lead at Acme, ")
    kith("thanked", "Bob")
    assert kith.json("intro", "Carol")["ways"][0]["thanks_owed"] == []


def test_several_ways_are_told_with_the_strongest_first(kith: Typed) -> None:
    story(kith)
    kith("trusted", "Dora", "8")
    kith("trusted", "Carol", "6", "--by", "Dora")
    assert [way["ask"] for way in kith.json("intro", "Carol")["ways"]] == ["Bob", "Dora"]
    shown = kith("intro", "Carol")
    assert shown.index("Bob → Carol Ng") < shown.index("Dora → Carol Ng")


def test_nobody_is_asked_about_who_is_known_or_out_of_reach(kith: Typed) -> None:
    story(kith)
    assert kith.json("intro", "Bob")["ways"] == []
    assert kith("intro", "Bob").splitlines()[0] == "You know Bob already."
    kith("met", "Zoe", "--by", "Frank")
    assert kith("intro", "Zoe").splitlines()[0] == "Nobody whom you can trust knows Zoe."
    assert kith("intro", "Zoe", "--from", "Carol").startswith("Nobody whom Carol Ng can trust")
    assert kith("intro", "Bob", "--from", "Carol").startswith("Nobody whom Carol Ng can trust")


def test_nobody_needs_an_introduction_to_themselves(kith: Typed) -> None:
    story(kith)
    assert kith("intro", "me").splitlines()[0] == "You need no introduction there."
    assert kith("intro", "Bob", "--from", "Bob").startswith("Bob needs no introduction there.")


def test_it_can_be_asked_of_the_past(kith: Typed) -> None:
    story(kith)
    assert kith.json("intro", "Carol", "--as-of", "2026-11-03")["ways"] == []
