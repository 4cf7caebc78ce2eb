"""What would be, had some events not been written, or others as well."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from kithbook.audit.supposing import Moved, Supposition, moved, suppose
from kithbook.events import Ruled, Trusted
from kithbook.ids import NetworkId
from kithbook.knowledge import Held, Knowledge
from kithbook.past import replay
from kithbook.readings.moment import NOW
from kithbook.readings.reader import Reader
from kithbook.when import DAY_US
from tests.oracle import Log, World, Written
from tests.shared.memory import standings_of
from tests.shared.story import Story, who
from tests.strategies import (
    ABOUT_TRUST,
    PEOPLE,
    TODAY,
    History,
    check,
    histories,
    persons,
    telling_events,
)

of_trust = histories((*ABOUT_TRUST, Ruled), min_size=4, max_size=16, people=5)


def would(history: History, supposed: Supposition) -> Reader:
    held = [
        Held(w.log, w.seq, w.hlc, 0, w.check, w.event)
        for w in history.written
        if not isinstance(w.event, str)
    ]
    known = Knowledge(NetworkId(bytes(16)), held, {}, [])
    standings = standings_of(history.logs)
    known, stand = suppose(known, lambda _: standings, supposed, PEOPLE[0])
    return replay(known, NOW, TODAY + 30 * DAY_US, stand).reader(PEOPLE[0])


def scores(read: Reader | World, people: Any = PEOPLE) -> dict[tuple[bytes, bytes], float | None]:
    if isinstance(read, World):
        return {(a, b): read.score(a, b).score for a in people[:2] for b in people}
    return {(a, b): read.score(b, a).score for a in people[:2] for b in people}


@given(st.data(), of_trust)
def test_dropped_events_are_as_if_nobody_had_written_them(
    data: st.DataObject, history: History
) -> None:
    dropped = frozenset(data.draw(st.sets(st.sampled_from([w.place for w in history.written]))))
    rest = [w for w in history.written if w.place not in dropped]
    assert scores(would(history, Supposition(drop=dropped))) == scores(
        World(rest, history.logs, PEOPLE[0])
    )


@given(of_trust, persons)
def test_a_silenced_person_is_as_if_their_word_had_never_been_given(
    history: History, person: bytes
) -> None:
    speaks = {log.id: log.person for log in history.logs}
    rest = [
        w
        for w in history.written
        if isinstance(w.event, str) or person not in {speaks[w.log], getattr(w.event, "by", None)}
    ]
    assert scores(would(history, Supposition(silence=frozenset([person])))) == scores(
        World(rest, history.logs, PEOPLE[0])
    )


@given(of_trust, st.lists(telling_events((Trusted, Ruled), 5), min_size=1, max_size=3))
def test_added_events_are_as_if_written_last_by_whose_word_they_are(
    history: History, added: list[Any]
) -> None:
    """A member's own where they are in their name, else mine."""
    members = {log.person for log in history.logs if log.person and log.until != 0}
    roles = {log.person: log.role for log in history.logs if log.until is None}
    voices = [
        Log(one, one, "owner" if one == PEOPLE[0] else roles.get(one, "reader"))
        for one in members | {PEOPLE[0]}
    ]

    def speaker(event: Any) -> bytes:
        by: bytes = getattr(event, "by", PEOPLE[0])
        return by if by in members else PEOPLE[0]

    hlc = max((w.hlc for w in history.written), default=0)
    written = [
        Written(speaker(event), seq, hlc + seq, check(speaker(event), seq), event)
        for seq, event in enumerate(added, 1)
    ]
    world = World([*history.written, *written], [*history.logs, *voices], PEOPLE[0])
    assert scores(would(history, Supposition(add=tuple(added)))) == scores(world)


def test_the_scores_that_would_be_others_come_with_what_they_would_be() -> None:
    story = Story()
    story.trusted("Ada", "Bob", 10)
    word = story.trusted("Bob", "Carol", 9)
    story.trusted("Bob", "Dan", 4)
    now = story.read()
    read = would(story.history, Supposition(drop=frozenset([(word.log, word.seq)])))
    [one] = moved(now, read, who("Ada"))
    assert (one.to, one.before.score, one.after.score) == (who("Carol"), 5, None)
    rule = Ruled(at=TODAY, setting="transfer", value="1/2")
    read = would(story.history, Supposition(add=(rule,)))
    found: list[Moved] = moved(now, read, who("Ada"))
    assert [(m.to, m.after.score) for m in found] == [(who("Carol"), 4.5), (who("Dan"), 2)]
