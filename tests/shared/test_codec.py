import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kithbook import codec
from kithbook.codec import (
    MAX_BODY_BYTES,
    SALT_BYTES,
    Unreadable,
    decode_body,
    encode_body,
)
from kithbook.errors import Invalid, TooLarge
from kithbook.events import AnyEvent, DeviceAdded, Event, Id, Invited, Met, people_in, type_name
from tests.oracle import people_of
from tests.strategies import FIELDS, any_event, ids, words

SALT = bytes(SALT_BYTES)
salts = st.binary(min_size=SALT_BYTES, max_size=SALT_BYTES)
ME, YOU = bytes(16), bytes([1]) * 16
MET = Met(at=0, by=ME, people=(YOU,))


@given(any_event, salts)
def test_every_event_comes_back_from_its_body(event: AnyEvent, salt: bytes) -> None:
    body = encode_body(event, salt)
    assert decode_body(body) == event
    assert body.endswith(salt)


def test_the_strategies_know_every_event_type() -> None:
    assert set(FIELDS) == set(AnyEvent.__args__)


def test_equal_events_have_different_bodies() -> None:
    """So a hash tells nobody what its text is."""
    assert encode_body(MET, SALT) != encode_body(MET, bytes([1]) * 16)


def test_a_body_holds_64_kib_and_not_a_byte_more() -> None:
    room = MAX_BODY_BYTES - len(encode_body(msgspec.structs.replace(MET, note="x" * 60_000), SALT))
    largest = msgspec.structs.replace(MET, note="x" * (60_000 + room))
    assert decode_body(encode_body(largest, SALT)) == largest
    with pytest.raises(TooLarge, match="65,537 bytes"):
        encode_body(msgspec.structs.replace(MET, note="x" * (60_001 + room)), SALT)


def test_half_a_character_is_no_text() -> None:
    with pytest.raises(Invalid, match=r"U\+DCFF, which is half of a character"):
        encode_body(msgspec.structs.replace(MET, note="B\udcffob"), SALT)


def later(tag: str, *fields: object) -> bytes:
    return msgspec.msgpack.encode([tag, *fields]) + SALT


@pytest.mark.parametrize("tag", ["danced", "met/2", "", "ü"])
def test_an_event_of_a_later_release_is_set_aside_as_unknown(tag: str) -> None:
    found = decode_body(later(tag, 1, {"a": [2]}))
    assert isinstance(found, Unreadable)
    assert (found.type, found.reason) == (tag, "unknown")


def test_an_event_of_a_later_release_may_have_any_number_of_fields() -> None:
    found = decode_body(later("danced", *range(300)))
    assert found == decode_body(later("danced"))


@pytest.mark.parametrize("depth", [10, 900, 30_000])
def test_how_deep_an_unknown_event_nests_changes_nothing(depth: int) -> None:
    """A replica must not fail on it, nor judge it by how much stack happens to be left."""
    nested = b"\x92\xa6danced" + b"\x91" * depth + b"\x90" + SALT
    assert decode_body(nested) == decode_body(later("danced"))
    met = encode_body(MET, SALT)[:-SALT_BYTES]
    longer = bytes([met[0] + 1]) + met[1:] + b"\x91" * depth + b"\x90" + SALT
    assert isinstance(decode_body(longer), Unreadable)


@pytest.mark.parametrize(
    "body",
    [
        later("met"),
        later("met", 0, None, None, None, None, ME, []),
        later("met", 0, None, None, None, None, b"short", [YOU]),
        later("met", 0, None, None, None, None, ME, [YOU], None, "by post"),
        later("met", 0, 1440, None, None, None, ME, [YOU]),
        later("met", 2**62, None, None, None, None, ME, [YOU]),
        later("met", 0, None, None, None, None, ME, [YOU], None, None, "one more"),
        later("trusted", 0, None, None, None, None, ME, YOU, 101),
        later("trusted", 0, None, None, None, None, ME, YOU, 9.5),
        later("retracted", 0, None, None, None, None, [ME, 1, bytes(8), "one more"]),
    ],
)
def test_a_known_type_whose_fields_do_not_fit_is_unreadable(body: bytes) -> None:
    found = decode_body(body)
    assert isinstance(found, Unreadable)
    assert (found.type, found.reason) == (msgspec.msgpack.decode(body[:-16])[0], "unreadable")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        SALT,
        b"\xc1" + SALT,
        b"\x90" + SALT,
        b"\x91\x01" + SALT,
        b"\x81\xa4type\xa3met" + SALT,
        b"\x91\xa2\xff\xff" + SALT,
        b"\x91\xbfshort" + SALT,
    ],
)
def test_what_is_no_event_is_unreadable(body: bytes) -> None:
    assert decode_body(body) == Unreadable("?", "its bytes are not an event", "unreadable")


@given(st.binary(max_size=200))
@example(b"\x91" * 60_000)
def test_no_bytes_at_all_make_reading_fail(body: bytes) -> None:
    decode_body(body)


@given(any_event, st.data())
def test_a_damaged_event_is_read_or_set_aside_and_never_raises(
    event: AnyEvent, data: st.DataObject
) -> None:
    body = bytearray(encode_body(event, SALT))
    place = data.draw(st.integers(0, len(body) - 1))
    body[place] = data.draw(st.integers(0, 255))
    found = decode_body(bytes(body))
    assert isinstance(found, Unreadable) or encode_body(found, SALT)


class OldMet(Event, tag="met/0", frozen=True, kw_only=True):
    """As it might have been: one person, called `with_`."""

    by: Id
    with_: Id


def upcast(old: OldMet) -> Met:
    return Met(at=old.at, zone=old.zone, note=old.note, by=old.by, people=(old.with_,))


def test_an_old_layout_is_read_as_todays_event(monkeypatch: pytest.MonkeyPatch) -> None:
    body = encode_body(OldMet(at=5, by=ME, with_=YOU), SALT)
    assert decode_body(body) == Unreadable(
        "met/0", "a later release wrote it; it will count after an upgrade", "unknown"
    )
    monkeypatch.setitem(codec.UPCASTERS, OldMet, upcast)
    monkeypatch.setattr(codec, "_decode", msgspec.msgpack.Decoder(AnyEvent | OldMet).decode)
    assert decode_body(body) == Met(at=5, by=ME, people=(YOU,))


def test_a_type_is_named_without_the_version_of_its_layout() -> None:
    assert type_name(MET) == "met"
    assert type_name(OldMet(at=0, by=ME, with_=YOU)) == "met"
    added = DeviceAdded(at=0, key=bytes(32), nonce=ME, sponsor=ME, signature=bytes(64))
    assert type_name(added) == "device added"


@given(any_event)
def test_the_people_in_an_event_are_named_once_each(event: AnyEvent) -> None:
    named = people_in(event)
    assert len(named) == len(set(named))
    assert set(named) == set(people_of(event))


@given(words, ids)
def test_an_invitation_names_whom_it_is_for(text: str, person: bytes) -> None:
    invited = Invited(at=0, ticket=bytes(32), person=person, role="reader", note=text)
    assert people_in(invited) == (person,)
