from kithbook.ids import Ref
from kithbook.readings.ledger import Account, by_kind, by_kind_and_size
from tests.shared.story import Story, who


def account(story: Story, other: str = "Bob", viewpoint: str = "Ada") -> Account:
    return story.read().ledger(who(viewpoint))[who(other)]


def owed(story: Story, other: str = "Bob") -> list[tuple[bytes, int]]:
    return [(o.log, o.seq) for o in account(story, other).thanks_owed]


def due(story: Story, other: str = "Bob") -> list[tuple[bytes, int]]:
    return [(o.log, o.seq) for o in account(story, other).thanks_due]


def place(ref: Ref) -> tuple[bytes, int]:
    return ref.log, ref.seq


def test_what_was_given_and_what_was_received_are_two_tallies_never_netted() -> None:
    story = Story()
    story.helped("Ada", "Bob", kind="money", size=3)
    story.helped("Ada", "Bob", kind="money")
    story.helped("Bob", "Ada", kind="money")
    story.helped("Bob", "Ada", kind="fun", size=2)
    found = account(story)
    assert by_kind(found.given) == {"information": 0, "money": 2, "fun": 0}
    assert by_kind(found.received) == {"information": 0, "money": 1, "fun": 1}
    assert by_kind_and_size(found.given)["money"] == [1, 0, 1]
    assert by_kind_and_size(found.received)["fun"] == [0, 1, 0]


def test_the_ledger_of_two_people_is_the_same_from_either_side() -> None:
    story = Story()
    story.helped("Ada", "Bob")
    story.helped("Bob", "Ada", kind="fun")
    mine, theirs = account(story), account(story, "Ada", "Bob")
    assert (mine.given, mine.received) == (theirs.received, theirs.given)
    assert (mine.thanks_due, mine.thanks_owed) == (theirs.thanks_owed, theirs.thanks_due)


def test_helps_wait_for_thanks_oldest_first() -> None:
    story = Story()
    newer = story.helped("Bob", "Ada", day=-1)
    older = story.helped("Bob", "Ada", day=-9)
    given = story.helped("Ada", "Bob", day=-5)
    assert owed(story) == [place(older), place(newer)]
    assert due(story) == [place(given)]


def test_thanks_close_the_helps_they_name_and_no_others() -> None:
    story = Story()
    first, second = story.helped("Bob", "Ada"), story.helped("Bob", "Ada")
    story.thanked("Ada", "Bob", second)
    assert owed(story) == [place(first)]
    story.thanked("Ada", "Bob")
    assert owed(story) == [place(first)]
    assert by_kind(account(story).received)["information"] == 2


def test_thanks_may_arrive_before_the_help_they_are_for() -> None:
    story = Story("Ada", "Ada")
    help_ = story.helped("Bob", "Ada")
    story.thanked("Ada", "Bob", help_)
    story.written.reverse()
    story.written[0] = story.written[0]._replace(log=story.logs[1].id, seq=1)
    assert owed(story) == []


def test_thanks_of_the_wrong_people_or_for_another_hash_close_nothing() -> None:
    story = Story()
    help_ = story.helped("Bob", "Ada")
    story.thanked("Bob", "Ada", help_)
    story.thanked("Ada", "Carol", help_)
    story.thanked("Carol", "Bob", help_)
    story.thanked("Ada", "Bob", Ref(help_.log, help_.seq, b"another!"))
    assert owed(story) == [place(help_)]


def test_retracting_thanks_opens_the_help_again() -> None:
    story = Story()
    help_ = story.helped("Bob", "Ada")
    story.retracted(story.thanked("Ada", "Bob", help_))
    assert owed(story) == [place(help_)]


def test_retracting_a_help_closes_its_account() -> None:
    story = Story()
    story.retracted(story.helped("Bob", "Ada"))
    assert story.read().ledger() == {}


def test_thanks_count_between_the_ids_of_one_human_and_no_longer_once_parted() -> None:
    story = Story()
    help_ = story.helped("Bob", "Ada")
    story.thanked("Ada", "Carol", help_)
    assert owed(story) == [place(help_)]
    merged = story.merged("Bob", "Carol")
    assert owed(story) == []
    story.retracted(merged)
    assert owed(story) == [place(help_)]


def test_merged_people_have_one_account() -> None:
    story = Story()
    story.helped("Bob", "Ada")
    story.helped("Carol", "Ada", kind="fun")
    story.merged("Bob", "Carol")
    assert by_kind(account(story).received) == {"information": 1, "money": 0, "fun": 1}
    assert list(story.read().ledger()) == [who("Bob")]


def test_helping_oneself_is_no_account() -> None:
    story = Story()
    story.helped("Ada", "Ada")
    story.helped("Ada", "Bob")
    story.thanked("Bob", "Bob")
    story.merged("Ada", "Bob")
    assert story.read().ledger() == {}


def test_everybodys_log_counts_in_the_ledger() -> None:
    story = Story("Ada", "Bob")
    story.helped("Ada", "Bob")
    story.helped("Ada", "Bob", log="Bob")
    assert by_kind(account(story).given)["information"] == 2


# Referrals.


def test_what_came_of_a_referral_is_contact_since_and_helps() -> None:
    story = Story()
    story.met("Bob", "Carol", day=-9)
    referral = story.referred("Ada", "Bob", "Carol", day=-5)
    [found] = story.read().referrals()
    assert (found.contact, found.helps) == (None, 0)
    story.helped("Bob", "Carol", day=-2)
    story.helped("Carol", "Bob", day=-1)
    [found] = story.read().referrals()
    assert (found.log, found.seq) == place(referral)
    assert (found.by, found.who, found.to) == (who("Ada"), who("Bob"), who("Carol"))
    assert found.contact is not None
    assert found.helps == 2


def test_a_contact_at_the_very_moment_of_a_referral_came_of_it() -> None:
    story = Story()
    story.referred("Ada", "Bob", "Carol")
    story.met("Ada", "Bob", "Carol")
    [found] = story.read().referrals()
    assert found.contact is not None


def test_helps_between_two_who_were_both_recommended_count_once() -> None:
    story = Story()
    story.referred("Ada", "Bob", "Carol", day=-9)
    story.referred("Ada", "Carol", "Bob", day=-8)
    story.helped("Bob", "Carol")
    assert [found.helps for found in story.read().referrals()] == [1, 1]


def test_referrals_come_oldest_first_and_only_where_one_took_part() -> None:
    story = Story()
    newer = story.referred("Ada", "Bob", "Carol", day=-1)
    older = story.referred("Dan", "Ada", "Carol", day=-9)
    story.referred("Dan", "Bob", "Carol")
    found = story.read().referrals()
    assert [(o.log, o.seq) for o in found] == [place(older), place(newer)]


def test_a_retracted_referral_is_gone() -> None:
    story = Story()
    story.retracted(story.referred("Ada", "Bob", "Carol"))
    assert story.read().referrals() == []


def test_referrals_follow_merges() -> None:
    story = Story()
    story.referred("Ada", "Dan", "Carol", day=-3)
    story.helped("Bob", "Carol")
    story.merged("Dan", "Bob")
    [found] = story.read().referrals()
    assert (found.who, found.helps) == (who("Bob"), 1)
