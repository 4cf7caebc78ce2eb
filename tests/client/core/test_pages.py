"""Seals and pages: what leaves a device can be checked by whoever gets it, and cut anywhere."""

import pytest

from kithbook.envelope import Head
from kithbook.replication import PAGE_EVENTS
from kithbook_client import pages as pages_module
from kithbook_client.home import Home
from kithbook_client.replica import Replica
from kithbook_client.verify import verify
from tests.client.core.world import Clock, everything, give, held, met


@pytest.fixture(name="reader")
def _reader(replica: Replica, tmp_path: object, clock: Clock) -> Replica:
    home = Home.prepare(f"{tmp_path}/reader", clock)
    with home.writing():
        return home.add(replica.network, "")


def write(replica: Replica, events: int, note: str = "") -> None:
    replica.append([met(replica, "Bob", note=note or str(n)) for n in range(events)])


def test_a_page_ends_at_a_seal_and_holds_a_thousand_at_most(
    replica: Replica, reader: Replica
) -> None:
    write(replica, 2 * PAGE_EVENTS + 500)

    pages = everything(replica)

    assert [(page.first, page.last) for page in pages] == [(1, 1000), (1001, 2000), (2001, 2502)]
    assert all(page.seals[-1].seq == page.last for page in pages)
    assert reader.receive(pages).added == 2_502
    assert reader.digest() == replica.digest()
    assert verify(reader, views=True).ok


def test_a_page_of_long_texts_is_shorter(replica: Replica, reader: Replica) -> None:
    write(replica, 100, "x" * 50_000)

    pages = everything(replica)

    sizes = [sum(map(len, page.records)) for page in pages]
    assert all(size < 1.2 * pages_module.PAGE_BYTES for size in sizes)
    assert len(pages) == 5
    assert reader.receive(pages).refused == []
    assert held(reader) == held(replica)


def test_a_round_holds_ten_thousand_events_at_most(replica: Replica) -> None:
    write(replica, 12_000)
    replica.seal()

    pages = replica.pages.lacking({})

    assert sum(len(page.records) for page in pages) == 10_000


def test_seals_of_many_small_syncs_do_not_pile_up(replica: Replica, reader: Replica) -> None:
    for _ in range(60):
        write(replica, 40)
        give(replica, reader)

    for one in (replica, reader):
        [seals] = one.db.execute("SELECT count(*) FROM seal").fetchone()
        assert seals <= 2 * (one.count() // PAGE_EVENTS + 1) + 1
        assert verify(one).ok


def test_whoever_holds_any_sealed_part_can_be_sent_the_rest(
    replica: Replica, reader: Replica
) -> None:
    heads = []
    for _ in range(30):
        write(replica, 90)
        replica.seal()
        heads.append(replica.heads()[0])
    give(replica, reader)

    for head in heads:
        for one in (replica, reader):
            pages = one.pages.lacking({head.log: head})
            assert sum(len(page.records) for page in pages) == heads[-1].seq - head.seq
            assert head is heads[-1] or pages[0].previous == head.hash


def test_nothing_past_the_last_seal_is_sent(replica: Replica) -> None:
    write(replica, 5)
    replica.seal()
    write(replica, 5)

    pages = replica.pages.lacking({})

    assert pages[-1].last == 7
    assert replica.pages.lacking({pages[0].log: Head(pages[0].log, 7, b"")}) == []
