from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import astuple

from kithbook.envelope import Head
from kithbook.events import (
    Described,
    Helped,
    Merged,
    Met,
    Referred,
    Retracted,
    Ruled,
    Thanked,
    Trusted,
)
from kithbook.facts.digest import VERSION, digest
from kithbook.facts.fold import Facts
from kithbook.facts.rows import Void
from kithbook.ids import Ref
from kithbook.readings.reader import Reader
from kithbook.readings.shelf import Patched
from kithbook.when import DAY_US
from tests.oracle import Log, World, Written
from tests.shared.memory import (
    MEMORIES,
    STORES,
    Store,
    dump,
    entry_of,
    new_memory,
    reader,
    receive,
    standings_of,
    stored,
)
from tests.shared.story import DAY_0, Story, who
from tests.strategies import LOGS, PEOPLE, TODAY, History, arrivals, check, histories

make = pytest.mark.parametrize("make", STORES.values(), ids=STORES)
each_memory = pytest.mark.parametrize("make", MEMORIES.values(), ids=MEMORIES)
longer = histories(min_size=5, max_size=18)
of_few = histories(min_size=5, people=2, whose=st.just([Log(log, PEOPLE[0]) for log in LOGS[:2]]))
SOURCE = bytes([0xCC]) * 16


@make
@given(data=st.data(), history=longer | of_few)
def test_any_order_and_any_batches_give_the_same_rows_and_weight(
    make: Any, data: st.DataObject, history: History
) -> None:
    store: Store = make()
    for batch in data.draw(arrivals(history)):
        receive(store, history, batch)
    assert dump(store) == dump(stored(history))
    assert store.weight == stored(history).weight


@each_memory
@given(data=st.data(), history=longer | of_few, holds_all=st.booleans())
def test_batches_that_are_saved_once_give_the_rows_and_weight_of_one(
    make: Any, data: st.DataObject, history: History, *, holds_all: bool
) -> None:
    """Also where what is to come can already be looked up, as in the server's log."""
    store = make()
    told = [w for w in history.written if not isinstance(w.event, str)]
    entries = {w.place: entry_of(w, history.logs) for w in told}
    if holds_all:
        store.held |= entries
    folding = store.folding(standings_of(history.logs))
    for batch in data.draw(arrivals(history)):
        come = {w.place: entries[w.place] for w in batch if w.place in entries}
        aside = [(w.log, w.seq, w.event) for w in batch if isinstance(w.event, str)]
        store.held |= come
        folding.take(come.values(), aside)
    folding.save()

    once = stored(history)
    assert (dump(store), store.weight) == (dump(once), once.weight)


@each_memory
@given(history=longer)
def test_events_taken_one_by_one_give_the_rows_of_a_rebuild_after_every_one(
    make: Any, history: History
) -> None:
    store = make()
    for n, w in enumerate(history.written, 1):
        receive(store, history, [w])
        assert dump(store) == dump(stored(History(history.logs, history.written[:n])))


@given(longer)
def test_what_counts_and_why_not_is_what_the_oracle_says(history: History) -> None:
    voids = {place: row.reason for (place, row) in stored(history).all("void")}
    reasons = World(*reversed(history)).reasons
    assert voids == {place: reason for place, reason in reasons.items() if reason}


@given(longer)
def test_every_void_names_the_event_that_makes_it_so(history: History) -> None:
    world = World(*reversed(history))
    written = {w.place: w for w in history.written}
    for place, void in stored(history).all("void"):
        by = written.get((void.by_log, void.by_seq))
        if void.reason in ("retracted", "hidden"):
            assert by is not None
            assert isinstance(by.event, Retracted)
            assert world.stands(by)
        elif void.reason == "copy":
            assert by is not None
            assert world.reasons[by.place] in (None, "hidden")
            assert by.event.source == written[place].event.source
        else:
            assert by is None


# Retractions.


def test_a_retracted_event_does_not_count_and_stays_where_it_is() -> None:
    story = Story()
    mistake = story.helped("Bob", "Ada")
    retraction = story.retracted(mistake)
    store = stored(story.history)
    assert store.load("void", (mistake.log, mistake.seq)) == Void(
        "retracted", retraction.log, retraction.seq
    )
    assert story.read().ledger() == {}
    assert store.entry(mistake.log, mistake.seq) is not None


def test_a_retraction_that_arrives_before_what_it_retracts_is_waiting_for_it() -> None:
    story = Story()
    story.logs.append(Log(LOGS[1], who("Ada")))
    mistake = story.helped("Bob", "Ada")
    [help_] = story.written
    elsewhere = help_._replace(log=LOGS[1], event=Retracted(at=DAY_0, event=mistake), hlc=9)
    story.written.append(elsewhere)
    for order in ([0, 1], [1, 0]):
        store = new_memory()
        for n in order:
            receive(store, story.history, [story.written[n]])
        assert dump(store) == dump(stored(story.history))
    assert story.why_not(mistake) == "retracted"


def test_a_retraction_of_an_event_with_another_hash_retracts_nothing() -> None:
    story = Story()
    kept = story.helped("Bob", "Ada")
    story.retracted(type(kept)(kept.log, kept.seq, b"another!"))
    assert story.why_not(kept) is None


def test_a_member_retracts_nothing_that_somebody_else_wrote() -> None:
    story = Story("Ada", "Bob", role="member")
    kept = story.helped("Bob", "Ada")
    story.retracted(kept, log="Bob")
    assert story.why_not(kept) is None


def test_an_owner_hides_what_somebody_else_wrote_from_contacts_and_ledger() -> None:
    story = Story("Ada", "Bob", role="member")
    help_ = story.helped("Carol", "Bob", log="Bob")
    met = story.met("Bob", "Carol", log="Bob")
    read = story.read("Bob")
    assert read.ledger().keys() == {who("Carol")}
    story.retracted(help_)
    story.retracted(met)
    assert story.why_not(help_) == "hidden"
    assert story.read("Bob").ledger() == {}
    assert [c.events for c in story.read("Bob").contacts() if c.person == who("Carol")] == []
    before, after = read.score(who("Carol")).score, story.read("Bob").score(who("Carol")).score
    assert before == after is not None


def test_no_owner_touches_whom_a_member_says_they_trust() -> None:
    story = Story("Ada", "Bob", role="member")
    word = story.trusted("Bob", "Carol", 9, log="Bob")
    story.retracted(word)
    assert story.why_not(word) is None


def test_an_owner_who_takes_back_a_word_of_trust_reaches_nothing_else_of_its_source() -> None:
    story = Story("Ada", "Bob", role="member")
    first = story.met("Bob", "Carol", log="Bob", source=b"S" * 16)
    word = story.trusted("Bob", "Carol", 9, log="Bob", source=b"S" * 16)
    story.retracted(word)
    assert (story.why_not(first), story.why_not(word)) == (None, "copy")


def test_an_owner_hides_a_card_field_and_a_merge_of_a_member() -> None:
    story = Story("Ada", "Bob", role="member")
    said = story.described("Carol", log="Bob", name="Caroline")
    merged = story.merged("Carol", "Dan", log="Bob")
    story.retracted(said)
    story.retracted(merged)
    read = story.read()
    assert (read.card(who("Carol")), read.one) == ({}, {})


def test_another_device_of_the_same_person_may_retract() -> None:
    story = Story("Ada", "Ada")
    mistake = story.helped("Bob", "Ada")
    [help_] = story.written
    story.written.append(
        help_._replace(log=LOGS[1], event=Retracted(at=DAY_0, event=mistake), hlc=9)
    )
    assert story.why_not(mistake) == "retracted"


def test_a_retraction_cannot_be_retracted_one_says_the_thing_again() -> None:
    story = Story()
    mistake = story.helped("Bob", "Ada")
    retraction = story.retracted(mistake)
    story.retracted(retraction)
    assert story.why_not(retraction) is None
    assert story.why_not(mistake) == "retracted"


def test_an_inert_retraction_retracts_nothing() -> None:
    story = Story()
    story.logs[0] = story.logs[0]._replace(until=1)
    kept = story.helped("Bob", "Ada")
    retraction = story.retracted(kept)
    assert (story.why_not(kept), story.why_not(retraction)) == (None, "inert")


@pytest.mark.parametrize(
    "tell",
    [
        lambda s, h, d: s.met("Ada", "Bob", "Carol", day=-1),
        lambda s, h, d: s.helped("Bob", "Ada", kind="fun", size=3),
        lambda s, h, d: s.thanked("Ada", "Bob", h),
        lambda s, h, d: s.referred("Bob", "Carol", "Ada"),
        lambda s, h, d: s.trusted("Ada", "Bob", 0, day=3),
        lambda s, h, d: s.described("Bob", d, name="Robert"),
        lambda s, h, d: s.described("Bob", name=None),
        lambda s, h, d: s.merged("Bob", "Carol"),
        lambda s, h, d: s.ruled("cut", "1"),
    ],
)
def test_taking_back_what_was_folded_in_leaves_nothing_of_it_behind(tell: Any) -> None:
    story = Story()
    help_ = story.helped("Bob", "Ada", day=-2)
    card = story.described("Bob", name="Bob")
    story.trusted("Ada", "Bob", 5, day=-2)
    story.met("Ada", "Bob", day=-1)
    before = dump(stored(story.history))
    mistake = tell(story, help_, card)
    assert dump(story.folded_one_by_one()) != before
    retraction = story.retracted(mistake)
    void = Void("retracted", retraction.log, retraction.seq)
    rows = dump(story.folded_one_by_one())
    assert rows.pop(("void", (mistake.log, mistake.seq))) == astuple(void)
    del rows["retraction", (mistake.log, mistake.seq)]
    assert rows == before


# Copies.


def test_events_of_one_author_with_one_source_are_one_fact() -> None:
    story = Story("Ada", "Bob")
    first = story.helped("Bob", "Ada", source=SOURCE)
    again = story.helped("Bob", "Ada", source=SOURCE)
    theirs = story.helped("Bob", "Ada", source=SOURCE, log="Bob")
    assert [story.why_not(e) for e in (first, again, theirs)] == [None, "copy", None]


def test_the_copy_written_first_counts_whichever_arrives_first() -> None:
    story = Story("Ada", "Ada")
    story.helped("Bob", "Ada", source=SOURCE, hlc=5)
    later, [entry] = story.written[0], story.written
    earlier = entry._replace(log=LOGS[1], hlc=2, event=entry.event)
    store = new_memory()
    receive(store, story.history, [later])
    assert store.load("void", later.place) is None
    receive(store, story.history, [earlier])
    assert store.load("void", later.place) == Void("copy", *earlier.place)
    assert store.load("void", earlier.place) is None


def test_a_retraction_reaches_every_copy_written_before_it_and_none_written_after() -> None:
    story = Story()
    copies = [story.helped("Bob", "Ada", source=SOURCE) for _ in range(2)]
    story.retracted(copies[1])
    again = story.helped("Bob", "Ada", source=SOURCE)
    assert [story.why_not(e) for e in copies] == ["retracted"] * 2
    assert story.why_not(again) is None


def test_a_later_copy_counts_again_when_the_earlier_one_turns_out_to_be_retracted() -> None:
    """What it told comes back into every table it had been taken out of."""
    ada, bob = who("Ada"), who("Bob")
    told = [
        Helped(at=DAY_0, by=bob, to=ada, what="x", source=bytes([1]) * 16),
        Thanked(
            at=DAY_0, by=ada, to=bob, helps=(Ref(LOGS[2], 1, check(LOGS[2], 1)),), source=SOURCE
        ),
        Referred(at=DAY_0, by=bob, who=who("Carol"), to=ada, source=bytes([2]) * 16),
        Described(at=DAY_0, person=bob, set={"name": "Bob"}, source=bytes([3]) * 16),
        Merged(at=DAY_0, people=(bob, who("Dan")), source=bytes([4]) * 16),
        Ruled(at=DAY_0, setting="cut", value="1", source=bytes([5]) * 16),
        Trusted(at=DAY_0, by=ada, whom=bob, level=50, source=bytes([6]) * 16),
    ]
    originals = log_of(0, told)
    refs = [Ref(w.log, w.seq, w.check) for w in originals]
    retractions = log_of(1, [Retracted(at=DAY_0, event=ref) for ref in refs])
    copies = log_of(2, told)
    logs = [Log(log, ada) for log in LOGS[:3]]
    history = History(logs, [*originals, *retractions, *copies])
    store = new_memory()
    for part in (originals, copies, retractions):
        receive(store, history, part)
    assert dump(store) == dump(stored(history))
    assert [store.load("void", w.place) for w in copies] == [None] * len(copies)
    assert store.load("help", (LOGS[2], 1)).closed({})


def log_of(number: int, events: list[Any]) -> list[Written]:
    """A log that was written after those of a lower number."""
    log = LOGS[number]
    return [
        Written(log, seq, 100 * number + seq, check(log, seq), event)
        for seq, event in enumerate(events, 1)
    ]


def test_a_retraction_with_the_source_of_an_event_is_no_copy_of_it() -> None:
    story = Story()
    story.tell(Retracted(at=DAY_0, event=story.helped("Ada", "Bob"), source=SOURCE))
    help_ = story.helped("Bob", "Ada", source=SOURCE)
    again = story.helped("Bob", "Ada", source=SOURCE)
    assert (story.why_not(help_), story.why_not(again)) == (None, "copy")
    assert dump(story.folded_one_by_one()) == dump(stored(story.history))


# Standing.


def test_what_lies_past_the_last_seq_that_counts_is_inert() -> None:
    story = Story()
    story.logs[0] = story.logs[0]._replace(until=1)
    kept, late = story.helped("Bob", "Ada"), story.helped("Bob", "Ada")
    assert (story.why_not(kept), story.why_not(late)) == (None, "inert")


def test_only_owners_rule_and_a_reader_has_no_say_in_anything() -> None:
    member, reading = Story("Ada", "Bob", role="member"), Story("Ada", "Bob", role="reader")
    for story, told in ((member, None), (reading, "inert")):
        assert story.why_not(story.ruled("transfer", "1", log="Bob")) == "inert"
        assert story.why_not(story.ruled("transfer", "1/2")) is None
        assert story.why_not(story.trusted("Bob", "Ada", 10, log="Bob")) == told
        assert story.read().rules.divisor == 20.0


def test_the_log_of_somebody_unknown_counts_for_nothing() -> None:
    story = Story()
    story.logs[0] = story.logs[0]._replace(person=None)
    assert story.why_not(story.helped("Bob", "Ada")) == "inert"


# Merges.


def test_un_merging_loses_nothing() -> None:
    story = Story()
    story.met("Ada", "Bob")
    story.met("Ada", "Carol")
    story.helped("Bob", "Ada")
    story.described("Bob", name="Bob")
    story.described("Carol", name="Carol")
    before = story.read()
    expected = before.contacts(), before.ledger(), before.names.all, before.scores()
    merged = story.merged("Bob", "Carol")
    assert [c.events for c in story.read().contacts()] == [3]
    story.retracted(merged)
    after = story.read()
    assert sorted(after.contacts(), key=lambda c: c.person) == sorted(
        expected[0], key=lambda c: c.person
    )
    assert (after.ledger(), after.names.all, after.scores()) == expected[1:]


def test_merges_chain_and_one_retracted_link_parts_them() -> None:
    story = Story()
    story.merged("Dan", "Carol")
    link = story.merged("Carol", "Bob")
    story.merged("Eve", "Fay")
    assert story.read().ids(who("Dan")) == {who("Bob"), who("Carol"), who("Dan")}
    assert story.read().one[who("Dan")] == who("Bob")
    story.retracted(link)
    assert story.read().ids(who("Dan")) == {who("Carol"), who("Dan")}
    assert story.read().ids(who("Ada")) == {who("Ada")}


@given(st.lists(st.lists(st.sampled_from(PEOPLE), min_size=2, max_size=3), max_size=5), st.data())
def test_the_order_of_merges_changes_nothing(
    merges: list[list[bytes]], data: st.DataObject
) -> None:
    ones = []
    for order in (merges, data.draw(st.permutations(merges))):
        story = Story()
        for people in order:
            story.tell(Merged(at=DAY_0, people=tuple(people)))
        ones.append(story.read().one)
    assert ones[0] == ones[1]


# The digest.


def weight(story: Story) -> int:
    return stored(story.history).weight


def test_equal_facts_have_equal_digests_and_any_other_fact_another() -> None:
    seen = set()
    story = Story("Ada", "Bob")
    told = [
        lambda: story.met("Ada", "Bob"),
        lambda: story.helped("Bob", "Ada"),
        lambda: story.helped("Bob", "Ada", log="Bob"),
        lambda: story.thanked("Ada", "Bob"),
        lambda: story.referred("Ada", "Bob", "Carol"),
        lambda: story.trusted("Ada", "Bob", 5),
        lambda: story.described("Bob", name="Bob"),
        lambda: story.merged("Bob", "Carol"),
        lambda: story.ruled("transfer", "1"),
        lambda: story.retracted(story.helped("Bob", "Ada")),
    ]
    for tell in told:
        tell()
        assert weight(story) not in seen
        assert weight(story) == stored(story.history).weight
        seen.add(weight(story))


@given(longer, st.data())
def test_leaving_out_an_event_that_counts_changes_the_digest(
    history: History, data: st.DataObject
) -> None:
    tellers = [w for w in World(*reversed(history)).counting if tells(w.event)]
    if not tellers:
        return
    left_out = data.draw(st.sampled_from(tellers))
    rest = [w for w in history.written if w.place != left_out.place]
    assert stored(History(history.logs, rest)).weight != stored(history).weight


def tells(event: object) -> bool:
    """Whether an event says something of two people, so that a row must show it."""
    return isinstance(event, Met | Helped | Thanked | Referred) and event.by not in {
        *getattr(event, "people", ()),
        getattr(event, "to", None),
        getattr(event, "who", None),
    }


def test_the_digest_names_the_version_the_heads_and_the_facts() -> None:
    heads = [Head(b"a" * 16, 3, b"x" * 32), Head(b"b" * 16, 1, b"y" * 32)]
    text = digest(5, heads)
    version, vector, facts = text.split("-")
    assert (version, len(vector), len(facts)) == (str(VERSION), 8, 16)
    assert digest(5, reversed(heads)) == digest(5 + 2**256, heads) == text
    others = [
        digest(6, heads),
        digest(5, heads[:1]),
        digest(5, [Head(b"a" * 16, 2, b"x" * 32), heads[1]]),
        digest(5, [Head(b"a" * 16, 3, b"z" * 32), heads[1]]),
    ]
    assert len({text, *others}) == 5


# Without the future, or as of then.


@each_memory
@given(history=longer, day=st.sampled_from([-40, -1, 0]), me=st.sampled_from(PEOPLE[:3]))
def test_facts_without_later_events_are_those_of_a_replay_without_them(
    make: Any, history: History, day: int, me: bytes
) -> None:
    """An event with an old `at` may arrive late: as of then it counts like any other."""
    upto = DAY_0 + day * 86_400_000_000
    memory = stored(history, make)
    before, weight_before = dump(memory), memory.weight
    later = [e for e in memory.held.values() if e.event.at > upto]
    shelf = memory.without(standings_of(history.logs), later, "future")
    world = World(history.written, history.logs, me, TODAY, upto)
    found = reader(shelf, history, me)
    for person in PEOPLE[:3]:
        assert {c.person: c.events for c in found.contacts(person)} == {
            p: c.events for p, c in world.contacts(person).items()
        }
        assert {
            p: ([(o.log, o.seq) for o in a.thanks_owed], [(o.log, o.seq) for o in a.thanks_due])
            for p, a in found.ledger(person).items()
        } == {p: (a.thanks_owed, a.thanks_due) for p, a in world.ledger(person).items()}
        assert found.card(person) == world.card(person)
    assert set(found.names.all) == world.named()
    assert {(o.log, o.seq) for o in found.referrals()} == {
        w.place
        for w in world.counting
        if isinstance(w.event, Referred) and world.ids(me) & {w.event.by, w.event.who, w.event.to}
    }
    assert {s.to: (s.basis, s.score) for s in found.scores()} == {
        to: (s.basis, s.score) for to, s in world.scores(me).items() if s.basis != "none"
    }
    assert (dump(memory), memory.weight) == (before, weight_before)


def test_what_lies_in_the_future_is_not_in_effect_yet() -> None:
    story = Story()
    help_ = story.helped("Bob", "Ada", day=-5)
    story.described("Bob", name="Bob")
    story.ruled("cut", "1", day=-5)
    story.referred("Dan", "Ada", "Bob", day=-5)
    before = facts_of(story.read())
    ahead = [
        story.thanked("Ada", "Bob", help_, day=9),
        story.tell(Described(at=DAY_0 + 9 * DAY_US, person=who("Bob"), set={"name": "Robert"})),
        story.ruled("cut", "2", day=9),
        story.referred("Dan", "Carol", "Ada", day=9),
        story.trusted("Ada", "Bob", 9, day=9),
        story.met("Ada", "Carol", day=9),
    ]
    store = stored(story.history)
    facts = Facts(standings_of(story.logs), {}, store)
    later = [entry for ref in ahead if (entry := store.entry(ref.log, ref.seq))]
    assert facts_of(story.read()) != before
    facts.without(later, "future")
    now = reader(Patched(store, facts.tables), story.history, who("Ada"))
    assert facts_of(now) == before


def facts_of(read: Reader) -> tuple[Any, ...]:
    return (
        sorted(read.contacts(), key=lambda c: c.person),
        read.ledger(),
        read.referrals(),
        read.names.all,
        read.rules,
        read.scores(),
    )


def test_rows_that_are_only_in_work_are_read_too() -> None:
    """What-if: events that nobody wrote, on top of those that are."""
    story = Story()
    story.described("Bob", name="Bob")
    store, supposed = stored(story.history), len(story.written)
    story.helped("Bob", "Ada")
    story.referred("Ada", "Bob", "Carol")
    story.described("Carol", name="Carol")
    story.ruled("weak", "1")
    entries = [entry_of(w, story.logs) for w in story.written[supposed:]]
    facts = Facts(standings_of(story.logs), {LOGS[0]: entries[0].seq}, store)
    facts.take(entries)
    facts.finish()
    what_if = reader(Patched(store, facts.tables), story.history, who("Ada"))
    assert facts_of(what_if) == facts_of(story.read())
