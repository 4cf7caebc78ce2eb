"""The logs of one network: how events get in, and how those of a log or a place are read."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import count, repeat

import msgspec

from kithbook.codec import ERASED, Unreadable
from kithbook.envelope import NO_HASH, Head, record_event, record_hlc
from kithbook.events import OPENINGS, AnyEvent
from kithbook.facts.effects import Entry
from kithbook.ids import CHECK_BYTES, NetworkId
from kithbook.membership import MISSING, UNKNOWN, Act, Standing, act_in
from kithbook.replication import Known
from kithbook_client.bulk import insert
from kithbook_client.numbers import MAX_SEQ, NEVER, SEQ_BITS, People, place
from kithbook_client.schema import Connection
from kithbook_client.standings import COLUMNS, noted

Place = tuple[bytes, int]
Aside = tuple[bytes, int, str]
"""Log and seq of an event that cannot be read, and why: unknown, unreadable, erased, missing."""
Row = tuple[int, bytes, bytes]
"""Place, hash and record, as they are stored."""


class Log(msgspec.Struct):
    """One log as far as it is held; seq 0 when it has only been heard of."""

    no: int
    id: bytes
    key: bytes | None = None
    device: str = ""
    seq: int = 0
    hash: bytes = NO_HASH
    hlc: int = 0
    standing: Standing = UNKNOWN

    @property
    def head(self) -> Head:
        return Head(self.id, self.seq, self.hash)

    @property
    def author(self) -> bytes:
        """Who speaks in it, or nobody."""
        return self.standing.person or b""


class Logs(dict[bytes, Log]):
    """Log id → log. One that is asked for and not there is noted as heard of."""

    def __init__(self, db: Connection, network: int, id_: NetworkId, people: People) -> None:
        super().__init__()
        self.db = db
        self.network = network
        self.network_id = id_
        self.people = people
        self.position = 0
        self.by_number: dict[int, Log] = {}

    def load(self) -> None:
        """Read every log's head and standing; what this process knew before is forgotten."""
        self.clear()
        self.by_number.clear()
        for no, id_, key, device, seq, hash_, hlc, person, *others in self.db.execute(
            f"SELECT no, id, key, device, seq, hash, hlc, {COLUMNS} FROM log WHERE network = ?",
            (self.network,),
        ):
            found = noted(None if person is None else self.people.id(person), others)
            self._keep(Log(no, id_, key, device or "", seq, hash_ or NO_HASH, hlc, found))
        row = self.db.execute(
            "SELECT position FROM tracking WHERE network = ?", (self.network,)
        ).fetchone()
        self.position = row[0] if row else 0

    def __missing__(self, log: bytes) -> Log:
        row = self.db.execute("INSERT INTO log(network, id) VALUES (?, ?)", (self.network, log))
        return self._keep(Log(row.lastrowid or 0, log))

    def _keep(self, log: Log) -> Log:
        self[log.id] = self.by_number[log.no] = log
        return log

    def held(self) -> list[Log]:
        """The logs of which something is here."""
        return [log for log in self.values() if log.seq]

    def heads(self) -> list[Head]:
        return [log.head for log in self.held()]

    def standings(self) -> dict[bytes, Standing]:
        return {log.id: log.standing for log in self.values()}

    def number(self, log: bytes, seq: int) -> int:
        """The place of an event, held or not."""
        return place(self[log].no, seq)

    def numbers(self, places: Iterable[Place]) -> list[int]:
        """The same for many."""
        return [self[log].no << SEQ_BITS | seq for log, seq in places]

    def at(self, number: int) -> Place:
        """Log and seq of a place."""
        return self.by_number[number >> SEQ_BITS].id, number & MAX_SEQ

    def is_ours(self, number: int) -> bool:
        """Whether a place lies in a log of this network: some tables hold those of all."""
        return number >> SEQ_BITS in self.by_number

    def holds(self, place: Place) -> bool:
        """Whether the event there is held."""
        log, seq = place
        return log in self and 1 <= seq <= self[log].seq

    def numbered(self, number: int) -> Log:
        """The log in which a place lies."""
        return self.by_number[number >> SEQ_BITS]

    # Writing

    def insert(
        self, log: Log, records: Sequence[bytes], hashes: Sequence[bytes], received: int
    ) -> None:
        """Append records to a log: the only way an event gets in."""
        if log.seq == 0:
            opening = record_event(records[0])
            if isinstance(opening, OPENINGS):
                log.key, log.device = opening.key, opening.device
        first, count = place(log.no, log.seq + 1), len(records)
        places = range(first, first + count)
        positions = range(self.position + 1, self.position + count + 1)
        rows = zip(places, positions, repeat(received), hashes, records, strict=False)
        insert(self.db, "INSERT INTO event(place, position, received, hash, record)", list(rows))
        log.seq, log.hash, log.hlc = log.seq + count, hashes[-1], record_hlc(records[-1])
        self.position += count
        self.db.execute(
            "UPDATE log SET seq = ?, hash = ?, hlc = ?, key = ?, device = ? WHERE no = ?",
            (log.seq, log.hash, log.hlc, log.key, log.device, log.no),
        )

    def acts(self) -> list[Act]:
        """Every membership event and every erasure."""
        rows = self.db.execute(
            "SELECT act.event, record FROM act JOIN event ON event.place = act.event "
            "WHERE act.event >> 32 IN (SELECT no FROM log WHERE network = ?)",
            (self.network,),
        )
        found = (act_in(*self.at(number), record) for number, record in rows)
        return [act for act in found if act is not None]

    def erasures(self, first: int = 0, last: int = NEVER - 1) -> list[tuple[int, bytes]]:
        """Place and check of the events whose bodies are to be destroyed."""
        rows = self.db.execute(
            "SELECT event, [check] FROM erasure WHERE event BETWEEN ? AND ?", (first, last)
        )
        return [row for row in rows if self.is_ours(row[0])]

    def cut(self, log: Log, after: int) -> None:
        """Let go of what follows a seq, once it stands in `fork`."""
        self.db.execute(
            "DELETE FROM event WHERE place > ? AND place < ?",
            (place(log.no, after), place(log.no + 1, 0)),
        )
        log.hash, log.hlc = self.hash_at(log, after), max(0, self.hlc_at(log, after))
        log.seq = after
        self.db.execute(
            "UPDATE log SET seq = ?, hash = ?, hlc = ? WHERE no = ?",
            (log.seq, log.hash, log.hlc, log.no),
        )

    # Reading

    def set_aside(self) -> int:
        """How many events stand beside these logs, in branches that were given up."""
        row = self.db.execute(
            "SELECT count(*) FROM fork JOIN log ON log.no = fork.log WHERE network = ?",
            (self.network,),
        ).fetchone()
        return int(row[0])

    def read(
        self,
        log: Log,
        first: int,
        records: Sequence[bytes],
        hashes: Sequence[bytes],
        events: Sequence[AnyEvent | Unreadable] | None = None,
    ) -> tuple[list[Entry], list[Aside]]:
        """The events in consecutive records, decoded unless given; and the unreadable ones."""
        id_, author = log.id, log.author
        if events is None:
            events = list(map(record_event, records))
        entries = [
            Entry(id_, seq, record_hlc(record), hash_[:CHECK_BYTES], author, event)
            for seq, record, hash_, event in zip(count(first), records, hashes, events)
            if type(event) is not Unreadable
        ]
        if len(entries) == len(records):
            return entries, []
        aside = [
            (id_, seq, one.reason if one is not ERASED else self._gone(log, seq, hash_))
            for seq, hash_, one in zip(count(first), hashes, events)
            if isinstance(one, Unreadable)
        ]
        return entries, aside

    def _gone(self, log: Log, seq: int, hash_: bytes) -> str:
        """Whether a body that is not there was erased, or is missing."""
        where = place(log.no, seq)
        is_erased = (where, hash_[:CHECK_BYTES]) in self.erasures(where, where)
        return ERASED.reason if is_erased else MISSING

    def known(self, log: Log, seq: int | None = None) -> Known:
        """What to judge a page by that continues a log after its head, or after an earlier seq."""
        if seq is None or seq == log.seq:
            head, hlc = log.head, log.hlc if log.seq else -1
        else:
            head = Head(log.id, seq, self.hash_at(log, seq))
            hlc = self.hlc_at(log, seq)
        return Known(head, log.key, hlc, lambda at: self.hash_at(log, at))

    def hash_at(self, log: Log, seq: int) -> bytes:
        """The hash held at a seq, 32 zero bytes before the first."""
        if seq == log.seq:
            return log.hash
        if seq == 0:
            return NO_HASH
        row = self.db.execute(
            "SELECT hash FROM event WHERE place = ?", (place(log.no, seq),)
        ).fetchone()
        return bytes(row[0])

    def hlc_at(self, log: Log, seq: int) -> int:
        """The timestamp held at a seq, -1 before the first."""
        row = self.db.execute(
            "SELECT record FROM event WHERE place = ?", (place(log.no, seq),)
        ).fetchone()
        return record_hlc(row[0]) if row else -1

    def after(self, log: Log, seq: int) -> list[tuple[Entry, bytes]]:
        """The readable events of a log after a seq, with their hashes."""
        _, hashes, records = zip(*self.rows(log, seq, MAX_SEQ), strict=True)
        entries, _ = self.read(log, seq + 1, records, hashes)
        return [(entry, hashes[entry.seq - seq - 1]) for entry in entries]

    def rows(self, log: Log, after: int, limit: int) -> list[Row]:
        """Stored events of one log, in order."""
        return self.db.execute(
            "SELECT place, hash, record FROM event WHERE place > ? AND place <= ? LIMIT ?",
            (place(log.no, after), place(log.no, MAX_SEQ), limit),
        ).fetchall()

    def entry(self, log: bytes, seq: int) -> Entry | None:
        """A readable event that is held, whether or not it counts."""
        known = self.get(log)
        if known is None or not 1 <= seq <= known.seq:
            return None
        return next(self.entries([place(known.no, seq)]), None)

    def entries(self, places: Iterable[int]) -> Iterator[Entry]:
        """The readable events at these places."""
        for number in places:
            row = self.db.execute(
                "SELECT hash, record FROM event WHERE place = ?", (number,)
            ).fetchone()
            if row is not None:
                found, _ = self.read(self.numbered(number), number & MAX_SEQ, [row[1]], [row[0]])
                yield from found
