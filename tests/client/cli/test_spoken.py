from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kithbook.errors import Invalid
from kithbook.spoken import NAMES, parse_when
from kithbook.when import DAY_US, format_at, instant

PLACE = timezone(timedelta(hours=1))
MONDAY = datetime(2026, 11, 23, 15, 30, tzinfo=PLACE)


def local(naive: datetime) -> datetime:
    return naive.replace(tzinfo=PLACE)


def said(text: str, now: datetime = MONDAY) -> str:
    return format_at(*parse_when(text, now, local))


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("now", "2026-11-23T15:30:00+01:00"),
        ("today", "2026-11-23T15:30:00+01:00"),
        (" Yesterday ", "2026-11-22"),
        ("last friday", "2026-11-20"),
        ("friday", "2026-11-20"),
        ("on fri", "2026-11-20"),
        ("monday", "2026-11-16"),
        ("3 days ago", "2026-11-20"),
        ("two weeks ago", "2026-11-09"),
        ("a month ago", "2026-10-23"),
        ("11 months ago", "2025-12-23"),
        ("last week", "2026-11-16"),
        ("last year", "2025-11-23"),
        ("an hour ago", "2026-11-23T14:30:00+01:00"),
        ("20 minutes ago", "2026-11-23T15:10:00+01:00"),
        ("yesterday 14:30", "2026-11-22T14:30:00+01:00"),
        ("last friday at 9:05", "2026-11-20T09:05:00+01:00"),
        ("friday at 09:05", "2026-11-20T09:05:00+01:00"),
        ("08:00", "2026-11-23T08:00:00+01:00"),
        ("2026-11-01", "2026-11-01"),
        ("2026-11-01T14:30", "2026-11-01T14:30:00+01:00"),
        ("2026-11-01 14:30", "2026-11-01T14:30:00+01:00"),
        ("2026-11-01T14:30Z", "2026-11-01T14:30:00Z"),
        ("2026-11-01 14:30-05:00", "2026-11-01T14:30:00-05:00"),
    ],
)
def test_what_people_say(text: str, means: str) -> None:
    assert said(text) == means


@pytest.mark.parametrize(
    "text",
    ["", "tomorrow", "2026-02-30", "last", "ago", "-3 days ago", "1e3 days ago", "3 days",
     "99999999 days ago", "99999 years ago", "friday 25:00", "yesterday tomorrow", "10"],
)  # fmt: skip
def test_what_nobody_can_know_is_refused_with_the_forms(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        said(text)
    assert text in refused.value.message
    assert "3 days ago" in refused.value.hint


def test_a_month_without_such_a_day_gives_its_last() -> None:
    assert said("last month", datetime(2026, 3, 31, tzinfo=PLACE)) == "2026-02-28"
    assert said("a year ago", datetime(2024, 2, 29, tzinfo=PLACE)) == "2023-02-28"


# From 1900 to 2200, so that a thousand years back are still years.
moments = st.integers(-2_208_988_800, 7_258_118_400).map(
    lambda second: datetime.fromtimestamp(second, PLACE)
)


@given(moments, st.sampled_from(NAMES))
def test_a_weekday_is_the_latest_before_today(now: datetime, name: str) -> None:
    at, zone = parse_when(name, now, local)
    day = datetime.fromtimestamp(0, UTC) + timedelta(microseconds=at)
    assert zone is None
    assert NAMES[day.weekday()] == name
    assert 1 <= (now.date() - day.date()).days <= 7


@given(moments, st.integers(0, 30_000))
def test_days_ago_counts_days(now: datetime, days: int) -> None:
    at, zone = parse_when(f"{days} days ago", now, local)
    midnight, _ = instant(now.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=UTC))
    assert zone is None
    assert at == midnight - days * DAY_US


@given(moments, st.integers(0, 1000), st.sampled_from(["month", "year"]))
def test_months_and_years_ago_keep_the_day_where_there_is_one(
    now: datetime, count: int, unit: str
) -> None:
    at, _ = parse_when(f"{count} {unit}s ago", now, local)
    day = datetime.fromtimestamp(0, UTC) + timedelta(microseconds=at)
    months = count * (12 if unit == "year" else 1)
    assert now.year * 12 + now.month - day.year * 12 - day.month == months
    assert day.day == now.day or (day.day < now.day and (day + timedelta(days=1)).day == 1)


@given(moments)
def test_what_is_printed_can_be_said_again(now: datetime) -> None:
    text = format_at(*instant(now))
    assert parse_when(text, MONDAY, local) == instant(now)


@given(st.text(max_size=40), moments)
def test_any_text_is_a_date_or_refused(text: str, now: datetime) -> None:
    try:
        at, zone = parse_when(text, now, local)
    except Invalid:
        return
    assert format_at(at, zone)
