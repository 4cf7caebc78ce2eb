"""`kith what-if` supposes without writing, and `kith diff` compares two dates."""

import shlex
from typing import Any

import pytest

from tests.client.cli.conftest import Typed

STORY = (
    ("trusted", "Bob", "10", "--at", "2026-02-01"),
    ("trusted", "Carol", "9", "--by", "Bob", "--at", "2026-03-01"),
    ("helped", "me", "a lead", "--by", "Bob", "--at", "2026-03-02"),
    ("trusted", "Eve", "4", "--at", "2026-04-01"),
    ("trusted", "Carol", "0", "--by", "Eve", "--at", "2026-05-01"),
)


@pytest.fixture
def told(kith: Typed) -> list[str]:
    """The events of a story in which Eve warns of Carol."""
    return [kith.json(*words)["event"] for words in STORY]


def supposed(kith: Typed, *words: str) -> dict[str, tuple[float | None, float | None]]:
    """Who would move, from what to what; and nothing was written."""
    held = kith.json("status")["networks"]
    answer = kith.json("what-if", *words)
    assert kith.json("status")["networks"] == held
    assert answer["from"] == "Ada"
    found = {}
    for one in answer["moved"]:
        found[one["before"]["to"]] = one["before"]["score"], one["after"]["score"]
    return found


def scores(kith: Typed) -> dict[str, float | None]:
    return {one["to"]: one["score"] for one in kith.json("trust")["trust"]}


def test_without_an_event(kith: Typed, told: list[str]) -> None:
    before = scores(kith)
    assert supposed(kith, "--drop", told[4]) == {"Carol": (before["Carol"], 5.0)}
    assert supposed(kith, "--drop", told[2]) == {}
    both = supposed(kith, "--drop", told[1], "--drop", told[4])
    assert both == {"Carol": (before["Carol"], None)}


def test_without_the_word_of_somebody(kith: Typed, told: list[str]) -> None:
    before = scores(kith)
    assert supposed(kith, "--drop-author", "Eve") == {"Carol": (before["Carol"], 5.0)}
    assert supposed(kith, "--drop-author", "Bob") == {"Carol": (before["Carol"], None)}


ADDED = [
    'trusted Carol 4 --by "Bob"',
    "trusted Carol 7",
    "kith trusted Zoe 5 --at 2026-06-01",
    "helped me 'a long talk' --by Carol --size 3",
    "met Carol --by me",
    "referred Carol --by Bob",
    "thanked me --by Carol",
]


@pytest.mark.parametrize("sentence", ADDED)
def test_what_is_added_moves_what_it_moves_when_it_is_said(
    kith: Typed, told: list[str], sentence: str
) -> None:
    before = scores(kith)
    found = supposed(kith, "--add", sentence)
    kith(*[word for word in shlex.split(sentence) if word != "kith"])
    after = scores(kith)
    assert found == {
        name: (before.get(name), after.get(name))
        for name in before.keys() | after.keys()
        if before.get(name) != after.get(name)
    }


def test_two_people_may_be_supposed_to_be_one(kith: Typed, told: list[str]) -> None:
    before = scores(kith)
    assert supposed(kith, "--add", "merge Carol Eve") == {"Carol": (before["Carol"], 4.0)}


def test_by_another_rule(kith: Typed, told: list[str]) -> None:
    before = scores(kith)
    found = supposed(kith, "--rule", "transfer=1", "--drop", told[4])
    assert found == {"Carol": (before["Carol"], 9.0)}
    kith("rule", "cut", "4")
    assert supposed(kith, "--rule", "cut=0.05")["Carol"][1] == before["Carol"]


def test_of_one_person_only(kith: Typed, told: list[str]) -> None:
    words = ("--rule", "transfer=1", "--add", "trusted Eve 9")
    assert {"Carol", "Eve"} <= set(supposed(kith, *words))
    assert set(supposed(kith, "Eve", *words)) == {"Eve"}
    assert kith("what-if", "Bob", *words) == "No score would be another.\n"


def test_it_is_a_table_for_people(kith: Typed, told: list[str]) -> None:
    heading, row, end = kith("what-if", "--drop", told[4]).splitlines()
    assert heading.split() == ["NAME", "NOW", "THEN", "BASIS", "THROUGH"]
    assert row.split() == ["Carol", "2.778", "5", "chain", "Bob"]
    assert end == "As Ada sees it. Nothing was written."


def test_of_a_past_moment(kith: Typed, told: list[str]) -> None:
    assert supposed(kith, "--drop", told[4], "--as-of", "2026-04-30") == {}
    assert supposed(kith, "--drop", told[1], "--as-of", "2026-04-30") == {"Carol": (5.0, None)}


@pytest.mark.parametrize(
    ("words", "exit_code", "code"),
    [
        ((), 2, "usage"),
        (("--add", "sync"), 2, "usage"),
        (("--add", "retract last"), 2, "usage"),
        (("--add", ""), 2, "usage"),
        (("--add", "trusted 'Bob 4"), 2, "usage"),
        (("--add", "trusted Bob"), 2, "usage"),
        (("--add", "trusted Bob 11"), 1, "invalid"),
        (("--rule", "transfer"), 2, "usage"),
        (("--rule", "transfer=2"), 1, "invalid"),
        (("--rule", "mood=2"), 1, "invalid"),
        (("--drop", "soon"), 1, "invalid"),
        (("--drop", "ffffffff:1"), 1, "not_found"),
        (("--drop-author", "Zoe"), 1, "not_found"),
    ],
)
def test_what_cannot_be_supposed_is_said(
    kith: Typed, words: tuple[str, ...], exit_code: int, code: str
) -> None:
    assert kith.refused("what-if", *words, code=exit_code)["code"] == code


def test_a_difference_is_what_two_readings_say(kith: Typed, told: list[str]) -> None:
    kith("describe", "Bob", "--org", "Acme", "--at", "2026-03-05")
    found: dict[str, Any] = kith.json("diff", "Bob", "--from", "2026-01-31", "--to", "2026-04-01")
    assert found["name"] == "Bob"
    assert {"field": "org", "before": None, "after": "Acme"} in found["card"]
    for side, date in (("before", "2026-01-31"), ("after", "2026-04-01")):
        assert found["trust"][side] == kith.json("trust", "Bob", "--as-of", date)
        (contact,) = [
            one
            for one in kith.json("contacts", "--as-of", date)["contacts"] or [None]
            if one is None or one["name"] == "Bob"
        ]
        assert found["contact"][side] == contact
    assert found["ledger"]["after"]["received"]["information"] == 1
    assert kith.json("diff", "Bob", "--from", "2026-04-01")["trust"] is None


def test_a_difference_is_told_to_people(kith: Typed, told: list[str]) -> None:
    said = kith("diff", "Carol", "--from", "2026-03-31")
    assert said.splitlines()[-1].split() == ["your", "trust", "5", "(chain)", "2.778", "(chain)"]
    said = kith("diff", "Bob", "--from", "2026-01-31")
    assert "once, last 2026-03-02" in said
    assert "1 information" in said
    assert kith("diff", "Carol", "--from", "2026-06-01") == "Carol\nNothing changed.\n"
    assert kith.refused("diff", "Carol", code=2)["code"] == "usage"
    assert kith.refused("diff", "Carol", "--from", "soon")["code"] == "invalid"


def test_a_difference_has_only_rows_that_differ(kith: Typed) -> None:
    kith("trusted", "Ines", "7", "--at", "2026-03-01")
    rows = kith("diff", "Ines", "--from", "2026-02-01", "--to", "2026-04-01").splitlines()[2:]
    assert [row.split()[0] for row in rows] == ["name", "your"]


def test_a_difference_from_later_to_earlier_is_refused(kith: Typed, told: list[str]) -> None:
    error = kith.refused("diff", "Bob", "--from", "2026-04-01", "--to", "2026-03-31", code=2)
    assert error["message"] == "--from 2026-04-01 is after --to 2026-03-31."
    assert kith("diff", "Bob", "--from", "2026-04-01", "--to", "2026-04-01")
