"""Ticks: the dates under a plot, at round places and no closer than can be read."""

from datetime import datetime, timedelta
from typing import NamedTuple

from kithbook.when import EPOCH

US = timedelta(microseconds=1)


class Step(NamedTuple):
    """So many units of a length in seconds, and how a place of it is written."""

    unit: str
    every: int
    seconds: int
    form: str


HOUR, DAY = 3_600, 86_400
STEPS = (
    *(Step("hour", n, n * HOUR, "%H:%M") for n in (1, 3, 6, 12)),
    *(Step("day", n, n * DAY, "{d} %b") for n in (1, 2, 5, 10)),
    *(Step("month", n, n * 30 * DAY, "%b %Y") for n in (1, 3, 6)),
    *(Step("year", n, n * 365 * DAY, "%Y") for n in (1, 2, 5, 10, 20, 50, 100, 500, 1000)),
)


def ticks(first: int, last: int, most: int) -> list[tuple[int, str]]:
    """At most about so many (µs since 1970, label) between two times, in UTC."""
    wanted = (last - first) / 1_000_000 / max(1, most)
    step = next((step for step in STEPS if step.seconds >= wanted), STEPS[-1])
    found = []
    place = _floor(EPOCH + first * US, step)
    while (at := (place - EPOCH) // US) <= last:
        if at >= first:
            found.append((at, _label(place, step)))
        try:
            place = _next(place, step)
        except (OverflowError, ValueError):
            break  # the year 10000
    return found


def _label(place: datetime, step: Step) -> str:
    form = "{d} %b" if step.unit == "hour" and place.hour == 0 else step.form  # its day begins
    return place.strftime(form.replace("{d}", str(place.day)))


def _floor(moment: datetime, step: Step) -> datetime:
    """The round place at or before a moment."""
    day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    match step.unit:
        case "hour":
            return day
        case "day":
            return day.replace(day=1)
        case "month":
            return day.replace(day=1, month=1)
        case _:
            return day.replace(day=1, month=1, year=max(1, day.year // step.every * step.every))


def _next(place: datetime, step: Step) -> datetime:
    match step.unit:
        case "hour":
            return place + timedelta(hours=step.every)
        case "day":
            # Each month starts anew, where its first is not too close to the last place before.
            following = place + timedelta(days=step.every)
            month = (place.replace(day=28) + timedelta(days=4)).replace(day=1)
            return month if following + timedelta(days=step.every / 2) > month else following
        case "month":
            months = place.month - 1 + step.every
            return place.replace(year=place.year + months // 12, month=months % 12 + 1)
        case _:
            return place.replace(year=place.year + step.every)
