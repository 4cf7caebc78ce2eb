from kithbook.audit.difference import Changed, difference
from kithbook.when import DAY_US
from tests.shared.memory import new_memory, reader, receive
from tests.shared.story import DAY_0, Story, who
from tests.strategies import PEOPLE


def test_a_difference_has_the_parts_that_changed_and_only_these() -> None:
    story = Story()
    story.described("Bob", name="Bob", org="Acme")
    story.met("Ada", "Bob", day=-40)
    story.met("Ada", "Carol", day=-10)
    story.trusted("Ada", "Bob", 4, day=-40)
    story.trusted("Ada", "Bob", 9, day=-5)
    story.trusted("Bob", "Ada", 9, day=-40)
    story.helped("Bob", "Ada", day=-5)

    def at(day: int) -> object:
        memory = new_memory()
        receive(memory, story.history, story.written, DAY_0 + day * DAY_US)
        return reader(memory, story.history, PEOPLE[0], DAY_0 + day * DAY_US)

    before, after = at(-20), at(0)
    found = difference(before, after, who("Bob"))
    assert found.card == [Changed("name", None, "Bob"), Changed("org", None, "Acme")]
    assert found.contact is not None
    assert found.contact.before is not None
    assert (found.contact.before.events, found.contact.after.events) == (1, 2)
    assert found.ledger is not None
    assert found.ledger.before is None
    assert found.ledger.after.received.information == 1
    assert (found.trust.before.score, found.trust.after.score) == (4, 9.25)
    assert found.trusted is None
    nothing = difference(after, after, who("Bob"))
    assert (nothing.card, nothing.contact, nothing.ledger, nothing.trust) == ([], None, None, None)


def test_time_that_passes_is_a_difference_only_when_it_changes_the_state() -> None:
    story = Story()
    story.described("Bob", name="Bob", cadence="30d")
    story.met("Ada", "Bob")
    days = {day: story.read(now=DAY_0 + day * DAY_US) for day in (40, 50, 70)}
    assert difference(days[40], days[50], who("Bob")).contact is None
    found = difference(days[50], days[70], who("Bob")).contact
    assert (found.before.state, found.after.state) == ("due", "fading")
