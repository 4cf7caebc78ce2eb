from typing import Any

import pytest

from kithbook.readings.contacts import Contact
from kithbook.readings.rules import parse_days
from tests.shared.story import DAY_0, Story, who
from tests.strategies import TODAY

DAY = 86_400_000_000


def contact(story: Story, name: str, viewpoint: str = "Ada") -> Contact:
    found = {c.person: c for c in story.read().contacts(who(viewpoint))}
    return found[who(name)]


def test_first_and_last_contact_come_from_events() -> None:
    story = Story()
    story.met("Ada", "Bob", day=-3)
    story.helped("Bob", "Ada", day=-9)
    story.thanked("Ada", "Bob", day=-5)
    found = contact(story, "Bob")
    assert found.first is not None
    assert found.last is not None
    assert (found.first.at, found.last.at, found.events) == (DAY_0 - 9 * DAY, DAY_0 - 3 * DAY, 3)


def test_a_late_event_never_moves_last_contact_backwards() -> None:
    story = Story()
    story.met("Ada", "Bob", day=-3)
    story.met("Ada", "Bob", day=-300)
    last = contact(story, "Bob").last
    assert last is not None
    assert last.at == DAY_0 - 3 * DAY


def test_everybody_present_was_in_touch_with_everybody() -> None:
    story = Story()
    story.met("Ada", "Bob", "Carol")
    assert contact(story, "Carol", "Bob").events == 1
    assert contact(story, "Ada", "Carol").events == 1


def test_being_spoken_of_is_no_contact() -> None:
    story = Story()
    story.described("Bob", name="Bob")
    story.trusted("Ada", "Bob", 9)
    story.referred("Ada", "Bob", "Carol")
    found = contact(story, "Bob")
    assert (found.first, found.last, found.events, found.state) == (None, None, 0, None)


def test_contacts_are_the_viewpoints_and_list_everybody_named() -> None:
    story = Story()
    story.met("Ada", "Bob")
    story.described("Dan", name="Dan")
    people = {c.person: c.events for c in story.read().contacts(who("Carol"))}
    assert people == {who("Dan"): 0}
    assert {c.person for c in story.read().contacts()} == {who("Bob"), who("Dan")}


def test_retracting_a_meeting_takes_the_contact_back() -> None:
    story = Story()
    story.described("Bob", name="Bob")
    story.met("Ada", "Bob", day=-9)
    story.retracted(story.met("Ada", "Bob"))
    last = contact(story, "Bob").last
    assert last is not None
    assert last.at == DAY_0 - 9 * DAY


def test_a_bare_date_comes_first_among_moments_of_its_midnight() -> None:
    story = Story()
    story.met("Ada", "Bob", zone=60)
    story.met("Ada", "Bob")
    found = contact(story, "Bob")
    assert found.first is not None
    assert found.last is not None
    assert (found.first.has_zone, found.last.has_zone) == (False, True)


def test_merged_people_are_one_contact() -> None:
    story = Story()
    story.met("Ada", "Bob", day=-9)
    story.met("Ada", "Carol", day=-2)
    story.merged("Bob", "Carol")
    [found] = story.read().contacts()
    assert (found.person, found.events) == (who("Bob"), 2)
    assert found.first is not None
    assert found.first.at == DAY_0 - 9 * DAY


def test_my_own_other_ids_are_no_contact_of_mine() -> None:
    story = Story()
    story.met("Bob", "Carol")
    story.merged("Ada", "Bob")
    assert [c.person for c in story.read().contacts()] == [who("Carol")]


@pytest.mark.parametrize(
    ("days_ago", "state"),
    [(0, "alive"), (30, "alive"), (31, "due"), (60, "due"), (61, "fading"), (-5, "alive")],
)
def test_state_follows_from_the_cadence_and_the_last_contact(days_ago: int, state: str) -> None:
    story = Story()
    story.met("Ada", "Bob", day=-days_ago)
    story.described("Bob", cadence="30d")
    found = contact(story, "Bob")
    assert (found.state, found.lateness) == (state, (days_ago - 30) / 30)


def test_the_day_it_is_due_is_the_whole_day() -> None:
    story = Story()
    story.met("Ada", "Bob", day=-30)
    story.described("Bob", cadence="30d")
    for now in (DAY_0, TODAY, DAY_0 + DAY - 1):
        [found] = story.read(now=now).contacts()
        assert found.lateness == 0.0
        assert found.due == DAY_0 // DAY


def test_a_part_of_a_day_makes_it_due_on_the_next() -> None:
    story = Story()
    story.met("Ada", "Bob", day=-2)
    story.described("Bob", cadence="1.5d")
    assert contact(story, "Bob").due == DAY_0 // DAY


def test_without_a_cadence_or_a_contact_there_is_no_state() -> None:
    story = Story()
    story.met("Ada", "Bob")
    story.described("Carol", name="Carol", cadence="30d")
    for name in ("Bob", "Carol"):
        found = contact(story, name)
        assert (found.state, found.due) == (None, None)


def cadences(**card: Any) -> float | None:
    story = Story()
    story.ruled("cadence:java", "30d")
    story.ruled("cadence:rust", "2w")
    story.met("Ada", "Bob")
    story.described("Bob", **card)
    return contact(story, "Bob").cadence


def test_ones_own_cadence_comes_before_that_of_ones_tags() -> None:
    assert cadences(**{"cadence": "1y", "tag:java": "java"}) == 365


def test_the_shortest_cadence_of_the_tags_counts() -> None:
    assert cadences(**{"tag:java": "java", "tag:rust": "rust", "tag:go": "go"}) == 14


def test_a_cadence_that_cannot_be_read_is_as_good_as_none() -> None:
    assert cadences(**{"cadence": "now and then", "tag:java": "java"}) == 30
    assert cadences(cadence="never") is None


@pytest.mark.parametrize(
    ("text", "days"),
    [("30d", 30), ("2w", 14), ("3m", 90), ("1y", 365), ("10", 10), (" 1.5W ", 10.5), ("0.5", 0.5)],
)
def test_lengths_of_time_are_read_in_days(text: str, days: float) -> None:
    assert parse_days(text) == days


@pytest.mark.parametrize("text", ["", "d", "0", "-1d", "soon", "nan", "inf", "1e9y", "1 d d"])
def test_what_is_no_length_of_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        parse_days(text)
