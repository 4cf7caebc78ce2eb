import pytest
from hypothesis import given
from hypothesis import strategies as st

from kithbook import codec
from kithbook.clock import MAX_HLC
from kithbook.codec import MAX_BODY_BYTES, Unreadable, encode_body
from kithbook.envelope import (
    CONTENT,
    HASH_BYTES,
    HEADER_BYTES,
    MEMBERSHIP_KIND,
    NO_HASH,
    chain,
    erase_record,
    kind_of,
    make_record,
    record_body,
    record_event,
    record_hlc,
    record_kind,
    record_problem,
    reference,
    seal_message,
)
from kithbook.events import CLEAR, AnyEvent, type_name
from tests.strategies import any_event

NETWORK, LOG = bytes([1]) * 16, bytes([2]) * 16
bodies = st.binary(min_size=16, max_size=80)
clocks = st.integers(0, MAX_HLC)
records = st.builds(make_record, st.just(CONTENT), clocks, bodies)


@given(st.sampled_from([CONTENT, MEMBERSHIP_KIND]), clocks, bodies)
def test_a_record_holds_kind_clock_and_body(kind: int, hlc: int, body: bytes) -> None:
    record = make_record(kind, hlc, body)
    assert (record_kind(record), record_hlc(record), record_body(record)) == (kind, hlc, body)
    assert record_problem(record) is None


@given(any_event)
def test_only_membership_bodies_are_looked_into(event: AnyEvent) -> None:
    assert kind_of(event) == isinstance(event, CLEAR)
    record = make_record(kind_of(event), 0, encode_body(event, bytes(16)))
    assert record_problem(record) is None


@given(st.lists(records, min_size=1, max_size=5), st.data())
def test_erased_bodies_leave_every_hash_as_it_was(
    written: list[bytes], data: st.DataObject
) -> None:
    erased = [erase_record(r) if data.draw(st.booleans()) else r for r in written]
    assert chain(NETWORK, LOG, 1, NO_HASH, erased) == chain(NETWORK, LOG, 1, NO_HASH, written)
    assert [record_hlc(r) for r in erased] == [record_hlc(r) for r in written]


@given(records)
def test_an_erased_record_has_no_body_and_is_erased_once(record: bytes) -> None:
    erased = erase_record(record)
    assert record_body(erased) is None
    assert record_problem(erased) is None
    assert erase_record(erased) == erased
    assert len(erased) == HEADER_BYTES + HASH_BYTES
    assert record_event(erased) is codec.ERASED


@given(st.lists(records, min_size=1, max_size=4), st.data())
def test_a_hash_covers_every_byte_that_is_not_its_form(
    written: list[bytes], data: st.DataObject
) -> None:
    changed = data.draw(st.integers(0, len(written) - 1))
    place = data.draw(st.integers(1, len(written[changed]) - 1))
    record = bytearray(written[changed])
    record[place] ^= data.draw(st.integers(1, 255))
    other = [*written[:changed], bytes(record), *written[changed + 1 :]]
    before, after = (chain(NETWORK, LOG, 1, NO_HASH, r) for r in (written, other))
    assert before[:changed] == after[:changed]
    assert all(a != b for a, b in zip(before[changed:], after[changed:], strict=True))


@given(records)
def test_a_hash_belongs_to_one_place_in_one_log_of_one_network(record: bytes) -> None:
    places = [
        chain(NETWORK, LOG, 1, NO_HASH, [record]),
        chain(LOG, LOG, 1, NO_HASH, [record]),
        chain(NETWORK, NETWORK, 1, NO_HASH, [record]),
        chain(NETWORK, LOG, 2, NO_HASH, [record]),
        chain(NETWORK, LOG, 1, bytes([1]) * 32, [record]),
    ]
    assert len({hashes[0] for hashes in places}) == len(places)


@given(st.lists(records, min_size=2, max_size=5), st.data())
def test_a_chain_goes_on_from_where_a_part_of_it_ended(
    written: list[bytes], data: st.DataObject
) -> None:
    cut = data.draw(st.integers(1, len(written) - 1))
    whole = chain(NETWORK, LOG, 1, NO_HASH, written)
    assert chain(NETWORK, LOG, cut + 1, whole[cut - 1], written[cut:]) == whole[cut:]


def test_a_seal_is_over_one_place_only() -> None:
    hash_ = bytes(32)
    messages = [
        seal_message(NETWORK, LOG, 1, hash_),
        seal_message(LOG, LOG, 1, hash_),
        seal_message(NETWORK, NETWORK, 1, hash_),
        seal_message(NETWORK, LOG, 2, hash_),
        seal_message(NETWORK, LOG, 1, bytes([1]) * 32),
    ]
    assert len(set(messages)) == len(messages)


def test_a_reference_holds_the_first_bytes_of_the_hash() -> None:
    ref = reference(LOG, 7, bytes(range(32)))
    assert (ref.log, ref.seq, ref.check) == (LOG, 7, bytes(range(8)))


CLEAN = make_record(CONTENT, 1, bytes(16))


@pytest.mark.parametrize(
    ("record", "why"),
    [
        (b"", "not an envelope"),
        (CLEAN[:-1], "not an envelope"),
        (b"\0" + CLEAN[1:], "not an envelope"),
        (b"\x02" + CLEAN[1:], "not an envelope"),
        (b"\x01\x02" + CLEAN[2:], "not an envelope"),
        (b"\x81" + CLEAN[1:], "exactly the hash"),
        (erase_record(CLEAN) + b"\0", "exactly the hash"),
        (erase_record(make_record(MEMBERSHIP_KIND, 1, bytes(16))), "cannot be erased"),
        (make_record(CONTENT, 1, bytes(MAX_BODY_BYTES + 1)), "65,537 bytes of at most 65,536"),
        (make_record(CONTENT, MAX_HLC + 1, bytes(16)), "clock is out of range"),
    ],
)
def test_what_is_no_record_is_refused_with_its_reason(record: bytes, why: str) -> None:
    assert why in (record_problem(record) or "")


def test_a_body_of_the_largest_size_is_a_record() -> None:
    assert record_problem(make_record(CONTENT, 1, bytes(MAX_BODY_BYTES))) is None


@given(any_event)
def test_an_event_in_a_record_of_the_other_kind_is_unreadable(event: AnyEvent) -> None:
    """Else a membership event in a content record would count for some and not for others."""
    kind, body = kind_of(event), encode_body(event, bytes(16))

    assert record_event(make_record(kind, 1, body)) == event
    other = record_event(make_record(1 - kind, 1, body))
    assert isinstance(other, Unreadable)
    assert (other.type, other.reason) == (type_name(event), "unreadable")
