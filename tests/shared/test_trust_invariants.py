"""What holds of every score, on drawn networks: the invariants of trust, against brute force."""

from fractions import Fraction
from itertools import pairwise
from random import Random

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from kithbook.facts.rows import Order
from kithbook.readings.rules import Rules
from kithbook.readings.trust.chains import carry
from kithbook.readings.trust.levels import Level, graph
from kithbook.readings.trust.score import Score
from kithbook.readings.trust.search import Search
from tests import oracle
from tests.oracle import Levels
from tests.strategies import PEOPLE, graphs, persons

START = PEOPLE[0]
DEFAULT = oracle.Rules()
some_rules = st.sampled_from(
    [
        *[DEFAULT] * 4,
        oracle.Rules(transfer=Fraction(1)),
        oracle.Rules(transfer=Fraction(3, 10)),
        oracle.Rules(cut=0.0),
        oracle.Rules(transfer=Fraction(1), cut=1.5),
    ]
)


@st.composite
def networks(draw: st.DrawFn, size: int = 6) -> Levels:
    """Direct levels between a few people."""
    drawn = draw(graphs(size))
    return {
        pair: oracle.Level(level, stated, None if stated is None else (b"log", n))
        for n, (pair, (level, stated)) in enumerate(drawn.items(), 1)
    }


def search(levels: Levels, rules: oracle.Rules = DEFAULT, start: bytes = START) -> Search:
    pairs = {pair: used(level) for pair, level in levels.items()}
    by, of = graph(pairs), graph({(b, a): level for (a, b), level in pairs.items()})
    return Search(start, lambda p: by.get(p, {}), lambda p: of.get(p, {}), used_rules(rules))


def used(level: oracle.Level) -> Level:
    order = None if level.event is None else Order(0, 0, *level.event)
    return Level(level.level, level.stated, order)


def used_rules(rules: oracle.Rules) -> Rules:
    return Rules(divisor=oracle.divisor(rules), cut=rules.cut)


def one(levels: Levels, to: bytes, rules: oracle.Rules = DEFAULT, *, others: bool = False) -> Score:
    return search(levels, rules).one(to, others=others)


def all_at_once(levels: Levels, rules: oracle.Rules = DEFAULT) -> dict[bytes, Score]:
    return {score.to: score for score in search(levels, rules).all()}


def everybody(levels: Levels) -> set[bytes]:
    return {person for pair in levels for person in pair} - {START}


def plain(score: Score) -> oracle.Score:
    weight = score.warning.weight if score.warning else None
    return oracle.Score(score.basis, score.score, score.support, weight)


@given(networks(), some_rules)
def test_scores_equal_brute_force_over_all_simple_chains(
    levels: Levels, rules: oracle.Rules
) -> None:
    expected = {to: oracle.score(levels, START, to, rules) for to in everybody(levels)}
    assert {to: plain(one(levels, to, rules)) for to in everybody(levels)} == expected
    found = {to: plain(score) for to, score in all_at_once(levels, rules).items()}
    assert found == {to: score for to, score in expected.items() if score.basis != "none"}


@given(networks(), some_rules)
def test_one_score_equals_all_scores_with_the_chain_and_the_warner(
    levels: Levels, rules: oracle.Rules
) -> None:
    whole = all_at_once(levels, rules)
    for to in everybody(levels):
        found = one(levels, to, rules)
        assert found == whole.get(to, Score(START, to, "none"))


@given(networks(), some_rules)
def test_the_best_scores_are_those_over_0_the_best_first(
    levels: Levels, rules: oracle.Rules
) -> None:
    over_0 = [score for score in all_at_once(levels, rules).values() if score.score]
    over_0.sort(key=lambda score: (-(score.score or 0.0), len(score.chain), score.to))
    assert list(search(levels, rules).best()) == over_0


@settings(max_examples=30)
@given(st.randoms(use_true_random=False), some_rules)
def test_one_score_equals_all_scores_in_larger_networks_too(
    random: Random, rules: oracle.Rules
) -> None:
    """Few different levels, so that many chains are equally strong."""
    people = [n.to_bytes(16, "big") for n in range(40)] + [START]
    levels = {}
    for n in range(160):
        pair = tuple(random.sample(people, 2))
        stated = random.choice([0.0, 1.0, 5.0, 9.0, 10.0, 10.0, None])
        level = 2.0 * random.randint(1, 12) / 12 if stated is None else stated
        levels[pair] = oracle.Level(level, stated, (b"log", n))
    whole = all_at_once(levels, rules)
    for to in everybody(levels):
        assert one(levels, to, rules) == whole.get(to, Score(START, to, "none"))


@given(networks(), some_rules)
def test_a_chain_recomputes_to_the_score_bit_for_bit_and_repeats_nobody(
    levels: Levels, rules: oracle.Rules
) -> None:
    """Fuzz: the explanation gives the score again, always."""
    for score in all_at_once(levels, rules).values():
        if score.chain:
            assert follows(score.chain, score.to)
            assert carry(score.chain, used_rules(rules)) == score.support
        if score.warning:
            warned = score.warning
            assert follows(warned.chain, warned.by)
            assert score.to not in {step.to for step in warned.chain}
            assert warned.level.stated == 0
            support = carry(warned.chain, used_rules(rules))
            assert warned.weight == min(support, support * 10 / oracle.divisor(rules))
        if score.support is not None:
            weight = score.warning.weight if score.warning else 0.0
            assert score.score == max(0.0, score.support - weight)


def follows(chain: list, to: bytes) -> bool:
    people = [START, *(step.to for step in chain)]
    joined = [(step.by, step.to) for step in chain] == list(pairwise(people))
    return joined and people[-1] == to and len(set(people)) == len(people)


@given(networks(), some_rules)
def test_ties_go_to_fewer_hops_then_to_the_smaller_last_voucher(
    levels: Levels, rules: oracle.Rules
) -> None:
    for score in all_at_once(levels, rules).values():
        if score.basis == "stated" or not score.chain:
            continue
        best = [
            (len(chain) - 1, chain[-2])
            for chain, support in oracle.chains(levels, START, score.to, rules)
            if support == score.support
        ]
        assert (len(score.chain), score.chain[-1].by) == min(best)


@given(networks())
def test_other_vouchers_are_each_the_best_chain_through_them_best_first(levels: Levels) -> None:
    for to in everybody(levels):
        score = one(levels, to, others=True)
        if score.basis == "stated":
            assert score.others == []
            continue
        best: dict[bytes, float] = {}
        for chain, support in oracle.chains(levels, START, to, DEFAULT):
            best[chain[-2]] = max(support, best.get(chain[-2], 0.0))
        found = {v.chain[-1].by: v.support for v in score.others}
        if score.chain:
            found[score.chain[-1].by] = score.support or 0.0
        assert found == best
        assert [v.support for v in score.others] == sorted(found.values(), reverse=True)[1:]
        assert all(carry(v.chain, used_rules(DEFAULT)) == v.support for v in score.others)
        assert plain(score) == plain(one(levels, to))


@given(networks())
def test_numbers_stay_in_bounds(levels: Levels) -> None:
    """A derived support is at most 5/9 of the last voucher's level and of their own support."""
    whole = all_at_once(levels)
    for score in whole.values():
        assert score.score is None or 0 <= score.score <= 10
        if len(score.chain) < 2:
            continue
        support, last = score.support or 0.0, score.chain[-1]
        voucher = carry(score.chain[:-1], used_rules(DEFAULT))
        assert support <= 5.56
        assert support <= last.level.level * 5 / 9 * (1 + 1e-15)
        assert support <= voucher * 5 / 9 * (1 + 1e-15)
        assert voucher == whole[last.by].support


@given(networks())
def test_supports_are_as_near_to_the_exact_product_as_doubles_are(levels: Levels) -> None:
    for score in all_at_once(levels).values():
        if score.chain:
            chain = (START, *(step.to for step in score.chain))
            exact = oracle.exact(levels, chain, DEFAULT)
            assert abs(Fraction(score.support or 0.0) - exact) <= exact * Fraction(1, 10**14)


@given(networks(), networks())
def test_my_own_statement_is_the_score_whatever_others_say(mine: Levels, theirs: Levels) -> None:
    levels = {pair: level for pair, level in theirs.items() if pair[0] != START}
    own = {pair: level for pair, level in mine.items() if pair[0] == START}
    for (_, to), level in own.items():
        if level.stated is not None:
            score = one({**own, **levels}, to)
            assert (score.basis, score.score, score.warning) == ("stated", level.level, None)


@given(networks(), persons, persons, st.integers(10, 100))
def test_support_never_falls_when_somebody_else_raises_or_adds_a_level(
    levels: Levels, by: bytes, whom: bytes, tenths: int
) -> None:
    assume(by not in {START, whom})
    before = levels.get((by, whom), oracle.Level(0.0, None, None))
    raised = oracle.Level(max(tenths / 10, before.level), tenths / 10, (b"log", 99))
    after = {**levels, (by, whom): raised}
    for to in everybody(levels):
        old, new = one(levels, to), one(after, to)
        assert (new.support or 0.0) >= (old.support or 0.0)


@given(networks(), st.permutations(PEOPLE[1:]))
def test_renaming_people_changes_nothing_but_tie_breaks(levels: Levels, names: list[bytes]) -> None:
    called = dict(zip(PEOPLE, [START, *names], strict=True))
    renamed = {(called[a], called[b]): level for (a, b), level in levels.items()}
    found = {to: plain(score) for to, score in all_at_once(renamed).items()}
    assert found == {called[to]: plain(score) for to, score in all_at_once(levels).items()}


@given(networks(), st.data())
def test_the_order_in_which_levels_came_in_changes_nothing_at_all(
    levels: Levels, data: st.DataObject
) -> None:
    shuffled = dict(data.draw(st.permutations(list(levels.items()))))
    assert all_at_once(shuffled) == all_at_once(levels)


@given(networks(4), st.data())
def test_fake_identities_behind_one_link_cannot_exceed_that_links_bound(
    honest: Levels, data: st.DataObject
) -> None:
    """X with any number of fakes, whatever they all say of anybody, gains nothing."""
    x, fakes = PEOPLE[3], [bytes([n]) * 16 for n in range(0xF0, 0xF4)]
    honest = {pair: level for pair, level in honest.items() if pair[0] != x}
    liars = [x, *fakes]
    pairs = [(a, b) for a in liars for b in (*PEOPLE[:4], *fakes) if a != b]
    lies = {
        pair: oracle.Level(level, level, (b"lie", n))
        for n, pair in enumerate(data.draw(st.lists(st.sampled_from(pairs), unique=True)), 1)
        for level in [data.draw(st.sampled_from([0.0, 9.0, 10.0]))]
    }
    before, after = all_at_once(honest), all_at_once({**honest, **lies})
    support_of_x = before[x].support or 0.0 if x in before else 0.0
    bound = support_of_x * 10 / 18
    nothing = Score(START, x, "none")
    for to in {*PEOPLE[1:4], *fakes}:
        was, now = before.get(to, nothing), after.get(to, nothing)
        assert (now.support or 0.0) <= max(was.support or 0.0, 0.0 if to == x else bound)
        if now.warning:
            earlier = was.warning.weight if was.warning else 0.0
            assert now.warning.weight <= max(earlier, bound)


def test_a_thousand_fakes_do_not_raise_the_one_who_made_them() -> None:
    x, target = PEOPLE[1], PEOPLE[2]
    ten = oracle.Level(10.0, 10.0, (b"log", 1))
    levels = {(START, x): ten, (x, target): ten}
    alone = all_at_once(levels)
    fakes = [n.to_bytes(16, "big") for n in range(1, 1001)]
    levels |= {(x, fake): ten for fake in fakes}
    levels |= {(fake, whom): ten for fake in fakes for whom in (x, target)}
    found = all_at_once(levels)
    assert found[x] == alone[x]
    assert found[target] == alone[target]
    assert max(found[fake].support or 0.0 for fake in fakes) <= 10 * 10 / 18


@given(networks(), networks())
def test_statements_of_people_out_of_reach_change_nothing(levels: Levels, more: Levels) -> None:
    reached = {START, *(to for to, s in all_at_once(levels).items() if s.support)}
    strangers = {pair: level for pair, level in more.items() if pair[0] not in reached}
    kept = {pair: level for pair, level in levels.items() if pair[0] in reached}
    assert all_at_once({**kept, **strangers}) == all_at_once(levels)


@given(networks(), some_rules)
def test_nobody_is_scored_by_themselves(levels: Levels, rules: oracle.Rules) -> None:
    assert one(levels, START, rules) == Score(START, START, "none")
    assert START not in all_at_once(levels, rules)
