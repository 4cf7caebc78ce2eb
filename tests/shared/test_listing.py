from typing import Any

import pytest
from hypothesis import given

from kithbook.clock import COUNTER_BITS
from kithbook.codec import Unreadable
from kithbook.events import (
    AnyEvent,
    Described,
    Erased,
    Helped,
    Invited,
    Met,
    Referred,
    Retracted,
    Ruled,
    Thanked,
    Trusted,
)
from kithbook.ids import Ref
from kithbook.readings.listing import Logged, event_answer, fields
from kithbook.when import parse_iso
from tests.strategies import LOGS, any_event

ADA, BOB, CAROL = (bytes([n]) * 16 for n in (1, 2, 3))
PEOPLE = {ADA: "Ada", BOB: "Bob", CAROL: "Carol"}
AT, ZONE = parse_iso("2026-11-23T18:45:00+01:00")
REF = Ref(LOGS[0], 4, bytes(8))
NAMED = f"{LOGS[0].hex()}:4"
KEY, TICKET = bytes(32), bytes([1]) * 32


def name(person: bytes) -> str:
    return PEOPLE.get(person, "somebody")


def logged(event: Any, **other: Any) -> Logged:
    kept = {"author": ADA, "device": "laptop", "void": None, **other}
    hlc = 1_800_000_000_000 << COUNTER_BITS
    return Logged(LOGS[0], 7, hlc, 1_800_000_001_000, event=event, **kept)


def test_an_event_is_listed_with_its_three_times_and_who_wrote_it_where() -> None:
    event = Met(at=AT, zone=ZONE, note="rain", by=ADA, people=(BOB, CAROL), how="call")
    found = event_answer(logged(event), name)
    assert (found.event, found.type) == (f"{LOGS[0].hex()}:7", "met")
    assert found.at == "2026-11-23T18:45:00+01:00"
    assert (found.recorded, found.received) == ("2027-01-15T08:00:00Z", "2027-01-15T08:00:01Z")
    assert (found.author, found.device) == ("Ada", "laptop")
    assert (found.people, found.note) == (["Ada", "Bob", "Carol"], "rain")
    assert (found.counts, found.void) == (True, None)
    assert found.fields == {"by": "Ada", "people": ["Bob", "Carol"], "where": None, "how": "call"}


def test_an_event_that_does_not_count_is_listed_with_its_reason() -> None:
    event = Met(at=AT, by=ADA, people=(BOB,))
    found = event_answer(logged(event, author=None, device=None, void="inert"), name)
    assert (found.counts, found.void, found.author, found.at) == (
        False,
        "inert",
        None,
        "2026-11-23",
    )


def test_what_cannot_be_read_is_listed_as_far_as_it_can_be_told() -> None:
    event = Unreadable("danced", "a later release wrote it", "unknown")
    found = event_answer(logged(event, void="unknown"), name)
    assert (found.type, found.at, found.people) == ("danced", None, [])
    assert found.fields == {"why": "a later release wrote it"}


@pytest.mark.parametrize(
    ("event", "told"),
    [
        (
            Helped(at=0, by=ADA, to=BOB, what="x", kind="fun", size=2),
            {"by": "Ada", "to": "Bob", "what": "x", "kind": "fun", "size": 2},
        ),
        (Thanked(at=0, by=ADA, to=BOB, helps=(REF,)), {"by": "Ada", "to": "Bob", "for": [NAMED]}),
        (
            Referred(at=0, by=ADA, who=BOB, to=CAROL),
            {"by": "Ada", "who": "Bob", "to": "Carol", "what": None},
        ),
        (
            Trusted(at=0, by=ADA, whom=BOB, level=95),
            {"by": "Ada", "whom": "Bob", "level": 9.5, "context": None},
        ),
        (
            Trusted(at=0, by=ADA, whom=BOB, level=None),
            {"by": "Ada", "whom": "Bob", "level": None, "context": None},
        ),
        (
            Described(at=0, person=BOB, set={"org": "x"}, over=(REF,)),
            {"person": "Bob", "set": {"org": "x"}, "unset": (), "over": [NAMED]},
        ),
        (Retracted(at=0, event=REF, why="typo"), {"event": NAMED, "why": "typo"}),
        (Erased(at=0, events=(REF,)), {"events": [NAMED]}),
        (Ruled(at=0, setting="cut", value="1"), {"setting": "cut", "value": "1"}),
        (
            Invited(at=0, ticket=TICKET, person=BOB, role="member"),
            {"person": "Bob", "role": "member", "expires": None},
        ),
    ],
)
def test_fields_are_told_as_people_know_them(event: AnyEvent, told: dict[str, object]) -> None:
    assert fields(event, name) == told


@given(any_event)
def test_no_listing_shows_a_key_or_a_signature(event: AnyEvent) -> None:
    found = event_answer(logged(event), name)
    assert not any(isinstance(value, bytes) for value in found.fields.values())
    assert not {"key", "ticket", "signature", "nonce", "sponsor"} & found.fields.keys()


def test_a_listed_event_can_be_named_by_others() -> None:
    event = Met(at=0, by=ADA, people=(BOB,))
    assert logged(event, check=b"8 bytes!").ref == Ref(LOGS[0], 7, b"8 bytes!")
