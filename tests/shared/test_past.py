from hypothesis import given
from hypothesis import strategies as st

from kithbook.events import Described, Helped, Met, Referred, Ruled, Thanked, Trusted
from kithbook.readings.moment import NOW, Moment
from kithbook.readings.reader import Reader
from kithbook.readings.trust.levels import levels
from kithbook.when import AHEAD_US, DAY_US
from tests import oracle
from tests.oracle import World, Written
from tests.shared.memory import new_memory, reader, receive, stored
from tests.shared.story import DAY_0, Story, who
from tests.shared.told import told
from tests.strategies import PEOPLE, TODAY, History, histories, persons

longer = histories(min_size=5, max_size=18)
DATED = (Met, Helped, Thanked, Referred, Trusted, Described, Ruled)
moments = st.sampled_from([-401, -400, -40, -2, -1, 0, 2]).map(lambda day: DAY_0 + day * DAY_US)


def as_of(history: History, upto: int, me: bytes = PEOPLE[0]) -> Reader:
    memory = new_memory()
    receive(memory, history, history.written, upto)
    return reader(memory, history, me, upto)


@given(longer, moments, persons)
def test_as_of_is_what_the_oracle_says_of_what_had_happened(
    history: History, upto: int, me: bytes
) -> None:
    read = as_of(history, upto, me)
    world = World(history.written, history.logs, me, upto, upto)
    assert {p: read.card(p) for p in PEOPLE} == {p: world.card(p) for p in PEOPLE}
    assert read.rules.divisor == oracle.divisor(world.rules)
    for person in PEOPLE:
        contacts = {c.person: (c.events, c.state) for c in read.contacts(person)}
        assert contacts == {p: (c.events, c.state) for p, c in world.contacts(person).items()}
        assert read.ledger(person).keys() == world.ledger(person).keys()
    found = levels(read.shelf.links_from(PEOPLE), read.one, read.word, read.rules)
    assert {pair: level.level for pair, level in found.items()} == {
        pair: level.level for pair, level in world.levels().items()
    }


@given(longer, moments)
def test_as_of_equals_a_replay_of_only_what_had_happened(history: History, upto: int) -> None:
    alone = [w for w in history.written if not is_one_of_several(w, history)]
    history = History(history.logs, alone)
    only = [w for w in alone if not isinstance(w.event, DATED) or w.event.at <= upto]
    replayed = reader(stored(History(history.logs, only)), history, PEOPLE[0], upto)
    assert told(as_of(history, upto)) == told(replayed)


def is_one_of_several(w: Written, history: History) -> bool:
    """Whether it is one fact with others: which of them counts is knowledge, not of the world."""
    source = getattr(w.event, "source", None)
    return source is not None and (
        sum(getattr(other.event, "source", None) == source for other in history.written) > 1
    )


def test_a_retraction_is_obeyed_as_of_any_time_and_so_is_a_merge() -> None:
    story = Story()
    mistake = story.trusted("Ada", "Bob", 9, day=-400)
    story.trusted("Ada", "Dan", 4, day=-400)
    story.retracted(mistake)
    story.merged("Dan", "Carol")
    read = as_of(story.history, DAY_0 - 300 * DAY_US)
    assert read.score(who("Bob")).score is None
    assert read.score(who("Carol")).score == 4


def test_the_rules_of_a_time_are_those_that_it_had() -> None:
    story = Story()
    story.trusted("Ada", "Bob", 10, day=-400)
    story.trusted("Bob", "Carol", 9, day=-400)
    story.ruled("transfer", "1/2", day=-2)
    assert as_of(story.history, DAY_0 - 3 * DAY_US).score(who("Carol")).score == 5
    assert as_of(story.history, DAY_0).score(who("Carol")).score == 4.5


def test_a_moment_says_what_time_it_is_and_how_far_ahead_things_are_in_effect() -> None:
    assert (NOW.now(5), NOW.horizon(5)) == (5, 5 + AHEAD_US)
    assert (Moment(as_of=3).now(5), Moment(as_of=3).horizon(5)) == (3, 3)
    known = Moment(known_at=3_000)
    assert (known.now(5_000), known.horizon(5_000)) == (3_000, 3_000 + AHEAD_US)
    assert known.knows(3)
    assert not known.knows(4)
    both = Moment(2_000, 3_000)
    assert (both.now(5_000), both.horizon(5_000), both.knows(4)) == (2_000, 2_000, False)
    assert Moment(0).is_past
    assert Moment(known_at=0).is_past
    assert not NOW.is_past


def test_late_is_reckoned_from_the_moment() -> None:
    story = Story()
    story.described("Bob", name="Bob", cadence="30d")
    story.tell(Met(at=TODAY - 100 * DAY_US, by=who("Ada"), people=(who("Bob"),)))
    upto = DAY_0 - 90 * DAY_US
    alive = Described(at=upto - DAY_US, person=who("Bob"), set={"name": "Bob", "cadence": "30d"})
    story.tell(alive)
    [contact] = as_of(story.history, upto).contacts()
    assert contact.state == "alive"
    [contact] = story.read().contacts()
    assert contact.state == "fading"
