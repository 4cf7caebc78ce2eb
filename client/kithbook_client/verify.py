"""Verifying: walk every chain and every seal, and say where the first byte is that does not fit."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from functools import cached_property
from hashlib import sha256
from pathlib import Path

import msgspec

from kithbook.checking import LogCheck, Wrong
from kithbook.envelope import Seal, record_event
from kithbook.errors import Damaged
from kithbook.events import OPENINGS
from kithbook.ids import event_id
from kithbook.membership import UNKNOWN, act_in, erasures, is_blank, standing
from kithbook_client import keys
from kithbook_client.home import FILE, Home
from kithbook_client.index import TABLES
from kithbook_client.log import Log
from kithbook_client.numbers import MAX_SEQ, place
from kithbook_client.rebuilding import rebuild, reindex
from kithbook_client.replica import Replica
from kithbook_client.schema import copy, is_writable, plain_errors
from kithbook_client.views import MINE

READ = 1_000


class Problem(msgspec.Struct, frozen=True):
    """What does not fit, and the event where it begins (empty where it is none)."""

    event: str
    why: str


class VerifyReport(msgspec.Struct, frozen=True):
    ok: bool
    events: int
    problems: list[Problem]


def verify(
    replica: Replica,
    *,
    views: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> VerifyReport:
    """Check everything that is held of a network; of each log the first problem is told.

    With `views` the views are worked out anew and compared, and left as they are.
    """
    walk = _Walk(replica, progress)
    problems: list[Problem] = []
    try:
        with plain_errors(replica.home.path):
            replica.refresh()
            problems += walk.file()
            problems += walk.devices()
            for log in replica.logs.held():
                problems += _first(walk.log(log))
            problems += walk.standings()
            problems += walk.positions()
            if views and not problems:  # nothing follows from a log that is damaged
                with _writable(replica) as writable:
                    problems += _Walk(writable, None).views()
    except Damaged as damaged:
        problems.append(Problem("", damaged.message))
    return VerifyReport(not problems, walk.events, problems)


@contextmanager
def _writable(replica: Replica) -> Iterator[Replica]:
    """The same replica in a file that can be written: a copy of it where this one cannot."""
    if is_writable(replica.db):
        yield replica
        return
    from tempfile import TemporaryDirectory

    with TemporaryDirectory(prefix="kith-") as folder:
        copy(replica.db, str(Path(folder, FILE)))
        with closing(Home.open(folder, replica.home.now_ms)) as home:
            yield home.replica(replica.network.hex())


def _first(problems: Iterator[Problem]) -> list[Problem]:
    found = next(problems, None)
    return [found] if found else []


class _Walk:
    def __init__(self, replica: Replica, progress: Callable[[int, int], None] | None) -> None:
        self.replica = replica
        self.db = replica.db
        self.network = replica.network
        self.logs = replica.logs
        self.progress = progress
        self.events = 0
        self.seq = 0
        """How far the log that is walked was read."""

    @cached_property
    def erased(self) -> set[tuple[bytes, int]]:
        """The events that the logs say are erased."""
        gone = erasures(self.logs.acts(), self.logs.standings())
        return {(ref.log, ref.seq) for ref in gone}

    def file(self) -> Iterator[Problem]:
        """Whether SQLite finds its own trees whole."""
        for (said,) in self.db.execute("PRAGMA integrity_check(3)"):
            if said != "ok":
                yield Problem("", f"The file is damaged: {said}.")

        for table, *_ in self.db.execute("PRAGMA foreign_key_check"):
            yield Problem("", f"A row of the table {table} refers to one that is not there.")
            break

    def devices(self) -> Iterator[Problem]:
        """Whether the keys that this home signs with are whole."""
        for device in self.replica.home.devices.values():
            if keys.public_of(device.secret) != device.key:
                yield Problem("", f"The key of the device {device.name} is damaged.")

    def log(self, log: Log) -> Iterator[Problem]:
        """A log's chain, its clock, its seals and what is noted of it."""
        try:
            yield from self._log(log)
        except (TypeError, ValueError, LookupError, OverflowError) as error:
            yield self._problem(log, self.seq + 1, f"it cannot be read ({error})")

    def _log(self, log: Log) -> Iterator[Problem]:
        self.seq = 0
        check = LogCheck(self.network, log.id, log.key, keys.verify)
        seals = self._seals(log)
        while rows := self.logs.rows(log, self.seq, READ):
            places, stored, records = zip(*rows, strict=True)
            seqs = range(self.seq + 1, self.seq + len(rows) + 1)
            yield from self._missing(log, seqs, places)
            here = [Seal(seq, seals.pop(seq)) for seq in seqs if seq in seals]
            yield from self._problems(log, check.stretch(records, stored, here))
            yield from self._blanks(log, seqs, records)
            if self.seq == 0:
                yield from self._name(log, records[0])
            self.seq += len(rows)
            self.events += len(rows)
            if self.progress:
                self.progress(self.events, self.replica.count())
        end = check.end(log.head, log.hlc, is_sealed=not self._is_ours(log))
        yield from self._problems(log, end)
        for seq in seals:
            yield self._problem(log, seq, "it is sealed and not there")

    def _missing(self, log: Log, seqs: range, places: Iterable[int]) -> Iterator[Problem]:
        for seq, number in zip(seqs, places, strict=True):
            if number != place(log.no, seq):
                yield self._problem(log, seq, "it is missing")

    def _blanks(self, log: Log, seqs: range, records: Iterable[bytes]) -> Iterator[Problem]:
        for seq, record in zip(seqs, records, strict=True):
            if is_blank(record) and (log.id, seq) not in self.erased:
                yield self._problem(log, seq, "its body is gone, and its writer did not erase it")

    def _name(self, log: Log, record: bytes) -> Iterator[Problem]:
        opening = record_event(record)
        if isinstance(opening, OPENINGS) and opening.device != log.device:
            yield self._problem(log, 1, "the device has another name than it gave itself")

    def _seals(self, log: Log) -> dict[int, bytes]:
        rows = self.db.execute(
            "SELECT place, signature FROM seal WHERE place BETWEEN ? AND ?",
            (place(log.no, 0), place(log.no, MAX_SEQ)),
        )
        return {number & MAX_SEQ: signature for number, signature in rows}

    def _is_ours(self, log: Log) -> bool:
        return log.key in self.replica.home.devices

    def standings(self) -> Iterator[Problem]:
        """Whether whose log is whose follows from the logs themselves."""
        openings = [
            act_in(*self.logs.at(number), record)
            for (number, record) in self.db.execute(
                "SELECT place, record FROM event WHERE substr(record, 2, 1) = x'01'"
            )
            if self.logs.is_ours(number)
        ]
        found = standing(self.network, [act for act in openings if act], keys.verify)
        for log in self.logs.held():
            if log.standing != found.get(log.id, UNKNOWN):
                yield self._problem(log, 1, "what is noted of its standing does not follow")

    def positions(self) -> Iterator[Problem]:
        """Whether no two events came at the same place in the order of arrival."""
        twice = self.db.execute(
            "SELECT min(place), count(*) FROM event JOIN log ON log.no = event.log "
            "WHERE network = ? GROUP BY position "
            "HAVING count(*) > 1 OR position NOT BETWEEN 1 AND ?",
            (self.replica.no, self.logs.position),
        ).fetchone()
        if twice:
            yield Problem(event_id(*self.logs.at(twice[0])), "Its position is another event's.")

    def views(self) -> Iterator[Problem]:
        """Whether the views are what a rebuild would make of the logs."""
        replica = self.replica
        before = self._prints()
        self.db.execute("BEGIN IMMEDIATE")
        try:
            reindex(replica.views, replica.index)
            rebuild(replica.views, replica.index)
            after = self._prints()
        finally:
            self.db.execute("ROLLBACK")
            replica.home.forget()
        for table, print_ in before.items():
            if after[table] != print_:
                yield Problem("", f"The table {table} is not what the logs say; run kith rebuild.")

    def _prints(self) -> dict[str, bytes]:
        """A hash of each table that follows from the logs."""
        tables = {*MINE, *TABLES, "person", "tracking"} - {"text"}
        return {table: self._print(table) for table in sorted(tables)}

    def _print(self, table: str) -> bytes:
        whole = sha256()
        for row in self.db.execute(f"SELECT * FROM {table} "):
            whole.update(repr(row).encode())
        return whole.digest()

    def _problems(self, log: Log, found: Iterable[Wrong]) -> Iterator[Problem]:
        for seq, why in found:
            yield self._problem(log, seq, why)

    def _problem(self, log: Log, seq: int, why: str) -> Problem:
        return Problem(event_id(log.id, seq), f"Event {seq} of the log {log.id.hex()[:8]}: {why}.")
