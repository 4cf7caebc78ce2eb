from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kithbook.errors import Invalid
from kithbook.when import DAY_US, END_AT, FIRST_AT, format_at, format_ms, instant, parse_iso
from tests.strategies import instants, zones


@given(st.integers(FIRST_AT // DAY_US, END_AT // DAY_US - 1))
def test_a_date_comes_back_from_its_text(day: int) -> None:
    text = format_at(day * DAY_US, None)
    assert len(text) == 10
    assert parse_iso(text) == (day * DAY_US, None)


@given(instants, st.integers(-1439, 1439))
def test_a_moment_comes_back_from_its_text(at: int, zone: int) -> None:
    assert parse_iso(format_at(at, zone)) == (at, zone)


@given(instants, zones)
def test_every_time_that_an_event_may_have_can_be_shown(at: int, zone: int | None) -> None:
    assert format_at(at, zone)


@given(
    st.datetimes(timezones=st.timedeltas(-timedelta(hours=23), timedelta(hours=23)).map(timezone))
)
def test_an_aware_datetime_is_the_same_instant_in_a_zone_of_whole_minutes(moment: datetime) -> None:
    at, zone = instant(moment)
    assert -1439 <= zone <= 1439
    if FIRST_AT <= at < END_AT:
        assert datetime.fromisoformat(format_at(at, zone)) == moment


@pytest.mark.parametrize(
    ("text", "at", "zone", "shown"),
    [
        ("1970-01-01", 0, None, "1970-01-01"),
        ("1969-12-31", -DAY_US, None, "1969-12-31"),
        ("1970-01-01T00:00:00Z", 0, 0, "1970-01-01T00:00:00Z"),
        ("1970-01-01T01:00+01:00", 0, 60, "1970-01-01T01:00:00+01:00"),
        ("1970-01-01T00:00:00.000001Z", 1, 0, "1970-01-01T00:00:00.000001Z"),
        ("1970-01-01T00:00:00+23:59:59", -86_399_000_000, 1439, "1969-12-31T23:59:01+23:59"),
        ("1970-01-01T00:00:00-23:59:59", 86_399_000_000, -1439, "1970-01-01T00:00:59-23:59"),
    ],
)
def test_times_as_people_write_them(text: str, at: int, zone: int | None, shown: str) -> None:
    assert parse_iso(text) == (at, zone)
    assert format_at(at, zone) == shown


@pytest.mark.parametrize(
    "text", ["", "soon", "2026-02-30", "2026-13-01T00:00Z", "2026-11-23T25:00Z"]
)
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="is no date"):
        parse_iso(text)


def test_a_moment_without_an_offset_is_refused_with_the_repair() -> None:
    with pytest.raises(Invalid, match="no offset") as caught:
        parse_iso("2026-11-23T18:45")
    assert caught.value.hint == "Add one: 2026-11-23T18:45Z."


@pytest.mark.parametrize(
    "text", ["0001-01-01", "0001-01-01T00:00:00+05:00", "9999-12-31", "9999-12-31T23:59:59-05:00"]
)
def test_what_some_zone_could_not_show_is_out_of_range(text: str) -> None:
    with pytest.raises(Invalid, match="out of range"):
        parse_iso(text)


def test_milliseconds_are_shown_in_utc() -> None:
    assert format_ms(1_800_000_000_000) == "2027-01-15T08:00:00Z"
    assert format_ms(0) == "1970-01-01T00:00:00Z"
