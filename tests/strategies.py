"""What Hypothesis draws: people, events of every type, histories over a few logs, trust, rules."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any, NamedTuple

import msgspec
from hypothesis import strategies as st

from kithbook.events import (
    Described,
    DeviceAdded,
    DeviceRevoked,
    Erased,
    Founded,
    Helped,
    Invited,
    Joined,
    Merged,
    Met,
    Referred,
    Removed,
    Retracted,
    RoleGiven,
    Ruled,
    Thanked,
    Trusted,
)
from kithbook.ids import CHECK_BYTES, Ref
from kithbook.when import DAY_US, END_AT, FIRST_AT
from tests.oracle import Log, Written

# Any event at all, for what reads and writes bytes.

ids = st.binary(min_size=16, max_size=16)
keys = st.binary(min_size=32, max_size=32)
text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
any_ref = st.builds(Ref, ids, st.integers(1, 2**32 - 1), st.binary(min_size=8, max_size=8))
refs = st.lists(any_ref, max_size=3).map(tuple)
instants = st.integers(FIRST_AT, END_AT - 1)
zones = st.none() | st.integers(-1439, 1439)
roles = st.sampled_from(["owner", "member", "reader"])
kinds = st.sampled_from(["information", "money", "fun"])
sizes = st.sampled_from([1, 2, 3])
lasts = st.dictionaries(ids, st.integers(0, 2**32 - 1), max_size=3)


def some(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


def several(at_least: int) -> st.SearchStrategy[tuple[bytes, ...]]:
    return st.lists(ids, min_size=at_least, max_size=4).map(tuple)


COMMON: dict[str, st.SearchStrategy[Any]] = {
    "at": instants,
    "zone": zones,
    "note": some(text),
    "source": some(ids),
    "batch": some(st.binary(min_size=8, max_size=8)),
}
FIELDS: dict[type, dict[str, st.SearchStrategy[Any]]] = {
    Met: {
        "by": ids,
        "people": several(1),
        "where": some(text),
        "how": some(st.sampled_from(["in-person", "call", "message", "event"])),
    },
    Helped: {"by": ids, "to": ids, "what": text, "kind": kinds, "size": sizes},
    Thanked: {"by": ids, "to": ids, "helps": refs},
    Referred: {"by": ids, "who": ids, "to": ids, "what": some(text)},
    Trusted: {"by": ids, "whom": ids, "level": some(st.integers(0, 100)), "context": some(text)},
    Described: {
        "person": ids,
        "set": st.dictionaries(words, text, max_size=3),
        "unset": st.lists(words, max_size=2).map(tuple),
        "over": refs,
    },
    Merged: {"people": several(2)},
    Retracted: {"event": any_ref, "why": some(text)},
    Ruled: {"setting": words, "value": text},
    Erased: {"events": refs},
    Founded: {"key": keys, "nonce": ids, "name": text, "me": words, "device": text},
    Invited: {"ticket": keys, "person": ids, "role": roles, "expires": some(st.integers(0, 2**45))},
    Joined: {
        "key": keys,
        "nonce": ids,
        "ticket": keys,
        "signature": st.binary(min_size=64, max_size=64),
        "device": text,
    },
    RoleGiven: {"person": ids, "role": roles, "last": lasts},
    Removed: {"person": ids, "last": lasts},
    DeviceAdded: {
        "key": keys,
        "nonce": ids,
        "sponsor": ids,
        "signature": st.binary(min_size=64, max_size=64),
        "device": text,
    },
    DeviceRevoked: {"key": keys, "last": lasts},
}
"""The fields of every event type."""


def events_of(type_: type) -> st.SearchStrategy[Any]:
    return st.builds(type_, **COMMON, **FIELDS[type_])


any_event = st.sampled_from(list(FIELDS)).flatmap(events_of)

# Small histories: few people, few days, few sources, so that things meet.

PEOPLE = tuple(bytes([n]) * 16 for n in range(0x11, 0x17))
NAMES = ("Ada", "Bob", "Carol", "Dan", "Eve", "Fay")
LOGS = tuple(bytes([n]) * 16 for n in range(0xA1, 0xA5))
SOURCES = tuple(bytes([n]) * 16 for n in range(0xB1, 0xB3))
TODAY = 20_000 * DAY_US + 15 * 3_600_000_000
"""A moment in the afternoon of the day of which the histories tell."""


def check(log: bytes, seq: int) -> bytes:
    """The hash, as far as references hold it, of an event of a drawn history."""
    return sha256(log + seq.to_bytes(8, "big")).digest()[:CHECK_BYTES]


persons = st.sampled_from(PEOPLE)
moments = st.tuples(
    st.sampled_from([-400, -40, -2, -1, 0, 0, 2]), st.sampled_from([None, 0, 9, 9, 23])
)


def _happened(moment: tuple[int, int | None]) -> dict[str, int | None]:
    day, hour = moment
    at = (TODAY // DAY_US + day) * DAY_US
    return {"at": at + (hour or 0) * 3_600_000_000, "zone": None if hour is None else 60}


VALUES = {
    "transfer": ["5/9", "1/2", "1", "0.3", "2", "1/0", "nan", ""],
    "cut": ["0", "0.05", "1", "-1", "ten"],
    "weights": ["0 0 0 0", "0.1,0.7,0.2,0.1", "12 12 12 12", "1 2 3", "nan 1 1 1"],
    "full": ["1", "0", "0.3", "1000"],
    "weak": ["0", "10", "0.1", "11"],
    "cadence:java": ["30d", "2w", "0d", "soon"],
    "cadence:rust": ["1d", "1y"],
    "colour": ["blue"],
}
"""Rules with values that mean something and values that do not."""

CARD = {
    "name": ["Ada", "Bob", ""],
    "cadence": ["1d", "1d", "30d", "1y", "soon"],
    "tag:java": ["java"],
    "tag:rust": ["rust"],
}
card_fields = st.sampled_from(["name", "name", "cadence", "cadence", "tag:java", "tag:rust"])


@st.composite
def cards(draw: st.DrawFn) -> dict[str, str]:
    fields = draw(st.lists(card_fields, max_size=3, unique=True))
    return {name: draw(st.sampled_from(CARD[name])) for name in fields}


LEVELS = (None, 0, 0, 1, 45, 50, 74, 90, 98, 100, 100)


def telling(who: Sequence[bytes]) -> dict[type, dict[str, st.SearchStrategy[Any]]]:
    """The fields of each type, as far as they are not references, among these people."""
    one = st.sampled_from(who)
    return {
        Met: {"by": one, "people": st.lists(one, min_size=1, max_size=3).map(tuple)},
        Helped: {"by": one, "to": one, "what": st.just("x"), "kind": kinds, "size": sizes},
        Thanked: {"by": one, "to": one},
        Referred: {"by": one, "who": one, "to": one},
        Trusted: {"by": one, "whom": one, "level": st.sampled_from(LEVELS)},
        Described: {
            "person": one,
            "set": cards(),
            "unset": st.lists(card_fields, max_size=1).map(tuple),
        },
        Merged: {"people": st.lists(one, min_size=2, max_size=3, unique=True).map(tuple)},
        Retracted: {"event": st.just(Ref(LOGS[-1], 1, bytes(CHECK_BYTES)))},
        Ruled: {},
        Erased: {"events": st.just(())},
    }


TELLING = {size: telling(PEOPLE[:size]) for size in range(2, len(PEOPLE) + 1)}
MANY = (Met, Helped, Helped, Thanked, Thanked, Referred, Trusted, Trusted, Trusted)
FEW = (Described, Described, Described, Merged, Retracted, Retracted, Ruled, Erased)
TYPES = MANY + FEW
ABOUT_TRUST = (*[Trusted] * 9, Helped, Met, Referred, Retracted)
ABOUT_DEALINGS = (Trusted, Trusted, Helped, Thanked, Referred, Met)


@st.composite
def telling_events(draw: st.DrawFn, types: Sequence[type], size: int) -> Any:
    """An event of the small world, as yet without references."""
    type_ = draw(st.sampled_from(types))
    fields = {name: draw(values) for name, values in TELLING[size][type_].items()}
    if type_ is Ruled:
        fields["setting"] = draw(st.sampled_from(list(VALUES)))
        fields["value"] = draw(st.sampled_from(VALUES[fields["setting"]]))
    source = draw(st.sampled_from([*[None] * 6, *SOURCES]))
    return type_(**_happened(draw(moments)), source=source, **fields)


@st.composite
def references(draw: st.DrawFn, places: Sequence[tuple[bytes, int]]) -> Ref:
    """To one of these events, or to one that never is, or with another one's hash."""
    log, seq = draw(st.sampled_from([*places, *places, *places, (LOGS[-1], 1)]))
    return Ref(log, seq, check(log, seq) if draw(st.integers(0, 7)) < 7 else bytes(CHECK_BYTES))


def _refer(draw: st.DrawFn, event: Any, written: Sequence[Written]) -> Any:
    """The event with references to others, earlier or later."""
    wanted = {Thanked: Helped, Described: Described, Retracted: object, Erased: object}
    kind = wanted.get(type(event))
    places = [w.place for w in written if kind and isinstance(w.event, kind)]
    match event:
        case Retracted():
            return msgspec.structs.replace(event, event=draw(references(places)))
        case Erased():
            return msgspec.structs.replace(event, events=(draw(references(places)),))
        case Described():
            over = tuple(draw(st.lists(references(places), max_size=1)))
            return msgspec.structs.replace(event, over=over)
        case Thanked():
            helps = tuple(draw(st.lists(references(places), max_size=2)))
            for ref in helps:
                for w in written:
                    if w.place == (ref.log, ref.seq) and draw(st.integers(0, 3)):
                        event = msgspec.structs.replace(event, by=w.event.to, to=w.event.by)
            return msgspec.structs.replace(event, helps=helps)
        case _:
            return event


class History(NamedTuple):
    """Events in an order in which they could have been written, and whose logs they are in."""

    logs: list[Log]
    written: list[Written]


@st.composite
def logs(draw: st.DrawFn) -> list[Log]:
    """One to three logs: of one person or several, in any role, cut off, or of nobody known."""
    found = []
    for id_ in LOGS[: draw(st.integers(1, 3))]:
        person = draw(st.sampled_from([*[PEOPLE[0], PEOPLE[1]] * 6, None]))
        role = draw(st.sampled_from(["owner"] * 9 + ["member", "member", "reader"]))
        until = draw(st.sampled_from([None] * 9 + [0, 2]))
        earlier = draw(st.sampled_from([*[()] * 6, ((2, "reader"),), ((1, "member"), (3, None))]))
        found.append(Log(id_, person, role, until, earlier))
    return found


@st.composite
def histories(
    draw: st.DrawFn,
    types: Sequence[type] = TYPES,
    *,
    min_size: int = 0,
    max_size: int = 14,
    people: int = len(PEOPLE),
    whose: st.SearchStrategy[list[Log]] | None = None,
) -> History:
    """A small history. Clocks of different logs tie, lag and lead."""
    owners = draw(logs() if whose is None else whose)
    heads = {log.id: (0, draw(st.integers(0, 4))) for log in owners}
    written: list[Written] = []
    events = telling_events(types, people)
    for event in draw(st.lists(events, min_size=min_size, max_size=max_size)):
        log = draw(st.sampled_from(owners)).id
        seq, hlc = heads[log][0] + 1, heads[log][1] + draw(st.integers(1, 3))
        heads[log] = seq, hlc
        written.append(Written(log, seq, hlc, check(log, seq), event))
    told = [w._replace(event=_refer(draw, w.event, written)) for w in written]
    for n in draw(st.lists(st.integers(0, 40), max_size=2)):
        if n < len(told):
            reason = draw(st.sampled_from(["unknown", "unreadable", "erased"]))
            told[n] = told[n]._replace(event=reason)
    return History(owners, told)


private = st.just([Log(LOGS[0], PEOPLE[0])])
"""One log of one person's: a private network."""


@st.composite
def arrivals(draw: st.DrawFn, history: History) -> list[list[Written]]:
    """How a replica may receive a history: in batches, each log from its start, else anyhow."""
    waiting = {log.id: [w for w in history.written if w.log == log.id] for log in history.logs}
    batches: list[list[Written]] = [[]]
    while any(waiting.values()):
        log = draw(st.sampled_from([log for log, left in waiting.items() if left]))
        batches[-1].append(waiting[log].pop(0))
        if draw(st.booleans()):
            batches.append([])
    return [draw(st.permutations(batch)) for batch in batches if batch]


# Levels between people, without the events that gave them.

TENTHS = st.sampled_from([0, 0, 1, 5, 10, 37, 45, 50, 74, 90, 90, 98, 100, 100])
INFERRED = st.integers(1, 12).map(lambda weight: 2.0 * (weight / 12))


@st.composite
def graphs(draw: st.DrawFn, size: int = 6) -> dict[tuple[bytes, bytes], tuple[float, float | None]]:
    """(a, b) → level and, unless it is inferred, the level stated."""
    who = PEOPLE[:size]
    pairs = [(a, b) for a in who for b in who if a != b]
    found = {}
    for pair in draw(st.lists(st.sampled_from(pairs), unique=True, max_size=3 * size)):
        if draw(st.integers(0, 4)) == 4:
            found[pair] = draw(INFERRED), None
        else:
            stated = draw(TENTHS) / 10
            bonus = draw(st.sampled_from([0.0, 0.0, 0.0, 0.25, 1.0]))
            found[pair] = (min(10.0, stated + bonus) if stated else 0.0), stated
    return found
