"""Pages of logs as they are sent: consecutive records that end at a seal."""

from collections.abc import Iterable, Iterator, Mapping

from kithbook.envelope import Head, Seal, seal_message
from kithbook.protocol import ROUND_EVENTS, one_round
from kithbook.replication import PAGE_EVENTS, Page, Span, lacking
from kithbook_client import keys
from kithbook_client.log import Log, Logs
from kithbook_client.numbers import MAX_SEQ, place
from kithbook_client.schema import Connection

PAGE_BYTES = 1024 * 1024
"""A page that is past this many bytes of records ends at its next seal."""


class Pages:
    """The seals of one network's logs, and what lies between them."""

    def __init__(self, db: Connection, logs: Logs) -> None:
        self.db = db
        self.logs = logs

    def sealed(self, log: Log) -> int:
        """The seq of a log's last seal."""
        row = self.db.execute(
            "SELECT max(place) FROM seal WHERE place BETWEEN ? AND ?", _span(log, 0, MAX_SEQ)
        ).fetchone()
        return row[0] & MAX_SEQ if row[0] else 0

    def seal_over(self, number: int) -> int | None:
        """The seq of the first seal that covers the event at a place."""
        log = self.logs.numbered(number)
        row = self.db.execute(
            "SELECT min(place) FROM seal WHERE place BETWEEN ? AND ?",
            (number, place(log.no, log.seq)),
        ).fetchone()
        return row[0] & MAX_SEQ if row[0] else None

    def seal(self, log: Log, secret: bytes) -> None:
        """Seal one of our own logs up to its head, often enough that pages can end."""
        first, size, count, seals = self.sealed(log) + 1, 0, 0, []
        for number, hash_, length in self.db.execute(
            "SELECT place, hash, length(record) FROM event WHERE place BETWEEN ? AND ?",
            _span(log, first, log.seq),
        ):
            seq = number & MAX_SEQ
            size, count = size + length, count + 1
            if size > PAGE_BYTES or count == PAGE_EVENTS or seq == log.seq:
                size = count = 0
                message = seal_message(self.logs.network_id, log.id, seq, hash_)
                seals.append(Seal(seq, keys.sign(secret, message)))
        self.keep(log, seals)

    def keep(self, log: Log, seals: Iterable[Seal]) -> None:
        """Store a log's newest seals, and drop one that its neighbours make needless."""
        for seal in seals:
            self._drop_needless(log, seal.seq)
            self.db.execute(
                "INSERT INTO seal VALUES (?, ?)", (place(log.no, seal.seq), seal.signature)
            )

    def _drop_needless(self, log: Log, seq: int) -> None:
        """The last seal goes when one page can reach from the one before it to the new one."""
        rows = self.db.execute(
            "SELECT place FROM seal WHERE place BETWEEN ? AND ? ORDER BY place DESC LIMIT 2",
            _span(log, 0, seq),
        ).fetchall()
        if not rows:
            return
        before = rows[1][0] & MAX_SEQ if len(rows) > 1 else 0
        if seq - before > PAGE_EVENTS:
            return
        size = self.db.execute(
            "SELECT sum(length(record)) FROM event WHERE place BETWEEN ? AND ?",
            _span(log, before + 1, seq),
        ).fetchone()[0]
        if size <= PAGE_BYTES:
            self.db.execute("DELETE FROM seal WHERE place = ?", rows[0])

    def lacking(self, theirs: Mapping[bytes, Head], most: int = ROUND_EVENTS) -> list[Page]:
        """What one round of at most so many events can bring to who holds `theirs`."""
        return one_round(self._all_lacking(theirs), most)

    def _all_lacking(self, theirs: Mapping[bytes, Head]) -> Iterator[Page]:
        heads = sorted(self.logs.heads(), key=lambda head: self.logs[head.log].no)
        for span in lacking(heads, dict(theirs)):
            yield from self.of(span)

    def of(self, span: Span) -> Iterator[Page]:
        """The pages of a span, up to the last seal in it."""
        log, after = self.logs[span.log], span.after
        while after < span.upto and (page := self._page(log, after, span.upto)):
            yield page
            after = page.last

    def _page(self, log: Log, after: int, upto: int) -> Page | None:
        span = _span(log, after + 1, min(after + PAGE_EVENTS, upto))
        seals = [
            Seal(number & MAX_SEQ, signature)
            for number, signature in self.db.execute(
                "SELECT place, signature FROM seal WHERE place BETWEEN ? AND ?", span
            )
        ]
        if not seals:
            return None
        rows = self.db.execute("SELECT record FROM event WHERE place BETWEEN ? AND ?", span)
        records = [record for (record,) in rows]
        last, size = after, 0
        for seal in seals:
            size += sum(map(len, records[last - after : seal.seq - after]))
            if last > after and size > PAGE_BYTES:
                break
            last = seal.seq
        return Page(
            log.id,
            after + 1,
            self.logs.hash_at(log, after),
            records[: last - after],
            [seal for seal in seals if seal.seq <= last],
        )


def _span(log: Log, first: int, last: int) -> tuple[int, int]:
    return place(log.no, first), place(log.no, last)
