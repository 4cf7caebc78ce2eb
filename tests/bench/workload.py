"""The workload: a network as one busy person would write it down, the same on every run.

Bodies take about 100 bytes. Who appears follows a long tail: some people in hundreds of events,
most in a few. Every event can be had as a line for `kith import` and as a struct with ids.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from random import Random
from typing import Any, Literal

import msgspec

from kithbook.clock import COUNTER_BITS
from kithbook.codec import SALT_BYTES, encode_body
from kithbook.envelope import CONTENT, make_record
from kithbook.events import Content, Helped, Met, Referred, Thanked, Trusted
from kithbook.ids import NetworkId, person_id
from kithbook.when import format_at

PEOPLE = 10_000
ME = "Ada Lovelace"
START = datetime(2016, 1, 4, 9, tzinfo=UTC)
DAYS = 3_900
NEAR = 40
FIRST = ("Ann", "Cem", "Dana", "Emil", "Fay", "Gus", "Hana", "Ida", "Jan", "Kim", "Leo", "Mia")
LAST = ("Berg", "Costa", "Diaz", "Ek", "Faber", "Gray", "Hopper", "Ito", "Kaya", "Lund", "Ng")
WHAT = (
    "reviewed a contract",
    "a lead at Acme",
    "two tickets for the opera",
    "fixed the build on a Sunday",
    "lent a van for the move",
    "an afternoon of advice",
)
WHERE = ("JavaZone", "at the office", "lunch by the river", "a call about the offer")

Kind = Literal["met", "helped", "thanked", "referred", "trusted"]
KINDS: tuple[Kind, ...] = ("met", "helped", "thanked", "referred", "trusted")
WEIGHTS = (40, 22, 20, 4, 14)


class Told(msgspec.Struct, frozen=True):
    """One thing that happened, people by number (0 is me), before it is a line or an event."""

    kind: Kind
    by: int
    to: int
    third: int
    at: int
    text: str
    number: int


@cache
def names(people: int = PEOPLE) -> tuple[str, ...]:
    """Me, then everybody else; Bob and Carol, about whom the commands ask, are known well."""
    random = Random(7)
    made = {ME: None}
    while len(made) < people:
        middle = chr(65 + random.randrange(26)) + chr(97 + random.randrange(26))
        made[f"{random.choice(FIRST)} {middle}. {random.choice(LAST)}"] = None
    found = list(made)
    found[people // 50], found[people // 50 + 1] = "Bob", "Carol"
    return tuple(found)


def story(count: int, people: int = PEOPLE, seed: int = 1) -> Iterator[Told]:
    """What happened, in order of time."""
    random = Random(seed)
    step = DAYS * 86_400_000_000 // max(1, count)
    start = int(START.timestamp()) * 1_000_000
    for i in range(count):
        [kind] = random.choices(KINDS, WEIGHTS)
        one = 0 if random.random() < 0.8 else _somebody(random, people)
        other, third = _others(random, people, one)
        if one == 0 and kind in {"helped", "thanked"} and random.random() < 0.5:
            one, other = other, one
        text = random.choice(WHERE if kind == "met" else WHAT)
        yield Told(kind, one, other, third, start + i * step, text, random.randrange(1, 101))


def lines(count: int, people: int = PEOPLE, seed: int = 1) -> Iterator[bytes]:
    """The same as lines of JSON that `kith import` reads."""
    called, encode = names(people), msgspec.json.encode
    for told in story(count, people, seed):
        yield encode(_line(told, called)) + b"\n"


def events(
    network: NetworkId, count: int, people: int = PEOPLE, seed: int = 1
) -> Iterator[Content]:
    """The same as events, with the ids that the names have in a network."""
    ids = [person_id(network, name) for name in names(people)]
    return (event(told, ids) for told in story(count, people, seed))


def event(told: Told, ids: list[Any]) -> Content:
    by, to, third = ids[told.by], ids[told.to], ids[told.third]
    at = told.at
    match told.kind:
        case "met":
            return Met(at=at, zone=60, by=by, people=(to,), where=told.text, how="in-person")
        case "helped":
            size: Any = 1 + told.number % 3
            return Helped(at=at, zone=60, by=by, to=to, what=told.text, size=size)
        case "thanked":
            return Thanked(at=at, zone=60, by=by, to=to, note=told.text)
        case "referred":
            return Referred(at=at, zone=60, by=by, who=to, to=third, what=told.text)
        case "trusted":
            return Trusted(at=at, zone=60, by=by, whom=to, level=told.number, note=told.text)


def records(written: Iterable[Content], done: int = 0) -> list[bytes]:
    """Events as they stand in a log, one a millisecond, after so many others."""
    salt = Random(done).randbytes
    first = int((START + timedelta(days=DAYS)).timestamp()) * 1000 + done
    return [
        make_record(CONTENT, first + i << COUNTER_BITS, encode_body(event, salt(SALT_BYTES)))
        for i, event in enumerate(written)
    ]


def _line(told: Told, called: tuple[str, ...]) -> dict[str, object]:
    by, to = called[told.by], called[told.to]
    said: dict[str, object] = {"type": told.kind, "by": by, "at": format_at(told.at, 0)}
    match told.kind:
        case "met":
            return said | {"people": [to], "where": told.text, "how": "in-person"}
        case "helped":
            return said | {"to": to, "what": told.text, "size": 1 + told.number % 3}
        case "thanked":
            return said | {"to": to, "note": told.text}
        case "referred":
            return said | {"who": to, "to": called[told.third], "what": told.text}
        case "trusted":
            return said | {"whom": to, "level": told.number / 10, "note": told.text}


def _somebody(random: Random, people: int) -> int:
    """Anybody but me; a third of all choices fall on a tenth of the people."""
    return 1 + int((people - 1) * random.random() ** 2)


def _others(random: Random, people: int, one: int) -> tuple[int, int]:
    """Two more people: I know everybody, the others those whose numbers are near their own."""
    if one == 0:
        other = _somebody(random, people)
    else:
        other = 1 + (one + int(NEAR * random.random())) % (people - 1)
    third = 1 + (other + int(NEAR * random.random())) % (people - 1)
    return other, third if third != one else other % (people - 1) + 1
