"""`--as-of` and `--known-at`: every reading command tells of a past moment what it told then."""

from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kithbook_client.cli.main import run
from tests.client.cli.conftest import Typed

STORY = (
    ("helped", "me", "a lead", "--by", "Bob", "--at", "2026-01-10"),
    ("trusted", "Bob", "10", "--at", "2026-02-01"),
    ("trusted", "Carol", "9", "--by", "Bob", "--at", "2026-03-01"),
    ("describe", "Bob", "--cadence", "30d", "--at", "2026-01-10"),
    ("thanked", "Bob", "--at", "2026-04-01"),
    ("retract", "last"),
    ("trusted", "Carol", "2", "--by", "Bob", "--at", "2026-03-02"),
    ("merge", "Carol", "Caro", "--at", "2026-05-01"),
)
READING = (
    ("contacts",),
    ("contacts", "--from", "Bob"),
    ("show", "Bob"),
    ("ledger",),
    ("ledger", "Bob"),
    ("trust",),
    ("trust", "Bob", "--from", "me"),
    ("why", "Bob"),
    ("log", "--all"),
    ("log", "Bob", "--all", "--type", "trusted"),
    ("next",),
)


def tell(kith: Typed) -> list[tuple[datetime, dict[tuple[str, ...], Any]]]:
    """What every command answered, and when, after each line of the story."""
    kith("met", "Bob", "Carol", "Caro", "--at", "2025-12-01")
    said = []
    for words in STORY:
        kith(*words)
        kith.later(hours=1)
        said.append((kith.now, {words: kith.json(*words) for words in READING}))
        kith.later(hours=1)
    return said


def iso(moment: datetime) -> str:
    return moment.isoformat()


def test_known_at_a_time_every_command_says_what_it_said_then(kith: Typed) -> None:
    said = tell(kith)
    for then, answers in said:
        for words, answer in answers.items():
            found = kith.json(*words, "--known-at", iso(then))
            for about in ("contacts", "due"):  # how late somebody is moves on within an hour
                for one in found.get(about, ()):
                    assert one.pop("lateness") == pytest.approx(
                        next(o for o in answer[about] if o["id"] == one["id"]).pop("lateness")
                    )
            assert found == answer, (words, then)


LINES = [
    {"type": "helped", "by": "Bob", "to": "me", "what": "a lead", "at": "2026-01-10"},
    {"type": "trusted", "whom": "Bob", "level": 10, "at": "2026-02-01"},
    {"type": "trusted", "by": "Bob", "whom": "Carol", "level": 9, "at": "2026-03-01"},
    {"type": "trusted", "by": "Bob", "whom": "Carol", "level": 2, "at": "2026-03-02"},
    {"type": "referred", "by": "Bob", "who": "Carol", "to": "me", "at": "2026-03-03"},
    {"type": "met", "people": ["Carol", "Dan"], "at": "2026-04-01"},
]


def without_ids(answer: Any) -> Any:
    """An answer as another home gives it: ids and the times of writing differ."""
    apart = {"id", "event", "recorded", "received", "thanks_owed", "thanks_due"}
    if isinstance(answer, dict):
        return {k: without_ids(v) for k, v in answer.items() if k not in apart}
    return [without_ids(one) for one in answer] if isinstance(answer, list) else answer


@pytest.mark.parametrize("count", range(1, len(LINES) + 1))
def test_as_of_a_time_is_a_home_with_only_what_had_happened(
    kith: Typed, tmp_path: Path, capsys: pytest.CaptureFixture[str], count: int
) -> None:
    file = tmp_path / "lines.jsonl"

    def fill(home: Typed, lines: list[dict[str, Any]]) -> None:
        file.write_bytes(b"".join(msgspec.json.encode(line) + b"\n" for line in lines))
        home.json("import", str(file))

    then = str(LINES[count - 1]["at"])
    other = Typed(tmp_path / "other", capsys)
    other.now = datetime.fromisoformat(f"{then}T23:00:00Z")
    other("init", "--me", "Ada", "--device", "desk")
    fill(kith, LINES)
    fill(other, LINES[:count])
    for words in (("ledger",), ("trust",), ("trust", "Bob"), ("why", "Bob"), ("next",)):
        assert without_ids(kith.json(*words, "--as-of", then)) == without_ids(other.json(*words))
    contacts = without_ids(kith.json("contacts", "--as-of", then))
    assert contacts == without_ids(other.json("contacts"))


def test_both_clocks_turn_apart(kith: Typed) -> None:
    kith("trusted", "Bob", "10", "--at", "2026-01-01")
    kith("trusted", "Carol", "9", "--by", "Bob", "--at", "2026-01-01")
    before = iso(kith.now)
    kith.later(days=20)
    kith("trusted", "Carol", "2", "--by", "Bob", "--at", "2026-06-01")

    def score(*past: str) -> float | None:
        found: float | None = kith.json("trust", "Carol", *past)["score"]
        return found

    late = round(10 * 2 / 18, 6)
    assert score("--as-of", "2026-05-31") == 5.0
    assert round(score("--as-of", "2026-06-01") or 0, 6) == late
    assert score("--known-at", before) == 5.0
    assert score("--as-of", "2026-06-01", "--known-at", before) == 5.0
    assert score("--as-of", "2025-12-31") is None
    assert round(score() or 0, 6) == late


@pytest.mark.parametrize(
    "words", [("met", "Bob"), ("status",), ("sync",), ("rule",), ("verify",), ("export",)]
)
def test_a_command_without_a_past_says_so(kith: Typed, words: tuple[str, ...]) -> None:
    for option in ("--as-of", "--known-at"):
        error = kith.refused(*words, option, "yesterday", code=2)
        assert (error["code"], option in error["message"]) == ("usage", True)


def test_a_time_that_is_none_is_said(kith: Typed) -> None:
    for option in ("--as-of", "--known-at"):
        assert kith.refused("trust", option, "whenever")["code"] == "invalid"
    kith("met", "Bob")
    assert kith.refused("log", "last", "--as-of", "today", code=2)["code"] == "usage"


def test_who_is_only_named_later_is_still_called_by_name(kith: Typed) -> None:
    kith("met", "Bob", "--at", "2026-01-01")
    assert kith.json("why", "Bob", "--as-of", "2025-01-01")["sentence"] == (
        "Nothing that Ada knows of says how far to trust Bob."
    )


def test_the_clock_can_be_set_to_rehearse(
    empty: Typed, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KITH_NOW", "2026-03-01T10:00Z")
    home = ["--home", str(empty.home)]
    assert run([*home, "init", "--me", "Ada"]) == 0
    assert run([*home, "met", "Bob"]) == 0
    capsys.readouterr()
    event = empty.json("log", "--limit", "1")["events"][0]
    for time in ("at", "recorded", "received"):
        assert event[time].startswith("2026-03-01T10:00:00")
    monkeypatch.setenv("KITH_NOW", "soon")
    assert run([*home, "contacts"]) == 1
    assert "KITH_NOW is “soon”, which is no time." in capsys.readouterr().err
