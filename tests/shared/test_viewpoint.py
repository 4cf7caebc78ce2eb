"""A kept viewpoint gives, after every change, the bits that a search from scratch gives."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kithbook.facts.rows import Order
from kithbook.readings.rules import Rules
from kithbook.readings.trust.levels import Level, graph
from kithbook.readings.trust.score import Score
from kithbook.readings.trust.search import Search
from kithbook.readings.trust.viewpoint import Viewpoint
from tests.strategies import PEOPLE

START, BOB, CAROL, DAVE, EVE = PEOPLE[:5]
Levels = dict[tuple[bytes, bytes], Level]
RULES = Rules()
some_rules = st.sampled_from(
    [RULES, RULES, Rules(divisor=10.0), Rules(cut=0.0), Rules(divisor=10.0, cut=1.5)]
)
# Few different ones, so that many chains are equally strong; and some that round oddly.
some_levels = st.sampled_from([0.0, 0.1, 1.0, 5.0, 9.0, 9.9, 10.0, 10.0, 10.0])


def stated(level: float, seq: int = 1) -> Level:
    return Level(level, level, Order(0, 0, b"log", seq))


@st.composite
def changes(draw: st.DrawFn, people: int) -> list[tuple[bytes, bytes, Level | None]]:
    who = st.sampled_from(PEOPLE[:people])
    pairs = st.tuples(who, who).filter(lambda pair: pair[0] != pair[1])
    level = st.one_of(
        st.builds(stated, some_levels, st.integers(1, 9)),
        st.builds(stated, some_levels, st.integers(1, 9)),
        st.sampled_from([Level(0.5, None, None), Level(2.0, None, None), None]),
    )
    return [(*pair, level) for pair, level in draw(st.lists(st.tuples(pairs, level), max_size=40))]


def from_scratch(levels: Levels, rules: Rules, start: bytes = START) -> dict[bytes, Score]:
    by, of = graph(levels), graph({(b, a): level for (a, b), level in levels.items()})
    search = Search(start, lambda p: by.get(p, {}), lambda p: of.get(p, {}), rules)
    return {score.to: score for score in search.all()}


def as_dict(kept: Viewpoint) -> dict[bytes, Score]:
    return {score.to: score for score in kept.scores()}


def follow(
    kept: Viewpoint, levels: Levels, steps: list[tuple[bytes, bytes, Level | None]], rules: Rules
) -> None:
    """Makes each change, and holds what is kept against a search from scratch."""
    before = from_scratch(levels, rules)
    for by, whom, level in steps:
        if level is None:
            levels.pop((by, whom), None)
        else:
            levels[by, whom] = level
        moved = kept.put(by, whom, level)
        after = from_scratch(levels, rules)
        assert as_dict(kept) == after
        differ = {to for to in before.keys() | after.keys() if before.get(to) != after.get(to)}
        assert differ <= moved
        before = after


@settings(max_examples=300)
@given(st.integers(3, 7).flatmap(changes), st.integers(0, 20), some_rules)
def test_it_equals_a_search_from_scratch_after_every_change_bit_for_bit(
    steps: list[tuple[bytes, bytes, Level | None]], first: int, rules: Rules
) -> None:
    """And whoever is not said to have moved has the score, chain and warning they had."""
    levels = {(by, whom): level for by, whom, level in steps[:first] if level is not None}
    follow(Viewpoint(START, levels, rules), levels, steps[first:], rules)


@settings(max_examples=15, deadline=None)
@given(st.randoms(use_true_random=False), some_rules)
def test_it_equals_a_search_from_scratch_in_larger_networks_too(
    random: Random, rules: Rules
) -> None:
    people = [n.to_bytes(16, "big") for n in range(40)] + [START]

    def change() -> tuple[bytes, bytes, Level | None]:
        by, whom = random.sample(people, 2)
        level = random.choice([None, 0.0, 1.0, 5.0, 7.3, 9.0, 9.7, 10.0, 10.0, 10.0])
        return by, whom, None if level is None else stated(level, random.randint(1, 9))

    levels = {(a, b): level for a, b, level in (change() for _ in range(200)) if level is not None}
    follow(Viewpoint(START, levels, rules), levels, [change() for _ in range(60)], rules)


def test_who_has_more_support_by_more_hops_may_give_the_same_on_and_is_put_right() -> None:
    """With transfer 1 and tens supports stay equal; only hops and vouchers tell chains apart."""
    rules = Rules(divisor=10.0)
    levels = {(START, BOB): stated(10), (BOB, CAROL): stated(10), (CAROL, DAVE): stated(10)}
    kept = Viewpoint(START, levels, rules)
    follow(kept, levels, [(BOB, DAVE, stated(10)), (BOB, DAVE, None), (BOB, CAROL, None)], rules)
    assert as_dict(kept).keys() == {BOB}


@pytest.mark.parametrize(
    ("by", "whom"),
    [(EVE, BOB), (EVE, DAVE), (CAROL, BOB), (CAROL, START)],
    ids=["a stranger's, of a friend", "a stranger's", "of one stated by me", "of myself"],
)
def test_nobody_moves_when_a_link_does_not_matter(by: bytes, whom: bytes) -> None:
    levels = {(START, BOB): stated(10), (BOB, CAROL): stated(9), (CAROL, DAVE): stated(9)}
    assert Viewpoint(START, levels, RULES).put(by, whom, stated(10)) == set()


def test_only_those_behind_a_change_move() -> None:
    levels = {
        (START, BOB): stated(10),
        (BOB, CAROL): stated(9),
        (CAROL, DAVE): stated(9),
        (BOB, EVE): stated(9),
    }
    kept = Viewpoint(START, levels, RULES)
    assert kept.put(BOB, CAROL, stated(8)) == {CAROL, DAVE}
    assert kept.put(DAVE, EVE, stated(9)) == {EVE}
    assert kept.put(DAVE, EVE, stated(9)) == set()


def test_the_warned_move_with_their_warner() -> None:
    levels = {(START, BOB): stated(10), (BOB, CAROL): stated(9), (CAROL, EVE): stated(0)}
    kept = Viewpoint(START, levels, RULES)
    assert kept.score(EVE).basis == "warned"
    assert EVE in kept.put(BOB, CAROL, stated(8))
    assert EVE in kept.put(BOB, CAROL, None)
    assert kept.score(EVE).basis == "none"


def test_those_behind_a_link_move_when_only_the_event_that_states_it_is_another() -> None:
    levels = {(START, BOB): stated(10), (BOB, CAROL): stated(9), (CAROL, DAVE): stated(9)}
    kept = Viewpoint(START, levels, RULES)
    assert kept.put(BOB, CAROL, stated(9, seq=2)) == {CAROL, DAVE}
    assert kept.score(DAVE).chain[1].level == stated(9, seq=2)
