"""`kith log`: what it leaves out when asked to, and one event whole."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kithbook.clock import wall_ms
from kithbook.events import TYPE_NAMES
from tests.client.cli.conftest import Typed

Event = dict[str, Any]


@pytest.fixture
def told(kith: Typed) -> dict[str, str]:
    """Events by what they are about."""
    lines: dict[str, tuple[str, ...]] = {
        "met": ("met", "Bob", "--at", "2026-10-01"),
        "help": ("helped", "me", "a lead", "--by", "Bob", "--at", "2026-10-02T08:00+02:00"),
        "thanks": ("thanked", "Bob", "--at", "2026-10-03"),
        "trusted": ("trusted", "Carol", "9", "--by", "Bob", "--note", "over lunch"),
        "org": ("describe", "Bob", "--org", "Acme"),
        "other": ("describe", "Bob", "--org", "Emca"),
    }
    found = {about: kith.json(*words)["event"] for about, words in lines.items()}
    found["retracted"] = kith.json("retract", found["trusted"], "--why", "misheard")["event"]
    return found


def everything(kith: Typed) -> list[Event]:
    events: list[Event] = kith.json("log", "--all")["events"]
    return events


def whole(kith: Typed, event: str) -> Event:
    answer = kith.json("log", event)
    assert answer["more"] == 0
    (found,) = answer["events"]
    return dict(found)


FILTERS: dict[tuple[str, ...], Callable[[Event], bool]] = {
    ("--type", "met"): lambda e: e["type"] == "met",
    ("--type", "met", "--type", "retracted"): lambda e: e["type"] in {"met", "retracted"},
    ("--author", "Ada"): lambda e: True,
    ("--author", "Bob"): lambda e: False,
    ("--device", "DESK"): lambda e: True,
    ("--device", "phone"): lambda e: False,
    ("--since", "2026-10-02"): lambda e: e["at"] >= "2026-10-02",
    ("--until", "2026-10-02"): lambda e: e["at"] < "2026-10-03",
    ("--until", "2026-10-02T05:59Z"): lambda e: e["at"] < "2026-10-02",
    ("--since", "2026-10-02", "--until", "2026-10-02"): lambda e: e["at"][:10] == "2026-10-02",
    ("--type", "met", "--since", "yesterday"): lambda e: False,
}


@pytest.mark.parametrize("options", FILTERS)
def test_a_filter_leaves_what_it_says(
    kith: Typed, told: dict[str, str], options: tuple[str, ...]
) -> None:
    wanted = [event for event in everything(kith) if FILTERS[options](event)]
    assert kith.json("log", "--all", *options) == {"events": wanted, "more": 0}
    newest = kith.json("log", "--limit", "1", *options)
    assert newest["events"] == wanted[-1:]
    assert newest["more"] == max(0, len(wanted) - 1)


def test_what_an_import_added_can_be_listed(kith: Typed, tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_text('{"type":"met","people":["Dana"],"at":"2026-01-01"}\n')
    batch = kith.json("import", str(file))["batch"]
    kith("met", "Dana")
    types = [event["type"] for event in kith.json("log", "--batch", batch[:6])["events"]]
    assert types == ["described", "met"]
    assert kith("log", "--batch", "ffff") == "No event is like that.\n"


def test_a_type_that_is_none_is_a_slip(kith: Typed) -> None:
    assert "trusted" in TYPE_NAMES
    error = kith.refused("log", "--type", "trust", code=2)
    assert (error["code"], "'trusted'" in error["message"]) == ("usage", True)
    assert kith.refused("log", "--since", "soon")["code"] == "invalid"


def test_one_event_has_all_that_a_list_tells_of_it(kith: Typed, told: dict[str, str]) -> None:
    for event in everything(kith):
        found = whole(kith, event["event"])
        assert event.items() <= found.items()


def test_one_event_stands_in_its_chain(kith: Typed, told: dict[str, str]) -> None:
    chain = [whole(kith, event["event"]) for event in everything(kith)]
    assert [one["seq"] for one in chain] == list(range(1, len(chain) + 1))
    assert [one["position"] for one in chain] == [one["seq"] for one in chain]
    assert {one["of"] for one in chain} == {len(chain)}
    assert chain[0]["previous"] == "0" * 64
    assert [one["previous"] for one in chain[1:]] == [one["hash"] for one in chain[:-1]]


def test_one_event_tells_which_seal_covers_it(
    kith: Typed, told: dict[str, str], tmp_path: Path
) -> None:
    assert whole(kith, told["met"])["sealed"] is None
    assert "not yet" in kith("log", told["met"])
    (tmp_path / "usb").mkdir()
    kith("sync", str(tmp_path / "usb"))
    kith("met", "Bob")
    assert whole(kith, told["met"])["sealed"] == len(everything(kith)) - 1
    assert whole(kith, "last")["sealed"] is None


@pytest.mark.parametrize(
    ("about", "by"), [("help", "thanks"), ("org", "other"), ("trusted", "retracted")]
)
def test_one_event_tells_what_refers_to_it(
    kith: Typed, told: dict[str, str], about: str, by: str
) -> None:
    referring = whole(kith, told[about])["referred_by"]
    assert [one["event"] for one in referring] == [told[by]]
    assert told[by][:8] in kith("log", told[about])


def test_one_event_tells_why_it_does_not_count(kith: Typed, told: dict[str, str]) -> None:
    found = whole(kith, told["trusted"])
    assert (found["counts"], found["void"]) == (False, "retracted")
    assert found["void_by"] == told["retracted"]
    log, _, seq = told["retracted"].partition(":")
    assert f"counts    no: retracted by {log[:8]}:{seq}" in kith("log", told["trusted"])
    assert "note      over lunch" in kith("log", told["trusted"])


def test_one_event_tells_which_others_are_the_same_fact(kith: Typed, tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_text('{"type":"met","people":["Dana"],"at":"2026-01-01"}\n')
    kith("import", str(file))
    first = kith.json("log", "--type", "met")["events"][0]["event"]
    kith("retract", first)
    kith("import", str(file))
    second = kith.json("log", "--type", "met")["events"][-1]["event"]
    assert first != second
    assert [copy["event"] for copy in whole(kith, first)["copies"]] == [second]
    assert [copy["counts"] for copy in whole(kith, second)["copies"]] == [False]


def test_one_event_tells_where_it_was_told_again(kith: Typed) -> None:
    kith("network", "new", "team", "--local")
    private = kith.json("met", "Bob")["event"]
    (shared,) = kith.json("share", private, "--in", "team")["shared"]
    for event, again, network in (
        (private, shared["shared"], "team"),
        (shared["shared"], private, "private"),
    ):
        (copy,) = whole(kith, event)["copies"]
        assert (copy["event"], copy["network"]) == (again, network)
        assert network in kith("log", event).splitlines()[-1]
    (alone,) = kith.json("log", shared["shared"], "--in", "team")["events"]
    assert alone["copies"] == []


def test_the_clock_of_an_event_is_its_time_and_a_number(kith: Typed) -> None:
    kith("met", "Bob")
    born, met = (whole(kith, event["event"]) for event in everything(kith)[-2:])
    assert born["recorded"] == met["recorded"]
    assert met["counter"] == born["counter"] + 1
    assert wall_ms(5 << 16 | 3) == 5


def test_people_may_be_called_like_events(kith: Typed) -> None:
    kith("met", "a:1")
    assert [event["type"] for event in kith.json("log", "a:1")["events"]] == ["described", "met"]
    assert kith.refused("log", "a:10")["code"] == "not_found"


@pytest.mark.parametrize("words", [("log",), ("why", "Bob", "--changes")])
def test_a_span_that_ends_before_it_begins_is_refused(
    kith: Typed, told: dict[str, str], words: tuple[str, ...]
) -> None:
    error = kith.refused(*words, "--since", "2026-10-02", "--until", "last year", code=2)
    assert error["message"] == "--since 2026-10-02 is after --until last year."
