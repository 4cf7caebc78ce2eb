"""Dates as people say them: `yesterday`, `last friday`, `3 days ago`, `2026-11-23 14:30`.

The present moment and the place's clock are passed in. What names a day is a bare date, what names
a time of day is an instant; `now` and `today` are this very moment.
"""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta

from kithbook.errors import Invalid
from kithbook.when import instant, parse_iso

Localise = Callable[[datetime], datetime]
"""Gives a date-time without an offset the one that the place's clocks show at that moment."""

DAY = timedelta(days=1)
CLOCK = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1)}
NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
WEEKDAYS = {form: i for i, name in enumerate(NAMES) for form in (name, name[:3])}
FORMS = (
    "Write 2026-11-23, 2026-11-23T14:30 (with or without an offset), now, today, yesterday, "
    "friday, last month, 3 days ago, an hour ago, or a day and a time: yesterday 14:30."
)


def parse_when(text: str, now: datetime, localise: Localise) -> tuple[int, int | None]:
    """(at, zone) of what somebody says at `now` about when it was.

    Raises Invalid for anything this grammar does not know.
    """
    text = text.strip()
    try:
        if text[4:5] == "-":
            return _written(text, localise)
        return _said(text.casefold().split(), now, localise)
    except (LookupError, ValueError, OverflowError, Invalid) as error:
        raise Invalid(f"“{text}” is no date that kith understands.", FORMS) from error


def _written(text: str, localise: Localise) -> tuple[int, int | None]:
    if len(text) > len("2026-11-23"):
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            return instant(localise(moment))
    return parse_iso(text)


def _said(words: list[str], now: datetime, localise: Localise) -> tuple[int, int | None]:
    today = now.date()
    match words:
        case ["now"] | ["today"]:
            return instant(now)
        case [count, unit, "ago"] if (span := CLOCK.get(unit.removesuffix("s"))) is not None:
            return instant(now - _count(count) * span)
        case [*days, "at", clock] | [*days, clock] if ":" in clock:
            day = _day(days, today) if days else today
            return instant(localise(datetime.combine(day, time.fromisoformat(clock.zfill(5)))))
        case _:
            return parse_iso(_day(words, today).isoformat())


def _day(words: list[str], today: date) -> date:
    match words:
        case ["today"]:
            return today
        case ["yesterday"]:
            return today - DAY
        case ["last" | "on", name] | ["on", "last", name] | [name] if name in WEEKDAYS:
            # The latest before today: what people record has happened.
            return today - ((today.weekday() - WEEKDAYS[name] - 1) % 7 + 1) * DAY
        case ["last", unit]:
            return _back(today, 1, unit)
        case [count, unit, "ago"]:
            return _back(today, _count(count), unit.removesuffix("s"))
        case _:
            raise ValueError(words)


def _count(word: str) -> int:
    if word.isdecimal():
        return int(word)
    return {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3}[word]


def _back(today: date, count: int, unit: str) -> date:
    """The day so many units earlier; a month without such a day gives its last one."""
    match unit:
        case "day":
            return today - count * DAY
        case "week":
            return today - 7 * count * DAY
        case "month" | "year":
            months = today.year * 12 + today.month - count * (12 if unit == "year" else 1)
            following = date(months // 12, months % 12 + 1, 1)
            return min(following - DAY, (following - DAY).replace(day=1) + (today.day - 1) * DAY)
        case _:
            raise ValueError(unit)
