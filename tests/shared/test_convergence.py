"""Whole replicas, from signed pages to the digest: no order of arrival makes a difference."""

from hypothesis import given
from hypothesis import strategies as st

from kithbook.codec import Unreadable
from kithbook.envelope import CONTENT, Head, make_record, record_event, record_hlc, reference
from kithbook.events import Described, Helped, Met, Retracted, Thanked, Trusted
from kithbook.facts.digest import digest
from kithbook.facts.effects import Entry
from kithbook.membership import UNKNOWN, Standing, act_in, standing
from kithbook.memory import Memory
from kithbook.replication import Accepted, Gap, Page, accept
from kithbook_server.keys import verify
from tests.shared.logs import Log, Network


class Replica:
    """Takes pages in, decides standing, folds: afresh where standing changed."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.sources = {log.id: log for log in network.logs}
        self.held: dict[bytes, list[bytes]] = {}
        self.folded: dict[bytes, int] = {}
        self.standings: dict[bytes, Standing] = {}
        self.memory = Memory(self.fetch)

    def receive(self, page: Page) -> bool:
        """Whether the page could be taken in, now or before."""
        records = self.held.setdefault(page.log, [])
        known = self.sources[page.log].known(len(records))
        found = accept(self.network.id, page, known, verify)
        if isinstance(found, Accepted):
            records += found.records
            self.catch_up()
        return not isinstance(found, Gap)

    def catch_up(self) -> None:
        acts = [
            act
            for log, records in self.held.items()
            for seq, record in enumerate(records, 1)
            if (act := act_in(log, seq, record))
        ]
        standings = standing(self.network.id, acts, verify)
        if any(standings.get(log) != self.standings.get(log) for log in self.folded):
            self.memory, self.folded = Memory(self.fetch), {}
        self.standings = standings
        entries, aside = [], []
        for log, records in self.held.items():
            for seq in range(self.folded.get(log, 0) + 1, len(records) + 1):
                entry = self.fetch(log, seq)
                if entry is not None:
                    entries.append(entry)
                else:
                    aside.append((log, seq, "unknown"))
            self.folded[log] = len(records)
        self.memory.fold(standings, entries, aside)

    def fetch(self, log: bytes, seq: int) -> Entry | None:
        if seq > len(self.held.get(log, ())):
            return None
        record = self.held[log][seq - 1]
        event = record_event(record)
        if isinstance(event, Unreadable):
            return None
        check = reference(log, seq, self.sources[log].hash_at(seq)).check
        author = self.standings.get(log, UNKNOWN).person or b""
        return Entry(log, seq, record_hlc(record), check, author, event)

    def digest(self) -> str:
        heads = [
            Head(log, len(records), self.sources[log].hash_at(len(records)))
            for log, records in self.held.items()
        ]
        return digest(self.memory.weight, heads)


def busy() -> Network:
    """Three members; retractions and thanks across logs, a further log, a revoked device."""
    network = Network("Ada")
    ada, bob, carol = (network.person(name) for name in ("Ada", "Bob", "Carol"))
    hers = network.founded
    his = network.welcome("Bob", role="owner")
    phone = network.join(network.invite(his, "Bob", "owner"), "Bob's phone")
    carols = network.welcome("Carol", by=his)
    his.append(Helped(at=0, by=bob, to=ada, what="x"), Met(at=5, by=bob, people=(ada, carol)))
    hers.append(Thanked(at=9, by=ada, to=bob, helps=(his.ref(his.seq - 1),)))
    phone.append(Retracted(at=9, event=his.ref(his.seq)))
    carols.append(Trusted(at=1, by=carol, whom=ada, level=95))
    further = network.add(carols).append(Trusted(at=2, by=carol, whom=ada, level=50))
    further.append_record(make_record(CONTENT, 2**62, b"\x92\xa6danced\x01" + bytes(16)))
    hers.append(Described(at=0, person=bob, set={"name": "Bob"}))
    network.cut_off(hers, carols.device, {carols: 2, further: 2})
    return network


BUSY = busy()
PAGES = [
    log.sealed(first, min(first + 1, log.seq))
    for log in BUSY.logs
    for first in range(1, log.seq + 1, 2)
]


def replica_of(pages: list[Page]) -> Replica:
    replica = Replica(BUSY)
    while pages:
        pages = [page for page in pages if not replica.receive(page)]
    return replica


WHOLE = replica_of(PAGES)


@given(st.permutations(PAGES * 2))
def test_any_order_and_any_duplication_of_pages_end_in_the_same_digest(pages: list[Page]) -> None:
    assert replica_of(pages).digest() == WHOLE.digest()


def test_a_missing_page_shows_in_the_digest() -> None:
    last: Log = BUSY.logs[-1]
    rest = [page for page in PAGES if page.log != last.id]
    assert replica_of(rest).digest() != WHOLE.digest()


def test_what_the_story_says_is_what_was_folded() -> None:
    rows = WHOLE.memory.rows
    reasons = sorted(void.reason for void in rows["void"].values())
    assert reasons == ["retracted", "unknown"]
    [(_, help_)] = rows["help"].items()
    assert help_.closed({})
    ada, carol = BUSY.person("Ada"), BUSY.person("Carol")
    assert rows["link"][carol, carol, ada].stated.tenths == 50
