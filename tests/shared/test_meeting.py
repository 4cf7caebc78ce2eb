"""One pair, found from both sides, is what a search of everybody finds: to the last bit."""

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from kithbook.events import Helped, Merged, Met, Ruled, Trusted
from kithbook.facts.rows import Order
from kithbook.readings.rules import Rules
from kithbook.readings.trust.levels import Level, graph
from kithbook.readings.trust.score import Score
from kithbook.readings.trust.search import Search
from tests.shared.memory import reader, stored
from tests.strategies import PEOPLE, History, histories, persons

TRUST = (*[Trusted] * 9, Helped, Met, Merged, Ruled)
Levels = dict[tuple[bytes, bytes], Level]
some_rules = st.sampled_from(
    [
        *[Rules(), Rules(cut=0.5)] * 2,
        Rules(divisor=10.0),
        Rules(divisor=100 / 3),
        Rules(cut=0.0),
        Rules(divisor=10.0, cut=1.5),
    ]
)


@settings(max_examples=200)
@given(histories(TRUST, min_size=8, max_size=30), persons)
def test_one_pair_equals_everybody_whoever_said_what_and_whoever_is_who(
    history: History, me: bytes
) -> None:
    """With zeros, withdrawals, evidence, hearsay, merges and rules."""
    everybody = reader(stored(history), history, me)
    for start in PEOPLE:
        whole = {score.to: score for score in everybody.scores(start)}
        read = reader(stored(history), history, me)
        for to in PEOPLE:
            one, other = read.one.get(start, start), read.one.get(to, to)
            assert read.score(to, start) == whole.get(other, Score(one, other, "none"))


def drawn(random: Random, people: list[bytes], links: int, choices: list[float | None]) -> Levels:
    """Some trust many and some are trusted by many; None is evidence alone."""
    found: Levels = {}
    for seq in range(links):
        one, other = (people[int(len(people) * random.random() ** 2)] for _ in range(2))
        stated = random.choice(choices)
        level = random.randint(1, 12) / 6 if stated is None else stated
        if one != other:
            found[one, other] = Level(level, stated, Order(0, 0, b"log", seq))
    return found


def around(levels: Levels, start: bytes, rules: Rules, *, narrow: bool = False) -> Search:
    by, of = graph(levels), graph({(b, a): level for (a, b), level in levels.items()})

    def stating(person: bytes, least: float) -> dict[bytes, Level]:
        return {
            other: level
            for other, level in of.get(person, {}).items()
            if level.stated is not None and (level.stated == 0 or level.level >= least)
        }

    neighbours, vouchers = (lambda p: by.get(p, {})), (lambda p: of.get(p, {}))
    return Search(start, neighbours, vouchers, rules, stating if narrow else None)


@settings(max_examples=60, deadline=None)
@given(
    st.randoms(use_true_random=False),
    st.sampled_from([[0.0, 10.0, 10.0, 5.0, None], [0.0, *(n / 10 for n in range(1, 101))]]),
    st.sampled_from([150, 300, 900]),
    some_rules,
)
def test_one_pair_equals_everybody_in_networks_with_hubs_and_long_chains(
    random: Random, choices: list[float | None], links: int, rules: Rules
) -> None:
    people = [random.randbytes(16) for _ in range(120)]
    levels = drawn(random, people, links, choices)
    for start in random.sample(people, 4):
        search = around(levels, start, rules)
        whole = {score.to: score for score in search.all()}
        narrow = around(levels, start, rules, narrow=True)
        for to in people:
            assert search.one(to) == narrow.one(to) == whole.get(to, Score(start, to, "none"))


def test_one_pair_finds_the_chain_that_only_rounding_makes_the_stronger() -> None:
    """4.1 × 3 × .3 is a bit less than 4.1 × 10 × .3 × 10 × .3."""
    me, friend, other, far = (bytes([n]) * 16 for n in range(1, 5))
    said = {(friend, far): 3.0, (me, friend): 4.1, (other, far): 10.0, (friend, other): 10.0}
    levels = {pair: Level(n, n, Order(0, 0, b"log", 1)) for pair, n in said.items()}
    search = around(levels, me, Rules(divisor=100 / 3))
    whole = {score.to: score for score in search.all()}
    assert search.one(far) == whole[far]
    assert [step.to for step in whole[far].chain] == [friend, other, far]


def test_one_pair_asks_for_nobody_whose_links_cannot_matter() -> None:
    me, friend, other, far = (bytes([n]) * 16 for n in range(1, 5))
    ten = Level(10.0, 10.0, Order(0, 0, b"log", 1))
    levels = {(me, friend): ten, (friend, other): ten, (other, far): ten}
    crowd = [n.to_bytes(16, "big") for n in range(1000, 2000)]
    levels |= {(friend, one): ten for one in crowd}
    levels |= {(one, crowd[n - 1]): ten for n, one in enumerate(crowd)}
    whole = around(levels, me, Rules())
    asked: list[bytes] = []

    def neighbours(person: bytes) -> dict[bytes, Level]:
        asked.append(person)
        return whole.neighbours(person)

    def vouchers(person: bytes) -> dict[bytes, Level]:
        asked.append(person)
        return whole.vouchers(person)

    found = Search(me, neighbours, vouchers, Rules()).one(far)
    assert [step.to for step in found.chain] == [friend, other, far]
    assert set(asked) <= {me, friend, other, far}
