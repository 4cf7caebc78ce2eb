"""Several networks read as one: the same as one fold of all their events and the ties."""

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from kithbook.audit.history import history
from kithbook.audit.scope import JoinedScope, Scope
from kithbook.events import Helped, Merged, Met, Referred, Ruled, Thanked, Trusted
from kithbook.ids import NetworkId
from kithbook.knowledge import Held, Knowledge
from kithbook.readings.joined import Joined, JoinedReader, Part
from kithbook.readings.merges import classes
from kithbook.readings.once import without_copies
from kithbook.readings.reader import Reader
from kithbook.readings.rules import rules_of
from kithbook.when import END_AT
from tests.oracle import Log, Written
from tests.shared.memory import entry_of, standings_of, stored
from tests.shared.story import Story, who
from tests.strategies import (
    ABOUT_TRUST,
    LOGS,
    PEOPLE,
    TODAY,
    TYPES,
    History,
    check,
    histories,
    persons,
    private,
)

THERE = {one: bytes([255 - one[0]]) + one[1:] for one in (*PEOPLE, *LOGS)}
"""What ids of one network are called in the other, so that no two networks share any."""

ties = st.lists(st.tuples(persons, persons.map(THERE.__getitem__)), max_size=4)
at_home = histories(whose=private) | histories(ABOUT_TRUST, whose=private)
on_a_team = histories([type_ for type_ in TYPES if type_ is not Ruled], min_size=4)


def elsewhere(history: History) -> History:
    """The same events in a network of its own, where every id is another one."""
    logs = [log._replace(id=THERE[log.id], person=THERE.get(log.person)) for log in history.logs]
    written = [w._replace(log=THERE[w.log], event=_renamed(w.event)) for w in history.written]
    return History(logs, written)


def _renamed(value: Any) -> Any:
    if isinstance(value, bytes):
        return THERE.get(value, value)
    if isinstance(value, tuple):
        return tuple(map(_renamed, value))
    if isinstance(value, msgspec.Struct):
        fields = {name: _renamed(getattr(value, name)) for name in value.__struct_fields__}
        return msgspec.structs.replace(value, **fields)
    return value


def tied(home: History, pairs: list[tuple[bytes, bytes]]) -> History:
    """With what the private network says of who is who."""
    (log,) = home.logs
    last = max((w.seq for w in home.written), default=0)
    hlc = max((w.hlc for w in home.written), default=0)
    merges = [
        Written(log.id, last + n, hlc + n, check(log.id, last + n), Merged(at=0, people=pair))
        for n, pair in enumerate(pairs, 1)
    ]
    return History(home.logs, [*home.written, *merges])


def part(name: str, history: History) -> Part:
    members = {log.person for log in history.logs if log.person and log.until != 0}
    return Part(name, stored(history), members)


@given(home=at_home, team=on_a_team, pairs=ties, viewpoint=persons)
def test_joined_networks_read_as_one_fold_of_all_their_events(
    home: History, team: History, pairs: list[tuple[bytes, bytes]], viewpoint: bytes
) -> None:
    home, team = tied(home, pairs), elsewhere(team)
    parts = [part("home", home), part("team", team)]
    joined = JoinedReader(parts, PEOPLE[0], TODAY)
    everything = History([*home.logs, *team.logs], [*home.written, *team.written])
    whole = Reader(stored(everything), joined.members, PEOPLE[0], TODAY)
    # Who is one, and whose word counts, is settled in each by itself.
    whole.__dict__["one"] = classes(merge for part in parts for merge in part.shelf.merges())
    whole.__dict__["word"] = joined.word

    assert joined.one == whole.one
    assert joined.rules == whole.rules
    assert joined.names.all == whole.names.all
    assert set(joined.contacts(viewpoint)) == set(whole.contacts(viewpoint))
    assert joined.ledger(viewpoint) == whole.ledger(viewpoint)
    assert joined.referrals(viewpoint) == whole.referrals(viewpoint)
    assert joined.scores(viewpoint) == whole.scores(viewpoint)
    assert joined.card(viewpoint) == whole.card(viewpoint)


def scope(history: History) -> Scope:
    held = [
        Held(w.log, w.seq, w.hlc, number, w.check, w.event)
        for number, w in enumerate(history.written)
        if not isinstance(w.event, str)
    ]
    standings = standings_of(history.logs)
    return Scope(Knowledge(NetworkId(bytes(16)), held, {}, []), lambda _: standings)


@given(
    home=at_home, team=on_a_team, pairs=ties, start=persons, to=persons, elsewhere_=st.booleans()
)
def test_a_history_over_several_networks_leads_to_what_is_read_of_all(
    home: History,
    team: History,
    pairs: list[tuple[bytes, bytes]],
    start: bytes,
    to: bytes,
    elsewhere_: bool,
) -> None:
    home, team = tied(home, pairs), elsewhere(team)
    to = THERE[to] if elsewhere_ else to
    read = JoinedReader([part("home", home), part("team", team)], PEOPLE[0], TODAY).score(to, start)
    together = JoinedScope([scope(home), scope(team)])
    for by in ("at", "recorded", "received"):
        found = history(together, start, to, by, me=PEOPLE[0], now=END_AT)
        assert found.score == read
        scores = [None, *(change.after.score for change in found.changes)]
        assert [change.before.score for change in found.changes] == scores[:-1]
        assert scores[-1] == read.score


told_again = histories((Met, Helped, Thanked, Referred, Trusted), min_size=4, whose=private)


@given(home=told_again, chosen=st.sets(st.integers(0, 20)), viewpoint=persons)
def test_what_a_team_was_told_of_ones_own_counts_once(
    home: History, chosen: set[int], viewpoint: bytes
) -> None:
    said = [w for w in home.written if not isinstance(w.event, str)]
    said = [w._replace(event=msgspec.structs.replace(w.event, source=None)) for w in said]
    home = tied(History(home.logs, said), [(who, THERE[who]) for who in PEOPLE])
    copied = elsewhere(History(home.logs, [w for n, w in enumerate(said) if n in chosen]))
    entries = [entry_of(w, copied.logs) for w in copied.written]
    team = part("team", copied)
    shelf = without_copies(team.shelf, entries, THERE[PEOPLE[0]], END_AT)
    once = team._replace(shelf=shelf)
    nothing = part("team", History(copied.logs, []))
    read, alone = (JoinedReader([part("", home), t], PEOPLE[0], TODAY) for t in (once, nothing))

    assert set(read.contacts(viewpoint)) == set(alone.contacts(viewpoint))
    assert read.ledger(viewpoint) == alone.ledger(viewpoint)
    assert read.referrals(viewpoint) == alone.referrals(viewpoint)
    scores = [{s.to: (s.score, s.basis) for s in r.scores(viewpoint)} for r in (read, alone)]
    assert scores[0] == scores[1]


def joined(home: Story, team: Story, *pairs: tuple[str, str], now: int = TODAY) -> JoinedReader:
    """Ada's reading of both; a pair names somebody at home and on the team."""
    history = tied(home.history, [(who(one), THERE[who(other)]) for one, other in pairs])
    parts = [part("home", history), part("team", elsewhere(team.history))]
    return JoinedReader(parts, who("Ada"), now)


def there(name: str) -> bytes:
    return THERE[who(name)]


def test_trust_goes_on_from_one_network_into_another() -> None:
    home, team = Story(), Story("Ada", "Bob")
    home.trusted("Ada", "Bob", 10)
    team.trusted("Bob", "Carol", 9, log="Bob")
    read = joined(home, team, ("Ada", "Ada"), ("Bob", "Bob"))
    assert read.score(there("Carol")).score == 5
    assert joined(home, team, ("Ada", "Ada")).score(there("Carol")).score is None


def test_hearsay_of_a_colleague_counts_for_nobody_else() -> None:
    home, team = Story(), Story("Ada", "Bob")
    home.trusted("Ada", "Carol", 10)
    team.trusted("Carol", "Dan", 9, log="Bob")
    read = joined(home, team, ("Ada", "Ada"), ("Carol", "Carol"))
    assert read.score(there("Dan")).score is None


def test_the_rules_are_those_of_the_private_network() -> None:
    home, team = Story(), Story("Ada")
    home.ruled("transfer", "1/2")
    team.ruled("transfer", "1")
    assert joined(home, team).rules == rules_of(part("", home.history).shelf.rules())


def test_a_team_has_no_say_in_who_is_who_elsewhere() -> None:
    home, team = Story(), Story("Ada", "Bob")
    home.described("Carol", name="Carol")
    team.described("Bob", name="Bob")
    merged = Merged(at=0, people=(who("Carol"), there("Bob")))
    history = elsewhere(team.history)
    log = history.logs[1].id
    history.written.append(Written(log, 1, 99, check(log, 1), merged))
    shelves = [stored(home.history), stored(history)]
    assert list(Joined(shelves).merges()) == []


def test_names_know_in_which_networks_somebody_is() -> None:
    home, team = Story(), Story("Ada", "Bob")
    home.described("Bob", name="Bob")
    team.described("Bob", name="Bob")
    team.described("Carol", name="Carol")
    names = joined(home, team, ("Bob", "Bob")).names
    assert names.networks(who("Bob")) == names.networks(there("Bob")) == ["home", "team"]
    assert names.networks(there("Carol")) == ["team"]


def test_ids_of_two_networks_never_meet() -> None:
    assert not {*THERE} & {*THERE.values()}
    assert [Log(THERE[LOGS[0]], THERE[PEOPLE[0]])] == elsewhere(
        History([Log(LOGS[0], PEOPLE[0])], [])
    ).logs
