from hypothesis import given
from hypothesis import strategies as st

from kithbook.events import Described, Helped, Merged, Met, Retracted, Ruled, Thanked
from kithbook.readings.answering import accounts_in_order, contacts_in_order, in_order
from kithbook.readings.cards import cards
from kithbook.readings.contacts import Contact
from kithbook.readings.ledger import Account, by_kind
from kithbook.readings.names import short
from kithbook.readings.reader import Reader
from kithbook.readings.trust.levels import levels
from tests import oracle
from tests.oracle import World
from tests.shared.memory import reader, stored
from tests.shared.story import Story, who
from tests.strategies import (
    ABOUT_DEALINGS,
    ABOUT_TRUST,
    PEOPLE,
    TODAY,
    History,
    histories,
    persons,
    private,
)

longer = histories(min_size=6, max_size=18)
of_contact = histories((Met, Helped, Described, Described, Ruled), min_size=4, whose=private)
of_help = histories((Helped, Helped, Thanked, Thanked, Retracted, Merged), min_size=4)
of_dealings = histories(ABOUT_DEALINGS, min_size=4, people=2, whose=private)
of_trust = histories(ABOUT_TRUST, min_size=6, max_size=18, whose=private)


def both(history: History, me: bytes) -> tuple[Reader, World]:
    return reader(stored(history), history, me), World(history.written, history.logs, me, TODAY)


@given(history=longer | of_contact, me=persons, viewpoint=persons)
def test_contacts_are_what_the_oracle_says(history: History, me: bytes, viewpoint: bytes) -> None:
    read, world = both(history, me)
    found = {c.person: seen(c) for c in read.contacts(viewpoint)}
    assert found == world.contacts(viewpoint)


@given(longer | of_contact, persons, persons, st.integers(1, 6))
def test_some_contacts_are_the_same_as_among_all(
    history: History, me: bytes, viewpoint: bytes, count: int
) -> None:
    read, _ = both(history, me)
    everybody = contacts_in_order(read, viewpoint)
    assert contacts_in_order(read, viewpoint, count) == everybody[:count]
    paced = [contact for contact in everybody if contact.cadence is not None]
    assert in_order(read.paced(viewpoint), read.names) == paced
    for contact in everybody:
        assert read.contacts_with([contact.person], viewpoint) == [contact]


@given(longer | of_help, persons, persons, st.integers(1, 3))
def test_some_accounts_are_the_same_as_among_all(
    history: History, me: bytes, viewpoint: bytes, count: int
) -> None:
    read, _ = both(history, me)
    everybody = accounts_in_order(read, viewpoint)
    assert accounts_in_order(read, viewpoint, count) == everybody[:count]
    for account in everybody:
        assert read.accounts([account.person], viewpoint) == [account]


def test_who_has_no_name_has_none_after_being_called_somehow() -> None:
    story = Story()
    story.described("Bob", name="Bob")
    story.helped("Ada", "Carol")
    names = story.read().names
    before = dict(names.all)
    assert names[who("Carol")] == short(who("Carol"))
    assert names.all == before == {who("Bob"): "Bob"}


def seen(contact: Contact) -> oracle.Contact:
    first, last = contact.first, contact.last
    return oracle.Contact(
        first.at if first else None, last.at if last else None, contact.events, contact.state
    )


@given(history=longer | of_help, viewpoint=persons)
def test_the_ledger_is_what_the_oracle_says(history: History, viewpoint: bytes) -> None:
    read, world = both(history, PEOPLE[0])
    found = {person: told(account) for person, account in read.ledger(viewpoint).items()}
    assert found == world.ledger(viewpoint)


def told(account: Account) -> oracle.Account:
    return oracle.Account(
        by_kind(account.given),
        by_kind(account.received),
        [(o.log, o.seq) for o in account.thanks_owed],
        [(o.log, o.seq) for o in account.thanks_due],
    )


@given(longer)
def test_merges_cards_and_names_are_what_the_oracle_says(history: History) -> None:
    read, world = both(history, PEOPLE[0])
    assert {p: read.ids(p) for p in PEOPLE} == {p: world.ids(p) for p in PEOPLE}
    assert {p: read.card(p) for p in PEOPLE} == {p: world.card(p) for p in PEOPLE}
    everybody = cards(read.shelf.cards(()), read.one)
    assert everybody == {world.root(p): world.card(p) for p in PEOPLE if world.card(p)}
    assert set(read.names.all) == world.named()
    for person in PEOPLE:
        assert read.names[person] == world.card(person).get("name", world.root(person).hex()[:8])


@given(longer)
def test_rules_are_what_the_oracle_says(history: History) -> None:
    read, world = both(history, PEOPLE[0])
    rules = world.rules
    assert read.rules.divisor == oracle.divisor(rules)
    assert read.rules.cadence == rules.cadence
    for name in ("cut", "weights", "full", "weak"):
        assert getattr(read.rules, name) == getattr(rules, name)


@given(history=longer | of_dealings, me=persons)
def test_direct_levels_are_what_the_oracle_says(history: History, me: bytes) -> None:
    read, world = both(history, me)
    found = levels(read.shelf.links_from(PEOPLE), read.one, read.word, read.rules)
    assert {
        pair: (level.level, level.stated, level.order and level.order[2:])
        for pair, level in found.items()
    } == world.levels()


@given(history=longer | of_trust, me=persons, start=persons)
def test_scores_are_what_the_oracle_says(history: History, me: bytes, start: bytes) -> None:
    read, world = both(history, me)
    expected = world.scores(start)
    for to in PEOPLE:
        if world.same(to, start):
            continue
        assert scored(read.score(to, start)) == expected.get(world.root(to), NOTHING)
    known = {to: score for to, score in expected.items() if score != NOTHING}
    assert {score.to: scored(score) for score in read.scores(start)} == known


NOTHING = oracle.Score("none", None, None, None)


def scored(score: object) -> oracle.Score:
    warning = score.warning.weight if score.warning else None
    return oracle.Score(score.basis, score.score, score.support, warning)


@given(of_trust, persons, persons, st.integers(1, 6))
def test_some_of_the_best_scores_are_the_same_as_among_all(
    history: History, me: bytes, viewpoint: bytes, count: int
) -> None:
    read, _ = both(history, me)
    assert read.best(count, viewpoint) == read.scores(viewpoint)[:count]
