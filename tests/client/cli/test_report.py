"""The report: a page that needs nothing else, in which nobody's words become anything more."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kithbook.when import DAY_US, END_AT, FIRST_AT
from kithbook_client.report.markup import Markup, tag
from kithbook_client.report.model import Row
from kithbook_client.report.plot import plot
from kithbook_client.report.ticks import ticks
from tests.client.cli.conftest import Typed

HOSTILE = "<script>alert('x')</script> & \"quoted\" </style> --> | `code` *bold* # no\n\n# heading"


def story(kith: Typed) -> list[str]:
    """Carol's score rises, falls by what comes late, and is warned against; the events' ids."""
    lines = (
        ("trusted", "Bob", "10", "--at", "2026-02-01", "--note", HOSTILE),
        ("trusted", "Carol", "9", "--by", "Bob", "--at", "2026-03-01"),
        ("trusted", "Carol", "2", "--by", "Bob", "--at", "2026-04-01", "--note", HOSTILE),
        ("trusted", "Eve", "4", "--at", "2026-04-02"),
        ("trusted", "Carol", "0", "--by", "Eve", "--at", "2026-05-01"),
    )
    return [kith.json(*words)["event"] for words in lines]


class Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.attrs: list[tuple[str, str]] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.open.append(tag)
        self.attrs += [(name, value or "") for name, value in attrs]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, name: str) -> list[str]:
        return [value for attr, value in self.attrs if attr == name]


@pytest.fixture
def report(kith: Typed, tmp_path: Path) -> str:
    story(kith)
    file = tmp_path / "carol.html"
    assert kith("why", "Carol", "--report", str(file)) == f"Wrote {file}.\n"
    return file.read_text()


def test_the_page_needs_nothing_but_itself(report: str) -> None:
    found = Page(report)
    assert not found.open
    assert not {"script", "link", "img", "iframe", "object", "embed"} & set(found.tags)
    assert not found.all("src")
    assert not re.search(r"https?:|url\(|@import", report)
    ids = found.all("id")
    assert len(ids) == len(set(ids))
    links = found.all("href")
    assert {link.removeprefix("#") for link in links} <= set(ids)
    assert links


def test_every_clock_can_be_chosen_without_a_script(report: str) -> None:
    found = Page(report)
    assert found.all("type") == ["radio"] * 3
    assert found.all("for") == ["by-at", "by-recorded", "by-received"]
    for by in ("at", "recorded", "received"):
        assert f"#by-{by}:checked ~ .{by}" in report


def test_every_row_has_its_evidence(kith: Typed, tmp_path: Path, report: str) -> None:
    text = Page(report).text
    assert HOSTILE in text
    for order in ("at", "recorded", "received"):
        changes = kith.json("why", "Carol", "--changes", "--order", order)["changes"]
        assert [change["fields"].get("level") for change in changes] == [9, 2, 0]
        for change in changes:
            (whole,) = kith.json("log", change["event"])["events"]
            for told in (change["event"], whole["hash"], change["at"], "Ada on desk"):
                assert text.count(told) >= 3
    assert "days late" in text


@given(words=st.text(), more=st.text())
def test_nobodys_words_become_markup(words: str, more: str) -> None:
    made = tag("p", words, tag("b", more, title=words))
    found = Page(made)
    shown = (words + more).replace("\r\n", "\n").replace("\r", "\n")
    assert found.tags == ["p", "b"]
    assert found.text.replace("\r\n", "\n").replace("\r", "\n") == shown
    assert Page(tag("p", Markup("<i>") + Markup("</i>"))).tags == ["p"]


def test_in_markdown_they_stay_in_their_cell(kith: Typed, tmp_path: Path) -> None:
    story(kith)
    file = tmp_path / "carol.md"
    kith("why", "Carol", "--report", str(file))
    text = file.read_text()
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert len(rows) == 3 * (1 + 3)
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {9}
    assert "\n# heading" not in text
    assert "<script" not in text.replace("\\<script", "")


def test_it_writes_over_no_other_file(kith: Typed, tmp_path: Path) -> None:
    story(kith)
    file = tmp_path / "notes.html"
    file.write_text("mine")
    error = kith.refused("why", "Carol", "--report", str(file))
    assert (error["code"], "--force" in error["hint"]) == ("refused", True)
    assert file.read_text() == "mine"
    answer = kith.json("why", "Carol", "--report", str(file), "--force")
    assert answer == {"file": str(file), "changes": 3}
    first = file.read_text()
    kith.later(hours=1)
    kith("why", "Carol", "--report", str(file))
    assert file.read_text() != first
    assert [one.name for one in tmp_path.glob("*notes*")] == ["notes.html"]
    assert not list(tmp_path.glob(".kith-*"))


def test_a_report_is_a_page_or_markdown(kith: Typed, tmp_path: Path) -> None:
    story(kith)
    assert kith.refused("why", "Carol", "--report", "carol.pdf", code=2)["code"] == "usage"
    missing = tmp_path / "nowhere" / "carol.html"
    assert kith.refused("why", "Carol", "--report", str(missing))["code"] == "not_found"


def test_a_score_that_nothing_moved_has_a_report(kith: Typed, tmp_path: Path) -> None:
    kith("met", "Bob")
    for name in ("bob.html", "bob.md"):
        kith("why", "Bob", "--from", "Bob", "--report", str(tmp_path / name))
        assert "Nothing has moved this score." in (tmp_path / name).read_text()


# The plot.

scores = st.none() | st.floats(0, 10)


@st.composite
def courses(draw: st.DrawFn) -> list[Row]:
    """Rows that join up, at times in order, many of them at once."""
    times = sorted(draw(st.lists(st.integers(0, 3 * 365 * DAY_US), min_size=1, max_size=20)))
    values = [None, *(draw(scores) for _ in times)]
    return [
        Row(at, before, after, "x", "", draw(st.sampled_from(["", "late"])), None, "")  # type: ignore[arg-type]
        for at, before, after in zip(times, values, values[1:], strict=False)
    ]


def numbers(text: str) -> Iterator[float]:
    return map(float, re.findall(r"-?\d+(?:\.\d+)?", text))


@given(rows=courses(), width=st.sampled_from([360, 760]))
def test_the_plot_stays_in_its_frame_and_marks_every_event(rows: list[Row], width: int) -> None:
    drawn = plot(rows, rows[-1].at + DAY_US, width, "at")
    found = Page(drawn)
    assert not found.open
    assert found.all("href") == [f"#at-{n}" for n in range(1, len(rows) + 1)]
    for name in ("x", "x1", "x2", "cx"):
        assert all(0 <= float(value) <= width for value in found.all(name))
    for name in ("y", "y1", "y2", "cy"):
        assert all(0 <= float(value) <= 250 for value in found.all(name))
    (path,) = found.all("d")
    assert all(0 <= value <= width for value in numbers(path))
    marks = [float(value) for value in found.all("cx")]
    assert marks == sorted(marks)


@given(
    first=st.integers(FIRST_AT, END_AT - 2),
    length=st.integers(1, 400 * 365 * DAY_US),
    most=st.integers(1, 12),
)
def test_dates_under_the_plot_are_few_and_in_order(first: int, length: int, most: int) -> None:
    last = min(first + length, END_AT - 1)
    found = ticks(first, last, most)
    places = [at for at, _ in found]
    assert places == sorted(set(places))
    assert all(first <= at <= last for at in places)
    assert len(found) <= 2 * most + 2


def test_hours_under_the_plot_tell_where_a_day_begins() -> None:
    assert [label for _, label in ticks(0, 2 * DAY_US, 4)][:3] == [
        "1 Jan",
        "12:00",
        "2 Jan",
    ]


def test_reports_with_the_same_content_are_the_same(kith: Typed, tmp_path: Path) -> None:
    story(kith)
    files = [tmp_path / "a.html", tmp_path / "b.html"]
    for file in files:
        kith("why", "Carol", "--report", str(file))
    assert files[0].read_bytes() == files[1].read_bytes()
