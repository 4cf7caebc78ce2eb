"""Tables on a terminal: what gives way where it is narrow."""

from collections.abc import Callable

import pytest

from kithbook_client.cli import output
from kithbook_client.cli.fitting import GAP, LONG, fitted
from tests.client.cli.conftest import Typed

Widen = Callable[[int], None]


@pytest.fixture
def wide(monkeypatch: pytest.MonkeyPatch) -> Widen:
    """Has kith write to a terminal of so many columns."""
    monkeypatch.setattr(output, "is_terminal", lambda: True)
    monkeypatch.setenv("NO_COLOR", "1")
    return lambda columns: monkeypatch.setenv("COLUMNS", str(columns))


@pytest.fixture
def told(kith: Typed) -> Typed:
    kith("describe", "Sofia Lindqvist", "--email", "sofia@nord.example", "--cadence", "30d")
    kith("trusted", "Sofia Lindqvist", "9", "--at", "2026-09-12")
    kith("trusted", "Kai Wolf", "8", "--by", "Sofia Lindqvist", "--at", "2026-09-14")
    for day, what in (("2026-09-15", "a lead at Acme"), ("2026-09-16", "the harbour project")):
        kith("helped", "me", what, "--by", "Sofia Lindqvist", "--at", day)
    kith("helped", "me", "lunch", "--by", "Sofia Lindqvist", "--kind", "fun", "--at", "2026-09-17")
    return kith


@pytest.mark.parametrize("columns", [80, 60, 50, 40])
@pytest.mark.parametrize(
    "words",
    [("why", "Kai"), ("why", "Kai", "--changes"), ("ledger",), ("log",), ("contacts",), ("trust",)],
)
def test_no_word_is_broken_on_a_terminal_of_any_width(
    told: Typed, wide: Widen, words: tuple[str, ...], columns: int
) -> None:
    plain = set(told(*words).lower().split())
    wide(columns)
    assert set(told(*words).lower().split()) <= plain


@pytest.mark.parametrize("columns", [80, 60, 50, 40])
@pytest.mark.parametrize("command", ["ledger", "log", "contacts", "trust"])
def test_a_table_keeps_to_the_width_of_the_terminal(
    told: Typed, wide: Widen, command: str, columns: int
) -> None:
    wide(columns)
    assert max(map(len, told(command).splitlines())) <= columns


def test_where_a_row_does_not_fit_it_is_a_block_and_says_no_more_than_it_has(
    told: Typed, wide: Widen
) -> None:
    wide(40)
    seen = [line.rstrip() for line in told("contacts").splitlines()]
    assert seen == [
        "name          Sofia Lindqvist",
        "last contact  2026-09-17",
        "state         fading",
        "events        3",
        "since         2026-09-15",
        "",
        "name          Kai Wolf",
    ]


def test_headings_give_way_before_text_and_text_before_figures() -> None:
    columns = [["to thank for", "2"], ["what", "worked with him for years"], ["", "4.037 → 4.148"]]
    natural = [12, 25, 13]
    room = sum(natural) + 2 * GAP
    assert fitted(columns, room) == natural
    assert fitted(columns, room - 7) == [5, 25, 13]
    assert fitted(columns, room - 22) == [5, 10, 13]
    assert fitted(columns, room - 27) == [5, 6, 12]
    assert fitted(columns, 5 + 6 + 5 + 2 * GAP) == [5, 6, 5]
    assert fitted(columns, 5 + 6 + 5 + 2 * GAP - 1) is None


def test_a_word_longer_than_an_id_is_broken_for_the_others() -> None:
    assert fitted([["what", "x" * 200], ["when", "2026-09-12"]], 60) == [48, 10]
    assert fitted([["what", "x" * 200], ["when", "2026-09-12"]], LONG + GAP + 10) == [LONG, 10]
