from typing import Any

import pytest
from hypothesis import given

from kithbook.readings.trust.score import Score
from tests.oracle import DAY
from tests.shared.memory import reader, stored
from tests.shared.story import Story, who
from tests.strategies import ABOUT_TRUST, PEOPLE, TODAY, History, histories, private


def ten_and_nine() -> Story:
    story = Story()
    story.trusted("Ada", "Bob", 10)
    story.trusted("Bob", "Carol", 9)
    return story


def score(story: Story, to: str, start: str = "Ada", me: str = "Ada") -> Score:
    return story.read(me).score(who(to), who(start))


def test_ten_then_nine_gives_exactly_five() -> None:
    found = score(ten_and_nine(), "Carol")
    assert (found.score, found.shown, found.basis) == (5.0, 5, "chain")
    assert [(s.by, s.to, s.level.level) for s in found.chain] == [
        (who("Ada"), who("Bob"), 10.0),
        (who("Bob"), who("Carol"), 9.0),
    ]


@pytest.mark.parametrize(
    ("level", "exact", "shown"),
    [(8.1, 4.5, 5), (8, 8 * 10 / 18, 4), (9.9, 5.5, 6), (0.9, 0.5, 1), (0.8, 8 / 18, None)],
)
def test_scores_are_rounded_half_up_once_for_showing(
    level: float, exact: float, shown: int | None
) -> None:
    """`round(4.5)` is 4 in Python: nobody may use it here."""
    story = Story()
    story.trusted("Ada", "Bob", 10)
    story.trusted("Bob", "Carol", level)
    found = score(story, "Carol")
    assert found.score == exact
    assert found.shown == shown


@pytest.mark.parametrize(
    ("support", "shown"), [(0.4999, None), (0.5, 1), (1.5, 2), (2.5, 3), (4.5, 5), (9.4999, 9)]
)
def test_a_half_always_goes_up(support: float, shown: int | None) -> None:
    assert Score(b"a", b"b", "chain", support).shown == shown


def test_a_hand_computed_table_of_six_people() -> None:
    story = ten_and_nine()
    story.trusted("Carol", "Dan", 6)
    story.trusted("Ada", "Eve", 3)
    story.trusted("Eve", "Dan", 10)
    story.trusted("Bob", "Fay", 0)
    story.trusted("Eve", "Fay", 10)
    expected = {
        "Bob": (10.0, "stated"),
        "Carol": (10 * 9 / 18, "chain"),
        "Dan": (5.0 * 6 / 18, "chain"),  # and not 3 × 10/18, which is as much
        "Eve": (3.0, "stated"),
        "Fay": (0.0, "contested"),  # Eve carries 3 × 10/18, Bob warns with 10 × 10/18
    }
    found = {name: score(story, name) for name in expected}
    assert {name: (s.score, s.basis) for name, s in found.items()} == expected
    assert found["Dan"].chain[-1].by == who("Eve")  # as strong, and fewer hops
    assert found["Fay"].support == 30 / 18
    assert found["Fay"].warning is not None
    assert (found["Fay"].warning.weight, found["Fay"].warning.by) == (100 / 18, who("Bob"))


def test_my_own_statement_overrides_every_chain() -> None:
    story = ten_and_nine()
    story.trusted("Ada", "Carol", 2)
    assert (score(story, "Carol").score, score(story, "Carol").basis) == (2.0, "stated")


def test_retracting_my_statement_brings_the_chain_back() -> None:
    story = ten_and_nine()
    mine = story.trusted("Ada", "Carol", 2)
    story.retracted(mine)
    assert (score(story, "Carol").score, score(story, "Carol").basis) == (5.0, "chain")


def test_withdrawing_a_statement_brings_the_chain_back_too() -> None:
    story = ten_and_nine()
    story.trusted("Ada", "Carol", 2)
    story.trusted("Ada", "Carol", None)
    assert score(story, "Carol").score == 5.0


def test_the_newest_statement_by_when_it_was_true_is_the_level() -> None:
    story = Story()
    story.trusted("Ada", "Bob", 8, day=-1)
    story.trusted("Ada", "Bob", 3, day=-5)
    assert score(story, "Bob").score == 8.0


def test_at_one_moment_whatever_was_written_last_is_the_level() -> None:
    story = Story()
    story.trusted("Ada", "Bob", 8)
    story.trusted("Ada", "Bob", 3)
    assert score(story, "Bob").score == 3.0


def test_nobody_trusts_themselves_by_saying_so() -> None:
    story = Story()
    story.trusted("Ada", "Ada", 10)
    story.trusted("Ada", "Bob", 10)
    story.trusted("Bob", "Ada", 9)
    assert score(story, "Ada").basis == "none"


# Evidence.


def dealings(story: Story, days: int) -> None:
    for day in range(days):
        story.helped("Bob", "Ada", day=-day)


def test_own_dealings_alone_give_a_weak_level() -> None:
    story = Story()
    dealings(story, 2)
    assert (score(story, "Bob").score, score(story, "Bob").basis) == (2 * (6 / 12), "inferred")


def test_own_dealings_alone_never_give_more_than_two() -> None:
    story = Story()
    dealings(story, 30)
    assert score(story, "Bob").score == 2.0


@pytest.mark.parametrize(
    ("deal", "weight"),
    [
        (lambda s: s.helped("Bob", "Ada"), 3),
        (lambda s: s.thanked("Bob", "Ada"), 2),
        (lambda s: s.referred("Bob", "Carol", "Ada"), 2),
        (lambda s: s.referred("Bob", "Ada", "Carol"), 2),
        (lambda s: s.met("Ada", "Bob"), 1),
        (lambda s: s.met("Bob", "Ada"), 0),
        (lambda s: s.helped("Ada", "Bob"), 0),
        (lambda s: s.thanked("Ada", "Bob"), 0),
        (lambda s: s.referred("Ada", "Bob", "Carol"), 0),
    ],
)
def test_each_kind_of_dealing_weighs_what_it_weighs(deal: Any, weight: int) -> None:
    story = Story()
    deal(story)
    assert score(story, "Bob").score == (2 * (weight / 12) if weight else None)


def test_a_kind_counts_once_a_utc_day() -> None:
    story = Story()
    story.helped("Bob", "Ada")
    story.helped("Bob", "Ada")
    story.met("Ada", "Bob")
    assert score(story, "Bob").score == 2 * (4 / 12)


def test_later_dealings_add_to_a_statement_and_earlier_ones_do_not() -> None:
    story = Story()
    story.helped("Bob", "Ada", day=-3)
    story.trusted("Ada", "Bob", 5, day=-2)
    story.helped("Bob", "Ada", day=-1)
    found = score(story, "Bob")
    assert found.score == 5 + 3 / 12
    assert (found.chain[0].level.stated, found.chain[0].level.level) == (5.0, 5.25)


def test_dealings_on_the_day_of_a_statement_count_when_one_of_them_is_later() -> None:
    story = Story()
    story.helped("Bob", "Ada", hlc=1)
    story.trusted("Ada", "Bob", 5, hlc=2)
    assert score(story, "Bob").score == 5.0
    story.helped("Bob", "Ada", hlc=3)
    assert score(story, "Bob").score == 5.25


def test_dealings_add_at_most_one_and_never_pass_ten() -> None:
    story = Story()
    story.trusted("Ada", "Bob", 5, day=-40)
    dealings(story, 30)
    assert score(story, "Bob").score == 6.0
    story.trusted("Ada", "Bob", 9.5, day=-39)
    assert score(story, "Bob").score == 10.0


def test_dealings_cannot_lift_a_zero() -> None:
    story = Story()
    story.trusted("Ada", "Bob", 0, day=-40)
    dealings(story, 30)
    assert (score(story, "Bob").score, score(story, "Bob").basis) == (0.0, "stated")


def test_after_a_withdrawal_all_dealings_count_again() -> None:
    story = Story()
    story.helped("Bob", "Ada", day=-3)
    story.trusted("Ada", "Bob", 5, day=-2)
    story.trusted("Ada", "Bob", None, day=-1)
    assert (score(story, "Bob").score, score(story, "Bob").basis) == (0.5, "inferred")


# Chains and warnings.


def test_no_chain_passes_through_somebody_i_have_spoken_of_but_directly() -> None:
    story = ten_and_nine()
    story.trusted("Ada", "Carol", 1)
    story.trusted("Carol", "Dan", 10)
    assert score(story, "Dan").score == 1 * 10 / 18


def test_my_own_low_statement_lowers_everybody_behind() -> None:
    story = ten_and_nine()
    story.trusted("Carol", "Dan", 10)
    before = score(story, "Dan").score
    story.trusted("Ada", "Carol", 1)
    assert (score(story, "Dan").score or 0) < (before or 0)


def test_trusting_a_warner_more_lowers_the_score_though_never_the_support() -> None:
    story = ten_and_nine()
    story.trusted("Ada", "Dan", 10)
    story.trusted("Dan", "Eve", 2)
    story.trusted("Eve", "Carol", 0)
    before = score(story, "Carol")
    story.trusted("Dan", "Eve", 6)
    after = score(story, "Carol")
    assert (after.score or 0) < (before.score or 0)
    assert after.support == before.support


def test_a_warning_without_support_gives_no_score() -> None:
    story = Story()
    story.trusted("Ada", "Bob", 9)
    story.trusted("Bob", "Carol", 0)
    found = score(story, "Carol")
    assert (found.score, found.shown, found.basis) == (None, None, "warned")
    assert found.warning is not None
    assert found.warning.weight == 5.0


def test_a_warning_travels_one_step_and_cuts_no_chain() -> None:
    story = ten_and_nine()
    story.trusted("Carol", "Dan", 10)
    story.trusted("Ada", "Eve", 9)
    story.trusted("Eve", "Carol", 0)
    assert (score(story, "Carol").basis, score(story, "Carol").score) == ("contested", 0.0)
    assert (score(story, "Dan").basis, score(story, "Dan").warning) == ("chain", None)
    assert score(story, "Dan").score == 5.0 * 10 / 18


def test_whom_a_warning_is_about_cannot_be_the_way_to_the_warner() -> None:
    story = ten_and_nine()
    story.trusted("Carol", "Dan", 10)
    story.trusted("Dan", "Carol", 0)
    assert (score(story, "Carol").score, score(story, "Carol").warning) == (5.0, None)
    story.trusted("Bob", "Dan", 2)
    found = score(story, "Carol")
    assert found.warning is not None
    assert [step.to for step in found.warning.chain] == [who("Bob"), who("Dan")]


def test_what_is_too_weak_to_keep_is_not_there() -> None:
    story = Story()
    story.trusted("Ada", "Bob", 0.2)
    story.trusted("Bob", "Carol", 4)
    assert score(story, "Carol").basis == "none"
    story.trusted("Bob", "Carol", 4.5)
    assert score(story, "Carol").score == 0.05


def test_the_rules_of_the_network_decide_how_far_trust_carries() -> None:
    story = ten_and_nine()
    story.ruled("transfer", "1")
    assert score(story, "Carol").score == 9.0
    story.ruled("transfer", "1/2")
    assert score(story, "Carol").score == 4.5
    story.ruled("cut", "5")
    assert score(story, "Carol").basis == "none"


def test_with_a_transfer_of_one_support_is_still_never_more_than_the_vouchers() -> None:
    """In doubles x × 10 / 10 is now and then more than x."""
    story = Story()
    story.ruled("transfer", "1")
    story.ruled("weights", "1 1 1 0.33")
    story.met("Ada", "Bob")
    story.trusted("Bob", "Carol", 10)
    assert 2 * (0.33 / 12) * 10 / 10 > 2 * (0.33 / 12)
    story.trusted("Carol", "Dan", 10)
    assert score(story, "Carol").score == score(story, "Dan").score == score(story, "Bob").score
    assert len({found.score for found in story.read().scores()}) == 1


# Whose word counts.


def test_what_i_wrote_of_somebody_who_is_no_member_counts_for_me_alone() -> None:
    story = Story("Ada", "Bob")
    story.trusted("Ada", "Carol", 10)
    story.trusted("Bob", "Carol", 10, log="Bob")
    story.trusted("Carol", "Dan", 9)
    assert story.score("Dan", "Ada", me="Ada") == 5.0
    assert story.score("Dan", "Bob", me="Ada") == 5.0
    assert story.score("Dan", "Bob", me="Bob") is None


def test_only_their_own_devices_speak_for_a_member() -> None:
    story = Story("Ada", "Bob")
    story.trusted("Ada", "Bob", 10)
    story.trusted("Bob", "Carol", 9)
    assert story.score("Carol") is None
    story.trusted("Bob", "Carol", 9, log="Bob")
    assert story.score("Carol") == 5.0


def test_what_was_written_of_somebody_stops_counting_when_they_join() -> None:
    story = ten_and_nine()
    assert story.score("Carol") == 5.0
    joined = Story("Ada", "Bob")
    joined.written = story.written
    assert joined.score("Carol") is None


def test_a_word_under_another_id_of_a_member_is_the_members_own_word_or_nobodys() -> None:
    story = Story("Ada", "Bob")
    story.trusted("Ada", "Bob", 10)
    story.merged("Bob", "Eve", log="Bob")
    story.trusted("Eve", "Carol", 9)
    assert story.score("Carol") is None
    story.trusted("Eve", "Carol", 9, log="Bob")
    assert story.score("Carol") == 5.0


def test_what_others_write_never_moves_my_levels() -> None:
    story = Story("Ada", "Bob")
    story.trusted("Ada", "Carol", 4)
    for day in range(12):
        story.helped("Carol", "Ada", day=day, log="Bob")
    story.trusted("Ada", "Carol", 9, log="Bob", day=3)
    story.helped("Dan", "Ada", log="Bob")
    assert story.score("Carol") == 4.0
    assert story.score("Dan") is None


def test_merged_people_have_one_level_by_the_newest_word_of_either_id() -> None:
    story = Story()
    story.trusted("Ada", "Bob", 9, day=-2)
    story.trusted("Ada", "Carol", 3, day=-1)
    story.helped("Bob", "Ada")
    story.helped("Carol", "Ada")
    merged = story.merged("Bob", "Carol")
    assert story.score("Bob") == story.score("Carol") == 3.25
    story.retracted(merged)
    assert story.score("Bob") == 9.25


def test_merged_people_count_each_kind_once_a_day() -> None:
    story = Story()
    story.helped("Bob", "Ada")
    story.helped("Carol", "Ada")
    story.met("Ada", "Carol", day=-1)
    story.merged("Bob", "Carol")
    assert story.score("Bob") == 2 * (4 / 12)


def test_a_withdrawal_under_one_id_withdraws_what_was_said_under_another() -> None:
    story = Story()
    story.trusted("Ada", "Bob", 9, day=-2)
    story.trusted("Ada", "Carol", None, day=-1)
    story.merged("Bob", "Carol")
    assert story.score("Bob") is None


def test_a_statement_between_two_ids_of_one_human_says_nothing() -> None:
    story = Story()
    story.trusted("Bob", "Carol", 9)
    story.trusted("Ada", "Bob", 10)
    story.merged("Bob", "Carol")
    assert story.score("Carol") == 10.0
    story.merged("Ada", "Bob")
    assert story.read().scores() == []


@given(histories(ABOUT_TRUST, min_size=4, max_size=16, whose=private))
def test_everybody_in_order_is_everybody_one_by_one(history: History) -> None:
    read = reader(stored(history), history, PEOPLE[0])
    found = read.scores()
    assert found == [read.score(s.to) for s in found]
    assert len({s.to for s in found}) == len(found)
    counted = [s for s in found if s.basis in {"stated", "inferred", "chain"}]
    assert found[: len(counted)] == counted
    assert [s.score for s in counted] == sorted((s.score or 0.0 for s in counted), reverse=True)
    assert TODAY % DAY
