"""The history: events as they stand in the logs, whether or not they count."""

from collections.abc import Callable, Iterable, Iterator
from heapq import nlargest
from itertools import islice
from typing import NamedTuple

from kithbook.clock import COUNTER_BITS
from kithbook.codec import Unreadable
from kithbook.envelope import record_event, record_hlc
from kithbook.errors import Ambiguous, NotFound
from kithbook.events import AnyEvent
from kithbook.ids import CHECK_BYTES, event_id, parse_event_id
from kithbook.knowledge import Arrival
from kithbook.readings.listing import Logged
from kithbook_client.log import Log, Logs
from kithbook_client.numbers import MAX_SEQ, SEQ_BITS, place
from kithbook_client.schema import Connection

AT_ONCE = 1_000
"""Events to read with one question."""


class Late(NamedTuple):
    """How many events came later, when the first of them did, and whether none had come before."""

    events: int
    first: int | None
    is_all: bool


class History:
    def __init__(self, db: Connection, logs: Logs) -> None:
        self.db = db
        self.logs = logs

    def newest(self, person: bytes | None, limit: int | None) -> list[Logged]:
        """The events written last, of all or that name a person; the newest last."""
        found = [row for log in self.logs.held() for row in self._tail(log, person, limit)]
        newest = sorted(found) if limit is None else nlargest(limit, found)[::-1]
        return list(self.logged(number for _, _, _, number in newest))

    def newest_of(
        self, shows: Callable[[AnyEvent], bool], person: bytes | None, limit: int | None
    ) -> list[Logged]:
        """The same of those that are to be shown, and of those that cannot be read."""
        asked = limit
        while True:
            found = self.newest(person, asked)
            shown = [one for one in found if isinstance(one.event, Unreadable) or shows(one.event)]
            if limit is None or asked is None:
                return shown
            if len(shown) >= limit or len(found) < asked:
                return shown[max(0, len(shown) - limit) :]
            asked *= 4

    def _tail(
        self, log: Log, person: bytes | None, limit: int | None
    ) -> Iterator[tuple[bytes, bytes, int, int]]:
        """(clock, log, seq, place) of a log's last events."""
        first, last = place(log.no, 1), place(log.no, MAX_SEQ)
        args: tuple[int, ...] = (first, last, -1 if limit is None else limit)
        named = "event"
        if person is not None:
            number = self.logs.people.find(person)
            if number is None:
                return
            named = "mention JOIN event ON place = mention.event AND mention.person = ?"
            args = (number, *args)
        column = "place" if person is None else "mention.event"
        for number, clock in self.db.execute(
            f"SELECT place, substr(record, 3, 8) FROM {named} "
            f"WHERE {column} BETWEEN ? AND ? ORDER BY {column} DESC LIMIT ?",
            args,
        ):
            yield clock, log.id, number & MAX_SEQ, number

    def count(self, person: bytes | None) -> int:
        """How many events there are, of all or that name a person."""
        if person is None:
            return sum(log.seq for log in self.logs.values())
        number = self.logs.people.find(person)
        row = self.db.execute("SELECT count(*) FROM mention WHERE person = ?", (number,)).fetchone()
        return int(row[0])

    def came_later(self, known_at: int) -> Late:
        """The events recorded by a time (ms since 1970) that were received here after it."""
        clock = ((known_at + 1) << COUNTER_BITS).to_bytes(8, "big")
        events, first, known = self.db.execute(
            "SELECT count(*) FILTER (WHERE received > ?1), "
            "min(received) FILTER (WHERE received > ?1), "
            "count(*) FILTER (WHERE received <= ?1) FROM event JOIN log ON log.no = event.log "
            "WHERE network = ?2 AND substr(record, 3, 8) < ?3",
            (known_at, self.logs.network, clock),
        ).fetchone()
        return Late(events, first, known == 0)

    def find(self, text: str) -> Logged:
        """The event with this name, LOG:SEQ, where LOG may be the start of a log's id."""
        start, seq = parse_event_id(text)
        fits = [log for log in self.logs.held() if log.id.hex().startswith(start)]
        held = [log for log in fits if 1 <= seq <= log.seq]
        if not held:
            raise _not_here(text)
        if len(held) > 1:
            names = tuple(event_id(log.id, seq) for log in held)
            raise Ambiguous(
                f"More than one log starts with {start}: {', '.join(names)}.",
                "Write more of the log's digits.",
                candidates=names,
            )
        return self.at(held[0].id, seq)

    def at(self, log: bytes, seq: int) -> Logged:
        """The event that stands there in a log. Raises NotFound."""
        if not self.logs.holds((log, seq)):
            raise _not_here(event_id(log, seq))
        (found,) = self.logged([self.logs.number(log, seq)])
        return found

    def arrivals(self) -> Iterator[Arrival]:
        """Everything that is held, in the order in which it got here."""
        for number, received, hash_, record in self.db.execute(
            "SELECT place, received, hash, record FROM event "
            "WHERE place >> 32 IN (SELECT no FROM log WHERE network = ?) ORDER BY position",
            (self.logs.network,),
        ):
            yield Arrival(*self.logs.at(number), received, hash_, record)

    def logged(self, places: Iterable[int]) -> Iterator[Logged]:
        """The events at these places."""
        for number, received, hash_, record, void in self._rows(places):
            log = self.logs.by_number[number >> SEQ_BITS]
            yield Logged(
                log=log.id,
                seq=number & MAX_SEQ,
                hlc=record_hlc(record),
                received=received,
                check=hash_[:CHECK_BYTES],
                author=log.standing.person,
                device=log.device or None,
                event=record_event(record),
                void=void,
                network=self.logs.network_id,
            )

    def _rows(self, places: Iterable[int]) -> Iterator[tuple[int, int, bytes, bytes, str | None]]:
        """(place, received, hash, record, why it does not count) in this order, many at a time."""
        rest = iter(places)
        while some := list(islice(rest, AT_ONCE)):
            rows = self.db.execute(
                "SELECT place, received, hash, record, reason FROM event "
                "LEFT JOIN void ON void.event = place "
                "WHERE place IN (SELECT value FROM json_each(?))",
                (str(some),),
            )
            found = {row[0]: row for row in rows}
            yield from (found[number] for number in some)


def _not_here(event: str) -> NotFound:
    return NotFound(f"There is no event {event} here.", "See them with: kith log.")
