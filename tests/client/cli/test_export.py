"""The forms that other programs read: vCards, a table and a calendar."""

import csv
import stat
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import vobjectx
from icalendar import Calendar

from tests.client.cli.conftest import Typed

CARD = """\
BEGIN:VCARD
VERSION:4.0
UID:urn:uuid:<id>
FN:Bob Smith\\, Jr.
N:;Bob Smith\\, Jr.;;;
NICKNAME:Bobby
EMAIL:bob@example.org
EMAIL:bob@work.example.org
TEL:+43 1 2345
ORG:Acme\\; Sons
TITLE:Chief of the 長い部署名 and of everything that has no name in th
 is house\\, so far
BDAY:18151210
URL:https://bob.example.org/a,b
CATEGORIES:"odd"\\, even,java
END:VCARD
"""
TABLE = """\
id,name,alias,email,phone,tag,link,org,title,benefactor,cadence,birthday,state,first_contact,\
last_contact,events,given,received,trust
<bob>,Bob,Bobby; Rob,bob@example.org,'+43 1 2345,,,'=HYPERLINK(1),,direct,30d,'--12-10,due,\
2026-10-01,2026-10-20,3,1,1,9.5
<carol>,Carol,,,,,,,,,,,,,,0,0,0,4.75
"""
DAYS = """\
BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//kithbook//kith//EN
NAME:kithbook
X-WR-CALNAME:kithbook
UID:<me>
BEGIN:VEVENT
SUMMARY:Birthday of Bob
DTSTART;VALUE=DATE:20001210
DTSTAMP:20261123T143000Z
UID:birthday-<bob>
RRULE:FREQ=YEARLY
TRANSP:TRANSPARENT
END:VEVENT
BEGIN:VEVENT
SUMMARY:Get in touch with Bob
DTSTART;VALUE=DATE:20261119
DTSTAMP:20261123T143000Z
UID:contact-<me>-<bob>
TRANSP:TRANSPARENT
END:VEVENT
END:VCALENDAR
"""
FORMS = ("jsonl", "vcard", "csv", "ics")
others = pytest.mark.parametrize("form", FORMS[1:])
every = pytest.mark.parametrize("form", FORMS)


def person(kith: Typed, name: str) -> str:
    return str(kith.json("show", name)["id"])


def cards(kith: Typed, *words: str) -> list[Any]:
    read = vobjectx.read_components(kith("export", "--format", "vcard", *words))
    return [card for card in read if card.name]  # it ends with one that is empty


def names(kith: Typed, *words: str) -> list[str]:
    return [card.fn.value for card in cards(kith, *words)]


def lines(text: str) -> str:
    """With the ends of lines that these forms have."""
    return text.replace("\n", "\r\n")


def test_a_vcard_has_what_the_card_has(kith: Typed) -> None:
    kith("describe", "Bob Smith, Jr.", "--alias", "Bobby", "--org", "Acme; Sons")
    kith("describe", "Bob", "--email", "bob@work.example.org", "--email", "bob@example.org")
    kith("describe", "Bob", "--phone", "+43 1 2345", "--tag", "java", "--tag", '"odd", even')
    kith("describe", "Bob", "--birthday", "1815-12-10", "--link", "https://bob.example.org/a,b")
    title = "Chief of the 長い部署名 and of everything that has no name in this house, so far"
    kith("describe", "Bob", "--title", title, "--cadence", "30d", "--benefactor", "direct")
    uuid = str(UUID(person(kith, "Bob")))
    assert kith("export", "--format", "vcard") == lines(CARD.replace("<id>", uuid))


def test_the_table_has_what_is_between_you(kith: Typed) -> None:
    kith("met", "Bob", "--at", "2026-10-01")
    kith("helped", "Bob", "a sofa", "--at", "2026-10-12")
    kith("helped", "me", "a lead", "--by", "Bob", "--at", "2026-10-20T23:30+02:00")
    kith("trusted", "Bob", "9.5", "--at", "2026-10-21")
    kith("trusted", "Carol", "9", "--by", "Bob")
    kith("describe", "Bob", "--alias", "Rob", "--alias", "Bobby", "--cadence", "30d")
    kith("describe", "Bob", "--phone", "+43 1 2345", "--email", "bob@example.org")
    kith("describe", "Bob", "--org", "=HYPERLINK(1)", "--birthday=--12-10")
    kith("describe", "Bob", "--benefactor", "direct")
    ids = TABLE.replace("<bob>", person(kith, "Bob")).replace("<carol>", person(kith, "Carol"))
    assert kith("export", "--format", "csv") == lines(ids)


def test_the_calendar_has_birthdays_and_the_days_on_which_contact_comes_due(kith: Typed) -> None:
    kith("met", "Bob", "Carol", "--at", "2026-10-20")
    kith("describe", "Bob", "--cadence", "30d", "--birthday=--12-10")
    kith("describe", "Dana", "--cadence", "30d")
    me, bob = person(kith, "me"), person(kith, "Bob")
    expected = lines(DAYS.replace("<me>", me).replace("<bob>", bob))
    assert kith("export", "--format", "ics").replace("\r\n ", "") == expected


def test_a_day_of_contact_moves_and_stays_the_same_entry(kith: Typed) -> None:
    kith("met", "Bob", "--at", "2026-10-20")
    kith("rule", "cadence:client", "60d")
    kith("describe", "Bob", "--tag", "client")
    first = Calendar.from_ical(kith("export", "--format", "ics")).events
    kith("met", "Bob", "--at", "2026-11-20")
    second = Calendar.from_ical(kith("export", "--format", "ics")).events
    assert [event.uid for event in first] == [event.uid for event in second]
    assert [str(event.start) for event in (*first, *second)] == ["2026-12-19", "2027-01-19"]


@every
def test_an_export_tells_how_much_it_wrote(kith: Typed, tmp_path: Path, form: str) -> None:
    kith("met", "Bob", "--at", "2026-10-20")
    kith("describe", "Bob", "--cadence", "30d")
    file = tmp_path / "out"
    answer = kith.json("export", "--format", form, str(file))
    counts = {"jsonl": {"events": 4}, "ics": {"entries": 1}}
    assert answer == {"file": str(file), **counts.get(form, {"people": 1})}
    said = {"jsonl": "4 events", "ics": "1 entry"}.get(form, "1 person")
    assert kith("export", "--format", form, str(file)) == f"Wrote {said} to {file}.\n"
    assert file.read_bytes().decode() == kith("export", "--format", form)


@others
def test_the_end_of_the_name_says_the_form(kith: Typed, tmp_path: Path, form: str) -> None:
    kith("met", "Bob")
    file = tmp_path / f"ada.{'VCF' if form == 'vcard' else form}"
    kith("export", str(file))
    assert file.read_bytes().decode() == kith("export", "--format", form)
    kith("export", "--format", "jsonl", str(file))
    assert file.read_text() == kith("export")


def test_another_end_of_the_name_says_no_form(kith: Typed, tmp_path: Path) -> None:
    file = tmp_path / "ada.xlsx"
    assert "--format" in kith.refused("export", str(file), code=2)["message"]
    assert not file.exists()
    for name, words in (("ada.xlsx", ("--format", "csv")), ("ada", ())):
        kith("export", *words, str(tmp_path / name))
    assert (tmp_path / "ada").read_text() == kith("export")


@every
def test_an_export_that_fails_leaves_the_earlier_file(
    kith: Typed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    kith("describe", "Bob", "--birthday=--12-10")
    file = tmp_path / "file"
    kith("export", "--format", form, str(file))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    earlier = file.read_bytes()
    kith("met", "Carol")
    inner = {"jsonl": "jsonl.fields", "vcard": "vcard.folded", "csv": "table.csv"}
    failing = f"kithbook_client.exporting.{inner.get(form, 'calendar.Calendar')}"
    monkeypatch.setattr(failing, None)
    assert kith.refused("export", "--format", form, str(file))["code"] == "internal"
    assert file.read_bytes() == earlier
    assert {one.name for one in tmp_path.iterdir()} == {"home", "file"}


@others
def test_exporting_again_gives_the_same_bytes(kith: Typed, form: str) -> None:
    kith("met", "Bob", "Carol", "--at", "2026-10-20")
    for name in ("Bob", "Carol"):
        kith("describe", name, "--cadence", "30d", "--birthday", "1999-01-02", "--tag", "b")
        kith("describe", name, "--tag", "a", "--email", f"{name}@example.org")
    assert kith("export", "--format", form) == kith("export", "--format", form)


def test_merged_people_are_one(kith: Typed) -> None:
    kith("met", "Bob", "Robert Smith", "--at", "2026-10-20")
    kith("describe", "Bob", "--email", "bob@example.org")
    kith("describe", "Robert Smith", "--birthday=--12-10", "--cadence", "30d")
    kith("merge", "Bob", "Robert Smith")
    [card] = cards(kith)
    assert (card.email.value, card.bday.value) == ("bob@example.org", "--1210")
    [row] = csv.DictReader(kith("export", "--format", "csv").splitlines())
    assert (row["email"], row["events"], row["cadence"]) == ("bob@example.org", "2", "30d")
    assert len(Calendar.from_ical(kith("export", "--format", "ics")).events) == 2


def test_you_are_in_it_when_you_ask(kith: Typed) -> None:
    kith("met", "Bob")
    kith("describe", "me", "--birthday", "1815-12-10")
    assert names(kith) == ["Bob"]
    assert names(kith, "--with-me") == ["Ada", "Bob"]
    rows = list(csv.DictReader(kith("export", "--format", "csv", "--with-me").splitlines()))
    assert [(row["name"], row["events"]) for row in rows] == [("Ada", "0"), ("Bob", "1")]
    mine = Calendar.from_ical(kith("export", "--format", "ics", "--with-me"))
    assert [event.summary for event in mine.events] == ["Birthday of Ada"]
    assert kith("export", "--format", "ics").count("VEVENT") == 0
    assert kith.refused("export", "--with-me", code=2)["code"] == "usage"


def test_all_networks_are_one_address_book(kith: Typed) -> None:
    kith("network", "new", "team", "--local")
    kith("met", "Bob", "--in", "team")
    kith("met", "Carol", "--in", "private")
    assert names(kith) == ["Bob", "Carol"]
    assert names(kith, "--with-me") == ["Ada", "Bob", "Carol"]
    assert names(kith, "--in", "team") == ["Bob"]
    assert names(kith, "--in", "private") == ["Carol"]


def test_who_has_only_a_card_is_called_by_the_start_of_their_id(kith: Typed) -> None:
    bob = kith.json("describe", "Bob", "--email", "bob@example.org")["people"][0]["id"]
    kith("retract", kith.json("log", "--limit", "2")["events"][0]["event"])
    assert names(kith) == [bob[:8]]
    [row] = csv.DictReader(kith("export", "--format", "csv").splitlines())
    assert (row["name"], row["email"]) == (bob[:8], "bob@example.org")


def test_an_empty_book_is_a_file_all_the_same(kith: Typed) -> None:
    assert kith("export", "--format", "vcard") == ""
    assert list(csv.DictReader(kith("export", "--format", "csv").splitlines())) == []
    assert Calendar.from_ical(kith("export", "--format", "ics")).events == []
