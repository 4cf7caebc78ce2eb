import pytest

from kithbook.readings.cards import parse_birthday, values
from tests.shared.story import Story, who

TEN_YEARS = 10 * 365 * 86_400_000 << 16


def test_of_two_values_the_one_written_last_wins() -> None:
    story = Story("Ada", "Bob")
    story.described("Carol", org="Acme", hlc=9)
    story.described("Carol", org="Initech", log="Bob", hlc=5)
    assert story.read().card(who("Carol")) == {"org": "Acme"}


def test_fields_are_decided_one_at_a_time() -> None:
    story = Story()
    story.described("Bob", org="Acme", title="Clerk")
    story.described("Bob", title="Head")
    assert story.read().card(who("Bob")) == {"org": "Acme", "title": "Head"}


def test_a_replaced_value_never_wins_whatever_its_clock() -> None:
    """One laptop with its clock ten years ahead does not rule a field for ten years."""
    story = Story("Ada", "Bob")
    wrong = story.described("Carol", name="Karl", hlc=TEN_YEARS)
    story.described("Carol", name="Other", log="Bob", hlc=5)
    assert story.read().names[who("Carol")] == "Karl"
    story.described("Carol", wrong, name="Carol", log="Bob", hlc=6)
    assert story.read().names[who("Carol")] == "Carol"


def test_retracting_the_replacement_brings_the_replaced_value_back() -> None:
    story = Story()
    first = story.described("Bob", name="Bob")
    story.retracted(story.described("Bob", first, name="Robert"))
    assert story.read().card(who("Bob")) == {"name": "Bob"}


def test_over_with_another_hash_replaces_nothing() -> None:
    story = Story("Ada", "Bob")
    first = story.described("Carol", name="Karl", hlc=TEN_YEARS)
    story.described("Carol", type(first)(first.log, 1, b"another!"), name="C", log="Bob", hlc=5)
    assert story.read().names[who("Carol")] == "Karl"


def test_over_replaces_only_the_fields_that_it_gives() -> None:
    story = Story("Ada", "Bob")
    first = story.described("Carol", name="Karl", org="Acme", hlc=TEN_YEARS)
    story.described("Carol", first, name="Carol", log="Bob", hlc=5)
    assert story.read().card(who("Carol")) == {"name": "Carol", "org": "Acme"}


def test_an_unset_field_is_not_there() -> None:
    story = Story()
    story.described("Bob", org="Acme")
    story.described("Bob", org=None)
    assert story.read().card(who("Bob")) == {}


def test_lists_are_one_field_a_value_so_that_two_laptops_add_apart() -> None:
    story = Story("Ada", "Ada")
    story.tagged("Bob", "java")
    story.tagged("Bob", "chess", "java")
    story.described("Bob", **{"tag:java": None})
    story.described("Bob", tag="none")
    assert values(story.read().card(who("Bob")), "tag") == ["chess"]


def test_merged_people_have_one_card() -> None:
    story = Story()
    story.described("Carol", name="Carol Ng", org="Acme")
    story.described("Bob", name="Bob")
    merged = story.merged("Bob", "Carol")
    assert story.read().card(who("Carol")) == {"name": "Bob", "org": "Acme"}
    story.retracted(merged)
    assert story.read().card(who("Carol")) == {"name": "Carol Ng", "org": "Acme"}


def test_who_has_no_name_is_shown_by_the_start_of_their_id() -> None:
    story = Story()
    story.met("Ada", "Bob")
    assert story.read().names[who("Bob")] == who("Bob").hex()[:8]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("1815-12-10", (1815, 12, 10)),
        ("--12-10", (None, 12, 10)),
        ("--02-29", (None, 2, 29)),
        ("0815-01-02", (815, 1, 2)),
    ],
)
def test_a_birthday_may_go_without_its_year(text: str, day: tuple[int | None, int, int]) -> None:
    assert parse_birthday(text) == day


@pytest.mark.parametrize("text", ["", "--", "--13-01", "1999-02-29", "in spring", "-12-10"])
def test_what_is_no_birthday(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_birthday(text)
