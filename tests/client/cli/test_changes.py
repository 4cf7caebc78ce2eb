"""`kith why WHO --changes`: the events that moved a score, by each of three clocks."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.client.cli.conftest import NOW, Typed

FIELDS = {"event", "type", "author", "device", "at", "recorded", "received", "before", "after"}


def story(kith: Typed) -> dict[str, str]:
    """Carol falls by what Bob said and Ada heard three weeks late; a slip is taken back."""
    lines: dict[str, tuple[str, ...]] = {
        "Bob": ("trusted", "Bob", "10", "--at", "2026-02-01"),
        "Carol": ("trusted", "Carol", "9", "--by", "Bob", "--at", "2026-03-01"),
        "slip": ("trusted", "Carol", "1", "--by", "Bob", "--at", "2026-06-01"),
    }
    told = {about: kith.json(*words)["event"] for about, words in lines.items()}
    kith.later(days=1)
    told["retracted"] = kith.json("retract", told["slip"])["event"]
    kith.later(days=20)
    late = ("trusted", "Carol", "2", "--by", "Bob", "--at", "2026-11-23", "--note", "missed it")
    told["late"] = kith.json(*late)["event"]
    kith("met", "Dan")
    return told


def changes(kith: Typed, *words: str) -> list[dict[str, Any]]:
    answer = kith.json("why", "Carol", "--changes", *words)
    assert set(answer) >= {"from", "to", "score", "changes"}
    for change in answer["changes"]:
        assert set(change) >= FIELDS | {"chain"}
    found: list[dict[str, Any]] = answer["changes"]
    for one, following in pairwise(found):
        assert one["after"] == following["before"]
    return found


def test_by_what_was_true_a_slip_never_was(kith: Typed) -> None:
    told = story(kith)
    found = changes(kith)
    assert [one["event"] for one in found] == [told["Carol"], told["late"]]
    assert [one["before"] for one in found] == [None, 5.0]
    assert found[-1]["after"] == kith.json("trust", "Carol")["score"]
    assert [one["late"] for one in found] == [True, True]
    assert [link["by"] for link in found[0]["chain"]] == ["Ada", "Bob"]


@pytest.mark.parametrize("order", ["recorded", "received"])
def test_by_what_was_known_a_slip_and_its_retraction_moved_it(kith: Typed, order: str) -> None:
    told = story(kith)
    found = changes(kith, "--order", order)
    names = ("Carol", "slip", "retracted", "late")
    assert [one["event"] for one in found] == [told[name] for name in names]
    times = [one[order] for one in found]
    assert times == sorted(times)
    assert [round(one["after"], 3) for one in found] == [5.0, 0.556, 5.0, 1.111]


def test_a_history_is_told_of_a_past_moment_by_both_clocks(kith: Typed) -> None:
    told = story(kith)
    known = kith.json("why", "Carol", "--changes", "--known-at", NOW.date().isoformat())
    assert [one["event"] for one in known["changes"]] == [told["Carol"], told["slip"]]
    words = ("--known-at", NOW.date().isoformat())
    assert known["score"] == kith.json("trust", "Carol", *words)["score"]
    day = ("--as-of", "2026-04-01")
    found = changes(kith, "--order", "received", *day)
    assert [one["event"] for one in found] == [told["Carol"]]
    assert kith("why", "Carol", "--changes", *day).startswith("Ada trusts Carol 5.\n")


def test_what_was_erased_is_told_of_as_what_nobody_knows_any_more(
    kith: Typed, tmp_path: Path
) -> None:
    told = story(kith)
    erased = kith.json("erase", told["late"], "--yes")["event"]
    answer = kith.json("why", "Carol", "--changes", "--order", "received")
    assert [one["after"] for one in answer["changes"]][-1] == 5.0
    (lost,) = answer["erased"]
    assert (lost["event"], lost["by"]) == (told["late"], erased)
    assert (lost["author"], lost["device"]) == ("Ada", "desk")
    *_, sentence, line = kith("why", "Carol", "--changes").splitlines()
    assert sentence.startswith("1 event was erased: what it said, and of whom,")
    assert "erased by Ada 2026-12-14" in line
    for file in (tmp_path / "carol.md", tmp_path / "carol.html"):
        kith("why", "Carol", "--report", str(file))
        assert "1 event was erased" in file.read_text()


def test_since_and_until_go_by_the_clock_of_the_order(kith: Typed) -> None:
    told = story(kith)
    assert [one["event"] for one in changes(kith, "--until", "2026-03-01")] == [told["Carol"]]
    assert [one["event"] for one in changes(kith, "--since", "2026-03-02")] == [told["late"]]
    day = NOW.date().isoformat()
    first = changes(kith, "--until", day, "--order", "received")
    assert [one["event"] for one in first] == [told["Carol"], told["slip"]]
    assert changes(kith, "--since", "2030-01-01") == []


def test_it_is_a_table_for_people(kith: Typed) -> None:
    told = story(kith)
    said = kith("why", "Carol", "--changes")
    heading, _, columns, first, late, hint = said.splitlines()
    assert heading == "Ada trusts Carol 1.111."
    assert columns.split()[:3] == ["HAPPENED", "SCORE", "WHAT"]
    assert "– → 5" in first
    assert "5 → 1.111" in late
    assert "Bob trusted Carol 2 | missed it" in late
    assert late.endswith("came 21 days late")
    log, _, seq = told["late"].partition(":")
    assert f"{log[:8]}:{seq}" in late
    assert "--order received" in hint
    assert "What came late" not in kith("why", "Carol", "--changes", "--order", "received")
    assert "No event moved it." in kith("why", "Carol", "--changes", "--since", "2030-01-01")
    assert kith("why", "Dan", "--changes", "--from", "Bob").startswith("Bob has no trust score for")


def test_another_way_is_told_with_the_one_before(kith: Typed) -> None:
    story(kith)
    kith("trusted", "Dan", "9")
    kith("trusted", "Carol", "9", "--by", "Dan")
    assert "Dan (before: Bob)" in kith("why", "Carol", "--changes")
    kith("trusted", "Eve", "3")
    kith("trusted", "Carol", "0", "--by", "Eve")
    assert "Dan, warned (before: Dan)" in kith("why", "Carol", "--changes")


def test_its_options_go_together(kith: Typed, tmp_path: Path) -> None:
    story(kith)
    for words in (("--order", "at"), ("--since", "2026-01-01"), ("--until", "2026-01-01")):
        error = kith.refused("why", "Carol", *words, code=2)
        assert "--changes" in error["message"]
    for past in ("--as-of", "--known-at"):
        error = kith.refused("why", "Carol", "--report", "carol.md", past, "yesterday", code=2)
        assert "A report tells of now" in error["message"]
    assert kith.refused("why", "Carol", "--changes", "--order", "by name", code=2)


def test_from_somebody_else(kith: Typed) -> None:
    told = story(kith)
    found = changes(kith, "--from", "Bob")
    assert [one["event"] for one in found] == [told["Carol"], told["late"]]
    assert [one["after"] for one in found] == [9.0, 2.0]
