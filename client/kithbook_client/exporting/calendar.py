"""A calendar (iCalendar, RFC 5545) of birthdays, and of the days on which contact comes due."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from icalendar import TRANSP, Calendar, Event, vText

from kithbook.readings.cards import parse_birthday
from kithbook.readings.reader import Reader
from kithbook.when import EPOCH
from kithbook_client.exporting import Writer
from kithbook_client.exporting.content import escaped
from kithbook_client.exporting.entries import Entry, entries

PRODUCT = "-//kithbook//kith//EN"
LEAP = 2000
"""Where a birthday without its year begins: a year that has every day."""


class Day(NamedTuple):
    uid: str
    date: date
    said: str
    yearly: bool = False


def export_calendar(reader: Reader, out: Writer, now: datetime, *, with_me: bool) -> int:
    """Write the calendar; how many entries it has."""
    calendar = Calendar.new(prodid=PRODUCT, name="kithbook", uid=reader.me.hex())
    stamp = now.astimezone(UTC).replace(microsecond=0)
    for day in _days(reader, with_me=with_me):
        calendar.add_component(_event(day, stamp))
    out.write(calendar.to_ical())
    return len(calendar.events)


def _days(reader: Reader, *, with_me: bool) -> Iterator[Day]:
    due = {contact.person: contact.due for contact in reader.paced()}
    for entry in entries(reader, with_me=with_me):
        if birthday := _birthday(entry):
            yield birthday
        if (number := due.get(entry.person)) is not None:
            # Several members of a team may have such a day for one person, each their own.
            uid = f"contact-{reader.me.hex()}-{entry.person.hex()}"
            date_ = EPOCH.date() + timedelta(days=number)
            yield Day(uid, date_, f"Get in touch with {entry.name}")


def _birthday(entry: Entry) -> Day | None:
    try:
        year, month, day = parse_birthday(entry.card.get("birthday", ""))
    except ValueError:
        return None
    first = date(LEAP if year is None else year, month, day)
    return Day(f"birthday-{entry.person.hex()}", first, f"Birthday of {entry.name}", yearly=True)


def _event(day: Day, stamp: datetime) -> Event:
    event: Event = Event.new(
        uid=day.uid,
        stamp=stamp,
        start=day.date,
        summary=_Text(day.said),
        transparency=TRANSP.TRANSPARENT,
    )
    if day.yearly:
        is_leap_day = (day.date.month, day.date.day) == (2, 29)
        last_of_february = {"bymonth": 2, "bymonthday": -1} if is_leap_day else {}
        event.add("rrule", {"freq": "yearly", **last_of_february})
    return event


class _Text(vText):
    r"""A text with every letter: the library itself makes a new line of the `\N` in `ACME\Nora`."""

    def to_ical(self) -> bytes:
        return escaped(self).encode()
