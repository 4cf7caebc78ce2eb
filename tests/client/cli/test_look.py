"""What the reading commands answer; their numbers are tested where they are worked out."""

from pathlib import Path
from typing import Any

import pytest

from tests.client.cli.conftest import Typed


def story(kith: Typed) -> dict[str, str]:
    """The README's story; the events by what they are about."""
    lines: dict[str, tuple[str, ...]] = {
        "met": ("met", "Bob", "Carol Ng", "--at", "yesterday", "--where", "JavaZone"),
        "help": ("helped", "me", "a lead at Acme", "--by", "Bob", "--kind", "money", "--size", "3",
                 "--at", "2026-11-01"),
        "review": ("helped", "Bob", "reviewed his contract", "--at", "2026-11-02"),
        "referred": ("referred", "Carol", "--by", "Bob", "--at", "2026-11-03"),
        "trusted": ("trusted", "Bob", "10", "--at", "2026-11-04"),
        "hearsay": ("trusted", "Carol", "9", "--by", "Bob", "--at", "2026-11-04"),
    }  # fmt: skip
    return {about: kith.json(*words)["event"] for about, words in lines.items()}


def test_contacts(kith: Typed) -> None:
    story(kith)
    kith("describe", "Carol", "--cadence", "30d")
    kith("trusted", "Dana", "3")
    contacts = kith.json("contacts")["contacts"]
    assert [(c["name"], c["state"], c["last_contact"], c["events"]) for c in contacts] == [
        ("Bob", None, "2026-11-22", 3),
        ("Carol Ng", "alive", "2026-11-22", 1),
        ("Dana", None, None, 0),
    ]
    assert contacts[0]["first_contact"] == "2026-11-01"
    assert set(contacts[0]) >= {"id", "name", "state", "first_contact", "last_contact", "events"}
    alive = kith.json("contacts", "--state", "alive")["contacts"]
    assert [c["name"] for c in alive] == ["Carol Ng"]
    from_bob = kith.json("contacts", "--from", "Bob")["contacts"]
    assert [c["name"] for c in from_bob if c["events"]] == ["Ada", "Carol Ng"]
    assert kith("contacts").splitlines()[1].split() == [
        "Bob", "2026-11-22", "3", "2026-11-01"
    ]  # fmt: skip


def test_ledger(kith: Typed) -> None:
    events = story(kith)
    none = {"information": 0, "money": 0, "fun": 0}
    (bob,) = kith.json("ledger")["ledger"]
    assert bob["name"] == "Bob"
    assert bob["given"] == none | {"information": 1}
    assert bob["received"] == none | {"money": 1}
    assert bob["thanks_owed"] == [events["help"]]
    assert bob["thanks_due"] == [events["review"]]
    assert kith.json("ledger", "Bob")["ledger"] == [bob]
    assert kith.json("ledger", "Carol")["ledger"][0]["given"] == none
    (mine,) = kith.json("ledger", "--from", "Bob")["ledger"]
    assert (mine["name"], mine["given"]) == ("Ada", bob["received"])
    assert kith.json("ledger", "Ada", "--from", "Bob")["ledger"] == [mine]
    assert "a lead at Acme, 2026-11-01" in kith("ledger", "Bob")


def test_trust_and_why(kith: Typed) -> None:
    events = story(kith)
    carol = kith.json("trust", "Carol")
    assert (carol["from"], carol["to"]) == ("Ada", "Carol Ng")
    assert (carol["score"], carol["shown"], carol["basis"]) == (5.0, 5, "chain")
    assert (carol["support"], carol["warning"]) == (5.0, None)
    assert carol["chain"] == [
        {"by": "Ada", "to": "Bob", "level": 10.0, "stated": 10.0, "event": events["trusted"]},
        {"by": "Bob", "to": "Carol Ng", "level": 9.0, "stated": 9.0, "event": events["hearsay"]},
    ]
    assert [one["to"] for one in kith.json("trust")["trust"]] == ["Bob", "Carol Ng"]
    assert kith.json("trust")["trust"][1] == carol
    assert kith.json("trust", "Carol", "--from", "Bob")["score"] == 9.0
    why = kith.json("why", "Carol")
    assert {**why, **carol} == why
    assert why["worked"] == "10 × 9/18 = 5.0"
    said = kith("why", "Carol")
    assert "so Ada trusts Carol Ng 5." in said
    assert "10 × 9/18 = 5.0" in said
    assert kith.json("trust", "me", "--from", "Carol")["basis"] == "none"


def test_log(kith: Typed) -> None:
    events = story(kith)
    kith("retract", events["hearsay"], "--why", "I misheard")
    log = kith.json("log", "--all")
    assert log["more"] == 0
    types = [event["type"] for event in log["events"]]
    assert types[:2] == ["founded", "described"]
    assert types[-2:] == ["trusted", "retracted"]
    heard, taken_back = log["events"][-2:]
    assert (heard["counts"], heard["void"]) == (False, "retracted")
    assert taken_back["fields"] == {"event": events["hearsay"], "why": "I misheard"}
    for event in log["events"]:
        assert set(event) >= {"event", "type", "at", "recorded", "received", "author"}
        assert event["author"] == "Ada"
    of_carol = kith.json("log", "Carol")["events"]
    assert {"Carol Ng"} <= {name for event in of_carol for name in event["people"]}
    assert len(of_carol) == 4
    two = kith.json("log", "--limit", "2")
    assert [e["event"] for e in two["events"]] == [e["event"] for e in log["events"]][-2:]
    assert two["more"] == len(log["events"]) - 2
    happened = kith.json("log", "--order", "at", "--limit", "4")
    assert [e["at"][8:10] for e in happened["events"]] == ["22", "23", "23", "23"]
    assert happened["more"] == len(log["events"]) - 4
    received = kith.json("log", "--all", "--order", "received")
    assert received["events"] == log["events"]
    said = kith("log")
    assert "Bob trusted Carol Ng 9" in said
    assert "retracted" in said
    assert "I misheard" in said


def test_why_leaves_out_arithmetic_without_content_and_says_what_one_cannot_ask(
    kith: Typed,
) -> None:
    story(kith)
    assert kith.json("why", "Bob")["worked"] == "10 = 10.0"
    assert "10 = 10.0" not in kith("why", "Bob")
    both = "Trust goes from one person to another, and both are"
    assert kith("why", "me") == f"{both} you.\n"
    assert kith("why", "Bob", "--from", "Bob") == f"{both} Bob.\n"


def test_show(kith: Typed) -> None:
    story(kith)
    kith("describe", "Bob", "--tag", "java", "--tag", "oslo", "--org", "Acme")
    page = kith.json("show", "Bob")
    assert page["card"] == {"name": "Bob", "org": "Acme", "tag": ["java", "oslo"]}
    assert page["contact"] == {
        k: v for c in kith.json("contacts")["contacts"] for k, v in c.items() if c["name"] == "Bob"
    }
    assert [page["account"]] == kith.json("ledger", "Bob")["ledger"]
    assert page["trust"]["score"] == 10
    assert page["trusts"]["from"] == "Bob"
    assert page["referrals"][0]["who"] == "Carol Ng"
    assert page["events"][-1]["type"] == "described"
    said = kith("show", "Bob")
    assert "tag: java, oslo" in said
    assert "Bob referred Carol Ng to you, 2026-11-03" in said


def test_show_says_how_many_older_events_there_are(kith: Typed) -> None:
    for _ in range(10):
        kith("met", "Carol Ng")
    assert "… 1 older ones (kith log 'carol ng' --all)\n" in kith("show", "carol ng")
    assert kith.json("show", "Carol Ng")["more"] == 1
    kith("met", "Bob")
    assert "older" not in kith("show", "Bob")


def test_next(kith: Typed) -> None:
    assert kith("next") == "Nothing waits for you.\n"
    events = story(kith)
    kith("met", "Dana", "Eve", "--at", "2026-01-01")
    kith("describe", "Dana", "--cadence", "300d")
    kith("describe", "Eve", "--tag", "client")
    kith("rule", "cadence:client", "60d")
    waiting = kith.json("next")
    assert [(one["name"], one["state"]) for one in waiting["due"]] == [
        ("Eve", "fading"),
        ("Dana", "due"),
    ]
    assert [(one["name"], one["event"], one["what"]) for one in waiting["thanks"]] == [
        ("Bob", events["help"], "a lead at Acme")
    ]
    assert "a lead at Acme" in kith("next")


def test_search(kith: Typed) -> None:
    events = story(kith)
    found = kith.json("search", "acme")
    assert [event["event"] for event in found["events"]] == [events["help"]]
    assert [one["name"] for one in kith.json("search", "caro")["people"]] == ["Carol Ng"]
    assert kith("search", "nothing", "like", "this") == "Nothing has these words.\n"
    assert "U+DCFF" in kith.refused("search", "broken\udcff")["message"]


def test_rules(kith: Typed) -> None:
    story(kith)
    rules = {rule["setting"]: rule["value"] for rule in kith.json("rule")["rules"]}
    assert rules["transfer"] == "5/9"
    answer: dict[str, Any] = kith.json("rule", "transfer", "1/2")
    assert (answer["type"], answer["people"]) == ("ruled", [])
    assert kith.json("trust", "Carol")["score"] == 4.5
    assert "transfer  1/2" in kith("rule")
    assert kith.refused("rule", "transfer", "7")["code"] == "invalid"
    assert kith.refused("rule", "karma", "7")["code"] == "invalid"
    assert kith.refused("rule", "transfer", code=2)["code"] == "usage"


def test_an_empty_home_says_what_to_type(kith: Typed) -> None:
    for words in (("contacts",), ("ledger",), ("trust",)):
        assert "kith " in kith(*words)
    assert kith.json("contacts") == {"contacts": []}
    assert kith.json("ledger")["ledger"] == []
    assert kith.json("trust") == {"trust": []}


def test_without_a_home_it_says_how_to_begin(empty: Typed) -> None:
    for words in (("contacts",), ("met", "Bob"), ("status",), ("log",)):
        error = empty.refused(*words)
        assert error["code"] == "no_home"
        assert "kith init --me" in error["hint"]
    assert not empty.home.exists()


@pytest.mark.parametrize("command", ["contacts", "trust", "ledger"])
def test_a_table_of_everybody_stops_after_fifty_and_says_so(
    empty: Typed, tmp_path: Path, command: str
) -> None:
    empty("init", "--me", "Ada")
    lines = [
        f'{{"type":"{said}","{whom}":"Person {n:02}",{more}}}'
        for n in range(60)
        for said, whom, more in (
            ("helped", "to", '"what":"a lead"'),
            ("trusted", "whom", '"level":9'),
        )
    ]
    history = tmp_path / "history.jsonl"
    history.write_text("\n".join(lines))
    empty("import", str(history))

    *table, last = empty(command).splitlines()
    assert (len(table), last.endswith("more (--all)")) == (51, True)
    everybody = empty(command, "--all").splitlines()
    assert (len(everybody), everybody[:51]) == (61, table)
    assert len(empty.json(command)[command]) == 60
