"""Who may say that two are one."""

from hypothesis import given
from hypothesis import strategies as st

from kithbook.facts.rows import Merge
from kithbook.readings.merges import classes, in_force
from tests.shared.story import Story, who
from tests.strategies import PEOPLE, persons


def one(story: Story, a: str, b: str) -> bool:
    same = story.read().one
    return same.get(who(a), who(a)) == same.get(who(b), who(b))


def test_anybody_may_say_that_two_who_are_no_members_are_one() -> None:
    story = Story("Ada", "Bob", role="member")
    story.merged("Carol", "Dan", log="Bob")
    assert one(story, "Carol", "Dan")


def test_nobody_but_a_member_says_who_else_they_are() -> None:
    story = Story("Ada", "Bob", role="member")
    story.merged("Bob", "Carol")
    assert not one(story, "Bob", "Carol")
    story.merged("Bob", "Carol", log="Bob")
    assert one(story, "Bob", "Carol")


def test_two_members_are_one_when_both_say_so() -> None:
    story = Story("Ada", "Bob")
    story.merged("Ada", "Bob")
    assert not one(story, "Ada", "Bob")
    story.merged("Bob", "Ada", log="Bob")
    assert one(story, "Ada", "Bob")


def test_nobody_gets_at_a_members_voice_by_way_of_somebody_else() -> None:
    story = Story("Ada", "Bob")
    story.merged("Bob", "Carol", log="Bob")
    story.merged("Carol", "Dan")
    story.merged("Ada", "Dan")
    assert not one(story, "Ada", "Bob")
    assert not one(story, "Bob", "Carol")
    assert one(story, "Carol", "Dan")


def test_of_a_merged_member_hearsay_counts_for_nobody() -> None:
    story = Story("Ada", "Bob", role="member")
    story.trusted("Ada", "Carol", 10)
    story.trusted("Carol", "Dan", 9)
    assert story.score("Dan") == 5
    story.merged("Bob", "Carol", log="Bob")
    assert story.score("Dan") is None


merges = st.builds(Merge, st.lists(persons, min_size=2, max_size=3).map(tuple), persons)


@given(st.lists(merges, max_size=8), st.sets(persons, min_size=1, max_size=3))
def test_whoever_shares_a_member_s_voice_was_named_by_that_member(
    said: list[Merge], members: set[bytes]
) -> None:
    same = classes(in_force(said, members))
    for member in members:
        others = {p for p in PEOPLE if p != member and same.get(p) == same.get(member, 0)}
        named = {p for merge in said if merge.author == member for p in merge.people}
        assert not others or others & named
        for other in others & members:
            agreed = [m for m in said if m.author == other and {m.author} != set(m.people)]
            assert agreed


@given(st.lists(merges, max_size=8), st.sets(persons), st.randoms())
def test_which_merges_count_depends_on_no_order(
    said: list[Merge], members: set[bytes], chance: object
) -> None:
    shuffled = list(said)
    chance.shuffle(shuffled)
    assert classes(in_force(said, members)) == classes(in_force(shuffled, members))
