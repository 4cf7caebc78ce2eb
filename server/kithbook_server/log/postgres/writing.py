"""Writing to the log store within one PostgreSQL transaction.

The row of a network is locked when the network is first touched, and held to the end: nobody else
writes to it meanwhile, so positions are dense, the heads found are the heads, and what others see
grows at its end only. What is appended gathers here and goes to the server at once, so that a
hundred pushes cost about as many statements as one.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from eventsourcing.persistence import IntegrityError
from psycopg import Cursor

from kithbook.envelope import MEMBERSHIP_KIND, Head, record_hlc, record_kind
from kithbook.ids import NetworkId
from kithbook.replication import Accepted, opening_key
from kithbook_server.log import TOPICS, LogHead
from kithbook_server.log.postgres import copying, schema
from kithbook_server.log.postgres.reading import PostgresReading

CHANNEL = "kithd"
"""Where each commit tells the networks that grew."""


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
        named = topics or _topics(size, acts)
        records = copying.records(network, position, named, part.records, part.hashes)
        self._gather("record", [records])
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
        for table, rows in gathered.items():
            with self._cursor.copy(f"COPY {table} FROM STDIN (FORMAT BINARY)") as copy:
                copy.write(copying.HEADER + b"".join(rows) + copying.TRAILER)
        logs = self._changed.values()
        self._cursor.execute(
            "UPDATE log SET seq = new.seq, hash = new.hash, hlc = new.hlc"
            " FROM unnest(%s::bigint[], %s::bigint[], %s::bytea[], %s::bigint[])"
            " AS new(number, seq, hash, hlc) WHERE log.number = new.number",
            (
                [log.number for log in logs],
                [log.seq for log in logs],
                [log.hash for log in logs],
                [log.hlc for log in logs],
            ),
        )
        grown = {network: row for network, row in self._networks.items() if row.grown}
        self._cursor.execute(
            "UPDATE network SET position = new.position, last_act = new.last_act"
            " FROM unnest(%s::bytea[], %s::bigint[], %s::bigint[])"
            " AS new(network, position, last_act) WHERE network.network = new.network",
            (
                list(grown),
                [row.position for row in grown.values()],
                [row.last_act for row in grown.values()],
            ),
        )
        self._cursor.execute(
            f"SELECT pg_notify('{CHANNEL}', network) FROM unnest(%s::text[]) AS told(network)",
            ([network.hex() for network in grown],),
        )

    def _gather(self, table: str, rows: Iterable[bytes]) -> None:
        self._gathered.setdefault(table, []).extend(rows)

    def _rows(self, statement: str, parameters: Any = ()) -> list[Any]:
        """What is asked of the server has to find there what was written before."""
        self.flush()
        return super()._rows(statement, parameters)

    def _locked(self, network: NetworkId) -> _Network:
        found = self._networks.get(network)
        if found is None:
            found = self._networks[network] = _Network(*self._lock(network))
        return found

    def _lock(self, network: NetworkId) -> tuple[int, int]:
        select = "SELECT position, last_act FROM network WHERE network = %s FOR UPDATE"
        row = self._cursor.execute(select, (network,)).fetchone()
        if row is None:
            new = "INSERT INTO network VALUES (%s, 0, 0) ON CONFLICT DO NOTHING"
            self._cursor.execute(new, (network,))
            row = self._cursor.execute(select, (network,)).fetchone()
        return row  # type: ignore[return-value]

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
        return self._number(
            "INSERT INTO log (network, log, key, seq, hash, hlc, position)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s) RETURNING number",
            (network, log, key, head.seq, head.hash, hlc, position),
        )


def _topics(size: int, acts: list[int]) -> list[str]:
    topics = [TOPICS[0]] * size
    for n in acts:
        topics[n] = TOPICS[MEMBERSHIP_KIND]
    return topics
