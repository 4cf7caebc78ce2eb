from collections.abc import Callable
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kithbook.clock import DAY_MS
from kithbook.codec import encode_body
from kithbook.envelope import (
    CONTENT,
    HEADER_BYTES,
    Head,
    Seal,
    Verify,
    erase_record,
    make_record,
    record_body,
    record_hlc,
)
from kithbook.events import Met
from kithbook.replication import (
    PAGE_EVENTS,
    Accepted,
    Fork,
    Gap,
    Held,
    Known,
    Outcome,
    Page,
    Refusal,
    Span,
    Unfit,
    accept,
    lacking,
    opening_key,
    refusal,
)
from kithbook_server.keys import verify
from tests.shared.logs import Log, Network, key

ADA, BOB = bytes([1]) * 16, bytes([2]) * 16
MET = Met(at=0, by=ADA, people=(BOB,))


def log(size: int, name: str = "Ada") -> Log:
    """A log of so many events."""
    return Network(name).founded.append(*[MET] * (size - 1))


TEN = log(10)
NOBODY: Verify = lambda *_: False  # noqa: E731
EMPTY = TEN.known(0)


def branch(at: int, size: int = 10) -> Log:
    """TEN as a copy of its device went on after seq `at`."""
    elsewhere = msgspec.structs.replace(MET, note="elsewhere")
    return TEN.fork(at).append(*[elsewhere] * (size - at))


def take(page: Page, known: Known, check: Verify = verify) -> Outcome:
    return accept(TEN.network, page, known, check)


@pytest.mark.parametrize(
    ("have", "first", "last", "new"),
    [
        (0, 1, 10, 1),
        (0, 1, 1, 1),
        (4, 5, 10, 5),
        (4, 1, 10, 5),
        (4, 3, 5, 5),
        (9, 10, 10, 10),
    ],
)
def test_the_new_part_of_a_page_is_accepted(have: int, first: int, last: int, new: int) -> None:
    found = take(TEN.sealed(first, last), TEN.known(have))
    assert isinstance(found, Accepted)
    assert found.first == new
    assert found.records == TEN.records[new - 1 : last]
    assert found.hashes == TEN.hashes[new - 1 : last]
    assert found.head == Head(TEN.id, last, TEN.hashes[last - 1])
    assert found.seals == [TEN.seal_at(last)]


def test_the_seals_of_the_new_part_are_kept_and_no_others() -> None:
    found = take(TEN.sealed(1, 10, seals=[2, 4, 7]), TEN.known(4))
    assert isinstance(found, Accepted)
    assert found.seals == [TEN.seal_at(7), TEN.seal_at(10)]


@pytest.mark.parametrize(
    ("have", "first", "last"), [(10, 1, 10), (10, 10, 10), (7, 2, 5), (1, 1, 1)]
)
def test_what_is_held_already_changes_nothing(have: int, first: int, last: int) -> None:
    assert take(TEN.sealed(first, last), TEN.known(have), NOBODY) == Held()


@pytest.mark.parametrize(("have", "first"), [(0, 2), (0, 10), (4, 6), (9, 11)])
def test_a_page_that_starts_too_late_is_a_gap_with_the_seq_that_comes_next(
    have: int, first: int
) -> None:
    longer = log(11)
    assert take(longer.sealed(first), longer.known(have)) == Gap(have + 1)


@pytest.mark.parametrize(
    ("splits_after", "have", "first", "agree"),
    [
        (3, 10, 1, 0),  # found within the page: they agreed before it
        (3, 10, 2, 1),
        (3, 10, 4, 3),
        (3, 10, 5, 3),  # found before the page: they agree no later than before that
        (3, 10, 10, 8),
        (3, 4, 5, 3),
        (9, 10, 10, 9),
        (1, 10, 1, 0),
        (1, 2, 3, 1),
    ],
)
def test_another_branch_is_a_fork_with_the_last_seq_that_both_may_share(
    splits_after: int, have: int, first: int, agree: int
) -> None:
    other = branch(splits_after)
    found = take(other.sealed(first), TEN.known(have), NOBODY)
    assert found == Fork(agree)
    assert other.hash_at(splits_after) == TEN.hash_at(splits_after)


def test_stepping_back_from_fork_to_fork_finds_where_two_branches_split() -> None:
    other, first = branch(3), 10
    while other.hash_at(first - 1) != TEN.hash_at(first - 1):
        found = take(other.sealed(first), TEN.known(10), NOBODY)
        assert isinstance(found, Fork)
        first = found.seq + 1
    assert first == 4


def changed(page: Page, **fields: object) -> Page:
    return msgspec.structs.replace(page, **fields)


WHOLE = TEN.sealed()
FOUNDED = record_body(TEN.records[0]) or b""
BACK = TEN.fork(3).at(0).append(MET)
STUCK = TEN.fork(3)
STUCK.hlc = record_hlc(TEN.records[2]) - 1
STUCK.append(MET)
STILL = TEN.fork(0).append_record(make_record(CONTENT, 1, FOUNDED))
FOREIGN = TEN.fork(1)
FOREIGN.device = key("Eve")

UNFIT: dict[str, tuple[Page, Known, int, str]] = {
    "no events": (changed(WHOLE, records=[]), EMPTY, 1, "holds 1 to 1000"),
    "too many": (changed(WHOLE, records=[b""] * (PAGE_EVENTS + 1)), EMPTY, 1, "holds 1 to 1000"),
    "seq 0": (changed(WHOLE, first=0), EMPTY, 0, "holds 1 to 1000"),
    "seq -1": (changed(WHOLE, first=-1), EMPTY, -1, "holds 1 to 1000"),
    "no record": (changed(WHOLE, records=[*TEN.records[:4], b"x"]), EMPTY, 5, "not an envelope"),
    "content first": (STILL.sealed(), EMPTY, 1, "does not open this log"),
    "erased first": (
        changed(WHOLE, records=[erase_record(TEN.records[0]), *TEN.records[1:]]),
        EMPTY,
        1,
        "cannot be erased",
    ),
    "another log's opening": (
        changed(log(2, "Eve").sealed(), log=TEN.id),
        EMPTY,
        1,
        "does not open",
    ),
    "clock stands still": (STUCK.sealed(), EMPTY, 4, "clock goes back"),
    "clock goes back": (BACK.sealed(), EMPTY, 4, "clock goes back"),
    "clock goes back from what is held": (BACK.sealed(4), BACK.known(3), 4, "clock goes back"),
    "no seal": (changed(WHOLE, seals=[]), EMPTY, 10, "ends at a seal"),
    "seal too early": (changed(WHOLE, seals=[TEN.seal_at(9)]), EMPTY, 10, "ends at a seal"),
    "seal of what is held": (changed(WHOLE, seals=[TEN.seal_at(4)]), TEN.known(4), 10, "at a seal"),
    "seal past the end": (changed(WHOLE, seals=[Seal(11, bytes(64))]), EMPTY, 10, "at a seal"),
    "seals out of order": (TEN.sealed(1, 10, seals=[5, 3]), EMPTY, 10, "out of order"),
    "seal twice": (TEN.sealed(1, 10, seals=[5, 5]), EMPTY, 10, "out of order"),
    "seal in between past the end": (
        changed(WHOLE, seals=[Seal(11, bytes(64)), TEN.seal_at(10)]),
        EMPTY,
        10,
        "out of order",
    ),
    "seal by another device": (FOREIGN.sealed(), EMPTY, 1, "not by the device"),
    "seal of another seq": (
        changed(WHOLE, seals=[Seal(10, TEN.seal_at(9).signature)]),
        EMPTY,
        10,
        "not by the device",
    ),
    "one bad seal of two": (
        changed(WHOLE, seals=[Seal(5, bytes(64)), TEN.seal_at(10)]),
        EMPTY,
        5,
        "not by the device",
    ),
}


@pytest.mark.parametrize("case", UNFIT)
def test_a_page_that_does_not_hold_together_is_unfit_from_a_seq_on(case: str) -> None:
    page, known, seq, why = UNFIT[case]
    found = take(page, known)
    assert isinstance(found, Unfit)
    assert (found.seq, why in found.why) == (seq, True), found


SHORT = log(3)
SEALED = SHORT.sealed(1, 3, seals=[2])


@given(st.data())
def test_any_flipped_byte_of_a_record_or_a_seal_is_found(data: st.DataObject) -> None:
    """The tamper test of the log: no page with one changed byte is taken in."""
    records, seals = list(SEALED.records), list(SEALED.seals)
    if data.draw(st.booleans()):
        which = data.draw(st.integers(0, len(records) - 1))
        records[which] = flip(records[which], data)
    else:
        which = data.draw(st.integers(0, len(seals) - 1))
        seals[which] = Seal(seals[which].seq, flip(seals[which].signature, data))
    page = changed(SEALED, records=records, seals=seals)
    assert isinstance(accept(SHORT.network, page, SHORT.known(0), verify), Unfit)


def flip(bytes_: bytes, data: st.DataObject) -> bytes:
    place = data.draw(st.integers(0, len(bytes_) - 1))
    changed_ = bytearray(bytes_)
    changed_[place] ^= data.draw(st.sampled_from([1, 2, 4, 8, 16, 32, 64, 128, 255]))
    return bytes(changed_)


def test_every_single_bit_of_a_record_matters() -> None:
    last = SHORT.records[-1]
    for place in range(len(last)):
        for bit in range(8):
            record = bytearray(last)
            record[place] ^= 1 << bit
            page = changed(SHORT.sealed(), records=[*SHORT.records[:-1], bytes(record)])
            assert isinstance(accept(SHORT.network, page, SHORT.known(0), verify), Unfit)


def test_a_body_as_long_as_a_hash_cannot_pass_for_its_own_hash() -> None:
    writing = log(1).at(5).append_record(make_record(CONTENT, 2**62, bytes(32)))
    erased_bit = bytes([writing.records[1][0] | 0x80]) + writing.records[1][1:]
    page = changed(writing.sealed(), records=[writing.records[0], erased_bit])
    assert isinstance(take(page, writing.known(0)), Unfit)


@given(st.lists(st.integers(2, 10), max_size=9))
def test_erased_records_keep_the_chain(erased: list[int]) -> None:
    records = [
        erase_record(record) if seq in erased else record
        for seq, record in enumerate(TEN.records, 1)
    ]
    found = take(changed(WHOLE, records=records), EMPTY)
    assert isinstance(found, Accepted)
    assert (found.records, found.hashes) == (records, TEN.hashes)


def test_a_page_of_another_network_does_not_hold_together_here() -> None:
    found = accept(Network("Eve").id, WHOLE, EMPTY, verify)
    assert found == Unfit(1, "its first event does not open this log")


def test_an_unknown_event_travels_byte_for_byte() -> None:
    """What an old replica cannot read it takes in, keeps and gives on as it came."""
    writing = log(1)
    writing.append_record(make_record(CONTENT, 2**62, b"\x92\xa6danced\x01" + bytes(16)))
    writing.append_record(make_record(CONTENT, 2**62 + 1, b"\xff\xff not an event" + bytes(16)))
    found = take(writing.sealed(), writing.known(0))
    assert isinstance(found, Accepted)
    again = changed(writing.sealed(), records=list(found.records), seals=list(found.seals))
    assert msgspec.msgpack.encode(again) == msgspec.msgpack.encode(writing.sealed())
    assert isinstance(take(again, writing.known(0)), Accepted)


@pytest.mark.parametrize(
    ("mine", "theirs", "spans"),
    [
        ({}, {}, []),
        ({"a": 3}, {}, [("a", 0, 3)]),
        ({"a": 3}, {"a": 1}, [("a", 1, 3)]),
        ({"a": 3}, {"a": 3}, []),
        ({"a": 3}, {"a": 5}, []),
        ({}, {"a": 5}, []),
        ({"a": 3, "b": 2, "c": 1}, {"b": 2, "c": 0}, [("a", 0, 3), ("c", 0, 1)]),
    ],
)
def test_the_other_side_lacks_what_lies_past_its_heads(
    mine: dict[str, int], theirs: dict[str, int], spans: list[tuple[str, int, int]]
) -> None:
    def heads(seqs: dict[str, int]) -> dict[bytes, Head]:
        return {name.encode(): Head(name.encode(), seq, bytes(32)) for name, seq in seqs.items()}

    found = list(lacking(heads(mine).values(), heads(theirs)))
    assert found == [Span(name.encode(), after, upto) for name, after, upto in spans]


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (Held(), None),
        (take(WHOLE, EMPTY), None),
        (Gap(5), (5, "gap")),
        (Fork(4), (5, "fork")),
        (Unfit(7, "why"), (7, "unfit")),
    ],
)
def test_what_is_not_taken_is_told_with_its_seq_and_reason(
    outcome: Outcome, expected: tuple[int, str] | None
) -> None:
    found = refusal(TEN.id, outcome)
    if expected is None:
        assert found is None
    else:
        assert isinstance(found, Refusal)
        assert (found.log, found.seq, found.code) == (TEN.id, *expected)
        assert found.why


def test_only_an_opening_of_this_very_log_gives_its_key() -> None:
    first = TEN.records[0]
    assert opening_key(TEN.network, TEN.id, first) == TEN.device.public
    assert opening_key(TEN.network, log(1, "Eve").id, first) is None
    assert opening_key(TEN.network, TEN.id, b"\x01\x00" + first[2:]) is None
    assert opening_key(TEN.network, TEN.id, erase_record(first)) is None
    met = make_record(1, 1, encode_body(MET, bytes(16)))
    assert opening_key(TEN.network, TEN.id, met) is None


class Replica:
    """Logs as far as they are held, and what comes of every page that arrives."""

    def __init__(self, network: bytes) -> None:
        self.network = network
        self.logs: dict[bytes, tuple[list[bytes], list[bytes], list[Seal]]] = {}

    def heads(self) -> dict[bytes, Head]:
        return {
            log: Head(log, len(records), hashes[-1])
            for log, (records, hashes, _) in self.logs.items()
        }

    def receive(self, page: Page) -> Outcome:
        records, hashes, seals = self.logs.get(page.log, ([], [], []))
        key = opening_key(self.network, page.log, records[0]) if records else None
        last = int.from_bytes(records[-1][2:HEADER_BYTES], "big") if records else -1
        at: Callable[[int], bytes] = lambda seq: hashes[seq - 1] if seq else bytes(32)  # noqa: E731
        known = Known(Head(page.log, len(records), at(len(records))), key, last, at)
        found = accept(self.network, page, known, verify)
        if isinstance(found, Accepted):
            self.logs[page.log] = (
                [*records, *found.records],
                [*hashes, *found.hashes],
                [*seals, *found.seals],
            )
        return found


@given(st.data())
def test_any_pages_in_any_order_as_often_as_they_come_end_in_the_same_logs(
    data: st.DataObject,
) -> None:
    """Cut anywhere, repeated, answered into the void: every replica that met all ends alike."""
    network = Network("Ada")
    writings = [network.founded.append(MET, MET), network.welcome("Bob").append(MET, MET)]
    pages = []
    for writing in writings:
        size = writing.seq
        cuts = sorted({0, size, *data.draw(st.lists(st.integers(1, size), max_size=3))})
        pages += [writing.sealed(after + 1, upto) for after, upto in pairwise(cuts)]
    replica, waiting = Replica(network.id), data.draw(st.permutations(pages * 2))
    for _ in range(len(pages)):
        waiting = [page for page in waiting if isinstance(replica.receive(page), Gap)]
    assert not waiting
    assert replica.heads() == {w.id: Head(w.id, w.seq, w.hashes[-1]) for w in writings}
    assert {log: held[0] for log, held in replica.logs.items()} == {
        w.id: w.records for w in writings
    }
    assert not list(lacking(replica.heads().values(), replica.heads()))


@given(st.lists(st.sampled_from([0, 1]), max_size=8), st.data())
def test_two_replicas_that_exchange_what_the_other_lacks_agree(
    order: list[int], data: st.DataObject
) -> None:
    network = Network("Ada")
    writings = {w.id: w for w in (network.founded, network.welcome("Bob"))}
    for writing in writings.values():
        writing.append(*[MET] * data.draw(st.integers(0, 4)))
    replicas = [Replica(network.id), Replica(network.id)]
    for replica in replicas:
        for writing in writings.values():
            if upto := data.draw(st.integers(0, writing.seq)):
                replica.receive(writing.sealed(1, upto))
    for one in [*order, 0, 1]:
        mine, other = replicas[one], replicas[1 - one]
        for span in lacking(mine.heads().values(), other.heads()):
            found = other.receive(writings[span.log].sealed(span.after + 1, span.upto))
            assert isinstance(found, Accepted)
    assert replicas[0].heads() == replicas[1].heads()


def test_a_wrong_clock_of_the_writer_blocks_nothing() -> None:
    ten_years = 3_650 * DAY_MS
    ahead = log(1).at(ten_years).append(MET, MET)
    assert isinstance(take(ahead.sealed(), ahead.known(0)), Accepted)
