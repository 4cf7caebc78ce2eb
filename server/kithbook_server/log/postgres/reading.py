"""Reading the tables of the log store within one PostgreSQL transaction."""

from collections.abc import Iterator, Sequence
from typing import Any

from psycopg import Cursor

from kithbook.envelope import Seal
from kithbook.ids import NetworkId
from kithbook_server.log import LogHead, Range, Row
from kithbook_server.log.caching import CachingReading
from kithbook_server.log.postgres import schema

_RECORDS = schema.RANGE.format(wanted="record.record") + schema.IN_ORDER
_HASHES = schema.RANGE.format(wanted="record.hash") + schema.IN_ORDER
_SIZE = schema.RANGE.format(wanted="sum(length(record.record))::bigint")


class PostgresReading(CachingReading):
    def __init__(self, cursor: Cursor[tuple[Any, ...]]) -> None:
        super().__init__()
        self._cursor = cursor

    def networks(self) -> list[NetworkId]:
        return self._firsts("SELECT DISTINCT network FROM log")

    def networks_of(self, key: bytes) -> list[NetworkId]:
        return self._firsts("SELECT DISTINCT network FROM log WHERE key = %s", (key,))

    def head(self, network: NetworkId, log: bytes) -> LogHead | None:
        rows = self._ask(schema.HEADS + " AND log = %s", (network, log))
        return LogHead.of(rows[0]) if rows else None

    def records(self, log: LogHead, after: int, upto: int) -> list[bytes]:
        return self._firsts(_RECORDS, _range(log, after, upto))

    def hashes(self, log: LogHead, after: int, upto: int) -> list[bytes]:
        return self._firsts(_HASHES, _range(log, after, upto))

    def size(self, log: LogHead, after: int, upto: int) -> int:
        return self._number(_SIZE, _range(log, after, upto))

    def seals(self, log: LogHead, after: int, upto: int) -> list[Seal]:
        rows = self._rows(
            "SELECT seq, signature FROM seal WHERE network = %(network)s AND log = %(log)s"
            " AND seq > %(after)s AND seq <= %(upto)s ORDER BY seq",
            _range(log, after, upto),
        )
        return [Seal(*row) for row in rows]

    def events(self, network: NetworkId) -> int:
        return self._number("SELECT sum(seq)::bigint FROM log WHERE network = %s", (network,))

    def _find_last_act(self, network: NetworkId) -> int:
        return self._number("SELECT last_act FROM network WHERE network = %s", (network,))

    def acts(self, network: NetworkId) -> list[tuple[bytes, int, bytes]]:
        return self._rows(schema.ACTS, {"network": network})

    def blanks(self, network: NetworkId) -> list[tuple[bytes, int, bytes]]:
        return self._rows(schema.BLANKS, {"network": network})

    def since(self, network: NetworkId, position: int, limit: int) -> list[Row]:
        asked = {"network": network, "position": position, "limit": limit}
        found = self._rows(schema.SINCE, asked)
        if not found:
            return []
        between = {"network": network, "first": found[0][0], "last": found[-1][0]}
        runs = self._rows(schema.RUNS_SINCE, between)
        return list(_told_by(runs, found))

    def _find_heads(self, network: NetworkId) -> list[LogHead]:
        return [
            LogHead.of(row) for row in self._rows(schema.HEADS + " ORDER BY position", (network,))
        ]

    def _find_hashes(self, places: Sequence[tuple[LogHead, int]]) -> list[bytes]:
        asked = {
            "network": places[0][0].network,
            "logs": [log.number for log, _ in places],
            "seqs": [seq for _, seq in places],
        }
        return self._firsts(schema.HASHES_AT, asked)

    def _find_ranges(
        self, ranges: Sequence[Range]
    ) -> tuple[list[tuple[int, bytes]], list[tuple[int, int, bytes]]]:
        asked = {
            "network": ranges[0][0].network,
            "logs": [log.number for log, _, _ in ranges],
            "afters": [after for _, after, _ in ranges],
            "uptos": [upto for _, _, upto in ranges],
        }
        return self._rows(schema.RANGES, asked), self._rows(schema.SEALS, asked)

    def _rows(self, statement: str, parameters: Any = ()) -> list[Any]:
        return self._ask(statement, parameters)

    def _ask(self, statement: str, parameters: Any) -> list[Any]:
        return self._cursor.execute(statement, parameters).fetchall()

    def _firsts(self, statement: str, parameters: Any = ()) -> list[Any]:
        return [row[0] for row in self._rows(statement, parameters)]

    def _number(self, statement: str, parameters: Any) -> int:
        rows = self._rows(statement, parameters)
        return rows[0][0] or 0 if rows else 0


def _told_by(
    runs: list[tuple[int, bytes, int, int, int]], records: list[tuple[int, bytes, bytes]]
) -> Iterator[Row]:
    """Each record with its log, its seq and when it was received, as its run says."""
    rows = iter(records)
    row = next(rows)
    for begin, log, first, count, received in runs:
        before, end = first - begin, begin + count
        while row[0] < end:
            position, record, hash_ = row
            yield position, log, before + position, record, hash_, received
            row = next(rows, _END)


_END = (2**63, b"", b"")


def _range(log: LogHead, after: int, upto: int) -> dict[str, Any]:
    return {"network": log.network, "log": log.number, "after": after, "upto": upto}
