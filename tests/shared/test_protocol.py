from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from kithbook.protocol import ROUND_BYTES, one_round
from kithbook.replication import Page

BIG = bytes(ROUND_BYTES // 4)
"""Shared by all pages, so that much takes no room."""


def page(records: list[bytes]) -> Page:
    return Page(bytes(16), 1, bytes(32), records, [])


def size(pages: list[Page]) -> int:
    return sum(len(record) for page in pages for record in page.records)


def events(pages: list[Page]) -> int:
    return sum(len(page.records) for page in pages)


PAGES = st.lists(st.lists(st.sampled_from([b"x", BIG]), min_size=1, max_size=6).map(page))
MOST = st.integers(1, 20)


@given(PAGES, MOST)
def test_a_round_carries_the_first_pages_and_at_least_one(pages: list[Page], most: int) -> None:
    carried = one_round(pages, most)

    assert carried == pages[: len(carried)]
    assert bool(carried) == bool(pages)


@given(PAGES, MOST)
def test_a_round_carries_no_more_than_it_may_but_for_its_first_page(
    pages: list[Page], most: int
) -> None:
    carried = one_round(pages, most)

    assert len(carried) <= 1 or events(carried) <= most
    assert size(carried[:-1]) < ROUND_BYTES


@given(PAGES, MOST)
def test_a_round_leaves_no_page_out_that_fits(pages: list[Page], most: int) -> None:
    carried = one_round(pages, most)

    with_next = pages[: len(carried) + 1]
    is_full = events(with_next) > most or size(carried) >= ROUND_BYTES
    assert carried == pages or is_full


@given(PAGES, MOST)
def test_no_page_is_read_once_a_round_is_full(pages: list[Page], most: int) -> None:
    read: list[Page] = []

    def reading() -> Iterator[Page]:
        for one in pages:
            read.append(one)
            yield one

    carried = one_round(reading(), most)

    is_full = events(carried) >= most or size(carried) >= ROUND_BYTES
    assert len(read) == min(len(pages), len(carried) + (not is_full))


@given(PAGES, MOST)
def test_rounds_one_after_another_carry_every_page_once(pages: list[Page], most: int) -> None:
    left, carried = pages, list[Page]()
    while some := one_round(left, most):
        carried += some
        left = left[len(some) :]

    assert carried == pages
