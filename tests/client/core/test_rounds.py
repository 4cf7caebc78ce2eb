"""Sync with a server in this process, and whatever may happen to it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from kithbook.envelope import Head, Seal
from kithbook.errors import TooLarge, Unavailable
from kithbook.events import Helped, Retracted, Thanked, Trusted
from kithbook.ids import NetworkId
from kithbook.protocol import SyncReply, SyncRequest
from kithbook.replication import Page, Refusal
from kithbook_client.home import Home
from kithbook_client.numbers import place
from kithbook_client.replica import Replica
from kithbook_client.status import status
from kithbook_client.verify import verify
from tests.client.core.world import (
    AT,
    Clock,
    another,
    copied,
    everything,
    give,
    held,
    met,
    ref,
    sync,
    who,
    write_raw,
)
from tests.replica_server import ReplicaServer

Serve = Callable[[], ReplicaServer]


@pytest.fixture(name="serve")
def _serve(replica: Replica, tmp_path: Path, clock: Clock) -> Serve:
    """Makes servers that host the network and hold nothing yet."""
    homes: list[Home] = []

    def serve() -> ReplicaServer:
        homes.append(home := Home.prepare(tmp_path / f"server{len(homes)}", clock))
        with home.writing():
            return ReplicaServer(home.add(replica.network, "hosted"))

    return serve


@pytest.fixture(name="server")
def _server(serve: Serve) -> ReplicaServer:
    return serve()


@pytest.fixture(name="other")
def _other(replica: Replica, server: ReplicaServer, tmp_path: Path, clock: Clock) -> Replica:
    """A second laptop, in step with the first."""
    other = another(tmp_path / "other", replica, clock)
    for one in (replica, other, replica):
        sync(one, server)
    return other


def test_both_sides_end_with_the_same(
    replica: Replica, other: Replica, server: ReplicaServer
) -> None:
    replica.append([met(replica, "Bob"), met(replica, "Carol")])
    other.append([met(other, "Dan")])

    assert sync(replica, server).pushed == 2
    report = sync(other, server)

    assert (report.pushed, report.pulled, report.up_to_date, report.refused) == (1, 2, True, [])
    assert sync(replica, server).pulled == 1
    assert replica.digest() == other.digest() == server.replica.digest()
    assert verify(other, views=True).ok


def test_nothing_to_do_is_one_request(replica: Replica, server: ReplicaServer) -> None:
    sync(replica, server)
    before = server.rounds

    report = sync(replica, server)

    assert server.rounds == before + 1
    assert (report.pushed, report.pulled, report.up_to_date) == (0, 0, True)


def test_something_new_is_one_request(
    replica: Replica, other: Replica, server: ReplicaServer
) -> None:
    replica.append([met(replica, "Bob")])
    before = server.rounds
    sync(replica, server)
    sync(other, server)

    assert server.rounds == before + 2


def test_a_seal_that_a_power_cut_took_is_made_again(
    replica: Replica, other: Replica, server: ReplicaServer
) -> None:
    """Nobody waits for the disk when a log is sealed."""
    for name in ("Bob", "Carol"):
        replica.append([met(replica, name)])
        replica.seal()
        log = replica.own()[0]
        replica.db.execute("DELETE FROM seal WHERE place = ?", (place(log.no, log.seq),))

        assert sync(replica, server).up_to_date
        assert sync(other, server).pulled == 1
        assert verify(replica).ok


def test_what_is_pending_is_what_the_server_is_not_known_to_hold(
    replica: Replica, server: ReplicaServer, clock: Clock
) -> None:
    replica.connect("server")
    assert (status(replica).pending, status(replica).last_sync) == (2, None)

    sync(replica, server)
    replica.append([met(replica, "Bob")])

    assert (status(replica).pending, status(replica).last_sync) == (1, clock.ms)


@pytest.mark.parametrize("keep", [0, 1])
def test_a_server_that_lost_something_is_refilled_with_everybodys_events(
    replica: Replica, other: Replica, server: ReplicaServer, serve: Serve, keep: int
) -> None:
    fresh = serve()
    if keep:
        give(replica, fresh.replica)  # a backup
    replica.append([met(replica, "Bob")])
    other.append([met(other, "Carol")])
    for one in (replica, other, replica):
        sync(one, server)
    count = replica.count()

    report = sync(replica, fresh)

    assert report.up_to_date
    assert replica.count() == count
    assert fresh.replica.digest() == replica.digest() == other.digest()


class Faulty:
    """A server whose answers get lost, or come in pieces, or too late."""

    def __init__(self, server: ReplicaServer, answers: list[str]) -> None:
        self.server = server
        self.answers = answers

    def sync(self, network: NetworkId, request: SyncRequest) -> SyncReply:
        answer = self.answers.pop(0) if self.answers else "well"
        if answer == "unheard":
            raise Unavailable("The connection broke.")
        reply = self.server.sync(network, request)
        if answer == "lost":
            raise Unavailable("The connection broke.")
        if answer == "cut":
            return SyncReply(reply.heads, reply.pages[:1], reply.refused, more=True)
        if answer == "twice":
            return SyncReply(reply.heads, [*reply.pages, *reply.pages], reply.refused, reply.more)
        if answer == "backwards":
            return SyncReply(reply.heads, reply.pages[::-1], reply.refused, reply.more)
        return reply


@pytest.mark.parametrize(
    "answers",
    [
        ["unheard"],
        ["lost", "lost"],
        ["cut", "unheard"],
        ["cut", "cut", "cut"],
        ["twice"],
        ["backwards", "twice", "lost"],
    ],
)
def test_a_bad_connection_loses_nothing_and_doubles_nothing(
    replica: Replica, other: Replica, server: ReplicaServer, answers: list[str]
) -> None:
    for one in (replica, other):
        for _ in range(3):  # in pages of their own
            one.append([met(one, f"{one.device} {n}") for n in range(500)])
            one.seal()
    sync(replica, server)
    faulty = Faulty(server, list(answers))
    for _ in range(4):
        try:
            report = sync(other, faulty)
        except Unavailable:
            continue
    assert report.up_to_date
    sync(replica, server)

    assert other.count() == replica.count() == server.replica.count()
    assert other.digest() == replica.digest() == server.replica.digest()


def test_a_server_that_acknowledges_and_stores_nothing_is_found_out(replica: Replica) -> None:
    class Forgetful:
        def sync(self, network: NetworkId, request: SyncRequest) -> SyncReply:
            return SyncReply([])

    report = sync(replica, Forgetful())

    assert not report.up_to_date
    assert report.pushed == 0


def test_a_server_with_a_smaller_limit_gets_smaller_rounds(
    replica: Replica, server: ReplicaServer
) -> None:
    class Small:
        def sync(self, network: NetworkId, request: SyncRequest) -> SyncReply:
            if sum(len(page.records) for page in request.pages) > 1_000:
                raise TooLarge("Too much at once.")
            return server.sync(network, request)

    replica.append([met(replica, "Bob", note=str(n)) for n in range(3_500)])

    assert sync(replica, Small()).up_to_date
    assert server.replica.digest() == replica.digest()


class Forging:
    """A server that sends one log as a forger would have it."""

    def __init__(self, server: ReplicaServer, forge: Callable[[Page], Page], log: bytes) -> None:
        self.server = server
        self.forge = forge
        self.log = log

    def sync(self, network: NetworkId, request: SyncRequest) -> SyncReply:
        reply = self.server.sync(network, request)
        pages = [self.forge(page) if page.log == self.log else page for page in reply.pages]
        return SyncReply(reply.heads, pages, reply.refused, reply.more)


@pytest.mark.parametrize("what", ["record", "seal", "length"])
def test_a_log_that_does_not_fit_is_left_out_and_the_rest_goes_on(
    replica: Replica, other: Replica, server: ReplicaServer, tmp_path: Path, clock: Clock, what: str
) -> None:
    third = another(tmp_path / "third", replica, clock)
    sync(replica, server)
    sync(third, server)
    third.append([met(third, "Bob")])
    sync(third, server)
    replica.append([met(replica, "Carol")])
    sync(replica, server)
    own = third.logs[third.append([met(third, "Dan")])[0].log].id

    def forge(page: Page) -> Page:
        records, seals = list(page.records), page.seals
        if what == "record":
            records[-1] = records[-1][:-1] + b"?"
        elif what == "seal":
            seals = [Seal(seals[-1].seq, bytes(64))]
        else:
            records[-1] = b""
        return Page(page.log, page.first, page.previous, records, seals)

    report = sync(other, Forging(server, forge, own))

    assert [(refused.log, refused.code) for refused in report.refused] == [(own, "unfit")]
    assert report.up_to_date
    assert own not in {head.log for head in other.heads()}
    assert other.lookup_id(who(replica, "Carol").hex())
    assert sync(other, server).refused == []


class TestAForkOfOurOwnLog:
    @pytest.fixture(name="copy")
    def _copy(
        self, replica: Replica, server: ReplicaServer, tmp_path: Path, clock: Clock
    ) -> Replica:
        replica.append([Helped(at=AT, by=replica.me, to=who(replica, "Bob"), what="shared")])
        sync(replica, server)
        return copied(replica, tmp_path / "copy", clock, is_noticed=False)

    def test_is_said_again_in_a_new_log_and_nothing_is_lost(
        self, replica: Replica, copy: Replica, server: ReplicaServer
    ) -> None:
        replica.append([met(replica, "Carol")])
        copy.append([met(copy, "Dan", note="mine"), met(copy, "Eve")])
        sync(replica, server)

        report = sync(copy, server)

        assert report.up_to_date
        assert report.refused == []
        sync(replica, server)
        assert replica.digest() == copy.digest() == server.replica.digest()
        for name in ("Bob", "Carol", "Dan", "Eve"):
            assert len(replica.events(person=who(replica, name))) == 1
        assert status(copy).set_aside == 2
        assert len(copy.home.devices) == 2
        for one in (replica, copy, server.replica):
            assert verify(one, views=True).ok

    @pytest.mark.parametrize("lengths", [(1, 5), (5, 1), (3, 3), (20, 1100), (1100, 20)])
    def test_is_found_whichever_branch_is_longer(
        self, replica: Replica, copy: Replica, server: ReplicaServer, lengths: tuple[int, int]
    ) -> None:
        for one, length in zip((replica, copy), lengths, strict=True):
            one.append([met(one, f"{id(one)} {n}") for n in range(length)])
            if length > 1_000:
                copy.db.execute("DELETE FROM peer")  # and nothing is remembered
        sync(replica, server)

        assert sync(copy, server).up_to_date
        sync(replica, server)

        assert copy.count() == 4 - 1 + sum(lengths) + 1
        assert replica.digest() == copy.digest()

    def test_keeps_what_events_of_the_branch_say_of_each_other(
        self, replica: Replica, copy: Replica, server: ReplicaServer
    ) -> None:
        me, bob = copy.me, who(copy, "Bob")
        [help_] = copy.append([Helped(at=AT, by=bob, to=me, what="x")])
        [wrong] = copy.append([Trusted(at=AT, by=me, whom=bob, level=10)])
        copy.append(
            [
                Thanked(at=AT, by=me, to=bob, helps=(ref(help_),)),
                Retracted(at=AT, event=ref(wrong)),
            ]
        )
        replica.append([met(replica, "Carol")])
        sync(replica, server)
        sync(copy, server)
        sync(replica, server)

        shelf = replica.reading(AT // 1000)
        assert [
            h.given.what for _, h in shelf.helps_of([me]) if h.given and h.given.by == bob
        ] == []
        [link] = [link for key, link in shelf.links_from([me]) if key[2] == bob]
        assert link.stated is None
        assert link.thanks == 0

    def test_tells_whoever_imports_that_it_is_the_same_fact(
        self, replica: Replica, copy: Replica, server: ReplicaServer
    ) -> None:
        source = bytes(16)
        copy.append([met(copy, "Dan", source=source), met(copy, "Eve")])
        replica.append([met(replica, "Carol")])
        sync(replica, server)
        sync(copy, server)

        said = {one.event.people[0]: one.event.source for one in copy.events(limit=2)}

        assert said[who(copy, "Dan")] == source
        assert said[who(copy, "Eve")] not in {None, source}

    def test_that_a_server_lost_before_it_was_written_on_twice(
        self, replica: Replica, copy: Replica, server: ReplicaServer, serve: Serve
    ) -> None:
        """Both branches reach different servers, which then are synced with in turn."""
        second = serve()
        replica.append([met(replica, "Carol")])
        copy.append([met(copy, "Dan")])
        sync(replica, server)
        sync(copy, second)
        for _ in range(3):
            for one in (replica, copy):
                for at in (server, second):
                    assert sync(one, at).up_to_date

        for name in ("Bob", "Carol", "Dan"):
            person = who(replica, name)
            assert [one for one in replica.events(person=person) if one.void is None]
        for one in (replica, copy):
            assert len(one.heads()) == 3
            assert verify(one, views=True).ok


def test_another_branch_of_somebodys_log_gives_way_to_the_servers(
    replica: Replica, other: Replica, server: ReplicaServer, tmp_path: Path, clock: Clock
) -> None:
    """We got one branch by way of a folder, and the server has the other."""
    copy = copied(other, tmp_path / "copy", clock, is_noticed=False)
    other.append([met(other, "Bob"), met(other, "Carol")])
    copy.append([met(copy, "Dan")])
    give(copy, replica)
    sync(other, server)

    report = sync(replica, server)

    assert report.up_to_date
    assert status(replica).set_aside == 1
    assert held(replica) == held(other)
    assert len(replica.home.devices) == 1
    assert [one.void for one in replica.events(person=who(replica, "Dan"))] == []
    assert verify(replica, views=True).ok


def test_a_branch_that_does_not_hold_together_is_not_taken(
    replica: Replica, other: Replica, server: ReplicaServer, tmp_path: Path, clock: Clock
) -> None:
    copy = copied(other, tmp_path / "copy", clock, is_noticed=False)
    other.append([met(other, "Bob")])
    copy.append([met(copy, "Dan")])
    give(copy, replica)
    sync(other, server)
    before = replica.digest()
    log = other.append([met(other, "x")])[0].log
    forge = lambda page: Page(  # noqa: E731 - the shortest forger
        page.log, page.first, page.previous, page.records, [Seal(page.last, bytes(64))]
    )

    report = sync(replica, Forging(server, forge, log))

    assert [refused.code for refused in report.refused] == ["unfit"]
    assert replica.digest() == before
    assert status(replica).set_aside == 0


def test_refusals_are_told_once_and_by_log(replica: Replica) -> None:
    log = replica.heads()[0].log

    class Refusing:
        def sync(self, network: NetworkId, request: SyncRequest) -> SyncReply:
            return SyncReply(
                [], refused=[Refusal(log, 1, "unfit", "no"), Refusal(log, 1, "gap", "")]
            )

    report = sync(replica, Refusing())

    assert [refused.log for refused in report.refused] == [log]
    assert report.up_to_date  # but for that one


def test_a_server_that_claims_more_than_it_sends_does_not_keep_us_for_ever(
    replica: Replica,
) -> None:
    class Boasting:
        def sync(self, network: NetworkId, request: SyncRequest) -> SyncReply:
            return SyncReply([*request.heads, Head(bytes(16), 9, bytes(32))], more=True)

    assert not sync(replica, Boasting()).up_to_date


def records(replica: Replica) -> set[bytes]:
    return {record for page in everything(replica) for record in page.records}


def test_an_unknown_event_passes_through_byte_for_byte(
    replica: Replica, server: ReplicaServer, other: Replica
) -> None:
    write_raw(replica, b"\x92\xa5wooed\x01" + bytes(16))
    sync(replica, server)
    sync(other, server)

    assert status(other).unknown == status(replica).unknown == 1
    assert records(other) == records(replica)
    assert other.digest() == replica.digest()
