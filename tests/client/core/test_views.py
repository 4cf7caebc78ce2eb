"""The rows of the views: kept up event by event, they are what a rebuild makes of everything."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from kithbook.codec import encode_body
from kithbook.errors import KithbookError
from kithbook.events import (
    Described,
    DeviceRevoked,
    Erased,
    Helped,
    Merged,
    Met,
    Referred,
    Retracted,
    Ruled,
    Thanked,
    Trusted,
)
from kithbook.facts.effects import Entry
from kithbook.ids import Ref
from kithbook.memory import Memory
from kithbook.readings.shelf import latest_first
from kithbook_client import folding, rebuilding
from kithbook_client.founding import create_home, found
from kithbook_client.home import Home
from kithbook_client.replica import Replica
from kithbook_client.status import status
from kithbook_client.verify import verify
from tests.client.core.world import (
    AT,
    DAY_US,
    Clock,
    another,
    everything,
    give,
    index_rows,
    met,
    ref,
    rows,
    who,
    write_raw,
)
from tests.strategies import PEOPLE, TYPES, telling_events

SLOW = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large]
some = settings(max_examples=settings.default.max_examples // 5, suppress_health_check=SLOW)


@pytest.fixture(scope="module", name="folder")
def _folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("views")


class Laptops:
    """Three devices in one network, all in one set of homes: a new network for every example."""

    def __init__(self, folder: Path) -> None:
        self.clock = Clock()
        self.folder = folder
        self.home = create_home(folder / "first", "Ada", "first", self.clock)
        self.reader = Home.prepare(folder / "reader", self.clock)

    def begin(self) -> tuple[list[Replica], Replica]:
        """Two writers of a new network and one who only receives."""
        network = found(self.home, "net", "Ada")
        folder = self.folder / network.network.hex()
        second = another(folder, network, self.clock)
        give(network, second)
        with self.reader.writing():
            return [network, second], self.reader.add(network.network, "net")


@pytest.fixture(scope="module", name="laptops")
def _laptops(folder: Path) -> Iterator[Laptops]:
    laptops = Laptops(folder)
    yield laptops
    laptops.home.close()
    shutil.rmtree(folder)


@st.composite
def scripts(draw: st.DrawFn) -> list[tuple[int, object, int, int]]:
    """(who writes, what, which earlier event it refers to, minutes that pass)."""
    step = st.tuples(
        st.integers(0, 1),
        telling_events(TYPES, len(PEOPLE)),
        st.integers(0, 30),
        st.sampled_from([0, 0, 1, 500]),
    )
    return draw(st.lists(step, min_size=1, max_size=25))


def refer(event: object, written: list[Entry], which: int) -> object:
    """The event with a reference to one that was written before."""
    if not written:
        return event
    target = ref(written[which % len(written)])
    import msgspec

    match event:
        case Retracted():
            return msgspec.structs.replace(event, event=target)
        case Thanked():
            helps = [ref(entry) for entry in written if isinstance(entry.event, Helped)]
            return msgspec.structs.replace(event, helps=tuple(helps[which % 5 :][:2]))
        case Described():
            return msgspec.structs.replace(event, over=(target,) if which % 2 else ())
        case _:
            return event


def write(writers: list[Replica], clock: Clock, script: list[tuple[int, object, int, int]]) -> None:
    written: list[Entry] = []
    for n, event, which, minutes in script:
        clock.ms += minutes * 60_000
        written += writers[n].append([refer(event, written, which)])


@some
@given(script=scripts(), seed=st.integers(0, 2**32))
def test_rows_are_those_of_a_rebuild_in_whatever_order_and_batches_events_come(
    laptops: Laptops, script: list[tuple[int, object, int, int]], seed: int
) -> None:
    writers, reader = laptops.begin()
    write(writers, laptops.clock, script)
    for writer in writers:
        before = rows(writer), writer.digest()
        writer.rebuild()
        assert (rows(writer), writer.digest()) == before

    chance = Random(seed)
    pages = small_pages([page for writer in writers for page in everything(writer)], chance)
    while pages:
        some_pages, pages = pages[: chance.randint(1, 4)], pages[chance.randint(1, 4) :]
        reader.receive(some_pages)
    for writer in writers:  # whatever was cut out of the middle
        give(writer, reader)
    before = rows(reader), index_rows(reader), reader.digest()
    reader.rebuild()

    assert (rows(reader), index_rows(reader), reader.digest()) == before
    for writer in writers:
        give(reader, writer)
        assert writer.digest() == reader.digest()
    assert verify(reader, views=True).ok


def small_pages(pages: list, chance: Random) -> list:
    """Each log in its order, the logs mixed."""
    logs: dict[bytes, list] = {}
    for page in pages:
        logs.setdefault(page.log, []).append(page)
    mixed = []
    while logs:
        log = chance.choice(sorted(logs))
        mixed.append(logs[log].pop(0))
        if not logs[log]:
            del logs[log]
    return mixed


@some
@given(script=scripts())
def test_rows_say_what_the_domain_s_own_fold_says(
    laptops: Laptops, script: list[tuple[int, object, int, int]]
) -> None:
    writers, _ = laptops.begin()
    write(writers, laptops.clock, script)
    give(writers[1], writers[0])
    replica = writers[0]
    entries = [entry for log in replica.logs.held() for entry, _ in replica.logs.after(log, 0)]
    memory = Memory(replica.logs.entry)

    memory.fold(replica.logs.standings(), entries)

    assert memory.weight == replica.views.weight
    now = laptops.clock.ms + 100 * 365 * 86_400_000
    shelf = replica.reading(now)
    keyed = lambda found: sorted(found, key=repr)  # noqa: E731 - used right below
    questions = ("ties_of", "links_from", "links_to", "helps_of", "referrals_of", "card_of")
    for question in (*questions, "trust_from", "trust_to"):
        for people in (PEOPLE[:1], PEOPLE[1:4]):
            mine, theirs = getattr(shelf, question)(people), getattr(memory, question)(people)
            less: dict[str, Any] = {}
            if question.startswith(("links", "trust")) and not list(shelf.merges()):
                less |= {"days": {}, "newest": None}
            if question.startswith("trust"):
                less |= {"helps": [], "thanks": 0}
            if less:
                mine = [(key, replace(link, **less)) for key, link in mine]
                theirs = [(key, replace(link, **less)) for key, link in theirs]
            assert keyed(mine) == keyed(theirs)
    for shelf_ in (shelf, memory):
        ties = list(shelf_.ties_of(PEOPLE[:2]))
        assert ties == sorted(ties, key=latest_first)
    assert keyed(shelf.cards(())) == keyed(memory.cards(()))
    assert keyed(shelf.cards(("name",))) == keyed(memory.cards(("name",)))
    assert dict(shelf.names()) == dict(memory.names())
    assert keyed(shelf.merges()) == keyed(memory.merges())
    assert keyed(shelf.rules()) == keyed(memory.rules())


def test_many_events_at_once_are_fetched_and_folded_as_one_by_one(
    replica: Replica, tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folding, "FLUSH", 40)
    monkeypatch.setattr(rebuilding, "FLUSH", 40)
    monkeypatch.setattr(rebuilding, "READ", 30)
    chance = Random(3)
    other = Home.prepare(tmp_path / "other", clock)
    with other.writing():
        reader = other.add(replica.network, "")
    written: list[Entry] = []
    for _ in range(4):
        written += replica.append([_something(chance, written) for _ in range(folding.BULK + 50)])
    give(replica, reader)
    before = rows(replica), replica.digest()

    replica.rebuild()

    assert (rows(replica), replica.digest()) == before
    assert reader.digest() == replica.digest()
    reader.rebuild()
    assert reader.digest() == replica.digest()


def _something(chance: Random, written: list[Entry]) -> object:
    a, b, c = chance.sample([bytes([n]) * 16 for n in range(40)], 3)
    at = AT - chance.randrange(100) * DAY_US
    helps = [ref(e) for e in written[-300:] if isinstance(e.event, Helped)]
    old = ref(chance.choice(written)) if written else Ref(bytes(16), 1, bytes(8))
    return chance.choice(
        [
            Met(at=at, by=a, people=(b, c)),
            Helped(at=at, zone=0, by=a, to=b, what="this"),
            Thanked(at=at, by=a, to=b, helps=tuple(helps[:1])),
            Trusted(at=at, by=a, whom=b, level=chance.randrange(101)),
            Referred(at=at, by=a, who=b, to=c),
            Described(at=at, person=a, set={"name": f"Nr {a[0]}", "alias:x": "x"}),
            Retracted(at=at, event=old),
            Ruled(at=at, setting="cut", value="1"),
        ]
    )


class TestWhenAStandingChanges:
    def test_what_was_inert_counts_after_all(
        self, replica: Replica, tmp_path: Path, clock: Clock
    ) -> None:
        other = another(tmp_path / "other", replica, clock)
        third = Home.prepare(tmp_path / "third", clock)
        with third.writing():
            reader = third.add(replica.network, "")
        other.append([met(replica, "Bob")])
        give(other, reader)  # the invitation has not arrived yet
        assert [one.void for one in reader.events()] == ["inert", "inert"]

        give(replica, reader)

        assert {one.void for one in reader.events()} == {None}
        give(other, replica)
        assert reader.digest() == replica.digest()
        assert reader.name == "private"

    def test_a_revoked_device_counts_only_so_far(
        self, replica: Replica, tmp_path: Path, clock: Clock
    ) -> None:
        other = another(tmp_path / "other", replica, clock)
        other.append([met(replica, "Bob", note="before")])
        last = other.heads()[0]
        other.append([met(replica, "Carol", note="after")])
        give(other, replica)
        key = other.home.device().key

        replica.append([DeviceRevoked(at=AT, key=key, last={last.log: last.seq})])

        voids = {one.event.note: one.void for one in replica.events() if one.log == last.log}
        assert voids == {None: None, "before": None, "after": "inert"}
        before = rows(replica), replica.digest()
        replica.rebuild()
        assert (rows(replica), replica.digest()) == before


class TestTheFuture:
    def test_is_not_in_effect_until_it_comes(self, replica: Replica, clock: Clock) -> None:
        bob, soon = who(replica, "Bob"), AT + 3 * DAY_US
        replica.append([Trusted(at=AT, by=replica.me, whom=bob, level=50)])
        replica.append([Trusted(at=soon, by=replica.me, whom=bob, level=90)])
        digest = replica.digest()

        assert self._level(replica, clock.ms) == 50
        assert self._level(replica, clock.ms + 2 * 86_400_000 + 1) == 90
        assert replica.digest() == digest
        assert rows(replica)["void"] == []

    def test_less_than_a_day_ahead_is_now(self, replica: Replica, clock: Clock) -> None:
        bob = who(replica, "Bob")
        replica.append([Trusted(at=AT + DAY_US, by=replica.me, whom=bob, level=50)])

        assert self._level(replica, clock.ms) == 50

    def test_is_found_in_what_a_wrong_clock_wrote(self, replica: Replica, clock: Clock) -> None:
        bob = who(replica, "Bob")
        replica.append([Trusted(at=AT, by=replica.me, whom=bob, level=50)])
        clock.ms += 10 * 365 * 86_400_000
        replica.append([Trusted(at=clock.ms * 1000, by=replica.me, whom=bob, level=90)])
        clock.ms -= 10 * 365 * 86_400_000

        assert self._level(replica, clock.ms) == 50

    def test_takes_every_kind_of_row_with_it(self, replica: Replica, clock: Clock) -> None:
        bob, soon = who(replica, "Bob"), AT + 3 * DAY_US
        now = replica.append([met(replica, "Bob"), Merged(at=soon, people=(bob, bytes(16)))])
        replica.append(
            [
                met(replica, "Bob", at=soon),
                Helped(at=soon, by=bob, to=replica.me, what="x"),
                Thanked(at=soon, by=replica.me, to=bob),
                Referred(at=soon, by=bob, who=replica.me, to=bytes(16)),
                Described(at=soon, person=bob, set={"name": "Bobby"}),
                Ruled(at=soon, setting="cut", value="1"),
                Retracted(at=soon, event=ref(now[0])),
            ]
        )

        shelf = replica.reading(clock.ms)

        assert list(shelf.ties_of([bob])) == []  # what was met is retracted, from any time on
        assert [key for key, link in shelf.links_from([replica.me]) if link.days] == []
        assert list(shelf.helps_of([bob])) == list(shelf.referrals_of([bob])) == []
        assert bob not in dict(shelf.names())
        assert list(shelf.rules()) == []
        assert len(list(shelf.merges())) == 1

    def _level(self, replica: Replica, now_ms: int) -> int | None:
        [(_, link)] = replica.reading(now_ms).links_from([replica.me])
        assert link.stated is not None
        return link.stated.tenths


class TestAnotherRelease:
    def test_of_the_projections_rebuilds_when_the_home_is_opened(
        self, replica: Replica, clock: Clock
    ) -> None:
        replica.append([met(replica, "Bob")])
        before = rows(replica), replica.digest()
        replica.db.execute("UPDATE tracking SET version = 0x7f")
        replica.db.execute("DELETE FROM tie")
        replica.home.close()

        again = Home.open(replica.home.folder, clock).replica()

        assert (rows(again), again.digest()) == before

    def test_takes_in_what_an_earlier_one_could_not_read(
        self, replica: Replica, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from kithbook import codec, envelope

        later = codec.Unreadable("met", "a later release wrote it", "unknown")
        unknown = lambda packed: later if b"LATER" in packed else codec.unpack(packed)  # noqa: E731
        monkeypatch.setattr(envelope, "unpack", unknown)
        write_raw(replica, codec.encode_body(met(replica, "Bob", note="LATER"), bytes(16)))
        bob = who(replica, "Bob")
        assert replica.events()[-1].void == "unknown"
        assert status(replica).unknown == 1
        assert list(replica.reading(AT // 1000).ties_of([bob])) == []
        assert replica.events(person=bob) == []

        monkeypatch.undo()
        replica.rebuild()

        assert len(list(replica.reading(AT // 1000).ties_of([bob]))) == 1
        assert len(replica.events(person=bob)) == 1
        assert status(replica).unknown == 0
        assert verify(replica, views=True).ok


def test_an_interrupted_rebuild_changes_nothing(
    replica: Replica, monkeypatch: pytest.MonkeyPatch
) -> None:
    replica.append([met(replica, f"Person {n}") for n in range(100)])
    before = rows(replica), replica.digest()

    def stop(done: int, total: int) -> None:
        raise KithbookError("pulled the plug")

    with pytest.raises(KithbookError):
        replica.rebuild(stop)

    assert (rows(replica), replica.digest()) == before


def test_networks_in_one_home_do_not_touch_one_another(home: Home) -> None:
    private, team = home.replica(), found(home, "team", "Ada")
    for replica in (private, team):
        written = replica.append([met(replica, "Bob"), met(replica, "Carol Ng")])
        bob = who(replica, "Bob")
        replica.append(
            [
                Helped(at=AT, by=bob, to=replica.me, what="x", source=bytes(16)),
                Referred(at=AT, by=bob, who=replica.me, to=replica.me),
                Merged(at=AT, people=(bob, who(replica, "Carol Ng"))),
                Ruled(at=AT, setting="cut", value="1"),
                Described(at=AT, person=bob, set={"name": "Bob"}),
                Retracted(at=AT, event=ref(written[0])),
            ]
        )
    before = rows(team), private.digest(), team.digest()

    private.rebuild()
    team.rebuild()

    assert (rows(team), private.digest(), team.digest()) == before
    assert private.lookup("bob") == [who(private, "Bob")]
    assert team.lookup("bob") == [who(team, "Bob")]
    assert private.search("bob", 5)[0] == [who(private, "Bob")]
    assert verify(private, views=True).ok
    assert verify(team, views=True).ok


def test_a_merge_that_names_somebody_twice_is_folded_like_any_other(replica: Replica) -> None:
    bob, carol = who(replica, "Bob"), who(replica, "Carol")

    replica.append([Merged(at=AT, people=(bob, carol, bob)), Merged(at=AT, people=(bob, bob))])

    assert replica.reader(AT // 1000).ids(bob) == {bob, carol}


def test_a_membership_event_in_a_content_record_counts_nowhere(
    replica: Replica, tmp_path: Path, clock: Clock
) -> None:
    other = another(tmp_path / "other", replica, clock)
    [entry] = replica.append([met(replica, "Bob")])[-1:]
    write_raw(replica, encode_body(Erased(at=AT, events=(ref(entry),)), bytes(16)))
    give(replica, other)
    give(other, replica)

    for one in (replica, other):
        voids = {(logged.log, logged.seq): logged.void for logged in one.events()}
        assert voids[entry.log, entry.seq] is None
        assert voids[entry.log, entry.seq + 1] == "unreadable"
        assert verify(one, views=True).ok
    assert replica.digest() == other.digest()
