"""Writing to the log store within one PostgreSQL transaction.

The row of a network is locked when the network is first touched, and held to the end: nobody else
writes to it meanwhile, so positions are dense, the heads found are the heads, and what others see
grows at its end only. What is appended gathers here and goes to the server at once, so that a
hundred pushes cost about as many statements as one. Records that come in numbers go at once, to be
stored while the next page is verified.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec
from eventsourcing.persistence import IntegrityError
from psycopg import Cursor

from kithbook.envelope import Head, record_hlc, record_kind
from kithbook.ids import NetworkId
from kithbook.replication import Accepted, opening_key
from kithbook_server.log import LogHead, topics_of
from kithbook_server.log.postgres import copying, schema
from kithbook_server.log.postgres.reading import PostgresReading

CHANNEL = "kithd"
"""Where each commit tells the networks that grew."""
MANY_BYTES = 32_768
"""Of records: fewer wait for what else is to be written."""


class _Network(msgspec.Struct):
    """The row of a network, as it will be."""

    position: int
    last_act: int
    grown: bool = False


class PostgresWriting(PostgresReading):
    def __init__(self, cursor: Cursor[tuple[Any, ...]]) -> None:
        super().__init__(cursor)
        self._networks: dict[NetworkId, _Network] = {}
        self._changed: dict[bytes, LogHead] = {}
        self._gathered: dict[str, list[bytes]] = {}
        self._records = copying.Copying(cursor, "record")

    @classmethod
    @contextmanager
    def on(cls, cursor: Cursor[tuple[Any, ...]]) -> "Iterator[PostgresWriting]":
        """Writes all of it at the end of the block."""
        writing = cls(cursor)
        try:
            yield writing
            writing.flush()
        except BaseException as error:
            writing._records.break_off(error)
            raise

    def head(self, network: NetworkId, log: bytes) -> LogHead | None:
        changed = self._changed.get(log)
        if changed is not None and changed.network == network:
            return changed
        self._locked(network)
        return super().head(network, log)

    def append(
        self, network: NetworkId, part: Accepted, received: int, topics: Sequence[str] = ()
    ) -> int:
        """Topics are read from the records when they are not given."""
        row, size = self._locked(network), len(part.records)
        position = row.position + 1
        number = self._move_head(network, part, position)
        acts = [n for n, record in enumerate(part.records) if record_kind(record)]
        arrival = (network, position, number, part.first, size, received)
        self._gather("arrival", [copying.row(arrival)])
        named = topics or topics_of(size, acts)
        records = copying.records(network, position, named, part.records, part.hashes)
        if len(records) < MANY_BYTES:
            self._gather("record", [records])
        else:
            self._records.write(records)
        self._gather(
            "act",
            [copying.row((network, position + n, number, part.first + n)) for n in acts],
        )
        seals = (copying.row((network, number, one.seq, one.signature)) for one in part.seals)
        self._gather("seal", seals)
        row.position += size
        row.last_act = position + acts[-1] if acts else row.last_act
        row.grown = True
        self._heads.clear()
        return position

    def replace(self, log: LogHead, seq: int, record: bytes) -> None:
        self.flush()
        asked = {"network": log.network, "log": log.number, "seq": seq, "record": record}
        self._cursor.execute(schema.REPLACE, asked)

    def last_act(self, network: NetworkId) -> int:
        return self._locked(network).last_act

    def flush(self) -> None:
        """Write what has gathered."""
        gathered, self._gathered = self._gathered, {}
        if not gathered:
            return
        for records in gathered.pop("record", ()):
            self._records.write(records)
        self._records.end()
        for table, rows in gathered.items():
            if not rows:
                continue
            others = copying.Copying(self._cursor, table)
            others.write(b"".join(rows))
            others.end()
        self._cursor.execute(schema.MOVE_HEADS, self._moved())

    def _moved(self) -> dict[str, Any]:
        logs = self._changed.values()
        grown = {network: row for network, row in self._networks.items() if row.grown}
        return {
            "numbers": [log.number for log in logs],
            "seqs": [log.seq for log in logs],
            "hashes": [log.hash for log in logs],
            "hlcs": [log.hlc for log in logs],
            "networks": list(grown),
            "positions": [row.position for row in grown.values()],
            "last_acts": [row.last_act for row in grown.values()],
            "channel": CHANNEL,
        }

    def _gather(self, table: str, rows: Iterable[bytes]) -> None:
        self._gathered.setdefault(table, []).extend(rows)

    def _rows(self, statement: str, parameters: Any = ()) -> list[Any]:
        """What is asked of the server has to find there what was written before."""
        self.flush()
        return super()._rows(statement, parameters)

    def _ask(self, statement: str, parameters: Any) -> list[Any]:
        """The same, about what nothing that has gathered changes."""
        self._records.end()
        return super()._ask(statement, parameters)

    def _locked(self, network: NetworkId) -> _Network:
        found = self._networks.get(network)
        if found is None:
            found = self._networks[network] = _Network(*self._lock(network))
        return found

    def _lock(self, network: NetworkId) -> tuple[int, int]:
        rows = self._ask(schema.LOCK, (network,))
        if not rows:
            new = "INSERT INTO network VALUES (%s, 0, 0) ON CONFLICT DO NOTHING"
            self._cursor.execute(new, (network,))
            rows = self._ask(schema.LOCK, (network,))
        [[position, last_act]] = rows
        return position, last_act

    def _move_head(self, network: NetworkId, part: Accepted, position: int) -> int:
        """Advance the log's head over this part, or open the log; its number.

        A log of devices begins at seq 1. The library counts some of its own from 0.
        """
        log = part.head.log
        held = self.head(network, log)
        if part.first != held.seq + 1 if held else part.first > 1:
            raise IntegrityError(f"Seq {part.first} does not come next in log {log.hex()}.")
        hlc = record_hlc(part.records[-1])
        if held is None:
            key = opening_key(network, log, part.records[0]) or b""
            number = self._open(network, log, key, part.head, hlc, position)
        else:
            key, number = held.key, held.number
        self._changed[log] = LogHead(network, number, key, hlc, part.head)
        return number

    def _open(
        self, network: NetworkId, log: bytes, key: bytes, head: Head, hlc: int, position: int
    ) -> int:
        opened = (network, log, key, head.seq, head.hash, hlc, position)
        [[number]] = self._ask(schema.OPEN, opened)
        return int(number)
