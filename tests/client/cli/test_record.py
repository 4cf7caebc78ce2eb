import pytest

from tests.client.cli.conftest import Typed


def last(kith: Typed) -> dict:
    return kith.json("log")["events"][-1]


def test_met_makes_who_is_new_and_says_so(kith: Typed) -> None:
    said = kith("met", "Bob", "Carol Ng", "--at", "yesterday", "--where", "JavaZone")
    assert said.startswith("Met Bob (new) and Carol Ng (new) at JavaZone, yesterday (2026-11-22).")
    assert kith("met", "bob").startswith("Met Bob.  ")


def test_a_verb_answers_with_the_event_and_the_people_named(kith: Typed) -> None:
    answer = kith.json("met", "Bob", "--at", "2026-11-01")
    assert set(answer) >= {"event", "type", "at", "people"}
    assert answer["type"] == "met"
    assert answer["at"] == "2026-11-01"
    (bob,) = answer["people"]
    assert (bob["name"], bob["new"], len(bob["id"])) == ("Bob", True, 32)
    again = kith.json("met", "Bob")["people"][0]
    assert again == bob | {"new": False}
    assert last(kith)["event"] == kith.json("log")["events"][-1]["event"]


def test_now_is_when_it_was_unless_said_otherwise(kith: Typed) -> None:
    assert kith.json("met", "Bob")["at"] == "2026-11-23T15:30:00+01:00"
    assert kith.json("met", "Bob", "--at", "today")["at"] == "2026-11-23T15:30:00+01:00"
    assert kith.json("met", "Bob", "--at", "yesterday")["at"] == "2026-11-22"


def test_i_am_named_only_where_the_line_names_me(kith: Typed) -> None:
    names = [one["name"] for one in kith.json("helped", "me", "a lead", "--by", "Bob")["people"]]
    assert names == ["Bob", "Ada"]
    names = [one["name"] for one in kith.json("helped", "Bob", "a review")["people"]]
    assert names == ["Bob"]


@pytest.mark.parametrize(
    ("words", "fields"),
    [
        (
            ("met", "Bob", "Carol", "--how", "call", "--by", "Dana"),
            {"by": "Dana", "people": ["Bob", "Carol"], "where": None, "how": "call"},
        ),
        (
            ("helped", "me", "a lead at Acme", "--by", "Bob", "--kind", "money", "--size", "3"),
            {"by": "Bob", "to": "Ada", "what": "a lead at Acme", "kind": "money", "size": 3},
        ),
        (
            ("helped", "Bob", "a review"),
            {"by": "Ada", "to": "Bob", "what": "a review", "kind": "information", "size": 1},
        ),
        (("thanked", "Bob"), {"by": "Ada", "to": "Bob", "for": []}),
        (("thanked", "me", "--by", "Carol"), {"by": "Carol", "to": "Ada", "for": []}),
        (
            ("referred", "Carol", "--to", "Bob"),
            {"by": "Ada", "who": "Carol", "to": "Bob", "what": None},
        ),
        (
            ("referred", "Carol", "--by", "Bob"),
            {"by": "Bob", "who": "Carol", "to": "Ada", "what": None},
        ),
        (
            ("referred", "me", "for a talk", "--by", "Bob", "--to", "Carol"),
            {"by": "Bob", "who": "Ada", "to": "Carol", "what": "for a talk"},
        ),
        (
            ("trusted", "Bob", "9.5", "--context", "delivery"),
            {"by": "Ada", "whom": "Bob", "level": 9.5, "context": "delivery"},
        ),
        (
            ("trusted", "Carol", "withdraw", "--by", "Bob"),
            {"by": "Bob", "whom": "Carol", "level": None, "context": None},
        ),
    ],
)
def test_what_is_typed_is_what_is_recorded(
    kith: Typed, words: tuple[str, ...], fields: dict[str, object]
) -> None:
    answer = kith.json(*words, "--note", "first line\nsecond line")
    assert answer["fields"] == fields
    event = last(kith)
    assert event["event"] == answer["event"]
    assert event["fields"] == fields
    assert event["note"] == "first line\nsecond line"
    assert event["counts"]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("helped", "me", "x"), 1),
        (("trusted", "me", "5"), 1),
        (("trusted", "Ada", "5"), 1),
        (("thanked", "Bob", "--by", "Bob"), 1),
        (("met", "me"), 1),
        (("referred", "Bob", "--to", "Bob"), 1),
        (("referred", "me", "--by", "Bob"), 1),
        (("referred", "Carol"), 2),
        (("trusted", "Bob", "11"), 1),
        (("trusted", "Bob", "9.55"), 1),
        (("trusted", "Bob", "-1"), 1),
        (("trusted", "Bob", "-0", "--note", "no"), 1),
        (("trusted", "Bob", "-.5"), 1),
        (("trusted", "Bob", "-x"), 2),
        (("met", "-1"), 2),
        (("rule", "cut", "-1"), 1),
        (("trusted", "Bob", "nan"), 1),
        (("trusted", "Bob"), 2),
        (("met",), 2),
        (("met", "Bob", "--how", "dream"), 2),
        (("met", "Bob", "Carol", "--new"), 2),
        (("met", "me", "--new"), 1),
        (("met", ""), 1),
        (("met", " \u200b"), 1),
        (("met", "x" * 201), 1),
        (("met", "Bob\x1b[31m"), 1),
        (("met", "Bob\nEve"), 1),
        (("met", "Bob\u202egnp"), 1),
        (("met", "Bob\udcff"), 1),
        (("helped", "Bob", "two\nlines"), 1),
        (("met", "Bob", "--note", "bell\x07"), 1),
        (("met", "Bob", "--note", "x" * 70_000), 1),
        (("met", "Bob", "--at", "someday"), 1),
        (("helped", "Bob", "x", "--size", "4"), 2),
        (("helped", "Bob", "x", "--kind", "gold"), 2),
        (("thanked", "Bob", "--for", "nonsense"), 1),
        (("thanked", "Bob", "--for", "abcdef01:99"), 1),
        (("mett", "Bob"), 2),
    ],
)
def test_what_cannot_be_is_refused_and_leaves_nothing(
    kith: Typed, words: tuple[str, ...], code: int
) -> None:
    before = kith.json("log", "--all")
    error = kith.refused(*words, code=code)
    assert error["message"]
    assert error["hint"]
    assert kith.json("log", "--all") == before


def test_a_refusal_names_the_next_step_for_people_too(kith: Typed) -> None:
    ran = kith.run("trusted", "Bob", "11")
    assert ran.code == 1
    assert ran.out == ""
    assert ran.err.splitlines() == [
        "“11” is no level of trust.",
        "Give 0 to 10 with at most one decimal, such as 7 or 9.5, or none to withdraw it.",
    ]


def test_what_was_never_stated_is_not_said_to_be_withdrawn(kith: Typed) -> None:
    none = "Stated no trust in Ines (new): there was none to withdraw."
    assert kith("trusted", "Ines", "none").startswith(none)
    kith("trusted", "Ines", "6")
    assert kith("trusted", "Ines", "none").startswith("Withdrew the trust stated in Ines.")
    assert "none to withdraw" in kith("trusted", "Ines", "none")


def test_thanks_close_the_oldest_open_help(kith: Typed) -> None:
    older = kith.json("helped", "me", "an older lead", "--by", "Bob", "--at", "2026-10-01")
    newer = kith.json("helped", "me", "a lead", "--by", "Bob", "--at", "2026-11-01")
    kith("helped", "me", "something of hers", "--by", "Carol", "--at", "2026-09-01")
    said = kith("thanked", "Bob")
    assert "Thanked Bob for “an older lead” (2026-10-01)." in said
    assert last(kith)["fields"]["for"] == [older["event"]]
    kith("thanked", "Bob")
    assert last(kith)["fields"]["for"] == [newer["event"]]
    assert "none is open" in kith("thanked", "Bob")
    assert last(kith)["fields"]["for"] == []


def test_their_thanks_close_my_help(kith: Typed) -> None:
    help_ = kith.json("helped", "Carol", "a review")
    kith("thanked", "me", "--by", "Carol")
    assert last(kith)["fields"]["for"] == [help_["event"]]
    assert kith.json("ledger", "Carol")["ledger"][0]["thanks_due"] == []


def test_thanks_find_helps_under_every_name_of_one_human(kith: Typed) -> None:
    help_ = kith.json("helped", "me", "a lead", "--by", "Bob")
    kith("met", "Robert Smith")
    kith("merge", "Bob", "Robert Smith")
    kith("thanked", "Robert Smith")
    assert last(kith)["fields"]["for"] == [help_["event"]]


def test_thanks_for_a_chosen_help(kith: Typed) -> None:
    kith("helped", "me", "an older lead", "--by", "Bob", "--at", "2026-10-01")
    newer = kith.json("helped", "me", "a lead", "--by", "Bob")["event"]
    mine = kith.json("helped", "Bob", "a review")["event"]
    short = newer[:6] + newer[32:]
    kith("thanked", "Bob", "--for", short, "--for", newer)
    assert last(kith)["fields"]["for"] == [newer]
    assert "no help from Bob to you" in kith.refused("thanked", "Bob", "--for", mine)["message"]


def test_an_event_to_come_is_announced(kith: Typed) -> None:
    assert "still to come" in kith("met", "Bob", "--at", "2027-01-01")
    assert kith.json("contacts")["contacts"][0]["last_contact"] is None


def test_options_stand_anywhere(kith: Typed) -> None:
    one = kith.run("--json", "met", "Bob", "--where", "here", "--at", "2026-11-01")
    two = kith.run("met", "--at", "2026-11-01", "--where", "here", "Bob", "--json")
    assert one.out[0] == two.out[0] == "{"
    assert kith("log", "--limit", "2").count("at here") == 2


def test_a_network_is_chosen_by_name_or_id(kith: Typed) -> None:
    assert kith.json("--in", "private", "contacts") == kith.json("contacts", "--in", "private")
    assert "private" in kith.refused("--in", "work", "contacts")["hint"]
