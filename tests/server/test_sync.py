"""Rounds of sync with the service itself, without HTTP."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from msgspec.structs import replace

from kithbook.envelope import MEMBERSHIP_KIND, NO_HASH, Head, chain, make_record
from kithbook.errors import Damaged, Invalid, TooLarge
from kithbook.ids import NetworkId
from kithbook.protocol import SyncReply, SyncRequest, SyncServer
from kithbook.replication import Page
from kithbook_server.commits import Commits
from kithbook_server.log import LogRecorder
from kithbook_server.log.recorder import SQLiteLogRecorder
from kithbook_server.sync import SyncService
from tests.devices import Log, heads
from tests.server.behind import Behind
from tests.server.taking import intake


def push(service: SyncService, *logs: Log) -> SyncReply:
    pages = [page for log in logs for page in log.pages()]
    return service.sync(logs[0].network, SyncRequest(heads(logs), pages))


def pull(service: SyncServer, network: NetworkId, held: Sequence[Head] = ()) -> list[Page]:
    """All that a replica lacks, over as many rounds as it takes."""
    pages: list[Page] = []
    have = {head.log: head for head in held}
    more = True
    while more:
        reply = service.sync(network, SyncRequest(list(have.values())))
        for page in reply.pages:
            hashes = chain(network, page.log, page.first, page.previous, page.records)
            have[page.log] = Head(page.log, page.last, hashes[-1])
        pages += reply.pages
        more = reply.more
    return pages


def records(pages: list[Page], log: Log) -> list[bytes]:
    return [record for page in pages if page.log == log.id for record in page.records]


def codes(reply: SyncReply) -> dict[bytes, tuple[str, int]]:
    return {refusal.log: (refusal.code, refusal.seq) for refusal in reply.refused}


@pytest.fixture
def ada() -> Log:
    return Log.found().write(4)


def test_a_push_is_held_and_another_replica_gets_it(service: SyncService, ada: Log) -> None:
    reply = push(service, ada)
    assert reply == SyncReply([ada.head()])
    [page] = pull(service, ada.network)
    assert (page.log, page.first, page.previous) == (ada.id, 1, NO_HASH)
    assert page.records == ada.records
    assert [seal.seq for seal in page.seals] == [ada.seq]


def test_a_push_repeated_changes_nothing(service: SyncService, ada: Log) -> None:
    first = push(service, ada)
    for size in (5, 1, 2):
        again = service.sync(ada.network, SyncRequest([ada.head()], ada.pages(size=size)))
        assert again == first
    assert records(pull(service, ada.network), ada) == ada.records


def test_pages_that_overlap_what_is_held_bring_only_what_is_new(
    service: SyncService, ada: Log
) -> None:
    push(service, ada)
    ada.write(3)
    reply = service.sync(ada.network, SyncRequest([ada.head()], [ada.page(3, 8)]))
    assert reply == SyncReply([ada.head()])
    assert records(pull(service, ada.network), ada) == ada.records


def test_nothing_to_do_is_a_round_without_pages(service: SyncService, ada: Log) -> None:
    push(service, ada)
    assert service.sync(ada.network, SyncRequest([ada.head()])) == SyncReply([ada.head()])


def test_a_gap_is_told_with_the_seq_that_comes_next(service: SyncService, ada: Log) -> None:
    service.sync(ada.network, SyncRequest([], [ada.page(1, 2)]))
    reply = service.sync(ada.network, SyncRequest([ada.head()], [ada.page(4, 5)]))
    assert codes(reply) == {ada.id: ("gap", 3)}
    assert reply.heads == [ada.head(2)]
    assert push(service, ada) == SyncReply([ada.head()])


def test_a_fork_is_refused_and_the_rest_goes_on(service: SyncService, ada: Log) -> None:
    bob, eve = ada.invite("Bob").join().write(), ada.invite("Eve").join().write()
    push(service, ada, bob)
    other = ada.fork(3).write(5)
    reply = service.sync(
        ada.network, SyncRequest([other.head()], [*other.pages(after=3), *eve.pages()])
    )
    assert codes(reply)[ada.id][0] == "fork"
    assert {head.log: head.seq for head in reply.heads} == {
        ada.id: ada.seq,
        bob.id: bob.seq,
        eve.id: eve.seq,
    }
    assert {page.log for page in reply.pages} == {bob.id}


@pytest.mark.parametrize("at", [1, 3, 5])
def test_a_replica_with_another_hash_at_its_head_gets_nothing_of_that_log(
    service: SyncService, ada: Log, at: int
) -> None:
    bob = ada.invite().join()
    ada.write(2)
    push(service, ada, bob)
    wrong = Head(ada.id, at, b"x" * 32)
    reply = service.sync(ada.network, SyncRequest([wrong]))
    assert codes(reply) == {ada.id: ("fork", at)}
    assert [page.log for page in reply.pages] == [bob.id]
    assert reply.heads == heads([ada, bob])


def test_a_seal_by_another_device_is_unfit(service: SyncService, ada: Log) -> None:
    bob = ada.invite().join().write()
    page = replace(ada.page(1, 2), seals=[replace(bob.page(1, 2).seals[0], seq=2)])
    reply = service.sync(ada.network, SyncRequest([], [page]))
    assert codes(reply) == {ada.id: ("unfit", 2)}
    assert reply.heads == []


def test_a_page_is_taken_whole_or_not_at_all(service: SyncService, ada: Log) -> None:
    good = ada.page(1, ada.seq)
    bent = [*good.records[:3], good.records[3][:-1] + b"!", *good.records[4:]]
    short = b"\x01\x00too short"
    unsealed = replace(ada.seal(2).page(1, 5), seals=[ada.page(1, 2).seals[0]])
    backwards = replace(good, records=[*good.records[:3], good.records[2], good.records[4]])
    for page in (
        replace(good, records=bent),
        replace(good, records=[*good.records[:4], short]),
        replace(good, records=good.records[1:]),
        replace(good, records=[]),
        replace(good, records=good.records * 201),
        replace(good, log=b"x" * 16),
        replace(good, log=b"short"),
        replace(good, first=0),
        replace(good, first=-(2**70)),
        replace(good, seals=[]),
        unsealed,
        backwards,
    ):
        reply = service.sync(ada.network, SyncRequest([], [page]))
        assert [refusal.code for refusal in reply.refused] == ["unfit"], page
        assert reply.heads == []
    assert push(service, ada) == SyncReply([ada.head()])


def test_after_a_page_that_does_not_fit_the_log_is_left_out_of_the_round(
    service: SyncService, ada: Log
) -> None:
    first, second, third = ada.page(1, 2), ada.page(3, 4), ada.page(5, 5)
    bent = replace(second, records=[second.records[0], b"\x02" + second.records[1][1:]])
    reply = service.sync(ada.network, SyncRequest([], [first, bent, third]))
    assert codes(reply) == {ada.id: ("unfit", 4)}
    assert reply.heads == [ada.head(2)]


def test_a_log_of_another_network_does_not_fit(service: SyncService, ada: Log) -> None:
    stranger = Log.found("Eve")
    push(service, stranger)
    reply = service.sync(ada.network, SyncRequest([], stranger.pages()))
    assert codes(reply) == {stranger.id: ("unfit", 1)}
    assert service.sync(stranger.network, SyncRequest([])).heads == [stranger.head()]


def test_anyone_may_bring_anybodys_log(service: SyncService, ada: Log) -> None:
    bob = ada.invite().join().write(3)
    push(service, bob)
    reply = push(service, ada)
    assert reply.heads == heads([bob, ada])
    assert [page.log for page in reply.pages] == [bob.id]


def test_an_inert_log_and_one_with_no_opening_yet_are_kept_all_the_same(
    service: SyncService, ada: Log
) -> None:
    ticket = ada.invite()
    one, two = ticket.join().write(), ticket.join().write()
    assert not push(service, two, one).refused
    assert push(service, ada).heads == heads([two, one, ada])


def test_what_this_release_cannot_read_is_kept_byte_for_byte(
    service: SyncService, ada: Log
) -> None:
    unknown = b"\x92\xafteleported/9999\x01" + bytes(16)
    for kind in (0, MEMBERSHIP_KIND):
        ada.hlc += 1
        ada.append_record(make_record(kind, ada.hlc, unknown))
    assert not push(service, ada).refused
    assert records(pull(service, ada.network), ada) == ada.records


def test_a_rolled_back_server_is_refilled(
    tmp_path: Path, service: SyncService, ada: Log, recorder: LogRecorder
) -> None:
    push(service, ada)
    old = ada.head()
    ada.write(3)
    reply = service.sync(ada.network, SyncRequest([ada.head()]))
    assert reply == SyncReply([old])
    reply = service.sync(ada.network, SyncRequest([ada.head()], ada.pages(after=old.seq)))
    assert reply == SyncReply([ada.head()])


def test_an_emptied_server_is_refilled_by_anyone(
    tmp_path: Path, service: SyncService, ada: Log
) -> None:
    bob = ada.invite().join().write(2)
    push(service, ada, bob)
    pages = pull(service, ada.network)
    empty = SQLiteLogRecorder.open(tmp_path / "empty.sqlite")
    commits = Commits(empty)
    try:
        again = SyncService(empty, intake(commits))
        assert again.sync(ada.network, SyncRequest(heads([ada, bob]))) == SyncReply([])
        assert again.sync(ada.network, SyncRequest([], pages)).heads == heads([ada, bob])
    finally:
        commits.close()
        empty.close()


def test_pages_are_as_long_as_they_can_be_and_end_at_a_seal(service: SyncService, ada: Log) -> None:
    ada.write(2_600)
    for seq in (1, 7, 400, 1_003, 1_900, 2_600):
        ada.seal(seq)
    service.sync(ada.network, SyncRequest([], ada.pages(size=500)))
    for after in (0, 1, 6, 999, 2_590):
        pages = pull(service, ada.network, [ada.head(after)] if after else [])
        assert records(pages, ada) == ada.records[after:]
        for page in pages:
            assert len(page.records) <= 1_000
            assert page.seals[-1].seq == page.last
            assert page.previous == ada.hash_at(page.first - 1)
            inside = [seq for seq in sorted(ada.seals) if page.first <= seq <= page.last]
            assert [seal.seq for seal in page.seals] == inside
    assert [page.last for page in pull(service, ada.network)] == [1_000, 2_000, 2_605]


def test_big_events_make_short_pages(service: SyncService, ada: Log) -> None:
    for _ in range(200):
        ada.hlc += 1
        ada.append_record(make_record(0, ada.hlc, bytes(60_000)))
        ada.seal()
    for page in ada.pages(size=40):
        assert not service.sync(ada.network, SyncRequest([], [page])).refused
    pages = pull(service, ada.network)
    assert records(pages, ada) == ada.records
    assert max(sum(map(len, page.records)) for page in pages) <= 1024 * 1024
    first = service.sync(ada.network, SyncRequest([]))
    assert first.more
    assert sum(len(page.records) for page in first.pages) < ada.seq


def test_a_round_carries_so_many_events_and_says_that_there_are_more(
    recorder: LogRecorder, commits: Commits, ada: Log
) -> None:
    service = SyncService(recorder, intake(commits), reply_events=2_500)
    ada.write(5_995)
    for start in range(0, 6_000, 2_000):
        service.sync(ada.network, SyncRequest([], ada.pages()[start // 1_000 :][:2]))
    first = service.sync(ada.network, SyncRequest([]))
    assert [page.last for page in first.pages] == [1_000, 2_000]
    assert first.more
    last = service.sync(ada.network, SyncRequest([ada.head(4_000)]))
    assert [page.last for page in last.pages] == [5_000, 6_000]
    assert not last.more


def test_the_founders_log_comes_first(service: SyncService, ada: Log) -> None:
    bob, eve = ada.invite("Bob").join().write(150), ada.invite("Eve").join().write(3)
    push(service, ada, bob, eve)
    assert [page.log for page in pull(service, ada.network)] == [ada.id, bob.id, eve.id]


def test_a_head_of_nothing_is_as_good_as_none(service: SyncService, ada: Log) -> None:
    push(service, ada)
    reply = service.sync(ada.network, SyncRequest([Head(ada.id, 0, NO_HASH)]))
    assert [page.last for page in reply.pages] == [ada.seq]
    reply = service.sync(ada.network, SyncRequest([Head(ada.id, 0, b"x" * 32)]))
    assert codes(reply) == {ada.id: ("fork", 0)}


@pytest.mark.parametrize(
    "head",
    [
        Head(b"", 1, bytes(32)),
        Head(bytes(16), 1, b""),
        Head(bytes(16), -1, bytes(32)),
        Head(bytes(16), 2**63, bytes(32)),
        Head(bytes(16), 2**64, bytes(32)),
    ],
)
def test_a_head_that_cannot_be_one_is_invalid(service: SyncService, ada: Log, head: Head) -> None:
    with pytest.raises(Invalid, match="A head names"):
        service.sync(ada.network, SyncRequest([head]))


def test_limits_say_what_they_are(recorder: LogRecorder, commits: Commits, ada: Log) -> None:
    service = SyncService(recorder, intake(commits, round_events=10, most=12), 10)
    ada.write(15)
    with pytest.raises(TooLarge, match=r"20 events.* at most 10"):
        push(service, ada)
    assert service.sync(ada.network, SyncRequest([], [ada.page(1, 10)])).heads == [ada.head(10)]
    with pytest.raises(TooLarge, match="at most 12 events"):
        service.sync(ada.network, SyncRequest([], [ada.page(11, 20)]))
    assert service.sync(ada.network, SyncRequest([], [ada.page(11, 12)])).heads == [ada.head(12)]
    assert not service.sync(ada.network, SyncRequest([], [ada.page(11, 12)])).refused


def test_a_lost_seal_is_told_and_no_page_without_one_is_sent(
    behind: Behind, service: SyncService, ada: Log
) -> None:
    ada.write(200)
    push(service, ada)
    behind.unguard()
    behind("DELETE FROM seal")
    with pytest.raises(Damaged, match="no seal"):
        service.sync(ada.network, SyncRequest([]))
