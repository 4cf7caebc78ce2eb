"""Where to find events: those that name a person, have a source, lie ahead or bear on others."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import repeat

from kithbook.clock import COUNTER_BITS, DAY_MS, wall_ms
from kithbook.envelope import MEMBERSHIP_KIND, record_kind
from kithbook.events import Erased, Retracted, naming, refs_in
from kithbook.facts.effects import Entry, by_type
from kithbook.ids import Ref
from kithbook_client.bulk import insert
from kithbook_client.log import Log, Logs
from kithbook_client.numbers import SEQ_BITS, place
from kithbook_client.schema import Connection

CORRECTIONS = {Retracted, Erased}
TABLES = ("mention", "source", "ahead", "act", "correction")
AT_ONCE = 500
"""Values in one IN (…), well below SQLite's limit."""


class Index:
    """Written in the transaction that writes the events, and never wrong about one of them."""

    def __init__(self, db: Connection, logs: Logs) -> None:
        self.db = db
        self.logs = logs
        self.people = logs.people

    def note_acts(self, log: Log, first: int, records: Sequence[bytes]) -> bool:
        """Note which of these new events are about membership; whether any is."""
        acts = [
            (place(log.no, seq),)
            for seq, record in enumerate(records, first)
            if record_kind(record) == MEMBERSHIP_KIND
        ]
        if acts:
            self.db.executemany("INSERT INTO act(event) VALUES (?)", acts)
        return bool(acts)

    def note(self, entries: Sequence[Entry]) -> None:
        """Note what new events name, where they come from, and which lie ahead or correct."""
        mentions: defaultdict[bytes, list[int]] = defaultdict(list)
        sources: list[tuple[bytes, int]] = []
        ahead: list[tuple[int, int]] = []
        corrections: list[tuple[int]] = []
        starts = {id_: log.no << SEQ_BITS for id_, log in self.logs.items()}
        for kind, some in by_type(entries).items():
            named = naming(kind)
            for entry in some:
                event, where = entry.event, starts[entry.log] | entry.seq
                for person in named(event):
                    mentions[person].append(where)
                if event.source is not None:
                    sources.append((event.source, where))
                if event.at > ((entry.hlc >> COUNTER_BITS) + DAY_MS) * 1000:
                    ahead.append((event.at, where))
                if kind in CORRECTIONS:
                    corrections.append((where,))
        # In order they go to neighbouring leaves of the tree, which is quicker.
        numbered = sorted((self.people[person], events) for person, events in mentions.items())
        pairs: list[tuple[int, int]] = []
        for number, events in numbered:
            pairs += zip(repeat(number), sorted(events), strict=False)
        insert(self.db, "INSERT OR IGNORE INTO mention", pairs)
        insert(self.db, "INSERT OR IGNORE INTO source", sorted(sources))
        insert(self.db, "INSERT OR IGNORE INTO ahead", sorted(ahead))
        insert(self.db, "INSERT OR IGNORE INTO correction", corrections)

    def forget(self, log: Log, after: int) -> None:
        """Note no more of what a log holds after a seq."""
        span = place(log.no, after), place(log.no + 1, 0)
        for table in TABLES:
            self.db.execute(f"DELETE FROM {table} WHERE event > ? AND event < ?", span)
        for side in ("event", "original"):
            self.db.execute(f"DELETE FROM shared WHERE {side} > ? AND {side} < ?", span)

    def naming(self, a: bytes, b: bytes) -> Iterator[Entry]:
        """The readable events that name both people."""
        first, second = self.people.find(a), self.people.find(b)
        if first is not None and second is not None:
            yield from self.logs.entries(self._both(first, second))

    def _both(self, a: int, b: int) -> Iterator[int]:
        """Places that name both: each leaps to the other's next, so that it costs little more than
        the rarer of the two is named.
        """
        leap: int | None = 0
        while leap is not None and (where := self._next(a, leap)) is not None:
            leap = self._next(b, where)
            if leap == where:
                yield where
                leap += 1

    def _next(self, person: int, where: int) -> int | None:
        row = self.db.execute(
            "SELECT event FROM mention WHERE person = ? AND event >= ? LIMIT 1", (person, where)
        ).fetchone()
        return row[0] if row else None

    def copies(self, author: bytes, source: bytes) -> list[Entry]:
        """The readable events of this author with this source."""
        rows = self.db.execute("SELECT event FROM source WHERE source = ?", (source,)).fetchall()
        own = [number for (number,) in rows if self.logs.is_ours(number)]
        return [entry for entry in self.logs.entries(own) if entry.author == author]

    def referring(self, ref: Ref, people: Sequence[bytes]) -> list[Entry]:
        """The readable events that name an event, which itself names these people."""
        found = list(self._corrections())
        if people:
            found += self.naming(people[0], people[-1])
        return sorted((e for e in found if ref in refs_in(e.event)), key=lambda e: e.written)

    def held(self, sources: Sequence[bytes]) -> set[bytes]:
        """Which of these sources some event of this network has."""
        found = self._sources(sources)
        return {source for source, number, _ in found if self.logs.is_ours(number)}

    def has_sources(self) -> bool:
        """Whether any event was copied from somewhere."""
        return self.db.execute("SELECT 1 FROM source LIMIT 1").fetchone() is not None

    def _sources(self, sources: Sequence[bytes]) -> Iterator[tuple[bytes, int, str | None]]:
        """(source, place, why it does not count) of the events with these sources."""
        if not self.has_sources():
            return
        for start in range(0, len(sources), AT_ONCE):
            some = sources[start : start + AT_ONCE]
            marks = ",".join("?" * len(some))
            yield from self.db.execute(
                "SELECT source, source.event, reason FROM source "
                f"LEFT JOIN void ON void.event = source.event WHERE source IN ({marks})",
                some,
            )

    def counting(self, author: bytes, sources: Sequence[bytes]) -> dict[bytes, int]:
        """Source → place, for those of these sources that an event of the author counts with."""
        theirs = {log.no for log in self.logs.held() if log.author == author}
        return {
            source: number
            for source, number, reason in self._sources(sources)
            if reason is None and number >> SEQ_BITS in theirs
        }

    def repeated(self, entries: Iterable[Entry]) -> set[bytes]:
        """The sources of these events, not noted yet, that another event has as well."""
        seen: set[bytes] = set()
        twice: set[bytes] = set()
        for entry in entries:
            source = entry.event.source
            if source is not None:
                (twice if source in seen else seen).add(source)
        return twice | self.held(sorted(seen)) if seen else twice

    def bearing(self) -> Iterator[Entry]:
        """The events that bear on which events count: corrections, and those with one source."""
        yield from self._corrections()
        rows = self.db.execute(
            "SELECT event FROM source WHERE source IN "
            "(SELECT source FROM source GROUP BY source HAVING count(*) > 1)"
        ).fetchall()
        yield from self.logs.entries(number for (number,) in rows if self.logs.is_ours(number))

    def _corrections(self) -> Iterator[Entry]:
        rows = self.db.execute("SELECT event FROM correction").fetchall()
        return self.logs.entries(number for (number,) in rows if self.logs.is_ours(number))

    def ahead(self, now_ms: int) -> list[Entry]:
        """The readable events that happen more than a day after now.

        Such an event was noted as ahead when it was written, or it was written ahead of now.
        """
        limit = (now_ms + DAY_MS) * 1000
        rows = self.db.execute("SELECT event FROM ahead WHERE at > ?", (limit,)).fetchall()
        places = {number for (number,) in rows}
        for log in self.logs.held():
            if wall_ms(log.hlc) > now_ms:
                places.update(self._written_after(log, now_ms))
        entries = self.logs.entries(filter(self.logs.is_ours, sorted(places)))
        return [entry for entry in entries if entry.event.at > limit]

    def _written_after(self, log: Log, now_ms: int) -> Iterator[int]:
        seq = log.seq
        while seq and wall_ms(self.logs.hlc_at(log, seq)) > now_ms:
            yield place(log.no, seq)
            seq -= 1
