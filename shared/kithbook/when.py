"""Times as people write them, and back.

An instant is `at`, microseconds since 1970 UTC, with `zone`, minutes east of UTC, or None for a
bare date, which stands at 00:00 UTC and, as an upper bound, means to its end.
"""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from kithbook.errors import Invalid

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
MINUTE = timedelta(minutes=1)
DAY_US = 86_400_000_000
MINUTE_US = 60_000_000
FIRST_AT = -62_135_596_800_000_000 + DAY_US
END_AT = 253_402_300_800_000_000 - DAY_US
"""The years 1 to 9999 less a day at either end, so that every zone can show every instant."""
AHEAD_US = DAY_US
"""An event is in the future only when it is further ahead than this."""


def parse_iso(text: str) -> tuple[int, int | None]:
    """(at, zone) of an ISO 8601 date, or date-time with an offset.

    Raises Invalid for anything else: a date-time without an offset would mean another moment on
    another laptop.
    """
    try:
        if len(text) == len("2026-11-23"):
            day = date.fromisoformat(text)
            return _in_range((day.toordinal() - EPOCH.toordinal()) * DAY_US, text), None
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Invalid(f"“{text}” is no date.", FORMS) from error
    if moment.tzinfo is None:
        raise Invalid(f"“{text}” has no offset, so it could be any hour.", f"Add one: {text}Z.")
    return instant(moment)


FORMS = "Write 2026-11-23 or 2026-11-23T18:45:00+01:00."


def last_of(at: int, zone: int | None) -> int:
    """The last microsecond that a time takes in as an upper bound: a bare date means to its end."""
    return at if zone is not None else at + DAY_US - 1


def instant(moment: datetime) -> tuple[int, int]:
    """(at, zone) of an aware datetime. Raises Invalid for what an event cannot hold."""
    offset = moment.utcoffset() or timedelta(0)
    at = _in_range((moment - EPOCH) // MICROSECOND, moment.isoformat())
    return at, int(offset / MINUTE)


def _in_range(at: int, text: str) -> int:
    if not FIRST_AT <= at < END_AT:
        raise Invalid(f"“{text}” is out of range.", "The years are 1 to 9999.")
    return at


def format_at(at: int, zone: int | None) -> str:
    """The ISO 8601 form, which `parse_iso` reads back to the same; UTC is written Z."""
    day, rest = divmod(at + (zone or 0) * MINUTE_US, DAY_US)
    if zone is None:
        return _day(day)
    seconds, fraction = divmod(rest, 1_000_000)
    hours, minutes = seconds // 3600, seconds // 60 % 60
    exact = f".{fraction:06}" if fraction else ""
    return f"{_day(day)}T{hours:02}:{minutes:02}:{seconds % 60:02}{exact}{_offset(zone)}"


@lru_cache(4096)
def _day(number: int) -> str:
    return date.fromordinal(EPOCH.toordinal() + number).isoformat()


@lru_cache
def _offset(zone: int) -> str:
    hours, minutes = divmod(abs(zone), 60)
    return f"{'-' if zone < 0 else '+'}{hours:02}:{minutes:02}" if zone else "Z"


def format_ms(ms: int) -> str:
    """The ISO 8601 form, in UTC, of milliseconds since 1970."""
    return format_at(ms * 1000, 0)
