"""Search: the words of events and cards, indexed when somebody searches and not before."""

from collections.abc import Iterable, Iterator

from kithbook.codec import Unreadable
from kithbook.envelope import record_event
from kithbook.events import AnyEvent
from kithbook_client.log import Log
from kithbook_client.numbers import MAX_SEQ, SEQ_BITS
from kithbook_client.views import Views

TEXTS = ("note", "what", "where", "why", "context")
READ = 5_000


class Search:
    """One table holds the words: those of an event under its place, those of a card under its
    person's number, which no place is as small as.
    """

    def __init__(self, views: Views) -> None:
        self.db = views.db
        self.logs = views.logs
        self.people = views.people

    def find(self, text: str, limit: int) -> tuple[list[bytes], list[int]]:
        """The people and the places of events with these words, best first; the last word may be
        only begun.
        """
        words = ['"' + word.replace('"', '""') + '"' for word in text.split()]
        if not words:
            return [], []
        self._catch_up()
        rows = self.db.execute(
            "SELECT rowid FROM text_fts WHERE text_fts MATCH ? ORDER BY rank",
            (f"{' '.join(words)}*",),
        )
        people: list[bytes] = []
        places: list[int] = []
        for (number,) in rows:
            if self.logs.is_ours(number):
                places.append(number)
            elif not number >> SEQ_BITS and self._is_ours(number):
                people.append(self.people.id(number))
        return people[:limit], places[:limit]

    def _is_ours(self, person: int) -> bool:
        row = self.db.execute("SELECT network FROM person WHERE no = ?", (person,)).fetchone()
        return bool(row[0] == self.people.network)

    def _catch_up(self) -> None:
        """Index what came since the last search."""
        for log in self.logs.held():
            (seq,) = self.db.execute("SELECT searched FROM log WHERE no = ?", (log.no,)).fetchone()
            if seq < log.seq:
                self._index(_texts(self._events(log, seq)))
                self.db.execute("UPDATE log SET searched = ? WHERE no = ?", (log.seq, log.no))
        self._index(
            self.db.execute(
                "SELECT person, group_concat(value, ' · ') FROM card JOIN person AS who "
                "ON who.no = person WHERE who.network = ? AND value IS NOT NULL "
                "AND person NOT IN (SELECT id FROM text) GROUP BY person",
                (self.people.network,),
            ).fetchall()
        )

    def _events(self, log: Log, seq: int) -> Iterator[tuple[int, AnyEvent]]:
        while rows := self.logs.rows(log, seq, READ):
            for number, _, record in rows:
                event = record_event(record)
                if not isinstance(event, Unreadable):
                    yield number, event
            seq = rows[-1][0] & MAX_SEQ

    def _index(self, rows: Iterable[tuple[int, str]]) -> None:
        self.db.executemany("INSERT INTO text(id, words) VALUES (?, ?)", rows)


def _texts(events: Iterable[tuple[int, AnyEvent]]) -> Iterator[tuple[int, str]]:
    for number, event in events:
        texts = [text for field in TEXTS if (text := getattr(event, field, None))]
        if texts:
            yield number, "\n".join(texts)
