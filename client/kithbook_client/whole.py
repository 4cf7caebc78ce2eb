"""One event whole: where it stands, what seals it, and everything that refers to it."""

from collections.abc import Callable, Iterable, Iterator

import msgspec

from kithbook.clock import counter
from kithbook.codec import Unreadable
from kithbook.events import people_in
from kithbook.facts.effects import Entry
from kithbook.ids import event_id
from kithbook.membership import why_inert
from kithbook.readings.answers import EventAnswer, WholeEvent
from kithbook.readings.listing import Logged, Name, batch_of, event_answer
from kithbook_client.log import Log
from kithbook_client.numbers import place
from kithbook_client.replica import Replica


class Whole(msgspec.Struct, frozen=True):
    """An event with its surroundings; `void_by` is the place of what makes it count for nothing,
    and `void_why` the reason of an inert one.
    """

    logged: Logged
    position: int
    hash: bytes
    previous: bytes
    of: int
    sealed: int | None
    void_by: int | None
    void_why: str | None
    referring: list[Logged]
    copies: list[Logged]


def whole(replica: Replica, logged: Logged, others: Iterable[Replica] = ()) -> Whole:
    """Everything that is known of one event; `others` are networks that may tell it again."""
    logs = replica.logs
    log = logs[logged.log]
    number = place(log.no, logged.seq)
    position, hash_, void_by = replica.db.execute(
        "SELECT position, hash, by_event FROM event LEFT JOIN void ON void.event = place "
        "WHERE place = ?",
        (number,),
    ).fetchone()
    event, copies, people = logged.event, list[Entry](), tuple[bytes, ...]()
    if not isinstance(event, Unreadable):
        people = people_in(event)
        if event.source is not None:
            copies = replica.index.copies(logged.author or b"", event.source)
    return Whole(
        logged,
        position,
        hash_,
        logs.hash_at(log, logged.seq - 1),
        log.seq,
        replica.pages.seal_over(number),
        void_by or None,
        _why_inert(log, logged) if logged.void == "inert" else None,
        _logged(replica, replica.index.referring(logged.ref, people)),
        [
            *(one for one in _logged(replica, copies) if one.ref != logged.ref),
            *(one for other in others if other is not replica for one in _again(other, number)),
        ],
    )


def _why_inert(log: Log, logged: Logged) -> str | None:
    event = None if isinstance(logged.event, Unreadable) else logged.event
    return why_inert(log.standing, logged.seq, event)


def _again(other: Replica, number: int) -> Iterator[Logged]:
    """What another network tells again of the event at a place, or what that tells again of it."""
    rows = other.db.execute(
        "SELECT event FROM shared WHERE original = ?1 "
        "UNION SELECT original FROM shared WHERE event = ?1",
        (number,),
    ).fetchall()
    return other.history.logged(found for (found,) in rows if other.logs.is_ours(found))


def _logged(replica: Replica, entries: Iterable[Entry]) -> list[Logged]:
    places = [replica.logs.number(entry.log, entry.seq) for entry in entries]
    return list(replica.history.logged(places))


def whole_answer(
    replica: Replica, found: Whole, name: Name, network: Callable[[bytes], str]
) -> WholeEvent:
    """The same for a program to read; `network` is what each of those that are read is called."""

    def told(events: Iterable[Logged]) -> list[EventAnswer]:
        return [event_answer(one, name, network(one.network)) for one in events]

    logged = found.logged
    return WholeEvent(
        **msgspec.structs.asdict(event_answer(logged, name, replica.name)),
        seq=logged.seq,
        of=found.of,
        counter=counter(logged.hlc),
        hash=found.hash.hex(),
        previous=found.previous.hex(),
        position=found.position,
        sealed=found.sealed,
        void_by=_name(replica, found.void_by),
        void_why=found.void_why,
        batch=batch_of(logged.event) or None,
        referred_by=told(found.referring),
        copies=told(found.copies),
    )


def _name(replica: Replica, number: int | None) -> str | None:
    return None if number is None else event_id(*replica.logs.at(number))
