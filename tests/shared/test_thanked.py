"""Helps that are thanked for leave a sparing memory, and nothing that is read or summed changes."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from kithbook.events import Helped, Retracted, Thanked
from kithbook.ids import Ref
from kithbook.memory import Memory
from tests.oracle import Log, Written
from tests.shared.memory import (
    dump,
    entry_of,
    new_memory,
    receive,
    sparing_memory,
    standings_of,
    stored,
)
from tests.shared.story import DAY_0, Story, who
from tests.strategies import LOGS, PEOPLE, History, arrivals, check

ADA, BOB, CAROL = PEOPLE[:3]
OWNERS = [Log(LOGS[0], ADA), Log(LOGS[1], ADA), Log(LOGS[2], BOB, "member")]
sources = st.sampled_from([None, None, None, bytes(16), bytes([1]) * 16])


@st.composite
def dealings(draw: st.DrawFn) -> History:
    """Hardly anything but helps, thanks for them, and what takes either back."""
    kinds = draw(st.lists(st.sampled_from("hhtttr"), min_size=3, max_size=14))
    heads = dict.fromkeys((log.id for log in OWNERS), 0)
    places: list[tuple[bytes, int]] = []
    for _ in kinds:
        log = draw(st.sampled_from(OWNERS)).id
        heads[log] += 1
        places.append((log, heads[log]))
    helps = [place for kind, place in zip(kinds, places, strict=True) if kind == "h"] or places[:1]

    def ref(among: list[tuple[bytes, int]]) -> Ref:
        log, seq = draw(st.sampled_from(among))
        return Ref(log, seq, draw(st.sampled_from([check(log, seq)] * 9 + [bytes(8)])))

    def event(kind: str) -> Any:
        by, to = draw(st.sampled_from([(BOB, ADA)] * 6 + [(ADA, BOB), (CAROL, ADA), (ADA, ADA)]))
        if kind == "h":
            return Helped(at=DAY_0, by=by, to=to, what="x", source=draw(sources))
        if kind == "t":
            for_ = tuple(ref(helps) for _ in range(draw(st.integers(1, 2))))
            return Thanked(at=DAY_0, by=to, to=by, helps=for_, source=draw(sources))
        return Retracted(at=DAY_0, event=ref(places))

    hlcs = draw(st.permutations(range(len(kinds))))
    written = [
        Written(*place, hlc, check(*place), event(kind))
        for kind, place, hlc in zip(kinds, places, hlcs, strict=True)
    ]
    return History(OWNERS, written)


def open_helps(memory: Memory) -> dict[Any, Any]:
    return {place: row for place, row in memory.helps_of(PEOPLE) if row.given}


@given(data=st.data(), history=dealings())
def test_they_are_made_again_from_the_log_when_they_change(
    data: st.DataObject, history: History
) -> None:
    sparing, whole = sparing_memory(), new_memory()
    for batch in data.draw(arrivals(history)):
        receive(sparing, history, batch)
        receive(whole, history, batch)
        assert sparing.weight == whole.weight
        assert open_helps(sparing) == open_helps(whole)
    assert dump(sparing) == dump(whole) == dump(stored(history))


@given(data=st.data(), history=dealings())
def test_they_leave_while_more_is_taken_in(data: st.DataObject, history: History) -> None:
    sparing = sparing_memory()
    entries = {w.place: entry_of(w, history.logs) for w in history.written}
    sparing.held |= entries
    folding = sparing.folding(standings_of(history.logs))
    for batch in data.draw(arrivals(history)):
        folding.take([entries[w.place] for w in batch])
    folding.save()
    whole = stored(history, new_memory)
    assert (dump(sparing), sparing.weight) == (dump(whole), whole.weight)
    assert open_helps(sparing) == open_helps(whole)


def test_one_that_is_thanked_for_is_open_again_once_the_thanks_are_taken_back() -> None:
    story = Story("Ada", "Bob")
    help_ = story.helped("Bob", "Ada")
    thanks = story.thanked("Ada", "Bob", help_)
    memory = sparing_memory()
    receive(memory, story.history, story.written)
    assert not memory.rows["help"]
    assert not open_helps(memory)
    story.retracted(thanks)
    receive(memory, story.history, story.written[-1:])
    assert list(open_helps(memory)) == [(help_.log, help_.seq)]
    assert memory.weight == stored(story.history).weight


def test_thanks_by_somebody_else_keep_a_help_open() -> None:
    story = Story("Ada")
    help_ = story.helped("Bob", "Ada")
    story.thanked("Carol", "Bob", help_)
    memory = stored(story.history, sparing_memory)
    assert isinstance(memory, Memory)
    assert list(open_helps(memory)) == [(help_.log, help_.seq)]
    assert who("Bob") in {row.given.by for row in memory.rows["help"].values()}
