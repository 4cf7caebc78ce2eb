"""Importing JSONL: one event a line, people by name, and nothing twice.

A line's source is a hash of what it says and of how many equal lines came before it in the file,
so a file can be taken in again, whole or grown, after whatever interrupted it.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import nullcontext
from hashlib import sha256
from typing import NamedTuple

import msgspec

from kithbook.errors import Ambiguous, Invalid, NotFound, TooLarge
from kithbook.events import AnyEvent, Content, Described
from kithbook.facts.effects import Entry
from kithbook.ids import CHECK_BYTES, ID_BYTES, Ref
from kithbook_client.authoring import Append
from kithbook_client.importing.lines import AnyLine, event_of, when
from kithbook_client.importing.naming import Naming
from kithbook_client.replica import Replica

CHUNK = 100_000
"""Lines that go in together or not at all."""
STEP = 2_000
"""Lines that are worked on together."""
BATCH_BYTES = 8
BOM = b"\xef\xbb\xbf"
NOWHERE = Ref(bytes(ID_BYTES), 1, bytes(CHECK_BYTES))
"""Where a dry run's events stand."""
_DOMAIN = b"kithbook line 1\0"

UNREADABLE = (msgspec.MsgspecError, UnicodeError, RecursionError)

_decode = msgspec.json.Decoder(AnyLine).decode
_canonical = msgspec.json.Encoder(order="sorted").encode


class Problem(msgspec.Struct, frozen=True):
    """A line that was left out, and why."""

    line: int
    why: str


class ImportReport(msgspec.Struct):
    """`batch` names what one import added, in hexadecimal digits."""

    batch: str
    added: int = 0
    skipped: int = 0
    problems: list[Problem] = []


def import_lines(
    replica: Replica,
    lines: Iterable[bytes | str],
    *,
    dry_run: bool = False,
    now_ms: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> ImportReport:
    """Take in every line that makes an event; a bad line is a problem and the rest goes in.

    `progress` is told how many lines are done.
    """
    taking = _Import(replica, replica.home.random(BATCH_BYTES), now_ms, dry_run=dry_run)
    for chunk in _chunks(lines):
        taking.take(chunk, progress)
    taking.report.problems.sort(key=lambda problem: problem.line)
    return taking.report


def _chunks(lines: Iterable[bytes | str]) -> Iterator[list[tuple[int, bytes]]]:
    """The numbered lines of each chunk, without empty ones."""
    chunk = []
    for number, line in enumerate(lines, 1):
        text = (line.encode(errors="replace") if isinstance(line, str) else line).strip()
        if number == 1:
            text = text.removeprefix(BOM)
        if text:
            chunk.append((number, text))
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


class _Made(NamedTuple):
    """A line that became events: those that make the people it is first to name, then its own."""

    line: int
    events: list[Content]
    exported: str | None


class _Import:
    def __init__(
        self, replica: Replica, batch: bytes, now_ms: int | None, *, dry_run: bool
    ) -> None:
        self.replica = replica
        self.me = replica.me
        self.batch = batch
        self.now_ms = replica.home.now_ms() if now_ms is None else now_ms
        self.dry_run = dry_run
        self.append: Append = _nothing
        self.report = ImportReport(batch.hex())
        self.is_first = not replica.index.has_sources()
        """Whether nothing was copied from anywhere yet, so that no line can be here already."""
        self.equal: dict[bytes, int] = {}
        """How often a line was met, by its hash."""
        self.naming = Naming(replica, self.now_ms)
        self.waiting: list[_Made] = []
        self.exported: dict[str, Ref | int | None] = {}
        """Exported id → the event here: its reference, its place, or None while it waits."""

    def take(
        self, chunk: Sequence[tuple[int, bytes]], progress: Callable[[int], None] | None
    ) -> None:
        """Take in some lines, in one transaction."""
        with (
            nullcontext(_nothing) if self.dry_run else self.replica.appending(self.now_ms) as append
        ):
            self.append = append
            for start in range(0, len(chunk), STEP):
                some = chunk[start : start + STEP]
                self._take(some)
                if progress:
                    progress(some[-1][0])

    def _take(self, lines: Iterable[tuple[int, bytes]]) -> None:
        told: list[tuple[int, bytes, AnyLine]] = []
        for number, text in lines:
            try:
                line = _decode(text)
            except UNREADABLE as error:
                self._leave(number, _in_words(error))
            else:
                told.append((number, self._source(line), line))
        sources = [] if self.is_first else [source for _, source, _ in told]
        counting = self.replica.index.counting(self.me, sources)
        for number, source, line in told:
            if source in counting:
                self._skip(line, counting[source])
            else:
                self._make(number, source, line)
        self._write()

    def _source(self, line: AnyLine) -> bytes:
        said = sha256(_DOMAIN + _canonical(line)).digest()
        before = self.equal.get(said, 0)
        self.equal[said] = before + 1
        if before:
            said = sha256(said + before.to_bytes(8, "big")).digest()
        return said[:ID_BYTES]

    def _skip(self, line: AnyLine, place: int) -> None:
        self.report.skipped += 1
        if line.event:
            self.exported[line.event] = place

    def _make(self, number: int, source: bytes, line: AnyLine) -> None:
        try:
            at, zone = when(line.at) if line.at else (self.now_ms * 1000, 0)
            common = {
                "at": at, "zone": zone, "note": line.note, "source": source, "batch": self.batch
            }  # fmt: skip
            event = event_of(line, self.naming.who, self._which, common)
        except (Ambiguous, Invalid, NotFound) as error:  # of the line; a full disk ends the import
            self._leave(number, error.message)
            self.naming.take_back()
            return
        # Whom one will meet one knows from now on.
        since, there = (at, zone) if at <= self.now_ms * 1000 else (self.now_ms * 1000, 0)
        births = [
            Described(at=since, zone=there, batch=self.batch, person=person, set={"name": name})
            for name, person in self.naming.made_by(event)
        ]
        self.waiting.append(_Made(number, [*births, event], line.event))
        if line.event:
            self.exported[line.event] = None

    def _which(self, event: str) -> Ref:
        if event in self.exported and self.exported[event] is None:
            self._write()
        found = self.exported.get(event)
        if isinstance(found, Ref):
            return found
        if isinstance(found, int):
            return next(self.replica.history.logged([found])).ref
        return self.replica.find_event(event).ref

    def _write(self) -> None:
        """Append what waits, all at once or, where that cannot be, each line by itself."""
        made, self.waiting = self.waiting, []
        try:
            self._append(made)
        except (Invalid, TooLarge):
            for one in made:
                try:
                    self._append([one])
                except (Invalid, TooLarge) as error:
                    self._leave(one.line, error.message)

    def _append(self, made: list[_Made]) -> None:
        entries = self.append([event for one in made for event in one.events])
        upto = 0
        for one in made:
            upto += len(one.events)
            if one.exported:
                self.exported[one.exported] = entries[upto - 1].ref if entries else NOWHERE
        self.report.added += len(made)

    def _leave(self, number: int, why: str) -> None:
        self.report.problems.append(Problem(number, why))


def _nothing(_: Sequence[AnyEvent]) -> list[Entry]:
    """What a dry run writes."""
    return []


def _in_words(error: Exception) -> str:
    said = str(error)
    if said.endswith("`$.type`"):
        told = said.partition(" - ")[0].removeprefix("Invalid value ")
        return f"There is no type of event {told}."
    if said.endswith("`$.level`"):
        return "That is no level of trust; give 0 to 10, or null to withdraw it."
    return f"{said}."
