"""What is exported for other programs, read back with readers that others wrote."""

import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
import vobjectx
from hypothesis import example, given
from hypothesis import strategies as st
from icalendar import Calendar

from kithbook.readings.reader import Reader
from kithbook_client.exporting.calendar import export_calendar
from kithbook_client.exporting.content import folded
from kithbook_client.exporting.table import FORMULA, export_table
from kithbook_client.exporting.vcard import export_vcards
from tests.shared.story import Story, who

NOW = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)
LONG = "long, and; 長い 🙂 \\ text\n" * 400
letters = st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]) | st.sampled_from("\n\\,;N=-")
texts = st.text(letters, min_size=1, max_size=100)
emails = st.lists(texts, max_size=3, unique=True)


def read(name: str, **card: str) -> Reader:
    story = Story()
    story.described("Bob", name=name, **card)
    return story.read()


def exported(export: Callable[..., int], reader: Reader, *more: Any) -> bytes:
    out = io.BytesIO()
    assert export(reader, out, *more, with_me=False) == 1
    return out.getvalue()


def hostile(test: Callable[..., None]) -> Callable[..., None]:
    for name in (
        "ACME\\Nora",
        "\u202eevil\u202c",
        "عمر الخيام",
        "a\\;b\\,c\\n",
        "👩‍👩‍👧‍👦" * 30,
        LONG,
    ):
        test = example(name, ["=1+1", "a;b", "+43 1"], LONG)(test)
    return test


@hostile
@given(texts, emails, texts)
def test_a_vcard_says_what_the_card_says(name: str, emails: list[str], org: str) -> None:
    many = {f"{field}:{value}": value for field in ("email", "tag") for value in emails}
    content = exported(export_vcards, read(name, org=org, title=org, **many))
    card = vobjectx.read_one(content.decode())
    assert (card.fn.value, card.n.value.given, card.n.value.family) == (name, name, "")
    assert (card.org.value, card.title.value) == ([org], org)
    assert [email.value for email in card.contents.get("email", [])] == sorted(emails)
    assert [c.value for c in card.contents.get("categories", [])] == [sorted(emails)] * bool(emails)
    assert card.uid.value == f"urn:uuid:{UUID(bytes=who('Bob'))}"


@hostile
@given(texts, emails, texts)
def test_a_table_says_what_the_card_says(name: str, emails: list[str], org: str) -> None:
    cards = {f"email:{email}": email for email in emails}
    content = exported(export_table, read(name, org=org, **cards))
    [row] = csv.DictReader(io.StringIO(content.decode(), newline=""))
    assert row["id"] == who("Bob").hex()
    for field, said in (("name", name), ("org", org), ("email", "; ".join(sorted(emails)))):
        assert not row[field].startswith(FORMULA)
        assert row[field] == (f"'{said}" if said.startswith(FORMULA) else said)


@hostile
@given(texts, emails, texts)
def test_a_calendar_says_whom_it_is_about(name: str, emails: list[str], org: str) -> None:
    content = exported(export_calendar, read(name, birthday="--12-10"), NOW)
    [event] = Calendar.from_ical(content).events
    assert event.summary == f"Birthday of {name}"


@pytest.mark.parametrize("break_", ["\r\n", "\r", "\x0b", "\x0c", "\x85", "\u2028", "\u2029"])
def test_every_kind_of_line_break_is_written_as_one(break_: str) -> None:
    reader = read(f"Bob{break_}END:VCARD", birthday="--12-10")
    card = vobjectx.read_one(exported(export_vcards, reader).decode())
    assert card.fn.value == "Bob\nEND:VCARD"
    [event] = Calendar.from_ical(exported(export_calendar, reader, NOW)).events
    assert event.summary == "Birthday of Bob\nEND:VCARD"
    table = exported(export_table, reader).decode()
    [row] = csv.DictReader(io.StringIO(table, newline=""))
    assert row["name"] == "Bob\nEND:VCARD"


def test_other_control_characters_are_shown_as_lost() -> None:
    for export in (export_vcards, export_table):
        assert "B\ufffd\ufffdob" in exported(export, read("B\0\x1bob")).decode()


@given(texts)
def test_lines_are_folded_between_letters(text: str) -> None:
    text = text.replace("\n", "")
    first, *rest = folded(text).split(b"\r\n")[:-1]
    assert all(len(line) <= 75 for line in (first, *rest))
    assert all(line.startswith(b" ") for line in rest)
    assert first.decode() + "".join(line[1:].decode() for line in rest) == text


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ("1815-12-10", "BDAY:18151210"),
        ("0815-12-10", "BDAY:08151210"),
        ("--02-29", "BDAY:--0229"),
        ("spring; 1815", "BDAY;VALUE=text:spring\\; 1815"),
    ],
)
def test_a_birthday_may_be_less_than_a_date(said: str, line: str) -> None:
    assert line in exported(export_vcards, read("Bob", birthday=said)).decode().splitlines()


def test_a_link_is_written_as_an_address() -> None:
    link = "https://example.org/Zoë?a=1,2;b=%20#c\nEND:VCARD"
    lines = exported(export_vcards, read("Bob", **{f"link:{link}": link})).decode().splitlines()
    assert "URL:https://example.org/Zo%C3%AB?a=1,2;b=%20#c%0AEND:VCARD" in lines


def test_a_birthday_on_a_leap_day_is_on_the_last_of_february() -> None:
    content = exported(export_calendar, read("Bob", birthday="2000-02-29"), NOW)
    [event] = Calendar.from_ical(content).events
    assert event["RRULE"] == {"FREQ": ["YEARLY"], "BYMONTH": [2], "BYMONTHDAY": [-1]}


def test_a_birthday_that_is_no_day_is_not_in_the_calendar() -> None:
    out = io.BytesIO()
    assert export_calendar(read("Bob", birthday="in spring"), out, NOW, with_me=False) == 0
    assert Calendar.from_ical(out.getvalue()).events == []
