"""How long to wait before trying again."""

from hypothesis import given
from hypothesis import strategies as st

from kithbook_client.sync.pace import FIRST_SECONDS, MOST_SECONDS, backoff

failures = st.integers(0, 10_000)
chances = st.floats(0, 1)


@given(failures, chances)
def test_nobody_waits_too_short_or_too_long(failures: int, chance: float) -> None:
    assert FIRST_SECONDS / 2 <= backoff(failures, chance) <= 1.5 * MOST_SECONDS


@given(failures, chances)
def test_each_failure_makes_the_wait_no_shorter(failures: int, chance: float) -> None:
    assert backoff(failures, chance) <= backoff(failures + 1, chance)


@given(failures, chances, chances)
def test_two_that_failed_together_do_not_try_together(
    failures: int, one: float, other: float
) -> None:
    if abs(one - other) > 1e-9:
        assert backoff(failures, one) != backoff(failures, other)
