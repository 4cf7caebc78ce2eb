from hypothesis import given
from hypothesis import strategies as st

from kithbook.clock import COUNTER_BITS, DAY_MS, MAX_HLC, runs_ahead, tick, wall_ms, witness

stamps = st.integers(0, 2**62)
walls = st.integers(-(2**45), 2**45)
TEN_YEARS = 3_650 * DAY_MS
NOW = 1_800_000_000_000


@given(stamps, walls)
def test_a_clock_never_goes_back(last: int, now: int) -> None:
    assert tick(last, now) > last


@given(stamps, st.lists(st.tuples(stamps, walls), max_size=10))
def test_no_wall_clock_and_no_other_clock_makes_it_go_back(
    last: int, seen: list[tuple[int, int]]
) -> None:
    for theirs, now in seen:
        after = witness(last, theirs, now)
        assert after >= last
        assert after in {last, theirs}
        last = tick(after, now)


@given(walls)
def test_a_new_clock_starts_at_the_wall_clock(now: int) -> None:
    assert wall_ms(tick(0, now)) == max(0, now)


def test_many_events_in_one_millisecond_follow_one_another() -> None:
    first = tick(0, NOW)
    last = first
    for _ in range(1000):
        last = tick(last, NOW)
    assert last == first + 1000
    assert wall_ms(last) == NOW


def test_a_stamp_up_to_a_day_ahead_is_believed_and_no_other() -> None:
    mine = tick(0, NOW)
    near, far = (NOW + DAY_MS << COUNTER_BITS), (NOW + DAY_MS + 1 << COUNTER_BITS)
    assert witness(mine, near, NOW) == near
    assert witness(mine, far, NOW) == mine
    assert (runs_ahead(near, NOW), runs_ahead(far, NOW)) == (False, True)


def test_a_wrong_wall_clock_blocks_nothing() -> None:
    """Ten years back or ahead and home again: every event gets a later stamp."""
    last = 0
    for now in (NOW, NOW - TEN_YEARS, NOW + TEN_YEARS, NOW, NOW - 3_600_000, NOW + 3_600_000):
        after = tick(last, now)
        assert last < after <= MAX_HLC
        last = after
    assert runs_ahead(last, NOW)


def test_a_clock_that_ran_ahead_is_noticed_once_the_wall_clock_is_right() -> None:
    assert runs_ahead(tick(0, NOW + TEN_YEARS), NOW)
    assert not runs_ahead(tick(0, NOW - TEN_YEARS), NOW)
