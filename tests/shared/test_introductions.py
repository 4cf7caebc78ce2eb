"""Introductions: who knows somebody, and the ways to them, over any history."""

import msgspec
from hypothesis import assume, given

from kithbook.events import Event, Helped, Met, Thanked, Trusted
from kithbook.readings.answering import introductions_answer
from kithbook.readings.introductions import Introductions, introductions
from kithbook.readings.trust.chains import carry
from tests.oracle import World
from tests.shared.memory import reader, stored
from tests.strategies import (
    ABOUT_TRUST,
    TODAY,
    History,
    histories,
    persons,
    private,
)

mixed = histories((Trusted, Trusted, Trusted, Met, Helped, Thanked), min_size=6, max_size=18)
of_trust = histories(ABOUT_TRUST, min_size=6, max_size=18, whose=private)
any_history = mixed | of_trust


def read(history: History, me: bytes, to: bytes) -> tuple[Introductions, World]:
    world = World(history.written, history.logs, me, TODAY)
    assume(not world.same(me, to))
    return introductions(reader(stored(history), history, me), to), world


@given(history=any_history, me=persons, to=persons)
def test_who_knows_somebody_is_who_has_a_level_or_was_in_touch(
    history: History, me: bytes, to: bytes
) -> None:
    found, world = read(history, me, to)
    to = world.root(to)
    levels = {a: level for (a, b), level in world.levels().items() if b == to}
    ties = {p: contact for p, contact in world.contacts(to).items() if contact.events}
    assert {knower.person for knower in found.knowers} == levels.keys() | ties.keys()
    for knower in found.knowers:
        level, tie = levels.get(knower.person), ties.get(knower.person)
        assert (knower.level and knower.level.level) == (level and level.level)
        assert (knower.level and knower.level.stated) == (level and level.stated)
        assert knower.tie.count == (tie.events if tie else 0)
        assert (knower.tie.last and knower.tie.last.at) == (tie and tie.last)
        assert knower.is_member == any(world.same(m, knower.person) for m in world.members)
        assert (knower.hand is None) == (level is None)
        assert (knower.hand == "evidence") == (level is not None and level.stated is None)


@given(history=any_history, me=persons, to=persons)
def test_the_best_acquainted_come_first(history: History, me: bytes, to: bytes) -> None:
    found, _ = read(history, me, to)
    levels = [knower.level.level if knower.level else -1 for knower in found.knowers]
    assert levels == sorted(levels, reverse=True)


@given(history=any_history, me=persons, to=persons)
def test_a_way_is_a_chain_with_somebody_in_between_whose_links_give_its_support(
    history: History, me: bytes, to: bytes
) -> None:
    found, world = read(history, me, to)
    levels = world.levels()
    for way in found.ways:
        people = [way.chain[0].by, *(step.to for step in way.chain)]
        assert people[0] == world.root(me)
        assert people[-1] == world.root(to)
        assert len(people) == len(set(people)) > 2
        assert way.first == people[1]
        for step in way.chain:
            assert step.level.level == levels[step.by, step.to].level > 0
        assert way.support == carry(way.chain, reader(stored(history), history, me).rules)
    supports = [way.support for way in found.ways]
    assert supports == sorted(supports, reverse=True)
    assert len({way.chain[-1].by for way in found.ways}) == len(found.ways)


@given(history=any_history, me=persons, to=persons)
def test_there_is_a_way_where_trust_comes_through_others_and_none_past_ones_own_word(
    history: History, me: bytes, to: bytes
) -> None:
    found, world = read(history, me, to)
    own = world.levels().get((world.root(me), world.root(to)))
    if own and own.stated is not None:
        assert not found.ways
    score = world.score(me, to)
    if score.support is not None and not own:
        assert found.ways[0].support == score.support


@given(history=any_history, me=persons, to=persons)
def test_whether_thanks_are_owed_is_what_the_ledger_says(
    history: History, me: bytes, to: bytes
) -> None:
    found, world = read(history, me, to)
    accounts = world.ledger(me)
    for way in found.ways:
        account = accounts.get(way.first)
        assert [(one.log, one.seq) for one in way.owed] == (account.thanks_owed if account else [])


@given(history=any_history, me=persons, to=persons)
def test_notes_and_contexts_change_nothing(history: History, me: bytes, to: bytes) -> None:
    other = History(
        history.logs,
        [
            written._replace(event=msgspec.structs.replace(written.event, note="a secret"))
            if isinstance(written.event, Event)
            else written
            for written in history.written
        ],
    )
    answers = []
    for one in (history, other):
        view = reader(stored(one), one, me)
        answers.append(introductions_answer(introductions(view, to), view.names))
    assert answers[0] == answers[1]
    assert "a secret" not in str(answers[1])
